/** The rules about the amount of a gift: forms that an amount must have, and caps that it must keep below. */

import { daysOn, midnightAfter, monthStartAfter } from '../calendar.ts'
import type { GiftFacts, LotFacts, ReceiverFacts, SenderFacts } from './facts.ts'
import type { CapCode, Case, FormCode } from './gates.ts'
import type { LimitReason, RefusalParams } from './refusals.ts'
import type { FeeRule, GiftingRules } from './types.ts'

/** A form that amounts have. */
export interface Form {
  fits(amountBytes: bigint, rules: GiftingRules): boolean
  params(rules: GiftingRules): RefusalParams
}

/** The most that one rule lets be given. */
export interface Most {
  /** Never negative. */
  readonly bytes: bigint
  /** Of the texts about limits; the rule's own code unless said. */
  readonly because?: LimitReason
  readonly params?: RefusalParams
  /** When the rule lets more be given; absent when waiting does not help. */
  readonly untilMs?: number | undefined
}

/** What rules about single lots look at. */
export interface LotCase {
  readonly facts: Pick<GiftFacts, 'atMs' | 'timeZone'>
  readonly rules: GiftingRules
}

type Cap = (one: Case) => Most | undefined

export const FORMS: { readonly [Code in FormCode]: Form } = {
  amountTooSmall: {
    fits: (amountBytes, rules) => amountBytes >= leastOf(rules),
    params: (rules) => ({ leastBytes: leastOf(rules) }),
  },
  amountTooLarge: {
    fits: (amountBytes, rules) => amountBytes <= (greatestOf(rules) ?? amountBytes),
    params: (rules) => ({ mostBytes: greatestOf(rules) ?? 0n }),
  },
  notInSteps: {
    fits: (amountBytes, { stepBytes }) => !stepBytes || amountBytes % stepBytes === 0n,
    params: ({ stepBytes }) => ({ ...(stepBytes !== undefined && { stepBytes }) }),
  },
  notASize: {
    fits: (amountBytes, { sizesBytes }) => !sizesBytes || sizesBytes.includes(amountBytes),
    params: ({ sizesBytes }) => ({ ...(sizesBytes && { sizesBytes }) }),
  },
}

/** In the order of the table of refusals. */
export const CAPS: { readonly [Code in CapCode]: Cap } = {
  planShare: ofSender(({ sender, rules }) =>
    shareOf(sender.plan?.amountBytes ?? 0n, rules.planPercentPerGift),
  ),
  planShareOfPeriod: ofSender(planShareOfPeriod),
  remainingShare: ofSender(({ sender, rules }) =>
    shareOf(leftOf(sender), rules.remainingPercentPerGift),
  ),
  giverDayBytes: ofSender(({ sender, facts, rules }) =>
    lessUsed(rules.senderDayBytes, { used: sender.counts.dayBytes, until: () => dayEnd(facts) }),
  ),
  giverMonthBytes: ofSender(({ sender, facts, rules }) =>
    lessUsed(rules.senderMonthBytes, {
      used: sender.counts.monthBytes,
      until: () => monthEnd(facts),
    }),
  ),
  receiverDayBytes: ofReceiver(({ receiver, facts, rules }) =>
    lessUsed(rules.receiverDayBytes, {
      used: receiver.counts.dayBytes,
      until: () => dayEnd(facts),
    }),
  ),
  receiverMonthBytes: ofReceiver(({ receiver, facts, rules }) =>
    lessUsed(rules.receiverMonthBytes, {
      used: receiver.counts.monthBytes,
      until: () => monthEnd(facts),
    }),
  ),
  mustRemain: ofSender(mustRemain),
  giverMoney: ofSender(({ sender, facts, rules }) =>
    rules.fee?.payer === 'sender' ? paidBy(sender.moneyMinor, rules.fee, facts) : undefined,
  ),
  receiverMoney: ofReceiver(({ receiver, facts, rules }) =>
    rules.fee?.payer === 'receiver' ? paidBy(receiver.moneyMinor, rules.fee, facts) : undefined,
  ),
  originNotGiftable: ofLots('originNotGiftable'),
  classNotGiftable: ofLots('classNotGiftable'),
  receivedNotGiftable: ofLots('receivedNotGiftable'),
  notNearExpiry: ofLots('notNearExpiry'),
  moreThanMayBeGiven: ofSender(({ sender, ...one }) => {
    const bytes = sum(sender.lots.filter((lot) => mayBeGiven(lot, one)))
    const left = sum(sender.lots)
    const because = left === 0n ? 'nothingLeft' : bytes < left ? 'partNotGiftable' : 'allOfIt'
    return { bytes, because }
  }),
}

/** Whether a lot's data may be given away now, by what it is and by the operator's rules. */
export function mayBeGiven(lot: LotFacts, one: LotCase): boolean {
  return lot.giftable && Object.values(LOT_RULES).every((keeps) => keeps(lot, one))
}

/** What giving an amount costs; 0 without a rule. A part of a gigabyte counts as one. */
export function feeOf(
  rule: FeeRule | undefined,
  of: { readonly amountBytes: bigint; readonly gigabyteBytes: number },
): bigint {
  if (!rule) return 0n
  const gigabyteBytes = BigInt(of.gigabyteBytes)
  const gigabytes = (of.amountBytes + gigabyteBytes - 1n) / gigabyteBytes
  return rule.amountMinor + (rule.perGigabyteMinor ?? 0n) * gigabytes
}

/** How much of the giver's data must be known to judge an amount: sums above it need not be exact. */
export function enoughToJudge(amountBytes: bigint, rules: GiftingRules): bigint {
  const percent = BigInt(rules.remainingPercentPerGift ?? 100)
  const forShare = (amountBytes * 100n + percent - 1n) / percent
  const forRest = amountBytes + (rules.keepBytes ?? 0n)
  return forShare > forRest ? forShare : forRest
}

/** The smallest gift: of nothing is none. */
export function leastOf(rules: GiftingRules): bigint {
  const sizes = (rules.sizesBytes ?? []).toSorted(ascending)
  return [1n, rules.minBytes ?? 1n, sizes[0] ?? 1n].toSorted(ascending).at(-1) as bigint
}

/** The largest gift, where there is one. */
export function greatestOf({ maxBytes, sizesBytes = [] }: GiftingRules): bigint | undefined {
  const [largest] = sizesBytes.toSorted(ascending).toReversed()
  if (maxBytes === undefined || largest === undefined) return maxBytes ?? largest
  return maxBytes < largest ? maxBytes : largest
}

/** The largest amount up to a bound that has every form that amounts must have; 0 when there is none. */
export function largestForm(bound: bigint, rules: GiftingRules): bigint {
  const candidates = rules.sizesBytes ?? [roundDown(bound, rules.stepBytes)]
  const fitting = candidates.filter(
    (amount) => amount <= bound && hasForm(amount, { rules, forms: ALL_FORMS }),
  )
  return fitting.toSorted(ascending).at(-1) ?? 0n
}

/** The forms of an amount that is not held against the largest gift. */
export const NEXT_FORMS = ['amountTooSmall', 'notInSteps', 'notASize'] as const
const ALL_FORMS = [...NEXT_FORMS, 'amountTooLarge'] as const

export function hasForm(
  amountBytes: bigint,
  of: { readonly rules: GiftingRules; readonly forms: readonly FormCode[] },
): boolean {
  return of.forms.every((code) => FORMS[code].fits(amountBytes, of.rules))
}

/** The first of the steps that is not below. */
export function roundUp(bytes: bigint, stepBytes: bigint | undefined): bigint {
  return stepBytes ? roundDown(bytes + stepBytes - 1n, stepBytes) : bytes
}

export function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b)
}

function roundDown(bytes: bigint, stepBytes: bigint | undefined): bigint {
  return stepBytes ? bytes - (bytes % stepBytes) : bytes
}

type LotCode = 'originNotGiftable' | 'classNotGiftable' | 'receivedNotGiftable' | 'notNearExpiry'

const LOT_RULES: { readonly [Code in LotCode]: (lot: LotFacts, one: LotCase) => boolean } = {
  originNotGiftable: (lot, { rules }) => rules.origins?.includes(lot.origin) ?? true,
  classNotGiftable: (lot, { rules }) => rules.trafficClasses?.includes(lot.trafficClass) ?? true,
  receivedNotGiftable: (lot, { rules }) => rules.regift !== false || lot.origin !== 'gift',
  notNearExpiry: (lot, { facts, rules }) => opensAt(lot, { facts, rules }) <= facts.atMs,
}

/** A rule about lots is a cap only where it keeps data back. */
function ofLots(code: LotCode): Cap {
  return ofSender(({ sender, ...one }) => {
    const kept = sender.lots.filter((lot) => LOT_RULES[code](lot, one))
    if (kept.length === sender.lots.length) return undefined
    return {
      bytes: sum(kept),
      ...(code === 'notNearExpiry' && { untilMs: nextToOpen(sender, one) }),
    }
  })
}

const DAY_MS = 86_400_000

/** When a lot's window of giving opens; never, for one that is in no window. */
function opensAt(lot: LotFacts, { facts, rules }: LotCase): number {
  if (!rules.nearExpiry) return -Infinity
  // Days of life, of which one may be an hour shorter or longer.
  const lifeDays = Math.round((lot.validUntilMs - lot.validFromMs) / DAY_MS)
  const window = rules.nearExpiry.find(({ lifeDaysMax = Infinity }) => lifeDays <= lifeDaysMax)
  if (!window) return Infinity
  if (window.lastDays === undefined) return -Infinity
  const { timeZone } = facts
  return daysOn({ atMs: lot.validUntilMs, timeZone, days: -window.lastDays })
}

function nextToOpen(sender: SenderFacts, one: Case): number | undefined {
  const opening = sender.lots
    .map((lot) => opensAt(lot, one))
    .filter((atMs) => atMs > one.facts.atMs && atMs < Infinity)
  return opening.length > 0 ? Math.min(...opening) : undefined
}

function planShareOfPeriod({ sender, rules }: OfSender): Most | undefined {
  const share = shareOf(sender.plan?.amountBytes ?? 0n, rules.planPercentPerPeriod)
  if (!share) return undefined
  const most = lessUsed(share.bytes, {
    used: sender.periodBytes,
    until: () => sender.periodUntilMs,
  })
  return most && { ...most, params: { ...share.params, ...most.params } }
}

function mustRemain({ sender, rules }: OfSender): Most | undefined {
  const { keepBytes } = rules
  if (keepBytes === undefined) return undefined
  return { bytes: notBelow0(leftOf(sender) - keepBytes), params: { keepBytes } }
}

function paidBy(moneyMinor: bigint, fee: FeeRule, facts: GiftFacts): Most | undefined {
  const { amountMinor, perGigabyteMinor = 0n } = fee
  const feeMinor = feeOf(fee, facts)
  if (moneyMinor < amountMinor) return { bytes: 0n, params: { feeMinor } }
  if (perGigabyteMinor === 0n) return undefined
  const gigabytes = (moneyMinor - amountMinor) / perGigabyteMinor
  return { bytes: gigabytes * BigInt(facts.gigabyteBytes), params: { feeMinor } }
}

function shareOf(bytes: bigint, percent: number | undefined): Most | undefined {
  return percent === undefined
    ? undefined
    : { bytes: (bytes * BigInt(percent)) / 100n, params: { percent } }
}

function lessUsed(
  limit: bigint | undefined,
  of: { readonly used: bigint; until(): number | undefined },
): Most | undefined {
  if (limit === undefined) return undefined
  // Waiting helps only against what has been given before.
  const untilMs = of.used > 0n ? of.until() : undefined
  return { bytes: notBelow0(limit - of.used), untilMs }
}

function dayEnd(facts: GiftFacts): number {
  return midnightAfter({ ...facts, days: 0 })
}

function monthEnd(facts: GiftFacts): number {
  return monthStartAfter({ ...facts, months: 1 })
}

/** What the giver has for general traffic, giftable or not. */
function leftOf(sender: SenderFacts): bigint {
  return sum(sender.lots.filter((lot) => lot.trafficClass === 'general'))
}

function sum(lots: readonly LotFacts[]): bigint {
  return lots.reduce((total, lot) => total + lot.availableBytes, 0n)
}

function notBelow0(bytes: bigint): bigint {
  return bytes > 0n ? bytes : 0n
}

type OfSender = Case & { readonly sender: SenderFacts }

function ofSender(cap: (one: OfSender) => Most | undefined): Cap {
  return (one) => one.facts.sender && cap({ ...one, sender: one.facts.sender })
}

function ofReceiver(
  cap: (one: Case & { readonly receiver: ReceiverFacts }) => Most | undefined,
): Cap {
  return (one) => one.facts.receiver && cap({ ...one, receiver: one.facts.receiver })
}
