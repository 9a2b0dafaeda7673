import test from 'ava'
import { consume } from '../../../src/store/ledger.ts'
import type { GiftingRules, ValidityRule } from '../../../src/operator/rules/types.ts'
import { createGiftBench, DAY_MS, GIB, HOUR_MS, type GiftBench } from './helper.ts'

const ACCEPT: GiftingRules = { acceptance: { kind: 'required', withinHours: 48 } }

/** Uses data of a subscriber, received data first. */
async function use(bench: GiftBench, msisdn: string, amountBytes: bigint): Promise<void> {
  const accountId = bench.operator.account({ msisdn })!.id
  const atMs = bench.clock.nowMs()
  const transferId = `use:${accountId}:${atMs}:${amountBytes}`
  await bench.store.write((db) =>
    consume(db, { transferId, accountId, amountBytes, atMs, order: ['gift'] }),
  )
}

const totalOf = (bench: GiftBench, msisdn: string) => bench.operator.balance({ msisdn }).totalBytes
const moneyOf = (bench: GiftBench, msisdn: string) =>
  bench.operator.subscriptions.wallet({ msisdn }).moneyMinor
const codesOf = (outcome: Awaited<ReturnType<GiftBench['give']>>) =>
  outcome.refusal?.refusals.map(({ code }) => code) ?? []

// The worked numbers of T2: 50 roubles on day 3, and the end is day 30 from the receipt, not day 33.
test('T2: a received package that is paid for on day 3 ends on day 30 from its receipt', async (t) => {
  const bench = await createGiftBench(t, { id: 't2' })
  const { operator, clock } = bench
  const { subscriptions } = operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const receivedAtMs = clock.nowMs()
  const { gift } = await bench.give(a, b, 5n * GIB)
  t.is(gift?.validUntil?.getTime(), receivedAtMs + 7 * DAY_MS)
  const before = operator.audit()

  clock.advance(3 * DAY_MS)
  const lotId = gift!.lots[0]!.lotId
  const order = { msisdn: b, lotId }
  t.like(await t.throwsAsync(subscriptions.extend({ ...order, id: 'x1' })), {
    reason: 'notEnoughMoney',
  })
  await subscriptions.topUp({ msisdn: b, id: 'money', amountMinor: 10_000n })
  const longerId = await subscriptions.extend({ ...order, id: 'x2' })
  t.is(moneyOf(bench, b), 5_000n)
  const longer = operator.balance({ msisdn: b }).lots.find(({ id }) => id === longerId)
  t.like(longer, { origin: 'gift', availableBytes: 5n * GIB })
  t.is(longer?.validUntilMs, receivedAtMs + 30 * DAY_MS)
  t.like(await t.throwsAsync(subscriptions.extend({ msisdn: b, lotId: longerId, id: 'x3' })), {
    reason: 'alreadyLongest',
  })
  t.is(moneyOf(bench, b), 5_000n)
  // The longer life is still a received package: it is not passed on, and keeps B from giving and receiving.
  t.deepEqual(codesOf(await bench.give(b, a, GIB)), ['giverHasReceived'])
  t.deepEqual(codesOf(await bench.give(a, b, GIB)), ['receiverHasReceived'])

  clock.advance(27 * DAY_MS - 1)
  await operator.sweep()
  t.is(operator.audit().expired, before.expired)
  clock.advance(1)
  await operator.sweep()
  const after = operator.audit()
  t.is(after.expired, before.expired + 5n * GIB)
  t.like(after, { balanced: true, issued: before.issued })
})

test('T2: what was used of a gift before it was taken back stays used', async (t) => {
  const bench = await createGiftBench(t, { id: 't2' })
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const { gift } = await bench.give(a, b, 5n * GIB)
  await use(bench, b, 2n * GIB)
  const reversed = await bench.operator.gifts.reverse({ id: gift!.id, reason: 'by mistake' })
  t.like(reversed, { state: 'partiallyReversed', reason: 'by mistake', amountBytes: 5n * GIB })
  t.deepEqual([totalOf(bench, a), totalOf(bench, b)], [18n * GIB, 20n * GIB])
  t.like(await t.throwsAsync(bench.operator.gifts.reverse({ id: gift!.id })), {
    reason: 'wrongState',
  })
  t.like(bench.operator.audit(), { balanced: true, consumed: 2n * GIB })
})

test('nothing is taken back of a gift that is used up', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const { gift } = await bench.give(a, b, 100n)
  await use(bench, b, 100n)
  t.like(await t.throwsAsync(bench.operator.gifts.reverse({ id: gift!.id })), {
    code: 'refused',
    reason: 'nothingToReverse',
  })
  t.is(bench.operator.gifts.find({ id: gift!.id })?.state, 'completed')
})

for (const payer of ['sender', 'receiver'] as const) {
  test(`a fee is taken from the ${payer} when the data moves, once, and not before`, async (t) => {
    const fee = { amountMinor: 100n, perGigabyteMinor: 50n, payer }
    const bench = await createGiftBench(t, { id: 'lab', rules: { ...ACCEPT, fee } })
    const { gifts, subscriptions } = bench.operator
    const [a, b] = [await bench.subscriber(), await bench.subscriber()]
    const paying = payer === 'sender' ? a : b
    const gigabyte = BigInt(bench.file.gigabyteBytes)
    const code = payer === 'sender' ? 'giverMoney' : 'receiverMoney'
    t.deepEqual(codesOf(await bench.give(a, b, gigabyte)), [code])
    await subscriptions.topUp({ msisdn: paying, id: 'money', amountMinor: 1000n })
    const most = gifts.maximum({ from: a, to: b })
    t.is(most.bytes, 18n * gigabyte)
    t.is(most.because, code)

    const { gift } = await bench.give(a, b, gigabyte + 1n)
    t.like(gift, { state: 'awaitingAcceptance', feeMinor: 200n })
    t.is(moneyOf(bench, paying), 1000n)
    await gifts.accept({ id: gift!.id, by: b })
    await gifts.accept({ id: gift!.id, by: b })
    t.is(moneyOf(bench, paying), 800n)
    const declined = (await bench.give(a, b, gigabyte)).gift!
    await gifts.decline({ id: declined.id, by: b })
    t.is(moneyOf(bench, paying), 800n)
    t.is(moneyOf(bench, paying === a ? b : a), 0n)
  })
}

/** When a gift of the lab's plan ends that is asked for at noon on 10 January and accepted six hours on. */
const SOURCE_END = '2026-02-09T12:00:00.000Z'
const VALIDITIES: readonly (readonly [ValidityRule, string])[] = [
  [{ kind: 'keepSource' }, SOURCE_END],
  [{ kind: 'sooner', days: 3 }, '2026-01-13T18:00:00.000Z'],
  [{ kind: 'sooner', days: 60 }, SOURCE_END],
  [{ kind: 'laterOfBoth' }, '2026-02-09T13:00:00.000Z'],
  // Six hours were not its receiver's yet, and do not count.
  [{ kind: 'sourceRemaining' }, '2026-02-09T18:00:00.000Z'],
  [{ kind: 'endOfMonth' }, '2026-02-01T00:00:00.000Z'],
  [{ kind: 'endOfNextMonth' }, '2026-03-01T00:00:00.000Z'],
  [{ kind: 'fixedDays', days: 7 }, '2026-01-17T18:00:00.000Z'],
  [{ kind: 'fixedHours', hours: 24 }, '2026-01-11T18:00:00.000Z'],
]

for (const [validity, end] of VALIDITIES) {
  const name = [validity.kind, ...Object.values(validity).slice(1)].join(' ')
  test(`${name}: a gift that was held counts from its receipt and ends at ${end}`, async (t) => {
    const bench = await createGiftBench(t, { id: 'lab', rules: { ...ACCEPT, validity } })
    t.is(bench.file.timeZone, 'UTC')
    const a = await bench.subscriber()
    const { gifts } = bench.operator
    bench.clock.advance(HOUR_MS)
    const b = await bench.subscriber()
    bench.clock.set(new Date('2026-01-10T12:00:00Z'))
    const held = (await bench.give(a, b, 100n)).gift!
    t.is(held.validUntil, undefined)
    bench.clock.advance(6 * HOUR_MS)
    const { gift } = await gifts.accept({ id: held.id, by: b })
    t.is(gift.state, 'completed')
    t.is(gift.validUntil?.toISOString(), end)
    t.true(bench.operator.audit().balanced)
  })
}

test('who is blocked, suspended or gone neither gives nor receives', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const { subscriptions } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  for (const status of ['suspended', 'blocked'] as const) {
    await subscriptions.setStatus({ msisdn: a, status })
    t.deepEqual(codesOf(await bench.give(a, b, 1n)), ['giverNotActive'])
    t.deepEqual(codesOf(await bench.give(b, a, 1n)), ['receiverNotActive'])
    t.like(bench.operator.gifts.maximum({ from: a }), { bytes: 0n, because: 'giverNotActive' })
    await subscriptions.setStatus({ msisdn: a, status: 'active' })
    t.is((await bench.give(a, b, 1n)).gift?.state, 'completed')
  }
  await subscriptions.close({ msisdn: a })
  t.deepEqual(codesOf(await bench.give(a, b, 1n)), ['unknownGiver'])
  t.deepEqual(codesOf(await bench.give(b, a, 1n)), ['unknownReceiver'])
  t.true(bench.operator.audit().balanced)
})

for (const status of ['suspended', 'blocked'] as const) {
  for (const side of ['giver', 'receiver'] as const) {
    test(`a gift on its way fails when its ${side} is ${status} by the time of the yes`, async (t) => {
      const bench = await createGiftBench(t, { id: 'lab', rules: ACCEPT })
      const { gifts, subscriptions } = bench.operator
      const [a, b] = [await bench.subscriber(), await bench.subscriber()]
      const all = totalOf(bench, a)
      const { id } = (await bench.give(a, b, 100n)).gift!
      await subscriptions.setStatus({ msisdn: side === 'giver' ? a : b, status })
      const outcome = await gifts.accept({ id, by: b })
      const reason = `${side}NotActive`
      t.like(outcome, { gift: { state: 'failed', reason }, refusal: { reason } })
      t.deepEqual([totalOf(bench, a), totalOf(bench, b)], [all, all])
      t.like(bench.operator.audit(), { balanced: true, held: 0n })
    })
  }
}

test('a subscription whose data is held is not closed; one that only awaits a gift is, and the data comes back', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: ACCEPT })
  const { gifts, subscriptions } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const all = totalOf(bench, a)
  const { id } = (await bench.give(a, b, 100n)).gift!
  t.like(await t.throwsAsync(subscriptions.close({ msisdn: a })), { reason: 'dataIsHeld' })
  await subscriptions.close({ msisdn: b })
  t.like(await t.throwsAsync(gifts.accept({ id, by: b })), { code: 'notFound' })
  bench.clock.advance(48 * HOUR_MS)
  t.is(totalOf(bench, a), all)
  await bench.operator.sweep()
  t.is(gifts.find({ id })?.state, 'expired')
  t.like(bench.operator.audit(), { balanced: true, held: 0n })
  await subscriptions.close({ msisdn: a })
})

test('data that ends while it is held is expired with its gift, to the byte', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: ACCEPT })
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const all = totalOf(bench, a) + totalOf(bench, b)
  bench.clock.advance(30 * DAY_MS - HOUR_MS)
  const { id } = (await bench.give(a, b, 100n)).gift!
  bench.clock.advance(HOUR_MS - 1)
  t.is(bench.operator.gifts.find({ id })?.state, 'awaitingAcceptance')
  bench.clock.advance(1)
  t.is(bench.operator.gifts.find({ id })?.state, 'expired')
  t.is(totalOf(bench, a), 0n)
  await bench.operator.sweep()
  t.like(bench.operator.gifts.find({ id }), { state: 'expired', lots: [] })
  t.like(bench.operator.audit(), { balanced: true, held: 0n, available: 0n, expired: all })
})
