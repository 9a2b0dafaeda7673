/** Orders as a test suite wants to find them: put into any state, past ES2+. */

import { LabError } from '../base/errors.ts'
import { formatActivationCode } from '../rsp/activation-code.ts'
import type { Connection } from '../store/engine.ts'
import {
  findOrder,
  findOrderByMatchingId,
  saveOrder,
  settleDownloadsOf,
  unordered,
  type Order,
} from '../store/orders.ts'
import { findOrderEvent, keepEvent, planEvent, type OrderEvent } from '../store/order-events.ts'
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
  /** The address of the SM-DS that has an event of the order; its EventID is the MatchingID. */
  readonly smdsAddress: string | undefined
}

/** Orders, each with the event that its profile's order had until now. */
export interface FixtureOrders {
  readonly orders: readonly FixtureOrder[]
  readonly events: readonly (OrderEvent | undefined)[]
}

/** What a client needs to make use of it. */
export interface PutOrder {
  readonly iccid: string
  readonly state: Order['state']
  readonly matchingId: string | undefined
  /** Absent where there is no MatchingID. */
  readonly activationCode: string | undefined
  /** Where the order has an event, to be registered while it may be downloaded. */
  readonly smdsAddress: string | undefined
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
  put: FixtureOrders & { readonly context: SmdpContext },
): PutOrder[] {
  // All are taken off first: one may have the MatchingID that another one had until now.
  const profiles = put.orders.map((order, at) => known(db, { iccid: order.iccid, at }))
  for (const profile of profiles) saveOrder(db, unordered(profile))
  return put.orders.map((order, at) => putOrder(db, { ...put, order, at, before: put.events[at] }))
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
    readonly before: OrderEvent | undefined
  },
): PutOrder {
  const { context, at } = put
  const { confirmationCode, smdsAddress, ...order } = put.order
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
  if (smdsAddress !== undefined && PENDING_STATES.includes(order.state)) {
    putEvent(db, { ...put, eventId: matchingId ?? '', eid: order.eid ?? '', smdsAddress })
  }
  const { iccid, state } = order
  const activationCode =
    matchingId === undefined
      ? undefined
      : formatActivationCode({
          smdpAddress: context.addresses[0],
          matchingId,
          confirmationCodeRequired: confirmationCode !== undefined,
        })
  return { iccid, state, matchingId, activationCode, smdsAddress }
}

const PENDING_STATES: readonly Order['state'][] = ['Confirmed', 'Released', 'Downloaded']

/** An event that is registered already stays so; an EventID that is spent never comes back (SGP.22 §3.6.1.1). */
function putEvent(
  db: Connection,
  put: {
    readonly order: FixtureOrder
    readonly at: number
    readonly before: OrderEvent | undefined
    readonly eventId: string
    readonly eid: string
    readonly smdsAddress: string
  },
): void {
  const { eventId, eid, smdsAddress, before } = put
  const { iccid } = put.order
  const isSame =
    before?.eventId === eventId && before.eid === eid && before.smdsAddress === smdsAddress
  if (isSame && keepEvent(db, before)) return
  const spent = findOrderEvent(db, eventId)
  if (spent && (spent.announced || spent.iccid !== iccid)) {
    const field = `orders[${put.at}].matchingId`
    throw new LabError(
      'conflict',
      `${field}: ${eventId} was the EventID of an earlier order, and EventIDs never repeat. Leave it out to have a new one each time.`,
      { field },
    )
  }
  planEvent(db, { eventId, iccid, eid, smdsAddress })
}
