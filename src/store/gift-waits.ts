/** Subscribers who were refused a service that waits for its approval, and are told when it has it. */

import type { Connection } from './engine.ts'

export type AwaitedService = 'gifting' | 'roamingGifting'

export interface ApprovalWait {
  readonly accountId: number
  readonly service: AwaitedService
}

/** Notes that an account waits; once for each service. */
export function putApprovalWait(db: Connection, wait: ApprovalWait & { atMs: number }): void {
  db.sql(
    `INSERT OR IGNORE INTO approval_waits (account_id, service, asked_at) VALUES (?, ?, ?)`,
  ).run(wait.accountId, wait.service, wait.atMs)
}

/** Who waits for a service of an operator, the first first. */
export function approvalWaitsOf(
  db: Connection,
  of: { readonly operator: string; readonly service: AwaitedService; readonly limit: number },
): readonly ApprovalWait[] {
  return db
    .sql<{ account_id: number }>(
      `SELECT account_id FROM approval_waits JOIN accounts ON accounts.id = account_id
       WHERE operator = ? AND service = ? ORDER BY asked_at, account_id LIMIT ?`,
    )
    .all(of.operator, of.service, of.limit)
    .map((row) => ({ accountId: row.account_id, service: of.service }))
}

/** What is waited for at all, with whose subscribers do: a short list, mostly an empty one. */
export function awaitedServices(
  db: Connection,
): readonly { readonly operator: string; readonly service: AwaitedService }[] {
  return db
    .sql<{ operator: string; service: AwaitedService }>(
      `SELECT DISTINCT operator, service FROM approval_waits JOIN accounts ON accounts.id = account_id`,
    )
    .all()
}

export function endApprovalWait(db: Connection, wait: ApprovalWait): void {
  db.sql(`DELETE FROM approval_waits WHERE account_id = ? AND service = ?`).run(
    wait.accountId,
    wait.service,
  )
}
