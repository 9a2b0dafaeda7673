/**
 * Charging: sessions of attached phones, what they were answered, whom they notify, and data that did not count.
 *
 * What a session holds and uses stands in the ledger alone; `charging_units` says which hold is its current grant. A
 * rating group is `waiting` when its last grant was the final one: whatever data the account gets then is news for it.
 */
export const CHARGING = `
CREATE TABLE charging_sessions (
  ref TEXT PRIMARY KEY CHECK (length(ref) BETWEEN 1 AND 64),
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  registration_id TEXT NOT NULL,
  subscriber TEXT NOT NULL,
  identity TEXT NOT NULL UNIQUE,
  notify_uri TEXT,
  opened_at INTEGER NOT NULL,
  active_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL CHECK (last_sequence BETWEEN 0 AND 4294967295),
  ended_at INTEGER,
  end_reason TEXT CHECK (end_reason IN ('released', 'validity', 'detached', 'disabled', 'deleted', 'blocked')),
  CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX charging_sessions_open ON charging_sessions (account_id) WHERE ended_at IS NULL;
CREATE INDEX charging_sessions_by_end ON charging_sessions (until_at) WHERE ended_at IS NULL;
CREATE INDEX charging_sessions_of_account ON charging_sessions (account_id, opened_at);
CREATE INDEX charging_sessions_ended ON charging_sessions (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE charging_units (
  ref TEXT NOT NULL REFERENCES charging_sessions (ref),
  rating_group INTEGER NOT NULL CHECK (rating_group BETWEEN 0 AND 4294967295),
  grant_number INTEGER NOT NULL DEFAULT 0,
  granted INTEGER NOT NULL DEFAULT 0 CHECK (granted >= 0),
  location TEXT NOT NULL DEFAULT 'home' CHECK (location IN ('home', 'roaming')),
  waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting IN (0, 1)),
  PRIMARY KEY (ref, rating_group)
) STRICT, WITHOUT ROWID;
CREATE INDEX charging_units_waiting ON charging_units (ref) WHERE waiting = 1;

CREATE TABLE charging_answers (
  ref TEXT NOT NULL REFERENCES charging_sessions (ref),
  sequence INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  answer TEXT NOT NULL CHECK (json_valid(answer)),
  PRIMARY KEY (ref, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE charging_containers (
  ref TEXT NOT NULL REFERENCES charging_sessions (ref),
  rating_group INTEGER NOT NULL,
  local_sequence INTEGER NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (ref, rating_group, local_sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE charging_notifications (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ref TEXT NOT NULL REFERENCES charging_sessions (ref),
  type TEXT NOT NULL CHECK (type IN ('REAUTHORIZATION', 'ABORT_CHARGING')),
  rating_group INTEGER,
  at INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
  tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  next_at INTEGER NOT NULL,
  last_error TEXT
) STRICT;
CREATE INDEX charging_notifications_due ON charging_notifications (next_at) WHERE state = 'waiting';
CREATE INDEX charging_notifications_of ON charging_notifications (ref);

CREATE TRIGGER charging_goes_on AFTER INSERT ON postings
WHEN NEW.credit = 'available'
BEGIN
  INSERT INTO charging_notifications (ref, type, rating_group, at, next_at)
    SELECT charging_sessions.ref, 'REAUTHORIZATION', rating_group, transfers.at, transfers.at
    FROM lots
      JOIN charging_sessions ON charging_sessions.account_id = lots.account_id AND ended_at IS NULL
      JOIN charging_units ON charging_units.ref = charging_sessions.ref AND waiting = 1
      JOIN transfers ON transfers.seq = NEW.transfer_seq
    WHERE lots.id = NEW.credit_lot_id AND notify_uri IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM charging_notifications sent
        WHERE sent.ref = charging_sessions.ref AND sent.rating_group = charging_units.rating_group
          AND sent.state = 'waiting');
END;

CREATE INDEX lots_of_plans ON lots (account_id, valid_until) WHERE origin = 'plan';

CREATE INDEX bindings_by_card ON bindings (eid) WHERE bound_to IS NULL;

CREATE TABLE offloads (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1125899906842624),
  at INTEGER NOT NULL,
  event_id TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX offloads_of_account ON offloads (account_id, at);

CREATE TABLE coolings_lifted (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
  returned_at INTEGER NOT NULL,
  lifted_at INTEGER NOT NULL
) STRICT;
`
