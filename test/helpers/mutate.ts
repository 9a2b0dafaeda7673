/** Messages with something wrong: octets, and JSON whose members hold octets. */

import type { Random } from '../../src/base/environment.ts'
import { concat, fromBase64, toBase64 } from '../../src/base/octets.ts'
import type { Json } from '../../src/rsp/json-binding.ts'

export function pick<T>(random: Random, all: readonly T[]): T {
  return all[random.below(all.length)] as T
}

/** Where something is changed; empty octets have one place too. */
function placeIn(random: Random, octets: Uint8Array): number {
  return random.below(Math.max(octets.length, 1))
}

type Mutation = (random: Random, octets: Uint8Array) => Uint8Array

const OCTETS: readonly Mutation[] = [
  (random, octets) => turned(octets, { at: placeIn(random, octets), mask: 1 << random.below(8) }),
  (random, octets) => turned(octets, { at: placeIn(random, octets), mask: 0xff }),
  // The head of a message has its tags and lengths.
  (random, octets) => turned(octets, { at: random.below(16), mask: 1 << random.below(8) }),
  (random, octets) => octets.slice(0, placeIn(random, octets)),
  (random, octets) => octets.slice(placeIn(random, octets)),
  (random, octets) => inserted(octets, { at: placeIn(random, octets), more: random.bytes(1) }),
  (random, octets) =>
    inserted(octets, { at: placeIn(random, octets), more: random.bytes(random.below(300)) }),
  (random, octets) => {
    const at = placeIn(random, octets)
    return inserted(octets, { at, more: octets.subarray(at, at + random.below(64)) })
  },
  (random, octets) => {
    const at = placeIn(random, octets)
    return concat(octets.subarray(0, at), octets.subarray(at + 1 + random.below(8)))
  },
  // Lengths that promise much.
  (random, octets) =>
    inserted(octets, {
      at: placeIn(random, octets),
      more: Uint8Array.of(0x30, 0x84, 0x7f, 0xff, 0xff, 0xff),
    }),
  // Nesting without end.
  (_random, octets) => concat(Buffer.from('30808080'.repeat(500), 'hex'), octets),
]

function turned(
  octets: Uint8Array,
  { at, mask }: { readonly at: number; readonly mask: number },
): Uint8Array {
  const changed = Uint8Array.from(octets)
  if (at < changed.length) changed[at] = (changed[at] as number) ^ mask
  return changed
}

function inserted(
  octets: Uint8Array,
  { at, more }: { readonly at: number; readonly more: Uint8Array },
): Uint8Array {
  return concat(octets.subarray(0, at), more, octets.subarray(at))
}

/** One to three mutations; not always another message. */
export function mutatedOctets(random: Random, octets: Uint8Array): Uint8Array {
  let changed = octets
  for (let left = 1 + random.below(3); left > 0; left--) {
    changed = pick(random, OCTETS)(random, changed)
  }
  return changed
}

const ODD_VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '=',
  'A'.repeat(5000),
  '9'.repeat(32),
  [],
  {},
  [[[[]]]],
  { length: 1 },
  { toString: 1 },
]

interface JsonObject {
  readonly [key: string]: Json
}

/** The text of a JSON message with something wrong in a member, or in the text itself. */
export function mutatedJson(random: Random, message: JsonObject): Uint8Array {
  const how = random.below(10)
  if (how === 0) return mutatedOctets(random, Buffer.from(JSON.stringify(message), 'utf8'))
  const names = Object.keys(message)
  const name = pick(random, names)
  return Buffer.from(JSON.stringify(changedMember(random, { message, name, how })), 'utf8')
}

function changedMember(
  random: Random,
  change: { readonly message: JsonObject; readonly name: string; readonly how: number },
): JsonObject {
  const { message, name, how } = change
  const { [name]: value, ...others } = message
  if (how === 1) return others
  if (how === 2) return { ...message, [name]: pick(random, ODD_VALUES) }
  if (how === 3) return { ...message, [pick(random, ['__proto__ ', 'header', 'x'])]: value ?? null }
  if (typeof value !== 'string') return { ...message, [name]: pick(random, ODD_VALUES) }
  const octets = how > 4 ? fromBase64(value) : undefined
  if (octets && octets.length > 16) {
    return { ...message, [name]: toBase64(mutatedOctets(random, octets)) }
  }
  const text = Buffer.from(mutatedOctets(random, Buffer.from(value, 'utf8'))).toString('latin1')
  return { ...message, [name]: text }
}
