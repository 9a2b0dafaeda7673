/** Amounts as TM Forum has them, `{ amount, units }`: turned into whole bytes or minor units exactly, or refused. */

import { LabError } from '../../base/errors.ts'
import { amountFromText } from '../../operator/amount.ts'
import type { Currency } from '../../operator/operator-file.ts'

export interface Quantity {
  readonly amount: number
  readonly units: string
}

/** Decimal notation that a double writes without an exponent; larger integers may be others than were meant. */
const PLAIN = /^-?[0-9]+(?:\.[0-9]+)?$/

/** Bytes of a quantity, below zero where `isSigned`. @throws {LabError} badInput */
export function bytesOf(
  quantity: Quantity,
  rules: { readonly gigabyteBytes: number; readonly isSigned?: boolean },
): bigint {
  const text = plainText(quantity)
  const isNegative = text.startsWith('-')
  if (isNegative && !rules.isSigned) throw badAmount('must not be below zero')
  const { gigabyteBytes } = rules
  const units = quantity.units.trim().replace(/^(?:bytes?|octets?)$/i, 'B')
  const bytes = amountFromText(`${text.replace('-', '')} ${units}`, {
    field: 'amount',
    gigabyteBytes,
  })
  return isNegative ? -bytes : bytes
}

/** Minor units of a quantity of money. @throws {LabError} badInput — another currency, or a part of a minor unit */
export function minorOf(quantity: Quantity, currency: Currency): bigint {
  const text = plainText(quantity)
  if (quantity.units !== currency.code) throw badAmount(`must be in ${currency.code}`)
  const [whole = '', fraction = ''] = text.split('.')
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > currency.minorDigits) throw badAmount('has parts of a minor unit')
  return BigInt(whole.replace('-', '') + digits.padEnd(currency.minorDigits, '0')) * signOf(text)
}

/** @throws {LabError} refused (`amountNotExact`) — a JSON number cannot carry it */
export function quantityOf(bytes: bigint): Quantity {
  for (const [units, size] of UNITS) {
    const amount = bytes / size
    if (amount * size === bytes && isExact(amount)) return { amount: Number(amount), units }
  }
  throw new LabError('refused', `${bytes} bytes are no exact number in JSON`, {
    reason: 'amountNotExact',
  })
}

export function moneyOf(minor: bigint, { code, minorDigits }: Currency): Quantity {
  return { amount: Number(minor) / 10 ** minorDigits, units: code }
}

const UNITS = [
  ['B', 1n],
  ['KiB', 1024n],
  ['MiB', 1024n ** 2n],
] as const

function isExact(amount: bigint): boolean {
  return BigInt(Number(amount)) === amount && Number.isSafeInteger(Number(amount))
}

function plainText({ amount }: Quantity): string {
  const text = String(amount)
  if (PLAIN.test(text) && Math.abs(amount) <= Number.MAX_SAFE_INTEGER) return text
  throw badAmount('is no exact decimal number')
}

function signOf(text: string): bigint {
  return text.startsWith('-') ? -1n : 1n
}

function badAmount(expected: string): LabError {
  return new LabError('badInput', `amount ${expected}`, { field: 'amount' })
}
