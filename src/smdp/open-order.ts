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
  if (!isPending || order.matchingId !== session.matchingId) return undefined
  return order.eid === undefined || order.eid === session.eid ? order : undefined
}
