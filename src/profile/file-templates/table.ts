/** Tables of files as text, one line for each file, so that they can be held beside annex A of the specification. */

import { assert } from '../../base/errors.ts'
import { fromHex } from '../../base/octets.ts'
import {
  patterned,
  repeated,
  type DefaultContent,
  type FileNeed,
  type FileTemplate,
  type TemplateFileKind,
} from './types.ts'

/**
 * Reads a table. Its columns:
 *
 * - the element's component, with `!` when it must be there; what lies in a directory is indented below it
 * - file identifier, a range where one component stands for several files, `-` where the package gives it
 * - kind: MF, DF, ADF, TR (transparent), LF (linear fixed), CY (cyclic), BT (BER-TLV)
 * - record of EF.ARR
 * - short file identifier: `-` none, `n` the package gives one
 * - size: octets, or records x octets; `n` where the package gives it
 * - content: `=` the package gives it, `.` nothing but `FF`, `00FF..` the last octet goes on to the end of the file or
 *   record, `FF..07` up to what comes behind, `FFFFFF0000*` over and over, else the octets themselves
 * - `high` for a file that is updated often
 */
export function fileTable(text: string): readonly FileTemplate[] {
  const directories: string[] = []
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const depth = (line.search(/\S/) - MARGIN) / INDENT
      const row = fileRow(line.trim().split(/\s+/), directories[depth - 1])
      directories.length = depth
      directories.push(row.field)
      return row
    })
}

const MARGIN = 2
const INDENT = 2

const KINDS: Readonly<Record<string, TemplateFileKind>> = {
  MF: 'mf',
  DF: 'df',
  ADF: 'adf',
  TR: 'transparent',
  LF: 'linearFixed',
  CY: 'cyclic',
  BT: 'berTlv',
}

function fileRow(columns: readonly string[], parent: string | undefined): FileTemplate {
  const [name = '', id = '', code = '', rule, sfi = '-', size = '-', content = '-', high] = columns
  const kind = KINDS[code]
  assert(kind !== undefined, `${name} is of the kind ${code}`)
  return {
    field: name.replace('!', ''),
    ...identifiers(id),
    kind,
    ...(parent !== undefined && { parent }),
    ...(/^[0-9A-F]/.test(sfi) && { shortFileId: Number.parseInt(sfi, 16) }),
    accessRule: Number(rule),
    ...sizes(kind, size),
    ...defaults(content),
    ...(high === 'high' && { isHighUpdate: true }),
    isOptional: !name.endsWith('!'),
    needs: needsOf({ kind, id, sfi, size, content }),
  }
}

function identifiers(id: string): Pick<FileTemplate, 'fileId' | 'lastFileId'> {
  const [first, last] = id.split('-').map((digits) => Number.parseInt(digits || '0', 16))
  return { fileId: first ?? 0, ...(last && { lastFileId: last }) }
}

function sizes(
  kind: TemplateFileKind,
  size: string,
): Pick<FileTemplate, 'sizeOctets' | 'recordOctets' | 'records'> {
  const [first, second] = size.split('x').map((digits) => Number(digits))
  if (kind !== 'linearFixed' && kind !== 'cyclic') return first ? { sizeOctets: first } : {}
  return { ...(first && { records: first }), ...(second && { recordOctets: second }) }
}

function defaults(content: string): Pick<FileTemplate, 'defaultContent'> {
  return /^[0-9A-F]/.test(content) ? { defaultContent: defaultContent(content) } : {}
}

function defaultContent(content: string): DefaultContent {
  const [start = '', end] = content.replace('*', '').split('..')
  const octets = fromHex(start)
  assert(octets !== undefined && octets.length > 0, `the content ${content}`)
  if (content.endsWith('*')) return repeated(start)
  return patterned({ start, filler: end === undefined ? 'FF' : start.slice(-2), end: end ?? '' })
}

function needsOf(row: {
  readonly kind: TemplateFileKind
  readonly id: string
  readonly sfi: string
  readonly size: string
  readonly content: string
}): FileNeed[] {
  const { kind, id, sfi, size, content } = row
  const needs: FileNeed[] = []
  if (id === '-') needs.push('fileId')
  if (kind === 'adf') needs.push('dfName')
  if (kind === 'mf' || kind === 'df' || kind === 'adf') return [...needs, 'pinStatus']
  const [first, second] = size.split('x')
  if (kind === 'linearFixed' || kind === 'cyclic') {
    if (second === 'n') needs.push('recordOctets')
    if (first === 'n') needs.push('records')
  } else if (first === 'n') needs.push('size')
  if (sfi === 'n') needs.push('shortFileId')
  if (content === '=') needs.push('content')
  return needs
}
