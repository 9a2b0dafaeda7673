import test from 'ava'
import fc from 'fast-check'
import type { GiftState } from '../../../src/store/gift-requests.ts'
import {
  isSettled,
  transition,
  type GiftCourse,
  type GiftEffect,
  type GiftEvent,
  type GiftProcess,
} from '../../../src/operator/gifts/machine.ts'
import { GIFT_REQUESTS } from '../../../src/store/tables/subscriptions.ts'

const PLAIN: GiftCourse = {
  confirmation: { kind: 'none' },
  acceptance: { kind: 'none' },
  claimUntilMs: undefined,
}
const CONFIRMED: GiftCourse = { ...PLAIN, confirmation: { kind: 'yes', withinMinutes: 5 } }
const ACCEPTED: GiftCourse = { ...PLAIN, acceptance: { kind: 'required', withinHours: 48 } }
const CLAIMED: GiftCourse = { ...PLAIN, claimUntilMs: 1000 }

const EVENTS: readonly GiftEvent[] = [
  { kind: 'start', isConfirmed: false },
  { kind: 'start', isConfirmed: true },
  { kind: 'confirm' },
  { kind: 'wrongPin', isLocked: false },
  { kind: 'wrongPin', isLocked: true },
  { kind: 'cancel' },
  { kind: 'accept' },
  { kind: 'decline' },
  { kind: 'claim' },
  { kind: 'timeout' },
  { kind: 'refuse' },
  { kind: 'reverse', isWhole: false },
  { kind: 'reverse', isWhole: true },
]

const STATES: readonly GiftState[] = [
  'requested',
  'awaitingConfirmation',
  'held',
  'awaitingAcceptance',
  'completed',
  'cancelled',
  'declined',
  'expired',
  'failed',
  'partiallyReversed',
  'reversed',
]

const nameOf = (event: GiftEvent): string =>
  [
    event.kind,
    ...Object.entries(event).flatMap(([key, value]) => (value === true ? [key] : [])),
  ].join(' ')

const move = (
  state: GiftState,
  event: GiftEvent,
  course: GiftCourse & { readonly deadlineMs?: number | undefined },
) => transition({ state, deadlineMs: course.deadlineMs }, { event, course, atMs: 0 })

const deadline = (course: GiftCourse) => {
  const result = move('requested', { kind: 'start', isConfirmed: false }, course)
  return result.accepted ? result.process.deadlineMs : undefined
}

const brief = (effects: readonly GiftEffect[]) =>
  effects
    .map((effect) => (effect.kind === 'notify' ? `${effect.whom}:${effect.what}` : effect.kind))
    .join(' ')

/** All that is accepted before a deadline: state, event, then the state after it and what is done. */
const TABLE: readonly (readonly [GiftState, string, GiftCourse, GiftState, string])[] = [
  ['requested', 'start', PLAIN, 'completed', 'post chargeFee sender:sent receiver:received'],
  ['requested', 'start', CONFIRMED, 'awaitingConfirmation', 'sender:confirm'],
  ['requested', 'start', ACCEPTED, 'awaitingAcceptance', 'hold receiver:accept'],
  ['requested', 'start', CLAIMED, 'held', 'hold sender:claimCode'],
  ['requested', 'refuse', PLAIN, 'failed', ''],
  [
    'requested',
    'start isConfirmed',
    CONFIRMED,
    'completed',
    'post chargeFee sender:sent receiver:received',
  ],
  [
    'awaitingConfirmation',
    'confirm',
    CONFIRMED,
    'completed',
    'post chargeFee sender:sent receiver:received',
  ],
  ['awaitingConfirmation', 'confirm', ACCEPTED, 'awaitingAcceptance', 'hold receiver:accept'],
  ['awaitingConfirmation', 'confirm', CLAIMED, 'held', 'hold sender:claimCode'],
  ['awaitingConfirmation', 'wrongPin', CONFIRMED, 'awaitingConfirmation', 'sender:wrongPin'],
  ['awaitingConfirmation', 'wrongPin isLocked', CONFIRMED, 'failed', 'sender:wrongPin'],
  ['awaitingConfirmation', 'cancel', CONFIRMED, 'cancelled', 'sender:cancelled'],
  ['awaitingConfirmation', 'refuse', CONFIRMED, 'failed', 'sender:failed'],
  ['held', 'claim', CLAIMED, 'completed', 'post chargeFee sender:sent receiver:received'],
  ['held', 'cancel', CLAIMED, 'cancelled', 'release sender:cancelled'],
  ['held', 'refuse', CLAIMED, 'failed', 'release sender:failed'],
  [
    'awaitingAcceptance',
    'accept',
    ACCEPTED,
    'completed',
    'post chargeFee sender:sent receiver:received',
  ],
  [
    'awaitingAcceptance',
    'decline',
    ACCEPTED,
    'declined',
    'release sender:declined receiver:declined',
  ],
  [
    'awaitingAcceptance',
    'cancel',
    ACCEPTED,
    'cancelled',
    'release sender:cancelled receiver:cancelled',
  ],
  ['awaitingAcceptance', 'refuse', ACCEPTED, 'failed', 'release sender:failed receiver:failed'],
  [
    'completed',
    'reverse',
    PLAIN,
    'partiallyReversed',
    'takeBack sender:reversed receiver:reversed',
  ],
  ['completed', 'reverse isWhole', PLAIN, 'reversed', 'takeBack sender:reversed receiver:reversed'],
]

for (const [state, name, course, next, effects] of TABLE) {
  test(`${state}, ${name} → ${next}: ${effects} (${JSON.stringify(course)})`, (t) => {
    const event = EVENTS.find((one) => nameOf(one) === name)!
    const result = move(state, event, course)
    t.true(result.accepted)
    if (!result.accepted) return
    t.is(result.process.state, next)
    t.is(brief(result.effects), effects)
  })
}

test('what is not in the table changes nothing', (t) => {
  let refused = 0
  for (const state of STATES) {
    for (const event of EVENTS) {
      if (TABLE.some((row) => row[0] === state && row[1] === nameOf(event))) continue
      if (state === 'requested' && event.kind === 'start') continue
      for (const course of [PLAIN, CONFIRMED, ACCEPTED, CLAIMED]) {
        t.deepEqual(move(state, event, course), { accepted: false, reason: 'wrongState' })
        refused++
      }
    }
  }
  t.true(refused > 400)
})

test('a state ends at its deadline, not before, and then nothing else is heard', (t) => {
  const ends: Partial<Record<GiftState, string>> = {
    awaitingConfirmation: 'sender:expired',
    held: 'release sender:expired',
    awaitingAcceptance: 'release sender:expired receiver:expired',
  }
  for (const [state, effects] of Object.entries(ends) as [GiftState, string][]) {
    t.false(move(state, { kind: 'timeout' }, { ...PLAIN, deadlineMs: 1 }).accepted)
    const result = move(state, { kind: 'timeout' }, { ...PLAIN, deadlineMs: 0 })
    if (!result.accepted) return t.fail(state)
    t.is(result.process.state, 'expired')
    t.is(brief(result.effects), effects)
    for (const event of EVENTS) {
      if (event.kind === 'timeout') continue
      t.deepEqual(move(state, event, { ...PLAIN, deadlineMs: 0 }), {
        accepted: false,
        reason: 'tooLate',
      })
    }
  }
})

test('deadlines: five minutes to confirm, 48 hours to accept, and the end of the code', (t) => {
  t.is(deadline(CONFIRMED), 5 * 60_000)
  t.is(deadline(ACCEPTED), 48 * 3_600_000)
  t.is(deadline(CLAIMED), 1000)
  t.is(deadline(PLAIN), undefined)
})

test('the store knows every step, and no other', (t) => {
  const stored = new Set(
    [...GIFT_REQUESTS.matchAll(/\('(\w+)', '(\w+)'\)/g)].map(
      ([, before, after]) => `${before} ${after}`,
    ),
  )
  for (const state of STATES) {
    for (const event of EVENTS) {
      for (const course of [PLAIN, CONFIRMED, ACCEPTED, CLAIMED]) {
        for (const deadlineMs of [undefined, 0]) {
          const result = move(state, event, { ...course, deadlineMs })
          if (!result.accepted) continue
          const path = [state, ...result.through, result.process.state]
          for (const [at, after] of path.slice(1).entries()) {
            if (path[at] !== after)
              t.true(stored.has(`${path[at]} ${after}`), `${path[at]} ${after}`)
          }
        }
      }
    }
  }
})

test('whatever happens in whatever order: data is held at most once, and moves or comes back once', (t) => {
  const course = fc.constantFrom(PLAIN, CONFIRMED, ACCEPTED, CLAIMED, {
    ...ACCEPTED,
    confirmation: { kind: 'pin', withinMinutes: 5 } as const,
  })
  const steps = fc.array(
    fc.record({ event: fc.constantFrom(...EVENTS), afterMs: fc.constantFrom(0, 1, 400_000, 1e9) }),
    { maxLength: 12 },
  )
  let completed = 0
  fc.assert(
    fc.property(course, steps, (given, happened) => {
      let process: GiftProcess = { state: 'requested', deadlineMs: undefined }
      let atMs = 0
      const done: string[] = []
      const all = [{ event: EVENTS[0] as GiftEvent, afterMs: 0 }, ...happened]
      for (const { event, afterMs } of all) {
        atMs += afterMs
        const result = transition(process, { event, course: given, atMs })
        if (!result.accepted) continue
        t.false(isSettled(process.state) && event.kind !== 'reverse')
        process = result.process
        done.push(...result.effects.map(({ kind }) => kind).filter((kind) => kind !== 'notify'))
      }
      const count = (kind: string) => done.filter((one) => one === kind).length
      completed += count('post')
      t.true(count('hold') <= 1 && count('post') <= 1 && count('release') <= 1)
      t.true(count('takeBack') <= count('post'))
      t.is(count('post'), count('chargeFee'))
      t.true(count('release') <= count('hold'))
      t.true(count('post') + count('release') <= 1)
      if (isSettled(process.state)) t.true(count('hold') <= count('post') + count('release'))
    }),
    { seed: 5 },
  )
  t.true(completed > 10)
})
