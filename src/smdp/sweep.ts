/** What nobody asks for any more: orders whose time is over, and the memory of downloads that are done with. */

import type { Connection } from '../store/engine.ts'
import { forgetCalls } from '../store/es2plus-calls.ts'
import { findExpiredOrders, forgetDownloads, saveOrder } from '../store/orders.ts'
import { EXPIRED_DETAIL } from './open-order.ts'
import { failedWith, noteProgress } from './progress.ts'
import type { SmdpContext } from './smdp.ts'

/** What a sweep has put away. */
export interface SweptOrders {
  readonly expired: number
  readonly forgotten: number
}

const CHUNK_ROWS = 500

/** Goes in chunks, each a command of its own, so that others are served in between. */
export async function sweepOrders(context: SmdpContext): Promise<SweptOrders> {
  const nowMs = context.environment.clock.nowMs()
  const { historyMs, callRetryMs } = context.settings
  const total = { expired: 0, forgotten: 0 }
  context.sessions.forgetOld()
  for (;;) {
    const expired = await context.store.write((db) => endExpired(db, { context, nowMs }))
    const forgotten = await context.store.write(
      (db) =>
        forgetDownloads(db, { beforeMs: nowMs - historyMs, limit: CHUNK_ROWS }) +
        forgetCalls(db, { beforeMs: nowMs - callRetryMs, limit: CHUNK_ROWS }),
    )
    total.expired += expired
    total.forgotten += forgotten
    if (Math.max(expired, forgotten) < CHUNK_ROWS) return total
  }
}

/** A repeatable order ends with its time as any other. */
function endExpired(
  db: Connection,
  due: { readonly context: SmdpContext; readonly nowMs: number },
): number {
  const { context, nowMs } = due
  const orders = findExpiredOrders(db, { atMs: nowMs, limit: CHUNK_ROWS })
  for (const order of orders) {
    const ended = { state: 'Error', euiccOtpk: undefined, errorDetail: EXPIRED_DETAIL } as const
    saveOrder(db, { ...order, ...ended })
    const { statusCodeData } = failedWith('orderExpired')
    const status = { status: 'Expired', ...(statusCodeData && { statusCodeData }) } as const
    noteProgress(db, { context, order, point: 'expiry', status })
  }
  return orders.length
}
