/**
 * The one file that knows node-forge: it assembles certificates, PEM and PKCS#12.
 * Forge cannot handle EC keys, so signatures and keys come in from `crypto/ec.ts` as octets.
 */

import forge from 'node-forge'
import { fromHex } from '../base/octets.ts'
import {
  ATTRIBUTE_OIDS,
  ECDSA_WITH_SHA256,
  EXTENSION_OIDS,
  KEY_USAGES,
  type AttributeName,
  type ExtensionName,
  type KeyUsage,
} from './oids.ts'

const { asn1 } = forge
type Node = forge.asn1.Asn1

/** An extension as forge takes it: identifier, criticality, DER of the value. */
export interface Extension {
  readonly id: string
  readonly critical: boolean
  readonly value: Uint8Array
}

/** A name's attributes in their order, one to each relative distinguished name. */
export type NameParts = readonly (readonly [AttributeName, string])[]

export interface TbsCertificate {
  /** Big endian, positive. */
  readonly serialNumber: Uint8Array
  /** DER Name. */
  readonly issuer: Uint8Array
  /** DER Name. */
  readonly subject: Uint8Array
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  readonly extensions: readonly Extension[]
}

/** RFC 5280 §4.1.2.5: UTCTime through the year 2049. */
const GENERALIZED_TIME_FROM_MS = Date.UTC(2050, 0, 1)
const PFX_ITERATIONS = 10_000
const SALT_OCTETS = 16
const DIGEST_OCTETS = 32
/** RFC 7292 appendix B.3: the key is for a MAC. */
const MAC_KEY_ID = 3

const ID_DATA = '1.2.840.113549.1.7.1'
const ID_CERT_BAG = '1.2.840.113549.1.12.10.1.3'
const ID_SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2'
const ID_X509_CERTIFICATE = '1.2.840.113549.1.9.22.1'
const ID_FRIENDLY_NAME = '1.2.840.113549.1.9.20'
const ID_LOCAL_KEY_ID = '1.2.840.113549.1.9.21'
const ID_SHA256 = '2.16.840.1.101.3.4.2.1'

/** TBSCertificate (RFC 5280 §4.1), ready to be signed. */
export function assembleTbs(tbs: TbsCertificate): Uint8Array {
  return encode(
    sequence(
      context(0, integer(Uint8Array.of(2))),
      integer(tbs.serialNumber),
      signatureAlgorithm(),
      decode(tbs.issuer),
      sequence(time(tbs.notBeforeMs), time(tbs.notAfterMs)),
      decode(tbs.subject),
      decode(tbs.spki),
      context(3, sequence(...tbs.extensions.map(extensionNode))),
    ),
  )
}

/** Certificate (RFC 5280 §4.1) of a TBSCertificate and its DER signature. */
export function assembleCertificate(signed: {
  readonly tbs: Uint8Array
  readonly signature: Uint8Array
}): Uint8Array {
  return encode(
    sequence(decode(signed.tbs), signatureAlgorithm(), bitString(signed.signature, { unused: 0 })),
  )
}

/** DER of a distinguished name; codes and serial numbers as PrintableString, the rest as UTF-8. */
export function assembleName(parts: NameParts): Uint8Array {
  return encode(nameNode(parts))
}

/** DER of the values of the extensions that SGP.22 §4.5.2.1 uses. */
export const extensionValue = {
  subjectKeyIdentifier: (keyId: Uint8Array) => encode(octetString(binary(keyId))),
  authorityKeyIdentifier: (keyId: Uint8Array) => encode(sequence(contextOctets(0, keyId))),
  keyUsage: (usages: readonly KeyUsage[]) => encode(keyUsageNode(usages)),
  certificatePolicies: (policies: readonly string[]) =>
    encode(sequence(...policies.map((policy) => sequence(oid(policy))))),
  extendedKeyUsage: (purposes: readonly string[]) => encode(sequence(...purposes.map(oid))),
  basicConstraints: (basic: { readonly cA: boolean; readonly pathLen?: number }) =>
    encode(
      sequence(
        ...(basic.cA ? [primitive(asn1.Type.BOOLEAN, '\xff')] : []),
        ...(basic.pathLen === undefined ? [] : [integer(Uint8Array.of(basic.pathLen))]),
      ),
    ),
  subjectAltName: (names: {
    readonly dnsNames?: readonly string[]
    readonly ipAddresses?: readonly string[]
    readonly registeredIds?: readonly string[]
  }) =>
    encode(
      sequence(
        ...(names.dnsNames ?? []).map((name) => contextOctets(2, Buffer.from(name, 'latin1'))),
        ...(names.ipAddresses ?? []).map((address) => contextOctets(7, ipOctets(address))),
        ...(names.registeredIds ?? []).map((id) => contextPrimitive(8, oidContent(id))),
      ),
    ),
  /** One DistributionPoint to each URI, as in the test certificates of SGP.26. */
  crlDistributionPoints: (urls: readonly string[]) =>
    encode(
      sequence(
        ...urls.map((url) =>
          sequence(context(0, context(0, contextOctets(6, Buffer.from(url, 'latin1'))))),
        ),
      ),
    ),
  nameConstraints: (permitted: readonly NameParts[]) =>
    encode(
      sequence(context(0, ...permitted.map((parts) => sequence(context(4, nameNode(parts)))))),
    ),
}

/** An extension of ours by name. */
export function extension(
  name: ExtensionName,
  content: { readonly critical?: boolean; readonly value: Uint8Array },
): Extension {
  return { id: EXTENSION_OIDS[name], critical: content.critical ?? false, value: content.value }
}

export type PemLabel = 'CERTIFICATE' | 'PRIVATE KEY'

export function toPem(label: PemLabel, octets: Uint8Array): string {
  return forge.pem.encode({ type: label, body: binary(octets) }).replaceAll('\r\n', '\n')
}

/** The octets of a PEM text's first block if it has this label. */
export function fromPem(label: PemLabel, text: string): Uint8Array | undefined {
  try {
    const [block] = forge.pem.decode(text)
    return block?.type === label ? Buffer.from(block.body, 'latin1') : undefined
  } catch {
    return undefined
  }
}

/**
 * PKCS#12 (RFC 7292) of a private key and its chain, leaf first: the key under AES-256, everything under a MAC with
 * SHA-256. Salts come from forge's own generator: they are no part of what a lab repeats.
 */
export function assemblePfx(content: {
  readonly certificates: readonly Uint8Array[]
  readonly pkcs8: Uint8Array
  readonly friendlyName: string
  readonly passphrase: string
}): Uint8Array {
  const localKeyId = forge.md.sha1.create()
  localKeyId.update(binary(content.certificates[0] ?? new Uint8Array()))
  const attributes = bagAttributes(content.friendlyName, localKeyId.digest().getBytes())
  const certificates = content.certificates.map((certificate, at) =>
    certificateBag(certificate, at === 0 ? attributes : []),
  )
  const key = shroudedKeyBag(content, attributes)
  const safes = sequence(data(sequence(...certificates)), data(sequence(key)))
  const authSafe = asn1.toDer(safes).getBytes()
  const mac = macData(authSafe, content.passphrase)
  return encode(sequence(integer(Uint8Array.of(3)), data(safes), mac))
}

function bagAttributes(friendlyName: string, localKeyId: string): Node[] {
  const attribute = (id: string, value: Node): Node => sequence(oid(id), set(value))
  return [
    attribute(ID_FRIENDLY_NAME, primitive(asn1.Type.BMPSTRING, friendlyName)),
    attribute(ID_LOCAL_KEY_ID, octetString(localKeyId)),
  ]
}

function certificateBag(certificate: Uint8Array, attributes: Node[]): Node {
  const value = sequence(oid(ID_X509_CERTIFICATE), context(0, octetString(binary(certificate))))
  return bag({ id: ID_CERT_BAG, value, attributes })
}

function shroudedKeyBag(
  content: { readonly pkcs8: Uint8Array; readonly passphrase: string },
  attributes: Node[],
): Node {
  const value = forge.pki.encryptPrivateKeyInfo(decode(content.pkcs8), content.passphrase, {
    algorithm: 'aes256',
    count: PFX_ITERATIONS,
    saltSize: SALT_OCTETS,
    prfAlgorithm: 'sha256',
  })
  return bag({ id: ID_SHROUDED_KEY_BAG, value, attributes })
}

function bag(content: {
  readonly id: string
  readonly value: Node
  readonly attributes: Node[]
}): Node {
  const attributes = content.attributes.length > 0 ? [set(...content.attributes)] : []
  return sequence(oid(content.id), context(0, content.value), ...attributes)
}

function data(content: Node): Node {
  return sequence(oid(ID_DATA), context(0, octetString(asn1.toDer(content).getBytes())))
}

function macData(authSafe: string, passphrase: string): Node {
  const salt = forge.random.getBytesSync(SALT_OCTETS)
  const key = forge.pkcs12.generateKey(
    passphrase,
    forge.util.createBuffer(salt),
    MAC_KEY_ID,
    PFX_ITERATIONS,
    DIGEST_OCTETS,
    forge.md.sha256.create(),
  )
  const mac = forge.hmac.create()
  mac.start('sha256', key)
  mac.update(authSafe)
  const algorithm = sequence(oid(ID_SHA256), primitive(asn1.Type.NULL, ''))
  const digest = sequence(algorithm, octetString(mac.getMac().getBytes()))
  return sequence(digest, octetString(salt), integer(hexOctets(PFX_ITERATIONS)))
}

function nameNode(parts: NameParts): Node {
  return forge.pki.distinguishedNameToAsn1({
    attributes: parts.map(([name, value]) => ({
      type: ATTRIBUTE_OIDS[name],
      value,
      valueTagClass: stringType(name) as unknown as forge.asn1.Class,
    })),
  })
}

function stringType(name: AttributeName): forge.asn1.Type {
  if (name === 'C' || name === 'serialNumber') return asn1.Type.PRINTABLESTRING
  return name === 'emailAddress' ? asn1.Type.IA5STRING : asn1.Type.UTF8
}

function extensionNode(content: Extension): Node {
  const critical = content.critical ? [primitive(asn1.Type.BOOLEAN, '\xff')] : []
  return sequence(oid(content.id), ...critical, octetString(binary(content.value)))
}

function signatureAlgorithm(): Node {
  return sequence(oid(ECDSA_WITH_SHA256))
}

function keyUsageNode(usages: readonly KeyUsage[]): Node {
  const bits = usages.map((usage) => KEY_USAGES.indexOf(usage))
  const last = Math.max(...bits)
  const octets = new Uint8Array((last >> 3) + 1)
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return bitString(octets, { unused: 7 - (last & 7) })
}

function time(instantMs: number): Node {
  const instant = new Date(instantMs)
  return instantMs < GENERALIZED_TIME_FROM_MS
    ? primitive(asn1.Type.UTCTIME, asn1.dateToUtcTime(instant))
    : primitive(asn1.Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(instant))
}

function ipOctets(address: string): Uint8Array {
  if (!address.includes(':')) return Uint8Array.from(address.split('.').map(Number))
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const before = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const zeros = Array<string>(8 - before.length - after.length).fill('0')
  const digits = [...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join('')
  return fromHex(digits) as Uint8Array
}

function hexOctets(value: number): Uint8Array {
  const digits = value.toString(16)
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`) as Uint8Array
}

function sequence(...parts: Node[]): Node {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts)
}

function set(...parts: Node[]): Node {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, parts)
}

function context(number: number, ...parts: Node[]): Node {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, number as forge.asn1.Type, true, parts)
}

function contextPrimitive(number: number, content: string): Node {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, number as forge.asn1.Type, false, content)
}

function contextOctets(number: number, octets: Uint8Array): Node {
  return contextPrimitive(number, binary(octets))
}

function primitive(type: forge.asn1.Type, content: string): Node {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, content)
}

/** Forge drops superfluous zeros but does not keep a positive number positive. */
function integer(octets: Uint8Array): Node {
  const sign = (octets[0] ?? 0) > 0x7f ? '\0' : ''
  return primitive(asn1.Type.INTEGER, sign + binary(octets))
}

function octetString(content: string): Node {
  return primitive(asn1.Type.OCTETSTRING, content)
}

function bitString(octets: Uint8Array, form: { readonly unused: number }): Node {
  return primitive(asn1.Type.BITSTRING, String.fromCharCode(form.unused) + binary(octets))
}

function oid(dotted: string): Node {
  return primitive(asn1.Type.OID, oidContent(dotted))
}

function oidContent(dotted: string): string {
  return asn1.oidToDer(dotted).getBytes()
}

/** Octets in forge's form: a string with a character to each octet. */
function binary(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1')
}

function encode(node: Node): Uint8Array {
  return Buffer.from(asn1.toDer(node).getBytes(), 'latin1')
}

function decode(der: Uint8Array): Node {
  return asn1.fromDer(binary(der))
}
