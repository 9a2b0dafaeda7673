import test from 'ava'
import type { ProfileEventKind } from '../../src/operator/profile-events.ts'
import { createBench, DAY_MS, EID, GB, OTHER_EID, type Bench } from './helper.ts'

async function createReporter(bench: Bench) {
  const { iccid, msisdn } = await bench.operator.openAccount()
  return {
    iccid,
    msisdn,
    report: (
      event: ProfileEventKind,
      seqNumber: number,
      card: { readonly eid: string } = { eid: EID },
    ) => bench.operator.handleProfileEvent({ iccid, event, seqNumber, eid: card.eid }),
  }
}

test('an account is opened once for an ICCID', async (t) => {
  const { operator } = await createBench(t)
  const [first, second] = await Promise.all([operator.openAccount(), operator.openAccount()])
  t.not(first.iccid, second.iccid)
  t.deepEqual(await operator.openAccount({ iccid: `${first.iccid}F` }), first)
  t.is(operator.stockLevel().taken, 2)
  t.is(operator.account({ iccid: first.iccid })?.profileState, 'ordered')
})

test('refuses an ICCID that is not in stock, and an empty stock', async (t) => {
  const { operator } = await createBench(t, { stock: 1 })
  t.like(await t.throwsAsync(operator.openAccount({ iccid: '8900101000000999999' })), {
    code: 'notFound',
  })
  await operator.openAccount()
  t.like(await t.throwsAsync(operator.openAccount()), { code: 'conflict' })
})

test('the first installation makes the account live and grants the plan, once, ever', async (t) => {
  const bench = await createBench(t)
  const { operator, clock } = bench
  const { msisdn, report } = await createReporter(bench)
  t.is(operator.balance({ msisdn }).totalBytes, 0n)
  await report('install', 1)
  const liveSince = clock.now()
  clock.advance(DAY_MS)
  for (const seqNumber of [1, 1, 2, 3]) await report('enable', seqNumber)
  await report('delete', 4)
  await report('install', 1, { eid: OTHER_EID })
  t.deepEqual(operator.account({ msisdn })?.liveSince, liveSince)
  t.is(operator.balance({ msisdn }).totalBytes, 20n * GB)
})

test('an enabling that arrives before the installation grants the plan, too', async (t) => {
  const bench = await createBench(t)
  const { msisdn, report } = await createReporter(bench)
  await report('enable', 2)
  t.is((await report('install', 1)).profileState, 'enabled')
  t.is(bench.operator.balance({ msisdn }).totalBytes, 20n * GB)
})

test('a lower or equal sequence number of the same card never turns the state back', async (t) => {
  const bench = await createBench(t)
  const { report } = await createReporter(bench)
  await report('install', 0)
  await report('enable', 1)
  t.is((await report('disable', 2)).profileState, 'disabled')
  t.is((await report('enable', 1)).profileState, 'disabled')
  t.is((await report('enable', 2)).profileState, 'disabled')
  t.is((await report('delete', 3)).profileState, 'deleted')
  t.is((await report('install', 0)).profileState, 'deleted')
})

test('a card from which the profile has moved on changes nothing any more', async (t) => {
  const bench = await createBench(t)
  const { msisdn, iccid, report } = await createReporter(bench)
  await report('install', 1)
  bench.clock.advance(DAY_MS)
  await report('install', 1, { eid: OTHER_EID })
  await report('enable', 2, { eid: OTHER_EID })
  t.is((await report('disable', 5)).profileState, 'enabled')
  t.is((await report('delete', 6)).profileState, 'enabled')
  const end = bench.clock.now()
  t.deepEqual(bench.operator.bindings({ msisdn }), [
    { iccid, eid: EID, from: new Date(end.getTime() - DAY_MS), to: end },
    { iccid, eid: OTHER_EID, from: end, to: undefined },
  ])
})

test('a card from which the profile was deleted may bring it back', async (t) => {
  const bench = await createBench(t)
  const { msisdn, report } = await createReporter(bench)
  await report('install', 1)
  await report('delete', 2)
  await report('install', 7, { eid: OTHER_EID })
  await report('delete', 8, { eid: OTHER_EID })
  t.is((await report('enable', 4)).profileState, 'enabled')
  t.deepEqual(
    bench.operator.bindings({ msisdn }).map(({ eid, to }) => [eid, to !== undefined]),
    [
      [EID, true],
      [OTHER_EID, true],
      [EID, false],
    ],
  )
})

test('deleting the profile leaves the quota in the books, and installing it again finds it', async (t) => {
  const bench = await createBench(t)
  const { msisdn, report } = await createReporter(bench)
  await report('install', 1)
  await report('delete', 2)
  t.is(bench.operator.balance({ msisdn }).totalBytes, 20n * GB)
  t.is(bench.operator.giftable({ msisdn }).reason, 'giverProfileDeleted')
  t.is((await report('install', 3)).profileState, 'installed')
  t.is(bench.operator.giftable({ msisdn }).giftableBytes, 20n * GB)
})

test('refuses events that are malformed or of nobody', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const { iccid } = await createReporter(bench)
  const event = { iccid, eid: EID, event: 'install', seqNumber: 1 } as const
  for (const [broken, expected] of [
    [{ seqNumber: -1 }, { code: 'badInput', field: 'seqNumber' }],
    [{ eid: '8904' }, { code: 'badInput', field: 'eid' }],
    [{ seqNumber: 1.5 }, { code: 'badInput', field: 'seqNumber' }],
    [{ event: 'toString' as 'install' }, { code: 'badInput', field: 'event' }],
    [{ iccid: '8900101000000999999' }, { code: 'notFound', field: 'iccid' }],
  ] as const) {
    t.like(await t.throwsAsync(operator.handleProfileEvent({ ...event, ...broken })), expected)
  }
})
