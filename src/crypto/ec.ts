/** Elliptic curves of SGP.22 §2.6.7.1: NIST P-256 and brainpoolP256r1. Signatures are raw `r‖s`, points uncompressed. */

import * as crypto from 'node:crypto'
import { asBuffer, concat, equalOctets, hex } from '../base/octets.ts'
import type { Random } from '../base/environment.ts'

export type Curve = 'P-256' | 'brainpoolP256r1'
export type PrivateKey = crypto.KeyObject
export type PublicKey = crypto.KeyObject

export const CURVES: readonly Curve[] = ['P-256', 'brainpoolP256r1']

export interface KeyPair {
  readonly curve: Curve
  readonly privateKey: PrivateKey
  readonly publicKey: PublicKey
  /** The public point, uncompressed: `04 ‖ X ‖ Y`, 65 octets. */
  readonly point: Uint8Array
}

interface CurveParameters {
  readonly opensslName: string
  readonly oid: Uint8Array
  readonly order: bigint
}

const PARAMETERS: Record<Curve, CurveParameters> = {
  'P-256': {
    opensslName: 'prime256v1',
    oid: hex('06082A8648CE3D030107'),
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  brainpoolP256r1: {
    opensslName: 'brainpoolP256r1',
    oid: hex('06092B2403030208010107'),
    order: 0xa9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7n,
  },
}

const EC_PUBLIC_KEY_OID = hex('06072A8648CE3D0201')
const POINT_OCTETS = 65
const SCALAR_OCTETS = 32
const SIGNATURE_OCTETS = 64

/** A new key pair whose private scalar follows the lab's random source. */
export function generateKeyPair(options: {
  readonly curve: Curve
  readonly random: Random
}): KeyPair {
  return keyPairFromScalar({ curve: options.curve, scalar: randomScalar(options) })
}

function randomScalar(options: { readonly curve: Curve; readonly random: Random }): Uint8Array {
  const { order } = PARAMETERS[options.curve]
  for (;;) {
    const scalar = options.random.bytes(SCALAR_OCTETS)
    const value = BigInt(`0x${asBuffer(scalar).toString('hex')}`)
    if (value > 0n && value < order) return scalar
  }
}

/** The key pair of a private scalar of 32 octets, big endian, within 1 … order−1. */
export function keyPairFromScalar(options: {
  readonly curve: Curve
  readonly scalar: Uint8Array
}): KeyPair {
  const { opensslName, oid } = PARAMETERS[options.curve]
  const ecdh = crypto.createECDH(opensslName)
  ecdh.setPrivateKey(options.scalar)
  const point = ecdh.getPublicKey()
  const sec1 = tlv(
    0x30,
    hex('020101'),
    tlv(0x04, options.scalar),
    tlv(0xa0, oid),
    tlv(0xa1, tlv(0x03, hex('00'), point)),
  )
  const privateKey = crypto.createPrivateKey({
    key: Buffer.from(sec1),
    format: 'der',
    type: 'sec1',
  })
  return { curve: options.curve, privateKey, publicKey: crypto.createPublicKey(privateKey), point }
}

/** The key pair of a PKCS#8 private key; `undefined` when it is not an EC key on one of our curves. */
export function keyPairFromPkcs8(der: Uint8Array): KeyPair | undefined {
  return keyPairFromDer('pkcs8', der)
}

/** The key pair of a private key as SEC 1 (RFC 5915) has it; `undefined` when it does not name one of our curves. */
export function keyPairFromSec1(der: Uint8Array): KeyPair | undefined {
  return keyPairFromDer('sec1', der)
}

function keyPairFromDer(type: 'pkcs8' | 'sec1', der: Uint8Array): KeyPair | undefined {
  try {
    const privateKey = crypto.createPrivateKey({ key: Buffer.from(der), format: 'der', type })
    const publicKey = crypto.createPublicKey(privateKey)
    const curve = curveOf(publicKey)
    return curve && { curve, privateKey, publicKey, point: pointOf(publicKey) }
  } catch {
    return undefined
  }
}

export function toPkcs8(privateKey: PrivateKey): Uint8Array {
  return privateKey.export({ format: 'der', type: 'pkcs8' })
}

/** SubjectPublicKeyInfo (RFC 5480) of a point. */
export function spkiOfPoint(options: {
  readonly curve: Curve
  readonly point: Uint8Array
}): Uint8Array {
  const algorithm = tlv(0x30, EC_PUBLIC_KEY_OID, PARAMETERS[options.curve].oid)
  return tlv(0x30, algorithm, tlv(0x03, hex('00'), options.point))
}

/** The public key of an uncompressed point; `undefined` when it has another form or does not lie on the curve. */
export function publicKeyFromPoint(options: {
  readonly curve: Curve
  readonly point: Uint8Array
}): PublicKey | undefined {
  if (options.point.length !== POINT_OCTETS || options.point[0] !== 0x04) return undefined
  return publicKeyFromSpki(spkiOfPoint(options))
}

/** The public key of a SubjectPublicKeyInfo; `undefined` when it is malformed or off the curve. */
export function publicKeyFromSpki(der: Uint8Array): PublicKey | undefined {
  try {
    return crypto.createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

/** The curve that a SubjectPublicKeyInfo names. */
export function curveOfSpki(der: Uint8Array): Curve | undefined {
  return CURVES.find((curve) => {
    const prefix = SPKI_PREFIXES[curve]
    return equalOctets(der.subarray(0, prefix.length), prefix)
  })
}

function curveOf(key: PublicKey): Curve | undefined {
  const name = key.asymmetricKeyDetails?.namedCurve
  return CURVES.find((curve) => PARAMETERS[curve].opensslName === name)
}

/** The uncompressed point of a public key on one of our curves. */
export function pointOf(key: PublicKey): Uint8Array {
  return key.export({ format: 'der', type: 'spki' }).subarray(-POINT_OCTETS)
}

/** ECDSA with SHA-256, 64 octets `r‖s` (SGP.22 §2.6.7.2, BSI TR-03111 plain format). */
export function sign(key: PrivateKey, data: Uint8Array): Uint8Array {
  return rawOfDer(signDer(key, data))
}

/** ECDSA with SHA-256 as DER `SEQUENCE { r, s }`, the form of certificates (RFC 5480). */
export function signDer(key: PrivateKey, data: Uint8Array): Uint8Array {
  return crypto.sign('sha256', data, key)
}

/** Whether a raw `r‖s` signature over `data` is right. A signature of another length never is. */
export function verify(
  key: PublicKey,
  signed: { readonly data: Uint8Array; readonly signature: Uint8Array },
): boolean {
  const { data, signature } = signed
  return (
    signature.length === SIGNATURE_OCTETS && crypto.verify('sha256', data, key, derOfRaw(signature))
  )
}

/**
 * node:crypto can do this with `dsaEncoding: 'ieee-p1363'`, but every call with options takes 20 µs more than one with a
 * plain key, which is as much as the signature itself.
 */
function rawOfDer(der: Uint8Array): Uint8Array {
  const raw = Buffer.alloc(SIGNATURE_OCTETS)
  let at = 2
  for (const end of [SCALAR_OCTETS, SIGNATURE_OCTETS]) {
    const length = der[at + 1] as number
    const integer = der.subarray(at + 2, at + 2 + length)
    const digits = integer.subarray(Math.max(0, length - SCALAR_OCTETS))
    raw.set(digits, end - digits.length)
    at += 2 + length
  }
  return raw
}

function derOfRaw(raw: Uint8Array): Uint8Array {
  const r = derInteger(raw.subarray(0, SCALAR_OCTETS))
  const s = derInteger(raw.subarray(SCALAR_OCTETS))
  return tlv(0x30, r, s)
}

function derInteger(digits: Uint8Array): Uint8Array {
  let start = 0
  while (start < digits.length - 1 && digits[start] === 0) start++
  const minimal = digits.subarray(start)
  return (minimal[0] as number) < 0x80 ? tlv(0x02, minimal) : tlv(0x02, Uint8Array.of(0), minimal)
}

/** Whether a DER signature over `data` is right. */
export function verifyDer(
  key: PublicKey,
  signed: { readonly data: Uint8Array; readonly signature: Uint8Array },
): boolean {
  return crypto.verify('sha256', signed.data, key, signed.signature)
}

/** A one-time public key, and what was agreed with it. */
export interface Agreement {
  /** Our point, uncompressed. */
  readonly point: Uint8Array
  /** The x-coordinate of the shared point, 32 octets. */
  readonly sharedSecret: Uint8Array
}

/**
 * Makes a key pair for one agreement and forgets its private half: our point and the shared x-coordinate, 32 octets.
 * `undefined` when the peer's point has another form or does not lie on the curve.
 */
export function agreeOnce(options: {
  readonly curve: Curve
  readonly random: Random
  readonly peerPoint: Uint8Array
}): Agreement | undefined {
  const { curve, random, peerPoint } = options
  if (curve === 'brainpoolP256r1') {
    // OpenSSL has no fast arithmetic for this curve behind ECDH objects, so the key objects are worth their price.
    const publicKey = publicKeyFromPoint({ curve, point: peerPoint })
    if (!publicKey) return undefined
    const { point, privateKey } = generateKeyPair({ curve, random })
    return { point, sharedSecret: agree({ privateKey, publicKey }) }
  }
  if (peerPoint.length !== POINT_OCTETS || peerPoint[0] !== 0x04) return undefined
  const ecdh = crypto.createECDH(PARAMETERS[curve].opensslName)
  ecdh.setPrivateKey(randomScalar({ curve, random }))
  try {
    return { point: ecdh.getPublicKey(), sharedSecret: ecdh.computeSecret(peerPoint) }
  } catch {
    return undefined
  }
}

/** ECKA: the x-coordinate of the shared point, 32 octets (SGP.22 §2.6.7.3). */
export function agree(keys: {
  readonly privateKey: PrivateKey
  readonly publicKey: PublicKey
}): Uint8Array {
  return crypto.diffieHellman(keys)
}

const SPKI_PREFIXES: Readonly<Record<Curve, Uint8Array>> = {
  'P-256': spkiPrefix('P-256'),
  brainpoolP256r1: spkiPrefix('brainpoolP256r1'),
}

function spkiPrefix(curve: Curve): Uint8Array {
  const point = new Uint8Array(POINT_OCTETS)
  return spkiOfPoint({ curve, point }).subarray(0, -POINT_OCTETS)
}

/** Key material here is short; a length above 127 takes one more octet. */
function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const value = concat(...parts)
  const length = value.length < 128 ? [value.length] : [0x81, value.length]
  return concat(Uint8Array.from([tag, ...length]), value)
}
