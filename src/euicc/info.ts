/** What the eUICC says of itself (SGP.22 §5.7.8). */

import { element } from '../asn1/der.ts'
import { concat, hex } from '../base/octets.ts'
import { uiccCapability } from '../profile/services.ts'
import type { EUICCInfo1, EUICCInfo2 } from '../rsp/common.ts'
import { forbiddenRules } from '../rsp/rat.ts'
import { credentialsInUse, hasOperational, trustedCis, type Card } from './card.ts'

const PROFILE_PACKAGE_VERSION = Uint8Array.of(2, 3, 1)
const FIRMWARE_VERSION = Uint8Array.of(0, 1, 0)
const PROTECTION_PROFILE_VERSION = Uint8Array.of(1, 0, 0)
const VOLATILE_OCTETS = 16 * 1024

/** Octets of non-volatile memory that are left for profiles: a card keeps packages, and the files that they make. */
export function freeMemoryOctets({ state, personality }: Card): number {
  const used = state.profiles.reduce(
    (total, { elements, fileOctets = 0 }) => total + elements.length + fileOctets,
    0,
  )
  return Math.max(0, personality.memoryOctets - used)
}

export function euiccInfo1(card: Card): EUICCInfo1 {
  return { svn: card.personality.svn, ...ciKeyLists(card) }
}

export function euiccInfo2(card: Card): EUICCInfo2 {
  const { personality } = card
  const forbidden = forbiddenRules(personality.rat, { hasOperational: hasOperational(card) })
  return {
    profileVersion: PROFILE_PACKAGE_VERSION,
    svn: personality.svn,
    euiccFirmwareVer: FIRMWARE_VERSION,
    extCardResource: extendedCardResource(card),
    uiccCapability: uiccCapability(personality.services),
    ts102241Version: Uint8Array.of(9, 2, 0),
    globalplatformVersion: Uint8Array.of(2, 3, 0),
    rspCapability: [
      'additionalProfile',
      ...(personality.crlSupport ? ['crlSupport' as const] : []),
      ...(personality.profileClasses.includes('test') ? ['testProfileSupport' as const] : []),
      'deviceInfoExtensibilitySupport',
    ],
    ...ciKeyLists(card),
    euiccCategory: 2,
    ...(forbidden.length > 0 && { forbiddenProfilePolicyRules: forbidden }),
    ppVersion: PROTECTION_PROFILE_VERSION,
    sasAcreditationNumber: 'TEST-ESIM-LAB',
  }
}

function ciKeyLists(
  card: Card,
): Pick<EUICCInfo1, 'euiccCiPKIdListForVerification' | 'euiccCiPKIdListForSigning'> {
  return {
    euiccCiPKIdListForVerification: trustedCis(card).map((ci) => ci.subjectKeyId ?? hex('')),
    euiccCiPKIdListForSigning: credentialsInUse(card).map(
      ({ eumCertificate }) => eumCertificate.authorityKeyId ?? hex(''),
    ),
  }
}

/** Number of installed applications, free non-volatile and volatile memory (ETSI TS 102 226 §8.2.1.7.2). */
function extendedCardResource(card: Card): Uint8Array {
  return concat(
    element(0x81, Uint8Array.of(card.state.profiles.length)),
    element(0x82, uint32(freeMemoryOctets(card))),
    element(0x83, uint32(VOLATILE_OCTETS)),
  )
}

function uint32(value: number): Uint8Array {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}
