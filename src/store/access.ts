/** Tokens of subscribers and auditors, and the codes with which subscribers sign in. Neither is kept as it was given out. */

import type { Connection } from './engine.ts'

/** A token as the books know it. */
export interface StoredToken {
  readonly id: string
  readonly role: 'subscriber' | 'auditor'
  readonly accountId: number | undefined
  /** The subscription's number, for a subscriber's token. */
  readonly msisdn: string | undefined
  readonly label: string | undefined
  readonly issuedAtMs: number
  readonly untilMs: number
}

export interface NewToken {
  readonly id: string
  readonly hash: Uint8Array
  readonly role: StoredToken['role']
  readonly accountId?: number
  readonly label?: string
  readonly atMs: number
  readonly untilMs: number
}

/** A code that was sent and not used yet. */
export interface StoredCode {
  readonly salt: Uint8Array
  readonly hash: Uint8Array
  /** Wrong codes that came. */
  readonly tries: number
  readonly untilMs: number
}

const COLUMNS = `access_tokens.id, role, account_id AS accountId, msisdn, label, issued_at AS issuedAtMs, until_at AS untilMs`
const TOKENS = `SELECT ${COLUMNS} FROM access_tokens LEFT JOIN accounts ON accounts.id = account_id`

export function addToken(db: Connection, token: NewToken): void {
  db.sql(
    `INSERT INTO access_tokens (id, hash, role, account_id, label, issued_at, until_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    token.id,
    token.hash,
    token.role,
    token.accountId ?? null,
    token.label ?? null,
    token.atMs,
    token.untilMs,
  )
}

/** The token of a hash, while it lives and its account is not closed. */
export function findToken(
  db: Connection,
  by: { readonly hash: Uint8Array; readonly atMs: number },
): StoredToken | undefined {
  return tokenOf(
    db
      .sql<TokenRow>(`${TOKENS} WHERE hash = ? AND until_at > ? AND status IS NOT 'closed'`)
      .get(by.hash, by.atMs),
  )
}

/** Tokens that live, in the order of their ids, from the one after `after` on. */
export function listTokens(
  db: Connection,
  page: { readonly after: string; readonly limit: number; readonly atMs: number },
): readonly StoredToken[] {
  return db
    .sql<TokenRow>(
      `${TOKENS} WHERE access_tokens.id > ? AND until_at > ? ORDER BY access_tokens.id LIMIT ?`,
    )
    .all(page.after, page.atMs, page.limit)
    .map((row) => tokenOf(row) as StoredToken)
}

/** Whether there was such a token. */
export function removeToken(db: Connection, id: string): boolean {
  return db.sql(`DELETE FROM access_tokens WHERE id = ?`).run(id).changes > 0
}

/** Keeps a new code for an account in the place of an older one. */
export function keepCode(db: Connection, code: StoredCode & { readonly accountId: number }): void {
  db.sql(
    `INSERT INTO sign_in_codes (account_id, salt, hash, tries, until_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (account_id) DO UPDATE
     SET salt = excluded.salt, hash = excluded.hash, tries = excluded.tries, until_at = excluded.until_at`,
  ).run(code.accountId, code.salt, code.hash, code.tries, code.untilMs)
}

export function codeOf(db: Connection, accountId: number): StoredCode | undefined {
  return db
    .sql<StoredCode>(
      `SELECT salt, hash, tries, until_at AS untilMs FROM sign_in_codes WHERE account_id = ?`,
    )
    .get(accountId)
}

export function countWrongCode(db: Connection, accountId: number): void {
  db.sql(`UPDATE sign_in_codes SET tries = tries + 1 WHERE account_id = ?`).run(accountId)
}

export function removeCode(db: Connection, accountId: number): void {
  db.sql(`DELETE FROM sign_in_codes WHERE account_id = ?`).run(accountId)
}

/** Forgets tokens and codes whose time is over. */
export function forgetEnded(db: Connection, atMs: number): void {
  db.sql(`DELETE FROM access_tokens WHERE until_at <= ?`).run(atMs)
  db.sql(`DELETE FROM sign_in_codes WHERE until_at <= ?`).run(atMs)
}

type TokenRow = {
  readonly [Name in keyof StoredToken]: Exclude<StoredToken[Name], undefined> | null
}

function tokenOf(row: TokenRow | undefined): StoredToken | undefined {
  if (!row) return undefined
  return {
    ...(row as StoredToken),
    accountId: row.accountId ?? undefined,
    msisdn: row.msisdn ?? undefined,
    label: row.label ?? undefined,
  }
}
