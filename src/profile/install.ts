/** What a card does with a profile package: takes it element by element and says how it went (SGP.22 §5.5.5). */

import { readTlv } from '../asn1/der.ts'
import { encode } from '../asn1/schema.ts'
import { iccidFromOctets, imsiFromOctets, mccMncToOctets } from '../base/bcd.ts'
import { messageOf } from '../base/errors.ts'
import { equalOctets, hex, toHex } from '../base/octets.ts'
import { buildProfile, identificationOf, type ElementStatus } from './build.ts'
import { readProfileElement, type ProfileElement } from './elements.ts'
import { iccidIn, usimFilesIn } from './image-files.ts'
import type { ProfileImage } from './image.ts'
import type { ServiceName } from './services.ts'
import { EUICCResponse } from './status.ts'
import { isServiceAvailable, type UsimFiles } from './usim-files.ts'

/** What StoreMetadata said of the profile, and how much room the card has. */
export interface ExpectedProfile {
  /** Ten octets as in EF.ICCID. */
  readonly iccid: Uint8Array
  /** The profile owner's; absent when the metadata names no owner. */
  readonly mccMnc?: Uint8Array | undefined
  readonly gid1?: Uint8Array | undefined
  readonly gid2?: Uint8Array | undefined
  /** Room for the package and the files that it makes; for any package, and 4 MiB of files, unless given. */
  readonly freeOctets?: number
  /** What the card has; all that our card has unless given. */
  readonly services?: readonly ServiceName[]
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
  /** What the elements made. */
  readonly image: ProfileImage
  /** Octets that its files take. */
  readonly fileOctets: number
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
 * SGP.22 §5.5.5 and Table 4b. The response has a status for each element in order, up to the one that ended it; an
 * element that was left out because it is neither supported nor mandated has its own.
 */
export function installProfileElements(upp: Uint8Array, expected: ExpectedProfile): InstallResult {
  const noRoom = checkMemory(upp, expected)
  if (noRoom) return refused([], noRoom)
  const { elements, broken } = readElements(upp)
  const { services, freeOctets } = expected
  const { statuses, failure, image, fileOctets } = buildProfile(elements, {
    ...(services && { services }),
    ...(freeOctets !== undefined && { freeOctets: freeOctets - upp.length }),
  })
  if (failure) return refused(statuses.slice(0, -1), peProblem(failure))
  const unfinished = broken ?? checkEnd(elements)
  if (unfinished) return refused(statuses, unfinished)
  if (!image) {
    return refused(statuses, peProblem({ status: 'invalid-parameter', detail: 'no master file' }))
  }
  const mismatched = checkIccid(image, expected) ?? checkOwner(image, expected)
  if (mismatched) return refused(statuses, mismatched)
  return installed(upp, { elements, image, fileOctets, statuses })
}

interface Problem extends ElementStatus {
  readonly reason: InstallFailure
  readonly detail: string
}

function installed(
  octets: Uint8Array,
  made: {
    readonly elements: readonly ProfileElement[]
    readonly image: ProfileImage
    readonly fileOctets: number
    readonly statuses: readonly ElementStatus[]
  },
): InstallResult {
  const { image, fileOctets, statuses } = made
  const iccid = iccidIn(image) ?? hex('')
  const elements = made.elements.filter((_, at) => statuses[at]?.status === 'ok')
  return {
    ok: true,
    profile: {
      iccid: iccidFromOctets(iccid) ?? toHex(iccid),
      imsi: imsiOf(usimFilesIn(image)),
      elementCount: elements.length,
      octets,
      elements,
      image,
      fileOctets,
    },
    euiccResponse: encode(EUICCResponse, { peStatus: statuses.map(wireStatus) }),
  }
}

function wireStatus({ status, identification }: ElementStatus) {
  return { status, ...(identification !== undefined && { identification }) }
}

const STATUS_MESSAGE_CHARACTERS_MAX = 64

function refused(before: readonly ElementStatus[], problem: Problem): InstallResult {
  const { reason, detail } = problem
  const euiccResponse = encode(EUICCResponse, {
    peStatus: [...before, problem].map(wireStatus),
    profileInstallationAborted: null,
    statusMessage: Array.from(detail).slice(0, STATUS_MESSAGE_CHARACTERS_MAX).join(''),
  })
  return { ok: false, reason, euiccResponse, detail }
}

/** The elements up to the end, or up to the one that cannot be read. */
function readElements(upp: Uint8Array): {
  readonly elements: readonly ProfileElement[]
  readonly broken?: Problem
} {
  const elements: ProfileElement[] = []
  let number: ReturnType<typeof identificationOf> = {}
  try {
    for (let at = 0; at < upp.length;) {
      number = {}
      const { tag, start, end } = readTlv(upp, at)
      const raw = upp.subarray(start, end)
      number = identificationOf({ kind: 'other', tag, raw })
      elements.push(readProfileElement({ tag, raw }))
      at = end
    }
    return { elements }
  } catch (error) {
    const detail = `element ${elements.length}: ${messageOf(error)}`
    const broken = peProblem({ status: 'invalid-request-format', detail, ...number })
    return { elements, broken }
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

function checkEnd(elements: readonly ProfileElement[]): Problem | undefined {
  if (elements.at(-1)?.kind === 'end') return undefined
  const detail = 'the package does not end with an end element'
  return peProblem({ status: 'invalid-parameter', detail })
}

/** "The ICCID provided in the Profile Metadata is identical to the value of EF.ICCID." */
function checkIccid(image: ProfileImage, expected: ExpectedProfile): Problem | undefined {
  const content = iccidIn(image) ?? hex('')
  if (equalOctets(content, expected.iccid)) return undefined
  return mismatch(
    `EF.ICCID is ${toHex(content) || 'absent'}, the metadata say ${toHex(expected.iccid)}`,
  )
}

/** Where the metadata name an owner, EF.IMSI and the group identifiers are its own. */
function checkOwner(image: ProfileImage, expected: ExpectedProfile): Problem | undefined {
  if (!expected.mccMnc) return undefined
  const files = usimFilesIn(image)
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
  if (available && content && equalOctets(withoutFiller(content, value.length), value)) {
    return undefined
  }
  return mismatch(`the profile's ${name} is not the metadata's`)
}

/** A file may be longer than the value in it, and is filled with `FF` then. */
function withoutFiller(content: Uint8Array, valueOctets: number): Uint8Array {
  const isFiller = content.subarray(valueOctets).every((octet) => octet === 0xff)
  return isFiller ? content.subarray(0, valueOctets) : content
}

function imsiOf({ imsi }: UsimFiles): string | undefined {
  return imsi && imsiFromOctets(imsi)
}

/** SGP.22 Table 4b: a lack of memory has a reason of its own. */
function peProblem(status: ElementStatus): Problem {
  const isMemory = status.status === 'not-enough-memory'
  const reason = isMemory ? 'insufficientMemory' : 'peProcessingError'
  return { ...status, reason, detail: status.detail ?? `${status.status}` }
}

/** SGP.22 leaves the status of a mismatch open. */
function mismatch(detail: string): Problem {
  return { reason: 'dataMismatch', status: 'bad-values', detail }
}
