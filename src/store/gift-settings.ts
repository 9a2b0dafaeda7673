/** PINs, locks, block lists, suspensions and automatic gifts of accounts, and the lab's key for what is kept as a digest. */

import type { Connection } from './engine.ts'

export interface GiftSettings {
  readonly pinDigest: Uint8Array | undefined
  /** Wrong PINs in a row. */
  readonly pinTries: number
  readonly pinLocked: boolean
  /** By the subscriber: no gifts from this number. */
  readonly locked: boolean
  /** By the operator: no gifts from this number until it is lifted. */
  readonly suspended:
    | { readonly atMs: number; readonly reason: string; readonly evidence?: string | undefined }
    | undefined
  /** When the operator last lifted that. */
  readonly allowedAtMs: number | undefined
  readonly automatic: { readonly to: string; readonly hoursBefore: number } | undefined
}

/** The settings of an account; of one that has none, those that everybody begins with. */
export function giftSettingsOf(db: Connection, accountId: number): GiftSettings {
  const row = db.sql<Row>(`SELECT * FROM gift_settings WHERE account_id = ?`).get(accountId)
  return row ? settingsFromRow(row) : NO_SETTINGS
}

/** Changes some settings of an account. */
export function changeGiftSettings(
  db: Connection,
  change: { readonly accountId: number } & Partial<GiftSettings>,
): void {
  const { accountId, ...changes } = change
  const next = { ...giftSettingsOf(db, accountId), ...changes }
  db.sql(
    `INSERT OR REPLACE INTO gift_settings (account_id, pin_digest, pin_tries, pin_locked, locked, suspended_at,
       suspended_for, suspended_by, allowed_at, automatic_to, automatic_hours) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    accountId,
    next.pinDigest ?? null,
    next.pinTries,
    next.pinLocked ? 1 : 0,
    next.locked ? 1 : 0,
    next.suspended?.atMs ?? null,
    next.suspended?.reason ?? null,
    next.suspended?.evidence ?? null,
    next.allowedAtMs ?? null,
    next.automatic?.to ?? null,
    next.automatic?.hoursBefore ?? null,
  )
}

/** An account whose gifts are stopped. `evidence` is JSON, where a rule of abuse did it. */
export interface SuspendedAccount {
  readonly accountId: number
  readonly atMs: number
  readonly reason: string
  readonly evidence: string | undefined
}

/** Accounts whose gifts the operator has stopped, the latest first, those after a place in that order. */
export function suspendedAccounts(
  db: Connection,
  page: {
    readonly limit: number
    readonly after?: { readonly atMs: number; readonly accountId: number } | undefined
  },
): readonly SuspendedAccount[] {
  const { atMs = Number.MAX_SAFE_INTEGER, accountId = 0 } = page.after ?? {}
  return db
    .sql<{
      readonly account_id: number
      readonly suspended_at: number
      readonly suspended_for: string
      readonly suspended_by: string | null
    }>(
      `SELECT account_id, suspended_at, suspended_for, suspended_by FROM gift_settings
       WHERE suspended_at IS NOT NULL AND (suspended_at < ? OR (suspended_at = ? AND account_id > ?))
       ORDER BY suspended_at DESC, account_id LIMIT ?`,
    )
    .all(atMs, atMs, accountId, page.limit)
    .map((row) => ({
      accountId: row.account_id,
      atMs: row.suspended_at,
      reason: row.suspended_for,
      evidence: row.suspended_by ?? undefined,
    }))
}

/** Accounts after one that have automatic gifts. */
export function accountsWithAutomaticGifts(
  db: Connection,
  page: { readonly after: number; readonly limit: number },
): readonly number[] {
  return db
    .sql<{ account_id: number }>(
      `SELECT account_id FROM gift_settings WHERE automatic_to IS NOT NULL AND account_id > ?
       ORDER BY account_id LIMIT ?`,
    )
    .all(page.after, page.limit)
    .map((row) => row.account_id)
}

export function isBlocked(
  db: Connection,
  of: { readonly accountId: number; readonly number: string },
): boolean {
  return (
    db
      .sql(`SELECT 1 FROM gift_blocks WHERE account_id = ? AND number = ?`)
      .get(of.accountId, of.number) !== undefined
  )
}

/** The numbers from which an account takes no gifts. */
export function blockedNumbers(db: Connection, accountId: number): readonly string[] {
  return db
    .sql<{ number: string }>(`SELECT number FROM gift_blocks WHERE account_id = ? ORDER BY number`)
    .all(accountId)
    .map(({ number }) => number)
}

export function setBlocked(
  db: Connection,
  block: { readonly accountId: number; readonly number: string; readonly blocked: boolean },
): void {
  const statement = block.blocked
    ? `INSERT OR IGNORE INTO gift_blocks (account_id, number) VALUES (?, ?)`
    : `DELETE FROM gift_blocks WHERE account_id = ? AND number = ?`
  db.sql(statement).run(block.accountId, block.number)
}

/** The lab's key for digests; `make` makes it when there is none. */
export function giftSecret(db: Connection, make: () => Uint8Array): Uint8Array {
  const query = `SELECT octets FROM gift_secret WHERE id = 1`
  const found = db.sql<{ octets: Uint8Array }>(query).get()
  if (found) return found.octets
  const octets = make()
  db.sql(`INSERT INTO gift_secret (id, octets) VALUES (1, ?)`).run(octets)
  return octets
}

const NO_SETTINGS: GiftSettings = {
  pinDigest: undefined,
  pinTries: 0,
  pinLocked: false,
  locked: false,
  suspended: undefined,
  allowedAtMs: undefined,
  automatic: undefined,
}

interface Row {
  readonly pin_digest: Uint8Array | null
  readonly pin_tries: number
  readonly pin_locked: number
  readonly locked: number
  readonly suspended_at: number | null
  readonly suspended_for: string | null
  readonly suspended_by: string | null
  readonly allowed_at: number | null
  readonly automatic_to: string | null
  readonly automatic_hours: number | null
}

function settingsFromRow(row: Row): GiftSettings {
  return {
    pinDigest: row.pin_digest ?? undefined,
    pinTries: row.pin_tries,
    pinLocked: row.pin_locked === 1,
    locked: row.locked === 1,
    suspended:
      row.suspended_at === null
        ? undefined
        : {
            atMs: row.suspended_at,
            reason: row.suspended_for ?? '',
            evidence: row.suspended_by ?? undefined,
          },
    allowedAtMs: row.allowed_at ?? undefined,
    automatic:
      row.automatic_to === null
        ? undefined
        : { to: row.automatic_to, hoursBefore: row.automatic_hours ?? 1 },
  }
}
