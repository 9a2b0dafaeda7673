import test from 'ava'
import { openStore } from '../../src/store/engine.ts'
import { addProfiles, findOrder, markDownloaded, saveOrder } from '../../src/store/orders.ts'
import { needed } from '../helpers/driver.ts'

test('an order is kept as it is saved, the session it was last given to included', async (t) => {
  const store = openStore({ path: ':memory:' })
  t.teardown(() => store.close())
  const iccid = '8900112345678901234'
  const octets = Uint8Array.of(1, 2, 3)
  const delivered = { iccid, eid: '8'.repeat(32), euiccOtpk: octets, transactionId: octets }
  await store.write((db) => {
    addProfiles(db, { iccids: [iccid], profileType: 'any' })
    markDownloaded(db, delivered)
  })
  const order = needed(store.read((db) => findOrder(db, iccid)))
  t.deepEqual(Uint8Array.from(needed(order.lastTransactionId)), octets)
  const changed = {
    ...order,
    matchingId: 'A',
    repeatable: true,
    euiccOtpk: undefined,
    lastTransactionId: undefined,
  }
  await store.write((db) => saveOrder(db, changed))
  t.deepEqual(
    store.read((db) => findOrder(db, iccid)),
    changed,
  )
})
