/** Whether a challenge is fresh (3GPP TS 33.102 annex C.2), with SQN = SEQ ‖ IND and an IND of five bits (C.1.1.1). */

import type { AuthenticationParameters } from '../../profile/image.ts'

const IND_BITS = 5n
const IND_MASK = (1n << IND_BITS) - 1n

/** Bits of `sqnOptions`: Δ of C.2.1 holds, and the age limit of C.2.2. */
const DELTA_HOLDS = 0x02
const AGE_LIMIT_HOLDS = 0x04

/** The SEQ accepted, by IND, once this SQN is; `undefined` for one that is not fresh. */
export function accepted(
  parameters: AuthenticationParameters,
  sqn: bigint,
): readonly bigint[] | undefined {
  const seq = sqn >> IND_BITS
  const ind = Number(sqn & IND_MASK)
  return isFresh(parameters, { seq, ind }) ? parameters.sqn.with(ind, seq) : undefined
}

function isFresh(
  parameters: AuthenticationParameters,
  { seq, ind }: { readonly seq: bigint; readonly ind: number },
): boolean {
  const { sqn, sqnOptions, sqnDelta, sqnAgeLimit } = parameters
  // The test algorithm has neither limit.
  const hasLimits = parameters.algorithm.kind !== 'test'
  const highest = sqn[highestAt(sqn)] ?? 0n
  if (hasLimits && (sqnOptions & DELTA_HOLDS) !== 0 && seq - highest > sqnDelta) return false
  if (hasLimits && (sqnOptions & AGE_LIMIT_HOLDS) !== 0 && highest - seq >= sqnAgeLimit) {
    return false
  }
  return seq > (sqn[ind] ?? 0n)
}

/** SQN_MS: the highest SQN that was accepted, for AUTS (C.2.1). */
export function highestSqn({ sqn }: AuthenticationParameters): bigint {
  const ind = highestAt(sqn)
  return ((sqn[ind] ?? 0n) << IND_BITS) | BigInt(ind)
}

function highestAt(sqn: readonly bigint[]): number {
  let highest = 0
  for (const [ind, seq] of sqn.entries()) if (seq > (sqn[highest] ?? 0n)) highest = ind
  return highest
}
