import test from 'ava'
import { LabError } from '../../../src/base/errors.ts'
import { GiftRefusedError } from '../../../src/operator/rules/refusals.ts'
import { createGiftBench, DAY_MS, type GiftBench } from './helper.ts'

const UNLIMITED_BYTES = 2n ** 50n

async function withMoney(bench: GiftBench): Promise<readonly [string, string]> {
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  await bench.operator.subscriptions.topUp({ msisdn: a, id: `money-${a}`, amountMinor: 100_000n })
  return [a, b]
}

const codesOf = async (work: Promise<unknown>): Promise<readonly string[]> =>
  work.then(
    () => [],
    (error: unknown) => {
      if (error instanceof GiftRefusedError) return error.refusals.map(({ code }) => code)
      if (error instanceof LabError) return [error.reason ?? error.code]
      throw error
    },
  )

test('Beeline: the giver pays, the receiver has a new package, and the giver keeps all data', async (t) => {
  const bench = await createGiftBench(t, { id: 'beeline' })
  const { operator } = bench
  const [a, b] = await withMoney(bench)
  const before = operator.balance({ msisdn: a })
  const order = { msisdn: a, id: 'g1', packageId: 'beeline-gift-3', for: b }
  await operator.subscriptions.buy(order)
  t.deepEqual(operator.balance({ msisdn: a }), before)
  t.is(operator.subscriptions.wallet({ msisdn: a }).moneyMinor, 100_000n - 49_900n)
  const [lot] = operator.balance({ msisdn: b }).lots
  t.like(lot, { label: 'beeline-gift-3', availableBytes: UNLIMITED_BYTES, parentLotId: undefined })

  const gift = operator.gifts.find({ id: 'g1' })
  t.like(gift, { state: 'completed', from: a, to: b, feeMinor: 49_900n, lots: [] })
  t.is(gift?.packageId, 'beeline-gift-3')
  // 92 days with the day of the receipt, to the midnight of Moscow.
  t.is(gift?.validUntil?.toISOString(), '2026-04-11T21:00:00.000Z')
  t.deepEqual(operator.gifts.list({ msisdn: b }), [gift!])
  t.deepEqual(operator.gifts.list({ msisdn: a }), [gift!])
  t.like(await t.throwsAsync(operator.gifts.reverse({ id: 'g1' })), { reason: 'boughtGift' })
  t.true(operator.audit().balanced)
})

test('both sides are told of a bought gift, each once and in the own language', async (t) => {
  const bench = await createGiftBench(t, { id: 'beeline' })
  const { operator } = bench
  const [a, b] = await withMoney(bench)
  await operator.subscriptions.setDetails({ msisdn: b, language: 'en' })
  await operator.subscriptions.buy({ msisdn: a, id: 'abc', packageId: 'beeline-gift-1', for: b })
  const inbox = (msisdn: string) => operator.inbox({ msisdn, limit: 10 })
  t.like(inbox(a)[0], { textId: 'giftSent' })
  t.like(inbox(b)[0], { textId: 'giftReceived' })
  t.regex(inbox(a)[0]!.text, /ABC/)
  t.regex(inbox(b)[0]!.text, /You received .* Transaction ABC/)
  t.deepEqual([inbox(a).length, inbox(b).length], [1, 1])
})

test('every rule but those about amounts holds for a bought gift, and all that are broken are told', async (t) => {
  const bench = await createGiftBench(t, { id: 'beeline' })
  const { operator } = bench
  const { gifts, subscriptions } = operator
  const [a, b] = await withMoney(bench)
  let bought = 0
  const buy = (packageId = 'beeline-gift-1') =>
    codesOf(subscriptions.buy({ msisdn: a, id: `b${++bought}`, packageId, for: b }))
  const paid = () => subscriptions.wallet({ msisdn: a }).moneyMinor
  await gifts.lock({ msisdn: a, locked: true })
  await gifts.block({ msisdn: b, number: a, blocked: true })
  await subscriptions.setDetails({ msisdn: a, customerKind: 'company' })
  t.deepEqual(await buy(), ['giverLocked', 'blockedByReceiver', 'giverKind'])
  await gifts.lock({ msisdn: a, locked: false })
  await gifts.block({ msisdn: b, number: a, blocked: false })
  await subscriptions.setDetails({ msisdn: a, customerKind: 'person' })
  await subscriptions.setStatus({ msisdn: b, status: 'suspended' })
  t.deepEqual(await buy(), ['receiverNotActive'])
  await subscriptions.setStatus({ msisdn: b, status: 'active' })
  t.is(paid(), 100_000n)
  t.deepEqual(gifts.list({ msisdn: a }), [])
  t.deepEqual(await buy(), [])
  t.is(paid(), 100_000n - 19_900n)
  // Who has an unlimited option gets no other, until it is over.
  t.deepEqual(await buy('beeline-gift-3'), ['receiverHasReceived'])
  bench.clock.advance(32 * DAY_MS)
  await subscriptions.topUp({ msisdn: a, id: 'more', amountMinor: 100_000n })
  t.deepEqual(await buy('beeline-gift-3'), [])
  t.true(operator.audit().balanced)
})

test('without the money nothing is bought, and data that is left is not passed on', async (t) => {
  const bench = await createGiftBench(t, { id: 'beeline' })
  const { operator } = bench
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const order = { msisdn: a, id: 'g', packageId: 'beeline-gift-1', for: b }
  t.deepEqual(await codesOf(operator.subscriptions.buy(order)), ['notEnoughMoney'])
  t.is(operator.gifts.find({ id: 'g' }), undefined)
  const { refusal } = await bench.give(a, b, 1n)
  t.like(refusal?.refusals[0], {
    code: 'boughtOnly',
    alternatives: ['boughtGift', 'group', 'moneyTransfer'],
  })
})

for (const id of ['mts', 'megafon']) {
  test(`${id} shares in groups: neither left-over nor bought data goes to another, and the group is named`, async (t) => {
    const bench = await createGiftBench(t, { id })
    const { operator } = bench
    const [a, b] = await withMoney(bench)
    const { refusal } = await bench.give(a, b, 1n)
    t.like(refusal?.refusals[0], { code: 'groupOnly' })
    t.true(refusal?.refusals[0]?.alternatives?.includes('group'))
    const [offer] = bench.file.tariff.packages
    t.truthy(offer)
    const order = { msisdn: a, id: 'g', packageId: offer!.id, for: b }
    const error = await t.throwsAsync(operator.subscriptions.buy(order), {
      instanceOf: GiftRefusedError,
    })
    t.like(error?.refusals[0], { code: 'groupOnly' })
    t.true(error?.refusals[0]?.alternatives?.includes('group'))
  })
}

test('an order with a key keeps every reason, and a key that comes again buys nothing more', async (t) => {
  const bench = await createGiftBench(t, { id: 'beeline' })
  const { operator } = bench
  const [a, b] = await withMoney(bench)
  const order = (idempotencyKey: string) =>
    operator.attemptOrder({
      msisdn: a,
      caller: 't',
      idempotencyKey,
      wish: { kind: 'package', packageId: 'beeline-gift-1', for: b },
    })
  const { receipt } = await order('1')
  t.is((await order('1')).receipt?.id, receipt?.id)
  t.is(operator.gifts.find({ id: receipt!.id })?.state, 'completed')
  const { refusal } = await order('2')
  t.is(refusal?.reason, 'receiverHasReceived')
  t.deepEqual(await order('2'), { replayed: true, refusal: refusal! })
  t.is(operator.subscriptions.wallet({ msisdn: a }).moneyMinor, 100_000n - 19_900n)
})
