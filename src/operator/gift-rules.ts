/** Who may give how much to whom: pure functions from facts to an answer. */

import type { Usable } from '../store/ledger.ts'
import type { Account, ProfileState } from './accounts.ts'
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

/** Why not more may be given than {@link GiftLimit} says. */
export const LIMIT_REASONS = {
  unknownGiver: GIFT_REFUSALS.unknownGiver,
  giverProfileNotInstalled: GIFT_REFUSALS.giverProfileNotInstalled,
  giverProfileDeleted: GIFT_REFUSALS.giverProfileDeleted,
  nothingLeft: 'nothing is left',
  partNotGiftable: 'the rest may be used, but not given away',
  belowMinimum: 'what is left is below the smallest gift',
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
    return refusal(
      'amountTooSmall',
      `At least ${amountText(facts.minAmountBytes, facts)} must be given.`,
    )
  }
  const limit = giftLimit({ ...facts, giver })
  if (facts.amountBytes > limit.giftableBytes) {
    return refusal('moreThanMayBeGiven', limitText(limit, facts))
  }
  return { allowed: true, giver: giver.account, receiver }
}

/** How much this giver may give. {@link judgeGift} refuses one byte more, and nothing up to it on the giver's account. */
export function giftLimit(facts: {
  readonly giver: Party | undefined
  readonly minAmountBytes: bigint
}): GiftLimit {
  const { giver } = facts
  const availableBytes = giver?.usable.availableBytes ?? 0n
  const reason = limitReason(facts)
  const open = reason === 'allOfIt' || (reason === 'partNotGiftable' && giver)
  const giftableBytes = open && giver ? giver.usable.giftableBytes : 0n
  return { giftableBytes, availableBytes, reason, text: LIMIT_REASONS[reason] }
}

function limitReason(facts: {
  readonly giver: Party | undefined
  readonly minAmountBytes: bigint
}): LimitReason {
  const { giver, minAmountBytes } = facts
  if (!giver) return 'unknownGiver'
  if (notInstalled(giver.account)) return 'giverProfileNotInstalled'
  if (deleted(giver.account)) return 'giverProfileDeleted'
  const { availableBytes, giftableBytes } = giver.usable
  if (availableBytes === 0n) return 'nothingLeft'
  if (giftableBytes > 0n && giftableBytes < minAmountBytes) return 'belowMinimum'
  return giftableBytes < availableBytes ? 'partNotGiftable' : 'allOfIt'
}

function limitText(limit: GiftLimit, facts: GiftFacts): string {
  return `At most ${amountText(limit.giftableBytes, facts)} may be given, because ${limit.text}.`
}

function amountText(amountBytes: bigint, facts: GiftFacts): string {
  return formatAmount(amountBytes, facts.gigabyteBytes)
}

function refusal(
  reason: GiftRefusalReason,
  text: string = GIFT_REFUSALS[reason],
): Refused<GiftRefusalReason> {
  return { allowed: false, reason, text }
}

function notInstalled(account: { readonly profileState: ProfileState }): boolean {
  return account.profileState === 'ordered'
}

function deleted(account: { readonly profileState: ProfileState }): boolean {
  return account.profileState === 'deleted'
}
