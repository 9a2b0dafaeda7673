import test from 'ava'
import { luhnDigit } from '../../src/base/bcd.ts'
import { seededRandom } from '../../src/base/environment.ts'
import { openStore } from '../../src/store/engine.ts'
import {
  findByIccid,
  findByMsisdn,
  nextFree,
  stockLevel,
  stockNumbers,
} from '../../src/store/inventory.ts'

const RANGES = {
  iccid: { prefix: '8900101', digits: 19 },
  imsi: { prefix: '00101', digits: 15 },
  msisdn: { prefix: '99901', digits: 12 },
}
const RUN = { profileType: 'lab', ranges: RANGES, random: seededRandom('test') }

test('makes numbers from the ranges, with the check digit and keys of their own', async (t) => {
  const store = openStore({ path: ':memory:' })
  t.teardown(() => store.close())
  const run = await stockNumbers(store, { ...RUN, count: 3 })
  t.is(run.count, 3)
  const item = store.read((db) => findByIccid(db, run.firstIccid))!
  t.like(item, {
    imsi: '001010000000001',
    msisdn: '999010000001',
    profileType: 'lab',
    taken: false,
  })
  t.is(item.iccid.length, 19)
  t.is(luhnDigit(item.iccid.slice(0, -1)), item.iccid.slice(-1))
  t.is(item.ki.length, 16)
  t.is(item.opc.length, 16)
  t.notDeepEqual(item.ki, item.opc)
  t.regex(item.pin, /^[0-9]{4}$/)
  t.regex(item.puk, /^[0-9]{8}$/)
  t.deepEqual(
    store.read((db) => findByMsisdn(db, item.msisdn)),
    item,
  )
  t.deepEqual(
    store.read((db) => nextFree(db, 'lab')),
    item,
  )
  t.is(
    store.read((db) => findByIccid(db, '8900101000000999999')),
    undefined,
  )
})

test('goes on where it stopped, and deals no key twice with one seed', async (t) => {
  const store = openStore({ path: ':memory:' })
  t.teardown(() => store.close())
  await stockNumbers(store, { ...RUN, count: 2500, random: seededRandom('same') })
  await stockNumbers(store, { ...RUN, count: 2500, random: seededRandom('same') })
  t.deepEqual(store.read(stockLevel), { total: 5000, taken: 0 })
  const keys = store.read((db) =>
    db.sql<{ n: number }>(`SELECT count(DISTINCT ki) AS n FROM inventory`).get(),
  )
  t.is(keys?.n, 5000)
})

test('the same seed deals the same keys', async (t) => {
  const deal = async () => {
    const store = openStore({ path: ':memory:' })
    t.teardown(() => store.close())
    const { firstIccid } = await stockNumbers(store, {
      ...RUN,
      count: 1,
      random: seededRandom('s'),
    })
    return store.read((db) => findByIccid(db, firstIccid))
  }
  t.deepEqual(await deal(), await deal())
})

test('refuses more numbers than the ranges have, and makes none of them', async (t) => {
  const store = openStore({ path: ':memory:' })
  t.teardown(() => store.close())
  const ranges = { ...RANGES, msisdn: { prefix: '9990100000', digits: 12 } }
  await t.throwsAsync(stockNumbers(store, { ...RUN, ranges, count: 100 }), {
    message: "the operator's number ranges have 99 numbers left",
  })
  await t.notThrowsAsync(stockNumbers(store, { ...RUN, ranges, count: 99 }))
  t.is(store.read(stockLevel).total, 99)
})

for (const count of [0, -1, 1.5, NaN, 2 ** 60]) {
  test(`refuses to stock ${count} numbers`, async (t) => {
    const store = openStore({ path: ':memory:' })
    t.teardown(() => store.close())
    t.like(await t.throwsAsync(stockNumbers(store, { ...RUN, count })), {
      code: 'badInput',
      field: 'count',
    })
  })
}
