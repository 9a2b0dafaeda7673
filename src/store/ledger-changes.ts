/** Corrections and changes of terms: always new transfers and new lots, never a change of what is there. */

import { LabError } from '../base/errors.ts'
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
import { expireDue, expireLot, slicesOfGift, type UsageSlice } from './ledger.ts'
import {
  chooseLots,
  findLot,
  lotFromRow,
  OPEN_LOTS_OF_ACCOUNT,
  type Lot,
  type LotChoice,
  type LotRow,
} from './lots.ts'

/** What a reversal has brought back, and what was left of it that had ended for the giver. */
export interface Reversal {
  readonly returnedBytes: bigint
  readonly expiredBytes: bigint
  /** Whether all of the gift came back. */
  readonly isWhole: boolean
}

/**
 * Takes back what is unused of a gift, once: it returns to the giver with the terms of the lot that it came from, and
 * expires where that lot has ended.
 * @throws {LabError} notFound — no such gift; refused (`alreadyReversed`, `nothingToReverse`); conflict
 */
export function reverseGift(
  db: Connection,
  reversal: TransferHead & { readonly giftId: string },
): Reversal {
  const gift = requireGift(db, reversal.giftId)
  const { atMs } = reversal
  expireDue(db, { accountId: gift.receiverAccountId, atMs })
  const parts = slicesOfGift(db, gift.seq)
    .map((slice) => ({ source: lotOf(db, slice.fromLotId), received: lotOf(db, slice.lotId) }))
    .filter(({ received }) => received.availableBytes > 0n && received.validUntilMs > atMs)
  if (parts.length === 0) {
    throw new LabError('refused', 'nothing of the gift is left', { reason: 'nothingToReverse' })
  }
  const transferSeq = insertTransfer(db, { ...reversal, kind: 'reverse' })
  db.sql(`INSERT INTO reversals (gift_seq, transfer_seq) VALUES (?, ?)`).run(gift.seq, transferSeq)
  const sums = { returnedBytes: 0n, expiredBytes: 0n }
  for (const [line, { source, received }] of parts.entries()) {
    const amountBytes = received.availableBytes
    const hasEnded = source.validUntilMs <= atMs
    sums[hasEnded ? 'expiredBytes' : 'returnedBytes'] += amountBytes
    insertPosting(db, {
      transferSeq,
      line,
      debit: 'available',
      debitLotId: received.id,
      ...(hasEnded
        ? { credit: 'expired' }
        : { credit: 'available', creditLotId: lotLike(db, { source, parent: received, atMs }) }),
      amountBytes,
    })
  }
  return { ...sums, isWhole: sums.returnedBytes === gift.amountBytes }
}

/**
 * Corrects an account by the operator's hand: more bytes are a lot of their own, fewer are taken in order of use, whole
 * or not at all. Returns the parts that were touched.
 * @throws {LabError} badInput; refused (`notEnoughData`); conflict — the transfer's id is taken
 */
export function adjust(
  db: Connection,
  change: TransferHead & {
    readonly accountId: number
    readonly amountBytes: bigint
    /** Of a lot to be added; absent: bytes are taken away. */
    readonly add?: Omit<LotTerms, 'accountId' | 'parentLotId' | 'origin'> & {
      readonly origin: Exclude<LotOrigin, 'gift'>
    }
    readonly order?: readonly LotOrigin[] | undefined
    /** What a lot must be to be taken from. */
    readonly eligible?: LotChoice['eligible']
  },
): readonly UsageSlice[] {
  const { accountId, amountBytes, add } = change
  requireAmount(amountBytes)
  expireDue(db, change)
  const parts = add ? [] : chooseLots(db, change)
  const transferSeq = insertTransfer(db, { ...change, kind: 'adjust' })
  if (add) {
    const creditLotId = insertLot(db, { ...add, accountId })
    const posting = { debit: 'issuance', credit: 'available', creditLotId, amountBytes } as const
    insertPosting(db, { transferSeq, line: 0, ...posting })
    return [{ lotId: creditLotId, amountBytes }]
  }
  return parts.map(({ lot, amountBytes: partBytes }, line) => {
    const posting = { debit: 'available', debitLotId: lot.id, credit: 'issuance' } as const
    insertPosting(db, { transferSeq, line, ...posting, amountBytes: partBytes })
    return { lotId: lot.id, amountBytes: partBytes }
  })
}

/**
 * Gives what is available of a lot a later end, by a new lot that began when the old one did. Returns the new lot's id.
 * @throws {LabError} notFound; badInput — the new end is not later; refused (`nothingLeft`) — the lot is empty, has ended, or has yet to begin
 */
export function extendLot(
  db: Connection,
  extension: TransferHead & { readonly lotId: number; readonly validUntilMs: number },
): number {
  const lot = findLot(db, extension.lotId)
  if (!lot) throw new LabError('notFound', `there is no lot ${extension.lotId}`)
  if (extension.validUntilMs <= lot.validUntilMs) {
    throw new LabError('badInput', 'a longer life must end later', { field: 'validUntilMs' })
  }
  const isUsable = lot.validFromMs <= extension.atMs && lot.validUntilMs > extension.atMs
  if (!isUsable || lot.availableBytes === 0n) {
    throw new LabError('refused', 'nothing of the lot is left', { reason: 'nothingLeft' })
  }
  const transferSeq = insertTransfer(db, { ...extension, kind: 'extend' })
  const creditLotId = insertLot(db, {
    ...lot,
    carries: false,
    validUntilMs: extension.validUntilMs,
    parentLotId: lot.id,
  })
  insertPosting(db, {
    transferSeq,
    line: 0,
    debit: 'available',
    debitLotId: lot.id,
    credit: 'available',
    creditLotId,
    amountBytes: lot.availableBytes,
  })
  return creditLotId
}

/**
 * Ends what an account's plan has carried so far: a part of it, rounded down, becomes rollover data, and the rest expires.
 * With no percent at all everything expires. Returns how much went which way.
 */
export function carryOver(
  db: Connection,
  of: {
    readonly accountId: number
    readonly atMs: number
    readonly percent: number
    readonly validUntilMs: number
    readonly giftable: boolean
  },
): { readonly carriedBytes: bigint; readonly expiredBytes: bigint } {
  const sums = { carriedBytes: 0n, expiredBytes: 0n }
  const rows = db.bigSql<LotRow>(CARRYING_LOTS).all(of.accountId, of.atMs)
  for (const lot of rows.map(lotFromRow)) {
    const carriedBytes = (lot.availableBytes * BigInt(of.percent)) / 100n
    const expiredBytes = lot.availableBytes - carriedBytes
    if (carriedBytes > 0n) carryLot(db, { ...of, lot, carriedBytes })
    if (expiredBytes > 0n) {
      const before = { lotId: lot.id, expiredBytes: lot.expiredBytes }
      expireLot(db, { ...before, amountBytes: expiredBytes, atMs: of.atMs })
    }
    sums.carriedBytes += carriedBytes
    sums.expiredBytes += expiredBytes
  }
  return sums
}

const CARRYING_LOTS = `SELECT * ${OPEN_LOTS_OF_ACCOUNT} AND valid_until <= ? AND carries = 1 ORDER BY valid_until, id`

function carryLot(
  db: Connection,
  of: {
    readonly lot: Lot
    readonly carriedBytes: bigint
    readonly atMs: number
    readonly validUntilMs: number
    readonly giftable: boolean
  },
): void {
  const { lot, atMs, validUntilMs } = of
  const transferSeq = insertTransfer(db, {
    transferId: `rollover:${lot.id}:${atMs}`,
    atMs,
    kind: 'rollover',
  })
  const creditLotId = insertLot(db, {
    ...lot,
    origin: 'rollover',
    giftable: of.giftable,
    carries: false,
    validFromMs: lot.validUntilMs,
    validUntilMs,
    parentLotId: lot.id,
  })
  insertPosting(db, {
    transferSeq,
    line: 0,
    debit: 'available',
    debitLotId: lot.id,
    credit: 'available',
    creditLotId,
    amountBytes: of.carriedBytes,
  })
}

function requireGift(
  db: Connection,
  giftId: string,
): { readonly seq: number; readonly receiverAccountId: number; readonly amountBytes: bigint } {
  const row = db
    .bigSql<{
      readonly seq: bigint
      readonly receiver: bigint
      readonly amount: bigint
      readonly reversed: bigint | null
    }>(
      `SELECT seq, receiver_account_id AS receiver, amount, gift_seq AS reversed FROM transfers
         JOIN gifts ON gifts.transfer_seq = seq LEFT JOIN reversals ON gift_seq = seq
       WHERE id = ?`,
    )
    .get(giftId)
  if (!row) throw new LabError('notFound', `there is no gift ${giftId}`)
  if (row.reversed !== null) {
    throw new LabError('refused', 'a gift is taken back once', { reason: 'alreadyReversed' })
  }
  return {
    seq: Number(row.seq),
    receiverAccountId: Number(row.receiver),
    amountBytes: row.amount,
  }
}

function lotLike(
  db: Connection,
  of: { readonly source: Lot; readonly parent: Lot; readonly atMs: number },
): number {
  return insertLot(db, { ...of.source, validFromMs: of.atMs, parentLotId: of.parent.id })
}

function lotOf(db: Connection, lotId: number): Lot {
  const lot = findLot(db, lotId)
  if (lot) return lot
  throw new LabError('internal', `the journal names a lot ${lotId} that is not there`)
}
