/** Why a gift may be refused: one table of codes, in the order in which the rules are checked. See docs/gift-refusals.md. */

import { LabError } from '../../base/errors.ts'
import type { Refused } from '../refused.ts'
import type { Alternative } from './types.ts'

/** Every code, with what it says in English when it has nothing to add. */
export const GIFT_REFUSALS = {
  sameAccount: 'The giver and the receiver are the same number.',
  unknownGiver: 'The giver is not a number of this operator.',
  unknownReceiver: 'The receiver is not a number of this operator.',
  otherOperator: 'The receiver is a subscriber of another operator.',

  serviceNotOffered: 'This operator does not let subscribers give data.',
  groupOnly: 'This operator shares data in groups only.',
  boughtOnly: 'This operator lets subscribers give only what they buy for it.',
  serviceAwaitsApproval: 'Giving data is not approved yet.',
  roamingGiftsAwaitApproval: 'Giving data from abroad is not approved yet.',

  giverProfileNotInstalled: "The giver's profile has not been installed on a card yet.",
  receiverProfileNotInstalled: "The receiver's profile has not been installed on a card yet.",
  giverProfileDeleted: "The giver's profile has been deleted from its card.",
  receiverProfileDeleted: "The receiver's profile has been deleted from its card.",
  giverNotActive: "The giver's subscription is not active.",
  receiverNotActive: "The receiver's subscription is not active.",
  giverLocked: 'The giver has locked gifts from this number.',
  giverSuspended: 'The operator has stopped gifts from this number.',
  blockedByReceiver: 'The receiver does not take gifts from this number.',

  giverKind: 'Customers of this kind may not give.',
  receiverKind: 'Customers of this kind may not receive.',
  giverAgeGroup: "Subscribers of the giver's age may not give.",
  receiverAgeGroup: "Subscribers of the receiver's age may not receive.",
  giverPlan: "The giver's plan is not one from which data may be given.",
  otherRegion: 'The giver and the receiver are of different regions.',
  otherPayment: 'Data is not given between prepaid and postpaid subscribers.',
  giverNotIdentified: 'The giver has not shown who that is.',
  receiverNotIdentified: 'The receiver has not shown who that is.',
  feeNotCharged: "The fee of the giver's plan has not been charged for this period.",
  giverTooNew: 'The giver has not been a subscriber for long enough.',
  receiverTooNew: 'The receiver has not been a subscriber for long enough.',
  provisionedRecently: "The giver's profile came onto its card a short while ago.",
  returnedRecently: 'The giver came back from abroad a short while ago.',
  coolingAfterRoaming: 'By law this service rests for a while after the return from abroad.',
  receiverInactive: 'The receiver has not used the subscription for too long.',
  giverRoaming: 'Data is not given from abroad.',
  receiverRoaming: 'Data is not given to subscribers who are abroad.',

  closedDay: 'Data is not given on this day of the month.',
  tooSoon: 'The last gift was a short while ago.',
  giverDayGifts: 'The giver has made all gifts of this day.',
  giverMonthGifts: 'The giver has made all gifts of this month.',
  giverMonthReceivers: 'The giver has given to as many others as a month allows.',
  receiverDayGifts: 'The receiver has had all gifts of this day.',
  receiverMonthGifts: 'The receiver has had all gifts of this month.',
  giverHasReceived: 'The giver has a received package that is not used up.',
  receiverHasReceived: 'The receiver has a received package that is not used up.',
  velocity: 'The giver makes gifts too fast.',
  fanOut: 'The giver gives to too many others.',
  fanIn: 'The receiver is given data by too many others.',
  ring: 'The data would come back to where it came from.',

  amountTooSmall: 'The amount is below the smallest gift.',
  amountTooLarge: 'The amount is above the largest gift.',
  notInSteps: 'The amount is not a multiple of the step in which data is given.',
  notASize: 'The amount is not one of the sizes in which data is given.',
  planShare: 'The amount is too large a part of what the plan grants.',
  planShareOfPeriod: 'The gifts of the period would be too large a part of what the plan grants.',
  remainingShare: 'The amount is too large a part of what is left.',
  giverDayBytes: 'The giver would give more than a day allows.',
  giverMonthBytes: 'The giver would give more than a month allows.',
  receiverDayBytes: 'The receiver would get more than a day allows.',
  receiverMonthBytes: 'The receiver would get more than a month allows.',
  mustRemain: 'Too little would be left.',
  giverMoney: "The giver's money does not pay the fee.",
  receiverMoney: "The receiver's money does not pay the fee.",
  originNotGiftable: 'Data of such origin is not given away.',
  classNotGiftable: 'Data for certain services only is not given away.',
  receivedNotGiftable: 'Received data is not passed on.',
  notNearExpiry: 'Data is given in its last days only.',
  moreThanMayBeGiven: 'The amount is more than may be given.',
} as const

export type GiftRefusalCode = keyof typeof GIFT_REFUSALS

/** What ends the amount that may be given. The texts go on from "At most … may be given, because". */
export const LIMIT_REASONS = {
  giverProfileNotInstalled: 'the profile has not been installed on a card yet',
  giverProfileDeleted: 'the profile has been deleted from its card',
  nothingLeft: 'nothing is left',
  belowMinimum: 'what is left to give is below the smallest gift',
  partNotGiftable: 'the rest may be used, but not given away',
  allOfIt: 'that is all that is left',
  amountTooLarge: 'that is the largest gift',
  planShare: 'a gift is at most a part of what the plan grants',
  planShareOfPeriod: 'the gifts of a period are at most a part of what the plan grants',
  remainingShare: 'a gift is at most a part of what is left',
  giverDayBytes: 'a day allows no more',
  giverMonthBytes: 'a month allows no more',
  receiverDayBytes: 'a day allows the receiver no more',
  receiverMonthBytes: 'a month allows the receiver no more',
  mustRemain: 'the rest must remain',
  giverMoney: 'the money does not pay the fee of more',
  receiverMoney: "the receiver's money does not pay the fee of more",
  originNotGiftable: 'the rest is of an origin that is not given away',
  classNotGiftable: 'the rest is for certain services only',
  receivedNotGiftable: 'the rest was received and is not passed on',
  notNearExpiry: 'the rest is given in its last days only',
} as const

/** Instead of `partNotGiftable`, where that part is all there is. */
export const NOTHING_GIFTABLE = 'what is left may be used, but not given away'

/** What may be done instead, in English. Subscribers are told in their language by the messages. */
export const ALTERNATIVE_TEXTS: Readonly<Record<Alternative, string>> = {
  group: 'share the data in a group of this operator',
  boughtGift: 'buy a package as a gift',
  moneyTransfer: 'transfer money',
  market: "sell it on the operator's market",
  rollover: 'let it carry over to the next period',
  extension: 'pay for a longer life',
  topUpForOther: "top up the other's account",
  useItYourself: 'use it oneself',
}

/** The clause that ends a limit; a code of the table without a clause says its own sentence. */
export type LimitReason = keyof typeof LIMIT_REASONS | GiftRefusalCode

/** What a text about a refusal may name. Amounts are bytes and minor units of money. */
export interface RefusalParams {
  readonly leastBytes?: bigint
  readonly mostBytes?: bigint
  readonly stepBytes?: bigint
  readonly sizesBytes?: readonly bigint[]
  readonly keepBytes?: bigint
  readonly feeMinor?: bigint
  readonly percent?: number
  readonly count?: number
  readonly limit?: number
  readonly minutes?: number
  readonly hours?: number
  readonly days?: number
  /** Whether the giver's gifts are to be stopped until the operator looks into it. */
  readonly suspends?: boolean
}

/** One rule that a gift breaks. */
export interface GiftRefusal {
  readonly code: GiftRefusalCode
  /** In English, for programs' logs; subscribers are told in their language by the messages. */
  readonly text: string
  readonly params: RefusalParams
  /** When the rule is over, for as much as is known now; absent when waiting does not help. */
  readonly untilMs?: number
  /** What may be done instead, where the service itself is what is refused. */
  readonly alternatives?: readonly Alternative[]
}

/** A gift that is refused, with every rule that it breaks; `reason` and `text` are those of the first. */
export interface GiftRefused<Reason extends string = GiftRefusalCode> extends Refused<Reason> {
  readonly refusals: readonly GiftRefusal[]
}

/** A gift that is refused, as an error: with every rule that it breaks; `reason` and the message are those of the first. */
export class GiftRefusedError extends LabError {
  readonly refusals: readonly GiftRefusal[]

  constructor(refusals: readonly [GiftRefusal, ...GiftRefusal[]]) {
    super('refused', refusals[0].text, { reason: refusals[0].code })
    this.refusals = refusals
  }
}
