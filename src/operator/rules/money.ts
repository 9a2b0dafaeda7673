/** The rules by which subscribers send each other money: from facts to an answer that names every rule which is broken. */

import { midnightAfter } from '../calendar.ts'
import type { Refused } from '../refused.ts'
import type { SubscriptionStatus } from './facts.ts'
import type { RuleSource } from './types.ts'

/** A code with which the giver repeats the wish by USSD. */
export interface MoneyCodeRule {
  readonly digits: number
  readonly withinMinutes: number
  /** Wrong codes until the request is over. */
  readonly tries: number
}

/** Every rule is optional: one that is absent limits nothing. Money is minor units of the operator's currency. */
export interface MoneyRules {
  readonly minMinor?: bigint
  readonly maxMinor?: bigint
  /** All that is sent on a calendar day of the operator. */
  readonly senderDayMinor?: bigint
  readonly gapMinutes?: number
  /** What the giver must have paid the operator before, ever. */
  readonly spentBeforeMinor?: bigint
  /** What must be left on the giver's account. */
  readonly keepMinor?: bigint
  readonly code?: MoneyCodeRule
}

export type MoneyRuleName = keyof MoneyRules

/** What an operator's file says about it, with where each rule was found. */
export interface MoneyTransferRules {
  readonly rules: MoneyRules
  readonly sources: { readonly [Name in MoneyRuleName]?: RuleSource }
}

/** Everything that a rule may look at. */
export interface MoneyFacts {
  readonly from: string
  readonly to: string
  readonly amountMinor: bigint
  readonly atMs: number
  /** IANA name. */
  readonly timeZone: string
  readonly sender: MoneySenderFacts
  /** Absent when nobody has the number. */
  readonly receiver: MoneyReceiverFacts | undefined
}

export interface MoneySenderFacts {
  readonly operator: string
  readonly status: SubscriptionStatus
  readonly isLocked: boolean
  readonly isSuspended: boolean
  /** Of the account's own: what might be owed is not sent. */
  readonly moneyMinor: bigint
  /** Since the operator's midnight. */
  readonly sentTodayMinor: bigint
  readonly lastSentAtMs: number | undefined
  readonly spentMinor: bigint
}

export interface MoneyReceiverFacts {
  readonly operator: string
  readonly status: SubscriptionStatus
  readonly blocksSender: boolean
}

/** Every code in the order in which it is checked, with what it says in English. See docs/gift-refusals.md. */
export const MONEY_REFUSALS = {
  moneyNotOffered: 'This operator does not let subscribers send money.',
  sameAccount: 'The giver and the receiver are the same number.',
  unknownReceiver: 'The receiver is not a number of this operator.',
  otherOperator: 'The receiver is a subscriber of another operator.',
  giverNotActive: "The giver's subscription is not active.",
  receiverNotActive: "The receiver's subscription is not active.",
  giverLocked: 'The giver has locked gifts from this number.',
  giverSuspended: 'The operator has stopped gifts from this number.',
  blockedByReceiver: 'The receiver does not take gifts from this number.',
  moneyTooSoon: 'Money was sent a short while ago.',
  moneyTooLittle: 'Less than the least sum that is sent.',
  moneyTooMuch: 'More than the greatest sum that is sent.',
  spentTooLittle: 'The giver has not spent enough on the account yet.',
  moneyPerDay: 'More than is sent in a day.',
  moneyMustRemain: 'Too little would be left on the account of the giver.',
  notEnoughMoney: 'The giver does not have so much money.',
} as const

export type MoneyRefusalCode = keyof typeof MONEY_REFUSALS

/** One rule that is broken. Money is minor units. */
export interface MoneyRefusal {
  readonly code: MoneyRefusalCode
  readonly text: string
  readonly params: {
    readonly leastMinor?: bigint
    /** The most that would do now, by this rule. */
    readonly mostMinor?: bigint
    /** What the rule allows in all. */
    readonly limitMinor?: bigint
    readonly keepMinor?: bigint
    readonly minutes?: number
  }
  /** When the rule is over; absent when waiting does not help. */
  readonly untilMs?: number
}

/** Money that is not sent, with every rule against it; `reason` and `text` are those of the first. */
export interface MoneyRefused extends Refused {
  readonly refusals: readonly MoneyRefusal[]
}

interface Case {
  readonly facts: MoneyFacts
  readonly rules: MoneyRules
}

type Breach = Pick<MoneyRefusal, 'params' | 'untilMs'>

const MINUTE_MS = 60_000

/** Judges by all rules at once; nothing is broken when the list is empty. An operator without rules sends nothing. */
export function judgeMoney(
  facts: MoneyFacts,
  rules: MoneyRules | undefined,
): readonly MoneyRefusal[] {
  if (!rules) return [refusalOf('moneyNotOffered', { params: {} })]
  return CHECKS.flatMap(([code, check]) => {
    const breach = check({ facts, rules })
    return breach ? [refusalOf(code, breach)] : []
  })
}

/** All broken rules as one refusal. */
export function moneyRefused(refusals: readonly [MoneyRefusal, ...MoneyRefusal[]]): MoneyRefused {
  const [{ code, text }] = refusals
  return { allowed: false, reason: code, text, refusals }
}

const CHECKS: readonly (readonly [MoneyRefusalCode, (one: Case) => Breach | undefined])[] = [
  ['sameAccount', ({ facts }) => brokenIf(facts.from === facts.to)],
  ['unknownReceiver', ({ facts }) => brokenIf(!facts.receiver)],
  [
    'otherOperator',
    ({ facts: { sender, receiver } }) =>
      brokenIf(receiver !== undefined && receiver.operator !== sender.operator),
  ],
  ['giverNotActive', ({ facts }) => brokenIf(facts.sender.status !== 'active')],
  [
    'receiverNotActive',
    ({ facts: { receiver } }) => brokenIf(receiver !== undefined && receiver.status !== 'active'),
  ],
  ['giverLocked', ({ facts }) => brokenIf(facts.sender.isLocked)],
  ['giverSuspended', ({ facts }) => brokenIf(facts.sender.isSuspended)],
  ['blockedByReceiver', ({ facts }) => brokenIf(facts.receiver?.blocksSender)],
  ['moneyTooSoon', tooSoon],
  [
    'moneyTooLittle',
    ({ facts, rules: { minMinor = 1n } }) =>
      brokenIf(facts.amountMinor < minMinor, { leastMinor: minMinor }),
  ],
  [
    'moneyTooMuch',
    ({ facts, rules: { maxMinor } }) =>
      maxMinor === undefined
        ? undefined
        : brokenIf(facts.amountMinor > maxMinor, { mostMinor: maxMinor, limitMinor: maxMinor }),
  ],
  [
    'spentTooLittle',
    ({ facts, rules: { spentBeforeMinor = 0n } }) =>
      brokenIf(facts.sender.spentMinor < spentBeforeMinor, { leastMinor: spentBeforeMinor }),
  ],
  ['moneyPerDay', perDay],
  [
    'moneyMustRemain',
    ({ facts, rules: { keepMinor = 0n } }) =>
      brokenIf(keepMinor > 0n && facts.sender.moneyMinor - facts.amountMinor < keepMinor, {
        keepMinor,
        mostMinor: orNothing(facts.sender.moneyMinor - keepMinor),
      }),
  ],
  [
    'notEnoughMoney',
    ({ facts, rules: { keepMinor = 0n } }) =>
      brokenIf(keepMinor === 0n && facts.sender.moneyMinor < facts.amountMinor, {
        mostMinor: orNothing(facts.sender.moneyMinor),
      }),
  ],
]

function tooSoon({ facts, rules: { gapMinutes: minutes } }: Case): Breach | undefined {
  const { lastSentAtMs } = facts.sender
  if (minutes === undefined || lastSentAtMs === undefined) return undefined
  const untilMs = lastSentAtMs + minutes * MINUTE_MS
  return facts.atMs < untilMs ? { params: { minutes }, untilMs } : undefined
}

function perDay({ facts, rules: { senderDayMinor: limitMinor } }: Case): Breach | undefined {
  if (limitMinor === undefined) return undefined
  const { sender, amountMinor, atMs, timeZone } = facts
  const mostMinor = orNothing(limitMinor - sender.sentTodayMinor)
  if (amountMinor <= mostMinor) return undefined
  // More than a whole day allows is no less too much tomorrow.
  const waits = amountMinor <= limitMinor
  const params = { limitMinor, mostMinor }
  return waits ? { params, untilMs: midnightAfter({ atMs, timeZone, days: 0 }) } : { params }
}

function orNothing(minor: bigint): bigint {
  return minor < 0n ? 0n : minor
}

function brokenIf(
  isBroken: boolean | undefined,
  params: MoneyRefusal['params'] = {},
): Breach | undefined {
  return isBroken ? { params } : undefined
}

function refusalOf(code: MoneyRefusalCode, breach: Breach): MoneyRefusal {
  return { code, text: MONEY_REFUSALS[code], ...breach }
}
