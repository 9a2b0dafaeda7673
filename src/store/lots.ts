/** Lots of bytes as they stand, and how they are chosen: what may be used or given, in which order. Reads only. */

import { LabError } from '../base/errors.ts'
import type { Connection } from './engine.ts'
import type { LotOrigin, LotScope, TrafficClass } from './journal.ts'

/** granted = available + held + consumed + expired + transferred + withdrawn, at every instant. */
export interface Lot {
  readonly id: number
  readonly accountId: number
  readonly origin: LotOrigin
  readonly trafficClass: TrafficClass
  readonly scope: LotScope
  readonly giftable: boolean
  /** Whether what is left at the end waits for the renewal of the plan. */
  readonly carries: boolean
  readonly label: string | undefined
  readonly grantedBytes: bigint
  readonly availableBytes: bigint
  readonly heldBytes: bigint
  readonly consumedBytes: bigint
  readonly expiredBytes: bigint
  readonly transferredBytes: bigint
  readonly withdrawnBytes: bigint
  readonly validFromMs: number
  readonly validUntilMs: number
  /** The lot that its bytes were taken from. */
  readonly parentLotId: number | undefined
}

/** Which lots of an account are wanted at an instant, and in which order. */
export interface LotChoice {
  readonly accountId: number
  readonly atMs: number
  /** Origins that go first, in their order; then what ends first, then the older lot. */
  readonly order?: readonly LotOrigin[] | undefined
  /** What traffic it is for; any unless told. */
  readonly trafficClass?: TrafficClass | undefined
  /** Where it is to be used; anywhere unless told. */
  readonly location?: 'home' | 'roaming' | undefined
  /** Only what may be given away. */
  readonly onlyGiftable?: boolean | undefined
  /** What else a lot must be. */
  readonly eligible?: ((lot: Lot) => boolean) | undefined
}

/** A part of a lot that is chosen. */
export interface LotPart {
  readonly lot: Lot
  readonly amountBytes: bigint
}

/**
 * The lots of an account of which something is available. Without the sign, a statement that also sorts is planned anew
 * for each account that is bound to it, which takes ten times as long as the search.
 */
export const OPEN_LOTS_OF_ACCOUNT = `FROM lots WHERE account_id = +? AND open = 1`

/**
 * The lots of an account that may be used at an instant, and those of which something is held: in order of use, which is
 * what ends first, then the older lot, unless the operator has another order.
 */
export function balanceOf(
  db: Connection,
  of: {
    readonly accountId: number
    readonly atMs: number
    readonly order?: readonly LotOrigin[] | undefined
  },
): readonly Lot[] {
  return db
    .bigSql<LotRow>(
      `SELECT * FROM (SELECT * ${OPEN_LOTS_OF_ACCOUNT}
         UNION SELECT lots.* FROM holds JOIN hold_lots ON hold_id = holds.id JOIN lots ON lots.id = lot_id
           WHERE holds.account_id = ? AND closed_at IS NULL AND amount > 0)
       WHERE valid_until > ? AND valid_from <= ? ${inOrderOf(of.order)}`,
    )
    .all(of.accountId, of.accountId, of.atMs, of.atMs)
    .map(lotFromRow)
}

/** A lot by its id. */
export function findLot(db: Connection, lotId: number): Lot | undefined {
  const row = db.bigSql<LotRow>(`SELECT * FROM lots WHERE id = ?`).get(lotId)
  return row && lotFromRow(row)
}

/** The lot that a transfer has filled first, and when. */
export function creditedLot(
  db: Connection,
  transferId: string,
): { readonly lot: Lot; readonly atMs: number } | undefined {
  const row = db
    .bigSql<LotRow & { readonly at: bigint }>(
      `SELECT lots.*, at FROM transfers JOIN postings ON transfer_seq = seq JOIN lots ON lots.id = credit_lot_id
       WHERE transfers.id = ? ORDER BY line LIMIT 1`,
    )
    .get(transferId)
  return row && { lot: lotFromRow(row), atMs: Number(row.at) }
}

/** What general traffic may use at an instant: the sum of the lots that `consume` takes from. */
export function usableBytes(db: Connection, of: Omit<LotChoice, 'trafficClass'>): bigint {
  const statement = statementOf({ ...of, trafficClass: 'general' }, 'available')
  let bytes = 0n
  for (const { available } of db
    .bigSql<Pick<LotRow, 'available'>>(statement)
    .iterate(of.accountId, of.atMs, of.atMs)) {
    bytes += available
  }
  return bytes
}

interface LotWant extends LotChoice {
  readonly amountBytes: bigint
  /** Less than the amount, which is then still enough. */
  readonly leastBytes?: bigint | undefined
}

/**
 * Chooses lots until an amount is together; with `leastBytes`, as much of it as there is, but at least that.
 * @throws {LabError} refused (`notEnoughData`)
 */
export function chooseLots(db: Connection, want: LotWant): readonly LotPart[] {
  const { parts, missingBytes } = gatherLots(db, want)
  if (want.amountBytes - missingBytes >= (want.leastBytes ?? want.amountBytes)) return parts
  throw new LabError('refused', `${missingBytes} bytes are missing of ${want.amountBytes}`, {
    reason: 'notEnoughData',
  })
}

/** As {@link chooseLots}, and nothing when there is not enough. */
export function findLots(
  db: Connection,
  want: Omit<LotWant, 'leastBytes'>,
): readonly LotPart[] | undefined {
  const { parts, missingBytes } = gatherLots(db, want)
  return missingBytes === 0n ? parts : undefined
}

function gatherLots(
  db: Connection,
  want: LotWant,
): { readonly parts: readonly LotPart[]; readonly missingBytes: bigint } {
  const parts: LotPart[] = []
  let missingBytes = want.amountBytes
  const take = (row: LotRow): void => {
    const lot = lotFromRow(row)
    if (want.eligible && !want.eligible(lot)) return
    const amountBytes = lot.availableBytes < missingBytes ? lot.availableBytes : missingBytes
    parts.push({ lot, amountBytes })
    missingBytes -= amountBytes
  }
  const statement = db.bigSql<LotRow>(statementOf(want))
  const bound = [want.accountId, want.atMs, want.atMs]
  // Mostly the first lot suffices, and one row costs half of what going through rows does.
  const first = statement.get(...bound)
  if (first) take(first)
  if (!first || missingBytes === 0n) return { parts, missingBytes }
  for (const row of statement.iterate(...bound)) {
    if (row.id !== first.id) take(row)
    if (missingBytes === 0n) break
  }
  return { parts, missingBytes }
}

/** `ORDER BY` for the operator's order of use: a total order, so that runs can be repeated. */
export function inOrderOf(order: readonly LotOrigin[] = []): string {
  if (order.length === 0) return `ORDER BY valid_until, id`
  const ranks = order.map((origin, rank) => `WHEN '${ORIGINS[origin]}' THEN ${rank}`).join(' ')
  return `ORDER BY CASE origin ${ranks} ELSE ${order.length} END, valid_until, id`
}

/** Only words that stand here ever become part of a statement. */
const ORIGINS: Readonly<Record<LotOrigin, string>> = {
  plan: 'plan',
  purchased: 'purchased',
  rollover: 'rollover',
  gift: 'gift',
  bonus: 'bonus',
  loan: 'loan',
}

function statementOf(of: LotChoice, columns: string = '*'): string {
  return [
    `SELECT ${columns} ${OPEN_LOTS_OF_ACCOUNT} AND valid_until > ? AND valid_from <= ?`,
    of.onlyGiftable ? `AND giftable = 1` : '',
    of.trafficClass === 'general' ? `AND traffic_class = 'general'` : '',
    of.trafficClass === 'directed' ? `AND traffic_class = 'directed'` : '',
    of.location === 'home' ? `AND scope IN ('home', 'any')` : '',
    of.location === 'roaming' ? `AND scope IN ('roaming', 'any')` : '',
    inOrderOf(of.order),
  ].join(' ')
}

export interface LotRow {
  readonly id: bigint
  readonly account_id: bigint
  readonly origin: LotOrigin
  readonly traffic_class: TrafficClass
  readonly scope: LotScope
  readonly giftable: bigint
  readonly carries: bigint
  readonly label: string | null
  readonly granted: bigint
  readonly available: bigint
  readonly held: bigint
  readonly consumed: bigint
  readonly expired: bigint
  readonly transferred: bigint
  readonly withdrawn: bigint
  readonly valid_from: bigint
  readonly valid_until: bigint
  readonly parent_lot_id: bigint | null
}

export function lotFromRow(row: LotRow): Lot {
  return {
    id: Number(row.id),
    accountId: Number(row.account_id),
    origin: row.origin,
    trafficClass: row.traffic_class,
    scope: row.scope,
    giftable: row.giftable === 1n,
    carries: row.carries === 1n,
    label: row.label ?? undefined,
    grantedBytes: row.granted,
    availableBytes: row.available,
    heldBytes: row.held,
    consumedBytes: row.consumed,
    expiredBytes: row.expired,
    transferredBytes: row.transferred,
    withdrawnBytes: row.withdrawn,
    validFromMs: Number(row.valid_from),
    validUntilMs: Number(row.valid_until),
    parentLotId: row.parent_lot_id === null ? undefined : Number(row.parent_lot_id),
  }
}
