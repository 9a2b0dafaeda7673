import test from 'ava'
import { createBench, DAY_MS, GB, type Bench } from '../helper.ts'
import { openSession, operatorFile } from './helper.ts'

function textsOf({ operator }: Bench, msisdn: string): (string | undefined)[] {
  return operator
    .inbox({ msisdn, limit: 100 })
    .map(({ textId }) => textId)
    .toReversed()
}

test('a subscriber is told at 50, 80 and 100 percent of the plan, each once', async (t) => {
  const bench = await createBench(t)
  const { operator, subscriber } = bench
  const msisdn = await subscriber('attached')
  const told: number[] = []
  for (let at = 1; at <= 20; at++) {
    await operator.useData({ idempotencyKey: `${at}`, msisdn, amountBytes: GB })
    told.push(textsOf(bench, msisdn).length)
  }
  t.is(told.indexOf(1), 9)
  t.is(told.indexOf(2), 15)
  t.is(told.indexOf(3), 19)
  t.deepEqual(textsOf(bench, msisdn), ['usage', 'usage', 'usageAll'])
  const [, second] = operator.inbox({ msisdn, limit: 3 })
  t.is(second?.text, 'You have used 80% of your data.')
})

test('a step that was overtaken is not told, and at 100 percent other data is thought of', async (t) => {
  const bench = await createBench(t)
  const { operator, subscriber, issue } = bench
  const msisdn = await subscriber('attached')
  await issue(msisdn, { amountBytes: GB, days: 90 })
  const session = await openSession(operator, { msisdn, wanted: 10n * GB })
  await session.update({ used: 17n * GB })
  await session.release({ used: 3n * GB })
  const texts = operator.inbox({ msisdn, limit: 9 }).map(({ text }) => text)
  t.deepEqual(texts, ['You have used 100% of your data.', 'You have used 80% of your data.'])
})

test('what was given away is not counted as used', async (t) => {
  const bench = await createBench(t)
  const { operator, subscriber } = bench
  const msisdn = await subscriber('attached')
  const to = await subscriber()
  await operator.giveData({ idempotencyKey: '1', from: msisdn, to, amountBytes: 16n * GB })
  await operator.useData({ idempotencyKey: '2', msisdn, amountBytes: GB })
  t.false(textsOf(bench, msisdn).includes('usage'))
  await operator.useData({ idempotencyKey: '3', msisdn, amountBytes: GB })
  t.true(textsOf(bench, msisdn).includes('usage'))
})

test('a new period of the plan is told of anew, in the language of the subscriber', async (t) => {
  const bench = await createBench(t, { file: operatorFile('mts') })
  const { operator, subscriber, clock } = bench
  const msisdn = await subscriber('attached')
  await operator.subscriptions.topUp({ msisdn, id: 'm', amountMinor: 1_000_000n })
  const use = (key: string) =>
    operator.useData({ idempotencyKey: key, msisdn, amountBytes: 11n * 2n ** 30n })
  await use('1')
  clock.advance(32 * DAY_MS)
  // After so long without use data rests, until the operator has it again.
  await t.throwsAsync(use('2'), { message: /rests/ })
  await operator.charging.liftCooling({ msisdn })
  await use('2-again')
  const texts = operator.inbox({ msisdn, limit: 9 }).filter(({ textId }) => textId === 'usage')
  t.is(texts.length, 1)
  await operator.useData({ idempotencyKey: '3', msisdn, amountBytes: 11n * 2n ** 30n })
  const all = operator.inbox({ msisdn, limit: 9 }).filter(({ textId }) => textId === 'usage')
  t.is(all.length, 2)
  t.regex(all[0]?.text ?? '', /50/)
  t.regex(all[0]?.text ?? '', /[а-я]/)
})

test('a subscriber is warned two days before data ends, once for each end', async (t) => {
  const bench = await createBench(t)
  const { operator, subscriber, issue, clock } = bench
  const msisdn = await subscriber()
  await issue(msisdn, { amountBytes: GB, days: 10 })
  await issue(msisdn, { amountBytes: GB, days: 10 })
  await issue(msisdn, { amountBytes: GB, days: 1 })
  clock.advance(DAY_MS / 2 - 1)
  await operator.sweep()
  t.deepEqual(textsOf(bench, msisdn), [])
  clock.advance(1)
  await operator.sweep()
  t.deepEqual(textsOf(bench, msisdn), ['expirySoon'])
  clock.advance(7.5 * DAY_MS)
  await operator.sweep()
  await operator.sweep()
  t.deepEqual(textsOf(bench, msisdn), ['expirySoon', 'expirySoon'])
})

test('each subscriber is warned, whoever was warned before', async (t) => {
  const bench = await createBench(t)
  const { operator, subscriber, clock } = bench
  const first = await subscriber()
  clock.advance(1000)
  const second = await subscriber()
  clock.advance(28 * DAY_MS - 1000)
  await operator.sweep()
  clock.advance(1000)
  await operator.sweep()
  await operator.sweep()
  t.deepEqual(textsOf(bench, first), ['expirySoon'])
  t.deepEqual(textsOf(bench, second), ['expirySoon'])
})
