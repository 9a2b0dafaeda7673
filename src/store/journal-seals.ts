/** Seals of the journals, one after the other: what is sealed cannot be rewritten unnoticed. Tables: tables/seals.ts. */

import { createHash } from 'node:crypto'
import type { Connection } from './engine.ts'

/** How far the journals are sealed. */
export interface Sealed {
  /** Of how many seals. */
  readonly seals: number
  /** The place in the journal of the last transfer that is sealed; 0 for none. */
  readonly transferSeq: number
  /** SHA-256, in hexadecimal; absent where nothing is sealed. */
  readonly digest: string | undefined
}

/**
 * Seals what the journals have got since the last seal, at most `limit` transfers and as many movements of money. Returns
 * how many of both were sealed.
 */
export function sealJournals(
  db: Connection,
  seal: { readonly atMs: number; readonly limit: number },
): number {
  const last = db.sql<SealRow>(`${SEALS} ORDER BY number DESC LIMIT 1`).get() ?? NONE
  const through = (journal: 'transfers' | 'money_transfers', after: number) =>
    db
      .sql<{ rows: number; seq: number | null }>(
        `SELECT count(*) AS rows, max(seq) AS seq FROM
           (SELECT seq FROM ${journal} WHERE seq > ? ORDER BY seq LIMIT ?)`,
      )
      .get(after, seal.limit) ?? { rows: 0, seq: null }
  const transfers = through('transfers', last.transferSeq)
  const money = through('money_transfers', last.moneySeq)
  const rows = transfers.rows + money.rows
  if (rows === 0) return 0
  const to = {
    transferSeq: transfers.seq ?? last.transferSeq,
    moneySeq: money.seq ?? last.moneySeq,
  }
  db.sql(
    `INSERT INTO journal_seals (number, transfer_seq, money_seq, digest, sealed_at) VALUES (?, ?, ?, ?, ?)`,
  ).run(last.number + 1, to.transferSeq, to.moneySeq, digestOf(db, { after: last, to }), seal.atMs)
  return rows
}

/** Recomputes every seal: how far the journals are sealed, and one sentence for each seal that does not fit. */
export function verifySeals(db: Connection): {
  readonly sealed: Sealed
  readonly faults: readonly string[]
} {
  const faults: string[] = []
  let last: SealRow = NONE
  for (const seal of db.sql<SealRow>(`${SEALS} ORDER BY number`).all()) {
    if (seal.number !== last.number + 1) faults.push(`seal ${last.number + 1} is missing`)
    else if (!digestOf(db, { after: last, to: seal }).equals(seal.digest)) {
      const [from, to] = [last.transferSeq + 1, seal.transferSeq]
      faults.push(
        `seal ${seal.number}: the journal was changed since, at transfers ${from} to ${to}`,
      )
    }
    last = seal
  }
  const digest = last.number === 0 ? undefined : Buffer.from(last.digest).toString('hex')
  return { sealed: { seals: last.number, transferSeq: last.transferSeq, digest }, faults }
}

interface Place {
  readonly transferSeq: number
  readonly moneySeq: number
}

interface SealRow extends Place {
  readonly number: number
  readonly digest: Uint8Array
}

const NONE: SealRow = { number: 0, transferSeq: 0, moneySeq: 0, digest: new Uint8Array(32) }

const SEALS = `SELECT number, transfer_seq AS transferSeq, money_seq AS moneySeq, digest FROM journal_seals`

function digestOf(db: Connection, of: { readonly after: SealRow; readonly to: Place }): Buffer {
  const { after, to } = of
  const hash = createHash('sha256').update(after.digest)
  const add = (statement: string, from: number, until: number) => {
    for (const { row } of db.sql<{ row: string }>(statement).iterate(from, until))
      hash.update(row).update('\n')
  }
  add(TRANSFER_ROWS, after.transferSeq, to.transferSeq)
  add(POSTING_ROWS, after.transferSeq, to.transferSeq)
  add(MONEY_ROWS, after.moneySeq, to.moneySeq)
  return hash.digest()
}

const TRANSFER_ROWS = `
  SELECT json_array(seq, transfers.id, kind, transfers.at, transfers.hold_id, holds.account_id, purpose,
    giver_account_id, receiver_account_id, gifts.amount, gifts.at, gift_seq) AS row
  FROM transfers LEFT JOIN holds ON holds.id = hold_id LEFT JOIN gifts ON gifts.transfer_seq = seq
    LEFT JOIN reversals ON reversals.transfer_seq = seq
  WHERE seq > ? AND seq <= ? ORDER BY seq`

const POSTING_ROWS = `
  SELECT json_array(transfer_seq, line, debit, debit_lot_id, credit, credit_lot_id, overage_account_id, amount,
    account_id, origin, traffic_class, scope, giftable, carries, label, valid_from, valid_until, parent_lot_id) AS row
  FROM postings LEFT JOIN lots ON lots.id = credit_lot_id
  WHERE transfer_seq > ? AND transfer_seq <= ? ORDER BY transfer_seq, line`

const MONEY_ROWS = `
  SELECT json_array(seq, id, account_id, kind, amount_minor, currency, at, label) AS row
  FROM money_transfers WHERE seq > ? AND seq <= ? ORDER BY seq`
