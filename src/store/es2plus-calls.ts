/** Calls of ES2+ that were carried out, so that the same call again has the same answer. */

import type { Connection } from './engine.ts'

/** What a call is known again by. */
export interface CallKey {
  readonly requester: string
  readonly callId: string
  /** SHA256 over the function and its request. */
  readonly requestHash: Uint8Array
}

export interface KeptCall {
  readonly iccid: string
  /** The order as the call has left it. */
  readonly leftAs: string
  /** JSON. */
  readonly answer: string
  readonly atMs: number
}

export function findCall(db: Connection, key: CallKey): KeptCall | undefined {
  return db
    .sql<KeptCall>(
      `SELECT iccid, left_as AS leftAs, answer, at_ms AS atMs FROM es2plus_calls
       WHERE requester = ? AND call_id = ? AND request_hash = ?`,
    )
    .get(key.requester, key.callId, key.requestHash)
}

/** Keeps a call; one of the same key is replaced. */
export function keepCall(db: Connection, call: CallKey & KeptCall): void {
  db.sql(
    `INSERT INTO es2plus_calls (requester, call_id, request_hash, iccid, left_as, answer, at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (requester, call_id, request_hash) DO UPDATE SET
       iccid = excluded.iccid, left_as = excluded.left_as, answer = excluded.answer, at_ms = excluded.at_ms`,
  ).run(
    call.requester,
    call.callId,
    call.requestHash,
    call.iccid,
    call.leftAs,
    call.answer,
    call.atMs,
  )
}

/** Forgets calls from before an instant, some at a time. Returns how many. */
export function forgetCalls(
  db: Connection,
  due: { readonly beforeMs: number; readonly limit: number },
): number {
  return db
    .sql(
      `DELETE FROM es2plus_calls WHERE (requester, call_id, request_hash) IN (
         SELECT requester, call_id, request_hash FROM es2plus_calls WHERE at_ms < ? LIMIT ?)`,
    )
    .run(due.beforeMs, due.limit).changes
}
