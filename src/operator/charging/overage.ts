/** What data costs that no lot had: for who pays afterwards, where the operator's file has a price for it. */

import { LabError } from '../../base/errors.ts'
import { overageSince } from '../../store/charging.ts'
import type { Connection } from '../../store/engine.ts'
import { moveMoney, paidSince, walletOf } from '../../store/money.ts'
import type { Account } from '../accounts.ts'
import type { OperatorFile } from '../operator-file.ts'

interface Of {
  readonly account: Account
  readonly file: OperatorFile
}

const LABEL = 'overage'

/** Whether more may be used than all lots have: the file prices it, the plan is paid afterwards, and credit is left. */
export function grantsOverage(db: Connection, { account, file }: Of): boolean {
  const { overage } = file.charging
  if (overage.policy !== 'charge' || account.payment !== 'postpaid') return false
  const { moneyMinor, creditMinor } = walletOf(db, account.id)
  return moneyMinor + creditMinor >= overage.priceMinor
}

/**
 * Takes the price of what is booked to overage and not paid yet: each begun unit of the plan's period once, however many
 * reports it came in. What the wallet does not have is taken with a later report.
 */
export function chargeOverage(
  db: Connection,
  of: Of & { readonly atMs: number; readonly transferId: string },
): void {
  const { account, file } = of
  const { overage } = file.charging
  if (overage.policy !== 'charge' || account.payment !== 'postpaid') return
  const { id: accountId } = account
  const fromMs = (account.period?.from ?? account.liveSince ?? account.openedAt).getTime()
  const bytes = overageSince(db, { accountId, fromMs })
  const units = (bytes + overage.perBytes - 1n) / overage.perBytes
  const paidMinor = paidSince(db, { accountId, fromMs, label: LABEL })
  const amountMinor = paidMinor - units * overage.priceMinor
  if (amountMinor < 0n) pay(db, { ...of, amountMinor })
}

function pay(
  db: Connection,
  of: Of & { readonly atMs: number; readonly transferId: string; readonly amountMinor: bigint },
): void {
  try {
    moveMoney(db, {
      id: `${LABEL}:${of.transferId}`,
      accountId: of.account.id,
      kind: 'purchase',
      amountMinor: of.amountMinor,
      currency: of.file.currency.code,
      atMs: of.atMs,
      label: LABEL,
    })
  } catch (error) {
    if (!(error instanceof LabError) || error.reason !== 'notEnoughMoney') throw error
  }
}
