import test from 'ava'
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { openStore, type Connection } from '../../src/store/engine.ts'

const insert = (key: string) => (db: Connection) =>
  db
    .sql(
      `INSERT INTO idempotency_keys (scope, key, fingerprint, at, transfer_id) VALUES ('s', ?, '', 0, 't')`,
    )
    .run(key)

const count = (db: Connection) =>
  db.sql<{ n: number }>(`SELECT count(*) AS n FROM idempotency_keys`).get()?.n

test('a command that throws is undone alone; its neighbours in the group stay', async (t) => {
  const store = openStore({ path: ':memory:' })
  t.teardown(() => store.close())
  const results = await Promise.allSettled([
    store.write(insert('a')),
    store.write((db) => {
      insert('b')(db)
      throw new RangeError('no')
    }),
    store.write(insert('a')),
    store.write(insert('c')),
  ])
  t.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
  )
  t.true((results[1] as PromiseRejectedResult).reason instanceof RangeError)
  t.is(store.read(count), 2)
})

for (const [neighbours, keys] of [
  ['alone', []],
  ['among others', ['a', 'c']],
] as const) {
  test(`an error that ends the transaction fails all of its group and is named: ${neighbours}`, async (t) => {
    const store = openStore({ path: ':memory:' })
    t.teardown(() => store.close())
    const results = await Promise.allSettled([
      store.write((db) => {
        insert('b')(db)
        // As SQLite does by itself when the disk is full.
        db.sql('ROLLBACK').run()
        throw new RangeError('the disk is full')
      }),
      ...keys.map((key) => store.write(insert(key))),
    ])
    for (const result of results) {
      const { reason } = result as PromiseRejectedResult
      t.like(reason, {
        code: 'unavailable',
        message: 'the database refused to commit: the disk is full',
      })
    }
    t.is(store.read(count), 0)
  })
}

test('a read sees nothing of a command that has not been committed', async (t) => {
  const store = openStore({ path: ':memory:' })
  t.teardown(() => store.close())
  const written = store.write(insert('a'))
  t.is(store.read(count), 0)
  await written
  t.is(store.read(count), 1)
})

test('what was handed in before close is kept; what comes after is refused', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'esim-lab-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'lab.db')
  const store = openStore({ path })
  const written = Promise.all(Array.from({ length: 2000 }, (_, at) => store.write(insert(`${at}`))))
  const closed = store.close()
  t.like(await t.throwsAsync(store.write(insert('late'))), { code: 'unavailable' })
  await Promise.all([closed, store.close()])
  await written
  t.like(
    t.throws(() => store.read(count)),
    { code: 'unavailable' },
  )
  const again = openStore({ path })
  t.teardown(() => again.close())
  t.is(again.read(count), 2000)
})

test('says what to do with a file that is no database, or of a newer version', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'esim-lab-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const noDatabase = join(directory, 'text.db')
  writeFileSync(noDatabase, 'not a database at all, but long enough to be looked at '.repeat(40))
  t.like(
    t.throws(() => openStore({ path: noDatabase })),
    { code: 'damaged' },
  )
  const newer = join(directory, 'newer.db')
  const db = new Database(newer)
  db.pragma('user_version = 999')
  db.close()
  t.like(
    t.throws(() => openStore({ path: newer })),
    { code: 'damaged' },
  )
})

test('what would happen is told and not done, between commands and within one', async (t) => {
  const store = openStore({ path: ':memory:' })
  t.teardown(() => store.close())
  await store.write(insert('a'))
  const foreseen = () =>
    store.foresee((db) => {
      insert('b')(db)
      return count(db)
    })
  t.is(foreseen(), 2)
  t.is(store.read(count), 1)
  t.throws(
    () =>
      store.foresee((db) => {
        insert('b')(db)
        throw new RangeError('no')
      }),
    { instanceOf: RangeError },
  )
  t.is(store.read(count), 1)
  const within = await store.write((db) => {
    insert('c')(db)
    return [foreseen(), count(db)]
  })
  t.deepEqual(within, [3, 2])
  t.is(store.read(count), 2)
  await store.write(insert('b'))
  t.is(store.read(count), 3)
})

test('a question is answered no more once the lab is closed', async (t) => {
  const store = openStore({ path: ':memory:' })
  await store.close()
  t.throws(() => store.foresee(count), { message: 'the lab is closed' })
})
