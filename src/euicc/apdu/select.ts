/** SELECT and STATUS: the ISD-R, and the files and applications of the enabled profile (ETSI TS 102 221 §11.1.1, §11.1.2, SGP.22 §3.4.3, §5.7.1). */

import { element } from '../../asn1/der.ts'
import { equalOctets, hex } from '../../base/octets.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import type { ApduCommand } from './command.ts'
import type { Directory, ProfileFile } from '../../profile/image.ts'
import { fcpOf } from '../uicc/fcp.ts'
import { withRefusals } from '../uicc/instructions.ts'
import { isDeactivated, isTerminated } from '../uicc/life-cycle.ts'
import { refuseWith } from '../uicc/refusal.ts'
import {
  activateApplication,
  applicationsOf,
  isFileSelection,
  isNamedBy,
  selectFile,
  terminateApplication,
} from '../uicc/select-file.ts'
import { placeOf, type UiccSession } from '../uicc/session.ts'
import type { CardState, Channel } from './state.ts'
import { answer, SW, word } from './status-words.ts'

interface Target {
  readonly command: ApduCommand
  readonly channel: Channel
}

const BY_AID = 0x04
const TERMINATION = 0x40
/** First, last, next, previous. */
const OCCURRENCE = 0x03

const RETURN_FCI = 0x00
const RETURN_FCP = 0x04
const RETURN_NOTHING = 0x0c

/** Selects; what was selected stays when nothing is found (6A82). */
export function select(card: CardState, target: Target): CardAnswer {
  const { p1, p2 } = target.command
  const returned = p2 & ~(TERMINATION | OCCURRENCE)
  if (![RETURN_FCI, RETURN_FCP, RETURN_NOTHING].includes(returned)) return word(SW.incorrectP1P2)
  if (p1 === BY_AID) return withRefusals(() => selectApplication(card, target))
  if (!isFileSelection(p1) || returned !== p2) return word(SW.incorrectP1P2)
  return withRefusals(() => selectAnyFile(card, target))
}

const AID_OCTETS_MIN = 5
const AID_OCTETS_MAX = 16

interface Application {
  readonly aid: Uint8Array
  /** Absent: the ISD-R. */
  readonly adf?: Directory
}

/** By a whole AID or its beginning (TS 102 221 §11.1.1.2). */
function selectApplication(card: CardState, target: Target): CardAnswer {
  const { data, p2 } = target.command
  if (data.length === 0) return word(SW.notFound)
  if (data.length < AID_OCTETS_MIN || data.length > AID_OCTETS_MAX) return word(SW.wrongLength)
  const session = sessionOf(card, target)
  const named = [
    ...card.settings.isdrAids.map((aid): Application => ({ aid })),
    ...(session ? applicationsOf(session) : []),
  ].filter(({ aid }) => isNamedBy(aid, data))
  const application = occurrence(named, { p2, current: currentAid(target.channel) })
  if (!application) return word(SW.notFound)
  if ((p2 & TERMINATION) !== 0) return terminate({ card, target, session, application })
  return activate({ card, target, session, application })
}

interface Selection {
  readonly card: CardState
  readonly target: Target
  readonly session: UiccSession | undefined
  readonly application: Application
}

function activate({ card, target, session, application }: Selection): CardAnswer {
  const { channel, command } = target
  const { aid, adf } = application
  channel.chain = undefined
  if (session && adf) {
    channel.isdrAid = undefined
    activateApplication(session.place, adf)
    return selected(session, adf)
  }
  channel.isdrAid = aid
  return (command.p2 & RETURN_NOTHING) === RETURN_NOTHING
    ? word(SW.ok)
    : answer(fciOfIsdr(card, aid))
}

/** Only what is active on the channel can end (TS 102 221 §8.5.2). */
function terminate({ target, session, application }: Selection): CardAnswer {
  const { channel } = target
  const { aid, adf } = application
  const isActive = adf ? session?.place.application === adf : channel.isdrAid === aid
  if (!isActive) return word(SW.notFound)
  channel.isdrAid = undefined
  channel.chain = undefined
  if (session && adf) terminateApplication(session)
  return word(SW.ok)
}

function currentAid({ isdrAid, place }: Channel): Uint8Array | undefined {
  return isdrAid ?? place?.application?.aid
}

/** Next and previous count from what is selected on the channel, or from outside the list. */
function occurrence(
  named: readonly Application[],
  by: { readonly p2: number; readonly current: Uint8Array | undefined },
): Application | undefined {
  const at = named.findIndex(({ aid }) => aid === by.current)
  switch (by.p2 & OCCURRENCE) {
    case 1:
      return named.at(-1)
    case 2:
      return named[at + 1]
    case 3:
      return at < 0 ? named.at(-1) : named[at - 1]
    default:
      return named[0]
  }
}

const MF = hex('3F00')

function selectAnyFile(card: CardState, target: Target): CardAnswer {
  const { channel, command } = target
  const session = sessionOf(card, target)
  const file = session ? selectFile(session) : checkDefaultMf(command)
  channel.isdrAid = undefined
  channel.chain = undefined
  if (session && file) return selected(session, file)
  return command.p2 === RETURN_NOTHING ? word(SW.ok) : answer(FCP_OF_MF)
}

/** A card without an enabled profile has the MF and nothing in it. @throws {StatusWordRefusal} 6A82 */
function checkDefaultMf({ p1, data }: ApduCommand): undefined {
  const isMf = data.length === 0 || (equalOctets(data, MF) && p1 === 0)
  return isMf ? undefined : refuseWith(SW.notFound)
}

/** The FCP, with a warning when the file is not to be used as it is (§10.2.1.2). */
function selected({ command, profile }: UiccSession, file: ProfileFile): CardAnswer {
  const isSilent = (command.p2 & RETURN_NOTHING) === RETURN_NOTHING
  const data = isSilent ? hex('') : fcpOf(file, profile)
  if (isTerminated(file)) return { data, statusWord: SW.selectedIsTerminated }
  return { data, statusWord: isDeactivated(file) ? SW.selectedIsDeactivated : SW.ok }
}

/** The channel in the enabled profile, if there is one; with the ISD-R selected it stands at the MF. */
function sessionOf(card: CardState, { command, channel }: Target): UiccSession | undefined {
  const { profile } = card
  if (!profile) return undefined
  if (channel.isdrAid) channel.place = undefined
  return { card, command, channel, profile, place: placeOf(channel, profile) }
}

/** Whether FCI or FCP is asked for: SGP.22 §5.7.1 wants its data in the FCI template of GlobalPlatform. */
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

/** STATUS: what is selected on the channel. What an application says of itself in P1 changes nothing here. */
export function status(card: CardState, target: Target): CardAnswer {
  const { channel, command } = target
  const { p1, p2, data } = command
  if (p1 > 2) return word(SW.incorrectP1P2)
  if (data.length > 0) return word(SW.wrongLength)
  if (p2 === 0x0c) return word(SW.ok)
  if (p2 === 0x01) {
    const aid = currentAid(channel)
    return aid ? answer(element(0x84, aid)) : word(SW.referenceNotFound)
  }
  if (p2 !== 0x00) return word(SW.incorrectP1P2)
  if (channel.isdrAid) return answer(fcpOfIsdr(card, channel.isdrAid))
  return answer(
    card.profile ? fcpOf(placeOf(channel, card.profile).directory, card.profile) : FCP_OF_MF,
  )
}
