/** Giving data from one subscriber to another. */

import type { Connection } from '../store/engine.ts'
import { moveGift, slicesOfGift, usableOf, type GiftSlice } from '../store/ledger.ts'
import { findByNumber, type Account } from './accounts.ts'
import {
  giftLimit,
  judgeGift,
  type GiftLimit,
  type GiftRefusalReason,
  type Party,
  type Refused,
} from './gift-rules.ts'
import { answerOnce } from './idempotency.ts'
import type { OperatorFile } from './operator-file.ts'
import type { Operators } from './operators.ts'
import { bringUpToDate } from './subscriptions/periods.ts'
import { fileOf } from './subscriptions/subscriptions.ts'

/** A gift as asked for: the numbers are normalised, the amount is not negative. */
export interface GiftRequest {
  readonly caller: string
  readonly idempotencyKey: string
  readonly from: string
  readonly to: string
  readonly amountBytes: bigint
}

/** The part of a gift that came from one of the giver's lots, and the receiver's lot that it became. */
export interface GiftLot {
  readonly fromLotId: number
  readonly lotId: number
  readonly amountBytes: bigint
  readonly validUntil: Date
}

/** A gift that has happened. It never changes. */
export interface Gift {
  readonly id: string
  readonly state: 'completed'
  readonly from: string
  readonly to: string
  readonly amountBytes: bigint
  readonly at: Date
  /** When the first part of it ends; `lots` has the end of each part. */
  readonly validUntil: Date
  readonly lots: readonly GiftLot[]
}

/** The answer to a gift request; `replayed` when it was given to an earlier request with the same key. */
export type GiftOutcome =
  | { readonly replayed: boolean; readonly gift: Gift; readonly refusal?: never }
  | {
      readonly replayed: boolean
      readonly refusal: Refused<GiftRefusalReason>
      readonly gift?: never
    }

interface GiftInput {
  readonly request: GiftRequest
  readonly operators: Operators
  /** The id of the gift, should there be one. */
  readonly giftId: string
  readonly atMs: number
}

/** Judges and moves a gift, or repeats the answer of its key. Runs within one command of the store. */
export function giveOnce(db: Connection, input: GiftInput): GiftOutcome {
  const { request } = input
  let made: Gift | undefined
  const { answer, replayed } = answerOnce(db, {
    caller: request.caller,
    operation: 'giveData',
    key: request.idempotencyKey,
    fingerprint: `${request.from} ${request.to} ${request.amountBytes}`,
    atMs: input.atMs,
    decide() {
      const decision = decide(db, input)
      if ('refusal' in decision) return decision
      made = decision.gift
      return { transferId: made.id }
    },
  })
  if (answer.refusal) {
    return { replayed, refusal: answer.refusal as Refused<GiftRefusalReason> }
  }
  return { replayed, gift: made ?? (findGift(db, answer.transferId) as Gift) }
}

/** A gift by its id. */
export function findGift(db: Connection, id: string): Gift | undefined {
  const row = db
    .bigSql<GiftRow>(
      `SELECT seq, gifts.at, gifts.amount, giver.msisdn AS giver, receiver.msisdn AS receiver
       FROM transfers JOIN gifts ON transfer_seq = seq
       JOIN accounts giver ON giver.id = giver_account_id
       JOIN accounts receiver ON receiver.id = receiver_account_id
       WHERE transfers.id = ?`,
    )
    .get(id)
  if (!row) return undefined
  return giftOf({
    id,
    from: row.giver,
    to: row.receiver,
    amountBytes: row.amount,
    atMs: Number(row.at),
    slices: slicesOfGift(db, Number(row.seq)),
  })
}

/** How much a subscriber may give now, and why not more: the same facts and rules as `giveOnce`. */
export function limitOf(
  db: Connection,
  of: { readonly account: Account; readonly file: OperatorFile; readonly atMs: number },
): GiftLimit {
  const giver = partyOf(db, { account: of.account, atMs: of.atMs })
  return giftLimit(giver, limitRules(of.file))
}

function decide(
  db: Connection,
  input: GiftInput,
): { readonly gift: Gift } | { readonly refusal: Refused<GiftRefusalReason> } {
  const { request, giftId: id, atMs } = input
  const { from, to, amountBytes } = request
  // A refused gift, too, leaves both accounts as they are now.
  const giver = upToDate(db, { number: from, ...input })
  const receiver = upToDate(db, { number: to, ...input })
  const file = giver ? fileOf(input.operators, giver) : input.operators.default
  const isSameOperator = giver && receiver && giver.operator === receiver.operator
  const verdict = judgeGift({
    from,
    to,
    giver: giver && partyOf(db, { account: giver, atMs, enoughBytes: amountBytes }),
    receiver: giver && !isSameOperator ? undefined : receiver,
    amountBytes,
    ...limitRules(file),
  })
  if (!verdict.allowed) return { refusal: verdict }
  const slices = moveGift(db, {
    transferId: id,
    giverAccountId: verdict.giver.id,
    receiverAccountId: verdict.receiver.id,
    amountBytes,
    atMs,
  })
  return { gift: giftOf({ id, from, to, amountBytes, atMs, slices }) }
}

function upToDate(
  db: Connection,
  of: { readonly number: string; readonly operators: Operators; readonly atMs: number },
): Account | undefined {
  const account = findByNumber(db, of.number)
  return (
    account && bringUpToDate(db, { account, file: fileOf(of.operators, account), atMs: of.atMs })
  )
}

function limitRules({ gifting, gigabyteBytes }: OperatorFile) {
  return { minAmountBytes: gifting.minBytes ?? 1n, gigabyteBytes }
}

function partyOf(
  db: Connection,
  of: { readonly account: Account; readonly atMs: number; readonly enoughBytes?: bigint },
): Party {
  const { account, ...extent } = of
  return { account, usable: usableOf(db, { accountId: account.id, ...extent }) }
}

function giftOf(parts: {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amountBytes: bigint
  readonly atMs: number
  readonly slices: readonly GiftSlice[]
}): Gift {
  const { id, from, to, amountBytes, slices } = parts
  return {
    id,
    state: 'completed',
    from,
    to,
    amountBytes,
    at: new Date(parts.atMs),
    validUntil: new Date(Math.min(...slices.map((slice) => slice.validUntilMs))),
    lots: slices.map(({ validUntilMs, ...slice }) => ({
      ...slice,
      validUntil: new Date(validUntilMs),
    })),
  }
}

interface GiftRow {
  readonly seq: bigint
  readonly at: bigint
  readonly amount: bigint
  readonly giver: string
  readonly receiver: string
}
