/**
 * Charging sessions as they are kept: what each holds and uses stands in the ledger, under transfers that are named after
 * the session. Every function runs within a command of the store.
 */

import type { Connection } from './engine.ts'

/** Why a session is over; `released` is by its consumer. */
export type SessionEnd = 'released' | 'validity' | 'detached' | 'disabled' | 'deleted' | 'blocked'

export interface ChargingSession {
  readonly ref: string
  readonly accountId: number
  /** The attachment that it is of: without it, the session is over. */
  readonly registrationId: string
  /** The subscriber as the consumer named it. */
  readonly subscriber: string
  readonly notifyUri: string | undefined
  readonly openedAtMs: number
  readonly activeAtMs: number
  readonly untilMs: number
  readonly lastSequence: number
  readonly end: { readonly atMs: number; readonly reason: SessionEnd } | undefined
}

/** The current grant of a rating group. */
export interface ChargingUnit {
  readonly ratingGroup: number
  readonly grantNumber: number
  readonly grantedBytes: bigint
  readonly location: 'home' | 'roaming'
  /** Whether its last grant was the final one. */
  readonly waiting: boolean
}

export interface KeptAnswer {
  readonly fingerprint: string
  readonly answer: string
}

export interface ChargingNotification {
  readonly id: number
  readonly ref: string
  readonly type: 'REAUTHORIZATION' | 'ABORT_CHARGING'
  readonly ratingGroup: number | undefined
  readonly notifyUri: string
  readonly tries: number
  readonly atMs: number
  readonly lastError: string | undefined
}

export function insertSession(
  db: Connection,
  session: Omit<ChargingSession, 'end'> & { readonly identity: string },
): void {
  db.sql(
    `INSERT INTO charging_sessions
       (ref, account_id, registration_id, subscriber, identity, notify_uri, opened_at, active_at, until_at, last_sequence)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    session.ref,
    session.accountId,
    session.registrationId,
    session.subscriber,
    session.identity,
    session.notifyUri ?? null,
    session.openedAtMs,
    session.activeAtMs,
    session.untilMs,
    session.lastSequence,
  )
}

export function findSession(db: Connection, ref: string): ChargingSession | undefined {
  return sessionFromRow(
    db.sql<SessionRow>(`SELECT * FROM charging_sessions WHERE ref = ?`).get(ref),
  )
}

/** The session that a create request with this identity has made. */
export function sessionOfIdentity(db: Connection, identity: string): ChargingSession | undefined {
  return sessionFromRow(
    db.sql<SessionRow>(`SELECT * FROM charging_sessions WHERE identity = ?`).get(identity),
  )
}

/** Sessions of an account, the newest first. */
export function sessionsOf(
  db: Connection,
  of: {
    readonly accountId: number
    readonly limit: number
    readonly onlyOpen?: boolean
    /** Those that come after a session in this order. */
    readonly after?: string | undefined
  },
): readonly ChargingSession[] {
  const last = of.after === undefined ? undefined : findSession(db, of.after)
  return db
    .sql<SessionRow>(
      `SELECT * FROM charging_sessions WHERE account_id = ? ${of.onlyOpen ? 'AND ended_at IS NULL' : ''}
       ${last ? 'AND (opened_at < ? OR (opened_at = ? AND ref > ?))' : ''}
       ORDER BY opened_at DESC, ref LIMIT ?`,
    )
    .all(of.accountId, ...(last ? [last.openedAtMs, last.openedAtMs, last.ref] : []), of.limit)
    .map((row) => sessionFromRow(row) as ChargingSession)
}

/** Open sessions whose time is up or whose phone is no longer attached, of one account or of any. */
export function lostSessions(
  db: Connection,
  due: { readonly atMs: number; readonly limit: number; readonly accountId?: number },
): readonly ChargingSession[] {
  const { accountId } = due
  return db
    .sql<SessionRow>(
      `SELECT * FROM charging_sessions WHERE ended_at IS NULL ${accountId === undefined ? '' : 'AND account_id = ?'}
         AND (until_at <= ? OR NOT EXISTS (SELECT 1 FROM registrations WHERE id = registration_id))
       ORDER BY until_at, ref LIMIT ?`,
    )
    .all(...(accountId === undefined ? [] : [accountId]), due.atMs, due.limit)
    .map((row) => sessionFromRow(row) as ChargingSession)
}

/** Notes that a session was heard of. */
export function touchSession(
  db: Connection,
  touch: {
    readonly ref: string
    readonly activeAtMs: number
    readonly untilMs: number
    readonly lastSequence: number
  },
): void {
  db.sql(
    `UPDATE charging_sessions SET active_at = ?, until_at = ?, last_sequence = ? WHERE ref = ?`,
  ).run(touch.activeAtMs, touch.untilMs, touch.lastSequence, touch.ref)
}

export function endSession(
  db: Connection,
  end: { readonly ref: string; readonly atMs: number; readonly reason: SessionEnd },
): void {
  db.sql(`UPDATE charging_sessions SET ended_at = ?, end_reason = ? WHERE ref = ?`).run(
    end.atMs,
    end.reason,
    end.ref,
  )
  db.sql(`UPDATE charging_units SET granted = 0, waiting = 0 WHERE ref = ?`).run(end.ref)
}

export function unitsOf(db: Connection, ref: string): readonly ChargingUnit[] {
  return db
    .bigSql<UnitRow>(`SELECT * FROM charging_units WHERE ref = +? ORDER BY rating_group`)
    .all(ref)
    .map((row) => ({
      ratingGroup: Number(row.rating_group),
      grantNumber: Number(row.grant_number),
      grantedBytes: row.granted,
      location: row.location,
      waiting: row.waiting === 1n,
    }))
}

export function keepUnit(db: Connection, unit: ChargingUnit & { readonly ref: string }): void {
  db.sql(
    `INSERT INTO charging_units (ref, rating_group, grant_number, granted, location, waiting)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (ref, rating_group) DO UPDATE SET grant_number = excluded.grant_number,
       granted = excluded.granted, location = excluded.location, waiting = excluded.waiting`,
  ).run(
    unit.ref,
    unit.ratingGroup,
    unit.grantNumber,
    unit.grantedBytes,
    unit.location,
    unit.waiting ? 1 : 0,
  )
}

export function findAnswer(
  db: Connection,
  of: { readonly ref: string; readonly sequence: number },
): KeptAnswer | undefined {
  return db
    .sql<KeptAnswer>(
      `SELECT fingerprint, answer FROM charging_answers WHERE ref = ? AND sequence = ?`,
    )
    .get(of.ref, of.sequence)
}

export function keepAnswer(
  db: Connection,
  kept: KeptAnswer & { readonly ref: string; readonly sequence: number },
): void {
  db.sql(
    `INSERT INTO charging_answers (ref, sequence, fingerprint, answer) VALUES (?, ?, ?, ?)`,
  ).run(kept.ref, kept.sequence, kept.fingerprint, kept.answer)
}

/** Takes note of a container of usage. What an earlier one with its number said, or `undefined` when it is new. */
export function keepContainer(
  db: Connection,
  container: {
    readonly ref: string
    readonly ratingGroup: number
    readonly localSequence: number
    readonly amountBytes: bigint
  },
): bigint | undefined {
  const { ref, ratingGroup, localSequence, amountBytes } = container
  const earlier = db
    .bigSql<{ readonly amount: bigint }>(
      `SELECT amount FROM charging_containers WHERE ref = ? AND rating_group = ? AND local_sequence = ?`,
    )
    .get(ref, ratingGroup, localSequence)
  if (earlier) return earlier.amount
  db.sql(
    `INSERT INTO charging_containers (ref, rating_group, local_sequence, amount) VALUES (?, ?, ?, ?)`,
  ).run(ref, ratingGroup, localSequence, amountBytes)
  return undefined
}

/** What a hold holds of lots that may still be used. */
export function usableHeld(
  db: Connection,
  of: { readonly holdId: string; readonly atMs: number },
): { readonly bytes: bigint; readonly untilMs: number | undefined } {
  const row = db
    .bigSql<{ readonly bytes: bigint; readonly until: bigint | null }>(
      `SELECT coalesce(sum(amount), 0) AS bytes, min(valid_until) AS until
       FROM hold_lots JOIN lots ON lots.id = lot_id WHERE hold_id = ? AND amount > 0 AND valid_until > ?`,
    )
    .get(of.holdId, of.atMs)
  const until = row?.until ?? undefined
  return { bytes: row?.bytes ?? 0n, untilMs: until === undefined ? undefined : Number(until) }
}

/** What a session has used so far: of which lots, and beyond all of them. `prefix` begins the ids of its transfers. */
export function usageOfTransfers(
  db: Connection,
  prefix: string,
): {
  readonly lots: readonly { readonly lotId: number; readonly amountBytes: bigint }[]
  readonly overageBytes: bigint
} {
  const rows = db
    .bigSql<{ readonly lot_id: bigint | null; readonly amount: bigint }>(
      `SELECT debit_lot_id AS lot_id, sum(amount) AS amount FROM transfers JOIN postings ON transfer_seq = seq
       WHERE id >= ? AND id < ? AND kind = 'settle' GROUP BY debit_lot_id ORDER BY min(seq), min(line)`,
    )
    .all(`${prefix}:`, `${prefix};`)
  const lots = rows.flatMap(({ lot_id: lotId, amount }) =>
    lotId === null ? [] : [{ lotId: Number(lotId), amountBytes: amount }],
  )
  const overage = rows.find(({ lot_id: lotId }) => lotId === null)
  return { lots, overageBytes: overage?.amount ?? 0n }
}

/** What an account has used beyond all its lots since an instant. */
export function overageSince(
  db: Connection,
  of: { readonly accountId: number; readonly fromMs: number },
): bigint {
  return (
    db
      .bigSql<{ readonly bytes: bigint }>(
        `SELECT coalesce(sum(amount), 0) AS bytes FROM postings JOIN transfers ON seq = transfer_seq
         WHERE overage_account_id = ? AND at >= ?`,
      )
      .get(of.accountId, of.fromMs)?.bytes ?? 0n
  )
}

/** Puts a notification of a session's end or change down, for a session that wants any. */
export function noteForConsumer(
  db: Connection,
  note: {
    readonly ref: string
    readonly type: ChargingNotification['type']
    readonly ratingGroup?: number
    readonly atMs: number
  },
): void {
  db.sql(
    `INSERT INTO charging_notifications (ref, type, rating_group, at, next_at)
     SELECT ref, ?, ?, ?, ? FROM charging_sessions WHERE ref = ? AND notify_uri IS NOT NULL`,
  ).run(note.type, note.ratingGroup ?? null, note.atMs, note.atMs, note.ref)
}

/** Notifications whose time has come, the oldest first; or all of one state. */
export function notificationsOf(
  db: Connection,
  of: {
    readonly state: 'waiting' | 'delivered' | 'dead'
    readonly atMs: number
    readonly limit: number
  },
): readonly ChargingNotification[] {
  return db
    .sql<NotificationRow>(
      `SELECT id, charging_notifications.ref, type, rating_group, notify_uri, tries, at, last_error
       FROM charging_notifications JOIN charging_sessions USING (ref)
       WHERE state = ? AND next_at <= ? ORDER BY next_at, id LIMIT ?`,
    )
    .all(of.state, of.atMs, of.limit)
    .map((row) => ({
      id: row.id,
      ref: row.ref,
      type: row.type,
      ratingGroup: row.rating_group ?? undefined,
      notifyUri: row.notify_uri,
      tries: row.tries,
      atMs: row.at,
      lastError: row.last_error ?? undefined,
    }))
}

/** The consumer has it; or not, and then it is tried again at `nextAtMs`, or never. */
export function settleNotification(
  db: Connection,
  outcome: {
    readonly id: number
    readonly error?: string
    readonly nextAtMs?: number | undefined
  },
): void {
  const { id, error, nextAtMs } = outcome
  const state = error === undefined ? 'delivered' : nextAtMs === undefined ? 'dead' : 'waiting'
  db.sql(
    `UPDATE charging_notifications SET state = ?, tries = tries + 1, last_error = ?, next_at = coalesce(?, next_at)
     WHERE id = ? AND state = 'waiting'`,
  ).run(state, error ?? null, nextAtMs ?? null, id)
}

/** Forgets sessions that were over before an instant, at most `limit`; what they used stays in the ledger. Returns how many. */
export function forgetSessions(
  db: Connection,
  before: { readonly beforeMs: number; readonly limit: number },
): number {
  const refs = db
    .sql<{ ref: string }>(
      `SELECT ref FROM charging_sessions WHERE ended_at < ? ORDER BY ended_at LIMIT ?`,
    )
    .all(before.beforeMs, before.limit)
  for (const { ref } of refs) {
    for (const statement of FORGET) db.sql(statement).run(ref)
  }
  return refs.length
}

const FORGET = [
  `DELETE FROM charging_notifications WHERE ref = ?`,
  `DELETE FROM charging_containers WHERE ref = ?`,
  `DELETE FROM charging_answers WHERE ref = ?`,
  `DELETE FROM charging_units WHERE ref = ?`,
  `DELETE FROM charging_sessions WHERE ref = ?`,
]

/** Notes data that did not count, once for its id. Whether it is new. */
export function noteOffload(
  db: Connection,
  offload: {
    readonly accountId: number
    readonly amountBytes: bigint
    readonly atMs: number
    readonly eventId: string
  },
): boolean {
  const { changes } = db
    .sql(
      `INSERT INTO offloads (account_id, amount, at, event_id) VALUES (?, ?, ?, ?)
       ON CONFLICT (event_id) DO NOTHING`,
    )
    .run(offload.accountId, offload.amountBytes, offload.atMs, offload.eventId)
  return changes === 1
}

/** What an offload with this id was. */
export function findOffload(
  db: Connection,
  eventId: string,
): { readonly accountId: number; readonly amountBytes: bigint } | undefined {
  const row = db
    .bigSql<{ readonly account_id: bigint; readonly amount: bigint }>(
      `SELECT account_id, amount FROM offloads WHERE event_id = ?`,
    )
    .get(eventId)
  return row && { accountId: Number(row.account_id), amountBytes: row.amount }
}

/** What an account has used over Wi-Fi from an instant on and before another. */
export function offloadedBytes(
  db: Connection,
  of: { readonly accountId: number; readonly fromMs: number; readonly untilMs: number },
): bigint {
  return (
    db
      .bigSql<{ readonly bytes: bigint }>(
        `SELECT coalesce(sum(amount), 0) AS bytes FROM offloads WHERE account_id = ? AND at >= ? AND at < ?`,
      )
      .get(of.accountId, of.fromMs, of.untilMs)?.bytes ?? 0n
  )
}

/** Ends the rest of data after a return from abroad, of this return alone. */
export function liftCooling(
  db: Connection,
  lift: { readonly accountId: number; readonly returnedAtMs: number; readonly atMs: number },
): void {
  db.sql(
    `INSERT INTO coolings_lifted (account_id, returned_at, lifted_at) VALUES (?, ?, ?)
     ON CONFLICT (account_id) DO UPDATE SET returned_at = excluded.returned_at, lifted_at = excluded.lifted_at`,
  ).run(lift.accountId, lift.returnedAtMs, lift.atMs)
}

export function isCoolingLifted(
  db: Connection,
  of: { readonly accountId: number; readonly returnedAtMs: number },
): boolean {
  return (
    db
      .sql(`SELECT 1 FROM coolings_lifted WHERE account_id = ? AND returned_at = ?`)
      .get(of.accountId, of.returnedAtMs) !== undefined
  )
}

/** How far an account has used the plan's data that runs: what it gave away is not counted as its own. */
export function planUsage(
  db: Connection,
  of: { readonly accountId: number; readonly atMs: number },
): { readonly ownBytes: bigint; readonly consumedBytes: bigint; readonly sinceMs: number } {
  const row = db
    .bigSql<{ readonly own: bigint; readonly consumed: bigint; readonly since: bigint }>(
      `SELECT coalesce(sum(granted - transferred - withdrawn), 0) AS own, coalesce(sum(consumed), 0) AS consumed,
         coalesce(min(valid_from), 0) AS since
       FROM lots WHERE account_id = ? AND origin = 'plan' AND valid_until > ? AND valid_from <= ?`,
    )
    .get(of.accountId, of.atMs, of.atMs)
  return {
    ownBytes: row?.own ?? 0n,
    consumedBytes: row?.consumed ?? 0n,
    sinceMs: Number(row?.since ?? 0n),
  }
}

/** Whether a message of this event has been put down. */
export function isTold(db: Connection, eventId: string): boolean {
  return db.sql(`SELECT 1 FROM messages WHERE event_id = ?`).get(eventId) !== undefined
}

/** When data of an account ends that nobody was warned of; `expiryEvent` names the warning. */
export interface Ending {
  readonly accountId: number
  readonly untilMs: number
}

export function expiryEvent({ accountId, untilMs }: Ending): string {
  return `expiry:${accountId}:${untilMs}`
}

/** Ends of data within a time from now, and within the last half of its life, that were not told yet to who wants to be told: at most `limit`. */
export function untoldEndings(
  db: Connection,
  of: { readonly atMs: number; readonly withinMs: number; readonly limit: number },
): readonly Ending[] {
  return db
    .sql<Ending>(
      `SELECT DISTINCT lots.account_id AS accountId, valid_until AS untilMs FROM lots
         JOIN accounts ON accounts.id = lots.account_id AND status <> 'closed'
       WHERE open = 1 AND carries = 0 AND valid_until > ? AND valid_until <= ?
         AND 2 * (valid_until - ?) <= valid_until - valid_from
         AND NOT EXISTS (SELECT 1 FROM messages WHERE event_id = 'expiry:' || lots.account_id || ':' || lots.valid_until)
         AND NOT EXISTS (SELECT 1 FROM channel_settings
           WHERE channel_settings.account_id = lots.account_id AND stopped_at IS NOT NULL)
       ORDER BY valid_until, lots.account_id LIMIT ?`,
    )
    .all(of.atMs, of.atMs + of.withinMs, of.atMs, of.limit)
}

interface SessionRow {
  readonly ref: string
  readonly account_id: number
  readonly registration_id: string
  readonly subscriber: string
  readonly notify_uri: string | null
  readonly opened_at: number
  readonly active_at: number
  readonly until_at: number
  readonly last_sequence: number
  readonly ended_at: number | null
  readonly end_reason: SessionEnd | null
}

interface UnitRow {
  readonly rating_group: bigint
  readonly grant_number: bigint
  readonly granted: bigint
  readonly location: 'home' | 'roaming'
  readonly waiting: bigint
}

interface NotificationRow {
  readonly id: number
  readonly ref: string
  readonly type: ChargingNotification['type']
  readonly rating_group: number | null
  readonly notify_uri: string
  readonly tries: number
  readonly at: number
  readonly last_error: string | null
}

function sessionFromRow(row: SessionRow | undefined): ChargingSession | undefined {
  if (!row) return undefined
  return {
    ref: row.ref,
    accountId: row.account_id,
    registrationId: row.registration_id,
    subscriber: row.subscriber,
    notifyUri: row.notify_uri ?? undefined,
    openedAtMs: row.opened_at,
    activeAtMs: row.active_at,
    untilMs: row.until_at,
    lastSequence: row.last_sequence,
    end:
      row.ended_at === null || row.end_reason === null
        ? undefined
        : { atMs: row.ended_at, reason: row.end_reason },
  }
}
