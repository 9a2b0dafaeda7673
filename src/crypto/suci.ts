/**
 * Concealing a subscription's permanent identifier, and revealing it: the null scheme, and ECIES with profiles A
 * (X25519) and B (P-256) of 3GPP TS 33.501 annex C.
 *
 * What is concealed of an IMSI is its MSIN in swapped-nibble BCD, an odd end filled with `F` (`digitsToBcd`); of a
 * network specific identifier its username in UTF-8 (TS 33.501 §C.3.1).
 */

import {
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'
import type { Random } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { asBuffer, concat, hex } from '../base/octets.ts'
import { x963Kdf } from './bsp.ts'
import { BLOCK_OCTETS, encryptBlock, xorInto } from './cmac.ts'
import { expectOctets } from './expect-octets.ts'

/** The two profiles of ECIES (TS 33.501 §C.3.4). */
export type SuciProfile = 'profileA' | 'profileB'

export type SuciScheme = 'null' | SuciProfile

/** The schemes by their identifiers 0, 1 and 2 (TS 33.501 §C.1). */
export const SUCI_SCHEMES: readonly SuciScheme[] = ['null', 'profileA', 'profileB']

/** The home network's key pair, or one made for a single SUCI. */
export interface SuciKeyPair {
  /** 32 octets. */
  readonly privateKey: Uint8Array
  /** 32 octets with profile A; 33, a compressed point, with profile B. */
  readonly publicKey: Uint8Array
}

export function generateSuciKeyPair(options: {
  readonly profile: SuciProfile
  readonly random: Random
}): SuciKeyPair {
  const { publicKeyOf } = CURVES[options.profile]
  for (;;) {
    const privateKey = options.random.bytes(PRIVATE_KEY_OCTETS)
    const publicKey = publicKeyOf(privateKey)
    if (publicKey) return { privateKey, publicKey }
  }
}

/** The key pair of a private key. @throws {LabError} `badInput` for one of a wrong length, or beyond the order of P-256. */
export function suciKeyPair(options: {
  readonly profile: SuciProfile
  readonly privateKey: Uint8Array
}): SuciKeyPair {
  const { profile, privateKey } = options
  expectOctets({ privateKey }, [PRIVATE_KEY_OCTETS])
  const publicKey = CURVES[profile].publicKeyOf(privateKey)
  if (!publicKey) throw notAKey('privateKey')
  return { privateKey, publicKey }
}

/**
 * The scheme output of a SUCI: the plain octets with the null scheme; else ephemeral public key ‖ ciphertext ‖ MAC.
 * @throws {LabError} `badInput` for a home network public key of a wrong length or off the curve.
 */
export function concealSupi(
  input:
    | { readonly scheme: 'null'; readonly plain: Uint8Array }
    | {
        readonly scheme: SuciProfile
        readonly plain: Uint8Array
        /** 32 octets with profile A; 33 or 65, compressed or not, with profile B. */
        readonly homeNetworkPublicKey: Uint8Array
        /** From `generateSuciKeyPair`; used for this SUCI and never again. */
        readonly ephemeral: SuciKeyPair
      },
): Uint8Array {
  if (input.scheme === 'null') return input.plain
  const { scheme, plain, homeNetworkPublicKey, ephemeral } = input
  const { homeKeyOctets, agree } = CURVES[scheme]
  expectOctets({ homeNetworkPublicKey }, homeKeyOctets)
  const sharedSecret = agree({ privateKey: ephemeral.privateKey, publicKey: homeNetworkPublicKey })
  if (!sharedSecret) throw notAKey('homeNetworkPublicKey')
  const keys = deriveKeys({ sharedSecret, ephemeralPublicKey: ephemeral.publicKey })
  const ciphertext = counterMode(keys, plain)
  return concat(ephemeral.publicKey, ciphertext, macOf(keys, ciphertext))
}

/** Why a scheme output was not revealed: its form or a point off the curve, or a MAC that another key has made. */
export type SuciFault = 'structure' | 'security'

export type RevealedSupi =
  | { readonly ok: true; readonly plain: Uint8Array }
  | { readonly ok: false; readonly fault: SuciFault }

/**
 * What a scheme output conceals.
 * @throws {LabError} `badInput` for a private key of a wrong length, or beyond the order of P-256.
 */
export function revealSupi(
  input:
    | { readonly scheme: 'null'; readonly output: Uint8Array }
    | {
        readonly scheme: SuciProfile
        readonly output: Uint8Array
        /** 32 octets. */
        readonly homeNetworkPrivateKey: Uint8Array
      },
): RevealedSupi {
  if (input.scheme === 'null') return { ok: true, plain: input.output }
  const { scheme, output, homeNetworkPrivateKey } = input
  const { publicKey: ownPublicKey } = suciKeyPair({
    profile: scheme,
    privateKey: homeNetworkPrivateKey,
  })
  const ephemeralPublicKey = output.subarray(0, ownPublicKey.length)
  const ciphertext = output.subarray(ownPublicKey.length, -MAC_OCTETS)
  if (ciphertext.length === 0) return { ok: false, fault: 'structure' }
  const sharedSecret = CURVES[scheme].agree({
    privateKey: homeNetworkPrivateKey,
    publicKey: ephemeralPublicKey,
  })
  if (!sharedSecret) return { ok: false, fault: 'structure' }
  const keys = deriveKeys({ sharedSecret, ephemeralPublicKey })
  const isRight = timingSafeEqual(macOf(keys, ciphertext), output.subarray(-MAC_OCTETS))
  if (!isRight) return { ok: false, fault: 'security' }
  return { ok: true, plain: counterMode(keys, ciphertext) }
}

const PRIVATE_KEY_OCTETS = 32
const MAC_OCTETS = 8

interface EciesKeys {
  readonly encryptionKey: Uint8Array
  /** ICB. */
  readonly firstCounterBlock: Uint8Array
  readonly macKey: Uint8Array
}

function deriveKeys(from: {
  readonly sharedSecret: Uint8Array
  readonly ephemeralPublicKey: Uint8Array
}): EciesKeys {
  const { sharedSecret, ephemeralPublicKey: sharedInfo } = from
  const data = x963Kdf({ sharedSecret, sharedInfo, lengthOctets: 64 })
  return {
    encryptionKey: data.subarray(0, 16),
    firstCounterBlock: data.subarray(16, 32),
    macKey: data.subarray(32, 64),
  }
}

/** AES-128-CTR as §C.3.4.0 has it: the counter is 32 bits and carries no further, unlike the one of node:crypto. */
function counterMode(keys: EciesKeys, data: Uint8Array): Uint8Array {
  const { encryptionKey, firstCounterBlock } = keys
  const count = Math.ceil(data.length / BLOCK_OCTETS)
  const blocks = Buffer.alloc(count * BLOCK_OCTETS)
  const first = asBuffer(firstCounterBlock).readUInt32BE(BLOCK_OCTETS - 4)
  for (let at = 0; at < count; at++) {
    blocks.set(firstCounterBlock, at * BLOCK_OCTETS)
    blocks.writeUInt32BE((first + at) >>> 0, (at + 1) * BLOCK_OCTETS - 4)
  }
  const result = encryptBlock(encryptionKey, blocks).subarray(0, data.length)
  xorInto(result, data)
  return result
}

function macOf(keys: EciesKeys, ciphertext: Uint8Array): Uint8Array {
  return createHmac('sha256', keys.macKey).update(ciphertext).digest().subarray(0, MAC_OCTETS)
}

interface KeyAgreement {
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
}

/** How a profile's curve is used; each function gives `undefined` for octets that are no key of it. */
interface SuciCurve {
  readonly homeKeyOctets: readonly number[]
  publicKeyOf(privateKey: Uint8Array): Uint8Array | undefined
  agree(keys: KeyAgreement): Uint8Array | undefined
}

const X25519_KEY_OCTETS = 32
/** What stands before the 32 octets in PKCS #8 and SubjectPublicKeyInfo (RFC 8410). */
const X25519_PKCS8 = hex('302e020100300506032b656e04220420')
const X25519_SPKI = hex('302a300506032b656e032100')

const CURVES: Readonly<Record<SuciProfile, SuciCurve>> = {
  profileA: {
    homeKeyOctets: [X25519_KEY_OCTETS],
    publicKeyOf: (privateKey) =>
      createPublicKey(x25519PrivateKey(privateKey))
        .export({ format: 'der', type: 'spki' })
        .subarray(-X25519_KEY_OCTETS),
    agree: (keys) =>
      unlessRefused(() =>
        diffieHellman({
          privateKey: x25519PrivateKey(keys.privateKey),
          publicKey: x25519PublicKey(keys.publicKey),
        }),
      ),
  },
  profileB: {
    homeKeyOctets: [33, 65],
    publicKeyOf: (privateKey) =>
      unlessRefused(() => p256(privateKey).getPublicKey(null, 'compressed')),
    agree: (keys) => unlessRefused(() => p256(keys.privateKey).computeSecret(keys.publicKey)),
  },
}

function x25519PrivateKey(octets: Uint8Array): KeyObject {
  const key = Buffer.concat([X25519_PKCS8, octets])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

function x25519PublicKey(octets: Uint8Array): KeyObject {
  const key = Buffer.concat([X25519_SPKI, octets])
  return createPublicKey({ key, format: 'der', type: 'spki' })
}

function p256(privateKey: Uint8Array) {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(privateKey)
  return ecdh
}

/** OpenSSL throws for a scalar out of range, a point off the curve and a shared secret of zeros (RFC 7748 §6.1). */
function unlessRefused(compute: () => Uint8Array): Uint8Array | undefined {
  try {
    return compute()
  } catch {
    return undefined
  }
}

function notAKey(field: string): LabError {
  return new LabError('badInput', `${field} is not a key of this scheme`, { field })
}
