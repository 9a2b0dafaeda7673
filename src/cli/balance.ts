/** Balances as the operator's API gives them, and as people read them. */

import { amountFromJson, formatAmount, type JsonAmount } from '../operator/amount.ts'

/** GET /api/accounts/{msisdn}/balance, as far as the command shows it. */
export interface BalanceAnswer {
  readonly msisdn: string
  readonly totalBytes: JsonAmount
  readonly giftable: { readonly amountBytes: JsonAmount; readonly text: string }
  readonly lots: readonly LotAnswer[]
}

export interface LotAnswer {
  readonly origin: string
  readonly availableBytes: JsonAmount
  readonly validUntil: string
}

export function amountText(amount: JsonAmount, gigabyteBytes?: number): string {
  return formatAmount(amountFromJson(amount, 'amountBytes'), gigabyteBytes)
}

/** `25 GB = 5 GB until 2026-09-01 12:00 UTC (gift) + 20 GB until …`, in the order of use. */
export function balanceText(balance: BalanceAnswer): string {
  const lots = lotTexts(balance)
  const total = amountText(balance.totalBytes)
  if (lots.length === 0) return total
  return lots.length === 1 ? lots.join() : `${total} = ${lots.join(' + ')}`
}

/** Each lot that still has data: how much, until when, where from. */
export function lotTexts(balance: BalanceAnswer, gigabyteBytes?: number): string[] {
  return balance.lots
    .filter((lot) => BigInt(lot.availableBytes) > 0n)
    .map((lot) => {
      const { availableBytes, validUntil, origin } = lot
      return `${amountText(availableBytes, gigabyteBytes)} until ${instantText(validUntil)} (${origin})`
    })
}

/** `2026-09-01 12:00 UTC` */
export function instantText(instant: string): string {
  return `${instant.slice(0, 16).replace('T', ' ')} UTC`
}
