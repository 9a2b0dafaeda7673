import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import type { OrderedProfile } from '../../src/operator/ordering.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { es10Client } from '../../src/rsp/es10.ts'
import { createDriver } from '../helpers/driver.ts'
import { orderOf, orderState, testLab } from '../helpers/lab.ts'
import { refusedWith } from '../helpers/refusals.ts'

async function download(phone: Phone, order: OrderedProfile, code?: string): Promise<void> {
  await phone.download({
    activationCode: parseActivationCode(order.activationCode),
    ...(code !== undefined && { confirmationCode: code }),
  })
  await phone.sendNotifications()
}

function stateOf(lab: Lab, order: OrderedProfile) {
  const { state, eid } = orderOf(lab, order) ?? {}
  return { state, eid }
}

test('a repeatable order is downloaded again and again, by any eUICC, also by the same one', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order({ repeatable: true })
  t.true(order.repeatable)
  const phones = [lab.createPhone(), lab.createPhone(), lab.createPhone()]
  for (const phone of phones) {
    await download(phone, order)
    t.deepEqual(stateOf(lab, order), { state: 'Released', eid: undefined })
  }
  const [first] = phones as [Phone]
  await first.delete(order)
  await download(first, order)
  t.is((await first.profiles()).length, 1)
  t.deepEqual(stateOf(lab, order), { state: 'Released', eid: undefined })
})

test('its plan is granted once, and its account follows the card that installed it last', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order({ repeatable: true })
  const { amountBytes } = lab.operator.file.plan
  const [one, two] = [lab.createPhone(), lab.createPhone()]
  await download(one, order)
  await one.enable(order)
  await one.sendNotifications()
  t.is(lab.operator.account(order)?.profileState, 'enabled')
  await download(two, order)
  t.is(lab.operator.account(order)?.profileState, 'installed')
  t.is(lab.operator.audit().issued, amountBytes)
  t.deepEqual(
    lab.operator.bindings(order).map(({ eid, to }) => [eid, to === undefined]),
    [
      [one.eid, false],
      [two.eid, true],
    ],
  )
})

test('a download that was not reported does not keep others from a repeatable order', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order({ repeatable: true })
  const [silent, other] = [lab.createPhone(), lab.createPhone()]
  await createDriver(lab, { phone: silent, matchingId: order.matchingId }).through('load')
  t.deepEqual(stateOf(lab, order), { state: 'Downloaded', eid: silent.eid })
  await createDriver(lab, { phone: other, matchingId: order.matchingId }).through('load')
  t.deepEqual(stateOf(lab, order), { state: 'Downloaded', eid: other.eid })
  await silent.sendNotifications()
  t.deepEqual(stateOf(lab, order), { state: 'Downloaded', eid: other.eid }, 'not its own any more')
  await other.sendNotifications()
  t.deepEqual(stateOf(lab, order), { state: 'Released', eid: undefined })
  t.is(lab.operator.bindings(order).length, 2, 'both have it')
})

test('a result that comes twice does not end the next download of a repeatable order', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order({ repeatable: true })
  const phone = lab.createPhone()
  const { matchingId } = order
  await createDriver(lab, { phone, matchingId }).through('load')
  const { notificationList } = await es10Client(phone.euicc).retrieveNotificationsList({})
  const [pendingNotification] = notificationList ?? []
  await phone.sendNotifications()
  await phone.delete(order)
  await createDriver(lab, { phone, matchingId }).through('getBoundProfilePackage')
  if (pendingNotification) await lab.es9Plus.handleNotification({ pendingNotification })
  t.deepEqual(stateOf(lab, order), { state: 'Downloaded', eid: phone.eid })
})

test('a failure does not burn a repeatable order', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order({ repeatable: true, confirmationCode: '4711' })
  const activationCode = parseActivationCode(order.activationCode)
  const phone = lab.createPhone()
  const rejecting = phone.download({ activationCode, confirm: async () => 'reject' })
  await t.throwsAsync(rejecting, { instanceOf: LabError })
  t.like(orderOf(lab, order), { state: 'Released', errorDetail: 'cancelled: endUserRejection' })
  for (let tries = 1; tries <= 5; tries++) {
    const wrong = phone.download({ activationCode, confirmationCode: '0000' })
    const error = await t.throwsAsync(wrong, { instanceOf: LabError })
    t.is(error?.reason, tries === 3 ? '8.2.7/6.4' : '8.2.7/3.8')
  }
  await download(phone, order, '4711')
  await t.throwsAsync(download(phone, order, '4711'), { instanceOf: LabError })
  await phone.sendNotifications()
  t.like(orderOf(lab, order), { state: 'Released' }, 'the card has this ICCID already')
  await download(lab.createPhone(), order, '4711')
})

test('a repeatable order for one EID stays with that eUICC', async (t) => {
  const lab = await testLab(t)
  const [mine, other] = [lab.createPhone(), lab.createPhone()]
  const order = await lab.order({ repeatable: true, eid: mine.eid })
  await download(mine, order)
  t.deepEqual(stateOf(lab, order), { state: 'Released', eid: mine.eid })
  const refused = await t.throwsAsync(download(other, order), { instanceOf: LabError })
  t.is(refused?.reason, '8.1.1/3.8')
})

test('a repeatable order that is cancelled is an order like others when it is given anew', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order({ repeatable: true })
  await download(lab.createPhone(), order)
  await lab.es2Plus.cancelOrder({ ...order, finalProfileStatusIndicator: 'Available' })
  const again = await lab.order({ iccid: order.iccid })
  await download(lab.createPhone(), again)
  t.is(orderState(lab, again), 'Installed')
})

test('ES2+ gives orders that are downloaded once', async (t) => {
  const lab = await testLab(t)
  const { profileType } = lab.operator.file.profile
  const { iccid } = await lab.es2Plus.downloadOrder({ profileType })
  await lab.es2Plus.confirmOrder({ iccid, releaseFlag: true })
  t.false(orderOf(lab, { iccid })?.repeatable)
})

test('an installed order is reset, and downloaded with the same code by another phone', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const [one, two] = [lab.createPhone(), lab.createPhone()]
  await download(one, order)
  t.is(orderState(lab, order), 'Installed')
  const { activationCode, matchingId, iccid } = order
  t.like(await lab.smdp.resetOrder(order), {
    iccid,
    state: 'Released',
    eid: undefined,
    matchingId,
    activationCode,
    repeatable: false,
  })
  await download(two, order)
  t.deepEqual(stateOf(lab, order), { state: 'Installed', eid: two.eid })
  t.is(lab.operator.audit().issued, lab.operator.file.plan.amountBytes, 'one plan')
  await one.delete(order)
  await one.sendNotifications()
  t.is(lab.operator.account(order)?.profileState, 'installed', 'it lives in the other phone')
})

test('an order in Error is reset with all its tries', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order({ confirmationCode: '4711' })
  const activationCode = parseActivationCode(order.activationCode)
  const phone = lab.createPhone()
  for (let tries = 0; tries < 3; tries++) {
    await t.throwsAsync(phone.download({ activationCode, confirmationCode: '0000' }))
  }
  t.is(orderState(lab, order), 'Error')
  await lab.smdp.resetOrder(order)
  t.like(orderOf(lab, order), { state: 'Released', errorDetail: undefined })
  for (let tries = 0; tries < 2; tries++) {
    await t.throwsAsync(phone.download({ activationCode, confirmationCode: '0000' }))
  }
  t.is(orderState(lab, order), 'Released')
  await download(phone, order, '4711')
})

test('a result from before a reset counts no more', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const phone = lab.createPhone()
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  const { notificationList } = await es10Client(phone.euicc).retrieveNotificationsList({})
  const [result] = notificationList ?? []
  await lab.smdp.resetOrder(order)
  await phone.delete(order)
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('getBoundProfilePackage')
  if (result) await lab.es9Plus.handleNotification({ pendingNotification: result })
  t.is(orderState(lab, order), 'Downloaded')
})

test('a result that comes while the order is reset and handed out anew counts no more', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const phone = lab.createPhone()
  const { matchingId } = order
  await createDriver(lab, { phone, matchingId }).through('load')
  const { notificationList } = await es10Client(phone.euicc).retrieveNotificationsList({})
  const [pendingNotification] = notificationList ?? []
  if (!pendingNotification) return t.fail('no result')
  await phone.delete(order)
  const again = await createDriver(lab, { phone, matchingId }).through('prepareDownload')
  const reset = lab.smdp.resetOrder(order)
  const handedOut = again.getBoundProfilePackage()
  // All three stand in one commit of the store, the result last.
  await new Promise(process.nextTick)
  const counted = lab.es9Plus.handleNotification({ pendingNotification })
  await Promise.all([reset, handedOut, counted])
  t.is(orderState(lab, order), 'Downloaded')
})

test('a session that was under way at a reset may go on', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const phone = lab.createPhone()
  const { matchingId } = order
  const driver = await createDriver(lab, { phone, matchingId }).through('getBoundProfilePackage')
  await lab.smdp.resetOrder(order)
  await driver.getBoundProfilePackage()
  await driver.load()
  await phone.sendNotifications()
  t.deepEqual(stateOf(lab, order), { state: 'Installed', eid: phone.eid })
})

test('a reset keeps the EID that the order was given for', async (t) => {
  const lab = await testLab(t)
  const [mine, other] = [lab.createPhone(), lab.createPhone()]
  const order = await lab.order({ eid: mine.eid, matchingId: '' })
  await createDriver(lab, { phone: mine }).through('load')
  await mine.sendNotifications()
  t.is(orderState(lab, order), 'Installed')
  t.is((await lab.smdp.resetOrder(order)).eid, mine.eid)
  const driver = await createDriver(lab, { phone: other }).through('authenticateServer')
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.1.1/3.8' })
})

test('only what was released can be reset, and a reset twice is one', async (t) => {
  const lab = await testLab(t)
  const refused = { instanceOf: LabError }
  const none = await t.throwsAsync(lab.smdp.resetOrder({ iccid: '8900000000000000000' }), refused)
  t.is(none?.code, 'notFound')
  const order = await lab.order({ release: false })
  const unreleased = await t.throwsAsync(lab.smdp.resetOrder(order), refused)
  t.like(unreleased, { code: 'conflict', reason: 'isConfirmed' })
  await lab.es2Plus.releaseProfile(order)
  await lab.smdp.resetOrder(order)
  await lab.smdp.resetOrder(order)
  t.is(orderState(lab, order), 'Released')
  await lab.es2Plus.cancelOrder({ ...order, finalProfileStatusIndicator: 'Unavailable' })
  const gone = await t.throwsAsync(lab.smdp.resetOrder(order), refused)
  t.is(gone?.reason, 'isUnavailable')
})
