/** ES2+: the operator orders, confirms, releases and cancels (SGP.22 §5.3, states of §3.1.6). */

import { createHash } from 'node:crypto'
import { fromHex, utf8 } from '../base/octets.ts'
import type { Random } from '../base/environment.ts'
import type { Es2PlusHeader, Es2PlusRequest, Es2PlusResponse } from '../rsp/es2plus.ts'
import { refuse } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
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
import { answerOnce } from './es2plus-retries.ts'
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
 * An empty MatchingID is the default SM-DP+ use case; an absent one is made here.
 * @throws {RspError} iccidUnknown, iccidNotAllowed, iccidTransitionInvalid, eidConflict, eidMandatory, smdsInaccessible,
 *   matchingIdInUse
 */
export function confirmOrder(
  context: SmdpContext,
  request: Es2PlusRequest<'confirmOrder'>,
): Promise<Es2PlusResponse<'confirmOrder'>> {
  return answerOnce(context, { name: 'confirmOrder', request }, (db) => {
    const order = knownOrder(db, request)
    if (order.state !== 'Allocated' && order.state !== 'Linked') {
      throw refuse('iccidTransitionInvalid', { detail: `It is ${order.state}.` })
    }
    const eid = orderEid(order, request)
    const matchingId = request.matchingId ?? newMatchingId(db, context.environment.random)
    if (findOrderByMatchingId(db, matchingId)) {
      throw refuse('matchingIdInUse', { subjectIdentifier: matchingId })
    }
    saveOrder(db, {
      ...order,
      eid,
      orderedEid: eid,
      matchingId,
      ...confirmationHashes(context, request.confirmationCode),
      expiresMs: order.expiresMs ?? expiryOf(context),
      state: request.releaseFlag ? 'Released' : 'Confirmed',
    })
    return { eid, matchingId, smdpAddress: context.addresses[0] }
  })
}

function orderEid(order: Order, request: Es2PlusRequest<'confirmOrder'>): string | undefined {
  if (order.eid !== undefined && request.eid !== undefined && order.eid !== request.eid) {
    throw refuse('eidConflict', { subjectIdentifier: request.eid })
  }
  const eid = order.eid ?? request.eid
  const needsEid = request.matchingId === '' || request.smdsAddress !== undefined
  if (needsEid && eid === undefined) throw refuse('eidMandatory')
  if (request.smdsAddress !== undefined) {
    throw refuse('smdsInaccessible', { subjectIdentifier: request.smdsAddress })
  }
  return eid
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
export function newMatchingId(db: Connection, random: Random): string {
  const letter = (): string => MATCHING_ID_ALPHABET[random.below(MATCHING_ID_ALPHABET.length)] ?? ''
  for (;;) {
    const matchingId = MATCHING_ID_GROUPS.map((length) =>
      Array.from({ length }, letter).join(''),
    ).join('-')
    if (!findOrderByMatchingId(db, matchingId)) return matchingId
  }
}

/**
 * Lets the profile be downloaded: Confirmed becomes Released; one that is Released stays so (SGP.22 §5.3.4).
 * @throws {RspError} iccidUnknown, iccidNotAllowed, iccidTransitionInvalid
 */
export function releaseProfile(
  context: SmdpContext,
  request: Es2PlusRequest<'releaseProfile'>,
): Promise<Es2PlusResponse<'releaseProfile'>> {
  return answerOnce(context, { name: 'releaseProfile', request }, (db) => {
    const order = knownOrder(db, request)
    if (order.state === 'Released') return {}
    if (order.state !== 'Confirmed') {
      throw refuse('iccidTransitionInvalid', { detail: `It is ${order.state}.` })
    }
    saveOrder(db, { ...order, state: 'Released' })
    return {}
  })
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
