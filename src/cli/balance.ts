/** Balances as the operator's API gives them, and as people read them. */

import { amountFromJson, formatAmount, type JsonAmount } from '../operator/amount.ts'

/** GET /api/accounts/{msisdn}/balance, as far as the command shows it. */
export interface BalanceAnswer {
  readonly msisdn: string
  readonly totalBytes: JsonAmount
  readonly giftable: { readonly amountBytes: JsonAmount; readonly text: string }
  readonly held: Readonly<Record<'giftBytes' | 'sessionBytes' | 'reservedBytes', JsonAmount>>
  readonly at: string
  readonly timeZone: string
  readonly gigabyteBytes: number
  readonly lots: readonly LotAnswer[]
}

export interface LotAnswer {
  readonly id: number
  readonly origin: string
  readonly label: string | null
  readonly scope: string
  readonly trafficClass: string
  readonly giftable: boolean
  /** Masked. */
  readonly from: string | null
  readonly grantedBytes: JsonAmount
  readonly availableBytes: JsonAmount
  readonly heldBytes: JsonAmount
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

function lotTexts(balance: BalanceAnswer): string[] {
  return balance.lots
    .filter((lot) => BigInt(lot.availableBytes) > 0n)
    .map(({ availableBytes, validUntil, origin }) => {
      return `${amountText(availableBytes)} until ${instantText(validUntil)} (${origin})`
    })
}

/**
 * A subscriber's page: one number, then each lot with how much is left of it, where it is from and when it ends, in the
 * order of use; what is set aside; how much may be given.
 */
export function balancePage(balance: BalanceAnswer): string {
  const { msisdn, totalBytes, gigabyteBytes, timeZone, giftable } = balance
  const amount = (bytes: JsonAmount) => roughly(BigInt(bytes), gigabyteBytes)
  const lots = balance.lots.map((lot, at) => ({
    place: `${at + 1}.`,
    left: `${amount(lot.availableBytes)} of ${amount(lot.grantedBytes)}`,
    end: `until ${zonedText(lot.validUntil, timeZone)} (${countdown(balance.at, lot.validUntil)})`,
    what: lotWhat(lot),
  }))
  const width = Math.max(0, ...lots.map(({ left }) => left.length))
  return [
    `${msisdn} has ${amount(totalBytes)}.`,
    ...lots.map(
      ({ place, left, end, what }) => `${place.padStart(4)} ${left.padEnd(width)}  ${end}  ${what}`,
    ),
    ...heldLines(balance),
    giftable.text,
  ].join('\n')
}

function lotWhat(lot: LotAnswer): string {
  const { origin, label, from, scope, trafficClass } = lot
  const source = origin === 'gift' ? 'gift' : [origin, label].filter(Boolean).join(' ')
  const limits = [
    scope === 'any' ? undefined : `${scope} only`,
    trafficClass === 'general' ? undefined : trafficClass,
    lot.giftable ? undefined : 'not to be given',
  ].filter((limit) => limit !== undefined)
  return [from === null ? source : `${source} from ${from}`, ...limits].join(', ')
}

const HELD = {
  giftBytes: 'for gifts on their way',
  sessionBytes: 'in data sessions',
  reservedBytes: 'by the operator',
} as const

function heldLines({ held, gigabyteBytes }: BalanceAnswer): string[] {
  const parts = Object.entries(HELD)
    .map(([name, text]) => ({ bytes: BigInt(held[name as keyof typeof HELD]), text }))
    .filter(({ bytes }) => bytes > 0n)
    .map(({ bytes, text }) => `${roughly(bytes, gigabyteBytes)} ${text}`)
  return parts.length === 0 ? [] : [`Held apart: ${parts.join(', ')}.`]
}

/** As people want to read it; `--json` has the bytes. */
function roughly(bytes: bigint, gigabyteBytes: number): string {
  const text = formatAmount(bytes, gigabyteBytes)
  return /\((about .*)\)$/.exec(text)?.[1] ?? text
}

/** `2026-09-01 15:00 GMT+3`: an instant as the clocks of a place show it. */
export function zonedText(instant: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'shortOffset',
  }).formatToParts(new Date(instant))
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  return `${of('year')}-${of('month')}-${of('day')} ${of('hour')}:${of('minute')} ${of('timeZoneName').replace(/^GMT(?:\+0)?$/, 'UTC')}`
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** `in 6 d 23 h`, `in 5 h 10 min`, `in 3 min`. */
function countdown(from: string, to: string): string {
  const leftMs = Math.max(0, Date.parse(to) - Date.parse(from))
  const days = Math.floor(leftMs / DAY_MS)
  const hours = Math.floor((leftMs % DAY_MS) / HOUR_MS)
  const minutes = Math.floor((leftMs % HOUR_MS) / MINUTE_MS)
  if (days > 0) return `in ${days} d ${hours} h`
  return hours > 0 ? `in ${hours} h ${minutes} min` : `in ${minutes} min`
}

/** `2026-09-01 12:00 UTC` */
export function instantText(instant: string): string {
  return `${instant.slice(0, 16).replace('T', ' ')} UTC`
}
