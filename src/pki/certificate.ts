/** X.509 certificates as SGP.22 §4.5.2.1 profiles them, read once from the octets that arrived. */

import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { fromUtf8, toHex } from '../base/octets.ts'
import { curveOfSpki, publicKeyFromSpki, type Curve, type PublicKey } from '../crypto/ec.ts'
import { BoundedMap } from './bounded-map.ts'
import {
  CertificateError,
  fieldsOf,
  oidText,
  partsOf,
  readElement,
  type Element,
  type Fields,
} from './element.ts'
import {
  attributeName,
  ECDSA_WITH_SHA256,
  extensionName,
  KEY_USAGES,
  type ExtensionName,
  type KeyUsage,
} from './oids.ts'

export { CertificateError } from './element.ts'

/** Attribute values by short name (`O`, `CN`, `serialNumber`) or by dotted identifier. */
export type NameAttributes = Readonly<Record<string, readonly string[] | undefined>>

/** A distinguished name: as received, as values, and in a form in which equal names are equal (RFC 5280 §7.1). */
export interface Name {
  readonly der: Uint8Array
  readonly attributes: NameAttributes
  readonly canonical: string
}

export interface SubjectAltName {
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly registeredIds: readonly string[]
}

export interface NameConstraints {
  /** The permitted directory names: of an EUM, pairs of organisation and IIN. */
  readonly permitted: readonly NameAttributes[]
  /** Whether there are excluded subtrees or other kinds of names, which SGP.22 does not use. */
  readonly hasOthers: boolean
}

export interface BasicConstraints {
  readonly cA: boolean
  readonly pathLen: number | undefined
}

interface Extensions {
  readonly subjectKeyId: Uint8Array | undefined
  readonly authorityKeyId: Uint8Array | undefined
  readonly basicConstraints: BasicConstraints | undefined
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly policies: readonly string[]
  readonly subjectAltName: SubjectAltName
  readonly nameConstraints: NameConstraints | undefined
  readonly crlUrls: readonly string[]
  /** Whether each extension that is present is critical, by name. */
  readonly criticality: ReadonlyMap<ExtensionName, boolean>
  /** Identifiers of critical extensions that are not understood: the chain is then invalid. */
  readonly unknownCritical: readonly string[]
}

/** A certificate as read: nothing in it has been verified. */
export interface Certificate extends Extensions {
  readonly der: Uint8Array
  /** SHA-256 of the certificate, upper-case hexadecimal. */
  readonly fingerprint: string
  /** TBSCertificate as received: what the signature covers. */
  readonly tbs: Uint8Array
  /** The signature as DER `SEQUENCE { r, s }`. */
  readonly signature: Uint8Array
  /** The content of the INTEGER, upper-case hexadecimal. */
  readonly serialNumber: string
  readonly issuer: Name
  readonly subject: Name
  readonly notBeforeMs: number
  /** The last instant of validity (RFC 5280 §4.1.2.5: inclusive). */
  readonly notAfterMs: number
  readonly publicKey: PublicKey
  /** SubjectPublicKeyInfo as received. */
  readonly publicKeyInfo: Uint8Array
  readonly curve: Curve
}

const CACHED_CERTIFICATES_MAX = 1024
const CERTIFICATE_OCTETS_MAX = 16_384
const NO_NAMES: SubjectAltName = { dnsNames: [], ipAddresses: [], registeredIds: [] }

const cache = new BoundedMap<string, Certificate>(CACHED_CERTIFICATES_MAX)

/**
 * Reads a DER certificate; one that was read before is the same object.
 * @throws {CertificateError} not DER, not X.509 version 3, not ECDSA with SHA-256 on one of SGP.22's curves
 */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > CERTIFICATE_OCTETS_MAX) {
    throw new CertificateError(`a certificate of more than ${CERTIFICATE_OCTETS_MAX} octets`)
  }
  const fingerprint = toHex(createHash('sha256').update(der).digest())
  const known = cache.get(fingerprint)
  if (known) return known
  // The caller may reuse its buffer; what is cached must not change under its fingerprint.
  const certificate = parseCertificate(Uint8Array.from(der), fingerprint)
  cache.set(fingerprint, certificate)
  return certificate
}

function parseCertificate(der: Uint8Array, fingerprint: string): Certificate {
  const outer = fieldsOf(readElement(der, 'certificate'), 'certificate')
  const tbs = outer.take(0x30, 'tbsCertificate')
  const algorithm = outer.take(0x30, 'signatureAlgorithm')
  const signature = bitsOf(outer.take(0x03, 'signatureValue'), 'signatureValue')
  outer.end()
  checkAlgorithm(algorithm)
  return { der, fingerprint, tbs: tbs.raw, signature, ...parseTbs(tbs, algorithm) }
}

function parseTbs(
  tbs: Element,
  signatureAlgorithm: Element,
): Omit<Certificate, 'der' | 'fingerprint' | 'tbs' | 'signature'> {
  const fields = fieldsOf(tbs, 'tbsCertificate')
  checkVersion(fields)
  const serialNumber = toHex(fields.take(0x02, 'serialNumber').value)
  const algorithm = fields.take(0x30, 'signature')
  if (toHex(algorithm.raw) !== toHex(signatureAlgorithm.raw)) {
    throw new CertificateError('signature and signatureAlgorithm differ')
  }
  const issuer = readName(fields.take(0x30, 'issuer'))
  const validity = readValidity(fields.take(0x30, 'validity'))
  const subject = readName(fields.take(0x30, 'subject'))
  const key = readPublicKey(fields.take(0x30, 'subjectPublicKeyInfo'))
  const extensions = readExtensions(fields.take(0xa3, 'extensions'))
  fields.end()
  return { serialNumber, issuer, subject, ...validity, ...key, ...extensions }
}

function checkVersion(fields: Fields): void {
  const [version] = partsOf(fields.take(0xa0, 'version'), { tag: 0xa0, what: 'version' })
  if (!version || toHex(version.raw) !== '020102') {
    throw new CertificateError('the version is not 3')
  }
}

function checkAlgorithm(algorithm: Element): void {
  const fields = fieldsOf(algorithm, 'signatureAlgorithm')
  const oid = oidText(fields.take(0x06, 'algorithm').value)
  if (oid !== ECDSA_WITH_SHA256) {
    throw new CertificateError(`the signature algorithm is ${oid}, not ECDSA with SHA-256`)
  }
  fields.end()
}

function readPublicKey(spki: Element): Pick<Certificate, 'publicKey' | 'publicKeyInfo' | 'curve'> {
  const fields = fieldsOf(spki, 'subjectPublicKeyInfo')
  fields.take(0x30, 'algorithm')
  const point = bitsOf(fields.take(0x03, 'subjectPublicKey'), 'subjectPublicKey')
  if (point.length !== 65 || point[0] !== 0x04) {
    throw new CertificateError('the public key is not an uncompressed point')
  }
  const curve = curveOfSpki(spki.raw)
  const publicKey = curve && publicKeyFromSpki(spki.raw)
  if (!publicKey) {
    throw new CertificateError('the public key is no point of P-256 or brainpoolP256r1')
  }
  return { publicKey, publicKeyInfo: spki.raw, curve }
}

function bitsOf(element: Element, what: string): Uint8Array {
  if (element.value[0] !== 0) throw new CertificateError(`${what}: not a whole number of octets`)
  return element.value.subarray(1)
}

function readName(name: Element): Name {
  const values: [string, string][] = partsOf(name, { tag: 0x30, what: 'name' }).flatMap((rdn) =>
    partsOf(rdn, { tag: 0x31, what: 'relative distinguished name' }).map(readAttribute),
  )
  const attributes: Record<string, string[]> = {}
  for (const [type, value] of values) (attributes[type] ??= []).push(value)
  const canonical = JSON.stringify(values.map(([type, value]) => [type, canonicalText(value)]))
  return { der: name.raw, attributes, canonical }
}

function readAttribute(attribute: Element): [string, string] {
  const [type, value] = partsOf(attribute, { tag: 0x30, what: 'name attribute' })
  if (!type || type.tag !== 0x06 || !value) throw new CertificateError('a name attribute is cut')
  return [attributeName(oidText(type.value)), textOf(value)]
}

/** RFC 5280 §7.1 in what matters here: letter case and runs of spaces do not tell names apart. */
export function canonicalText(text: string): string {
  return text.trim().replace(/\s+/g, ' ').toLowerCase()
}

/** Text of a DirectoryString or IA5String: UTF-8, UTF-16 in a BMPString, Latin-1 in what is older. */
function textOf({ tag, value }: Element): string {
  if (tag === 0x0c) return utf8Text(value)
  if (tag === 0x1e) return new TextDecoder('utf-16be').decode(value)
  if (tag === 0x13 || tag === 0x16 || tag === 0x14 || tag === 0x12) return latin1(value)
  throw new CertificateError('a name attribute is not text')
}

function utf8Text(value: Uint8Array): string {
  const text = fromUtf8(value)
  if (text === undefined) throw new CertificateError('a name attribute is not UTF-8')
  return text
}

function latin1(value: Uint8Array): string {
  return Buffer.from(value).toString('latin1')
}

function readValidity(validity: Element): { notBeforeMs: number; notAfterMs: number } {
  const [notBefore, notAfter, ...rest] = partsOf(validity, { tag: 0x30, what: 'validity' })
  if (!notBefore || !notAfter || rest.length > 0) {
    throw new CertificateError('the validity is not two instants')
  }
  return { notBeforeMs: readTimeMs(notBefore), notAfterMs: readTimeMs(notAfter) }
}

/**
 * UTCTime of 1950 … 2049 or GeneralizedTime, whole seconds, `Z` (RFC 5280 §4.1.2.5).
 * @throws {CertificateError}
 */
export function readTimeMs({ tag, value }: Element): number {
  const text = latin1(value)
  const digits = tag === 0x17 ? `${text < '5' ? '20' : '19'}${text}` : tag === 0x18 ? text : ''
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits) ?? []
  const [year, month, day, hour, minute, second] = parts
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const instantMs = Date.parse(iso)
  if (Number.isNaN(instantMs) || new Date(instantMs).toISOString() !== iso) {
    throw new CertificateError('an instant is malformed')
  }
  return instantMs
}

interface RawExtension {
  readonly oid: string
  readonly critical: boolean
  readonly value: Uint8Array
}

function readExtensions(explicit: Element): Extensions {
  const [list] = partsOf(explicit, { tag: 0xa3, what: 'extensions' })
  if (!list) throw new CertificateError('the extensions are empty')
  const all = partsOf(list, { tag: 0x30, what: 'extensions' }).map(readExtension)
  if (new Set(all.map(({ oid }) => oid)).size !== all.length) {
    throw new CertificateError('an extension is there twice')
  }
  const known = new Map<ExtensionName, RawExtension>()
  for (const extension of all) {
    const name = extensionName(extension.oid)
    if (name) known.set(name, extension)
  }
  return {
    ...extensionValues(known),
    criticality: new Map(Array.from(known, ([name, { critical }]) => [name, critical])),
    unknownCritical: all
      .filter(({ oid, critical }) => critical && !extensionName(oid))
      .map(({ oid }) => oid),
  }
}

function readExtension(extension: Element): RawExtension {
  const fields = fieldsOf(extension, 'extension')
  const oid = oidText(fields.take(0x06, 'extnID').value)
  const critical = fields.maybe(0x01)?.value[0] === 0xff
  const value = fields.take(0x04, 'extnValue').value
  fields.end()
  return { oid, critical, value }
}

function extensionValues(
  known: ReadonlyMap<ExtensionName, RawExtension>,
): Omit<Extensions, 'criticality' | 'unknownCritical'> {
  function read<T>(name: ExtensionName, reader: (element: Element) => T): T | undefined {
    const extension = known.get(name)
    return extension && reader(readElement(extension.value, name))
  }
  return {
    subjectKeyId: read('subjectKeyIdentifier', readKeyIdentifier),
    authorityKeyId: read('authorityKeyIdentifier', readAuthorityKeyIdentifier),
    basicConstraints: read('basicConstraints', readBasicConstraints),
    keyUsage: read('keyUsage', readKeyUsage),
    extendedKeyUsage: read('extendedKeyUsage', readOids),
    policies: read('certificatePolicies', readPolicies) ?? [],
    subjectAltName: read('subjectAltName', readSubjectAltName) ?? NO_NAMES,
    nameConstraints: read('nameConstraints', readNameConstraints),
    crlUrls: read('crlDistributionPoints', readCrlUrls) ?? [],
  }
}

function readKeyIdentifier(element: Element): Uint8Array {
  if (element.tag !== 0x04) throw new CertificateError('subjectKeyIdentifier: no octets')
  return element.value
}

function readAuthorityKeyIdentifier(element: Element): Uint8Array | undefined {
  return fieldsOf(element, 'authorityKeyIdentifier').maybe(0x80)?.value
}

function readBasicConstraints(element: Element): BasicConstraints {
  const fields = fieldsOf(element, 'basicConstraints')
  const cA = fields.maybe(0x01)?.value[0] === 0xff
  const pathLen = fields.maybe(0x02)
  fields.end()
  return { cA, pathLen: pathLen && smallInteger(pathLen.value) }
}

function smallInteger(value: Uint8Array): number {
  if (value.length > 4 || (value[0] ?? 0) > 0x7f) {
    throw new CertificateError('basicConstraints: the path length is out of range')
  }
  return Number.parseInt(toHex(value), 16)
}

function readKeyUsage({ tag, value }: Element): ReadonlySet<KeyUsage> {
  if (tag !== 0x03) throw new CertificateError('keyUsage: no bits')
  return new Set(
    KEY_USAGES.filter((_, bit) => ((value[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0),
  )
}

function readOids(element: Element): string[] {
  return partsOf(element, { tag: 0x30, what: 'extendedKeyUsage' }).map(({ value }) =>
    oidText(value),
  )
}

function readPolicies(element: Element): string[] {
  return partsOf(element, { tag: 0x30, what: 'certificatePolicies' }).map((policy) =>
    oidText(fieldsOf(policy, 'certificatePolicies').take(0x06, 'policyIdentifier').value),
  )
}

function readSubjectAltName(element: Element): SubjectAltName {
  const names = partsOf(element, { tag: 0x30, what: 'subjectAltName' })
  const valuesOf = (tag: number): Uint8Array[] =>
    names.filter((name) => name.tag === tag).map(({ value }) => value)
  return {
    dnsNames: valuesOf(0x82).map(latin1),
    ipAddresses: valuesOf(0x87).map(ipText),
    registeredIds: valuesOf(0x88).map(oidText),
  }
}

function ipText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.')
  const groups = toHex(octets).toLowerCase().match(/.{4}/g) ?? []
  const text = groups.map((group) => group.replace(/^0{1,3}/, '')).join(':')
  if (isIP(text) !== 6) throw new CertificateError('subjectAltName: not an IP address')
  return new URL(`http://[${text}]`).hostname.slice(1, -1)
}

function readNameConstraints(element: Element): NameConstraints {
  const [permitted, ...others] = partsOf(element, { tag: 0x30, what: 'nameConstraints' })
  if (permitted?.tag !== 0xa0) return { permitted: [], hasOthers: true }
  const bases = partsOf(permitted, { tag: 0xa0, what: 'permittedSubtrees' }).map(
    (subtree) => partsOf(subtree, { tag: 0x30, what: 'permittedSubtrees' })[0],
  )
  const directoryNames = bases.filter((base) => base?.tag === 0xa4) as Element[]
  return {
    permitted: directoryNames.map(readDirectoryName),
    hasOthers: others.length > 0 || directoryNames.length < bases.length,
  }
}

function readDirectoryName(base: Element): NameAttributes {
  const [name] = partsOf(base, { tag: 0xa4, what: 'permittedSubtrees' })
  if (!name) throw new CertificateError('permittedSubtrees: an empty name')
  return readName(name).attributes
}

/** The URIs of every distributionPoint's fullName (RFC 5280 §4.2.1.13). */
function readCrlUrls(element: Element): string[] {
  return partsOf(element, { tag: 0x30, what: 'crlDistributionPoints' }).flatMap((point) => {
    const name = fieldsOf(point, 'crlDistributionPoints').maybe(0xa0)
    const [fullName] = name ? partsOf(name, { tag: 0xa0, what: 'distributionPoint' }) : []
    if (fullName?.tag !== 0xa0) return []
    return partsOf(fullName, { tag: 0xa0, what: 'fullName' })
      .filter(({ tag }) => tag === 0x86)
      .map(({ value }) => latin1(value))
  })
}
