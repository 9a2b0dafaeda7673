/** Accounts: one for each subscription. Quota belongs to the subscription; the ICCID and the card are bindings with dates. */

import { LabError } from '../base/errors.ts'
import type { Connection } from '../store/engine.ts'
import { numberOfProfile } from '../store/imported-profiles.ts'
import { nextFree, take, type InventoryItem } from '../store/inventory.ts'

/** Where the subscription's profile is in its life. Only an enabled profile uses data; a deleted one keeps its quota in the books. */
export type ProfileState = 'ordered' | 'installed' | 'enabled' | 'disabled' | 'deleted'

export interface Account {
  readonly id: number
  readonly msisdn: string
  readonly iccid: string
  readonly profileState: ProfileState
  readonly openedAt: Date
  /** When the profile was first installed or enabled, and the plan granted. */
  readonly liveSince: Date | undefined
}

/** When a profile was on which card. */
export interface Binding {
  readonly iccid: string
  readonly eid: string
  readonly from: Date
  readonly to: Date | undefined
}

/**
 * Opens the account of a profile that is ordered: of this ICCID, or else of the next free one of a profile type.
 * Returns the account that is there when the ICCID has one.
 * @throws {LabError} notFound — the ICCID is not in stock, or was imported without a number; conflict — nothing of the
 *   profile type is left
 */
export function openAccount(
  db: Connection,
  order: {
    readonly iccid: string | undefined
    readonly profileType: string
    readonly atMs: number
  },
): Account {
  const existing = order.iccid === undefined ? undefined : findByProfile(db, order.iccid)
  if (existing) return existing
  const item = pickNumber(db, order)
  take(db, item.iccid)
  db.sql(
    `INSERT INTO accounts (msisdn, iccid, profile_state, opened_at) VALUES (?, ?, 'ordered', ?)`,
  ).run(item.msisdn, item.iccid, order.atMs)
  return findByProfile(db, item.iccid) as Account
}

/** The account of a subscriber's number. */
export function findByNumber(db: Connection, msisdn: string): Account | undefined {
  return accountFromRow(db.sql<Row>(`SELECT * FROM accounts WHERE msisdn = ?`).get(msisdn))
}

/** The account of a profile. */
export function findByProfile(db: Connection, iccid: string): Account | undefined {
  return accountFromRow(db.sql<Row>(`SELECT * FROM accounts WHERE iccid = ?`).get(iccid))
}

/** Accounts by number, from the one after `after` on. */
export function listAccounts(
  db: Connection,
  page: { readonly after: string; readonly limit: number },
): readonly Account[] {
  return db
    .sql<Row>(`SELECT * FROM accounts WHERE msisdn > ? ORDER BY msisdn LIMIT ?`)
    .all(page.after, page.limit)
    .map((row) => accountFromRow(row) as Account)
}

/** The cards the account's profile has been on, oldest first. */
export function bindingsOf(db: Connection, accountId: number): readonly Binding[] {
  return db
    .sql<BindingRow>(`SELECT * FROM bindings WHERE account_id = ? ORDER BY id`)
    .all(accountId)
    .map((row) => ({
      iccid: row.iccid,
      eid: row.eid,
      from: new Date(row.bound_from),
      to: row.bound_to === null ? undefined : new Date(row.bound_to),
    }))
}

function pickNumber(
  db: Connection,
  order: { readonly iccid: string | undefined; readonly profileType: string },
): Pick<InventoryItem, 'iccid' | 'msisdn'> {
  if (order.iccid !== undefined) {
    const msisdn = numberOfProfile(db, order.iccid)
    if (msisdn !== undefined) return { iccid: order.iccid, msisdn }
    throw new LabError('notFound', `ICCID ${order.iccid} is not in this operator's stock`, {
      field: 'iccid',
    })
  }
  const item = nextFree(db, order.profileType)
  if (item) return item
  throw new LabError(
    'conflict',
    `no profile of type ${order.profileType} is left in stock. Stock more numbers first.`,
    { field: 'profileType' },
  )
}

interface Row {
  readonly id: number
  readonly msisdn: string
  readonly iccid: string
  readonly profile_state: ProfileState
  readonly opened_at: number
  readonly live_since: number | null
}

interface BindingRow {
  readonly iccid: string
  readonly eid: string
  readonly bound_from: number
  readonly bound_to: number | null
}

function accountFromRow(row: Row | undefined): Account | undefined {
  if (!row) return undefined
  return {
    id: row.id,
    msisdn: row.msisdn,
    iccid: row.iccid,
    profileState: row.profile_state,
    openedAt: new Date(row.opened_at),
    liveSince: row.live_since === null ? undefined : new Date(row.live_since),
  }
}
