/** What the operator's engine bears: usage reports with gifts and top-ups among them, durable, of few and of many subscribers. */

import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { manualClock, systemRandom } from '../../base/environment.ts'
import { assert } from '../../base/errors.ts'
import { loadOperatorFile } from '../../operator/operator-file.ts'
import { createOperator, type Operator } from '../../operator/operator.ts'
import { openStore, type Store } from '../../store/engine.ts'
import { attach } from '../../store/registrations.ts'
import { median } from './floor.ts'

/** Four reports of usage in five, the fifth a gift or a top-up in turn. Times in milliseconds. */
export interface MixFigures {
  /** With the subscribers named, from so many callers who wait for each answer. */
  readonly mixSubscribers: number
  readonly mixCallers: number
  readonly mixPerSecond: number
  /** At a fixed rate that waits for nobody: each time counts from the instant at which the request was due. */
  readonly mixRate: number
  readonly mixP50Ms: number
  readonly mixP99Ms: number
  /** The same with a hundredth of the subscribers. */
  readonly mixFewSubscribers: number
  readonly mixFewP50Ms: number
  readonly mixFewP99Ms: number
  /** The 99th percentile of the many over that of the few. */
  readonly mixP99Ratio: number
}

export interface MixOptions {
  readonly subscribers?: number
  readonly fewSubscribers?: number
  /** Of each measurement. */
  readonly operations?: number
  readonly step?: (step: string) => void
}

const CALLERS = 64
const RATE_PER_SECOND = 3000
const SUBSCRIBERS = 100_000
const FEW_SUBSCRIBERS = 1000
const OPERATIONS = 60_000
/** What a store and the compiler need to be themselves. */
const WARM_UP_SHARE = 0.25
const ROUNDS = 3
const USAGE_BYTES = 1_000_000n
const GIFT_BYTES = 5_000_000n
const TOP_UP_MINOR = 10_000n

/** Measures in a directory that is there; both sizes in turn, so that a busy moment of the machine meets both. */
export async function mixFigures(directory: string, options: MixOptions = {}): Promise<MixFigures> {
  const { subscribers = SUBSCRIBERS, fewSubscribers = FEW_SUBSCRIBERS } = options
  const operations = options.operations ?? OPERATIONS
  const step = options.step ?? (() => undefined)
  step(`the mix: ${subscribers.toLocaleString('en')} subscribers are made`)
  const many = await openMix(directory, subscribers)
  const few = await openMix(directory, fewSubscribers)
  step(`the mix from ${CALLERS} callers`)
  await closedLoop(many, operations * WARM_UP_SHARE)
  await closedLoop(few, operations * WARM_UP_SHARE)
  const mixPerSecond = await closedLoop(many, operations)
  const ofMany: Latencies[] = []
  const ofFew: Latencies[] = []
  for (let round = 0; round < ROUNDS; round++) {
    step(`the mix at ${RATE_PER_SECOND} a second, round ${round + 1} of ${ROUNDS}`)
    ofFew.push(await openLoop(few, operations / ROUNDS))
    ofMany.push(await openLoop(many, operations / ROUNDS))
  }
  await closeMix(many)
  await closeMix(few)
  const manyMs = middleOf(ofMany)
  const fewMs = middleOf(ofFew)
  return {
    mixSubscribers: subscribers,
    mixCallers: CALLERS,
    mixPerSecond,
    mixRate: RATE_PER_SECOND,
    mixP50Ms: manyMs.p50Ms,
    mixP99Ms: manyMs.p99Ms,
    mixFewSubscribers: fewSubscribers,
    mixFewP50Ms: fewMs.p50Ms,
    mixFewP99Ms: fewMs.p99Ms,
    mixP99Ratio: manyMs.p99Ms / fewMs.p99Ms,
  }
}

interface Mix {
  readonly store: Store
  readonly operator: Operator
  readonly numbers: readonly string[]
  /** Counts the operations of this store: names are used once. */
  count: number
}

interface Latencies {
  readonly p50Ms: number
  readonly p99Ms: number
}

async function openMix(directory: string, subscribers: number): Promise<Mix> {
  const store = openStore({ path: join(mkdtempSync(join(directory, 'mix-')), 'lab.sqlite') })
  const environment = {
    clock: manualClock(new Date('2026-01-01T00:00:00Z')),
    random: systemRandom(),
  }
  const operator = createOperator({ store, environment, file: loadOperatorFile() })
  const numbers = await attachedSubscribers({ store, operator }, subscribers)
  return { store, operator, numbers, count: 0 }
}

const STOCK_CHUNK = 5000
const OPEN_AT_ONCE = 50

async function attachedSubscribers(
  { store, operator }: Pick<Mix, 'store' | 'operator'>,
  subscribers: number,
): Promise<readonly string[]> {
  const numbers: string[] = []
  for (let from = 0; from < subscribers; from += STOCK_CHUNK) {
    const count = Math.min(STOCK_CHUNK, subscribers - from)
    await operator.stock({ count })
    const accounts = await opened(operator, { from, count })
    await store.write((db) => {
      for (const { iccid, msisdn } of accounts) {
        attach(db, {
          id: `bench-${iccid}`,
          iccid,
          supi: `imsi-${msisdn}`,
          system: '5GS',
          servingNetworkName: '5G:mnc001.mcc001.3gppnetwork.org',
          attachedAtMs: 0,
        })
      }
    })
    for (const { msisdn } of accounts) numbers.push(msisdn)
  }
  return numbers
}

/**
 * A few at a time. The compiler takes what lives long in a burst for what always lives long, and every later row of the
 * bench would be collected as such.
 */
async function opened(
  operator: Operator,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<readonly Awaited<ReturnType<typeof liveAccount>>[]> {
  const accounts = []
  for (let serial = from; serial < from + count; serial += OPEN_AT_ONCE) {
    const few = Math.min(OPEN_AT_ONCE, from + count - serial)
    const opening = Array.from({ length: few }, (_, at) => liveAccount(operator, serial + at))
    accounts.push(...(await Promise.all(opening)))
  }
  return accounts
}

async function liveAccount(operator: Operator, serial: number) {
  const { iccid } = await operator.openAccount()
  const eid = String(serial).padStart(32, '0')
  return operator.handleProfileEvent({ iccid, eid, event: 'enable', seqNumber: 1 })
}

/** Operations per second of callers each of whom waits for its answer. */
async function closedLoop(mix: Mix, operations: number): Promise<number> {
  let left = operations
  const startedMs = performance.now()
  const caller = async (): Promise<void> => {
    while (left-- > 0) await nextOperation(mix)
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return (operations / (performance.now() - startedMs)) * 1000
}

/** How long requests take that come at a fixed rate, whether the earlier ones are answered or not. */
async function openLoop(mix: Mix, operations: number): Promise<Latencies> {
  // Promises that were kept to the end would be collected again and again, in the process that is measured.
  const latenciesMs = new Float64Array(Math.floor(operations))
  await allAnswered(latenciesMs.length, async ({ at, dueMs }) => {
    await nextOperation(mix)
    latenciesMs[at] = performance.now() - dueMs
  })
  const sorted = [...latenciesMs].toSorted((one, other) => one - other)
  return { p50Ms: median(sorted), p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0 }
}

interface Due {
  readonly at: number
  readonly dueMs: number
}

/** Asks so many times, each when it is due; settles with the last answer. */
function allAnswered(count: number, ask: (due: Due) => Promise<void>): Promise<void> {
  const startedMs = performance.now()
  let asked = 0
  let answered = 0
  return new Promise((resolve, reject) => {
    const askThoseDue = (): void => {
      const dueCount = ((performance.now() - startedMs) * RATE_PER_SECOND) / 1000
      while (asked < Math.min(count, dueCount)) {
        const at = asked++
        ask({ at, dueMs: startedMs + (at * 1000) / RATE_PER_SECOND }).then(() => {
          if (++answered === count) resolve()
        }, reject)
      }
      if (asked < count) setTimeout(askThoseDue, 1)
    }
    askThoseDue()
  })
}

/** The round whose 99th percentile is in the middle. */
function middleOf(rounds: readonly Latencies[]): Latencies {
  const sorted = rounds.toSorted((one, other) => one.p99Ms - other.p99Ms)
  return sorted[Math.floor(sorted.length / 2)] as Latencies
}

const SPREAD = 48_271

/** Goes through the subscribers in an order that has nothing to do with how they lie on disk. */
async function nextOperation(mix: Mix): Promise<unknown> {
  const { operator, numbers } = mix
  const serial = mix.count++
  const msisdn = numberAt(numbers, serial * SPREAD)
  const idempotencyKey = `bench-${serial}`
  if (serial % 5 !== 4) {
    return operator.useData({ idempotencyKey, msisdn, amountBytes: USAGE_BYTES })
  }
  if (serial % 10 === 9) {
    return operator.subscriptions.topUp({ id: idempotencyKey, msisdn, amountMinor: TOP_UP_MINOR })
  }
  const to = numberAt(numbers, serial * SPREAD + 1)
  return operator.giveData({ idempotencyKey, from: msisdn, to, amountBytes: GIFT_BYTES })
}

function numberAt(numbers: readonly string[], at: number): string {
  return numbers[at % numbers.length] ?? ''
}

async function closeMix({ operator, store }: Mix): Promise<void> {
  assert(operator.audit().balanced, 'the books of the bench do not balance')
  await store.close()
}
