/** What keeps a Test Profile from being used on a network: its keys are no secret (SGP.22 §2.4.5.3). */

import { equalOctets, hex } from '../base/octets.ts'
import type { ElementContent } from '../profile/elements.ts'
import type { InstalledContent } from '../profile/install.ts'

/** The default K of the Test USIM (3GPP TS 34.108 §8.2). */
const TEST_KEY = hex('000102030405060708090A0B0C0D0E0F')
/** The IMSI of the Test USIM (3GPP TS 34.108 §8.3.2.2). */
const TEST_IMSI = '001010123456063'
/** "All bits except the lowest 32 bits". */
const FREE_OCTETS = 4

/** Whether every key for network authentication is one that a Test Profile may have. */
export function hasTestKeys({ elements, imsi }: InstalledContent): boolean {
  if (imsi === TEST_IMSI) return true
  return elements.every((element) => element.kind !== 'akaParameter' || isTestKey(element.value))
}

function isTestKey({ algoConfiguration }: ElementContent<'akaParameter'>): boolean {
  const { algoParameter } = algoConfiguration
  if (!algoParameter || algoParameter.algorithmID === 'usimTestAlgorithm') return true
  const { key } = algoParameter
  const isWeak = key
    .subarray(0, Math.max(0, key.length - FREE_OCTETS))
    .every((octet) => octet === 0)
  return isWeak || equalOctets(key, TEST_KEY)
}
