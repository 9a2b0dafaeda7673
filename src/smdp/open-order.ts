import type { Connection } from '../store/engine.ts'
import { findOrder, type Order } from '../store/orders.ts'
import type { AuthenticatedSession } from './sessions.ts'

/**
 * The order that a session was authenticated for, while its profile may still go to that eUICC.
 *
 * Nothing once the order has ended, has gone to another eUICC, or was cancelled and the profile ordered anew: what the
 * session proved to know then is the MatchingID of an order that is no more.
 */
export function findOpenOrder(
  db: Connection,
  session: Pick<AuthenticatedSession, 'iccid' | 'eid' | 'matchingId'>,
): Order | undefined {
  const order = findOrder(db, session.iccid)
  const isPending = order?.state === 'Released' || order?.state === 'Downloaded'
  return isPending && isOrderOf(order, session) ? order : undefined
}

/** Whether a session was authenticated for this order, and it may still go to its eUICC. */
export function isOrderOf(
  order: Order,
  session: Pick<AuthenticatedSession, 'eid' | 'matchingId'>,
): boolean {
  const eid = reservedEid(order)
  return order.matchingId === session.matchingId && (eid === undefined || eid === session.eid)
}

/** The only eUICC that may have the profile: of a repeatable order that is the ordered one, whoever downloads it now. */
export function reservedEid(order: Order): string | undefined {
  return order.repeatable ? order.orderedEid : order.eid
}

/** How an order ends that was not downloaded in time. */
export const EXPIRED_DETAIL = 'The order has expired'

/** Whether the order's time is over, swept away already or not. */
export function hasExpired(order: Order, nowMs: number): boolean {
  if (order.state === 'Error') return order.errorDetail === EXPIRED_DETAIL
  return order.expiresMs !== undefined && order.expiresMs <= nowMs
}

/** The order as it was when it was released: nobody has it, and all tries are left. */
export function releasedAnew(order: Order): Order {
  return {
    ...order,
    state: 'Released',
    eid: order.orderedEid,
    confirmationAttempts: 0,
    downloadAttempts: 0,
    euiccOtpk: undefined,
    lastTransactionId: undefined,
    errorDetail: undefined,
  }
}

/** What a failure makes of the order: Error (SGP.22 §3.1.6), unless it is repeatable. */
export function failed(order: Order, errorDetail: string): Order {
  return order.repeatable
    ? { ...releasedAnew(order), errorDetail }
    : { ...order, state: 'Error', euiccOtpk: undefined, errorDetail }
}
