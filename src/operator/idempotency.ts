/**
 * One answer for each idempotency key: a request that is sent again is answered again, and done once. Answers are kept
 * for 30 days of the lab's time at least, and until the next sweep.
 */

import { LabError } from '../base/errors.ts'
import type { Connection } from '../store/engine.ts'
import { readRefused, writeRefused, type Refused } from './refused.ts'

/** Steps that a subscriber takes by messages, which come again. */
export type GiftStep = 'confirm' | 'cancel' | 'accept' | 'decline'

/** Which request this is. The key belongs to a caller and an operation; another caller's same key is another key. */
export interface RequestIdentity {
  readonly caller: string
  readonly operation:
    | 'giveData'
    | 'useData'
    | 'askForData'
    | 'orderForSubscription'
    | 'changePin'
    | `${GiftStep}Gift`
    | 'sendMoney'
    | 'requestMoney'
    | 'confirmMoney'
  readonly key: string
  /** All of the content, in one writing. */
  readonly fingerprint: string
  readonly atMs: number
}

/**
 * What was answered: a transfer in the journal, or a refusal by a rule. `asThen` is what of the answer is not found in the
 * books any more when what they tell has moved on.
 */
export type Answer =
  | { readonly transferId: string; readonly asThen?: string | undefined; readonly refusal?: never }
  | { readonly refusal: Refused; readonly transferId?: never }

const KEY = /^[\x20-\x7e]{1,255}$/
const KEPT_MS = 30 * 86_400_000

/**
 * Finds the answer of an earlier request with the same key, or decides and keeps the answer.
 *
 * Runs within the command that writes the journal, so that the answer and its effect are kept or lost together.
 * @throws {LabError} idempotencyKeyReused — the key came with another content before
 */
export function answerOnce(
  db: Connection,
  request: RequestIdentity & { decide(): Answer },
): { readonly answer: Answer; readonly replayed: boolean } {
  const scope = `${request.caller}/${request.operation}`
  const earlier = db
    .sql<Row>(
      `SELECT fingerprint, transfer_id, refusal, as_then FROM idempotency_keys WHERE scope = ? AND key = ?`,
    )
    .get(scope, request.key)
  if (earlier) return { answer: sameAnswer(earlier, request), replayed: true }
  const answer = request.decide()
  db.sql(
    `INSERT INTO idempotency_keys (scope, key, fingerprint, at, transfer_id, refusal, as_then)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    scope,
    request.key,
    request.fingerprint,
    request.atMs,
    answer.transferId ?? null,
    answer.refusal ? writeRefused(answer.refusal) : null,
    answer.refusal ? null : (answer.asThen ?? null),
  )
  return { answer, replayed: false }
}

/** The transfer that a request with a key has made, if it has come and was not refused. */
export function madeBy(
  db: Connection,
  of: Pick<RequestIdentity, 'caller' | 'operation' | 'key'>,
): string | undefined {
  const row = db
    .sql<Pick<Row, 'transfer_id'>>(
      `SELECT transfer_id FROM idempotency_keys WHERE scope = ? AND key = ?`,
    )
    .get(`${of.caller}/${of.operation}`, of.key)
  return row?.transfer_id ?? undefined
}

/** Forgets answers that were given more than 30 days ago: of the `limit` oldest. Returns how many. */
export function forgetAnswers(
  db: Connection,
  at: { readonly atMs: number; readonly limit: number },
): number {
  return db
    .sql(
      `DELETE FROM idempotency_keys WHERE at < ? AND number IN
         (SELECT number FROM idempotency_keys ORDER BY number LIMIT ?)`,
    )
    .run(at.atMs - KEPT_MS, at.limit).changes
}

/** Whether a key has its form: 1 to 255 ASCII characters that can be printed, the space among them (RFC 8941 §3.3.3). */
export function isIdempotencyKey(key: unknown): key is string {
  return typeof key === 'string' && KEY.test(key)
}

/** @throws {LabError} badInput — naming `idempotencyKey` */
export function requireIdempotencyKey(key: unknown): asserts key is string {
  if (isIdempotencyKey(key)) return
  throw new LabError('badInput', 'idempotencyKey must be 1 to 255 printable ASCII characters', {
    field: 'idempotencyKey',
  })
}

interface Row {
  readonly fingerprint: string
  readonly transfer_id: string | null
  readonly refusal: string | null
  readonly as_then: string | null
}

function sameAnswer(earlier: Row, request: RequestIdentity): Answer {
  if (earlier.fingerprint !== request.fingerprint) {
    throw new LabError(
      'idempotencyKeyReused',
      `the idempotency key ${request.key} came with another request before. Use a new key for a new request.`,
      { field: 'idempotencyKey' },
    )
  }
  if (earlier.transfer_id !== null) {
    return { transferId: earlier.transfer_id, asThen: earlier.as_then ?? undefined }
  }
  return { refusal: readRefused(earlier.refusal ?? '') }
}
