import { createHash } from 'node:crypto'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import test, { type ExecutionContext } from 'ava'
import { openStore, type Connection, type Store } from '../../src/store/engine.ts'
import { sealJournals } from '../../src/store/journal-seals.ts'
import { reverseGift } from '../../src/store/ledger-changes.ts'
import { audit, consume, issueLot, postGift } from '../../src/store/ledger.ts'
import { moveMoney } from '../../src/store/money.ts'
import { temporaryDirectory } from '../helpers/lab.ts'
import { insertAccount } from './helper.ts'

const DAY_MS = 86_400_000

/** Two accounts; 100 bytes issued, 10 and 5 used, 20 given and taken back, 100 minor units of money. Nothing is sealed. */
async function createBooks(t: ExecutionContext, path = ':memory:'): Promise<Store> {
  const store = openStore({ path })
  t.teardown(() => store.close())
  await store.write((db) => {
    for (const id of [1, 2]) insertAccount(db, id)
    const terms = { origin: 'plan', trafficClass: 'general', giftable: false } as const
    const life = { validFromMs: 0, validUntilMs: 10 * DAY_MS }
    const lot = { ...terms, ...life, accountId: 1, atMs: 0 }
    issueLot(db, { ...lot, transferId: 'issue', amountBytes: 100n, giftable: true })
    use(db, { id: 'use', amountBytes: 10n, atMs: 1 })
    const sides = { giverAccountId: 1, receiverAccountId: 2 }
    postGift(db, { ...sides, transferId: 'gift', amountBytes: 20n, atMs: 2 })
    reverseGift(db, { transferId: 'reverse', giftId: 'gift', atMs: 3 })
    use(db, { id: 'more', amountBytes: 5n, atMs: 4 })
    const money = { accountId: 1, kind: 'topUp', amountMinor: 100n, currency: 'XTS' } as const
    moveMoney(db, { ...money, id: 'm', atMs: 1 })
  })
  return store
}

function use(
  db: Connection,
  of: { readonly id: string; readonly amountBytes: bigint; readonly atMs: number },
): void {
  consume(db, { transferId: of.id, accountId: 1, amountBytes: of.amountBytes, atMs: of.atMs })
}

const seal = (store: Store, limit = 100): Promise<number> =>
  store.write((db) => sealJournals(db, { atMs: 9, limit }))

test('a seal is the digest of the one before and of what came since, and nothing new has none', async (t) => {
  const store = await createBooks(t)
  t.deepEqual(store.read(audit).sealed, { seals: 0, transferSeq: 0, digest: undefined })
  t.is(await seal(store), 6)
  t.is(await seal(store), 0)
  const first = store.read(audit).sealed
  t.like(first, { seals: 1, transferSeq: 5 })
  await store.write((db) => use(db, { id: 'last', amountBytes: 1n, atMs: 5 }))
  t.is(await seal(store), 1)
  const { sealed, faults } = store.read(audit)
  t.deepEqual(faults, [])
  // By hand: the seal before, the transfer, its posting.
  const rows = [
    '[6,"last","consume",5,null,null,null,null,null,null,null,null]',
    '[6,0,"available",1,"consumed",null,null,1,null,null,null,null,null,null,null,null,null,null]',
  ]
  const hash = createHash('sha256').update(Buffer.from(first.digest ?? '', 'hex'))
  for (const row of rows) hash.update(`${row}\n`)
  t.deepEqual(sealed, { seals: 2, transferSeq: 6, digest: hash.digest('hex') })
})

test('as many are sealed at once as is told', async (t) => {
  const store = await createBooks(t)
  // Two transfers and the movement of money, then what is left.
  t.deepEqual([await seal(store, 2), await seal(store, 2), await seal(store, 2)], [3, 2, 1])
  t.like(store.read(audit), { sealed: { seals: 3, transferSeq: 5 }, faults: [] })
})

for (const [what, sql] of [
  ['when data was used', `UPDATE transfers SET at = 0 WHERE id = 'use'`],
  ['the name of a transfer', `UPDATE transfers SET id = 'other' WHERE id = 'use'`],
  ['when a gift was made', `UPDATE transfers SET at = 1 WHERE seq = 3; UPDATE gifts SET at = 1`],
  ['the life of a lot', `UPDATE lots SET valid_until = valid_until + 1 WHERE id = 2`],
  ['whether a lot may be given', `UPDATE lots SET giftable = 1 - giftable WHERE id = 2`],
  ['whose a lot is', `UPDATE lots SET account_id = 2 WHERE id = 1`],
  ['what a gift was taken back by', `UPDATE reversals SET transfer_seq = 2`],
  ['a currency', `UPDATE money_transfers SET currency = 'EUR'`],
  [
    'whose money it was, with the wallets',
    `UPDATE money_transfers SET account_id = 2; UPDATE accounts SET money_minor = 100 * (id = 2)`,
  ],
  [
    'how much was used when, with its sum left as it was',
    `UPDATE postings SET amount = iif(transfer_seq = 2, 9, 6) WHERE transfer_seq IN (2, 5)`,
  ],
  [
    'all of it, as if the last use had never been',
    `DELETE FROM postings WHERE transfer_seq = 5; DELETE FROM transfers WHERE seq = 5;
     UPDATE lots SET consumed = 10, available = available + 5 WHERE id = 1`,
  ],
] as const) {
  test(`a rewritten journal is found out: ${what}`, async (t) => {
    const path = join(temporaryDirectory(t), 'lab.sqlite')
    const whole = await createBooks(t, path)
    await seal(whole)
    t.deepEqual(whole.read(audit).faults, [])
    await whole.close()
    tamper(path, sql)
    const store = openStore({ path })
    t.teardown(() => store.close())
    const { faults, balanced } = store.read(audit)
    t.false(balanced)
    t.regex(faults.join('\n'), /seal 1: the journal was changed since, at transfers 1 to 5/)
  })
}

test('a seal that is gone is missed, and seals that are made anew end in another digest', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.sqlite')
  const whole = await createBooks(t, path)
  await seal(whole, 3)
  await seal(whole, 3)
  const noted = whole.read(audit).sealed
  await whole.close()
  tamper(path, 'DELETE FROM journal_seals WHERE number = 1')
  const gone = openStore({ path })
  t.regex(gone.read(audit).faults.join('\n'), /seal 1 is missing/)
  await gone.close()
  tamper(path, `DELETE FROM journal_seals; UPDATE transfers SET at = 0 WHERE id = 'use'`)
  const anew = openStore({ path })
  t.teardown(() => anew.close())
  await seal(anew, 3)
  await seal(anew, 3)
  const { sealed, faults } = anew.read(audit)
  t.deepEqual(faults, [])
  t.like(sealed, { seals: noted.seals, transferSeq: noted.transferSeq })
  t.not(sealed.digest, noted.digest)
})

for (const [what, sql, why] of [
  ['change a seal', 'UPDATE journal_seals SET sealed_at = 1', /a seal is never changed/],
  ['delete a seal', 'DELETE FROM journal_seals', /a seal is never changed/],
  [
    'leave one out',
    'INSERT INTO journal_seals VALUES (3, 9, 9, zeroblob(32), 1)',
    /follows the one/,
  ],
  [
    'seal backwards',
    'INSERT INTO journal_seals VALUES (2, 4, 9, zeroblob(32), 1)',
    /follows the one/,
  ],
] as const) {
  test(`the store itself lets nobody ${what}`, async (t) => {
    const store = await createBooks(t)
    await seal(store)
    const attempt = store.write((db) => void db.sql(sql).run())
    t.regex((await t.throwsAsync(attempt)).message, why)
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
