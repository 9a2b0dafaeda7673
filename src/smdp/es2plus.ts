/** ES2+: the operator orders, confirms, releases and cancels (SGP.22 §5.3, states of §3.1.6). */

import { createHash } from 'node:crypto'
import { fromHex, utf8 } from '../base/octets.ts'
import type { Random } from '../base/environment.ts'
import type { Es2PlusHeader, Es2PlusRequest, Es2PlusResponse } from '../rsp/es2plus.ts'
import { refuse } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
import {
  endOrderEvent,
  findEventOfOrder,
  findOrderEvent,
  planEvent,
} from '../store/order-events.ts'
import {
  findAvailable,
  findOrder,
  findOrderByMatchingId,
  hasProfileType,
  saveOrder,
  unordered,
  type Order,
} from '../store/orders.ts'
import { mayUseType } from '../store/profile-types.ts'
import { answerOnce, keepAnswer, keptAnswer } from './es2plus-retries.ts'
import type { SmdpContext } from './smdp.ts'

/**
 * Reserves a profile: Available becomes Allocated, or Linked with an EID (SGP.22 §5.3.1).
 * @throws {RspError} fieldMissing, iccidUnknown, iccidNotAllowed, iccidInUse, profileTypeRefused, profileTypeUnknown,
 *   profileTypeNotAllowed, profileTypeUnavailable
 */
export function downloadOrder(
  context: SmdpContext,
  request: Es2PlusRequest<'downloadOrder'>,
): Promise<Es2PlusResponse<'downloadOrder'>> {
  return answerOnce(context, { name: 'downloadOrder', request }, (db) => {
    const order = chooseProfile(db, request)
    const { eid } = request
    const state = eid === undefined ? 'Allocated' : 'Linked'
    const requester = request.header?.functionRequesterIdentifier
    saveOrder(db, { ...order, eid, orderedEid: eid, state, requester })
    return { iccid: order.iccid }
  })
}

function chooseProfile(db: Connection, request: Es2PlusRequest<'downloadOrder'>): Order {
  const { iccid, profileType } = request
  if (iccid !== undefined) {
    const order = knownOrder(db, { iccid, header: request.header })
    if (order.state !== 'Available') throw refuse('iccidInUse', { subjectIdentifier: iccid })
    if (profileType !== undefined && profileType !== order.profileType) {
      throw refuse('profileTypeRefused', { detail: `It is ${order.profileType}.` })
    }
    return order
  }
  if (profileType === undefined) {
    throw refuse('fieldMissing', { detail: `Send 'iccid' or 'profileType'.` })
  }
  if (!hasProfileType(db, profileType)) {
    throw refuse('profileTypeUnknown', { subjectIdentifier: profileType })
  }
  if (!mayUseType(db, { profileType, requester: request.header?.functionRequesterIdentifier })) {
    throw refuse('profileTypeNotAllowed', { subjectIdentifier: profileType })
  }
  const order = findAvailable(db, profileType)
  if (order) return order
  throw refuse('profileTypeUnavailable', { subjectIdentifier: profileType })
}

/** A profile that the caller may speak of: its type is open to the caller, and nobody else has ordered it. */
function knownOrder(
  db: Connection,
  asked: { readonly iccid: string; readonly header?: Es2PlusHeader | undefined },
): Order {
  const { iccid, header } = asked
  const order = findOrder(db, iccid)
  if (!order) throw refuse('iccidUnknown', { subjectIdentifier: iccid })
  const requester = header?.functionRequesterIdentifier
  const { profileType } = order
  const isOthers =
    requester !== undefined && order.requester !== undefined && order.requester !== requester
  if (isOthers || !mayUseType(db, { profileType, requester })) {
    throw refuse('iccidNotAllowed', { subjectIdentifier: iccid })
  }
  return order
}

/**
 * Gives the order its MatchingID and Confirmation Code: Confirmed, or Released with the release flag (SGP.22 §5.3.2).
 * An empty MatchingID is the default SM-DP+ use case; an absent one is made here. With an SM-DS, the order is released
 * when its event is registered there; if that fails, the order is as it was.
 * @throws {RspError} iccidUnknown, iccidNotAllowed, iccidTransitionInvalid, eidConflict, eidMandatory, matchingIdInvalid,
 *   matchingIdInUse, smdsInaccessible, smdsFailed
 */
export async function confirmOrder(
  context: SmdpContext,
  request: Es2PlusRequest<'confirmOrder'>,
): Promise<Es2PlusResponse<'confirmOrder'>> {
  const call = { name: 'confirmOrder', request } as const
  const answerTo = ({ confirmed }: Confirmation): Es2PlusResponse<'confirmOrder'> => {
    const { eid, matchingId = '' } = confirmed
    return { eid, matchingId, smdpAddress: context.addresses[0] }
  }
  if (request.smdsAddress === undefined || !request.releaseFlag) {
    return answerOnce(context, call, (db) => answerTo(confirm(db, { context, request })))
  }
  const begun = await context.store.write((db) => {
    const kept = keptAnswer<Es2PlusResponse<'confirmOrder'>>(db, { context, call })
    return kept ? { kept } : { confirmation: confirm(db, { context, request }) }
  })
  if (begun.kept) return begun.kept
  const { confirmation } = begun
  await releaseProfile(context, request).catch(async (error: unknown) => {
    await context.store.write((db) => unconfirm(db, confirmation))
    throw error
  })
  const answer = answerTo(confirmation)
  await context.store.write((db) => keepAnswer(db, { context, call, answer }))
  return answer
}

interface Confirmation {
  readonly before: Order
  readonly confirmed: Order
}

function confirm(
  db: Connection,
  asked: { readonly context: SmdpContext; readonly request: Es2PlusRequest<'confirmOrder'> },
): Confirmation {
  const { context, request } = asked
  const { smdsAddress } = request
  const before = knownOrder(db, request)
  if (before.state !== 'Allocated' && before.state !== 'Linked') {
    throw refuse('iccidTransitionInvalid', { detail: `It is ${before.state}.` })
  }
  const eid = orderEid(before, request)
  const matchingId = request.matchingId ?? newMatchingId(db, randomFor(context, request))
  if (smdsAddress !== undefined && matchingId === '') {
    throw refuse('matchingIdInvalid', { detail: 'It is the EventID of the order at the SM-DS.' })
  }
  if (findOrderByMatchingId(db, matchingId)) {
    throw refuse('matchingIdInUse', { subjectIdentifier: matchingId })
  }
  const confirmed: Order = {
    ...before,
    eid,
    orderedEid: eid,
    matchingId,
    ...confirmationHashes(context, request.confirmationCode),
    expiresMs: before.expiresMs ?? expiryOf(context),
    state: request.releaseFlag && smdsAddress === undefined ? 'Released' : 'Confirmed',
  }
  if (smdsAddress !== undefined && eid !== undefined) {
    const { iccid } = before
    planNewEvent(db, { eventId: matchingId, iccid, eid, smdsAddress })
  }
  saveOrder(db, confirmed)
  return { before, confirmed }
}

/** EventIDs never repeat (SGP.22 §3.6.1.1), not even those of orders that have long ended. */
function planNewEvent(db: Connection, event: Parameters<typeof planEvent>[1]): void {
  const known = findOrderEvent(db, event.eventId)
  if (known && (known.announced || known.iccid !== event.iccid)) {
    const detail = 'It was the EventID of an earlier order.'
    throw refuse('matchingIdInUse', { detail, subjectIdentifier: event.eventId })
  }
  planEvent(db, event)
}

/** Takes a confirmation back, unless the order has gone on since. */
function unconfirm(db: Connection, { before, confirmed }: Confirmation): void {
  const order = findOrder(db, before.iccid)
  if (order?.state !== 'Confirmed' || order.matchingId !== confirmed.matchingId) return
  saveOrder(db, before)
  endOrderEvent(db, before.iccid)
}

function orderEid(order: Order, request: Es2PlusRequest<'confirmOrder'>): string | undefined {
  if (order.eid !== undefined && request.eid !== undefined && order.eid !== request.eid) {
    throw refuse('eidConflict', { subjectIdentifier: request.eid })
  }
  const eid = order.eid ?? request.eid
  const needsEid = request.matchingId === '' || request.smdsAddress !== undefined
  if (needsEid && eid === undefined) throw refuse('eidMandatory')
  return eid
}

/** An EventID must not repeat in a lab that is started again with the same seed, so it follows none. */
function randomFor(
  { environment: { random } }: SmdpContext,
  { smdsAddress }: Es2PlusRequest<'confirmOrder'>,
): Pick<Random, 'below'> {
  if (smdsAddress === undefined) return random
  return { below: (limit) => (random.unique(1)[0] ?? 0) % limit }
}

function expiryOf({ environment, settings }: SmdpContext): number | undefined {
  const { orderLifetimeMs } = settings
  return orderLifetimeMs === undefined ? undefined : environment.clock.nowMs() + orderLifetimeMs
}

/**
 * SHA256(Confirmation Code), which is all that is stored of it; and of the octets that a code in hexadecimal stands for,
 * as some LPAs and testers read it.
 */
export function confirmationHashes(
  { settings }: Pick<SmdpContext, 'settings'>,
  confirmationCode: string | undefined,
): Pick<Order, 'confirmationCodeHash' | 'confirmationOctetsHash'> {
  const octets =
    confirmationCode !== undefined && settings.confirmationCodeReading === 'textOrOctets'
      ? fromHex(confirmationCode)
      : undefined
  return {
    confirmationCodeHash:
      confirmationCode === undefined ? undefined : sha256(utf8(confirmationCode)),
    confirmationOctetsHash: octets && octets.length > 0 ? sha256(octets) : undefined,
  }
}

function sha256(octets: Uint8Array): Uint8Array {
  return createHash('sha256').update(octets).digest()
}

/** Letters and digits that are not taken for one another when read aloud. */
const MATCHING_ID_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const MATCHING_ID_GROUPS = [4, 4, 4, 4]

/** A MatchingID that no order has. */
export function newMatchingId(db: Connection, random: Pick<Random, 'below'>): string {
  const letter = (): string => MATCHING_ID_ALPHABET[random.below(MATCHING_ID_ALPHABET.length)] ?? ''
  for (;;) {
    const matchingId = MATCHING_ID_GROUPS.map((length) =>
      Array.from({ length }, letter).join(''),
    ).join('-')
    if (!findOrderByMatchingId(db, matchingId)) return matchingId
  }
}

/**
 * Lets the profile be downloaded: Confirmed becomes Released; one that is Released stays so (SGP.22 §5.3.4). The event
 * of an order with an SM-DS is registered first; if that fails, the order stays Confirmed.
 * @throws {RspError} iccidUnknown, iccidNotAllowed, iccidTransitionInvalid, smdsInaccessible, smdsFailed
 */
export async function releaseProfile(
  context: SmdpContext,
  request: Es2PlusRequest<'releaseProfile'>,
): Promise<Es2PlusResponse<'releaseProfile'>> {
  // In a loop, since the order may be cancelled and given anew while the SM-DS answers.
  while ((await context.store.write((db) => release(db, request))) === 'announceFirst') {
    await context.events.announce(request.iccid)
  }
  return {}
}

function release(
  db: Connection,
  request: Es2PlusRequest<'releaseProfile'>,
): 'released' | 'announceFirst' {
  const order = knownOrder(db, request)
  if (order.state === 'Released') return 'released'
  if (order.state !== 'Confirmed') {
    throw refuse('iccidTransitionInvalid', { detail: `It is ${order.state}.` })
  }
  if (findEventOfOrder(db, request.iccid)?.state === 'planned') return 'announceFirst'
  saveOrder(db, { ...order, state: 'Released' })
  return 'released'
}

const CANCELLABLE_STATES = new Set(['Allocated', 'Linked', 'Confirmed', 'Released', 'Error'])

/**
 * Ends an order: the profile is Available again, or Unavailable for good (SGP.22 §5.3.3).
 * @throws {RspError} iccidUnknown, iccidNotAllowed, iccidInUse, matchingIdMismatch, iccidEidMismatch
 */
export function cancelOrder(
  context: SmdpContext,
  request: Es2PlusRequest<'cancelOrder'>,
): Promise<Es2PlusResponse<'cancelOrder'>> {
  return answerOnce(context, { name: 'cancelOrder', request }, (db) => {
    const order = knownOrder(db, request)
    if (!CANCELLABLE_STATES.has(order.state)) {
      throw refuse('iccidInUse', { detail: `It is ${order.state}.` })
    }
    if (order.matchingId !== undefined && order.matchingId !== request.matchingId) {
      throw refuse('matchingIdMismatch')
    }
    if (order.eid !== undefined && order.eid !== request.eid) throw refuse('iccidEidMismatch')
    const { finalProfileStatusIndicator } = request
    saveOrder(db, unordered(order, finalProfileStatusIndicator as 'Available' | 'Unavailable'))
    return {}
  })
}
