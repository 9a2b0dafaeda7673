/** Amounts as subscribers write them in messages, and as messages show them. */

import { AMOUNT_MAX_BYTES } from '../../store/ledger.ts'
import { GIBIBYTE_BYTES, UNLIMITED_FROM_BYTES } from '../amount.ts'
import type { Language } from './texts/languages.ts'

export type AmountRefusal =
  | 'badAmount'
  | 'ambiguousAmount'
  | 'unitMissing'
  | 'unknownUnit'
  | 'negativeAmount'
  | 'zeroAmount'
  | 'fractionalBytes'
  | 'amountTooLarge'

export type ReadAmount =
  | { readonly ok: true; readonly amountBytes: bigint }
  | { readonly ok: false; readonly reason: AmountRefusal }

/** A unit of the operator (its thousand), or of IEC 80000-13 (1024 always). */
interface Unit {
  readonly power: 2 | 3 | 4
  readonly isBinary: boolean
}

const UNIT_WORDS: readonly (readonly [Unit, readonly string[]])[] = [
  [
    { power: 2, isBinary: false },
    'M MB MEG MEGS MEGABYTE MEGABYTES МЕГ МЕГА МЕГАБАЙТ МЕГАБАЙТА МЕГАБАЙТОВ 兆 兆字节'.split(' '),
  ],
  [
    { power: 3, isBinary: false },
    'G GB GIG GIGS GIGABYTE GIGABYTES ГИГ ГИГА ГИГАБАЙТ ГИГАБАЙТА ГИГАБАЙТОВ 吉 吉字节'.split(' '),
  ],
  [{ power: 4, isBinary: false }, ['TB']],
  [{ power: 2, isBinary: true }, ['MIB']],
  [{ power: 3, isBinary: true }, ['GIB']],
  [{ power: 4, isBinary: true }, ['TIB']],
]
const UNITS: ReadonlyMap<string, Unit> = new Map(
  UNIT_WORDS.flatMap(([unit, words]) => words.map((word) => [word, unit] as const)),
)

/** Cyrillic letters of `МБ`, `ГиБ`, `ТБ`, and В, which stands for B when the keyboard was left in Russian. */
const LATIN: Readonly<Record<string, string>> = {
  М: 'M',
  Г: 'G',
  Т: 'T',
  Б: 'B',
  В: 'B',
  И: 'I',
}

const WRITTEN = /^(\d{1,3}(?: \d{3})+|\d+)(?:([.,])(\d+))? ?(\D*)$/u
const SEVERAL = /\d\s*\p{L}+[\s,;+]+\d/u

/**
 * Bytes of a written amount: `500MB`, `1,5 ГБ`, `1.5 GiB`, `2 兆`, `3G`. MB to TB follow the operator's gigabyte.
 *
 * Expects normalised text (upper case, ASCII digits, single spaces). `1,500 MB` is refused: it may mean either.
 */
export function readAmount(text: string, options: { readonly gigabyteBytes: number }): ReadAmount {
  const trimmed = text.trim()
  const sign = /^-\s?(?=\d)/.exec(trimmed)
  if (sign) {
    const positive = readAmount(trimmed.slice(sign[0].length), options)
    return positive.ok ? refused('negativeAmount') : positive
  }
  const match = WRITTEN.exec(trimmed)
  if (!match) return refused(SEVERAL.test(trimmed) ? 'ambiguousAmount' : 'badAmount')
  const [, whole = '', separator = '', fraction = '', unitText = ''] = match
  if (/^0\d/.test(whole) || /^\P{L}/u.test(unitText)) return refused('badAmount')
  if (unitText === '') return refused('unitMissing')
  const unit = unitOf(unitText)
  if (!unit) return refused('unknownUnit')
  const isGrouped = separator !== '' && fraction.length === 3 && /^[1-9]\d{0,2}$/.test(whole)
  if (isGrouped) return refused('ambiguousAmount')
  return scaled({ digits: whole.replaceAll(' ', ''), fraction }, unitBytes(unit, options))
}

/** Bytes of a bare whole number in a unit that the grammar fixes: the `Y` of `*974*7XXXXXXXXXX*Y#`. */
export function readWholeAmount(
  text: string,
  options: { readonly unit: 'MB' | 'GB'; readonly gigabyteBytes: number },
): ReadAmount {
  const trimmed = text.trim()
  if (/^-\s?\d+$/.test(trimmed)) return refused('negativeAmount')
  if (!/^(?:0|[1-9]\d*)$/.test(trimmed)) return refused('badAmount')
  const unit: Unit = { power: options.unit === 'MB' ? 2 : 3, isBinary: false }
  return scaled({ digits: trimmed, fraction: '' }, unitBytes(unit, options))
}

/** Bytes of one megabyte or gigabyte of the operator. */
export function bytesOfUnit(unit: 'MB' | 'GB', gigabyteBytes: number): bigint {
  return unitBytes({ power: unit === 'MB' ? 2 : 3, isBinary: false }, { gigabyteBytes })
}

interface AmountFormat {
  readonly language: Language
  readonly gigabyteBytes: number
}

const UNIT_NAMES: Readonly<Record<Language, readonly [string, string, string, string]>> = {
  en: ['B', 'MB', 'GB', 'TB'],
  ru: ['Б', 'МБ', 'ГБ', 'ТБ'],
  zh: ['字节', 'MB', 'GB', 'TB'],
}

/**
 * An amount to read: `1.5 GB`, `1,5 ГБ`, never more than there is. With more than two decimals it is rounded down and
 * marked: `~1.23 GB`. Below a hundredth of a megabyte it stands in bytes; half of the largest one or more is unlimited.
 */
export function showAmount(amountBytes: bigint, format: AmountFormat): string {
  if (amountBytes >= UNLIMITED_FROM_BYTES) return UNLIMITED[format.language]
  const [byteName, ...names] = UNIT_NAMES[format.language]
  const units = ([2, 3, 4] as const).map((power) => unitBytes({ power, isBinary: false }, format))
  const [megabyteBytes = 1n] = units
  if (amountBytes * 100n < megabyteBytes) return `${amountBytes} ${byteName}`
  const at = Math.max(
    units.findLastIndex((bytes) => amountBytes >= bytes),
    0,
  )
  const bytes = units[at] ?? megabyteBytes
  const hundredths = (amountBytes * 100n) / bytes
  const mark = hundredths * bytes === amountBytes * 100n ? '' : '~'
  const fraction = String(hundredths % 100n)
    .padStart(2, '0')
    .replace(/0+$/, '')
  return `${mark}${decimal({ whole: hundredths / 100n, fraction, ...format })} ${names[at]}`
}

const UNLIMITED: Readonly<Record<Language, string>> = {
  en: 'unlimited data',
  ru: 'безлимит',
  zh: '不限量流量',
}

/** An amount to write into a command, exact to the byte: what {@link readAmount} reads as the same bytes. */
export function writeAmount(amountBytes: bigint, format: AmountFormat): string {
  const megabyteBytes = bytesOfUnit('MB', format.gigabyteBytes)
  const gigabyteBytes = bytesOfUnit('GB', format.gigabyteBytes)
  const isWholeGb = amountBytes % gigabyteBytes === 0n
  const bytes = isWholeGb ? gigabyteBytes : megabyteBytes
  const fraction = fractionOf(amountBytes % bytes, bytes)
  // Three decimals could be taken for thousands.
  const safe = fraction.length === 3 ? `${fraction}0` : fraction
  const name = UNIT_NAMES[format.language][isWholeGb ? 2 : 1]
  return `${decimal({ whole: amountBytes / bytes, fraction: safe, ...format })} ${name}`
}

function unitOf(text: string): Unit | undefined {
  const word = text.trim().toUpperCase()
  return UNITS.get(word) ?? UNITS.get([...word].map((letter) => LATIN[letter] ?? letter).join(''))
}

function unitBytes(
  { power, isBinary }: Unit,
  { gigabyteBytes }: { readonly gigabyteBytes: number },
): bigint {
  const thousand = isBinary || gigabyteBytes === GIBIBYTE_BYTES ? 1024n : 1000n
  return thousand ** BigInt(power)
}

function scaled(
  { digits, fraction }: { readonly digits: string; readonly fraction: string },
  bytes: bigint,
): ReadAmount {
  const scale = 10n ** BigInt(fraction.length)
  const scaledBytes = BigInt(digits + fraction) * bytes
  if (scaledBytes === 0n) return refused('zeroAmount')
  if (scaledBytes % scale !== 0n) return refused('fractionalBytes')
  const amountBytes = scaledBytes / scale
  return amountBytes > AMOUNT_MAX_BYTES ? refused('amountTooLarge') : { ok: true, amountBytes }
}

/** The decimals of a part of a unit: finite, since a unit is a product of twos and fives. */
function fractionOf(restBytes: bigint, bytes: bigint): string {
  let rest = restBytes
  let digits = ''
  while (rest > 0n) {
    digits += String((rest * 10n) / bytes)
    rest = (rest * 10n) % bytes
  }
  return digits
}

function decimal({
  whole,
  fraction,
  language,
}: {
  readonly whole: bigint
  readonly fraction: string
  readonly language: Language
}): string {
  return fraction ? `${whole}${language === 'ru' ? ',' : '.'}${fraction}` : String(whole)
}

function refused(reason: AmountRefusal): ReadAmount {
  return { ok: false, reason }
}
