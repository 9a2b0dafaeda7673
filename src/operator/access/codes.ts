/** Sign-in codes: six digits that are kept as a hash which is slow to try. */

import { scrypt, timingSafeEqual } from 'node:crypto'
import type { Random } from '../../base/environment.ts'

const DIGITS = 6
const SALT_OCTETS = 16
const HASH_OCTETS = 32
/** A million codes are few: each try must cost something to whoever has read the database. */
const COST = { N: 2 ** 13, r: 8, p: 1 } as const

/** A new code, never from the seed: a subscriber's code must not be what it was in another run. */
export function newCode(random: Random): string {
  let code = ''
  while (code.length < DIGITS) {
    for (const octet of random.unique(DIGITS)) {
      // 250 to 255 would make the first digits likelier.
      if (octet < 250 && code.length < DIGITS) code += String(octet % 10)
    }
  }
  return code
}

export function newSalt(random: Random): Uint8Array {
  return random.unique(SALT_OCTETS)
}

export function hashOfCode(code: string, salt: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    scrypt(code, salt, HASH_OCTETS, COST, (error, hash) => {
      if (error) reject(error)
      else resolve(hash)
    })
  })
}

export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
