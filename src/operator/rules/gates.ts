/** The rules that a gift breaks whatever its amount: one small function each. */

import { dayOfMonth, daysOn, midnightAfter, monthStartAfter } from '../calendar.ts'
import { countedGifts, suspicionsOf, type Suspicion, type SuspicionKind } from './abuse.ts'
import type { GiftFacts, PartyFacts, ReceiverFacts, SenderFacts } from './facts.ts'
import type { GiftRefusalCode, RefusalParams } from './refusals.ts'
import type { ClosedDays, GiftingRules, GiftService } from './types.ts'

/** A gift to be judged. */
export interface Case {
  readonly facts: GiftFacts
  readonly rules: GiftingRules
}

/** What a broken rule has to say. */
export interface Breach {
  readonly params?: RefusalParams
  readonly untilMs?: number | undefined
}

export type GateCode = Exclude<GiftRefusalCode, SizeCode>
export type SizeCode = FormCode | CapCode
export type FormCode = 'amountTooSmall' | 'amountTooLarge' | 'notInSteps' | 'notASize'
export type CapCode =
  | 'planShare'
  | 'planShareOfPeriod'
  | 'remainingShare'
  | 'giverDayBytes'
  | 'giverMonthBytes'
  | 'receiverDayBytes'
  | 'receiverMonthBytes'
  | 'mustRemain'
  | 'giverMoney'
  | 'receiverMoney'
  | 'originNotGiftable'
  | 'classNotGiftable'
  | 'receivedNotGiftable'
  | 'notNearExpiry'
  | 'moreThanMayBeGiven'

type Gate = (one: Case) => Breach | undefined

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** In the order of the table of refusals. */
export const GATES: { readonly [Code in GateCode]: Gate } = {
  sameAccount: ({ facts }) => brokenIf(facts.from === facts.to),
  unknownGiver: ({ facts }) => brokenIf(!facts.sender),
  unknownReceiver: ({ facts }) => brokenIf(facts.to !== undefined && !facts.receiver),
  otherOperator: ofBoth(({ sender, receiver, rules }) =>
    brokenIf(rules.sameOperatorOnly && sender.operator !== receiver.operator),
  ),

  serviceNotOffered: unlessServiceIs('none'),
  groupOnly: unlessServiceIs('group'),
  boughtOnly: unlessServiceIs('bought'),
  serviceAwaitsApproval: ({ facts, rules }) =>
    brokenIf(rules.approval === 'pending' || isPending(facts, 'gifting')),
  roamingGiftsAwaitApproval: ofSender(({ sender, facts }) =>
    brokenIf(sender.isRoaming && isPending(facts, 'roamingGifting')),
  ),

  giverProfileNotInstalled: ofSender(({ sender }) => brokenIf(sender.profileState === 'ordered')),
  receiverProfileNotInstalled: ofReceiver(({ receiver }) =>
    brokenIf(receiver.profileState === 'ordered'),
  ),
  giverProfileDeleted: ofSender(({ sender }) => brokenIf(sender.profileState === 'deleted')),
  receiverProfileDeleted: ofReceiver(({ receiver }) =>
    brokenIf(receiver.profileState === 'deleted'),
  ),
  giverNotActive: ofSender(({ sender }) => brokenIf(sender.status !== 'active')),
  receiverNotActive: ofReceiver(({ receiver }) => brokenIf(receiver.status !== 'active')),
  giverLocked: ofSender(({ sender }) => brokenIf(sender.isLocked)),
  giverSuspended: ofSender(({ sender }) => brokenIf(sender.isSuspended)),
  // A block list is the receiver's own wish, and holds unless the operator's rules switch it off.
  blockedByReceiver: ofReceiver(({ receiver, rules }) =>
    brokenIf(rules.blockLists !== false && receiver.blocksSender),
  ),

  giverKind: ofSender(({ sender, rules }) => outside(sender.kind, rules.senderKinds)),
  receiverKind: ofReceiver(({ receiver, rules }) => outside(receiver.kind, rules.receiverKinds)),
  giverAgeGroup: ofSender(({ sender, rules }) => outside(sender.ageGroup, rules.senderAgeGroups)),
  receiverAgeGroup: ofReceiver(({ receiver, rules }) =>
    outside(receiver.ageGroup, rules.receiverAgeGroups),
  ),
  giverPlan: ofSender(({ sender, rules }) => outside(sender.plan?.id, rules.senderPlans)),
  otherRegion: ofBoth(({ sender, receiver, rules }) =>
    brokenIf(rules.sameRegionOnly && sender.region !== receiver.region),
  ),
  otherPayment: ofBoth(({ sender, receiver, rules }) =>
    brokenIf(rules.samePaymentOnly && sender.payment !== receiver.payment),
  ),
  giverNotIdentified: ofSender(({ sender, rules }) =>
    brokenIf(rules.identified && !sender.identified),
  ),
  receiverNotIdentified: ofReceiver(({ receiver, rules }) =>
    brokenIf(rules.identified && !receiver.identified),
  ),
  feeNotCharged: ofSender(({ sender, rules }) => brokenIf(rules.feeCharged && !sender.feeCharged)),
  giverTooNew: ofSender((one) => tooNew(one, one.sender, one.rules.senderTenureDays)),
  receiverTooNew: ofReceiver((one) => tooNew(one, one.receiver, one.rules.receiverTenureDays)),
  provisionedRecently: ofSender(({ sender, facts, rules }) =>
    within(facts, { sinceMs: sender.provisionedAtMs, hours: rules.coolOffAfterProvisioningHours }),
  ),
  returnedRecently: ofSender(({ sender, facts, rules }) =>
    within(facts, { sinceMs: sender.returnedAtMs, hours: rules.coolOffAfterRoamingHours }),
  ),
  coolingAfterRoaming: ofSender(coolingAfterRoaming),
  receiverInactive: ofReceiver(receiverInactive),
  giverRoaming: ofSender(({ sender, rules }) =>
    brokenIf(rules.roamingSender === 'refused' && sender.isRoaming),
  ),
  receiverRoaming: ofReceiver(({ receiver, rules }) =>
    brokenIf(rules.roamingReceiver === 'refused' && receiver.isRoaming),
  ),

  closedDay,
  tooSoon: ofSender(tooSoon),
  giverDayGifts: ofSender((one) =>
    countOfDay(one, one.sender.counts.dayGifts, one.rules.senderDayGifts),
  ),
  giverMonthGifts: ofSender((one) =>
    countOfMonth(one, one.sender.counts.monthGifts, one.rules.senderMonthGifts),
  ),
  giverMonthReceivers: ofSender(giverMonthReceivers),
  receiverDayGifts: ofReceiver((one) =>
    countOfDay(one, one.receiver.counts.dayGifts, one.rules.receiverDayGifts),
  ),
  receiverMonthGifts: ofReceiver((one) =>
    countOfMonth(one, one.receiver.counts.monthGifts, one.rules.receiverMonthGifts),
  ),
  giverHasReceived: ofSender(({ sender, rules }) =>
    brokenIf(rules.oneReceivedPackage === 'blocksBoth' && sender.receivedUntilMs !== undefined, {
      untilMs: sender.receivedUntilMs,
    }),
  ),
  receiverHasReceived: ofReceiver(({ receiver, rules }) =>
    brokenIf(rules.oneReceivedPackage !== undefined && receiver.receivedUntilMs !== undefined, {
      untilMs: receiver.receivedUntilMs,
    }),
  ),
  velocity: ofSuspicion('velocity'),
  fanOut: ofSuspicion('fanOut'),
  fanIn: ofSuspicion('fanIn'),
  ring: ofSuspicion('ring'),
}

type OfSender = Case & { readonly sender: SenderFacts }
type OfReceiver = Case & { readonly receiver: ReceiverFacts }

/** Rules about a giver who is there. */
function ofSender(rule: (one: OfSender) => Breach | undefined): Gate {
  return (one) => one.facts.sender && rule({ ...one, sender: one.facts.sender })
}

/** Rules about a receiver who is named and there. */
function ofReceiver(rule: (one: OfReceiver) => Breach | undefined): Gate {
  return (one) => one.facts.receiver && rule({ ...one, receiver: one.facts.receiver })
}

function ofBoth(rule: (one: OfSender & OfReceiver) => Breach | undefined): Gate {
  return ofSender((one) => one.facts.receiver && rule({ ...one, receiver: one.facts.receiver }))
}

function unlessServiceIs(service: GiftService): Gate {
  return ({ rules }) => brokenIf(rules.service === service)
}

function ofSuspicion(kind: SuspicionKind): Gate {
  return ({ facts, rules }) => {
    const rule = rules.abuse
    if (!rule) return undefined
    const recent = countedGifts(facts, rule)
    const suspicion = suspicionsOf(facts, { recent, rule }).find((one) => one.kind === kind)
    return (
      suspicion && {
        params: {
          count: suspicion.count,
          limit: suspicion.limit,
          hours: rule.windowHours,
          ...(rule.action === 'suspend' && !isStraightBack(suspicion) && { suspends: true }),
        },
        untilMs: suspicion.untilMs,
      }
    )
  }
}

/** Who gives back what was given is no dealer: that gift is refused, and no more. */
function isStraightBack({ kind, count }: Suspicion): boolean {
  return kind === 'ring' && count === 2
}

function brokenIf(broken: boolean | undefined, breach: Breach = {}): Breach | undefined {
  return broken ? breach : undefined
}

function outside<T>(value: T | undefined, allowed: readonly T[] | undefined): Breach | undefined {
  return brokenIf(allowed && (value === undefined || !allowed.includes(value)))
}

function isPending(facts: GiftFacts, service: 'gifting' | 'roamingGifting'): boolean {
  const approvals = facts.regulation.approvals ?? []
  return approvals.some((approval) => approval.service === service && approval.state === 'pending')
}

function tooNew({ facts }: Case, party: PartyFacts, days: number | undefined): Breach | undefined {
  if (days === undefined) return undefined
  const untilMs = daysOn({ atMs: party.openedAtMs, timeZone: facts.timeZone, days })
  return brokenIf(facts.atMs < untilMs, { params: { days }, untilMs })
}

function within(
  facts: GiftFacts,
  of: { readonly sinceMs: number | undefined; readonly hours: number | undefined },
): Breach | undefined {
  if (of.sinceMs === undefined || of.hours === undefined) return undefined
  const untilMs = of.sinceMs + of.hours * HOUR_MS
  return brokenIf(facts.atMs < untilMs, { params: { hours: of.hours }, untilMs })
}

/** The law stops mobile data and outgoing SMS; who asks in another way is not stopped by it. */
function coolingAfterRoaming({ sender, facts }: OfSender): Breach | undefined {
  const needsData = facts.channel === 'app' || facts.channel === 'web'
  if (facts.channel !== 'sms' && !(needsData && !sender.usesWifi)) return undefined
  const hours = facts.regulation.coolingAfterRoamingHours
  return within(facts, { sinceMs: sender.returnedAtMs, hours })
}

function receiverInactive({ receiver, facts, rules }: OfReceiver): Breach | undefined {
  const days = rules.receiverActiveWithinDays
  if (days === undefined) return undefined
  const lastAtMs = receiver.lastActiveAtMs ?? receiver.openedAtMs
  const until = daysOn({ atMs: lastAtMs, timeZone: facts.timeZone, days })
  return brokenIf(facts.atMs >= until, { params: { days } })
}

function closedDay({ facts, rules }: Case): Breach | undefined {
  const closed = rules.closedDays
  if (!closed || !isClosed(dayOfMonth(facts), closed)) return undefined
  return { untilMs: firstOpenDay(facts, closed) }
}

function isClosed(day: number, { fromDay, toDay }: ClosedDays): boolean {
  return fromDay <= toDay ? day >= fromDay && day <= toDay : day >= fromDay || day <= toDay
}

const DAYS_TO_LOOK = 62

function firstOpenDay(facts: GiftFacts, closed: ClosedDays): number | undefined {
  for (let days = 0; days < DAYS_TO_LOOK; days++) {
    const atMs = midnightAfter({ ...facts, days })
    if (!isClosed(dayOfMonth({ ...facts, atMs }), closed)) return atMs
  }
  return undefined
}

function tooSoon({ sender, facts, rules }: OfSender): Breach | undefined {
  if (rules.gapMinutes === undefined || sender.lastGiftAtMs === undefined) return undefined
  const untilMs = sender.lastGiftAtMs + rules.gapMinutes * MINUTE_MS
  return brokenIf(facts.atMs < untilMs, { params: { minutes: rules.gapMinutes }, untilMs })
}

function giverMonthReceivers({ sender, facts, rules }: OfSender): Breach | undefined {
  const { to } = facts
  if (to === undefined || sender.monthReceivers.includes(to)) return undefined
  const count = new Set(sender.monthReceivers).size
  return countOfMonth({ facts }, count, rules.senderMonthReceivers)
}

function countOfDay(
  { facts }: Pick<Case, 'facts'>,
  count: number,
  limit: number | undefined,
): Breach | undefined {
  if (limit === undefined || count < limit) return undefined
  return { params: { count, limit }, untilMs: midnightAfter({ ...facts, days: 0 }) }
}

function countOfMonth(
  { facts }: Pick<Case, 'facts'>,
  count: number,
  limit: number | undefined,
): Breach | undefined {
  if (limit === undefined || count < limit) return undefined
  return { params: { count, limit }, untilMs: monthStartAfter({ ...facts, months: 1 }) }
}
