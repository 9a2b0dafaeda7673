/** What AUTHENTICATE and GET IDENTITY need of the application they are sent to. */

import { fileIn } from '../../profile/image-files.ts'
import type { Directory, NetworkAccessApplication } from '../../profile/image.ts'
import { isServiceAvailable } from '../../profile/usim-files.ts'
import { SW } from '../apdu/status-words.ts'
import { keyReferencesOf } from './fcp.ts'
import { refuseWith } from './refusal.ts'
import { findCode, type UiccSession } from './session.ts'

/**
 * The network access application whose ADF is the current directory, or above it, with its PIN verified
 * (3GPP TS 31.102 §7.1.1, TS 31.103 §7.1.1).
 * @throws {StatusWordRefusal} 6985 there is none, 6982 the PIN is not verified
 */
export function activeApplication(session: UiccSession): NetworkAccessApplication {
  const { place, profile } = session
  let directory: Directory | undefined = place.directory
  while (directory && directory.kind !== 'adf') directory = directory.parent
  const naa = profile.image.naas.find(({ adf }) => adf === directory)
  if (!naa || naa.kind === 'other') return refuseWith(SW.conditionsNotSatisfied)
  checkPin(session, naa.adf)
  return naa
}

const APPLICATION_PIN_MAX = 0x08

function checkPin({ card }: UiccSession, adf: Directory): void {
  const keyReference = keyReferencesOf(adf.pinStatus).find(
    (reference) => reference >= 1 && reference <= APPLICATION_PIN_MAX,
  )
  if (keyReference === undefined) return
  const pin = findCode(adf, { keyReference, kind: 'codes' })
  if (pin?.isEnabled && !card.verified.has(pin)) refuseWith(SW.securityNotSatisfied)
}

const EF_UST = 0x6f38

/** Whether a service of EF.UST is available (3GPP TS 31.102 §4.2.8); no service is, of an ISIM. */
export function hasService({ kind, adf }: NetworkAccessApplication, service: number): boolean {
  return kind === 'usim' && isServiceAvailable(fileIn(adf, [EF_UST])?.body.octets, service)
}
