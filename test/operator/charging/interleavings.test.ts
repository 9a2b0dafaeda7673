import test from 'ava'
import fc from 'fast-check'
import { LabError } from '../../../src/base/errors.ts'
import { inTurn } from '../../helpers/order.ts'
import { createBench, DAY_MS, EID, type Bench } from '../helper.ts'
import { MB, openSession, type Consumer } from './helper.ts'

type Action =
  | { readonly kind: 'open'; readonly who: number; readonly wanted: bigint }
  | {
      readonly kind: 'update' | 'release' | 'again'
      readonly session: number
      readonly used: bigint
      readonly wanted: bigint
      readonly ratingGroup: number
    }
  | { readonly kind: 'gift' | 'use'; readonly who: number; readonly bytes: bigint }
  | { readonly kind: 'buy'; readonly who: number; readonly bytes: bigint; readonly days: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'sweep' }
  | { readonly kind: 'travel'; readonly country: string }
  | { readonly kind: 'detach'; readonly who: number }

const who = fc.nat(1)
const bytes = fc.oneof(fc.bigInt(1n, 500n * MB), fc.bigInt(1n, 12_000n * MB))
const onSession: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom('update' as const, 'update' as const, 'again' as const, 'release' as const),
  session: fc.nat(3),
  used: bytes,
  wanted: bytes,
  ratingGroup: fc.constantFrom(1, 1, 2, 9),
})
const others: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant('open' as const), who, wanted: bytes }),
  fc.record({ kind: fc.constantFrom('gift' as const, 'use' as const), who, bytes }),
  fc.record({
    kind: fc.constant('buy' as const),
    who,
    bytes,
    days: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({
    kind: fc.constant('wait' as const),
    ms: fc.constantFrom(
      1000,
      3_600_000,
      3 * 3_600_000,
      DAY_MS,
      8 * DAY_MS,
      31 * DAY_MS,
      -3_600_000,
    ),
  }),
  fc.constant({ kind: 'sweep' as const }),
  fc.record({ kind: fc.constant('travel' as const), country: fc.constantFrom('CN', 'home') }),
  fc.record({ kind: fc.constant('detach' as const), who }),
)
const actions: fc.Arbitrary<Action> = fc.oneof(onSession, others)

interface World {
  readonly bench: Bench
  readonly numbers: readonly string[]
  readonly sessions: Consumer[]
  /** Requests that were answered, to be sent again. */
  readonly answered: { send(): Promise<unknown>; readonly answer: unknown }[]
  /** All that was reported and taken. */
  reported: bigint
  keys: number
}

async function act(world: World, action: Action): Promise<void> {
  const { bench, numbers, sessions, answered } = world
  const { operator, clock } = bench
  const number = numbers['who' in action ? action.who : 0] ?? ''
  const key = `${++world.keys}`
  switch (action.kind) {
    case 'open':
      sessions.push(await openSession(operator, { msisdn: number, wanted: action.wanted }))
      return
    case 'update':
    case 'release': {
      const session = sessions[action.session]
      if (!session) return
      const { used, wanted, ratingGroup } = action
      const [sequence, localSequence] = [world.keys + 10, world.keys + 10]
      const wish = { used, wanted, ratingGroup, localSequence }
      const send = () => session[action.kind as 'update'](wish, sequence)
      const answer = await send()
      world.reported += used
      answered.push({ send, answer })
      return
    }
    case 'again': {
      const earlier = answered[action.session]
      if (!earlier) return
      if (JSON.stringify(await earlier.send(), textOf) !== JSON.stringify(earlier.answer, textOf)) {
        throw new RangeError('another answer to the same request')
      }
      return
    }
    case 'gift': {
      const to = numbers[1 - action.who] ?? ''
      await operator.giveData({ idempotencyKey: key, from: number, to, amountBytes: action.bytes })
      return
    }
    case 'use':
      await operator.useData({ idempotencyKey: key, msisdn: number, amountBytes: action.bytes })
      world.reported += action.bytes
      return
    case 'buy':
      await bench.issue(number, { amountBytes: action.bytes, days: action.days })
      return
    case 'wait':
      clock.advance(action.ms)
      return
    case 'sweep':
      await operator.sweep()
      return
    case 'travel':
      await operator.charging.movePhone({ eid: EID, country: action.country })
      return
    case 'detach': {
      const { iccid } = operator.account({ msisdn: number })!
      const registration = operator.network.registrationOf({ iccid })
      if (registration) {
        await operator.network.servingNetwork.deregister({ registrationId: registration.id })
      }
    }
  }
}

function textOf(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

test('whatever sessions, gifts and the clock do to one another, every reported byte is in the books once', async (t) => {
  let answers = 0
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(actions, { minLength: 5, maxLength: 40 }),
      async (scheduler, script) => {
        const bench = await createBench(undefined, { stock: 2 })
        const numbers = [await bench.subscriber('attached'), await bench.subscriber('attached')]
        const world: World = { bench, numbers, sessions: [], answered: [], reported: 0n, keys: 0 }
        const { operator, store } = bench
        for (const msisdn of numbers) {
          world.sessions.push(await openSession(operator, { msisdn, wanted: 1000n * MB }))
        }
        const run = (action: Action) =>
          inTurn(scheduler, () => act(world, action)).catch((error: unknown) => {
            if (error instanceof LabError && error.code !== 'internal') return
            throw error
          })
        const running = Promise.all(script.map(run))
        await scheduler.waitAll()
        await running
        const between = operator.audit()
        t.deepEqual(between.faults, [])
        for (const { send, answer } of world.answered) {
          t.is(JSON.stringify(await send(), textOf), JSON.stringify(answer, textOf))
        }
        t.deepEqual(operator.audit(), between)
        t.is(between.consumed + between.overage, world.reported)
        for (const session of world.sessions) await session.release({}, 1000).catch(() => {})
        const { faults, held, consumed, overage } = operator.audit()
        t.deepEqual({ faults, held }, { faults: [], held: 0n })
        t.is(consumed + overage, world.reported)
        answers += world.answered.length
        await store.close()
      },
    ),
    { numRuns: 60, seed: 5 },
  )
  t.true(answers > 100)
})

test('a free5GC fault: a change of what nobody has is refused, and not accepted in silence', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const { charging } = operator
  const request = { sequence: 1, timestamp: '', fingerprint: '', ref: 'nobody' }
  const units = [{ ratingGroup: 1, wanted: MB, containers: [{ localSequence: 1, usedBytes: MB }] }]
  for (const verb of ['update', 'release'] as const) {
    const error = await t.throwsAsync(
      async () => void (await charging[verb]({ ...request, units })),
    )
    t.like(error, { code: 'notFound', reason: 'sessionUnknown' })
  }
  const session = await openSession(operator, { msisdn, wanted: MB })
  await session.release({ used: MB })
  const ghost = session.release({ used: MB })
  t.like(await t.throwsAsync(ghost), { reason: 'sessionUnknown' })
  t.is(operator.audit().consumed, MB)
})

test('an ostelco fault: use above the balance is not clipped to what was there', async (t) => {
  const { operator, subscriber } = await createBench(t)
  const msisdn = await subscriber('attached')
  const session = await openSession(operator, { msisdn, wanted: MB })
  await session.release({ used: 50_000n * MB })
  const { consumed, overage, available } = operator.audit()
  t.deepEqual([consumed, overage, available], [20_000n * MB, 30_000n * MB, 0n])
})

test('a CGRateS fault: what ends first is used first, whatever was made first', async (t) => {
  const { operator, subscriber, issue } = await createBench(t)
  const msisdn = await subscriber('attached')
  const late = await issue(msisdn, { amountBytes: MB, days: 9 })
  const soon = await issue(msisdn, { amountBytes: MB, days: 2 })
  const session = await openSession(operator, { msisdn, wanted: 2n * MB })
  await session.release({ used: 2n * MB })
  const { lots } = operator.charging.session(session)
  t.deepEqual(
    lots.map(({ lotId }) => lotId),
    [soon, late],
  )
})
