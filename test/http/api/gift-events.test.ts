import test from 'ava'
import type { Delivery } from '../../../src/store/outbox.ts'
import { createGiftBench, DAY_MS, HOUR_MS } from '../../operator/gifts/helper.ts'

const ACCEPT = { acceptance: { kind: 'required', withinHours: 48 } } as const

test('each change of a gift is told, in its order, and none that did not happen', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab', rules: ACCEPT })
  const { operator, clock } = bench
  const { events, gifts } = operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  await events.register({ callback: 'http://127.0.0.1:1/' })
  const told: string[] = []
  const take = async (delivery: Delivery) => {
    told.push(`${delivery.event.subject} ${delivery.event.type}`)
  }
  const given: string[] = []
  for (let count = 0; count < 4; count++) given.push((await bench.give(a, b, 5n)).gift!.id)
  const [accepted, declined, cancelled, expired] = given as [string, string, string, string]
  await gifts.accept({ id: accepted, by: b })
  await gifts.decline({ id: declined, by: b })
  await gifts.cancel({ id: cancelled, by: a })
  await t.throwsAsync(gifts.cancel({ id: declined, by: a }))
  await gifts.reverse({ id: accepted })
  clock.advance(48 * HOUR_MS)
  await gifts.sweep()
  await events.deliverDue(take)
  const [created, changed, ended] = ['Create', 'StateChange', 'Cancel'].map(
    (what) => `TransferBalance${what}Event`,
  )
  t.deepEqual(told, [
    ...given.map((id) => `${id} ${created}`),
    `${accepted} ${changed}`,
    `${declined} ${ended}`,
    `${cancelled} ${ended}`,
    `${accepted} ${changed}`,
    `${expired} ${ended}`,
  ])
})

test('what was delivered is forgotten after a week, and what was not is kept', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const { events } = bench.operator
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  await events.register({ callback: 'http://127.0.0.1:1/' })
  const count = (state: 'waiting' | 'delivered') => events.deliveries({ state, limit: 10 }).length
  await bench.give(a, b, 5n)
  await events.deliverDue(async () => {})
  await bench.give(a, b, 6n)
  await events.deliverDue(() => Promise.reject(new Error('nobody is there')))
  bench.clock.advance(7 * DAY_MS)
  await events.sweep()
  t.deepEqual([count('delivered'), count('waiting')], [1, 1])
  bench.clock.advance(1)
  await events.sweep()
  t.deepEqual([count('delivered'), count('waiting')], [0, 1])
  t.deepEqual(await events.deliverDue(async () => {}), { delivered: 1, failed: 0, dead: 0 })
})
