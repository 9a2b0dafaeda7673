/** Values of texts in the reader's language: amounts, money, times with their zone, durations, masked numbers. */

import { Temporal } from 'temporal-polyfill'
import { showAmount } from '../amounts.ts'
import { maskNumber } from '../numbering.ts'
import type { Money, ParameterKind, ParameterValues } from './catalogue.ts'
import type { Language } from './languages.ts'

/** Where and how the reader reads. */
export interface TextLocale {
  readonly language: Language
  /** IANA name of the operator's zone, such as `Europe/Moscow`. */
  readonly timeZone: string
  /** What the operator calls a gigabyte: 10^9 or 2^30. */
  readonly gigabyteBytes: number
}

/** A value as text. `isShort` leaves out a time's year and zone. */
export function formatValue<Kind extends ParameterKind>(
  kind: Kind,
  value: ParameterValues[Kind],
  options: { readonly locale: TextLocale; readonly isShort: boolean },
): string {
  return FORMATS[kind](value, options)
}

interface Options {
  readonly locale: TextLocale
  readonly isShort: boolean
}

const FORMATS: {
  readonly [Kind in ParameterKind]: (value: ParameterValues[Kind], options: Options) => string
} = {
  amount: (bytes, { locale }) => showAmount(bytes, locale),
  balance: (bytes, { locale }) => showAmount(bytes, locale),
  sizes: (sizes, { locale }) =>
    sizes.map((bytes) => showAmount(bytes, locale)).join(locale.language === 'zh' ? '、' : ', '),
  number: maskNumber,
  money: (money, { locale }) => formatMoney(money, locale.language),
  time: (time, options) => formatTime(time, options),
  durationMs: (durationMs, { locale }) => formatDuration(durationMs, locale.language),
  count: String,
  percent: String,
  reference: String,
  code: String,
  name: String,
  command: String,
}

const FREE: Readonly<Record<Language, string>> = { en: 'none', ru: 'нет', zh: '免费' }

/** Money: `RUB 50`, `50,50 ₽`, `50.50元`; nothing is said to be free. */
export function formatMoney({ minor, currency, ...money }: Money, language: Language): string {
  if (minor === 0n) return FREE[language]
  const sign = minor < 0n ? '-' : ''
  const absolute = minor < 0n ? -minor : minor
  const digits = money.minorDigits ?? digitsOf(currency)
  const amount = sign + decimalOf(absolute, { digits, mark: language === 'ru' ? ',' : '.' })
  if (language === 'ru') return `${amount} ${currency === 'RUB' ? '₽' : currency}`
  if (language === 'zh') return currency === 'CNY' ? `${amount}元` : `${amount} ${currency}`
  return `${currency} ${amount}`
}

function decimalOf(
  minor: bigint,
  { digits, mark }: { readonly digits: number; readonly mark: string },
): string {
  const unit = 10n ** BigInt(digits)
  const rest = minor % unit
  if (rest === 0n) return String(minor / unit)
  return `${minor / unit}${mark}${String(rest).padStart(digits, '0')}`
}

/** Digits behind the point by ISO 4217, of which the runtime has the table; 2 for what is no currency. */
function digitsOf(currency: string): number {
  if (!/^[A-Z]{3}$/.test(currency)) return 2
  const format = new Intl.NumberFormat('en', { style: 'currency', currency })
  return format.resolvedOptions().maximumFractionDigits ?? 2
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** Zones that their people call by a name; the others by their distance from UTC. */
const ZONE_NAMES: Readonly<Record<string, Partial<Record<Language, string>>>> = {
  'Europe/Moscow': { ru: 'МСК', en: 'MSK' },
  'Asia/Shanghai': { zh: '北京时间' },
}

const times = new Map<string, string>()
const TIMES_MAX = 1000

/** Many texts tell of the same few instants: midnights at which data ends. */
function formatTime(time: Date, { locale, isShort }: Options): string {
  const key = `${time.getTime()} ${locale.timeZone} ${locale.language} ${isShort}`
  let text = times.get(key)
  if (text === undefined) {
    text = timeText(time, { locale, isShort })
    if (times.size >= TIMES_MAX) times.clear()
    times.set(key, text)
  }
  return text
}

function timeText(time: Date, { locale, isShort }: Options): string {
  const local = Temporal.Instant.fromEpochMilliseconds(time.getTime()).toZonedDateTimeISO(
    locale.timeZone,
  )
  const [day, month] = [two(local.day), two(local.month)]
  const clock = `${two(local.hour)}:${two(local.minute)}`
  const dates: Readonly<Record<Language, readonly [short: string, long: string]>> = {
    ru: [`${day}.${month}`, `${day}.${month}.${local.year}`],
    en: [
      `${local.day} ${MONTHS[local.month - 1]}`,
      `${local.day} ${MONTHS[local.month - 1]} ${local.year}`,
    ],
    zh: [`${month}-${day}`, `${local.year}-${month}-${day}`],
  }
  const [short, long] = dates[locale.language]
  return isShort ? `${short} ${clock}` : `${long} ${clock} ${zoneName(local, locale)}`
}

function zoneName(local: Temporal.ZonedDateTime, { language, timeZone }: TextLocale): string {
  const name = ZONE_NAMES[timeZone]?.[language]
  if (name !== undefined) return name
  const [, sign = '+', hours = '0', minutes = '00'] = /^(.)(\d\d):(\d\d)/.exec(local.offset) ?? []
  const rest = minutes === '00' ? '' : `:${minutes}`
  return Number(hours) === 0 && rest === '' ? 'UTC' : `UTC${sign}${Number(hours)}${rest}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

const UNIT_NAMES: Readonly<Record<Language, readonly [string, string, string, string]>> = {
  en: [' s', ' min', ' h', ' days'],
  ru: [' с', ' мин', ' ч', ' дн.'],
  zh: ['秒', '分钟', '小时', '天'],
}
const SECOND_MS = 1000

/** A duration in its largest unit that says it exactly, rounded up to the second; from three days on, in days. */
export function formatDuration(durationMs: number, language: Language): string {
  const [seconds, minutes, hours, days] = UNIT_NAMES[language]
  const whole = Math.ceil(durationMs / SECOND_MS)
  if (whole === 0 || whole % 60 !== 0) return `${whole}${seconds}`
  if (whole % 3600 !== 0) return `${whole / 60}${minutes}`
  const isDays = whole % 86_400 === 0 && whole >= 3 * 86_400
  return isDays ? `${whole / 86_400}${days}` : `${whole / 3600}${hours}`
}
