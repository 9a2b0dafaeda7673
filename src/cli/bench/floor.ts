/**
 * The floor under a session: what any server must spend on it. Measured in the same run as the sessions themselves.
 *
 * 3 signatures, 4 verifications, 1 key, 1 key agreement on P-256, AES-CBC and CMAC over the package, and 4 exchanges of
 * a bare `node:http` server with bodies of the sizes that a session has.
 */

import { createCipheriv } from 'node:crypto'
import type { Random } from '../../base/environment.ts'
import { cmac } from '../../crypto/cmac.ts'
import { agree, generateKeyPair, sign, verify } from '../../crypto/ec.ts'

const ROUNDS = 400

/** CPU milliseconds of the cryptography of one session, the median of several runs. */
export function cryptographyMs(options: {
  readonly random: Random
  readonly packageOctets: number
}): number {
  const { random } = options
  const server = generateKeyPair({ curve: 'P-256', random })
  const card = generateKeyPair({ curve: 'P-256', random })
  const data = random.bytes(300)
  const signature = sign(card.privateKey, data)
  const profilePackage = random.bytes(Math.ceil(options.packageOctets / 16) * 16)
  const [key, iv] = [random.bytes(16), random.bytes(16)]
  const runs = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage()
    for (let round = 0; round < ROUNDS; round++) {
      for (let at = 0; at < 3; at++) sign(server.privateKey, data)
      for (let at = 0; at < 4; at++) verify(card.publicKey, { data, signature })
      const { privateKey } = generateKeyPair({ curve: 'P-256', random })
      agree({ privateKey, publicKey: card.publicKey })
      const cbc = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false)
      cmac(key, cbc.update(profilePackage))
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000 / ROUNDS
  })
  return median(runs)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
