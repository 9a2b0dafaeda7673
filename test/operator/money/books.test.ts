/** Whoever sends how much to whom: what there is stays what it was, and the books say so. */

import test from 'ava'
import fc from 'fast-check'
import { findByNumber } from '../../../src/operator/accounts.ts'
import { sealJournals, verifySeals } from '../../../src/store/journal-seals.ts'
import { audit } from '../../../src/store/ledger.ts'
import { moveMoney, passMoney, walletOf } from '../../../src/store/money.ts'
import { createMessagesBench, type MessagesBench } from '../channels/helper.ts'

const MINUTE_MS = 60_000
const NUMBERS = 4

/** Subscribers of Beeline with money, of whom the first has spent enough. */
async function subscribers(bench: MessagesBench): Promise<readonly string[]> {
  const { operator } = bench
  const numbers: string[] = []
  for (let count = 0; count < NUMBERS; count += 1) numbers.push(await bench.subscriber('beeline'))
  for (const [at, msisdn] of numbers.entries()) {
    await operator.subscriptions.topUp({ msisdn, id: `m${at}`, amountMinor: 100_000n })
    if (at === NUMBERS - 1) continue
    const order = { msisdn, id: `p${at}`, packageId: 'beeline-plus-5' }
    await operator.subscriptions.buy(order)
  }
  return numbers
}

const steps = fc.array(
  fc.record({
    from: fc.nat(NUMBERS - 1),
    to: fc.nat(NUMBERS - 1),
    amountMinor: fc.oneof(
      { weight: 5, arbitrary: fc.bigInt({ min: 900n, max: 16_000n }) },
      { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 15n }) },
    ),
    way: fc.constantFrom('send', 'code', 'wrong', 'leave', 'again'),
    minutes: fc.constantFrom(0, 1, 2, 11, 1440, 1440),
  }),
  { minLength: 8, maxLength: 16 },
)

test('money is conserved, none owes any, and every day and gap is kept', async (t) => {
  let sentInAll = 0
  let refusedInAll = 0
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const bench = await createMessagesBench(t)
      const { operator, store, clock } = bench
      const numbers = await subscribers(bench)
      const wallets = () =>
        numbers.map((msisdn) => operator.subscriptions.wallet({ msisdn }).moneyMinor)
      const total = () => wallets().reduce((sum, one) => sum + one, 0n)
      const before = total()
      for (const [at, { way, minutes, ...step }] of list.entries()) {
        const [from = '', to = ''] = [numbers[step.from], numbers[step.to]]
        const { amountMinor } = step
        const asked = { from, to, amountMinor, caller: 'test', idempotencyKey: `k${at}` }
        const [then, paid] = [wallets(), BigInt(total())]
        let moved = 0n
        if (way === 'send' || way === 'again') {
          const { sent } = await operator.money.send(asked)
          if (sent) moved = sent.amountMinor
          if (way === 'again') t.like(await operator.money.send(asked), { replayed: true })
        } else {
          const { awaited } = (await operator.money.request(asked)) as {
            awaited?: { readonly code: string }
          }
          const wrong = awaited?.code === '000' ? '001' : '000'
          const code = way === 'wrong' ? wrong : awaited?.code
          if (awaited && code && way !== 'leave') {
            const key = { from, caller: 'test', idempotencyKey: `c${at}` }
            const { sent } = await operator.money.confirm({ ...key, code })
            if (sent) moved = sent.amountMinor
            t.is(sent === undefined, way === 'wrong')
          }
        }
        if (moved > 0n) sentInAll += 1
        else refusedInAll += 1
        t.is(total(), paid)
        for (const [who, money] of wallets().entries()) {
          const change = (who === step.to ? moved : 0n) - (who === step.from ? moved : 0n)
          t.is(money, (then[who] ?? 0n) + change)
          t.true(money >= 0n)
        }
        if (moved > 0n) {
          t.true(moved >= 1000n && moved <= 15_000n, 'from 10 to 150 roubles')
          t.true((wallets()[step.from] ?? 0n) >= 6000n, '60 roubles are left')
          t.not(step.from, NUMBERS - 1, 'who has spent nothing sends nothing')
        }
        clock.advance(minutes * MINUTE_MS)
      }
      t.is(total(), before)
      for (const msisdn of numbers) {
        const money = operator.history({ msisdn, limit: 1000, what: 'money' })
        const sum = money.reduce((all, { amountMinor }) => all + (amountMinor ?? 0n), 0n)
        t.is(sum, operator.subscriptions.wallet({ msisdn }).moneyMinor)
        const sent = money.filter(({ kind }) => kind === 'moneySent').map(({ at }) => at.getTime())
        for (const [at, one] of sent.entries())
          if (at > 0) t.true((sent[at - 1] ?? 0) - one >= 2 * MINUTE_MS, 'two minutes between')
      }
      await store.write((db) => sealJournals(db, { atMs: clock.nowMs(), limit: 100 }))
      const found = store.read(audit)
      t.deepEqual(found.faults, [])
      t.deepEqual(store.read(verifySeals).faults, [])
    }),
    { numRuns: 25 },
  )
  t.true(sentInAll > 5 && refusedInAll > 5, `${sentInAll} sent, ${refusedInAll} not`)
})

test('both histories have it under the number of the receipt, the other side masked', async (t) => {
  const bench = await createMessagesBench(t)
  const { operator } = bench
  const [a = '', b = ''] = await subscribers(bench)
  const key = { caller: 'test', idempotencyKey: 'k' }
  const { sent } = await operator.money.send({ ...key, from: a, to: b, amountMinor: 10_050n })
  const of = (msisdn: string) =>
    operator.history({ msisdn, limit: 10 }).find(({ reference }) => reference === sent?.id)
  t.like(of(a), { kind: 'moneySent', amountMinor: -10_050n, with: '+7 000 ***-**-02' })
  t.like(of(b), { kind: 'moneyReceived', amountMinor: 10_050n, with: '+7 000 ***-**-01' })
  t.true(bench.last(a).includes(String(sent?.id.slice(0, 12).toUpperCase())))
})

test('who got money goes on with a plan that waited for its fee', async (t) => {
  const bench = await createMessagesBench(t)
  const { operator, clock, store } = bench
  const [a = '', b = ''] = await subscribers(bench)
  const { id: accountId } = store.read((db) => findByNumber(db, b)) ?? { id: 0 }
  const poor = { id: 'adjust:poor', accountId, kind: 'adjust', currency: 'RUB' } as const
  await store.write((db) => moveMoney(db, { ...poor, amountMinor: -80_000n, atMs: clock.nowMs() }))
  clock.advance(31 * 24 * 60 * MINUTE_MS)
  await operator.subscriptions.refresh({ msisdn: a })
  const { feeCharged } = await operator.subscriptions.refresh({ msisdn: b })
  t.false(feeCharged)
  const wallet = operator.subscriptions.wallet({ msisdn: b }).moneyMinor
  const missing = 50_000n - wallet
  t.true(missing > 0n)
  for (
    let at = 0;
    operator.subscriptions.wallet({ msisdn: b }).moneyMinor + 10_000n < 50_000n;
    at += 1
  ) {
    clock.advance(24 * 60 * MINUTE_MS)
    await operator.subscriptions.topUp({ msisdn: a, id: `t${at}`, amountMinor: 10_000n })
    const key = { caller: 'test', idempotencyKey: `k${at}` }
    t.truthy((await operator.money.send({ ...key, from: a, to: b, amountMinor: 10_000n })).sent)
  }
  clock.advance(24 * 60 * MINUTE_MS)
  const key = { caller: 'test', idempotencyKey: 'last' }
  await operator.subscriptions.topUp({ msisdn: a, id: 'last', amountMinor: 15_000n })
  t.truthy((await operator.money.send({ ...key, from: a, to: b, amountMinor: 15_000n })).sent)
  t.true(operator.account({ msisdn: b })?.feeCharged)
  t.true(operator.balance({ msisdn: b }).totalBytes > 0n)
})

test('half a transfer is undone, and the audit finds one that somebody wrote into the books', async (t) => {
  const bench = await createMessagesBench(t)
  const { store, operator } = bench
  const [a = '', b = ''] = await subscribers(bench)
  const idOf = (msisdn: string) => store.read((db) => findByNumber(db, msisdn))?.id ?? 0
  const pass = { fromAccountId: idOf(a), currency: 'RUB', atMs: 1, amountMinor: 100n }
  const money = () => [a, b].map((one) => store.read((db) => walletOf(db, idOf(one)).moneyMinor))
  const before = money()
  await t.throwsAsync(store.write((db) => passMoney(db, { ...pass, id: 'x', toAccountId: 99 })))
  await t.throwsAsync(
    store.write((db) => passMoney(db, { ...pass, id: 'x', toAccountId: idOf(a) })),
  )
  await t.throwsAsync(
    store.write((db) =>
      passMoney(db, { ...pass, id: 'x', toAccountId: idOf(b), amountMinor: -5n }),
    ),
  )
  t.deepEqual(money(), before)
  t.true(operator.audit().balanced)
  await store.write((db) => {
    db.sql(
      `INSERT INTO money_transfers (id, account_id, kind, amount_minor, currency, at) VALUES ('sent:y', ?, 'sent', -5, 'RUB', 1)`,
    ).run(idOf(a))
  })
  t.false(operator.audit().balanced)
  t.regex(operator.audit().faults.join(), /money sent:y left one account and did not arrive/)
})
