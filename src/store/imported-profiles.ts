/** Profiles that others have made: their packages as they came, with metadata, and the numbers that they bring. */

import type { Connection } from './engine.ts'

/** What is known of an imported profile, without its package. */
export interface ImportedProfile {
  readonly iccid: string
  readonly profileType: string
  readonly imsi: string | undefined
  /** The number of its account; absent for a profile without one. */
  readonly msisdn: string | undefined
  /** Whose it is: the id of an operator; absent where nobody was named. */
  readonly operator: string | undefined
  /** StoreMetadataRequest, DER, without addresses for notifications. */
  readonly metadata: Uint8Array
}

interface Row {
  readonly iccid: string
  readonly profileType: string
  readonly imsi: string | null
  readonly msisdn: string | null
  readonly operator: string | null
  readonly metadata: Uint8Array
}

const COLUMNS = 'iccid, profile_type AS profileType, imsi, msisdn, operator, metadata'
const TABLES = 'imported_profiles JOIN profiles USING (iccid)'

/** Puts a profile on stock together with its package. */
export function addImportedProfile(
  db: Connection,
  profile: Omit<ImportedProfile, 'operator'> & {
    readonly operator?: string
    readonly octets: Uint8Array
  },
): void {
  const { iccid, profileType, imsi, msisdn, operator, metadata, octets } = profile
  db.sql(`INSERT INTO profiles (iccid, profile_type, state) VALUES (?, ?, 'Available')`).run(
    iccid,
    profileType,
  )
  db.sql(
    `INSERT INTO imported_profiles (iccid, imsi, msisdn, operator, metadata, package)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(iccid, imsi ?? null, msisdn ?? null, operator ?? null, metadata, octets)
}

export function findImportedProfile(db: Connection, iccid: string): ImportedProfile | undefined {
  const row = db.sql<Row>(`SELECT ${COLUMNS} FROM ${TABLES} WHERE iccid = ?`).get(iccid)
  return row && toImportedProfile(row)
}

/** Imported profiles by ICCID, from the one after `after` on. */
export function listImportedProfiles(
  db: Connection,
  page: { readonly after?: string; readonly limit: number },
): ImportedProfile[] {
  return db
    .sql<Row>(`SELECT ${COLUMNS} FROM ${TABLES} WHERE iccid > ? ORDER BY iccid LIMIT ?`)
    .all(page.after ?? '', page.limit)
    .map(toImportedProfile)
}

/** The package as it came. */
export function findImportedPackage(db: Connection, iccid: string): Uint8Array | undefined {
  return db
    .sql<{ octets: Uint8Array }>('SELECT package AS octets FROM imported_profiles WHERE iccid = ?')
    .get(iccid)?.octets
}

/** Whether the SM-DP+ or the operator has a profile with this ICCID. */
export function isKnownIccid(db: Connection, iccid: string): boolean {
  const query =
    'SELECT 1 FROM profiles WHERE iccid = ? UNION ALL SELECT 1 FROM inventory WHERE iccid = ?'
  return db.sql(query).get(iccid, iccid) !== undefined
}

/** Whether the number is that of another profile. */
export function isKnownMsisdn(db: Connection, msisdn: string): boolean {
  const query = `SELECT 1 FROM inventory WHERE msisdn = ? AND retired = 0
     UNION ALL SELECT 1 FROM imported_profiles WHERE msisdn = ?`
  return db.sql(query).get(msisdn, msisdn) !== undefined
}

/** The number that a profile of the stock or an imported one has. */
export function numberOfProfile(db: Connection, iccid: string): string | undefined {
  const query = `SELECT msisdn FROM inventory WHERE iccid = ?
     UNION ALL SELECT msisdn FROM imported_profiles WHERE iccid = ? AND msisdn IS NOT NULL`
  return db.sql<{ msisdn: string }>(query).get(iccid, iccid)?.msisdn
}

function toImportedProfile(row: Row): ImportedProfile {
  const { imsi, msisdn, operator } = row
  return {
    ...row,
    imsi: imsi ?? undefined,
    msisdn: msisdn ?? undefined,
    operator: operator ?? undefined,
  }
}
