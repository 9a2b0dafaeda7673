/** A package for people: its elements in order with what each of them makes, and the files that come of them as a tree. */

import { formatTag } from '../asn1/der.ts'
import { equalOctets, toHex } from '../base/octets.ts'
import { accessRuleText, keyReferenceName } from './access-words.ts'
import { buildProfile } from './build.ts'
import { fileAt, isDirectory } from './build-files.ts'
import {
  encodeElements,
  reencodePackage,
  type PeAkaParameter,
  type PeSecurityDomain,
  type ProfileHeader,
} from './elements.ts'
import { PINKeyReferenceValue } from './elements/codes.ts'
import type { Directory, ElementaryFile, ProfileFile } from './image.ts'
import { applicationName, fieldName, isFiller, knownFile, partsOf } from './known-files.ts'
import { surveyPackage, type Survey, type SurveyedElement, type SurveyedFile } from './survey.ts'

const CONTENT_OCTETS_SHOWN = 24
const RUNS_SHOWN = 8

/** What is shown of a package's secrets. */
export interface ShowOptions {
  /** Codes and keys as they are; else their lengths alone. */
  readonly secrets?: boolean
}

/** A file, code, key or application: a name, and what is known of it. */
export interface ShownPart {
  readonly what:
    | 'fact'
    | 'directory'
    | 'file'
    | 'code'
    | 'authentication'
    | 'securityDomain'
    | 'key'
    | 'rfm'
    | 'loadFile'
    | 'application'
  readonly name: string
  /** By name; in the order in which they are shown. */
  readonly facts: Readonly<Record<string, string | number>>
  /** Several lines of their own: records, keys. */
  readonly lines?: readonly string[]
}

/** One element of a package. */
export interface ShownElement {
  readonly number: number
  readonly offset: number
  readonly octets: number
  readonly tag: string
  readonly name: string
  /** Absent for the header, and for elements without one of their own. */
  readonly identification: number | undefined
  readonly mandated: boolean
  readonly parts: readonly ShownPart[]
}

export interface ShownPackage {
  readonly elements: readonly ShownElement[]
  /** Whether it is written again to the same octets. */
  readonly reencoded: boolean
  /** Places of elements with extensions, or with defaults that are written out. */
  readonly inexact: readonly number[]
  /** Where reading ended, and why, when that was before the octets did. */
  readonly broken: Survey['broken']
}

/** What is in the package, up to the first element that cannot be read. Never throws, whatever the octets. */
export function shownPackage(octets: Uint8Array, options: ShowOptions = {}): ShownPackage {
  const survey = surveyPackage(octets)
  const filesOf = new Map<number, SurveyedFile[]>()
  for (const file of survey.files) {
    const files = filesOf.get(file.element)
    if (files) files.push(file)
    else filesOf.set(file.element, [file])
  }
  const elements = survey.elements.map((one) =>
    shownElement(survey, { one, files: filesOf.get(one.number) ?? [], options }),
  )
  const read = octets.subarray(0, survey.broken?.offset ?? octets.length)
  const values = survey.elements.map(({ element }) => element)
  return {
    elements,
    reencoded: !survey.broken && equalOctets(encodeElements(values), octets),
    inexact: reencodePackage(read).inexact,
    broken: survey.broken,
  }
}

/** One line for each element, with what it makes below it, and how it is encoded again at the end. */
export function packageLines(shown: ShownPackage): string[] {
  return [...shown.elements.flatMap(elementLines), '', encodingLine(shown)]
}

function elementLines(element: ShownElement): string[] {
  const { number, offset, octets, name, identification, mandated, parts } = element
  const id = identification === undefined ? '' : `, identification ${identification}`
  const head = `${name} (element ${number}, ${octets} octets${id}${mandated ? ', mandated' : ''})`
  return [`${String(offset).padStart(6)}  ${head}`, ...parts.flatMap(partLines)]
}

const INDENT = ' '.repeat(10)

function partLines({ name, facts, lines = [] }: ShownPart): string[] {
  const said = Object.entries(facts).map(([key, value]) => factText(key, value))
  return [
    `${INDENT}${[name, ...said].join('  ')}`.trimEnd(),
    ...lines.map((line) => `${INDENT}    ${line}`),
  ]
}

/** What speaks for itself goes without its name. */
const PLAIN: readonly string[] = ['value', 'kind', 'path', 'words', 'size', 'content']

function factText(key: string, value: string | number): string {
  return PLAIN.includes(key) ? `${value}` : `${key} ${value}`
}

function encodingLine({ reencoded, inexact, broken }: ShownPackage): string {
  if (broken) {
    return `Element ${broken.number} (${broken.name}) at octet ${broken.offset} cannot be read: ${broken.problem}`
  }
  if (!reencoded) return 'Encoded again, it has other octets.'
  const more =
    inexact.length === 0
      ? ''
      : `; elements ${inexact.join(', ')} have extensions or written-out defaults, which are kept`
  return `Encoded again, it has the same octets${more}.`
}

interface ElementToShow {
  readonly one: SurveyedElement
  readonly files: readonly SurveyedFile[]
  readonly options: ShowOptions
}

function shownElement(survey: Survey, shown: ElementToShow): ShownElement {
  const { number, offset, name, element, header } = shown.one
  return {
    number,
    offset,
    octets: element.raw.length,
    tag: formatTag(element.tag),
    name,
    identification: header?.identification,
    mandated: header?.mandated === null,
    parts: [...shown.files.map(filePart), ...otherParts(survey, shown)],
  }
}

function otherParts(survey: Survey, { one, options }: ElementToShow): readonly ShownPart[] {
  const { element, directory, adf } = one
  if (element.kind === 'header') return headerParts(element.value)
  if (element.kind === 'pinCodes') {
    const { filePath, pinconfig = [] } = element.value.pinCodes
    if (filePath) return [sharedCodes(survey, { filePath, directory })]
    return pinconfig.map((pin) => ({
      what: 'code',
      name: keyReferenceName(PINKeyReferenceValue.numberOf(pin.keyReference)),
      facts: {
        of: directory ? pathOf(directory) : 'nothing',
        value: masked(pin.pinValue, options),
        tries: triesText(pin.maxNumOfAttempsRetryNumLeft),
        state: (pin.pinAttributes & 1) === 0 ? 'disabled' : 'enabled',
        ...(pin.unblockingPINReference !== undefined && {
          unblockedBy: String(pin.unblockingPINReference),
        }),
      },
    }))
  }
  if (element.kind === 'pukCodes') {
    return element.value.pukCodes.map((puk) => ({
      what: 'code',
      name: String(puk.keyReference),
      facts: {
        of: directory ? pathOf(directory) : 'nothing',
        value: masked(puk.pukValue, options),
        tries: triesText(puk.maxNumOfAttempsRetryNumLeft),
      },
    }))
  }
  if (element.kind === 'akaParameter') return [akaPart(element.value, { adf, options })]
  if (element.kind === 'cdmaParameter') {
    const { authenticationKey } = element.value
    const facts = { of: adf ? pathOf(adf) : 'nothing', key: masked(authenticationKey, options) }
    return [{ what: 'authentication', name: 'CAVE', facts }]
  }
  if (element.kind === 'securityDomain') return [domainPart(element.value, options)]
  return applicationParts(one)
}

function applicationParts({ element }: SurveyedElement): readonly ShownPart[] {
  if (element.kind === 'rfm') {
    const { instanceAID, securityDomainAID, tarList = [], adfRFMAccess } = element.value
    const facts = {
      ...(tarList.length > 0 && { TAR: tarList.map(toHex).join(', ') }),
      ...(securityDomainAID && { securityDomain: toHex(securityDomainAID) }),
      minimumSecurityLevel: toHex(element.value.minimumSecurityLevel),
      ...(adfRFMAccess && { ADF: toHex(adfRFMAccess.adfAID) }),
    }
    return [{ what: 'rfm', name: toHex(instanceAID), facts }]
  }
  if (element.kind !== 'application') return []
  const { loadBlock, instanceList = [] } = element.value
  const loaded: readonly ShownPart[] = loadBlock
    ? [
        {
          what: 'loadFile',
          name: `load file ${toHex(loadBlock.loadPackageAID)}`,
          facts: { size: `${loadBlock.loadBlockObject.length} octets` },
        },
      ]
    : []
  const instances = instanceList.map((instance): ShownPart => {
    const { instanceAID, classAID, applicationLoadPackageAID } = instance
    const facts = { class: toHex(classAID), loadFile: toHex(applicationLoadPackageAID) }
    return { what: 'application', name: toHex(instanceAID), facts }
  })
  return [...loaded, ...instances]
}

function headerParts(header: ProfileHeader): readonly ShownPart[] {
  const services = Object.keys(header.eUICCMandatoryServices).join(', ') || 'none'
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['version', `${header.majorVersion}.${header.minorVersion}`],
    ['profileType', header.profileType === undefined ? undefined : `"${header.profileType}"`],
    ['iccid', toHex(header.iccid)],
    ['services', services],
    ['templates', header.eUICCMandatoryGFSTEList.join(', ') || 'none'],
    ['policy', header.pol && toHex(header.pol)],
    ['connectivity', header.connectivityParameters && toHex(header.connectivityParameters)],
    ['applications', header.eUICCMandatoryAIDs?.map(({ aid }) => toHex(aid)).join(', ')],
    ['iotPix', header.iotOptions && toHex(header.iotOptions.pix)],
  ]
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [{ what: 'fact', name, facts: { value } }],
  )
}

function sharedCodes(
  survey: Survey,
  shared: { readonly filePath: Uint8Array; readonly directory: Directory | undefined },
): ShownPart {
  const other = fileAt(survey, shared.filePath)
  const from = other ? pathOf(other) : `${toHex(shared.filePath)}, where nothing is`
  const of = shared.directory ? pathOf(shared.directory) : 'nothing'
  return { what: 'code', name: 'codes', facts: { of, sharedWith: from } }
}

function akaPart(
  parameter: PeAkaParameter,
  { adf, options }: { readonly adf: Directory | undefined; readonly options: ShowOptions },
): ShownPart {
  const { algoParameter, mappingParameter } = parameter.algoConfiguration
  const of = adf ? pathOf(adf) : 'nothing'
  if (mappingParameter) {
    const facts = { of, sameAs: toHex(mappingParameter.mappingSource) }
    return { what: 'authentication', name: 'mapping', facts }
  }
  const name = String(algoParameter?.algorithmID ?? 'none')
  const facts = {
    of,
    ...(algoParameter && {
      key: masked(algoParameter.key, options),
      [name === 'tuak' ? 'TOPc' : 'OPc']: masked(algoParameter.opc, options),
      options: toHex(algoParameter.algorithmOptions),
    }),
    ...(parameter.sqnOptions && { sqnOptions: toHex(parameter.sqnOptions) }),
  }
  return { what: 'authentication', name, facts }
}

function domainPart({ instance, keyList = [] }: PeSecurityDomain, options: ShowOptions): ShownPart {
  const lines = keyList.map(({ keyVersionNumber, keyIdentifier, keyComponents }) => {
    const components = keyComponents.map(
      ({ keyType, keyData }) => `${keyTypeName(keyType)} ${masked(keyData, options)}`,
    )
    return `key version ${toHex(keyVersionNumber)} identifier ${toHex(keyIdentifier)}: ${components.join(', ')}`
  })
  const versions = [...new Set(keyList.map(({ keyVersionNumber }) => toHex(keyVersionNumber)))]
  const facts = {
    privileges: toHex(instance.applicationPrivileges),
    keyVersions: versions.join(', ') || 'none',
  }
  return { what: 'securityDomain', name: toHex(instance.instanceAID), facts, lines }
}

/** GlobalPlatform Card Specification §11.1.8. */
const KEY_TYPES: Readonly<Record<number, string>> = {
  0x80: 'DES',
  0x82: 'DES in CBC',
  0x85: 'TLS PSK',
  0x88: 'AES',
  0xb0: 'ECC public',
  0xb1: 'ECC private',
  0xf0: 'ECC parameters',
}

function keyTypeName(type: Uint8Array): string {
  return KEY_TYPES[type[0] ?? 0] ?? `type ${toHex(type)}`
}

function masked(octets: Uint8Array, { secrets = false }: ShowOptions): string {
  return secrets ? toHex(octets) : `(${octets.length} octets)`
}

function triesText(octet: number): string {
  return `${octet & 0x0f} of ${octet >> 4}`
}

function filePart(file: SurveyedFile): ShownPart {
  const { made, problem } = file
  const wrong = problem === undefined ? {} : { problem }
  if (!made) return { what: 'file', name: nameOf(file), facts: { problem: problem ?? 'not made' } }
  const path = pathOf(made)
  const name = nameOf(file)
  const link = file.fcp.linkPath?.length ? { linkedTo: toHex(file.fcp.linkPath) } : {}
  if (isDirectory(made)) {
    const facts = { path, ...directoryFacts(made), ...link, ...wrong }
    return { what: 'directory', name, facts }
  }
  const isLinked = 'linkedTo' in link
  const content = isLinked ? {} : contentFacts(made)
  const facts = { path, ...fileFacts(made), ...link, ...content, ...wrong }
  return { what: 'file', name, facts, lines: isLinked ? [] : recordLines(made) }
}

function nameOf({ made, field }: SurveyedFile): string {
  const known = made && knownFile(made)?.name
  if (known !== undefined) return known
  if (made?.kind === 'mf') return 'MF'
  if (made?.kind === 'adf') return `ADF.${applicationName(made)}`
  if (field !== undefined) return fieldName(field)
  return made && isDirectory(made) ? 'DF' : 'EF'
}

function directoryFacts({ aid, accessRule, pinStatus }: Directory): Record<string, string> {
  return {
    ...(aid && { AID: toHex(aid) }),
    ...(accessRule && { rule: ruleText(accessRule) }),
    ...(pinStatus.length > 0 && { PINs: Array.from(pinStatus, keyReferenceName).join(', ') }),
  }
}

const KINDS = {
  transparent: 'transparent',
  linearFixed: 'linear fixed',
  cyclic: 'cyclic',
  berTlv: 'BER-TLV',
} as const

function fileFacts(file: ElementaryFile): Record<string, string | number> {
  const { kind, shortFileId, accessRule } = file
  return {
    kind: KINDS[kind],
    size: sizeText(file),
    ...(shortFileId !== undefined && { SFI: shortFileId }),
    ...(accessRule && { rule: ruleText(accessRule) }),
  }
}

function sizeText({ kind, body, recordOctets }: ElementaryFile): string {
  if (kind === 'berTlv') return `${octetsText(body.octets.length)} in it`
  if (recordOctets === undefined) return octetsText(body.octets.length)
  return `${body.octets.length / recordOctets} × ${octetsText(recordOctets)}`
}

function octetsText(count: number): string {
  return `${count} ${count === 1 ? 'octet' : 'octets'}`
}

function ruleText({ arrFileId, record }: NonNullable<ProfileFile['accessRule']>): string {
  return `${hexId(arrFileId)}:${record}`
}

/** Of a file without records; those of others have lines of their own. */
function contentFacts(file: ElementaryFile): Record<string, string> {
  if (file.recordOctets !== undefined || isFiller(file.body.octets)) return {}
  const words = knownFile(file)?.words?.(file.body.octets)
  return {
    content: shortened(file.body.octets),
    ...(words !== undefined && { words: `= ${words}` }),
  }
}

function recordLines(file: ElementaryFile): readonly string[] {
  if (file.recordOctets === undefined) return []
  const records = partsOf(file).flatMap((record, at) =>
    isFiller(record) ? [] : [{ at: at + 1, text: recordText(file, record) }],
  )
  const runs = runsOf(records)
  const shown = isRuleFile(file) ? runs : runs.slice(0, RUNS_SHOWN)
  const lines = shown.map(
    ({ from, to, text }) => `${from === to ? from : `${from}–${to}`}: ${text}`,
  )
  const more = runs.length - shown.length
  return more > 0 ? [...lines, `and ${more} more`] : lines
}

function recordText(file: ElementaryFile, record: Uint8Array): string {
  const words = isRuleFile(file) ? accessRuleText(record) : knownFile(file)?.words?.(record)
  return words ?? shortened(record)
}

interface Run {
  readonly from: number
  to: number
  readonly text: string
}

/** Records that follow each other with the same content are one. */
function runsOf(records: readonly { readonly at: number; readonly text: string }[]): Run[] {
  const runs: Run[] = []
  for (const { at, text } of records) {
    const last = runs.at(-1)
    if (last?.text === text && last.to === at - 1) last.to = at
    else runs.push({ from: at, to: at, text })
  }
  return runs
}

function isRuleFile({ fileId }: ElementaryFile): boolean {
  return fileId === 0x2f06 || fileId === 0x6f06
}

/** Without the filler behind it, and cut. */
function shortened(octets: Uint8Array): string {
  let end = octets.length
  while (end > 0 && octets[end - 1] === 0xff) end--
  const filler = octets.length - end > 1 ? ` FF…` : toHex(octets.subarray(end))
  if (end <= CONTENT_OCTETS_SHOWN) return `${toHex(octets.subarray(0, end))}${filler}`
  return `${toHex(octets.subarray(0, CONTENT_OCTETS_SHOWN))}… (${octets.length} octets)`
}

/** `3F00/7FF0/6F07`. */
function pathOf(file: ProfileFile): string {
  return file.parent ? `${pathOf(file.parent)}/${hexId(file.fileId)}` : hexId(file.fileId)
}

function hexId(fileId: number): string {
  return fileId.toString(16).toUpperCase().padStart(4, '0')
}

/** A file of the file system that a package makes. */
export interface ShownFile extends ShownPart {
  readonly files?: readonly ShownFile[]
}

export interface ShownFileSystem {
  /** Absent when the card refuses the package. */
  readonly mf: ShownFile | undefined
  /** Why the card refuses it. */
  readonly refusal: string | undefined
}

/** The file system that this card makes of the package. Never throws, whatever the octets. */
export function shownFileSystem(octets: Uint8Array): ShownFileSystem {
  const { elements, broken, files } = surveyPackage(octets)
  const names = new Map<string, string>()
  for (const file of files) if (file.made) names.set(pathOf(file.made), nameOf(file))
  const { failure, image, statuses } = buildProfile(elements.map(({ element }) => element))
  if (failure) {
    const { name } = elements[statuses.length - 1] ?? { name: 'nothing' }
    const refusal = `element ${statuses.length - 1} (${name}): ${failure.status}, ${failure.detail}`
    return { mf: undefined, refusal }
  }
  const refusal = broken ? `element ${broken.number}: ${broken.problem}` : undefined
  return {
    mf: image && branch(image.mf, { shown: new Map(), names }),
    refusal: image ? refusal : (refusal ?? 'no master file'),
  }
}

interface Branching {
  /** Where files were shown that directories share. */
  readonly shown: Map<Directory['files'], string>
  readonly names: ReadonlyMap<string, string>
}

/** Files that linked directories share are shown once: the ways to them may be more than anybody can read. */
function branch(made: ProfileFile, branching: Branching): ShownFile {
  const { shown, names } = branching
  const name = [hexId(made.fileId), names.get(pathOf(made))].filter(Boolean).join(' ')
  if (!isDirectory(made)) {
    const facts = { ...fileFacts(made), ...contentFacts(made) }
    return { what: 'file', name, facts, lines: recordLines(made) }
  }
  const { files } = made
  const facts = directoryFacts(made)
  const filesOf = shown.get(files)
  if (filesOf !== undefined) return { what: 'directory', name, facts: { ...facts, filesOf } }
  shown.set(files, pathOf(made))
  return { what: 'directory', name, facts, files: files.map((file) => branch(file, branching)) }
}

/** The tree, a line for each file. */
export function fileSystemLines({ mf, refusal }: ShownFileSystem): string[] {
  const lines = mf ? treeLines(mf, '') : []
  return refusal === undefined ? lines : [...lines, `The card refuses it: ${refusal}`]
}

function treeLines(file: ShownFile, before: string): string[] {
  const said = Object.entries(file.facts).map(([key, value]) => factText(key, value))
  const files = file.files ?? []
  return [
    [file.name, ...said].join('  '),
    ...(file.lines ?? []).map((line) => `${before}      ${line}`),
    ...files.flatMap((child, at) => {
      const isLast = at === files.length - 1
      const [head = '', ...rest] = treeLines(child, `${before}${isLast ? '   ' : '│  '}`)
      return [`${before}${isLast ? '└─ ' : '├─ '}${head}`, ...rest]
    }),
  ]
}
