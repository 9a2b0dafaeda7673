/**
 * The quota ledger: lots of bytes, and the journal that says how they came to be what they are.
 *
 * Every function runs within a command of the store (`store.write`; queries also in `store.read`). Amounts are `bigint`
 * bytes from 1 to 2^50, instants are milliseconds of the lab's clock. A lot is usable from `validFromMs` on and never at
 * or after `validUntilMs`; what is left then goes to `expired`, at the latest by the next command on its account.
 */

import { LabError } from '../base/errors.ts'
import type { Connection } from './engine.ts'

/** The largest amount of one lot or one transfer: 2^50 bytes. */
export const AMOUNT_MAX_BYTES = 2n ** 50n

export type LotOrigin = 'plan' | 'purchased' | 'rollover' | 'gift' | 'bonus' | 'loan'
export type TrafficClass = 'general' | 'directed'
/** Where data may be used: at home, abroad, or both. */
export type LotScope = 'home' | 'roaming' | 'any'

/** granted = available + held + consumed + expired + transferred, at every instant. */
export interface Lot {
  readonly id: number
  readonly accountId: number
  readonly origin: LotOrigin
  readonly trafficClass: TrafficClass
  readonly giftable: boolean
  readonly grantedBytes: bigint
  readonly availableBytes: bigint
  readonly heldBytes: bigint
  readonly consumedBytes: bigint
  readonly expiredBytes: bigint
  readonly transferredBytes: bigint
  readonly validFromMs: number
  readonly validUntilMs: number
  /** The lot a gift was taken from. */
  readonly parentLotId: number | undefined
}

/** The lots of one account that may be used at an instant, added up. */
export interface Usable {
  /** Everything that is left, of both traffic classes. */
  readonly availableBytes: bigint
  /** What general traffic may use. */
  readonly generalBytes: bigint
  /** What may be given away. */
  readonly giftableBytes: bigint
}

/** The part of a gift that came from one lot. It ends when that lot ends. */
export interface GiftSlice {
  readonly fromLotId: number
  readonly lotId: number
  readonly amountBytes: bigint
  readonly validUntilMs: number
}

/** The part of some usage that one lot paid. */
export interface UsageSlice {
  readonly lotId: number
  readonly amountBytes: bigint
}

/** What a transfer is called and when it happens. The id is the caller's and is taken once, ever. */
interface TransferHead {
  readonly transferId: string
  readonly atMs: number
}

/** The books, recomputed from the journal alone and compared with the lots. */
export interface Audit {
  readonly issued: bigint
  readonly available: bigint
  readonly held: bigint
  readonly consumed: bigint
  readonly expired: bigint
  /** Whether issued = available + held + consumed + expired, and there is no fault. */
  readonly balanced: boolean
  /** What does not add up, one sentence each; at most 100. */
  readonly faults: readonly string[]
}

/**
 * Issues a new lot to an account and returns its id.
 * @throws {LabError} badInput — the amount is out of range; conflict — the transfer's id is taken
 */
export function issueLot(
  db: Connection,
  lot: TransferHead & {
    readonly accountId: number
    readonly origin: Exclude<LotOrigin, 'gift'>
    readonly trafficClass: TrafficClass
    readonly giftable: boolean
    readonly amountBytes: bigint
    readonly validFromMs: number
    readonly validUntilMs: number
  },
): number {
  requireAmount(lot.amountBytes)
  if (lot.validUntilMs <= lot.validFromMs) {
    throw new LabError('badInput', 'a lot must end after it begins', { field: 'validUntilMs' })
  }
  expireDue(db, lot)
  const transferSeq = insertTransfer(db, { ...lot, kind: 'issue' })
  const lotId = insertLot(db, { ...lot, giftable: lot.giftable ? 1 : 0, parentLotId: null })
  insertPosting(db, {
    transferSeq,
    line: 0,
    debit: 'issuance',
    debitLotId: null,
    credit: 'available',
    creditLotId: lotId,
    amountBytes: lot.amountBytes,
  })
  return lotId
}

/**
 * Moves an amount from the giver's giftable lots to new lots of the receiver, earliest end first, whole or not at all.
 *
 * Each slice keeps the class, the giftability and the end of the lot it came from.
 * @throws {LabError} badInput — the amount is out of range; refused (`notEnoughData`); conflict — the transfer's id is taken
 */
export function postGift(
  db: Connection,
  gift: TransferHead & {
    readonly giverAccountId: number
    readonly receiverAccountId: number
    readonly amountBytes: bigint
  },
): readonly GiftSlice[] {
  requireAmount(gift.amountBytes)
  const { giverAccountId, receiverAccountId, amountBytes, atMs } = gift
  expireDue(db, { atMs, accountId: giverAccountId })
  expireDue(db, { atMs, accountId: receiverAccountId })
  const taken = takeInOrder(db, { statement: GIFTABLE_LOTS, accountId: giverAccountId, ...gift })
  const transferSeq = insertTransfer(db, { ...gift, kind: 'gift' })
  db.sql(
    `INSERT INTO gifts (transfer_seq, giver_account_id, receiver_account_id, amount) VALUES (?, ?, ?, ?)`,
  ).run(transferSeq, giverAccountId, receiverAccountId, amountBytes)
  return taken.map((slice, line) => moveSlice(db, { slice, line, transferSeq, ...gift }))
}

/**
 * Uses an amount of an account's general data, earliest end first, whole or not at all.
 * @throws {LabError} badInput — the amount is out of range; refused (`notEnoughData`); conflict — the transfer's id is taken
 */
export function consume(
  db: Connection,
  usage: TransferHead & { readonly accountId: number; readonly amountBytes: bigint },
): readonly UsageSlice[] {
  requireAmount(usage.amountBytes)
  expireDue(db, usage)
  const taken = takeInOrder(db, { statement: GENERAL_LOTS, ...usage })
  const transferSeq = insertTransfer(db, { ...usage, kind: 'consume' })
  return taken.map(({ lot, amountBytes }, line) => {
    const lotId = Number(lot.id)
    insertPosting(db, { transferSeq, line, ...fromLot(lotId, 'consumed'), amountBytes })
    return { lotId, amountBytes }
  })
}

/**
 * Moves what is left of lots that have ended to `expired`: of one account, or of any, at most `limit` lots a call.
 * Returns how many lots and bytes expired.
 */
export function expireDue(
  db: Connection,
  due: { readonly atMs: number; readonly accountId?: number; readonly limit?: number },
): { readonly lots: number; readonly bytes: bigint } {
  const rows =
    due.accountId === undefined
      ? db.bigSql<DueRow>(DUE_LOTS).all(due.atMs, due.limit ?? -1)
      : db.bigSql<DueRow>(DUE_LOTS_OF_ACCOUNT).all(due.accountId, due.atMs)
  let bytes = 0n
  for (const { id, available } of rows) {
    const transferSeq = insertTransfer(db, {
      transferId: `expire:${id}`,
      atMs: due.atMs,
      kind: 'expire',
    })
    insertPosting(db, {
      transferSeq,
      line: 0,
      ...fromLot(Number(id), 'expired'),
      amountBytes: available,
    })
    bytes += available
  }
  return { lots: rows.length, bytes }
}

/** The lots of an account that may be used at an instant, in order of use: earliest end first, then the older lot. */
export function balanceOf(
  db: Connection,
  of: { readonly accountId: number; readonly atMs: number },
): readonly Lot[] {
  return db.bigSql<LotRow>(USABLE_LOTS).all(of.accountId, of.atMs, of.atMs).map(lotFromRow)
}

/**
 * What may be used and given at an instant; adds up the same lots that `consume` and `postGift` take from.
 *
 * With `enoughBytes` it stops at the lot at which both uses have that much: sums below it are exact, others are not
 * wanted. An account may own thousands of small gifts, and its first lots mostly suffice.
 */
export function usableOf(
  db: Connection,
  of: { readonly accountId: number; readonly atMs: number; readonly enoughBytes?: bigint },
): Usable {
  const sums = { availableBytes: 0n, generalBytes: 0n, giftableBytes: 0n }
  const enoughBytes = of.enoughBytes ?? Infinity
  const lots = db.bigSql<SourceRow>(SOURCE_LOTS).iterate(of.accountId, of.atMs, of.atMs)
  for (const lot of lots) {
    sums.availableBytes += lot.available
    if (lot.traffic_class === 'general') sums.generalBytes += lot.available
    if (lot.giftable === 1n) sums.giftableBytes += lot.available
    if (sums.generalBytes >= enoughBytes && sums.giftableBytes >= enoughBytes) break
  }
  return sums
}

/** The slices of a posted gift, in the order in which they were taken. */
export function slicesOfGift(db: Connection, transferSeq: number): readonly GiftSlice[] {
  const rows = db.bigSql<GiftSliceRow>(GIFT_SLICES).all(transferSeq)
  return rows.map((row) => ({
    fromLotId: Number(row.from_lot_id),
    lotId: Number(row.lot_id),
    amountBytes: row.amount,
    validUntilMs: Number(row.valid_until),
  }))
}

/** The slices of posted usage, in the order in which they were taken. */
export function slicesOfUsage(db: Connection, transferSeq: number): readonly UsageSlice[] {
  return db
    .bigSql<{ readonly lot_id: bigint; readonly amount: bigint }>(
      `SELECT debit_lot_id AS lot_id, amount FROM postings WHERE transfer_seq = ? ORDER BY line`,
    )
    .all(transferSeq)
    .map((row) => ({ lotId: Number(row.lot_id), amountBytes: row.amount }))
}

/** Recomputes every lot from the journal alone and compares. Reads all of it: for operators and tests, not per request. */
export function audit(db: Connection): Audit {
  const sums = { issued: 0n, available: 0n, held: 0n, consumed: 0n, expired: 0n }
  const faults: string[] = []
  for (const row of db.bigSql<AuditRow>(AUDIT_LOTS).iterate()) {
    sums.issued += row.issued
    sums.available += row.issued + row.received - row.given - row.used - row.lapsed
    sums.consumed += row.used
    sums.expired += row.lapsed
    sums.held += row.held
    faults.push(...faultsOfLot(row))
  }
  for (const { id } of db.sql<{ id: string }>(AUDIT_GIFTS).iterate()) {
    faults.push(`gift ${id} and its postings differ in amount, giver or receiver`)
  }
  for (const { id } of db.sql<{ id: string }>(AUDIT_TRANSFERS).iterate()) {
    faults.push(`transfer ${id} does not sum to zero, or moves nothing`)
  }
  const inBooks = sums.available + sums.held + sums.consumed + sums.expired
  if (sums.issued !== inBooks)
    faults.push(`issued ${sums.issued} bytes, but the books hold ${inBooks}`)
  return { ...sums, balanced: faults.length === 0, faults: faults.slice(0, FAULTS_MAX) }
}

const FAULTS_MAX = 100

function faultsOfLot(row: AuditRow): readonly string[] {
  const expected = {
    granted: row.issued + row.received,
    available: row.issued + row.received - row.given - row.used - row.lapsed,
    held: 0n,
    consumed: row.used,
    expired: row.lapsed,
    transferred: row.given,
  }
  return Object.entries(expected)
    .filter(([column, bytes]) => row[column as keyof typeof expected] !== bytes)
    .map(
      ([column, bytes]) =>
        `lot ${row.id}: ${column} is ${row[column as keyof typeof expected]}, the journal says ${bytes}`,
    )
}

function requireAmount(amountBytes: bigint): void {
  if (typeof amountBytes === 'bigint' && amountBytes >= 1n && amountBytes <= AMOUNT_MAX_BYTES)
    return
  throw new LabError(
    'badInput',
    `an amount is 1 to ${AMOUNT_MAX_BYTES} bytes, got ${amountBytes}`,
    {
      field: 'amountBytes',
    },
  )
}

interface Taken {
  readonly lot: SourceRow
  readonly amountBytes: bigint
}

function takeInOrder(
  db: Connection,
  want: {
    readonly statement: string
    readonly accountId: number
    readonly atMs: number
    readonly amountBytes: bigint
  },
): readonly Taken[] {
  const taken: Taken[] = []
  let missing = want.amountBytes
  const lots = db.bigSql<SourceRow>(want.statement).iterate(want.accountId, want.atMs, want.atMs)
  for (const lot of lots) {
    const amountBytes = lot.available < missing ? lot.available : missing
    taken.push({ lot, amountBytes })
    missing -= amountBytes
    if (missing === 0n) return taken
  }
  throw new LabError('refused', `${missing} bytes are missing of ${want.amountBytes}`, {
    reason: 'notEnoughData',
  })
}

function moveSlice(
  db: Connection,
  move: {
    readonly slice: Taken
    readonly line: number
    readonly transferSeq: number
    readonly receiverAccountId: number
    readonly atMs: number
  },
): GiftSlice {
  const { lot, amountBytes } = move.slice
  const fromLotId = Number(lot.id)
  const validUntilMs = Number(lot.valid_until)
  const lotId = insertLot(db, {
    accountId: move.receiverAccountId,
    origin: 'gift',
    trafficClass: lot.traffic_class,
    giftable: lot.giftable,
    validFromMs: move.atMs,
    validUntilMs,
    parentLotId: fromLotId,
  })
  insertPosting(db, {
    transferSeq: move.transferSeq,
    line: move.line,
    ...fromLot(fromLotId, 'available'),
    creditLotId: lotId,
    amountBytes,
  })
  return { fromLotId, lotId, amountBytes, validUntilMs }
}

function insertTransfer(
  db: Connection,
  transfer: TransferHead & { readonly kind: 'issue' | 'gift' | 'consume' | 'expire' },
): number {
  // DO NOTHING instead of catching: an unrelated constraint must not pass for a taken id.
  const { changes, lastInsertRowid } = db
    .sql(`INSERT INTO transfers (id, kind, at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`)
    .run(transfer.transferId, transfer.kind, transfer.atMs)
  if (changes === 1) return Number(lastInsertRowid)
  throw new LabError('conflict', `there is a transfer with the id ${transfer.transferId} already`)
}

function insertLot(
  db: Connection,
  lot: {
    readonly accountId: number
    readonly origin: LotOrigin
    readonly trafficClass: TrafficClass
    readonly giftable: number | bigint
    readonly validFromMs: number
    readonly validUntilMs: number
    readonly parentLotId: number | null
  },
): number {
  const { lastInsertRowid } = db
    .sql(
      `INSERT INTO lots (account_id, origin, traffic_class, giftable, valid_from, valid_until, parent_lot_id)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      lot.accountId,
      lot.origin,
      lot.trafficClass,
      lot.giftable,
      lot.validFromMs,
      lot.validUntilMs,
      lot.parentLotId,
    )
  return Number(lastInsertRowid)
}

interface Sides {
  readonly debit: 'issuance' | 'available'
  readonly debitLotId: number | null
  readonly credit: 'available' | 'consumed' | 'expired'
  readonly creditLotId: number | null
}

function fromLot(debitLotId: number, credit: Sides['credit']): Sides {
  return { debit: 'available', debitLotId, credit, creditLotId: null }
}

function insertPosting(
  db: Connection,
  posting: Sides & {
    readonly transferSeq: number
    readonly line: number
    readonly amountBytes: bigint
  },
): void {
  db.sql(
    `INSERT INTO postings (transfer_seq, line, debit, debit_lot_id, credit, credit_lot_id, amount)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    posting.transferSeq,
    posting.line,
    posting.debit,
    posting.debitLotId,
    posting.credit,
    posting.creditLotId,
    posting.amountBytes,
  )
}

function lotFromRow(row: LotRow): Lot {
  return {
    id: Number(row.id),
    accountId: Number(row.account_id),
    origin: row.origin,
    trafficClass: row.traffic_class,
    giftable: row.giftable === 1n,
    grantedBytes: row.granted,
    availableBytes: row.available,
    heldBytes: row.held,
    consumedBytes: row.consumed,
    expiredBytes: row.expired,
    transferredBytes: row.transferred,
    validFromMs: Number(row.valid_from),
    validUntilMs: Number(row.valid_until),
    parentLotId: row.parent_lot_id === null ? undefined : Number(row.parent_lot_id),
  }
}

interface SourceRow {
  readonly id: bigint
  readonly available: bigint
  readonly valid_until: bigint
  readonly traffic_class: TrafficClass
  readonly giftable: bigint
}

interface LotRow extends SourceRow {
  readonly account_id: bigint
  readonly origin: LotOrigin
  readonly granted: bigint
  readonly held: bigint
  readonly consumed: bigint
  readonly expired: bigint
  readonly transferred: bigint
  readonly valid_from: bigint
  readonly parent_lot_id: bigint | null
}

interface DueRow {
  readonly id: bigint
  readonly available: bigint
}

interface GiftSliceRow {
  readonly from_lot_id: bigint
  readonly lot_id: bigint
  readonly amount: bigint
  readonly valid_until: bigint
}

interface AuditRow {
  readonly id: bigint
  readonly granted: bigint
  readonly available: bigint
  readonly held: bigint
  readonly consumed: bigint
  readonly expired: bigint
  readonly transferred: bigint
  readonly issued: bigint
  readonly received: bigint
  readonly given: bigint
  readonly used: bigint
  readonly lapsed: bigint
}

const USABLE = `FROM lots WHERE account_id = ? AND available > 0 AND valid_until > ? AND valid_from <= ?`
const IN_ORDER_OF_USE = `ORDER BY valid_until, id`
const SOURCE = `SELECT id, available, valid_until, traffic_class, giftable ${USABLE}`

const USABLE_LOTS = `SELECT * ${USABLE} ${IN_ORDER_OF_USE}`
const SOURCE_LOTS = `${SOURCE} ${IN_ORDER_OF_USE}`
const GENERAL_LOTS = `${SOURCE} AND traffic_class = 'general' ${IN_ORDER_OF_USE}`
const GIFTABLE_LOTS = `${SOURCE} AND giftable = 1 ${IN_ORDER_OF_USE}`

const DUE_LOTS = `SELECT id, available FROM lots WHERE available > 0 AND valid_until <= ? ORDER BY valid_until, id LIMIT ?`
const DUE_LOTS_OF_ACCOUNT = `SELECT id, available FROM lots WHERE account_id = ? AND available > 0 AND valid_until <= ? ${IN_ORDER_OF_USE}`

const GIFT_SLICES = `
  SELECT debit_lot_id AS from_lot_id, credit_lot_id AS lot_id, amount, valid_until
  FROM postings JOIN lots ON lots.id = credit_lot_id
  WHERE transfer_seq = ? ORDER BY line`

const AUDIT_LOTS = `
  WITH debits AS (
    SELECT debit_lot_id AS lot_id,
      sum(iif(credit = 'available', amount, 0)) AS given,
      sum(iif(credit = 'consumed', amount, 0)) AS used,
      sum(iif(credit = 'expired', amount, 0)) AS lapsed
    FROM postings WHERE debit_lot_id IS NOT NULL GROUP BY debit_lot_id
  ), credits AS (
    SELECT credit_lot_id AS lot_id,
      sum(iif(debit = 'issuance', amount, 0)) AS issued,
      sum(iif(debit = 'available', amount, 0)) AS received
    FROM postings WHERE credit_lot_id IS NOT NULL GROUP BY credit_lot_id
  )
  SELECT id, granted, available, held, consumed, expired, transferred,
    coalesce(issued, 0) AS issued, coalesce(received, 0) AS received,
    coalesce(given, 0) AS given, coalesce(used, 0) AS used, coalesce(lapsed, 0) AS lapsed
  FROM lots LEFT JOIN debits ON debits.lot_id = id LEFT JOIN credits ON credits.lot_id = id`

const AUDIT_GIFTS = `
  SELECT transfers.id FROM transfers
    LEFT JOIN gifts ON gifts.transfer_seq = seq
    LEFT JOIN postings ON postings.transfer_seq = seq
    LEFT JOIN lots giver ON giver.id = debit_lot_id
    LEFT JOIN lots receiver ON receiver.id = credit_lot_id
  WHERE kind = 'gift' GROUP BY seq
  HAVING gifts.amount IS NOT sum(postings.amount)
    OR max(giver.account_id IS NOT giver_account_id)
    OR max(receiver.account_id IS NOT receiver_account_id)
    OR max(receiver.parent_lot_id IS NOT debit_lot_id)`

const AUDIT_TRANSFERS = `
  SELECT id FROM transfers LEFT JOIN entries ON transfer_seq = seq
  GROUP BY seq HAVING sum(amount) IS NOT 0`
