import test from 'ava'
import fc from 'fast-check'
import { LabError } from '../../src/base/errors.ts'
import type { Connection } from '../../src/store/engine.ts'
import { giveHeld, placeHold, releaseHold, settleHold } from '../../src/store/holds.ts'
import { adjust, carryOver, extendLot, reverseGift } from '../../src/store/ledger-changes.ts'
import { balanceOf, consume, expireDue, issueLot, postGift } from '../../src/store/ledger.ts'
import { createBench, DAY_MS, type Bench } from '../operator/helper.ts'

const ACCOUNTS = 3
const HOUR_MS = 3_600_000

const who = fc.nat(ACCOUNTS - 1)
const bytes = fc.oneof(fc.bigInt(0n, 12n), fc.bigInt(0n, 400n), fc.constant(2n ** 50n))
/** A few names for many things, so that ids are taken, and holds and gifts met again. */
const name = fc.nat(4)

const operation = fc.oneof(
  fc.record({
    kind: fc.constant('issue' as const),
    who,
    bytes,
    hours: fc.integer({ min: 1, max: 200 }),
    carries: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('gift' as const), who, to: who, bytes }),
  fc.record({ kind: fc.constant('use' as const), who, bytes }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('hold' as const),
      who,
      bytes,
      name,
      part: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant('release' as const), name }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const), name, bytes }) },
  fc.record({ kind: fc.constant('giveHeld' as const), name, to: who }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reverse' as const), nth: fc.nat(20) }) },
  fc.record({ kind: fc.constant('add' as const), who, bytes }),
  fc.record({ kind: fc.constant('withdraw' as const), who, bytes }),
  fc.record({ kind: fc.constant('extend' as const), who, hours: fc.integer({ min: 1, max: 100 }) }),
  fc.record({ kind: fc.constant('carry' as const), who, percent: fc.constantFrom(0, 50, 100) }),
  // Forward, and now and then back.
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      hours: fc.integer({ min: -20, max: 90 }),
    }),
  },
  fc.record({ kind: fc.constant('expire' as const) }),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

test('no order of operations makes, loses or spends a byte twice, also when the clock is set back', async (t) => {
  let done = 0
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 50 }), async (operations) => {
      const bench = await createBench(undefined, { stock: ACCOUNTS })
      try {
        const accounts = await Promise.all(
          Array.from({ length: ACCOUNTS }, () => bench.subscriber('ordered')),
        )
        const ids = accounts.map((msisdn) => bench.operator.account({ msisdn })?.id ?? 0)
        let issued = 0n
        for (const [at, one] of operations.entries()) {
          const before = bench.operator.audit()
          const change = await attempt(bench, { one, ids, transferId: `t${at}` })
          issued += change ?? 0n
          const after = bench.operator.audit()
          t.deepEqual(after.faults, [])
          t.is(after.issued, issued)
          if (change === undefined) t.deepEqual(after, before, 'what is refused changes nothing')
          else done++
          t.true(after.consumed >= before.consumed && after.expired >= before.expired)
        }
      } finally {
        await bench.store.close()
      }
    }),
    { numRuns: 60 },
  )
  t.true(done > 300)
})

/** The change of what is issued, or nothing when the operation was refused. */
async function attempt(
  bench: Bench,
  of: { readonly one: Operation; readonly ids: readonly number[]; readonly transferId: string },
): Promise<bigint | undefined> {
  if (of.one.kind === 'wait') {
    bench.clock.advance(of.one.hours * HOUR_MS)
    return 0n
  }
  const atMs = bench.clock.nowMs()
  try {
    return await bench.store.write((db) => perform(db, of.one, { ...of, atMs }))
  } catch (error) {
    if (error instanceof LabError && error.code !== 'internal') return undefined
    // The store itself keeps a gift to oneself out, and lots that have not begun after the clock was set back.
    if (error instanceof Error && /CHECK|never|usable|ended/.test(error.message)) return undefined
    throw error
  }
}

function perform(
  db: Connection,
  one: Operation,
  of: { readonly ids: readonly number[]; readonly transferId: string; readonly atMs: number },
): bigint {
  const { transferId, atMs } = of
  const head = { transferId, atMs }
  const idOf = (at: number): number => of.ids[at] ?? 0
  const terms = { trafficClass: 'general', giftable: true, validFromMs: atMs } as const
  switch (one.kind) {
    case 'issue': {
      const validUntilMs = atMs + one.hours * HOUR_MS
      const lot = {
        ...head,
        ...terms,
        validUntilMs,
        accountId: idOf(one.who),
        carries: one.carries,
      }
      issueLot(db, { ...lot, origin: 'plan', amountBytes: one.bytes })
      return one.bytes
    }
    case 'gift': {
      const sides = { giverAccountId: idOf(one.who), receiverAccountId: idOf(one.to) }
      postGift(db, { ...head, ...sides, amountBytes: one.bytes })
      return 0n
    }
    case 'use':
      consume(db, { ...head, accountId: idOf(one.who), amountBytes: one.bytes })
      return 0n
    case 'hold':
      placeHold(db, {
        ...head,
        holdId: `h${one.name}-${one.who}`,
        accountId: idOf(one.who),
        purpose: 'session',
        amountBytes: one.bytes,
        ...(one.part && { leastBytes: 1n }),
        untilMs: atMs + DAY_MS,
      })
      return 0n
    case 'release':
      for (const { id } of openHolds(db, one.name)) {
        releaseHold(db, { transferId: `${transferId}:${id}`, atMs, holdId: id })
      }
      return 0n
    case 'settle':
      for (const { id } of openHolds(db, one.name)) {
        settleHold(db, {
          transferId: `${transferId}:${id}`,
          atMs,
          holdId: id,
          usedBytes: one.bytes,
        })
      }
      return 0n
    case 'giveHeld':
      for (const { id } of openHolds(db, one.name)) {
        giveHeld(db, {
          transferId: `${transferId}:${id}`,
          atMs,
          holdId: id,
          receiverAccountId: idOf(one.to),
        })
      }
      return 0n
    case 'reverse': {
      const gifts = db
        .sql<{ id: string }>(`SELECT id FROM transfers WHERE kind = 'gift' ORDER BY seq`)
        .all()
      reverseGift(db, { ...head, giftId: gifts[one.nth % Math.max(gifts.length, 1)]?.id ?? 'none' })
      return 0n
    }
    case 'add': {
      const add = { ...terms, origin: 'bonus', validUntilMs: atMs + DAY_MS } as const
      adjust(db, { ...head, accountId: idOf(one.who), amountBytes: one.bytes, add })
      return one.bytes
    }
    case 'withdraw':
      adjust(db, { ...head, accountId: idOf(one.who), amountBytes: one.bytes })
      return -one.bytes
    case 'extend': {
      const [lot] = balanceOf(db, { accountId: idOf(one.who), atMs })
      if (!lot) return 0n
      extendLot(db, {
        ...head,
        lotId: lot.id,
        validUntilMs: lot.validUntilMs + one.hours * HOUR_MS,
      })
      return 0n
    }
    case 'carry': {
      const percent = { percent: one.percent, giftable: true, validUntilMs: atMs + 10 * DAY_MS }
      carryOver(db, { accountId: idOf(one.who), atMs, ...percent })
      return 0n
    }
    case 'expire':
      expireDue(db, { atMs })
      return 0n
    case 'wait':
      return 0n
  }
}

function openHolds(db: Connection, at: number): readonly { readonly id: string }[] {
  return db
    .sql<{ id: string }>(`SELECT id FROM holds WHERE id GLOB ? AND closed_at IS NULL ORDER BY id`)
    .all(`h${at}-*`)
}
