/**
 * The floor under a session: what any server must spend on it. Measured in the same run as the sessions themselves.
 *
 * 3 signatures, 4 verifications, 1 key, 1 key agreement on P-256, AES-CBC and CMAC over the package, and 4 exchanges of
 * a bare `node:http` server with bodies of the sizes that a session has. It is written against `node:crypto` alone, as
 * one would without this project, so that what the project finds cheaper or dearer shows in the ratio.
 */

import * as crypto from 'node:crypto'

const ROUNDS = 400
const RUNS = 5
const BLOCK = Buffer.alloc(16)

/** CPU milliseconds of the cryptography of one session, the median of several runs. */
export function cryptographyMs(options: { readonly packageOctets: number }): number {
  const [server, card] = [newKey(), newKey()]
  const data = crypto.randomBytes(300)
  const dsaEncoding = 'ieee-p1363'
  const signature = crypto.sign('sha256', data, { key: card.privateKey, dsaEncoding })
  const profilePackage = crypto.randomBytes(Math.ceil(options.packageOctets / 16) * 16)
  const key = crypto.randomBytes(16)
  const encrypt = (octets: Uint8Array) =>
    crypto.createCipheriv('aes-128-cbc', key, BLOCK).setAutoPadding(false).update(octets)
  const session = () => {
    for (let at = 0; at < 3; at++) {
      crypto.sign('sha256', data, { key: server.privateKey, dsaEncoding })
    }
    for (let at = 0; at < 4; at++) {
      crypto.verify('sha256', data, { key: card.publicKey, dsaEncoding }, signature)
    }
    const { privateKey } = newKey()
    crypto.diffieHellman({ privateKey, publicKey: card.publicKey })
    // CMAC is CBC over the ciphertext, but for its masked last block.
    encrypt(encrypt(profilePackage))
  }
  const runs = Array.from({ length: RUNS }, () => {
    const before = process.cpuUsage()
    for (let round = 0; round < ROUNDS; round++) session()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000 / ROUNDS
  })
  return median(runs)
}

function newKey() {
  return crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
