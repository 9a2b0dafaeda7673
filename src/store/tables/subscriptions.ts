/**
 * What there is besides the ledger of data: money, where phones are, gifts on their way, and messages.
 *
 * Money is a ledger of its own, in minor units of the account's operator: a row moves an amount between the wallet and
 * the operator, and `accounts.money_minor` follows by a trigger. The states of a gift request change along the edges of
 * `gift_request_edges` only.
 */
export const MONEY = `
CREATE TABLE money_transfers (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 255),
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  kind TEXT NOT NULL CHECK (kind IN ('topUp', 'planFee', 'giftFee', 'purchase', 'extension', 'refund', 'adjust')),
  amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0 AND amount_minor BETWEEN -1000000000000000 AND 1000000000000000),
  currency TEXT NOT NULL,
  at INTEGER NOT NULL,
  label TEXT,
  CHECK (kind = 'adjust' OR (kind IN ('topUp', 'refund')) = (amount_minor > 0))
) STRICT;
CREATE INDEX money_of_account ON money_transfers (account_id, seq);

CREATE TRIGGER money_moves AFTER INSERT ON money_transfers
BEGIN UPDATE accounts SET money_minor = money_minor + NEW.amount_minor WHERE id = NEW.account_id; END;
CREATE TRIGGER money_stands BEFORE UPDATE ON money_transfers
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER money_stays BEFORE DELETE ON money_transfers
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
`

/** Where a phone has been, and whether it uses Wi-Fi. A phone that has never been told to travel is at home. */
export const PLACES = `
CREATE TABLE phone_places (
  id INTEGER PRIMARY KEY,
  eid TEXT NOT NULL,
  country TEXT NOT NULL CHECK (country GLOB '[A-Z][A-Z]'),
  since_at INTEGER NOT NULL
) STRICT;
CREATE INDEX phone_places_by_phone ON phone_places (eid, id);

CREATE TABLE phone_settings (
  eid TEXT PRIMARY KEY,
  wifi INTEGER NOT NULL DEFAULT 0 CHECK (wifi IN (0, 1))
) STRICT, WITHOUT ROWID;
`

export const GIFT_REQUESTS = `
CREATE TABLE gift_requests (
  id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 255),
  operator TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'ussd', 'app', 'api', 'web')),
  giver_account_id INTEGER NOT NULL REFERENCES accounts (id),
  receiver_account_id INTEGER REFERENCES accounts (id),
  receiver_number TEXT,
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1125899906842624),
  fee_minor INTEGER NOT NULL DEFAULT 0 CHECK (fee_minor >= 0),
  state TEXT NOT NULL CHECK (state IN ('requested', 'awaitingConfirmation', 'held', 'awaitingAcceptance',
    'completed', 'cancelled', 'declined', 'expired', 'failed', 'partiallyReversed', 'reversed')),
  requested_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  deadline_at INTEGER,
  hold_id TEXT REFERENCES holds (id),
  transfer_id TEXT REFERENCES transfers (id),
  claim_hash TEXT,
  tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  reason TEXT,
  CHECK (receiver_account_id IS NULL OR receiver_account_id <> giver_account_id),
  CHECK ((state IN ('completed', 'partiallyReversed', 'reversed')) = (transfer_id IS NOT NULL)),
  CHECK (state <> 'awaitingAcceptance' OR hold_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX gift_requests_given ON gift_requests (giver_account_id, requested_at);
CREATE INDEX gift_requests_received ON gift_requests (receiver_account_id, requested_at);
CREATE INDEX gift_requests_due ON gift_requests (deadline_at) WHERE deadline_at IS NOT NULL;
CREATE UNIQUE INDEX gift_requests_by_claim ON gift_requests (claim_hash) WHERE claim_hash IS NOT NULL;

CREATE TABLE gift_request_edges (
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  PRIMARY KEY (before, after)
) STRICT, WITHOUT ROWID;
INSERT INTO gift_request_edges (before, after) VALUES
  ('requested', 'awaitingConfirmation'), ('requested', 'held'), ('requested', 'completed'),
  ('requested', 'failed'), ('requested', 'cancelled'),
  ('awaitingConfirmation', 'held'), ('awaitingConfirmation', 'completed'), ('awaitingConfirmation', 'cancelled'),
  ('awaitingConfirmation', 'expired'), ('awaitingConfirmation', 'failed'),
  ('held', 'awaitingAcceptance'), ('held', 'completed'), ('held', 'cancelled'), ('held', 'expired'), ('held', 'failed'),
  ('awaitingAcceptance', 'completed'), ('awaitingAcceptance', 'declined'), ('awaitingAcceptance', 'cancelled'),
  ('awaitingAcceptance', 'expired'), ('awaitingAcceptance', 'failed'),
  ('completed', 'partiallyReversed'), ('completed', 'reversed');

CREATE TRIGGER gift_requests_follow_edges BEFORE UPDATE OF state ON gift_requests
WHEN OLD.state <> NEW.state
  AND NOT EXISTS (SELECT 1 FROM gift_request_edges WHERE before = OLD.state AND after = NEW.state)
BEGIN SELECT RAISE(ABORT, 'a gift request cannot become that'); END;
CREATE TRIGGER gift_requests_stay BEFORE DELETE ON gift_requests
BEGIN SELECT RAISE(ABORT, 'a gift request is never deleted'); END;
`

export const MESSAGES = `
CREATE TABLE messages (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'ussd', 'app', 'web')),
  peer TEXT NOT NULL,
  text_id TEXT,
  text TEXT NOT NULL,
  at INTEGER NOT NULL,
  read_at INTEGER,
  event_id TEXT UNIQUE
) STRICT;
CREATE INDEX messages_of_account ON messages (account_id, id);
`
