/** What a card does with a profile package: takes it element by element and says how it went (SGP.22 §5.5.5). */

import { readTlv } from '../asn1/der.ts'
import { encode } from '../asn1/schema.ts'
import { iccidFromOctets, imsiFromOctets, mccMncToOctets } from '../base/bcd.ts'
import { messageOf } from '../base/errors.ts'
import { equalOctets, toHex } from '../base/octets.ts'
import {
  elementHeader,
  isSupportedElement,
  readProfileElement,
  TEMPLATES,
  type ProfileElement,
} from './elements.ts'
import { fileContent, type PEHeader } from './file.ts'
import { EUICCResponse, type PEStatus, type PEStatusCode } from './status.ts'
import { isServiceAvailable, usimFiles, type UsimFiles } from './usim-files.ts'

/** What StoreMetadata said of the profile, and how much room the card has. */
export interface ExpectedProfile {
  /** Ten octets as in EF.ICCID. */
  readonly iccid: Uint8Array
  /** The profile owner's; absent when the metadata names no owner. */
  readonly mccMnc?: Uint8Array | undefined
  readonly gid1?: Uint8Array | undefined
  readonly gid2?: Uint8Array | undefined
  /** Room for the package; unlimited unless given. */
  readonly freeOctets?: number
}

/** A profile that is on the card. */
export interface InstalledContent {
  /** Digits without filler. */
  readonly iccid: string
  /** Absent when the package makes no USIM. */
  readonly imsi: string | undefined
  readonly elementCount: number
  /** The package as it came. */
  readonly octets: Uint8Array
  readonly elements: readonly ProfileElement[]
}

/** Why a package is refused, named as in SGP.22's ErrorReason behind `installFailedDueTo`. */
export type InstallFailure = 'peProcessingError' | 'dataMismatch' | 'insufficientMemory'

export type InstallResult =
  | {
      readonly ok: true
      readonly profile: InstalledContent
      readonly euiccResponse: Uint8Array
    }
  | {
      readonly ok: false
      readonly reason: InstallFailure
      readonly euiccResponse: Uint8Array
      /** What was wrong, for a log. */
      readonly detail: string
    }

/**
 * Takes a package as a card would and answers with the EUICCResponse, encoded. Never throws, whatever the octets.
 *
 * SGP.22 §5.5.5 and Table 4b. As cards in the field do, a success is one status `ok`, preceded by a status for each
 * element that was left out because it is not supported and not mandated; a failure is the one that ended it.
 */
export function installProfileElements(upp: Uint8Array, expected: ExpectedProfile): InstallResult {
  const { elements, broken } = readElements(upp)
  const problem =
    checkMemory(upp, expected) ??
    firstOf(elements, checkElement) ??
    broken ??
    checkEnd(elements) ??
    checkIccid(elements, expected) ??
    checkOwner(elements, expected)
  return problem ? refused(problem) : installed(upp, elements)
}

interface Problem {
  readonly reason: InstallFailure
  readonly status: PEStatusCode
  readonly identification?: number | undefined
  readonly detail: string
}

function installed(octets: Uint8Array, elements: readonly ProfileElement[]): InstallResult {
  const supported = elements.filter(isSupportedElement)
  const leftOut = elements.filter((element) => !isSupportedElement(element))
  const warnings = leftOut.map((element): PEStatus => {
    return { status: 'pe-not-supported', identification: headerOf(element)?.identification }
  })
  return {
    ok: true,
    profile: {
      iccid: iccidFromOctets(efIccid(elements)) ?? toHex(efIccid(elements)),
      imsi: imsiOf(usimFiles(elements)),
      elementCount: supported.length,
      octets,
      elements: supported,
    },
    euiccResponse: encode(EUICCResponse, { peStatus: [...warnings, { status: 'ok' }] }),
  }
}

function refused({ reason, status, identification, detail }: Problem): InstallResult {
  const euiccResponse = encode(EUICCResponse, {
    peStatus: [{ status, identification }],
    profileInstallationAborted: null,
  })
  return { ok: false, reason, euiccResponse, detail }
}

/** The elements up to the end, or up to the one that cannot be read. */
function readElements(upp: Uint8Array): {
  readonly elements: readonly ProfileElement[]
  readonly broken?: Problem
} {
  const elements: ProfileElement[] = []
  let identification: number | undefined
  try {
    for (let at = 0; at < upp.length;) {
      identification = undefined
      const { tag, start, end } = readTlv(upp, at)
      const raw = upp.subarray(start, end)
      identification = headerOf({ kind: 'other', tag, raw })?.identification
      elements.push(readProfileElement({ tag, raw }))
      at = end
    }
    return { elements }
  } catch (error) {
    const detail = `element ${elements.length}: ${messageOf(error)}`
    return { elements, broken: peProblem('invalid-request-format', { identification, detail }) }
  }
}

function checkMemory(
  upp: Uint8Array,
  { freeOctets = Infinity }: ExpectedProfile,
): Problem | undefined {
  if (upp.length <= freeOctets) return undefined
  const detail = `the package has ${upp.length} octets, ${freeOctets} are free`
  return { reason: 'insufficientMemory', status: 'not-enough-memory', detail }
}

function firstOf(
  elements: readonly ProfileElement[],
  check: (element: ProfileElement, place: Place) => Problem | undefined,
): Problem | undefined {
  for (const [at, element] of elements.entries()) {
    const problem = check(element, { at, previous: elements[at - 1] })
    if (problem) return problem
  }
  return undefined
}

interface Place {
  readonly at: number
  readonly previous: ProfileElement | undefined
}

function checkElement(element: ProfileElement, place: Place): Problem | undefined {
  return (
    checkPlace(element, place) ??
    checkVersion(element) ??
    checkSupport(element) ??
    checkTemplate(element)
  )
}

/** The header comes first and once, nothing comes behind the end. */
function checkPlace(element: ProfileElement, { at, previous }: Place): Problem | undefined {
  const identification = headerOf(element)?.identification
  if (at === 0 && element.kind !== 'header') {
    return peProblem('invalid-parameter', { identification, detail: 'no header at the beginning' })
  }
  if (at > 0 && element.kind === 'header') {
    return peProblem('invalid-parameter', { detail: `a second header, element ${at}` })
  }
  if (previous?.kind === 'end') {
    return peProblem('invalid-parameter', { identification, detail: `element ${at} after the end` })
  }
  return undefined
}

/** Major versions whose elements these declarations read. */
const MAJOR_VERSIONS: readonly number[] = [2, 3]

function checkVersion(element: ProfileElement): Problem | undefined {
  if (element.kind !== 'header') return undefined
  const { majorVersion, minorVersion } = element.value
  if (MAJOR_VERSIONS.includes(majorVersion)) return undefined
  const detail = `the package has version ${majorVersion}.${minorVersion}`
  return peProblem('unsupported-profile-version', { detail })
}

function checkSupport(element: ProfileElement): Problem | undefined {
  if (isSupportedElement(element)) return undefined
  const header = headerOf(element)
  if (header && header.mandated === undefined) return undefined
  const detail = `element ${element.tag.toString(16).toUpperCase()} is mandated and not supported`
  return peProblem('pe-not-supported', { identification: header?.identification, detail })
}

function checkTemplate(element: ProfileElement): Problem | undefined {
  const { kind } = element
  if (kind !== 'mf' && kind !== 'usim' && kind !== 'optUsim') return undefined
  const { templateID } = element.value
  const expected = TEMPLATES[kind]
  // A later version of a template has one more arc: 2.23.143.1.2.4.2.
  if (templateID === expected || templateID.startsWith(`${expected}.`)) return undefined
  const { identification } = elementHeader(element)
  const detail = `${kind} has the template ${templateID}`
  return peProblem('template-not-supported', { identification, detail })
}

function checkEnd(elements: readonly ProfileElement[]): Problem | undefined {
  if (elements.at(-1)?.kind === 'end') return undefined
  return peProblem('invalid-parameter', { detail: 'the package does not end with an end element' })
}

/** "The ICCID provided in the Profile Metadata is identical to the value of EF.ICCID." */
function checkIccid(
  elements: readonly ProfileElement[],
  expected: ExpectedProfile,
): Problem | undefined {
  const content = efIccid(elements)
  if (equalOctets(content, expected.iccid)) return undefined
  return mismatch(
    `EF.ICCID is ${toHex(content) || 'absent'}, the metadata say ${toHex(expected.iccid)}`,
  )
}

/** Where the metadata name an owner, EF.IMSI and the group identifiers are its own. */
function checkOwner(
  elements: readonly ProfileElement[],
  expected: ExpectedProfile,
): Problem | undefined {
  if (!expected.mccMnc) return undefined
  const files = usimFiles(elements)
  return (
    checkNetwork(files, expected.mccMnc) ??
    checkGroup({ name: 'gid1', service: 17, files, expected }) ??
    checkGroup({ name: 'gid2', service: 18, files, expected })
  )
}

function checkNetwork(files: UsimFiles, mccMnc: Uint8Array): Problem | undefined {
  const imsi = imsiOf(files)
  if (!imsi) return mismatch('EF.IMSI is absent or malformed, the metadata name an owner')
  const mncLength = (mccMnc[1] ?? 0) >> 4 === 0xf ? 2 : 3
  const own = mccMncToOctets({ mcc: imsi.slice(0, 3), mnc: imsi.slice(3, 3 + mncLength) })
  if (equalOctets(own, mccMnc)) return undefined
  return mismatch(`EF.IMSI is of network ${toHex(own)}, the metadata say ${toHex(mccMnc)}`)
}

function checkGroup(group: {
  readonly name: 'gid1' | 'gid2'
  readonly service: number
  readonly files: UsimFiles
  readonly expected: ExpectedProfile
}): Problem | undefined {
  const { name, service, files, expected } = group
  const value = expected[name]
  const available = isServiceAvailable(files.ust, service)
  if (!value) {
    return available ? mismatch(`EF.UST has ${name}, the metadata do not`) : undefined
  }
  const content = files[name]
  if (available && content && equalOctets(content, value)) return undefined
  return mismatch(`the profile's ${name} is not the metadata's`)
}

function efIccid(elements: readonly ProfileElement[]): Uint8Array {
  const mf = elements.find((element) => element.kind === 'mf')
  return mf ? fileContent(mf.value.efIccid) : new Uint8Array(0)
}

function imsiOf({ imsi }: UsimFiles): string | undefined {
  return imsi && imsiFromOctets(imsi)
}

/** The header of the element, where it has a readable one. */
function headerOf(element: ProfileElement): PEHeader | undefined {
  try {
    return elementHeader(element)
  } catch {
    return undefined
  }
}

function peProblem(
  status: PEStatusCode,
  more: { readonly identification?: number | undefined; readonly detail: string },
): Problem {
  return { reason: 'peProcessingError', status, ...more }
}

/** SGP.22 leaves the status of a mismatch open. */
function mismatch(detail: string): Problem {
  return { reason: 'dataMismatch', status: 'bad-values', detail }
}
