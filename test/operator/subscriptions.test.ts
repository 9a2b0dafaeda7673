import test, { type ExecutionContext } from 'ava'
import { loadOperators } from '../../src/operator/operators.ts'
import type { OperatorFile } from '../../src/operator/operator-file.ts'
import { createBench, DAY_MS, EID, OTHER_EID, type Bench } from './helper.ts'

const GB = 2n ** 30n
const at = (text: string): Date => new Date(text)

async function benchOf(
  t: ExecutionContext,
  id: string,
  change: Partial<OperatorFile> = {},
): Promise<Bench> {
  return createBench(t, { file: { ...loadOperators().get(id), ...change } })
}

const balanceOf = (bench: Bench, msisdn: string) => bench.operator.balance({ msisdn }).totalBytes

test('a plan is renewed at the operator’s midnight, and what was left is carried over once', async (t) => {
  const bench = await benchOf(t, 't2')
  const { operator, clock } = bench
  clock.set(at('2026-01-31T12:00:00Z'))
  const msisdn = await bench.subscriber('attached')
  t.like(operator.account({ msisdn }), {
    planId: 't2-20',
    period: { from: at('2026-01-31T12:00:00Z'), until: at('2026-02-27T21:00:00Z') },
  })
  await operator.subscriptions.topUp({ msisdn, id: 'a', amountMinor: 100_000n })
  await operator.useData({ idempotencyKey: 'u', msisdn, amountBytes: 5n * GB })
  clock.set(at('2026-02-27T20:59:59.999Z'))
  await operator.sweep()
  t.is(balanceOf(bench, msisdn), 15n * GB)
  clock.set(at('2026-02-27T21:00:00Z'))
  await operator.sweep()
  t.is(balanceOf(bench, msisdn), 35n * GB)
  t.deepEqual(
    operator.balance({ msisdn }).lots.map((lot) => [lot.origin, lot.availableBytes]),
    [
      ['rollover', 15n * GB],
      ['plan', 20n * GB],
    ],
  )
  clock.set(at('2026-03-30T21:00:00Z'))
  await operator.sweep()
  t.is(
    balanceOf(bench, msisdn),
    40n * GB,
    'the first rollover has ended, the second plan was carried',
  )
  t.is(operator.subscriptions.wallet({ msisdn }).moneyMinor, 20_000n)
  t.true(operator.audit().balanced)
})

test('without money there is no new period’s data, and with money it comes at once', async (t) => {
  const bench = await benchOf(t, 't2')
  const { operator, clock } = bench
  const msisdn = await bench.subscriber()
  clock.set(at('2026-02-20T00:00:00Z'))
  const account = await operator.subscriptions.refresh({ msisdn })
  t.false(account.feeCharged)
  t.is(balanceOf(bench, msisdn), 0n)
  await operator.subscriptions.topUp({ msisdn, id: 'a', amountMinor: 39_999n })
  t.is(balanceOf(bench, msisdn), 0n)
  await operator.subscriptions.topUp({ msisdn, id: 'b', amountMinor: 1_000n })
  t.is(balanceOf(bench, msisdn), 20n * GB)
  t.true(operator.account({ msisdn })?.feeCharged)
  t.is(operator.subscriptions.wallet({ msisdn }).moneyMinor, 999n)
  t.true(operator.audit().balanced)
})

test('a year without a look is twelve periods, and a clock that is set back grants nothing twice', async (t) => {
  const bench = await benchOf(t, 'china-mobile')
  const { operator, clock } = bench
  const msisdn = await bench.subscriber()
  clock.set(at('2027-01-15T12:00:00Z'))
  await operator.sweep()
  const { issued } = operator.audit()
  t.is(issued, 13n * 20n * 1_000_000_000n)
  t.is(balanceOf(bench, msisdn), 40n * 1_000_000_000n)
  clock.set(at('2026-03-01T00:00:00Z'))
  await operator.sweep()
  await operator.subscriptions.refresh({ msisdn })
  clock.set(at('2027-01-15T12:00:00Z'))
  await operator.sweep()
  t.like(operator.audit(), { issued, balanced: true })
})

test('a package is paid from the account, once for its id, and ends at its time', async (t) => {
  const bench = await benchOf(t, 'vodacom')
  const { operator, clock } = bench
  const msisdn = await bench.subscriber()
  const { subscriptions } = operator
  const buy = (id: string) => subscriptions.buy({ msisdn, id, packageId: 'vodacom-1-day' })
  t.like(await t.throwsAsync(buy('a')), { code: 'refused', reason: 'notEnoughMoney' })
  await subscriptions.topUp({ msisdn, id: 'a', amountMinor: 2_900n })
  await buy('a')
  t.is(balanceOf(bench, msisdn), 6_000_000_000n)
  t.like(await t.throwsAsync(buy('a')), { code: 'refused' })
  clock.advance(DAY_MS)
  await operator.sweep()
  t.is(balanceOf(bench, msisdn), 5_000_000_000n)
  t.like(await t.throwsAsync(subscriptions.buy({ msisdn, id: 'b', packageId: 'x' })), {
    code: 'notFound',
  })
  t.true(operator.audit().balanced)
})

test('Beeline’s gift is bought for another, and ends at 23:59:59 of Moscow on its last day', async (t) => {
  const bench = await benchOf(t, 'beeline')
  const { operator } = bench
  const [msisdn, other] = [await bench.subscriber(), await bench.subscriber()]
  const { subscriptions } = operator
  await subscriptions.topUp({ msisdn, id: 'a', amountMinor: 50_000n })
  const order = { msisdn, id: 'g', packageId: 'beeline-gift-1' }
  t.like(await t.throwsAsync(subscriptions.buy(order)), { reason: 'onlyForOthers' })
  t.like(await t.throwsAsync(subscriptions.buy({ ...order, for: msisdn })), { code: 'refused' })
  await subscriptions.buy({ ...order, for: other })
  const gift = operator
    .balance({ msisdn: other })
    .lots.find(({ label }) => label === 'beeline-gift-1')
  // Received on 15 January in Moscow: the 31st day is 14 February.
  t.is(gift && new Date(gift.validUntilMs).toISOString(), '2026-02-14T21:00:00.000Z')
  t.is(subscriptions.wallet({ msisdn }).moneyMinor, 30_100n)
})

test('a received package of T2 lives for 30 days from its receipt when that is paid on day 3', async (t) => {
  const bench = await benchOf(t, 't2')
  const { operator, clock, store } = bench
  const [from, to] = [await bench.subscriber(), await bench.subscriber()]
  const { postGift } = await import('../../src/store/ledger.ts')
  const receivedMs = clock.nowMs()
  await store.write((db) =>
    postGift(db, {
      transferId: 'g',
      giverAccountId: operator.account({ msisdn: from })?.id ?? 0,
      receiverAccountId: operator.account({ msisdn: to })?.id ?? 0,
      amountBytes: 5n * GB,
      atMs: receivedMs,
      terms: () => ({ validUntilMs: receivedMs + 7 * DAY_MS, giftable: false }),
    }),
  )
  const [lot] = operator.balance({ msisdn: to }).lots
  t.is(lot?.origin, 'gift')
  clock.advance(3 * DAY_MS)
  await operator.subscriptions.topUp({ msisdn: to, id: 'm', amountMinor: 10_000n })
  const extend = (id: string, lotId: number) =>
    operator.subscriptions.extend({ msisdn: to, id, lotId })
  const longer = await extend('x', lot?.id ?? 0)
  const [first] = operator.balance({ msisdn: to }).lots
  t.like(first, {
    id: longer,
    availableBytes: 5n * GB,
    validUntilMs: receivedMs + 30 * DAY_MS,
    giftable: false,
  })
  t.is(operator.subscriptions.wallet({ msisdn: to }).moneyMinor, 5_000n)
  t.like(await t.throwsAsync(extend('y', longer)), { reason: 'alreadyLongest' })
  t.true(operator.audit().balanced)
})

test('who gets a number that comes back has nothing of who had it', async (t) => {
  const bench = await createBench(t)
  const { operator, clock } = bench
  const msisdn = await bench.subscriber('attached')
  const before = operator.account({ msisdn })
  t.like(await t.throwsAsync(operator.subscriptions.recycle({ msisdn })), { code: 'conflict' })
  await operator.subscriptions.close({ msisdn })
  t.is(operator.account({ msisdn }), undefined)
  t.is(operator.network.registrationOf({ iccid: before?.iccid ?? '' }), undefined)
  t.like(await t.throwsAsync(operator.subscriptions.recycle({ msisdn })), {
    reason: 'inQuarantine',
  })
  clock.advance(5 * DAY_MS)
  const { iccid } = await operator.subscriptions.recycle({ msisdn, quarantineDays: 5 })
  t.not(iccid, before?.iccid)
  const account = await operator.openAccount({ iccid })
  t.like(account, { msisdn, iccid, liveSince: undefined })
  t.not(account.id, before?.id)
  t.is(balanceOf(bench, msisdn), 0n)
  const items = [
    operator.inventoryItem({ iccid }),
    operator.inventoryItem({ iccid: before?.iccid ?? '' }),
  ]
  t.notDeepEqual(items[0]?.ki, items[1]?.ki)
  t.not(items[0]?.imsi, items[1]?.imsi)
  clock.advance(40 * DAY_MS)
  await operator.sweep()
  t.like(operator.audit(), { expired: 20_000_000_000n, balanced: true })
})

test('a profile that is deleted or on another card leaves the quota where it is', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const msisdn = await bench.subscriber()
  const iccid = operator.account({ msisdn })?.iccid ?? ''
  const before = balanceOf(bench, msisdn)
  await operator.handleProfileEvent({ iccid, eid: EID, event: 'delete', seqNumber: 9 })
  t.is(balanceOf(bench, msisdn), before)
  await operator.handleProfileEvent({ iccid, eid: OTHER_EID, event: 'install', seqNumber: 1 })
  t.is(balanceOf(bench, msisdn), before)
  t.is(operator.audit().issued, before)
})

test('a suspended subscription is not renewed, a blocked one is off the network, a closed one is over', async (t) => {
  const bench = await benchOf(t, 't2')
  const { operator, clock } = bench
  const msisdn = await bench.subscriber('attached')
  const { subscriptions } = operator
  await subscriptions.topUp({ msisdn, id: 'a', amountMinor: 100_000n })
  await subscriptions.setStatus({ msisdn, status: 'suspended' })
  clock.set(at('2026-03-01T00:00:00Z'))
  await operator.sweep()
  t.is(balanceOf(bench, msisdn), 0n)
  t.is(subscriptions.wallet({ msisdn }).moneyMinor, 100_000n)
  const { iccid = '' } = operator.account({ msisdn }) ?? {}
  t.truthy(operator.network.registrationOf({ iccid }))
  await subscriptions.setStatus({ msisdn, status: 'blocked' })
  t.is(operator.network.registrationOf({ iccid }), undefined)
  t.like(await t.throwsAsync(subscriptions.buy({ msisdn, id: 'b', packageId: 't2-plus-5' })), {
    reason: 'notActive',
  })
  await subscriptions.close({ msisdn })
  t.like(await t.throwsAsync(subscriptions.setStatus({ msisdn, status: 'active' })), {
    code: 'notFound',
  })
})

test('a phone that travels is abroad, and home again', async (t) => {
  const bench = await benchOf(t, 'megafon')
  const { operator, clock } = bench
  const msisdn = await bench.subscriber('attached')
  const { subscriptions } = operator
  t.like(subscriptions.whereabouts({ msisdn }), {
    country: 'RU',
    isRoaming: false,
    returnedAtMs: undefined,
  })
  await operator.charging.movePhone({ eid: EID, country: 'CN' })
  t.like(subscriptions.whereabouts({ msisdn }), { country: 'CN', isRoaming: true })
  // Its plan is for use at home.
  const use = { idempotencyKey: 'u', msisdn, amountBytes: 1n }
  t.is((await operator.attemptUsage(use)).refusal?.reason, 'notEnoughData')
  clock.advance(DAY_MS)
  await operator.charging.movePhone({ eid: EID, country: 'RU' })
  t.like(subscriptions.whereabouts({ msisdn }), { isRoaming: false, returnedAtMs: clock.nowMs() })
  // The law of Russia has data rest for a day after the return.
  const early = await operator.attemptUsage({ ...use, idempotencyKey: 'v' })
  t.is(early.refusal?.reason, 'coolingAfterRoaming')
  clock.advance(DAY_MS)
  t.truthy((await operator.attemptUsage({ ...use, idempotencyKey: 'w' })).usage)
  t.like(await t.throwsAsync(operator.charging.movePhone({ eid: EID, country: 'China' })), {
    field: 'country',
  })
})

test('details of a subscriber are kept, and a language must be the operator’s', async (t) => {
  const bench = await benchOf(t, 'lg-uplus')
  const msisdn = await bench.subscriber()
  const { subscriptions } = bench.operator
  const account = await subscriptions.setDetails({
    msisdn,
    ageGroup: 'minor',
    language: 'ko',
    region: 'Seoul',
  })
  t.like(account, { ageGroup: 'minor', customerKind: 'person', language: 'ko', region: 'Seoul' })
  t.like(await t.throwsAsync(subscriptions.setDetails({ msisdn, language: 'ru' })), {
    field: 'language',
  })
  t.is((await subscriptions.changePlan({ msisdn, planId: 'lg-uplus-2' })).planId, 'lg-uplus-2')
})

test('a plan of days ends at the same time of day of its place, also where clocks are changed on the way', async (t) => {
  const bench = await benchOf(t, 'lab', { timeZone: 'Europe/Berlin' })
  bench.clock.set(at('2026-03-15T12:00:00Z'))
  const msisdn = await bench.subscriber()
  const [lot] = bench.operator.balance({ msisdn }).lots
  // 13:00 there; thirty days on it is summer, and 13:00 is an hour earlier.
  t.deepEqual(new Date(lot?.validUntilMs ?? 0), at('2026-04-14T11:00:00Z'))
})
