/** The history of a subscription: what came and went, of data and of money, each with the number that disputes name. */

import type { Connection } from '../store/engine.ts'
import { movementsOf, type DataMovement, type MoneyMovement } from '../store/history.ts'
import type { LotOrigin, TransferKind } from '../store/journal.ts'
import type { MoneyKind } from '../store/money.ts'
import { findById } from './accounts.ts'
import { maskNumber } from './messages/numbering.ts'

/** What an entry is, for people and filters. */
export const HISTORY_KINDS = [
  'plan',
  'package',
  'bonus',
  'loan',
  'giftReceived',
  'giftGiven',
  'giftReturned',
  'giftTakenBack',
  'used',
  'expired',
  'corrected',
  'rolledOver',
  'extended',
  'topUp',
  'planFee',
  'giftFee',
  'purchase',
  'extension',
  'refund',
  'moneySent',
  'moneyReceived',
] as const

export type HistoryKind = (typeof HISTORY_KINDS)[number]

export interface HistoryEntry {
  /** Where the entry stands, for pages: no two of a history have the same. */
  readonly position: string
  /** The number of the operation. Of a gift it is that of its receipt; what was taken back names the gift. */
  readonly reference: string
  readonly at: Date
  readonly what: 'data' | 'money'
  readonly kind: HistoryKind
  /** Of data: what there is more, or less below zero. Data that only changed its life is in `keptBytes`. */
  readonly amountBytes: bigint | undefined
  readonly keptBytes: bigint | undefined
  readonly overageBytes: bigint | undefined
  /** Of money: into the account, or out of it below zero. */
  readonly amountMinor: bigint | undefined
  readonly currency: string | undefined
  /** The other side, masked. */
  readonly with: string | undefined
  /** Of which plan or package it is. */
  readonly label: string | undefined
}

export interface HistoryFilter {
  readonly what?: 'data' | 'money' | undefined
  readonly kind?: HistoryKind | undefined
  readonly since?: Date | undefined
  /** Entries before it alone. */
  readonly until?: Date | undefined
  /** Goes on after this position. */
  readonly after?: string | undefined
  readonly limit: number
}

/** Entries of an account that a filter lets through, the latest first. */
export function historyOf(
  db: Connection,
  of: { readonly accountId: number; readonly filter: HistoryFilter },
): readonly HistoryEntry[] {
  const { filter } = of
  const movements = movementsOf(db, of.accountId)
  const start = filter.after === undefined ? 0 : placeAfter(movements, filter.after)
  const entries: HistoryEntry[] = []
  for (const movement of movements.slice(start)) {
    if (entries.length >= filter.limit) break
    if (!isWithin(movement.atMs, filter)) continue
    const entry = movement.what === 'data' ? dataEntry(db, movement) : moneyEntry(db, movement)
    const isKind = filter.kind === undefined || filter.kind === entry.kind
    if (isKind && (filter.what === undefined || filter.what === entry.what)) entries.push(entry)
  }
  return entries
}

type Movement = DataMovement | MoneyMovement

function positionOf({ what, id }: Movement): string {
  return `${what}:${id}`
}

function placeAfter(movements: readonly Movement[], position: string): number {
  const at = movements.findIndex((movement) => positionOf(movement) === position)
  return at < 0 ? movements.length : at + 1
}

function isWithin(atMs: number, { since, until }: HistoryFilter): boolean {
  return (
    (since === undefined || atMs >= since.getTime()) &&
    (until === undefined || atMs < until.getTime())
  )
}

const ISSUED: Readonly<Partial<Record<LotOrigin, HistoryKind>>> = {
  plan: 'plan',
  purchased: 'package',
  bonus: 'bonus',
  loan: 'loan',
}

const MOVED: Readonly<Partial<Record<TransferKind, HistoryKind>>> = {
  consume: 'used',
  settle: 'used',
  expire: 'expired',
  adjust: 'corrected',
  rollover: 'rolledOver',
  extend: 'extended',
}

function kindOf(movement: DataMovement): HistoryKind {
  const { kind, netBytes, origin, isExpiry } = movement
  if (kind === 'issue') return (origin && ISSUED[origin]) ?? 'package'
  if (kind === 'gift') return netBytes > 0n ? 'giftReceived' : 'giftGiven'
  if (kind === 'reverse') return netBytes > 0n ? 'giftReturned' : 'giftTakenBack'
  return MOVED[kind] ?? (isExpiry ? 'expired' : 'used')
}

/** As the receipt of an order, of a gift, or the name of a session has it; what was taken back names the gift. */
function referenceOf(id: string): string {
  return id.replace(
    /^(?:reverse|adjust|package|extend|topUp|purchase|extension|fee|session|sent|received):(?=[0-9A-Fa-f]{24}$)/,
    '',
  )
}

function dataEntry(db: Connection, movement: DataMovement): HistoryEntry {
  const { id, atMs, netBytes, keptBytes, overageBytes, otherAccountId, label } = movement
  const other = otherAccountId === undefined ? undefined : findById(db, otherAccountId)
  return {
    position: positionOf(movement),
    reference: referenceOf(id),
    at: new Date(atMs),
    what: 'data',
    kind: kindOf(movement),
    amountBytes: netBytes,
    keptBytes,
    overageBytes,
    amountMinor: undefined,
    currency: undefined,
    with: other && maskNumber(other.msisdn),
    label,
  }
}

const MONEY: Readonly<Record<MoneyKind, HistoryKind>> = {
  topUp: 'topUp',
  planFee: 'planFee',
  giftFee: 'giftFee',
  purchase: 'purchase',
  extension: 'extension',
  refund: 'refund',
  adjust: 'corrected',
  sent: 'moneySent',
  received: 'moneyReceived',
}

function moneyEntry(db: Connection, movement: MoneyMovement): HistoryEntry {
  const { id, atMs, kind, amountMinor, currency, label, otherAccountId } = movement
  const other = otherAccountId === undefined ? undefined : findById(db, otherAccountId)
  return {
    position: positionOf(movement),
    reference: referenceOf(id),
    at: new Date(atMs),
    what: 'money',
    kind: MONEY[kind],
    amountBytes: undefined,
    keptBytes: undefined,
    overageBytes: undefined,
    amountMinor,
    currency,
    with: other && maskNumber(other.msisdn),
    label,
  }
}
