/** Where phones are, and whether they use Wi-Fi: settings of the lab, kept for each card. */

import type { Connection } from './engine.ts'

/** Where an account's phone is now. One that has never travelled is at home and has never returned. */
export interface Whereabouts {
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  readonly isRoaming: boolean
  readonly sinceMs: number | undefined
  /** When it last came home from abroad; absent while it is away. */
  readonly returnedAtMs: number | undefined
  readonly wifi: boolean
}

/** Notes that a phone is in a country from now on. */
export function travel(
  db: Connection,
  to: { readonly eid: string; readonly country: string; readonly atMs: number },
): void {
  if (placeOf(db, to.eid)?.country === to.country) return
  db.sql(`INSERT INTO phone_places (eid, country, since_at) VALUES (?, ?, ?)`).run(
    to.eid,
    to.country,
    to.atMs,
  )
}

export function setWifi(
  db: Connection,
  setting: { readonly eid: string; readonly wifi: boolean },
): void {
  db.sql(
    `INSERT INTO phone_settings (eid, wifi) VALUES (?, ?)
     ON CONFLICT (eid) DO UPDATE SET wifi = excluded.wifi`,
  ).run(setting.eid, setting.wifi ? 1 : 0)
}

/** Where the card is on which the account's profile is; an account whose profile is on no card is at home. */
export function whereaboutsOf(
  db: Connection,
  of: { readonly iccid: string; readonly homeCountry: string },
): Whereabouts {
  const eid = db
    .sql<{ eid: string }>(`SELECT eid FROM bindings WHERE iccid = ? AND bound_to IS NULL`)
    .get(of.iccid)?.eid
  const place = eid === undefined ? undefined : placeOf(db, eid)
  const country = place?.country ?? of.homeCountry
  const isRoaming = country !== of.homeCountry
  return {
    country,
    isRoaming,
    sinceMs: place?.sinceMs,
    returnedAtMs: place && !isRoaming && place.isReturn ? place.sinceMs : undefined,
    wifi: eid !== undefined && usesWifi(db, eid),
  }
}

interface Place {
  readonly country: string
  readonly sinceMs: number
  /** Whether it was somewhere else before. */
  readonly isReturn: boolean
}

function placeOf(db: Connection, eid: string): Place | undefined {
  const [now, before] = db
    .sql<{ country: string; since_at: number }>(
      `SELECT country, since_at FROM phone_places WHERE eid = ? ORDER BY id DESC LIMIT 2`,
    )
    .all(eid)
  return now && { country: now.country, sinceMs: now.since_at, isReturn: before !== undefined }
}

function usesWifi(db: Connection, eid: string): boolean {
  return (
    db.sql<{ wifi: number }>(`SELECT wifi FROM phone_settings WHERE eid = ?`).get(eid)?.wifi === 1
  )
}
