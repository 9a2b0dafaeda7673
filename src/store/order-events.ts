/** The SM-DP+'s records of the events of its orders: where they are registered, and what is left to delete. */

import type { Connection } from './engine.ts'

/** Where an event stands: `planned` until its order is released, `deleting` until the SM-DS has forgotten it. */
export type OrderEventState = 'planned' | 'registered' | 'deleting' | 'deleted' | 'abandoned'

/** The event of an order; its EventID is the order's MatchingID (SGP.22 §5.3.2). */
export interface OrderEvent {
  readonly eventId: string
  readonly iccid: string
  readonly eid: string
  readonly smdsAddress: string
  readonly state: OrderEventState
  /** A registration was sent whose outcome is not a refusal: the SM-DS may have the event. */
  readonly asked: boolean
  /** The SM-DS had the event at some time, so that its EventID is spent. */
  readonly announced: boolean
  /** How often its deletion has failed. */
  readonly tries: number
  readonly lastError: string | undefined
}

interface EventRow {
  readonly event_id: string
  readonly iccid: string
  readonly eid: string
  readonly smds_address: string
  readonly state: OrderEventState
  readonly asked: number
  readonly announced: number
  readonly tries: number
  readonly last_error: string | null
}

function toEvent(row: EventRow | undefined): OrderEvent | undefined {
  return (
    row && {
      eventId: row.event_id,
      iccid: row.iccid,
      eid: row.eid,
      smdsAddress: row.smds_address,
      state: row.state,
      asked: row.asked === 1,
      announced: row.announced === 1,
      tries: row.tries,
      lastError: row.last_error ?? undefined,
    }
  )
}

export function findOrderEvent(db: Connection, eventId: string): OrderEvent | undefined {
  return toEvent(db.sql<EventRow>('SELECT * FROM order_events WHERE event_id = ?').get(eventId))
}

/** The event of the order that a profile has now. */
export function findEventOfOrder(db: Connection, iccid: string): OrderEvent | undefined {
  return toEvent(
    db
      .sql<EventRow>(
        `SELECT * FROM order_events WHERE iccid = ? AND state IN ('planned', 'registered')`,
      )
      .get(iccid),
  )
}

/** What an SM-DS has, is to have or is to forget of a profile: of several events the one of the order that it has now. */
export function findEventToShow(db: Connection, iccid: string): OrderEvent | undefined {
  return toEvent(
    db
      .sql<EventRow>(
        `SELECT * FROM order_events WHERE iccid = ? AND state <> 'deleted'
         ORDER BY CASE WHEN state IN ('planned', 'registered') THEN 0 ELSE 1 END LIMIT 1`,
      )
      .get(iccid),
  )
}

/** Plans an event, in place of one with the same EventID. */
export function planEvent(
  db: Connection,
  event: Pick<OrderEvent, 'eventId' | 'iccid' | 'eid' | 'smdsAddress'>,
): void {
  db.sql(
    `INSERT INTO order_events (event_id, iccid, eid, smds_address, state) VALUES (?, ?, ?, ?, 'planned')
     ON CONFLICT (event_id) DO UPDATE SET state = 'planned', iccid = excluded.iccid,
       eid = excluded.eid, smds_address = excluded.smds_address, tries = 0, last_error = NULL`,
  ).run(event.eventId, event.iccid, event.eid, event.smdsAddress)
}

export function setAsked(
  db: Connection,
  { eventId, asked }: Pick<OrderEvent, 'eventId' | 'asked'>,
): void {
  db.sql('UPDATE order_events SET asked = ? WHERE event_id = ?').run(asked ? 1 : 0, eventId)
}

/** The SM-DS has the event. If its order has ended meanwhile, it is to be deleted again. */
export function markAnnounced(db: Connection, eventId: string): void {
  db.sql(
    `UPDATE order_events SET announced = 1, due_ms = 0,
       state = CASE state WHEN 'planned' THEN 'registered' ELSE 'deleting' END
     WHERE event_id = ?`,
  ).run(eventId)
}

/** The order goes on without its event. */
export function endOrderEvent(db: Connection, iccid: string): void {
  db.sql(
    `UPDATE order_events SET state = CASE asked WHEN 1 THEN 'deleting' ELSE 'deleted' END,
       tries = 0, due_ms = 0
     WHERE iccid = ? AND state IN ('planned', 'registered')`,
  ).run(iccid)
}

/** Events that are to be deleted by now, a batch. */
export function findEventsToDelete(db: Connection, nowMs: number): OrderEvent[] {
  return db
    .sql<EventRow>(
      `SELECT * FROM order_events WHERE state = 'deleting' AND due_ms <= ? ORDER BY due_ms LIMIT 64`,
    )
    .all(nowMs)
    .map((row) => toEvent(row) as OrderEvent)
}

export function markDeleted(db: Connection, eventId: string): void {
  db.sql(
    `UPDATE order_events SET state = 'deleted', asked = 0, last_error = NULL
     WHERE event_id = ? AND state = 'deleting'`,
  ).run(eventId)
}

/** A deletion failed: it is tried again at an instant, or never. */
export function postponeDeletion(
  db: Connection,
  failed: {
    readonly eventId: string
    readonly error: string
    readonly dueMs: number | 'never'
  },
): void {
  const { eventId, error, dueMs } = failed
  db.sql(
    `UPDATE order_events SET state = ?, tries = tries + 1, due_ms = ?, last_error = ?
     WHERE event_id = ? AND state = 'deleting'`,
  ).run(dueMs === 'never' ? 'abandoned' : 'deleting', dueMs === 'never' ? 0 : dueMs, error, eventId)
}
