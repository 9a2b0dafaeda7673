/** The SM-DS's records: events that wait for an eUICC, in the order of their registration. */

import type { Connection } from './engine.ts'

/** An Event Record (SGP.22 §3.6.1). */
export interface SmdsEvent {
  /** Which SM-DS of the lab keeps it. */
  readonly smds: string
  /** The OID of who registered it. */
  readonly caller: string
  readonly eventId: string
  readonly eid: string
  readonly rspServerAddress: string
  /** The EventID under which it was registered at the root SM-DS, when it was (EventID2 of §3.6.1.2). */
  readonly forwardedEventId: string | undefined
}

/** An event at the root SM-DS that has lost its record here, and is to be deleted there. */
export interface Withdrawal {
  readonly eid: string
  readonly forwardedEventId: string
}

interface EventRow {
  readonly smds: string
  readonly caller: string
  readonly event_id: string
  readonly eid: string
  readonly rsp_server_address: string
  readonly forwarded_event_id: string | null
}

function toEvent(row: EventRow): SmdsEvent {
  return {
    smds: row.smds,
    caller: row.caller,
    eventId: row.event_id,
    eid: row.eid,
    rspServerAddress: row.rsp_server_address,
    forwardedEventId: row.forwarded_event_id ?? undefined,
  }
}

/** What names a record: EventIDs are the caller's own. */
export type EventKey = Pick<SmdsEvent, 'smds' | 'caller' | 'eventId'>

/** Whether the caller has used the EventID for an event that is there or is being registered. */
export function isEventIdInUse(db: Connection, { smds, caller, eventId }: EventKey): boolean {
  const found = db
    .sql('SELECT 1 FROM smds_events WHERE smds = ? AND caller = ? AND event_id = ?')
    .get(smds, caller, eventId)
  return found !== undefined
}

/** Keeps an event. One that is to be forwarded is shown to nobody before `markForwarded`. */
export function insertEvent(db: Connection, event: SmdsEvent): void {
  db.sql(
    `INSERT INTO smds_events (smds, caller, event_id, eid, rsp_server_address, forwarded_event_id, state)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    event.smds,
    event.caller,
    event.eventId,
    event.eid,
    event.rspServerAddress,
    event.forwardedEventId ?? null,
    event.forwardedEventId === undefined ? 'registered' : 'forwarding',
  )
}

/** The root SM-DS has the event as well. */
export function markForwarded(db: Connection, { smds, caller, eventId }: EventKey): void {
  db.sql(
    `UPDATE smds_events SET state = 'registered' WHERE smds = ? AND caller = ? AND event_id = ?`,
  ).run(smds, caller, eventId)
}

export function findEvent(
  db: Connection,
  { smds, caller, eventId }: EventKey,
): SmdsEvent | undefined {
  const row = db
    .sql<EventRow>(
      `SELECT * FROM smds_events
       WHERE smds = ? AND caller = ? AND event_id = ? AND state = 'registered'`,
    )
    .get(smds, caller, eventId)
  return row && toEvent(row)
}

/** The events of an eUICC in the order of their registration; with an EventID, those that an LPA may ask for by it. */
export function eventsOf(
  db: Connection,
  wanted: { readonly smds: string; readonly eid: string; readonly eventId?: string | undefined },
): SmdsEvent[] {
  const { smds, eid, eventId } = wanted
  const all = db
    .sql<EventRow>(
      `SELECT * FROM smds_events WHERE smds = ? AND eid = ? AND state = 'registered' ORDER BY seq`,
    )
    .all(smds, eid)
    .map(toEvent)
  return eventId === undefined
    ? all
    : all.filter((event) => (event.forwardedEventId ?? event.eventId) === eventId)
}

export function removeEvent(db: Connection, { smds, caller, eventId }: EventKey): void {
  db.sql('DELETE FROM smds_events WHERE smds = ? AND caller = ? AND event_id = ?').run(
    smds,
    caller,
    eventId,
  )
}

/** Notes that the root SM-DS may have an event that is no more. */
export function addWithdrawal(
  db: Connection,
  { smds, eid, forwardedEventId }: Withdrawal & { readonly smds: string },
): void {
  db.sql(
    `INSERT INTO smds_withdrawals (smds, forwarded_event_id, eid) VALUES (?, ?, ?)
     ON CONFLICT DO NOTHING`,
  ).run(smds, forwardedEventId, eid)
}

/** Withdrawals that are still to be made, a batch. */
export function findWithdrawals(db: Connection, smds: string): Withdrawal[] {
  return db
    .sql<{ readonly eid: string; readonly forwarded_event_id: string }>(
      'SELECT eid, forwarded_event_id FROM smds_withdrawals WHERE smds = ? LIMIT 100',
    )
    .all(smds)
    .map((row) => ({ eid: row.eid, forwardedEventId: row.forwarded_event_id }))
}

export function removeWithdrawal(
  db: Connection,
  { smds, forwardedEventId }: { readonly smds: string; readonly forwardedEventId: string },
): void {
  db.sql('DELETE FROM smds_withdrawals WHERE smds = ? AND forwarded_event_id = ?').run(
    smds,
    forwardedEventId,
  )
}

/** Registrations that the end of the process has cut off: their callers were never answered, so they never were. */
export function withdrawUnfinished(db: Connection, smds: string): void {
  db.sql(
    `INSERT INTO smds_withdrawals (smds, forwarded_event_id, eid)
     SELECT smds, forwarded_event_id, eid FROM smds_events WHERE smds = ? AND state = 'forwarding'
     ON CONFLICT DO NOTHING`,
  ).run(smds)
  db.sql(`DELETE FROM smds_events WHERE smds = ? AND state = 'forwarding'`).run(smds)
}
