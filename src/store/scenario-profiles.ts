/** Profiles that a scenario has made: kept like imported ones, and made anew when it is loaded again. */

import type { Connection } from './engine.ts'
import { addImportedProfile } from './imported-profiles.ts'
import { findOrder, saveOrder, settleDownloadsOf, unordered } from './orders.ts'

export function isOfScenario(db: Connection, iccid: string): boolean {
  return db.sql('SELECT 1 FROM scenario_profiles WHERE iccid = ?').get(iccid) !== undefined
}

/** Puts a profile on stock, in place of the one that a scenario has put there under its ICCID. It has no number. */
export function putScenarioProfile(
  db: Connection,
  profile: {
    readonly iccid: string
    readonly profileType: string
    readonly imsi: string
    /** StoreMetadataRequest, DER, without addresses for notifications. */
    readonly metadata: Uint8Array
    readonly octets: Uint8Array
  },
): void {
  const { iccid, profileType, imsi, metadata, octets } = profile
  const there = isOfScenario(db, iccid) ? findOrder(db, iccid) : undefined
  if (!there) {
    addImportedProfile(db, { ...profile, msisdn: undefined })
    db.sql('INSERT INTO scenario_profiles (iccid) VALUES (?)').run(iccid)
    return
  }
  saveOrder(db, unordered(there))
  settleDownloadsOf(db, iccid)
  db.sql('UPDATE profiles SET profile_type = ? WHERE iccid = ?').run(profileType, iccid)
  db.sql('UPDATE imported_profiles SET imsi = ?, metadata = ?, package = ? WHERE iccid = ?').run(
    imsi,
    metadata,
    octets,
    iccid,
  )
}
