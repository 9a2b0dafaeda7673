/**
 * How a subscription's MSIN is concealed by what stands in the USIM's files: by the USIM for GET IDENTITY, or by the phone
 * (3GPP TS 33.501 §6.12.2, annex C, TS 31.102 §5.3.47).
 */

import { bcdToDigits } from '../base/bcd.ts'
import type { Random } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { concealSupi, generateSuciKeyPair, SUCI_SCHEMES } from '../crypto/suci.ts'
import type { Suci } from './suci.ts'
import { dataObjects, valueAt } from './tlv.ts'

/**
 * By the first scheme of EF.SUCI_Calc_Info that can be used; by the null scheme without one, and without the file.
 * `msin` is in swapped-nibble BCD.
 */
export function concealMsin(
  msin: Uint8Array,
  by: { readonly calcInfo: Uint8Array | undefined; readonly random: Random },
): Pick<Suci, 'scheme' | 'homeNetworkPublicKeyId' | 'output'> {
  for (const choice of choicesOf(by.calcInfo ?? new Uint8Array(0))) {
    const output = outputOf(msin, { choice, random: by.random })
    if (output) return { scheme: choice.scheme, homeNetworkPublicKeyId: choice.keyId, output }
  }
  return { scheme: 0, homeNetworkPublicKeyId: 0, output: msin }
}

/** EF.Routing_Indicator: one to four digits in BCD, filled with F; 0 where the operator assigned none (TS 23.003 §2.2B). */
export function routingIndicatorOf(content: Uint8Array | undefined): string {
  return bcdToDigits(content?.subarray(0, 2) ?? new Uint8Array(0)) || '0'
}

interface Choice {
  readonly scheme: number
  readonly keyId: number
  readonly key: Uint8Array
}

/** `undefined` for a scheme that is not known, and for a key that is none of its curve. */
function outputOf(
  msin: Uint8Array,
  by: { readonly choice: Choice; readonly random: Random },
): Uint8Array | undefined {
  const scheme = SUCI_SCHEMES[by.choice.scheme]
  if (!scheme) return undefined
  if (scheme === 'null') return concealSupi({ scheme, plain: msin })
  const ephemeral = generateSuciKeyPair({ profile: scheme, random: by.random })
  try {
    const homeNetworkPublicKey = by.choice.key
    return concealSupi({ scheme, plain: msin, homeNetworkPublicKey, ephemeral })
  } catch (error) {
    if (error instanceof LabError) return undefined
    throw error
  }
}

const SCHEME_LIST = 0xa0
const KEY_LIST = 0xa1
const NO_KEY: Choice = { scheme: 0, keyId: 0, key: new Uint8Array(0) }

/**
 * EF.SUCI_Calc_Info (TS 31.102 §4.4.11.8): under A0 pairs of a scheme and the place of its key in the list, counted from
 * 1, highest priority first; under A1 identifiers (80) and keys (81). A scheme without its key is left out.
 */
function choicesOf(calcInfo: Uint8Array): Choice[] {
  const schemes = valueAt(calcInfo, SCHEME_LIST) ?? new Uint8Array(0)
  const keys = keysOf(valueAt(calcInfo, KEY_LIST) ?? new Uint8Array(0))
  const choices: Choice[] = []
  for (let at = 0; at + 1 < schemes.length; at += 2) {
    const [scheme = 0, index = 0] = schemes.subarray(at, at + 2)
    const key = scheme === 0 ? NO_KEY : keys[index - 1]
    if (key) choices.push({ ...key, scheme })
  }
  return choices
}

const KEY_IDENTIFIER = 0x80
const KEY = 0x81

function keysOf(list: Uint8Array): Choice[] {
  const keys: Choice[] = []
  let keyId = 0
  for (const { tag, value } of dataObjects(list)) {
    if (tag === KEY_IDENTIFIER) keyId = value[0] ?? 0
    if (tag === KEY) keys.push({ scheme: 0, keyId, key: value })
  }
  return keys
}
