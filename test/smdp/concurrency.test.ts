import test from 'ava'
import { RspError } from '../../src/rsp/status-codes.ts'
import { createDriver } from '../helpers/driver.ts'
import { orderOf, orderState, testLab } from '../helpers/lab.ts'

test('of many eUICCs that ask for one package at once, one gets it', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const { matchingId } = order
  const drivers = await Promise.all(
    Array.from({ length: 5 }, () =>
      createDriver(lab, { phone: lab.createPhone(), matchingId }).through('prepareDownload'),
    ),
  )
  const outcomes = await Promise.allSettled(drivers.map((one) => one.getBoundProfilePackage()))
  const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  t.is(refused.length, 4)
  t.true(refused.every((error) => error instanceof RspError && error.code === '8.2/3.7'))
  t.is(orderState(lab, order), 'Downloaded')
})

test('wrong Confirmation Codes that come at once are each counted', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order({ confirmationCode: '1234' })
  const { matchingId } = order
  const drivers = await Promise.all(
    Array.from({ length: 5 }, () => {
      const driven = { phone: lab.createPhone(), matchingId, confirmationCode: '0000' }
      return createDriver(lab, driven).through('prepareDownload')
    }),
  )
  const outcomes = await Promise.allSettled(drivers.map((one) => one.getBoundProfilePackage()))
  const codes = outcomes.map((one) => one.status === 'rejected' && (one.reason as RspError).code)
  t.deepEqual(codes, ['8.2.7/3.8', '8.2.7/3.8', '8.2.7/6.4', '8.2/3.7', '8.2/3.7'])
  t.is(orderState(lab, order), 'Error')
})

test('a session that is cancelled while its package is made does not come back', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { matchingId } = await lab.order()
  const driver = await createDriver(lab, { phone, matchingId }).through('prepareDownload')
  const [bound] = await Promise.allSettled([
    driver.getBoundProfilePackage(),
    driver.cancel('postponed'),
  ])
  t.is(bound.status, 'fulfilled')
  t.is(lab.smdp.sessionCount, 0)
})

test('orders that come at once get a profile and a MatchingID each', async (t) => {
  const lab = await testLab(t, { stock: 30 })
  const orders = await Promise.all(Array.from({ length: 30 }, () => lab.order()))
  t.is(new Set(orders.map(({ iccid }) => iccid)).size, 30)
  t.is(new Set(orders.map(({ matchingId }) => matchingId)).size, 30)
  t.is(new Set(orders.map(({ msisdn }) => msisdn)).size, 30)
})

test('a MatchingID that two orders want at once is given once', async (t) => {
  const lab = await testLab(t)
  const outcomes = await Promise.allSettled([
    lab.order({ matchingId: 'MINE' }),
    lab.order({ matchingId: 'MINE' }),
  ])
  t.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
})

test('one result that comes many times at once counts once', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order()
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  await Promise.all([phone.sendNotifications(), phone.sendNotifications()])
  t.is(orderState(lab, order), 'Installed')
  t.is(orderOf(lab, order)?.eid, phone.eid)
  t.deepEqual(lab.operator.audit().faults, [])
})
