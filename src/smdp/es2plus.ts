/** ES2+: the operator orders, confirms, releases and cancels (SGP.22 §5.3, states of §3.1.6). */

import { createHash } from 'node:crypto'
import { utf8 } from '../base/octets.ts'
import type { Random } from '../base/environment.ts'
import type { Es2PlusRequest, Es2PlusResponse } from '../rsp/es2plus.ts'
import { refuse } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
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
 * An empty MatchingID is the default SM-DP+ use case; an absent one is made here.
 * @throws {RspError} iccidUnknown, iccidTransitionInvalid, eidConflict, eidMandatory, smdsInaccessible, matchingIdInUse
 */
export function confirmOrder(
  context: SmdpContext,
  request: Es2PlusRequest<'confirmOrder'>,
): Promise<Es2PlusResponse<'confirmOrder'>> {
  return context.store.write((db) => {
    const order = knownOrder(db, request.iccid)
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
      confirmationCodeHash: hashOf(request.confirmationCode),
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

/** SHA256(Confirmation Code), which is all that is stored of it. */
function hashOf(confirmationCode: string | undefined): Uint8Array | undefined {
  return confirmationCode === undefined
    ? undefined
    : createHash('sha256').update(utf8(confirmationCode)).digest()
}

/** Letters and digits that are not taken for one another when read aloud. */
const MATCHING_ID_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const MATCHING_ID_GROUPS = [4, 4, 4, 4]

function newMatchingId(db: Connection, random: Random): string {
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
 * @throws {RspError} iccidUnknown, iccidTransitionInvalid
 */
export function releaseProfile(
  context: SmdpContext,
  request: Es2PlusRequest<'releaseProfile'>,
): Promise<Es2PlusResponse<'releaseProfile'>> {
  return context.store.write((db) => {
    const order = knownOrder(db, request.iccid)
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
