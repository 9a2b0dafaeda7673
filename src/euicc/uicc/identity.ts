/** GET IDENTITY: the USIM conceals the IMSI (3GPP TS 31.102 §7.5, TS 33.501 §6.12.2, annex C). */

import { element } from '../../asn1/der.ts'
import { digitsToBcd, imsiFromOctets } from '../../base/bcd.ts'
import type { Random } from '../../base/environment.ts'
import { concealMsin, routingIndicatorOf } from '../../nas/suci-calculation.ts'
import { suciToMobileIdentity } from '../../nas/suci.ts'
import { fileIn } from '../../profile/image-files.ts'
import type { Directory } from '../../profile/image.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import { answer, SW, word } from '../apdu/status-words.ts'
import { activeApplication, hasService } from './applications.ts'
import { refuseWith } from './refusal.ts'
import type { UiccSession } from './session.ts'

const SUCI_CONTEXT = 0x01
/** SUCI for non-seamless WLAN offload in 5GS. */
const NSWO_CONTEXT = 0x02

/** Service 124: subscription identifier privacy; service 125: the USIM calculates the SUCI. */
const PRIVACY = 124
const CALCULATED_BY_USIM = 125

const SUCI_TAG = 0xa1

export function getIdentity(session: UiccSession): CardAnswer {
  const { p1, p2, data } = session.command
  if (p1 !== 0 || (p2 !== SUCI_CONTEXT && p2 !== NSWO_CONTEXT)) return word(SW.incorrectP1P2)
  if (data.length > 0) return word(SW.wrongLength)
  const naa = activeApplication(session)
  if (!hasService(naa, PRIVACY) || !hasService(naa, CALCULATED_BY_USIM)) {
    return word(SW.conditionsNotSatisfied)
  }
  if (p2 === NSWO_CONTEXT) return word(SW.functionNotSupported)
  return answer(element(SUCI_TAG, mobileIdentity(naa.adf, session.profile.random)))
}

const EF_IMSI = 0x6f07
const EF_AD = 0x6fad
const DF_5GS = 0x5fc0
const EF_ROUTING_INDICATOR = 0x4f0a
const DF_SAIP = 0x5fd0
const EF_SUCI_CALC_INFO = 0x4f01

const MCC_DIGITS = 3
const MNC_LENGTH_AT = 3

/** @throws {StatusWordRefusal} 6985 there is no IMSI */
function mobileIdentity(usim: Directory, random: Random): Uint8Array {
  const contents = (path: readonly number[]): Uint8Array | undefined =>
    fileIn(usim, path)?.body.octets
  const imsi =
    imsiFromOctets(contents([EF_IMSI]) ?? new Uint8Array(0)) ??
    refuseWith(SW.conditionsNotSatisfied)
  const mncDigits = ((contents([EF_AD])?.[MNC_LENGTH_AT] ?? 0) & 0x0f) === 3 ? 3 : 2
  const msinAt = MCC_DIGITS + mncDigits
  return suciToMobileIdentity({
    mcc: imsi.slice(0, MCC_DIGITS),
    mnc: imsi.slice(MCC_DIGITS, msinAt),
    routingIndicator: routingIndicatorOf(contents([DF_5GS, EF_ROUTING_INDICATOR])),
    ...concealMsin(digitsToBcd(imsi.slice(msinAt)), {
      calcInfo: contents([DF_SAIP, EF_SUCI_CALC_INFO]),
      random,
    }),
  })
}
