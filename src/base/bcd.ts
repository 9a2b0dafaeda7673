/** Telephone-style digit strings in octets: ICCID, IMSI, EID, IMEI (ETSI TS 102 221 §13.2, 3GPP TS 31.102, SGP.22 §4.3.1). */

import { fromHex, toHex } from './octets.ts'

/** Swapped-nibble BCD, low nibble first, an odd end filled with `F`. */
export function digitsToBcd(
  digits: string,
  lengthOctets = Math.ceil(digits.length / 2),
): Uint8Array {
  const out = Buffer.alloc(lengthOctets, 0xff)
  for (let at = 0; at < digits.length; at++) {
    const digit = digits.charCodeAt(at) - 48
    const octet = out[at >> 1] as number
    out[at >> 1] = at % 2 === 0 ? (octet & 0xf0) | digit : (octet & 0x0f) | (digit << 4)
  }
  return out
}

/** The digits of swapped-nibble BCD up to the first filler; `undefined` when a nibble is neither digit nor trailing filler. */
export function bcdToDigits(octets: Uint8Array): string | undefined {
  const swapped = Array.from(toHex(octets).matchAll(/(.)(.)/g), ([, high, low]) => `${low}${high}`)
  return /^([0-9]*)F*$/.exec(swapped.join(''))?.[1]
}

/** EF.ICCID's ten octets of an ICCID of 18 to 20 digits, with or without the filler `F` (SGP.22 §5.2.1, ITU-T E.118). */
export function iccidToOctets(iccid: string): Uint8Array {
  return digitsToBcd(normaliseIccid(iccid), 10)
}

/** The ICCID's digits without filler: the key under which a profile is known. */
export function iccidFromOctets(octets: Uint8Array): string | undefined {
  const digits = bcdToDigits(octets)
  return digits && digits.length >= 18 && digits.length <= 20 ? digits : undefined
}

/** Drops the filler, so that `8970…12F` and `8970…12` are one profile. */
export function normaliseIccid(iccid: string): string {
  return iccid.replace(/F$/i, '')
}

/** The EID's 16 octets: 32 digits in order, not swapped (SGP.22 §4.3.1). */
export function eidToOctets(eid: string): Uint8Array | undefined {
  return /^[0-9]{32}$/.test(eid) ? fromHex(eid) : undefined
}

/** MCC and MNC as in 3GPP TS 24.008 §10.5.1.13: three octets, MNC of two digits filled with `F`. */
export function mccMncToOctets(plmn: { readonly mcc: string; readonly mnc: string }): Uint8Array {
  const [m1, m2, m3] = plmn.mcc
  const [n1, n2, n3 = 'F'] = plmn.mnc
  return fromHex(`${m2}${m1}${n3}${m3}${n2}${n1}`) as Uint8Array
}

/** EF.IMSI: a length octet, then parity nibble 9 (odd number of digits) or 1 and the digits (3GPP TS 31.102 §4.2.2). */
export function imsiToOctets(imsi: string): Uint8Array {
  const parity = imsi.length % 2 === 1 ? '9' : '1'
  const nibbles = `${parity}${imsi}`.padEnd(16, 'F')
  const swapped = nibbles.replace(/(.)(.)/g, '$2$1')
  const length = Math.ceil((imsi.length + 1) / 2)
  return fromHex(`${length.toString(16).padStart(2, '0')}${swapped}`) as Uint8Array
}

/** The digits of EF.IMSI's nine octets, or `undefined`. */
export function imsiFromOctets(octets: Uint8Array): string | undefined {
  const swapped = toHex(octets.subarray(1, 1 + (octets[0] ?? 0))).replace(/(.)(.)/g, '$2$1')
  return /^[19]([0-9]{6,15})F*$/.exec(swapped)?.[1]
}

/** The digit that ISO/IEC 7812-1 (Luhn) appends; ITU-T E.118 asks it of ICCIDs. */
export function luhnDigit(digits: string): string {
  const sum = Array.from(digits)
    .toReversed()
    .map(Number)
    .reduce(
      (total, digit, at) => total + (at % 2 === 0 ? [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit]! : digit),
      0,
    )
  return String((10 - (sum % 10)) % 10)
}
