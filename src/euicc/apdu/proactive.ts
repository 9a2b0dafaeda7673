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
  return card.euicc.pendingRefresh === true && card.refresh === 'toOffer'
}

/** TERMINAL PROFILE: a new proactive session; what the terminal can do is not looked at. */
export function terminalProfile(card: CardState, { command }: Given): CardAnswer {
  if (command.p1 !== 0 || command.p2 !== 0) return word(SW.incorrectP1P2)
  if (command.data.length === 0) return word(SW.wrongLength)
  card.refresh = 'toOffer'
  return word(SW.ok)
}

export function fetchProactive(card: CardState, { command }: Given): CardAnswer {
  if (command.p1 !== 0 || command.p2 !== 0) return word(SW.incorrectP1P2)
  if (command.data.length > 0) return word(SW.wrongLength)
  if (!isWaiting(card)) return word(SW.conditionsNotSatisfied)
  const wrong = wrongLeFor(command, REFRESH.length)
  if (wrong) return wrong
  card.refresh = 'fetched'
  return answer(REFRESH)
}

/** TERMINAL RESPONSE to REFRESH: performed, and the change happens; else it waits for a reset. */
export function terminalResponse(card: CardState, { command }: Given): CardAnswer {
  if (command.p1 !== 0 || command.p2 !== 0) return word(SW.incorrectP1P2)
  if (command.data.length === 0) return word(SW.wrongLength)
  if (card.refresh !== 'fetched') return word(SW.conditionsNotSatisfied)
  const result = generalResultOf(command.data)
  if (result === undefined) return word(SW.incorrectData)
  const isPerformed = result < 0x20
  if (isPerformed) card.euicc.completeRefresh?.()
  card.refresh = isPerformed ? 'toOffer' : 'failed'
  return word(SW.ok)
}

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
