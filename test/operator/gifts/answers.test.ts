import test from 'ava'
import { createGiftBench, HOUR_MS, MINUTE_MS } from './helper.ts'

const WAITING = {
  confirmation: { kind: 'yes', withinMinutes: 5 },
  acceptance: { kind: 'required', withinHours: 48 },
  claimCodes: { withinHours: 48, endsWithMonth: true },
} as const

test('a request that is sent again is answered as the first time, wherever its gift is by then', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: WAITING })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const asked = { caller: 't', idempotencyKey: 'k', from: a, to: b, amountBytes: 100n }
  const first = await gifts.give(asked)
  t.like(first, { replayed: false, gift: { state: 'awaitingConfirmation' } })
  const again = async () => t.deepEqual(await gifts.give(asked), { ...first, replayed: true })
  const { id } = first.gift!
  await again()
  bench.clock.advance(MINUTE_MS)
  t.is((await gifts.confirm({ id, by: a })).gift.state, 'awaitingAcceptance')
  await again()
  bench.clock.advance(MINUTE_MS)
  t.is((await gifts.accept({ id, by: b })).gift.state, 'completed')
  await again()
  t.is((await gifts.reverse({ id })).state, 'reversed')
  await again()
  t.is(gifts.find({ id })?.state, 'reversed')
})

test('so is one that was over in the meantime, one that a rule stopped, and one that was done at once', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const asked = { caller: 't', idempotencyKey: 'k', from: a, to: b, amountBytes: 100n }
  const first = await gifts.give(asked)
  t.is(first.gift?.state, 'completed')
  bench.clock.advance(MINUTE_MS)
  await gifts.reverse({ id: first.gift!.id })
  t.deepEqual(await gifts.give(asked), { ...first, replayed: true })

  const waiting = await createGiftBench(t, { id: 'lab', rules: WAITING })
  const [c, d] = [await waiting.subscriber(), await waiting.subscriber()]
  for (const [key, end] of [
    ['late', async () => waiting.clock.advance(5 * MINUTE_MS)],
    ['cancelled', (id: string) => waiting.operator.gifts.cancel({ id, by: c })],
    [
      'failed',
      async (id: string) => {
        await waiting.operator.gifts.lock({ msisdn: c, locked: true })
        await waiting.operator.gifts.confirm({ id, by: c })
      },
    ],
  ] as const) {
    const request = { caller: 't', idempotencyKey: key, from: c, to: d, amountBytes: 1n }
    const begun = await waiting.operator.gifts.give(request)
    const { id, state } = begun.gift!
    await end(id)
    t.not(waiting.operator.gifts.find({ id })?.state, state)
    t.deepEqual(await waiting.operator.gifts.give(request), { ...begun, replayed: true }, key)
  }
})

test('a code that was claimed is answered as one that nobody had claimed', async (t) => {
  const bench = await createGiftBench(t, {
    id: 'lab',
    rules: { claimCodes: WAITING.claimCodes },
  })
  const { gifts } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const asked = { caller: 't', idempotencyKey: 'k', from: a, to: undefined, amountBytes: 100n }
  const first = await gifts.give(asked)
  bench.clock.advance(HOUR_MS)
  await gifts.claim({ code: gifts.claimCode({ id: first.gift!.id, by: a }), by: b })
  t.like(gifts.find({ id: first.gift!.id }), { state: 'completed', to: b })
  t.deepEqual(await gifts.give(asked), { ...first, replayed: true })
})
