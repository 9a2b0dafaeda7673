/** Names of networks and providers as a USIM keeps them: the GSM alphabet where it will do, else UCS2. */

import { asBuffer, hex } from '../base/octets.ts'

/** The characters whose codes in the GSM default alphabet (3GPP TS 23.038 §6.2.1) and in ASCII agree. */
const GSM_ALPHABET_AS_ASCII = /^[A-Za-z0-9 !"#%&'()*+,\-./:;<=>?]*$/

/** At most so many octets of a name; UCS2 begins with `80` (ETSI TS 102 221 annex A). */
export function alphaField(name: string, octetsMax: number): Uint8Array {
  if (GSM_ALPHABET_AS_ASCII.test(name)) return Buffer.from(name.slice(0, octetsMax), 'latin1')
  const fitting = name.slice(0, Math.floor((octetsMax - 1) / 2))
  return Buffer.concat([hex('80'), Buffer.from(fitting, 'utf16le').swap16()])
}

const SEPTETS_PACKED = 0x80
const UCS2 = 0x90

/**
 * The content of a Full or Short Network Name element: coding scheme, then packed septets or UCS2 (3GPP TS 24.008
 * §10.5.3.5a).
 */
export function networkName(name: string): Uint8Array {
  if (!GSM_ALPHABET_AS_ASCII.test(name)) {
    return Buffer.concat([Uint8Array.of(UCS2), Buffer.from(name, 'utf16le').swap16()])
  }
  const bits = Array.from(asBuffer(Buffer.from(name, 'latin1')), (code) =>
    code.toString(2).padStart(7, '0').split('').toReversed().join(''),
  ).join('')
  const spare = (8 - (bits.length % 8)) % 8
  const packed = (bits + '0'.repeat(spare)).match(/.{8}/g) ?? []
  const octets = packed.map((eight) => Number.parseInt(eight.split('').toReversed().join(''), 2))
  return Uint8Array.of(SEPTETS_PACKED | spare, ...octets)
}
