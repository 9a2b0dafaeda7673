import test from 'ava'
import { Temporal } from 'temporal-polyfill'
import { countedGifts, suspicionsOf } from '../../../src/operator/rules/abuse.ts'
import type { ValidityRule } from '../../../src/operator/rules/types.ts'
import { extensionOfGift, giftEnd } from '../../../src/operator/rules/validity.ts'
import { DAY_MS, HOUR_MS, NOW_MS } from './helper.ts'

const ms = (text: string) => Temporal.ZonedDateTime.from(text).epochMilliseconds

interface Row {
  readonly rule: ValidityRule | undefined
  readonly at: string
  readonly source: string
  readonly receiver?: string
  readonly heldAt?: string
  readonly end: string
}

const at = '2026-01-30T10:00[Europe/Moscow]'
const source = '2026-02-10T00:00[Europe/Moscow]'
const receiver = '2026-03-01T00:00[Europe/Moscow]'

const ROWS: readonly Row[] = [
  { rule: undefined, at, source, receiver, end: source },
  { rule: { kind: 'keepSource' }, at, source, receiver, end: source },
  { rule: { kind: 'sooner', days: 30 }, at, source, end: source },
  { rule: { kind: 'sooner', days: 3 }, at, source, end: '2026-02-02T10:00[Europe/Moscow]' },
  { rule: { kind: 'laterOfBoth' }, at, source, receiver, end: receiver },
  { rule: { kind: 'laterOfBoth' }, at, source, end: source },
  {
    rule: { kind: 'laterOfBoth' },
    at,
    source,
    receiver: '2026-02-01T00:00[Europe/Moscow]',
    end: source,
  },
  { rule: { kind: 'sourceRemaining' }, at, source, end: source },
  {
    rule: { kind: 'sourceRemaining' },
    at,
    source,
    heldAt: '2026-01-29T10:00[Europe/Moscow]',
    end: '2026-02-11T00:00[Europe/Moscow]',
  },
  { rule: { kind: 'endOfMonth' }, at, source, end: '2026-02-01T00:00[Europe/Moscow]' },
  { rule: { kind: 'endOfNextMonth' }, at, source, end: '2026-03-01T00:00[Europe/Moscow]' },
  {
    rule: { kind: 'endOfNextMonth' },
    at: '2025-12-31T23:59:59.999[Asia/Tokyo]',
    source: '2026-01-01T00:00[Asia/Tokyo]',
    end: '2026-02-01T00:00[Asia/Tokyo]',
  },
  { rule: { kind: 'fixedDays', days: 7 }, at, source, end: '2026-02-06T10:00[Europe/Moscow]' },
  { rule: { kind: 'fixedHours', hours: 24 }, at, source, end: '2026-01-31T10:00[Europe/Moscow]' },
  // Clocks go forward in the night: the same time of day is 167 hours on; 24 hours are 24 hours.
  {
    rule: { kind: 'fixedDays', days: 7 },
    at: '2026-03-25T12:00[Europe/Berlin]',
    source: '2026-05-01T00:00[Europe/Berlin]',
    end: '2026-04-01T12:00[Europe/Berlin]',
  },
  {
    rule: { kind: 'fixedHours', hours: 24 },
    at: '2026-03-28T12:00[Europe/Berlin]',
    source: '2026-05-01T00:00[Europe/Berlin]',
    end: '2026-03-29T13:00[Europe/Berlin]',
  },
  {
    rule: { kind: 'fixedDays', days: 1 },
    at: '2026-03-28T02:30[Europe/Berlin]',
    source: '2026-05-01T00:00[Europe/Berlin]',
    end: '2026-03-29T03:30[Europe/Berlin]',
  },
]

for (const [number, row] of ROWS.entries()) {
  test(`${number + 1}: a gift by ${row.rule?.kind ?? 'no rule'} at ${row.at} ends at ${row.end}`, (t) => {
    const end = giftEnd(row.rule, {
      atMs: ms(row.at),
      timeZone: Temporal.ZonedDateTime.from(row.at).timeZoneId,
      sourceUntilMs: ms(row.source),
      receiverUntilMs: row.receiver === undefined ? undefined : ms(row.receiver),
      heldAtMs: row.heldAt === undefined ? undefined : ms(row.heldAt),
    })
    t.is(end, ms(row.end))
  })
}

test('T2: what is extended ends 30 days after the receipt, on whichever day it is paid', (t) => {
  const rule: ValidityRule = {
    kind: 'fixedDays',
    days: 7,
    extension: { toDays: 30, feeMinor: 5000n },
  }
  const received = { atMs: ms(at), timeZone: 'Europe/Moscow' }
  t.deepEqual(extensionOfGift(rule, received), {
    validUntilMs: ms('2026-03-01T10:00[Europe/Moscow]'),
    feeMinor: 5000n,
  })
  t.is(extensionOfGift({ kind: 'fixedDays', days: 7 }, received), undefined)
  t.is(extensionOfGift({ kind: 'keepSource' }, received), undefined)
})

const gift = (from: string, to: string, hoursAgo: number) => ({
  from,
  to,
  atMs: NOW_MS - hoursAgo * HOUR_MS,
})
const counted = (recent: readonly ReturnType<typeof gift>[]) =>
  countedGifts({ recent, atMs: NOW_MS, sender: undefined }, { windowHours: 24 })
const judged = (
  candidate: { readonly from: string; readonly to?: string },
  of: { readonly recent: readonly ReturnType<typeof gift>[]; readonly limits: object },
) =>
  suspicionsOf(
    { from: candidate.from, to: candidate.to },
    { recent: counted(of.recent), rule: { windowHours: 24, action: 'refuse', ...of.limits } },
  ).map(({ kind, count }) => [kind, count])

test('velocity counts the gifts of the window, and this one', (t) => {
  const recent = [gift('a', 'b', 24), gift('a', 'b', 23), gift('b', 'c', 3), gift('a', 'c', 1)]
  t.deepEqual(judged({ from: 'a', to: 'b' }, { recent, limits: { gifts: 2 } }), [['velocity', 3]])
  t.deepEqual(judged({ from: 'a', to: 'b' }, { recent, limits: { gifts: 3 } }), [])
  const [suspicion] = suspicionsOf(
    { from: 'a', to: 'b' },
    { recent: counted(recent), rule: { windowHours: 24, gifts: 2, action: 'refuse' } },
  )
  t.is(suspicion?.untilMs, NOW_MS + HOUR_MS)
})

test('a fan widens by a new number only', (t) => {
  const recent = [gift('a', 'x', 5), gift('a', 'y', 4), gift('a', 'x', 3)]
  t.deepEqual(judged({ from: 'a', to: 'z' }, { recent, limits: { fanOut: 2 } }), [['fanOut', 3]])
  t.deepEqual(judged({ from: 'a', to: 'y' }, { recent, limits: { fanOut: 2 } }), [])
  t.deepEqual(judged({ from: 'a' }, { recent, limits: { fanOut: 2 } }), [])
  const into = [gift('x', 'b', 5), gift('y', 'b', 4)]
  t.deepEqual(judged({ from: 'a', to: 'b' }, { recent: into, limits: { fanIn: 2 } }), [
    ['fanIn', 3],
  ])
  t.deepEqual(judged({ from: 'y', to: 'b' }, { recent: into, limits: { fanIn: 2 } }), [])
})

test('a ring is data that comes round in the order of time', (t) => {
  const forward = [gift('a', 'b', 3), gift('b', 'c', 2)]
  t.deepEqual(judged({ from: 'c', to: 'a' }, { recent: forward, limits: { ringHands: 3 } }), [
    ['ring', 3],
  ])
  t.deepEqual(judged({ from: 'c', to: 'a' }, { recent: forward, limits: { ringHands: 2 } }), [])
  // B had given before it was given to: what A gave has not come to C.
  const backward = [gift('b', 'c', 3), gift('a', 'b', 2)]
  t.deepEqual(judged({ from: 'c', to: 'a' }, { recent: backward, limits: { ringHands: 3 } }), [])
  const old = [gift('a', 'b', 25), gift('b', 'c', 2)]
  t.deepEqual(judged({ from: 'c', to: 'a' }, { recent: old, limits: { ringHands: 3 } }), [])
  const back = [gift('b', 'a', DAY_MS / HOUR_MS - 1)]
  t.deepEqual(judged({ from: 'a', to: 'b' }, { recent: back, limits: { ringHands: 2 } }), [
    ['ring', 2],
  ])
})
