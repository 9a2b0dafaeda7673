/**
 * Days, months and midnights of a place: instants in milliseconds in and out, the calendar of the time zone in between.
 *
 * A day begins at its first instant, which is not 00:00 where clocks are put forward at midnight.
 */

import { Temporal } from 'temporal-polyfill'

/** An instant, and the zone whose calendar it is seen in. */
export interface LocalInstant {
  readonly atMs: number
  /** IANA name. */
  readonly timeZone: string
}

/** Whether the name is one of the zones that this machine knows. */
export function isTimeZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name)
    return true
  } catch {
    return false
  }
}

/** The first instant of the day. */
export function dayStart(of: LocalInstant): number {
  return zoned(of).startOfDay().epochMilliseconds
}

/** The first instant of the month. */
export function monthStart(of: LocalInstant): number {
  return zoned(of).with({ day: 1 }).startOfDay().epochMilliseconds
}

/** The first instant of the month that is so many months on. */
export function monthStartAfter(of: LocalInstant & { readonly months: number }): number {
  const first = zoned(of).toPlainDate().with({ day: 1 }).add({ months: of.months })
  return startOf(first, of.timeZone)
}

/** The same time of day so many days on; where clocks are put forward over it, the instant after the gap. */
export function daysOn(of: LocalInstant & { readonly days: number }): number {
  return zoned(of).add({ days: of.days }).epochMilliseconds
}

/** The midnight that ends the day which is so many days on: with 0, the one that ends this day. */
export function midnightAfter(of: LocalInstant & { readonly days: number }): number {
  return startOf(
    zoned(of)
      .toPlainDate()
      .add({ days: of.days + 1 }),
    of.timeZone,
  )
}

/** The day of the month. */
export function dayOfMonth(of: LocalInstant): number {
  return zoned(of).day
}

/**
 * The next midnight after an instant at which a billing day begins. A month that is too short is billed on its last day,
 * and the month after it on the billing day again.
 */
export function nextBilling(of: LocalInstant & { readonly billingDay: number }): number {
  const today = zoned(of).toPlainDate()
  for (let months = 0; ; months++) {
    const month = today.with({ day: 1 }).add({ months })
    const day = Math.min(of.billingDay, month.daysInMonth)
    const startMs = startOf(month.with({ day }), of.timeZone)
    if (startMs > of.atMs) return startMs
  }
}

function zoned({ atMs, timeZone }: LocalInstant): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone)
}

function startOf(date: Temporal.PlainDate, timeZone: string): number {
  return date.toZonedDateTime({ timeZone }).startOfDay().epochMilliseconds
}
