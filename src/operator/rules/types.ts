/**
 * What an operator's file says about plans, prices and gifts, as the rest of the operator reads it.
 *
 * Every rule is optional: a rule that is absent limits nothing. In the file each rule stands as
 * `{ "value", "source", "trust" }` (see {@link Sourced}); here it is the value alone, and {@link RuleSources} tells
 * where it comes from. Amounts are bytes, money is minor units of the operator's currency, both `bigint`. Days, months
 * and midnights are those of the operator's time zone.
 */

import type { TextByChannel } from '../messages/texts/catalogue.ts'
import type { LotOrigin, LotScope, TrafficClass } from '../../store/ledger.ts'

/**
 * How far a rule can be relied on: A operator, regulator or standard read directly, B reputable press, C blogs and
 * resellers, D texts that contradict one another, I inferred here, U looked for and not found.
 */
export type Trust = 'A' | 'B' | 'C' | 'D' | 'I' | 'U'

/** Where a rule was found, and how far it can be relied on. */
export interface RuleSource {
  readonly source: string
  readonly trust: Trust
}

/** A rule as the file has it. */
export interface Sourced<T> extends RuleSource {
  readonly value: T
}

export type CustomerKind = 'person' | 'company'
export type AgeGroup = 'minor' | 'adult'
export type Payment = 'prepaid' | 'postpaid'

/**
 * What the operator offers: `direct` moves data that the giver has, `bought` gives a new package that the giver pays,
 * `group` only shares a pool, `none` is nothing.
 */
export type GiftService = 'direct' | 'bought' | 'group' | 'none'

/** What may be done where a gift is refused. The texts are the messages' to say. */
export type Alternative =
  | 'group'
  | 'boughtGift'
  | 'moneyTransfer'
  | 'market'
  | 'rollover'
  | 'extension'
  | 'topUpForOther'
  | 'useItYourself'

/** How the sender confirms, and for how long the question stands. */
export type ConfirmationRule =
  { readonly kind: 'none' } | { readonly kind: 'yes' | 'pin'; readonly withinMinutes: number }

export interface PinRule {
  readonly digits: number
  /** Wrong PINs in a row until it is locked. */
  readonly tries: number
  /** The PIN that everybody begins with; it gives nothing until it is changed. */
  readonly initialPin?: string
}

/** Whether the receiver must accept, and for how long the data is held for it. */
export type AcceptanceRule =
  { readonly kind: 'none' } | { readonly kind: 'required'; readonly withinHours: number }

/** What a longer life of a received package costs, and how far it reaches, from the receipt on. */
export interface ExtensionRule {
  /** The whole life, from the receipt on, however often it is paid. */
  readonly toDays: number
  readonly feeMinor: bigint
}

/**
 * When a gift ends. `keepSource`: when the lot ends that it came from. `sooner`: then, or after so many days, whichever is
 * first. `laterOfBoth`: when the later one of the given and of the receiver's own lots ends. `sourceRemaining`: the life
 * that was left of the source, counted from the receipt.
 */
export type ValidityRule =
  | { readonly kind: 'keepSource' | 'endOfMonth' | 'endOfNextMonth' }
  | { readonly kind: 'laterOfBoth' | 'sourceRemaining' }
  | { readonly kind: 'sooner'; readonly days: number }
  | { readonly kind: 'fixedDays'; readonly days: number; readonly extension?: ExtensionRule }
  | { readonly kind: 'fixedHours'; readonly hours: number }

/** Data of a whole life of at most so many days may be given in its last days alone; the first window that fits is it. */
export interface NearExpiryWindow {
  /** Absent in the last window, which is for all longer lives. */
  readonly lifeDaysMax?: number
  /** Absent: at any time. */
  readonly lastDays?: number
}

/** A code that its bearer turns into data. */
export interface ClaimRule {
  readonly withinHours: number
  /** Whether a code ends with the month in which it was made, too. */
  readonly endsWithMonth: boolean
}

/** What makes a giver or a circle of givers suspicious, counted within a window. */
export interface AbuseRule {
  readonly windowHours: number
  /** Gifts of one giver. */
  readonly gifts?: number
  /** Different receivers of one giver. */
  readonly fanOut?: number
  /** Different givers of one receiver. */
  readonly fanIn?: number
  /** Gifts that come back to the giver by at most so many hands. */
  readonly ringHands?: number
  /**
   * What then happens: this gift is refused, or the giver gives nothing until the operator says so. Data that would go
   * straight back to where it came from is refused only.
   */
  readonly action: 'refuse' | 'suspend'
}

/** Days of the month on which nobody gives; `fromDay` after `toDay` reaches over the end of the month. */
export interface ClosedDays {
  readonly fromDay: number
  readonly toDay: number
}

export interface FeeRule {
  readonly amountMinor: bigint
  /** For each gigabyte, part of one counted as one; together with `amountMinor`. */
  readonly perGigabyteMinor?: bigint
  readonly payer: 'sender' | 'receiver'
}

/** The rules of giving. None of them is for the operator's own acts. */
export interface GiftingRules {
  // What there is.
  readonly service?: GiftService
  /** A service that waits for its approval refuses everything. */
  readonly approval?: 'granted' | 'pending'
  readonly alternatives?: readonly Alternative[]
  readonly sameOperatorOnly?: boolean
  readonly sameRegionOnly?: boolean
  readonly samePaymentOnly?: boolean

  // One gift.
  readonly stepBytes?: bigint
  readonly minBytes?: bigint
  readonly maxBytes?: bigint
  /** The only sizes that there are. */
  readonly sizesBytes?: readonly bigint[]
  readonly keepBytes?: bigint
  /** Of what the plan grants in a period: of one gift. */
  readonly planPercentPerGift?: number
  /** Of what the plan grants in a period: of all gifts of the period. */
  readonly planPercentPerPeriod?: number
  readonly remainingPercentPerGift?: number

  // Many gifts: calendar days and months of the operator.
  readonly senderDayGifts?: number
  readonly senderDayBytes?: bigint
  readonly senderMonthGifts?: number
  readonly senderMonthBytes?: bigint
  readonly senderMonthReceivers?: number
  readonly receiverDayGifts?: number
  readonly receiverDayBytes?: bigint
  readonly receiverMonthGifts?: number
  readonly receiverMonthBytes?: bigint
  readonly gapMinutes?: number
  readonly closedDays?: ClosedDays

  // Which data.
  readonly origins?: readonly LotOrigin[]
  readonly trafficClasses?: readonly TrafficClass[]
  readonly nearExpiry?: readonly NearExpiryWindow[]
  readonly regift?: boolean
  /** One received package that still has data: keeps its owner from receiving, or from giving as well. */
  readonly oneReceivedPackage?: 'blocksReceiving' | 'blocksBoth'

  // Who.
  readonly senderKinds?: readonly CustomerKind[]
  readonly receiverKinds?: readonly CustomerKind[]
  readonly senderAgeGroups?: readonly AgeGroup[]
  readonly receiverAgeGroups?: readonly AgeGroup[]
  /** Ids of the plans whose subscribers may give. */
  readonly senderPlans?: readonly string[]
  readonly senderTenureDays?: number
  readonly receiverTenureDays?: number
  /** Both sides have shown who they are. */
  readonly identified?: boolean
  /** The giver's fee of the period has been charged. */
  readonly feeCharged?: boolean
  readonly coolOffAfterProvisioningHours?: number
  readonly coolOffAfterRoamingHours?: number
  readonly receiverActiveWithinDays?: number
  readonly roamingSender?: 'allowed' | 'refused'
  readonly roamingReceiver?: 'allowed' | 'refused'
  readonly blockLists?: boolean

  // How.
  readonly fee?: FeeRule
  readonly confirmation?: ConfirmationRule
  readonly pin?: PinRule
  readonly acceptance?: AcceptanceRule
  readonly validity?: ValidityRule
  readonly claimCodes?: ClaimRule
  readonly askForData?: boolean
  readonly automaticGift?: boolean
  /** For how long the operator may take back what is unused, once. */
  readonly reversalHours?: number
  readonly abuse?: AbuseRule
}

export type RuleName = keyof GiftingRules

/** Where each rule that is there was found. */
export type RuleSources = { readonly [Name in RuleName]?: RuleSource }

/** What becomes of plan data that is left when its period ends. */
export interface RolloverRule {
  readonly percent: number
  /** For how many periods the carried data lives. */
  readonly periods: number
  readonly giftable: boolean
  readonly feeMinor?: bigint
}

/**
 * A plan. A `monthly` one is renewed at the operator's midnight of the billing day, which is the day of the month on which
 * it began (in shorter months the last one) or a fixed day; a `once` plan lasts `validDays` and is not renewed.
 */
export interface Plan {
  readonly id: string
  readonly name: string
  readonly amountBytes: bigint
  readonly giftable: boolean
  readonly period: 'once' | 'monthly'
  /** Of a `once` plan. */
  readonly validDays: number
  /** Of a `monthly` plan; absent: the day on which it began. */
  readonly billingDay?: number
  /** For a period, charged when it begins: without enough money there is no grant. */
  readonly feeMinor: bigint
  readonly payment: Payment
  readonly trafficClass: TrafficClass
  readonly scope: LotScope
  readonly rollover?: RolloverRule
}

/** Something to buy besides the plan. */
export interface TariffPackage {
  readonly id: string
  readonly name: string
  readonly amountBytes: bigint
  readonly priceMinor: bigint
  /** Absent: to the end of the plan's period. */
  readonly validDays?: number
  /** Whether its last day lasts to the operator's midnight. */
  readonly endsAtMidnight: boolean
  readonly origin: Extract<LotOrigin, 'purchased' | 'bonus' | 'loan'>
  readonly trafficClass: TrafficClass
  readonly scope: LotScope
  readonly giftable: boolean
  /** For the buyer, or only as a gift for another subscriber. */
  readonly for: 'self' | 'other'
}

/** What a longer life of a package costs. */
export interface TariffExtension {
  readonly origins: readonly LotOrigin[]
  readonly days: number
  readonly feeMinor: bigint
  /** The longest whole life, from the day on which the package began. */
  readonly lifeDaysMax: number
}

/** The prices of what there is to buy. */
export interface Tariff {
  readonly packages: readonly TariffPackage[]
  readonly extension?: TariffExtension
  /** Of money that is put on an account at once. */
  readonly topUpMinor: { readonly min: bigint; readonly max: bigint }
}

/**
 * In which order data is used. `origins` first, in their order (those that are not named come last, together), then what
 * ends first, then the older lot: a total order.
 */
export interface ConsumptionOrder {
  readonly origins: readonly LotOrigin[]
}

/** A kind of traffic, as networks name it to whoever charges. */
export interface RatingGroup {
  /** 0 to 2^32−1 (TS 29.571 RatingGroup). */
  readonly id: number
  /** The classes of data that pay for it, in their order. */
  readonly classes: readonly TrafficClass[]
}

/**
 * What becomes of use that no lot has: nothing is granted for it (`block`), or each begun `perBytes` of a period costs
 * `priceMinor`, of plans that are paid afterwards. Either way what was used nonetheless is booked, to an account of its
 * own.
 */
export type OverageRule =
  | { readonly policy: 'block' }
  | { readonly policy: 'charge'; readonly priceMinor: bigint; readonly perBytes: bigint }

export interface ChargingRules {
  readonly ratingGroups: readonly RatingGroup[]
  readonly overage: OverageRule
}

export type ChannelKind = 'sms' | 'ussd' | 'app' | 'api' | 'web'

/** A way in which subscribers ask for things. */
export interface Channel {
  readonly kind: ChannelKind
  /** Ids of the grammars that are understood here, of src/operator/messages. */
  readonly grammars: readonly string[]
  /** The number that messages go to. */
  readonly shortCode?: string
  readonly withPin: boolean
}

/** A text in the languages of the operator, by BCP 47 tag. */
export type LocalText = Readonly<Record<string, string>>

/** What the law has the operator do. */
export interface Regulation {
  /** Mobile data and outgoing SMS rest after return from abroad. */
  readonly coolingAfterRoamingHours?: number
  /** The same rest when a number is used again after so long without. */
  readonly coolingAfterIdle?: { readonly idleHours: number; readonly restHours: number }
  /** Why a SIM or a profile must not be handed over. */
  readonly handoverBan?: LocalText
  /** Services that wait for an approval, and those that have it. */
  readonly approvals?: readonly {
    readonly service: 'gifting' | 'roamingGifting' | 'market'
    readonly state: 'pending' | 'granted'
  }[]
  /** Percent of use at which subscribers must be told. */
  readonly usageNoticesPercent?: readonly number[]
  readonly sources: Readonly<Record<string, RuleSource>>
}

/** The operator's own words in place of the catalogue's: by language, then by the catalogue's text id. */
export type Texts = Readonly<Record<string, Readonly<Record<string, TextByChannel>>>>
