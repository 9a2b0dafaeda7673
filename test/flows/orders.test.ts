import test from 'ava'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import { LabError } from '../../src/base/errors.ts'
import type { Lab } from '../../src/lab.ts'
import type { OrderedProfile } from '../../src/operator/ordering.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import { orderOf, orderState, testLab } from '../helpers/lab.ts'
import { refusedWith } from '../helpers/refusals.ts'

const codeOf = ({ activationCode }: OrderedProfile) => parseActivationCode(activationCode)

test('an activation code without a Confirmation Code installs a disabled profile', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order()
  const download = await phone.download({ activationCode: codeOf(order) })
  t.is(download.iccid, order.iccid)
  const [profile] = await phone.profiles()
  t.like(profile, { iccid: order.iccid, state: 'disabled', isdpAid: download.isdpAid })
  t.is(orderOf(lab, order)?.eid, phone.eid)
})

test('a Confirmation Code is asked for and taken', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order({ confirmationCode: '4711' })
  t.true(codeOf(order).confirmationCodeRequired)
  const missing = await t.throwsAsync(phone.download({ activationCode: codeOf(order) }), {
    instanceOf: LabError,
  })
  t.is(missing?.reason, 'confirmationCodeMissing')
  t.is(orderState(lab, order), 'Released', 'the user may look the code up')
  const wrong = await t.throwsAsync(
    phone.download({ activationCode: codeOf(order), confirmationCode: '0000' }),
    { instanceOf: LabError },
  )
  t.is(wrong?.reason, '8.2.7/3.8')
  t.is(orderState(lab, order), 'Released')
  await phone.download({ activationCode: codeOf(order), confirmationCode: '4711' })
  t.is(orderState(lab, order), 'Downloaded')
})

test('an order for one EID goes to that eUICC alone', async (t) => {
  const lab = await testLab(t)
  const [mine, other] = [lab.createPhone(), lab.createPhone()]
  const order = await lab.order({ eid: mine.eid })
  const refused = await t.throwsAsync(other.download({ activationCode: codeOf(order) }), {
    instanceOf: LabError,
  })
  t.is(refused?.reason, '8.1.1/3.8')
  t.is(lab.smdp.sessionCount, 1, 'a session that was never authenticated cannot be cancelled')
  await t.notThrowsAsync(mine.download({ activationCode: codeOf(order) }))
})

for (const [name, matchingId] of [
  ['empty', ''],
  ['absent', undefined],
] as const) {
  test(`the default SM-DP+ finds the order by the EID when the MatchingID is ${name}`, async (t) => {
    const lab = await testLab(t)
    const phone = lab.createPhone()
    const order = await lab.order({ eid: phone.eid, matchingId: '' })
    t.is(codeOf(order).matchingId, '')
    const driver = createDriver(lab, { phone, ...(matchingId === '' && { matchingId }) })
    await driver.through('load')
    await phone.sendNotifications()
    t.is(orderState(lab, order), 'Installed')
  })

  test(`an order with a MatchingID is found by its EID when the MatchingID is ${name}`, async (t) => {
    const lab = await testLab(t)
    const phone = lab.createPhone()
    const order = await lab.order({ eid: phone.eid })
    await createDriver(lab, { phone, ...(matchingId === '' && { matchingId }) }).through('load')
    t.is(orderState(lab, order), 'Downloaded')
  })
}

test('the LPA takes an activation code whose MatchingID is empty', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order({ eid: phone.eid, matchingId: '' })
  const { iccid } = await phone.download({ activationCode: codeOf(order) })
  t.is(iccid, order.iccid)
})

test('two orders of one EID are downloaded one after the other', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const orders = [
    await lab.order({ eid: phone.eid, matchingId: '' }),
    await lab.order({ eid: phone.eid, matchingId: '' }),
  ]
  for (const _ of orders) {
    await createDriver(lab, { phone, matchingId: '' }).through('load')
    await phone.sendNotifications()
  }
  t.deepEqual(
    orders.map((order) => orderState(lab, order)),
    ['Installed', 'Installed'],
  )
})

test('of two eUICCs on one order the quicker one has it', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const { matchingId } = order
  const [quick, slow] = [lab.createPhone(), lab.createPhone()]
  const slowDriver = await createDriver(lab, { phone: slow, matchingId }).through('prepareDownload')
  const quickDriver = await createDriver(lab, { phone: quick, matchingId }).through(
    'getBoundProfilePackage',
  )
  await refusedWith(t, { call: slowDriver.getBoundProfilePackage(), code: '8.2/3.7' })
  t.is(orderOf(lab, order)?.eid, quick.eid)
  await slowDriver.cancel('endUserRejection')
  t.is(orderState(lab, order), 'Downloaded', 'the slow one cannot end what is not its own')
  await quickDriver.load()
  await quick.sendNotifications()
  t.is(orderState(lab, order), 'Installed')
})

test('an order that was given back is ordered anew for another phone', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  await lab.es2Plus.cancelOrder({ ...order, finalProfileStatusIndicator: 'Available' })
  t.is(orderState(lab, order), 'Available')
  const again = await lab.order({ iccid: order.iccid })
  t.not(again.matchingId, order.matchingId)
  t.is(again.msisdn, order.msisdn)
  const phone = lab.createPhone()
  await phone.download({ activationCode: codeOf(again) })
  t.is(orderState(lab, order), 'Downloaded')
})

test('an order in Error may be given back and tried again', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order()
  const reject = phone.download({
    activationCode: codeOf(order),
    confirm: async () => 'reject',
  })
  await t.throwsAsync(reject, { instanceOf: LabError })
  t.is(orderState(lab, order), 'Error')
  await lab.es2Plus.cancelOrder({ ...order, finalProfileStatusIndicator: 'Available' })
  const again = await lab.order({ iccid: order.iccid })
  await phone.download({ activationCode: codeOf(again) })
  t.is(orderState(lab, order), 'Downloaded')
})

test('each state of an order is left by its own function', async (t) => {
  const lab = await testLab(t)
  const { profileType } = lab.operator.file.profile
  const phone = lab.createPhone()
  const states: string[] = []
  const { iccid } = await lab.es2Plus.downloadOrder({ profileType, eid: phone.eid })
  const note = () => states.push(orderState(lab, { iccid }))
  note()
  const { matchingId } = await lab.es2Plus.confirmOrder({ iccid, releaseFlag: false })
  note()
  await lab.es2Plus.releaseProfile({ iccid })
  note()
  const driver = await createDriver(lab, { phone, matchingId }).through('getBoundProfilePackage')
  note()
  await driver.load()
  await phone.sendNotifications()
  note()
  t.deepEqual(states, ['Linked', 'Confirmed', 'Released', 'Downloaded', 'Installed'])
  t.deepEqual(await accountStates(lab, iccid), ['installed'], 'it has an account all the same')
})

async function accountStates(lab: Lab, iccid: string): Promise<(string | undefined)[]> {
  return [lab.operator.account({ iccid })?.profileState]
}

test('the default SM-DP+ says that an order for the EID is not released yet', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order({ eid: phone.eid, matchingId: '', release: false })
  const driver = await createDriver(lab, { phone, matchingId: '' }).through('authenticateServer')
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.2/1.2' })
  await lab.es2Plus.releaseProfile(order)
  await t.notThrowsAsync(driver.authenticateClient())
})

test('an order that cannot be confirmed leaves its profile on stock and opens no account', async (t) => {
  const lab = await testLab(t, { stock: 1 })
  await refusedWith(t, { call: lab.order({ matchingId: '' }), code: '8.1.1/2.2' })
  t.deepEqual(lab.smdp.orders({ limit: 10 }), [])
  t.deepEqual(lab.operator.accounts(), [])
  t.is(lab.operator.stockLevel().total, 1)
})

test('an ICCID with the filler of EF.ICCID orders the profile that it has without', async (t) => {
  const lab = await testLab(t, { stock: 1 })
  const { iccid } = needed(lab.operator.inventoryItem({ msisdn: '999010000001' }))
  t.is((await lab.order({ iccid: `${iccid}F` })).iccid, iccid)
})

test('a profile type that is not the operator’s own is not made anew when it has run out', async (t) => {
  const lab = await testLab(t, { stock: 1 })
  await lab.operator.stock({ count: 1, profileType: 'other' })
  await lab.addStock(1)
  await lab.order({ profileType: 'other' })
  await refusedWith(t, { call: lab.order({ profileType: 'other' }), code: '8.2.5/3.7' })
})
