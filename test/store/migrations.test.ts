import Database from 'better-sqlite3'
import test from 'ava'
import { join } from 'node:path'
import { openStore } from '../../src/store/engine.ts'
import { audit, balanceOf } from '../../src/store/ledger.ts'
import { MIGRATIONS } from '../../src/store/migrations.ts'
import { temporaryDirectory } from '../helpers/lab.ts'

const BEFORE = MIGRATIONS.findIndex(({ name }) => name.startsWith('0040'))

/** What a lab of the version before had: a plan of 100 bytes, 10 used, 20 given. */
const OLD_BOOKS = `
INSERT INTO inventory (serial, iccid, imsi, msisdn, ki, opc, pin, puk, adm, profile_type, taken) VALUES
  (1, '8900101000000000001', '001010000000001', '99901000001', zeroblob(16), zeroblob(16), '0', '0', '0', 'lab', 1),
  (2, '8900101000000000002', '001010000000002', '99901000002', zeroblob(16), zeroblob(16), '0', '0', '0', 'lab', 1);
INSERT INTO accounts (id, msisdn, iccid, profile_state, opened_at, live_since) VALUES
  (1, '99901000001', '8900101000000000001', 'enabled', 0, 0),
  (2, '99901000002', '8900101000000000002', 'enabled', 0, NULL);
INSERT INTO bindings (account_id, iccid, eid, bound_from) VALUES (1, '8900101000000000001', '1', 0);
INSERT INTO registrations (id, iccid, supi, system, serving_network_name, attached_at)
  VALUES ('r', '8900101000000000001', 'imsi-001010000000001', '5GS', 'x', 0);
INSERT INTO lots (id, account_id, origin, traffic_class, giftable, valid_from, valid_until)
  VALUES (1, 1, 'plan', 'general', 1, 0, 1000);
INSERT INTO transfers (seq, id, kind, at) VALUES (1, 'issue', 'issue', 0);
INSERT INTO postings VALUES (1, 0, 'issuance', NULL, 'available', 1, 100);
INSERT INTO transfers (seq, id, kind, at) VALUES (2, 'use', 'consume', 1);
INSERT INTO postings VALUES (2, 0, 'available', 1, 'consumed', NULL, 10);
INSERT INTO transfers (seq, id, kind, at) VALUES (3, 'gift', 'gift', 2);
INSERT INTO lots (id, account_id, origin, traffic_class, giftable, valid_from, valid_until, parent_lot_id)
  VALUES (2, 2, 'gift', 'general', 1, 2, 1000, 1);
INSERT INTO postings VALUES (3, 0, 'available', 1, 'available', 2, 20);
INSERT INTO gifts VALUES (3, 1, 2, 20);
`

test('the books of an older lab are all there after the tables are made anew', async (t) => {
  t.true(BEFORE > 0)
  const path = join(temporaryDirectory(t), 'lab.sqlite')
  const old = new Database(path)
  for (const { sql } of MIGRATIONS.slice(0, BEFORE)) old.exec(sql)
  old.exec(OLD_BOOKS)
  old.pragma(`user_version = ${BEFORE}`)
  old.close()

  const store = openStore({ path })
  t.teardown(() => store.close())
  t.like(store.read(audit), { issued: 100n, available: 90n, consumed: 10n, faults: [] })
  const lots = store.read((db) => balanceOf(db, { accountId: 2, atMs: 3 }))
  t.like(lots[0], { origin: 'gift', availableBytes: 20n, scope: 'any', parentLotId: 1 })
  const rows = store.read((db) => db.sql(`SELECT operator, status FROM accounts`).all())
  t.deepEqual(rows, [
    { operator: 'lab', status: 'active' },
    { operator: 'lab', status: 'active' },
  ])
  t.is(store.read((db) => db.sql(`SELECT * FROM registrations`).all()).length, 1)
  // What refers to a table that was made anew still does.
  const orphan = `INSERT INTO lots (account_id, origin, traffic_class, giftable, valid_from, valid_until)
    VALUES (99, 'plan', 'general', 1, 0, 1)`
  await t.throwsAsync(
    store.write((db) => void db.sql(orphan).run()),
    { message: /FOREIGN KEY/ },
  )
  await store.write((db) => void db.sql(`UPDATE accounts SET profile_state = 'disabled'`).run())
  t.is(store.read((db) => db.sql(`SELECT * FROM registrations`).all()).length, 0)
})
