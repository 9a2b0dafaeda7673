/**
 * What has happened to an account's data and money, from the journals. The journal of data is not kept by account: the
 * transfers that touch one are found by what names them, so that nobody's history costs the reading of everybody's.
 */

import type { Connection } from './engine.ts'
import type { LotOrigin, TransferKind } from './journal.ts'
import type { MoneyKind } from './money.ts'

/** A transfer as one account sees it. */
export interface DataMovement {
  readonly what: 'data'
  readonly seq: number
  /** Of the transfer; of a gift, that of the gift. */
  readonly id: string
  readonly kind: TransferKind
  readonly atMs: number
  /** What the account has more, or below zero less, because of it. */
  readonly netBytes: bigint
  /** What has only changed its life within the account: carried over, or made to last longer. */
  readonly keptBytes: bigint
  /** Used beyond all data. */
  readonly overageBytes: bigint
  /** Of the lot that was filled, or else of the first that was taken from. */
  readonly origin: LotOrigin | undefined
  readonly label: string | undefined
  /** The account of the other side. */
  readonly otherAccountId: number | undefined
  readonly isExpiry: boolean
}

export interface MoneyMovement {
  readonly what: 'money'
  readonly seq: number
  readonly id: string
  readonly kind: MoneyKind
  readonly atMs: number
  readonly amountMinor: bigint
  readonly currency: string
  readonly label: string | undefined
  /** Of money between subscribers: the account of the other side. */
  readonly otherAccountId: number | undefined
}

export type Movement = DataMovement | MoneyMovement

/** Everything that has moved an account's data and money, the latest first. What is only held has not moved. */
export function movementsOf(db: Connection, accountId: number): readonly Movement[] {
  const data = dataMovementsOf(db, accountId)
  const money = moneyMovementsOf(db, accountId)
  return [...data, ...money].toSorted(
    (a, b) => b.atMs - a.atMs || a.what.localeCompare(b.what) || b.seq - a.seq,
  )
}

interface PostingRow {
  readonly seq: bigint
  readonly id: string
  readonly kind: TransferKind
  readonly at: bigint
  readonly amount: bigint
  readonly credit: 'issuance' | 'available' | 'held' | 'consumed' | 'expired'
  readonly overage_account_id: bigint | null
  readonly debit_account: bigint | null
  readonly debit_origin: LotOrigin | null
  readonly debit_label: string | null
  readonly credit_account: bigint | null
  readonly credit_origin: LotOrigin | null
  readonly credit_label: string | null
}

/** Transfers are named by their makers: `plan:` in periods.ts, `package:` and `extend:` in purchases.ts, and so on. */
const SEQS = `
  WITH own AS (SELECT id FROM lots WHERE account_id = $account)
  SELECT transfer_seq AS seq FROM gifts WHERE giver_account_id = $account
  UNION SELECT transfer_seq FROM gifts WHERE receiver_account_id = $account
  UNION SELECT reversals.transfer_seq FROM gifts JOIN reversals ON gift_seq = gifts.transfer_seq
    WHERE giver_account_id = $account OR receiver_account_id = $account
  UNION SELECT transfer_seq FROM own JOIN postings ON debit_lot_id = own.id
    AND credit IN ('consumed', 'expired')
  UNION SELECT transfer_seq FROM postings WHERE overage_account_id = $account
  UNION SELECT seq FROM transfers WHERE id = 'plan:' || $account
  UNION SELECT seq FROM transfers
    WHERE id > 'plan:' || $account || ':' AND id < 'plan:' || $account || ';'
  UNION SELECT seq FROM own JOIN transfers ON transfers.id = 'rollover:' || own.id
  UNION SELECT seq FROM own JOIN transfers
    ON transfers.id > 'rollover:' || own.id || ':' AND transfers.id < 'rollover:' || own.id || ';'
  UNION SELECT transfers.seq FROM money_transfers JOIN transfers ON transfers.id =
      CASE money_transfers.kind WHEN 'purchase' THEN 'package:' || substr(money_transfers.id, 10)
        ELSE 'extend:' || substr(money_transfers.id, 11) END
    WHERE account_id = $account AND money_transfers.kind IN ('purchase', 'extension')
  UNION SELECT seq FROM gift_requests JOIN transfers ON transfers.id = transfer_id
    WHERE receiver_account_id = $account AND transfer_id IS NOT gift_requests.id
      AND package_id IS NOT NULL
  UNION SELECT transfers.seq FROM balance_actions
    JOIN transfers ON transfers.id = 'adjust:' || balance_actions.id WHERE account_id = $account`

const POSTINGS = `
  SELECT transfers.seq, transfers.id, transfers.kind, transfers.at, amount, credit, overage_account_id,
    source.account_id AS debit_account, source.origin AS debit_origin, source.label AS debit_label,
    target.account_id AS credit_account, target.origin AS credit_origin, target.label AS credit_label
  FROM (${SEQS}) found JOIN transfers ON transfers.seq = found.seq
    JOIN postings ON transfer_seq = transfers.seq
    LEFT JOIN lots source ON source.id = debit_lot_id
    LEFT JOIN lots target ON target.id = credit_lot_id
  ORDER BY transfers.seq, line`

function dataMovementsOf(db: Connection, accountId: number): readonly DataMovement[] {
  // As an integer: in the name of a transfer, 1 would else be 1.0.
  const own = BigInt(accountId)
  const movements = new Map<string, DataMovement>()
  for (const row of db.bigSql<PostingRow>(POSTINGS).iterate({ account: own })) {
    const part = movementOf(row, own)
    const name = sessionOf(row) ?? row.id
    const before = movements.get(name)
    if (part) movements.set(name, before ? together(before, part) : part)
  }
  return [...movements.values(), ...unfound(db, accountId)]
}

/** A data session settles often, and is one movement all the same. */
function sessionOf({ id }: PostingRow): string | undefined {
  return /^session:[0-9a-f]+/.exec(id)?.[0]
}

function movementOf(row: PostingRow, own: bigint): DataMovement | undefined {
  const { debit_account: from, credit_account: to, amount } = row
  const isOverage = row.overage_account_id === own
  if (from !== own && to !== own && !isOverage) return undefined
  const [origin, label] =
    to === own ? [row.credit_origin, row.credit_label] : [row.debit_origin, row.debit_label]
  const isWithin = from === own && to === own
  const other = isWithin ? null : from === own ? to : from
  return {
    what: 'data',
    seq: Number(row.seq),
    id: sessionOf(row) ?? row.id,
    kind: row.kind,
    atMs: Number(row.at),
    netBytes: isWithin || isOverage ? 0n : to === own ? amount : -amount,
    keptBytes: isWithin ? amount : 0n,
    overageBytes: isOverage ? amount : 0n,
    origin: origin ?? undefined,
    label: label ?? undefined,
    otherAccountId: other === null ? undefined : Number(other),
    isExpiry: row.credit === 'expired',
  }
}

function together(a: DataMovement, b: DataMovement): DataMovement {
  return {
    ...a,
    seq: b.seq,
    atMs: b.atMs,
    netBytes: a.netBytes + b.netBytes,
    keptBytes: a.keptBytes + b.keptBytes,
    overageBytes: a.overageBytes + b.overageBytes,
    origin: a.origin ?? b.origin,
    label: a.label ?? b.label,
    otherAccountId: a.otherAccountId ?? b.otherAccountId,
  }
}

/** Lots that no name leads to, such as packages that cost nothing: as their own rows tell. */
function unfound(db: Connection, accountId: number): readonly DataMovement[] {
  interface Row {
    readonly id: bigint
    readonly origin: LotOrigin
    readonly label: string | null
    readonly granted: bigint
    readonly valid_from: bigint
  }
  return db
    .bigSql<Row>(
      `SELECT id, origin, label, granted, valid_from FROM lots
       WHERE account_id = $account AND granted > 0 AND parent_lot_id IS NULL AND id NOT IN (
         SELECT credit_lot_id FROM (${SEQS}) found JOIN postings ON transfer_seq = found.seq
         WHERE credit_lot_id IS NOT NULL)`,
    )
    .all({ account: BigInt(accountId) })
    .map((row) => ({
      what: 'data',
      seq: 0,
      id: `lot:${row.id}`,
      kind: 'issue',
      atMs: Number(row.valid_from),
      netBytes: row.granted,
      keptBytes: 0n,
      overageBytes: 0n,
      origin: row.origin,
      label: row.label ?? undefined,
      otherAccountId: undefined,
      isExpiry: false,
    }))
}

function moneyMovementsOf(db: Connection, accountId: number): readonly MoneyMovement[] {
  interface Row {
    readonly seq: bigint
    readonly id: string
    readonly kind: MoneyKind
    readonly at: bigint
    readonly amount_minor: bigint
    readonly currency: string
    readonly label: string | null
    readonly other: bigint | null
  }
  return db
    .bigSql<Row>(
      `SELECT one.*, other.account_id AS other FROM money_transfers one
         LEFT JOIN money_transfers other ON other.id = CASE one.kind
           WHEN 'sent' THEN 'received:' || substr(one.id, 6)
           WHEN 'received' THEN 'sent:' || substr(one.id, 10) END
       WHERE one.account_id = ?`,
    )
    .all(accountId)
    .map((row) => ({
      what: 'money',
      seq: Number(row.seq),
      id: row.id,
      kind: row.kind,
      atMs: Number(row.at),
      amountMinor: row.amount_minor,
      currency: row.currency,
      label: row.label ?? undefined,
      otherAccountId: row.other === null ? undefined : Number(row.other),
    }))
}
