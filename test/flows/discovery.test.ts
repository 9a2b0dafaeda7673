import test, { type ExecutionContext } from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { createLab, type Lab, type LabOptions, type Phone } from '../../src/lab.ts'
import type { ProfileOrder } from '../../src/operator/ordering.ts'
import type { Es12 } from '../../src/rsp/es12.ts'
import type { ProtocolMessage } from '../../src/rsp/observe.ts'
import { refuse, RspError } from '../../src/rsp/status-codes.ts'
import { createDriver, needed } from '../helpers/driver.ts'
import {
  orderOf,
  orderState,
  START,
  temporaryDirectory,
  testLab,
  textStorage,
} from '../helpers/lab.ts'

const HOUR_MS = 3_600_000

/** A lab, a phone, and what the roles say to one another. */
async function bench(t: ExecutionContext, options: LabOptions = {}) {
  const messages: ProtocolMessage[] = []
  const lab = await testLab(t, { observer: (message) => void messages.push(message), ...options })
  const phone = lab.createPhone()
  const order = (asked: ProfileOrder = {}) => lab.order({ smDs: 'root', eid: phone.eid, ...asked })
  const said = (name: string): string[] =>
    messages
      .filter(({ interface: side }) => side === name)
      .map(({ function: called, direction }) => `${called} ${direction}`)
  return { lab, phone, order, said }
}

/** Downloads the first event that is discovered. */
async function downloadFirst(phone: Phone): Promise<void> {
  const { events } = await phone.discover()
  const [{ smdpAddress, eventId }] = events as [(typeof events)[number]]
  const activationCode = {
    smdpAddress,
    matchingId: eventId,
    confirmationCodeRequired: false,
  }
  await phone.download({ activationCode })
}

const down = (): Promise<never> => Promise.reject(new LabError('unavailable', 'nobody is there'))

/** What the SM-DP+ finds in place of its SM-DSs. */
function withSmds(lab: Lab, smds: Partial<Es12>): void {
  lab.smdp.setSmds(() => ({ registerEvent: down, deleteEvent: down, ...smds }))
}

async function codeOf(t: ExecutionContext, call: Promise<unknown>): Promise<string | undefined> {
  return (await t.throwsAsync(call, { instanceOf: RspError }))?.code
}

test('a phone finds its profile at the root SM-DS, installs it, and then the SM-DS has no event any more', async (t) => {
  const { lab, phone, order } = await bench(t)
  const { iccid, matchingId, smdpAddress } = await order()
  const found = await phone.discover()
  const smdsAddress = lab.smds.root.address
  t.deepEqual(found, {
    rootDsAddress: smdsAddress,
    events: [{ smdpAddress, eventId: matchingId, smdsAddress }],
    failed: [],
  })
  await downloadFirst(phone)
  t.is((await phone.discover()).events.length, 1, 'the event stays until the result has come')
  await phone.sendNotifications()
  await lab.smdp.settleEvents()
  t.is(orderState(lab, { iccid }), 'Installed')
  t.deepEqual((await phone.discover()).events, [])
})

test('an event at the alternative SM-DS is found by way of the root SM-DS, and goes from both', async (t) => {
  const { lab, phone, order, said } = await bench(t)
  const { matchingId, smdpAddress } = await order({ smDs: 'alternative' })
  const { root, alternative } = lab.smds
  const { events } = await phone.discover()
  t.deepEqual(events, [{ smdpAddress, eventId: matchingId, smdsAddress: alternative.address }])
  await downloadFirst(phone)
  await phone.sendNotifications()
  await lab.smdp.settleEvents()
  t.deepEqual(await phone.discover(), { rootDsAddress: root.address, events: [], failed: [] })
  t.deepEqual(said('ES12'), [
    'registerEvent request',
    'registerEvent response',
    'deleteEvent request',
    'deleteEvent response',
  ])
  t.deepEqual(said('ES15'), said('ES12'))
})

test('events come in the order of their registration, wherever they were registered', async (t) => {
  const { phone, order } = await bench(t)
  const ordered: string[] = []
  for (const smDs of ['root', 'alternative', 'root']) {
    ordered.push((await order({ smDs })).matchingId)
  }
  const { events } = await phone.discover()
  t.deepEqual(
    events.map(({ eventId }) => eventId),
    ordered,
  )
})

test('a phone does not find the profiles of another', async (t) => {
  const { lab, order } = await bench(t)
  await order()
  t.deepEqual((await lab.createPhone().discover()).events, [])
})

test('an order that is not released has no event before ReleaseProfile', async (t) => {
  const { lab, phone, order } = await bench(t)
  const { iccid } = await order({ release: false })
  t.is(orderState(lab, { iccid }), 'Confirmed')
  t.deepEqual((await phone.discover()).events, [])
  await lab.es2Plus.releaseProfile({ iccid })
  t.is((await phone.discover()).events.length, 1)
  t.is(orderState(lab, { iccid }), 'Released')
  await lab.es2Plus.releaseProfile({ iccid })
  t.is((await phone.discover()).events.length, 1, 'ReleaseProfile may be repeated')
})

const ENDINGS: Readonly<
  Record<string, (at: { lab: Lab; phone: Phone; order: Ordered }) => Promise<void>>
> = {
  async CancelOrder({ lab, phone, order: { iccid, matchingId } }) {
    const finalProfileStatusIndicator = 'Available'
    const { eid } = phone
    await lab.es2Plus.cancelOrder({ iccid, eid, matchingId, finalProfileStatusIndicator })
  },
  async 'a CancelSession for good'({ lab, phone, order: { matchingId } }) {
    const driver = createDriver(lab, { phone, matchingId })
    await driver.through('authenticateClient')
    await driver.cancel('endUserRejection')
  },
}
type Ordered = { readonly iccid: string; readonly matchingId: string }

for (const [name, end] of Object.entries(ENDINGS)) {
  for (const smDs of ['root', 'alternative']) {
    test(`${name} deletes the event at the ${smDs} SM-DS`, async (t) => {
      const { lab, phone, order } = await bench(t)
      const ordered = await order({ smDs })
      t.is((await phone.discover()).events.length, 1)
      await end({ lab, phone, order: ordered })
      await lab.smdp.settleEvents()
      t.deepEqual((await phone.discover()).events, [])
    })
  }
}

test('CancelOrder before the release leaves nothing to delete, and no SM-DS is asked', async (t) => {
  const { lab, phone, order, said } = await bench(t)
  const { iccid, matchingId } = await order({ release: false })
  const { eid } = phone
  await lab.es2Plus.cancelOrder({
    iccid,
    eid,
    matchingId,
    finalProfileStatusIndicator: 'Available',
  })
  await lab.smdp.settleEvents()
  t.deepEqual(said('ES12'), [])
})

test('a postponed download keeps the event', async (t) => {
  const { lab, phone, order } = await bench(t)
  const { matchingId } = await order()
  const driver = createDriver(lab, { phone, matchingId })
  await driver.through('authenticateClient')
  await driver.cancel('postponed')
  await lab.smdp.settleEvents()
  t.is((await phone.discover()).events.length, 1)
})

test('wrong Confirmation Codes that end the order end its event as well', async (t) => {
  const { lab, phone, order } = await bench(t, { smdp: { confirmationAttemptsMax: 1 } })
  const { matchingId } = await order({ confirmationCode: '1234' })
  const driver = createDriver(lab, { phone, matchingId, confirmationCode: '9999' })
  t.is(await codeOf(t, driver.through('getBoundProfilePackage')), '8.2.7/6.4')
  await lab.smdp.settleEvents()
  t.deepEqual((await phone.discover()).events, [])
})

test('an order whose time is over has no event any more', async (t) => {
  const { lab, phone, order } = await bench(t, { smdp: { orderLifetimeMs: HOUR_MS } })
  const { iccid } = await order()
  lab.clock.advance(HOUR_MS)
  await lab.smdp.sweep()
  await lab.smdp.settleEvents()
  t.is(orderState(lab, { iccid }), 'Error')
  t.deepEqual((await phone.discover()).events, [])
})

for (const sent of ['with its EventID', 'without a MatchingID']) {
  test(`an order that was announced is downloaded ${sent} (SGP.23 4.3.14.2.1, 05 and 06)`, async (t) => {
    const { lab, phone, order } = await bench(t)
    const { iccid, matchingId } = await order()
    const asked = sent === 'with its EventID' ? { matchingId } : {}
    await createDriver(lab, { phone, ...asked }).through('load')
    await phone.sendNotifications()
    t.is(orderState(lab, { iccid }), 'Installed')
  })
}

test('an EventID is of no use to another eUICC, 8.1.1/3.8 (SGP.23 4.3.14.2.2, 19)', async (t) => {
  const { lab, order } = await bench(t)
  const { matchingId } = await order()
  const stranger = createDriver(lab, { phone: lab.createPhone(), matchingId })
  await stranger.through('authenticateServer')
  t.is(await codeOf(t, stranger.authenticateClient()), '8.1.1/3.8')
})

test('a ConfirmOrder that comes again is answered as before, and announces nothing twice', async (t) => {
  const { lab, phone, said } = await bench(t)
  const { profileType } = lab.operator.file.profile
  const { iccid } = await lab.es2Plus.downloadOrder({ profileType, eid: phone.eid })
  const header = { functionRequesterIdentifier: 'operator', functionCallIdentifier: '1' }
  const smdsAddress = lab.smds.root.address
  const request = { header, iccid, smdsAddress, releaseFlag: true }
  const first = await lab.es2Plus.confirmOrder(request)
  t.deepEqual(await lab.es2Plus.confirmOrder(request), first)
  t.deepEqual(said('ES12'), ['registerEvent request', 'registerEvent response'])
})

test('an order whose SM-DS cannot be reached is not confirmed, and can be with the same MatchingID', async (t) => {
  const { lab, phone } = await bench(t)
  const { profileType } = lab.operator.file.profile
  const { iccid } = await lab.es2Plus.downloadOrder({ profileType, eid: phone.eid })
  const before = orderOf(lab, { iccid })
  const confirm = () =>
    lab.es2Plus.confirmOrder({
      iccid,
      matchingId: 'EVENT-1',
      smdsAddress: lab.smds.root.address,
      releaseFlag: true,
    })
  withSmds(lab, {})
  t.is(await codeOf(t, confirm()), '8.9/5.1')
  const { event, ...after } = needed(orderOf(lab, { iccid }))
  t.deepEqual(after, before)
  t.is(event?.state, 'deleting', 'nobody knows whether the SM-DS has it')
  lab.smdp.setSmds(() => lab.smds.root.es12({ oid: lab.smdp.oid }))
  t.is((await confirm()).matchingId, 'EVENT-1')
  lab.clock.advance(HOUR_MS)
  await lab.smdp.settleEvents()
  t.is((await phone.discover()).events.length, 1, 'the deletion of the first try is off')
})

test('an SM-DS that refuses leaves the order as it was, Confirmed where it was ReleaseProfile', async (t) => {
  const { lab, phone, order } = await bench(t)
  withSmds(lab, { registerEvent: () => Promise.reject(refuse('smdsInaccessible')) })
  t.is(await codeOf(t, order()), '8.9/4.2')
  t.deepEqual(lab.smdp.orders({ limit: 9 }), [])
  const { iccid } = await order({ release: false })
  t.is(await codeOf(t, lab.es2Plus.releaseProfile({ iccid })), '8.9/4.2')
  t.is(orderState(lab, { iccid }), 'Confirmed')
  t.deepEqual((await phone.discover()).events, [])
})

test('a registration whose answer was lost is done once and for all by the next try', async (t) => {
  const { lab, phone, order } = await bench(t)
  const { iccid } = await order({ release: false })
  const root = lab.smds.root.es12({ oid: lab.smdp.oid })
  withSmds(lab, {
    async registerEvent(request) {
      await root.registerEvent(request)
      throw new LabError('unavailable', 'the answer is lost')
    },
  })
  t.is(await codeOf(t, lab.es2Plus.releaseProfile({ iccid })), '8.9/5.1')
  lab.smdp.setSmds(() => root)
  await lab.es2Plus.releaseProfile({ iccid })
  t.is((await phone.discover()).events.length, 1)
})

test('an SM-DS that is dead when an order ends does not hurt: the event is deleted when it is back', async (t) => {
  const { lab, phone, order } = await bench(t)
  const { iccid } = await order()
  await downloadFirst(phone)
  withSmds(lab, {})
  t.like(await phone.sendNotifications(), { failed: [] })
  await lab.smdp.settleEvents()
  t.is(orderState(lab, { iccid }), 'Installed')
  t.is((await phone.discover()).events.length, 1)
  lab.smdp.setSmds(() => lab.smds.root.es12({ oid: lab.smdp.oid }))
  await lab.smdp.settleEvents()
  t.is((await phone.discover()).events.length, 1, 'the next try is not due yet')
  const due = { state: 'deleting', lastError: 'nobody is there' } as const
  t.like(orderOf(lab, { iccid })?.event, due)
  lab.clock.advance(HOUR_MS)
  await lab.smdp.settleEvents()
  t.deepEqual((await phone.discover()).events, [])
})

test('a root SM-DS that does not take an event leaves none at the alternative SM-DS', async (t) => {
  for (const { error, code } of [
    { error: refuse('eventDuplicated'), code: '8.9/4.2' },
    { error: new LabError('unavailable', 'nobody is there'), code: '8.9/5.1' },
  ]) {
    const { lab, phone } = await bench(t)
    const { alternative } = lab.smds
    const failing = () => Promise.reject(error)
    alternative.setRoot({ registerEvent: failing, deleteEvent: failing })
    const es12 = alternative.es12({ oid: '2.999.10' })
    const request = { eid: phone.eid, eventId: 'E', rspServerAddress: 'smdp.example.com' }
    const forwarded = es12.registerEvent({ ...request, forwardingIndicator: true })
    t.is(await codeOf(t, forwarded), code)
    t.is(await codeOf(t, es12.deleteEvent({ eid: phone.eid, eventId: 'E' })), '8.9.5/3.9')
    await t.notThrowsAsync(es12.registerEvent({ ...request, forwardingIndicator: false }))
  }
})

test('what the root SM-DS may have of a registration without an answer is taken back later', async (t) => {
  const { lab, phone, order } = await bench(t)
  const { root, alternative } = lab.smds
  const es15 = root.es15({ oid: alternative.oid })
  const lost = new LabError('unavailable', 'the answer is lost')
  alternative.setRoot({
    ...es15,
    async registerEvent(request) {
      await es15.registerEvent(request)
      throw lost
    },
  })
  t.is(await codeOf(t, order({ smDs: 'alternative' })), '8.9/4.2')
  t.is((await phone.discover()).failed.length, 1, 'the root SM-DS has an event that leads nowhere')
  await alternative.sweep()
  t.deepEqual(await phone.discover(), { rootDsAddress: root.address, events: [], failed: [] })
})

test('the event of a repeatable order stays until the order is cancelled', async (t) => {
  const { lab, phone, order } = await bench(t)
  const { iccid, matchingId } = await order({ repeatable: true })
  await downloadFirst(phone)
  await phone.sendNotifications()
  await lab.smdp.settleEvents()
  t.is((await phone.discover()).events.length, 1)
  const { eid } = phone
  const finalProfileStatusIndicator = 'Unavailable'
  await lab.es2Plus.cancelOrder({ iccid, eid, matchingId, finalProfileStatusIndicator })
  await lab.smdp.settleEvents()
  t.deepEqual((await phone.discover()).events, [])
})

test('an EventID never repeats: a MatchingID that was one cannot be one again', async (t) => {
  const { lab, phone, order } = await bench(t)
  const { iccid } = await order({ matchingId: 'EVENT-1' })
  const { eid } = phone
  const finalProfileStatusIndicator = 'Available'
  await lab.es2Plus.cancelOrder({ iccid, eid, matchingId: 'EVENT-1', finalProfileStatusIndicator })
  t.is(await codeOf(t, order({ matchingId: 'EVENT-1' })), '8.2.6/3.3')
  await t.notThrowsAsync(lab.order({ matchingId: 'EVENT-1' }))
})

test('labs of one seed make no EventID twice', async (t) => {
  const [one, two] = [await bench(t, { seed: 'same' }), await bench(t, { seed: 'same' })]
  t.not((await one.order()).matchingId, (await two.order()).matchingId)
})

test('SM-DSs that lead to one another, or to nobody, do not keep a phone from the other events', async (t) => {
  const { lab, phone, order } = await bench(t)
  const { root, alternative } = lab.smds
  const es12 = root.es12({ oid: '2.999.99' })
  const { eid } = phone
  const loops = [
    { eventId: 'LOOP', rspServerAddress: root.address },
    { eventId: 'UNKNOWN', rspServerAddress: alternative.address },
    { eventId: 'NOBODY', rspServerAddress: 'nobody.example.com' },
  ]
  for (const event of loops) await es12.registerEvent({ eid, ...event, forwardingIndicator: false })
  const { matchingId } = await order()
  const { events, failed } = await phone.discover()
  t.deepEqual(
    events.map(({ eventId }) => eventId),
    [matchingId],
  )
  t.deepEqual(
    failed.map(({ eventId }) => eventId),
    ['UNKNOWN', 'NOBODY'],
  )
  t.regex(failed[0]?.reason ?? '', /8\.9\.5\/3\.9/)
})

test('events outlive the lab', async (t) => {
  const dataDirectory = temporaryDirectory(t)
  const before = await createLab({ dataDirectory, startAt: START, stock: 4 })
  const storage = textStorage()
  const phone = before.createPhone({ name: 'p', storage })
  const asked = { smDs: 'alternative', eid: phone.eid }
  const { matchingId } = await before.order(asked)
  await before.close()
  const after = await testLab(t, { dataDirectory })
  const { events } = await after.createPhone({ name: 'p', storage }).discover()
  t.deepEqual(
    events.map(({ eventId }) => eventId),
    [matchingId],
  )
})

test('a registration that the end of the lab has cut off never was, at either SM-DS', async (t) => {
  const dataDirectory = temporaryDirectory(t)
  const before = await createLab({ dataDirectory, startAt: START, stock: 4 })
  const storage = textStorage()
  const { eid } = before.createPhone({ name: 'p', storage })
  const { root, alternative } = before.smds
  const es15 = root.es15({ oid: alternative.oid })
  const cutOff = new Promise<void>((resolve) => {
    alternative.setRoot({
      ...es15,
      async registerEvent(request) {
        await es15.registerEvent(request)
        resolve()
        return new Promise(() => {})
      },
    })
  })
  const event = { eid, eventId: 'E', rspServerAddress: 'smdp.example.com' }
  void alternative.es12({ oid: '2.999.10' }).registerEvent({ ...event, forwardingIndicator: true })
  await cutOff
  await before.close()
  const after = await testLab(t, { dataDirectory })
  const phone = after.createPhone({ name: 'p', storage })
  t.is((await phone.discover()).failed.length, 1)
  await after.smds.alternative.sweep()
  t.like(await phone.discover(), { events: [], failed: [] })
})
