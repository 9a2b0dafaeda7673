import test from 'ava'
import fc from 'fast-check'
import { LabError } from '../../src/base/errors.ts'
import { createBench, DAY_MS, GB, type Bench } from '../operator/helper.ts'

type Step =
  | {
      readonly kind: 'issue'
      readonly who: number
      readonly bytes: bigint
      readonly days: number
      readonly giftable: boolean
    }
  | {
      readonly kind: 'gift'
      readonly who: number
      readonly to: number
      readonly bytes: bigint
      readonly key: number
    }
  | { readonly kind: 'use'; readonly who: number; readonly bytes: bigint; readonly key: number }
  | { readonly kind: 'wait'; readonly hours: number }
  | { readonly kind: 'sweep' }

const SUBSCRIBERS = 4
const who = fc.nat(SUBSCRIBERS - 1)
const bytes = fc.oneof(fc.bigInt(0n, 10n), fc.bigInt(0n, 30n * GB), fc.constant(2n ** 50n))
const key = fc.nat(12)

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('issue' as const),
    who,
    bytes: fc.bigInt(1n, 30n * GB),
    days: fc.integer({ min: 1, max: 40 }),
    giftable: fc.boolean(),
  }),
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('gift' as const), who, to: who, bytes, key }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('use' as const), who, bytes, key }) },
  fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constant('sweep' as const) }),
)

test('nothing is made or lost, whatever happens in whatever order', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const bench = await createBench(undefined, { stock: SUBSCRIBERS })
      try {
        const numbers = await subscribers(bench)
        let issued = BigInt(SUBSCRIBERS) * 20n * GB
        for (const one of steps) {
          issued += await take(one, { bench, numbers })
          const audit = bench.operator.audit()
          t.deepEqual(audit.faults, [])
          t.is(audit.issued, issued)
          t.is(audit.issued, audit.available + audit.held + audit.consumed + audit.expired)
        }
        for (const msisdn of numbers) await holdsToItsLimit(t, { bench, msisdn, numbers })
      } finally {
        await bench.store.close()
      }
    }),
    { numRuns: 60 },
  )
})

test('everything that is sent again is answered again, and the books stay as they are', async (t) => {
  const request = fc.record({ who, to: who, bytes })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 15 }), async (requests) => {
      const bench = await createBench(undefined, { stock: SUBSCRIBERS })
      try {
        const numbers = await subscribers(bench)
        const send = () =>
          Promise.all(
            requests.map((gift, at) =>
              bench.operator.attemptGift({
                idempotencyKey: `${at}`,
                from: numbers[gift.who] as string,
                to: numbers[gift.to] as string,
                amountBytes: gift.bytes,
              }),
            ),
          )
        const first = await send()
        const audit = bench.operator.audit()
        bench.clock.advance(DAY_MS)
        const second = await send()
        t.deepEqual(
          second,
          first.map((outcome) => ({ ...outcome, replayed: true })),
        )
        t.deepEqual(bench.operator.audit(), audit)
      } finally {
        await bench.store.close()
      }
    }),
    { numRuns: 40 },
  )
})

test('rings of gifts bring everything back to where it was', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.bigInt(1n, 20n * GB),
      fc.integer({ min: 1, max: 5 }),
      async (amountBytes, rounds) => {
        const bench = await createBench(undefined, { stock: 3 })
        try {
          const [a, b, c] = (await subscribers(bench, 3)) as [string, string, string]
          let keys = 0
          for (let round = 0; round < rounds; round++) {
            for (const [from, to] of [
              [a, b],
              [b, c],
              [c, a],
            ] as const) {
              await bench.operator.giveData({ idempotencyKey: `${++keys}`, from, to, amountBytes })
            }
          }
          for (const msisdn of [a, b, c])
            t.is(bench.operator.balance({ msisdn }).totalBytes, 20n * GB)
          t.like(bench.operator.audit(), { balanced: true, available: 60n * GB })
        } finally {
          await bench.store.close()
        }
      },
    ),
    { numRuns: 20 },
  )
})

test('opposite gifts at once neither block each other nor spend a byte twice', async (t) => {
  const bench = await createBench(t)
  const [a, b] = (await subscribers(bench, 2)) as [string, string]
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, at) => {
      const [from, to] = at % 2 === 0 ? [a, b] : [b, a]
      const amountBytes = BigInt((at * 7919) % 25) * GB
      return bench.operator.attemptGift({ idempotencyKey: `${at}`, from, to, amountBytes })
    }),
  )
  const net = outcomes.reduce((sum, { gift }) => {
    if (!gift) return sum
    return gift.from === a ? sum - gift.amountBytes : sum + gift.amountBytes
  }, 0n)
  t.is(bench.operator.balance({ msisdn: a }).totalBytes, 20n * GB + net)
  t.like(bench.operator.audit(), { balanced: true, available: 40n * GB })
})

test('a giver who gives all of it fifty times at once gives it once', async (t) => {
  const bench = await createBench(t)
  const [from, to] = (await subscribers(bench, 2)) as [string, string]
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, at) =>
      bench.operator.attemptGift({ idempotencyKey: `${at}`, from, to, amountBytes: 20n * GB }),
    ),
  )
  t.is(outcomes.filter(({ gift }) => gift).length, 1)
})

async function subscribers(bench: Bench, count: number = SUBSCRIBERS): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, () => bench.subscriber('attached')))
}

/** Takes a step and returns how many bytes it issued. A refusal is an answer; any other error is a failure. */
async function take(
  one: Step,
  { bench, numbers }: { readonly bench: Bench; readonly numbers: readonly string[] },
): Promise<bigint> {
  if (one.kind === 'wait') bench.clock.advance(one.hours * 3_600_000)
  else if (one.kind === 'sweep') await bench.operator.sweep()
  else if (one.kind === 'issue') {
    await bench.issue(numbers[one.who] as string, {
      amountBytes: one.bytes,
      days: one.days,
      giftable: one.giftable,
    })
    return one.bytes
  } else await ask(one, { bench, numbers })
  return 0n
}

async function ask(
  one: Extract<Step, { kind: 'gift' | 'use' }>,
  { bench, numbers }: { readonly bench: Bench; readonly numbers: readonly string[] },
): Promise<void> {
  const asked = { idempotencyKey: `${one.key}`, amountBytes: one.bytes }
  const from = numbers[one.who] as string
  try {
    if (one.kind === 'use') await bench.operator.useData({ ...asked, msisdn: from })
    else await bench.operator.giveData({ ...asked, from, to: numbers[one.to] as string })
  } catch (error) {
    const known =
      error instanceof LabError && ['refused', 'idempotencyKeyReused'].includes(error.code)
    if (!known) throw error
  }
}

/** One byte more than the limit is refused; the limit itself may be given. */
async function holdsToItsLimit(
  t: { is(actual: unknown, expected: unknown): unknown },
  of: { readonly bench: Bench; readonly msisdn: string; readonly numbers: readonly string[] },
): Promise<void> {
  const { operator } = of.bench
  const { giftableBytes } = operator.giftable({ msisdn: of.msisdn })
  const to = of.numbers.find((number) => number !== of.msisdn) as string
  const give = (name: string, amountBytes: bigint) =>
    operator.attemptGift({
      idempotencyKey: `${name}-${of.msisdn}`,
      from: of.msisdn,
      to,
      amountBytes,
    })
  t.is((await give('more', giftableBytes + 1n)).refusal?.reason, 'moreThanMayBeGiven')
  if (giftableBytes > 0n) t.is((await give('all', giftableBytes)).gift?.amountBytes, giftableBytes)
}
