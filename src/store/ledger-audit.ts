/** The books recomputed from the journal alone, and compared with what the tables say. */

import type { Connection } from './engine.ts'
import { verifySeals, type Sealed } from './journal-seals.ts'

/** The books, recomputed from the journal alone and compared with the lots. */
export interface Audit {
  /** All that was ever issued, less what the operator has withdrawn. */
  readonly issued: bigint
  readonly available: bigint
  readonly held: bigint
  readonly consumed: bigint
  readonly expired: bigint
  /** What was used beyond everything that there was; in no lot, and not in `consumed`. */
  readonly overage: bigint
  /** How far the journals are sealed. Noted down elsewhere, the digest shows a journal that was rewritten with its seals. */
  readonly sealed: Sealed
  /** Whether issued = available + held + consumed + expired, and there is no fault. */
  readonly balanced: boolean
  /** What does not add up, one sentence each; at most 100. */
  readonly faults: readonly string[]
}

const FAULTS_MAX = 100

/** Recomputes every lot from the journal alone and compares. Reads all of it: for operators and tests, not per request. */
export function audit(db: Connection): Audit {
  const sums = { issued: 0n, available: 0n, held: 0n, consumed: 0n, expired: 0n }
  const faults: string[] = []
  for (const row of db.bigSql<AuditRow>(AUDIT_LOTS).iterate()) {
    const lot = recomputed(row)
    sums.issued += row.issued - lot.withdrawn
    sums.available += lot.available
    sums.held += lot.held
    sums.consumed += lot.consumed
    sums.expired += lot.expired
    faults.push(...faultsOfLot(row))
  }
  for (const { what, statement } of FAULT_QUERIES) {
    for (const { id } of db.sql<{ id: string }>(statement).iterate()) faults.push(what(id))
  }
  const inBooks = sums.available + sums.held + sums.consumed + sums.expired
  if (sums.issued !== inBooks)
    faults.push(`issued ${sums.issued} bytes, but the books hold ${inBooks}`)
  const { sealed, faults: broken } = verifySeals(db)
  faults.push(...broken)
  const { overage } = db.bigSql<{ overage: bigint }>(OVERAGE).get() as { overage: bigint }
  const balanced = faults.length === 0
  return { ...sums, overage, sealed, balanced, faults: faults.slice(0, FAULTS_MAX) }
}

/** What a lot is, by the journal. */
function recomputed(row: AuditRow) {
  return {
    granted: row.issued + row.received,
    available:
      row.issued +
      row.received +
      row.released -
      row.heldFrom -
      row.given -
      row.usedAvailable -
      row.lapsedAvailable -
      row.taken,
    held: row.heldFrom - row.released - row.givenHeld - row.usedHeld - row.lapsedHeld,
    consumed: row.usedAvailable + row.usedHeld,
    expired: row.lapsedAvailable + row.lapsedHeld,
    transferred: row.given + row.givenHeld,
    withdrawn: row.taken,
  }
}

function faultsOfLot(row: AuditRow): readonly string[] {
  return Object.entries(recomputed(row))
    .filter(([column, bytes]) => row[column as keyof AuditRow] !== bytes)
    .map(
      ([column, bytes]) =>
        `lot ${row.id}: ${column} is ${row[column as keyof AuditRow]}, the journal says ${bytes}`,
    )
}

interface AuditRow {
  readonly id: bigint
  readonly granted: bigint
  readonly available: bigint
  readonly held: bigint
  readonly consumed: bigint
  readonly expired: bigint
  readonly transferred: bigint
  readonly withdrawn: bigint
  readonly issued: bigint
  readonly received: bigint
  readonly given: bigint
  readonly givenHeld: bigint
  readonly heldFrom: bigint
  readonly released: bigint
  readonly usedAvailable: bigint
  readonly usedHeld: bigint
  readonly lapsedAvailable: bigint
  readonly lapsedHeld: bigint
  readonly taken: bigint
}

const AUDIT_LOTS = `
  WITH debits AS (
    SELECT debit_lot_id AS lot_id,
      sum(iif(debit = 'available' AND credit = 'available', amount, 0)) AS given,
      sum(iif(debit = 'held' AND credit = 'available' AND credit_lot_id <> debit_lot_id, amount, 0)) AS givenHeld,
      sum(iif(debit = 'held' AND credit = 'available' AND credit_lot_id = debit_lot_id, amount, 0)) AS released,
      sum(iif(credit = 'held', amount, 0)) AS heldFrom,
      sum(iif(debit = 'available' AND credit = 'consumed', amount, 0)) AS usedAvailable,
      sum(iif(debit = 'held' AND credit = 'consumed', amount, 0)) AS usedHeld,
      sum(iif(debit = 'available' AND credit = 'expired', amount, 0)) AS lapsedAvailable,
      sum(iif(debit = 'held' AND credit = 'expired', amount, 0)) AS lapsedHeld,
      sum(iif(credit = 'issuance', amount, 0)) AS taken
    FROM postings WHERE debit_lot_id IS NOT NULL GROUP BY debit_lot_id
  ), credits AS (
    SELECT credit_lot_id AS lot_id,
      sum(iif(debit = 'issuance', amount, 0)) AS issued,
      sum(iif(debit <> 'issuance', amount, 0)) AS received
    FROM postings WHERE credit_lot_id IS NOT NULL AND credit_lot_id IS NOT debit_lot_id
    GROUP BY credit_lot_id
  )
  SELECT id, granted, available, held, consumed, expired, transferred, withdrawn,
    coalesce(issued, 0) AS issued, coalesce(received, 0) AS received,
    coalesce(given, 0) AS given, coalesce(givenHeld, 0) AS givenHeld, coalesce(heldFrom, 0) AS heldFrom,
    coalesce(released, 0) AS released, coalesce(usedAvailable, 0) AS usedAvailable,
    coalesce(usedHeld, 0) AS usedHeld, coalesce(lapsedAvailable, 0) AS lapsedAvailable,
    coalesce(lapsedHeld, 0) AS lapsedHeld, coalesce(taken, 0) AS taken
  FROM lots LEFT JOIN debits ON debits.lot_id = id LEFT JOIN credits ON credits.lot_id = id`

const OVERAGE = `SELECT coalesce(sum(amount), 0) AS overage FROM postings WHERE debit = 'overage'`

/** Each finds the ids of what does not add up. */
const FAULT_QUERIES: readonly { what(id: string): string; readonly statement: string }[] = [
  {
    what: (id) => `gift ${id} and its postings differ in amount, giver or receiver`,
    statement: `
      SELECT transfers.id FROM transfers
        LEFT JOIN gifts ON gifts.transfer_seq = seq
        LEFT JOIN postings ON postings.transfer_seq = seq
        LEFT JOIN lots giver ON giver.id = debit_lot_id
        LEFT JOIN lots receiver ON receiver.id = credit_lot_id
      WHERE kind = 'gift' GROUP BY seq
      HAVING gifts.amount IS NOT sum(postings.amount) OR gifts.at IS NOT transfers.at
        OR max(giver.account_id IS NOT giver_account_id)
        OR max(receiver.account_id IS NOT receiver_account_id)
        OR max(receiver.parent_lot_id IS NOT debit_lot_id)`,
  },
  {
    what: (id) => `transfer ${id} does not sum to zero, or moves nothing`,
    statement: `SELECT id FROM transfers LEFT JOIN entries ON transfer_seq = seq
      GROUP BY seq HAVING sum(amount) IS NOT 0`,
  },
  {
    what: (id) => `lot ${id} is open without data, or has data and is not`,
    statement: `SELECT id FROM lots WHERE open <> (available > 0)`,
  },
  {
    what: (id) => `lot ${id} is held for other amounts than its holds say`,
    statement: `SELECT lots.id AS id FROM lots LEFT JOIN hold_lots ON lot_id = lots.id
      WHERE held > 0 OR amount > 0 GROUP BY lots.id HAVING held IS NOT sum(amount)`,
  },
  {
    what: (id) => `hold ${id} holds other amounts than the journal says`,
    statement: `
      SELECT hold_id AS id FROM hold_lots LEFT JOIN (
        SELECT hold_id AS moved_for, debit_lot_id,
          sum(iif(credit = 'held', amount, 0) - iif(debit = 'held', amount, 0)) AS left
        FROM transfers JOIN postings ON transfer_seq = seq WHERE hold_id IS NOT NULL
        GROUP BY hold_id, debit_lot_id
      ) ON moved_for = hold_id AND debit_lot_id = lot_id
      WHERE amount IS NOT left`,
  },
  {
    what: (id) => `gift ${id} was completed, and the journal says another gift or none`,
    statement: `
      SELECT gift_requests.id FROM gift_requests
        LEFT JOIN transfers ON transfers.id = transfer_id LEFT JOIN gifts ON transfer_seq = seq
      WHERE transfer_id IS NOT NULL AND package_id IS NULL
        AND (gift_requests.giver_account_id, gift_requests.receiver_account_id, gift_requests.amount)
          IS NOT (gifts.giver_account_id, gifts.receiver_account_id, gifts.amount)`,
  },
  {
    what: (id) => `gift ${id} is on its way, and something else is held for it than its amount`,
    statement: `
      SELECT id FROM gift_requests WHERE state IN ('held', 'awaitingAcceptance') AND amount IS NOT
        (SELECT sum(hold_lots.amount) FROM holds JOIN hold_lots ON hold_id = holds.id
         WHERE holds.id = gift_requests.hold_id AND closed_at IS NULL)`,
  },
  {
    what: (id) => `gift ${id} is over, and data is still held for it`,
    statement: `
      SELECT gift_requests.id FROM gift_requests JOIN holds ON holds.id = hold_id
      WHERE closed_at IS NULL AND state NOT IN ('held', 'awaitingAcceptance')`,
  },
  {
    what: (id) => `account ${id} has other money than its journal says`,
    statement: `SELECT accounts.id AS id FROM accounts
      LEFT JOIN money_transfers ON account_id = accounts.id
      GROUP BY accounts.id HAVING money_minor <> coalesce(sum(amount_minor), 0)`,
  },
  {
    what: (id) => `money ${id} left one account and did not arrive in another, or not as much`,
    statement: `
      SELECT gone.id FROM money_transfers gone
        LEFT JOIN money_transfers come ON come.id = 'received:' || substr(gone.id, 6)
      WHERE gone.kind = 'sent' AND (come.account_id IS gone.account_id
        OR (come.amount_minor, come.currency, come.at) IS NOT (-gone.amount_minor, gone.currency, gone.at))`,
  },
  {
    what: (id) => `money ${id} arrived and never left anybody`,
    statement: `
      SELECT id FROM money_transfers come WHERE kind = 'received' AND NOT EXISTS
        (SELECT 1 FROM money_transfers gone WHERE gone.id = 'sent:' || substr(come.id, 10))`,
  },
  {
    what: (id) => `money ${id} was asked for and sent, and the journal says another amount or none`,
    statement: `
      SELECT money_requests.id FROM money_requests LEFT JOIN money_transfers gone ON gone.id = 'sent:' || money_requests.id
        LEFT JOIN money_transfers come ON come.id = 'received:' || money_requests.id
      WHERE state = 'sent' AND (giver_account_id, receiver_account_id, money_requests.amount_minor)
        IS NOT (gone.account_id, come.account_id, come.amount_minor)
        OR state <> 'sent' AND gone.id IS NOT NULL`,
  },
]
