import test, { type ExecutionContext } from 'ava'
import { segmentsOf } from '../../src/lpa/segments.ts'
import type { Faults, Personality } from '../../src/euicc/personality.ts'
import { DEFAULT_PERSONALITY } from '../../src/euicc/personality.ts'
import { loadPersonality, parsePersonality } from '../../src/euicc/personality-file.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import {
  BPP_COMMAND_IDS,
  BPP_ERRORS,
  ERROR_REASONS,
  type BppCommandId,
  type ErrorReason,
} from '../../src/rsp/common.ts'
import { AUTHENTICATE_ERROR_CODES, DOWNLOAD_ERROR_CODES } from '../../src/rsp/es10b.ts'
import { bench } from '../helpers/bind.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import { orderOf, orderState, testLab } from '../helpers/lab.ts'

function phoneWith(lab: Lab, change: Partial<Personality>): Phone {
  return lab.createPhone({ personality: { ...DEFAULT_PERSONALITY, ...change } })
}

function phoneThatFails(lab: Lab, faults: Faults): Phone {
  return phoneWith(lab, { faults })
}

test('a server’s certificate on a curve that the card does not know is unsupportedCurve', async (t) => {
  const lab = await testLab(t)
  const phone = phoneWith(lab, { curves: ['P-256'] })
  const driver = await createDriver(lab, { phone }).initiate()
  t.truthy(driver)
  const { matchingId } = await lab.order()
  const begun = createDriver(lab, { phone, matchingId })
  await begun.initiate()
  const refused = await begun.authenticateServer((request) => ({
    ...request,
    serverCertificate: lab.pki.brainpoolP256r1.dpAuth.certificate.der,
  }))
  t.is(refused.authenticateResponseError?.authenticateErrorCode, 'unsupportedCurve')
  t.truthy((await begun.authenticateServer()).authenticateResponseOk)
  await begun.authenticateClient()
  const late = await begun.prepareDownload((request) => ({
    ...request,
    smdpCertificate: lab.pki.brainpoolP256r1.dpPb.certificate.der,
  }))
  t.is(late.downloadResponseError?.downloadErrorCode, 'unsupportedCurve')
  t.truthy((await begun.prepareDownload()).downloadResponseOk)
})

for (const authenticateError of Object.keys(
  AUTHENTICATE_ERROR_CODES,
) as (keyof typeof AUTHENTICATE_ERROR_CODES)[]) {
  test(`a card can be made to answer AuthenticateServer with ${authenticateError}`, async (t) => {
    const lab = await testLab(t)
    const driver = createDriver(lab, { phone: phoneThatFails(lab, { authenticateError }) })
    await driver.initiate()
    const { authenticateResponseError } = await driver.authenticateServer()
    t.is(authenticateResponseError?.authenticateErrorCode, authenticateError)
    t.deepEqual(authenticateResponseError?.transactionId, driver.transactionId)
  })
}

for (const downloadError of Object.keys(
  DOWNLOAD_ERROR_CODES,
) as (keyof typeof DOWNLOAD_ERROR_CODES)[]) {
  test(`a card can be made to answer PrepareDownload with ${downloadError}, and the order stays`, async (t) => {
    const lab = await testLab(t)
    const order = await lab.order()
    const phone = phoneThatFails(lab, { downloadError })
    const { activationCode } = order
    const error = await t.throwsAsync(phone.download({ activationCode }))
    t.like(error, { code: 'refused', reason: downloadError })
    t.is(orderState(lab, order), 'Released')
    t.is(lab.smdp.sessionCount, 0)
  })
}

const confirm = async () => 'reject' as const

test('a card that does not cancel leaves the order as it is', async (t) => {
  const lab = await testLab(t)
  const { activationCode, iccid } = await lab.order()
  const phone = lab.createPhone({ personality: loadPersonality('fails-cancel') })
  await t.throwsAsync(phone.download({ activationCode, confirm }), { message: /rejected/ })
  t.is(orderState(lab, { iccid }), 'Released')
  t.is(lab.smdp.sessionCount, 0)
})

const PAIRS = (Object.keys(BPP_COMMAND_IDS) as BppCommandId[]).flatMap((bppCommandId) =>
  BPP_ERRORS[bppCommandId === 'storeMetadata2' ? 'storeMetadata' : bppCommandId].map(
    (errorReason) => ({ bppCommandId, errorReason }),
  ),
)

test('the pairs of Table 4a have every command and every reason', (t) => {
  const commands = new Set(PAIRS.map(({ bppCommandId }) => bppCommandId))
  const reasons = new Set(PAIRS.map(({ errorReason }) => errorReason))
  t.deepEqual([...commands].sort(), Object.keys(BPP_COMMAND_IDS).sort())
  t.deepEqual([...reasons].sort(), Object.keys(ERROR_REASONS).sort())
})

/** Loads a package whose metadata take two segments, under keys of its own, and has the card's result counted. */
async function counted(
  t: ExecutionContext,
  failAt: { readonly bppCommandId: BppCommandId; readonly errorReason: ErrorReason },
): Promise<string> {
  const lab = await testLab(t, { smdp: { profileProtection: 'profileProtectionKeys' } })
  const icon = Buffer.concat([Buffer.from('89504e47', 'hex'), Buffer.alloc(1020)])
  const iccid = '8999901000000000001'
  await lab.loadScenario({
    name: 'icon',
    source: 'a test',
    profiles: [{ iccids: [iccid], icon: icon.toString('base64') }],
    orders: [{ iccid, matchingId: 'A' }],
  })
  const phone = phoneThatFails(lab, { failAt })
  const result = await createDriver(lab, { phone, matchingId: 'A' }).through('load')
  t.truthy(result)
  await phone.sendNotifications()
  t.is(orderState(lab, { iccid }), 'Error')
  return orderOf(lab, { iccid })?.errorDetail ?? ''
}

for (const { bppCommandId, errorReason } of PAIRS) {
  test(`a card can be made to fail ${bppCommandId} with ${errorReason}, which ends the order`, async (t) => {
    const detail = await counted(t, { bppCommandId, errorReason })
    t.is(detail, `${bppCommandId}: ${errorReason}`)
  })
}

test('a load that a loss of power breaks off leaves a result with reason 11, and can be tried again', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone({ personality: loadPersonality('interrupted-result') })
  const on = await bench(lab, phone)
  const before = phone.euicc.state.nextSeqNumber
  await on.driver.load([...segmentsOf(on.bind())].slice(0, 3))
  phone.euicc.powerOff()
  t.is(phone.euicc.state.nextSeqNumber, before + 1)
  t.is(phone.euicc.state.notifications.length, 1)
  t.truthy(phone.euicc.state.retryKey)
  phone.euicc.powerOff()
  t.is(phone.euicc.state.notifications.length, 1, 'once')
})

test('the server counts a result with reason 11', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone({ personality: loadPersonality('interrupted-result') })
  const order = await lab.order()
  const driver = createDriver(lab, { phone, matchingId: order.matchingId })
  await driver.through('prepareDownload')
  const { boundProfilePackage } = await driver.getBoundProfilePackage()
  await driver.load([...segmentsOf(boundProfilePackage)].slice(0, 3))
  phone.euicc.powerOff()
  await phone.sendNotifications()
  t.regex(orderOf(lab, order)?.errorDetail ?? '', /installFailedDueToInterruption$/)
  t.is(phone.euicc.state.notifications.length, 0)
})

test('a card of the usual kind leaves nothing when the power goes', async (t) => {
  const lab = await testLab(t)
  const on = await bench(lab)
  await on.driver.load([...segmentsOf(on.bind())].slice(0, 3))
  on.phone.euicc.powerOff()
  t.is(on.phone.euicc.state.notifications.length, 0)
})

test('the faults of a personality’s file are checked', (t) => {
  const file = { name: 'x', source: 'a test', description: 'a test' }
  for (const [faults, field] of [
    [{ authenticateError: 'no' }, 'faults.authenticateError'],
    [{ downloadError: 'invalidOid' }, 'faults.downloadError'],
    [{ cancelSessionError: 'invalidTransactionId' }, 'faults.cancelSessionError'],
    [{ resultOnInterruption: 1 }, 'faults.resultOnInterruption'],
    [
      { failAt: { bppCommandId: 'storeMetadata2', errorReason: 'invalidSignature' } },
      'faults.failAt.errorReason',
    ],
  ] as const) {
    const error = t.throws(() => parsePersonality({ ...file, faults }))
    t.is((error as { field?: string }).field, field)
  }
  for (const name of ['fails-authentication', 'fails-preparation', 'fails-cancel']) {
    t.truthy(needed(Object.values(loadPersonality(name).faults).find((fault) => fault)))
  }
})
