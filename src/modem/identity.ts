/** How a phone conceals its SUPI where the USIM does not (3GPP TS 33.501 §6.12.2, TS 31.102 §5.3.47). */

import { digitsToBcd } from '../base/bcd.ts'
import type { Random } from '../base/environment.ts'
import { concealMsin } from '../nas/suci-calculation.ts'
import type { Suci } from '../nas/suci.ts'
import type { Subscription } from './usim.ts'

/** The SUCI that a device makes: by the first scheme of EF.SUCI_Calc_Info that it can follow, else the null scheme. */
export function concealedIdentity(subscription: Subscription, random: Random): Suci {
  const { imsi, mncLength, routingIndicator, suciCalculation } = subscription
  const msin = digitsToBcd(imsi.slice(3 + mncLength))
  return {
    mcc: imsi.slice(0, 3),
    mnc: imsi.slice(3, 3 + mncLength),
    routingIndicator,
    ...concealMsin(msin, { calcInfo: suciCalculation, random }),
  }
}
