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
  return context.store.write((db) => {
    const kept = keptAnswer<T>(db, { context, call })
    if (kept) return kept
    const answer = work(db)
    keepAnswer(db, { context, call, answer })
    return answer
  })
}

/** What the same call was answered before. */
export function keptAnswer<T extends object>(
  db: Connection,
  { context, call }: { readonly context: SmdpContext; readonly call: Call },
): T | undefined {
  const key = keyOf(call)
  const kept = key && findCall(db, key)
  if (!kept || context.environment.clock.nowMs() - kept.atMs > context.settings.callRetryMs) {
    return undefined
  }
  return kept.leftAs === orderAs(db, kept.iccid) ? (JSON.parse(kept.answer) as T) : undefined
}

/** Keeps the answer to a call, with the order as the call has left it. */
export function keepAnswer(
  db: Connection,
  answered: { readonly context: SmdpContext; readonly call: Call; readonly answer: object },
): void {
  const { context, call, answer } = answered
  const key = keyOf(call)
  if (!key) return
  const iccid = call.request.iccid ?? (answer as { readonly iccid?: string }).iccid ?? ''
  const atMs = context.environment.clock.nowMs()
  const leftAs = orderAs(db, iccid)
  keepCall(db, { ...key, iccid, leftAs, answer: JSON.stringify(answer), atMs })
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
