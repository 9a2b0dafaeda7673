import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { children, readTlv } from '../../../src/asn1/der.ts'
import { concat, hex, toHex } from '../../../src/base/octets.ts'
import { es10OverApdu } from '../../../src/euicc/apdu/es10-over-apdu.ts'
import type { ApduCard, ApduSettings } from '../../../src/euicc/apdu/types.ts'
import { parseEuicc, serialiseEuicc } from '../../../src/euicc/state.ts'
import { CURVES } from '../../../src/crypto/ec.ts'
import { TEST_DEVICE, type Lab, type Phone } from '../../../src/lab.ts'
import { createLpa } from '../../../src/lpa/lpa.ts'
import { segmentsOf } from '../../../src/lpa/segments.ts'
import { parseActivationCode } from '../../../src/rsp/activation-code.ts'
import { CardError, es10Client } from '../../../src/rsp/es10.ts'
import { createDriver, needed } from '../../helpers/driver.ts'
import { orderState, phoneOn, testLab } from '../../helpers/lab.ts'
import { cardBench, cardOf, overApdu } from './helper.ts'

for (const curve of CURVES) {
  for (const confirmationCode of [undefined, '2468']) {
    const how = confirmationCode === undefined ? 'without' : 'with'
    for (const responseMode of ['61xx', 'direct'] as const) {
      test(`downloads over APDUs: ${curve}, ${how} a confirmation code, ${responseMode}`, async (t) => {
        const lab = await testLab(t)
        const phone = phoneOn(lab, { signing: curve, verification: curve })
        const card = cardOf(t, { phone, settings: { responseMode } })
        const order = await lab.order(confirmationCode === undefined ? {} : { confirmationCode })
        const driver = createDriver(lab, {
          phone: overApdu(phone, { card }),
          matchingId: order.matchingId,
          ...(confirmationCode !== undefined && { confirmationCode }),
        })
        await driver.through('getBoundProfilePackage')
        const result = await driver.load()
        t.truthy(result?.profileInstallationResultData.value.finalResult.successResult)
        await phone.sendNotifications()
        t.is(orderState(lab, order), 'Installed')
      })
    }
  }
}

test('the LPA does all of its work over APDUs', async (t) => {
  const lab = await testLab(t)
  const card = cardOf(t, { phone: lab.createPhone() })
  const lpa = createLpa({
    es10: es10Client(es10OverApdu(card)),
    es9Plus: () => lab.es9Plus,
    clock: lab.clock,
    device: TEST_DEVICE,
    trustedCis: CURVES.map((curve) => lab.pki[curve].ci.certificate),
  })
  const order = await lab.order()
  const { iccid } = await lpa.download({
    activationCode: parseActivationCode(order.activationCode),
  })
  await lpa.setNickname({ iccid, nickname: 'travel' })
  await lpa.enable({ iccid })
  t.like(await lpa.profiles(), [{ iccid, nickname: 'travel', state: 'enabled' }])
  await lpa.disable({ iccid })
  await lpa.delete({ iccid })
  t.deepEqual(await lpa.profiles(), [])
  t.deepEqual((await lpa.sendNotifications()).failed, [])
  t.deepEqual(await lpa.notifications(), [])
})

/** The segments as lpac makes them: A0 and A2 whole, the header of A1 and A3 alone (lpac 2.3.0, es10b.c). */
function segmentsOfLpac(octets: Uint8Array): Uint8Array[] {
  const outer = readTlv(octets, 0)
  const [first, ...rest] = [...children(octets, outer.valueStart, outer.end)]
  return [
    octets.subarray(0, needed(first).end),
    ...rest.flatMap(({ tag, start, valueStart, end }) => {
      if (tag === 0xa0 || tag === 0xa2) return [octets.subarray(start, end)]
      const items = [...children(octets, valueStart, end)]
      return [
        octets.subarray(start, valueStart),
        ...items.map((i) => octets.subarray(i.start, i.end)),
      ]
    }),
  ]
}

/** Some of the neighbours sent as one command. */
function joined(segments: readonly Uint8Array[], breaks: readonly boolean[]): Uint8Array[] {
  const groups: Uint8Array[][] = []
  for (const [at, segment] of segments.entries()) {
    if (at === 0 || breaks[at % breaks.length]) groups.push([segment])
    else groups.at(-1)?.push(segment)
  }
  return groups.map((group) => concat(...group))
}

/** What the card has of a download, apart from what differs from one to the next. */
function installedIn({ euicc }: Phone): readonly unknown[] {
  const { profiles, notifications, nextSeqNumber } = euicc.state
  return [
    profiles.map(({ elements, state, isdpAid }) => [elements.length, state, toHex(isdpAid)]),
    notifications.map(({ metadata }) => [metadata.seqNumber, metadata.profileManagementOperation]),
    nextSeqNumber,
  ]
}

async function downloadInto(
  lab: Lab,
  to: { readonly phone: Phone; readonly cut: (bpp: Uint8Array) => Uint8Array[] },
): Promise<void> {
  const { matchingId } = await lab.order()
  const driver = createDriver(lab, { phone: to.phone, matchingId })
  await driver.through('authenticateClient')
  await driver.prepareDownload()
  const { boundProfilePackage } = await driver.getBoundProfilePackage()
  needed(await driver.load(to.cut(boundProfilePackage)))
}

test('blocks of any length and segments of any kind give the same result', async (t) => {
  const lab = await testLab(t, { stock: 60 })
  const reference = lab.createPhone()
  await downloadInto(lab, { phone: reference, cut: segmentsOf })
  const expected = installedIn(reference)
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        blocks: fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 20 }),
        breaks: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
        segments: fc.constantFrom(segmentsOf, segmentsOfLpac),
        responseMode: fc.constantFrom('61xx' as const, 'direct' as const),
      }),
      async ({ blocks, breaks, segments, responseMode }) => {
        const phone = lab.createPhone()
        const card = cardOf(t, { phone, settings: { responseMode } })
        let at = 0
        const nextBlockOctets = (): number => needed(blocks[at++ % blocks.length])
        const through = overApdu(phone, { card, options: { nextBlockOctets } })
        await downloadInto(lab, { phone: through, cut: (bpp) => joined(segments(bpp), breaks) })
        t.deepEqual(installedIn(phone), expected)
      },
    ),
    { numRuns: 40 },
  )
})

/** A card that is told of each APDU, by its number, before it takes it; what is given back goes in its place. */
function watched(
  card: ApduCard,
  before: (apdu: { readonly number: number; readonly command: Uint8Array }) => Uint8Array,
): ApduCard {
  let number = 0
  return { ...card, transmit: (command) => card.transmit(before({ number: number++, command })) }
}

/** Downloads over a card that is disturbed, and gives what the card has after it. */
async function disturbed(
  t: ExecutionContext,
  download: {
    readonly lab: Lab
    readonly phone: Phone
    readonly before: Parameters<typeof watched>[1]
    readonly card: ApduCard
  },
): Promise<string> {
  const { lab, phone, before, card } = download
  const through = overApdu(phone, { card: watched(card, before) })
  await downloadInto(lab, { phone: through, cut: segmentsOf }).catch(
    (error: unknown) => void t.true(error instanceof Error),
  )
  const text = serialiseEuicc(phone.euicc.state)
  t.is(serialiseEuicc(parseEuicc(text)), text)
  return JSON.stringify(installedIn(phone))
}

test('a loss of power between any two APDUs keeps what is stored, and ends channels and sessions', async (t) => {
  const lab = await testLab(t, { stock: 80 })
  const first = lab.createPhone()
  const fresh = JSON.stringify(installedIn(first))
  let count = 0
  const complete = await disturbed(t, {
    lab,
    phone: first,
    card: cardOf(t, { phone: first }),
    before: ({ number, command }) => ((count = number + 1), command),
  })
  t.not(complete, fresh)
  for (let at = 1; at < count; at++) {
    const phone = lab.createPhone()
    const card = cardOf(t, { phone })
    const left = await disturbed(t, {
      lab,
      phone,
      card,
      before({ number, command }) {
        if (number === at) {
          card.powerOff()
          card.powerOn()
        }
        return command
      },
    })
    t.true([fresh, complete].includes(left), `before APDU ${at}`)
    card.reset()
    t.is(toHex(await card.transmit(hex('81E2910003BF2E00'))), '6881')
    if (left === complete) continue
    await downloadInto(lab, { phone: overApdu(phone, { card }), cut: segmentsOf })
    t.is(JSON.stringify(installedIn(phone)), complete, `the next download after APDU ${at}`)
  }
})

test('one octet that is changed on its way spoils a download and nothing else', async (t) => {
  const lab = await testLab(t, { stock: 80 })
  const place = fc.record({ at: fc.nat(45), octet: fc.nat(260), bit: fc.nat(7) })
  await fc.assert(
    fc.asyncProperty(place, async ({ at, octet, bit }) => {
      const phone = lab.createPhone()
      const card = cardOf(t, { phone })
      const before: Parameters<typeof watched>[1] = ({ number, command }) => {
        if (number !== at) return command
        const changed = Uint8Array.from(command)
        const index = octet % command.length
        changed[index] = needed(command[index]) ^ (1 << bit)
        return changed
      }
      await disturbed(t, { lab, phone, card, before })
      t.true(phone.euicc.state.profiles.length <= 1)
      card.reset()
      if (phone.euicc.state.profiles.length > 0) return
      await downloadInto(lab, { phone: overApdu(phone, { card }), cut: segmentsOf })
      t.is(phone.euicc.state.profiles.length, 1)
    }),
    { numRuns: 40 },
  )
})

test('a channel that a reset has closed is opened again, and closed at the end', async (t) => {
  const { card, phone, send } = await cardBench(t)
  const transport = es10OverApdu(card)
  const getEid = hex('BF3E035C015A')
  const expected = { statusWord: 0x9000, data: hex(`BF3E125A10${phone.eid}`) }
  t.deepEqual(await transport.transmit(getEid), expected)
  card.reset()
  t.deepEqual(await transport.transmit(getEid), expected)
  t.is(await send('0070000001'), '029000')
  await transport.close()
  t.is(await send('0070000001'), '019000')
})

const REFUSING: readonly (readonly [what: string, settings: ApduSettings, statusWord: number])[] = [
  ['no channel', { channelsMax: 0 }, 0x6a81],
  ['another AID', { isdrAids: [hex('A0000005591010FFFFFFFF8900050500')] }, 0x6a82],
]

for (const [what, settings, statusWord] of REFUSING) {
  test(`a card with ${what} is told from its status word`, async (t) => {
    const { card, phone } = await cardBench(t, settings)
    const transport = es10OverApdu(card)
    for (let attempt = 0; attempt < 20; attempt++) {
      t.is((await transport.transmit(hex('BF2E00'))).statusWord, statusWord)
    }
    const driver = createDriver((await cardBench(t)).lab, { phone: overApdu(phone, { card }) })
    const error = await t.throwsAsync(driver.initiate(), { instanceOf: CardError })
    t.is(error?.statusWord, statusWord)
  })
}

test('a command that was executed is not sent again when its answer is lost', async (t) => {
  const { card } = await cardBench(t)
  const resetting = watched(card, ({ command }) => {
    if (command[1] === 0xc0 && command[0] === 0x81) card.reset()
    return command
  })
  const transport = es10OverApdu(resetting)
  t.is((await transport.transmit(hex('BF2E00'))).statusWord, 0x6881)
})

test('commands that overlap on the LPA’s way do not mix', async (t) => {
  const { card, phone } = await cardBench(t)
  const transport = es10OverApdu(card, { nextBlockOctets: () => 2 })
  const commands = ['BF3E035C015A', 'BF3C00', 'BF3E035C015A']
  const answers = await Promise.all(commands.map((command) => transport.transmit(hex(command))))
  t.deepEqual(answers[0]?.data, hex(`BF3E125A10${phone.eid}`))
  t.deepEqual(answers[2], answers[0])
  t.is(toHex(needed(answers[1]).data.subarray(0, 2)), 'BF3C')
})

test('the LPA’s way over APDUs performs REFRESH as a modem does', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const card = cardOf(t, { phone })
  await downloadInto(lab, { phone: overApdu(phone, { card }), cut: segmentsOf })
  await card.transmit(hex('8010000003000080'))
  const { metadata } = needed(phone.euicc.state.profiles[0])
  const command = hex(`BF3111A00C5A0A${toHex(metadata.iccid)}8101FF`)
  const expected = { statusWord: 0x9000, data: hex('BF3103800100') }
  t.deepEqual(await es10OverApdu(card).transmit(command), expected)
  t.is(phone.euicc.state.profiles[0]?.state, 'enabled')
})
