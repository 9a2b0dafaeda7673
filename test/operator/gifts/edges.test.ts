/** What the steps of a gift look at, one thing each: without it, the test fails. */

import test from 'ava'
import { OTHER_EID } from '../helper.ts'
import { createGiftBench, DAY_MS, HOUR_MS, MINUTE_MS, type GiftBench } from './helper.ts'

const ACCEPT = { acceptance: { kind: 'required', withinHours: 48 } } as const
const CONFIRM = { confirmation: { kind: 'yes', withinMinutes: 5 } } as const

async function three(bench: GiftBench): Promise<readonly [string, string, string]> {
  return [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
}

const reasonsOf = (outcome: Awaited<ReturnType<GiftBench['give']>>): readonly string[] =>
  outcome.refusal?.refusals.map(({ code }) => code) ?? []

/** The number of somebody who has left, with a new owner. */
async function recycled(bench: GiftBench, msisdn: string): Promise<string> {
  const { operator } = bench
  const { iccid } = await operator.subscriptions.recycle({ msisdn, quarantineDays: 0 })
  await operator.openAccount({ iccid })
  for (const [at, event] of (['install', 'enable'] as const).entries())
    await operator.handleProfileEvent({ iccid, eid: OTHER_EID, event, seqNumber: at + 1 })
  return msisdn
}

test('a key comes again with the same giver and receiver, or it is another request', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const [a, b, c] = await three(bench)
  const { gifts } = bench.operator
  const give = (from: string, to: string | undefined) =>
    gifts.give({ caller: 't', idempotencyKey: 'k', from, to, amountBytes: 5n })
  t.false((await give(a, b)).replayed)
  t.true((await give(a, b)).replayed)
  for (const [from, to] of [
    [a, c],
    [c, b],
    [a, undefined],
  ] as const)
    t.like(await t.throwsAsync(give(from, to)), { code: 'idempotencyKeyReused' })
})

test('a key for a package comes again for the same receiver', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const [msisdn, b, c] = await three(bench)
  const order = (wish: { packageId: string; for?: string }) =>
    bench.operator.attemptOrder({
      msisdn,
      caller: 't',
      idempotencyKey: 'k',
      wish: { kind: 'package', ...wish },
    })
  await order({ packageId: 'lab-5', for: b })
  t.true((await order({ packageId: 'lab-5', for: b })).replayed)
  for (const other of [{}, { for: c }])
    t.like(await t.throwsAsync(order({ packageId: 'lab-5', ...other })), {
      code: 'idempotencyKeyReused',
    })
})

test('the rules are asked again when the sender confirms', async (t) => {
  for (const rules of [CONFIRM, { ...CONFIRM, ...ACCEPT }]) {
    const bench = await createGiftBench(t, { id: 'lab', rules })
    const [a, b] = await three(bench)
    const { gifts } = bench.operator
    const { gift } = await bench.give(a, b, 5n)
    await gifts.lock({ msisdn: a, locked: true })
    const { gift: after, refusal } = await gifts.confirm({ id: gift!.id, by: a })
    t.deepEqual([after.state, refusal?.reason], ['failed', 'giverLocked'])
    t.like(bench.operator.audit(), { held: 0n, faults: [] })
  }
})

test('a step that comes too late frees what was held, without a sweep', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: ACCEPT })
  const [a, b] = await three(bench)
  const { gift } = await bench.give(a, b, 5n)
  bench.clock.advance(48 * HOUR_MS)
  const accept = bench.operator.gifts.accept({ id: gift!.id, by: b })
  t.like(await t.throwsAsync(accept), { code: 'conflict', reason: 'tooLate' })
  t.is(bench.operator.audit().held, 0n)
})

test('a gift whose time is over counts no more when another goes on', async (t) => {
  const acceptance = { kind: 'required', withinHours: 1 / 60 } as const
  const rules = { ...CONFIRM, acceptance, senderMonthGifts: 1 }
  const bench = await createGiftBench(t, { id: 'lab', rules })
  const [a, b, c] = await three(bench)
  const { gifts } = bench.operator
  const [first, second] = [await bench.give(a, b, 5n), await bench.give(a, c, 5n)]
  await gifts.confirm({ id: first.gift!.id, by: a })
  bench.clock.advance(MINUTE_MS)
  const { gift } = await gifts.confirm({ id: second.gift!.id, by: a })
  t.is(gift.state, 'awaitingAcceptance')
})

test('what is on its way counts, for its giver and its receiver, and not against itself', async (t) => {
  const limits: readonly (readonly [string, object])[] = [
    ['giverDayGifts', { senderDayGifts: 1 }],
    ['giverMonthGifts', { senderMonthGifts: 1 }],
    ['giverMonthBytes', { senderMonthBytes: 10n }],
    ['giverDayBytes', { senderDayBytes: 10n }],
    ['receiverMonthGifts', { receiverMonthGifts: 1 }],
    ['receiverMonthBytes', { receiverMonthBytes: 10n }],
    ['tooSoon', { gapMinutes: 2 }],
  ]
  for (const [code, limit] of limits) {
    const bench = await createGiftBench(t, { id: 'lab', rules: { ...ACCEPT, ...limit } })
    const [a, b] = await three(bench)
    const { gift } = await bench.give(a, b, 6n)
    t.is(gift?.state, 'awaitingAcceptance')
    t.deepEqual(reasonsOf(await bench.give(a, b, 6n)), [code])
    const accepted = await bench.operator.gifts.accept({ id: gift!.id, by: b })
    t.is(accepted.gift.state, 'completed', code)
    t.deepEqual(reasonsOf(await bench.give(a, b, 6n)), [code])
  }
})

for (const more of [{}, ACCEPT]) {
  test(`the plan ends first and is not given where gifts are of what was bought; ${Object.keys(more)}`, async (t) => {
    const rules = { ...more, origins: ['purchased'] as const, regift: false }
    const bench = await createGiftBench(t, { id: 'lab', rules })
    const { operator, clock } = bench
    const [a, b] = await three(bench)
    const order = { msisdn: a, caller: 't' }
    await operator.attemptOrder({
      ...order,
      idempotencyKey: 'm',
      wish: { kind: 'topUp', amountMinor: 5000n },
    })
    clock.advance(10 * DAY_MS)
    await operator.attemptOrder({
      ...order,
      idempotencyKey: 'p',
      wish: { kind: 'package', packageId: 'lab-5' },
    })
    const of = (origin: string) =>
      operator.balance({ msisdn: a }).lots.find((lot) => lot.origin === origin)
    const [plan, bought] = [of('plan')!, of('purchased')!]
    t.true(plan.validUntilMs < bought.validUntilMs)
    const { gift } = await bench.give(a, b, 5n)
    if (gift?.state === 'awaitingAcceptance') await operator.gifts.accept({ id: gift.id, by: b })
    t.is(of('purchased')?.availableBytes, bought.availableBytes - 5n)
    t.is(of('plan')?.availableBytes, plan.availableBytes)
    const given = operator.balance({ msisdn: b }).lots.find((lot) => lot.origin === 'gift')
    t.like(given, { giftable: false, availableBytes: 5n, parentLotId: bought.id })
  })
}

test('who has a number now is told nothing of the gifts of who had it before', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: ACCEPT })
  const { operator } = bench
  const [a, b] = await three(bench)
  const { gift } = await bench.give(a, b, 5n)
  await operator.subscriptions.close({ msisdn: b })
  await recycled(bench, b)
  const id = gift!.id
  t.like(await t.throwsAsync(operator.gifts.accept({ id, by: b })), { code: 'notFound' })
  t.is((await operator.gifts.cancel({ id, by: a })).gift.state, 'cancelled')
  t.deepEqual(operator.inbox({ msisdn: b, limit: 10 }), [])
})

test('a number brings no suspicion along from who had it before', async (t) => {
  const rules = { abuse: { windowHours: 24, fanIn: 1, action: 'refuse' } } as const
  const bench = await createGiftBench(t, { id: 'lab', rules })
  const [a, b, c] = await three(bench)
  await bench.give(a, b, 5n)
  t.deepEqual(reasonsOf(await bench.give(c, b, 5n)), ['fanIn'])
  await bench.operator.subscriptions.close({ msisdn: b })
  await recycled(bench, b)
  t.is((await bench.give(c, b, 5n)).gift?.state, 'completed')
})

test('who would be stopped by another rule anyway is not suspended', async (t) => {
  const rules = { abuse: { windowHours: 24, gifts: 1, action: 'suspend' } } as const
  const bench = await createGiftBench(t, { id: 'lab', rules })
  const { gifts } = bench.operator
  const [a, b] = await three(bench)
  await bench.give(a, b, 5n)
  await gifts.lock({ msisdn: a, locked: true })
  t.deepEqual(reasonsOf(await bench.give(a, b, 5n)), ['giverLocked', 'velocity'])
  t.deepEqual(gifts.suspended(), [])
  await gifts.lock({ msisdn: a, locked: false })
  t.deepEqual(reasonsOf(await bench.give(a, b, 5n)), ['velocity'])
  t.is(gifts.suspended().length, 1)
})

test('a ring is followed through as many hands as the rule says, and no more', async (t) => {
  for (const [hands, reasons] of [
    [4, ['ring']],
    [5, []],
  ] as const) {
    const rules = { abuse: { windowHours: 24, ringHands: 4, action: 'refuse' } } as const
    const bench = await createGiftBench(t, { id: 'lab', rules })
    const numbers: string[] = []
    for (let at = 0; at < hands; at++) numbers.push(await bench.subscriber())
    for (let at = 1; at < hands; at++) await bench.give(numbers[at - 1]!, numbers[at]!, 5n)
    t.deepEqual(reasonsOf(await bench.give(numbers.at(-1)!, numbers[0]!, 5n)), reasons, `${hands}`)
  }
})

test('a profile that moved to another card begins its rest anew', async (t) => {
  const rules = { coolOffAfterProvisioningHours: 72 }
  const bench = await createGiftBench(t, { id: 'lab', rules })
  const { operator, clock } = bench
  const [a, b] = await three(bench)
  clock.advance(72 * HOUR_MS)
  t.is((await bench.give(a, b, 5n)).gift?.state, 'completed')
  const { iccid } = operator.account({ msisdn: a })!
  for (const [at, event] of (['install', 'enable'] as const).entries())
    await operator.handleProfileEvent({ iccid, eid: OTHER_EID, event, seqNumber: at + 1 })
  t.deepEqual(reasonsOf(await bench.give(a, b, 5n)), ['provisionedRecently'])
  clock.advance(72 * HOUR_MS)
  t.is((await bench.give(a, b, 5n)).gift?.state, 'completed')
})

test('five questions may stand at once, each for a day', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: { askForData: true } })
  const { gifts } = bench.operator
  const from = await bench.subscriber()
  const asked: { id: string; to: string }[] = []
  const ask = async (to: string) => asked.push(await gifts.ask({ from, to, amountBytes: 5n }))
  for (let count = 0; count < 5; count++) await ask(await bench.subscriber())
  t.like(await t.throwsAsync(ask(await bench.subscriber())), { reason: 'askedAlready' })
  bench.clock.advance(DAY_MS - 1)
  const [first, second] = asked
  const answer = (one: typeof first) => gifts.answer({ id: one!.id, by: one!.to, gives: true })
  t.is((await answer(first))?.gift?.state, 'completed')
  bench.clock.advance(1)
  t.like(await t.throwsAsync(answer(second)), { code: 'conflict', reason: 'tooLate' })
})

test('somebody who has got something this month is no new receiver', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: { senderMonthReceivers: 1 } })
  const [a, b, c] = await three(bench)
  for (let times = 0; times < 3; times++)
    t.is((await bench.give(a, b, 5n)).gift?.state, 'completed')
  t.deepEqual(reasonsOf(await bench.give(a, c, 5n)), ['giverMonthReceivers'])
})

test('a day counts its own gifts, and a month those of all its days', async (t) => {
  const rules = { senderDayGifts: 1, senderMonthGifts: 2 }
  const bench = await createGiftBench(t, { id: 'lab', rules })
  const [a, b] = await three(bench)
  const give = async () => reasonsOf(await bench.give(a, b, 5n))
  t.deepEqual([await give(), await give()], [[], ['giverDayGifts']])
  bench.clock.advance(DAY_MS)
  t.deepEqual([await give(), await give()], [[], ['giverDayGifts', 'giverMonthGifts']])
  bench.clock.advance(DAY_MS)
  t.deepEqual(await give(), ['giverMonthGifts'])
  // From 12 January at noon to the first instant of February.
  bench.clock.advance(19.5 * DAY_MS - 1)
  t.deepEqual(await give(), ['giverMonthGifts'])
  bench.clock.advance(1)
  t.deepEqual(await give(), [])
})
