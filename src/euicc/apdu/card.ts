/** The eUICC as a UICC: APDUs in, APDUs out (ETSI TS 102 221, ISO/IEC 7816-4, SGP.22 §5.7.1, §5.7.2). */

import { asBuffer, concat } from '../../base/octets.ts'
import { LabError } from '../../base/errors.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import type { Euicc } from '../euicc.ts'
import { CHANNELS_MAX } from '../personality.ts'
import { ATR } from './atr.ts'
import { manageChannel } from './channels.ts'
import { readCommand, type ApduCommand } from './command.ts'
import { getData } from './get-data.ts'
import { fetchProactive, offered, terminalProfile, terminalResponse } from './proactive.ts'
import { deliver, getResponse } from './response.ts'
import { select, status } from './select.ts'
import {
  BLOCK_OCTETS_MAX,
  followProfile,
  freshCard,
  type CardState,
  type Channel,
} from './state.ts'
import { SW, word } from './status-words.ts'
import { storeData } from './store-data.ts'
import { runInProfile, UICC_INSTRUCTIONS } from '../uicc/instructions.ts'
import { terminalCapability } from './terminal-capability.ts'
import type { ApduCard, ApduSettings } from './types.ts'

export type { ApduCard } from './types.ts'

/**
 * A card over an eUICC; it has power, until told otherwise.
 * @throws {LabError} badInput: a setting out of its range
 */
export function createApduCard(options: {
  readonly euicc: Euicc
  readonly settings?: ApduSettings
}): ApduCard {
  const { euicc, settings = {} } = options
  checkSettings(settings)
  // One object for each time of power, so that a command which a reset overtakes cannot touch what is new.
  let card: CardState | undefined = freshCard(euicc, settings)
  let last: Promise<unknown> = Promise.resolve()

  /** A reader cannot be told that a card's memory failed: what could not be stored waits for the next reset. */
  function forgetVolatile(): void {
    try {
      euicc.reset()
    } catch (error) {
      settings.onDefect?.(error)
    }
  }

  function restart(): Uint8Array {
    forgetVolatile()
    card = freshCard(euicc, settings)
    return Uint8Array.from(ATR)
  }

  async function take(octets: Uint8Array, givenTo: CardState | undefined): Promise<Uint8Array> {
    const isGone = (): boolean => !givenTo || givenTo !== card
    if (!givenTo || isGone()) return response(word(SW.noDiagnosis))
    try {
      const given = await execute(givenTo, octets)
      return response(isGone() ? word(SW.noDiagnosis) : given)
    } catch (error) {
      settings.onDefect?.(error)
      return response(word(SW.noDiagnosis))
    }
  }

  return {
    atr: Uint8Array.from(ATR),
    transmit(command) {
      // The transport may use its buffer again.
      const octets = Uint8Array.from(command)
      const givenTo = card
      const answered = last.then(() => take(octets, givenTo))
      last = answered
      return answered
    },
    powerOn: restart,
    reset: restart,
    powerOff() {
      card = undefined
      forgetVolatile()
    },
  }
}

function checkSettings({ channelsMax = 0, blockOctetsMax = 1, isdrAids = [] }: ApduSettings): void {
  if (!isWhole(channelsMax, [0, CHANNELS_MAX])) throw outOfRange('channelsMax', '0 to 19')
  if (!isWhole(blockOctetsMax, [1, BLOCK_OCTETS_MAX]))
    throw outOfRange('blockOctetsMax', '1 to 255')
  if (isdrAids.some(({ length }) => !isWhole(length, [5, 16]))) {
    throw outOfRange('isdrAids', 'AIDs of 5 to 16 octets')
  }
}

function isWhole(value: number, [from, to]: readonly [number, number]): boolean {
  return Number.isInteger(value) && value >= from && value <= to
}

function outOfRange(field: string, expected: string): LabError {
  return new LabError('badInput', `'${field}' must be ${expected}.`, { field })
}

function response({ data, statusWord }: CardAnswer): Uint8Array {
  const octets = Buffer.alloc(2)
  octets.writeUInt16BE(statusWord)
  return Uint8Array.from(asBuffer(concat(data, octets)))
}

interface Instruction {
  /** The classes it is known in. */
  readonly classes: readonly ('interindustry' | 'proprietary')[]
  readonly run: (
    card: CardState,
    at: { readonly command: ApduCommand; readonly channel: Channel },
  ) => CardAnswer | Promise<CardAnswer>
}

const BOTH = ['interindustry', 'proprietary'] as const

const INSTRUCTIONS: ReadonlyMap<number, Instruction> = new Map([
  ...uiccInstructions(),
  [0x10, { classes: ['proprietary'], run: terminalProfile }],
  [0x12, { classes: ['proprietary'], run: fetchProactive }],
  [0x14, { classes: ['proprietary'], run: terminalResponse }],
  [0x70, { classes: ['interindustry'], run: manageChannel }],
  [0xa4, { classes: ['interindustry'], run: select }],
  [0xaa, { classes: ['proprietary'], run: terminalCapability }],
  [0xc0, { classes: BOTH, run: getResponse }],
  [0xca, { classes: BOTH, run: getData }],
  [0xe2, { classes: ['proprietary'], run: storeData }],
  [0xf2, { classes: ['proprietary'], run: status }],
])

function* uiccInstructions(): Generator<[number, Instruction]> {
  for (const [ins, instruction] of UICC_INSTRUCTIONS) {
    const run: Instruction['run'] = (card, at) => runInProfile(card, { instruction, ...at })
    yield [ins, { classes: [instruction.kind], run }]
  }
}

/** The checks of the header in their order: lengths and class, channel, instruction, the instruction's class. */
async function execute(card: CardState, octets: Uint8Array): Promise<CardAnswer> {
  const command = readCommand(octets)
  if (typeof command === 'number') return word(command)
  followProfile(card)
  const channel = card.channels.get(command.channel)
  if (!channel) return word(SW.channelNotAvailable)
  const instruction = INSTRUCTIONS.get(command.ins)
  if (!instruction) return word(SW.instructionNotSupported)
  const kind = command.isProprietary ? 'proprietary' : 'interindustry'
  if (!instruction.classes.includes(kind)) return word(SW.classNotSupported)
  const given = await instruction.run(card, { command, channel })
  return offered(card, deliver(card, { command, given }))
}
