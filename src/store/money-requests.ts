/** Requests to send money, each waiting for its code: one at a time for a giver. Tables: tables/money.ts. */

import type { Connection } from './engine.ts'

/** `replaced` is one after which the giver asked for another before its code came. */
export type MoneyRequestState =
  'awaitingCode' | 'sent' | 'refused' | 'blocked' | 'expired' | 'replaced'

export interface MoneyRequestRecord {
  readonly id: string
  readonly giverAccountId: number
  readonly receiverAccountId: number
  readonly amountMinor: bigint
  readonly state: MoneyRequestState
  /** Wrong codes so far. */
  readonly tries: number
  readonly requestedAtMs: number
  /** The instant at which its code is worth nothing any more. */
  readonly deadlineMs: number
}

/** Puts a request down in the place of the one that waits. */
export function putMoneyRequest(
  db: Connection,
  request: Omit<MoneyRequestRecord, 'state' | 'tries'>,
): void {
  const waiting = waitingMoneyRequest(db, request.giverAccountId)
  if (waiting) {
    const isOver = waiting.deadlineMs <= request.requestedAtMs
    endMoneyRequest(db, { id: waiting.id, state: isOver ? 'expired' : 'replaced' })
  }
  db.sql(
    `INSERT INTO money_requests (id, giver_account_id, receiver_account_id, amount_minor, state, requested_at, deadline_at)
     VALUES (?, ?, ?, ?, 'awaitingCode', ?, ?)`,
  ).run(
    request.id,
    request.giverAccountId,
    request.receiverAccountId,
    request.amountMinor,
    request.requestedAtMs,
    request.deadlineMs,
  )
}

export function findMoneyRequest(db: Connection, id: string): MoneyRequestRecord | undefined {
  const row = db.bigSql<Row>(`SELECT * FROM money_requests WHERE id = ?`).get(id)
  return row && fromRow(row)
}

/** The request of a giver that has not ended, though its time may be over. */
export function waitingMoneyRequest(
  db: Connection,
  giverAccountId: number,
): MoneyRequestRecord | undefined {
  const row = db
    .bigSql<Row>(
      `SELECT * FROM money_requests WHERE giver_account_id = ? AND state = 'awaitingCode'`,
    )
    .get(giverAccountId)
  return row && fromRow(row)
}

export function endMoneyRequest(
  db: Connection,
  end: { readonly id: string; readonly state: Exclude<MoneyRequestState, 'awaitingCode'> },
): void {
  db.sql(`UPDATE money_requests SET state = ? WHERE id = ?`).run(end.state, end.id)
}

/** Counts a wrong code. Returns how many there were, this one included. */
export function countWrongCode(db: Connection, request: MoneyRequestRecord): number {
  const tries = request.tries + 1
  db.sql(`UPDATE money_requests SET tries = ? WHERE id = ?`).run(tries, request.id)
  return tries
}

interface Row {
  readonly id: string
  readonly giver_account_id: bigint
  readonly receiver_account_id: bigint
  readonly amount_minor: bigint
  readonly state: MoneyRequestState
  readonly tries: bigint
  readonly requested_at: bigint
  readonly deadline_at: bigint
}

function fromRow(row: Row): MoneyRequestRecord {
  return {
    id: row.id,
    giverAccountId: Number(row.giver_account_id),
    receiverAccountId: Number(row.receiver_account_id),
    amountMinor: row.amount_minor,
    state: row.state,
    tries: Number(row.tries),
    requestedAtMs: Number(row.requested_at),
    deadlineMs: Number(row.deadline_at),
  }
}
