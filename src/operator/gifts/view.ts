/** Gifts as they are shown: from the journal and from the book of states. */

import type { Connection } from '../../store/engine.ts'
import {
  findGiftRequest,
  type GiftRequestRecord,
  type GiftState,
} from '../../store/gift-requests.ts'
import { slicesOfGift, type GiftSlice } from '../../store/ledger.ts'
import { creditedLot } from '../../store/lots.ts'
import { findById } from '../accounts.ts'
import type { ChannelKind } from '../rules/types.ts'

/** The part of a gift that came from one of the giver's lots, and the receiver's lot that it became. */
export interface GiftLot {
  readonly fromLotId: number
  readonly lotId: number
  readonly amountBytes: bigint
  readonly validUntil: Date
}

/** A gift, on its way or settled. Its id is the number of its receipt. */
export interface Gift {
  readonly id: string
  readonly state: GiftState
  readonly from: string
  /** Empty while nobody has claimed it. */
  readonly to: string
  readonly amountBytes: bigint
  readonly feeMinor: bigint
  readonly channel: ChannelKind
  /** When it was asked for. */
  readonly at: Date
  /** When its state came about. */
  readonly changedAt: Date
  /** When its state ends by itself. */
  readonly deadline: Date | undefined
  /** When the first part of it ends; `lots` has the end of each part. Absent until the data has moved. */
  readonly validUntil: Date | undefined
  readonly lots: readonly GiftLot[]
  /** Of a gift that was bought: which package of the tariff. Its data was nobody's before, and its fee is the price. */
  readonly packageId?: string | undefined
  /** Why it ended, where that is not in the state. */
  readonly reason: string | undefined
}

/** A gift by its id. One whose time is over is shown as expired, whether or not that is in the books already. */
export function findGift(
  db: Connection,
  by: { readonly id: string; readonly atMs: number },
): Gift | undefined {
  const request = findGiftRequest(db, by.id)
  if (request) return giftOf(db, { request, atMs: by.atMs })
  return findEarlier(db, by.id)
}

/** The gift of a request. `slices` saves reading them again. */
export function giftOf(
  db: Connection,
  of: {
    readonly request: GiftRequestRecord
    readonly atMs: number
    readonly slices?: readonly GiftSlice[] | undefined
    /** As they are known already, to save reading them again. */
    readonly numbers?: { readonly from: string; readonly to: string | undefined }
  },
): Gift {
  const { request, atMs } = of
  const isOver = request.deadlineMs !== undefined && request.deadlineMs <= atMs
  const numbers = of.numbers ?? numbersOf(db, request)
  const slices = of.slices ?? slicesOf(db, request.transferId)
  return {
    id: request.id,
    state: isOver ? 'expired' : request.state,
    from: numbers.from,
    to: numbers.to ?? '',
    amountBytes: request.amountBytes,
    feeMinor: request.feeMinor,
    channel: request.channel,
    at: new Date(request.requestedAtMs),
    changedAt: new Date(isOver ? (request.deadlineMs as number) : request.changedAtMs),
    deadline: maybeDate(isOver ? undefined : request.deadlineMs),
    ...(request.packageId === undefined ? lotsOf(slices) : boughtLots(db, request)),
    reason: request.reason,
  }
}

function boughtLots(
  db: Connection,
  { packageId, transferId = '' }: GiftRequestRecord,
): Pick<Gift, 'lots' | 'validUntil' | 'packageId'> {
  const validUntilMs = creditedLot(db, transferId)?.lot.validUntilMs
  return { lots: [], validUntil: maybeDate(validUntilMs), packageId }
}

function numbersOf(
  db: Connection,
  request: GiftRequestRecord,
): { readonly from: string; readonly to: string | undefined } {
  const { giverAccountId, receiverAccountId, receiverNumber } = request
  const receiver = receiverAccountId === undefined ? undefined : findById(db, receiverAccountId)
  const from = findById(db, giverAccountId)?.msisdn ?? ''
  return { from, to: receiver?.msisdn ?? receiverNumber }
}

function slicesOf(db: Connection, transferId: string | undefined): readonly GiftSlice[] {
  if (transferId === undefined) return []
  const row = db.sql<{ seq: number }>(`SELECT seq FROM transfers WHERE id = ?`).get(transferId)
  return row ? slicesOfGift(db, row.seq) : []
}

/** A gift from before there was a book of states. */
function findEarlier(db: Connection, id: string): Gift | undefined {
  const row = db
    .bigSql<{
      readonly seq: bigint
      readonly at: bigint
      readonly amount: bigint
      readonly giver: string
      readonly receiver: string
    }>(
      `SELECT seq, gifts.at, gifts.amount, giver.msisdn AS giver, receiver.msisdn AS receiver
       FROM transfers JOIN gifts ON transfer_seq = seq
       JOIN accounts giver ON giver.id = giver_account_id
       JOIN accounts receiver ON receiver.id = receiver_account_id
       WHERE transfers.id = ?`,
    )
    .get(id)
  if (!row) return undefined
  const at = new Date(Number(row.at))
  return {
    id,
    state: 'completed',
    from: row.giver,
    to: row.receiver,
    amountBytes: row.amount,
    feeMinor: 0n,
    channel: 'api',
    at,
    changedAt: at,
    deadline: undefined,
    ...lotsOf(slicesOfGift(db, Number(row.seq))),
    reason: undefined,
  }
}

function lotsOf(slices: readonly GiftSlice[]): Pick<Gift, 'lots' | 'validUntil'> {
  const ends = slices.map(({ validUntilMs }) => validUntilMs)
  return {
    validUntil: maybeDate(ends.length > 0 ? Math.min(...ends) : undefined),
    lots: slices.map(({ validUntilMs, ...slice }) => ({
      ...slice,
      validUntil: new Date(validUntilMs),
    })),
  }
}

function maybeDate(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms)
}
