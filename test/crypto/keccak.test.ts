import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { hex, toHex } from '../../src/base/octets.ts'
import { KECCAK_STATE_OCTETS, keccakF1600 } from '../../src/crypto/keccak.ts'

const { keccak } = JSON.parse(
  readFileSync(new URL('../../fixtures/vectors/tuak.json', import.meta.url), 'utf8'),
) as {
  readonly keccak: {
    readonly permutations: readonly {
      readonly set: number
      readonly in: string
      readonly out: string
    }[]
  }
}

const RATE_OCTETS = 136

/** SHA3-256 over our permutation (FIPS 202 §4, §6.1). */
function sha3(message: Uint8Array): Uint8Array {
  const blocks = Math.floor(message.length / RATE_OCTETS) + 1
  const padded = new Uint8Array(blocks * RATE_OCTETS)
  padded.set(message)
  padded[message.length] = 0x06
  padded[padded.length - 1]! |= 0x80
  const state = new Uint8Array(KECCAK_STATE_OCTETS)
  for (let start = 0; start < padded.length; start += RATE_OCTETS) {
    for (let at = 0; at < RATE_OCTETS; at++) state[at]! ^= padded[start + at]!
    keccakF1600(state)
  }
  return state.subarray(0, 32)
}

test('there are six permutations', (t) => {
  t.is(keccak.permutations.length, 6)
})

for (const permutation of keccak.permutations) {
  test(`Keccak-f[1600] is that of TS 35.232, test ${permutation.set}`, (t) => {
    const state = hex(permutation.in)
    keccakF1600(state)
    t.is(toHex(state), permutation.out.toUpperCase())
  })
}

test('SHA3-256 over the permutation is that of node:crypto', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3 * RATE_OCTETS }), (message) => {
      const expected = createHash('sha3-256').update(message).digest()
      return toHex(sha3(message)) === toHex(expected)
    }),
    {
      numRuns: 100,
      examples: [
        [new Uint8Array(0)],
        [new Uint8Array(RATE_OCTETS - 1)],
        [new Uint8Array(RATE_OCTETS)],
      ],
    },
  )
  t.pass()
})

test('a state that lies within other octets is permuted alone', (t) => {
  const permutation = keccak.permutations[0]!
  const around = new Uint8Array(KECCAK_STATE_OCTETS + 6).fill(0xa5)
  around.set(hex(permutation.in), 3)
  keccakF1600(around.subarray(3, 3 + KECCAK_STATE_OCTETS))
  t.is(toHex(around), `A5A5A5${permutation.out.toUpperCase()}A5A5A5`)
})
