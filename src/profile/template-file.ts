/** The text of a profile template (`profiles/templates/`): which elements, which files, and which values go into them. */

import { readFileSync } from 'node:fs'
import { LabError, messageOf } from '../base/errors.ts'
import { jsonFields, refuseJson, type JsonFields } from '../base/json-fields.ts'
import { fromHex } from '../base/octets.ts'
import { CODE_NAMES, type CodeName } from './access-rules.ts'

export interface TemplateFile {
  readonly id: string
  readonly majorVersion: number
  readonly minorVersion: number
  /** The records of EF.ARR in words, by their numbers from 1 on. */
  readonly accessRules: readonly string[]
  readonly elements: readonly TemplateElement[]
}

/** An element; one with `when` is left out when nobody has a value of that name. */
export type TemplateElement = { readonly when?: string } & (
  | FilesElement
  | CodesElement
  | { readonly element: 'akaParameter'; readonly sameAs?: Uint8Array }
  | DomainElement
  | RemoteElement
  | { readonly element: 'end' }
)

export type FilesElementKind =
  | 'mf'
  | 'cd'
  | 'telecom'
  | 'phonebook'
  | 'usim'
  | 'optUsim'
  | 'gsmAccess'
  | 'df5gs'
  | 'dfSaip'
  | 'isim'
  | 'optIsim'

export interface FilesElement {
  readonly element: FilesElementKind
  /** The OBJECT IDENTIFIER of the template of files. */
  readonly template: string
  readonly directory: TemplateDirectory | undefined
  readonly files: Readonly<Record<string, TemplateContent>>
}

export interface TemplateDirectory {
  readonly field: string
  readonly pins: readonly CodeName[]
  readonly temporaryFileId?: Uint8Array
  readonly aid?: Uint8Array
}

/** What a file of the template becomes. */
export type TemplateContent =
  | { readonly kind: 'doNotCreate' }
  /** As its template makes it. */
  | { readonly kind: 'default' }
  | { readonly kind: 'link'; readonly path: Uint8Array }
  | {
      readonly kind: 'content'
      readonly when?: string
      readonly content: ContentSource
      readonly size?: number
    }
  | {
      readonly kind: 'records'
      readonly when?: string
      /** Names of values: each is one record, or several. */
      readonly records: readonly string[]
      readonly recordOctets: number
      /** As many as there are values unless told. */
      readonly count?: number
    }

/** A named value, octets as they are, or a table of services. */
export type ContentSource =
  | { readonly value: string }
  | { readonly octets: Uint8Array }
  | { readonly services: readonly TemplateService[]; readonly octetCount: number }

/** `17 group identifier level 1, when gid1`. */
export interface TemplateService {
  readonly number: number
  readonly when?: string
}

export interface CodesElement {
  readonly element: 'pinCodes' | 'pukCodes'
  /** The path of the directory whose codes count here too. */
  readonly sameAs?: Uint8Array
  readonly codes: readonly TemplateCode[]
}

export interface TemplateCode {
  readonly key: string
  readonly value: string
  readonly tries: number
  readonly puk?: string
  readonly attributes: readonly CodeAttribute[]
}

export type CodeAttribute = 'enabled' | 'mayBeChanged' | 'mayBeDisabled'

export interface DomainElement {
  readonly element: 'securityDomain'
  readonly aid: Uint8Array
  readonly privileges: Uint8Array
  readonly lifeCycle: Uint8Array
  readonly parameters: Uint8Array
  readonly keys: readonly {
    readonly identifier: number
    readonly version: number
    readonly usage: Uint8Array
    readonly value: string
  }[]
}

export interface RemoteElement {
  readonly element: 'rfm'
  readonly aid: Uint8Array
  readonly securityDomain: Uint8Array
  readonly tars: readonly Uint8Array[]
  readonly minimumSecurityLevel: Uint8Array
  /** The application in which remote scripts begin. */
  readonly application?: Uint8Array
}

/** The template that comes with esim-lab. */
export const GENERIC_TEMPLATE: URL = new URL(
  '../../profiles/templates/generic.json',
  import.meta.url,
)

/** @throws {LabError} notFound — no such file; badInput — not a template, naming the field */
export function loadTemplateFile(path: string | URL = GENERIC_TEMPLATE): TemplateFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const problem = `cannot read the profile template ${path}: ${messageOf(error)}`
    throw new LabError('notFound', problem, { cause: error })
  }
  try {
    return parseTemplateFile(JSON.parse(text))
  } catch (error) {
    if (error instanceof LabError) throw error
    const problem = `the profile template ${path} is not JSON: ${messageOf(error)}`
    throw new LabError('badInput', problem, { cause: error })
  }
}

/** @throws {LabError} badInput — with the field at fault and what was expected there */
export function parseTemplateFile(json: unknown): TemplateFile {
  const file = jsonFields(json, { path: 'profile template', isWhole: true })
  file.onlyFields('id description majorVersion minorVersion accessRules elements'.split(' '))
  return {
    id: file.text('id', { pattern: /^[a-z][a-z0-9-]{0,31}$/, expected: 'a short name' }),
    majorVersion: file.integer('majorVersion', { min: 2, max: 3 }),
    minorVersion: file.integer('minorVersion', { min: 0, max: 255 }),
    accessRules: file.texts('accessRules', { maxOctets: 200 }),
    elements: file.list('elements', (value, path) => parseElement(jsonFields(value, { path }))),
  }
}

const FILES_ELEMENTS: readonly FilesElementKind[] = [
  'mf',
  'cd',
  'telecom',
  'phonebook',
  'usim',
  'optUsim',
  'gsmAccess',
  'df5gs',
  'dfSaip',
  'isim',
  'optIsim',
]
const OTHER_ELEMENTS = [
  'pinCodes',
  'pukCodes',
  'akaParameter',
  'securityDomain',
  'rfm',
  'end',
] as const

function parseElement(json: JsonFields): TemplateElement {
  const kind = json.oneOf('element', [...FILES_ELEMENTS, ...OTHER_ELEMENTS])
  return { ...whenOf(json), ...parseOfKind(json, kind) }
}

function parseOfKind(
  json: JsonFields,
  kind: FilesElementKind | (typeof OTHER_ELEMENTS)[number],
): TemplateElement {
  switch (kind) {
    case 'pinCodes':
    case 'pukCodes':
      return parseCodes(json, kind)
    case 'akaParameter':
      json.onlyFields(['element', 'when', 'sameAs'])
      return { element: kind, ...optionalHex(json, 'sameAs') }
    case 'securityDomain':
      return parseDomain(json)
    case 'rfm':
      return parseRemote(json)
    case 'end':
      json.onlyFields(['element'])
      return { element: kind }
    default:
      return parseFiles(json, kind)
  }
}

function parseFiles(json: JsonFields, element: FilesElementKind): FilesElement {
  json.onlyFields(['element', 'when', 'template', 'directory', 'files'])
  const files = json.child('files')
  return {
    element,
    template: json.text('template', { pattern: /^[0-9.]+$/, expected: 'an OBJECT IDENTIFIER' }),
    directory: json.maybe('directory', () => parseDirectory(json.child('directory'), element)),
    files: Object.fromEntries(files.names().map((name) => [name, parseContent(files, name)])),
  }
}

function parseDirectory(json: JsonFields, element: FilesElementKind): TemplateDirectory {
  json.onlyFields(['field', 'pins', 'temporaryFileId', 'aid'])
  return {
    field: json.maybe('field', () => json.text('field', { maxOctets: 40 })) ?? element,
    pins: json.choices('pins', Object.keys(CODE_NAMES) as CodeName[]),
    ...optionalHex(json, 'temporaryFileId'),
    ...optionalHex(json, 'aid'),
  }
}

function parseContent(files: JsonFields, name: string): TemplateContent {
  const word = files.wordOf(name)
  if (word === 'doNotCreate' || word === 'default') return { kind: word }
  if (word !== undefined) return { kind: 'content', content: { value: word } }
  const json = files.child(name)
  json.onlyFields('when link hex of size services octets records recordOctets count'.split(' '))
  const link = optionalHex(json, 'link').link
  if (link) return { kind: 'link', path: link }
  if (json.maybe('records', () => true)) return parseRecords(json)
  return { kind: 'content', ...whenOf(json), content: parseSource(json), ...sizeOf(json) }
}

const FILE_OCTETS_MAX = 65_535

function sizeOf(json: JsonFields): { readonly size?: number } {
  const size = json.maybe('size', () => json.integer('size', { min: 1, max: FILE_OCTETS_MAX }))
  return size === undefined ? {} : { size }
}

function parseRecords(json: JsonFields): TemplateContent {
  const count = json.maybe('count', () => json.integer('count', { min: 1, max: 254 }))
  return {
    kind: 'records',
    ...whenOf(json),
    records: json.list('records', wordAt),
    recordOctets: json.integer('recordOctets', { min: 1, max: 255 }),
    ...(count !== undefined && { count }),
  }
}

function parseSource(json: JsonFields): ContentSource {
  const octets = optionalHex(json, 'hex').hex
  if (octets) return { octets }
  const value = json.maybe('of', () => json.text('of', { maxOctets: 40 }))
  if (value !== undefined) return { value }
  return {
    services: json.list('services', parseService),
    octetCount: json.integer('octets', { min: 1, max: 64 }),
  }
}

const SERVICE = /^([0-9]{1,3}) [^,]+(?:,(?! when )[^,]+)*(?:, when ([A-Za-z0-9]+))?$/

function parseService(value: unknown, path: string): TemplateService {
  const [, number, when] = SERVICE.exec(typeof value === 'string' ? value : '') ?? []
  if (number === undefined) return refuseJson(path, 'such as "17 group identifier, when gid1"')
  return { number: Number(number), ...(when !== undefined && { when }) }
}

const ATTRIBUTES = ['enabled', 'mayBeChanged', 'mayBeDisabled'] as const

function parseCodes(json: JsonFields, element: 'pinCodes' | 'pukCodes'): CodesElement {
  json.onlyFields(['element', 'when', 'sameAs', 'codes'])
  const { sameAs } = optionalHex(json, 'sameAs')
  if (sameAs) return { element, sameAs, codes: [] }
  return { element, codes: json.list('codes', (value, path) => parseCode(value, path)) }
}

function parseCode(value: unknown, path: string): TemplateCode {
  const json = jsonFields(value, { path })
  json.onlyFields(['key', 'value', 'tries', 'puk', 'attributes'])
  const puk = json.maybe('puk', () => json.text('puk', { maxOctets: 20 }))
  return {
    key: json.text('key', { maxOctets: 20 }),
    value: json.text('value', { maxOctets: 20 }),
    tries: json.integer('tries', { min: 1, max: 15 }),
    ...(puk !== undefined && { puk }),
    attributes: json.maybe('attributes', () => json.choices('attributes', ATTRIBUTES)) ?? [],
  }
}

function parseDomain(json: JsonFields): DomainElement {
  json.onlyFields('element when aid privileges lifeCycle parameters keys'.split(' '))
  return {
    element: 'securityDomain',
    aid: hexOf(json, 'aid'),
    privileges: hexOf(json, 'privileges'),
    lifeCycle: hexOf(json, 'lifeCycle'),
    parameters: hexOf(json, 'parameters'),
    keys: json.list('keys', (value, path) => {
      const key = jsonFields(value, { path })
      key.onlyFields(['identifier', 'version', 'usage', 'value'])
      return {
        identifier: key.integer('identifier', { min: 1, max: 127 }),
        version: key.integer('version', { min: 1, max: 127 }),
        usage: hexOf(key, 'usage'),
        value: key.text('value', { maxOctets: 20 }),
      }
    }),
  }
}

function parseRemote(json: JsonFields): RemoteElement {
  json.onlyFields(
    'element when aid securityDomain tars minimumSecurityLevel application'.split(' '),
  )
  return {
    element: 'rfm',
    aid: hexOf(json, 'aid'),
    securityDomain: hexOf(json, 'securityDomain'),
    tars: json.list('tars', (value, path) => {
      const tar = typeof value === 'string' ? fromHex(value) : undefined
      return tar?.length === 3 ? tar : refuseJson(path, 'three octets in hexadecimal')
    }),
    minimumSecurityLevel: hexOf(json, 'minimumSecurityLevel'),
    ...optionalHex(json, 'application'),
  }
}

function whenOf(json: JsonFields): { readonly when?: string } {
  const when = json.maybe('when', () => json.text('when', { maxOctets: 40 }))
  return when === undefined ? {} : { when }
}

function wordAt(value: unknown, path: string): string {
  return typeof value === 'string' ? value : refuseJson(path, 'the name of a value')
}

function optionalHex<N extends string>(
  json: JsonFields,
  name: N,
): { readonly [K in N]?: Uint8Array } {
  const octets = json.maybe(name, () => hexOf(json, name))
  return (octets ? { [name]: octets } : {}) as { readonly [K in N]?: Uint8Array }
}

function hexOf(json: JsonFields, name: string): Uint8Array {
  const text = json.text(name, { pattern: /^(?:[0-9A-Fa-f]{2})+$/, expected: 'hexadecimal digits' })
  return fromHex(text) ?? json.refuse(name, 'hexadecimal digits')
}
