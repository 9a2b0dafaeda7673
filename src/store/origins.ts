/** Where an account's data is from, and for what some of it is set aside. Reads only. */

import type { Connection } from './engine.ts'
import { findLot, type Lot } from './lots.ts'

/** What of an account's data is set aside, by purpose. */
export interface HeldData {
  /** For gifts on their way. */
  readonly giftBytes: bigint
  /** For data sessions of its phone. */
  readonly sessionBytes: bigint
  /** By the operator's software. */
  readonly reservedBytes: bigint
}

export function heldDataOf(db: Connection, accountId: number): HeldData {
  const sums = { giftBytes: 0n, sessionBytes: 0n, reservedBytes: 0n }
  const rows = db
    .bigSql<{ readonly id: string; readonly purpose: 'gift' | 'session'; readonly bytes: bigint }>(
      `SELECT id, purpose, sum(amount) AS bytes FROM holds JOIN hold_lots ON hold_id = holds.id
       WHERE account_id = ? AND closed_at IS NULL GROUP BY holds.id`,
    )
    .all(accountId)
  for (const { id, purpose, bytes } of rows) {
    const held = id.startsWith('reserve:') ? 'reserved' : purpose
    sums[`${held}Bytes`] += bytes
  }
  return sums
}

/**
 * The account that gave each of these lots to their owner, by the lot's id: of received data, whether or not its life was
 * made longer since, and of packages that somebody bought for the owner. Other lots are not in it.
 */
export function giversOf(
  db: Connection,
  of: { readonly accountId: number; readonly lots: readonly Lot[] },
): ReadonlyMap<number, number> {
  const givers = new Map<number, number>()
  const bought = boughtFor(db, of.accountId)
  for (const lot of of.lots) {
    const giver = bought.get(lot.id) ?? (lot.origin === 'gift' ? giverOf(db, lot) : undefined)
    if (giver !== undefined) givers.set(lot.id, giver)
  }
  return givers
}

function giverOf(db: Connection, lot: Lot): number | undefined {
  let at: Lot | undefined = lot
  while (at && at.accountId === lot.accountId)
    at = at.parentLotId === undefined ? undefined : findLot(db, at.parentLotId)
  return at?.accountId
}

function boughtFor(db: Connection, accountId: number): ReadonlyMap<number, number> {
  const rows = db
    .sql<{ readonly lot: number; readonly giver: number }>(
      `SELECT credit_lot_id AS lot, giver_account_id AS giver FROM gift_requests
         JOIN transfers ON transfers.id = transfer_id JOIN postings ON transfer_seq = seq
       WHERE receiver_account_id = ? AND transfer_id IS NOT gift_requests.id
         AND package_id IS NOT NULL AND credit_lot_id IS NOT NULL`,
    )
    .all(accountId)
  return new Map(rows.map(({ lot, giver }) => [lot, giver]))
}
