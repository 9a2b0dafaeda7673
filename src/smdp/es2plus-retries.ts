/** Calls of ES2+ that come again because their answer was lost: known by functionCallIdentifier (SGP.22 §6.5.1.3). */

import { createHash } from 'node:crypto'
import type { Es2PlusFunctionName, Es2PlusHeader } from '../rsp/es2plus.ts'
import type { Connection } from '../store/engine.ts'
import { findCall, keepCall, type CallKey } from '../store/es2plus-calls.ts'
import { findOrder } from '../store/orders.ts'
import type { SmdpContext } from './smdp.ts'

interface Call {
  readonly name: Es2PlusFunctionName
  readonly request: { readonly iccid?: string | undefined; readonly header?: Es2PlusHeader }
}

/**
 * Carries a call out, or answers as it was answered before.
 *
 * It is the same call when requester, identifier, function and content are the same, not much time has passed, and the
 * order is still as the call has left it. Refusals are not kept: a call that was refused is judged anew.
 */
export function answerOnce<T extends object>(
  context: SmdpContext,
  call: Call,
  work: (db: Connection) => T,
): Promise<T> {
  const key = keyOf(call)
  if (!key) return context.store.write(work)
  const atMs = context.environment.clock.nowMs()
  return context.store.write((db) => {
    const kept = findCall(db, key)
    const isRecent = kept && atMs - kept.atMs <= context.settings.callRetryMs
    if (isRecent && kept.leftAs === orderAs(db, kept.iccid)) return JSON.parse(kept.answer) as T
    const answer = work(db)
    const iccid = call.request.iccid ?? (answer as { readonly iccid?: string }).iccid ?? ''
    keepCall(db, {
      ...key,
      iccid,
      leftAs: orderAs(db, iccid),
      answer: JSON.stringify(answer),
      atMs,
    })
    return answer
  })
}

function keyOf({ name, request }: Call): CallKey | undefined {
  const { header, ...content } = request
  if (!header) return undefined
  const text = JSON.stringify([name, content], (_member, value: unknown) => value ?? null)
  return {
    requester: header.functionRequesterIdentifier,
    callId: header.functionCallIdentifier,
    requestHash: createHash('sha256').update(text).digest(),
  }
}

/** What of an order shows whether anything has happened to it since. */
function orderAs(db: Connection, iccid: string): string {
  const { state, eid = null, matchingId = null, requester = null } = findOrder(db, iccid) ?? {}
  return JSON.stringify([state, eid, matchingId, requester])
}
