/** Orders as a test suite wants to find them: put into any state, past ES2+. */

import { LabError } from '../base/errors.ts'
import { formatActivationCode } from '../rsp/activation-code.ts'
import type { Connection } from '../store/engine.ts'
import { planEvent } from '../store/order-events.ts'
import {
  findOrder,
  findOrderByMatchingId,
  saveOrder,
  settleDownloadsOf,
  unordered,
  type Order,
} from '../store/orders.ts'
import { confirmationHashes, newMatchingId } from './es2plus.ts'
import type { SmdpContext } from './smdp.ts'

/** An order in full; what is absent is as in an order that was given by ES2+. */
export type FixtureOrder = Pick<
  Order,
  | 'iccid'
  | 'state'
  | 'eid'
  | 'matchingId'
  | 'confirmationAttempts'
  | 'confirmationAttemptsMax'
  | 'downloadAttempts'
  | 'downloadAttemptsMax'
  | 'expiresMs'
  | 'errorDetail'
  | 'repeatable'
  | 'requester'
> & {
  readonly confirmationCode: string | undefined
  /** The SM-DS that tells its eUICC of it: its address, or the name by which the lab knows it. */
  readonly smDs: string | undefined
}

/** What a client needs to make use of it. */
export interface PutOrder {
  readonly iccid: string
  readonly state: Order['state']
  readonly matchingId: string | undefined
  /** Absent where there is no MatchingID. */
  readonly activationCode: string | undefined
}

const STATES_WITHOUT_MATCHING_ID: readonly Order['state'][] = [
  'Available',
  'Allocated',
  'Linked',
  'Unavailable',
]

/**
 * Puts orders in place of those that the profiles had, within one transaction. Results of earlier downloads count no more.
 * @throws {LabError} notFound — no such profile; conflict — a MatchingID is another order's. Both name the field
 */
export function putOrders(
  db: Connection,
  put: { readonly context: SmdpContext; readonly orders: readonly FixtureOrder[] },
): PutOrder[] {
  // All are taken off first: one may have the MatchingID that another one had until now.
  const profiles = put.orders.map((order, at) => known(db, { iccid: order.iccid, at }))
  for (const profile of profiles) saveOrder(db, unordered(profile))
  return put.orders.map((order, at) => putOrder(db, { ...put, order, at }))
}

/** An order that was put in place, and where its eUICC is to be told of it. */
export interface AnnouncedOrder {
  readonly iccid: string
  readonly smdsAddress: string
}

/**
 * Announces orders at their SM-DSs; one that is not released yet when it is.
 * @throws {RspError} smdsInaccessible, smdsFailed
 */
export async function announceOrders(
  context: SmdpContext,
  orders: readonly AnnouncedOrder[],
): Promise<void> {
  if (orders.length === 0) return
  await context.events.settle()
  for (const { iccid, smdsAddress } of orders) {
    const state = await context.store.write((db) => planEventOf(db, { iccid, smdsAddress }))
    if (state === 'Released' || state === 'Downloaded') await context.events.announce(iccid)
  }
}

/** What the order is now; an order that has changed meanwhile may have no event any more. */
function planEventOf(db: Connection, { iccid, smdsAddress }: AnnouncedOrder): Order['state'] {
  const { state, eid, matchingId } = known(db, { iccid, at: 0 })
  if (eid !== undefined && matchingId)
    planEvent(db, { eventId: matchingId, iccid, eid, smdsAddress })
  return state
}

function known(db: Connection, wanted: { readonly iccid: string; readonly at: number }): Order {
  const found = findOrder(db, wanted.iccid)
  if (found) return found
  const field = `orders[${wanted.at}].iccid`
  throw new LabError(
    'notFound',
    `${field}: the SM-DP+ has no profile with the ICCID ${wanted.iccid}; "profiles" makes one.`,
    { field },
  )
}

function putOrder(
  db: Connection,
  put: {
    readonly context: SmdpContext
    readonly order: FixtureOrder
    readonly at: number
  },
): PutOrder {
  const { context, at } = put
  const { confirmationCode, smDs: _, ...order } = put.order
  const needsMatchingId = !STATES_WITHOUT_MATCHING_ID.includes(order.state)
  const matchingId =
    order.matchingId ??
    (needsMatchingId ? newMatchingId(db, context.environment.random) : undefined)
  if (matchingId !== undefined && findOrderByMatchingId(db, matchingId)) {
    const field = `orders[${at}].matchingId`
    throw new LabError('conflict', `${field}: ${matchingId} belongs to another order.`, { field })
  }
  const profile = known(db, { iccid: order.iccid, at })
  saveOrder(db, {
    ...unordered(profile),
    ...order,
    matchingId,
    orderedEid: order.eid,
    ...confirmationHashes(context, confirmationCode),
  })
  settleDownloadsOf(db, order.iccid)
  const { iccid, state } = order
  const activationCode =
    matchingId === undefined
      ? undefined
      : formatActivationCode({
          smdpAddress: context.addresses[0],
          matchingId,
          confirmationCodeRequired: confirmationCode !== undefined,
        })
  return { iccid, state, matchingId, activationCode }
}
