/**
 * Executes the elements of a package in their order, as a card does: out of them come files, codes, keys and
 * applications (TCA eUICC Profile Package, Interoperable Format Technical Specification §8).
 *
 * Each element is answered with a status. One that cannot be executed ends the installation, unless it is only not
 * supported and not mandated: then it is left out, and its status says so (§8.1.1).
 */

import { Asn1Error, formatTag } from '../asn1/der.ts'
import { equalOctets, hex, toHex } from '../base/octets.ts'
import {
  describesDirectory,
  fcpOf,
  fileAt,
  fillAt,
  isDirectory,
  makeDirectory,
  makeFile,
  makeMasterFile,
  PROFILE_OCTETS_MAX,
  type BuildingImage,
} from './build-files.ts'
import { makeAuthentication, makeCodes, makeUnblockCodes } from './build-security.ts'
import { ElementProblem } from './element-problem.ts'
import type { PeApplication, PeRfm, PeSecurityDomain } from './elements/applications.ts'
import type { PeGenericFileManagement } from './elements/general.ts'
import type { ProfileHeader } from './elements/header.ts'
import { elementHeader, isSupportedElement, type ProfileElement } from './elements.ts'
import { fileSystemTemplate, type FileSystemTemplate } from './file-templates/index.ts'
import type { FileTemplate } from './file-templates/types.ts'
import type { Fcp, File, PEHeader } from './file.ts'
import type {
  Directory,
  ElementaryFile,
  NetworkAccessApplication,
  ProfileFile,
  ProfileImage,
} from './image.ts'
import { CARD_SERVICES, type ServiceName } from './services.ts'
import type { PEStatusCode } from './status.ts'

/** What became of an element. */
export interface ElementStatus {
  readonly status: PEStatusCode
  /** Of the element's header; a ProfileHeader has none. */
  readonly identification?: number
  /** Why, where the status is not `ok`, for people. */
  readonly detail?: string
}

export interface BuildResult {
  /** Of each element in order, up to the one that ended it. */
  readonly statuses: readonly ElementStatus[]
  /** The last status, when that element ended it. */
  readonly failure?: ElementStatus
  /** What the elements made; absent behind a failure, and when none of them made a master file. */
  readonly image?: ProfileImage
  /** Octets that the files take: of linked ones once, of BER-TLV files what is kept free for them. */
  readonly fileOctets: number
}

/**
 * Executes the elements on a card with these services, all that our card has unless told, and room for so many octets of
 * files, 4 MiB unless told; whether the last of them is an end is for the caller to see.
 */
export function buildProfile(
  elements: readonly ProfileElement[],
  options: { readonly services?: readonly ServiceName[]; readonly freeOctets?: number } = {},
): BuildResult {
  const { services = CARD_SERVICES, freeOctets = PROFILE_OCTETS_MAX } = options
  const building = startBuilding({ services, freeOctets })
  const statuses: ElementStatus[] = []
  for (const element of elements) {
    const status = executeOne(building, element)
    statuses.push(status)
    if (status.status !== 'ok' && !isLeftOut(element, status.status)) {
      return { statuses, failure: status, fileOctets: 0 }
    }
  }
  const { mf, naas, securityDomains, applications } = building
  const fileOctets = freeOctets - building.freeOctets
  return { statuses, fileOctets, ...(mf && { image: { mf, naas, securityDomains, applications } }) }
}

/** What has been made so far, and what the next element adds to. */
interface Building extends BuildingImage {
  readonly services: readonly ServiceName[]
  /** Where codes and the phonebook go: the directory made or entered last. */
  current: Directory | undefined
  /** The network access application made last, whose optional files and parameters come next. */
  naa: NetworkAccessApplication | undefined
  place: 'beginning' | 'inside' | 'end'
}

function startBuilding(card: Pick<Building, 'services' | 'freeOctets'>): Building {
  return {
    ...card,
    directoryCount: 0,
    mf: undefined,
    naas: [],
    securityDomains: [],
    applications: [],
    current: undefined,
    naa: undefined,
    place: 'beginning',
  }
}

function executeOne(building: Building, element: ProfileElement): ElementStatus {
  const identification = identificationOf(element)
  try {
    execute(building, element)
    return { status: 'ok', ...identification }
  } catch (error) {
    if (!(error instanceof ElementProblem)) throw error
    return { status: error.status, ...identification, detail: error.message }
  }
}

/** The element's number, where its header can be read; a ProfileHeader has none. */
export function identificationOf(element: ProfileElement): { readonly identification?: number } {
  const header = headerOf(element)
  return header ? { identification: header.identification } : {}
}

function headerOf(element: ProfileElement): PEHeader | undefined {
  if (element.kind === 'header') return undefined
  try {
    return elementHeader(element)
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}

const NOT_SUPPORTED: readonly PEStatusCode[] = [
  'pe-not-supported',
  'runtime-not-supported',
  'lib-not-supported',
  'template-not-supported',
  'feature-not-supported',
]

function isLeftOut(element: ProfileElement, status: PEStatusCode): boolean {
  const header = headerOf(element)
  return NOT_SUPPORTED.includes(status) && header !== undefined && header.mandated === undefined
}

type Executor = (building: Building, element: ProfileElement) => void

function execute(building: Building, element: ProfileElement): void {
  checkPlace(building, element)
  if (!isSupportedElement(element)) {
    throw new ElementProblem('pe-not-supported', `an element of the tag ${formatTag(element.tag)}`)
  }
  const executor: Executor = EXECUTORS[element.kind] ?? executeFiles
  executor(building, element)
}

/** The header comes first and once, nothing comes behind the end (§8.2, §8.10). */
function checkPlace(building: Building, { kind }: ProfileElement): void {
  const { place } = building
  if (place === 'end') throw new ElementProblem('invalid-parameter', 'an element behind the end')
  if ((place === 'beginning') !== (kind === 'header')) {
    const problem = kind === 'header' ? 'a second header' : 'no header at the beginning'
    throw new ElementProblem('invalid-parameter', problem)
  }
  building.place = kind === 'end' ? 'end' : 'inside'
}

/** Elements that do not make files of a template. */
const EXECUTORS: Readonly<Partial<Record<ProfileElement['kind'], Executor>>> = {
  header(building, element) {
    if (element.kind === 'header') checkHeader(building, element.value)
  },
  end: () => {},
  genericFileManagement(building, element) {
    if (element.kind === 'genericFileManagement') manageFiles(building, element.value)
  },
  pinCodes(building, element) {
    if (element.kind !== 'pinCodes') return
    makeCodes(currentOf(building), { image: building, element: element.value })
  },
  pukCodes(building, element) {
    if (element.kind === 'pukCodes') makeUnblockCodes(currentOf(building), element.value)
  },
  akaParameter(building, element) {
    if (element.kind !== 'akaParameter') return
    naaOf(building).authentication = makeAuthentication(building.naas, element.value)
  },
  // Keys of an application whose files are all that there is of it.
  cdmaParameter: requireCsim,
  securityDomain(building, element) {
    if (element.kind === 'securityDomain') makeSecurityDomain(building, element.value)
  },
  rfm(building, element) {
    if (element.kind === 'rfm') makeRemoteFileManagement(building, element.value)
  },
  application(building, element) {
    if (element.kind === 'application') makeApplications(building, element.value)
  },
}

function requireCsim({ services }: Building): void {
  if (services.includes('csim')) return
  throw new ElementProblem('feature-not-supported', 'this card has no CSIM')
}

function currentOf({ current }: Building): Directory {
  if (current) return current
  throw new ElementProblem('invalid-parameter', 'no directory has been made yet')
}

function naaOf({ naa }: Building): NetworkAccessApplication {
  if (naa) return naa
  throw new ElementProblem('invalid-parameter', 'no USIM or ISIM has been made yet')
}

/** Major versions whose elements these declarations read. */
const MAJOR_VERSIONS: readonly number[] = [2, 3]

function checkHeader({ services }: Building, header: ProfileHeader): void {
  const { majorVersion, minorVersion } = header
  if (!MAJOR_VERSIONS.includes(majorVersion)) {
    const problem = `the package has version ${majorVersion}.${minorVersion}`
    throw new ElementProblem('unsupported-profile-version', problem)
  }
  const mandatory = Object.keys(header.eUICCMandatoryServices) as ServiceName[]
  const missing = mandatory.filter((name) => !services.includes(name))
  if (missing.length > 0) {
    throw new ElementProblem('feature-not-supported', `mandatory services: ${missing.join(', ')}`)
  }
  const unknown = header.eUICCMandatoryGFSTEList.filter((oid) => !fileSystemTemplate(oid))
  if (unknown.length > 0) {
    throw new ElementProblem('template-not-supported', `templates: ${unknown.join(', ')}`)
  }
}

/** Elements that make the files of a template. */
function executeFiles(building: Building, element: ProfileElement): void {
  if (element.kind === 'csim' || element.kind === 'optCsim') requireCsim(building)
  const content: object = element.kind === 'other' ? {} : element.value
  const { templateID, ...files } = content as { templateID?: string } & Record<string, unknown>
  const template = templateID === undefined ? undefined : fileSystemTemplate(templateID)
  if (!template || template.element !== element.kind) {
    throw new ElementProblem('template-not-supported', `the template ${templateID ?? 'of nothing'}`)
  }
  const base = baseOf(building, template)
  const made = new Map<string, Directory>()
  for (const row of template.files) {
    const steps = files[row.field] as File | undefined
    const parent = row.parent === undefined ? base : made.get(row.parent)
    makeOfTemplate(building, { template, row, steps, parent, made })
  }
}

/** Where a template's topmost files lie. */
function baseOf(building: Building, { element }: FileSystemTemplate): Directory | undefined {
  const { mf } = building
  if (MAKES_MF.includes(element)) {
    if (mf) throw new ElementProblem('invalid-parameter', 'a second master file')
    return undefined
  }
  if (!mf) throw new ElementProblem('invalid-parameter', 'no master file has been made yet')
  if (UNDER_MF.includes(element)) return mf
  if (element === 'phonebook') return currentOf(building)
  const { adf } = naaOf(building)
  building.current = adf
  return adf
}

/** An IoT Minimal Profile has master file and USIM in one element. */
const MAKES_MF: readonly string[] = ['mf', 'iot']
const UNDER_MF: readonly string[] = ['cd', 'telecom', 'usim', 'isim', 'csim']

interface TemplateWork {
  readonly template: FileSystemTemplate
  readonly row: FileTemplate
  readonly steps: File | undefined
  readonly parent: Directory | undefined
  readonly made: Map<string, Directory>
}

function makeOfTemplate(building: Building, work: TemplateWork): void {
  const { row, steps, parent } = work
  if (row.kind === 'mf') {
    building.mf = makeMasterFile({ template: row, file: steps ?? [] })
    building.current = building.mf
    work.made.set(row.field, building.mf)
    return
  }
  if (!isWanted(work)) return
  // The directory that it would lie in is not wanted: nor are its files, unless the package describes one of them.
  const within = parent ?? (MAKES_MF.includes(work.template.element) ? building.mf : undefined)
  if (!within) {
    if (!steps) return
    throw new ElementProblem('invalid-parameter', `no directory for ${row.field}`)
  }
  const plan = { template: row, fcp: fcpOf(steps), parent: within, image: building }
  if (row.kind !== 'df' && row.kind !== 'adf') {
    for (const own of severalFiles(row, steps ?? [])) {
      makeFile({ ...plan, fcp: fcpOf(own), steps: own })
    }
    return
  }
  const directory = makeDirectory(plan)
  work.made.set(row.field, directory)
  if (row.parent === undefined) enter(building, directory)
}

/** A component may stand for several files: each begins with its own description. */
function severalFiles({ lastFileId }: FileTemplate, steps: File): readonly File[] {
  if (lastFileId === undefined) return [steps]
  const files: File[number][][] = [[]]
  for (const step of steps) {
    if (step.fileDescriptor && files.at(-1)?.some(({ fileDescriptor }) => fileDescriptor)) {
      files.push([])
    }
    files.at(-1)?.push(step)
  }
  return files
}

/** A file that a package does not mention is made where its template says so and says all that is needed for it. */
function isWanted({ template, row, steps }: TemplateWork): boolean {
  if (steps) return !steps.some(({ doNotCreate }) => doNotCreate !== undefined)
  return template.createdByDefault && row.needs.length === 0
}

/** What comes next belongs to this directory; an ADF is an application too. */
function enter(building: Building, directory: Directory): void {
  building.current = directory
  if (directory.kind !== 'adf') return
  const naa: NetworkAccessApplication = {
    kind: naaKindOf(directory),
    adf: directory,
    authentication: undefined,
  }
  building.naas.push(naa)
  building.naa = naa
}

const USIM = hex('A0000000871002')
const ISIM = hex('A0000000871004')

/** By the application code behind 3GPP's RID (ETSI TS 101 220 annex E). */
function naaKindOf({ aid }: Directory): NetworkAccessApplication['kind'] {
  if (!aid) return 'other'
  const code = aid.subarray(0, USIM.length)
  if (equalOctets(code, USIM)) return 'usim'
  return equalOctets(code, ISIM) ? 'isim' : 'other'
}

/**
 * PE-GenericFileManagement: paths, files and their content, one after the other; the first is in the master file unless a
 * path leads elsewhere (§8.3.5).
 */
function manageFiles(building: Building, { fileManagementCMD }: PeGenericFileManagement): void {
  const cursor: Cursor = { directory: mfOf(building), file: undefined, at: 0 }
  for (const { filePath, createFCP, fillFileOffset, fillFileContent } of fileManagementCMD.flat()) {
    if (filePath) goTo(building, { cursor, filePath })
    else if (createFCP) create(building, { cursor, fcp: createFCP })
    else if (fillFileOffset !== undefined) cursor.at += fillFileOffset
    else if (fillFileContent) fillOn(cursor, fillFileContent)
  }
  building.current = cursor.directory
}

interface Cursor {
  directory: Directory
  file: ElementaryFile | undefined
  at: number
}

function goTo(
  building: Building,
  { cursor, filePath }: { readonly cursor: Cursor; readonly filePath: Uint8Array },
): void {
  const found = fileAt(building, filePath)
  if (!found) throw new ElementProblem('invalid-parameter', `nothing at ${toHex(filePath)}`)
  select(building, { cursor, found })
}

function create(
  building: Building,
  { cursor, fcp }: { readonly cursor: Cursor; readonly fcp: Fcp },
): void {
  const isApplication = fcp.dfName !== undefined
  const parent = isApplication ? mfOf(building) : cursor.directory
  const plan = { fcp, parent, image: building }
  if (isApplication || describesDirectory(fcp)) {
    const directory = makeDirectory(plan)
    if (directory.kind === 'adf') enter(building, directory)
    select(building, { cursor, found: directory })
  } else {
    select(building, { cursor, found: makeFile({ ...plan, steps: [] }) })
  }
}

function mfOf({ mf }: Building): Directory {
  if (mf) return mf
  throw new ElementProblem('invalid-parameter', 'no master file has been made yet')
}

function select(
  building: Building,
  { cursor, found }: { readonly cursor: Cursor; readonly found: ProfileFile },
): void {
  cursor.at = 0
  if (isDirectory(found)) {
    cursor.directory = found
    cursor.file = undefined
  } else {
    cursor.directory = found.parent
    cursor.file = found
  }
  const naa = building.naas.find(({ adf }) => adf === cursor.directory)
  if (naa) building.naa = naa
}

function fillOn(cursor: Cursor, octets: Uint8Array): void {
  if (!cursor.file) throw new ElementProblem('invalid-parameter', 'content without a file')
  fillAt(cursor.file, { at: cursor.at, octets })
  cursor.at += octets.length
}

function makeSecurityDomain(building: Building, element: PeSecurityDomain): void {
  const { instance, keyList = [] } = element
  const aid = Uint8Array.from(instance.instanceAID)
  requireFree(building, aid)
  building.securityDomains.push({
    aid,
    keys: keyList.map((key) => ({
      versionNumber: key.keyVersionNumber[0] as number,
      identifier: key.keyIdentifier[0] as number,
      components: key.keyComponents.map(({ keyType, keyData }) => ({
        type: keyType[0] ?? 0,
        octets: Uint8Array.from(keyData),
      })),
    })),
  })
}

function makeRemoteFileManagement(building: Building, element: PeRfm): void {
  const { instanceAID, securityDomainAID, tarList = [], adfRFMAccess } = element
  requireFree(building, instanceAID)
  requireDomain(building, securityDomainAID)
  const target = adfRFMAccess?.adfAID
  if (target && !building.naas.some(({ adf }) => adf.aid && equalOctets(adf.aid, target))) {
    throw new ElementProblem('invalid-parameter', `there is no application ${toHex(target)}`)
  }
  building.applications.push({
    kind: 'rfm',
    aid: Uint8Array.from(instanceAID),
    tars: tarList.map((tar) => Uint8Array.from(tar)),
  })
}

function makeApplications(building: Building, element: PeApplication): void {
  requireDomain(building, element.loadBlock?.securityDomainAID)
  for (const instance of element.instanceList ?? []) {
    requireFree(building, instance.instanceAID)
    requireDomain(building, instance.extraditeSecurityDomainAID)
    building.applications.push({
      kind: 'application',
      aid: Uint8Array.from(instance.instanceAID),
      tars: [],
    })
  }
}

function requireFree(building: Building, aid: Uint8Array): void {
  const taken = [
    ...building.securityDomains,
    ...building.applications,
    ...building.naas.map(({ adf }) => adf),
  ]
  if (!taken.some((other) => other.aid && equalOctets(other.aid, aid))) return
  throw new ElementProblem('invalid-parameter', `there is an application ${toHex(aid)} already`)
}

function requireDomain(building: Building, aid: Uint8Array | undefined): void {
  if (!aid || building.securityDomains.some((domain) => equalOctets(domain.aid, aid))) return
  throw new ElementProblem('invalid-parameter', `there is no security domain ${toHex(aid)}`)
}
