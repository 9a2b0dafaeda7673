import test from 'ava'
import { referenceOf } from '../../../src/operator/channels/notices.ts'
import { createGiftBench, HOUR_MS, type GiftBench } from './helper.ts'

const inbox = (bench: GiftBench, msisdn: string) =>
  bench.operator
    .inbox({ msisdn, limit: 50 })
    .toReversed()
    .map(({ textId, text }) => ({ textId, text }))
const idsOf = (bench: GiftBench, msisdn: string) => inbox(bench, msisdn).map(({ textId }) => textId)

test('both sides are told of a gift that comes over the API, with the number of the receipt and in their languages', async (t) => {
  const bench = await createGiftBench(t, { id: 't2' })
  const { subscriptions } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  await subscriptions.setDetails({ msisdn: a, language: 'ru' })
  await subscriptions.setDetails({ msisdn: b, language: 'en' })
  const amountBytes = BigInt(bench.file.gigabyteBytes)
  const asked = { caller: 't', idempotencyKey: 'k', from: a, to: b, amountBytes }
  const { gift } = await bench.operator.gifts.give(asked)
  const reference = referenceOf(gift!.id)
  const [sent, received] = [inbox(bench, a), inbox(bench, b)]
  t.deepEqual([idsOf(bench, a), idsOf(bench, b)], [['giftSent'], ['giftReceived']])
  t.true(sent[0]!.text.includes(reference) && received[0]!.text.includes(reference))
  t.regex(sent[0]!.text, /[а-я]/)
  t.regex(received[0]!.text, /^You received/)

  // The same request again, and one that is refused, tell nobody.
  await bench.operator.gifts.give(asked)
  t.is((await bench.give(a, b, amountBytes)).refusal?.reason, 'receiverHasReceived')
  t.deepEqual([inbox(bench, a), inbox(bench, b)], [sent, received])

  await bench.operator.gifts.reverse({ id: gift!.id })
  t.is(idsOf(bench, a).at(-1), 'giftReversedSender')
  t.is(idsOf(bench, b).at(-1), 'giftReversedReceiver')
})

test('who waits for whom is told at each step, and the end to both', async (t) => {
  const acceptance = { kind: 'required', withinHours: 48 } as const
  const bench = await createGiftBench(t, { id: 'lab', rules: { acceptance } })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const { gift } = await bench.give(a, b, 10_000_000n)
  t.is(idsOf(bench, b).at(-1), 'giftOffered')
  await gifts.accept({ id: gift!.id, by: b })
  t.is(idsOf(bench, a).at(-1), 'giftAccepted')
  t.is(idsOf(bench, b).at(-1), 'giftTaken')
  const late = (await bench.give(a, b, 10_000_000n)).gift!
  bench.clock.advance(48 * HOUR_MS)
  // Whoever looks first: the question itself tells nothing, the end is told once.
  const before = [idsOf(bench, a), idsOf(bench, b)]
  bench.operator.giftable({ msisdn: a })
  gifts.maximum({ from: a, to: b })
  t.deepEqual([idsOf(bench, a), idsOf(bench, b)], before)
  await gifts.sweep()
  await gifts.sweep()
  t.is(gifts.find({ id: late.id })?.state, 'expired')
  t.deepEqual(idsOf(bench, a).slice(before[0]!.length), ['giftReturned'])
  t.deepEqual(idsOf(bench, b).slice(before[1]!.length), ['giftOfferOver'])
})
