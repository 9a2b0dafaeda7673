import { mock } from 'node:test'
import test from 'ava'
import type { Swept } from '../../src/operator/operator.ts'
import { startSweeping } from '../../src/operator/sweeping.ts'
import { createBench, DAY_MS, GB } from './helper.ts'

const NOTHING: Swept = { lots: 0, bytes: 0n, answers: 0 }

test('a sweep expires what has ended in accounts that nobody touches', async (t) => {
  const bench = await createBench(t)
  const msisdn = await bench.subscriber()
  await bench.issue(msisdn, { amountBytes: GB, days: 2 })
  t.deepEqual(await bench.operator.sweep(), NOTHING)
  bench.clock.advance(2 * DAY_MS)
  t.like(bench.operator.audit(), { expired: 0n, balanced: true })
  t.deepEqual(await bench.operator.sweep(), { ...NOTHING, lots: 1, bytes: GB })
  t.like(bench.operator.audit(), { expired: GB, balanced: true })
})

test('a sweep seals the journals, and one that finds nothing new seals nothing', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  await operator.sweep()
  const { sealed } = operator.audit()
  t.like(sealed, { seals: 1, transferSeq: 1 })
  await operator.sweep()
  t.deepEqual(operator.audit().sealed, sealed)
  await operator.useData({ idempotencyKey: 'u', msisdn, amountBytes: 1n })
  t.deepEqual(operator.audit().sealed, sealed)
  await operator.sweep()
  t.like(operator.audit(), { sealed: { seals: 2, transferSeq: 2 }, faults: [] })
})

test('more than one seal takes is sealed by one sweep', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const uses = Array.from({ length: 1001 }, (_, at) =>
    operator.useData({ idempotencyKey: `u${at}`, msisdn, amountBytes: 1n }),
  )
  await Promise.all(uses)
  await operator.sweep()
  t.like(operator.audit(), { sealed: { seals: 3, transferSeq: 1002 }, faults: [] })
})

test('an answer is repeated for 30 days, and then its key is one for a new request', async (t) => {
  const bench = await createBench(t)
  const msisdn = await bench.subscriber('attached')
  await bench.issue(msisdn, { amountBytes: GB, days: 90 })
  const use = (amountBytes: bigint) =>
    bench.operator.attemptUsage({ idempotencyKey: 'k', msisdn, amountBytes })
  const { usage } = await use(1n)
  bench.clock.advance(30 * DAY_MS)
  t.is((await bench.operator.sweep()).answers, 0)
  t.is((await use(1n)).usage?.id, usage?.id)
  bench.clock.advance(1)
  t.is((await bench.operator.sweep()).answers, 1)
  t.like(await use(2n), { replayed: false, usage: { amountBytes: 2n } })
})

test.serial('sweeps at once and each minute, whatever fails, until it is stopped', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const failure = new RangeError('no')
  let sweeps = 0
  const errors: unknown[] = []
  const sweep = async () => {
    if (++sweeps === 2) throw failure
    return NOTHING
  }
  const sweeping = startSweeping({ sweep }, (error) => errors.push(error))
  mock.timers.tick(3 * 60_000)
  await sweeping.stop()
  t.is(sweeps, 4)
  t.deepEqual(errors, [failure])
  mock.timers.tick(60_000)
  t.is(sweeps, 4)
})
