/** GET DATA on the ISD-R (GlobalPlatform Card Specification §11.3). */

import { element } from '../../asn1/der.ts'
import { hex } from '../../base/octets.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import type { ApduCommand } from './command.ts'
import type { CardState, Channel } from './state.ts'
import { answer, SW, word } from './status-words.ts'

const EID = 0x005a
const CARD_DATA = 0x0066

/** The EID, and Card Recognition Data: GlobalPlatform 2.3, any kind of identification. Other tags are answered 6A88. */
export function getData(
  card: CardState,
  { command, channel }: { readonly command: ApduCommand; readonly channel: Channel },
): CardAnswer {
  if (!channel.isdrAid) return word(SW.applicationNotSelected)
  if (command.data.length > 0) return word(SW.wrongLength)
  const tag = command.p1 * 256 + command.p2
  if (tag === EID) return answer(element(0x5a, hex(card.euicc.eid)))
  if (tag === CARD_DATA) return answer(CARD_RECOGNITION_DATA)
  return word(SW.referenceNotFound)
}

/** GlobalPlatform §H.2: the object identifiers {globalPlatform 1}, {2 2 3} and {3}. */
const CARD_RECOGNITION_DATA = element(
  0x66,
  element(
    0x73,
    hex('06072A864886FC6B01'),
    element(0x60, hex('06092A864886FC6B020203')),
    element(0x63, hex('06072A864886FC6B03')),
  ),
)
