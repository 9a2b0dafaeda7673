/** Rules of files: what describes them, their sizes, identifiers and links (TCA eUICC Profile Package §8.3, ETSI TS 102 222 §6.3). */

import { toHex } from '../../base/octets.ts'
import { isDirectory } from '../build-files.ts'
import type { FileNeed } from '../file-templates/types.ts'
import type { Fcp, File } from '../file.ts'
import type { Directory } from '../image.ts'
import { knownFile, type KnownFile } from '../known-files.ts'
import type { Survey, SurveyedFile } from '../survey.ts'
import { fileName, type Problem, type Rule } from './rule.ts'

export const FILE_RULES: readonly Rule[] = [
  {
    id: 'content-too-long',
    severity: 'error',
    check: eachFile(function* (file) {
      const { made, steps } = file
      if (!made || isDirectory(made) || made.kind === 'berTlv') return
      const end = filledOctets(steps)
      const room = made.body.octets.length
      if (end > room)
        yield `fills ${fileName(file)} up to octet ${end}, and it has ${room}. Shorten the content, or raise efFileSize.`
    }),
  },
  {
    id: 'file-identifier-taken',
    severity: 'error',
    check: eachFile(function* (file, survey) {
      if (file.problem === undefined || !isTaken(file, survey)) return
      yield `gives ${fileName(file)} an identifier that its directory has already. Each file needs one of its own.`
    }),
  },
  {
    id: 'link-path',
    severity: 'error',
    check: eachFile(function* (file, survey) {
      const { fcp, problem } = file
      if (problem === undefined || !fcp.linkPath?.length || isTaken(file, survey)) return
      if (!file.parent) return
      yield `links ${fileName(file)} to ${toHex(fcp.linkPath)}, where nothing is to be linked to: ${problem}. The target must be made before, and be of the same kind.`
    }),
  },
  {
    id: 'file-description',
    severity: 'error',
    check: eachFile(function* (file, survey) {
      const { problem, fcp, made, parent } = file
      if (problem === undefined || made || fcp.linkPath?.length || isTaken(file, survey)) return
      if (!parent && file.row?.kind !== 'mf') return
      yield `cannot make ${fileName(file)}: ${problem}.`
    }),
  },
  {
    id: 'directory-missing',
    severity: 'error',
    *check({ files }) {
      const lost = new Map<number, number>()
      for (const { element, made, parent, problem, row } of files) {
        if (made || parent || problem === undefined || row?.kind === 'mf') continue
        lost.set(element, (lost.get(element) ?? 0) + 1)
      }
      for (const [at, count] of lost) {
        const what = count === 1 ? 'a file' : `${count} files`
        yield {
          at,
          text: `describes ${what} that cannot be made, for want of the directory. Make that one first.`,
        }
      }
    },
  },
  {
    id: 'template-needs',
    severity: 'error',
    check: eachFile(function* (file) {
      if (!file.row || file.fcp.linkPath?.length) return
      const missing = file.row.needs.filter((need) => !isSaid(need, file))
      if (missing.length === 0) return
      yield `describes ${fileName(file)} without ${missing.map((need) => NEEDS[need].name).join(' and ')}, which its template leaves open.`
    }),
  },
  {
    id: 'content-missing',
    severity: 'warning',
    check: eachFile(function* (file) {
      const { row, fcp, steps } = file
      if (!row?.needs.includes('content') || fcp.linkPath?.length) return
      const { fillPattern, repeatPattern } = fcp.proprietaryEFInfo ?? {}
      if (fillPattern || repeatPattern || steps.some(({ fillFileContent }) => fillFileContent))
        return
      yield `leaves ${fileName(file)} empty, and its template has nothing for it either. Fill it.`
    }),
  },
  {
    id: 'file-length',
    severity: 'error',
    check: eachKnownFile(({ octets, octetsMin, entryOctets }, length) => {
      if (octets !== undefined && length < octets) return `it has ${octets} by its standard`
      if (octetsMin === undefined || entryOctets !== undefined || length >= octetsMin)
        return undefined
      return `it has at least ${octetsMin}`
    }),
  },
  {
    id: 'file-longer',
    severity: 'warning',
    check: eachKnownFile(({ octets }, length) =>
      octets !== undefined && length > octets ? `it has ${octets} by its standard` : undefined,
    ),
  },
  {
    id: 'list-length',
    severity: 'warning',
    check: eachKnownFile(({ octetsMin = 0, entryOctets }, length) => {
      if (entryOctets === undefined) return undefined
      if (length % entryOctets !== 0) return `its entries have ${entryOctets} each`
      return length < octetsMin ? `it has at least ${octetsMin} by its standard` : undefined
    }),
  },
  {
    id: 'record-half-filled',
    severity: 'note',
    check: eachFile(function* (file) {
      const { made, steps } = file
      if (!made || isDirectory(made) || made.recordOctets === undefined) return
      const end = filledOctets(steps)
      const rest = end % made.recordOctets
      if (rest === 0 || end > made.body.octets.length) return
      if (steps.at(-1)?.fillFileOffset !== undefined || end > made.recordOctets) return
      if (made.body.octets.length === made.recordOctets || steps.length < 2) return
      yield `fills ${fileName(file)} up to octet ${end}, within a record of ${made.recordOctets}. The rest stays as the template has it.`
    }),
  },
  {
    id: 'file-identifier-reserved',
    severity: 'error',
    check: eachFile(function* (file) {
      const { made } = file
      if (!made || made.kind === 'mf') return
      const id = made.fileId
      if (id !== 0x3f00 && id !== 0x3fff && id !== 0xffff && id !== 0x7fff) return
      yield `gives ${fileName(file)} an identifier that ETSI TS 102 221 §8.6 reserves. Choose another.`
    }),
  },
  {
    id: 'short-identifier-taken',
    severity: 'error',
    *check({ files }) {
      const taken = new Map<Directory, Map<number, SurveyedFile>>()
      for (const file of files) {
        const { made, parent } = file
        if (!parent || !made || isDirectory(made) || made.shortFileId === undefined) continue
        const inParent = taken.get(parent) ?? new Map<number, SurveyedFile>()
        taken.set(parent, inParent)
        const before = inParent.get(made.shortFileId)
        if (!before) inParent.set(made.shortFileId, file)
        else {
          const text = `gives ${fileName(file)} the short identifier ${made.shortFileId} of ${fileName(before)}. Give one of them another, or none.`
          yield { at: file.element, text }
        }
      }
    },
  },
  {
    id: 'short-identifier-coding',
    severity: 'error',
    check: eachFile(function* (file) {
      const [octet] = file.fcp.shortEFID ?? []
      if (octet === undefined) return
      const number = octet >> 3
      if ((octet & 7) === 0 && number >= 1 && number <= 30) return
      yield `gives ${fileName(file)} the shortEFID ${toHex(Uint8Array.of(octet))}; it is 1 to 30 in the five high bits, and zeros below.`
    }),
  },
  {
    id: 'parameter-not-allowed',
    severity: 'warning',
    check: eachFile(function* (file) {
      const wrong = notAllowed(file)
      if (wrong.length > 0)
        yield `describes ${fileName(file)} with ${wrong.join(' and ')}, which ${isForDirectory(file) ? 'a directory' : file.fcp.linkPath?.length ? 'a linked file' : 'a file'} has not. Remove it.`
    }),
  },
  {
    id: 'patterns-exclude',
    severity: 'warning',
    check: eachFile(function* (file) {
      const { fillPattern, repeatPattern } = file.fcp.proprietaryEFInfo ?? {}
      if (fillPattern && repeatPattern)
        yield `gives ${fileName(file)} a fillPattern and a repeatPattern. Only one may be there.`
    }),
  },
  {
    id: 'size-coding',
    severity: 'warning',
    check: eachFile(function* (file) {
      const { efFileSize, proprietaryEFInfo } = file.fcp
      for (const size of [efFileSize, proprietaryEFInfo?.maximumFileSize]) {
        if (size && size.length > 1 && size[0] === 0)
          yield `writes a size of ${fileName(file)} as ${toHex(size)}. Leave out the leading zeros.`
      }
    }),
  },
  {
    id: 'do-not-create',
    severity: 'warning',
    *check({ elements }) {
      for (const { element, number, template } of elements) {
        if (!template || element.kind === 'other') continue
        const content = element.value as unknown as Readonly<Record<string, unknown>>
        for (const { field } of template.files) {
          const steps = content[field] as File | undefined
          if (!steps?.some(({ doNotCreate }) => doNotCreate !== undefined)) continue
          if (steps.length > 1)
            yield {
              at: number,
              text: `describes ${field}, and says doNotCreate. Only one can be meant.`,
            }
          if (!template.createdByDefault || element.kind === 'mf') {
            yield {
              at: number,
              text: `says doNotCreate of ${field}, where it has no effect: leave the file out.`,
            }
          }
        }
      }
    },
  },
  {
    id: 'ber-tlv-content',
    severity: 'warning',
    check: eachFile(function* (file) {
      const { made } = file
      if (made?.kind !== 'berTlv' || isBerTlv(made.body.octets)) return
      yield `fills ${fileName(file)} with octets that are no BER-TLV objects.`
    }),
  },
]

/** A rule that looks at one file after the other. */
function eachFile(
  look: (file: SurveyedFile, survey: Survey) => Iterable<string>,
): (survey: Survey) => Iterable<Problem> {
  return function* (survey) {
    for (const file of survey.files) {
      for (const text of look(file, survey)) yield { at: file.element, text }
    }
  }
}

/** A rule of the length of a file, or of its records, that a standard knows. */
function eachKnownFile(
  expected: (known: KnownFile, length: number) => string | undefined,
): (survey: Survey) => Iterable<Problem> {
  return eachFile(function* (file) {
    const { made } = file
    if (!made || isDirectory(made) || made.kind === 'berTlv') return
    const known = knownFile(made)
    const length = made.recordOctets ?? made.body.octets.length
    const wrong = known && expected(known, length)
    const what = made.recordOctets === undefined ? 'octets' : 'octets a record'
    if (wrong) yield `makes ${fileName(file)} with ${length} ${what}; ${wrong}.`
  })
}

/** Where the last octet that fills the file stands. */
function filledOctets(steps: File): number {
  let at = 0
  let end = 0
  for (const { fillFileContent, fillFileOffset = 0 } of steps) {
    at += fillFileContent?.length ?? fillFileOffset
    if (fillFileContent) end = at
  }
  return end
}

function isTaken(file: SurveyedFile, { files }: Survey): boolean {
  const { parent, made, fcp, row } = file
  if (made || !parent) return false
  const [high, low] = fcp.fileID ?? []
  const id = high !== undefined && low !== undefined ? high * 256 + low : row?.fileId
  return files.some(
    (other) => other !== file && other.parent === parent && other.made?.fileId === id,
  )
}

const NEEDS: Readonly<
  Record<FileNeed, { readonly name: string; readonly isIn: (fcp: Fcp) => boolean }>
> = {
  pinStatus: { name: 'pinStatusTemplateDO', isIn: (fcp) => fcp.pinStatusTemplateDO !== undefined },
  fileId: { name: 'fileID', isIn: (fcp) => fcp.fileID !== undefined },
  dfName: { name: 'dfName', isIn: (fcp) => fcp.dfName !== undefined },
  size: { name: 'efFileSize', isIn: (fcp) => fcp.efFileSize !== undefined },
  recordOctets: {
    name: 'the length of its records',
    isIn: ({ fileDescriptor }) => (fileDescriptor?.length ?? 0) >= 4,
  },
  records: { name: 'efFileSize', isIn: (fcp) => fcp.efFileSize !== undefined },
  shortFileId: { name: 'shortEFID', isIn: (fcp) => fcp.shortEFID !== undefined },
  // Of which there is a rule of its own.
  content: { name: 'content', isIn: () => true },
}

function isSaid(need: FileNeed, { fcp, row }: SurveyedFile): boolean {
  // The first of several files keeps the template's identifier, and none must have a short one.
  if (need === 'shortFileId' || (need === 'fileId' && row?.lastFileId !== undefined)) return true
  return NEEDS[need].isIn(fcp)
}

function isForDirectory({ made, row }: SurveyedFile): boolean {
  if (made) return isDirectory(made)
  return row?.kind === 'mf' || row?.kind === 'df' || row?.kind === 'adf'
}

function notAllowed(file: SurveyedFile): readonly string[] {
  const { fcp } = file
  const isLinked = (fcp.linkPath?.length ?? 0) > 0
  if (isForDirectory(file)) {
    return present(fcp, ['efFileSize', 'shortEFID', 'proprietaryEFInfo'])
  }
  const ofFile = present(fcp, ['dfName', 'pinStatusTemplateDO'])
  return isLinked ? [...ofFile, ...present(fcp, ['efFileSize'])] : ofFile
}

function present(fcp: Fcp, names: readonly (keyof Fcp)[]): readonly string[] {
  return names.filter((name) => fcp[name] !== undefined)
}

/** Tags of one to three octets, lengths of one to four (ISO/IEC 8825-1 §8.1). */
function isBerTlv(octets: Uint8Array): boolean {
  let at = 0
  while (at < octets.length) {
    const tag = octets[at++] as number
    if ((tag & 0x1f) === 0x1f) while (((octets[at++] ?? 0) & 0x80) !== 0);
    const first = octets[at++]
    if (first === undefined) return false
    const lengthOctets = first > 0x80 ? first & 0x7f : 0
    if (first === 0x80 || lengthOctets > 3) return false
    let length = lengthOctets === 0 ? first : 0
    for (let more = 0; more < lengthOctets; more++) length = length * 256 + (octets[at++] ?? 0)
    at += length
  }
  return at === octets.length
}
