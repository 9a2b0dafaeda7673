/** Which order an authenticated eUICC gets, and whether it may have it (SGP.22 §3.1.3 (3) to (5), §5.6.3). */

import type { DeviceInfo, EUICCInfo2, StoreMetadataRequest } from '../rsp/common.ts'
import { refuse, type RspError } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
import {
  findOrderByMatchingId,
  findPendingOrdersOfEid,
  saveOrder,
  type Order,
} from '../store/orders.ts'
import { ineligibility } from './eligibility.ts'
import { failed, hasExpired, reservedEid } from './open-order.ts'
import { failedWith, noteProgress, SUCCESS } from './progress.ts'
import type { SmdpContext } from './smdp.ts'

export interface Applicant {
  readonly context: SmdpContext
  readonly eid: string
  readonly matchingId: string | undefined
  readonly euiccInfo2: EUICCInfo2
  readonly deviceInfo: DeviceInfo
}

export interface Chosen {
  readonly order: Order
  readonly metadata: StoreMetadataRequest
}

/**
 * The order, its attempt counted; or the refusal that has ended it.
 *
 * Refusals that leave everything as it was are thrown, so that they undo themselves: matchingIdRefused, eidRefused,
 * profileNotReleased, orderExpired.
 */
export function chooseOrder(db: Connection, applicant: Applicant): Chosen | RspError {
  const { context, eid } = applicant
  const nowMs = context.environment.clock.nowMs()
  const order = findOrderFor(db, { ...applicant, nowMs })
  checkReleased(order)
  if (hasExpired(order, nowMs)) throw refuse('orderExpired', { subjectIdentifier: order.iccid })

  const note = { context, eid, point: 'eligibility' } as const
  const counted = countedAttempt(order)
  const max = order.downloadAttemptsMax ?? context.settings.downloadAttemptsMax
  if (counted.downloadAttempts > max) {
    saveOrder(db, failed(counted, 'Download retry limit exceeded'))
    noteProgress(db, { ...note, order, status: failedWith('downloadRetriesExceeded') })
    return refuse('downloadRetriesExceeded')
  }
  const metadata = context.profiles.metadata(order.iccid, context.addresses[0])
  const fault = ineligibility({ ...applicant, order, metadata })
  if (fault) {
    saveOrder(db, failed(counted, `Eligibility check failed: ${fault.detail}`))
    noteProgress(db, { ...note, order, status: failedWith(fault.status, fault.detail) })
    return refuse(fault.status, { detail: fault.detail })
  }
  if (counted !== order) saveOrder(db, counted)
  noteProgress(db, { ...note, order, status: SUCCESS })
  return { order: counted, metadata }
}

/** A repeatable order is there to be downloaded again and again: nobody counts. */
function countedAttempt(order: Order): Order {
  return order.repeatable ? order : { ...order, downloadAttempts: order.downloadAttempts + 1 }
}

const ENDED_STATES = new Set(['Available', 'Installed', 'Error', 'Unavailable'])

/** The pending order: by MatchingID, then held against the EID; without one, by the EID (SGP.22 §3.1.3, §5.6.3). */
function findOrderFor(
  db: Connection,
  wanted: Pick<Applicant, 'eid' | 'matchingId'> & { readonly nowMs: number },
): Order {
  if (!wanted.matchingId) {
    const pending = findPendingOrdersOfEid(db, wanted.eid)
    const order = pending.find((found) => !hasExpired(found, wanted.nowMs)) ?? pending[0]
    if (!order) throw refuse('eidRefused', { subjectIdentifier: wanted.eid })
    return order
  }
  const order = findOrderByMatchingId(db, wanted.matchingId)
  const isPending = order && (!ENDED_STATES.has(order.state) || hasExpired(order, wanted.nowMs))
  if (!isPending) throw refuse('matchingIdRefused', { subjectIdentifier: wanted.matchingId })
  const eid = reservedEid(order)
  if (eid !== undefined && eid !== wanted.eid) {
    throw refuse('eidRefused', { subjectIdentifier: wanted.eid })
  }
  return order
}

/** "Verify that the identified Profile has been released"; a download that was not completed may be tried again. */
function checkReleased({ state }: Order): void {
  if (state === 'Released' || state === 'Downloaded' || state === 'Error') return
  throw refuse('profileNotReleased')
}
