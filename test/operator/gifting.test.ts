import test from 'ava'
import { LabError } from '../../src/base/errors.ts'

import type { GiftRefusalCode } from '../../src/operator/rules/refusals.ts'
import { createBench, DAY_MS, GB, type Bench } from './helper.ts'

test('moves data from the giver to the receiver and keeps the end of the lot', async (t) => {
  const { operator, subscriber, clock } = await createBench(t)
  const [a, b] = [await subscriber(), await subscriber()]
  const gift = await operator.giveData({
    idempotencyKey: '1',
    from: a,
    to: b,
    amountBytes: 5n * GB,
  })
  t.is(gift.state, 'completed')
  t.is(gift.amountBytes, 5n * GB)
  t.is(gift.validUntil?.getTime(), clock.nowMs() + 30 * DAY_MS)
  t.is(operator.balance({ msisdn: a }).totalBytes, 15n * GB)
  t.is(operator.balance({ msisdn: b }).totalBytes, 25n * GB)
  t.deepEqual(operator.gift({ id: gift.id }), gift)
  t.like(operator.audit(), { balanced: true, issued: 40n * GB, available: 40n * GB })
})

test('takes from the lots that end first, and each part of the gift keeps its end', async (t) => {
  const { operator, subscriber, issue, clock } = await createBench(t)
  const [a, b] = [await subscriber(), await subscriber()]
  const late = await issue(a, { amountBytes: 3n * GB, days: 20 })
  const soon = await issue(a, { amountBytes: GB, days: 2 })
  await issue(a, { amountBytes: GB, days: 1, giftable: false })
  const gift = await operator.giveData({
    idempotencyKey: '1',
    from: a,
    to: b,
    amountBytes: 2n * GB,
  })
  const atMs = clock.nowMs()
  t.deepEqual(
    gift.lots.map((lot) => [lot.fromLotId, lot.amountBytes, lot.validUntil.getTime()]),
    [
      [soon, GB, atMs + 2 * DAY_MS],
      [late, GB, atMs + 20 * DAY_MS],
    ],
  )
  t.is(gift.validUntil?.getTime(), atMs + 2 * DAY_MS)
  const received = operator.balance({ msisdn: b }).lots.filter((lot) => lot.origin === 'gift')
  t.deepEqual(
    received.map((lot) => lot.parentLotId),
    [soon, late],
  )
})

test('a gift that was received can be passed on', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const [a, b, c] = [await subscriber(), await subscriber(), await subscriber()]
  await operator.giveData({ idempotencyKey: '1', from: a, to: b, amountBytes: 20n * GB })
  await operator.giveData({ idempotencyKey: '2', from: b, to: c, amountBytes: 40n * GB })
  t.is(operator.balance({ msisdn: c }).totalBytes, 60n * GB)
  t.true(operator.audit().balanced)
})

interface Broken {
  readonly from: string
  readonly to: string
  readonly amountBytes: bigint
}

/** Each row breaks its own rule and every rule after it as far as that is possible: precedence is the order of rows. */
const REFUSALS: Readonly<Partial<Record<GiftRefusalCode, (bench: Bench) => Promise<Broken>>>> = {
  sameAccount: async () => ({ from: UNKNOWN, to: UNKNOWN, amountBytes: 0n }),
  unknownGiver: async () => ({ from: UNKNOWN, to: OTHER_UNKNOWN, amountBytes: 0n }),
  unknownReceiver: async ({ subscriber }) => ({
    from: await subscriber('ordered'),
    to: UNKNOWN,
    amountBytes: 0n,
  }),
  giverProfileNotInstalled: async ({ subscriber }) => ({
    from: await subscriber('ordered'),
    to: await subscriber('ordered'),
    amountBytes: 0n,
  }),
  receiverProfileNotInstalled: async ({ subscriber }) => ({
    from: await subscriber('deleted'),
    to: await subscriber('ordered'),
    amountBytes: 0n,
  }),
  giverProfileDeleted: async ({ subscriber }) => ({
    from: await subscriber('deleted'),
    to: await subscriber('deleted'),
    amountBytes: 0n,
  }),
  receiverProfileDeleted: async ({ subscriber }) => ({
    from: await subscriber(),
    to: await subscriber('deleted'),
    amountBytes: 0n,
  }),
  amountTooSmall: async ({ subscriber }) => ({
    from: await subscriber(),
    to: await subscriber(),
    amountBytes: 0n,
  }),
  moreThanMayBeGiven: async ({ subscriber }) => ({
    from: await subscriber(),
    to: await subscriber(),
    amountBytes: 20n * GB + 1n,
  }),
}
const UNKNOWN = '999999999991'
const OTHER_UNKNOWN = '999999999992'

for (const [reason, arrange] of Object.entries(REFUSALS)) {
  test(`refuses a gift: ${reason}`, async (t) => {
    const bench = await createBench(t)
    const request = { idempotencyKey: 'k', ...(await arrange(bench)) }
    const before = bench.operator.audit()
    const error = await t.throwsAsync(bench.operator.giveData(request), { instanceOf: LabError })
    t.like(error, { code: 'refused', reason })
    t.deepEqual(bench.operator.audit(), before)
  })
}

test('says how much may be given, and why not more', async (t) => {
  const { operator, subscriber, issue } = await createBench(t)
  const [a, b] = [await subscriber(), await subscriber()]
  const request = { from: a, to: b, amountBytes: 22n * GB }
  await t.throwsAsync(operator.giveData({ ...request, idempotencyKey: '1' }), {
    message: 'At most 20 GB may be given, because that is all that is left.',
  })
  await issue(a, { amountBytes: 5n * GB, giftable: false })
  await t.throwsAsync(operator.giveData({ ...request, idempotencyKey: '2' }), {
    message: 'At most 20 GB may be given, because the rest may be used, but not given away.',
  })
  await operator.giveData({ from: a, to: b, amountBytes: 20n * GB, idempotencyKey: '3' })
  t.like(operator.giftable({ msisdn: a }), {
    giftableBytes: 0n,
    availableBytes: 5n * GB,
    reason: 'partNotGiftable',
  })
})

test('the profile need not be enabled to give or receive', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const [a, b] = [await subscriber(), await subscriber()]
  const { iccid } = operator.account({ msisdn: a })!
  const eid = operator.bindings({ msisdn: a })[0]!.eid
  await operator.handleProfileEvent({ iccid, eid, event: 'disable', seqNumber: 9 })
  await t.notThrowsAsync(
    operator.giveData({ idempotencyKey: '1', from: a, to: b, amountBytes: 1n }),
  )
})

test('gives nothing at or after the end of a lot, and expires what is left', async (t) => {
  const { operator, subscriber, clock } = await createBench(t)
  const [a, b] = [await subscriber(), await subscriber()]
  clock.advance(30 * DAY_MS - 1)
  await operator.giveData({ idempotencyKey: '1', from: a, to: b, amountBytes: GB })
  clock.advance(1)
  t.is(operator.giftable({ msisdn: a }).reason, 'nothingLeft')
  const late = { idempotencyKey: '2', from: a, to: b, amountBytes: 1n }
  await t.throwsAsync(operator.giveData(late), {
    message: 'At most 0 bytes may be given, because nothing is left.',
  })
  t.like(operator.audit(), { available: 0n, expired: 40n * GB, balanced: true })
})

test('the same request with the same key has the same answer and moves nothing more', async (t) => {
  const { operator, subscriber, clock } = await createBench(t)
  const [a, b] = [await subscriber(), await subscriber()]
  const request = { idempotencyKey: 'once', from: a, to: b, amountBytes: GB }
  const gift = await operator.giveData(request)
  clock.advance(DAY_MS)
  t.deepEqual(await operator.giveData(request), gift)
  t.deepEqual(
    await operator.giveData({ ...request, from: `+${a.slice(0, 3)} ${a.slice(3)}` }),
    gift,
  )
  t.true((await operator.attemptGift(request)).replayed)
  t.is(operator.balance({ msisdn: b }).totalBytes, 21n * GB)
})

test('a refusal by a rule is repeated, too, even when the rule would allow it now', async (t) => {
  const { operator, subscriber, issue } = await createBench(t)
  const [a, b] = [await subscriber(), await subscriber()]
  const request = { idempotencyKey: 'once', from: a, to: b, amountBytes: 21n * GB }
  const first = await t.throwsAsync(operator.giveData(request))
  await issue(a, { amountBytes: 5n * GB })
  const second = await t.throwsAsync(operator.giveData(request))
  t.is(second?.message, first?.message)
  await t.notThrowsAsync(operator.giveData({ ...request, idempotencyKey: 'other' }))
})

test('refuses a key that came with another content', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const [a, b] = [await subscriber(), await subscriber()]
  const request = { idempotencyKey: 'once', from: a, to: b, amountBytes: GB }
  await operator.giveData(request)
  const error = await t.throwsAsync(operator.giveData({ ...request, amountBytes: 2n * GB }))
  t.like(error, { code: 'idempotencyKeyReused', field: 'idempotencyKey' })
})

test('a key belongs to its caller and its operation', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const [a, b] = [await subscriber('attached'), await subscriber()]
  const request = { idempotencyKey: 'once', from: a, to: b, amountBytes: GB }
  const first = await operator.giveData(request)
  const second = await operator.giveData({ ...request, caller: 'another' })
  t.not(first.id, second.id)
  const usage = await operator.useData({ idempotencyKey: 'once', msisdn: a, amountBytes: GB })
  t.is(usage.amountBytes, GB)
})

test('twenty requests at once with one key make one gift', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const [a, b] = [await subscriber(), await subscriber()]
  const request = { idempotencyKey: 'once', from: a, to: b, amountBytes: GB }
  const gifts = await Promise.all(Array.from({ length: 20 }, () => operator.giveData(request)))
  t.is(new Set(gifts.map((gift) => gift.id)).size, 1)
  t.is(operator.balance({ msisdn: b }).totalBytes, 21n * GB)
})

for (const amountBytes of [-1n, 2n ** 50n + 1n, 2n ** 64n, 5, NaN, 1.5, '5', null, undefined]) {
  test(`refuses an amount that is no amount: ${typeof amountBytes} ${amountBytes}`, async (t) => {
    const { operator, subscriber } = await createBench(t)
    const [from, to] = [await subscriber(), await subscriber()]
    const request = { idempotencyKey: 'k', from, to, amountBytes: amountBytes as bigint }
    const error = await t.throwsAsync(operator.giveData(request))
    t.like(error, { code: 'badInput', field: 'amountBytes' })
  })
}

for (const [field, value] of [
  ['from', 'not a number'],
  ['to', '8900101000000000019'],
  ['to', '٩٩٩٠١٠٠٠٠٠٠١'],
  ['idempotencyKey', ''],
  ['idempotencyKey', 'a'.repeat(256)],
] as const) {
  test(`refuses a malformed ${field}: ${value.slice(0, 20)}`, async (t) => {
    const { operator, subscriber } = await createBench(t)
    const [from, to] = [await subscriber(), await subscriber()]
    const request = { idempotencyKey: 'k', from, to, amountBytes: 1n, [field]: value }
    t.like(await t.throwsAsync(operator.giveData(request)), { code: 'badInput', field })
  })
}
