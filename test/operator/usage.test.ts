import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { USAGE_REFUSALS, type UsageRefusalReason } from '../../src/operator/usage.ts'
import { loadOperatorFile } from '../../src/operator/operator-file.ts'
import { createBench, DAY_MS, EID, GB, type Bench } from './helper.ts'

const LAB = loadOperatorFile()
const MTS = loadOperatorFile(new URL('../../profiles/mts.json', import.meta.url))

test('uses the lots that end first', async (t) => {
  const { operator, subscriber, issue } = await createBench(t)
  const msisdn = await subscriber('attached')
  const soon = await issue(msisdn, { amountBytes: GB, days: 1, giftable: false })
  const usage = await operator.useData({ idempotencyKey: '1', msisdn, amountBytes: 3n * GB })
  t.deepEqual(usage.lots[0], { lotId: soon, amountBytes: GB })
  t.is(operator.balance({ msisdn }).totalBytes, 18n * GB)
  t.like(operator.audit(), { consumed: 3n * GB, balanced: true })
})

test('the same report with the same key is booked once', async (t) => {
  const { operator, subscriber, clock } = await createBench(t)
  const msisdn = await subscriber('attached')
  const report = { idempotencyKey: '1', msisdn, amountBytes: GB }
  const usage = await operator.useData(report)
  clock.advance(DAY_MS)
  t.deepEqual(await operator.useData(report), usage)
  t.is(operator.balance({ msisdn }).totalBytes, 19n * GB)
  t.like(await t.throwsAsync(operator.useData({ ...report, amountBytes: 1n })), {
    code: 'idempotencyKeyReused',
  })
})

/** Each row breaks its own rule and those after it as far as that is possible: precedence is the order of rows. */
const REFUSALS: Readonly<
  Record<UsageRefusalReason, (bench: Bench) => Promise<{ msisdn: string; amountBytes: bigint }>>
> = {
  unknownSubscriber: async () => ({ msisdn: '999999999991', amountBytes: 0n }),
  profileNotEnabled: async ({ subscriber }) => ({
    msisdn: await subscriber('deleted'),
    amountBytes: 0n,
  }),
  notAttached: async ({ subscriber }) => ({ msisdn: await subscriber(), amountBytes: 0n }),
  coolingAfterRoaming: async ({ subscriber, operator, clock }) => {
    const msisdn = await subscriber('attached')
    await operator.charging.movePhone({ eid: EID, country: 'CN' })
    clock.advance(DAY_MS)
    await operator.charging.movePhone({ eid: EID, country: 'home' })
    return { msisdn, amountBytes: 0n }
  },
  coolingAfterIdle: async ({ subscriber, clock, operator }) => {
    const msisdn = await subscriber('attached')
    clock.advance(3 * DAY_MS)
    await operator.attemptUsage({ idempotencyKey: 'first', msisdn, amountBytes: 1n })
    return { msisdn, amountBytes: 0n }
  },
  amountTooSmall: async ({ subscriber }) => ({
    msisdn: await subscriber('attached'),
    amountBytes: 0n,
  }),
  notEnoughData: async ({ subscriber }) => ({
    msisdn: await subscriber('attached'),
    amountBytes: 20n * GB + 1n,
  }),
}

test('the table of refusals is tested whole and in its order', (t) => {
  t.deepEqual(Object.keys(REFUSALS), Object.keys(USAGE_REFUSALS))
})

for (const [reason, arrange] of Object.entries(REFUSALS)) {
  test(`refuses usage: ${reason}, and uses nothing`, async (t) => {
    const bench = await createBench(t, { file: reason.startsWith('cooling') ? MTS : LAB })
    const report = { idempotencyKey: 'k', ...(await arrange(bench)) }
    const before = bench.operator.audit()
    const error = await t.throwsAsync(bench.operator.useData(report), { instanceOf: LabError })
    t.like(error, { code: 'refused', reason })
    t.deepEqual(bench.operator.audit(), before)
  })
}

test('general usage leaves directed data alone', async (t) => {
  const { operator, subscriber, issue } = await createBench(t)
  const msisdn = await subscriber('attached')
  await issue(msisdn, { amountBytes: GB, days: 1, trafficClass: 'directed' })
  await t.throwsAsync(operator.useData({ idempotencyKey: '1', msisdn, amountBytes: 21n * GB }), {
    message: '20 GB are left.',
  })
})
