/** The small ledger of money: minor units, a row for each movement, the wallet following by a trigger (tables/subscriptions.ts). */

import { LabError } from '../base/errors.ts'
import type { Connection } from './engine.ts'

export type MoneyKind =
  | 'topUp'
  | 'planFee'
  | 'giftFee'
  | 'purchase'
  | 'extension'
  | 'refund'
  | 'adjust'
  | 'sent'
  | 'received'

/** A movement: into the wallet above zero, out of it below. It never changes. */
export interface MoneyTransfer {
  readonly id: string
  readonly accountId: number
  readonly kind: MoneyKind
  readonly amountMinor: bigint
  readonly currency: string
  readonly atMs: number
  readonly label: string | undefined
}

export interface Wallet {
  readonly moneyMinor: bigint
  /** How far below zero it may go: of those who pay afterwards. */
  readonly creditMinor: bigint
}

/** The largest movement, in minor units. */
export const MONEY_MAX_MINOR = 10n ** 15n

/**
 * Moves money, once for each id.
 * @throws {LabError} badInput — nothing, or more than 10^15; refused (`notEnoughMoney`); conflict — the id is taken; notFound — no such account
 */
export function moveMoney(
  db: Connection,
  move: Omit<MoneyTransfer, 'label'> & { label?: string },
): void {
  requireMoney(move.amountMinor)
  const { moneyMinor, creditMinor } = walletOf(db, move.accountId)
  if (moneyMinor + move.amountMinor < -creditMinor) {
    throw new LabError('refused', 'there is not enough money on the account', {
      reason: 'notEnoughMoney',
    })
  }
  const { changes } = db
    .sql(
      `INSERT INTO money_transfers (id, account_id, kind, amount_minor, currency, at, label)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    )
    .run(
      move.id,
      move.accountId,
      move.kind,
      move.amountMinor,
      move.currency,
      move.atMs,
      move.label ?? null,
    )
  if (changes === 1) return
  throw new LabError('conflict', `there is a movement of money with the id ${move.id} already`)
}

/**
 * Moves money from one wallet to another: what leaves the one arrives in the other, within the same command and under the
 * same id.
 * @throws {LabError} as `moveMoney`; badInput — it is not more than nothing, or both are the same account
 */
export function passMoney(
  db: Connection,
  pass: {
    readonly id: string
    readonly fromAccountId: number
    readonly toAccountId: number
    readonly amountMinor: bigint
    readonly currency: string
    readonly atMs: number
  },
): void {
  const { id, fromAccountId, toAccountId, amountMinor, currency, atMs } = pass
  if (amountMinor <= 0n) requireMoney(0n)
  if (fromAccountId === toAccountId) {
    throw new LabError('badInput', 'money is sent from one account to another')
  }
  const both = { currency, atMs }
  moveMoney(db, {
    ...both,
    id: `sent:${id}`,
    accountId: fromAccountId,
    kind: 'sent',
    amountMinor: -amountMinor,
  })
  moveMoney(db, {
    ...both,
    id: `received:${id}`,
    accountId: toAccountId,
    kind: 'received',
    amountMinor,
  })
}

/** What an account has sent to others since an instant, and when it last did, ever. */
export function sentMoney(
  db: Connection,
  of: { readonly accountId: number; readonly fromMs: number },
): { readonly sentMinor: bigint; readonly lastAtMs: number | undefined } {
  const row = db
    .bigSql<{ readonly sent: bigint; readonly last: bigint | null }>(
      `SELECT coalesce(-sum(iif(at >= ?, amount_minor, 0)), 0) AS sent, max(at) AS last FROM money_transfers
       WHERE account_id = ? AND kind = 'sent'`,
    )
    .get(of.fromMs, of.accountId)
  const last = row?.last ?? undefined
  return { sentMinor: row?.sent ?? 0n, lastAtMs: last === undefined ? undefined : Number(last) }
}

/** What an account has ever paid its operator, less what was paid back: neither sent nor corrected. */
export function spentMoney(db: Connection, accountId: number): bigint {
  return (
    db
      .bigSql<{ readonly spent: bigint }>(
        `SELECT coalesce(-sum(amount_minor), 0) AS spent FROM money_transfers
         WHERE account_id = ? AND kind IN ('planFee', 'giftFee', 'purchase', 'extension', 'refund')`,
      )
      .get(accountId)?.spent ?? 0n
  )
}

function requireMoney(amountMinor: bigint): void {
  const most = amountMinor < 0n ? -amountMinor : amountMinor
  if (most >= 1n && most <= MONEY_MAX_MINOR) return
  throw new LabError('badInput', `an amount of money is 1 to ${MONEY_MAX_MINOR} minor units`, {
    field: 'amountMinor',
  })
}

/** @throws {LabError} notFound — no such account */
export function walletOf(db: Connection, accountId: number): Wallet {
  const row = db
    .bigSql<{ readonly money: bigint; readonly credit: bigint }>(
      `SELECT money_minor AS money, credit_minor AS credit FROM accounts WHERE id = ?`,
    )
    .get(accountId)
  if (!row) throw new LabError('notFound', `there is no account ${accountId}`)
  return { moneyMinor: row.money, creditMinor: row.credit }
}

/** A movement by its id. */
export function findMovement(db: Connection, id: string): MoneyTransfer | undefined {
  const row = db.bigSql<MoneyRow>(`SELECT * FROM money_transfers WHERE id = ?`).get(id)
  return row && movementFromRow(row)
}

/** What an account has paid since an instant under a label. */
export function paidSince(
  db: Connection,
  of: { readonly accountId: number; readonly fromMs: number; readonly label: string },
): bigint {
  return (
    db
      .bigSql<{ readonly paid: bigint }>(
        `SELECT coalesce(-sum(amount_minor), 0) AS paid FROM money_transfers
         WHERE account_id = ? AND label = ? AND at >= ?`,
      )
      .get(of.accountId, of.label, of.fromMs)?.paid ?? 0n
  )
}

/** Movements of an account, the newest first. */
export function moneyOf(
  db: Connection,
  of: { readonly accountId: number; readonly limit: number },
): readonly MoneyTransfer[] {
  return db
    .bigSql<MoneyRow>(
      `SELECT * FROM money_transfers WHERE account_id = ? ORDER BY seq DESC LIMIT ?`,
    )
    .all(of.accountId, of.limit)
    .map(movementFromRow)
}

interface MoneyRow {
  readonly id: string
  readonly account_id: bigint
  readonly kind: MoneyKind
  readonly amount_minor: bigint
  readonly currency: string
  readonly at: bigint
  readonly label: string | null
}

function movementFromRow(row: MoneyRow): MoneyTransfer {
  return {
    id: row.id,
    accountId: Number(row.account_id),
    kind: row.kind,
    amountMinor: row.amount_minor,
    currency: row.currency,
    atMs: Number(row.at),
    label: row.label ?? undefined,
  }
}
