import test from 'ava'
import { createGiftBench } from './helper.ts'

const WAITING = { acceptance: { kind: 'required', withinHours: 48 } } as const

for (const [what, sql, fault] of [
  [
    'a gift on its way is said to be larger than what is held for it',
    `UPDATE gift_requests SET amount = amount + 1 WHERE state = 'awaitingAcceptance'`,
    /is on its way, and something else is held for it/,
  ],
  [
    'a gift is over, and nobody gave back what was held',
    `UPDATE gift_requests SET state = 'cancelled' WHERE state = 'awaitingAcceptance'`,
    /is over, and data is still held for it/,
  ],
  [
    'a gift is said to have been of another amount',
    `UPDATE gift_requests SET amount = amount - 1 WHERE state = 'completed'`,
    /was completed, and the journal says another gift or none/,
  ],
  [
    'a gift is said to have come from another',
    `UPDATE gift_requests SET giver_account_id = 3 WHERE state = 'completed'`,
    /was completed, and the journal says another gift or none/,
  ],
] as const) {
  test(`the audit finds out: ${what}`, async (t) => {
    const bench = await createGiftBench(t, { id: 'lab', rules: WAITING })
    const { operator, store } = bench
    const [a, b] = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
    const { gift } = await bench.give(a, b, 5n)
    await operator.gifts.accept({ id: gift!.id, by: b })
    await bench.give(a, b, 7n)
    t.like(operator.audit(), { held: 7n, faults: [] })
    await store.write((db) => void db.sql(sql).run())
    t.regex(operator.audit().faults.join('\n'), fault)
  })
}
