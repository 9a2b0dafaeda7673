/** The status words of the APDU layer (ISO/IEC 7816-4 §5.6, ETSI TS 102 221 §10.2, GlobalPlatform §11.1.3). */

import type { CardAnswer } from '../../rsp/es10.ts'

export const SW = {
  ok: 0x9000,
  /** SGP.22 §5.7.16, Case 3: a proactive session is under way. */
  catBusy: 0x9300,
  /** What holds the card's state failed. */
  memoryProblem: 0x6581,
  wrongLength: 0x6700,
  channelNotAvailable: 0x6881,
  secureMessagingNotSupported: 0x6882,
  chainingNotSupported: 0x6884,
  incompatibleFile: 0x6981,
  securityNotSatisfied: 0x6982,
  /** A PIN or PUK without a try left. */
  blocked: 0x6983,
  /** A file that is deactivated, a PIN that is disabled. */
  referenceInvalidated: 0x6984,
  conditionsNotSatisfied: 0x6985,
  noCurrentFile: 0x6986,
  applicationNotSelected: 0x6999,
  incorrectData: 0x6a80,
  functionNotSupported: 0x6a81,
  notFound: 0x6a82,
  recordNotFound: 0x6a83,
  notEnoughMemory: 0x6a84,
  incorrectP1P2: 0x6a86,
  inconsistentLength: 0x6a87,
  referenceNotFound: 0x6a88,
  wrongOffset: 0x6b00,
  instructionNotSupported: 0x6d00,
  classNotSupported: 0x6e00,
  noDiagnosis: 0x6f00,
  /** AUTHENTICATE (3GPP TS 31.102 §7.3). */
  wrongMac: 0x9862,
  contextNotSupported: 0x9864,
  /** SEARCH RECORD has found nothing. */
  searchFailed: 0x6282,
  /** RETRIEVE DATA has more; SET DATA expects more (ETSI TS 102 221 §10.2.1.2, §10.2.1.3). */
  moreToRetrieve: 0x62f1,
  moreExpected: 0x63f1,
  /** INCREASE would go beyond the largest value (ETSI TS 102 221 §10.2.1.6). */
  maximumReached: 0x9850,
  /** A warning, with the answer: the file that was selected is deactivated, or terminated. */
  selectedIsDeactivated: 0x6283,
  selectedIsTerminated: 0x6285,
} as const

const NO_OCTETS = new Uint8Array(0)

/** An answer of a status word alone. */
export function word(statusWord: number): CardAnswer {
  return { statusWord, data: NO_OCTETS }
}

/** An answer with data and 9000. */
export function answer(data: Uint8Array): CardAnswer {
  return { statusWord: SW.ok, data }
}

/** 61xx: so many octets wait for GET RESPONSE; 00 stands for 256 and more. */
export function moreWaiting(octets: number): number {
  return 0x6100 | countOf(octets)
}

/** 6Cxx: Le was wrong, this is the right one. */
export function wrongLe(octets: number): number {
  return 0x6c00 | countOf(octets)
}

const TRIES_SHOWN_MAX = 15

/** 63Cx: x tries are left. */
export function triesLeftWord(tries: number): number {
  return 0x63c0 | Math.min(tries, TRIES_SHOWN_MAX)
}

function countOf(octets: number): number {
  return octets > 0xff ? 0 : octets
}
