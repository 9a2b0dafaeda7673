/** Answers to messages of subscribers, their USSD sessions, and whether they want notices. */

import type { Connection } from './engine.ts'

/** An answer as it was given, and a digest of what it answered. */
export interface KeptReply {
  readonly fingerprint: string
  /** JSON. */
  readonly answer: string
}

export function findReply(
  db: Connection,
  of: { readonly accountId: number; readonly key: string },
): KeptReply | undefined {
  return db
    .sql<KeptReply>(
      `SELECT fingerprint, answer FROM channel_answers WHERE account_id = ? AND key = ?`,
    )
    .get(of.accountId, of.key)
}

/** Keeps an answer. One that is there stays. */
export function keepReply(
  db: Connection,
  reply: KeptReply & { readonly accountId: number; readonly key: string; readonly atMs: number },
): void {
  db.sql(
    `INSERT INTO channel_answers (account_id, key, fingerprint, answer, at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  ).run(reply.accountId, reply.key, reply.fingerprint, reply.answer, reply.atMs)
}

/** A USSD session. One without a state is over. */
export interface UssdSessionRecord {
  readonly accountId: number
  readonly id: string
  /** How many requests have been answered. */
  readonly step: number
  /** JSON: where the dialogue is. */
  readonly state: string | undefined
  readonly openedAtMs: number
}

export function findUssdSession(
  db: Connection,
  of: { readonly accountId: number; readonly id: string },
): UssdSessionRecord | undefined {
  const row = db
    .sql<{ step: number; state: string | null; opened_at: number }>(
      `SELECT step, state, opened_at FROM ussd_sessions WHERE account_id = ? AND id = ?`,
    )
    .get(of.accountId, of.id)
  return row && { ...of, step: row.step, state: row.state ?? undefined, openedAtMs: row.opened_at }
}

export function putUssdSession(db: Connection, session: UssdSessionRecord): void {
  db.sql(
    `INSERT INTO ussd_sessions (account_id, id, step, state, opened_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET step = excluded.step, state = excluded.state`,
  ).run(session.accountId, session.id, session.step, session.state ?? null, session.openedAtMs)
}

/** Forgets answers and sessions from before an instant. Returns how many answers. */
export function forgetReplies(db: Connection, before: { readonly atMs: number }): number {
  db.sql(`DELETE FROM ussd_sessions WHERE opened_at < ?`).run(before.atMs)
  return db.sql(`DELETE FROM channel_answers WHERE at < ?`).run(before.atMs).changes
}

/** Whether an account wants to be told of more than what becomes of its gifts. */
export function wantsNotices(db: Connection, accountId: number): boolean {
  const row = db
    .sql<{ stopped_at: number | null }>(
      `SELECT stopped_at FROM channel_settings WHERE account_id = ?`,
    )
    .get(accountId)
  return (row?.stopped_at ?? null) === null
}

export function setWantsNotices(
  db: Connection,
  setting: { readonly accountId: number; readonly wanted: boolean; readonly atMs: number },
): void {
  db.sql(
    `INSERT INTO channel_settings (account_id, stopped_at) VALUES (?, ?)
     ON CONFLICT (account_id) DO UPDATE SET stopped_at = excluded.stopped_at`,
  ).run(setting.accountId, setting.wanted ? null : setting.atMs)
}
