import test from 'ava'
import fc from 'fast-check'
import { hex, toHex } from '../../src/base/octets.ts'
import { ES10, type CardAnswer } from '../../src/rsp/es10.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import type { Phone } from '../../src/lab.ts'
import { bench } from '../helpers/bind.ts'
import { createDriver, damaged } from '../helpers/driver.ts'
import { testLab } from '../helpers/lab.ts'

const send = (phone: Phone, command: string) => phone.euicc.transmit(hex(command))
const textOf = ({ statusWord, data }: CardAnswer) => `${toHex(data)} ${statusWord.toString(16)}`

test('a card is managed with octets alone', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone({ name: 'octets' })
  const order = await lab.order()
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  const iccid = toHex(phone.euicc.state.profiles[0]!.metadata.iccid)
  const aid = 'A0000005591010FFFFFFFF8900001000'
  const dialogue: readonly (readonly [title: string, command: string, answer: string | RegExp])[] =
    [
      ['GetEID', 'BF3E 03 5C 01 5A', `BF3E125A10${phone.eid} 9000`],
      ['GetEUICCChallenge', 'BF2E 00', /^BF2E128010[0-9A-F]{32} 9000$/],
      [
        'GetEUICCInfo1',
        'BF20 00',
        /^BF20618203020500A92C(0414[0-9A-F]{40}){2}AA2C(0414[0-9A-F]{40}){2} 9000$/,
      ],
      ['GetEUICCInfo2: named bits end with a one', 'BF22 00', /8505077B82DB80/],
      ['the addresses', 'BF3C 00', /^BF3C1A8118[0-9A-F]{48} 9000$/],
      ['SetDefaultDpAddress', 'BF3F 06 80 04 612E6465', 'BF3F03800100 9000'],
      ['the addresses', 'BF3C 00', /^BF3C208004612E64658118/],
      ['EnableProfile', `BF31 11 A0 0C 5A 0A ${iccid} 81 01 FF`, 'BF3103800100 9000'],
      ['EnableProfile', `BF31 17 A0 12 4F 10 ${aid} 81 01 00`, 'BF3103800102 9000'],
      ['DisableProfile', `BF32 17 A0 12 4F 10 ${aid} 81 01 00`, 'BF3203800100 9000'],
      ['SetNickname', `BF29 11 5A 0A ${iccid} 90 03 616263`, 'BF2903800100 9000'],
      [
        'ListNotification',
        'BF28 04 81 02 0640',
        /^BF28[0-9A-F]{2}A0[0-9A-F]{2}BF2F[0-9A-F]{2}800103/,
      ],
      ['RetrieveNotificationsList', 'BF2B 05 A0 03 80 01 04', /^BF2B82[0-9A-F]{4}A0.*800104/],
      ['RemoveNotification', 'BF30 03 80 01 01', 'BF3003800100 9000'],
      ['RemoveNotification', 'BF30 03 80 01 01', 'BF3003800101 9000'],
      ['DeleteProfile', `BF33 0C 5A 0A ${iccid}`, 'BF3303800100 9000'],
      ['DeleteProfile', `BF33 12 4F 10 ${aid}`, 'BF3303800101 9000'],
      ['eUICCMemoryReset', 'BF34 04 82 02 0520', 'BF3403800100 9000'],
      ['CancelSession', 'BF41 06 80 01 0A 81 01 00', 'BF4103810105 9000'],
    ]
  for (const [title, command, expected] of dialogue) {
    const answer = textOf(await send(phone, command))
    if (typeof expected === 'string') t.is(answer, expected, title)
    else t.regex(answer, expected, title)
  }
})

const MALFORMED = {
  'a known function cut short': ['BF3E 03 5C 01', 0x6a80],
  'a known function with octets behind it': ['BF2E 00 00', 0x6a80],
  'a mandatory field missing': ['BF30 00', 0x6a80],
  'a number that is none': ['BF30 02 80 00', 0x6a80],
  'a length that is not minimal': ['BF2E 81 00', 0x6a88],
  'an unknown function': ['BF7F 00', 0x6a88],
  nothing: ['', 0x6a88],
  'one octet': ['BF', 0x6a88],
  'a tag alone': ['BF2E', 0x6a88],
  'an APDU': ['00A4040000', 0x6a88],
} as const

for (const [title, [command, statusWord]] of Object.entries(MALFORMED)) {
  test(`${title} is answered ${statusWord.toString(16).toUpperCase()} and changes nothing`, async (t) => {
    const lab = await testLab(t, { stock: 0 })
    const phone = lab.createPhone()
    const before = phone.euicc.state
    t.deepEqual(await send(phone, command), { statusWord, data: hex('') })
    t.is(phone.euicc.state, before)
  })
}

test('a command that is too long is answered 6700', async (t) => {
  const lab = await testLab(t, { stock: 0 })
  const phone = lab.createPhone()
  const answer = await phone.euicc.transmit(new Uint8Array(65_536))
  t.is(answer.statusWord, 0x6700)
})

const STATUS_WORDS = new Set([0x9000, 0x6a80, 0x6a88])
const tags = Object.values(ES10).map(({ request }) => hex(request.tags[0]!.toString(16)))
const anything = fc.uint8Array({ maxLength: 300 })
const command = fc.oneof(
  anything,
  fc
    .tuple(fc.constantFrom(...tags), fc.uint8Array({ maxLength: 120 }))
    .map(([tag, value]) => Uint8Array.from([...tag, value.length, ...value])),
)

test('whatever octets come, the card answers, and what it did not carry out changed nothing', async (t) => {
  const lab = await testLab(t)
  const on = await bench(lab)
  const { euicc } = on.phone
  await fc.assert(
    fc.asyncProperty(command, async (octets) => {
      const before = euicc.state
      const { statusWord } = await euicc.transmit(octets)
      t.true(STATUS_WORDS.has(statusWord))
      if (statusWord !== 0x9000) t.is(euicc.state, before)
    }),
    { numRuns: 1500 },
  )
})

test('a package with one bit turned anywhere is not installed', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { matchingId } = await lab.order()
  const at = fc.oneof(fc.nat(330), fc.nat(100_000))
  await fc.assert(
    fc.asyncProperty(at, async (place) => {
      const driver = await createDriver(lab, { phone, matchingId }).through('prepareDownload')
      const { boundProfilePackage } = await driver.getBoundProfilePackage()
      await loadTolerantly(phone, damaged(boundProfilePackage, place % boundProfilePackage.length))
      t.deepEqual(phone.euicc.state.profiles, [])
    }),
    { numRuns: 60, examples: [[0], [1], [2], [3], [4], [5], [6], [7], [182]] },
  )
})

/** Loads octets in blocks, as an LPA would that does not look into them. */
async function loadTolerantly(phone: Phone, octets: Uint8Array): Promise<void> {
  for (let at = 0; at < octets.length; at += 255) {
    const { statusWord, data } = await phone.euicc.transmit(octets.subarray(at, at + 255))
    if (statusWord !== 0x9000 || data.length > 0) return
  }
}

test('the card keeps no view of the octets it was given', async (t) => {
  const on = await bench(await testLab(t))
  const { card } = on.driver
  for (const segment of segmentsOf(on.bind())) {
    const buffer = Uint8Array.from(segment)
    await card.loadBoundProfilePackage(buffer)
    buffer.fill(0)
  }
  const [profile] = on.phone.euicc.state.profiles
  t.deepEqual(profile?.metadata.iccid, on.metadata.iccid)
  t.true(profile?.elements.some((octet) => octet !== 0))
})
