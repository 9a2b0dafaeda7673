/** The SM-DP+'s records: profiles with their download orders, downloads under way, events for the operator. */

import type { Connection } from './engine.ts'

/** The states of a profile at the SM-DP+ (SGP.22 §3.1.6, Table 6b). */
export type OrderState =
  | 'Available'
  | 'Allocated'
  | 'Linked'
  | 'Confirmed'
  | 'Released'
  | 'Downloaded'
  | 'Installed'
  | 'Error'
  | 'Unavailable'

/** A profile and its order. */
export interface Order {
  readonly iccid: string
  readonly profileType: string
  readonly state: OrderState
  readonly eid: string | undefined
  /** Empty for the default SM-DP+ use case; absent until ConfirmOrder. */
  readonly matchingId: string | undefined
  /** SHA256 of the Confirmation Code. */
  readonly confirmationCodeHash: Uint8Array | undefined
  /** SHA256 of the octets that the code stands for where it can be read as hexadecimal. */
  readonly confirmationOctetsHash: Uint8Array | undefined
  readonly confirmationAttempts: number
  /** The wrong code that ends the order; the server's own limit unless there is one. */
  readonly confirmationAttemptsMax: number | undefined
  /** Times that an eUICC was authenticated for the order. */
  readonly downloadAttempts: number
  readonly downloadAttemptsMax: number | undefined
  /** The instant from which on the order is refused. */
  readonly expiresMs: number | undefined
  /** The functionRequesterIdentifier of who ordered; absent for the lab's own operator. */
  readonly requester: string | undefined
  /** otPK.EUICC.ECKA that the last Bound Profile Package was made for. */
  readonly euiccOtpk: Uint8Array | undefined
  /** The session to which the last Bound Profile Package was given. */
  readonly lastTransactionId: Uint8Array | undefined
  /** Why the last download failed. */
  readonly errorDetail: string | undefined
  /** The eUICC that the order was given for; `eid` is also the one that the profile went to. */
  readonly orderedEid: string | undefined
  /** Whether the profile may be downloaded again and again, by any eUICC that the order allows. */
  readonly repeatable: boolean
}

interface OrderRow {
  readonly iccid: string
  readonly profile_type: string
  readonly state: OrderState
  readonly eid: string | null
  readonly matching_id: string | null
  readonly confirmation_code_hash: Uint8Array | null
  readonly confirmation_octets_hash: Uint8Array | null
  readonly confirmation_attempts: number
  readonly confirmation_attempts_max: number | null
  readonly download_attempts: number
  readonly download_attempts_max: number | null
  readonly expires_ms: number | null
  readonly requester: string | null
  readonly euicc_otpk: Uint8Array | null
  readonly last_transaction_id: Uint8Array | null
  readonly error_detail: string | null
  readonly ordered_eid: string | null
  readonly repeatable: number
}

function toOrder(row: OrderRow | undefined): Order | undefined {
  return (
    row && {
      iccid: row.iccid,
      profileType: row.profile_type,
      state: row.state,
      eid: row.eid ?? undefined,
      matchingId: row.matching_id ?? undefined,
      confirmationCodeHash: row.confirmation_code_hash ?? undefined,
      confirmationOctetsHash: row.confirmation_octets_hash ?? undefined,
      confirmationAttempts: row.confirmation_attempts,
      confirmationAttemptsMax: row.confirmation_attempts_max ?? undefined,
      downloadAttempts: row.download_attempts,
      downloadAttemptsMax: row.download_attempts_max ?? undefined,
      expiresMs: row.expires_ms ?? undefined,
      requester: row.requester ?? undefined,
      euiccOtpk: row.euicc_otpk ?? undefined,
      lastTransactionId: row.last_transaction_id ?? undefined,
      errorDetail: row.error_detail ?? undefined,
      orderedEid: row.ordered_eid ?? undefined,
      repeatable: row.repeatable === 1,
    }
  )
}

/** Puts profiles on stock. */
export function addProfiles(
  db: Connection,
  profiles: { readonly iccids: Iterable<string>; readonly profileType: string },
): void {
  const insert = db.sql(
    `INSERT INTO profiles (iccid, profile_type, state) VALUES (?, ?, 'Available')`,
  )
  for (const iccid of profiles.iccids) insert.run(iccid, profiles.profileType)
}

export function findOrder(db: Connection, iccid: string): Order | undefined {
  return toOrder(db.sql<OrderRow>('SELECT * FROM profiles WHERE iccid = ?').get(iccid))
}

/** The order of a MatchingID that is not empty. */
export function findOrderByMatchingId(db: Connection, matchingId: string): Order | undefined {
  if (matchingId === '') return undefined
  return toOrder(
    db
      .sql<OrderRow>(`SELECT * FROM profiles WHERE matching_id = ? AND matching_id <> ''`)
      .get(matchingId),
  )
}

/**
 * The orders of an eUICC whose profile may still be downloaded: those that nobody has asked for yet first, since one that
 * was handed out may be on the card already and its result on the way; then by ICCID.
 */
export function findPendingOrdersOfEid(db: Connection, eid: string): Order[] {
  return db
    .sql<OrderRow>(
      `SELECT * FROM profiles WHERE eid = ? AND state IN ('Confirmed', 'Released', 'Downloaded')
       ORDER BY CASE state WHEN 'Released' THEN 0 WHEN 'Downloaded' THEN 1 ELSE 2 END, iccid LIMIT 16`,
    )
    .all(eid)
    .map((row) => toOrder(row) as Order)
}

/** An available profile of a type. */
export function findAvailable(db: Connection, profileType: string): Order | undefined {
  return toOrder(
    db
      .sql<OrderRow>(
        `SELECT * FROM profiles WHERE state = 'Available' AND profile_type = ? ORDER BY iccid LIMIT 1`,
      )
      .get(profileType),
  )
}

export function hasProfileType(db: Connection, profileType: string): boolean {
  return (
    db.sql('SELECT 1 FROM profiles WHERE profile_type = ? LIMIT 1').get(profileType) !== undefined
  )
}

/** A profile without an order: as it was put on stock. */
export function unordered(
  profile: Pick<Order, 'iccid' | 'profileType'>,
  state: 'Available' | 'Unavailable' = 'Available',
): Order {
  const { iccid, profileType } = profile
  return {
    iccid,
    profileType,
    state,
    eid: undefined,
    matchingId: undefined,
    confirmationCodeHash: undefined,
    confirmationOctetsHash: undefined,
    confirmationAttempts: 0,
    confirmationAttemptsMax: undefined,
    downloadAttempts: 0,
    downloadAttemptsMax: undefined,
    expiresMs: undefined,
    requester: undefined,
    euiccOtpk: undefined,
    lastTransactionId: undefined,
    errorDetail: undefined,
    orderedEid: undefined,
    repeatable: false,
  }
}

/** Orders that have expired and may still be downloaded, some at a time. */
export function findExpiredOrders(
  db: Connection,
  due: { readonly atMs: number; readonly limit: number },
): Order[] {
  return db
    .sql<OrderRow>(
      `SELECT * FROM profiles WHERE expires_ms <= ?
         AND state IN ('Allocated', 'Linked', 'Confirmed', 'Released', 'Downloaded') LIMIT ?`,
    )
    .all(due.atMs, due.limit)
    .map((row) => toOrder(row) as Order)
}

/**
 * Forgets downloads and notifications from before an instant, some at a time; a download whose result is still awaited
 * is kept. Returns how many rows went.
 */
export function forgetDownloads(
  db: Connection,
  due: { readonly beforeMs: number; readonly limit: number },
): number {
  const downloads = db
    .sql(
      `DELETE FROM downloads WHERE transaction_id IN (
         SELECT d.transaction_id FROM downloads d JOIN profiles p USING (iccid)
         WHERE d.at_ms < ? AND NOT (p.state = 'Downloaded' AND p.last_transaction_id = d.transaction_id)
         LIMIT ?)`,
    )
    .run(due.beforeMs, due.limit)
  const notifications = db
    .sql(
      `DELETE FROM seen_notifications WHERE (eid, iccid, seq_number) IN (
         SELECT eid, iccid, seq_number FROM seen_notifications WHERE at_ms < ? LIMIT ?)`,
    )
    .run(due.beforeMs, due.limit)
  return downloads.changes + notifications.changes
}

export interface OrderPage {
  readonly after?: string
  readonly limit: number
}

/** Orders that have left the stock, by ICCID. */
export function listOrders(db: Connection, page: OrderPage): Order[] {
  return db
    .sql<OrderRow>(
      `SELECT * FROM profiles WHERE state <> 'Available' AND iccid > ? ORDER BY iccid LIMIT ?`,
    )
    .all(page.after ?? '', page.limit)
    .map((row) => toOrder(row) as Order)
}

/** Writes all of an order but its ICCID and type, which never change. */
export function saveOrder(db: Connection, order: Order): void {
  db.sql(
    `UPDATE profiles SET state = ?, eid = ?, matching_id = ?, confirmation_code_hash = ?,
       confirmation_octets_hash = ?, confirmation_attempts = ?, confirmation_attempts_max = ?,
       download_attempts = ?, download_attempts_max = ?, expires_ms = ?, requester = ?,
       euicc_otpk = ?, last_transaction_id = ?, error_detail = ?, ordered_eid = ?, repeatable = ?
     WHERE iccid = ?`,
  ).run(
    order.state,
    order.eid ?? null,
    order.matchingId ?? null,
    order.confirmationCodeHash ?? null,
    order.confirmationOctetsHash ?? null,
    order.confirmationAttempts,
    order.confirmationAttemptsMax ?? null,
    order.downloadAttempts,
    order.downloadAttemptsMax ?? null,
    order.expiresMs ?? null,
    order.requester ?? null,
    order.euiccOtpk ?? null,
    order.lastTransactionId ?? null,
    order.errorDetail ?? null,
    order.orderedEid ?? null,
    order.repeatable ? 1 : 0,
    order.iccid,
  )
}

/** A package was handed out: the profile belongs to this eUICC. Touches no more than it must, for each download does it. */
export function markDownloaded(
  db: Connection,
  delivered: {
    readonly iccid: string
    readonly eid: string
    readonly euiccOtpk: Uint8Array
    readonly transactionId: Uint8Array
  },
): void {
  db.sql(
    `UPDATE profiles SET state = 'Downloaded', eid = ?, euicc_otpk = ?, last_transaction_id = ?
     WHERE iccid = ?`,
  ).run(delivered.eid, delivered.euiccOtpk, delivered.transactionId, delivered.iccid)
}

/** The download is over, with success or with an error. */
export function markSettled(
  db: Connection,
  settled: {
    readonly iccid: string
    readonly state: 'Installed' | 'Error'
    readonly errorDetail?: string
  },
): void {
  db.sql('UPDATE profiles SET state = ?, euicc_otpk = NULL, error_detail = ? WHERE iccid = ?').run(
    settled.state,
    settled.errorDetail ?? null,
    settled.iccid,
  )
}

/** A Bound Profile Package that was handed out; kept so that its result can be verified at any later time. */
export interface Download {
  readonly transactionId: Uint8Array
  readonly iccid: string
  readonly eid: string
  /** PK.EUICC.ECDSA of the session as SubjectPublicKeyInfo. */
  readonly euiccPublicKey: Uint8Array
  readonly atMs: number
}

/** A download as it is kept. */
export interface KeptDownload extends Download {
  /** Its result counts no more: it was counted, or the order has begun anew since. */
  readonly settled: boolean
}

interface DownloadRow {
  readonly transaction_id: Uint8Array
  readonly iccid: string
  readonly eid: string
  readonly euicc_public_key: Uint8Array
  readonly at_ms: number
  readonly settled: number
}

/** One row for each session: its package may be handed out more than once, and the result of the last one counts. */
export function recordDownload(db: Connection, download: Download): void {
  db.sql(
    `INSERT INTO downloads (transaction_id, iccid, eid, euicc_public_key, at_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (transaction_id) DO UPDATE SET settled = 0`,
  ).run(
    download.transactionId,
    download.iccid,
    download.eid,
    download.euiccPublicKey,
    download.atMs,
  )
}

export function findDownload(db: Connection, transactionId: Uint8Array): KeptDownload | undefined {
  const row = db
    .sql<DownloadRow>('SELECT * FROM downloads WHERE transaction_id = ?')
    .get(transactionId)
  return (
    row && {
      transactionId: row.transaction_id,
      iccid: row.iccid,
      eid: row.eid,
      euiccPublicKey: row.euicc_public_key,
      atMs: row.at_ms,
      settled: row.settled === 1,
    }
  )
}

/** The result of a download was counted: it counts once where an order goes on after it. */
export function settleDownload(db: Connection, transactionId: Uint8Array): void {
  db.sql('UPDATE downloads SET settled = 1 WHERE transaction_id = ?').run(transactionId)
}

/** Results of what was handed out so far count no more. */
export function settleDownloadsOf(db: Connection, iccid: string): void {
  db.sql('UPDATE downloads SET settled = 1 WHERE iccid = ?').run(iccid)
}

/** Whether the profile was handed out to this eUICC at any time. */
export function wasHandedOut(
  db: Connection,
  to: { readonly iccid: string; readonly eid: string },
): boolean {
  return (
    db.sql('SELECT 1 FROM downloads WHERE iccid = ? AND eid = ? LIMIT 1').get(to.iccid, to.eid) !==
    undefined
  )
}

/**
 * Notes a notification's sequence number; `false` when this eUICC's number was seen before for this profile.
 *
 * A card numbers all its notifications in one row, but a card of a lab may be made anew under its EID and count from one
 * again: what it says of another profile is no repetition.
 */
export function isNewNotification(
  db: Connection,
  notification: {
    readonly eid: string
    readonly iccid: string
    readonly seqNumber: number
    readonly atMs: number
  },
): boolean {
  const { changes } = db
    .sql(
      `INSERT INTO seen_notifications (eid, iccid, seq_number, at_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    )
    .run(notification.eid, notification.iccid, notification.seqNumber, notification.atMs)
  return changes === 1
}

/** What happened to a profile, as a notification of its eUICC told: verified by who received it (SGP.22 §3.5). */
export interface ProfileEvent {
  readonly iccid: string
  readonly eid: string
  readonly event: 'install' | 'enable' | 'disable' | 'delete'
  /** Rises with every notification of the card; 0 is a number like any other. */
  readonly seqNumber: number
}
