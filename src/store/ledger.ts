/**
 * The quota ledger: lots of bytes, and the journal that says how they came to be what they are.
 *
 * Every function runs within a command of the store (`store.write`; queries also in `store.read`). Amounts are `bigint`
 * bytes from 1 to 2^50, instants are milliseconds of the lab's clock. A lot is usable from `validFromMs` on and never at
 * or after `validUntilMs`; what is left then goes to `expired`, at the latest by the next command on its account, unless
 * the lot carries it over to the plan's next period. Holds are in holds.ts, corrections in ledger-changes.ts.
 */

import type { Connection } from './engine.ts'
import {
  insertLot,
  insertPosting,
  insertTransfer,
  requireAmount,
  type LotOrigin,
  type LotTerms,
  type TransferHead,
} from './journal.ts'
import {
  chooseLots,
  findLots,
  OPEN_LOTS_OF_ACCOUNT,
  type Lot,
  type LotChoice,
  type LotPart,
} from './lots.ts'

export { audit, type Audit } from './ledger-audit.ts'
export {
  AMOUNT_MAX_BYTES,
  type LotOrigin,
  type LotScope,
  type LotTerms,
  type TrafficClass,
  type TransferHead,
} from './journal.ts'
export { balanceOf, findLot, usableBytes, type Lot, type LotChoice, type LotPart } from './lots.ts'

/** The part of a gift that came from one lot. */
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

/** What a received part is like; what is not told is as in the lot that it came from. */
export interface GiftTerms {
  readonly validUntilMs?: number | undefined
  readonly giftable?: boolean | undefined
  readonly label?: string | undefined
}

/** Which lots a gift is taken from, and what becomes of them: earliest end first, with the source's terms, unless told. */
export interface GiftRoute {
  readonly order?: readonly LotOrigin[] | undefined
  readonly eligible?: ((lot: Lot) => boolean) | undefined
  readonly terms?: ((source: GiftSource) => GiftTerms) | undefined
}

/**
 * Issues a new lot to an account and returns its id.
 * @throws {LabError} badInput — the amount is out of range; conflict — the transfer's id is taken
 */
export function issueLot(
  db: Connection,
  lot: TransferHead &
    Omit<LotTerms, 'parentLotId' | 'origin'> & {
      readonly origin: Exclude<LotOrigin, 'gift'>
      readonly amountBytes: bigint
    },
): number {
  requireAmount(lot.amountBytes)
  expireDue(db, lot)
  const transferSeq = insertTransfer(db, { ...lot, kind: 'issue' })
  const creditLotId = insertLot(db, lot)
  insertPosting(db, {
    transferSeq,
    line: 0,
    debit: 'issuance',
    credit: 'available',
    creditLotId,
    amountBytes: lot.amountBytes,
  })
  return creditLotId
}

/** A gift to be moved: from whom, to whom, how much, of which lots, and what becomes of them. */
export type GiftToPost = GiftSides & GiftRoute & { readonly amountBytes: bigint }

type GiftSides = TransferHead & {
  readonly giverAccountId: number
  readonly receiverAccountId: number
}

/** What of a lot its gift takes over. */
export type GiftSource = Pick<Lot, 'id' | 'trafficClass' | 'scope' | 'giftable' | 'validUntilMs'>

/**
 * Moves an amount from the giver's giftable lots to new lots of the receiver, whole or not at all.
 * @throws {LabError} badInput — the amount is out of range; refused (`notEnoughData`); conflict — the transfer's id is taken
 */
export function postGift(db: Connection, gift: GiftToPost): readonly GiftSlice[] {
  expireDue(db, { atMs: gift.atMs, accountId: gift.giverAccountId })
  expireDue(db, { atMs: gift.atMs, accountId: gift.receiverAccountId })
  requireAmount(gift.amountBytes)
  const want = { ...gift, accountId: gift.giverAccountId, onlyGiftable: true }
  return moveGift(db, { ...gift, parts: chooseLots(db, want) })
}

/** As {@link postGift}, of parts that are chosen, between accounts in which what has ended is put away already. */
export function moveGift(
  db: Connection,
  gift: GiftSides &
    Pick<GiftRoute, 'terms'> & {
      readonly parts: readonly { readonly lot: GiftSource; readonly amountBytes: bigint }[]
    },
): readonly GiftSlice[] {
  const { giverAccountId, receiverAccountId, parts, atMs } = gift
  const amountBytes = parts.reduce((sum, part) => sum + part.amountBytes, 0n)
  const transferSeq = insertTransfer(db, { ...gift, kind: 'gift' })
  recordGift(db, { transferSeq, giverAccountId, receiverAccountId, amountBytes, atMs })
  return parts.map(({ lot, amountBytes: partBytes }, line) =>
    postGiftPart(db, { ...gift, transferSeq, line, source: lot, from: 'available', partBytes }),
  )
}

/** Notes who gave whom how much: what limits are counted by. */
export function recordGift(
  db: Connection,
  gift: {
    readonly transferSeq: number
    readonly giverAccountId: number
    readonly receiverAccountId: number
    readonly amountBytes: bigint
    readonly atMs: number
  },
): void {
  db.sql(
    `INSERT INTO gifts (transfer_seq, giver_account_id, receiver_account_id, amount, at) VALUES (?, ?, ?, ?, ?)`,
  ).run(gift.transferSeq, gift.giverAccountId, gift.receiverAccountId, gift.amountBytes, gift.atMs)
}

/** Moves one part of a gift from a lot, or from what is held of it, to a new lot of the receiver. */
export function postGiftPart(
  db: Connection,
  part: {
    readonly transferSeq: number
    readonly line: number
    readonly source: GiftSource
    readonly from: 'available' | 'held'
    readonly partBytes: bigint
    readonly receiverAccountId: number
    readonly atMs: number
    readonly terms?: GiftRoute['terms']
  },
): GiftSlice {
  const { source, partBytes: amountBytes } = part
  const terms = part.terms?.(source) ?? {}
  const validUntilMs = terms.validUntilMs ?? source.validUntilMs
  const lotId = insertLot(db, {
    accountId: part.receiverAccountId,
    origin: 'gift',
    trafficClass: source.trafficClass,
    scope: source.scope,
    giftable: terms.giftable ?? source.giftable,
    label: terms.label,
    validFromMs: part.atMs,
    validUntilMs,
    parentLotId: source.id,
  })
  insertPosting(db, {
    transferSeq: part.transferSeq,
    line: part.line,
    debit: part.from,
    debitLotId: source.id,
    credit: 'available',
    creditLotId: lotId,
    amountBytes,
  })
  return { fromLotId: source.id, lotId, amountBytes, validUntilMs }
}

/**
 * Uses an amount of an account's data, whole or not at all: general data, earliest end first, unless told otherwise.
 * @throws {LabError} badInput — the amount is out of range; refused (`notEnoughData`); conflict — the transfer's id is taken
 */
export function consume(
  db: Connection,
  usage: TransferHead & LotChoice & { readonly amountBytes: bigint },
): readonly UsageSlice[] {
  requireAmount(usage.amountBytes)
  expireDue(db, usage)
  return take(db, { usage, parts: chooseLots(db, { trafficClass: 'general', ...usage }) })
}

/** As {@link consume}, of an account in which what has ended is put away already: nothing when there is not enough. */
export function consumeIfEnough(
  db: Connection,
  usage: TransferHead & LotChoice & { readonly amountBytes: bigint },
): readonly UsageSlice[] | undefined {
  requireAmount(usage.amountBytes)
  const parts = findLots(db, { trafficClass: 'general', ...usage })
  return parts && take(db, { usage, parts })
}

function take(
  db: Connection,
  { usage, parts }: { readonly usage: TransferHead; readonly parts: readonly LotPart[] },
): readonly UsageSlice[] {
  const transferSeq = insertTransfer(db, { ...usage, kind: 'consume' })
  return parts.map(({ lot, amountBytes }, line) => {
    insertPosting(db, {
      transferSeq,
      line,
      debit: 'available',
      debitLotId: lot.id,
      credit: 'consumed',
      amountBytes,
    })
    return { lotId: lot.id, amountBytes }
  })
}

/**
 * Moves what is left of lots that have ended to `expired`: of one account, or of any, at most `limit` lots a call. Lots
 * that carry it over are left to the renewal. Returns how many lots and bytes expired.
 */
export function expireDue(
  db: Connection,
  due: { readonly atMs: number; readonly accountId?: number; readonly limit?: number },
): { readonly lots: number; readonly bytes: bigint } {
  const rows =
    due.accountId === undefined
      ? db.bigSql<DueRow>(DUE_LOTS).all(due.atMs, due.limit ?? -1)
      : dueLotsOfAccount(db, { accountId: due.accountId, atMs: due.atMs })
  let bytes = 0n
  for (const { id, available, expired } of rows) {
    const lot = { lotId: Number(id), expiredBytes: expired }
    expireLot(db, { ...lot, amountBytes: available, atMs: due.atMs })
    bytes += available
  }
  return { lots: rows.length, bytes }
}

/** Mostly nothing is due, and every gift and every report of use asks: to get one row costs half of getting all. */
function dueLotsOfAccount(
  db: Connection,
  of: { readonly accountId: number; readonly atMs: number },
): readonly DueRow[] {
  const statement = db.bigSql<DueRow>(DUE_LOTS_OF_ACCOUNT)
  const first = statement.get(of.accountId, of.atMs)
  return first ? statement.all(of.accountId, of.atMs) : []
}

/** Moves what is left of a lot that has ended to `expired`. */
export function expireLot(
  db: Connection,
  lot: {
    readonly lotId: number
    readonly amountBytes: bigint
    /** What has expired of it before. */
    readonly expiredBytes: bigint
    readonly atMs: number
  },
): void {
  // What was held comes back to a lot that had ended when the clock is set back, and expires under a name of its own.
  const again = lot.expiredBytes === 0n ? '' : `:${lot.expiredBytes}`
  const transferSeq = insertTransfer(db, {
    transferId: `expire:${lot.lotId}${again}`,
    atMs: lot.atMs,
    kind: 'expire',
  })
  insertPosting(db, {
    transferSeq,
    line: 0,
    debit: 'available',
    debitLotId: lot.lotId,
    credit: 'expired',
    amountBytes: lot.amountBytes,
  })
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
      `SELECT debit_lot_id AS lot_id, amount FROM postings
       WHERE transfer_seq = ? AND debit_lot_id IS NOT NULL ORDER BY line`,
    )
    .all(transferSeq)
    .map((row) => ({ lotId: Number(row.lot_id), amountBytes: row.amount }))
}

/** What an account has given or received from an instant on and before another, recounted from the journal. */
export function giftTotals(
  db: Connection,
  of: {
    readonly accountId: number
    readonly side: 'given' | 'received'
    readonly fromMs: number
    readonly untilMs: number
  },
): { readonly gifts: number; readonly bytes: bigint; readonly others: number } {
  const [own, other] =
    of.side === 'given'
      ? ['giver_account_id', 'receiver_account_id']
      : ['receiver_account_id', 'giver_account_id']
  const row = db
    .bigSql<{ readonly gifts: bigint; readonly bytes: bigint; readonly others: bigint }>(
      `SELECT count(*) AS gifts, coalesce(sum(amount), 0) AS bytes, count(DISTINCT ${other}) AS others
       FROM gifts WHERE ${own} = ? AND at >= ? AND at < ?`,
    )
    .get(of.accountId, of.fromMs, of.untilMs)
  return { gifts: Number(row?.gifts), bytes: row?.bytes ?? 0n, others: Number(row?.others) }
}

interface DueRow {
  readonly id: bigint
  readonly available: bigint
  readonly expired: bigint
}

interface GiftSliceRow {
  readonly from_lot_id: bigint
  readonly lot_id: bigint
  readonly amount: bigint
  readonly valid_until: bigint
}

const DUE_LOTS = `SELECT id, available, expired FROM lots WHERE open = 1 AND valid_until <= ? AND carries = 0 ORDER BY valid_until, id LIMIT ?`
const DUE_LOTS_OF_ACCOUNT = `SELECT id, available, expired ${OPEN_LOTS_OF_ACCOUNT} AND valid_until <= ? AND carries = 0 ORDER BY valid_until, id`

const GIFT_SLICES = `
  SELECT debit_lot_id AS from_lot_id, credit_lot_id AS lot_id, amount, valid_until
  FROM postings JOIN lots ON lots.id = credit_lot_id
  WHERE transfer_seq = ? ORDER BY line`
