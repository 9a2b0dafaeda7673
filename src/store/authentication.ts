/** What the authentication centre keeps of each subscriber: the sequence number, and which profile has an IMSI. */

import type { Connection } from './engine.ts'

/** A profile that has the IMSI asked for. */
export interface ProfileOfImsi {
  readonly iccid: string
  readonly origin: 'inventory' | 'imported'
}

/**
 * The profile that an IMSI stands for now. Imported profiles may share an IMSI with each other and with the stock: then
 * it is the one that is enabled, and of several the one of the stock.
 */
export function profileOfImsi(db: Connection, imsi: string): ProfileOfImsi | undefined {
  return db
    .sql<ProfileOfImsi>(
      `SELECT iccid, origin FROM (
         SELECT iccid, 'inventory' AS origin FROM inventory WHERE imsi = ?
         UNION ALL SELECT iccid, 'imported' FROM imported_profiles WHERE imsi = ?)
       LEFT JOIN accounts USING (iccid)
       ORDER BY profile_state IS NOT 'enabled', origin DESC, iccid LIMIT 1`,
    )
    .get(imsi, imsi)
}

/** The last sequence number of the profile that was put into a vector; 0 when there was none. 48 bits. */
export function lastSqn(db: Connection, iccid: string): bigint {
  return (
    db.bigSql<{ sqn: bigint }>(`SELECT sqn FROM authentication_state WHERE iccid = ?`).get(iccid)
      ?.sqn ?? 0n
  )
}

export function keepSqn(
  db: Connection,
  of: { readonly iccid: string; readonly sqn: bigint },
): void {
  db.sql(
    `INSERT INTO authentication_state (iccid, sqn) VALUES (?, ?)
     ON CONFLICT (iccid) DO UPDATE SET sqn = excluded.sqn`,
  ).run(of.iccid, of.sqn)
}

/** Keys that the authentication centre holds in place of those in a profile's package. */
export interface KeysInPlace {
  readonly ki: Uint8Array | undefined
  readonly opc: Uint8Array | undefined
}

export function keepKeysInPlace(
  db: Connection,
  of: KeysInPlace & { readonly iccid: string },
): void {
  db.sql(`INSERT INTO imported_keys (iccid, ki, opc) VALUES (?, ?, ?)`).run(
    of.iccid,
    of.ki ?? null,
    of.opc ?? null,
  )
}

export function keysInPlace(db: Connection, iccid: string): KeysInPlace | undefined {
  const row = db
    .sql<{ ki: Uint8Array | null; opc: Uint8Array | null }>(
      `SELECT ki, opc FROM imported_keys WHERE iccid = ?`,
    )
    .get(iccid)
  return row && { ki: row.ki ?? undefined, opc: row.opc ?? undefined }
}
