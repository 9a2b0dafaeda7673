/** Other people's profile packages: what one says of itself, and what is none (TCA eUICC Profile Package). */

import { Asn1Error, formatTag, readHeader, readTlv } from '../asn1/der.ts'
import { iccidFromOctets, imsiFromOctets, mccMncToOctets } from '../base/bcd.ts'
import { LabError, messageOf } from '../base/errors.ts'
import { asBuffer, fromBase64, fromHex, toHex } from '../base/octets.ts'
import type { OperatorId } from '../rsp/common.ts'
import { elementName } from './element-names.ts'
import { readProfileElement, type ProfileElement } from './elements.ts'
import { fileContent, type File } from './file.ts'
import { alphaText, dialledDigits } from './known-files.ts'
import { isServiceAvailable, usimFiles, type UsimFiles } from './usim-files.ts'

/** Longer than any card has room for. */
export const PACKAGE_OCTETS_MAX = 512 * 1024

/** An element and where it begins in its package. */
export interface PlacedElement {
  readonly element: ProfileElement
  readonly name: string
  readonly offset: number
}

/** What a package says of its profile. All but the ICCID may be missing. */
export interface PackageFacts {
  /** Of EF.ICCID, without filler. The header's is for nobody's use (SGP.22 §5.5.5). */
  readonly iccid: string
  readonly imsi: string | undefined
  /** Of the first record of EF.MSISDN: international digits, without `+`. */
  readonly msisdn: string | undefined
  /** Of EF.SPN. */
  readonly serviceProviderName: string | undefined
  /** `profileType` of the header. */
  readonly headerType: string | undefined
  /** The network of the IMSI, with the group identifiers that EF.UST makes available. */
  readonly owner: OperatorId | undefined
  readonly elements: readonly PlacedElement[]
}

/** The octets of a package that is given as DER, or as text in hexadecimal or Base64. */
export function packageOctets(content: Uint8Array): Uint8Array {
  if (content[0] === HEADER_TAG) return content
  const text = asBuffer(content).toString('latin1').replaceAll(/\s/g, '')
  return fromHex(text) ?? fromBase64(text) ?? content
}

/**
 * Reads an unprotected package from its header to its end.
 * @throws {LabError} badInput, reason `notAProfilePackage` — with the element that is wrong and the offset of its first
 *   octet; tooLarge — above 512 KiB
 */
export function readPackage(octets: Uint8Array): PackageFacts {
  if (octets.length > PACKAGE_OCTETS_MAX) {
    throw new LabError(
      'tooLarge',
      `the package has ${octets.length} octets; at most ${PACKAGE_OCTETS_MAX} are taken.`,
      { field: 'package' },
    )
  }
  const elements = placedElements(octets)
  checkFrame(elements, octets)
  const contents = elements.map(({ element }) => element)
  const files = usimFiles(contents)
  const imsi = files.imsi && imsiFromOctets(files.imsi)
  return {
    iccid: iccidOf(elements),
    imsi,
    msisdn: msisdnOf(contents),
    serviceProviderName: files.spn && spnOf(files.spn),
    headerType: headerTypeOf(contents),
    owner: imsi === undefined ? undefined : ownerOf(imsi, files),
    elements,
  }
}

const HEADER_TAG = 0xa0
const BOUND_PACKAGE_TAG = 0xbf36

function placedElements(octets: Uint8Array): PlacedElement[] {
  const placed: PlacedElement[] = []
  for (let offset = 0; offset < octets.length;) {
    let name = 'unreadable'
    try {
      const { tag } = readHeader(octets, offset)
      name = elementName(tag)
      if (offset === 0 && tag !== HEADER_TAG) throw new Asn1Error(noHeader(tag))
      const { end } = readTlv(octets, offset)
      const element = readProfileElement({ tag, raw: octets.subarray(offset, end) })
      placed.push({ element, name, offset })
      offset = end
    } catch (error) {
      throw notAPackage({ at: placed.length, name, offset, problem: messageOf(error) })
    }
  }
  return placed
}

function noHeader(tag: number): string {
  return tag === BOUND_PACKAGE_TAG
    ? 'this is a BoundProfilePackage. Only its eUICC can open it; an unprotected package is wanted'
    : `a package begins with a ProfileHeader, ${formatTag(HEADER_TAG)}, not with ${formatTag(tag)}`
}

/** One header, one end, and the end at the end. */
function checkFrame(elements: readonly PlacedElement[], octets: Uint8Array): void {
  for (const [at, placed] of elements.entries()) {
    if (at > 0 && placed.element.kind === 'header') {
      throw notAPackage({ ...placed, at, problem: 'a second header' })
    }
    if (elements[at - 1]?.element.kind === 'end') {
      throw notAPackage({ ...placed, at, problem: 'there is an element behind the end' })
    }
  }
  if (elements.at(-1)?.element.kind === 'end') return
  const problem = octets.length === 0 ? 'there are no octets' : 'the package has no end element'
  throw notAPackage({ at: elements.length, name: 'end', offset: octets.length, problem })
}

function iccidOf(elements: readonly PlacedElement[]): string {
  const at = elements.findIndex(({ element }) => element.kind === 'mf')
  const placed = elements[at]
  if (placed?.element.kind !== 'mf') {
    const end = elements.length - 1
    const offset = elements[end]?.offset ?? 0
    throw notAPackage({
      at: end,
      name: 'end',
      offset,
      problem: 'no MF came before, so no EF.ICCID',
    })
  }
  const content = fileContent(placed.element.value.efIccid)
  const iccid = content.length === ICCID_OCTETS ? iccidFromOctets(content) : undefined
  if (iccid !== undefined) return iccid
  const problem = `EF.ICCID holds ${toHex(content.subarray(0, 16)) || 'nothing'}; expected 10 octets with 18 to 20 digits`
  throw notAPackage({ ...placed, at, problem })
}

const ICCID_OCTETS = 10

function notAPackage(found: {
  readonly at: number
  readonly name: string
  readonly offset: number
  readonly problem: string
}): LabError {
  const { at, name, offset, problem } = found
  return new LabError(
    'badInput',
    `this is no profile package: element ${at} (${name}) at octet ${offset}: ${problem}.`,
    { field: 'package', reason: 'notAProfilePackage' },
  )
}

function headerTypeOf(elements: readonly ProfileElement[]): string | undefined {
  const [header] = elements
  return header?.kind === 'header' ? header.value.profileType : undefined
}

const MNC_LENGTH_AT = 3

/** EF.AD says how many digits the MNC has (3GPP TS 31.102 §4.2.18); its template says two. */
function ownerOf(imsi: string, files: UsimFiles): OperatorId {
  const mncLength = ((files.ad?.[MNC_LENGTH_AT] ?? 2) & 0x0f) === 3 ? 3 : 2
  const { gid1, gid2, ust } = files
  return {
    mccMnc: mccMncToOctets({ mcc: imsi.slice(0, 3), mnc: imsi.slice(3, 3 + mncLength) }),
    ...(gid1 && isServiceAvailable(ust, 17) && { gid1 }),
    ...(gid2 && isServiceAvailable(ust, 18) && { gid2 }),
  }
}

const SPN_OCTETS = 17

/** EF.SPN (3GPP TS 31.102 §4.2.12): a display condition, then the name. */
function spnOf(content: Uint8Array): string | undefined {
  return alphaText(content.subarray(1, SPN_OCTETS))?.trim() || undefined
}

function msisdnOf(elements: readonly ProfileElement[]): string | undefined {
  for (const element of elements) {
    const file = element.kind === 'optUsim' ? element.value.efMsisdn : undefined
    const number = file && firstNumber(file)
    if (number !== undefined) return number
  }
  return undefined
}

function firstNumber(file: File): string | undefined {
  const digits = dialledDigits(fileContent(file).subarray(0, recordOctets(file)))
  return digits !== undefined && /^[1-9][0-9]{4,14}$/.test(digits) ? digits : undefined
}

/** The record length of the file's descriptor; a template's is not known here, so a filled piece counts as a record. */
function recordOctets(file: File): number {
  const descriptor = file.find((step) => step.fileDescriptor)?.fileDescriptor?.fileDescriptor
  const [, , high, low] = descriptor ?? []
  if (high !== undefined && low !== undefined) return high * 256 + low
  return file.find((step) => step.fillFileContent)?.fillFileContent?.length ?? 0
}
