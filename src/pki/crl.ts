/** Certificate revocation lists as SGP.22 §4.6 profiles them: issued, read and judged. */

import { element } from '../asn1/der.ts'
import { encode, integer, objectIdentifier } from '../asn1/schema.ts'
import { equalOctets, hex, toHex } from '../base/octets.ts'
import { signDer, verifyDer } from '../crypto/ec.ts'
import { CertificateError, readTimeMs, type Certificate } from './certificate.ts'
import { fieldsOf, oidText, partsOf, readElement, type Element } from './element.ts'
import type { Credential } from './issue.ts'
import { ECDSA_WITH_SHA256 } from './oids.ts'

/** A certificate that is revoked for good. */
export interface RevokedCertificate {
  /** As in `Certificate`: the content of the INTEGER, upper-case hexadecimal. */
  readonly serialNumber: string
  /** From id-rsp-expDate: after it the entry need not be kept (SGP.22 §4.6.3). */
  readonly expiresMs: number | undefined
}

/** Where a list that was cut into parts has this one, counted from 1 (SGP.22 §4.6.1). */
export interface CrlPart {
  readonly number: number
  readonly total: number
}

/** A list as read: nothing in it has been verified. */
export interface Crl {
  /** tbsCertList as received. */
  readonly tbs: Uint8Array
  /** DER `SEQUENCE { r, s }`. */
  readonly signature: Uint8Array
  /** DER Name. */
  readonly issuer: Uint8Array
  readonly thisUpdateMs: number
  readonly entries: readonly RevokedCertificate[]
  readonly authorityKeyId: Uint8Array | undefined
  readonly crlNumber: number | undefined
  /** Of a delta list: the number of the list that it adds to (RFC 5280 §5.2.4). */
  readonly baseCrlNumber: number | undefined
  /** Absent in a list that is whole. */
  readonly part: CrlPart | undefined
  /** What breaks the profile of SGP.22 Table 17 and Table 18, if anything. */
  readonly fault: string | undefined
}

/** What a list says, before it is signed. */
export interface CrlContent {
  /** The CI. */
  readonly issuer: Credential
  readonly crlNumber: number
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  readonly revoked: readonly Certificate[]
  readonly part?: CrlPart
  readonly baseCrlNumber?: number
  /** Where the list is published. */
  readonly url?: string
}

const CRL_OCTETS_MAX = 65_535
const DEFAULT_URL = 'http://ci.test.example.com/CRL-A.crl'
const KEY_COMPROMISE = 1

const OIDS = {
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  authorityKeyIdentifier: '2.5.29.35',
  freshestCrl: '2.5.29.46',
  expDate: '2.23.146.1.2.0.1',
  totalPartialCrlNumber: '2.23.146.1.2.0.2',
  partialCrlNumber: '2.23.146.1.2.0.3',
} as const
type CrlExtension = keyof typeof OIDS

/** The criticality of each extension of the list itself (SGP.22 Table 17, RFC 5280 §5.2). */
const LIST_EXTENSIONS: Readonly<Partial<Record<CrlExtension, boolean>>> = {
  authorityKeyIdentifier: true,
  crlNumber: false,
  issuingDistributionPoint: true,
  totalPartialCrlNumber: false,
  partialCrlNumber: false,
  deltaCrlIndicator: true,
  freshestCrl: false,
}
const MANDATORY: readonly CrlExtension[] = [
  'authorityKeyIdentifier',
  'crlNumber',
  'issuingDistributionPoint',
]
const ENTRY_EXTENSIONS: Readonly<Partial<Record<CrlExtension, boolean>>> = {
  reasonCode: false,
  expDate: true,
}

/**
 * CertificateList, DER (SGP.22 Table 17, Table 18): signed by the CI, every entry with reason and expiry.
 */
export function issueCrl(content: CrlContent): Uint8Array {
  const algorithm = element(0x30, oid(ECDSA_WITH_SHA256))
  const { certificate, keyPair } = content.issuer
  const entries = content.revoked.map((revoked) => entryOf(revoked, content.thisUpdateMs))
  const tbs = element(
    0x30,
    encode(integer, 1),
    algorithm,
    certificate.subject.der,
    time(content.thisUpdateMs),
    time(content.nextUpdateMs),
    ...(entries.length > 0 ? [element(0x30, ...entries)] : []),
    element(0xa0, element(0x30, ...listExtensions(content))),
  )
  const signature = signDer(keyPair.privateKey, tbs)
  return element(0x30, tbs, algorithm, element(0x03, Uint8Array.of(0), signature))
}

function listExtensions(content: CrlContent): Uint8Array[] {
  const { crlNumber, baseCrlNumber, part, url = DEFAULT_URL } = content
  const keyId = content.issuer.certificate.subjectKeyId ?? hex('')
  const fullName = element(0xa0, element(0x86, Buffer.from(url, 'latin1')))
  const distributionPoint = element(0xa0, fullName)
  return [
    extension('authorityKeyIdentifier', element(0x30, element(0x80, keyId))),
    extension('crlNumber', encode(integer, crlNumber)),
    extension('issuingDistributionPoint', element(0x30, distributionPoint)),
    ...(baseCrlNumber === undefined
      ? []
      : [
          extension('deltaCrlIndicator', encode(integer, baseCrlNumber)),
          extension('freshestCrl', element(0x30, element(0x30, distributionPoint))),
        ]),
    ...(part
      ? [
          extension('totalPartialCrlNumber', encode(integer, part.total)),
          extension('partialCrlNumber', encode(integer, part.number)),
        ]
      : []),
  ]
}

function entryOf(revoked: Certificate, revokedAtMs: number): Uint8Array {
  return element(
    0x30,
    element(0x02, hex(revoked.serialNumber)),
    time(revokedAtMs),
    element(
      0x30,
      extension('reasonCode', element(0x0a, Uint8Array.of(KEY_COMPROMISE))),
      extension('expDate', time(revoked.notAfterMs)),
    ),
  )
}

function extension(name: CrlExtension, value: Uint8Array): Uint8Array {
  const isCritical = LIST_EXTENSIONS[name] ?? ENTRY_EXTENSIONS[name]
  const critical = isCritical ? [element(0x01, Uint8Array.of(0xff))] : []
  return element(0x30, oid(OIDS[name]), ...critical, element(0x04, value))
}

function oid(dotted: string): Uint8Array {
  return encode(objectIdentifier, dotted)
}

/** RFC 5280 §5.1.2.4: UTCTime through the year 2049. */
function time(instantMs: number): Uint8Array {
  const digits = new Date(instantMs).toISOString().replace(/[-:T]|\.\d+/g, '')
  return digits < '2050'
    ? element(0x17, Buffer.from(digits.slice(2), 'latin1'))
    : element(0x18, Buffer.from(digits, 'latin1'))
}

/**
 * Reads a list. What is DER and has a list's fields is read; what else is wrong with it stands in `fault`.
 * @throws {CertificateError} not DER, or not a CertificateList of version 2
 */
export function readCrl(der: Uint8Array): Crl {
  if (der.length > CRL_OCTETS_MAX) {
    throw new CertificateError(`a revocation list of more than ${CRL_OCTETS_MAX} octets`)
  }
  const outer = fieldsOf(readElement(der, 'revocation list'), 'revocation list')
  const tbs = outer.take(0x30, 'tbsCertList')
  const algorithm = outer.take(0x30, 'signatureAlgorithm')
  const bits = outer.take(0x03, 'signatureValue').value
  if (bits[0] !== 0) throw new CertificateError('signatureValue: not a whole number of octets')
  outer.end()
  return { tbs: tbs.raw, signature: bits.subarray(1), ...readTbs(tbs, algorithm) }
}

function readTbs(tbs: Element, algorithm: Element): Omit<Crl, 'tbs' | 'signature'> {
  const fields = fieldsOf(tbs, 'tbsCertList')
  if (toHex(fields.take(0x02, 'version').value) !== '01') {
    throw new CertificateError('the version of the revocation list is not 2')
  }
  const isAlgorithm = equalOctets(fields.take(0x30, 'signature').raw, algorithm.raw)
  const issuer = fields.take(0x30, 'issuer').raw
  const thisUpdateMs = readTimeMs(takeTime(fields, 'thisUpdate'))
  readTimeMs(takeTime(fields, 'nextUpdate'))
  const revoked = fields.maybe(0x30)
  const entries = revoked ? partsOf(revoked, { tag: 0x30, what: 'revokedCertificates' }) : []
  const extensions = readExtensions(fields.maybe(0xa0))
  fields.end()
  const numbers = numbersOf(extensions)
  const read = entries.map(readEntry)
  return {
    issuer,
    thisUpdateMs,
    ...numbers,
    entries: read.map(({ entry }) => entry),
    fault:
      (isAlgorithm ? undefined : 'signature and signatureAlgorithm differ') ??
      extensionFault(extensions, LIST_EXTENSIONS) ??
      mandatoryFault(extensions) ??
      partFault(extensions, numbers.part) ??
      read.find(({ fault }) => fault !== undefined)?.fault,
  }
}

function takeTime(fields: ReturnType<typeof fieldsOf>, what: string): Element {
  return fields.maybe(0x17) ?? fields.take(0x18, what)
}

interface RawExtension {
  readonly oid: string
  readonly isCritical: boolean
  readonly value: Uint8Array
}

function readExtensions(explicit: Element | undefined): RawExtension[] {
  if (!explicit) return []
  const [list] = partsOf(explicit, { tag: 0xa0, what: 'crlExtensions' })
  return list ? partsOf(list, { tag: 0x30, what: 'crlExtensions' }).map(readExtension) : []
}

function readExtension(raw: Element): RawExtension {
  const fields = fieldsOf(raw, 'extension')
  const id = oidText(fields.take(0x06, 'extnID').value)
  const isCritical = fields.maybe(0x01)?.value[0] === 0xff
  const { value } = fields.take(0x04, 'extnValue')
  fields.end()
  return { oid: id, isCritical, value }
}

function numbersOf(
  extensions: readonly RawExtension[],
): Pick<Crl, 'authorityKeyId' | 'crlNumber' | 'baseCrlNumber' | 'part'> {
  const keyId = find(extensions, 'authorityKeyIdentifier')
  const number = numberOf(extensions, 'partialCrlNumber')
  const total = numberOf(extensions, 'totalPartialCrlNumber')
  return {
    authorityKeyId:
      keyId && fieldsOf(readElement(keyId.value, 'key id'), 'key id').maybe(0x80)?.value,
    crlNumber: numberOf(extensions, 'crlNumber'),
    baseCrlNumber: numberOf(extensions, 'deltaCrlIndicator'),
    part: number === undefined || total === undefined ? undefined : { number, total },
  }
}

function find(extensions: readonly RawExtension[], name: CrlExtension): RawExtension | undefined {
  return extensions.find((found) => found.oid === OIDS[name])
}

const NUMBER_OCTETS_MAX = 6

/** @throws {CertificateError} when it is there and no number of at most 47 bits that is not negative */
function numberOf(extensions: readonly RawExtension[], name: CrlExtension): number | undefined {
  const found = find(extensions, name)
  if (!found) return undefined
  const { tag, value } = readElement(found.value, name)
  if (tag !== 0x02 || value.length > NUMBER_OCTETS_MAX || (value[0] ?? 0x80) > 0x7f) {
    throw new CertificateError(`${name}: no number that is understood`)
  }
  return Number.parseInt(toHex(value), 16)
}

function extensionFault(
  extensions: readonly RawExtension[],
  allowed: Readonly<Partial<Record<CrlExtension, boolean>>>,
): string | undefined {
  const names = Object.keys(allowed) as CrlExtension[]
  for (const { oid: id, isCritical } of extensions) {
    const name = names.find((known) => OIDS[known] === id)
    if (!name && isCritical) return `the critical extension ${id} is not understood`
    if (name && isCritical !== allowed[name]) {
      return `the extension ${name} must ${allowed[name] ? '' : 'not '}be critical`
    }
  }
  return undefined
}

function mandatoryFault(extensions: readonly RawExtension[]): string | undefined {
  const missing = MANDATORY.find((name) => !find(extensions, name))
  return missing && `the extension ${missing} is missing`
}

function partFault(
  extensions: readonly RawExtension[],
  part: CrlPart | undefined,
): string | undefined {
  if (part) {
    const isInRange = part.number >= 1 && part.number <= part.total && part.total <= PARTS_MAX
    return isInRange ? undefined : `part ${part.number} of ${part.total}`
  }
  const isHalf = find(extensions, 'partialCrlNumber') ?? find(extensions, 'totalPartialCrlNumber')
  return isHalf && 'one of the numbers of its parts is missing'
}

const PARTS_MAX = 1024

function readEntry(raw: Element): {
  readonly entry: RevokedCertificate
  readonly fault: string | undefined
} {
  const fields = fieldsOf(raw, 'revoked certificate')
  const serialNumber = toHex(fields.take(0x02, 'userCertificate').value)
  readTimeMs(takeTime(fields, 'revocationDate'))
  const list = fields.maybe(0x30)
  fields.end()
  const extensions = list
    ? partsOf(list, { tag: 0x30, what: 'crlEntryExtensions' }).map(readExtension)
    : []
  const expiry = find(extensions, 'expDate')
  const expiresMs = expiry && readTimeMs(readElement(expiry.value, 'expDate'))
  const missing = expiry ? undefined : 'an entry without its expiration date'
  return {
    entry: { serialNumber, expiresMs },
    fault: missing ?? extensionFault(extensions, ENTRY_EXTENSIONS),
  }
}

/** Whether the CI signed the list. */
export function verifyCrl(crl: Crl, ci: Certificate): boolean {
  return verifyDer(ci.publicKey, { data: crl.tbs, signature: crl.signature })
}

/**
 * A list in parts that are at most 1024 octets long, as eUICCs take it, each signed; one that is short enough is whole
 * (SGP.22 §4.6.1).
 * @throws {RangeError} more parts would be needed than 1024, or one entry alone is too long with the issuer and the URL
 */
export function issueCrlSegments(content: CrlContent): Uint8Array[] {
  const whole = issueCrl(content)
  if (whole.length <= SEGMENT_OCTETS_MAX) return [whole]
  for (let total = 2; total <= Math.min(PARTS_MAX, content.revoked.length); total++) {
    const size = Math.ceil(content.revoked.length / total)
    const segments = Array.from({ length: total }, (_, at) =>
      issueCrl({
        ...content,
        revoked: content.revoked.slice(at * size, (at + 1) * size),
        part: { number: at + 1, total },
      }),
    )
    if (segments.every(({ length }) => length <= SEGMENT_OCTETS_MAX)) return segments
  }
  throw new RangeError(
    `a list of ${content.revoked.length} entries cannot be cut into parts of ${SEGMENT_OCTETS_MAX} octets`,
  )
}

const SEGMENT_OCTETS_MAX = 1024
