/** What testers ask of an order beyond ES2+: to be downloaded again and again, or once more. SGP.22 knows neither. */

import { LabError } from '../base/errors.ts'
import { formatActivationCode } from '../rsp/activation-code.ts'
import type { Connection } from '../store/engine.ts'
import {
  findOrder,
  saveOrder,
  settleDownloadsOf,
  type Order,
  type OrderState,
} from '../store/orders.ts'
import { releasedAnew } from './open-order.ts'
import type { SmdpContext } from './smdp.ts'

/** An order that may be downloaded once more, with the code that it always had. */
export interface ResetOrder {
  readonly iccid: string
  readonly state: OrderState
  readonly eid: string | undefined
  readonly matchingId: string
  readonly repeatable: boolean
  readonly activationCode: string
}

const RESETTABLE_STATES: ReadonlySet<OrderState> = new Set([
  'Released',
  'Downloaded',
  'Installed',
  'Error',
])

/**
 * Makes an order go back to Released after each download, whether it was installed or failed, for any eUICC that the
 * order allows. It stays so until it is cancelled.
 * @throws {LabError} notFound — no such profile; conflict — it is not ordered
 */
export function makeRepeatable(context: SmdpContext, iccid: string): Promise<void> {
  return context.store.write((db) => {
    const order = knownOrder(db, iccid)
    if (order.state === 'Available' || order.state === 'Unavailable') {
      throw inState(order, 'Order it first.')
    }
    saveOrder(db, { ...order, repeatable: true })
  })
}

/**
 * Un-burns an order: Downloaded, Installed and Error become Released with the same MatchingID, for the eUICC that it
 * was ordered for or any; all tries are left, and an expiry that has passed is lifted. Results of earlier downloads count no more.
 * @throws {LabError} notFound — no such profile; conflict — it was not released yet
 */
export function resetOrder(context: SmdpContext, iccid: string): Promise<ResetOrder> {
  const nowMs = context.environment.clock.nowMs()
  return context.store.write((db) => {
    const order = knownOrder(db, iccid)
    if (!RESETTABLE_STATES.has(order.state)) {
      throw inState(order, 'Only an order that was released can be reset.')
    }
    const isOver = order.expiresMs !== undefined && order.expiresMs <= nowMs
    const reset = { ...releasedAnew(order), ...(isOver && { expiresMs: undefined }) }
    saveOrder(db, reset)
    settleDownloadsOf(db, iccid)
    const { state, eid, matchingId = '', repeatable } = reset
    const activationCode = formatActivationCode({
      smdpAddress: context.addresses[0],
      matchingId,
      confirmationCodeRequired: reset.confirmationCodeHash !== undefined,
    })
    return { iccid, state, eid, matchingId, repeatable, activationCode }
  })
}

function knownOrder(db: Connection, iccid: string): Order {
  const order = findOrder(db, iccid)
  if (order) return order
  throw new LabError('notFound', `the SM-DP+ has no profile with the ICCID ${iccid}.`, {
    field: 'iccid',
  })
}

function inState({ iccid, state }: Order, advice: string): LabError {
  return new LabError('conflict', `the profile ${iccid} is ${state}. ${advice}`, {
    field: 'iccid',
    reason: `is${state}`,
  })
}
