import test from 'ava'
import { hex, toHex } from '../../../src/base/octets.ts'
import { element } from '../../../src/asn1/der.ts'
import { cardBench, OPEN_ISDR } from './helper.ts'

const GET_EID = 'BF3E035C015A'

test('a command may come in blocks, and each block before the last is 9000', async (t) => {
  const { play, phone } = await cardBench(t)
  await play([
    ...OPEN_ISDR,
    ['81E2110001BF', '9000'],
    ['81E21101023E03', '9000'],
    ['81E29102035C015A', '6115'],
    ['81C0000015', `BF3E125A10${phone.eid}9000`],
  ])
})

const WRONG_CHAINS: Readonly<
  Record<string, readonly (readonly [command: string, response: string])[]>
> = {
  'a chain that begins with block 1': [['81E2910106BF3E035C015A', '6A86']],
  'a block that is left out': [
    ['81E2110003BF3E03', '9000'],
    ['81E29102035C015A', '6A86'],
    ['81E29101035C015A', '6A86'],
  ],
  'a block that comes twice': [
    ['81E2110003BF3E03', '9000'],
    ['81E21101025C01', '9000'],
    ['81E21101025C01', '6A86'],
    ['81E29102015A', '6A86'],
  ],
  'a chain that changes from Case 4 to Case 3': [
    ['81E2110003BF3E03', '9000'],
    ['81E29001035C015A', '6A86'],
  ],
  'a command of its first block alone': [['81E2910003BF3E03', '6A80']],
  'octets behind a command': [['81E2910007BF3E035C015A00', '6A80']],
  'a length of four gigabytes': [
    ['81E2910007BF2D84FFFFFFFF', '6A80'],
    ['81E2910006A084FFFFFFFF', '6A88'],
  ],
  'an APDU of 70,000 octets': [[`81E29100FF${'00'.repeat(70_000)}`, '6700']],
  'no data': [
    ['81E2910000', '6700'],
    ['81E29100', '6700'],
    ['81E2110000', '6700'],
  ],
  'P1 of other formats and of encrypted data': [
    ['81E2800006BF3E035C015A', '6A86'],
    ['81E2890006BF3E035C015A', '6A86'],
    ['81E2B10006BF3E035C015A', '6A86'],
    ['81E2990006BF3E035C015A', '6A86'],
    ['81E2970006BF3E035C015A', '6A86'],
  ],
  'a tag that no function has': [['81E2910003BF7F00', '6A88']],
  'a segment of a package before PrepareDownload': [['81E2910004A0820100', '6A88']],
}

for (const [what, script] of Object.entries(WRONG_CHAINS)) {
  test(`${what} is refused, and the next command is taken`, async (t) => {
    const { play } = await cardBench(t)
    await play([...OPEN_ISDR, ...script, [`81E2910006${GET_EID}`, '6115']])
  })
}

test('block 0 begins the chain anew', async (t) => {
  const { play } = await cardBench(t)
  await play([
    ...OPEN_ISDR,
    ['81E2110003BF2900', '9000'],
    ['81E2110003BF3E03', '9000'],
    ['81E29101035C015A', '6115'],
  ])
})

test('the number of a block goes on with 0 after 255', async (t) => {
  const { play, send } = await cardBench(t)
  await play(OPEN_ISDR)
  // SetDefaultDpAddress, whose address may be as long as the card can keep.
  const command = element(0xbf3f, element(0x80, new Uint8Array(290).fill(0x61)))
  for (let at = 0; at < command.length; at++) {
    const p1 = at === command.length - 1 ? '91' : '11'
    const given = await send(
      `81E2${p1}${toHex(Uint8Array.of(at & 0xff))}01${toHex(command.subarray(at, at + 1))}`,
    )
    t.is(given, p1 === '11' ? '9000' : '6106', `block ${at}`)
  }
  await play([['81C0000006', 'BF3F03800100 9000']])
})

test('chains on two channels do not mix', async (t) => {
  const { play } = await cardBench(t)
  await play([
    ...OPEN_ISDR,
    ['0170000001', '02 9000'],
    ['81E2110003BF3E03', '9000'],
    ['82E2110003BF3C00', '9000'],
    ['81E29101035C015A', '6115'],
    ['82E2110003BF3C00', '9000'],
    ['01A4040C10A0000005591010FFFFFFFF8900000100', '9000'],
    ['82E2110101FF', '9000'],
    ['81E29101035C015A', '6A86'],
  ])
})

test('a chain of more than 65,535 octets is 6A84, and the card takes the next', async (t) => {
  const { play, send } = await cardBench(t)
  await play(OPEN_ISDR)
  const block = `FF${'00'.repeat(255)}`
  for (let at = 0; at < 257; at++) {
    t.is(await send(`81E211${toHex(Uint8Array.of(at & 0xff))}${block}`), '9000')
  }
  await play([
    [`81E21101${block}`, '6A84'],
    [`81E2910006${GET_EID}`, '6115'],
  ])
})

test('a block longer than the card takes is 6700', async (t) => {
  const { play } = await cardBench(t, { blockOctetsMax: 5 })
  await play([
    ...OPEN_ISDR,
    [`81E2910006${GET_EID}`, '6700'],
    ['81E2110005BF3E035C01', '9000'],
    ['81E29101015A', '6115'],
  ])
})

test('Le is wanted where it is set so', async (t) => {
  const { play } = await cardBench(t, { leRequired: true })
  await play([
    ...OPEN_ISDR,
    [`81E2910006${GET_EID}`, '6700'],
    ['81E2110003BF3E03', '9000'],
    ['81E29101035C015A00', '6115'],
  ])
})

test('functions wait for TERMINAL CAPABILITY where it is set so', async (t) => {
  const { card, play } = await cardBench(t, { terminalCapabilityRequired: true })
  const functions = ['BF3C00', 'BF2E00', 'BF2D00']
  const support = { ES10a: '04', ES10b: '02', ES10c: '01' }
  for (const [at, octet] of Object.values(support).entries()) {
    card.reset()
    await play([...OPEN_ISDR, ...functions.map((f) => [`81E2910003${f}`, '6A88'] as const)])
    await play([[`80AA000005A9038301${octet}`, '9000']])
    for (const [other, command] of functions.entries()) {
      await play([[`81E2910003${command}`, other === at ? '61…' : '6A88']])
    }
  }
})

test('TERMINAL CAPABILITY of real LPAs is taken, and what is none is refused', async (t) => {
  const { play } = await cardBench(t)
  await play([
    ['80AA00000AA9088100820101830107', '9000'],
    ['80AA000002A900', '9000'],
    ['80AA010002A900', '6A86'],
    ['80AA000000', '6700'],
    ['80AA000003A90183', '6A80'],
    ['80AA0000028300', '6A80'],
    ['80AA000003A90000', '6A80'],
  ])
})

test('octets that are given back are the card’s own', async (t) => {
  const { card, play } = await cardBench(t, { responseMode: 'direct' })
  await play(OPEN_ISDR.slice(0, 1))
  const select = hex('01A4040010A0000005591010FFFFFFFF890000010000')
  const first = await card.transmit(select)
  const kept = Uint8Array.from(first)
  first.fill(0)
  t.deepEqual(await card.transmit(select), kept)
})
