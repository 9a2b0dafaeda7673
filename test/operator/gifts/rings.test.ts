import test from 'ava'
import fc from 'fast-check'
import type { GiftingRules } from '../../../src/operator/rules/types.ts'
import { inTurn } from '../../helpers/order.ts'
import { createGiftBench, HOUR_MS, type GiftBench } from './helper.ts'

const abuse = { windowHours: 24, ringHands: 4, action: 'suspend' } as const

test('T2: a gift straight back is refused and nobody is stopped; data that comes round by three hands stops the third', async (t) => {
  const rules: GiftingRules = { abuse, regift: true }
  const bench = await createGiftBench(t, { id: 'lab', rules })
  const { gifts } = bench.operator
  const [a, b, c] = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
  await bench.give(a, b, 5n)
  const back = await bench.give(b, a, 5n)
  t.deepEqual(
    back.refusal?.refusals.map(({ code, params }) => [code, params.suspends]),
    [['ring', undefined]],
  )
  t.deepEqual(gifts.suspended(), [])
  t.is((await bench.give(b, c, 5n)).gift?.state, 'completed')
  const round = await bench.give(c, a, 5n)
  t.like(round.refusal?.refusals[0], { code: 'ring', params: { count: 3, suspends: true } })
  t.like(gifts.suspended(), [{ msisdn: c, reason: 'ring' }])
  t.is((await bench.give(c, b, 5n)).refusal?.refusals[0]?.code, 'giverSuspended')
  // The window is over.
  await gifts.suspend({ msisdn: c, reason: undefined })
  bench.clock.advance(24 * HOUR_MS)
  t.is((await bench.give(c, a, 5n)).gift?.state, 'completed')
})

test('what was counted before the operator allowed a giver again stops nobody a second time', async (t) => {
  const rules: GiftingRules = { abuse: { windowHours: 24, fanOut: 2, gifts: 4, action: 'suspend' } }
  const bench = await createGiftBench(t, { id: 'lab', rules })
  const { gifts } = bench.operator
  const [a, b, c, d, e] = await Promise.all([1, 2, 3, 4, 5].map(() => bench.subscriber()))
  const give = async (to: string | undefined) => {
    bench.clock.advance(HOUR_MS)
    const { gift, refusal } = await bench.give(a!, to!, 5n)
    return gift?.state ?? refusal?.refusals.map(({ code }) => code)
  }
  t.deepEqual([await give(b), await give(c), await give(d)], ['completed', 'completed', ['fanOut']])
  t.deepEqual(gifts.maximum({ from: a!, to: b! }).because, 'giverSuspended')
  await gifts.suspend({ msisdn: a!, reason: undefined })
  t.deepEqual(gifts.suspended(), [])
  t.is(gifts.maximum({ from: a!, to: d! }).bytes, gifts.maximum({ from: a! }).bytes)
  // From here on it is counted anew.
  t.deepEqual([await give(d), await give(e), await give(b)], ['completed', 'completed', ['fanOut']])
  t.like(gifts.suspended(), [
    { msisdn: a, evidence: [{ count: 3, gifts: [{ to: d }, { to: e }] }] },
  ])
  // Nothing was stopped, so that nothing is forgotten.
  await gifts.suspend({ msisdn: b!, reason: undefined })
  t.is((await bench.give(b!, a!, 5n)).gift?.state, 'completed')
})

/** Runs gifts side by side in an order that fast-check chooses, and tells what the books are then. */
async function race(
  s: fc.Scheduler,
  of: {
    readonly bench: GiftBench
    readonly gifts: readonly (readonly [string, string, bigint])[]
  },
) {
  const { bench, gifts } = of
  const asked = Promise.all(gifts.map((gift) => inTurn(s, () => bench.give(...gift))))
  await s.waitFor(asked)
  return asked
}

const ACCEPTED: Partial<GiftingRules> = { acceptance: { kind: 'required', withinHours: 48 } }

test('opposite gifts and rings at once: whatever goes first, nothing is given twice and nothing is lost', async (t) => {
  let refused = 0
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.constantFrom<Partial<GiftingRules>>({}, ACCEPTED),
      fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.integer({ min: 1, max: 150 })), {
        minLength: 3,
        maxLength: 8,
      }),
      async (s, rules, more) => {
        const bench = await createGiftBench(undefined, { id: 'lab', rules })
        const { operator } = bench
        const numbers = [
          await bench.subscriber(),
          await bench.subscriber(),
          await bench.subscriber(),
        ]
        const [a, b, c] = numbers as [string, string, string]
        const all: bigint = operator.balance({ msisdn: a }).totalBytes
        const gifts: [string, string, bigint][] = [
          [a, b, all],
          [b, a, all],
          [b, c, all],
          [c, a, all],
          ...more.map(
            ([from, to, percent]) =>
              [numbers[from]!, numbers[to]!, (all * BigInt(percent)) / 100n] as [
                string,
                string,
                bigint,
              ],
          ),
        ]
        const outcomes = await race(s, { bench, gifts })
        refused += outcomes.filter(({ refusal }) => refusal).length
        const expected = new Map<string, bigint>(numbers.map((number) => [number, all]))
        for (const { gift } of outcomes) {
          if (!gift) continue
          const isMoved = gift.state === 'completed'
          const { from, to, amountBytes } = gift
          expected.set(from, expected.get(from)! - amountBytes)
          if (isMoved) expected.set(to, expected.get(to)! + amountBytes)
        }
        for (const number of numbers) {
          const bytes = expected.get(number)!
          t.is(operator.balance({ msisdn: number }).totalBytes, bytes)
          t.true(bytes >= 0n)
        }
        const books = operator.audit()
        t.true(books.balanced, books.faults.join('; '))
        t.is(books.available + books.held, 3n * all)
        await bench.store.close()
      },
    ),
    { numRuns: 25, seed: 5 },
  )
  t.true(refused > 10, `${refused}`)
})

test('a ring that is asked for at once is refused where it closes, in whatever order it is asked for', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (s) => {
      const bench = await createGiftBench(undefined, { id: 'lab', rules: { abuse } })
      const [a, b, c] = [
        await bench.subscriber(),
        await bench.subscriber(),
        await bench.subscriber(),
      ]
      const gifts = [[a, b, 5n] as const, [b, c, 5n] as const, [c, a, 5n] as const]
      const outcomes = await race(s, { bench, gifts })
      const closed = outcomes.filter(({ refusal }) => refusal?.reason === 'ring')
      // Backwards, each hand gives before it was given to: that is no ring.
      t.true(closed.length <= 1)
      t.is(closed.length + outcomes.filter(({ gift }) => gift).length, 3)
      t.is(bench.operator.gifts.suspended().length, closed.length)
      const moves = outcomes.flatMap(({ gift }) => gift ?? [])
      t.true(moves.length >= 2)
      t.true(bench.operator.audit().balanced)
      await bench.store.close()
    }),
    { numRuns: 20, seed: 5 },
  )
})
