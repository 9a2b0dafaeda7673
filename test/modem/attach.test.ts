import test, { type ExecutionContext } from 'ava'
import { seededRandom } from '../../src/base/environment.ts'
import { LabError } from '../../src/base/errors.ts'
import { element } from '../../src/asn1/der.ts'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import { createModem, type AttachOptions, type AttachStep } from '../../src/modem/modem.ts'
import type { ServingNetwork } from '../../src/nas/registration.ts'
import type { UiccTransport } from '../../src/nas/uicc.ts'
import type { SuciPublicKey } from '../../src/operator/suci-keys.ts'
import { keepSqn } from '../../src/store/authentication.ts'
import { createApduCard } from '../../src/euicc/apdu/card.ts'
import { createEuicc } from '../../src/euicc/euicc.ts'
import type { ProfileImage } from '../../src/profile/image.ts'
import { handMadeImage, K, OPC, uiccBench, type ImageWishes } from '../euicc/uicc/helper.ts'
import { createBench, type Bench } from '../operator/helper.ts'

const IMSI = '234100123456789'
const PIN = '1234'

interface Stage {
  readonly bench: Bench
  readonly card: UiccTransport
  readonly iccid: string
  attach(options?: AttachOptions & { readonly network?: ServingNetwork }): Promise<{
    readonly steps: readonly AttachStep[]
    readonly resynchronised: boolean
    readonly system: string
    readonly supi: string
  }>
}

interface StageWishes extends Omit<ImageWishes, 'suciCalcInfo'> {
  readonly responseMode?: '61xx' | 'direct'
  readonly channelsMax?: number
  /** What EF.SUCI_Calc_Info has. */
  readonly calculation?: (keys: readonly SuciPublicKey[]) => string
  /** The Ki that the operator has. */
  readonly ki?: string
}

/** A card with one enabled profile by hand, and an operator that knows its subscriber. */
async function stage(t: ExecutionContext, wishes: StageWishes = {}): Promise<Stage> {
  const { responseMode = '61xx', channelsMax = 19, calculation, ki = K, ...image } = wishes
  const bench = await createBench(t)
  const msisdn = await bench.subscriber()
  const { iccid } = bench.operator.account({ msisdn })!
  await bench.store.write((db) =>
    db
      .sql('UPDATE inventory SET imsi = ?, ki = ?, opc = ? WHERE iccid = ?')
      .run(IMSI, hex(ki), hex(OPC), iccid),
  )
  const keys = bench.operator.network.suciPublicKeys()
  const buildImage = () => {
    const suciCalculation = calculation && { suciCalcInfo: calculation(keys) }
    const made = handMadeImage({ isPin1Enabled: false, services: [], ...image, ...suciCalculation })
    return withFilesOf5gs(made, suciCalculation?.suciCalcInfo)
  }
  const { storage } = uiccBench(t)
  const euicc = createEuicc({ storage, random: seededRandom('card'), buildImage })
  const card = createApduCard({ euicc, settings: { responseMode, channelsMax } })
  return {
    bench,
    card,
    iccid,
    async attach({ network = bench.operator.network.servingNetwork, ...options } = {}) {
      const steps: AttachStep[] = []
      const modem = createModem({ card, network, random: seededRandom('modem') })
      const attachment = await modem.attach({ onStep: (step) => void steps.push(step), ...options })
      t.deepEqual(modem.attachment, attachment)
      return { ...attachment, steps }
    },
  }
}

/** EF.AD is for everybody to read (3GPP TS 31.102 §4.2.18), EF.SUCI_Calc_Info for the device where it stands in DF.5GS. */
function withFilesOf5gs(image: ProfileImage, calculation: string | undefined): ProfileImage {
  const files = image.naas[0]?.adf.files ?? []
  const at = files.findIndex(({ fileId }) => fileId === 0x6fad)
  const ad = files[at]
  const df5gs = files.find(({ fileId }) => fileId === 0x5fc0)
  if (!ad || !('body' in ad) || !df5gs || !('files' in df5gs)) throw new RangeError('no such file')
  const accessRule = { arrFileId: 0x2f06, record: 4 }
  files[at] = { ...ad, accessRule }
  const body = { octets: hex(calculation ?? '') }
  df5gs.files.push({ ...ad, fileId: 0x4f07, shortFileId: 7, body, parent: df5gs, accessRule })
  return image
}

function suciCalcInfo(schemes: string, keys: readonly SuciPublicKey[]): string {
  const list = keys.map(({ id, publicKey }) =>
    concat(element(0x80, Uint8Array.of(id)), element(0x81, publicKey)),
  )
  return toHex(concat(element(0xa0, hex(schemes)), element(0xa1, ...list)))
}

test('tells each step of an attach in 5GS, and none of its octets is the Ki', async (t) => {
  const { attach, bench, iccid } = await stage(t)
  const { steps, system, supi, resynchronised } = await attach()
  t.deepEqual(
    steps.map(({ step }) => step),
    [
      'usimSelected',
      'subscriptionRead',
      'registrationRequest',
      'authenticationRequest',
      'authenticationResponse',
      'registrationAccept',
    ],
  )
  t.like(steps[1], { imsi: IMSI, mncLength: 2, isFor5gs: true })
  t.like(steps[2], { identity: 'suci-0-234-10-1234-0-0-0123456789', concealedBy: 'nobody' })
  t.is(system, '5GS')
  t.is(supi, `imsi-${IMSI}`)
  t.false(resynchronised)
  t.is(bench.operator.network.registrationOf({ iccid })?.supi, supi)
})

for (const responseMode of ['61xx', 'direct'] as const) {
  for (const channelsMax of [0, 19]) {
    test(`attaches in EPS by a card that answers ${responseMode}, with ${channelsMax} channels`, async (t) => {
      const { attach, card } = await stage(t, { responseMode, channelsMax })
      for (let times = 0; times < 25; times++) {
        const { steps, system } = await attach({ system: 'EPS' })
        t.is(system, 'EPS')
        t.like(steps[2], { identity: `imsi-${IMSI}`, concealedBy: 'nobody' })
      }
      if (channelsMax === 0) return
      const opened = toHex(await card.transmit(hex('0070000001')))
      t.is(opened, '019000', 'the modem has given its channels back')
    })
  }
}

for (const [scheme, profile, outputOctets] of [
  [1, 'profileA', 45],
  [2, 'profileB', 46],
] as const) {
  test(`the USIM conceals its IMSI with ${profile}, and the network finds it`, async (t) => {
    const { attach } = await stage(t, {
      services: [124, 125],
      calculation: (keys) => suciCalcInfo(`0${scheme}0${scheme}`, keys),
    })
    const { steps, supi } = await attach()
    const request = steps.find(({ step }) => step === 'registrationRequest')
    const pattern = `^suci-0-234-10-1234-${scheme}-${scheme}-[0-9a-f]{${outputOctets * 2}}$`
    t.regex((request as { identity: string }).identity, new RegExp(pattern))
    t.like(request, { concealedBy: 'usim' })
    t.is(supi, `imsi-${IMSI}`)
  })
}

for (const [what, schemes, expected] of [
  ['profile A, the first of the list', '01010202', /^suci-0-234-10-1234-1-1-[0-9a-f]{90}$/],
  ['profile B, the first of the list', '02020101', /^suci-0-234-10-1234-2-2-[0-9a-f]{92}$/],
  ['the next scheme that it knows', '0F010101', /^suci-0-234-10-1234-1-1-/],
  ['the next scheme that there is a key for', '010301020202', /^suci-0-234-10-1234-2-2-/],
  ['nothing, if the null scheme comes first', '00000101', /-0-0-0123456789$/],
  ['nothing, if there is no key', '0109', /-0-0-0123456789$/],
  ['nothing, if there is no scheme', '', /-0-0-0123456789$/],
] as const) {
  test(`the device conceals the IMSI where service 125 does not leave it to the USIM: ${what}`, async (t) => {
    const { attach } = await stage(t, {
      services: [124],
      calculation: (keys) => suciCalcInfo(schemes, keys),
    })
    const { steps, supi } = await attach()
    const request = steps.find(({ step }) => step === 'registrationRequest')
    t.regex((request as { identity: string }).identity, expected)
    t.like(request, {
      concealedBy: schemes !== '' && !what.startsWith('nothing') ? 'device' : 'nobody',
    })
    t.is(supi, `imsi-${IMSI}`)
  })
}

test('the device passes over a key that is no point of its curve', async (t) => {
  const { attach } = await stage(t, {
    services: [124],
    calculation: ([a, b]) => {
      const offCurve = { ...b!, publicKey: hex(`02${'FF'.repeat(32)}`) }
      return suciCalcInfo('02020101', [a!, offCurve])
    },
  })
  const { steps, supi } = await attach()
  const request = steps.find(({ step }) => step === 'registrationRequest')
  t.regex((request as { identity: string }).identity, /^suci-0-234-10-1234-1-1-[0-9a-f]{90}$/)
  t.is(supi, `imsi-${IMSI}`)
})

test('a network that was set back is told by AUTS, and brought forward once', async (t) => {
  const { attach } = await stage(t, { sqn: 5000n })
  const first = await attach()
  t.true(first.resynchronised)
  t.is(first.steps.filter(({ step }) => step === 'synchFailure').length, 1)
  t.is(first.steps.filter(({ step }) => step === 'authenticationRequest').length, 2)
  t.false((await attach({ system: 'EPS' })).resynchronised)
})

test('a network that was set back after phones had attached is brought forward', async (t) => {
  const { attach, bench, iccid } = await stage(t)
  for (let times = 0; times < 3; times++) t.false((await attach()).resynchronised)
  await bench.store.write((db) => keepSqn(db, { iccid, sqn: 0n }))
  t.true((await attach()).resynchronised)
  t.false((await attach()).resynchronised)
})

for (const system of ['5GS', 'EPS'] as const) {
  test(`a profile with another Ki than the operator's is not attached in ${system}`, async (t) => {
    const { attach, bench } = await stage(t, { ki: '00'.repeat(16) })
    const error = await t.throwsAsync(attach({ system }), { instanceOf: LabError })
    t.like(error, { code: 'refused', reason: 'macFailure' })
    t.regex(error?.message ?? '', /do not have the same key \(Ki, OPc\)/)
    t.deepEqual(bench.operator.network.registrations({ limit: 1 }), [])
  })
}

test('a USIM that asks for its PIN is shown one, and counts wrong ones', async (t) => {
  const { attach, card } = await stage(t, { isPin1Enabled: true })
  t.like(await t.throwsAsync(attach()), { code: 'refused', reason: 'pinRequired', field: 'pin' })
  t.like(await t.throwsAsync(attach({ pin: '0000' })), {
    reason: 'pinWrong',
    message: 'the PIN is wrong. Tries left: 2.',
  })
  t.like(await t.throwsAsync(attach({ pin: '12' })), { code: 'badInput', field: 'pin' })
  t.is((await attach({ pin: PIN })).supi, `imsi-${IMSI}`)
  t.is((await attach()).supi, `imsi-${IMSI}`, 'it stays shown until the card is reset')
  t.is(typeof card.transmit, 'function')
})

test('three wrong PINs block it', async (t) => {
  const { attach } = await stage(t, { isPin1Enabled: true })
  for (const reason of ['pinWrong', 'pinWrong', 'pinBlocked', 'pinBlocked']) {
    t.is((await t.throwsAsync(attach({ pin: '0000' }), { instanceOf: LabError }))?.reason, reason)
  }
  t.like(await t.throwsAsync(attach()), { reason: 'pinBlocked' })
})

test('a card whose profiles are all disabled has no USIM', async (t) => {
  const bench = await createBench(t)
  const { card } = uiccBench(t, { profiles: ['disabled'] })
  const network = bench.operator.network.servingNetwork
  const modem = createModem({ card, network, random: seededRandom('modem') })
  t.like(await t.throwsAsync(modem.attach()), { code: 'notFound', reason: 'noUsim' })
  t.is(modem.attachment, undefined)
  await modem.detach()
})

test('a phone that detaches is not attached any more', async (t) => {
  const { card, bench, iccid } = await stage(t)
  const network = bench.operator.network.servingNetwork
  const modem = createModem({ card, network, random: seededRandom('modem') })
  await modem.attach()
  t.truthy(bench.operator.network.registrationOf({ iccid }))
  await modem.detach()
  t.is(bench.operator.network.registrationOf({ iccid }), undefined)
  t.is(modem.attachment, undefined)
  await modem.detach()
})

test('a network that challenges without end is left', async (t) => {
  const { attach } = await stage(t)
  let asked = 0
  const challenge = {
    message: 'authenticationRequest',
    registrationId: '1',
    servingNetworkName: '5G:mnc001.mcc001.3gppnetwork.org',
    rand: new Uint8Array(16),
    autn: new Uint8Array(16),
  } as const
  const endless: ServingNetwork = {
    register: async () => challenge,
    answer: async () => {
      asked += 1
      return challenge
    },
    deregister: async () => {},
  }
  t.like(await t.throwsAsync(attach({ network: endless })), { reason: 'challengedAgain' })
  t.is(asked, 3)
})

/** Whatever a card answers, the modem comes to an end with an error of ours. */
const BROKEN_CARDS: Readonly<Record<string, (command: Uint8Array) => Uint8Array>> = {
  nothing: () => new Uint8Array(0),
  'one octet': () => hex('90'),
  '9000 alone': () => hex('9000'),
  '6F00': () => hex('6F00'),
  '61xx without end': () => hex('6101'),
  '6Cxx without end': () => hex('6C01'),
  'the same data to everything': () => hex('620482026F00A50180019000'),
  'a long answer': () => concat(new Uint8Array(256).fill(0x62), hex('9000')),
}

for (const [what, answer] of Object.entries(BROKEN_CARDS)) {
  test(`a card that answers ${what} fails with an error of ours`, async (t) => {
    const bench = await createBench(t)
    const network = bench.operator.network.servingNetwork
    const card = { transmit: async (command: Uint8Array) => answer(command) }
    const modem = createModem({ card, network, random: seededRandom('modem') })
    const error = await t.throwsAsync(modem.attach(), { instanceOf: LabError })
    t.true(['refused', 'notFound'].includes(error?.code ?? ''))
  })
}
