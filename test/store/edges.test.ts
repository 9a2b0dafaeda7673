/** The last instant and the first one, the byte more and the byte less: what each function of the ledger does there. */

import { join } from 'node:path'
import Database from 'better-sqlite3'
import test, { type ExecutionContext } from 'ava'
import { openStore, type Connection, type Store } from '../../src/store/engine.ts'
import { advanceGiftRequest, putGiftRequest } from '../../src/store/gift-requests.ts'
import { findHold, placeHold, releaseHold } from '../../src/store/holds.ts'
import { adjust, carryOver, extendLot, reverseGift } from '../../src/store/ledger-changes.ts'
import {
  audit,
  balanceOf,
  consume,
  expireDue,
  findLot,
  giftTotals,
  issueLot,
  postGift,
} from '../../src/store/ledger.ts'
import { temporaryDirectory } from '../helpers/lab.ts'
import { insertAccount } from './helper.ts'

const END_MS = 1000
const TERMS = { origin: 'plan', trafficClass: 'general', giftable: true } as const
const SIDES = { giverAccountId: 1, receiverAccountId: 2 } as const

/** Two accounts without data. */
async function createBooks(t: ExecutionContext, path = ':memory:'): Promise<Store> {
  const store = openStore({ path })
  t.teardown(() => store.close())
  await store.write((db) => {
    for (const id of [1, 2]) insertAccount(db, id)
  })
  return store
}

type Issue = Partial<Parameters<typeof issueLot>[1]>

/** A lot of 100 bytes of account 1, until END_MS. Its id. */
function issue(db: Connection, transferId: string, lot: Issue = {}): number {
  const life = { atMs: 0, validFromMs: 0, validUntilMs: END_MS }
  return issueLot(db, { ...TERMS, ...life, accountId: 1, amountBytes: 100n, ...lot, transferId })
}

test('bytes are bigints: a number is no amount, however whole', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => issue(db, 'i'))
  for (const amountBytes of [1, 1.5, NaN, '1', null, undefined] as unknown as bigint[]) {
    const use = store.write((db) =>
      consume(db, { transferId: 'u', accountId: 1, amountBytes, atMs: 1 }),
    )
    t.like(
      await t.throwsAsync(use),
      { code: 'badInput', field: 'amountBytes' },
      String(amountBytes),
    )
  }
})

test('a lot that ends when it begins is none', async (t) => {
  const store = await createBooks(t)
  const lot = store.write((db) => issue(db, 'i', { validFromMs: END_MS }))
  t.like(await t.throwsAsync(lot), { code: 'badInput', field: 'validUntilMs' })
})

test('a gift puts away what has ended of both sides, and takes nothing of what may not be given', async (t) => {
  const store = await createBooks(t)
  const [own, theirs, kept, given] = await store.write((db) => [
    issue(db, 'a'),
    issue(db, 'b', { accountId: 2 }),
    issue(db, 'c', { validUntilMs: END_MS + 1, giftable: false }),
    issue(db, 'd', { validUntilMs: END_MS + 2 }),
  ])
  const post = (transferId: string, amountBytes: bigint) =>
    store.write((db) => postGift(db, { ...SIDES, transferId, amountBytes, atMs: END_MS }))
  t.like(await t.throwsAsync(post('g', 101n)), { reason: 'notEnoughData' })
  const [slice] = await post('g', 100n)
  t.is(slice?.fromLotId, given)
  const lot = (id: number) => store.read((db) => findLot(db, id))
  t.is(lot(own!)?.expiredBytes, 100n)
  t.is(lot(theirs!)?.expiredBytes, 100n)
  t.is(lot(kept!)?.availableBytes, 100n)
})

test('what is carried over waits for the renewal, whoever sweeps or uses', async (t) => {
  const store = await createBooks(t)
  const lotId = await store.write((db) => issue(db, 'i', { carries: true, amountBytes: 101n }))
  await store.write((db) => {
    expireDue(db, { atMs: END_MS })
    expireDue(db, { atMs: END_MS, accountId: 1 })
  })
  t.is(store.read((db) => findLot(db, lotId))?.availableBytes, 101n)
  const over = { accountId: 1, percent: 50, validUntilMs: 5000, giftable: false } as const
  const early = await store.write((db) => carryOver(db, { ...over, atMs: END_MS - 1 }))
  t.deepEqual(early, { carriedBytes: 0n, expiredBytes: 0n })
  // Half of 101, rounded down.
  const done = await store.write((db) => carryOver(db, { ...over, atMs: END_MS }))
  t.deepEqual(done, { carriedBytes: 50n, expiredBytes: 51n })
  t.like(
    store.read((db) => findLot(db, lotId + 1)),
    {
      origin: 'rollover',
      giftable: false,
      carries: false,
      validFromMs: END_MS,
      validUntilMs: 5000,
      parentLotId: lotId,
    },
  )
})

test('gifts are counted from an instant on and before another', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => {
    issue(db, 'i')
    for (const atMs of [10, 20])
      postGift(db, { ...SIDES, transferId: `g${atMs}`, amountBytes: 1n, atMs })
  })
  const gifts = (fromMs: number, untilMs: number) =>
    store.read((db) => giftTotals(db, { accountId: 1, side: 'given', fromMs, untilMs })).gifts
  t.deepEqual([gifts(10, 21), gifts(11, 21), gifts(10, 20), gifts(0, 10)], [2, 1, 1, 0])
})

test('a hold is of one account and one purpose, and is not opened again', async (t) => {
  const store = await createBooks(t)
  const asked = { holdId: 'h', accountId: 1, amountBytes: 10n, atMs: 1, untilMs: END_MS }
  const hold = (
    transferId: string,
    more: { readonly accountId?: number; readonly purpose?: 'session' } = {},
  ) => store.write((db) => placeHold(db, { ...asked, purpose: 'gift', ...more, transferId }))
  await store.write((db) => {
    issue(db, 'i')
    issue(db, 'j', { accountId: 2 })
  })
  await hold('a')
  t.like(await t.throwsAsync(hold('b', { accountId: 2 })), { code: 'conflict' })
  t.like(await t.throwsAsync(hold('b', { purpose: 'session' })), { code: 'conflict' })
  await hold('b')
  await store.write((db) => releaseHold(db, { transferId: 'r', holdId: 'h', atMs: 2 }))
  t.like(await t.throwsAsync(hold('c')), { code: 'conflict', reason: 'holdEnded' })
  t.like(store.read(audit), { held: 0n, faults: [] })
})

test('a gift is taken back to a source until that ends, and from a lot until that ends', async (t) => {
  const store = await createBooks(t)
  const give = (transferId: string, validUntilMs: number) =>
    store.write((db) => {
      const gift = { ...SIDES, transferId, amountBytes: 10n, atMs: 1 }
      postGift(db, { ...gift, terms: () => ({ validUntilMs }) })
    })
  const reverse = (giftId: string, atMs: number) =>
    store.write((db) => reverseGift(db, { transferId: `r:${giftId}`, giftId, atMs }))
  await store.write((db) => issue(db, 'i'))
  await give('long', 2 * END_MS)
  await give('short', END_MS / 2)
  t.like(await t.throwsAsync(reverse('short', END_MS / 2)), { reason: 'nothingToReverse' })
  t.like(await reverse('long', END_MS), { returnedBytes: 0n, expiredBytes: 10n, isWhole: false })
})

test('a lot is prolonged before it ends, and not from then on', async (t) => {
  const store = await createBooks(t)
  const lotId = await store.write((db) => issue(db, 'i'))
  const extend = (atMs: number) =>
    store.write((db) => extendLot(db, { transferId: 'x', lotId, validUntilMs: 9000, atMs }))
  t.like(await t.throwsAsync(extend(END_MS)), { code: 'refused', reason: 'nothingLeft' })
  t.is(await extend(END_MS - 1), lotId + 1)
})

test('a correction takes in the operator’s order', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => {
    issue(db, 'first')
    issue(db, 'bonus', { origin: 'bonus', validUntilMs: 2 * END_MS })
  })
  const change = { transferId: 'a', accountId: 1, amountBytes: 1n, atMs: 1 } as const
  const [part] = await store.write((db) => adjust(db, { ...change, order: ['bonus'] }))
  t.is(part?.lotId, 2)
})

test('given data is for the same traffic at the same places as what it was taken of', async (t) => {
  const store = await createBooks(t)
  const given = await store.write((db) => {
    issue(db, 'i', { trafficClass: 'directed', scope: 'roaming' })
    return postGift(db, { ...SIDES, transferId: 'g', amountBytes: 5n, atMs: 1 })
  })
  const lot = store.read((db) => findLot(db, given[0]!.lotId))
  t.like(lot, { trafficClass: 'directed', scope: 'roaming', validUntilMs: END_MS })
})

test('data is chosen from its first instant to the one before its end, and where it may be used', async (t) => {
  const store = await createBooks(t)
  const home = await store.write((db) => issue(db, 'h', { scope: 'home', validFromMs: 10 }))
  const use = (atMs: number, location: 'home' | 'roaming') => {
    const usage = { accountId: 1, amountBytes: 1n, atMs, location }
    return store.write((db) => consume(db, { ...usage, transferId: `${location}:${atMs}` }))
  }
  const shown = (atMs: number) => store.read((db) => balanceOf(db, { accountId: 1, atMs })).length
  t.deepEqual([shown(9), shown(10), shown(END_MS - 1), shown(END_MS)], [0, 1, 1, 0])
  for (const wrong of [use(9, 'home'), use(10, 'roaming'), use(END_MS, 'home')])
    t.like(await t.throwsAsync(wrong), { code: 'refused', reason: 'notEnoughData' })
  t.is((await use(10, 'home'))[0]?.lotId, home)
})

test('data for abroad is not used at home, and data that is not eligible is not held', async (t) => {
  const store = await createBooks(t)
  const [abroad, other] = await store.write((db) => [
    issue(db, 'a', { scope: 'roaming' }),
    issue(db, 'b', { validUntilMs: 2 * END_MS }),
  ])
  const usage = { accountId: 1, amountBytes: 1n, atMs: 1 }
  const at = (location: 'home' | 'roaming') =>
    store.write((db) => consume(db, { ...usage, location, transferId: location }))
  t.is((await at('home'))[0]?.lotId, other)
  t.is((await at('roaming'))[0]?.lotId, abroad)
  const hold = { ...usage, transferId: 'p', holdId: 'p', purpose: 'gift' } as const
  const place = (untilMs: number, transferId: string) =>
    store.write((db) =>
      placeHold(db, { ...hold, transferId, untilMs, eligible: ({ id }) => id === other }),
    )
  t.deepEqual(
    (await place(50, 'p')).map(({ lot }) => lot.id),
    [other],
  )
  await place(70, 'q')
  t.is(store.read((db) => findHold(db, 'p'))?.untilMs, 70, 'its end moves with what is added')
})

test('a gift request goes along the edges of its states only', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => {
    const request = { id: 'g', operator: 'lab', channel: 'api', state: 'requested' } as const
    putGiftRequest(db, { ...request, giverAccountId: 1, amountBytes: 5n, atMs: 1 })
  })
  const advance = (state: 'declined' | 'failed') =>
    store.write((db) => void advanceGiftRequest(db, { id: 'g', state, atMs: 2 }))
  t.like(await t.throwsAsync(advance('declined')), { code: 'conflict', reason: 'wrongState' })
  await advance('failed')
  t.like(await t.throwsAsync(advance('declined')), { code: 'conflict', reason: 'wrongState' })
})

test('the tables hold to what they say of each other, also where a row is replaced', async (t) => {
  const store = await createBooks(t, join(temporaryDirectory(t), 'lab.sqlite'))
  const pragma = (name: string) => store.read((db) => db.sql(`PRAGMA ${name}`).get())
  t.deepEqual(pragma('journal_mode'), { journal_mode: 'wal' })
  t.deepEqual(pragma('foreign_keys'), { foreign_keys: 1 })
  t.deepEqual(pragma('recursive_triggers'), { recursive_triggers: 1 })
})

for (const [what, sql, fault] of [
  ['the instant of a gift', 'UPDATE gifts SET at = at + 1', /gift g and its postings differ/],
  [
    'the giver of a gift',
    'UPDATE gifts SET giver_account_id = 3',
    /gift g and its postings differ/,
  ],
  [
    'the receiver of a gift',
    'UPDATE gifts SET receiver_account_id = 3',
    /gift g and its postings differ/,
  ],
  [
    'where a gift is from',
    'UPDATE lots SET parent_lot_id = 2 WHERE id = 3',
    /gift g and its postings differ/,
  ],
  ['whose a hold is', `UPDATE hold_lots SET hold_id = 'none'`, /hold (h|none) holds other amounts/],
  ['how much a hold has', 'UPDATE hold_lots SET amount = 9', /lot 1 is held for other amounts/],
  ['that there is a hold', 'DELETE FROM hold_lots', /lot 1 is held for other amounts/],
  [
    'an amount that is no number of a wallet',
    'UPDATE accounts SET money_minor = 1 WHERE id = 2',
    /account 2 has other money/,
  ],
] as const) {
  test(`the audit finds out: ${what}`, async (t) => {
    const path = join(temporaryDirectory(t), 'lab.sqlite')
    const whole = await createBooks(t, path)
    await whole.write((db) => {
      insertAccount(db, 3)
      issue(db, 'i')
      issue(db, 'j', { accountId: 2 })
      postGift(db, { ...SIDES, transferId: 'g', amountBytes: 10n, atMs: 1 })
      const hold = { transferId: 'h', holdId: 'h', purpose: 'gift', untilMs: END_MS } as const
      placeHold(db, { ...hold, accountId: 1, amountBytes: 10n, atMs: 1 })
    })
    t.deepEqual(whole.read(audit).faults, [])
    await whole.close()
    const db = new Database(path)
    const triggers = db
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`)
      .pluck()
      .all()
    for (const name of triggers) db.exec(`DROP TRIGGER ${name}`)
    db.pragma('foreign_keys = OFF')
    db.exec(sql)
    db.close()
    const store = openStore({ path })
    t.teardown(() => store.close())
    t.regex(store.read(audit).faults.join('\n'), fault)
  })
}
