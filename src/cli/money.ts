/** Money as people write and read it: units with the operator's digits behind the point. */

import { LabError } from '../base/errors.ts'
import type { JsonAmount } from '../operator/amount.ts'

export interface CurrencyAnswer {
  readonly code: string
  readonly minorDigits: number
}

/** `12.50 RUB` of minor units. */
export function moneyText(amountMinor: JsonAmount, currency: CurrencyAnswer): string {
  const { code, minorDigits } = currency
  const minor = BigInt(amountMinor)
  const digits = String(minor < 0n ? -minor : minor).padStart(minorDigits + 1, '0')
  const whole = digits.slice(0, digits.length - minorDigits)
  const fraction = minorDigits === 0 ? '' : `.${digits.slice(-minorDigits)}`
  return `${minor < 0n ? '-' : ''}${whole}${fraction} ${code}`
}

/** Minor units of `100` or `12.50`. @throws {LabError} usage — not above zero, or more digits than the currency has */
export function moneyOf(text: string, currency: CurrencyAnswer): bigint {
  const { code, minorDigits } = currency
  const match = /^([0-9]{1,12})(?:\.([0-9]{1,4}))?$/.exec(text)
  const [, whole = '', fraction = ''] = match ?? []
  const minor = match ? BigInt(whole + fraction.padEnd(minorDigits, '0')) : 0n
  if (minor > 0n && fraction.length <= minorDigits) return minor
  const example = minorDigits === 0 ? '100' : `12.${'5'.padEnd(minorDigits, '0')}`
  throw new LabError('usage', `an amount of ${code} is one such as ${example}, not "${text}".`, {
    field: 'amount',
  })
}
