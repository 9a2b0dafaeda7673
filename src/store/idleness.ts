/** When accounts were last used, where the law asks for it, and how long data rests after a while without. */

import type { Connection } from './engine.ts'

export interface Idleness {
  /** The last data or SMS; absent before the first. */
  readonly activeAtMs: number | undefined
  /** Until when the last rest lasted, or lasts. */
  readonly restsUntilMs: number | undefined
}

export function idlenessOf(db: Connection, accountId: number): Idleness {
  const row = db
    .sql<{ readonly activeAt: number | null; readonly restsUntil: number | null }>(
      `SELECT active_at AS activeAt, rests_until AS restsUntil FROM idleness WHERE account_id = ?`,
    )
    .get(accountId)
  return {
    activeAtMs: row?.activeAt ?? undefined,
    restsUntilMs: row?.restsUntil ?? undefined,
  }
}

/** The account was used. */
export function noteActivity(
  db: Connection,
  of: { readonly accountId: number; readonly atMs: number },
): void {
  db.sql(
    `INSERT INTO idleness (account_id, active_at) VALUES (?, ?)
     ON CONFLICT (account_id) DO UPDATE SET active_at = max(coalesce(active_at, 0), excluded.active_at)`,
  ).run(of.accountId, of.atMs)
}

/** Has data rest until then; with an instant that is over, the rest has ended. */
export function setRest(
  db: Connection,
  of: { readonly accountId: number; readonly untilMs: number },
): void {
  db.sql(
    `INSERT INTO idleness (account_id, rests_until) VALUES (?, ?)
     ON CONFLICT (account_id) DO UPDATE SET rests_until = excluded.rests_until`,
  ).run(of.accountId, of.untilMs)
}
