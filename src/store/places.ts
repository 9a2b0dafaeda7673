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
  if (countryOf(db, to.eid) === to.country) return
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
  const [now, before] = db
    .sql<WhereRow>(
      `SELECT country, since_at AS sinceMs, wifi FROM bindings
       LEFT JOIN phone_places ON phone_places.eid = bindings.eid
       LEFT JOIN phone_settings ON phone_settings.eid = bindings.eid
       WHERE iccid = +? AND bound_to IS NULL ORDER BY phone_places.id DESC LIMIT 2`,
    )
    .all(of.iccid)
  const country = now?.country ?? of.homeCountry
  const isRoaming = country !== of.homeCountry
  const isReturn = before !== undefined && !isRoaming
  return {
    country,
    isRoaming,
    sinceMs: now?.sinceMs ?? undefined,
    returnedAtMs: isReturn ? (now?.sinceMs ?? undefined) : undefined,
    wifi: now?.wifi === 1,
  }
}

interface WhereRow {
  readonly country: string | null
  readonly sinceMs: number | null
  readonly wifi: number | null
}

function countryOf(db: Connection, eid: string): string | undefined {
  return db
    .sql<{ country: string }>(
      `SELECT country FROM phone_places WHERE eid = +? ORDER BY id DESC LIMIT 1`,
    )
    .get(eid)?.country
}
