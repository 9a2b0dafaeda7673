import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/octets.ts'
import { createLab, type Lab, type Phone } from '../../src/lab.ts'
import type { AttachStep } from '../../src/modem/modem.ts'
import { LAB_OPERATOR_FILE } from '../../src/operator/operator-file.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { foreignPackage, withElement } from '../helpers/packages.ts'
import { DAY_MS, temporaryDirectory, testLab, textStorage } from '../helpers/lab.ts'
import { SUBSCRIBER } from '../profile/helper.ts'

const GB = 1_000_000_000n

interface Subscriber {
  readonly phone: Phone
  readonly iccid: string
  readonly msisdn: string
}

/** A phone whose profile was ordered, downloaded and enabled, and the operator told. */
async function subscriber(
  lab: Lab,
  of: {
    readonly phone?: Phone
    readonly iccid?: string
    readonly repeatable?: boolean
    readonly profileType?: string
  } = {},
): Promise<Subscriber> {
  const { phone = lab.createPhone(), ...order } = of
  const { iccid, msisdn, activationCode } = await lab.order(order)
  await phone.download({ activationCode: parseActivationCode(activationCode) })
  await phone.enable({ iccid })
  await phone.sendNotifications()
  return { phone, iccid, msisdn }
}

function use(lab: Lab, msisdn: string, key = 'once') {
  return lab.operator.useData({ idempotencyKey: key, msisdn, amountBytes: GB })
}

function attachedIds(lab: Lab): readonly string[] {
  return lab.operator.network.registrations({ limit: 10 }).map(({ id }) => id)
}

for (const system of ['5GS', 'EPS'] as const) {
  test(`a downloaded profile attaches in ${system}, and only then is data used`, async (t) => {
    const lab = await testLab(t)
    const { phone, msisdn } = await subscriber(lab)
    t.like(await t.throwsAsync(use(lab, msisdn, 'early')), { reason: 'notAttached' })
    const steps: AttachStep[] = []
    const attachment = await phone.attach({ system, onStep: (step) => void steps.push(step) })
    const item = lab.operator.inventoryItem({ msisdn })!
    t.like(attachment, { system, supi: `imsi-${item.imsi}`, resynchronised: false })
    t.deepEqual(attachedIds(lab), [attachment.registrationId])
    t.is((await use(lab, msisdn)).amountBytes, GB)
    const told = JSON.stringify(steps, (_, value: unknown) =>
      value instanceof Uint8Array ? toHex(value) : value,
    )
    for (const secret of [item.ki, item.opc]) t.false(told.includes(toHex(secret)))
    await phone.detach()
    t.deepEqual(attachedIds(lab), [])
    t.like(await t.throwsAsync(use(lab, msisdn, 'late')), { reason: 'notAttached' })
  })
}

test('the lab’s profiles are made for 5GS, and conceal who they are', async (t) => {
  const lab = await testLab(t)
  const { phone, msisdn } = await subscriber(lab)
  const steps: AttachStep[] = []
  await phone.attach({ onStep: (step) => void steps.push(step) })
  const request = steps.find((step) => step.step === 'registrationRequest')
  t.is(request?.system, '5GS')
  t.not(request?.concealedBy, 'nobody')
  const { imsi } = lab.operator.inventoryItem({ msisdn })!
  t.false(request?.identity.includes(imsi.slice(5)))
})

test('a phone attaches again and again, and nothing needs to be resynchronised', async (t) => {
  const lab = await testLab(t)
  const { phone } = await subscriber(lab)
  for (let times = 0; times < 40; times++) t.false((await phone.attach()).resynchronised)
  t.is(attachedIds(lab).length, 1)
})

test('a phone without an enabled profile cannot attach', async (t) => {
  const lab = await testLab(t)
  const { phone, iccid } = await subscriber(lab)
  await phone.attach()
  await phone.disable({ iccid })
  t.like(await t.throwsAsync(phone.attach()), { code: 'notFound', reason: 'noUsim' })
  t.is(attachedIds(lab).length, 1, 'the card has not told yet')
  await phone.sendNotifications()
  t.deepEqual(attachedIds(lab), [])
})

test('a profile of which the operator has not heard is not served', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { iccid, activationCode } = await lab.order()
  await phone.download({ activationCode: parseActivationCode(activationCode) })
  await phone.enable({ iccid })
  t.like(await t.throwsAsync(phone.attach()), { code: 'refused', reason: 'servicesNotAllowed' })
  await phone.sendNotifications()
  await phone.attach()
  t.is(attachedIds(lab).length, 1)
})

test('with two profiles on a phone, it attaches as the one that is enabled', async (t) => {
  const lab = await testLab(t)
  const first = await subscriber(lab)
  const one = await first.phone.attach()
  const second = await subscriber(lab, { phone: first.phone })
  const two = await first.phone.attach()
  t.not(one.supi, two.supi)
  t.deepEqual(attachedIds(lab), [two.registrationId])
  t.like(await t.throwsAsync(use(lab, first.msisdn, '1')), { reason: 'profileNotEnabled' })
  t.is((await use(lab, second.msisdn, '2')).amountBytes, GB)
})

test('a phone whose profile has come to a second one loses its place there', async (t) => {
  const lab = await testLab(t)
  const first = await subscriber(lab, { repeatable: true })
  await first.phone.attach()
  const [order] = lab.smdp.orders({ limit: 1 })
  const phone = lab.createPhone()
  const smdpAddress = lab.smdp.address
  const matchingId = order?.matchingId ?? ''
  await phone.download({
    activationCode: parseActivationCode(`LPA:1$${smdpAddress}$${matchingId}`),
  })
  await phone.enable({ iccid: first.iccid })
  await phone.sendNotifications()
  t.deepEqual(attachedIds(lab), [])
  const attachment = await phone.attach()
  t.false(attachment.resynchronised)
  t.deepEqual(attachedIds(lab), [attachment.registrationId])
})

async function importedPhone(
  t: ExecutionContext,
  given: { readonly package?: Uint8Array; readonly ki?: Uint8Array; readonly opc?: Uint8Array },
): Promise<{ readonly lab: Lab; readonly phone: Phone }> {
  const lab = await testLab(t)
  await lab.importProfile({ package: foreignPackage(), ...given })
  const { phone } = await subscriber(lab, { iccid: SUBSCRIBER.iccid })
  return { lab, phone }
}

test('an imported profile attaches with the keys of its package', async (t) => {
  const { lab, phone } = await importedPhone(t, {})
  t.is((await phone.attach()).supi, `imsi-${SUBSCRIBER.imsi}`)
  await use(lab, SUBSCRIBER.msisdn)
})

for (const wrong of [
  { ki: new Uint8Array(16).fill(1) },
  { opc: new Uint8Array(16).fill(1) },
] as const) {
  test(`an imported profile fails visibly when the operator has another ${Object.keys(wrong).join()}`, async (t) => {
    const { lab, phone } = await importedPhone(t, wrong)
    const steps: string[] = []
    const error = await t.throwsAsync(
      phone.attach({ onStep: ({ step }) => void steps.push(step) }),
      {
        instanceOf: LabError,
      },
    )
    t.like(error, { code: 'refused', reason: 'macFailure' })
    t.deepEqual(steps.slice(-2), ['macFailure', 'refused'])
    t.deepEqual(attachedIds(lab), [])
    t.like(await t.throwsAsync(use(lab, SUBSCRIBER.msisdn)), { reason: 'notAttached' })
  })
}

test('keys that the package’s algorithm does not take are refused when it is imported', async (t) => {
  const lab = await testLab(t)
  const octets = foreignPackage()
  const refused = (given: object, field: string, of = octets) =>
    t
      .throwsAsync(lab.importProfile({ package: of, ...given }))
      .then((error) => t.like(error, { code: 'badInput', field }))
  await refused({ ki: new Uint8Array(32) }, 'ki')
  await refused({ opc: new Uint8Array(32) }, 'opc')
  t.is(lab.importedProfile({ iccid: SUBSCRIBER.iccid }), undefined)
})

test('an IMSI that two profiles have stands for the one that is enabled, and then for that of the stock', async (t) => {
  const lab = await testLab(t)
  const stock = lab.operator.inventoryItem({ iccid: '8900101000000000019' })!
  const octets = foreignPackage({
    operator: lab.operator.file.plmn,
    subscriber: { imsi: stock.imsi },
  })
  await lab.importProfile({ package: octets })
  const theirs = await subscriber(lab, { iccid: SUBSCRIBER.iccid })
  const attached = () => lab.operator.network.registrations({ limit: 10 }).map((one) => one.iccid)
  t.is((await theirs.phone.attach()).supi, `imsi-${stock.imsi}`)
  t.deepEqual(attached(), [SUBSCRIBER.iccid])
  const ours = await subscriber(lab, { iccid: stock.iccid })
  await ours.phone.attach()
  t.deepEqual(attached(), [stock.iccid])
  t.like(await t.throwsAsync(theirs.phone.attach()), { reason: 'macFailure' })
})

/** RES of 256 bits, MAC of 64 (3GPP TS 35.231 §6.2). */
const TUAK_WITH_LONG_RES = {
  algorithmID: 'tuak',
  algorithmOptions: Uint8Array.of(0x0c),
  key: new Uint8Array(16),
  opc: new Uint8Array(32),
  numberOfKeccak: 1,
} as const

test('a profile whose RES is too long for the network is refused with that reason', async (t) => {
  const octets = withElement(foreignPackage(), {
    kind: 'akaParameter',
    change: (value) => ({ ...value, algoConfiguration: { algoParameter: TUAK_WITH_LONG_RES } }),
  })
  const { phone } = await importedPhone(t, { package: octets })
  t.like(await t.throwsAsync(phone.attach()), { reason: 'resTooLong' })
})

const ALGORITHMS = {
  'TUAK with a key of 128 bits': { kind: 'tuak', keyOctets: 16 },
  'TUAK with a key of 256 bits': {
    kind: 'tuak',
    keyOctets: 32,
    resOctets: 16,
    keccakIterations: 2,
  },
  'Milenage with constants of its own': {
    kind: 'milenage',
    rotationConstants: '4008204868',
    xoringConstants: Array.from({ length: 5 }, (_, at) => `${'00'.repeat(15)}0${at + 3}`).join(''),
  },
} as const

for (const [name, algorithm] of Object.entries(ALGORITHMS)) {
  test(`the profiles of an operator attach whose algorithm is ${name}`, async (t) => {
    const operatorFile = join(temporaryDirectory(t), 'operator.json')
    const file = JSON.parse(readFileSync(LAB_OPERATOR_FILE, 'utf8')) as { profile: object }
    const { icon: _icon, ...profile } = file.profile as { readonly icon?: string }
    writeFileSync(operatorFile, JSON.stringify({ ...file, profile: { ...profile, algorithm } }))
    const lab = await testLab(t, { operatorFile })
    const { phone, msisdn } = await subscriber(lab)
    for (const system of ['5GS', 'EPS'] as const) await phone.attach({ system })
    t.is((await use(lab, msisdn)).amountBytes, GB)
    const { iccid } = lab.operator.account({ msisdn })!
    await phone.detach()
    t.is(lab.operator.network.registrationOf({ iccid }), undefined)
  })
}

test('attachments, numbers and the keys for identities outlive a restart', async (t) => {
  const dataDirectory = temporaryDirectory(t)
  const open = () => createLab({ dataDirectory, stock: 2, seed: 'attach' })
  const storage = textStorage()
  const first = await open()
  const one = await subscriber(first, { phone: first.createPhone({ name: 'p', storage }) })
  const { registrationId } = await one.phone.attach()
  const publicKeys = first.operator.network.suciPublicKeys()
  await first.close()
  t.is(statSync(join(dataDirectory, 'suci-keys.json')).mode & 0o777, 0o600)

  const second = await open()
  t.teardown(() => second.close())
  t.deepEqual(second.operator.network.suciPublicKeys(), publicKeys)
  t.deepEqual(attachedIds(second), [registrationId])
  await use(second, one.msisdn)
  const phone = second.createPhone({ name: 'p', storage })
  const again = await phone.attach()
  t.false(again.resynchronised, 'neither the card nor the network has forgotten a number')
  t.deepEqual(attachedIds(second), [again.registrationId])
})

test('an attachment does not end by itself', async (t) => {
  const lab = await testLab(t)
  const { phone, msisdn } = await subscriber(lab)
  await phone.attach()
  lab.clock.advance(20 * DAY_MS)
  await use(lab, msisdn)
  t.is(attachedIds(lab).length, 1)
})

test('a phone attaches in its operator’s own network at home, and in a foreign one abroad', async (t) => {
  const lab = await testLab(t)
  // By hand, from the PLMNs that the operators are known by.
  const home = { t2: ['250', '020'], 'china-mobile': ['460', '000'], vodacom: ['655', '001'] }
  for (const [operator, [mcc = '', mnc = '']] of Object.entries(home)) {
    const { profileType } = lab.operator.operators.get(operator).profile
    const { phone, iccid, msisdn } = await subscriber(lab, { profileType })
    const { supi } = await phone.attach()
    const networkOf = () => lab.operator.network.registrationOf({ iccid })?.servingNetworkName
    t.regex(supi, new RegExp(`^imsi-${mcc}`))
    t.is(networkOf(), `5G:mnc${mnc}.mcc${mcc}.3gppnetwork.org`, operator)
    await phone.attach({ system: 'EPS' })
    t.is(networkOf(), `${mcc}-${mnc.slice(1)}`)

    const abroad = operator === 'china-mobile' ? 'ZA' : 'CN'
    const foreign = operator === 'china-mobile' ? '655-07' : '460-00'
    await lab.operator.charging.movePhone({ eid: phone.eid, country: abroad })
    t.is(networkOf(), foreign, 'the attachment goes on there')
    const steps: AttachStep[] = []
    await phone.attach({ onStep: (step) => void steps.push(step) })
    t.is(networkOf(), `5G:mnc0${foreign.slice(4)}.mcc${foreign.slice(0, 3)}.3gppnetwork.org`)
    t.true(
      steps.some((step) => 'servingNetworkName' in step && step.servingNetworkName === networkOf()),
    )
    await lab.operator.charging.movePhone({ eid: phone.eid, country: 'FR' })
    t.is(networkOf(), '5G:mnc099.mcc999.3gppnetwork.org', 'the lab has no operator there')
    await lab.operator.charging.movePhone({ eid: phone.eid, country: 'home' })
    t.is(networkOf(), `5G:mnc${mnc}.mcc${mcc}.3gppnetwork.org`)
    t.truthy(lab.operator.account({ msisdn }))
  }
})
