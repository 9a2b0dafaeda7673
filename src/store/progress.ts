/** The outbox of the SM-DP+: what the operator is still to be told, in order. */

import type { Connection } from './engine.ts'

/** A word that was not acknowledged yet. */
export interface WaitingProgress {
  /** Rises with each word, and names it. */
  readonly number: number
  /** JSON. */
  readonly body: string
  /** Deliveries that failed. */
  readonly tries: number
}

export function addProgress(
  db: Connection,
  progress: { readonly body: string; readonly atMs: number },
): void {
  db.sql('INSERT INTO progress (body, at_ms) VALUES (?, ?)').run(progress.body, progress.atMs)
}

/** The oldest word. */
export function firstProgress(db: Connection): WaitingProgress | undefined {
  return db
    .sql<WaitingProgress>('SELECT number, body, tries FROM progress ORDER BY number LIMIT 1')
    .get()
}

export function countProgress(db: Connection): number {
  return db.sql<{ count: number }>('SELECT count(*) AS count FROM progress').get()?.count ?? 0
}

/** The operator has it, or will never take it. */
export function removeProgress(db: Connection, number: number): void {
  db.sql('DELETE FROM progress WHERE number = ?').run(number)
}

export function countProgressTry(db: Connection, number: number): void {
  db.sql('UPDATE progress SET tries = tries + 1 WHERE number = ?').run(number)
}
