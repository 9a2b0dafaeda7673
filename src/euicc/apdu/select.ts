/** SELECT and STATUS: the ISD-R by its AID, and the MF (ETSI TS 102 221 §11.1.1, §11.1.2, SGP.22 §3.4.3, §5.7.1). */

import { element } from '../../asn1/der.ts'
import { equalOctets, hex } from '../../base/octets.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import type { ApduCommand } from './command.ts'
import type { CardState, Channel } from './state.ts'
import { answer, SW, word } from './status-words.ts'

interface Target {
  readonly command: ApduCommand
  readonly channel: Channel
}

const BY_FILE_ID = 0x00
const BY_AID = 0x04
const BY_PATH_FROM_MF = 0x08

const RETURN_FCI = 0x00
const RETURN_FCP = 0x04
const RETURN_NOTHING = 0x0c

/** Selects; what was selected stays when nothing is found (6A82). */
export function select(card: CardState, target: Target): CardAnswer {
  const { p1, p2 } = target.command
  if (![RETURN_FCI, RETURN_FCP, RETURN_NOTHING].includes(p2)) {
    // The next occurrence of an AID that only one application has.
    return word(p1 === BY_AID && (p2 & 0xf3) === 0x02 ? SW.notFound : SW.incorrectP1P2)
  }
  if (p1 === BY_AID) return selectIsdr(card, target)
  if (p1 === BY_FILE_ID || p1 === BY_PATH_FROM_MF) return selectFile(target)
  return word(SW.incorrectP1P2)
}

const AID_OCTETS_MIN = 5
const AID_OCTETS_MAX = 16

function selectIsdr(card: CardState, { command, channel }: Target): CardAnswer {
  const { data, p2 } = command
  if (data.length === 0) return word(SW.notFound)
  if (data.length < AID_OCTETS_MIN || data.length > AID_OCTETS_MAX) return word(SW.wrongLength)
  // A shorter AID selects the application whose AID begins with it (TS 102 221 §11.1.1.2).
  const aid = card.settings.isdrAids.find((known) =>
    equalOctets(known.subarray(0, data.length), data),
  )
  if (!aid) return word(SW.notFound)
  channel.isdrAid = aid
  channel.chain = undefined
  if (p2 === RETURN_NOTHING) return word(SW.ok)
  return answer(p2 === RETURN_FCP ? fcpOfIsdr(card, aid) : fciOfIsdr(card, aid))
}

const MF = hex('3F00')

function selectFile({ command, channel }: Target): CardAnswer {
  const { data, p1, p2 } = command
  const isMf = data.length === 0 || (equalOctets(data, MF) && p1 === BY_FILE_ID)
  if (!isMf) return word(SW.notFound)
  channel.isdrAid = undefined
  channel.chain = undefined
  return p2 === RETURN_NOTHING ? word(SW.ok) : answer(FCP_OF_MF)
}

function fciOfIsdr(card: CardState, aid: Uint8Array): Uint8Array {
  return element(0x6f, element(0x84, aid), proprietaryData(card), isdrTemplate(card))
}

/** Descriptor of an ADF, its name, operational and activated, and what SGP.22 adds. */
function fcpOfIsdr(card: CardState, aid: Uint8Array): Uint8Array {
  return element(
    0x62,
    hex('82027821'),
    element(0x84, aid),
    proprietaryData(card),
    hex('8A0105'),
    isdrTemplate(card),
  )
}

/** The longest data field of a command (GlobalPlatform Card Specification §11.9.3.1). */
function proprietaryData({ settings }: CardState): Uint8Array {
  return element(0xa5, element(0x9f65, Uint8Array.of(settings.blockOctetsMax)))
}

/** ISDRProprietaryApplicationTemplate: the version of SGP.22; no LPA in the eUICC. */
function isdrTemplate({ euicc }: CardState): Uint8Array {
  return element(0xe0, element(0x82, euicc.personality.svn))
}

/**
 * The MF of a card without an enabled profile: no PIN, no access. Tag 87 in the proprietary data says that TERMINAL
 * CAPABILITY is supported, which asks the device to send it (SGP.22 §3.4.2).
 */
const FCP_OF_MF = element(
  0x62,
  hex('82027821'),
  element(0x83, MF),
  element(0xa5, hex('800171'), hex('870101')),
  hex('8A0105'),
  hex('8C0100'),
  element(0xc6, hex('900100')),
)

/** STATUS: what is selected on the channel. */
export function status(card: CardState, { command, channel }: Target): CardAnswer {
  const { p1, p2, data } = command
  if (p1 > 2) return word(SW.incorrectP1P2)
  if (data.length > 0) return word(SW.wrongLength)
  if (p2 === 0x0c) return word(SW.ok)
  if (p2 === 0x01) {
    return channel.isdrAid ? answer(element(0x84, channel.isdrAid)) : word(SW.referenceNotFound)
  }
  if (p2 !== 0x00) return word(SW.incorrectP1P2)
  return answer(channel.isdrAid ? fcpOfIsdr(card, channel.isdrAid) : FCP_OF_MF)
}
