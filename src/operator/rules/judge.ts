/** Judges gifts: from facts and an operator's rules to an answer that names every rule which is broken. */

import { formatAmount } from '../amount.ts'
import type { GiftFacts, ReceiverFacts, SenderFacts } from './facts.ts'
import {
  GATES,
  type Breach,
  type CapCode,
  type Case,
  type FormCode,
  type GateCode,
} from './gates.ts'
import {
  GIFT_REFUSALS,
  LIMIT_REASONS,
  NOTHING_GIFTABLE,
  type GiftRefusal,
  type GiftRefusalCode,
  type LimitReason,
  type RefusalParams,
} from './refusals.ts'
import { CAPS, feeOf, FORMS, largestForm, leastOf, type Most } from './sizes.ts'
import type { Alternative, GiftingRules, GiftService } from './types.ts'

export type Verdict =
  | {
      readonly allowed: true
      readonly sender: SenderFacts
      /** Absent for a gift that waits for its receiver. */
      readonly receiver: ReceiverFacts | undefined
      readonly feeMinor: bigint
    }
  | {
      readonly allowed: false
      /** Every rule that is broken, in the order of {@link GIFT_REFUSALS}; never empty. */
      readonly refusals: readonly [GiftRefusal, ...GiftRefusal[]]
    }

/** Judges a gift by all rules at once. */
export function judgeGift(facts: GiftFacts, rules: GiftingRules): Verdict {
  const one = { facts, rules }
  const [first, ...others] = [
    ...brokenGates(one),
    ...brokenForms(facts.amountBytes, one),
    ...brokenCaps(facts.amountBytes, one),
  ]
  if (first) return { allowed: false, refusals: [first, ...others] }
  return {
    allowed: true,
    // A gift without a giver is one that a gate has refused.
    sender: facts.sender as SenderFacts,
    receiver: facts.receiver,
    feeMinor: feeOf(rules.fee, facts),
  }
}

/** The rules that refuse any amount. */
export function brokenGates(one: Case): readonly GiftRefusal[] {
  return codesOf(GATES).flatMap((code) => {
    const breach = GATES[code](one)
    return breach ? [refusalOf(code, { breach, one })] : []
  })
}

/** What each rule about amounts lets be given, where it limits anything. */
export function capsOf(one: Case): readonly { readonly code: CapCode; readonly most: Most }[] {
  return codesOf(CAPS).flatMap((code) => {
    const most = CAPS[code](one)
    return most ? [{ code, most }] : []
  })
}

/** The forms that an amount does not have. */
export function brokenForms(amountBytes: bigint, one: Case): readonly GiftRefusal[] {
  return codesOf(FORMS)
    .filter((code) => !FORMS[code].fits(amountBytes, one.rules))
    .map((code) => formRefusal(code, one))
}

export function formRefusal(code: FormCode, one: Case): GiftRefusal {
  return refusalOf(code, { breach: { params: FORMS[code].params(one.rules) }, one })
}

/** What a cap refuses. The amount that it names is one that may be given: of the sizes or in the steps of the rules. */
export function capRefusal(
  code: CapCode,
  of: { readonly most: Most; readonly one: Case },
): GiftRefusal {
  const { most, one } = of
  const { bytes, params, untilMs, because = code } = most
  const limit = limitOf({ one, bound: { bytes, because } })
  const breach = { params: { ...params, mostBytes: limit.bytes }, untilMs }
  return { ...refusalOf(code, { breach, one }), text: limit.text }
}

interface Limit {
  readonly bytes: bigint
  readonly because: LimitReason
}

/** What a bound leaves to give: where amounts have steps or sizes, it may be less than the bound, and because of them. */
export function limitOf(of: {
  readonly one: Case
  readonly bound: Limit
}): Limit & { readonly text: string } {
  const { one, bound } = of
  const { gigabyteBytes } = one.facts
  const bytes = largestForm(bound.bytes, one.rules)
  if (bytes === bound.bytes) return { ...bound, text: limitText(bound, gigabyteBytes) }
  if (bound.bytes < leastOf(one.rules)) {
    const limit = { bytes, because: 'belowMinimum' as const }
    return { ...limit, text: limitText(limit, gigabyteBytes) }
  }
  const because = one.rules.sizesBytes ? 'notASize' : 'notInSteps'
  const form = textOf(because, { params: FORMS[because].params(one.rules), gigabyteBytes })
  const clause = clauseOf(bound)
  return {
    bytes,
    because,
    text:
      `${mostText(bytes, gigabyteBytes)}, because ${asClause(form)}. ` +
      `Otherwise it would be ${formatAmount(bound.bytes, gigabyteBytes)}` +
      (clause === undefined ? '.' : `, because ${clause}.`),
  }
}

/** "At most 20 GB may be given, because that is all that is left." */
export function limitText(limit: Limit, gigabyteBytes: number): string {
  const most = mostText(limit.bytes, gigabyteBytes)
  const clause = clauseOf(limit)
  if (clause !== undefined) return `${most}, because ${clause}.`
  return `${most}. ${GIFT_REFUSALS[limit.because as GiftRefusalCode]}`
}

function mostText(bytes: bigint, gigabyteBytes: number): string {
  return `At most ${formatAmount(bytes, gigabyteBytes)} may be given`
}

function clauseOf({ bytes, because }: Limit): string | undefined {
  if (because === 'partNotGiftable' && bytes === 0n) return NOTHING_GIFTABLE
  const clauses: Readonly<Record<string, string>> = LIMIT_REASONS
  return clauses[because]
}

/** A sentence without its capital letter and its stop. */
function asClause(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1, -1)
}

function brokenCaps(amountBytes: bigint, one: Case): readonly GiftRefusal[] {
  return capsOf(one)
    .filter(({ most }) => amountBytes > most.bytes)
    .filter(({ code }) => !saysNothingMore({ code, one }))
    .map(({ code, most }) => capRefusal(code, { most, one }))
}

const SERVICES_WITHOUT_GIFTS: readonly (GiftService | undefined)[] = ['none', 'group', 'bought']

/** Where the operator has no such service, none of its data is for giving: the one follows from the other. */
function saysNothingMore({ code, one }: { readonly code: CapCode; readonly one: Case }): boolean {
  if (code !== 'moreThanMayBeGiven' || !SERVICES_WITHOUT_GIFTS.includes(one.rules.service))
    return false
  const { lots = [] } = one.facts.sender ?? {}
  return lots.length > 0 && !lots.some(({ giftable }) => giftable)
}

function refusalOf(
  code: GiftRefusalCode,
  of: { readonly breach: Breach; readonly one: Case },
): GiftRefusal {
  const { params = {}, untilMs } = of.breach
  const alternatives = alternativesTo(code, of.one.rules)
  return {
    code,
    text: textOf(code, { params, gigabyteBytes: of.one.facts.gigabyteBytes }),
    params,
    ...(untilMs !== undefined && { untilMs }),
    ...(alternatives && { alternatives }),
  }
}

function textOf(
  code: GiftRefusalCode,
  of: { readonly params: RefusalParams; readonly gigabyteBytes: number },
): string {
  const { leastBytes, mostBytes, stepBytes, sizesBytes } = of.params
  const amount = (bytes: bigint) => formatAmount(bytes, of.gigabyteBytes)
  if (leastBytes !== undefined) return `At least ${amount(leastBytes)} must be given.`
  if (code === 'amountTooLarge' && mostBytes !== undefined)
    return `At most ${amount(mostBytes)} are given at once.`
  if (stepBytes !== undefined) return `Data is given in steps of ${amount(stepBytes)}.`
  if (sizesBytes) return `Data is given in these sizes: ${sizesBytes.map(amount).join(', ')}.`
  return GIFT_REFUSALS[code]
}

const WITHIN_THE_NETWORK: readonly Alternative[] = ['group', 'boughtGift', 'market']

/** What else there is, where the service is what is missing. Nothing within the network helps somebody outside it. */
function alternativesTo(
  code: GiftRefusalCode,
  { alternatives = [] }: GiftingRules,
): readonly Alternative[] | undefined {
  switch (code) {
    case 'serviceNotOffered':
    case 'groupOnly':
    case 'boughtOnly':
    case 'serviceAwaitsApproval':
    case 'roamingGiftsAwaitApproval':
    case 'giverRoaming':
      return alternatives
    case 'unknownReceiver':
    case 'otherOperator': {
      const outside = alternatives.filter((one) => !WITHIN_THE_NETWORK.includes(one))
      return outside.includes('useItYourself') ? outside : [...outside, 'useItYourself']
    }
    default:
      return undefined
  }
}

function codesOf<Code extends GateCode | FormCode | CapCode>(
  table: Readonly<Record<Code, unknown>>,
): readonly Code[] {
  return Object.keys(table) as Code[]
}
