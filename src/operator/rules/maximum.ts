/** How much may be given, and why not more: the same rules that judge gifts, asked the other way round. */

import { AMOUNT_MAX_BYTES } from '../../store/ledger.ts'
import type { GiftFacts } from './facts.ts'
import type { Case, FormCode } from './gates.ts'
import { brokenGates, capRefusal, capsOf, formRefusal, limitText } from './judge.ts'
import type { GiftRefusal, LimitReason } from './refusals.ts'
import { ascending, FORMS, greatestOf, leastOf } from './sizes.ts'
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
  if (bytes === 0n && first && first.bytes > 0n) {
    const tooSmall = formRefusal('amountTooSmall', one)
    const refusals = [tooSmall, ...binding.map(({ refusal }) => refusal)]
    return answer(one, { bytes, binding: refusals, because: 'belowMinimum' })
  }
  const because = first?.because ?? 'allOfIt'
  const most = answer(one, { bytes, binding: binding.map(({ refusal }) => refusal), because })
  // What is left stands between two steps: the reason alone would name an amount that is not there.
  if (!first || bytes === 0n || bytes === first.bytes) return most
  const form = formRefusal(one.rules.sizesBytes ? 'notASize' : 'notInSteps', one)
  return { ...most, text: `${most.text} ${form.text}` }
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

function largestForm(bound: bigint, rules: GiftingRules): bigint {
  const candidates = rules.sizesBytes ?? [roundDown(bound, rules.stepBytes)]
  const fitting = candidates.filter(
    (amount) => amount <= bound && hasForm(amount, { rules, forms: ALL_FORMS }),
  )
  return fitting.toSorted(ascending).at(-1) ?? 0n
}

const NEXT_FORMS = ['amountTooSmall', 'notInSteps', 'notASize'] as const
const ALL_FORMS = [...NEXT_FORMS, 'amountTooLarge'] as const

function hasForm(
  amountBytes: bigint,
  of: { readonly rules: GiftingRules; readonly forms: readonly FormCode[] },
): boolean {
  return of.forms.every((code) => FORMS[code].fits(amountBytes, of.rules))
}

function answer(one: Case, parts: Omit<MaximumGift, 'text'>): MaximumGift {
  return { ...parts, text: limitText(parts, one.facts.gigabyteBytes) }
}

function roundDown(bytes: bigint, stepBytes: bigint | undefined): bigint {
  return stepBytes ? bytes - (bytes % stepBytes) : bytes
}

function roundUp(bytes: bigint, stepBytes: bigint | undefined): bigint {
  return stepBytes ? roundDown(bytes + stepBytes - 1n, stepBytes) : bytes
}
