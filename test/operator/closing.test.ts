import test from 'ava'
import { createBench, GB } from './helper.ts'
import { openSession } from './charging/helper.ts'
import { testLab } from '../helpers/lab.ts'

test('a subscription that is closed ends its sessions: nothing stays held, and the consumer is told', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const msisdn = await bench.subscriber('attached')
  const session = await openSession(operator, {
    msisdn,
    wanted: GB,
    notifyUri: 'http://smf/notify',
  })
  t.is(operator.audit().held, GB)
  t.like(await operator.subscriptions.close({ msisdn }), { status: 'closed' })
  t.like(operator.audit(), { balanced: true, held: 0n })
  t.like(operator.charging.session(session), { endReason: 'blocked', grantedBytes: 0n })
  const told: string[] = []
  await operator.charging.notify(({ type }) => Promise.resolve(void told.push(type)))
  t.deepEqual(told, ['ABORT_CHARGING'])
  t.like(await session.update({ used: 5n }), { denial: { reason: 'sessionEnded' } })
})

test('a subscription with a reservation stays open, and is told what holds its data', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const msisdn = await bench.subscriber('attached')
  await openSession(operator, { msisdn, wanted: GB })
  const { action } = await operator.balanceActions.reserve({
    msisdn,
    caller: 'test',
    idempotencyKey: 'r',
    request: {},
    amountBytes: 5n,
    untilMs: bench.clock.nowMs() + 60_000,
  })
  const error = await t.throwsAsync(operator.subscriptions.close({ msisdn }))
  t.like(error, { code: 'refused', reason: 'dataIsHeld' })
  t.regex(error.message, new RegExp(`reservation.*${action.id}`))
  t.like(operator.account({ msisdn }), { status: 'active' })
  t.is(operator.audit().held, GB + 5n, 'and its sessions go on')
})

test('a number that comes back can be ordered at once, by its new ICCID', async (t) => {
  const lab = await testLab(t)
  const first = await lab.order()
  const { subscriptions } = lab.operator
  await subscriptions.close(first)
  const { iccid } = await subscriptions.recycle({ ...first, quarantineDays: 0 })
  t.not(iccid, first.iccid)
  t.like(await lab.order({ iccid }), { iccid, msisdn: first.msisdn })
})
