import test from 'ava'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { syncedLog } from '../../src/store/durability.ts'
import { openStore, type Connection } from '../../src/store/engine.ts'
import { temporaryDirectory } from '../helpers/lab.ts'

/** A disk that answers when told. */
function slowDisk() {
  const asked: ((error: unknown) => void)[] = []
  const log = syncedLog((done) => void asked.push(done))
  return { log, asked, answer: (error: unknown = null) => asked.shift()?.(error) }
}

test('nobody is told before the disk has answered', (t) => {
  const { log, answer } = slowDisk()
  const told: unknown[] = []
  log.whenSynced((error) => told.push(['first', error]))
  t.deepEqual(told, [])
  answer()
  t.deepEqual(told, [['first', undefined]])
})

test('who comes during a sync is told after the next one, which all of them share, in their order', (t) => {
  const { log, asked, answer } = slowDisk()
  const told: string[] = []
  for (const name of ['first', 'second', 'third']) log.whenSynced(() => told.push(name))
  t.is(asked.length, 1)
  answer()
  t.deepEqual(told, ['first'])
  t.is(asked.length, 1)
  answer()
  t.deepEqual(told, ['first', 'second', 'third'])
  t.is(asked.length, 0)
})

test('after the disk has refused once, nothing counts as kept any more', async (t) => {
  const { log, asked, answer } = slowDisk()
  const refusal = new Error('EIO')
  const told: unknown[] = []
  log.whenSynced((error) => told.push(error))
  log.whenSynced((error) => told.push(error))
  answer(refusal)
  await new Promise((later) => log.whenSynced(later))
  t.deepEqual(told, [refusal, refusal])
  t.is(log.failure(), refusal)
  t.is(asked.length, 0, 'a later sync that succeeds would not tell what the earlier one lost')
})

const PAD = 'x'.repeat(200)

const insert = (key: string) => (db: Connection) =>
  db
    .sql(
      `INSERT INTO idempotency_keys (scope, key, fingerprint, at, transfer_id) VALUES ('s', ?, ?, 0, 't')`,
    )
    .run(key, PAD)

test('the log is copied into the database while the lab works, and begins anew', async (t) => {
  const path = join(temporaryDirectory(t), 'lab.sqlite')
  const store = openStore({ path })
  t.teardown(() => store.close())
  let keys = 0
  const burst = () =>
    Promise.all(Array.from({ length: 500 }, () => store.write(insert(`${keys++}`))))
  const sizes = () => ({ database: statSync(path).size, log: statSync(`${path}-wal`).size })
  const began = sizes()
  // A burst always writes to the log. When that does not grow by it, it is written over from its beginning.
  let overwriting = 0
  for (let bursts = 0; overwriting < 3 && bursts < 800; bursts++) {
    const before = sizes()
    await burst()
    if (sizes().log === before.log) overwriting += 1
  }
  t.is(overwriting, 3)
  t.true(sizes().database > began.database)
  const kept = store.read((db) =>
    db.sql<{ n: number }>(`SELECT count(*) AS n FROM idempotency_keys`).get(),
  )
  t.is(kept?.n, keys)
  await store.close()
  t.false(existsSync(`${path}-wal`), 'the last connection takes the log along')
})
