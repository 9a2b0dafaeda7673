/**
 * Profile elements of the TCA eUICC Profile Package (Interoperable Format, module PEDefinitions version 3.3.1; packages
 * of 2.1 and later are read with it).
 *
 * A package is the concatenation of its elements. Every element of the module is declared in `elements/`; one that a
 * later module adds keeps its octets, so that any package can be walked.
 */

import { checkDer, children, readTlv } from '../asn1/der.ts'
import { decode, encode, type Asn1Type, type Infer } from '../asn1/schema.ts'
import { concat, equalOctets } from '../base/octets.ts'
import { contextTagged } from './automatic.ts'
import { elementNumber } from './element-names.ts'
import { PeApplication, PeRfm, PeSecurityDomain } from './elements/applications.ts'
import { PeAkaParameter, PeCdmaParameter } from './elements/authentication.ts'
import { PePinCodes, PePukCodes } from './elements/codes.ts'
import { PeCd, PeMf, PeTelecom } from './elements/directories.ts'
import { PeDummy, PeEnd, PeGenericFileManagement, PeNonStandard } from './elements/general.ts'
import { ProfileHeader } from './elements/header.ts'
import { PeCsim, PeIsim, PeOptCsim, PeOptIsim } from './elements/other-applications.ts'
import {
  PeDf5gprose,
  PeDf5gs,
  PeDfSaip,
  PeDfSnpn,
  PeEap,
  PeGsmAccess,
  PeIot,
  PeOptIot,
  PeOptUsim,
  PePhonebook,
  PeUsim,
} from './elements/usim.ts'
import { PEHeader } from './file.ts'

export * from './elements/applications.ts'
export * from './elements/authentication.ts'
export * from './elements/codes.ts'
export * from './elements/directories.ts'
export * from './elements/general.ts'
export * from './elements/header.ts'
export * from './elements/other-applications.ts'
export * from './elements/usim.ts'

/** ProfileElement's alternatives in the module's order: each one's tag is its place (AUTOMATIC TAGS). */
const DECLARED = {
  header: ProfileHeader,
  genericFileManagement: PeGenericFileManagement,
  pinCodes: PePinCodes,
  pukCodes: PePukCodes,
  akaParameter: PeAkaParameter,
  cdmaParameter: PeCdmaParameter,
  securityDomain: PeSecurityDomain,
  rfm: PeRfm,
  application: PeApplication,
  nonStandard: PeNonStandard,
  end: PeEnd,
  rfu1: PeDummy,
  rfu2: PeDummy,
  rfu3: PeDummy,
  rfu4: PeDummy,
  rfu5: PeDummy,
  mf: PeMf,
  cd: PeCd,
  telecom: PeTelecom,
  usim: PeUsim,
  optUsim: PeOptUsim,
  isim: PeIsim,
  optIsim: PeOptIsim,
  phonebook: PePhonebook,
  gsmAccess: PeGsmAccess,
  csim: PeCsim,
  optCsim: PeOptCsim,
  eap: PeEap,
  df5gs: PeDf5gs,
  dfSaip: PeDfSaip,
  dfSnpn: PeDfSnpn,
  df5gprose: PeDf5gprose,
  iot: PeIot,
  optIot: PeOptIot,
} as const

type Declared = typeof DECLARED
export type DeclaredKind = keyof Declared
/** The content of an element of a kind. */
export type ElementContent<K extends DeclaredKind> = Infer<Declared[K]>

/** A value to be written: the element's kind and its content. */
export type ElementValue = {
  [K in DeclaredKind]: { readonly kind: K; readonly value: ElementContent<K> }
}[DeclaredKind]

/** An element that was read: its octets as they came and, where it is declared, its content. */
export type ProfileElement =
  | (ElementValue & { readonly tag: number; readonly raw: Uint8Array })
  | { readonly kind: 'other'; readonly tag: number; readonly raw: Uint8Array }

/**
 * The elements of a package, in order.
 * @throws {Asn1Error} naming the element and the path in it that is not DER or not as the module says
 */
export function readProfileElements(octets: Uint8Array): ProfileElement[] {
  return Array.from(profileElements(octets))
}

/**
 * The elements one after the other: those before a broken one are still read.
 * @throws {Asn1Error} when the next element is broken
 */
export function* profileElements(octets: Uint8Array): Generator<ProfileElement> {
  for (const { start, end, tag } of children(octets, 0, octets.length)) {
    yield readProfileElement({ tag, raw: octets.subarray(start, end) })
  }
}

/** One element. @throws {Asn1Error} */
export function readProfileElement(element: {
  readonly tag: number
  readonly raw: Uint8Array
}): ProfileElement {
  const { tag, raw } = element
  const declared = TYPE_BY_TAG.get(tag)
  checkDer(raw)
  if (!declared) return { kind: 'other', tag, raw }
  return { kind: declared.kind, value: decode(declared.type, raw), tag, raw } as ProfileElement
}

const TYPES = Object.entries(DECLARED).map(([kind, type], number) => ({
  kind: kind as DeclaredKind,
  type: contextTagged(number, type as Asn1Type<unknown>),
}))

const TYPE_BY_TAG = new Map(
  TYPES.flatMap((declared) => declared.type.tags.map((tag) => [tag, declared])),
)

const TYPE_BY_KIND = new Map(TYPES.map(({ kind, type }) => [kind, type]))

/**
 * The octets of one element. One that was read and whose value is as it was read gives the octets that came, with the
 * extensions and the written-out defaults that its value does not tell of.
 * @throws {Asn1Error} when a value breaks a size of the module
 */
export function encodeElement(element: ElementValue | ProfileElement): Uint8Array {
  if (element.kind === 'other') return element.raw
  const octets = encodeValue(element)
  if (!('raw' in element) || equalOctets(octets, element.raw)) return octets
  const asRead = encodeValue(readProfileElement(element) as ElementValue)
  return equalOctets(octets, asRead) ? element.raw : octets
}

function encodeValue({ kind, value }: ElementValue): Uint8Array {
  return encode(TYPE_BY_KIND.get(kind) as Asn1Type<unknown>, value)
}

/** The package: its elements one after the other. @throws {Asn1Error} */
export function encodeElements(elements: readonly (ElementValue | ProfileElement)[]): Uint8Array {
  return concat(...elements.map(encodeElement))
}

/** A package that was read and written again. */
export interface ReencodedPackage {
  readonly octets: Uint8Array
  /** Places of the elements that have more to them than their values: extensions, or defaults that are written out. */
  readonly inexact: readonly number[]
}

/**
 * Reads a package and writes it again, to the same octets.
 * @throws {Asn1Error} naming the element and the path in it that is not DER or not as the module says
 */
export function reencodePackage(octets: Uint8Array): ReencodedPackage {
  const elements = readProfileElements(octets)
  const inexact = elements.flatMap((element, at) => (isExact(element) ? [] : [at]))
  return { octets: encodeElements(elements), inexact }
}

function isExact(element: ProfileElement): boolean {
  return element.kind !== 'other' && equalOctets(encodeValue(element), element.raw)
}

/** Numbers without a meaning for a card: nonStandard, and those kept for future use. */
const UNSUPPORTED_NUMBERS: readonly number[] = [9, 11, 12, 13, 14, 15]

/** Whether the module gives the element a meaning. */
export function isSupportedElement({ tag }: ProfileElement): boolean {
  const number = elementNumber(tag)
  return number !== undefined && number < TYPES.length && !UNSUPPORTED_NUMBERS.includes(number)
}

/** PEHeader of any element but ProfileHeader. @throws {Asn1Error} when the element does not begin with one */
export function elementHeader({ raw }: ProfileElement): PEHeader {
  const { valueStart, end } = readTlv(raw, 0)
  const first = readTlv(raw, valueStart, end)
  // Nothing behind it is looked at: PE-RFM has another component of the same tag.
  return decode(ElementHeader, raw.subarray(first.start, first.end))
}

/** The header every element but ProfileHeader begins with. */
const ElementHeader = contextTagged(0, PEHeader)
