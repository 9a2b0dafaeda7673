import test from 'ava'
import { hex, toHex } from '../../../src/base/octets.ts'
import { createApduCard } from '../../../src/euicc/apdu/card.ts'
import { LabError } from '../../../src/base/errors.ts'
import { cardBench, ISDR, OPEN_ISDR } from './helper.ts'

test('the ATR offers T=0, has the bits of an eUICC, and its check octet', async (t) => {
  const { card } = await cardBench(t)
  t.is(toHex(card.atr), '3B9F96803FC7828031A073BE2113674320071800000107')
  t.is(
    card.atr.subarray(1).reduce((check, octet) => check ^ octet, 0),
    0,
  )
  t.deepEqual(card.powerOn(), card.atr)
  t.deepEqual(card.reset(), card.atr)
})

test('nothing but 6F00 comes from a card without power', async (t) => {
  const { card, send } = await cardBench(t)
  card.powerOff()
  t.is(await send('80F2000000'), '6F00')
  card.powerOn()
  t.is((await send('80F2000C')).slice(-4), '9000')
})

test('a reset closes the channels', async (t) => {
  const { card, play } = await cardBench(t)
  for (const restart of [() => card.reset(), () => card.powerOn()]) {
    await play([...OPEN_ISDR, ['81E2910003BF2E00', '6115']])
    restart()
    await play([
      ['81E2910003BF2E00', '6881'],
      ['00C0000015', '6985'],
    ])
  }
})

const HEADERS: readonly (readonly [what: string, command: string, response: string])[] = [
  ['nothing', '', '6700'],
  ['less than a header', '00A404', '6700'],
  ['fewer octets than Lc says', '00A40400083F00', '6700'],
  ['more octets than Lc and Le', '00A40004023F000000', '6700'],
  ['an extended length', '00A4000400 0002 3F00', '6700'],
  ['an extended Le', '80F20000 000000', '6700'],
  ['class A0 of GSM 11.11', 'A0A40000023F00', '6E00'],
  ['a reserved class', '20A40004023F00', '6E00'],
  ['class FF', 'FFA40004023F00', '6E00'],
  ['secure messaging', '04A40004023F00', '6882'],
  ['secure messaging on a further channel', '60A40004023F00', '6882'],
  ['chaining by class', '10A40004023F00', '6884'],
  ['a channel that is closed', '01A40004023F00', '6881'],
  ['a further channel that is closed', '45A40004023F00', '6881'],
  ['an unknown instruction', '00FE000000', '6D00'],
  ['READ BINARY without a profile', '00B0000000', '6986'],
  ['READ RECORD without a profile', '00B2010400', '6986'],
  ['VERIFY without a profile', '00200001', '6A88'],
  ['an instruction in the class of another', '80A40004023F00', '6E00'],
  ['STORE DATA in the interindustry class', '00E2910003BF2E00', '6E00'],
  ['STORE DATA without an application', '80E2910003BF2E00', '6999'],
  ['GET DATA without an application', '80CA005A00', '6999'],
]

for (const [what, command, response] of HEADERS) {
  test(`${what} is answered ${response}`, async (t) => {
    const { send } = await cardBench(t)
    t.is(await send(command.replaceAll(' ', '')), response)
  })
}

test('channels are given from 1 to 19, and their classes are those of ISO/IEC 7816-4', async (t) => {
  const { send } = await cardBench(t)
  for (let channel = 1; channel <= 19; channel++) {
    const number = hexOf(channel)
    t.is(await send('0070000001'), `${number}9000`)
    const cla = channel < 4 ? channel : 0x40 + channel - 4
    t.is(await send(`${hexOf(cla)}A4040010${ISDR}00`), '6121')
    t.is(await send(`${hexOf(cla)}C0000021`), `6F1F8410${ISDR}A5049F6501FFE00582030205009000`)
    t.is(await send(`${hexOf(0x80 | cla)}E2910003BF2E0000`), '6115')
  }
  t.is(await send('0070000001'), '6A81')
  t.is(await send('0070800700'), '9000')
  t.is(await send('0070000001'), '079000')
})

function hexOf(octet: number): string {
  return toHex(Uint8Array.of(octet))
}

test('MANAGE CHANNEL refuses what cannot be opened or closed', async (t) => {
  const { play } = await cardBench(t, { channelsMax: 2 })
  await play([
    ['0070000005', '6C01'],
    ['0070000200', '9000'],
    ['0070000200', '6A81'],
    ['0070000300', '6A81'],
    ['0070001400', '6A86'],
    ['0070400000', '6A86'],
    ['00700000', '01 9000'],
    ['0070000001', '6A81'],
    ['0070800000', '6A86'],
    ['0070801400', '6A86'],
    ['0070800300', '6881'],
    ['0170800000', '9000'],
    ['0170800000', '6881'],
    ['007080020100', '6700'],
  ])
})

test('a channel opened from another has its selection', async (t) => {
  const { play } = await cardBench(t)
  await play([
    ...OPEN_ISDR,
    ['0170000001', '02 9000'],
    ['82CA005A12', '5A10…'],
    ['0070000001', '03 9000'],
    ['83CA005A12', '6999'],
  ])
})

test('commands that overlap are taken one after the other', async (t) => {
  const { card } = await cardBench(t)
  const script = ['0070000001', `01A4040010${ISDR}`, '81E2910003BF2E00', '81C0000015']
  const answers = await Promise.all(script.map((command) => card.transmit(hex(command))))
  t.deepEqual(
    answers.map((answer) => toHex(answer.subarray(-2))),
    ['9000', '6121', '6115', '9000'],
  )
})

test('a buffer that is used again changes nothing', async (t) => {
  const { card } = await cardBench(t)
  const buffer = hex('0070000001')
  const answered = card.transmit(buffer)
  buffer.fill(0xff)
  t.is(toHex(await answered), '019000')
})

test('commands that a reset has overtaken are 6F00 and leave nothing behind', async (t) => {
  const { card, play } = await cardBench(t)
  await play([[`00A4040C10${ISDR}`, '9000']])
  const answers = ['80E2910003BF2E00', '80C0000015'].map((command) => card.transmit(hex(command)))
  await Promise.resolve()
  card.reset()
  t.deepEqual((await Promise.all(answers)).map(toHex), ['6F00', '6F00'])
  await play([['00C0000015', '6985']])
})

test('a defect behind the card is 6F00 and is told', async (t) => {
  const { phone } = await cardBench(t)
  const defect = new RangeError('of the test')
  const euicc = Object.create(phone.euicc, {
    transmit: { value: () => Promise.reject(defect) },
  }) as typeof phone.euicc
  const told: unknown[] = []
  const card = createApduCard({ euicc, settings: { onDefect: (error) => told.push(error) } })
  await card.transmit(hex('0070000001'))
  await card.transmit(hex(`01A4040010${ISDR}`))
  t.is(toHex(await card.transmit(hex('81E2910003BF2E00'))), '6F00')
  t.deepEqual(told, [defect])
})

test('settings out of their range are refused by name', async (t) => {
  const { phone } = await cardBench(t)
  const wrong = [{ channelsMax: 20 }, { blockOctetsMax: 0 }, { isdrAids: [hex('A0000005')] }]
  for (const settings of wrong) {
    const error = t.throws(() => createApduCard({ euicc: phone.euicc, settings }), {
      instanceOf: LabError,
    })
    t.is(error?.field, Object.keys(settings)[0])
  }
})
