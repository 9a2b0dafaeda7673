import test from 'ava'
import fc from 'fast-check'
import { nextAmountAfter } from '../../../src/operator/rules/maximum.ts'
import type { GiftingRules } from '../../../src/operator/rules/types.ts'
import { createGiftBench, DAY_MS, HOUR_MS, MINUTE_MS, type GiftBench } from './helper.ts'

const WITHOUT_ABUSE: Partial<GiftingRules> = { acceptance: { kind: 'required', withinHours: 48 } }

/** What a subscriber is shown, without the numbers of lots that are yet to be made. */
function shown(bench: GiftBench, msisdn: string) {
  const { lots, ...balance } = bench.operator.balance({ msisdn })
  return { ...balance, lots: lots.map((lot) => ({ ...lot, id: 0, parentLotId: 0 })) }
}

test('a period that nobody has touched is shown as the next command makes it, and nothing is written', async (t) => {
  const bench = await createGiftBench(t, { id: 't2' })
  const a = await bench.subscriber()
  await bench.operator.subscriptions.topUp({ msisdn: a, id: '1', amountMinor: 100_000n })
  bench.clock.advance(32 * DAY_MS)
  const before = bench.operator.audit()
  const asked = shown(bench, a)
  // The new period's, besides what was carried over from the last one and is not given away.
  const { amountBytes } = bench.file.plan
  t.is(asked.totalBytes, 2n * amountBytes)
  t.is(asked.giftable.giftableBytes, amountBytes)
  t.is(bench.operator.gifts.maximum({ from: a }).bytes, amountBytes)
  t.deepEqual(bench.operator.audit(), before)
  await bench.operator.subscriptions.refresh({ msisdn: a })
  t.deepEqual(shown(bench, a), asked)
  t.notDeepEqual(bench.operator.audit(), before)
})

test('data that was held for a gift whose time is over is there again, before anybody sweeps', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: WITHOUT_ABUSE })
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const all = shown(bench, a)
  const { gift } = await bench.give(a, b, all.totalBytes)
  t.is(shown(bench, a).giftable.giftableBytes, 0n)
  bench.clock.advance(48 * HOUR_MS)
  t.deepEqual(shown(bench, a).giftable, all.giftable)
  t.is((await bench.give(a, b, all.totalBytes)).gift?.state, 'awaitingAcceptance')
  t.is(bench.operator.gifts.find({ id: gift!.id })?.state, 'expired')
})

test('how much may be given never disagrees with what a gift then does, however long nothing was swept', async (t) => {
  const who = fc.integer({ min: 0, max: 2 })
  const step = fc.record({
    wait: fc.constantFrom(0, 5 * MINUTE_MS, 25 * HOUR_MS, 8 * DAY_MS, 33 * DAY_MS),
    from: who,
    to: who,
    isMore: fc.boolean(),
    topUp: fc.boolean(),
    accepts: fc.boolean(),
  })
  const seen = { given: 0, refused: 0, due: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('t2', 'lg-uplus', 'mineo', 'safaricom', 'lab'),
      fc.constantFrom<Partial<GiftingRules>>({}, WITHOUT_ABUSE),
      fc.array(step, { minLength: 3, maxLength: 8 }),
      async (id, rules, steps) => {
        const bench = await createGiftBench(undefined, { id, rules })
        const { gifts, subscriptions } = bench.operator
        const numbers = [
          await bench.subscriber(),
          await bench.subscriber(),
          await bench.subscriber(),
        ]
        for (const [at, { wait, isMore, topUp, accepts, ...pair }] of steps.entries()) {
          bench.clock.advance(wait)
          const [from, to] = [numbers[pair.from]!, numbers[pair.to]!]
          if (topUp) {
            await subscriptions.topUp({
              msisdn: from,
              id: `${at}`,
              amountMinor: bench.file.tariff.topUpMinor.max,
            })
          }
          const books = bench.operator.audit()
          const before = shown(bench, from)
          const { bytes, binding } = gifts.maximum({ from, to })
          t.is(gifts.maximum({ from }).bytes, before.giftable.giftableBytes)
          t.deepEqual(bench.operator.audit(), books)
          await subscriptions.refresh({ msisdn: from })
          await subscriptions.refresh({ msisdn: to })
          if (bench.operator.audit().issued !== books.issued) seen.due++
          t.deepEqual(shown(bench, from), before)
          const next = nextAmountAfter(bytes, bench.file.gifting) ?? bytes + 1n
          const amountBytes = isMore || bytes === 0n ? next : bytes
          const { gift, refusal } = await bench.give(from, to, amountBytes)
          t.is(gift !== undefined, amountBytes === bytes, refusal?.text)
          if (refusal) {
            seen.refused++
            const codes = refusal.refusals.map(({ code }) => code)
            t.true(
              binding.some(({ code }) => codes.includes(code)) || codes.includes('sameAccount'),
            )
          } else seen.given++
          if (gift?.state === 'awaitingConfirmation') await gifts.confirm({ id: gift.id, by: from })
          if (gift && accepts && gifts.find(gift)?.state === 'awaitingAcceptance')
            await gifts.accept({ id: gift.id, by: to })
        }
        t.true(bench.operator.audit().balanced)
        await bench.store.close()
      },
    ),
    { numRuns: 30, seed: 5 },
  )
  t.true(seen.given > 5 && seen.refused > 5 && seen.due > 5, JSON.stringify(seen))
})
