/** The answer to reset (ISO/IEC 7816-3 §8.2, ETSI TS 102 221 §6.3). */

import { concat, hex } from '../../base/octets.ts'

/**
 * T=0; in the first TB after T=15 the bits 8 and 2, by which a card says that it is an eUICC (SGP.22 §3.4.1); the
 * historical octets of ETSI TS 102 221 with card service data and capabilities.
 */
export const ATR: Uint8Array = withCheck(
  hex('3B 9F 96 80 3F C7 82 80 31 A0 73 BE 21 13 67 43 20 07 18 00 00 01'),
)

/** TCK: the exclusive or of all octets but the first is zero with it (ISO/IEC 7816-3 §8.2.5). */
function withCheck(octets: Uint8Array): Uint8Array {
  const tck = octets.subarray(1).reduce((check, octet) => check ^ octet, 0)
  return concat(octets, Uint8Array.of(tck))
}
