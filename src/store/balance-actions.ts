/** What was asked for over TMF654 and became of it. Each caller's key is taken once for each kind. */

import type { Connection } from './engine.ts'

export type BalanceActionKind = 'topup' | 'adjust' | 'reserve' | 'transfer'

export interface BalanceAction {
  readonly seq: number
  readonly id: string
  readonly kind: BalanceActionKind
  readonly accountId: number
  readonly msisdn: string
  /** JSON, as it was asked for. */
  readonly request: string
  readonly status: 'completed' | 'failed' | 'cancelled'
  /** JSON: the rule that refused it. */
  readonly refusal: string | undefined
  /** JSON: what has been said of it in place of what was said first; null where something was taken back. */
  readonly changes: string | undefined
  readonly requestedAtMs: number
  readonly settledAtMs: number
}

export interface NewBalanceAction extends Pick<
  BalanceAction,
  'id' | 'kind' | 'accountId' | 'request' | 'refusal'
> {
  readonly caller: string
  readonly key: string
  readonly atMs: number
}

const ACTIONS = `SELECT seq, balance_actions.id, kind, account_id AS accountId, msisdn, request,
    balance_actions.status, refusal, changes, requested_at AS requestedAtMs, settled_at AS settledAtMs
  FROM balance_actions JOIN accounts ON accounts.id = account_id`

export function addBalanceAction(db: Connection, action: NewBalanceAction): void {
  const { id, kind, accountId, caller, key, request, refusal, atMs } = action
  db.sql(
    `INSERT INTO balance_actions (id, kind, account_id, caller, key, request, status, refusal, requested_at, settled_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    id,
    kind,
    accountId,
    caller,
    key,
    request,
    refusal === undefined ? 'completed' : 'failed',
    refusal ?? null,
    atMs,
    atMs,
  )
}

export function findBalanceAction(
  db: Connection,
  by: { readonly kind: BalanceActionKind; readonly id: string },
): BalanceAction | undefined {
  return actionOf(
    db.sql<ActionRow>(`${ACTIONS} WHERE kind = ? AND balance_actions.id = ?`).get(by.kind, by.id),
  )
}

/** The action of an idempotency key. */
export function balanceActionOfKey(
  db: Connection,
  by: { readonly kind: BalanceActionKind; readonly caller: string; readonly key: string },
): BalanceAction | undefined {
  return actionOf(
    db
      .sql<ActionRow>(`${ACTIONS} WHERE caller = ? AND kind = ? AND key = ?`)
      .get(by.caller, by.kind, by.key),
  )
}

interface Whose {
  readonly kind: BalanceActionKind
  /** Of everybody, when it is absent. */
  readonly accountId: number | undefined
}

/** Actions of an account or of all, the newest first. */
export function listBalanceActions(
  db: Connection,
  page: Whose & { readonly offset: number; readonly limit: number },
): readonly BalanceAction[] {
  const { sql, values } = conditionOf(page)
  return db
    .sql<ActionRow>(`${ACTIONS} WHERE ${sql} ORDER BY seq DESC LIMIT ? OFFSET ?`)
    .all(...values, page.limit, page.offset)
    .map((row) => actionOf(row) as BalanceAction)
}

export function countBalanceActions(db: Connection, of: Whose): number {
  const { sql, values } = conditionOf(of)
  const row = db
    .sql<{ count: number }>(`SELECT count(*) AS count FROM balance_actions WHERE ${sql}`)
    .get(...values)
  return row?.count ?? 0
}

function conditionOf({ kind, accountId }: Whose): {
  readonly sql: string
  readonly values: readonly (string | number)[]
} {
  return accountId === undefined
    ? { sql: 'kind = ?', values: [kind] }
    : { sql: 'account_id = ? AND kind = ?', values: [accountId, kind] }
}

/** Keeps what is now said of an action. */
export function changeBalanceAction(
  db: Connection,
  change: { readonly kind: BalanceActionKind; readonly id: string; readonly changes: string },
): void {
  db.sql(`UPDATE balance_actions SET changes = ? WHERE kind = ? AND id = ?`).run(
    change.changes,
    change.kind,
    change.id,
  )
}

/** An action has been undone, or a reservation is over. */
export function cancelBalanceAction(
  db: Connection,
  end: { readonly id: string; readonly atMs: number },
): void {
  db.sql(`UPDATE balance_actions SET status = 'cancelled', settled_at = ? WHERE id = ?`).run(
    end.atMs,
    end.id,
  )
}

/** Reservations that have ended by themselves, and are not cancelled yet. */
export function endedReservations(
  db: Connection,
  due: { readonly atMs: number; readonly limit: number },
): readonly string[] {
  return db
    .sql<{ id: string }>(
      `SELECT balance_actions.id FROM balance_actions JOIN holds ON holds.id = 'reserve:' || balance_actions.id
       WHERE kind = 'reserve' AND status = 'completed' AND (until_at <= ? OR closed_at IS NOT NULL) LIMIT ?`,
    )
    .all(due.atMs, due.limit)
    .map(({ id }) => id)
}

type ActionRow = Omit<BalanceAction, 'refusal' | 'changes'> & {
  readonly refusal: string | null
  readonly changes: string | null
}

function actionOf(row: ActionRow | undefined): BalanceAction | undefined {
  return row && { ...row, refusal: row.refusal ?? undefined, changes: row.changes ?? undefined }
}
