/** Gifts on their way: one row each, its state going along the edges that the table allows, and no other. */

import { LabError } from '../base/errors.ts'
import type { Connection } from './engine.ts'

/** Every state that a gift can be in. */
export type GiftState =
  | 'requested'
  | 'awaitingConfirmation'
  | 'held'
  | 'awaitingAcceptance'
  | 'completed'
  | 'cancelled'
  | 'declined'
  | 'expired'
  | 'failed'
  | 'partiallyReversed'
  | 'reversed'

export interface GiftRequestRecord {
  readonly id: string
  readonly operator: string
  readonly channel: 'sms' | 'ussd' | 'app' | 'api' | 'web'
  readonly giverAccountId: number
  /** Absent while nobody has claimed the code. */
  readonly receiverAccountId: number | undefined
  /** As it was asked for, normalised. */
  readonly receiverNumber: string | undefined
  readonly amountBytes: bigint
  readonly feeMinor: bigint
  readonly state: GiftState
  readonly requestedAtMs: number
  readonly changedAtMs: number
  /** When the state ends by itself. */
  readonly deadlineMs: number | undefined
  readonly holdId: string | undefined
  /** The gift in the journal. */
  readonly transferId: string | undefined
  /** Of the claim code, never the code. */
  readonly claimHash: string | undefined
  readonly tries: number
  /** Why it ended, in a word for programs. */
  readonly reason: string | undefined
  /** Of a gift that was bought for the receiver: the package of the tariff. */
  readonly packageId?: string | undefined
}

type Given = 'id' | 'operator' | 'channel' | 'giverAccountId' | 'amountBytes' | 'state'
type Changeable =
  | 'receiverAccountId'
  | 'deadlineMs'
  | 'holdId'
  | 'transferId'
  | 'claimHash'
  | 'tries'
  | 'reason'
  | 'feeMinor'

/** Puts a request down. @throws {LabError} conflict — the id is taken */
export function putGiftRequest(
  db: Connection,
  request: Pick<GiftRequestRecord, Given> &
    Partial<Pick<GiftRequestRecord, Changeable | 'receiverNumber' | 'packageId'>> & {
      readonly atMs: number
    },
): void {
  const { changes } = db
    .sql(
      `INSERT INTO gift_requests (id, operator, channel, giver_account_id, receiver_account_id, receiver_number,
         amount, fee_minor, state, requested_at, changed_at, deadline_at, hold_id, transfer_id, claim_hash, tries, reason,
         package_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    )
    .run(
      request.id,
      request.operator,
      request.channel,
      request.giverAccountId,
      request.receiverAccountId ?? null,
      request.receiverNumber ?? null,
      request.amountBytes,
      request.feeMinor ?? 0n,
      request.state,
      request.atMs,
      request.atMs,
      request.deadlineMs ?? null,
      request.holdId ?? null,
      request.transferId ?? null,
      request.claimHash ?? null,
      request.tries ?? 0,
      request.reason ?? null,
      request.packageId ?? null,
    )
  if (changes === 1) return
  throw new LabError('conflict', `there is a gift request ${request.id} already`)
}

/**
 * Brings a request to a state, with what changes besides; a deadline that is not told ends with the state before.
 * @throws {LabError} notFound; conflict (`wrongState`) — the request is not in a state from which it can become that
 */
export function advanceGiftRequest(
  db: Connection,
  step: { readonly id: string; readonly state: GiftState; readonly atMs: number } & Partial<
    Pick<GiftRequestRecord, Changeable>
  >,
): GiftRequestRecord {
  const now = findGiftRequest(db, step.id)
  if (!now) throw new LabError('notFound', `there is no gift request ${step.id}`)
  if (now.state !== step.state && !mayBecome(db, { before: now.state, after: step.state })) {
    throw new LabError('conflict', `the gift is ${now.state} and cannot become ${step.state}`, {
      reason: 'wrongState',
    })
  }
  const next = { ...now, deadlineMs: undefined, ...step }
  db.sql(
    `UPDATE gift_requests SET state = ?, changed_at = ?, receiver_account_id = ?, deadline_at = ?, hold_id = ?,
       transfer_id = ?, claim_hash = ?, tries = ?, reason = ?, fee_minor = ? WHERE id = ?`,
  ).run(
    next.state,
    step.atMs,
    next.receiverAccountId ?? null,
    next.deadlineMs ?? null,
    next.holdId ?? null,
    next.transferId ?? null,
    next.claimHash ?? null,
    next.tries,
    next.reason ?? null,
    next.feeMinor,
    step.id,
  )
  return findGiftRequest(db, step.id) as GiftRequestRecord
}

export function findGiftRequest(db: Connection, id: string): GiftRequestRecord | undefined {
  const row = db.bigSql<GiftRequestRow>(`SELECT * FROM gift_requests WHERE id = ?`).get(id)
  return row && requestFromRow(row)
}

/** Behind every hexadecimal digit in the order of their codes. */
const AFTER_DIGITS = 'g'

/** The id that begins as receipts name it; nothing where none or several do. */
export function idOfReceipt(db: Connection, reference: string): string | undefined {
  const rows = db
    .sql<{ readonly id: string }>(`SELECT id FROM gift_requests WHERE id > ? AND id < ? LIMIT 2`)
    .all(reference, `${reference}${AFTER_DIGITS}`)
  return rows.length === 1 ? rows[0]?.id : undefined
}

export function findByClaim(db: Connection, claimHash: string): GiftRequestRecord | undefined {
  const row = db
    .bigSql<GiftRequestRow>(`SELECT * FROM gift_requests WHERE claim_hash = ?`)
    .get(claimHash)
  return row && requestFromRow(row)
}

/** Requests that an account has made or that are for it, the newest first; of one state, or of all. */
export function giftRequestsOf(
  db: Connection,
  of: {
    readonly accountId: number
    readonly side: 'given' | 'received'
    readonly state?: GiftState | undefined
    readonly limit: number
  },
): readonly GiftRequestRecord[] {
  const [side] = SIDES.filter(({ name }) => name === of.side)
  return db
    .bigSql<GiftRequestRow>(
      `SELECT * FROM gift_requests WHERE id IN (${idsOf(side as GiftSide)}) AND state = coalesce(?, state)
       ORDER BY requested_at DESC, id DESC LIMIT ?`,
    )
    .all(of.accountId, of.accountId, of.state ?? null, of.limit)
    .map(requestFromRow)
}

/**
 * Requests of an account on either side, or of all, the newest first, before the one with an id. A request whose time is
 * over counts as expired, whether or not that is in the books already.
 */
export function giftRequestsPage(
  db: Connection,
  page: {
    readonly accountId: number | undefined
    readonly state: GiftState | undefined
    readonly before: string | undefined
    /** Asked for from then on, and before then. */
    readonly fromMs?: number | undefined
    readonly untilMs?: number | undefined
    /** The number on the other side; without an account, on either. */
    readonly other?: string | undefined
    readonly atMs: number
    readonly limit: number
  },
): readonly GiftRequestRecord[] {
  const { accountId, state, before, fromMs, untilMs, other, atMs, limit } = page
  const conditions: readonly { readonly sql: string; readonly of: readonly (string | number)[] }[] =
    [
      ...(accountId === undefined
        ? []
        : [
            {
              sql: `id IN (${SIDES.map(idsOf).join(' UNION ALL ')})`,
              of: SIDES.flatMap(() => [accountId, accountId]),
            },
          ]),
      ...(state === undefined
        ? []
        : [{ sql: `iif(deadline_at <= ?, 'expired', state) = ?`, of: [atMs, state] }]),
      ...(before === undefined
        ? []
        : [
            {
              sql: `(requested_at, id) < (SELECT requested_at, id FROM gift_requests WHERE id = ?)`,
              of: [before],
            },
          ]),
      ...(fromMs === undefined ? [] : [{ sql: `requested_at >= ?`, of: [fromMs] }]),
      ...(untilMs === undefined ? [] : [{ sql: `requested_at < ?`, of: [untilMs] }]),
      ...(other === undefined
        ? []
        : [
            {
              sql: `(receiver_number = ? OR EXISTS (SELECT 1 FROM accounts WHERE msisdn = ?
                 AND accounts.id IN (giver_account_id, receiver_account_id) AND accounts.id IS NOT ?))`,
              of: [other, other, accountId ?? -1],
            },
          ]),
    ]
  const where = ['1', ...conditions.map(({ sql }) => sql)].join(' AND ')
  return db
    .bigSql<GiftRequestRow>(
      `SELECT * FROM gift_requests WHERE ${where} ORDER BY requested_at DESC, id DESC LIMIT ?`,
    )
    .all(...conditions.flatMap(({ of }) => of), limit)
    .map(requestFromRow)
}

/** How many requests there are, of an account on either side or of all. */
export function countGiftRequests(db: Connection, accountId: number | undefined): number {
  const isOfOne = accountId !== undefined
  const row = db
    .sql<{ count: number }>(
      `SELECT count(*) AS count FROM gift_requests
       ${isOfOne ? `WHERE id IN (${SIDES.map(idsOf).join(' UNION ALL ')})` : ''}`,
    )
    .get(...(isOfOne ? SIDES.flatMap(() => [accountId, accountId]) : []))
  return row?.count ?? 0
}

interface GiftSide {
  readonly name: 'given' | 'received'
  readonly column: 'giver_account_id' | 'receiver_account_id'
}

const SIDES: readonly GiftSide[] = [
  { name: 'given', column: 'giver_account_id' },
  { name: 'received', column: 'receiver_account_id' },
]

/** Gifts in the journal have the ids of their requests, and are found by it; the others by an index of their own. */
function idsOf({ column }: GiftSide): string {
  return `SELECT transfers.id FROM gifts JOIN transfers ON seq = transfer_seq WHERE ${column} = ?
    UNION ALL SELECT id FROM gift_requests WHERE ${column} = ? AND transfer_id IS NOT id`
}

/** Requests whose deadline is over, the earliest first. */
export function dueGiftRequests(
  db: Connection,
  due: { readonly atMs: number; readonly limit: number },
): readonly GiftRequestRecord[] {
  return db
    .bigSql<GiftRequestRow>(
      `SELECT * FROM gift_requests WHERE deadline_at <= ? ORDER BY deadline_at, id LIMIT ?`,
    )
    .all(due.atMs, due.limit)
    .map(requestFromRow)
}

/** Ids of gifts from or to an account whose deadline is over, the earliest first. */
export function overdueGiftsOf(
  db: Connection,
  of: { readonly accountId: number; readonly atMs: number },
): readonly string[] {
  // The sign keeps SQLite to the deadlines: few are over at any time, and an account may have thousands of gifts.
  return db
    .sql<{ id: string }>(
      `SELECT id FROM gift_requests
       WHERE deadline_at <= ? AND ? IN (+giver_account_id, +receiver_account_id) ORDER BY deadline_at, id`,
    )
    .all(of.atMs, of.accountId)
    .map(({ id }) => id)
}

function mayBecome(
  db: Connection,
  edge: { readonly before: GiftState; readonly after: GiftState },
): boolean {
  const query = `SELECT 1 FROM gift_request_edges WHERE before = ? AND after = ?`
  return db.sql(query).get(edge.before, edge.after) !== undefined
}

interface GiftRequestRow {
  readonly id: string
  readonly operator: string
  readonly channel: GiftRequestRecord['channel']
  readonly giver_account_id: bigint
  readonly receiver_account_id: bigint | null
  readonly receiver_number: string | null
  readonly amount: bigint
  readonly fee_minor: bigint
  readonly state: GiftState
  readonly requested_at: bigint
  readonly changed_at: bigint
  readonly deadline_at: bigint | null
  readonly hold_id: string | null
  readonly transfer_id: string | null
  readonly claim_hash: string | null
  readonly tries: bigint
  readonly reason: string | null
  readonly package_id: string | null
}

function requestFromRow(row: GiftRequestRow): GiftRequestRecord {
  return {
    id: row.id,
    operator: row.operator,
    channel: row.channel,
    giverAccountId: Number(row.giver_account_id),
    receiverAccountId:
      row.receiver_account_id === null ? undefined : Number(row.receiver_account_id),
    receiverNumber: row.receiver_number ?? undefined,
    amountBytes: row.amount,
    feeMinor: row.fee_minor,
    state: row.state,
    requestedAtMs: Number(row.requested_at),
    changedAtMs: Number(row.changed_at),
    deadlineMs: row.deadline_at === null ? undefined : Number(row.deadline_at),
    holdId: row.hold_id ?? undefined,
    transferId: row.transfer_id ?? undefined,
    claimHash: row.claim_hash ?? undefined,
    tries: Number(row.tries),
    reason: row.reason ?? undefined,
    packageId: row.package_id ?? undefined,
  }
}
