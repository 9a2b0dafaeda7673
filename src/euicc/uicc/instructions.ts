/** The commands that the enabled profile answers. */

import type { CardAnswer } from '../../rsp/es10.ts'
import type { ApduCommand } from '../apdu/command.ts'
import type { CardState, Channel } from '../apdu/state.ts'
import { answer, SW, word } from '../apdu/status-words.ts'
import { authenticate } from './authenticate.ts'
import { readBinary, updateBinary } from './binary.ts'
import { changePin, disablePin, enablePin, unblockPin, verifyPin } from './codes.ts'
import { retrieveData, setData } from './data-objects.ts'
import { getIdentity } from './identity.ts'
import { activateFile, deactivateFile } from './life-cycle.ts'
import { increase, readRecord, updateRecord } from './records.ts'
import { StatusWordRefusal } from './refusal.ts'
import { searchRecord } from './search.ts'
import { placeOf, type UiccSession } from './session.ts'

export interface UiccInstruction {
  readonly kind: 'interindustry' | 'proprietary'
  readonly run: (session: UiccSession) => CardAnswer
  /** What a card without an enabled profile answers: it has no such file, code or application. */
  readonly withoutProfile: number
}

const forFiles = { withoutProfile: SW.noCurrentFile }
const forApplications = { withoutProfile: SW.conditionsNotSatisfied }
const forCodes = { kind: 'interindustry', withoutProfile: SW.referenceNotFound } as const

export const UICC_INSTRUCTIONS: ReadonlyMap<number, UiccInstruction> = new Map([
  [0x04, { kind: 'interindustry', run: deactivateFile, ...forFiles }],
  [0x20, { run: verifyPin, ...forCodes }],
  [0x24, { run: changePin, ...forCodes }],
  [0x26, { run: disablePin, ...forCodes }],
  [0x28, { run: enablePin, ...forCodes }],
  [0x2c, { run: unblockPin, ...forCodes }],
  [0x32, { kind: 'proprietary', run: increase, ...forFiles }],
  [0x44, { kind: 'interindustry', run: activateFile, ...forFiles }],
  [0x78, { kind: 'proprietary', run: getIdentity, ...forApplications }],
  [0x84, { kind: 'interindustry', run: getChallenge, ...forApplications }],
  [0x88, { kind: 'interindustry', run: authenticate, ...forApplications }],
  [0xa2, { kind: 'interindustry', run: searchRecord, ...forFiles }],
  [0xb0, { kind: 'interindustry', run: readBinary, ...forFiles }],
  [0xb2, { kind: 'interindustry', run: readRecord, ...forFiles }],
  [0xcb, { kind: 'proprietary', run: retrieveData, ...forFiles }],
  [0xd6, { kind: 'interindustry', run: updateBinary, ...forFiles }],
  [0xdb, { kind: 'proprietary', run: setData, ...forFiles }],
  [0xdc, { kind: 'interindustry', run: updateRecord, ...forFiles }],
])

/** Runs a command of the enabled profile; the ISD-R, where it is selected, has none of them. */
export function runInProfile(
  card: CardState,
  at: {
    readonly instruction: UiccInstruction
    readonly command: ApduCommand
    readonly channel: Channel
  },
): CardAnswer {
  const { instruction, command, channel } = at
  const { profile } = card
  if (channel.isdrAid) return word(SW.instructionNotSupported)
  if (!profile) return word(instruction.withoutProfile)
  const session = { card, command, channel, profile, place: placeOf(channel, profile) }
  return withRefusals(() => instruction.run(session))
}

/** The answer of work that may refuse by a status word. */
export function withRefusals(work: () => CardAnswer): CardAnswer {
  try {
    return work()
  } catch (error) {
    if (error instanceof StatusWordRefusal) return word(error.statusWord)
    throw error
  }
}

const CHALLENGE_OCTETS = 8

/** GET CHALLENGE (ETSI TS 102 221 §11.1.18): as many octets of chance as Le says, eight unless it does. */
function getChallenge({ command, profile }: UiccSession): CardAnswer {
  const { p1, p2, data, le = 256 } = command
  if (p1 !== 0 || p2 !== 0) return word(SW.incorrectP1P2)
  if (data.length > 0) return word(SW.wrongLength)
  return answer(profile.random.bytes(le === 256 ? CHALLENGE_OCTETS : le))
}
