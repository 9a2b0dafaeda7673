import test, { type ExecutionContext } from 'ava'
import { openStore, type Connection, type Store } from '../../src/store/engine.ts'
import {
  findHold,
  giveHeld,
  openHoldsOf,
  placeHold,
  releaseHold,
  settleHold,
} from '../../src/store/holds.ts'
import { adjust, extendLot, reverseGift } from '../../src/store/ledger-changes.ts'
import {
  audit,
  balanceOf,
  consume,
  giftTotals,
  issueLot,
  postGift,
} from '../../src/store/ledger.ts'
import { moveMoney, walletOf } from '../../src/store/money.ts'
import { insertAccount } from './helper.ts'

const DAY_MS = 86_400_000

/** Two accounts; the first has a lot of 100 bytes until day 10. */
async function createBooks(t: ExecutionContext): Promise<Store> {
  const store = openStore({ path: ':memory:' })
  t.teardown(() => store.close())
  await store.write((db) => {
    for (const id of [1, 2]) insertAccount(db, id)
    issueLot(db, { ...LOT, transferId: 'issue', amountBytes: 100n })
  })
  return store
}

const LOT = {
  accountId: 1,
  origin: 'plan',
  trafficClass: 'general',
  giftable: true,
  atMs: 0,
  validFromMs: 0,
  validUntilMs: 10 * DAY_MS,
} as const

const HOLD = { holdId: 'h', accountId: 1, amountBytes: 60n, untilMs: 20 * DAY_MS } as const

const session = (db: Connection, atMs = 1) =>
  placeHold(db, { ...HOLD, transferId: 'hold', purpose: 'session', atMs })

test('what is held can neither be used nor given nor held again, and comes back when it is released', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => session(db))
  t.like(store.read(audit), { available: 40n, held: 60n, balanced: true })
  t.is(store.read((db) => balanceOf(db, { accountId: 1, atMs: 1 }))[0]?.heldBytes, 60n)
  const more = [
    (db: Connection) => consume(db, { transferId: 'x', accountId: 1, amountBytes: 41n, atMs: 2 }),
    (db: Connection) =>
      placeHold(db, { ...HOLD, holdId: 'i', transferId: 'x', purpose: 'gift', atMs: 2 }),
    (db: Connection) =>
      postGift(db, {
        transferId: 'x',
        giverAccountId: 1,
        receiverAccountId: 2,
        amountBytes: 41n,
        atMs: 2,
      }),
  ]
  for (const take of more) {
    t.like(await t.throwsAsync(store.write((db) => void take(db))), { reason: 'notEnoughData' })
  }
  const released = await store.write((db) =>
    releaseHold(db, { holdId: 'h', transferId: 'r', atMs: 3 }),
  )
  t.deepEqual(released, { releasedBytes: 60n, expiredBytes: 0n })
  t.like(store.read(audit), { available: 100n, held: 0n, balanced: true })
  t.deepEqual(
    store.read((db) => openHoldsOf(db, 1)),
    [],
  )
  const again = store.write((db) => releaseHold(db, { holdId: 'h', transferId: 's', atMs: 4 }))
  t.like(await t.throwsAsync(again), { code: 'conflict', reason: 'holdEnded' })
})

test('held data of a lot that ends is neither used nor given, and expires when it is released', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => session(db))
  const atMs = 10 * DAY_MS
  const given = store.write((db) =>
    giveHeld(db, { holdId: 'h', transferId: 'g', receiverAccountId: 2, atMs }),
  )
  t.like(await t.throwsAsync(given), { code: 'refused', reason: 'heldDataEnded' })
  const settled = await store.write((db) =>
    settleHold(db, { holdId: 'h', transferId: 's', usedBytes: 5n, atMs }),
  )
  t.deepEqual(settled, { slices: [], overageBytes: 5n })
  const released = await store.write((db) =>
    releaseHold(db, { holdId: 'h', transferId: 'r', atMs }),
  )
  t.deepEqual(released, { releasedBytes: 0n, expiredBytes: 60n })
  t.like(store.read(audit), { available: 0n, held: 0n, expired: 100n, overage: 5n, balanced: true })
})

test('a session that uses more than it holds takes what else there is, and the rest is overage', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => session(db))
  const use = (transferId: string, usedBytes: bigint) =>
    store.write((db) => settleHold(db, { holdId: 'h', transferId, usedBytes, atMs: 2 }))
  t.deepEqual(await use('a', 20n), { slices: [{ lotId: 1, amountBytes: 20n }], overageBytes: 0n })
  t.is(store.read((db) => findHold(db, 'h'))?.amountBytes, 40n)
  const all = await use('b', 85n)
  t.is(all.overageBytes, 5n)
  t.like(store.read(audit), {
    available: 0n,
    held: 0n,
    consumed: 100n,
    overage: 5n,
    balanced: true,
  })
})

test('a grant may be a part of what was asked for, and is added to the hold', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => session(db))
  const grant = await store.write((db) =>
    placeHold(db, { ...HOLD, transferId: 'more', purpose: 'session', leastBytes: 1n, atMs: 2 }),
  )
  t.is(grant[0]?.amountBytes, 40n)
  t.is(store.read((db) => findHold(db, 'h'))?.amountBytes, 100n)
  const none = store.write((db) =>
    placeHold(db, { ...HOLD, transferId: 'none', purpose: 'session', leastBytes: 1n, atMs: 2 }),
  )
  t.like(await t.throwsAsync(none), { reason: 'notEnoughData' })
})

test('what is held for a gift becomes the receiver’s, once, with the terms of the gift', async (t) => {
  const store = await createBooks(t)
  await store.write((db) =>
    placeHold(db, { ...HOLD, transferId: 'hold', purpose: 'gift', atMs: 1 }),
  )
  const give = (transferId: string) =>
    store.write((db) =>
      giveHeld(db, {
        holdId: 'h',
        transferId,
        receiverAccountId: 2,
        atMs: 2,
        terms: () => ({ validUntilMs: 7 * DAY_MS, giftable: false, label: 'from 1' }),
      }),
    )
  await give('g')
  const [lot] = store.read((db) => balanceOf(db, { accountId: 2, atMs: 2 }))
  t.like(lot, {
    origin: 'gift',
    availableBytes: 60n,
    validUntilMs: 7 * DAY_MS,
    giftable: false,
    label: 'from 1',
  })
  t.like(await t.throwsAsync(give('again')), { code: 'conflict' })
  const month = { fromMs: 0, untilMs: DAY_MS }
  t.deepEqual(
    store.read((db) => giftTotals(db, { accountId: 1, side: 'given', ...month })),
    { gifts: 1, bytes: 60n, others: 1 },
  )
  t.is(store.read((db) => giftTotals(db, { accountId: 2, side: 'given', ...month })).gifts, 0)
  t.true(store.read(audit).balanced)
})

test('the unused part of a gift comes back, once, and ends when its source does', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => {
    postGift(db, {
      transferId: 'g',
      giverAccountId: 1,
      receiverAccountId: 2,
      amountBytes: 50n,
      atMs: 1,
    })
    consume(db, { transferId: 'u', accountId: 2, amountBytes: 20n, atMs: 2 })
  })
  const reverse = (transferId: string) =>
    store.write((db) => reverseGift(db, { transferId, giftId: 'g', atMs: 3 }))
  t.deepEqual(await reverse('r'), { returnedBytes: 30n, expiredBytes: 0n, isWhole: false })
  t.like(await t.throwsAsync(reverse('s')), { code: 'refused', reason: 'alreadyReversed' })
  const lots = store.read((db) => balanceOf(db, { accountId: 1, atMs: 3 }))
  t.deepEqual(
    lots.map((lot) => [lot.origin, lot.availableBytes, lot.validUntilMs]),
    [
      ['plan', 50n, 10 * DAY_MS],
      ['plan', 30n, 10 * DAY_MS],
    ],
  )
  t.like(store.read(audit), { consumed: 20n, available: 80n, balanced: true })
})

test('the operator’s corrections add a lot, or take whole amounts away', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => {
    adjust(db, {
      transferId: 'a',
      accountId: 1,
      amountBytes: 10n,
      atMs: 1,
      add: { ...LOT, origin: 'bonus' },
    })
    adjust(db, { transferId: 'b', accountId: 1, amountBytes: 105n, atMs: 2 })
  })
  t.like(store.read(audit), { issued: 5n, available: 5n, balanced: true })
  const more = store.write((db) =>
    adjust(db, { transferId: 'c', accountId: 1, amountBytes: 6n, atMs: 2 }),
  )
  t.like(await t.throwsAsync(more), { reason: 'notEnoughData' })
})

test('a longer life is a new lot that began when the old one did', async (t) => {
  const store = await createBooks(t)
  const extend = (transferId: string, validUntilMs: number, atMs: number) =>
    store.write((db) => extendLot(db, { transferId, lotId: 1, validUntilMs, atMs }))
  t.like(await t.throwsAsync(extend('a', 10 * DAY_MS, 1)), { code: 'badInput' })
  t.is(await extend('a', 30 * DAY_MS, DAY_MS), 2)
  const [lot] = store.read((db) => balanceOf(db, { accountId: 1, atMs: 20 * DAY_MS }))
  t.like(lot, { origin: 'plan', availableBytes: 100n, validFromMs: 0, parentLotId: 1 })
  t.like(await t.throwsAsync(extend('b', 40 * DAY_MS, DAY_MS)), { reason: 'nothingLeft' })
  t.true(store.read(audit).balanced)
})

for (const [name, sql] of [
  ['a hold is emptied behind the journal', `UPDATE hold_lots SET amount = 1`],
  ['a lot holds more than its holds', `UPDATE lots SET held = held + 1, available = available - 1`],
  ['money appears', `UPDATE accounts SET money_minor = 5`],
] as const) {
  test(`the audit finds out when ${name}`, async (t) => {
    const store = await createBooks(t)
    await store.write((db) => session(db))
    t.true(store.read(audit).balanced)
    await store.write((db) => void db.sql(sql).run())
    t.false(store.read(audit).balanced)
  })
}

for (const [name, sql] of [
  ['end a hold that holds something', `UPDATE holds SET closed_at = 5`],
  [
    'settle what nobody holds',
    `INSERT INTO transfers (id, kind, at, hold_id) VALUES ('z', 'settle', 2, 'nobody')`,
  ],
  ['settle without a hold', `INSERT INTO transfers (id, kind, at) VALUES ('z', 'settle', 2)`],
  ['move money without a journal', `DELETE FROM money_transfers`],
  ['let an account change its operator', `UPDATE accounts SET operator = 'mts'`],
] as const) {
  test(`the store refuses to ${name}`, async (t) => {
    const store = await createBooks(t)
    await store.write((db) => {
      session(db)
      moveMoney(db, {
        id: 'm',
        accountId: 1,
        kind: 'topUp',
        amountMinor: 100n,
        currency: 'XTS',
        atMs: 1,
      })
    })
    await t.throwsAsync(store.write((db) => void db.sql(sql).run()))
  })
}

test('money is neither made nor owed', async (t) => {
  const store = await createBooks(t)
  const move = (id: string, amountMinor: bigint) =>
    store.write((db) =>
      moveMoney(db, {
        id,
        accountId: 1,
        kind: amountMinor > 0n ? 'topUp' : 'purchase',
        amountMinor,
        currency: 'XTS',
        atMs: 1,
      }),
    )
  await move('a', 100n)
  t.like(await t.throwsAsync(move('b', -101n)), { code: 'refused', reason: 'notEnoughMoney' })
  t.like(await t.throwsAsync(move('a', 100n)), { code: 'conflict' })
  await move('c', -100n)
  t.is(store.read((db) => walletOf(db, 1)).moneyMinor, 0n)
  for (const [at, wrong] of [0n, 10n ** 15n + 1n, -(10n ** 15n) - 1n, 2n ** 64n].entries())
    t.like(await t.throwsAsync(move(`wrong ${at}`, wrong)), { code: 'badInput' }, String(wrong))
})
