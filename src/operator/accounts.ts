/** Accounts: one for each subscription. Quota belongs to the subscription; the ICCID and the card are bindings with dates. */

import { LabError } from '../base/errors.ts'
import type { Connection } from '../store/engine.ts'
import { numberOfProfile } from '../store/imported-profiles.ts'
import {
  DEFAULT_OPERATOR,
  nextFree,
  operatorOf,
  take,
  type InventoryItem,
} from '../store/inventory.ts'
import { normaliseMsisdn } from './msisdn.ts'
import type { AgeGroup, CustomerKind, Payment } from './rules/types.ts'

/** Where the subscription's profile is in its life. Only an enabled profile uses data; a deleted one keeps its quota in the books. */
export type ProfileState = 'ordered' | 'installed' | 'enabled' | 'disabled' | 'deleted'

/** What the operator lets a subscription do: a suspended one is not renewed, a blocked one is off the network, a closed one is over. */
export type AccountStatus = 'active' | 'suspended' | 'blocked' | 'closed'

export interface Account {
  readonly id: number
  /** The id of its operator. */
  readonly operator: string
  readonly msisdn: string
  readonly iccid: string
  readonly profileState: ProfileState
  readonly status: AccountStatus
  readonly openedAt: Date
  /** When the profile was first installed or enabled, and the plan granted. */
  readonly liveSince: Date | undefined
  readonly closedAt: Date | undefined
  /** Absent until the plan has begun. */
  readonly planId: string | undefined
  readonly customerKind: CustomerKind
  readonly ageGroup: AgeGroup
  /** Whether the subscriber has shown who they are. */
  readonly identified: boolean
  readonly payment: Payment
  /** BCP 47; absent: the operator's first. */
  readonly language: string | undefined
  readonly region: string | undefined
  readonly billingDay: number | undefined
  /** The plan's period that runs: of plans that are renewed. */
  readonly period: { readonly from: Date; readonly until: Date } | undefined
  /** Whether the plan's fee for this period has been charged. */
  readonly feeCharged: boolean
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
    /** Whose an imported profile becomes; one in stock is its operator's. */
    readonly operator?: string
    readonly atMs: number
  },
): Account {
  const existing = order.iccid === undefined ? undefined : findByProfile(db, order.iccid)
  if (existing) return existing
  const item = pickNumber(db, order)
  take(db, item.iccid)
  db.sql(
    `INSERT INTO accounts (operator, msisdn, iccid, profile_state, opened_at) VALUES (?, ?, ?, 'ordered', ?)`,
  ).run(
    operatorOf(db, item.iccid) ?? order.operator ?? DEFAULT_OPERATOR,
    item.msisdn,
    item.iccid,
    order.atMs,
  )
  return findByProfile(db, item.iccid) as Account
}

/** The account that a number belongs to now; who had it before is out of reach by it. */
export function findByNumber(db: Connection, msisdn: string): Account | undefined {
  return accountFromRow(db.sql<Row>(FIND_BY_NUMBER).get(msisdn))
}

/** The account of a number as people write it. @throws {LabError} badInput — no number; notFound — nobody's */
export function requireAccount(db: Connection, number: string): Account {
  const msisdn = normaliseMsisdn(number, 'msisdn')
  const account = findByNumber(db, msisdn)
  if (account) return account
  throw unknownNumber(msisdn)
}

/** That nobody has a number; `field` is what named it. */
export function unknownNumber(msisdn: string, field = 'msisdn'): LabError {
  return new LabError('notFound', `${msisdn} is not a number of this operator`, { field })
}

/** The account of an id. */
export function findById(db: Connection, accountId: number): Account | undefined {
  return accountFromRow(db.sql<Row>(`SELECT * FROM accounts WHERE id = ?`).get(accountId))
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
    .sql<Row>(
      `SELECT * FROM accounts WHERE msisdn > ? AND status <> 'closed' ORDER BY msisdn LIMIT ?`,
    )
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

const FIND_BY_NUMBER = `SELECT * FROM accounts WHERE msisdn = ? AND status <> 'closed'`

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
  readonly operator: string
  readonly msisdn: string
  readonly iccid: string
  readonly profile_state: ProfileState
  readonly status: AccountStatus
  readonly opened_at: number
  readonly live_since: number | null
  readonly closed_at: number | null
  readonly plan_id: string | null
  readonly customer_kind: CustomerKind
  readonly age_group: AgeGroup
  readonly identified: number
  readonly payment: Payment
  readonly language: string | null
  readonly region: string | null
  readonly billing_day: number | null
  readonly period_from: number | null
  readonly period_until: number | null
  readonly fee_charged: number
}

interface BindingRow {
  readonly iccid: string
  readonly eid: string
  readonly bound_from: number
  readonly bound_to: number | null
}

function accountFromRow(row: Row | undefined): Account | undefined {
  if (!row) return undefined
  const { period_from: from, period_until: until } = row
  return {
    id: row.id,
    operator: row.operator,
    msisdn: row.msisdn,
    iccid: row.iccid,
    profileState: row.profile_state,
    status: row.status,
    openedAt: new Date(row.opened_at),
    liveSince: dateOf(row.live_since),
    closedAt: dateOf(row.closed_at),
    planId: row.plan_id ?? undefined,
    customerKind: row.customer_kind,
    ageGroup: row.age_group,
    identified: row.identified === 1,
    payment: row.payment,
    language: row.language ?? undefined,
    region: row.region ?? undefined,
    billingDay: row.billing_day ?? undefined,
    period:
      from === null || until === null
        ? undefined
        : { from: new Date(from), until: new Date(until) },
    feeCharged: row.fee_charged === 1,
  }
}

function dateOf(atMs: number | null): Date | undefined {
  return atMs === null ? undefined : new Date(atMs)
}
