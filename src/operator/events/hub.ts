/** Who is told of events, and how they are told: at least once, signed, again after a while, and in the end not at all. */

import type { Environment } from '../../base/environment.ts'
import { LabError, messageOf } from '../../base/errors.ts'
import { toBase64, toHex } from '../../base/octets.ts'
import type { Store } from '../../store/engine.ts'
import {
  addListener,
  countListeners,
  dueDeliveries,
  dueListeners,
  endListener,
  failDelivery,
  forgetDelivered,
  listDeliveries,
  listListeners,
  reviveDelivery,
  settleDelivery,
  type Delivery,
  type DeliveryState,
  type Listener,
} from '../../store/outbox.ts'
import { EVENT_TYPES, isEventType, type EventType } from './event-types.ts'

/** Brings one event to its listener, and throws when it was not taken. */
export type Deliver = (delivery: Delivery) => Promise<void>

/** What a round of deliveries came to. */
export interface Delivered {
  readonly delivered: number
  readonly failed: number
  /** Deliveries that will not be tried again. */
  readonly dead: number
}

export interface EventHub {
  /**
   * Registers a listener. What it is sent is signed with its secret, which is shown this once.
   * @throws {LabError} badInput — the callback or the query cannot be; conflict — there are too many
   */
  register(asked: { readonly callback: string; readonly query?: string }): Promise<Listener>
  /** @throws {LabError} notFound */
  unregister(listener: { readonly id: string }): Promise<void>
  listeners(page: { readonly after?: string; readonly limit: number }): readonly Listener[]
  deliveries(page: {
    readonly state: DeliveryState
    readonly after?: number
    readonly limit: number
  }): readonly Delivery[]
  /** Lets a dead delivery be tried again. @throws {LabError} notFound */
  retry(delivery: { readonly number: number }): Promise<void>
  /**
   * Delivers what is due by the lab's clock, one event after the other to each listener. Rounds may overlap: a listener
   * whose last round is still under way is left out, so that who does not answer holds up nobody else.
   */
  deliverDue(deliver: Deliver): Promise<Delivered>
  /** Forgets what was delivered a week ago. */
  sweep(): Promise<void>
}

/** After each failed try, by the lab's clock; after the last the delivery is dead. */
export const WAITS_MS: readonly number[] = [
  5_000,
  30_000,
  2 * 60_000,
  10 * 60_000,
  3_600_000,
  6 * 3_600_000,
  24 * 3_600_000,
]

const LISTENERS_MAX = 100
const CALLBACK_MAX = 2000
const ERROR_MAX = 200
/** As many deliveries to one listener in a round. */
const BATCH = 100
const KEPT_MS = 7 * 86_400_000
const FORGET_CHUNK = 1000
const SECRET_OCTETS = 32
const ID_OCTETS = 12

/** Makes the hub over a store. */
export function createEventHub(parts: {
  readonly store: Store
  readonly environment: Environment
}): EventHub {
  const { store, environment } = parts
  const { clock, random } = environment
  /** Listeners to whom something is on its way. */
  const underWay = new Set<string>()
  return {
    async register({ callback, query }) {
      const types = typesOf(query)
      const listener: Listener = {
        id: toHex(random.unique(ID_OCTETS)).toLowerCase(),
        callback: requireUrl(callback),
        query,
        secret: `whsec_${toBase64(random.unique(SECRET_OCTETS))}`,
        registeredAtMs: clock.nowMs(),
      }
      await store.write((db) => {
        if (countListeners(db) >= LISTENERS_MAX) {
          throw new LabError('conflict', `there are ${LISTENERS_MAX} listeners. End one first.`)
        }
        addListener(db, { ...listener, types })
      })
      return listener
    },
    async unregister({ id }) {
      if (await store.write((db) => endListener(db, { id, atMs: clock.nowMs() }))) return
      throw new LabError('notFound', 'there is no registration with this id')
    },
    listeners: ({ after = '', limit }) => store.read((db) => listListeners(db, { after, limit })),
    deliveries: ({ state, after = 0, limit }) =>
      store.read((db) => listDeliveries(db, { state, after, limit })),
    async retry({ number }) {
      if (await store.write((db) => reviveDelivery(db, { number, atMs: clock.nowMs() }))) return
      throw new LabError('notFound', 'there is no dead delivery with this number')
    },
    async deliverDue(deliver) {
      const due = store.read((db) => dueListeners(db, clock.nowMs()))
      const free = due.filter((id) => !underWay.has(id))
      const rounds = await Promise.all(free.map((id) => deliverTo(id, deliver)))
      return rounds.reduce(sum, NOTHING)
    },
    async sweep() {
      const beforeMs = clock.nowMs() - KEPT_MS
      for (;;) {
        const due = { beforeMs, limit: FORGET_CHUNK }
        if ((await store.write((db) => forgetDelivered(db, due))) < FORGET_CHUNK) return
      }
    },
  }

  async function deliverTo(listenerId: string, deliver: Deliver): Promise<Delivered> {
    underWay.add(listenerId)
    try {
      const due = { listenerId, atMs: clock.nowMs(), limit: BATCH }
      let total = NOTHING
      for (const delivery of store.read((db) => dueDeliveries(db, due))) {
        const one = await deliverOne(delivery, deliver)
        total = sum(total, one)
        // What is next would most likely fail as well: it is tried in another round.
        if (one.failed > 0) break
      }
      return total
    } finally {
      underWay.delete(listenerId)
    }
  }

  async function deliverOne(delivery: Delivery, deliver: Deliver): Promise<Delivered> {
    const { number, tries } = delivery
    try {
      await deliver(delivery)
    } catch (error) {
      const atMs = clock.nowMs()
      const waitMs = WAITS_MS[tries]
      const nextAtMs = waitMs === undefined ? undefined : atMs + waitMs
      const failure = { number, error: messageOf(error).slice(0, ERROR_MAX), atMs, nextAtMs }
      await store.write((db) => failDelivery(db, failure))
      return { delivered: 0, failed: 1, dead: nextAtMs === undefined ? 1 : 0 }
    }
    await store.write((db) => settleDelivery(db, { number, atMs: clock.nowMs() }))
    return { delivered: 1, failed: 0, dead: 0 }
  }
}

const NOTHING: Delivered = { delivered: 0, failed: 0, dead: 0 }

function sum(one: Delivered, other: Delivered): Delivered {
  return {
    delivered: one.delivered + other.delivered,
    failed: one.failed + other.failed,
    dead: one.dead + other.dead,
  }
}

/** @throws {LabError} badInput */
function requireUrl(callback: string): string {
  const url = URL.canParse(callback) ? new URL(callback) : undefined
  const isRight =
    url !== undefined &&
    callback.length <= CALLBACK_MAX &&
    /^https?:$/.test(url.protocol) &&
    !url.username &&
    !url.password
  if (isRight) return url.href
  throw new LabError('badInput', 'callback must be an http or https URL without a user', {
    field: 'callback',
  })
}

/** The filter of TMF630: `eventType=A`, several with commas or `&`. @throws {LabError} badInput */
function typesOf(query: string | undefined): readonly EventType[] | undefined {
  if (query === undefined || query === '') return undefined
  const pairs = [...new URLSearchParams(query)]
  const names = pairs.flatMap(([, value]) => value.split(','))
  const isRight = pairs.every(([name]) => name === 'eventType') && names.length > 0
  if (isRight && names.every(isEventType)) return [...new Set(names)]
  const known = Object.keys(EVENT_TYPES).join(', ')
  throw new LabError('badInput', `query must be eventType= with some of ${known}`, {
    field: 'query',
  })
}
