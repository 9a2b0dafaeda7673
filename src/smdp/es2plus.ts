/** ES2+: the operator orders, confirms, releases and cancels (SGP.22 §5.3, states of §3.1.6). */

import { createHash } from 'node:crypto'
import { utf8 } from '../base/octets.ts'
import type { Random } from '../base/environment.ts'
import type { Es2PlusRequest, Es2PlusResponse } from '../rsp/es2plus.ts'
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
  type Order,
} from '../store/orders.ts'
import type { SmdpContext } from './smdp.ts'

/**
 * Reserves a profile: Available becomes Allocated, or Linked with an EID (SGP.22 §5.3.1).
 * @throws {RspError} fieldMissing, iccidUnknown, iccidInUse, profileTypeRefused, profileTypeUnknown,
 *   profileTypeUnavailable
 */
export function downloadOrder(
  context: SmdpContext,
  request: Es2PlusRequest<'downloadOrder'>,
): Promise<Es2PlusResponse<'downloadOrder'>> {
  return context.store.write((db) => {
    const order = chooseProfile(db, request)
    const { eid } = request
    const state = eid === undefined ? 'Allocated' : 'Linked'
    saveOrder(db, { ...order, eid, orderedEid: eid, state })
    return { iccid: order.iccid }
  })
}

function chooseProfile(db: Connection, request: Es2PlusRequest<'downloadOrder'>): Order {
  const { iccid, profileType } = request
  if (iccid !== undefined) {
    const order = knownOrder(db, iccid)
    if (order.state !== 'Available') throw refuse('iccidInUse', { subjectIdentifier: iccid })
    if (profileType !== undefined && profileType !== order.profileType) {
      throw refuse('profileTypeRefused', { detail: `It is ${order.profileType}.` })
    }
    return order
  }
  if (profileType === undefined) {
    throw refuse('fieldMissing', { detail: `Send 'iccid' or 'profileType'.` })
  }
  const order = findAvailable(db, profileType)
  if (order) return order
  const status = hasProfileType(db, profileType) ? 'profileTypeUnavailable' : 'profileTypeUnknown'
  throw refuse(status, { subjectIdentifier: profileType })
}

function knownOrder(db: Connection, iccid: string): Order {
  const order = findOrder(db, iccid)
  if (!order) throw refuse('iccidUnknown', { subjectIdentifier: iccid })
  return order
}

/**
 * Gives the order its MatchingID and Confirmation Code: Confirmed, or Released with the release flag (SGP.22 §5.3.2).
 * An empty MatchingID is the default SM-DP+ use case; an absent one is made here. With an SM-DS, the order is released
 * when its event is registered there; if that fails, the order is as it was.
 * @throws {RspError} iccidUnknown, iccidTransitionInvalid, eidConflict, eidMandatory, matchingIdInvalid,
 *   matchingIdInUse, smdsInaccessible, smdsFailed
 */
export async function confirmOrder(
  context: SmdpContext,
  request: Es2PlusRequest<'confirmOrder'>,
): Promise<Es2PlusResponse<'confirmOrder'>> {
  const { before, confirmed } = await context.store.write((db) => confirm(db, { context, request }))
  const { iccid, eid, matchingId = '' } = confirmed
  if (request.smdsAddress !== undefined && request.releaseFlag) {
    await releaseProfile(context, { iccid }).catch(async (error: unknown) => {
      await context.store.write((db) => unconfirm(db, { before, confirmed }))
      throw error
    })
  }
  return { eid, matchingId, smdpAddress: context.addresses[0] }
}

interface Confirmation {
  readonly before: Order
  readonly confirmed: Order
}

function confirm(
  db: Connection,
  call: { readonly context: SmdpContext; readonly request: Es2PlusRequest<'confirmOrder'> },
): Confirmation {
  const { context, request } = call
  const { smdsAddress } = request
  const before = knownOrder(db, request.iccid)
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
    confirmationCodeHash: hashOf(request.confirmationCode),
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

/** SHA256(Confirmation Code), which is all that is stored of it. */
function hashOf(confirmationCode: string | undefined): Uint8Array | undefined {
  return confirmationCode === undefined
    ? undefined
    : createHash('sha256').update(utf8(confirmationCode)).digest()
}

/** Letters and digits that are not taken for one another when read aloud. */
const MATCHING_ID_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const MATCHING_ID_GROUPS = [4, 4, 4, 4]

function newMatchingId(db: Connection, random: Pick<Random, 'below'>): string {
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
 * @throws {RspError} iccidUnknown, iccidTransitionInvalid, smdsInaccessible, smdsFailed
 */
export async function releaseProfile(
  context: SmdpContext,
  { iccid }: Es2PlusRequest<'releaseProfile'>,
): Promise<Es2PlusResponse<'releaseProfile'>> {
  // In a loop, since the order may be cancelled and given anew while the SM-DS answers.
  while ((await context.store.write((db) => release(db, iccid))) === 'announceFirst') {
    await context.events.announce(iccid)
  }
  return {}
}

function release(db: Connection, iccid: string): 'released' | 'announceFirst' {
  const order = knownOrder(db, iccid)
  if (order.state === 'Released') return 'released'
  if (order.state !== 'Confirmed') {
    throw refuse('iccidTransitionInvalid', { detail: `It is ${order.state}.` })
  }
  if (findEventOfOrder(db, iccid)?.state === 'planned') return 'announceFirst'
  saveOrder(db, { ...order, state: 'Released' })
  return 'released'
}

const CANCELLABLE_STATES = new Set(['Allocated', 'Linked', 'Confirmed', 'Released', 'Error'])

/**
 * Ends an order: the profile is Available again, or Unavailable for good (SGP.22 §5.3.3).
 * @throws {RspError} iccidUnknown, iccidInUse, matchingIdMismatch, iccidEidMismatch
 */
export function cancelOrder(
  context: SmdpContext,
  request: Es2PlusRequest<'cancelOrder'>,
): Promise<Es2PlusResponse<'cancelOrder'>> {
  return context.store.write((db) => {
    const order = knownOrder(db, request.iccid)
    if (!CANCELLABLE_STATES.has(order.state)) {
      throw refuse('iccidInUse', { detail: `It is ${order.state}.` })
    }
    if (order.matchingId !== undefined && order.matchingId !== request.matchingId) {
      throw refuse('matchingIdMismatch')
    }
    if (order.eid !== undefined && order.eid !== request.eid) throw refuse('iccidEidMismatch')
    saveOrder(db, {
      iccid: order.iccid,
      profileType: order.profileType,
      state: request.finalProfileStatusIndicator as 'Available' | 'Unavailable',
      eid: undefined,
      matchingId: undefined,
      confirmationCodeHash: undefined,
      confirmationAttempts: 0,
      euiccOtpk: undefined,
      lastTransactionId: undefined,
      errorDetail: undefined,
      orderedEid: undefined,
      repeatable: false,
    })
    return {}
  })
}
