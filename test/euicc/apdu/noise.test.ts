import test from 'ava'
import { seededRandom, type Random } from '../../../src/base/environment.ts'
import { concat, hex, toHex } from '../../../src/base/octets.ts'
import { parseEuicc, serialiseEuicc, type EuiccState } from '../../../src/euicc/state.ts'
import { needed } from '../../helpers/driver.ts'
import { testLab } from '../../helpers/lab.ts'
import { cardOf, ISDR, withProfiles } from './helper.ts'

const APDUS = 100_000
const LOOK_EVERY = 2_000

/** Commands that do something, to be sent as they are or with a change. */
function commandsFor(iccids: readonly string[]): readonly Uint8Array[] {
  const es10 = [
    'BF2E00',
    'BF3C00',
    'BF2200',
    'BF2D00',
    'BF2800',
    'BF2B05A003800101',
    'BF3003800102',
    'BF3E035C015A',
    'BF3F0780056C6F63616C',
    'BF4115801000000000000000000000000000000000810100',
    ...iccids.flatMap((iccid) => [
      `BF3111A00C5A0A${iccid}810100`,
      `BF3211A00C5A0A${iccid}8101FF`,
      `BF290F5A0A${iccid}900161`,
    ]),
  ]
  const blocks = es10.map((command) => {
    const octets = hex(command)
    return concat(hex('81E29100'), Uint8Array.of(octets.length), octets)
  })
  const others = [
    '0070000001',
    '0070800100',
    `01A4040010${ISDR}`,
    `01A4040C10${ISDR}`,
    '81C0000000',
    '81E2110003BF3E03',
    '81E29101035C015A',
    '81CA005A00',
    '80F2000000',
    '80AA00000AA9088100820101830107',
    '80100000030000FF',
    '8012000000',
    '801400000C810301010482028281830100',
    '00A40004023F00',
  ]
  return [...blocks, ...others.map((other) => hex(other))]
}

/** A command as it is, with octets changed, cut short, made longer, or nothing but noise. */
function next(random: Random, commands: readonly Uint8Array[]): Uint8Array {
  const kind = random.below(8)
  if (kind === 0) return random.bytes(random.below(20))
  const command = Uint8Array.from(needed(commands[random.below(commands.length)]))
  if (kind < 3) return command
  if (kind === 3) return command.subarray(0, random.below(command.length + 1))
  if (kind === 4) return concat(command, random.bytes(1 + random.below(300)))
  const changes = kind === 5 ? 1 : 1 + random.below(4)
  for (let change = 0; change < changes; change++) {
    command[random.below(kind === 7 ? 5 : command.length)] = random.below(256)
  }
  return command
}

test('100,000 APDUs, right, wrong and random, are answered with a status word and spoil nothing', async (t) => {
  const lab = await testLab(t)
  const phone = await withProfiles(lab, 2)
  const card = cardOf(t, { phone })
  const { profiles, eid } = phone.euicc.state
  const commands = commandsFor(profiles.map(({ metadata }) => toHex(metadata.iccid)))
  const random = seededRandom('noise')
  const wordsSeen = new Set<number>()
  let nextSeqNumber = 0
  for (let at = 0; at < APDUS; at++) {
    const command = next(random, commands)
    const answer = await card.transmit(command)
    if (!isResponse(answer)) t.fail(`${toHex(command)} was answered ${toHex(answer)}`)
    wordsSeen.add((answer.at(-2) ?? 0) * 256 + (answer.at(-1) ?? 0))
    if (at % LOOK_EVERY > 0) continue
    const { state } = phone.euicc
    t.is(faultOf(state), undefined)
    t.is(state.eid, eid)
    t.true(state.nextSeqNumber >= nextSeqNumber)
    nextSeqNumber = state.nextSeqNumber
    if (random.below(4) === 0) card.reset()
  }
  t.false(wordsSeen.has(0x6f00), 'no defect')
  t.true(wordsSeen.has(0x9000) && wordsSeen.has(0x910b) && wordsSeen.has(0x6a80))
  card.reset()
  t.is(toHex(await card.transmit(hex('0070000001'))), '019000')
  t.is(toHex(await card.transmit(hex(`01A4040C10${ISDR}`))), '9000')
  t.is(toHex(await card.transmit(hex('81CA005A00'))), `5A10${eid}9000`)
})

/** Data of at most 256 octets and a status word that begins with 6 or 9. */
function isResponse(answer: Uint8Array): boolean {
  const sw1 = (answer.at(-2) ?? 0) >> 4
  return answer.length >= 2 && answer.length <= 258 && (sw1 === 6 || sw1 === 9)
}

/** What is wrong with a stored state: it cannot be read again, or is none that a card can be in. */
function faultOf(state: EuiccState): string | undefined {
  const text = serialiseEuicc(state)
  if (serialiseEuicc(parseEuicc(text)) !== text) return 'read again, it differs'
  const enabled = state.profiles.filter((profile) => profile.state === 'enabled')
  if (enabled.length > 1) return 'two profiles are enabled'
  return state.profiles.some(({ elements }) => elements.length === 0)
    ? 'a profile is empty'
    : undefined
}
