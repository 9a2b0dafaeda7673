/** Amounts of data: the one file that turns JSON and text into `bigint` bytes, and bytes into JSON and text. */

import { LabError } from '../base/errors.ts'
import { AMOUNT_MAX_BYTES } from '../store/ledger.ts'

/** Bytes in JSON: a number as long as that is exact, else a decimal string. */
export type JsonAmount = number | string

/** What an operator calls a gigabyte: 10^9 bytes, or 2^30. */
export const GIGABYTE_BYTES = 10 ** 9
export const GIBIBYTE_BYTES = 2 ** 30

const SAFE_MAX_BYTES = BigInt(Number.MAX_SAFE_INTEGER)
const DECIMAL = /^(?:0|[1-9][0-9]{0,18})$/
const WITH_UNIT = /^([0-9]{1,16})(?:\.([0-9]{1,18}))?\s*(B|[KMGT]B|[KMGT]iB)$/i
const POWERS = ['B', 'K', 'M', 'G', 'T'] as const

/**
 * Bytes of a JSON value: an integer up to 2^53−1 or a decimal string, from 0 to 2^50.
 * @throws {LabError} badInput — anything else, naming the field
 */
export function amountFromJson(value: unknown, field: string): bigint {
  const bytes = exactInteger(value)
  if (bytes === undefined || bytes < 0n || bytes > AMOUNT_MAX_BYTES) {
    throw new LabError(
      'badInput',
      `${field} must be a number of bytes: an integer, or a string of decimal digits, from 0 to ${AMOUNT_MAX_BYTES}`,
      { field },
    )
  }
  return bytes
}

/**
 * Refuses what is no amount, wherever it came from.
 * @throws {LabError} badInput — not a bigint from 0 to 2^50, naming the field
 */
export function requireBytes(amountBytes: bigint, field: string): void {
  if (typeof amountBytes === 'bigint' && amountBytes >= 0n && amountBytes <= AMOUNT_MAX_BYTES) {
    return
  }
  throw new LabError('badInput', `${field} must be a bigint from 0 to ${AMOUNT_MAX_BYTES}`, {
    field,
  })
}

/** Bytes as JSON carries them: never a number that a reader would round. */
export function amountToJson(amountBytes: bigint): JsonAmount {
  return amountBytes <= SAFE_MAX_BYTES && amountBytes >= -SAFE_MAX_BYTES
    ? Number(amountBytes)
    : String(amountBytes)
}

/**
 * Bytes of what people write: `5GB`, `300 MB`, `1.5 GiB`, `1000` (bytes).
 *
 * KiB to TiB are powers of 1024; KB to TB follow the operator's gigabyte, 10^9 unless told.
 * @throws {LabError} badInput — another form, a part of a byte, or more than 2^50 bytes
 */
export function amountFromText(
  text: string,
  options: { readonly field?: string; readonly gigabyteBytes?: number } = {},
): bigint {
  const field = options.field ?? 'amount'
  const trimmed = text.trim()
  if (DECIMAL.test(trimmed)) return amountFromJson(trimmed, field)
  const match = WITH_UNIT.exec(trimmed)
  const bytes = match && scaled(match, options.gigabyteBytes ?? GIGABYTE_BYTES)
  if (typeof bytes !== 'bigint' || bytes > AMOUNT_MAX_BYTES) {
    throw new LabError(
      'badInput',
      `${field} must be whole bytes up to 2^50, such as "5GB", "300 MB" or "1 GiB", got "${text.slice(0, 40)}"`,
      { field },
    )
  }
  return bytes
}

/**
 * From here on an amount reads as unlimited: half of the largest one, which stands for unlimited in operators' files, so that
 * what is left of it still is.
 */
export const UNLIMITED_FROM_BYTES: bigint = AMOUNT_MAX_BYTES / 2n

/** Bytes for people, never wrong by one: `5 GB`, `1.5 GB`, `1999999999 bytes (about 1.999 GB)`, `unlimited`. */
export function formatAmount(amountBytes: bigint, gigabyteBytes: number = GIGABYTE_BYTES): string {
  if (amountBytes >= UNLIMITED_FROM_BYTES) return 'unlimited'
  const thousand = thousandOf(gigabyteBytes)
  const power = POWERS.findLastIndex((_, at) => amountBytes >= thousand ** BigInt(at))
  if (power < 1) return amountBytes === 1n ? '1 byte' : `${amountBytes} bytes`
  const unitBytes = thousand ** BigInt(power)
  const milliUnits = (amountBytes * 1000n) / unitBytes
  const text = `${decimal(milliUnits)} ${POWERS[power]}B`
  const exact = milliUnits * unitBytes === amountBytes * 1000n
  return exact ? text : `${amountBytes} bytes (about ${text})`
}

function exactInteger(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  return typeof value === 'string' && DECIMAL.test(value) ? BigInt(value) : undefined
}

function scaled(match: RegExpExecArray, gigabyteBytes: number): bigint | undefined {
  const [, whole = '', fraction = '', unit = ''] = match
  const thousand = unit.toLowerCase().endsWith('ib') ? 1024n : thousandOf(gigabyteBytes)
  const unitBytes = thousand ** powerOf(unit)
  const scale = 10n ** BigInt(fraction.length)
  const scaledBytes = BigInt(whole + fraction) * unitBytes
  return scaledBytes % scale === 0n ? scaledBytes / scale : undefined
}

function powerOf(unit: string): bigint {
  return BigInt(POWERS.findIndex((letter) => letter === unit.charAt(0).toUpperCase()))
}

function thousandOf(gigabyteBytes: number): bigint {
  return gigabyteBytes === GIBIBYTE_BYTES ? 1024n : 1000n
}

function decimal(milliUnits: bigint): string {
  const fraction = String(milliUnits % 1000n)
    .padStart(3, '0')
    .replace(/0+$/, '')
  return fraction ? `${milliUnits / 1000n}.${fraction}` : String(milliUnits / 1000n)
}
