/**
 * Events: what an SM-DS keeps for LPAs, and what the SM-DP+ has to see to at SM-DSs.
 *
 * `asked` says that an SM-DS may have the event of an order, `announced` that it once said so.
 * An event of the SM-DP+ lives as long as its order may be downloaded. The trigger holds that for every way in which an
 * order can end. Rows stay for good, since EventIDs never repeat (SGP.22 §3.6.1.1).
 */
export const EVENT_TABLES = `
CREATE TABLE smds_events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  smds TEXT NOT NULL,
  caller TEXT NOT NULL,
  event_id TEXT NOT NULL,
  eid TEXT NOT NULL CHECK (length(eid) = 32),
  rsp_server_address TEXT NOT NULL,
  forwarded_event_id TEXT,
  state TEXT NOT NULL CHECK (state IN ('forwarding', 'registered')),
  UNIQUE (smds, caller, event_id)
) STRICT;
CREATE INDEX smds_events_by_eid ON smds_events (smds, eid, seq);

CREATE TABLE smds_withdrawals (
  smds TEXT NOT NULL,
  forwarded_event_id TEXT NOT NULL,
  eid TEXT NOT NULL CHECK (length(eid) = 32),
  PRIMARY KEY (smds, forwarded_event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_events (
  event_id TEXT PRIMARY KEY,
  iccid TEXT NOT NULL REFERENCES profiles (iccid),
  eid TEXT NOT NULL CHECK (length(eid) = 32),
  smds_address TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planned', 'registered', 'deleting', 'deleted', 'abandoned')),
  asked INTEGER NOT NULL DEFAULT 0 CHECK (asked IN (0, 1)),
  announced INTEGER NOT NULL DEFAULT 0 CHECK (announced IN (0, 1)),
  tries INTEGER NOT NULL DEFAULT 0,
  due_ms INTEGER NOT NULL DEFAULT 0,
  last_error TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX order_events_by_profile ON order_events (iccid);
CREATE INDEX order_events_to_delete ON order_events (due_ms) WHERE state = 'deleting';

CREATE TRIGGER order_events_end AFTER UPDATE OF state ON profiles
WHEN NEW.state IN ('Available', 'Installed', 'Error', 'Unavailable')
BEGIN
  UPDATE order_events SET state = CASE asked WHEN 1 THEN 'deleting' ELSE 'deleted' END, tries = 0, due_ms = 0
  WHERE iccid = NEW.iccid AND state IN ('planned', 'registered');
END;
`
