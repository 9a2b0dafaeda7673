/** The one proactive command of the card: REFRESH after a change of profiles (ETSI TS 102 223 §6.4.7, SGP.22 §5.7.16). */

import { Asn1Error, children, readTlv } from '../../asn1/der.ts'
import { hex } from '../../base/octets.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import type { ApduCommand } from './command.ts'
import { wrongLeFor } from './response.ts'
import type { CardState } from './state.ts'
import { answer, SW, word } from './status-words.ts'

/** Command number 1, REFRESH in the mode "UICC Reset", from the UICC to the terminal. */
const REFRESH = hex('D0 09 81 03 01 01 04 82 02 81 82')

interface Given {
  readonly command: ApduCommand
}

/** 91xx in place of 9000 while REFRESH waits to be fetched. */
export function offered(card: CardState, given: CardAnswer): CardAnswer {
  if (given.statusWord !== SW.ok || !isWaiting(card)) return given
  return { ...given, statusWord: 0x9100 | REFRESH.length }
}

function isWaiting(card: CardState): boolean {
  return card.euicc.pendingRefresh && !card.isRefreshFetched
}

/** The third octet of TERMINAL PROFILE, bit 8: REFRESH (ETSI TS 102 223 §5.2). */
const REFRESH_AT = 2
const REFRESH_BIT = 0x80

/** TERMINAL PROFILE: a new proactive session. Only REFRESH matters of what the terminal can do. */
export function terminalProfile(card: CardState, { command }: Given): CardAnswer {
  if (command.p1 !== 0 || command.p2 !== 0) return word(SW.incorrectP1P2)
  if (command.data.length === 0) return word(SW.wrongLength)
  card.isRefreshFetched = false
  if (((command.data[REFRESH_AT] ?? 0) & REFRESH_BIT) !== 0) card.euicc.startCatSession()
  return word(SW.ok)
}

/** FETCH: REFRESH, once; 6985 when nothing waits. */
export function fetchProactive(card: CardState, { command }: Given): CardAnswer {
  if (command.p1 !== 0 || command.p2 !== 0) return word(SW.incorrectP1P2)
  if (command.data.length > 0) return word(SW.wrongLength)
  if (!isWaiting(card)) return word(SW.conditionsNotSatisfied)
  const wrong = wrongLeFor(command, REFRESH.length)
  if (wrong) return wrong
  card.isRefreshFetched = true
  return answer(REFRESH)
}

/** TERMINAL RESPONSE to REFRESH: performed, and the profiles change; else they stay as they are. */
export function terminalResponse(card: CardState, { command }: Given): CardAnswer {
  if (command.p1 !== 0 || command.p2 !== 0) return word(SW.incorrectP1P2)
  if (command.data.length === 0) return word(SW.wrongLength)
  if (!card.isRefreshFetched) return word(SW.conditionsNotSatisfied)
  const result = generalResultOf(command.data)
  if (result === undefined) return word(SW.incorrectData)
  card.isRefreshFetched = false
  if (result < PROBLEMS_FROM) card.euicc.completeRefresh()
  else card.euicc.abandonRefresh()
  return word(SW.ok)
}

/** General results below say that a command was performed, those from here on that it was not (§8.12). */
const PROBLEMS_FROM = 0x20

/** The first octet of Result; its tag is 03 or 83, by the comprehension bit. */
function generalResultOf(data: Uint8Array): number | undefined {
  try {
    const items = [...children(data, 0, data.length)]
    const result = items.find(({ tag }) => (tag & 0x7f) === 0x03)
    return result && result.end > result.valueStart ? data[result.valueStart] : undefined
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}

/** What a terminal answers to a proactive command that it has performed; `undefined` when it is none. */
export function performedResponseTo(proactive: Uint8Array): Uint8Array | undefined {
  try {
    const outer = readTlv(proactive, 0)
    const [details] = [...children(proactive, outer.valueStart, outer.end)]
    if (outer.tag !== 0xd0 || !details) return undefined
    const rest = hex('82028281 830100')
    return Uint8Array.from([...proactive.subarray(details.start, details.end), ...rest])
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}
