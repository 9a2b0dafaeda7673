/** GET IDENTITY: the USIM conceals the IMSI (3GPP TS 31.102 §7.5, TS 33.501 §6.12.2, annex C). */

import { Asn1Error, children, element, type Tlv } from '../../asn1/der.ts'
import { bcdToDigits, digitsToBcd, imsiFromOctets } from '../../base/bcd.ts'
import type { Random } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import { concealSupi, generateSuciKeyPair, SUCI_SCHEMES } from '../../crypto/suci.ts'
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
    ...conceal(digitsToBcd(imsi.slice(msinAt)), {
      calcInfo: contents([DF_SAIP, EF_SUCI_CALC_INFO]),
      random,
    }),
  })
}

/** One to four digits in BCD, filled with F; 0 where the operator assigned none (TS 23.003 §2.2B). */
function routingIndicatorOf(octets: Uint8Array | undefined): string {
  return bcdToDigits(octets?.subarray(0, 2) ?? new Uint8Array(0)) || '0'
}

interface Concealed {
  readonly scheme: number
  readonly homeNetworkPublicKeyId: number
  readonly output: Uint8Array
}

/** By the first scheme of the list that can be used; by the null scheme without one (TS 33.501 §6.12.2). */
function conceal(
  msin: Uint8Array,
  by: { readonly calcInfo: Uint8Array | undefined; readonly random: Random },
): Concealed {
  for (const choice of choicesOf(by.calcInfo ?? new Uint8Array(0))) {
    const output = outputOf(msin, { choice, random: by.random })
    if (output) return { scheme: choice.scheme, homeNetworkPublicKeyId: choice.keyId, output }
  }
  return { scheme: 0, homeNetworkPublicKeyId: 0, output: msin }
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

const NO_KEY: Choice = { scheme: 0, keyId: 0, key: new Uint8Array(0) }

/**
 * EF.SUCI_Calc_Info (3GPP TS 31.102 §4.4.11.8): under A0 pairs of a scheme and the place of its key in the list, counted
 * from 1, highest priority first; under A1 identifiers (80) and keys (81). A scheme without its key is left out.
 */
function choicesOf(calcInfo: Uint8Array): Choice[] {
  const schemes = valueOf(calcInfo, 0xa0)
  const keys = keysOf(valueOf(calcInfo, 0xa1))
  const choices: Choice[] = []
  for (let at = 0; at + 1 < schemes.length; at += 2) {
    const [scheme = 0, index = 0] = schemes.subarray(at, at + 2)
    const key = scheme === 0 ? NO_KEY : keys[index - 1]
    if (key) choices.push({ ...key, scheme })
  }
  return choices
}

function keysOf(list: Uint8Array): Choice[] {
  const keys: Choice[] = []
  let keyId = 0
  for (const { tag, valueStart, end } of itemsOf(list)) {
    if (tag === 0x80) keyId = list[valueStart] ?? 0
    if (tag === 0x81) keys.push({ scheme: 0, keyId, key: list.subarray(valueStart, end) })
  }
  return keys
}

function valueOf(octets: Uint8Array, wanted: number): Uint8Array {
  const item = itemsOf(octets).find(({ tag }) => tag === wanted)
  return item ? octets.subarray(item.valueStart, item.end) : new Uint8Array(0)
}

/** What can be read from the beginning; padding behind it ends the reading. */
function itemsOf(octets: Uint8Array): Tlv[] {
  const items: Tlv[] = []
  try {
    for (const item of children(octets, 0, octets.length)) items.push(item)
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
  }
  return items
}
