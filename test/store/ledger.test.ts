import Database from 'better-sqlite3'
import test, { type ExecutionContext } from 'ava'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { openStore, type Store } from '../../src/store/engine.ts'
import { audit, balanceOf, consume, expireDue, issueLot, postGift } from '../../src/store/ledger.ts'
import { insertAccount } from './helper.ts'

const DAY_MS = 86_400_000

/** Two accounts; the first has a lot of 100 bytes until day 10, and has used 10 and given 20. */
async function createBooks(t: ExecutionContext, path = ':memory:'): Promise<Store> {
  const store = openStore({ path })
  t.teardown(() => store.close())
  await store.write((db) => {
    for (const id of [1, 2]) insertAccount(db, id)
    issueLot(db, { ...LOT, transferId: 'issue', amountBytes: 100n })
    consume(db, { transferId: 'use', accountId: 1, amountBytes: 10n, atMs: 1 })
    postGift(db, {
      transferId: 'gift',
      giverAccountId: 1,
      receiverAccountId: 2,
      amountBytes: 20n,
      atMs: 2,
    })
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

test('the books add up after issue, usage, gift and expiry', async (t) => {
  const store = await createBooks(t)
  t.deepEqual(store.read(audit), {
    issued: 100n,
    available: 90n,
    held: 0n,
    consumed: 10n,
    expired: 0n,
    overage: 0n,
    sealed: { seals: 0, transferSeq: 0, digest: undefined },
    balanced: true,
    faults: [],
  })
  const expired = await store.write((db) => expireDue(db, { atMs: 10 * DAY_MS }))
  t.deepEqual(expired, { lots: 2, bytes: 90n })
  t.like(store.read(audit), { available: 0n, expired: 90n, balanced: true })
  t.deepEqual(await store.write((db) => expireDue(db, { atMs: 11 * DAY_MS })), {
    lots: 0,
    bytes: 0n,
  })
})

test('every transfer is double entry that sums to zero', async (t) => {
  const store = await createBooks(t)
  const lines = store.read((db) =>
    db
      .bigSql(
        `SELECT id, account, amount FROM entries JOIN transfers ON seq = transfer_seq ORDER BY seq, amount`,
      )
      .all(),
  )
  t.deepEqual(lines, [
    { id: 'issue', account: 'issuance', amount: -100n },
    { id: 'issue', account: 'lot:1.available', amount: 100n },
    { id: 'use', account: 'lot:1.available', amount: -10n },
    { id: 'use', account: 'consumed', amount: 10n },
    { id: 'gift', account: 'lot:1.available', amount: -20n },
    { id: 'gift', account: 'lot:2.available', amount: 20n },
  ])
})

test('lots are used in the order of their ends, the older first among equals', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => {
    issueLot(db, { ...LOT, transferId: 'b', amountBytes: 5n, validUntilMs: 9 * DAY_MS })
    issueLot(db, { ...LOT, transferId: 'c', amountBytes: 5n })
  })
  const of = { accountId: 1, atMs: 3 }
  t.deepEqual(
    store.read((db) => balanceOf(db, of)).map((lot) => lot.id),
    [3, 1, 4],
  )
  const slices = await store.write((db) =>
    consume(db, { transferId: 'd', amountBytes: 76n, ...of }),
  )
  t.deepEqual(
    slices.map((slice) => [slice.lotId, slice.amountBytes]),
    [
      [3, 5n],
      [1, 70n],
      [4, 1n],
    ],
  )
})

test('a lot is usable until the last millisecond before its end', async (t) => {
  const store = await createBooks(t)
  const use = (transferId: string, atMs: number) =>
    store.write((db) => consume(db, { transferId, accountId: 1, amountBytes: 1n, atMs }))
  await t.notThrowsAsync(use('before', 10 * DAY_MS - 1))
  t.like(await t.throwsAsync(use('at', 10 * DAY_MS)), { code: 'refused', reason: 'notEnoughData' })
})

test('more than there is moves nothing at all', async (t) => {
  const store = await createBooks(t)
  const before = store.read(audit)
  const gift = {
    transferId: 'x',
    giverAccountId: 1,
    receiverAccountId: 2,
    amountBytes: 71n,
    atMs: 3,
  }
  t.like(await t.throwsAsync(store.write((db) => postGift(db, gift))), { code: 'refused' })
  t.deepEqual(store.read(audit), before)
})

test('the id of a transfer is taken once', async (t) => {
  const store = await createBooks(t)
  const use = { transferId: 'use', accountId: 1, amountBytes: 1n, atMs: 3 }
  t.like(await t.throwsAsync(store.write((db) => consume(db, use))), { code: 'conflict' })
})

for (const amountBytes of [0n, -1n, 2n ** 50n + 1n, 2n ** 64n]) {
  test(`refuses to issue ${amountBytes} bytes`, async (t) => {
    const store = await createBooks(t)
    const lot = { ...LOT, transferId: 'x', amountBytes }
    t.like(await t.throwsAsync(store.write((db) => issueLot(db, lot))), {
      code: 'badInput',
      field: 'amountBytes',
    })
  })
}

test('carries 2^50 bytes to the byte', async (t) => {
  const store = await createBooks(t)
  await store.write((db) => {
    for (const transferId of 'abcdefghi')
      issueLot(db, { ...LOT, transferId, amountBytes: 2n ** 50n })
    consume(db, { transferId: 'j', accountId: 1, amountBytes: 2n ** 50n - 1n, atMs: 3 })
  })
  t.like(store.read(audit), {
    issued: 9n * 2n ** 50n + 100n,
    consumed: 2n ** 50n + 9n,
    balanced: true,
  })
})

for (const [tampering, fault] of [
  [
    `UPDATE lots SET available = 60, held = 10 WHERE id = 1`,
    /lot 1: available is 60, the journal says 70/,
  ],
  [
    `UPDATE lots SET available = available - 5, consumed = consumed + 5 WHERE id = 1`,
    /lot 1: consumed is 15/,
  ],
  [
    `UPDATE postings SET amount = 99 WHERE transfer_seq = 1`,
    /lot 1: granted is 100, the journal says 99/,
  ],
  [`UPDATE postings SET amount = 5 WHERE transfer_seq = 3`, /gift gift and its postings differ/],
  [
    `UPDATE gifts SET giver_account_id = 2, receiver_account_id = 1`,
    /gift gift and its postings differ/,
  ],
  [`DELETE FROM gifts`, /gift gift and its postings differ/],
  [
    `DELETE FROM postings WHERE transfer_seq = 2`,
    /transfer use does not sum to zero, or moves nothing/,
  ],
] as const) {
  test(`the audit finds out: ${tampering}`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'esim-lab-'))
    t.teardown(() => rmSync(directory, { recursive: true }))
    const path = join(directory, 'lab.db')
    await (await createBooks(t, path)).close()
    tamper(path, tampering)
    const store = openStore({ path })
    t.teardown(() => store.close())
    const found = store.read(audit)
    t.false(found.balanced)
    t.regex(found.faults.join('\n'), fault)
  })
}

/** Someone with the file in hand: the triggers are theirs to drop. */
function tamper(path: string, sql: string): void {
  const db = new Database(path)
  const triggers = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).pluck().all()
  for (const name of triggers) db.exec(`DROP TRIGGER ${name}`)
  db.exec(sql)
  db.close()
}
