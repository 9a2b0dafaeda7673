/** SUPI and SUCI as they are written: text between network functions, octets between a phone and its USIM. */

import { bcdToDigits, digitsToBcd, mccMncToOctets } from '../base/bcd.ts'
import { concat, fromHex, toHex } from '../base/octets.ts'

/** A subscription's identity, concealed or (null scheme, 0) not; of the type IMSI (TS 23.003 §2.2B). */
export interface Suci {
  readonly mcc: string
  readonly mnc: string
  /** One to four digits; `0` where the operator assigned none. */
  readonly routingIndicator: string
  /** 0 null scheme, 1 profile A, 2 profile B (TS 33.501 annex C.1). */
  readonly scheme: number
  /** 0 with the null scheme. */
  readonly homeNetworkPublicKeyId: number
  /** The MSIN in swapped-nibble BCD with the null scheme; else ephemeral public key, ciphertext and MAC. */
  readonly output: Uint8Array
}

const SUPI = /^imsi-([0-9]{5,15})$/
const SUCI_TEXT =
  /^suci-0-([0-9]{3})-([0-9]{2,3})-([0-9]{1,4})-(?:0-0-([0-9]{1,10})|([1-9a-f])-([1-9][0-9]{0,2})-((?:[0-9a-f]{2}){1,256}))$/i
const KEY_ID_MAX = 255

/** The IMSI of `imsi-<digits>` (TS 29.571 Supi). */
export function imsiOfSupi(supi: string): string | undefined {
  return SUPI.exec(supi)?.[1]
}

/** `suci-0-<mcc>-<mnc>-<routing indicator>-<scheme>-<key id>-<output>` (TS 23.003 §28.7.3, TS 29.571 SupiOrSuci). */
export function formatSuci(suci: Suci): string {
  const { mcc, mnc, routingIndicator, scheme, homeNetworkPublicKeyId, output } = suci
  const text = scheme === 0 ? (bcdToDigits(output) ?? '') : toHex(output).toLowerCase()
  const schemeDigit = scheme.toString(16)
  return ['suci-0', mcc, mnc, routingIndicator, schemeDigit, homeNetworkPublicKeyId, text].join('-')
}

/** Reads the text of {@link formatSuci}; `undefined` for anything else. */
export function parseSuci(text: string): Suci | undefined {
  const match = SUCI_TEXT.exec(text)
  if (!match) return undefined
  const [, mcc = '', mnc = '', routingIndicator = '', msin, scheme = '0', keyId = '0', hexOutput] =
    match
  const homeNetworkPublicKeyId = Number(keyId)
  const output = msin === undefined ? fromHex(hexOutput ?? '') : digitsToBcd(msin)
  if (!output || homeNetworkPublicKeyId > KEY_ID_MAX) return undefined
  return {
    mcc,
    mnc,
    routingIndicator,
    scheme: Number.parseInt(scheme, 16),
    homeNetworkPublicKeyId,
    output,
  }
}

const SUCI_OF_IMSI = 0x01
const OUTPUT_AT = 8

/** Octets 4 and on of the 5GS mobile identity (TS 24.501 §9.11.3.4), as GET IDENTITY answers them (TS 31.102 §7.5). */
export function suciFromMobileIdentity(octets: Uint8Array): Suci | undefined {
  const nibbles = toHex(octets.subarray(1, 6)).replaceAll(/(.)(.)/g, '$2$1')
  // MCC 1 2 3, MNC 3 1 2: the third digit of the MNC shares an octet with the MCC's.
  const match = /^([0-9]{3})([0-9F])([0-9]{2})([0-9]{1,4})F{0,3}$/.exec(nibbles)
  if (octets[0] !== SUCI_OF_IMSI || octets.length <= OUTPUT_AT || !match) return undefined
  const [, mcc = '', third = '', firstTwo = '', routingIndicator = ''] = match
  const [scheme = 0, homeNetworkPublicKeyId = 0] = octets.subarray(6, OUTPUT_AT)
  return {
    mcc,
    mnc: third === 'F' ? firstTwo : firstTwo + third,
    routingIndicator,
    scheme: scheme & 0x0f,
    homeNetworkPublicKeyId,
    output: octets.subarray(OUTPUT_AT),
  }
}

/** The octets that {@link suciFromMobileIdentity} reads. */
export function suciToMobileIdentity(suci: Suci): Uint8Array {
  return concat(
    Uint8Array.of(SUCI_OF_IMSI),
    mccMncToOctets(suci),
    digitsToBcd(suci.routingIndicator, 2),
    Uint8Array.of(suci.scheme, suci.homeNetworkPublicKeyId),
    suci.output,
  )
}

/** The name of a serving network in 5GS (TS 24.501 §9.12.1, TS 33.501 §6.1.1.4): an MNC of two digits gets a zero in front. */
export function servingNetworkName(plmn: { readonly mcc: string; readonly mnc: string }): string {
  return `5G:mnc${plmn.mnc.padStart(3, '0')}.mcc${plmn.mcc}.3gppnetwork.org`
}
