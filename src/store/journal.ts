/**
 * Writing the journal of data: transfers, their postings, and lots to receive them. For the ledger's own files.
 *
 * What a posting may do is held by the tables' triggers (tables/ledger.ts); here is only how it is written down.
 */

import { LabError } from '../base/errors.ts'
import type { Connection } from './engine.ts'

/** The largest amount of one lot or one transfer: 2^50 bytes. */
export const AMOUNT_MAX_BYTES = 2n ** 50n

export type LotOrigin = 'plan' | 'purchased' | 'rollover' | 'gift' | 'bonus' | 'loan'
export type TrafficClass = 'general' | 'directed'
/** Where data may be used: at home, abroad, or both. */
export type LotScope = 'home' | 'roaming' | 'any'

/** What a transfer is for. */
export type TransferKind =
  | 'issue'
  | 'gift'
  | 'consume'
  | 'expire'
  | 'hold'
  | 'release'
  | 'settle'
  | 'reverse'
  | 'adjust'
  | 'extend'
  | 'rollover'

/** What a transfer is called and when it happens. The id is the caller's and is taken once, ever. */
export interface TransferHead {
  readonly transferId: string
  readonly atMs: number
}

/** @throws {LabError} badInput — not from 1 byte to 2^50 */
export function requireAmount(amountBytes: bigint): void {
  if (typeof amountBytes === 'bigint' && amountBytes >= 1n && amountBytes <= AMOUNT_MAX_BYTES)
    return
  throw new LabError(
    'badInput',
    `an amount is 1 to ${AMOUNT_MAX_BYTES} bytes, got ${amountBytes}`,
    { field: 'amountBytes' },
  )
}

/** Begins a transfer and returns its place in the journal. @throws {LabError} conflict — the id is taken */
export function insertTransfer(
  db: Connection,
  transfer: TransferHead & { readonly kind: TransferKind; readonly holdId?: string | undefined },
): number {
  // DO NOTHING instead of catching: an unrelated constraint must not pass for a taken id.
  const { changes, lastInsertRowid } = db
    .sql(
      `INSERT INTO transfers (id, kind, at, hold_id) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    )
    .run(transfer.transferId, transfer.kind, transfer.atMs, transfer.holdId ?? null)
  if (changes === 1) return Number(lastInsertRowid)
  throw new LabError('conflict', `there is a transfer with the id ${transfer.transferId} already`)
}

/** The terms of a lot: they never change. */
export interface LotTerms {
  readonly accountId: number
  readonly origin: LotOrigin
  readonly trafficClass: TrafficClass
  readonly scope?: LotScope | undefined
  readonly giftable: boolean
  /** Whether what is left at the end waits for the renewal of the plan instead of expiring. */
  readonly carries?: boolean | undefined
  /** Where it is from, in a word for programs: the id of a plan, a package, a number. */
  readonly label?: string | undefined
  readonly validFromMs: number
  readonly validUntilMs: number
  readonly parentLotId?: number | undefined
}

/** Makes an empty lot; the posting that follows fills it. */
export function insertLot(db: Connection, lot: LotTerms): number {
  if (lot.validUntilMs <= lot.validFromMs) {
    throw new LabError('badInput', 'a lot must end after it begins', { field: 'validUntilMs' })
  }
  const { lastInsertRowid } = db
    .sql(
      `INSERT INTO lots (account_id, origin, traffic_class, scope, giftable, carries, label, valid_from, valid_until, parent_lot_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      lot.accountId,
      lot.origin,
      lot.trafficClass,
      lot.scope ?? 'any',
      lot.giftable ? 1 : 0,
      lot.carries ? 1 : 0,
      lot.label ?? null,
      lot.validFromMs,
      lot.validUntilMs,
      lot.parentLotId ?? null,
    )
  return Number(lastInsertRowid)
}

/** From where to where: a part of a lot, or an account of the operator. */
export interface Sides {
  readonly debit: 'issuance' | 'available' | 'held' | 'overage'
  readonly debitLotId?: number
  readonly credit: 'issuance' | 'available' | 'held' | 'consumed' | 'expired'
  readonly creditLotId?: number
  readonly overageAccountId?: number
}

export function insertPosting(
  db: Connection,
  posting: Sides & {
    readonly transferSeq: number
    readonly line: number
    readonly amountBytes: bigint
  },
): void {
  db.sql(
    `INSERT INTO postings (transfer_seq, line, debit, debit_lot_id, credit, credit_lot_id, overage_account_id, amount)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    posting.transferSeq,
    posting.line,
    posting.debit,
    posting.debitLotId ?? null,
    posting.credit,
    posting.creditLotId ?? null,
    posting.overageAccountId ?? null,
    posting.amountBytes,
  )
}
