/** Subscriptions from the outside: `operator.subscriptions`. */

import type { Environment } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import type { Connection, Store } from '../../store/engine.ts'
import { restockNumber, type KeyLengths } from '../../store/inventory.ts'
import { carryOver } from '../../store/ledger-changes.ts'
import { openHoldsOf } from '../../store/holds.ts'
import { moneyOf, walletOf, type MoneyTransfer, type Wallet } from '../../store/money.ts'
import { addProfiles } from '../../store/orders.ts'
import { noteEvent } from '../../store/outbox.ts'
import { whereaboutsOf, type Whereabouts } from '../../store/places.ts'
import {
  findById,
  findByNumber,
  requireAccount,
  type Account,
  type AccountStatus,
} from '../accounts.ts'
import { normaliseMsisdn } from '../msisdn.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Operators } from '../operators.ts'
import type { AgeGroup, CustomerKind } from '../rules/types.ts'
import { bringUpToDate, dueAccounts, planOf, requirePlan } from './periods.ts'
import { buyExtension, buyPackage, topUp } from './purchases.ts'

interface Of {
  readonly msisdn: string
}

/** Who somebody is, as far as rules ask. What is absent stays. */
export interface SubscriberDetails {
  readonly customerKind?: CustomerKind
  readonly ageGroup?: AgeGroup
  readonly identified?: boolean
  /** BCP 47, one of the operator's languages. */
  readonly language?: string
  readonly region?: string
}

/**
 * Every method that takes a number accepts it as people write it, and throws `notFound` for a number of nobody. The ids of
 * what is bought are the caller's and are taken once, ever (`conflict`).
 */
export interface Subscriptions {
  /** Brings the account up to date, as every command does that touches it: renewals, rollover, expiry. */
  refresh(of: Of): Promise<Account>
  /** As `refresh`, and nothing where no period is over: what is read next has no lots that are not in the books yet. */
  refreshDue(of: Of): Promise<void>
  setDetails(of: Of & SubscriberDetails): Promise<Account>
  /** @throws {LabError} refused (`closed`) — it is over, which is for good; badInput — `closed` has its own method */
  setStatus(of: Of & { readonly status: Exclude<AccountStatus, 'closed'> }): Promise<Account>
  /** From the next period on. @throws {LabError} notFound — no such plan; refused (`notRenewed`) */
  changePlan(of: Of & { readonly planId: string }): Promise<Account>
  /**
   * Ends the subscription, and its charging sessions with it. Its quota stays in its books until it ends, and nobody
   * inherits it.
   * @throws {LabError} refused (`dataIsHeld`) — a gift or a reservation holds data, which the text names
   */
  close(of: Of): Promise<Account>
  /**
   * Puts the number of a closed subscription on stock again, with a new profile, and returns its ICCID.
   * @throws {LabError} notFound — nobody had it; conflict — somebody has it; refused (`inQuarantine`)
   */
  recycle(of: Of & { readonly quarantineDays?: number }): Promise<{ readonly iccid: string }>
  wallet(of: Of): Wallet & { readonly transfers: readonly MoneyTransfer[] }
  topUp(of: Of & { readonly id: string; readonly amountMinor: bigint }): Promise<Wallet>
  /** Returns the id of the new lot. @throws {LabError} as `buyPackage` */
  buy(
    of: Of & { readonly id: string; readonly packageId: string; readonly for?: string },
  ): Promise<number>
  /** Returns the id of the new lot. @throws {LabError} as `buyExtension` */
  extend(of: Of & { readonly id: string; readonly lotId: number }): Promise<number>
  /** Where the subscriber's phone is. */
  whereabouts(of: Of): Whereabouts
  /** Renews every account of which a period is over, at most `limit`. Returns how many. */
  renewDue(of: { readonly limit: number }): Promise<number>
}

export interface SubscriptionParts {
  readonly store: Store
  readonly environment: Environment
  readonly operators: Operators
  /** How long the keys of an operator's profiles are. */
  keyLengthsOf(file: OperatorFile): KeyLengths
  /** Called within a command that may have taken a phone off the network. */
  onStatus?(db: Connection, of: { readonly iccid: string }): void
}

const QUARANTINE_DAYS = 90
const DAY_MS = 86_400_000
const MONEY_ROWS = 100

export function createSubscriptions(parts: SubscriptionParts): Subscriptions {
  const { store, environment, operators } = parts
  const nowMs = () => environment.clock.nowMs()

  function factsOf(db: Connection, of: Of) {
    const account = requireAccount(db, of.msisdn)
    return { account, file: fileOf(operators, account), atMs: nowMs() }
  }

  /** Runs against an account that is up to date. */
  function change<T>(
    of: Of,
    work: (db: Connection, facts: ReturnType<typeof factsOf>) => T,
  ): Promise<T> {
    return store.write((db) => {
      const facts = factsOf(db, of)
      return work(db, { ...facts, account: bringUpToDate(db, facts) })
    })
  }

  return {
    refresh: (of) => change(of, (_, { account }) => account),
    async refreshDue(of) {
      const { period, status } = store.read((db) => requireAccount(db, of.msisdn))
      if (status === 'closed' || period === undefined || period.until.getTime() > nowMs()) return
      await change(of, () => undefined)
    },
    setDetails: (of) =>
      change(of, (db, { account, file }) => {
        keepDetails(db, { account, file, details: of })
        return findById(db, account.id) as Account
      }),
    setStatus: (of) =>
      change(of, (db, { account }) => {
        if (!SETTABLE.includes(of.status)) {
          throw new LabError('badInput', `status must be one of ${SETTABLE.join(', ')}`, {
            field: 'status',
          })
        }
        db.sql(`UPDATE accounts SET status = ? WHERE id = ?`).run(of.status, account.id)
        parts.onStatus?.(db, account)
        noteStatus(db, { account, status: of.status, atMs: nowMs() })
        return findById(db, account.id) as Account
      }),
    changePlan: (of) =>
      change(of, (db, { account, file }) => {
        const plan = requirePlan(file, of.planId)
        if (plan.period !== planOf({ account, file }).period || !account.period) {
          throw refused('notRenewed', 'Only a plan that is renewed can become another one.')
        }
        db.sql(`UPDATE accounts SET plan_id = ? WHERE id = ?`).run(plan.id, account.id)
        return findById(db, account.id) as Account
      }),
    close: (of) =>
      change(of, (db, { account, atMs }) => {
        db.sql(`UPDATE accounts SET status = 'closed', closed_at = ? WHERE id = ?`).run(
          atMs,
          account.id,
        )
        parts.onStatus?.(db, account)
        requireNothingHeld(db, account)
        noteStatus(db, { account, status: 'closed', atMs })
        return findById(db, account.id) as Account
      }),
    recycle: (of) => store.write((db) => recycleNumber(db, { ...parts, ...of, atMs: nowMs() })),
    wallet: (of) =>
      store.read((db) => {
        const { id: accountId } = requireAccount(db, of.msisdn)
        const transfers = moneyOf(db, { accountId, limit: MONEY_ROWS })
        return { ...walletOf(db, accountId), transfers }
      }),
    topUp: (of) =>
      store.write((db) => {
        const facts = factsOf(db, of)
        topUp(db, { ...facts, id: of.id, amountMinor: of.amountMinor })
        return walletOf(db, facts.account.id)
      }),
    buy: (of) =>
      store.write((db) => {
        const facts = factsOf(db, of)
        const { id, packageId } = of
        if (of.for === undefined) return buyPackage(db, { ...facts, id, packageId })
        const receiver = requireReceiver(db, { account: facts.account, number: of.for })
        return buyPackage(db, { ...facts, id, packageId, receiver })
      }),
    extend: (of) =>
      store.write((db) => buyExtension(db, { ...factsOf(db, of), id: of.id, lotId: of.lotId })),
    whereabouts: (of) =>
      store.read((db) => {
        const account = requireAccount(db, of.msisdn)
        return whereaboutsOf(db, {
          iccid: account.iccid,
          homeCountry: fileOf(operators, account).country,
        })
      }),
    renewDue: ({ limit }) =>
      store.write((db) => {
        const atMs = nowMs()
        const due = dueAccounts(db, { atMs, limit })
        for (const account of due) {
          bringUpToDate(db, { account, file: fileOf(operators, account), atMs })
        }
        return due.length + endClosed(db, { atMs, limit })
      }),
  }
}

/** The file of an account's operator; the default one where its operator is gone. */
export function fileOf(operators: Operators, account: Pick<Account, 'operator'>): OperatorFile {
  return operators.find(account.operator) ?? operators.default
}

const HELD_FOR = {
  gift: 'a gift that is on its way: it can be cancelled',
  // The subscriber's own sessions have ended with the subscription.
  session: 'a reservation of the operator: it can be released',
} as const

function requireNothingHeld(db: Connection, account: Account): void {
  const [hold] = openHoldsOf(db, account.id)
  if (hold) throw refused('dataIsHeld', `Data is held for ${HELD_FOR[hold.purpose]} (${hold.id}).`)
}

function noteStatus(
  db: Connection,
  change: { readonly account: Account; readonly status: AccountStatus; readonly atMs: number },
): void {
  const { account, status, atMs } = change
  const detail = { msisdn: account.msisdn, status }
  noteEvent(db, {
    type: 'SubscriptionStateChangeEvent',
    subject: account.msisdn,
    detail,
    atMs,
  })
}

const SETTABLE: readonly AccountStatus[] = ['active', 'suspended', 'blocked']

/** Whom a package is bought for. @throws {LabError} notFound; refused (`otherOperator`, `onlyForOthers`) */
export function requireReceiver(
  db: Connection,
  of: { readonly account: Account; readonly number: string },
): Account {
  const receiver = requireAccount(db, of.number)
  if (receiver.operator !== of.account.operator) {
    throw refused('otherOperator', 'A package is given to a subscriber of the same operator.')
  }
  if (receiver.id === of.account.id) {
    throw refused('onlyForOthers', 'It is sold as a gift for somebody else.')
  }
  return receiver
}

function keepDetails(
  db: Connection,
  of: {
    readonly account: Account
    readonly file: OperatorFile
    readonly details: SubscriberDetails
  },
): void {
  const { account, file, details } = of
  const { language } = details
  if (language !== undefined && !file.languages.includes(language)) {
    throw new LabError('badInput', `language must be one of ${file.languages.join(', ')}`, {
      field: 'language',
    })
  }
  const next = { ...account, ...details }
  db.sql(
    `UPDATE accounts SET customer_kind = ?, age_group = ?, identified = ?, language = ?, region = ?
     WHERE id = ?`,
  ).run(
    next.customerKind,
    next.ageGroup,
    next.identified ? 1 : 0,
    next.language ?? null,
    next.region ?? null,
    account.id,
  )
}

function recycleNumber(
  db: Connection,
  of: SubscriptionParts & Of & { readonly quarantineDays?: number; readonly atMs: number },
): { readonly iccid: string } {
  const msisdn = normaliseMsisdn(of.msisdn, 'msisdn')
  if (findByNumber(db, msisdn)) throw new LabError('conflict', `${msisdn} is somebody's number`)
  const last = db
    .sql<{ id: number; closed_at: number }>(
      `SELECT id, closed_at FROM accounts WHERE msisdn = ? ORDER BY closed_at DESC LIMIT 1`,
    )
    .get(msisdn)
  const account = last && findById(db, last.id)
  if (!last || !account) {
    throw new LabError('notFound', `nobody has had the number ${msisdn}`, { field: 'msisdn' })
  }
  const freeAtMs = last.closed_at + (of.quarantineDays ?? QUARANTINE_DAYS) * DAY_MS
  if (of.atMs < freeAtMs) {
    throw refused('inQuarantine', `It is free at ${new Date(freeAtMs).toISOString()}.`)
  }
  const file = fileOf(of.operators, account)
  const { profileType } = file.profile
  const iccid = restockNumber(db, {
    msisdn,
    operator: account.operator,
    profileType,
    ranges: file.ranges,
    random: of.environment.random,
    keyLengths: of.keyLengthsOf(file),
  })
  // The SM-DP+ has it in the same instant: nobody could order it before.
  addProfiles(db, { iccids: [iccid], profileType })
  return { iccid }
}

/** Plan data of subscriptions that are over waits for no renewal: it expires when its period ends. */
function endClosed(db: Connection, due: { readonly atMs: number; readonly limit: number }): number {
  const rows = db
    .sql<{ id: number }>(
      `SELECT DISTINCT account_id AS id FROM lots JOIN accounts ON accounts.id = account_id
       WHERE open = 1 AND valid_until <= ? AND carries = 1 AND status = 'closed' LIMIT ?`,
    )
    .all(due.atMs, due.limit)
  for (const { id } of rows) {
    carryOver(db, {
      accountId: id,
      atMs: due.atMs,
      percent: 0,
      giftable: false,
      validUntilMs: due.atMs,
    })
  }
  return rows.length
}

function refused(reason: string, text: string): LabError {
  return new LabError('refused', text, { reason })
}
