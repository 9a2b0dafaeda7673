/** Makes the files of a profile: from a template's row and what the package says of it, or from an FCP alone (TCA §8.3). */

import { toHex } from '../base/octets.ts'
import { ElementProblem } from './element-problem.ts'
import type { Fcp, File } from './file.ts'
import type { FileTemplate } from './file-templates/types.ts'
import type {
  AccessRuleReference,
  Directory,
  ElementaryFile,
  ProfileFile,
  ProfileImage,
} from './image.ts'

/** Longer than any file that a card of this kind keeps; offsets cannot ask for more memory than that. */
const FILE_OCTETS_MAX = 65_535
/** More than any eUICC has for one profile: what a package may ask for where no card's memory is the limit. */
export const PROFILE_OCTETS_MAX = 4 * 1024 * 1024
/** Far more than any profile has; whoever goes through a profile comes to an end, however they lie in each other. */
const DIRECTORIES_MAX = 255
const ACTIVATED = 0x05
const MF_ID = 0x3f00
/** EF.ARR beside the MF, and in every other directory. */
const EF_ARR_OF_MF = 0x2f06
const EF_ARR = 0x6f06

/** What is known of a file before it is made: its template's row, if it has one, and the package's own FCP. */
interface FilePlan {
  readonly template?: FileTemplate
  readonly fcp: Fcp
  readonly parent: Directory
}

/** The master file. It is made first and once. */
export function makeMasterFile(plan: {
  readonly template: FileTemplate
  readonly file: File
}): Directory {
  const fcp = fcpOf(plan.file)
  return {
    kind: 'mf',
    fileId: MF_ID,
    lifeCycle: lifeCycleOf(fcp),
    accessRule: accessRuleOf({ ...plan, fcp, arrFileId: EF_ARR_OF_MF }),
    pinStatus: fcp.pinStatusTemplateDO ?? new Uint8Array(0),
    parent: undefined,
    files: [],
    codes: [],
    unblockCodes: [],
  }
}

/**
 * An ADF or DF, put into its parent.
 * @throws {ElementProblem} an identifier that is missing or taken, a link to where it lies, too many directories
 */
export function makeDirectory(plan: FilePlan & { readonly image: BuildingImage }): Directory {
  const { template, fcp, parent, image } = plan
  if (image.directoryCount === DIRECTORIES_MAX) {
    throw new ElementProblem('not-enough-memory', `more than ${DIRECTORIES_MAX} directories`)
  }
  const fileId = fileIdOf(plan)
  const isAdf = template?.kind === 'adf' || fcp.dfName !== undefined
  if (isAdf && !fcp.dfName) throw new ElementProblem('invalid-parameter', 'an ADF without a name')
  const target = linkedDirectory(plan)
  const directory: Directory = {
    kind: isAdf ? 'adf' : 'df',
    fileId,
    ...(fcp.dfName && { aid: Uint8Array.from(fcp.dfName) }),
    lifeCycle: lifeCycleOf(fcp),
    accessRule:
      accessRuleOf({ ...plan, arrFileId: isAdf ? EF_ARR_OF_MF : arrFileIdIn(parent) }) ??
      target?.accessRule,
    pinStatus: fcp.pinStatusTemplateDO ?? target?.pinStatus ?? parent.pinStatus,
    parent,
    files: target?.files ?? [],
    codes: target?.codes ?? [],
    unblockCodes: target?.unblockCodes ?? [],
  }
  put(directory)
  image.directoryCount++
  return directory
}

function linkedDirectory(
  plan: FilePlan & { readonly image: BuildingImage },
): Directory | undefined {
  const target = linkedFile(plan)
  if (!target) return undefined
  if (!isDirectory(target)) {
    throw new ElementProblem('invalid-parameter', 'a directory is linked to a file')
  }
  if (leadsTo(target, plan.parent)) {
    throw new ElementProblem('invalid-parameter', 'a directory is linked to one that it lies in')
  }
  return target
}

/** Whether a directory is another one or lies in it, also through links that were made before. */
function leadsTo(from: Directory, directory: Directory): boolean {
  const seen = new Set<readonly ProfileFile[]>()
  const open = [from]
  for (let at = open.pop(); at; at = open.pop()) {
    if (at.files === directory.files) return true
    if (seen.has(at.files)) continue
    seen.add(at.files)
    for (const file of at.files) if (isDirectory(file)) open.push(file)
  }
  return false
}

/** What grows while elements are executed. */
export interface BuildingImage {
  mf: Directory | undefined
  /** Octets that the files still to come may take. */
  freeOctets: number
  /** Without the MF. */
  directoryCount: number
  readonly naas: ProfileImage['naas'][number][]
  readonly securityDomains: ProfileImage['securityDomains'][number][]
  readonly applications: ProfileImage['applications'][number][]
}

/**
 * An EF with what fills it, put into its parent.
 * @throws {ElementProblem} a size, structure or identifier that is missing or wrong, more content than there is room;
 *   not-enough-memory for a file that the image has no room for
 */
export function makeFile(
  plan: FilePlan & { readonly image: BuildingImage; readonly steps: File },
): ElementaryFile {
  const target = linkedFile(plan)
  const file = target ? makeLink(plan, target) : makeOwnFile(plan)
  put(file)
  fill(file, plan.steps)
  return file
}

function makeLink(plan: FilePlan, target: ProfileFile): ElementaryFile {
  if (isDirectory(target)) {
    throw new ElementProblem('invalid-parameter', 'a file is linked to a directory')
  }
  const { shortFileId: _, ...structure } = target
  return {
    ...structure,
    fileId: fileIdOf(plan),
    ...shortFileIdOf(plan),
    accessRule: accessRuleOf({ ...plan, arrFileId: arrFileIdIn(plan.parent) }) ?? target.accessRule,
    parent: plan.parent,
  }
}

function makeOwnFile(plan: FilePlan & { readonly image: BuildingImage }): ElementaryFile {
  const { fcp, template } = plan
  const structure = structureOf(plan)
  const sizeOctets = sizeOf(plan, structure)
  takeRoom(plan.image, sizeOctets)
  const octets = initialContent(plan, { ...structure, sizeOctets })
  const special = fcp.proprietaryEFInfo?.specialFileInformation?.[0]
  return {
    kind: structure.kind,
    fileId: fileIdOf(plan),
    ...shortFileIdOf(plan),
    ...(structure.recordOctets !== undefined && { recordOctets: structure.recordOctets }),
    descriptor: descriptorOf(structure, sizeOctets),
    body: { octets },
    specialInformation: special ?? (template?.isHighUpdate ? HIGH_UPDATE : 0),
    lifeCycle: lifeCycleOf(fcp),
    accessRule: accessRuleOf({ ...plan, arrFileId: arrFileIdIn(plan.parent) }),
    parent: plan.parent,
  }
}

/** Before anything is allocated: a few octets of a package may ask for 65,535. */
function takeRoom(image: BuildingImage, sizeOctets: number): void {
  if (sizeOctets > image.freeOctets) {
    throw new ElementProblem(
      'not-enough-memory',
      `a file of ${sizeOctets} octets, ${image.freeOctets} are free`,
    )
  }
  image.freeOctets -= sizeOctets
}

const HIGH_UPDATE = 0x40

/** Fills a file step by step: offsets go on from where the last octets ended (TCA §8.3.3). */
export function fill(file: ElementaryFile, steps: File): void {
  let at = 0
  for (const { fillFileContent, fillFileOffset } of steps) {
    at += fillFileOffset ?? 0
    if (fillFileContent) {
      fillAt(file, { at, octets: fillFileContent })
      at += fillFileContent.length
    }
  }
}

/** Puts octets into a file. @throws {ElementProblem} bad-values when they do not fit */
export function fillAt(
  file: ElementaryFile,
  content: { readonly at: number; readonly octets: Uint8Array },
): void {
  const { at, octets } = content
  const end = at + octets.length
  const { body } = file
  if (file.kind === 'berTlv') {
    if (end > FILE_OCTETS_MAX) throw tooLong(file, end)
    if (end > body.octets.length) body.octets = Buffer.concat([body.octets.subarray(0, at), octets])
    else body.octets.set(octets, at)
    return
  }
  if (end > body.octets.length) throw tooLong(file, end)
  body.octets.set(octets, at)
}

function tooLong(file: ElementaryFile, end: number): ElementProblem {
  return new ElementProblem(
    'bad-values',
    `${end} octets for the file ${nameOf(file)}, which has ${file.body.octets.length}`,
  )
}

/** The FCP among the steps of a file; an empty one when there is none. */
export function fcpOf(steps: File | undefined): Fcp {
  return steps?.find((step) => step.fileDescriptor)?.fileDescriptor ?? {}
}

export function isDirectory(file: ProfileFile): file is Directory {
  return file.kind === 'mf' || file.kind === 'df' || file.kind === 'adf'
}

/** The file at a path of identifiers from the MF, ADFs by their temporary ones; the MF for an empty path. */
export function fileAt(
  image: Pick<BuildingImage, 'mf'>,
  path: Uint8Array,
): ProfileFile | undefined {
  let found: ProfileFile | undefined = image.mf
  for (let at = 0; at < path.length && found; at += 2) {
    const fileId = (path[at] as number) * 256 + (path[at + 1] ?? 0)
    if (at === 0 && fileId === MF_ID) continue
    found = isDirectory(found) ? inDirectory.get(found.files)?.get(fileId) : undefined
  }
  return found
}

/** Absent when the file is not linked. An empty path makes a linked file of a template one of its own. */
function linkedFile(plan: FilePlan & { readonly image?: BuildingImage }): ProfileFile | undefined {
  const { linkPath } = plan.fcp
  if (!linkPath || linkPath.length === 0 || !plan.image) return undefined
  const target = fileAt(plan.image, linkPath)
  if (target && target.kind !== 'mf') return target
  throw new ElementProblem('invalid-parameter', `nothing is at the link path ${toHex(linkPath)}`)
}

/** By identifier what is in a directory, which linked directories share: a package may make thousands of files. */
const inDirectory = new WeakMap<readonly ProfileFile[], Map<number, ProfileFile>>()

function put(file: ProfileFile): void {
  const { parent } = file
  if (!parent) return
  const known = inDirectory.get(parent.files) ?? new Map<number, ProfileFile>()
  inDirectory.set(parent.files, known)
  if (known.has(file.fileId)) {
    throw new ElementProblem('invalid-parameter', `there is a file ${nameOf(file)} already`)
  }
  known.set(file.fileId, file)
  parent.files.push(file)
}

function nameOf({ fileId }: ProfileFile): string {
  return fileId.toString(16).toUpperCase().padStart(4, '0')
}

function fileIdOf({ template, fcp }: FilePlan): number {
  const [high, low] = fcp.fileID ?? []
  if (high !== undefined && low !== undefined) return high * 256 + low
  if (template && template.fileId > 0) return template.fileId
  throw new ElementProblem('invalid-parameter', 'a file without an identifier')
}

function lifeCycleOf({ lcsi }: Fcp): number {
  return lcsi?.[0] ?? ACTIVATED
}

function arrFileIdIn(parent: Directory): number {
  return parent.kind === 'mf' ? EF_ARR_OF_MF : EF_ARR
}

function accessRuleOf(plan: {
  readonly template?: FileTemplate
  readonly fcp: Fcp
  readonly arrFileId: number
}): AccessRuleReference | undefined {
  const given = plan.fcp.securityAttributesReferenced
  const [first, second, third] = given ?? []
  if (first !== undefined && second !== undefined && third !== undefined) {
    return { arrFileId: first * 256 + second, record: third }
  }
  if (second !== undefined) {
    throw new ElementProblem('bad-values', 'security attributes of two octets')
  }
  const record = first ?? plan.template?.accessRule
  return record === undefined ? undefined : { arrFileId: plan.arrFileId, record }
}

/** In the five high bits; calculated from the identifier for files without a template (ETSI TS 102 222 §6.3.2.2.2). */
function shortFileIdOf(plan: FilePlan): { readonly shortFileId?: number } {
  const { fcp, template } = plan
  const number = fcp.shortEFID
    ? (fcp.shortEFID[0] ?? 0) >> 3
    : template
      ? (template.shortFileId ?? 0)
      : fileIdOf(plan) & 0x1f
  return number >= 1 && number <= 30 ? { shortFileId: number } : {}
}

interface Structure {
  readonly kind: ElementaryFile['kind']
  readonly recordOctets?: number
  /** Of the template; a size in the package says it better. */
  readonly records?: number
  /** The descriptor byte as the package gave it. */
  readonly given?: Uint8Array
}

const STRUCTURES: Readonly<Record<number, ElementaryFile['kind']>> = {
  1: 'transparent',
  2: 'linearFixed',
  6: 'cyclic',
}
const DESCRIPTOR_BITS: Readonly<Record<ElementaryFile['kind'], number>> = {
  transparent: 0x41,
  linearFixed: 0x42,
  cyclic: 0x46,
  berTlv: 0x79,
}
const DIRECTORY_BITS = 0x38
const DATA_CODING = 0x21

/** Whether a file descriptor is a directory's (ETSI TS 102 221 §11.1.1.4.3). */
export function describesDirectory({ fileDescriptor }: Fcp): boolean {
  return ((fileDescriptor?.[0] ?? 0) & 0xbf) === DIRECTORY_BITS
}

function structureOf({ template, fcp }: FilePlan): Structure {
  const given = fcp.fileDescriptor
  const kind = given ? kindOf(given) : templateKind(template)
  if (kind === 'transparent' || kind === 'berTlv') return { kind, ...(given && { given }) }
  const recordOctets = given && given.length >= 4 ? recordOctetsOf(given) : template?.recordOctets
  if (!recordOctets) throw new ElementProblem('bad-values', 'a file of records of no length')
  return {
    kind,
    recordOctets,
    ...(template?.records !== undefined && { records: template.records }),
    ...(given && { given }),
  }
}

function kindOf(descriptor: Uint8Array): ElementaryFile['kind'] {
  const bits = (descriptor[0] ?? 0) & 0xbf
  if ((bits & DIRECTORY_BITS) === DIRECTORY_BITS) {
    if ((bits & 0x07) === 1) return 'berTlv'
    throw new ElementProblem('bad-values', 'a file with the descriptor of a directory')
  }
  const kind = STRUCTURES[bits & 0x07]
  if (kind) return kind
  throw new ElementProblem('bad-values', `the file descriptor ${toHex(descriptor)}`)
}

function templateKind(template: FileTemplate | undefined): ElementaryFile['kind'] {
  const kind = template?.kind
  if (kind && kind !== 'mf' && kind !== 'df' && kind !== 'adf') return kind
  throw new ElementProblem('bad-values', 'a file without a descriptor')
}

function recordOctetsOf(descriptor: Uint8Array): number {
  return (descriptor[2] as number) * 256 + (descriptor[3] as number)
}

/** Of BER-TLV files the size is room that is kept free, and nothing is in them yet. */
function sizeOf(plan: FilePlan, structure: Structure): number {
  const { template, fcp } = plan
  const size = fcp.efFileSize ? numberIn(fcp.efFileSize) : templateSize(template, structure)
  if (size === undefined) {
    throw new ElementProblem('bad-values', 'a file of a size that nobody says')
  }
  if (size > FILE_OCTETS_MAX) throw new ElementProblem('bad-values', `a file of ${size} octets`)
  const { recordOctets } = structure
  if (recordOctets !== undefined && (size % recordOctets !== 0 || size === 0)) {
    throw new ElementProblem('bad-values', `${size} octets for records of ${recordOctets}`)
  }
  return size
}

function templateSize(
  template: FileTemplate | undefined,
  { recordOctets, records }: Structure,
): number | undefined {
  if (recordOctets === undefined) return template?.sizeOctets
  return records === undefined ? undefined : records * recordOctets
}

/** @throws {ElementProblem} bad-values for a number that no file has */
function numberIn(octets: Uint8Array): number {
  if (octets.length > 4) throw new ElementProblem('bad-values', 'a size of more than 4 octets')
  return octets.reduce((number, octet) => number * 256 + octet, 0)
}

function descriptorOf(structure: Structure, sizeOctets: number): Uint8Array {
  const first = structure.given?.[0] ?? DESCRIPTOR_BITS[structure.kind]
  const { recordOctets } = structure
  if (recordOctets === undefined) return Uint8Array.of(first, DATA_CODING)
  const records = sizeOctets / recordOctets
  if (records > 254) throw new ElementProblem('bad-values', `a file of ${records} records`)
  return Uint8Array.of(first, DATA_CODING, recordOctets >> 8, recordOctets & 0xff, records)
}

/** What is in a file before it is filled: a pattern of the package, the template's default, or `FF`. */
function initialContent(
  { template, fcp }: FilePlan,
  made: Structure & { readonly sizeOctets: number },
): Uint8Array {
  if (made.kind === 'berTlv') return new Uint8Array(0)
  const octets = Buffer.alloc(made.sizeOctets, 0xff)
  const { fillPattern, repeatPattern } = fcp.proprietaryEFInfo ?? {}
  const step = made.recordOctets ?? Math.max(made.sizeOctets, 1)
  for (let at = 0; at < octets.length; at += step) {
    const part = octets.subarray(at, at + step)
    if (repeatPattern) part.fill(repeatPattern)
    else if (fillPattern) fillBehind(part, fillPattern)
    else if (template?.defaultContent) template.defaultContent(part)
  }
  return octets
}

/** The pattern once, and its last octet to the end (ETSI TS 102 222 §6.3.2.2.2). */
function fillBehind(part: Buffer, pattern: Uint8Array): void {
  part.fill(pattern.at(-1) ?? 0xff)
  part.set(pattern.subarray(0, part.length))
}
