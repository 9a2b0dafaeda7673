/** How a phone conceals its SUPI where the USIM does not (3GPP TS 33.501 §6.12.2, TS 31.102 §5.3.47). */

import { digitsToBcd } from '../base/bcd.ts'
import type { Random } from '../base/environment.ts'
import { concealSupi, generateSuciKeyPair, SUCI_SCHEMES, type SuciScheme } from '../crypto/suci.ts'
import type { Suci } from '../nas/suci.ts'
import { dataObjects, valueAt } from './tlv.ts'
import type { Subscription } from './usim.ts'

/** The SUCI that a device makes: by the first scheme of EF.SUCI_Calc_Info that it can follow, else the null scheme. */
export function concealedIdentity(subscription: Subscription, random: Random): Suci {
  const { imsi, mncLength, routingIndicator, suciCalculation } = subscription
  const home = { mcc: imsi.slice(0, 3), mnc: imsi.slice(3, 3 + mncLength), routingIndicator }
  const plain = digitsToBcd(imsi.slice(3 + mncLength))
  const choice = suciCalculation && chosenKey(suciCalculation)
  if (!choice) return { ...home, scheme: 0, homeNetworkPublicKeyId: 0, output: plain }
  const { profile, homeNetworkPublicKey } = choice
  const ephemeral = generateSuciKeyPair({ profile, random })
  return {
    ...home,
    scheme: SUCI_SCHEMES.indexOf(profile),
    homeNetworkPublicKeyId: choice.id,
    output: concealSupi({ scheme: profile, plain, homeNetworkPublicKey, ephemeral }),
  }
}

interface HomeNetworkKey {
  readonly id: number
  readonly homeNetworkPublicKey: Uint8Array
}

type ChosenKey = HomeNetworkKey & { readonly profile: Exclude<SuciScheme, 'null'> }

const SCHEME_LIST = 0xa0
const KEY_LIST = 0xa1

/** EF.SUCI_Calc_Info (TS 31.102 §4.4.11.8): schemes by priority, each with the place of its key in the list behind. */
function chosenKey(content: Uint8Array): ChosenKey | undefined {
  const schemes = valueAt(content, SCHEME_LIST) ?? new Uint8Array(0)
  const keys = homeNetworkKeys(valueAt(content, KEY_LIST) ?? new Uint8Array(0))
  for (let at = 0; at + 1 < schemes.length; at += 2) {
    const [identifier = 0, keyIndex = 0] = schemes.subarray(at, at + 2)
    const profile = SUCI_SCHEMES[identifier]
    if (profile === 'null') return undefined
    const key = keys[keyIndex - 1]
    if (profile && key && isKeyOf(profile, key)) return { profile, ...key }
  }
  return undefined
}

const KEY_IDENTIFIER = 0x80
const KEY = 0x81

function homeNetworkKeys(list: Uint8Array): readonly HomeNetworkKey[] {
  const keys: HomeNetworkKey[] = []
  let id = 0
  for (const { tag, value } of dataObjects(list)) {
    if (tag === KEY_IDENTIFIER) id = value[0] ?? 0
    if (tag === KEY) keys.push({ id, homeNetworkPublicKey: value })
  }
  return keys
}

const KEY_OCTETS = { profileA: [32], profileB: [33, 65] } as const

function isKeyOf(profile: ChosenKey['profile'], { homeNetworkPublicKey }: HomeNetworkKey): boolean {
  const lengths: readonly number[] = KEY_OCTETS[profile]
  return lengths.includes(homeNetworkPublicKey.length)
}
