/** Bounds of what subscribers and operators' software may do, each on both its sides. */

import test from 'ava'
import { createGiftBench } from './gifts/helper.ts'
import { changedFile, createMessagesBench, withRules } from './channels/helper.ts'
import { MB, openSession } from './charging/helper.ts'
import { createBench, DAY_MS, EID, GB } from './helper.ts'

test('a profile that is deleted before it lived gets no plan', async (t) => {
  const { operator } = await createBench(t)
  const { iccid, msisdn } = await operator.openAccount()
  await operator.handleProfileEvent({ iccid, eid: EID, event: 'delete', seqNumber: 1 })
  t.is(operator.balance({ msisdn }).totalBytes, 0n)
  t.is(operator.account({ msisdn })?.liveSince, undefined)
  t.is(operator.audit().issued, 0n)
})

test('money is put on an account from the least to the most that the operator takes', async (t) => {
  const bench = await createGiftBench(t, { id: 't2' })
  const msisdn = await bench.subscriber()
  const { min, max } = bench.file.tariff.topUpMinor
  const topUp = (amountMinor: bigint) =>
    bench.operator.subscriptions.topUp({ msisdn, id: `${amountMinor}`, amountMinor })
  for (const wrong of [min - 1n, max + 1n, 0n, -min])
    t.like(await t.throwsAsync(topUp(wrong)), { code: 'badInput', field: 'amountMinor' })
  await topUp(min)
  t.is((await topUp(max)).moneyMinor, min + max)
})

test('nobody pays for a longer life of somebody else’s data', async (t) => {
  const bench = await createGiftBench(t, { id: 'safaricom' })
  const { operator } = bench
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const [lot] = operator.balance({ msisdn: b }).lots
  const order = { caller: 't', wish: { kind: 'extension', lotId: lot!.id } } as const
  const extend = operator.attemptOrder({ ...order, msisdn: a, idempotencyKey: 'k' })
  t.like(await t.throwsAsync(extend), { code: 'notFound', field: 'lotId' })
})

test('software sets aside and takes away of the lot that it names, and of no other', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const msisdn = await bench.subscriber()
  const lotId = await bench.issue(msisdn, { amountBytes: GB, days: 90 })
  const asked = { msisdn, caller: 't', request: {}, lotId }
  const untilMs = bench.clock.nowMs() + DAY_MS
  const { balanceActions } = operator
  const reserve = (idempotencyKey: string, amountBytes: bigint) =>
    balanceActions.reserve({ ...asked, idempotencyKey, amountBytes, untilMs })
  const adjust = (idempotencyKey: string, amountBytes: bigint) =>
    balanceActions.adjustData({ ...asked, idempotencyKey, amountBytes, validUntilMs: 0 })
  t.is((await reserve('a', 400_000_000n)).action.status, 'completed')
  t.is((await adjust('b', -500_000_000n)).action.status, 'completed')
  const lot = operator.balance({ msisdn }).lots.find(({ id }) => id === lotId)
  t.like(lot, { availableBytes: 100_000_000n, heldBytes: 400_000_000n, withdrawnBytes: GB / 2n })
  // The plan has enough, and was not named.
  t.is((await reserve('c', 100_000_001n)).action.status, 'failed')
  t.is((await adjust('d', -100_000_001n)).action.status, 'failed')
})

test('containers are counted within their rating group, and what is late leaves grants alone', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const msisdn = await bench.subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: 10n * MB })
  await session.update({ ratingGroup: 1, localSequence: 7, used: MB, wanted: 20n * MB }, 5)
  await session.update({ ratingGroup: 2, localSequence: 7, used: MB }, 6)
  t.like(operator.audit(), { consumed: 2n * MB, held: 20n * MB })
  await session.update({ ratingGroup: 1, localSequence: 6, used: 3n * MB, wanted: 50n * MB }, 4)
  t.like(operator.audit(), { consumed: 5n * MB, held: 20n * MB })
})

test('a yes that comes with its question finds it', async (t) => {
  const confirmation = withRules({ confirmation: { kind: 'yes', withinMinutes: 5 } })
  const bench = await createMessagesBench(t, [changedFile('lab', confirmation)])
  const [from, to] = [await bench.subscriber(), await bench.subscriber()]
  await Promise.all([bench.sms(from, `GIVE 5MB ${to}`), bench.sms(from, 'YES')])
  t.like(bench.operator.gifts.list({ msisdn: from })[0], { state: 'completed', to })
})
