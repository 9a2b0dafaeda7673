import test from 'ava'
import { seededRandom, type Random } from '../../../src/base/environment.ts'
import { concat, hex, toHex } from '../../../src/base/octets.ts'
import { parseEuicc, serialiseEuicc } from '../../../src/euicc/state.ts'
import { ADM1, ISIM, needed, PIN1, PIN2, PUK1, uiccBench, USIM, WRONG } from './helper.ts'

const APDUS = 100_000
const LOOK_EVERY = 500
/** A card is soon blocked by so many wrong codes: another one is taken then. */
const CARD_EVERY = 1_000

const ISDR = 'A0000005591010FFFFFFFF8900000100'
const RAND = '23553CBE9637A89D218AE64DAE47BF35'

/** Commands that do something, to be sent as they are or with a change. */
function commandsFor(iccids: readonly string[]): readonly Uint8Array[] {
  const files = [
    '2FE2',
    '2F05',
    '2F06',
    '7F10',
    '5F3A',
    '6F3A',
    '6F07',
    '6F39',
    '6F40',
    '6F45',
    '5FC0',
  ]
  const channels = ['0070000001', '0070800100']
  const selections = [
    ...files.map((file) => `00A4000402${file}00`),
    ...files.map((file) => `01A4080C047FFF${file}`),
    ...[USIM, ISIM, ISDR].map((aid) => `00A4040C10${aid}`),
    ...[USIM, ISIM, ISDR].map((aid) => `01A4040010${aid}`),
    '00A4040E05A000000087',
    `00A4044C10${USIM}`,
    '00A4030C',
  ]
  const codes = [
    `0020000108${PIN1}`,
    `0020008108${PIN2}`,
    `0020000A08${ADM1}`,
    `0020000108${WRONG}`,
    '00200001',
    `0024000110${PIN1}${PIN1}`,
    `0026000108${PIN1}`,
    `0028000108${PIN1}`,
    `002C000110${PUK1}${PIN1}`,
    `002C008110${PUK1}${PIN2}`,
  ]
  const contents = [
    '00B0000000',
    '00B0870000',
    '00D6850002656E',
    '00D600000101',
    '00B2010400',
    '00B2000200',
    '00B2000300',
    '00DC0104054142434445',
    '00DC000303000001',
    '803200000301000000',
    '00A201040141',
    '00A20006030C4142',
    '80CB0080018000',
    '80CB000000',
    '80DB0080048002ABCD',
    '80DB0080038003AB',
    '80DB000001AB',
    '00040000',
    '00440000',
    '00440000026F39',
  ]
  const others = [
    `00880081221023553CBE9637A89D218AE64DAE47BF351055F328B43577B9B94A9FFAC354DFAFB300`,
    `008800801110${RAND}00`,
    '8078000100',
    '0084000008',
    '80F2000000',
    '80F2000100',
    '00C0000000',
    '8010000003000080',
    '8012000000',
    '801400000C810301010482028281830100',
    ...iccids.flatMap((iccid) => [
      `81E2910014BF3111A00C5A0A${iccid}810100`,
      `81E2910014BF3211A00C5A0A${iccid}8101FF`,
    ]),
  ]
  return [...channels, ...selections, ...codes, ...contents, ...others].map((apdu) => hex(apdu))
}

/** A command as it is, with octets changed, cut short, made longer, or nothing but noise. */
function next(random: Random, commands: readonly Uint8Array[]): Uint8Array {
  const kind = random.below(10)
  if (kind === 0) return random.bytes(random.below(20))
  const command = Uint8Array.from(needed(commands[random.below(commands.length)]))
  if (kind < 6) return command
  if (kind === 6) return command.subarray(0, random.below(command.length + 1))
  if (kind === 7) return concat(command, random.bytes(1 + random.below(300)))
  const changes = kind === 8 ? 1 : 1 + random.below(4)
  for (let change = 0; change < changes; change++) {
    command[random.below(kind === 9 ? Math.min(5, command.length) : command.length)] =
      random.below(256)
  }
  return command
}

test('100,000 APDUs to an enabled profile are answered with a status word and spoil nothing', async (t) => {
  const random = seededRandom('noise in the profile')
  const wordsSeen = new Set<number>()
  let bench = uiccBench(t, { profiles: ['enabled', 'disabled'] })
  const commands = commandsFor(bench.iccids)
  for (let at = 0; at < APDUS; at++) {
    if (at % CARD_EVERY === 0) bench = uiccBench(t, { profiles: ['enabled', 'disabled'], random })
    const command = next(random, commands)
    const answer = await bench.card.transmit(command)
    const word = (answer.at(-2) ?? 0) * 256 + (answer.at(-1) ?? 0)
    wordsSeen.add(word)
    if (!isResponse(answer, word)) t.fail(`${toHex(command)} was answered ${toHex(answer)}`)
    if (at % LOOK_EVERY > 0) continue
    const text = serialiseEuicc(bench.euicc.state)
    t.is(serialiseEuicc(parseEuicc(text)), text)
    if (random.below(2) === 0) bench.card.reset()
    else bench = bench.again()
  }
  const rare = [0x6282, 0x6283, 0x63f1, 0x6981, 0x6982, 0x6983, 0x6984, 0x6a83, 0x6b00, 0x9862]
  for (const word of [0x9000, ...rare]) t.true(wordsSeen.has(word), word.toString(16))
})

/** Data of at most 256 octets and a status word that begins with 6 or 9, and is no 6F00. */
function isResponse(answer: Uint8Array, word: number): boolean {
  const sw1 = word >> 12
  return answer.length <= 258 && (sw1 === 6 || sw1 === 9) && word !== 0x6f00
}
