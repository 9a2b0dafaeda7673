/** The outbox of events: who listens, what happened, and what each listener has still to be told. */

import type { Connection } from './engine.ts'

/** Somebody who is told of events. */
export interface Listener {
  readonly id: string
  readonly callback: string
  /** The filter as it was given. */
  readonly query: string | undefined
  /** With which deliveries are signed. */
  readonly secret: string
  readonly registeredAtMs: number
}

/** Something that happened. It never changes. */
export interface StoredEvent {
  readonly seq: number
  /** The same in every delivery, so that a listener knows what it has had already. */
  readonly id: string
  readonly type: string
  /** The id of what it happened to. */
  readonly subject: string
  /** What was so at that moment, as JSON. */
  readonly detail: string | undefined
  readonly atMs: number
}

export type DeliveryState = 'waiting' | 'delivered' | 'dead'

/** One event on its way to one listener. */
export interface Delivery {
  readonly number: number
  readonly state: DeliveryState
  readonly tries: number
  readonly nextAtMs: number
  readonly lastError: string | undefined
  readonly event: StoredEvent
  readonly listener: Listener
}

/** Keeps an event for those who listen now; nothing where nobody does. */
export function noteEvent(
  db: Connection,
  event: {
    readonly type: string
    readonly subject: string
    readonly detail?: object
    readonly atMs: number
  },
): void {
  db.sql(
    `INSERT INTO events (type, subject, detail, at) SELECT ?, ?, ?, ?
     WHERE EXISTS (SELECT 1 FROM event_listeners WHERE ended_at IS NULL)`,
  ).run(event.type, event.subject, event.detail ? JSON.stringify(event.detail) : null, event.atMs)
}

/** `types` are those that the listener wants; all of them unless told. */
export function addListener(
  db: Connection,
  listener: Listener & { readonly types: readonly string[] | undefined },
): void {
  const { id, callback, query, secret, registeredAtMs, types } = listener
  db.sql(
    `INSERT INTO event_listeners (id, callback, query, types, secret, registered_at) VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(id, callback, query ?? null, types ? ` ${types.join(' ')} ` : null, secret, registeredAtMs)
}

/** Ends a registration, and what was still to be delivered to it. Whether there was one. */
export function endListener(
  db: Connection,
  end: { readonly id: string; readonly atMs: number },
): boolean {
  const ended = db
    .sql(`UPDATE event_listeners SET ended_at = ? WHERE id = ? AND ended_at IS NULL`)
    .run(end.atMs, end.id).changes
  db.sql(`DELETE FROM event_deliveries WHERE listener_id = ? AND state <> 'delivered'`).run(end.id)
  return ended > 0
}

/** Those who listen, in the order of their ids, from the one after `after` on. */
export function listListeners(
  db: Connection,
  page: { readonly after: string; readonly limit: number },
): readonly Listener[] {
  return db
    .sql<ListenerRow>(
      `SELECT id, callback, query, secret, registered_at AS registeredAtMs FROM event_listeners
       WHERE ended_at IS NULL AND id > ? ORDER BY id LIMIT ?`,
    )
    .all(page.after, page.limit)
    .map((row) => ({ ...row, query: row.query ?? undefined }))
}

export function countListeners(db: Connection): number {
  return (
    db
      .sql<{ count: number }>(
        `SELECT count(*) AS count FROM event_listeners WHERE ended_at IS NULL`,
      )
      .get()?.count ?? 0
  )
}

/** The ids of those who listen and for whom the time of a delivery has come. */
export function dueListeners(db: Connection, atMs: number): readonly string[] {
  return db
    .sql<{ id: string }>(
      `SELECT id FROM event_listeners WHERE ended_at IS NULL AND EXISTS
         (SELECT 1 FROM event_deliveries WHERE listener_id = event_listeners.id AND state = 'waiting' AND next_at <= ?)`,
    )
    .all(atMs)
    .map(({ id }) => id)
}

/** Deliveries to a listener whose time has come, the oldest first. */
export function dueDeliveries(
  db: Connection,
  of: { readonly listenerId: string; readonly atMs: number; readonly limit: number },
): readonly Delivery[] {
  return db
    .sql<DeliveryRow>(
      `${DELIVERIES} WHERE listener_id = ? AND event_deliveries.state = 'waiting' AND next_at <= ?
       ORDER BY next_at, number LIMIT ?`,
    )
    .all(of.listenerId, of.atMs, of.limit)
    .map(deliveryOf)
}

/** Deliveries of one state by number, from the one after `after` on. */
export function listDeliveries(
  db: Connection,
  page: { readonly state: DeliveryState; readonly after: number; readonly limit: number },
): readonly Delivery[] {
  return db
    .sql<DeliveryRow>(
      `${DELIVERIES} WHERE event_deliveries.state = ? AND number > ? ORDER BY number LIMIT ?`,
    )
    .all(page.state, page.after, page.limit)
    .map(deliveryOf)
}

/** The listener has it. */
export function settleDelivery(
  db: Connection,
  settled: { readonly number: number; readonly atMs: number },
): void {
  db.sql(
    `UPDATE event_deliveries SET state = 'delivered', tries = tries + 1, settled_at = ?, last_error = NULL
     WHERE number = ? AND state = 'waiting'`,
  ).run(settled.atMs, settled.number)
}

/** The listener has it not; without a time to try again, it never will. */
export function failDelivery(
  db: Connection,
  failure: {
    readonly number: number
    readonly error: string
    readonly atMs: number
    readonly nextAtMs: number | undefined
  },
): void {
  const { number, error, atMs, nextAtMs } = failure
  db.sql(
    `UPDATE event_deliveries SET tries = tries + 1, last_error = ?,
       state = iif(? IS NULL, 'dead', 'waiting'), settled_at = iif(? IS NULL, ?, NULL), next_at = coalesce(?, next_at)
     WHERE number = ? AND state = 'waiting'`,
  ).run(error, nextAtMs ?? null, nextAtMs ?? null, atMs, nextAtMs ?? null, number)
}

/** Lets a dead delivery be tried from the beginning. Whether there was one. */
export function reviveDelivery(
  db: Connection,
  revived: { readonly number: number; readonly atMs: number },
): boolean {
  return (
    db
      .sql(
        `UPDATE event_deliveries SET state = 'waiting', tries = 0, settled_at = NULL, next_at = ?
         WHERE number = ? AND state = 'dead'`,
      )
      .run(revived.atMs, revived.number).changes > 0
  )
}

/** Forgets what was delivered before an instant, and events of which nothing is left to deliver. How much, at most `limit`. */
export function forgetDelivered(
  db: Connection,
  before: { readonly beforeMs: number; readonly limit: number },
): number {
  const { changes } = db
    .sql(
      `DELETE FROM event_deliveries WHERE number IN
         (SELECT number FROM event_deliveries WHERE state = 'delivered' AND settled_at < ? LIMIT ?)`,
    )
    .run(before.beforeMs, before.limit)
  db.sql(
    `DELETE FROM events WHERE at < ? AND NOT EXISTS
       (SELECT 1 FROM event_deliveries WHERE event_seq = seq)`,
  ).run(before.beforeMs)
  return changes
}

const DELIVERIES = `SELECT number, event_deliveries.state, tries, next_at AS nextAtMs, last_error AS lastError,
    seq, events.id AS eventId, type, subject, detail, events.at AS atMs,
    event_listeners.id AS listenerId, callback, query, secret, registered_at AS registeredAtMs
  FROM event_deliveries JOIN events ON seq = event_seq JOIN event_listeners ON event_listeners.id = listener_id`

interface ListenerRow extends Omit<Listener, 'query'> {
  readonly query: string | null
}

interface DeliveryRow {
  readonly number: number
  readonly state: DeliveryState
  readonly tries: number
  readonly nextAtMs: number
  readonly lastError: string | null
  readonly seq: number
  readonly eventId: string
  readonly type: string
  readonly subject: string
  readonly detail: string | null
  readonly atMs: number
  readonly listenerId: string
  readonly callback: string
  readonly query: string | null
  readonly secret: string
  readonly registeredAtMs: number
}

function deliveryOf(row: DeliveryRow): Delivery {
  const { number, state, tries, nextAtMs, seq, type, subject, atMs } = row
  const { callback, secret, registeredAtMs } = row
  return {
    number,
    state,
    tries,
    nextAtMs,
    lastError: row.lastError ?? undefined,
    event: { seq, id: row.eventId, type, subject, detail: row.detail ?? undefined, atMs },
    listener: {
      id: row.listenerId,
      callback,
      query: row.query ?? undefined,
      secret,
      registeredAtMs,
    },
  }
}
