/**
 * The floor under a session: what any server must spend on it. Measured in the same run as the sessions themselves.
 *
 * 3 signatures, 4 verifications, 1 key, 1 key agreement on P-256, AES-CBC and CMAC over the package, and 4 exchanges of
 * a bare `node:http` server with bodies of the sizes that a session has. It is written against `node:crypto` alone, as
 * one would without this project, so that what the project finds cheaper or dearer shows in the ratio.
 */

import * as crypto from 'node:crypto'

/** The functions of ES9+ in which a session spends its cryptography. */
export type FloorStep =
  'initiateAuthentication' | 'authenticateClient' | 'getBoundProfilePackage' | 'handleNotification'

/** Octets of request and answer of a session with a package of 12 kB, as JSON in Base64. */
export const EXCHANGES: Readonly<Record<FloorStep, readonly [request: number, answer: number]>> = {
  initiateAuthentication: [270, 1560],
  authenticateClient: [2300, 1380],
  getBoundProfilePackage: [470, 17_300],
  handleNotification: [420, 0],
}

export const PACKAGE_OCTETS = 12_000

const DSA_ENCODING = 'ieee-p1363'
const ZERO_BLOCK = Buffer.alloc(16)

const server = newKey()
const card = newKey()
const data = crypto.randomBytes(300)
const signature = crypto.sign('sha256', data, { key: card.privateKey, dsaEncoding: DSA_ENCODING })
const profilePackage = crypto.randomBytes(PACKAGE_OCTETS)
const key = crypto.randomBytes(16)

const STEPS: Readonly<Record<FloorStep, () => void>> = {
  initiateAuthentication: signOnce,
  /** CERT.EUICC and euiccSignature1 are verified, smdpSigned2 is signed. */
  authenticateClient() {
    verifyOnce()
    verifyOnce()
    signOnce()
  },
  /** euiccSignature2 is verified, a key is made and agreed with, the channel is signed, the package is protected. */
  getBoundProfilePackage() {
    verifyOnce()
    const { privateKey } = newKey()
    crypto.diffieHellman({ privateKey, publicKey: card.publicKey })
    signOnce()
    // CMAC is CBC over the ciphertext, but for its masked last block.
    encrypt(encrypt(profilePackage))
  },
  handleNotification: verifyOnce,
}

/** Does the cryptography that the function cannot do without. */
export function cryptographyOf(step: FloorStep): void {
  STEPS[step]()
}

function newKey() {
  return crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function signOnce(): void {
  crypto.sign('sha256', data, { key: server.privateKey, dsaEncoding: DSA_ENCODING })
}

function verifyOnce(): void {
  crypto.verify('sha256', data, { key: card.publicKey, dsaEncoding: DSA_ENCODING }, signature)
}

function encrypt(octets: Uint8Array): Uint8Array {
  const cbc = crypto.createCipheriv('aes-128-cbc', key, ZERO_BLOCK).setAutoPadding(false)
  return cbc.update(octets)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
