import test from 'ava'
import { attachNumber } from '../../helpers/usim.ts'
import { createBench, DAY_MS, EID, GB } from '../helper.ts'
import { MB, openSession, operatorFile } from './helper.ts'

const HOUR_MS = 3_600_000

const fail = (): Promise<void> => Promise.reject(new Error('nobody there'))

test('a grant is held, a report settles it, and the rest comes back', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: 100n * MB })
  t.deepEqual(session.opened.units, [
    {
      ratingGroup: 1,
      resultCode: 'SUCCESS',
      grantedBytes: 100n * MB,
      validitySeconds: 3600,
      thresholdBytes: 20n * MB,
    },
  ])
  t.like(operator.audit(), { held: 100n * MB, consumed: 0n, balanced: true })
  const next = await session.update({ used: 60n * MB, wanted: 100n * MB })
  t.is(next.units[0]?.grantedBytes, 100n * MB)
  t.like(operator.audit(), { held: 100n * MB, consumed: 60n * MB, balanced: true })
  await session.release({ used: 30n * MB })
  t.like(operator.audit(), { held: 0n, consumed: 90n * MB, overage: 0n, balanced: true })
  const view = operator.charging.session(session)
  t.like(view, { usedBytes: 90n * MB, overageBytes: 0n, endReason: 'released', grantedBytes: 0n })
  t.is(operator.balance({ msisdn }).totalBytes, 20n * GB - 90n * MB)
})

test('a grant spreads over lots in the operator’s order of use', async (t) => {
  const { operator, subscriber, issue } = await createBench(t, { file: operatorFile('t2') })
  const msisdn = await subscriber('attached')
  const rollover = await issue(msisdn, { amountBytes: 10n * MB, origin: 'rollover', days: 20 })
  const session = await openSession(operator, { msisdn, wanted: 30n * MB })
  await session.release({ used: 30n * MB })
  const { lots } = operator.charging.session(session)
  t.deepEqual(
    lots.map(({ origin, amountBytes }) => ({ origin, amountBytes })),
    [
      { origin: 'rollover', amountBytes: 10n * MB },
      { origin: 'plan', amountBytes: 20n * MB },
    ],
  )
  t.is(lots[0]?.lotId, rollover)
})

test('what a session holds cannot be given away, and is no one else’s to use', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const to = await subscriber()
  await openSession(operator, { msisdn, wanted: 10n * GB })
  t.is(operator.giftable({ msisdn }).giftableBytes, 10n * GB)
  const gift = { idempotencyKey: '1', from: msisdn, to, amountBytes: 11n * GB }
  await t.throwsAsync(operator.giveData(gift))
  const report = { idempotencyKey: '2', msisdn, amountBytes: 11n * GB }
  t.like(await t.throwsAsync(operator.useData(report)), { reason: 'notEnoughData' })
})

test('the last of the data is a final grant, and after it the quota is reached', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: 10n * GB })
  const [last] = (await session.update({ used: 10n * GB, wanted: 10n * GB })).units
  t.like(last, { resultCode: 'SUCCESS', grantedBytes: 10n * GB, isFinal: true })
  t.is(last?.thresholdBytes, undefined)
  const [none] = (await session.update({ used: 10n * GB, wanted: GB })).units
  t.deepEqual(none, { ratingGroup: 1, resultCode: 'QUOTA_LIMIT_REACHED' })
  t.like(operator.audit(), { available: 0n, held: 0n, consumed: 20n * GB, balanced: true })
})

test('a session that reached its quota gets the data of a gift, and is told to ask', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const friend = await subscriber()
  const notifyUri = 'http://127.0.0.1:1/notify'
  const session = await openSession(operator, { msisdn, notifyUri, wanted: 10n * GB })
  await session.update({ used: 20n * GB, wanted: GB })
  const told: unknown[] = []
  const send = async (note: object): Promise<void> => void told.push(note)
  t.deepEqual(await operator.charging.notify(send), { sent: 0, failed: 0 })
  await operator.giveData({ idempotencyKey: '1', from: friend, to: msisdn, amountBytes: GB })
  t.deepEqual(await operator.charging.notify(send), { sent: 1, failed: 0 })
  t.like(told[0], { type: 'REAUTHORIZATION', ref: session.ref, ratingGroup: 1, notifyUri })
  t.deepEqual(await operator.charging.notify(send), { sent: 0, failed: 0 })
  const [unit] = (await session.update({ wanted: 2n * GB })).units
  t.like(unit, { resultCode: 'SUCCESS', grantedBytes: GB, isFinal: true })
})

test('a consumer that does not answer is told again for a while, and then given up', async (t) => {
  const { operator, subscriber, clock } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, {
    msisdn,
    notifyUri: 'http://127.0.0.1:1/',
    wanted: MB,
  })
  await operator.charging.movePhone({ eid: EID, country: 'CN' })
  for (let round = 0; round < 5; round++) {
    t.deepEqual(await operator.charging.notify(fail), { sent: 0, failed: 1 })
    t.deepEqual(await operator.charging.notify(fail), { sent: 0, failed: 0 })
    clock.advance(130_000)
  }
  const [dead] = operator.charging.deadNotifications({ limit: 10 })
  t.like(dead, { ref: session.ref, tries: 5, lastError: 'nobody there' })
})

test('what is used beyond the grant is taken from other data, and beyond all data is overage', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: GB })
  await session.update({ used: 3n * GB, wanted: GB })
  t.like(operator.audit(), { consumed: 3n * GB, overage: 0n, held: GB, balanced: true })
  await session.release({ used: 18n * GB })
  t.like(operator.audit(), { consumed: 20n * GB, overage: GB, available: 0n, balanced: true })
  t.like(operator.charging.session(session), { usedBytes: 21n * GB, overageBytes: GB })
  t.is(operator.balance({ msisdn }).totalBytes, 0n)
})

test('a request that comes again is answered again and booked once', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: GB })
  const wish = { used: GB, wanted: GB, localSequence: 1 }
  const answer = await session.update(wish, 2)
  const books = operator.audit()
  t.deepEqual(await session.update(wish, 2), answer)
  t.deepEqual(operator.audit(), books)
  const other = session.update({ ...wish, wanted: 2n * GB }, 2)
  t.like(await t.throwsAsync(other), { code: 'conflict', reason: 'sequenceReused' })
  await session.release({}, 3)
  await session.release({}, 3)
  t.like(operator.audit(), { consumed: GB, held: 0n, balanced: true })
})

test('a container that comes again in another request is booked once, and must say the same', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: GB })
  await session.update({ used: GB, wanted: GB, localSequence: 7 })
  await session.update({ used: GB, wanted: GB, localSequence: 7 })
  t.is(operator.audit().consumed, GB)
  const other = session.update({ used: 2n * GB, localSequence: 7 })
  t.like(await t.throwsAsync(other), { code: 'conflict', reason: 'containerReused' })
  t.is(operator.audit().consumed, GB)
})

test('a report that was overtaken counts, and leaves the newer grant alone', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: GB })
  await session.update({ wanted: 2n * GB }, 5)
  const late = await session.update({ used: GB, wanted: GB }, 3)
  t.deepEqual(late.units, [{ ratingGroup: 1, resultCode: 'SUCCESS' }])
  t.like(operator.audit(), { consumed: GB, held: 2n * GB, balanced: true })
})

test('directed traffic uses directed data first; general traffic never does', async (t) => {
  const { operator, subscriber, issue } = await createBench(t)
  const msisdn = await subscriber('attached')
  const directed = await issue(msisdn, { amountBytes: 10n * MB, trafficClass: 'directed' })
  const session = await openSession(operator, { msisdn, ratingGroup: 2, wanted: 30n * MB })
  t.is(session.opened.units[0]?.grantedBytes, 30n * MB)
  await session.release({ ratingGroup: 2, used: 5n * MB })
  t.like(operator.charging.session(session).lots, [{ lotId: directed, amountBytes: 5n * MB }])
  const general = await openSession(operator, { msisdn, wanted: 10n ** 10n })
  await general.update({ used: 10n ** 10n, wanted: 10n ** 10n })
  await general.release({ used: 10n ** 10n + 1n })
  t.is(operator.charging.session(general).overageBytes, 1n)
  t.is(operator.audit().available, 5n * MB)
})

test('a rating group that nobody rates is granted nothing, and what it used is not lost', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, ratingGroup: 77, wanted: GB })
  t.deepEqual(session.opened.units, [{ ratingGroup: 77, resultCode: 'RATING_FAILED' }])
  await session.release({ ratingGroup: 77, used: GB })
  t.like(operator.audit(), { overage: GB, consumed: 0n, held: 0n, balanced: true })
  t.is(operator.charging.session(session).usedBytes, GB)
})

test('data for home is not granted abroad', async (t) => {
  const { operator, subscriber, store, clock } = await createBench(t)
  const msisdn = await subscriber('attached')
  await operator.charging.movePhone({ eid: EID, country: 'CN' })
  const { issueLot } = await import('../../../src/store/ledger.ts')
  const atMs = clock.nowMs()
  await store.write((db) =>
    issueLot(db, {
      transferId: 'roaming',
      atMs,
      accountId: operator.account({ msisdn })!.id,
      origin: 'purchased',
      trafficClass: 'general',
      scope: 'home',
      giftable: false,
      amountBytes: GB,
      validFromMs: atMs,
      validUntilMs: atMs + HOUR_MS,
    }),
  )
  const abroad = await openSession(operator, { msisdn, wanted: MB })
  await abroad.release({ used: MB })
  t.is(operator.charging.session(abroad).lots[0]?.origin, 'plan')
  await operator.charging.movePhone({ eid: EID, country: 'home' })
  const home = await openSession(operator, { msisdn, wanted: MB })
  t.is(home.opened.units[0]?.validitySeconds, 3600)
  await home.release({ used: MB })
  t.is(operator.charging.session(home).lots[0]?.origin, 'purchased')
})

test('only an attached phone opens a session', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const cases = [
    ['999999999991', 'userUnknown'],
    [await subscriber(), 'notAttached'],
    [await subscriber('deleted'), 'profileNotEnabled'],
  ] as const
  for (const [msisdn, reason] of cases) {
    t.like(await t.throwsAsync(openSession(operator, { msisdn, wanted: MB })), { reason })
  }
  t.is(operator.audit().held, 0n)
})

test('after a return from abroad data rests where the law has it, until it is lifted', async (t) => {
  const { operator, subscriber, clock } = await createBench(t, { file: operatorFile('mts') })
  const msisdn = await subscriber('attached')
  const { charging } = operator
  const abroad = await charging.movePhone({ eid: EID, country: 'CN' })
  t.like(abroad, { country: 'CN', isRoaming: true, coolingUntil: undefined })
  clock.advance(DAY_MS)
  const session = await openSession(operator, { msisdn, wanted: MB })
  const home = await charging.movePhone({ eid: EID, country: 'home' })
  const until = new Date(clock.nowMs() + DAY_MS)
  t.like(home, { country: 'RU', isRoaming: false, coolingUntil: until })
  const denied = await session.update({ used: MB, wanted: MB })
  t.deepEqual(denied.units, [{ ratingGroup: 1, resultCode: 'END_USER_SERVICE_DENIED' }])
  const refused = await operator.attemptUsage({ idempotencyKey: '1', msisdn, amountBytes: 1n })
  t.like(refused.refusal, { reason: 'coolingAfterRoaming', until: until.toISOString() })
  const [message] = operator.inbox({ msisdn, limit: 1 })
  t.is(message?.textId, 'coolingAfterRoaming')
  clock.advance(DAY_MS - 1)
  await t.throwsAsync(openSession(operator, { msisdn, wanted: MB }))
  clock.advance(1)
  await openSession(operator, { msisdn, wanted: MB })
  await charging.movePhone({ eid: EID, country: 'CN' })
  await charging.movePhone({ eid: EID, country: 'home' })
  await charging.liftCooling({ msisdn })
  await openSession(operator, { msisdn, wanted: MB })
  t.like(await t.throwsAsync(charging.liftCooling({ msisdn })), { reason: 'notCooling' })
})

test('a number that was not used for 72 hours rests for 24 from its first use on, until that is lifted', async (t) => {
  const { operator, subscriber, clock } = await createBench(t, { file: operatorFile('mts') })
  const msisdn = await subscriber('attached')
  const { charging } = operator
  const use = (idempotencyKey: string) =>
    operator.attemptUsage({ idempotencyKey, msisdn, amountBytes: 1n })
  t.truthy((await use('1')).usage)
  clock.advance(72 * HOUR_MS - 1)
  t.truthy((await use('2')).usage, 'one millisecond before')
  clock.advance(72 * HOUR_MS)
  const until = new Date(clock.nowMs() + 24 * HOUR_MS)
  const refused = await t.throwsAsync(openSession(operator, { msisdn, wanted: MB }))
  t.like(refused, { reason: 'coolingAfterIdle', until })
  clock.advance(HOUR_MS)
  t.like((await use('3')).refusal, { reason: 'coolingAfterIdle', until: until.toISOString() })
  t.deepEqual(
    charging.place({ msisdn }).coolingUntil,
    until,
    'it began with the session that was refused',
  )
  const messages = operator.inbox({ msisdn, limit: 10 }).map(({ textId }) => textId)
  t.deepEqual(messages, ['coolingAfterIdle'], 'told once')
  clock.advance(23 * HOUR_MS)
  t.truthy((await use('4')).usage)
  clock.advance(72 * HOUR_MS)
  t.like((await use('5')).refusal, { reason: 'coolingAfterIdle' })
  await charging.liftCooling({ msisdn })
  t.truthy((await use('6')).usage)
})

test('a number that was long not used rests from its attachment on, and no longer after a journey', async (t) => {
  const bench = await createBench(t, { file: operatorFile('mts') })
  const { operator, clock } = bench
  const msisdn = await bench.subscriber()
  clock.advance(100 * HOUR_MS)
  await attachNumber(operator, msisdn)
  const until = new Date(clock.nowMs() + 24 * HOUR_MS)
  t.deepEqual(operator.charging.place({ msisdn }).coolingUntil, until)
  await operator.charging.movePhone({ eid: EID, country: 'CN' })
  clock.advance(100 * HOUR_MS)
  await openSession(operator, { msisdn, wanted: MB })
  clock.advance(100 * HOUR_MS)
  await operator.charging.movePhone({ eid: EID, country: 'home' })
  clock.advance(24 * HOUR_MS)
  await t.notThrowsAsync(openSession(operator, { msisdn, wanted: MB }), 'one rest, not two')
})

test('beyond all data, who pays afterwards is granted more, and pays for each begun unit of the period once', async (t) => {
  const { operator, subscriber, clock } = await createBench(t, {
    file: operatorFile('china-mobile'),
  })
  const msisdn = await subscriber('attached')
  const money = () => operator.subscriptions.wallet({ msisdn }).moneyMinor
  const before = money()
  const session = await openSession(operator, { msisdn, wanted: 8n * GB })
  await session.update({ used: 8n * GB, wanted: 8n * GB })
  const last = await session.update({ used: 8n * GB, wanted: 8n * GB })
  // 4 GB are left of the 20, and the rest is granted beyond them.
  t.like(last.units[0], { resultCode: 'SUCCESS', grantedBytes: 8n * GB, isFinal: undefined })
  t.is(operator.audit().held, 4n * GB)
  t.is(money(), before)
  await session.update({ used: 4n * GB + 1n, wanted: 1n })
  t.is(money(), before - 500n, '5 yuan for a begun gigabyte')
  await session.update({ used: GB - 1n, wanted: 1n })
  t.is(money(), before - 500n, 'the same gigabyte')
  await session.update({ used: 1n, wanted: 1n })
  t.is(money(), before - 1000n)
  await session.release()
  const once = { idempotencyKey: 'u', msisdn, amountBytes: GB }
  t.like((await operator.attemptUsage(once)).usage, { amountBytes: GB, lots: [] })
  t.like(await operator.attemptUsage(once), {
    replayed: true,
    usage: { amountBytes: GB, lots: [] },
  })
  t.is(money(), before - 1500n)
  t.like(operator.audit(), { balanced: true, held: 0n, overage: 2n * GB + 1n })
  const told = operator.inbox({ msisdn, limit: 9 }).map(({ textId }) => textId)
  t.true(told.includes('usage') && !told.includes('usageAll'), 'nobody is told that data is paused')
  clock.set(new Date('2026-02-10T00:00:00Z'))
  await operator.subscriptions.refresh({ msisdn })
  const renewed = money()
  await operator.useData({ idempotencyKey: 'v', msisdn, amountBytes: 21n * GB })
  t.is(money(), renewed - 500n, 'a new period counts anew')
  const [paid] = operator.subscriptions.wallet({ msisdn }).transfers
  t.like(paid, { kind: 'purchase', label: 'overage', amountMinor: -500n, currency: 'CNY' })
})

test('who pays beforehand is granted nothing beyond all data, whatever the price', async (t) => {
  const file = operatorFile('china-mobile')
  const plans = file.plans.map((plan) => ({ ...plan, payment: 'prepaid' as const }))
  const bench = await createBench(t, { file: { ...file, plans, plan: plans[0]! } })
  const msisdn = await bench.subscriber('attached')
  const { operator } = bench
  await operator.subscriptions.topUp({ msisdn, id: 'm', amountMinor: 10_000n })
  const refused = await operator.attemptUsage({
    idempotencyKey: 'u',
    msisdn,
    amountBytes: 21n * GB,
  })
  t.is(refused.refusal?.reason, 'notEnoughData')
  const session = await openSession(operator, { msisdn, wanted: 8n * GB })
  await session.release({ used: 21n * GB })
  t.is(operator.subscriptions.wallet({ msisdn }).moneyMinor, 10_000n)
  t.is(operator.audit().overage, GB)
})

test('a session ends when its phone leaves, and what was used meanwhile is still booked', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const { iccid } = operator.account({ msisdn })!
  const notifyUri = 'http://127.0.0.1:1/'
  const session = await openSession(operator, { msisdn, notifyUri, wanted: GB })
  const { network } = operator
  await network.servingNetwork.deregister({ registrationId: network.registrationOf({ iccid })!.id })
  t.is(operator.audit().held, 0n)
  t.is(operator.charging.session(session).endReason, 'detached')
  const told: object[] = []
  await operator.charging.notify(async (note) => void told.push(note))
  t.like(told, [{ type: 'ABORT_CHARGING', ref: session.ref }])
  const late = await session.update({ used: MB, wanted: GB })
  t.deepEqual(late.units, [{ ratingGroup: 1, resultCode: 'END_USER_SERVICE_DENIED' }])
  await session.release({ used: MB })
  t.like(operator.audit(), { held: 0n, consumed: 2n * MB, balanced: true })
  const after = session.update({ used: MB })
  t.like(await t.throwsAsync(after), { code: 'notFound', reason: 'sessionUnknown' })
  t.is(operator.audit().consumed, 2n * MB)
})

for (const event of ['disable', 'delete'] as const) {
  test(`a session ends when its profile is told to ${event}`, async (t) => {
    const { operator, subscriber } = await createBench(t)
    const msisdn = await subscriber('attached')
    const { iccid } = operator.account({ msisdn })!
    const session = await openSession(operator, { msisdn, wanted: GB })
    await operator.handleProfileEvent({ iccid, eid: EID, event, seqNumber: 9 })
    t.is(operator.audit().held, 0n)
    t.is(operator.charging.session(session).endReason, event === 'disable' ? 'disabled' : 'deleted')
  })
}

test('a session ends when the subscription is blocked, and a blocked phone stays off', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: GB })
  await operator.subscriptions.setStatus({ msisdn, status: 'blocked' })
  t.is(operator.charging.session(session).endReason, 'blocked')
  t.is(operator.audit().held, 0n)
})

test('a session that is silent for twice its validity is over; its validity alone does not end it', async (t) => {
  const { operator, subscriber, clock } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: GB })
  clock.advance(HOUR_MS + 1000)
  await operator.sweep()
  const [unit] = (await session.update({ used: MB, wanted: GB })).units
  t.is(unit?.grantedBytes, GB)
  clock.advance(2 * HOUR_MS)
  await operator.sweep()
  t.like(operator.charging.session(session), { endReason: 'validity', grantedBytes: 0n })
  t.like(operator.audit(), { held: 0n, consumed: MB, balanced: true })
})

test('a grant lasts no longer than the data it is made of, and held data that ends expires', async (t) => {
  const { operator, subscriber, issue, clock } = await createBench(t)
  const msisdn = await subscriber('attached')
  await issue(msisdn, { amountBytes: MB, days: 1 })
  clock.advance(DAY_MS - 60_000)
  const session = await openSession(operator, { msisdn, wanted: MB })
  t.is(session.opened.units[0]?.validitySeconds, 60)
  clock.advance(60_000)
  await session.release({ used: 1n })
  t.like(operator.audit(), { expired: MB, consumed: 1n, held: 0n, balanced: true })
})

test('a clock that is set back stands still for a session', async (t) => {
  const { operator, subscriber, clock } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: GB })
  clock.advance(-HOUR_MS)
  await session.update({ used: MB, wanted: GB })
  await session.release({ used: MB })
  t.like(operator.audit(), { held: 0n, consumed: 2n * MB, balanced: true })
})

test('a session is forgotten a month after its end, and its use stays in the books', async (t) => {
  const { operator, subscriber, clock } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: GB })
  await session.release({ used: MB })
  clock.advance(31 * DAY_MS)
  await operator.sweep()
  t.like(
    t.throws(() => operator.charging.session(session)),
    { code: 'notFound' },
  )
  t.like(operator.audit(), { consumed: MB, balanced: true })
})

test('data over Wi-Fi is counted apart, once for each key', async (t) => {
  const { operator, subscriber, clock } = await createBench(t)
  const msisdn = await subscriber('attached')
  const use = { msisdn, idempotencyKey: 'k', amountBytes: GB }
  t.true((await operator.charging.setWifi({ eid: EID, wifi: true })).wifi)
  await operator.charging.countOffload(use)
  await operator.charging.countOffload(use)
  t.like(await t.throwsAsync(operator.charging.countOffload({ ...use, amountBytes: 1n })), {
    code: 'idempotencyKeyReused',
  })
  const span = { from: clock.now(), until: new Date(clock.nowMs() + 1) }
  t.is(operator.charging.offloaded({ msisdn, ...span }), GB)
  t.is(operator.audit().consumed, 0n)
})

for (const country of ['China', 'cn', 'XX', '', 'ZZZ']) {
  test(`a phone does not travel to "${country}"`, async (t) => {
    const { operator, subscriber } = await createBench(t)
    await subscriber()
    const travel = operator.charging.movePhone({ eid: EID, country })
    t.like(await t.throwsAsync(travel), { code: 'badInput', field: 'country' })
  })
}
