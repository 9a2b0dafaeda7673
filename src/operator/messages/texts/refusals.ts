/** Which text tells a subscriber that a rule refused a gift. */

import { parametersOf, type MessageId, type MessageParams, type Money } from './catalogue.ts'
import { textOfMessage, type TextOptions } from './render.ts'

/** A refusal as the rules give it: its code, what bounds the gift, and when the rule is over. */
export interface RefusedGift {
  readonly code: string
  readonly params: {
    readonly leastBytes?: bigint
    readonly mostBytes?: bigint
    readonly stepBytes?: bigint
    readonly sizesBytes?: readonly bigint[]
    readonly keepBytes?: bigint
    readonly feeMinor?: bigint
    readonly percent?: number
    readonly count?: number
    readonly limit?: number
    readonly days?: number
    /** Whether the giver's gifts are stopped until the operator looks into it. */
    readonly suspends?: boolean
  }
  readonly untilMs?: number | undefined
}

interface RefusalOptions extends TextOptions {
  /** To whom the gift was to go, as E.164 digits, where that is known. */
  readonly to: string | undefined
  readonly currency: { readonly code: string; readonly minorDigits: number }
}

/**
 * The text for each code of the rules. What is wrong on the receiver's side is the receiver's own affair: the giver
 * learns that it does not go, not why.
 */
const REFUSAL_MESSAGES: Readonly<Record<string, MessageId>> = {
  sameAccount: 'sameNumber',
  unknownGiver: 'senderUnknown',
  unknownReceiver: 'notOnNetwork',
  otherOperator: 'otherOperator',
  serviceNotOffered: 'notOffered',
  groupOnly: 'useGroup',
  boughtOnly: 'onlyBought',
  serviceAwaitsApproval: 'approvalPending',
  roamingGiftsAwaitApproval: 'approvalPending',
  giverProfileNotInstalled: 'profileNotInstalled',
  receiverProfileNotInstalled: 'receiverCannot',
  giverProfileDeleted: 'profileDeleted',
  receiverProfileDeleted: 'receiverCannot',
  giverNotActive: 'senderBlocked',
  receiverNotActive: 'receiverCannot',
  giverLocked: 'giftsLocked',
  giverSuspended: 'suspectedResale',
  blockedByReceiver: 'receiverCannot',
  giverKind: 'companyReceiveOnly',
  receiverKind: 'receiverCannot',
  giverAgeGroup: 'minorReceiveOnly',
  receiverAgeGroup: 'receiverCannot',
  giverPlan: 'notOnPlan',
  otherRegion: 'otherRegion',
  otherPayment: 'otherPayment',
  giverNotIdentified: 'notIdentified',
  receiverNotIdentified: 'notIdentified',
  feeNotCharged: 'feeUnpaid',
  giverTooNew: 'tenure',
  receiverTooNew: 'receiverCannot',
  provisionedRecently: 'coolOff',
  returnedRecently: 'returnedRecently',
  coolingAfterRoaming: 'coolingAfterRoaming',
  receiverInactive: 'receiverCannot',
  giverRoaming: 'roamingSender',
  receiverRoaming: 'receiverCannot',
  closedDay: 'closedDay',
  tooSoon: 'gap',
  giverDayGifts: 'countPerDay',
  giverMonthGifts: 'countPerMonth',
  giverMonthReceivers: 'receiversPerMonth',
  receiverDayGifts: 'receiverCountReached',
  receiverMonthGifts: 'receiverCountReached',
  giverHasReceived: 'receivedActive',
  receiverHasReceived: 'receiverCannot',
  velocity: 'suspectedResale',
  fanOut: 'suspectedResale',
  fanIn: 'receiverCannot',
  ring: 'suspectedResale',
  amountTooSmall: 'belowMinimum',
  amountTooLarge: 'aboveMaximum',
  notInSteps: 'wrongStep',
  notASize: 'wrongSize',
  planShare: 'percentOfPlan',
  planShareOfPeriod: 'percentOfPlan',
  remainingShare: 'insufficient',
  giverDayBytes: 'volumePerDay',
  giverMonthBytes: 'volumePerMonth',
  receiverDayBytes: 'receiverVolumeReached',
  receiverMonthBytes: 'receiverVolumeReached',
  mustRemain: 'floor',
  giverMoney: 'noMoney',
  receiverMoney: 'receiverCannot',
  originNotGiftable: 'notEligibleOrigin',
  classNotGiftable: 'notEligibleClass',
  receivedNotGiftable: 'noRegift',
  notNearExpiry: 'onlyNearExpiry',
  moreThanMayBeGiven: 'insufficient',
}

/** The codes that have a text of their own, for the test that holds them against the rules. */
export const REFUSAL_CODES: readonly string[] = Object.keys(REFUSAL_MESSAGES)

/** The whole text for a refusal, whatever its length; a plain one for a code that is not known or lacks what its text names. */
export function textOfRefusal(refusal: RefusedGift, options: RefusalOptions): string {
  const { id, params } = messageOfRefusal(refusal, options)
  return textOfMessage(id, params, options)
}

/** Which text of the catalogue tells a refusal, with its parameters. */
export function messageOfRefusal(
  refusal: RefusedGift,
  options: Pick<RefusalOptions, 'to' | 'currency'>,
): { readonly id: MessageId; readonly params: MessageParams<MessageId> } {
  const id = idOf(refusal)
  const params = id && paramsOf(id, { refusal, options })
  return id && params ? { id, params } : { id: 'refused', params: {} as MessageParams<MessageId> }
}

/** Who is suspected and not stopped is told to wait, and no more. */
const SUSPICIONS: readonly string[] = ['velocity', 'fanOut', 'ring']

function idOf({ code, params, untilMs }: RefusedGift): MessageId | undefined {
  if (SUSPICIONS.includes(code) && params.suspends !== true) return 'gap'
  if (code === 'moreThanMayBeGiven' && params.mostBytes === 0n) return 'nothingToGive'
  // What is in no window will never be in one.
  if (code === 'notNearExpiry' && untilMs === undefined)
    return params.mostBytes === 0n ? 'nothingToGive' : 'insufficient'
  return Object.hasOwn(REFUSAL_MESSAGES, code) ? REFUSAL_MESSAGES[code] : undefined
}

function paramsOf(
  id: MessageId,
  of: {
    readonly refusal: RefusedGift
    readonly options: Pick<RefusalOptions, 'to' | 'currency'>
  },
): MessageParams<MessageId> | undefined {
  const values = valuesOf(of)
  const names = Object.keys(parametersOf(id))
  const pairs = names.map((name) => [name, values[name]] as const)
  if (pairs.some(([, value]) => value === undefined)) return undefined
  return Object.fromEntries(pairs) as MessageParams<MessageId>
}

function valuesOf({
  refusal: { params, untilMs },
  options,
}: {
  readonly refusal: RefusedGift
  readonly options: Pick<RefusalOptions, 'to' | 'currency'>
}): Readonly<Record<string, unknown>> {
  return {
    to: options.to,
    minimum: params.leastBytes,
    maximum: params.mostBytes,
    step: params.stepBytes,
    sizes: params.sizesBytes,
    floor: params.keepBytes,
    fee: params.feeMinor === undefined ? undefined : moneyOf(params.feeMinor, options.currency),
    percent: params.percent,
    count: params.limit ?? params.count,
    until: untilMs === undefined ? undefined : new Date(untilMs),
  }
}

function moneyOf(minor: bigint, { code, minorDigits }: RefusalOptions['currency']): Money {
  return { minor, currency: code, minorDigits }
}
