/**
 * Everything that a rule of giving may look at, as data: rules read no store and no clock.
 *
 * Counts and sums take in gifts that are on their way, whose data is held, and never the gift in question itself. Days and
 * months are those of the operator, and so are the instants at which they began.
 */

import type { LotOrigin, LotScope, TrafficClass } from '../../store/ledger.ts'
import type { ProfileState } from '../accounts.ts'
import type { RecentGift } from './abuse.ts'
import type { AgeGroup, ChannelKind, CustomerKind, Payment, Plan, Regulation } from './types.ts'

/** A subscription is in normal use only when it is `active`. */
export type SubscriptionStatus = 'active' | 'suspended' | 'blocked' | 'closed'

/** How much somebody has given, or received, since the day or the month began. */
export interface Counts {
  readonly dayGifts: number
  readonly dayBytes: bigint
  readonly monthGifts: number
  readonly monthBytes: bigint
}

/** What is known of a subscriber on either side of a gift. */
export interface PartyFacts {
  readonly msisdn: string
  /** The id of the operator whose subscriber this is. */
  readonly operator: string
  readonly status: SubscriptionStatus
  readonly profileState: ProfileState
  readonly kind: CustomerKind
  readonly ageGroup: AgeGroup
  readonly payment: Payment
  readonly region: string | undefined
  readonly identified: boolean
  readonly openedAtMs: number
  /** When the profile came onto the card that it is on now. */
  readonly provisionedAtMs: number | undefined
  readonly isRoaming: boolean
  /** When the last stay abroad ended; `undefined` for one who is abroad or never was. */
  readonly returnedAtMs: number | undefined
  readonly lastActiveAtMs: number | undefined
  /** The end of a received package that still has data. */
  readonly receivedUntilMs: number | undefined
  readonly counts: Counts
  readonly moneyMinor: bigint
}

/** Data of the giver, as far as it may be used now. */
export interface LotFacts {
  readonly id: number
  readonly origin: LotOrigin
  readonly trafficClass: TrafficClass
  readonly scope: LotScope
  readonly giftable: boolean
  readonly availableBytes: bigint
  readonly validFromMs: number
  readonly validUntilMs: number
}

export interface SenderFacts extends PartyFacts {
  /** What the subscriber has now; absent for one who has none. */
  readonly plan: Pick<Plan, 'id' | 'amountBytes'> | undefined
  /** Whether the fee of this period has been charged. */
  readonly feeCharged: boolean
  /** What has been given since the plan's period began, and when it ends. */
  readonly periodBytes: bigint
  readonly periodUntilMs: number | undefined
  readonly lastGiftAtMs: number | undefined
  /** To whom has been given this month. */
  readonly monthReceivers: readonly string[]
  /** The subscriber has forbidden gifts from this number. */
  readonly isLocked: boolean
  /** The operator has stopped gifts from this number. */
  readonly isSuspended: boolean
  /** When the operator last allowed them again: gifts up to then have been looked at, and are suspected no more. */
  readonly allowedAtMs: number | undefined
  /** Whether mobile data is not needed to ask for a gift. */
  readonly usesWifi: boolean
  /** In the order in which they are given: what ends first, then the older lot. */
  readonly lots: readonly LotFacts[]
}

export interface ReceiverFacts extends PartyFacts {
  /** Whether the receiver has put the sender on a block list. */
  readonly blocksSender: boolean
}

/** A gift that is asked for, and all that is known of it. */
export interface GiftFacts {
  readonly from: string
  /** Absent for a gift that waits for its receiver: a claim code, or the question how much may be given. */
  readonly to: string | undefined
  readonly amountBytes: bigint
  readonly atMs: number
  /** IANA name. */
  readonly timeZone: string
  readonly gigabyteBytes: number
  /** How the gift is asked for. */
  readonly channel: ChannelKind
  readonly regulation: Regulation
  /** Absent when nobody has the number. */
  readonly sender: SenderFacts | undefined
  readonly receiver: ReceiverFacts | undefined
  /** Gifts of the window of the abuse rule, oldest first. */
  readonly recent: readonly RecentGift[]
}
