/** Faults that were found in other systems, by reading their code or their issues. Each test names where. None was run there. */

import test, { type ExecutionContext } from 'ava'
import { loadOperatorFile } from '../../src/operator/operator-file.ts'
import type { Operator } from '../../src/operator/operator.ts'
import { postGift } from '../../src/store/ledger.ts'
import { createBench, DAY_MS, GB, type Bench } from './helper.ts'

const PLAN_BYTES = 20n * GB

function totalOf({ operator }: Bench, msisdn: string): bigint {
  return operator.balance({ msisdn }).totalBytes
}

function requireBalanced(t: ExecutionContext, { operator }: Bench): void {
  const { balanced, faults } = operator.audit()
  t.true(balanced, faults.join('; '))
}

function moneyOf(operator: Operator, msisdn: string): bigint {
  return operator.subscriptions.wallet({ msisdn }).moneyMinor
}

function topUp(operator: Operator, of: { readonly msisdn: string; readonly amountMinor: bigint }) {
  const { msisdn, amountMinor } = of
  const wish = { kind: 'topUp', amountMinor } as const
  return operator.attemptOrder({ msisdn, wish, caller: 'test', idempotencyKey: `m-${amountMinor}` })
}

function buyer(operator: Operator, msisdn: string) {
  return (idempotencyKey: string, packageId: string = 'lab-5') =>
    operator.attemptOrder({
      msisdn,
      wish: { kind: 'package', packageId },
      caller: 'test',
      idempotencyKey,
    })
}

// CGRateS @19463bd engine/action.go:250: the balance that is made at the destination has an id only, its end is lost.
test('a gift that goes to and fro lives no longer for it, and stays what it was', async (t) => {
  const bench = await createBench(t)
  const { operator, clock } = bench
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  await bench.issue(a, { amountBytes: GB, days: 3 })
  const endMs = clock.nowMs() + 3 * DAY_MS
  const hands = [a, b, a, b]
  for (const [at, from] of hands.slice(0, -1).entries()) {
    clock.advance(3_600_000)
    const to = hands[at + 1] ?? ''
    const { gift } = await operator.attemptGift({
      idempotencyKey: `g${at}`,
      from,
      to,
      amountBytes: GB,
    })
    t.is(gift?.lots[0]?.validUntil.getTime(), endMs)
  }
  const given = operator.balance({ msisdn: b }).lots.find(({ origin }) => origin === 'gift')
  t.like(given, { validUntilMs: endMs, trafficClass: 'general', availableBytes: GB })
  t.truthy(given?.parentLotId)
  clock.advance(3 * DAY_MS)
  await operator.sweep()
  t.is(totalOf(bench, b), PLAN_BYTES)
  requireBalanced(t, bench)
})

// CGRateS @19463bd engine/action.go: the destination is saved before the source, by another caller. A crash makes units.
test('a gift that breaks off after its postings has happened to nobody', async (t) => {
  const bench = await createBench(t)
  const { operator, store, clock } = bench
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  const idOf = (msisdn: string): number => operator.account({ msisdn })?.id ?? 0
  const broken = store.write((db) => {
    postGift(db, {
      transferId: 'broken',
      atMs: clock.nowMs(),
      giverAccountId: idOf(a),
      receiverAccountId: idOf(b),
      amountBytes: GB,
    })
    throw new Error('the power is gone')
  })
  // In one group with one that goes well.
  const whole = operator.attemptGift({ idempotencyKey: 'w', from: a, to: b, amountBytes: GB })
  await t.throwsAsync(broken, { message: 'the power is gone' })
  t.truthy((await whole).gift)
  t.is(totalOf(bench, a), PLAN_BYTES - GB)
  t.is(totalOf(bench, b), PLAN_BYTES + GB)
  requireBalanced(t, bench)
})

// CGRateS @19463bd config/config_defaults.go:51: locks within locks without a time limit. A to B with B to A can wait forever.
test('opposite gifts and rings of many at once all have their answers', async (t) => {
  const bench = await createBench(t)
  const numbers = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
  const gifts = Array.from({ length: 90 }, (_, at) =>
    bench.operator.attemptGift({
      idempotencyKey: `g${at}`,
      from: numbers[at % 3] ?? '',
      to: numbers[(at + (at % 2 === 0 ? 1 : 2)) % 3] ?? '',
      amountBytes: GB,
    }),
  )
  t.is((await Promise.all(gifts)).length, 90)
  const total = numbers.reduce((sum, number) => sum + totalOf(bench, number), 0n)
  t.is(total, 3n * PLAN_BYTES)
  requireBalanced(t, bench)
})

// CGRateS @19463bd engine/action.go:250: Units is not checked to be positive. A gift below zero takes from the receiver.
test('an amount that is none is refused before anything else, and nobody loses by it', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const [from, to] = [await bench.subscriber(), await bench.subscriber('attached')]
  const wrong: readonly unknown[] = [-1n, -GB, 2n ** 64n, 2n ** 50n + 1n, 1, 0.5, NaN, '1', null]
  for (const [at, amount] of wrong.entries()) {
    const asked = { idempotencyKey: `n${at}`, amountBytes: amount as bigint }
    const gift = operator.attemptGift({ ...asked, from, to })
    t.like(await t.throwsAsync(gift), { code: 'badInput' }, String(amount))
    const usage = operator.attemptUsage({ ...asked, msisdn: to })
    t.like(await t.throwsAsync(usage), { code: 'badInput' }, String(amount))
  }
  t.truthy((await operator.attemptGift({ idempotencyKey: 'z', from, to, amountBytes: 0n })).refusal)
  t.is(totalOf(bench, from), PLAN_BYTES)
  t.is(totalOf(bench, to), PLAN_BYTES)
})

// CGRateS @19463bd: the *default balance may go below zero. free5GC CHF @9fa9ec9 (#591, #634, #654): read, change, write.
test('a hundred reports at once use what there is, and nothing goes below zero', async (t) => {
  const bench = await createBench(t)
  const msisdn = await bench.subscriber('attached')
  const reports = Array.from({ length: 100 }, (_, at) =>
    bench.operator.attemptUsage({ idempotencyKey: `u${at}`, msisdn, amountBytes: 2n * GB }),
  )
  const done = (await Promise.all(reports)).filter(({ usage }) => usage)
  t.is(done.length, 10)
  t.is(totalOf(bench, msisdn), 0n)
  requireBalanced(t, bench)
  const below = bench.store.write((db) => db.sql(`UPDATE lots SET available = -1`).run())
  await t.throwsAsync(below, undefined, 'the books themselves refuse it')
})

// ostelco-core @b072ada: use beyond the bundle is set to zero in silence, so bytes are not conserved.
test('a report of more than is left books nothing, and is not cut to what is left', async (t) => {
  const bench = await createBench(t)
  const msisdn = await bench.subscriber('attached')
  const asked = { idempotencyKey: 'u', msisdn, amountBytes: PLAN_BYTES + 1n }
  t.is((await bench.operator.attemptUsage(asked)).refusal?.reason, 'notEnoughData')
  t.is(totalOf(bench, msisdn), PLAN_BYTES)
  t.is(bench.operator.audit().consumed, 0n)
  requireBalanced(t, bench)
})

// free5gc#1012, free5gc#1013: data that goes past charging.
test('who is not attached uses nothing, also after having been', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const msisdn = await bench.subscriber('enabled')
  const use = async (idempotencyKey: string) =>
    (await operator.attemptUsage({ idempotencyKey, msisdn, amountBytes: 1n })).refusal?.reason
  t.is(await use('a'), 'notAttached')
  const attached = await bench.subscriber('attached')
  await operator.subscriptions.setStatus({ msisdn: attached, status: 'blocked' })
  const after = { idempotencyKey: 'b', msisdn: attached, amountBytes: 1n }
  t.is((await operator.attemptUsage(after)).refusal?.reason, 'notAttached')
  t.is(totalOf(bench, attached), PLAN_BYTES)
})

// formancehq/wallets#110: looked first, acted then. envato/double_entry#114: below zero when many come at once.
test('money for one package buys one, however many orders come at once', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const msisdn = await bench.subscriber()
  await topUp(operator, { msisdn, amountMinor: 999n })
  const buy = buyer(operator, msisdn)
  const orders = await Promise.all(Array.from({ length: 50 }, (_, at) => buy(`p${at}`)))
  t.is(orders.filter(({ receipt }) => receipt).length, 1)
  t.true(orders.every(({ receipt, refusal }) => receipt || refusal?.reason === 'notEnoughMoney'))
  t.is(moneyOf(operator, msisdn), 499n)
  t.is(totalOf(bench, msisdn), PLAN_BYTES + 5n * GB)
})

// Climactic/laravel-credits#20: the lock is on the latest row, which moves. Updates are lost.
test('two hundred top-ups at once are all on the account', async (t) => {
  const bench = await createBench(t)
  const msisdn = await bench.subscriber()
  const amounts = Array.from({ length: 200 }, (_, at) => BigInt(100 + at))
  await Promise.all(amounts.map((amountMinor) => topUp(bench.operator, { msisdn, amountMinor })))
  const sum = amounts.reduce((total, amount) => total + amount, 0n)
  t.is(moneyOf(bench.operator, msisdn), sum)
})

// zonelessdev/zoneless#134: two requests with one key at once are both done. MTN Data Gifting v1: duplicates "not always".
test('an order that comes twenty times at once is done once, and all have one receipt', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const msisdn = await bench.subscriber()
  await topUp(operator, { msisdn, amountMinor: 10_000n })
  const buy = buyer(operator, msisdn)
  const answers = await Promise.all(Array.from({ length: 20 }, () => buy('one')))
  t.is(new Set(answers.map(({ receipt }) => receipt?.id)).size, 1)
  t.is(answers.filter(({ replayed }) => !replayed).length, 1)
  t.is(moneyOf(operator, msisdn), 9500n)
})

// squall-chua/go-ledger#9: a key that comes again is answered without a look at what it came with.
test('a key that comes with another order is refused, also after a refusal', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  t.is((await buyer(operator, a)('k')).refusal?.reason, 'notEnoughMoney')
  await topUp(operator, { msisdn: a, amountMinor: 5000n })
  t.is((await buyer(operator, a)('k')).refusal?.reason, 'notEnoughMoney', 'as it was answered')
  const other = t.throwsAsync(buyer(operator, b)('k'))
  t.like(await other, { code: 'idempotencyKeyReused' })
  t.is(moneyOf(operator, a), 5000n)
})

// squall-chua/go-ledger#10: what is undone is not exactly what was done.
test('an order that fails after it was paid leaves the money where it was', async (t) => {
  const file = loadOperatorFile()
  const [offer] = file.tariff.packages
  const { validDays: _, ...withoutEnd } = offer!
  const tariff = { ...file.tariff, packages: [{ ...withoutEnd, id: 'to-the-end' }] }
  const bench = await createBench(t, { file: { ...file, tariff } })
  const { operator } = bench
  const msisdn = await bench.subscriber()
  await topUp(operator, { msisdn, amountMinor: 5000n })
  const buy = buyer(operator, msisdn)
  t.is((await buy('k', 'to-the-end')).refusal?.reason, 'noPeriod')
  t.is(moneyOf(operator, msisdn), 5000n)
  t.is(operator.subscriptions.wallet({ msisdn }).transfers.length, 1)
  t.is((await buy('k', 'to-the-end')).replayed, true)
})

// BSS-CLI @8e2a7bb test_usage_rated_race.py: a stale copy is judged although the row was locked.
test('a report right behind a gift sees its data', async (t) => {
  const bench = await createBench(t)
  const { operator } = bench
  const [a, b] = [await bench.subscriber(), await bench.subscriber('attached')]
  const [gift, use, more] = await Promise.all([
    operator.attemptGift({ idempotencyKey: 'g', from: a, to: b, amountBytes: 5n * GB }),
    operator.attemptUsage({ idempotencyKey: 'u', msisdn: b, amountBytes: 24n * GB }),
    operator.attemptUsage({ idempotencyKey: 'v', msisdn: b, amountBytes: 2n * GB }),
  ])
  t.truthy(gift.gift)
  t.truthy(use.usage)
  t.is(more.refusal?.reason, 'notEnoughData')
  t.is(totalOf(bench, b), GB)
})
