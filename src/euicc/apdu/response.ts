/** How data reaches the device: at once, in parts, or by GET RESPONSE (ISO/IEC 7816-4 §5.3.4, ETSI TS 102 221 §7.3.1). */

import type { CardAnswer } from '../../rsp/es10.ts'
import type { ApduCommand } from './command.ts'
import type { CardState } from './state.ts'
import { moreWaiting, SW, word, wrongLe } from './status-words.ts'

const RESPONSE_OCTETS_MAX = 256
const GET_RESPONSE = 0xc0

/**
 * An instruction's answer as the device may have it now. What does not go at once waits; what waited before is gone,
 * since GET RESPONSE must follow at once.
 */
export function deliver(
  card: CardState,
  done: { readonly command: ApduCommand; readonly given: CardAnswer },
): CardAnswer {
  const { command, given } = done
  if (command.ins === GET_RESPONSE) return given
  card.waiting = undefined
  if (given.data.length === 0) return given
  if (command.data.length === 0) {
    const wrong = wrongLeFor(command, given.data.length)
    return wrong ?? handOut(card, { command, given })
  }
  if (card.settings.responseMode === 'direct') return handOut(card, { command, given })
  card.waiting = { channel: command.channel, data: given.data, statusWord: SW.ok }
  // A warning comes first, and GET RESPONSE behind it is answered 9000 (TS 102 221 §7.3.1.1.4, case 4).
  return isWarning(given) ? word(given.statusWord) : word(moreWaiting(given.data.length))
}

function isWarning({ statusWord }: CardAnswer): boolean {
  return statusWord >> 8 === 0x62 || statusWord >> 8 === 0x63
}

/** 6Cxx for a Le that is neither the length of the answer nor "all there is". */
export function wrongLeFor(command: ApduCommand, octets: number): CardAnswer | undefined {
  const le = command.le ?? RESPONSE_OCTETS_MAX
  return le === RESPONSE_OCTETS_MAX || le === octets ? undefined : word(wrongLe(octets))
}

/** GET RESPONSE: so many octets of what waits on this channel; 6985 when nothing does. */
export function getResponse(
  card: CardState,
  { command }: { readonly command: ApduCommand },
): CardAnswer {
  const { waiting } = card
  if (command.p1 !== 0 || command.p2 !== 0) return word(SW.incorrectP1P2)
  if (command.data.length > 0) return word(SW.wrongLength)
  if (!waiting || waiting.channel !== command.channel) return word(SW.conditionsNotSatisfied)
  const le = command.le ?? RESPONSE_OCTETS_MAX
  const isTooMany = le > waiting.data.length && le !== RESPONSE_OCTETS_MAX
  return isTooMany ? word(wrongLe(waiting.data.length)) : handOut(card, { command, given: waiting })
}

function handOut(
  card: CardState,
  { command, given }: { readonly command: ApduCommand; readonly given: CardAnswer },
): CardAnswer {
  const count = command.le ?? RESPONSE_OCTETS_MAX
  const rest = given.data.subarray(count)
  const isMore = rest.length > 0
  card.waiting = isMore
    ? { channel: command.channel, data: rest, statusWord: given.statusWord }
    : undefined
  const statusWord = isMore ? moreWaiting(rest.length) : given.statusWord
  return { statusWord, data: given.data.subarray(0, count) }
}
