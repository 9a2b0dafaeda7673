/** Questions for data: one subscriber asks another, who gives or refuses while the question stands. */

import { LabError } from '../base/errors.ts'
import type { Connection } from './engine.ts'

export interface GiftAskRecord {
  readonly id: string
  readonly askerAccountId: number
  readonly giverAccountId: number
  readonly amountBytes: bigint
  readonly askedAtMs: number
  readonly untilMs: number
  readonly answer: 'given' | 'refused' | undefined
  readonly giftId: string | undefined
}

/** @throws {LabError} conflict — the id is taken */
export function putAsk(db: Connection, ask: Omit<GiftAskRecord, 'answer' | 'giftId'>): void {
  const { changes } = db
    .sql(
      `INSERT INTO gift_asks (id, asker_account_id, giver_account_id, amount, asked_at, until_at)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    )
    .run(
      ask.id,
      ask.askerAccountId,
      ask.giverAccountId,
      ask.amountBytes,
      ask.askedAtMs,
      ask.untilMs,
    )
  if (changes === 0) throw new LabError('conflict', `there is a question ${ask.id} already`)
}

export function answerAsk(
  db: Connection,
  answer: { readonly id: string; readonly answer: 'given' | 'refused'; readonly giftId?: string },
): void {
  db.sql(`UPDATE gift_asks SET answer = ?, gift_id = ? WHERE id = ? AND answer IS NULL`).run(
    answer.answer,
    answer.giftId ?? null,
    answer.id,
  )
}

export function findAsk(db: Connection, id: string): GiftAskRecord | undefined {
  const row = db.bigSql<Row>(`SELECT * FROM gift_asks WHERE id = ?`).get(id)
  return row && askFromRow(row)
}

/** Questions that stand at an instant, the oldest first: that an account has asked, or that it has been asked. */
export function openAsks(
  db: Connection,
  of: {
    readonly accountId: number
    readonly side: 'made' | 'got'
    readonly atMs: number
    /** Those after a question, and as many; all of them unless told. */
    readonly after?: string | undefined
    readonly limit?: number | undefined
  },
): readonly GiftAskRecord[] {
  const last = of.after === undefined ? undefined : findAsk(db, of.after)
  const column = of.side === 'made' ? 'asker_account_id' : 'giver_account_id'
  return db
    .bigSql<Row>(
      `SELECT * FROM gift_asks WHERE ${column} = ? AND answer IS NULL AND until_at > ?
         AND (asked_at, id) > (?, ?) ORDER BY asked_at, id LIMIT ?`,
    )
    .all(of.accountId, of.atMs, last?.askedAtMs ?? -1, last?.id ?? '', of.limit ?? -1)
    .map(askFromRow)
}

interface Row {
  readonly id: string
  readonly asker_account_id: bigint
  readonly giver_account_id: bigint
  readonly amount: bigint
  readonly asked_at: bigint
  readonly until_at: bigint
  readonly answer: 'given' | 'refused' | null
  readonly gift_id: string | null
}

function askFromRow(row: Row): GiftAskRecord {
  return {
    id: row.id,
    askerAccountId: Number(row.asker_account_id),
    giverAccountId: Number(row.giver_account_id),
    amountBytes: row.amount,
    askedAtMs: Number(row.asked_at),
    untilMs: Number(row.until_at),
    answer: row.answer ?? undefined,
    giftId: row.gift_id ?? undefined,
  }
}
