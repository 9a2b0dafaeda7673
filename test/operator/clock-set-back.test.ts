/** The lab's clock goes back where its user wants it to: nothing is lost by that, made by it, or refused without a word. */

import test from 'ava'
import fc from 'fast-check'
import { LabError } from '../../src/base/errors.ts'
import { placeHold, releaseHold } from '../../src/store/holds.ts'
import { carryOver, extendLot } from '../../src/store/ledger-changes.ts'
import { expireDue, issueLot } from '../../src/store/ledger.ts'
import { attachNumber } from '../helpers/usim.ts'
import { createGiftBench, HOUR_MS } from './gifts/helper.ts'
import { createBench, DAY_MS, GB, type Bench } from './helper.ts'

const WAITING = { acceptance: { kind: 'required', withinHours: 48 } } as const

for (const [step, by, state] of [
  ['accept', 'receiver', 'completed'],
  ['decline', 'receiver', 'declined'],
  ['cancel', 'giver', 'cancelled'],
] as const) {
  test(`${step}: a gift goes on from where it was, also before its data began`, async (t) => {
    const bench = await createGiftBench(t, { id: 'lab', rules: WAITING })
    const { operator, clock } = bench
    const [giver, receiver] = [await bench.subscriber(), await bench.subscriber()]
    const begun = clock.now()
    clock.advance(HOUR_MS)
    const { gift } = await bench.give(giver, receiver, 5n)
    clock.advance(-3 * HOUR_MS)
    const asked = { id: gift!.id, by: by === 'giver' ? giver : receiver }
    const after = await operator.gifts[step](asked)
    t.is(after.gift.state, state)
    t.is(after.gift.changedAt.getTime(), begun.getTime() + HOUR_MS)
    t.like(operator.audit(), { held: 0n, faults: [] })
    clock.set(new Date(begun.getTime() + 2 * HOUR_MS))
    const moved = state === 'completed' ? 5n : 0n
    t.is(operator.balance({ msisdn: receiver }).totalBytes, 20n * GB + moved)
  })
}

test('a gift is taken back before it was given, by the clock', async (t) => {
  const bench = await createGiftBench(t, { id: 'lab' })
  const { operator, clock } = bench
  const [giver, receiver] = [await bench.subscriber(), await bench.subscriber()]
  clock.advance(HOUR_MS)
  const { gift } = await bench.give(giver, receiver, 5n)
  clock.advance(-HOUR_MS / 2)
  t.is((await operator.gifts.reverse({ id: gift!.id })).state, 'reversed')
  clock.advance(HOUR_MS)
  t.is(operator.balance({ msisdn: giver }).totalBytes, 20n * GB)
  t.deepEqual(operator.audit().faults, [])
})

async function reserve({ operator, clock }: Bench, of: { msisdn: string; lotId: number }) {
  const untilMs = clock.nowMs() + 90 * DAY_MS
  const asked = { caller: 't', idempotencyKey: 'r', request: {}, amountBytes: GB, untilMs }
  const { action } = await operator.balanceActions.reserve({ ...asked, ...of })
  return action.id
}

test('data that comes back to a lot which had ended expires again, and stands in nobody’s way', async (t) => {
  const bench = await createBench(t)
  const { operator, clock } = bench
  const [msisdn, other] = [await bench.subscriber('attached'), await bench.subscriber()]
  const lotId = await bench.issue(msisdn, { amountBytes: 3n * GB, days: 2 })
  const id = await reserve(bench, { msisdn, lotId })
  clock.advance(2 * DAY_MS)
  t.like(await operator.sweep(), { bytes: 2n * GB })
  clock.advance(-DAY_MS)
  await operator.balanceActions.cancel({ kind: 'reserve', id })
  t.is(operator.balance({ msisdn }).totalBytes, 21n * GB)
  clock.advance(DAY_MS)
  t.like(await operator.sweep(), { lots: 1, bytes: GB })
  t.truthy((await operator.attemptUsage({ idempotencyKey: 'u', msisdn, amountBytes: 1n })).usage)
  const gift = { idempotencyKey: 'g', from: msisdn, to: other, amountBytes: 1n }
  t.truthy((await operator.attemptGift(gift)).gift)
  t.like(operator.audit(), { expired: 3n * GB, faults: [] })
})

test('a reservation ends before its data began, by the clock', async (t) => {
  const bench = await createBench(t)
  const { operator, clock } = bench
  const msisdn = await bench.subscriber()
  clock.advance(DAY_MS)
  const lotId = await bench.issue(msisdn, { amountBytes: GB, days: 2 })
  const id = await reserve(bench, { msisdn, lotId })
  clock.advance(-DAY_MS - 1)
  await operator.balanceActions.cancel({ kind: 'reserve', id })
  t.like(operator.audit(), { held: 0n, faults: [] })
})

test('a lot carries over once more what came back to it, and begins no life before its own', async (t) => {
  const bench = await createBench(t)
  const { operator, store, clock } = bench
  const msisdn = await bench.subscriber()
  const accountId = operator.account({ msisdn })!.id
  const nowMs = clock.nowMs()
  const endMs = nowMs + DAY_MS
  const terms = { trafficClass: 'general', giftable: true, carries: true } as const
  const carry = (atMs: number) =>
    store.write((db) =>
      carryOver(db, { accountId, atMs, percent: 50, giftable: true, validUntilMs: endMs + DAY_MS }),
    )
  const hold = { transferId: 'h', holdId: 'h', purpose: 'session', untilMs: endMs } as const
  const lotId = await store.write((db) => {
    const life = { validFromMs: nowMs, validUntilMs: endMs }
    const lot = { ...terms, ...life, accountId, origin: 'plan', amountBytes: 100n } as const
    const id = issueLot(db, { ...lot, transferId: 'i', atMs: nowMs })
    const eligible = (one: { readonly id: number }) => one.id === id
    placeHold(db, { ...hold, accountId, amountBytes: 40n, atMs: nowMs, eligible })
    return id
  })
  t.deepEqual(await carry(endMs), { carriedBytes: 30n, expiredBytes: 30n })
  await store.write((db) => releaseHold(db, { transferId: 'r', holdId: 'h', atMs: endMs - 1 }))
  t.deepEqual(await carry(endMs + 1), { carriedBytes: 20n, expiredBytes: 20n })
  await store.write((db) => expireDue(db, { atMs: endMs + 2 }))
  t.deepEqual(operator.audit().faults, [])
  const longer = store.write((db) =>
    extendLot(db, { transferId: 'x', lotId, validUntilMs: endMs + DAY_MS, atMs: nowMs - 1 }),
  )
  t.like(await t.throwsAsync(longer), { code: 'refused', reason: 'nothingLeft' })
})

const act = fc.record({
  kind: fc.constantFrom(
    ...(['give', 'give', 'use', 'accept', 'decline', 'cancel', 'reverse', 'reserve'] as const),
    ...(['free', 'sweep', 'buy'] as const),
  ),
  who: fc.nat(2),
  nth: fc.nat(5),
  megabytes: fc.integer({ min: 1, max: 9000 }),
  hours: fc.constantFrom(0, 0, 1, 30, 800, -1, -40, -700),
})

test('whatever is asked while the clock goes to and fro, each answer is one that is defined', async (t) => {
  const done = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 60 }), async (acts) => {
      const bench = await createGiftBench(undefined, { id: 'lab', rules: WAITING })
      const { operator, clock } = bench
      const { gifts, balanceActions } = operator
      const numbers = [await bench.subscriber(), await bench.subscriber(), await bench.subscriber()]
      for (const msisdn of numbers) await attachNumber(operator, msisdn)
      const made: { id: string; from: string; to: string }[] = []
      const reserved: string[] = []
      for (const [at, { kind, who, nth, megabytes, hours }] of acts.entries()) {
        clock.advance(hours * HOUR_MS)
        const msisdn = numbers[who]!
        const gift = made[nth % Math.max(made.length, 1)]
        const amountBytes = BigInt(megabytes) * 1_000_000n
        const asked = { caller: 't', idempotencyKey: `k${at}`, request: {}, msisdn, amountBytes }
        const untilMs = clock.nowMs() + 20 * DAY_MS
        try {
          if (kind === 'give') {
            const to = numbers[(who + 1 + (nth % 2)) % 3]!
            const { gift: one } = await bench.give(msisdn, to, amountBytes)
            if (one) made.push(one)
          } else if (kind === 'use') await operator.attemptUsage({ ...asked })
          else if (kind === 'buy')
            await balanceActions.adjustData({ ...asked, validUntilMs: untilMs })
          else if (kind === 'reserve')
            reserved.push((await balanceActions.reserve({ ...asked, untilMs })).action.id)
          else if (kind === 'free')
            await balanceActions.cancel({
              kind: 'reserve',
              id: reserved[nth % Math.max(reserved.length, 1)] ?? '',
            })
          else if (kind === 'sweep') await operator.sweep()
          else if (gift && kind === 'reverse') await gifts.reverse({ id: gift.id })
          else if (gift && kind !== 'reverse')
            await gifts[kind]({ id: gift.id, by: kind === 'cancel' ? gift.from : gift.to })
          done.set(kind, (done.get(kind) ?? 0) + 1)
        } catch (error) {
          // A name that is taken is what the books say to themselves, and never to those who ask.
          const isAnswer = error instanceof LabError && error.code !== 'internal'
          if (!isAnswer || /transfer with the id/.test(error.message)) throw error
        }
        t.deepEqual(operator.audit().faults, [])
      }
      clock.advance(400 * DAY_MS)
      await operator.sweep()
      await balanceActions.sweep()
      await operator.sweep()
      t.like(operator.audit(), { held: 0n, faults: [] })
      await bench.store.close()
    }),
    { numRuns: 40, seed: 9 },
  )
  t.true([...done.values()].every((count) => count > 10) && done.size > 9, `${[...done]}`)
})
