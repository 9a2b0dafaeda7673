/** MANAGE CHANNEL (ETSI TS 102 221 §11.1.17). */

import type { CardAnswer } from '../../rsp/es10.ts'
import type { ApduCommand } from './command.ts'
import { wrongLeFor } from './response.ts'
import { newChannel, type CardState, type Channel } from './state.ts'
import { answer, SW, word } from './status-words.ts'

const OPEN = 0x00
const CLOSE = 0x80

/** Opens the lowest free channel, or the one that is asked for, or closes one. The basic channel is always open. */
export function manageChannel(
  card: CardState,
  { command, channel }: { readonly command: ApduCommand; readonly channel: Channel },
): CardAnswer {
  if (command.data.length > 0) return word(SW.wrongLength)
  if (command.p1 === CLOSE) return close(card, command)
  if (command.p1 !== OPEN || command.p2 > 19) return word(SW.incorrectP1P2)
  return open(card, { command, channel })
}

function open(
  card: CardState,
  { command, channel }: { readonly command: ApduCommand; readonly channel: Channel },
): CardAnswer {
  const isAssigned = command.p2 === 0
  const wrong = isAssigned ? wrongLeFor(command, 1) : undefined
  if (wrong) return wrong
  const number = isAssigned ? freeChannel(card) : command.p2
  if (number === undefined || number > card.settings.channelsMax || card.channels.has(number)) {
    return word(SW.functionNotSupported)
  }
  // From the basic channel the MF is selected on the new one; from another, what is selected there.
  const { isdrAid, place } = command.channel === 0 ? newChannel() : channel
  card.channels.set(number, { ...newChannel(), isdrAid, place: place && { ...place } })
  return isAssigned ? answer(Uint8Array.of(number)) : word(SW.ok)
}

function freeChannel(card: CardState): number | undefined {
  for (let number = 1; number <= card.settings.channelsMax; number++) {
    if (!card.channels.has(number)) return number
  }
  return undefined
}

function close(card: CardState, command: ApduCommand): CardAnswer {
  // P2 names the channel; from a channel that is not the basic one, 00 names that channel.
  const number = command.p2 === 0 ? command.channel : command.p2
  if (number === 0 || number > 19) return word(SW.incorrectP1P2)
  return card.channels.delete(number) ? word(SW.ok) : word(SW.channelNotAvailable)
}
