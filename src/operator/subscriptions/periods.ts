/**
 * The periods of plans: what a subscription begins with, and what happens at each midnight of its billing day.
 *
 * Runs within a command of the store. Whoever touches an account brings it up to date first ({@link bringUpToDate}), so
 * that no rule is judged by the data of a period that is over.
 */

import { LabError } from '../../base/errors.ts'
import type { Connection } from '../../store/engine.ts'
import { carryOver } from '../../store/ledger-changes.ts'
import { expireDue, issueLot } from '../../store/ledger.ts'
import { moveMoney } from '../../store/money.ts'
import { findById, type Account } from '../accounts.ts'
import { dayOfMonth, daysOn, nextBilling } from '../calendar.ts'
import type { OperatorFile, Plan } from '../operator-file.ts'

/** An account, its operator's file as it is now, and the instant. */
export interface AccountNow {
  readonly account: Account
  readonly file: OperatorFile
  readonly atMs: number
}

/** How far those who pay afterwards may go below zero, in minor units. */
const POSTPAID_CREDIT_MINOR = 1_000_000_000n

/**
 * Begins a subscription's plan: the first period is paid with the order, and granted at once.
 * @throws {LabError} notFound — the operator has no such plan
 */
export function beginPlan(db: Connection, of: AccountNow & { readonly planId?: string }): void {
  const { account, file, atMs } = of
  const plan = of.planId === undefined ? planOf(of) : requirePlan(file, of.planId)
  const billingDay = plan.billingDay ?? dayOfMonth({ atMs, timeZone: file.timeZone })
  const isMonthly = plan.period === 'monthly'
  const untilMs = isMonthly ? nextBilling({ atMs, billingDay, timeZone: file.timeZone }) : undefined
  db.sql(
    `UPDATE accounts SET plan_id = ?, payment = ?, credit_minor = ?, billing_day = ?, period_from = ?,
       period_until = ?, fee_charged = 1 WHERE id = ?`,
  ).run(
    plan.id,
    plan.payment,
    plan.payment === 'postpaid' ? POSTPAID_CREDIT_MINOR : 0n,
    isMonthly ? billingDay : null,
    isMonthly ? atMs : null,
    untilMs ?? null,
    account.id,
  )
  grant(db, {
    account,
    plan,
    // The id is taken once, ever: the books themselves refuse a second first grant.
    transferId: `plan:${account.id}`,
    atMs,
    fromMs: atMs,
    untilMs: untilMs ?? daysOn({ atMs, timeZone: file.timeZone, days: plan.validDays }),
  })
}

/**
 * Renews an account's plan for every period that has begun since, and expires what has ended. Returns the account as it
 * is then.
 */
export function bringUpToDate(db: Connection, of: AccountNow): Account {
  let { account } = of
  while (
    account.period &&
    account.period.until.getTime() <= of.atMs &&
    account.status !== 'closed'
  ) {
    account = renew(db, { ...of, account })
  }
  expireDue(db, { accountId: account.id, atMs: of.atMs })
  return account
}

/** Charges the fee of the running period where it could not be charged, and grants what is due. Whether it did. */
export function chargeDue(db: Connection, of: AccountNow): boolean {
  const { account, file, atMs } = of
  const { period } = account
  if (account.feeCharged || !period || account.status !== 'active') return false
  const plan = planOf(of)
  if (!charge(db, { account, plan, file, atMs, fromMs: period.from.getTime() })) return false
  db.sql(`UPDATE accounts SET fee_charged = 1 WHERE id = ?`).run(account.id)
  grant(db, {
    account,
    plan,
    transferId: `plan:${account.id}:${period.from.getTime()}`,
    atMs,
    fromMs: atMs,
    untilMs: period.until.getTime(),
  })
  return true
}

/** The plan of an account; of one whose plan is no longer sold, the operator's first. */
export function planOf({ account, file }: Pick<AccountNow, 'account' | 'file'>): Plan {
  return file.plans.find(({ id }) => id === account.planId) ?? file.plan
}

/** @throws {LabError} notFound */
export function requirePlan(file: OperatorFile, planId: string): Plan {
  const plan = file.plans.find(({ id }) => id === planId)
  if (plan) return plan
  const known = file.plans.map(({ id }) => id).join(', ')
  throw new LabError('notFound', `${file.id} has no plan ${planId}; there are ${known}`, {
    field: 'planId',
  })
}

/** Accounts of which a period is over, the earliest first. */
export function dueAccounts(
  db: Connection,
  due: { readonly atMs: number; readonly limit: number },
): readonly Account[] {
  return db
    .sql<{ id: number }>(
      `SELECT id FROM accounts WHERE status <> 'closed' AND period_until IS NOT NULL AND period_until <= ?
       ORDER BY period_until, id LIMIT ?`,
    )
    .all(due.atMs, due.limit)
    .map(({ id }) => findById(db, id) as Account)
}

/** One period on. What the rest of the command does happens at the instant at which the period began. */
function renew(db: Connection, of: AccountNow): Account {
  const { account, file } = of
  const { period } = account
  if (!period) return account
  const fromMs = period.until.getTime()
  const plan = planOf(of)
  const billingDay = account.billingDay ?? dayOfMonth({ atMs: fromMs, timeZone: file.timeZone })
  const next = (afterMs: number) =>
    nextBilling({ atMs: afterMs, billingDay, timeZone: file.timeZone })
  const untilMs = next(fromMs)
  const isCharged =
    account.status === 'active' && charge(db, { account, plan, file, atMs: fromMs, fromMs })
  db.sql(`UPDATE accounts SET period_from = ?, period_until = ?, fee_charged = ? WHERE id = ?`).run(
    fromMs,
    untilMs,
    isCharged ? 1 : 0,
    account.id,
  )
  rollOver(db, { account, plan, file, fromMs, isCharged, next })
  expireDue(db, { accountId: account.id, atMs: fromMs })
  if (isCharged) {
    const transferId = `plan:${account.id}:${fromMs}`
    grant(db, { account, plan, transferId, atMs: fromMs, fromMs, untilMs })
  }
  return findById(db, account.id) as Account
}

/** What is left of the old period: carried over where the plan does so and its price is paid, and expired otherwise. */
function rollOver(
  db: Connection,
  of: {
    readonly account: Account
    readonly plan: Plan
    readonly file: OperatorFile
    readonly fromMs: number
    readonly isCharged: boolean
    next(afterMs: number): number
  },
): void {
  const { account, plan, fromMs } = of
  const rule = of.isCharged ? plan.rollover : undefined
  const isPaid =
    rule !== undefined &&
    pay(db, {
      ...of,
      id: `rollover:${account.id}:${fromMs}`,
      kind: 'extension',
      amountMinor: rule.feeMinor ?? 0n,
      atMs: fromMs,
    })
  let validUntilMs = fromMs
  for (let period = 0; period < (rule?.periods ?? 1); period++) validUntilMs = of.next(validUntilMs)
  carryOver(db, {
    accountId: account.id,
    atMs: fromMs,
    percent: isPaid ? rule.percent : 0,
    giftable: rule?.giftable ?? false,
    validUntilMs,
  })
}

function charge(
  db: Connection,
  of: {
    readonly account: Account
    readonly plan: Plan
    readonly file: OperatorFile
    readonly atMs: number
    readonly fromMs: number
  },
): boolean {
  return pay(db, {
    ...of,
    id: `planFee:${of.account.id}:${of.fromMs}`,
    kind: 'planFee',
    amountMinor: of.plan.feeMinor,
  })
}

/** Takes a price from the wallet. Whether there was enough. */
function pay(
  db: Connection,
  price: {
    readonly id: string
    readonly account: Account
    readonly plan: Plan
    readonly file: OperatorFile
    readonly kind: 'planFee' | 'extension'
    readonly amountMinor: bigint
    readonly atMs: number
  },
): boolean {
  if (price.amountMinor === 0n) return true
  try {
    moveMoney(db, {
      id: price.id,
      accountId: price.account.id,
      kind: price.kind,
      amountMinor: -price.amountMinor,
      currency: price.file.currency.code,
      atMs: price.atMs,
      label: price.plan.id,
    })
    return true
  } catch (error) {
    if (error instanceof LabError && error.reason === 'notEnoughMoney') return false
    throw error
  }
}

function grant(
  db: Connection,
  of: {
    readonly account: Account
    readonly plan: Plan
    readonly transferId: string
    readonly atMs: number
    readonly fromMs: number
    readonly untilMs: number
  },
): void {
  const { account, plan } = of
  issueLot(db, {
    transferId: of.transferId,
    atMs: of.atMs,
    accountId: account.id,
    origin: 'plan',
    trafficClass: plan.trafficClass,
    scope: plan.scope,
    giftable: plan.giftable,
    carries: plan.rollover !== undefined,
    label: plan.id,
    amountBytes: plan.amountBytes,
    validFromMs: of.fromMs,
    validUntilMs: of.untilMs,
  })
}
