/** One step of a gift over the books: the rules are judged, the machine says what comes next, and that is done, all in one command. */

import { LabError } from '../../base/errors.ts'
import type { Connection } from '../../store/engine.ts'
import {
  advanceGiftRequest,
  putGiftRequest,
  type GiftRequestRecord,
} from '../../store/gift-requests.ts'
import { changeGiftSettings } from '../../store/gift-settings.ts'
import { giveHeld, placeHold, releaseHold } from '../../store/holds.ts'
import {
  moveGift,
  type GiftSlice,
  type GiftSource,
  type GiftTerms,
  type Lot,
} from '../../store/ledger.ts'
import { moveMoney } from '../../store/money.ts'
import { findById, findByNumber, type Account } from '../accounts.ts'
import { monthStartAfter } from '../calendar.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Operators } from '../operators.ts'
import type { GiftFacts, LotFacts } from '../rules/facts.ts'
import { judgeGift, type Verdict } from '../rules/judge.ts'
import type { GiftRefusal } from '../rules/refusals.ts'
import { mayBeGiven } from '../rules/sizes.ts'
import type { ChannelKind } from '../rules/types.ts'
import { giftEnd } from '../rules/validity.ts'
import { bringUpToDate } from '../subscriptions/periods.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'
import { evidenceOf } from './evidence.ts'
import { gatherFacts } from './gather.ts'
import { giftOf, type Gift } from './view.ts'
import {
  isSettled,
  transition,
  type GiftCourse,
  type GiftEffect,
  type GiftEvent,
  type GiftNotice,
  type Transition,
} from './machine.ts'

/** What somebody is to be told of a gift, within the command in which it happens. */
export interface GiftNoticeEvent {
  readonly request: GiftRequestRecord
  readonly gift: Gift
  readonly what: GiftNotice
  /** Of a gift that made itself: nobody has seen an answer to it. */
  readonly isAutomatic?: boolean
  readonly to: Account
  readonly file: OperatorFile
  readonly atMs: number
}

/** What steps need besides the books. */
export interface StepContext {
  readonly operators: Operators
  readonly atMs: number
  notify(db: Connection, notice: GiftNoticeEvent): void
}

/** Who gives what to whom. */
export interface GiftAsked {
  readonly id: string
  readonly from: string
  readonly to: string | undefined
  readonly amountBytes: bigint
  readonly channel: ChannelKind
  /** Of a gift on its way. */
  readonly request?: GiftRequestRecord
  readonly isClaim?: boolean
}

/** A gift with everything that a step looks at. */
export interface GiftCase {
  readonly asked: GiftAsked
  readonly file: OperatorFile
  readonly giver: Account | undefined
  readonly receiver: Account | undefined
  readonly facts: GiftFacts
  readonly verdict: Verdict
}

/** Both sides of a gift, as far as they are anybody's. */
export interface GiftParties {
  readonly giver: Account | undefined
  readonly receiver: Account | undefined
}

/** Brings both sides up to date and judges the gift as it would be posted now. `parties` saves reading them again. */
export function openCase(
  db: Connection,
  of: {
    readonly asked: GiftAsked
    readonly parties?: GiftParties
    readonly context: StepContext
  },
): GiftCase {
  const { asked, context } = of
  const { operators, atMs } = context
  const parties = of.parties ?? { giver: senderOf(db, asked), receiver: receiverOf(db, asked) }
  const giver = upToDate(db, { account: parties.giver, context })
  // One and the same is brought up to date once.
  const isSelf = parties.giver !== undefined && parties.giver.id === parties.receiver?.id
  const receiver = isSelf ? giver : upToDate(db, { account: parties.receiver, context })
  const file = giver ? fileOf(operators, giver) : operators.default
  const facts = gatherFacts(db, {
    file,
    fileOf: (account) => fileOf(operators, account),
    from: asked.from,
    to: asked.to,
    giver,
    receiver,
    amountBytes: asked.amountBytes,
    atMs,
    channel: asked.channel,
    giftId: asked.request?.id,
  })
  return { asked, file, giver, receiver, facts, verdict: judgeGift(facts, file.gifting) }
}

/** What the operator's rules make of the gift. */
export function courseOf(one: GiftCase): GiftCourse {
  const { confirmation, acceptance, claimCodes } = one.file.gifting
  const { atMs, timeZone } = one.facts
  const byHours = atMs + (claimCodes?.withinHours ?? 0) * HOUR_MS
  const claimUntilMs =
    one.asked.isClaim && claimCodes?.endsWithMonth
      ? Math.min(byHours, monthStartAfter({ atMs, timeZone, months: 1 }))
      : byHours
  return {
    confirmation: confirmation ?? { kind: 'none' },
    acceptance: acceptance ?? { kind: 'none' },
    claimUntilMs: one.asked.isClaim ? claimUntilMs : undefined,
  }
}

/** Puts a new gift down, in the state to which its rules bring it at once. */
export function beginGift(
  db: Connection,
  of: {
    readonly one: GiftCase
    readonly isConfirmed: boolean
    readonly claimHash: string | undefined
    readonly context: StepContext
  },
): Gift {
  const { one, context } = of
  const { atMs } = context
  const { asked, file, receiver } = one
  const giver = one.giver as Account
  const event: GiftEvent = { kind: 'start', isConfirmed: of.isConfirmed }
  const requested = { state: 'requested', deadlineMs: undefined } as const
  const next = accepted(transition(requested, { event, course: courseOf(one), atMs }))
  const feeMinor = one.verdict.allowed ? one.verdict.feeMinor : 0n
  const { slices, holds, deadlineMs } = doEffects(db, { one, next, feeMinor, context })
  const record = {
    id: asked.id,
    operator: file.id,
    channel: asked.channel,
    giverAccountId: giver.id,
    receiverAccountId: receiver?.id,
    receiverNumber: asked.to,
    amountBytes: asked.amountBytes,
    feeMinor,
    state: next.process.state,
    deadlineMs,
    holdId: holds ? asked.id : undefined,
    transferId: slices && asked.id,
    claimHash: of.claimHash,
  }
  putGiftRequest(db, { ...record, atMs })
  const made = { requestedAtMs: atMs, changedAtMs: atMs, tries: 0, reason: undefined }
  const request = { ...record, ...made }
  const gift = giftOf(db, { request, slices, atMs, numbers: asked })
  tellAll(db, { one, request, gift, effects: next.effects, context })
  return gift
}

/** Takes a gift on by an event that the machine accepts: the gift as it is then. */
export function advanceGift(
  db: Connection,
  of: {
    readonly one: GiftCase
    readonly event: GiftEvent
    readonly reason?: string | undefined
    readonly context: StepContext
  },
): { readonly gift: Gift } | { readonly rejected: 'wrongState' | 'tooLate' } {
  const { one, event, context, reason } = of
  const { atMs } = context
  const request = one.asked.request as GiftRequestRecord
  const course = courseOf(one)
  const next = transition(request, { event, course, atMs })
  if (!next.accepted) return { rejected: next.reason }
  const { feeMinor } = request
  const { slices, holds, deadlineMs } = doEffects(db, { one, next, feeMinor, context })
  for (const state of next.through) advanceGiftRequest(db, { id: request.id, state, atMs })
  const advanced = advanceGiftRequest(db, {
    id: request.id,
    state: next.process.state,
    atMs,
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(holds && { holdId: request.id }),
    ...(slices && { transferId: request.id }),
    ...(one.receiver && { receiverAccountId: one.receiver.id }),
    ...(reason !== undefined && isSettled(next.process.state) && { reason }),
  })
  const gift = giftOf(db, { request: advanced, slices, atMs })
  tellAll(db, { one, request: advanced, gift, effects: next.effects, context })
  return { gift }
}

/** Stops the gifts of a giver whom an abuse rule with that consequence has found, and who would have given but for it. */
export function suspendIfTold(
  db: Connection,
  of: { readonly one: GiftCase; readonly refusals: readonly GiftRefusal[]; readonly atMs: number },
): void {
  const told = of.refusals.filter(({ params }) => params.suspends)
  if (
    told.length === 0 ||
    told.length < of.refusals.length ||
    !of.one.giver ||
    of.one.facts.sender?.isSuspended
  )
    return
  const reason = told.map(({ code }) => code).join(' ')
  const { facts, file } = of.one
  const windowHours = file.gifting.abuse?.windowHours ?? 0
  const evidence = JSON.stringify(evidenceOf(told, { facts, windowHours }))
  const suspended = { atMs: of.atMs, reason, evidence }
  changeGiftSettings(db, { accountId: of.one.giver.id, suspended })
}

/** The account as it is now: no rule is judged by a period that is over. */
export function upToDate(
  db: Connection,
  of: { readonly account: Account | undefined; readonly context: StepContext },
): Account | undefined {
  const { account, context } = of
  if (!account) return undefined
  const file = fileOf(context.operators, account)
  return bringUpToDate(db, { account, file, atMs: context.atMs })
}

const HOUR_MS = 3_600_000

/** A gift on its way stays with the accounts it began with, whoever has the numbers now. */
function senderOf(db: Connection, { from, request }: GiftAsked): Account | undefined {
  return request ? findById(db, request.giverAccountId) : findByNumber(db, from)
}

function receiverOf(db: Connection, { to, request }: GiftAsked): Account | undefined {
  if (request?.receiverAccountId !== undefined) return findById(db, request.receiverAccountId)
  return to === undefined ? undefined : findByNumber(db, to)
}

type Accepted = Extract<Transition, { accepted: true }>

function accepted(next: Transition): Accepted {
  if (next.accepted) return next
  throw new Error(`a new gift is ${next.reason}`)
}

interface Done {
  readonly slices: readonly GiftSlice[] | undefined
  readonly holds: boolean
  readonly deadlineMs: number | undefined
}

function doEffects(
  db: Connection,
  of: {
    readonly one: GiftCase
    readonly next: Accepted
    readonly feeMinor: bigint
    readonly context: StepContext
  },
): Done {
  const { one, next, context } = of
  const { atMs } = context
  const { id } = one.asked
  let slices: readonly GiftSlice[] | undefined
  let holds = false
  let { deadlineMs } = next.process
  for (const effect of next.effects) {
    if (effect.kind === 'hold') {
      // What is held ends with the first lot that it is of: nothing is kept alive by being on its way.
      deadlineMs = Math.min(deadlineMs ?? Infinity, hold(db, { one, untilMs: deadlineMs, atMs }))
      holds = true
    }
    if (effect.kind === 'release') {
      releaseHold(db, { transferId: `release:${id}`, holdId: id, atMs })
    }
    if (effect.kind === 'post') slices = post(db, { one, from: effect.from, atMs })
    if (effect.kind === 'chargeFee') chargeFee(db, of)
  }
  return { slices, holds, deadlineMs }
}

function hold(
  db: Connection,
  of: {
    readonly one: GiftCase
    readonly untilMs: number | undefined
    readonly atMs: number
  },
): number {
  const { id, amountBytes } = of.one.asked
  const parts = placeHold(db, {
    transferId: `hold:${id}`,
    holdId: id,
    purpose: 'gift',
    accountId: (of.one.giver as Account).id,
    amountBytes,
    atMs: of.atMs,
    untilMs: of.untilMs ?? of.atMs,
    ...eligibility(of.one),
  })
  return Math.min(...parts.map(({ lot }) => lot.validUntilMs))
}

function post(
  db: Connection,
  of: { readonly one: GiftCase; readonly from: 'available' | 'held'; readonly atMs: number },
): readonly GiftSlice[] {
  const { one, from, atMs } = of
  const { id } = one.asked
  const receiverAccountId = (one.receiver as Account).id
  const terms = termsOf(db, { one, atMs })
  if (from === 'held') {
    return giveHeld(db, { transferId: id, holdId: id, receiverAccountId, atMs, terms })
  }
  // Both sides are up to date: the rules have just been asked.
  const giverAccountId = (one.giver as Account).id
  const parts = giftableParts(one)
  return moveGift(db, { transferId: id, giverAccountId, receiverAccountId, atMs, terms, parts })
}

/** The lots that the rules counted, in their order, until the amount is together. */
function giftableParts({ asked, facts, file }: GiftCase): readonly GiftPart[] {
  const parts: GiftPart[] = []
  let missingBytes = asked.amountBytes
  for (const lot of facts.sender?.lots ?? []) {
    if (missingBytes === 0n) break
    if (!mayBeGiven(lot, { facts, rules: file.gifting })) continue
    const amountBytes = lot.availableBytes < missingBytes ? lot.availableBytes : missingBytes
    parts.push({ lot, amountBytes })
    missingBytes -= amountBytes
  }
  if (missingBytes === 0n) return parts
  throw new LabError('refused', `${missingBytes} bytes are missing of ${asked.amountBytes}`, {
    reason: 'notEnoughData',
  })
}

interface GiftPart {
  readonly lot: LotFacts
  readonly amountBytes: bigint
}

/** The same lots that the rules counted. */
function eligibility({ facts, file }: GiftCase) {
  const one = { facts, rules: file.gifting }
  return { onlyGiftable: true, eligible: (lot: Lot) => mayBeGiven(lot, one) }
}

function termsOf(
  db: Connection,
  of: { readonly one: GiftCase; readonly atMs: number },
): (source: GiftSource) => GiftTerms {
  const { file, asked, receiver } = of.one
  const { validity, regift } = file.gifting
  const receiverUntilMs =
    validity?.kind === 'laterOfBoth' ? latestEnd(db, { receiver, atMs: of.atMs }) : undefined
  return (source) => ({
    validUntilMs: giftEnd(validity, {
      atMs: of.atMs,
      timeZone: file.timeZone,
      sourceUntilMs: source.validUntilMs,
      heldAtMs: asked.request?.holdId === undefined ? undefined : asked.request.changedAtMs,
      receiverUntilMs,
    }),
    giftable: regift === false ? false : source.giftable,
  })
}

function latestEnd(
  db: Connection,
  of: { readonly receiver: Account | undefined; readonly atMs: number },
): number | undefined {
  const row = db
    .sql<{ end: number | null }>(
      `SELECT max(valid_until) AS end FROM lots
       WHERE account_id = ? AND open = 1 AND valid_until > ? AND traffic_class = 'general'`,
    )
    .get(of.receiver?.id ?? 0, of.atMs)
  return row?.end ?? undefined
}

function chargeFee(
  db: Connection,
  of: { readonly one: GiftCase; readonly feeMinor: bigint; readonly context: StepContext },
): void {
  const { one, feeMinor } = of
  const { fee } = one.file.gifting
  const payer = fee?.payer === 'receiver' ? one.receiver : one.giver
  if (feeMinor === 0n || !payer) return
  moveMoney(db, {
    id: `fee:${one.asked.id}`,
    accountId: payer.id,
    kind: 'giftFee',
    amountMinor: -feeMinor,
    currency: one.file.currency.code,
    atMs: of.context.atMs,
  })
}

function tellAll(
  db: Connection,
  of: {
    readonly one: GiftCase
    readonly request: GiftRequestRecord
    readonly gift: Gift
    readonly effects: readonly GiftEffect[]
    readonly context: StepContext
  },
): void {
  const { one, request, gift, context } = of
  for (const effect of of.effects) {
    if (effect.kind !== 'notify') continue
    const to = effect.whom === 'sender' ? one.giver : one.receiver
    if (!to) continue
    const { file } = one
    context.notify(db, { request, gift, what: effect.what, to, file, atMs: context.atMs })
  }
}
