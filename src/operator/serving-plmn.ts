/** In which network a phone attaches: its operator's own at home, one of the country abroad. */

import { servingNetworkName } from '../nas/suci.ts'
import type { MobileSystem } from '../nas/registration.ts'
import type { Connection } from '../store/engine.ts'
import { whereaboutsOf } from '../store/places.ts'
import { findByProfile } from './accounts.ts'
import type { Plmn } from './operator-file.ts'
import type { Operators } from './operators.ts'
import { fileOf } from './subscriptions/subscriptions.ts'

/** A network in a country of which the lab has no operator: MCC 999 is for whoever needs one (ITU-T E.212 Annex A). */
export const VISITED_PLMN: Plmn = { mcc: '999', mnc: '99' }

/** The PLMN that serves a profile where its phone is now. */
export function servingPlmnOf(
  db: Connection,
  of: { readonly iccid: string; readonly operators: Operators },
): Plmn {
  const { iccid, operators } = of
  const account = findByProfile(db, iccid)
  const home = account ? fileOf(operators, account) : operators.default
  const { country, isRoaming } = whereaboutsOf(db, { iccid, homeCountry: home.country })
  if (!isRoaming) return home.plmn
  return operators.list().find((file) => file.country === country)?.plmn ?? VISITED_PLMN
}

/** A PLMN as a phone is told of it: by its name in 5GS, as its digits in EPS. */
export function networkNameOf(plmn: Plmn, system: MobileSystem): string {
  return system === '5GS' ? servingNetworkName(plmn) : `${plmn.mcc}-${plmn.mnc}`
}
