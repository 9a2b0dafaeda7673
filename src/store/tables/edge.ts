/**
 * What the interfaces to the outside keep: tokens and sign-in codes, who is told of events, and the events themselves.
 *
 * Tokens and codes are kept as hashes. `events` is an outbox: its rows are written by triggers and commands within the
 * transaction of what they tell, and only while somebody listens; a row of `event_deliveries` is one listener's copy.
 */
export const ACCESS = `
CREATE TABLE access_tokens (
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  role TEXT NOT NULL CHECK (role IN ('subscriber', 'auditor')),
  account_id INTEGER REFERENCES accounts (id),
  label TEXT CHECK (length(label) BETWEEN 1 AND 100),
  issued_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  CHECK ((role = 'subscriber') = (account_id IS NOT NULL)),
  CHECK (until_at > issued_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX access_tokens_by_end ON access_tokens (until_at);

CREATE TABLE sign_in_codes (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
  salt BLOB NOT NULL CHECK (length(salt) >= 16),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  until_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_codes_by_end ON sign_in_codes (until_at);
`

export const EVENTS = `
CREATE TABLE event_listeners (
  id TEXT PRIMARY KEY,
  callback TEXT NOT NULL,
  query TEXT,
  types TEXT,
  secret TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE DEFAULT (lower(hex(randomblob(16)))),
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT CHECK (json_valid(detail)),
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE event_deliveries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  event_seq INTEGER NOT NULL REFERENCES events (seq),
  listener_id TEXT NOT NULL REFERENCES event_listeners (id),
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
  tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  next_at INTEGER NOT NULL,
  settled_at INTEGER,
  last_error TEXT,
  UNIQUE (event_seq, listener_id),
  CHECK ((state = 'waiting') = (settled_at IS NULL))
) STRICT;
CREATE INDEX event_deliveries_due ON event_deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX event_deliveries_settled ON event_deliveries (settled_at) WHERE state = 'delivered';
CREATE INDEX event_deliveries_dead ON event_deliveries (number) WHERE state = 'dead';

CREATE TRIGGER events_stand BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END;

CREATE TRIGGER events_go_out AFTER INSERT ON events
BEGIN
  INSERT INTO event_deliveries (event_seq, listener_id, next_at)
    SELECT NEW.seq, id, NEW.at FROM event_listeners
    WHERE ended_at IS NULL AND (types IS NULL OR instr(types, ' ' || NEW.type || ' ') > 0);
END;

CREATE TRIGGER gifts_are_told AFTER INSERT ON gifts
WHEN EXISTS (SELECT 1 FROM event_listeners WHERE ended_at IS NULL)
BEGIN
  INSERT INTO events (type, subject, at)
    SELECT 'TransferBalanceCreateEvent', id, at FROM transfers WHERE seq = NEW.transfer_seq;
END;
`

/**
 * Every action may be cancelled, once, and what is said of an action may be changed: `changes` is what has been merged
 * into `request`, which itself stays what the idempotency key stands for.
 */
export const ACTION_CHANGES = `
ALTER TABLE balance_actions ADD COLUMN changes TEXT CHECK (json_valid(changes));
CREATE INDEX balance_actions_by_kind ON balance_actions (kind, seq);

DROP TRIGGER balance_actions_end_once;
CREATE TRIGGER balance_actions_end_once BEFORE UPDATE OF status ON balance_actions
WHEN OLD.kind = 'transfer' OR OLD.status <> 'completed' OR NEW.status <> 'cancelled'
BEGIN SELECT RAISE(ABORT, 'an action is cancelled once'); END;
CREATE TRIGGER balance_actions_stand
BEFORE UPDATE OF id, kind, account_id, caller, key, request, refusal, requested_at ON balance_actions
BEGIN SELECT RAISE(ABORT, 'what was asked for never changes'); END;

DROP TRIGGER cancelled_actions_are_told;
CREATE TRIGGER cancelled_actions_are_told AFTER UPDATE OF status ON balance_actions
WHEN EXISTS (SELECT 1 FROM event_listeners WHERE ended_at IS NULL)
BEGIN
  INSERT INTO events (type, subject, at)
    VALUES (upper(substr(NEW.kind, 1, 1)) || substr(NEW.kind, 2) || 'BalanceCancelEvent', NEW.id, NEW.settled_at);
END;
`

/** Each listener has a queue of its own, so that a long one holds up no other. */
export const DELIVERIES_OF_LISTENERS = `
CREATE INDEX event_deliveries_of_listener ON event_deliveries (listener_id, next_at, number) WHERE state = 'waiting';
DROP INDEX event_deliveries_due;
`

/**
 * Top-ups, corrections and reservations that were asked for over TMF654, and what was said of transfers besides the gift.
 * `reference` is the transfer of the journal, the movement of money or the hold.
 */
export const BALANCE_ACTIONS = `
CREATE TABLE balance_actions (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('topup', 'adjust', 'reserve', 'transfer')),
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  caller TEXT NOT NULL,
  key TEXT NOT NULL,
  request TEXT NOT NULL CHECK (json_valid(request)),
  status TEXT NOT NULL CHECK (status IN ('completed', 'failed', 'cancelled')),
  refusal TEXT CHECK (json_valid(refusal)),
  requested_at INTEGER NOT NULL,
  settled_at INTEGER NOT NULL,
  UNIQUE (caller, kind, key),
  CHECK ((status = 'failed') = (refusal IS NOT NULL))
) STRICT;
CREATE INDEX balance_actions_of_account ON balance_actions (account_id, kind, seq);

CREATE TRIGGER balance_actions_stay BEFORE DELETE ON balance_actions
BEGIN SELECT RAISE(ABORT, 'an action is never deleted'); END;
CREATE TRIGGER balance_actions_end_once BEFORE UPDATE ON balance_actions
WHEN OLD.kind <> 'reserve' OR OLD.status <> 'completed' OR NEW.status <> 'cancelled'
BEGIN SELECT RAISE(ABORT, 'only a reservation is cancelled, and once'); END;

CREATE TRIGGER balance_actions_are_told AFTER INSERT ON balance_actions
WHEN NEW.kind <> 'transfer' AND EXISTS (SELECT 1 FROM event_listeners WHERE ended_at IS NULL)
BEGIN
  INSERT INTO events (type, subject, at) VALUES (
    upper(substr(NEW.kind, 1, 1)) || substr(NEW.kind, 2) || 'Balance'
      || iif(NEW.status = 'failed', 'FailureEvent', 'CreateEvent'),
    NEW.id, NEW.requested_at);
END;
CREATE TRIGGER cancelled_actions_are_told AFTER UPDATE OF status ON balance_actions
WHEN EXISTS (SELECT 1 FROM event_listeners WHERE ended_at IS NULL)
BEGIN
  INSERT INTO events (type, subject, at) VALUES ('ReserveBalanceCancelEvent', NEW.id, NEW.settled_at);
END;

DROP TRIGGER gifts_are_told;
CREATE TRIGGER gift_requests_are_told AFTER INSERT ON gift_requests
WHEN EXISTS (SELECT 1 FROM event_listeners WHERE ended_at IS NULL)
BEGIN
  INSERT INTO events (type, subject, at) VALUES (
    iif(NEW.state = 'failed', 'TransferBalanceFailureEvent', 'TransferBalanceCreateEvent'),
    NEW.id, NEW.changed_at);
END;
CREATE TRIGGER changed_gift_requests_are_told AFTER UPDATE OF state ON gift_requests
WHEN OLD.state <> NEW.state AND EXISTS (SELECT 1 FROM event_listeners WHERE ended_at IS NULL)
BEGIN
  INSERT INTO events (type, subject, at) VALUES (
    CASE WHEN NEW.state IN ('cancelled', 'declined', 'expired') THEN 'TransferBalanceCancelEvent'
      WHEN NEW.state = 'failed' THEN 'TransferBalanceFailureEvent'
      ELSE 'TransferBalanceStateChangeEvent' END,
    NEW.id, NEW.changed_at);
END;
`
