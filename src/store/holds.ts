/**
 * Holds: data that is set aside for a gift on its way or for a charging session, and belongs to nobody else until it is
 * released, settled or given. A hold ends once, and holds nothing then.
 *
 * A hold does not lengthen the life of a lot: held bytes of a lot that has ended expire when they are released, and are
 * neither used nor given.
 */

import { LabError } from '../base/errors.ts'
import type { Connection } from './engine.ts'
import { insertPosting, insertTransfer, requireAmount, type TransferHead } from './journal.ts'
import { expireDue, postGiftPart, recordGift, type GiftRoute, type GiftSlice } from './ledger.ts'
import {
  chooseLots,
  inOrderOf,
  lotFromRow,
  type LotChoice,
  type LotPart,
  type LotRow,
} from './lots.ts'
import type { LotOrigin } from './journal.ts'
import type { UsageSlice } from './ledger.ts'

export interface Hold {
  readonly id: string
  readonly accountId: number
  readonly purpose: 'gift' | 'session'
  readonly heldAtMs: number
  readonly untilMs: number
  readonly closedAtMs: number | undefined
  /** What is held now. */
  readonly amountBytes: bigint
}

/**
 * Sets data of an account aside, whole or not at all, or with `leastBytes` as much as there is. With the id of a hold
 * that is open it adds to it and moves its end.
 * @throws {LabError} badInput; refused (`notEnoughData`); conflict — a hold of the id is another's or has ended, or the
 *   transfer's id is taken
 */
export function placeHold(
  db: Connection,
  hold: TransferHead &
    LotChoice & {
      readonly holdId: string
      readonly purpose: Hold['purpose']
      readonly amountBytes: bigint
      readonly leastBytes?: bigint | undefined
      readonly untilMs: number
    },
): readonly LotPart[] {
  requireAmount(hold.amountBytes)
  expireDue(db, hold)
  const parts = chooseLots(db, hold)
  openHold(db, hold)
  if (parts.length === 0) return parts
  const transferSeq = insertTransfer(db, { ...hold, kind: 'hold' })
  for (const [line, { lot, amountBytes }] of parts.entries()) {
    insertPosting(db, {
      transferSeq,
      line,
      debit: 'available',
      debitLotId: lot.id,
      credit: 'held',
      creditLotId: lot.id,
      amountBytes,
    })
  }
  return parts
}

/** Ends a hold: what it holds is available again, and what has ended meanwhile expires. */
export function releaseHold(
  db: Connection,
  release: TransferHead & { readonly holdId: string },
): { readonly releasedBytes: bigint; readonly expiredBytes: bigint } {
  const parts = partsOf(db, { holdId: release.holdId })
  const sums = { releasedBytes: 0n, expiredBytes: 0n }
  if (parts.length > 0) {
    const transferSeq = insertTransfer(db, { ...release, kind: 'release' })
    for (const [line, { lot, amountBytes }] of parts.entries()) {
      const hasEnded = lot.validUntilMs <= release.atMs
      sums[hasEnded ? 'expiredBytes' : 'releasedBytes'] += amountBytes
      insertPosting(db, {
        transferSeq,
        line,
        debit: 'held',
        debitLotId: lot.id,
        ...(hasEnded ? { credit: 'expired' } : { credit: 'available', creditLotId: lot.id }),
        amountBytes,
      })
    }
  }
  closeHold(db, release)
  return sums
}

/** What a settlement has used: of which lots, and how much that no lot had. */
export interface Settlement {
  readonly slices: readonly UsageSlice[]
  /** Used beyond everything there was: booked to `overage`, never clipped and never below zero. */
  readonly overageBytes: bigint
}

/**
 * Books usage against a hold: what is held first, then what else the account has, then `overage`. The hold stays open
 * with what is left of it; {@link releaseHold} ends it.
 * @throws {LabError} badInput; notFound; conflict — the transfer's id is taken, or the hold has ended
 */
export function settleHold(
  db: Connection,
  usage: TransferHead &
    Omit<LotChoice, 'accountId'> & { readonly holdId: string; readonly usedBytes: bigint },
): Settlement {
  requireAmount(usage.usedBytes)
  const { holdId, atMs } = usage
  const { accountId } = requireOpenHold(db, holdId)
  expireDue(db, { accountId, atMs })
  const held = partsOf(db, { holdId, order: usage.order }).filter(
    ({ lot }) => lot.validUntilMs > atMs,
  )
  const fromHeld = firstOf(held, usage.usedBytes)
  const beyond = usage.usedBytes - sumOf(fromHeld)
  const more =
    beyond > 0n
      ? chooseLots(db, {
          trafficClass: 'general',
          ...usage,
          accountId,
          amountBytes: beyond,
          leastBytes: 0n,
        })
      : []
  const overageBytes = beyond - sumOf(more)
  const transferSeq = insertTransfer(db, { ...usage, kind: 'settle' })
  let line = 0
  for (const [debit, parts] of [
    ['held', fromHeld],
    ['available', more],
  ] as const) {
    for (const { lot, amountBytes } of parts) {
      const posting = { debit, debitLotId: lot.id, credit: 'consumed', amountBytes } as const
      insertPosting(db, { transferSeq, line: line++, ...posting })
    }
  }
  if (overageBytes > 0n) {
    const posting = { debit: 'overage', overageAccountId: accountId, credit: 'consumed' } as const
    insertPosting(db, { transferSeq, line, ...posting, amountBytes: overageBytes })
  }
  const slices = [...fromHeld, ...more].map(({ lot, amountBytes }) => ({
    lotId: lot.id,
    amountBytes,
  }))
  return { slices, overageBytes }
}

/**
 * Gives what a hold holds to the receiver, and ends the hold.
 * @throws {LabError} refused (`heldDataEnded`) — a lot has ended meanwhile: release the hold instead; conflict
 */
export function giveHeld(
  db: Connection,
  gift: TransferHead &
    Pick<GiftRoute, 'terms'> & { readonly holdId: string; readonly receiverAccountId: number },
): readonly GiftSlice[] {
  const { holdId, atMs } = gift
  const { accountId: giverAccountId } = requireOpenHold(db, holdId)
  const parts = partsOf(db, { holdId })
  if (parts.length === 0 || parts.some(({ lot }) => lot.validUntilMs <= atMs)) {
    throw new LabError('refused', 'what is held for the gift has ended', {
      reason: 'heldDataEnded',
    })
  }
  expireDue(db, { atMs, accountId: gift.receiverAccountId })
  const transferSeq = insertTransfer(db, { ...gift, kind: 'gift' })
  recordGift(db, { ...gift, transferSeq, giverAccountId, amountBytes: sumOf(parts) })
  const slices = parts.map(({ lot, amountBytes: partBytes }, line) =>
    postGiftPart(db, { ...gift, transferSeq, line, source: lot, from: 'held', partBytes }),
  )
  closeHold(db, gift)
  return slices
}

/** A hold by its id, ended or not. */
export function findHold(db: Connection, holdId: string): Hold | undefined {
  const row = db.bigSql<HoldRow>(`${SELECT_HOLDS} WHERE holds.id = ?`).get(holdId)
  return row && holdFromRow(row)
}

/** The open holds of an account, the oldest first. */
export function openHoldsOf(db: Connection, accountId: number): readonly Hold[] {
  return db
    .bigSql<HoldRow>(
      `${SELECT_HOLDS} WHERE holds.account_id = ? AND closed_at IS NULL ORDER BY held_at, id`,
    )
    .all(accountId)
    .map(holdFromRow)
}

function openHold(
  db: Connection,
  hold: Pick<LotChoice, 'accountId' | 'atMs'> & {
    readonly holdId: string
    readonly purpose: Hold['purpose']
    readonly untilMs: number
  },
): void {
  const there = findHold(db, hold.holdId)
  if (!there) {
    db.sql(
      `INSERT INTO holds (id, account_id, purpose, held_at, until_at) VALUES (?, ?, ?, ?, ?)`,
    ).run(hold.holdId, hold.accountId, hold.purpose, hold.atMs, hold.untilMs)
    return
  }
  if (there.accountId !== hold.accountId || there.purpose !== hold.purpose) {
    throw new LabError('conflict', `the hold ${hold.holdId} is another's`)
  }
  requireOpenHold(db, hold.holdId)
  if (there.untilMs === hold.untilMs) return
  db.sql(`UPDATE holds SET until_at = ? WHERE id = ?`).run(hold.untilMs, hold.holdId)
}

function requireOpenHold(db: Connection, holdId: string): Hold {
  const hold = findHold(db, holdId)
  if (!hold) throw new LabError('notFound', `there is no hold ${holdId}`)
  if (hold.closedAtMs === undefined) return hold
  throw new LabError('conflict', `the hold ${holdId} has ended`, { reason: 'holdEnded' })
}

function closeHold(
  db: Connection,
  close: { readonly holdId: string; readonly atMs: number },
): void {
  requireOpenHold(db, close.holdId)
  db.sql(`UPDATE holds SET closed_at = ? WHERE id = ?`).run(close.atMs, close.holdId)
}

function partsOf(
  db: Connection,
  of: { readonly holdId: string; readonly order?: readonly LotOrigin[] | undefined },
): readonly LotPart[] {
  return db
    .bigSql<LotRow & { readonly amount: bigint }>(
      `SELECT lots.*, amount FROM hold_lots JOIN lots ON lots.id = lot_id
       WHERE hold_id = ? AND amount > 0 ${inOrderOf(of.order)}`,
    )
    .all(of.holdId)
    .map((row) => ({ lot: lotFromRow(row), amountBytes: row.amount }))
}

function firstOf(parts: readonly LotPart[], bytes: bigint): readonly LotPart[] {
  const taken: LotPart[] = []
  let missing = bytes
  for (const { lot, amountBytes: most } of parts) {
    if (missing === 0n) break
    const amountBytes = most < missing ? most : missing
    taken.push({ lot, amountBytes })
    missing -= amountBytes
  }
  return taken
}

function sumOf(parts: readonly LotPart[]): bigint {
  return parts.reduce((sum, { amountBytes }) => sum + amountBytes, 0n)
}

interface HoldRow {
  readonly id: string
  readonly account_id: bigint
  readonly purpose: Hold['purpose']
  readonly held_at: bigint
  readonly until_at: bigint
  readonly closed_at: bigint | null
  readonly amount: bigint
}

const SELECT_HOLDS = `
  SELECT holds.*, (SELECT coalesce(sum(amount), 0) FROM hold_lots WHERE hold_id = holds.id) AS amount
  FROM holds`

function holdFromRow(row: HoldRow): Hold {
  return {
    id: row.id,
    accountId: Number(row.account_id),
    purpose: row.purpose,
    heldAtMs: Number(row.held_at),
    untilMs: Number(row.until_at),
    closedAtMs: row.closed_at === null ? undefined : Number(row.closed_at),
    amountBytes: row.amount,
  }
}
