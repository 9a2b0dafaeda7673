import test from 'ava'
import {
  dayStart,
  daysOn,
  isTimeZone,
  midnightAfter,
  monthStart,
  monthStartAfter,
  nextBilling,
} from '../../src/operator/calendar.ts'

const at = (text: string): number => Date.parse(text)
const iso = (ms: number): string => new Date(ms).toISOString()

test('a day begins at midnight of its place', (t) => {
  const moscow = { atMs: at('2026-01-31T21:30:00Z'), timeZone: 'Europe/Moscow' }
  t.is(iso(dayStart(moscow)), '2026-01-31T21:00:00.000Z')
  t.is(iso(monthStart(moscow)), '2026-01-31T21:00:00.000Z')
  t.is(iso(monthStart({ ...moscow, timeZone: 'UTC' })), '2026-01-01T00:00:00.000Z')
  t.is(iso(monthStartAfter({ ...moscow, months: 1 })), '2026-02-28T21:00:00.000Z')
  t.is(iso(midnightAfter({ ...moscow, days: 0 })), '2026-02-01T21:00:00.000Z')
  t.is(iso(midnightAfter({ ...moscow, days: 30 })), '2026-03-03T21:00:00.000Z')
})

test('days are of 23 and 25 hours where clocks are changed', (t) => {
  const timeZone = 'Europe/Berlin'
  const spring = at('2026-03-28T11:00:00Z')
  t.is(daysOn({ atMs: spring, days: 1, timeZone }) - spring, 23 * 3_600_000)
  const autumn = at('2026-10-24T10:00:00Z')
  t.is(daysOn({ atMs: autumn, days: 1, timeZone }) - autumn, 25 * 3_600_000)
  // Clocks go from 0:00 to 1:00 there on this day.
  const cairo = { atMs: at('2026-04-23T22:30:00Z'), timeZone: 'Africa/Cairo' }
  t.is(iso(dayStart(cairo)), '2026-04-23T22:00:00.000Z')
})

test('a midnight that there is not is the instant after it, and one that there is twice is the first', (t) => {
  // Cuba: 0:00 becomes 1:00 on 8 March 2026, and 1:00 becomes 0:00 on 1 November.
  const timeZone = 'America/Havana'
  const spring = { atMs: at('2026-03-07T12:00:00Z'), timeZone }
  t.is(iso(midnightAfter({ ...spring, days: 0 })), '2026-03-08T05:00:00.000Z')
  t.is(iso(nextBilling({ ...spring, billingDay: 8 })), '2026-03-08T05:00:00.000Z')
  const autumn = { atMs: at('2026-10-31T12:00:00Z'), timeZone }
  t.is(iso(midnightAfter({ ...autumn, days: 0 })), '2026-11-01T04:00:00.000Z')
  t.is(iso(midnightAfter({ ...autumn, days: 1 })), '2026-11-02T05:00:00.000Z')
  t.is(iso(dayStart({ atMs: at('2026-11-01T05:30:00Z'), timeZone })), '2026-11-01T04:00:00.000Z')
  t.is(iso(monthStartAfter({ ...autumn, months: 1 })), '2026-11-01T04:00:00.000Z')
})

test('who began on the 31st is billed on the last day of shorter months, and on the 31st again', (t) => {
  const of = { billingDay: 31, timeZone: 'Europe/Moscow' }
  const days: string[] = []
  let atMs = at('2026-01-31T09:00:00Z')
  for (let month = 0; month < 4; month++) {
    atMs = nextBilling({ ...of, atMs })
    days.push(iso(atMs))
  }
  t.deepEqual(days, [
    '2026-02-27T21:00:00.000Z',
    '2026-03-30T21:00:00.000Z',
    '2026-04-29T21:00:00.000Z',
    '2026-05-30T21:00:00.000Z',
  ])
})

test('the next billing is after the instant, and a leap day is the last of its month', (t) => {
  const of = { billingDay: 30, timeZone: 'UTC' }
  t.is(iso(nextBilling({ ...of, atMs: at('2028-01-30T00:00:00Z') })), '2028-02-29T00:00:00.000Z')
  t.is(iso(nextBilling({ ...of, atMs: at('2028-01-29T23:59:59Z') })), '2028-01-30T00:00:00.000Z')
})

test('knows a time zone when it sees one', (t) => {
  t.true(isTimeZone('Asia/Shanghai'))
  t.false(isTimeZone('Mars/Olympus'))
})

/** Instants by hand: [zone, now, what, expected]. The offsets are those of each zone's law in 2026. */
const BY_HAND = [
  // Johannesburg, UTC+2 all year.
  ['Africa/Johannesburg', '2026-01-31T22:00:00Z', 'monthStart', '2026-01-31T22:00:00Z'],
  ['Africa/Johannesburg', '2026-01-31T21:59:59Z', 'monthStart', '2025-12-31T22:00:00Z'],
  // Tokyo and Seoul, UTC+9; the last day of a leap February.
  ['Asia/Tokyo', '2028-02-29T14:59:59Z', 'nextMonth', '2028-02-29T15:00:00Z'],
  ['Asia/Seoul', '2028-02-29T15:00:00Z', 'nextMonth', '2028-03-31T15:00:00Z'],
  // Kolkata, UTC+5:30, and Kathmandu, UTC+5:45.
  ['Asia/Kolkata', '2026-01-15T18:29:59Z', 'nextMidnight', '2026-01-15T18:30:00Z'],
  ['Asia/Kathmandu', '2026-01-15T18:15:00Z', 'nextMidnight', '2026-01-16T18:15:00Z'],
  // Berlin: clocks go forward on 29 March at 01:00 UTC and back on 25 October at 01:00 UTC.
  ['Europe/Berlin', '2026-03-28T23:30:00Z', 'nextMidnight', '2026-03-29T22:00:00Z'],
  ['Europe/Berlin', '2026-10-24T22:30:00Z', 'nextMidnight', '2026-10-25T23:00:00Z'],
  ['Europe/Berlin', '2026-03-01T12:00:00Z', 'nextMonth', '2026-03-31T22:00:00Z'],
  // 02:30 does not exist on 29 March: three hours and a half after that midnight, less the hour.
  ['Europe/Berlin', '2026-03-28T01:30:00Z', 'dayOn', '2026-03-29T01:30:00Z'],
  // Lord Howe goes back by half an hour on 5 April at 15:00 UTC of the day before: 24 and a half hours.
  ['Australia/Lord_Howe', '2026-04-04T01:00:00Z', 'dayOn', '2026-04-05T01:30:00Z'],
  // Santiago goes forward at its midnight of 6 September: the day begins at 01:00, UTC-3.
  ['America/Santiago', '2026-09-05T12:00:00Z', 'nextMidnight', '2026-09-06T04:00:00Z'],
] as const

for (const [timeZone, now, what, expected] of BY_HAND) {
  test(`${what} of ${now} in ${timeZone} is ${expected}`, (t) => {
    const of = { atMs: at(now), timeZone }
    const found = {
      monthStart: () => monthStart(of),
      nextMonth: () => monthStartAfter({ ...of, months: 1 }),
      nextMidnight: () => midnightAfter({ ...of, days: 0 }),
      dayOn: () => daysOn({ ...of, days: 1 }),
    }[what]()
    t.is(found, at(expected), iso(found))
  })
}
