/** Steps of a gift that is on its way, and its reversal: each within one command of the store. */

import { noteApprovalWaits } from './approvals.ts'
import { LabError } from '../../base/errors.ts'
import type { Connection } from '../../store/engine.ts'
import { findGiftRequest, type GiftRequestRecord } from '../../store/gift-requests.ts'
import { reverseGift } from '../../store/ledger-changes.ts'
import { findById, findByNumber, type Account } from '../accounts.ts'
import { answerOnce, type GiftStep } from '../idempotency.ts'
import { normaliseMsisdn } from '../msisdn.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'
import { refusedBy, type GiftRefusedAnswer } from './giving.ts'
import type { GiftEvent } from './machine.ts'
import { expire, expireOverdue } from './overdue.ts'
import { asAnswer, fingerprintOf, PIN_REFUSALS, tryPin, type PinRefusal } from './pins.ts'
import { advanceGift, openCase, upToDate, type GiftCase, type StepContext } from './steps.ts'
import { giftOf, type Gift } from './view.ts'

const HOUR_MS = 3_600_000

/** A number, as people write it, and who asks for a step of a gift. */
export interface ById {
  readonly id: string
  /** The number of the subscriber whose gift it is: another's does not exist for them. */
  readonly by: string
}

/** What came of a step: the gift as it is now, and why it is not what was asked for. */
export interface StepOutcome {
  readonly gift: Gift
  readonly refusal?: GiftRefusedAnswer | undefined
}

export interface StepAsked extends ById {
  readonly side: 'sender' | 'receiver' | 'claimer'
  readonly event: GiftEvent
  readonly pin?: string | undefined
}

/** What a command gives back: what it wrote stays, also when the caller is then told of a problem. */
export type StepResult = StepOutcome | { readonly problem: LabError }

export async function settle(result: Promise<StepResult>): Promise<StepOutcome> {
  const settled = await result
  if ('problem' in settled) throw settled.problem
  return settled
}

interface StepInput {
  readonly asked: StepAsked
  readonly context: StepContext
  secretOf(db: Connection): Uint8Array
}

export function takeStep(db: Connection, input: StepInput): StepResult {
  const { asked } = input
  const request = findGiftRequest(db, asked.id)
  const account = findByNumber(db, normaliseMsisdn(asked.by, 'by'))
  if (!request || !account || !isParty(request, { account, side: asked.side }))
    return { problem: noSuchGift(asked.id) }
  const context = notBefore(request, input.context)
  if (isRepeated(request, asked)) return { gift: giftOf(db, { request, atMs: context.atMs }) }
  if (expire(db, { id: request.id, context }))
    return { problem: conflict('tooLate', 'the time for this gift is over') }
  for (const party of [findById(db, request.giverAccountId), account])
    expireOverdue(db, { account: party, context })
  const to = asked.side === 'claimer' ? account.msisdn : request.receiverNumber
  const one = openCase(db, {
    asked: {
      id: request.id,
      from: findById(db, request.giverAccountId)?.msisdn ?? '',
      to,
      amountBytes: request.amountBytes,
      channel: request.channel,
      isClaim: request.claimHash !== undefined,
      request,
    },
    context,
  })
  return judgeStep(db, { ...input, context, one })
}

/** A clock that was set back stands still for a gift: its data was set aside at an instant that has yet to come again. */
function notBefore(request: GiftRequestRecord, context: StepContext): StepContext {
  return { ...context, atMs: Math.max(context.atMs, request.changedAtMs) }
}

/** A step, once for its key: a wrong PIN that comes again is not counted again. @throws {LabError} idempotencyKeyReused */
export function takeStepOnce(
  db: Connection,
  input: StepInput & {
    readonly once: { readonly caller: string; readonly idempotencyKey: string }
    readonly step: GiftStep
  },
): StepResult {
  const { asked, once, step, context } = input
  const { id, by, pin } = asked
  let first: StepResult | undefined
  const { answer } = answerOnce(db, {
    caller: once.caller,
    operation: `${step}Gift`,
    key: once.idempotencyKey,
    fingerprint: fingerprintOf(input.secretOf(db), `${id} ${by} ${pin ?? ''}`),
    atMs: context.atMs,
    decide() {
      first = takeStep(db, input)
      const reason = 'problem' in first ? undefined : first.refusal?.reason
      const isPin = reason === 'wrongPin' || reason === 'pinLocked'
      return asAnswer({ reason: isPin ? reason : undefined, of: id })
    },
  })
  if (first) return first
  const request = findGiftRequest(db, id)
  if (!answer.refusal || !request) return takeStep(db, input)
  const { text } = answer.refusal
  const reason = answer.refusal.reason as PinRefusal
  const refusal = { allowed: false, reason, text, refusals: [] } as const
  return { gift: giftOf(db, { request, atMs: context.atMs }), refusal }
}

function judgeStep(db: Connection, input: StepInput & { readonly one: GiftCase }): StepResult {
  const { asked, one } = input
  const { event } = asked
  const refusal = event.kind === 'confirm' ? pinRefusal(db, input) : undefined
  if (refusal === 'pinMissing' || refusal === 'pinNotSet')
    return { problem: refusedAs(refusal, PIN_REFUSALS[refusal]) }
  if (refusal) {
    const isLocked = refusal === 'pinLocked'
    const told = {
      allowed: false,
      reason: refusal,
      text: PIN_REFUSALS[refusal],
      refusals: [],
    } as const
    return advance(db, { ...input, event: { kind: 'wrongPin', isLocked }, refusal: told })
  }
  const moves = event.kind === 'confirm' || event.kind === 'accept' || event.kind === 'claim'
  if (!moves || one.verdict.allowed) return advance(db, { ...input, event })
  const told = refusedBy(one.verdict.refusals)
  // Who brings a code and may not have it does not spoil it for the others.
  if (event.kind === 'claim')
    return { gift: giftOfCase(db, { one, atMs: input.context.atMs }), refusal: told }
  const { refusals } = one.verdict
  noteApprovalWaits(db, { giver: one.giver, refusals, atMs: input.context.atMs })
  return advance(db, { ...input, event: { kind: 'refuse' }, refusal: told })
}

function pinRefusal(db: Connection, input: StepInput & { readonly one: GiftCase }) {
  const { confirmation, pin: rule } = input.one.file.gifting
  const request = input.one.asked.request as GiftRequestRecord
  if (confirmation?.kind !== 'pin' || request.state !== 'awaitingConfirmation') return undefined
  const secret = input.secretOf(db)
  return tryPin(db, { accountId: request.giverAccountId, pin: input.asked.pin, rule, secret })
}

function advance(
  db: Connection,
  input: StepInput & {
    readonly one: GiftCase
    readonly event: GiftEvent
    readonly refusal?: GiftRefusedAnswer
  },
): StepResult {
  const { one, event, refusal, context } = input
  const result = advanceGift(db, { one, event, reason: refusal?.reason, context })
  if ('rejected' in result) {
    const { state } = one.asked.request as GiftRequestRecord
    return { problem: conflict(result.rejected, `the gift is ${state}`) }
  }
  return { gift: result.gift, refusal }
}

function isParty(
  request: GiftRequestRecord,
  who: { readonly account: Account; readonly side: StepAsked['side'] },
): boolean {
  if (who.side === 'claimer') return true
  const id = who.side === 'sender' ? request.giverAccountId : request.receiverAccountId
  return id === who.account.id
}

/** A message that comes twice is answered as the first time. */
function isRepeated(request: GiftRequestRecord, { event }: StepAsked): boolean {
  const { state } = request
  if (event.kind === 'cancel') return state === 'cancelled'
  if (event.kind === 'decline') return state === 'declined'
  if (event.kind === 'accept') return state === 'completed'
  return event.kind === 'confirm' && (state === 'completed' || state === 'awaitingAcceptance')
}

export function reverse(
  db: Connection,
  of: { readonly id: string; readonly reason?: string; readonly context: StepContext },
): Gift {
  const { id, reason = 'operator' } = of
  const request = findGiftRequest(db, id)
  if (!request) throw noSuchGift(id)
  const context = notBefore(request, of.context)
  const { atMs } = context
  if (request.state !== 'completed') throw conflict('wrongState', `the gift is ${request.state}`)
  if (request.packageId !== undefined)
    throw refusedAs('boughtGift', 'What was bought for the receiver is not taken back.')
  const hours = fileOf(context.operators, request).gifting.reversalHours
  if (hours !== undefined && atMs >= request.changedAtMs + hours * HOUR_MS)
    throw refusedAs(
      'reversalOver',
      hours === 0
        ? 'This operator takes no gift back.'
        : `A gift may be taken back for ${hours} hours.`,
    )
  for (const accountId of [request.giverAccountId, request.receiverAccountId])
    upToDate(db, {
      account: accountId === undefined ? undefined : findById(db, accountId),
      context,
    })
  const { isWhole } = reverseGift(db, { transferId: `reverse:${id}`, giftId: id, atMs })
  const asked = {
    id,
    from: findById(db, request.giverAccountId)?.msisdn ?? '',
    to: request.receiverNumber,
    amountBytes: request.amountBytes,
    channel: request.channel,
    request,
  }
  const one = openCase(db, { asked, context })
  const result = advanceGift(db, { one, event: { kind: 'reverse', isWhole }, reason, context })
  if ('rejected' in result) throw conflict(result.rejected, `the gift is ${request.state}`)
  return result.gift
}

function giftOfCase(db: Connection, of: { readonly one: GiftCase; readonly atMs: number }): Gift {
  return giftOf(db, { request: of.one.asked.request as GiftRequestRecord, atMs: of.atMs })
}

export function noSuchGift(id: string): LabError {
  return new LabError('notFound', `there is no gift ${id}`, { field: 'id' })
}

export function conflict(reason: string, text: string): LabError {
  return new LabError('conflict', text, { reason })
}

export function refusedAs(reason: string, text: string): LabError {
  return new LabError('refused', text, { reason })
}
