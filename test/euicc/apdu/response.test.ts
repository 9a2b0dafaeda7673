import test from 'ava'
import { element } from '../../../src/asn1/der.ts'
import { hex, toHex, utf8 } from '../../../src/base/octets.ts'
import { es10OverApdu } from '../../../src/euicc/apdu/es10-over-apdu.ts'
import { EUICCInfo2 } from '../../../src/rsp/common.ts'
import { decode } from '../../../src/asn1/schema.ts'
import { cardBench, ISDR, OPEN_ISDR } from './helper.ts'

test('answers to commands with data wait for GET RESPONSE', async (t) => {
  const { play, phone } = await cardBench(t)
  await play([
    ...OPEN_ISDR,
    ['81E2910006BF3E035C015A00', '6115'],
    ['81C0000016', '6C15'],
    ['81C0000105', '6A86'],
    ['80C0000015', '6985'],
    ['81C0000005', 'BF3E125A10 6110'],
    ['01C00000', `${phone.eid}9000`],
    ['81C0000000', '6985'],
  ])
})

test('what waits is gone with the next command', async (t) => {
  const { play } = await cardBench(t)
  await play([
    ...OPEN_ISDR,
    ['81E2910006BF3E035C015A00', '6115'],
    ['80F2000C', '9000'],
    ['81C0000015', '6985'],
  ])
})

test('answers come at once where it is set so, with and without Le', async (t) => {
  const { play, phone } = await cardBench(t, { responseMode: 'direct' })
  await play([
    ['0070000001', '01 9000'],
    [`01A4040010${ISDR}`, '6F1F…'],
    ['81E2910006BF3E035C015A', `BF3E125A10${phone.eid}9000`],
    ['81E2910006BF3E035C015A00', `BF3E125A10${phone.eid}9000`],
    ['81E2910006BF3E035C015A15', `BF3E125A10${phone.eid}9000`],
    ['81E2910006BF3E035C015A05', 'BF3E125A10 6110'],
    ['81C0000010', `${phone.eid}9000`],
  ])
})

for (const responseMode of ['61xx', 'direct'] as const) {
  test(`an answer of more than 256 octets comes in parts, ${responseMode}`, async (t) => {
    const { card, phone, send, play } = await cardBench(t, { responseMode })
    const address = 'a'.repeat(290)
    await es10OverApdu(card).transmit(element(0xbf3f, element(0x80, utf8(address))))
    t.is(phone.euicc.state.defaultDpAddress, address)
    card.reset()
    await play(OPEN_ISDR.slice(0, 1))
    await send(`01A4040C10${ISDR}`)
    const answer = await collect(send, '81E2910003BF3C0000')
    t.true(answer.startsWith('BF3C82') && answer.includes('80820122'))
    t.true(answer.length / 2 > 256)
  })
}

/** The whole of an answer, as T=0 devices gather it. */
async function collect(send: (apdu: string) => Promise<string>, apdu: string): Promise<string> {
  let given = await send(apdu)
  let data = given.slice(0, -4)
  while (given.slice(-4, -2) === '61') {
    given = await send(`81C00000${given.slice(-2)}`)
    data += given.slice(0, -4)
  }
  if (given.slice(-4) !== '9000') throw new RangeError(`expected 9000, found ${given.slice(-4)}`)
  return data
}

test('the parts of an answer make the whole, however long they are', async (t) => {
  const { play, send } = await cardBench(t)
  await play(OPEN_ISDR)
  const whole = await collect(send, '81E2910003BF2200')
  t.notThrows(() => decode(EUICCInfo2, hex(whole)))
  for (const part of [1, 7, 100]) {
    let given = await send('81E2910003BF2200')
    let data = ''
    while (given.slice(-4, -2) === '61') {
      const waiting = Number.parseInt(given.slice(-2), 16) || 256
      given = await send(`81C00000${toHex(Uint8Array.of(Math.min(part, waiting)))}`)
      data += given.slice(0, -4)
    }
    t.is(data, whole)
  }
})
