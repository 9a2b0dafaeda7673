import test from 'ava'
import { segmentsOf } from '../../src/lpa/segments.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import { createDriver, needed, type Driver } from '../helpers/driver.ts'
import { orderState, phoneOn, testLab } from '../helpers/lab.ts'

interface Retry {
  readonly lab: Lab
  readonly phone: Phone
  readonly order: { readonly iccid: string; readonly matchingId: string }
  /** The otPK of the first attempt. */
  readonly point: Uint8Array
}

/** A download whose load broke off after some segments. */
async function interrupted(lab: Lab): Promise<Retry> {
  const phone = lab.createPhone()
  const order = await lab.order()
  const driver = createDriver(lab, { phone, matchingId: order.matchingId })
  await driver.through('authenticateClient')
  const point = pointOf(await driver.prepareDownload())
  const { boundProfilePackage } = await driver.getBoundProfilePackage()
  const part = segmentsOf(boundProfilePackage).slice(0, 3)
  if (await driver.load(part)) throw new RangeError('the card gave its result early')
  return { lab, phone, order, point }
}

function pointOf(response: Awaited<ReturnType<Driver['prepareDownload']>>): Uint8Array {
  return needed(response.downloadResponseOk).euiccSigned2.value.euiccOtpk
}

async function retry(t: { is: (a: unknown, b: unknown) => unknown }, of: Retry): Promise<boolean> {
  const driver = createDriver(of.lab, { phone: of.phone, matchingId: of.order.matchingId })
  await driver.through('authenticateServer')
  const { smdpSigned2 } = await driver.authenticateClient()
  const asked = needed(smdpSigned2.value.bppEuiccOtpk)
  t.is(Buffer.compare(asked, of.point), 0)
  const point = pointOf(await driver.prepareDownload())
  await driver.getBoundProfilePackage()
  await driver.load()
  await of.phone.sendNotifications()
  t.is(orderState(of.lab, of.order), 'Installed')
  return Buffer.compare(point, of.point) === 0
}

test('a retry uses the one-time key of the first attempt', async (t) => {
  t.true(await retry(t, await interrupted(await testLab(t))))
})

test('the one-time key outlives a power-off in the middle of the load', async (t) => {
  const attempt = await interrupted(await testLab(t))
  attempt.phone.euicc.powerOff()
  t.true(await retry(t, attempt))
})

test('a card that has lost its key gets a package for a new one', async (t) => {
  const attempt = await interrupted(await testLab(t))
  const order = await attempt.lab.order()
  const { phone, lab } = attempt
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  t.false(await retry(t, attempt), 'another profile was installed in between')
})

test('after a cancel for later the key is kept, and the order', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order()
  const { matchingId } = order
  const driver = createDriver(lab, { phone, matchingId })
  await driver.through('authenticateClient')
  const point = pointOf(await driver.prepareDownload())
  await driver.getBoundProfilePackage()
  await driver.cancel('timeout')
  t.is(orderState(lab, order), 'Downloaded')
  t.true(await retry(t, { lab, phone, order, point }))
})

test('a package that was asked for twice is bound twice, and each opens', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { matchingId } = await lab.order()
  const driver = await createDriver(lab, { phone, matchingId }).through('prepareDownload')
  const first = await driver.getBoundProfilePackage()
  const second = await driver.getBoundProfilePackage()
  t.notDeepEqual(first.boundProfilePackage, second.boundProfilePackage)
  const result = await driver.load(segmentsOf(first.boundProfilePackage))
  t.truthy(result?.profileInstallationResultData.value.finalResult.successResult)
})

test('a key of another curve than the server’s is not kept', async (t) => {
  const lab = await testLab(t)
  const first = phoneOn(lab, { verification: 'P-256' })
  const { matchingId } = await lab.order()
  await createDriver(lab, { phone: first, matchingId }).through('getBoundProfilePackage')
  const { credentials, retryKey } = first.euicc.state
  const { eid } = first
  const state = { eid, credentials, retryKey }
  const phone = phoneOn(lab, { verification: 'brainpoolP256r1', state })
  await t.notThrowsAsync(createDriver(lab, { phone, matchingId }).through('load'))
  t.is(phone.euicc.state.profiles.length, 1)
})

test('a load that loses power behind any segment leaves the profiles as they were, and then succeeds', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const first = await lab.order()
  await createDriver(lab, { phone, matchingId: first.matchingId }).through('load')
  await phone.enable({ iccid: first.iccid })
  const order = await lab.order()
  const before = phone.euicc.state
  const bound = async (): Promise<{ driver: Driver; segments: readonly Uint8Array[] }> => {
    const driver = createDriver(lab, { phone, matchingId: order.matchingId })
    await driver.through('prepareDownload')
    const { boundProfilePackage } = await driver.getBoundProfilePackage()
    return { driver, segments: segmentsOf(boundProfilePackage) }
  }
  const { segments } = await bound()
  t.true(segments.length > 5)
  for (let count = 1; count < segments.length; count++) {
    const attempt = await bound()
    t.is(await attempt.driver.load(attempt.segments.slice(0, count)), undefined, `${count}`)
    phone.euicc.powerOff()
    t.is(phone.euicc.state.profiles, before.profiles, `${count}`)
    t.is(phone.euicc.state.nextSeqNumber, before.nextSeqNumber)
  }
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  await phone.sendNotifications()
  t.is(orderState(lab, order), 'Installed')
  t.is(phone.euicc.state.profiles.length, 2)
})
