/** How much may be given, and why not more: the same rules that judge gifts, asked the other way round. */

import { AMOUNT_MAX_BYTES } from '../../store/ledger.ts'
import type { GiftFacts } from './facts.ts'
import type { Case } from './gates.ts'
import { brokenGates, capRefusal, capsOf, formRefusal, limitOf, limitText } from './judge.ts'
import type { GiftRefusal, LimitReason } from './refusals.ts'
import {
  ascending,
  greatestOf,
  hasForm,
  largestForm,
  leastOf,
  NEXT_FORMS,
  roundUp,
} from './sizes.ts'
import type { GiftingRules } from './types.ts'

export interface MaximumGift {
  /** 0, or an amount that is allowed, when every larger one is refused. */
  readonly bytes: bigint
  /** The rules that refuse more, in the order of the table of refusals; empty where nothing limits. */
  readonly binding: readonly GiftRefusal[]
  /** Of the first rule that binds. */
  readonly because: LimitReason
  readonly text: string
}

/** The largest gift that `judgeGift` allows; what amount the facts have does not matter. */
export function mostThatMayBeGiven(facts: GiftFacts, rules: GiftingRules): MaximumGift {
  const one = { facts, rules }
  const gates = brokenGates(one)
  const [closed] = gates
  if (closed) return answer(one, { bytes: 0n, binding: gates, because: closed.code })
  return withinCaps(one)
}

/** The smallest amount above another that is one of the sizes or steps, however large; `undefined` when there is none. */
export function nextAmountAfter(bytes: bigint, rules: GiftingRules): bigint | undefined {
  const from = bytes + 1n > leastOf(rules) ? bytes + 1n : leastOf(rules)
  const fitting = (rules.sizesBytes ?? [roundUp(from, rules.stepBytes)])
    .filter((amount) => amount >= from && hasForm(amount, { rules, forms: NEXT_FORMS }))
    .toSorted(ascending)
  return fitting[0]
}

interface Bound {
  readonly bytes: bigint
  readonly because: LimitReason
  readonly refusal: GiftRefusal
}

function withinCaps(one: Case): MaximumGift {
  const some = boundsOf(one)
  const isBeyond = some.every(({ bytes }) => bytes > AMOUNT_MAX_BYTES)
  const bounds = isBeyond ? [...some, largestAmount(one)] : some
  const lowest = bounds.reduce<bigint | undefined>(
    (least, { bytes }) => (least === undefined || bytes < least ? bytes : least),
    undefined,
  )
  const bytes = largestForm(lowest ?? 0n, one.rules)
  const next = nextAmountAfter(bytes, one.rules)
  const binding = bounds.filter((bound) =>
    next === undefined ? bound.because === 'amountTooLarge' : bound.bytes < next,
  )
  const [first] = binding.toSorted((a, b) => ascending(a.bytes, b.bytes))
  if (bytes === 0n && first && first.bytes > 0n && first.bytes < leastOf(one.rules)) {
    const tooSmall = formRefusal('amountTooSmall', one)
    const refusals = [tooSmall, ...binding.map(({ refusal }) => refusal)]
    return answer(one, { bytes, binding: refusals, because: 'belowMinimum' })
  }
  const refusals = binding.map(({ refusal }) => refusal)
  if (!first) return answer(one, { bytes, binding: refusals, because: 'allOfIt' })
  const { because, text } = limitOf({ one, bound: first })
  return { bytes, binding: refusals, because, text }
}

/** No amount is larger, whoever has more. */
function largestAmount(one: Case): Bound {
  const rules = { ...one.rules, maxBytes: AMOUNT_MAX_BYTES }
  const refusal = formRefusal('amountTooLarge', { ...one, rules })
  return { bytes: AMOUNT_MAX_BYTES, because: 'amountTooLarge', refusal }
}

function boundsOf(one: Case): readonly Bound[] {
  const caps = capsOf(one).map(({ code, most }) => ({
    bytes: most.bytes,
    because: most.because ?? code,
    refusal: capRefusal(code, { most, one }),
  }))
  const bytes = greatestOf(one.rules)
  if (bytes === undefined) return caps
  const refusal = formRefusal('amountTooLarge', one)
  return [{ bytes, because: 'amountTooLarge', refusal }, ...caps]
}

function answer(one: Case, parts: Omit<MaximumGift, 'text'>): MaximumGift {
  return { ...parts, text: limitText(parts, one.facts.gigabyteBytes) }
}
