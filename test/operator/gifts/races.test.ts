/** Two steps that exclude each other are asked for at once: whichever goes first, one of them has happened, and whole. */

import test from 'ava'
import fc from 'fast-check'
import { LabError } from '../../../src/base/errors.ts'
import type { GiftingRules } from '../../../src/operator/rules/types.ts'
import { inTurn } from '../../helpers/order.ts'
import { attachNumber } from '../../helpers/usim.ts'
import { createGiftBench, HOUR_MS, MINUTE_MS, type GiftBench } from './helper.ts'

const ACCEPTED: GiftingRules = { acceptance: { kind: 'required', withinHours: 48 } }
const CONFIRMED: GiftingRules = { confirmation: { kind: 'yes', withinMinutes: 5 } }
const CODES: GiftingRules = { claimCodes: { withinHours: 48, endsWithMonth: false } }

interface World {
  readonly bench: GiftBench
  readonly a: string
  readonly b: string
  readonly c: string
  readonly each: bigint
  readonly giftId: string
  readonly isPatient: boolean
}

type Step = (world: World) => Promise<unknown>

const step = (name: 'accept' | 'decline' | 'cancel' | 'confirm', by: 'a' | 'b'): Step => {
  return ({ bench, giftId, ...who }) => bench.operator.gifts[name]({ id: giftId, by: who[by] })
}

/** The time of the state is over, before or after what is under way is done, and a sweep sees it. */
const late =
  (ms: number): Step =>
  async ({ bench, isPatient }) => {
    if (isPatient) await bench.store.flush()
    bench.clock.advance(ms)
    return bench.operator.sweep()
  }

const claim =
  (by: 'b' | 'c'): Step =>
  ({ bench, giftId, a, ...who }) => {
    const { gifts } = bench.operator
    return gifts.claim({ code: gifts.claimCode({ id: giftId, by: a }), by: who[by] })
  }

const RACES: readonly {
  readonly name: string
  readonly rules: GiftingRules
  readonly isCode?: boolean
  readonly steps: readonly Step[]
  /** Where the gift may have come to, and how much of it has moved then. */
  readonly ends: Readonly<Record<string, 0n | 1n>>
}[] = [
  {
    name: 'accept, decline and cancel',
    rules: ACCEPTED,
    steps: [step('accept', 'b'), step('decline', 'b'), step('cancel', 'a')],
    ends: { completed: 1n, declined: 0n, cancelled: 0n },
  },
  {
    name: 'accept, and its time is over',
    rules: ACCEPTED,
    steps: [step('accept', 'b'), late(48 * HOUR_MS)],
    ends: { completed: 1n, expired: 0n },
  },
  {
    name: 'confirm and cancel',
    rules: CONFIRMED,
    steps: [step('confirm', 'a'), step('cancel', 'a')],
    ends: { completed: 1n, cancelled: 0n },
  },
  {
    name: 'confirm, and its time is over',
    rules: CONFIRMED,
    steps: [step('confirm', 'a'), late(5 * MINUTE_MS)],
    ends: { completed: 1n, expired: 0n },
  },
  {
    name: 'two who bring the code, its giver who cancels, and its end',
    rules: CODES,
    isCode: true,
    steps: [claim('b'), claim('c'), step('cancel', 'a'), late(48 * HOUR_MS)],
    ends: { completed: 1n, cancelled: 0n, expired: 0n },
  },
  {
    name: 'accept, and the giver is locked',
    rules: ACCEPTED,
    steps: [
      step('accept', 'b'),
      ({ bench, a }) => bench.operator.gifts.lock({ msisdn: a, locked: true }),
    ],
    ends: { completed: 1n, failed: 0n },
  },
  {
    name: 'accept, and the receiver is gone',
    rules: ACCEPTED,
    steps: [
      step('accept', 'b'),
      ({ bench, b }) => bench.operator.subscriptions.close({ msisdn: b }),
    ],
    ends: { completed: 1n, failed: 0n, awaitingAcceptance: 0n },
  },
  {
    name: 'cancel twice, and once more',
    rules: ACCEPTED,
    steps: [step('cancel', 'a'), step('cancel', 'a'), step('cancel', 'a')],
    ends: { cancelled: 0n },
  },
  {
    name: 'accept twice, and the gift is taken back twice',
    rules: ACCEPTED,
    steps: [
      step('accept', 'b'),
      step('accept', 'b'),
      ({ bench, giftId: id }) => bench.operator.gifts.reverse({ id }),
      ({ bench, giftId: id }) => bench.operator.gifts.reverse({ id }),
    ],
    ends: { completed: 1n, reversed: 0n },
  },
]

/** A refusal in so many words is an answer. */
async function attempt(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (error instanceof LabError && error.code !== 'internal') return false
    throw error
  }
}

async function createWorld(rules: GiftingRules, isCode = false): Promise<Omit<World, 'isPatient'>> {
  const bench = await createGiftBench(undefined, { id: 'lab', rules })
  const { gifts } = bench.operator
  const [a, b, c] = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
  const each = bench.operator.balance({ msisdn: a }).totalBytes
  const asked = { caller: 't', idempotencyKey: 'k', from: a, to: isCode ? undefined : b }
  const { gift } = await gifts.give({ ...asked, amountBytes: each })
  return { bench, a, b, c, each, giftId: gift!.id }
}

for (const race of RACES) {
  test(`at once: ${race.name}`, async (t) => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.boolean(), async (s, isPatient) => {
        const world = { ...(await createWorld(race.rules, race.isCode)), isPatient }
        const { bench, a, giftId, each } = world
        const { operator } = bench
        const run = (one: Step) => inTurn(s, () => attempt(one(world)))
        await s.waitFor(Promise.all(race.steps.map((one) => run(one))))
        const gift = operator.gifts.find({ id: giftId })!
        seen.add(gift.state)
        const moved = race.ends[gift.state]
        if (moved === undefined) throw new RangeError(`the gift is ${gift.state}`)
        const { available, held, faults } = operator.audit()
        t.deepEqual(faults, [])
        t.is(available + held, 3n * each)
        t.is(held, gift.state === 'awaitingAcceptance' ? each : 0n)
        t.is(operator.balance({ msisdn: a }).totalBytes, moved === 1n || held > 0n ? 0n : each)
        const inBooks = bench.store.read((db) => db.sql(`SELECT * FROM gifts`).all()).length
        t.is(inBooks, moved === 1n || gift.state === 'reversed' ? 1 : 0)
        await bench.store.close()
      }),
      { numRuns: 30, seed: 3 },
    )
    t.true(seen.size >= Math.min(2, Object.keys(race.ends).length), `only ${[...seen]}`)
  })
}

test('gifts, reports, expiry and the end of a subscription at once: no byte is in two places or in none', async (t) => {
  const counts = { gifts: 0, uses: 0, closed: 0, expired: 0 }
  const what = fc.constantFrom(
    ...([
      'give',
      'give',
      'use',
      'use',
      'end',
      'end',
      'close',
      'sweep',
      'sweep',
      'buy',
      'buy',
    ] as const),
  )
  const deed = fc.record({ what, who: fc.nat(2), to: fc.nat(2), percent: fc.nat(130) })
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.constantFrom<GiftingRules>({}, ACCEPTED),
      fc.array(deed, { minLength: 8, maxLength: 20 }),
      async (s, rules, deeds) => {
        const bench = await createGiftBench(undefined, { id: 'lab', rules })
        const { operator, clock } = bench
        const numbers: string[] = []
        for (let count = 0; count < 3; count++) numbers.push(await bench.subscriber())
        for (const msisdn of numbers) await attachNumber(operator, msisdn)
        const all = operator.balance({ msisdn: numbers[0]! }).totalBytes
        let keys = 0
        let used = 0n
        let bought = 0n
        const run = async (one: (typeof deeds)[number]) => {
          const msisdn = numbers[one.who]!
          const amountBytes = (all * BigInt(one.percent)) / 100n
          const asked = {
            caller: 't',
            idempotencyKey: `${++keys}`,
            request: {},
            msisdn,
            amountBytes,
          }
          if (one.what === 'give') {
            const { gift } = await bench.give(msisdn, numbers[one.to]!, amountBytes)
            counts.gifts += gift ? 1 : 0
          } else if (one.what === 'use') {
            const { usage } = await operator.attemptUsage(asked)
            used += usage?.amountBytes ?? 0n
            counts.uses += usage ? 1 : 0
          } else if (one.what === 'buy') {
            const validUntilMs = clock.nowMs() + HOUR_MS
            await operator.balanceActions.adjustData({ ...asked, validUntilMs })
            bought += amountBytes
          } else if (one.what === 'end') {
            await bench.store.flush()
            clock.advance(HOUR_MS)
          } else if (one.what === 'sweep') await operator.sweep()
          else {
            await operator.subscriptions.close({ msisdn })
            counts.closed++
          }
        }
        await s.waitFor(Promise.all(deeds.map((one) => inTurn(s, () => attempt(run(one))))))
        const books = operator.audit()
        t.deepEqual(books.faults, [])
        t.is(books.issued, 3n * all + bought)
        t.is(books.consumed, used)
        t.is(books.available + books.held + books.expired, 3n * all + bought - used)
        counts.expired += books.expired > 0n ? 1 : 0
        await bench.store.close()
      },
    ),
    { numRuns: 60, seed: 3 },
  )
  t.true(
    Object.values(counts).every((count) => count > 5),
    JSON.stringify(counts),
  )
})
