/** Who may give how much to whom: pure functions from facts to an answer. */

import type { Usable } from '../store/ledger.ts'
import type { Account } from './accounts.ts'
import { formatAmount } from './amount.ts'

/** Why a gift is refused, in the order in which it is checked: the first that applies is the answer. */
export const GIFT_REFUSALS = {
  sameAccount: 'The giver and the receiver are the same number.',
  unknownGiver: 'The giver is not a number of this operator.',
  unknownReceiver: 'The receiver is not a number of this operator.',
  giverProfileNotInstalled: "The giver's profile has not been installed on a card yet.",
  receiverProfileNotInstalled: "The receiver's profile has not been installed on a card yet.",
  giverProfileDeleted: "The giver's profile has been deleted from its card.",
  receiverProfileDeleted: "The receiver's profile has been deleted from its card.",
  amountTooSmall: 'The amount is below the smallest gift.',
  moreThanMayBeGiven: 'The amount is more than may be given.',
} as const

export type GiftRefusalReason = keyof typeof GIFT_REFUSALS

/** What is known of one side when a gift is judged. */
export interface Party {
  readonly account: Account
  /** Exact, or at least as much as the gift in question: `usableOf` with `enoughBytes`. */
  readonly usable: Usable
}

export interface GiftFacts {
  readonly from: string
  readonly to: string
  readonly giver: Party | undefined
  readonly receiver: Account | undefined
  readonly amountBytes: bigint
  readonly minAmountBytes: bigint
  readonly gigabyteBytes: number
}

export interface Allowed {
  readonly allowed: true
  readonly giver: Account
  readonly receiver: Account
}

/** A refusal by a rule: the reason for programs, the text for people. */
export interface Refused<Reason extends string = string> {
  readonly allowed: false
  readonly reason: Reason
  readonly text: string
}

/** What ends the amount that may be given. The texts go on from "At most … may be given, because". */
export const LIMIT_REASONS = {
  giverProfileNotInstalled: 'the profile has not been installed on a card yet',
  giverProfileDeleted: 'the profile has been deleted from its card',
  nothingLeft: 'nothing is left',
  belowMinimum: 'what is left to give is below the smallest gift',
  partNotGiftable: 'the rest may be used, but not given away',
  allOfIt: 'that is all that is left',
} as const

export type LimitReason = keyof typeof LIMIT_REASONS

/** How much a subscriber may give away now, and why not more. */
export interface GiftLimit {
  readonly giftableBytes: bigint
  readonly availableBytes: bigint
  readonly reason: LimitReason
  readonly text: string
}

/** Judges a gift. The order of checks is the order of {@link GIFT_REFUSALS}. */
export function judgeGift(facts: GiftFacts): Allowed | Refused<GiftRefusalReason> {
  const { giver, receiver } = facts
  if (facts.from === facts.to) return refusal('sameAccount')
  if (!giver) return refusal('unknownGiver')
  if (!receiver) return refusal('unknownReceiver')
  if (notInstalled(giver.account)) return refusal('giverProfileNotInstalled')
  if (notInstalled(receiver)) return refusal('receiverProfileNotInstalled')
  if (deleted(giver.account)) return refusal('giverProfileDeleted')
  if (deleted(receiver)) return refusal('receiverProfileDeleted')
  if (facts.amountBytes < facts.minAmountBytes) {
    const least = formatAmount(facts.minAmountBytes, facts.gigabyteBytes)
    return refusal('amountTooSmall', `At least ${least} must be given.`)
  }
  if (facts.amountBytes > mayGive(giver, facts)) {
    return refusal('moreThanMayBeGiven', giftLimit(giver, facts).text)
  }
  return { allowed: true, giver: giver.account, receiver }
}

/** How much this giver may give: {@link judgeGift} refuses one byte more, and allows every gift up to it. */
export function giftLimit(giver: Party, rules: LimitRules): GiftLimit {
  const giftableBytes = mayGive(giver, rules)
  const reason = limitReason(giver, rules)
  const most = formatAmount(giftableBytes, rules.gigabyteBytes)
  return {
    giftableBytes,
    availableBytes: giver.usable.availableBytes,
    reason,
    text: `At most ${most} may be given, because ${LIMIT_REASONS[reason]}.`,
  }
}

type LimitRules = Pick<GiftFacts, 'minAmountBytes' | 'gigabyteBytes'>

function mayGive(giver: Party, rules: LimitRules): bigint {
  const { giftableBytes } = giver.usable
  if (notInstalled(giver.account) || deleted(giver.account)) return 0n
  return giftableBytes < rules.minAmountBytes ? 0n : giftableBytes
}

function limitReason(giver: Party, rules: LimitRules): LimitReason {
  const { availableBytes, giftableBytes } = giver.usable
  if (notInstalled(giver.account)) return 'giverProfileNotInstalled'
  if (deleted(giver.account)) return 'giverProfileDeleted'
  if (availableBytes === 0n) return 'nothingLeft'
  if (giftableBytes > 0n && giftableBytes < rules.minAmountBytes) return 'belowMinimum'
  return giftableBytes < availableBytes ? 'partNotGiftable' : 'allOfIt'
}

function refusal(
  reason: GiftRefusalReason,
  text: string = GIFT_REFUSALS[reason],
): Refused<GiftRefusalReason> {
  return { allowed: false, reason, text }
}

function notInstalled(account: Account): boolean {
  return account.profileState === 'ordered'
}

function deleted(account: Account): boolean {
  return account.profileState === 'deleted'
}
