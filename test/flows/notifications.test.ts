import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import { es10Client } from '../../src/rsp/es10.ts'
import type { PendingNotification } from '../../src/rsp/es10b.ts'
import { createDriver, damaged } from '../helpers/driver.ts'
import { orderOf, orderState, testLab } from '../helpers/lab.ts'

interface Lived {
  readonly lab: Lab
  readonly phone: Phone
  readonly order: { readonly iccid: string; readonly msisdn: string }
  /** By sequence number from 1: result, install, enable, disable, enable, disable, delete. */
  readonly pending: readonly PendingNotification[]
}

const OPERATIONS = ['install', 'install', 'enable', 'disable', 'enable', 'disable', 'delete']

/** A profile that was installed, used and deleted while the phone was offline. */
async function livedOffline(lab: Lab): Promise<Lived> {
  const phone = lab.createPhone()
  const order = await lab.order()
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  await phone.enable(order)
  await phone.disable(order)
  await phone.enable(order)
  await phone.disable(order)
  await phone.delete(order)
  const { notificationList } = await es10Client(phone.euicc).retrieveNotificationsList({})
  return { lab, phone, order, pending: notificationList ?? [] }
}

function stateOf({ lab, order }: Lived): string | undefined {
  return lab.operator.account({ iccid: order.iccid })?.profileState
}

async function send(lived: Lived, seqNumbers: readonly number[]): Promise<void> {
  for (const seqNumber of seqNumbers) {
    const pendingNotification = lived.pending[seqNumber - 1]
    if (pendingNotification) await lived.lab.es9Plus.handleNotification({ pendingNotification })
  }
}

test('what happened offline is told in its order and forgotten', async (t) => {
  const lived = await livedOffline(await testLab(t))
  const { phone } = lived
  const waiting = await phone.notifications()
  t.deepEqual(
    waiting.map(({ seqNumber }) => seqNumber),
    [1, 2, 3, 4, 5, 6, 7],
  )
  t.deepEqual(
    waiting.map(({ operation }) => operation),
    OPERATIONS as typeof waiting extends readonly { operation: infer O }[] ? O[] : never,
  )
  t.deepEqual(await phone.sendNotifications(), { sent: [1, 2, 3, 4, 5, 6, 7], failed: [] })
  t.deepEqual(await phone.notifications(), [])
  t.is(stateOf(lived), 'deleted')
  t.is(orderState(lived.lab, lived.order), 'Installed')
})

test('what cannot be sent stays on the card and is sent later', async (t) => {
  const lived = await livedOffline(await testLab(t))
  const { lab, phone } = lived
  const { address } = lab.smdp
  lab.smdp.setAddresses(['moved.example.com'])
  const report = await phone.sendNotifications()
  t.deepEqual(report.sent, [])
  t.is(report.failed.length, 7)
  t.regex(report.failed[0]?.reason ?? '', new RegExp(address))
  t.is((await phone.notifications()).length, 7)
  t.is(stateOf(lived), 'ordered')
  lab.smdp.setAddresses([address])
  t.is((await phone.sendNotifications()).sent.length, 7)
  t.is(stateOf(lived), 'deleted')
})

test('a server that is gone holds up its own notifications only', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const [first, second] = [await lab.order(), await lab.order()]
  await createDriver(lab, { phone, matchingId: first.matchingId }).through('load')
  lab.smdp.setAddresses(['moved.example.com'])
  await createDriver(lab, { phone, matchingId: second.matchingId }).through('load')
  const { sent, failed } = await phone.sendNotifications()
  t.deepEqual(sent, [3, 4])
  t.deepEqual(
    failed.map(({ seqNumber }) => seqNumber),
    [1, 2],
  )
  t.is(orderState(lab, first), 'Downloaded')
  t.is(orderState(lab, second), 'Installed')
})

test('what is sent twice counts once', async (t) => {
  const lived = await livedOffline(await testLab(t))
  const { lab, order } = lived
  await send(lived, [1, 2, 3])
  const { totalBytes } = lab.operator.balance(order)
  t.true(totalBytes > 0n)
  await send(lived, [1, 2, 3, 3, 2, 1])
  t.is(lab.operator.balance(order).totalBytes, totalBytes, 'one plan')
  t.is(stateOf(lived), 'enabled')
  t.is(orderState(lab, order), 'Installed')
  t.deepEqual(lab.operator.audit().faults, [])
})

for (const order of [
  [7, 6, 5, 4, 3, 2, 1],
  [2, 1, 4, 3, 7, 5, 6],
  [3, 7, 1, 2],
]) {
  test(`the last word counts when they come as ${order.join(' ')}`, async (t) => {
    const lived = await livedOffline(await testLab(t))
    await send(lived, order)
    t.is(stateOf(lived), 'deleted')
    t.is(orderState(lived.lab, lived.order), 'Installed')
    t.deepEqual(lived.lab.operator.audit().faults, [])
  })
}

test('a result with an error ends the order when the phone reports it', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order()
  const driver = createDriver(lab, { phone, matchingId: order.matchingId })
  const { boundProfilePackage } = await (
    await driver.through('prepareDownload')
  ).getBoundProfilePackage()
  const segments = segmentsOf(boundProfilePackage)
  await driver.load(segments.map((segment, at) => (at === 5 ? damaged(segment) : segment)))
  t.deepEqual(await phone.profiles(), [])
  t.is(orderState(lab, order), 'Downloaded')
  t.deepEqual((await phone.sendNotifications()).sent, [1])
  t.is(orderState(lab, order), 'Error')
  t.regex(orderOf(lab, order)?.errorDetail ?? '', /scp03tSecurityError/)
  t.is(lab.operator.account(order)?.profileState, 'ordered')
})

test('a full store loses its oldest notifications, but no result, and numbers go on', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order()
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  for (let at = 0; at < 35; at++) {
    await phone.enable(order)
    await phone.disable(order)
  }
  const waiting = await phone.notifications()
  t.deepEqual(
    waiting.map(({ seqNumber }) => seqNumber),
    [1, ...Array.from({ length: 64 }, (_, at) => at + 9)],
  )
  await phone.sendNotifications()
  t.is(lab.operator.account(order)?.profileState, 'disabled')
  t.is(orderState(lab, order), 'Installed')
})

test('a card that was made anew counts from one again, and is heard about its new profile', async (t) => {
  const lab = await testLab(t)
  for (const _ of [1, 2]) {
    const phone = lab.createPhone({ name: 'anna' })
    const order = await lab.order()
    await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
    await phone.enable(order)
    t.deepEqual((await phone.sendNotifications()).sent, [1, 2, 3])
    t.is(lab.operator.account(order)?.profileState, 'enabled')
  }
})

test('after one that could not be sent, later ones for the same server wait', async (t) => {
  const lab = await testLab(t)
  let failuresLeft = 1
  const phone = lab.createPhone({
    es9Plus: () => ({
      ...lab.es9Plus,
      async handleNotification(request) {
        if (failuresLeft-- > 0) throw new LabError('unavailable', 'the line broke.')
        return lab.es9Plus.handleNotification(request)
      },
    }),
  })
  const order = await lab.order()
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  const first = await phone.sendNotifications()
  t.deepEqual(first.sent, [])
  t.deepEqual(
    first.failed.map(({ reason }) => reason),
    ['the line broke.', 'the line broke.'],
  )
  t.is(orderState(lab, order), 'Downloaded')
  t.deepEqual((await phone.sendNotifications()).sent, [1, 2])
})
