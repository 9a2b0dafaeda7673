/**
 * The operator's tables. The journal (`transfers`, `postings`) is the truth; `lots` is what it adds up to.
 *
 * A posting moves an amount from one ledger account to another, so it sums to zero by construction; the view
 * `entries` shows it as the signed lines of double entry. A lot gets and loses bytes by triggers on postings only:
 * our own code cannot write a journal that the lots do not follow. 1125899906842624 is 2^50.
 */
export const OPERATOR_TABLES = `
CREATE TABLE inventory (
  serial INTEGER PRIMARY KEY,
  iccid TEXT NOT NULL UNIQUE CHECK (length(iccid) BETWEEN 18 AND 20),
  imsi TEXT NOT NULL UNIQUE CHECK (length(imsi) BETWEEN 6 AND 15),
  msisdn TEXT NOT NULL UNIQUE CHECK (length(msisdn) BETWEEN 5 AND 15),
  ki BLOB NOT NULL CHECK (length(ki) IN (16, 32)),
  opc BLOB NOT NULL CHECK (length(opc) IN (16, 32)),
  pin TEXT NOT NULL,
  puk TEXT NOT NULL,
  adm TEXT NOT NULL,
  profile_type TEXT NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0 CHECK (taken IN (0, 1))
) STRICT;

CREATE INDEX inventory_free ON inventory (profile_type, serial) WHERE taken = 0;

CREATE TABLE accounts (
  id INTEGER PRIMARY KEY,
  msisdn TEXT NOT NULL UNIQUE,
  iccid TEXT NOT NULL UNIQUE,
  profile_state TEXT NOT NULL
    CHECK (profile_state IN ('ordered', 'installed', 'enabled', 'disabled', 'deleted')),
  opened_at INTEGER NOT NULL,
  live_since INTEGER
) STRICT;

CREATE TRIGGER accounts_have_a_profile BEFORE INSERT ON accounts
WHEN NOT EXISTS (SELECT 1 FROM inventory WHERE iccid = NEW.iccid AND msisdn = NEW.msisdn)
  AND NOT EXISTS (SELECT 1 FROM imported_profiles WHERE iccid = NEW.iccid AND msisdn = NEW.msisdn)
BEGIN SELECT RAISE(ABORT, 'an account needs a profile with its number'); END;

CREATE TABLE bindings (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  iccid TEXT NOT NULL,
  eid TEXT NOT NULL,
  bound_from INTEGER NOT NULL,
  bound_to INTEGER
) STRICT;

CREATE INDEX bindings_of_account ON bindings (account_id);
CREATE UNIQUE INDEX bindings_open ON bindings (iccid) WHERE bound_to IS NULL;

CREATE TABLE profile_reports (
  iccid TEXT NOT NULL,
  eid TEXT NOT NULL,
  last_seq_number INTEGER NOT NULL CHECK (last_seq_number >= 0),
  PRIMARY KEY (iccid, eid)
) STRICT, WITHOUT ROWID;

CREATE TABLE lots (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  origin TEXT NOT NULL
    CHECK (origin IN ('plan', 'purchased', 'rollover', 'gift', 'bonus', 'loan')),
  traffic_class TEXT NOT NULL CHECK (traffic_class IN ('general', 'directed')),
  giftable INTEGER NOT NULL CHECK (giftable IN (0, 1)),
  granted INTEGER NOT NULL DEFAULT 0 CHECK (granted BETWEEN 0 AND 1125899906842624),
  available INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
  held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
  consumed INTEGER NOT NULL DEFAULT 0 CHECK (consumed >= 0),
  expired INTEGER NOT NULL DEFAULT 0 CHECK (expired >= 0),
  transferred INTEGER NOT NULL DEFAULT 0 CHECK (transferred >= 0),
  valid_from INTEGER NOT NULL,
  valid_until INTEGER NOT NULL,
  parent_lot_id INTEGER REFERENCES lots (id),
  CHECK (granted = available + held + consumed + expired + transferred),
  CHECK (valid_until > valid_from),
  CHECK (origin <> 'gift' OR parent_lot_id IS NOT NULL)
) STRICT;

CREATE INDEX lots_in_order_of_use ON lots (account_id, valid_until) WHERE available > 0;
CREATE INDEX lots_by_end ON lots (valid_until) WHERE available > 0;

CREATE TABLE transfers (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 255),
  kind TEXT NOT NULL CHECK (kind IN ('issue', 'gift', 'consume', 'expire')),
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE postings (
  transfer_seq INTEGER NOT NULL REFERENCES transfers (seq),
  line INTEGER NOT NULL CHECK (line >= 0),
  debit TEXT NOT NULL CHECK (debit IN ('issuance', 'available')),
  debit_lot_id INTEGER REFERENCES lots (id),
  credit TEXT NOT NULL CHECK (credit IN ('available', 'consumed', 'expired')),
  credit_lot_id INTEGER REFERENCES lots (id),
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1125899906842624),
  PRIMARY KEY (transfer_seq, line),
  CHECK ((debit = 'available') = (debit_lot_id IS NOT NULL)),
  CHECK ((credit = 'available') = (credit_lot_id IS NOT NULL)),
  CHECK (debit <> 'issuance' OR credit = 'available'),
  CHECK (debit_lot_id IS NULL OR credit_lot_id IS NULL OR debit_lot_id <> credit_lot_id)
) STRICT, WITHOUT ROWID;

CREATE VIEW entries AS
  SELECT transfer_seq, line,
    CASE debit WHEN 'available' THEN 'lot:' || debit_lot_id || '.available' ELSE debit END AS account,
    -amount AS amount
  FROM postings
  UNION ALL
  SELECT transfer_seq, line,
    CASE credit WHEN 'available' THEN 'lot:' || credit_lot_id || '.available' ELSE credit END,
    amount
  FROM postings;

CREATE TABLE gifts (
  transfer_seq INTEGER PRIMARY KEY REFERENCES transfers (seq),
  giver_account_id INTEGER NOT NULL REFERENCES accounts (id),
  receiver_account_id INTEGER NOT NULL REFERENCES accounts (id),
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1125899906842624),
  CHECK (giver_account_id <> receiver_account_id)
) STRICT;

CREATE TABLE idempotency_keys (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  at INTEGER NOT NULL,
  transfer_id TEXT,
  refusal TEXT,
  PRIMARY KEY (scope, key),
  CHECK ((transfer_id IS NULL) <> (refusal IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER lots_start_empty BEFORE INSERT ON lots
WHEN NEW.granted <> 0
BEGIN SELECT RAISE(ABORT, 'a lot is filled by a posting only'); END;

CREATE TRIGGER lots_keep_terms
BEFORE UPDATE OF id, account_id, origin, traffic_class, giftable, valid_from, valid_until, parent_lot_id ON lots
BEGIN SELECT RAISE(ABORT, 'the terms of a lot never change'); END;

CREATE TRIGGER lots_granted_once BEFORE UPDATE OF granted ON lots
WHEN OLD.granted <> 0
BEGIN SELECT RAISE(ABORT, 'a lot is granted once'); END;

CREATE TRIGGER lots_never_refill
BEFORE UPDATE OF available, held, consumed, expired, transferred ON lots
WHEN NEW.consumed < OLD.consumed OR NEW.expired < OLD.expired OR NEW.transferred < OLD.transferred
BEGIN SELECT RAISE(ABORT, 'consumed, expired and transferred bytes never come back'); END;

CREATE TRIGGER lots_stay BEFORE DELETE ON lots
BEGIN SELECT RAISE(ABORT, 'a lot is never deleted'); END;

CREATE TRIGGER postings_guard BEFORE INSERT ON postings
BEGIN
  SELECT RAISE(ABORT, 'a posting belongs to the newest transfer')
    WHERE NEW.transfer_seq IS NOT (SELECT max(seq) FROM transfers);
  SELECT RAISE(ABORT, 'a posting does what its transfer is for')
    FROM transfers WHERE seq = NEW.transfer_seq AND NOT CASE kind
      WHEN 'issue' THEN NEW.debit = 'issuance'
      WHEN 'gift' THEN NEW.debit = 'available' AND NEW.credit = 'available'
      WHEN 'consume' THEN NEW.credit = 'consumed'
      ELSE NEW.credit = 'expired' END;
  SELECT RAISE(ABORT, 'a lot is usable within its validity and expires after it')
    FROM lots, transfers
    WHERE lots.id = NEW.debit_lot_id AND seq = NEW.transfer_seq
      AND (at < valid_from OR (at >= valid_until) <> (NEW.credit = 'expired'));
END;

CREATE TRIGGER postings_move AFTER INSERT ON postings
BEGIN
  UPDATE lots SET
    available = available - NEW.amount,
    consumed = consumed + iif(NEW.credit = 'consumed', NEW.amount, 0),
    expired = expired + iif(NEW.credit = 'expired', NEW.amount, 0),
    transferred = transferred + iif(NEW.credit = 'available', NEW.amount, 0)
  WHERE id = NEW.debit_lot_id;
  UPDATE lots SET granted = NEW.amount, available = NEW.amount WHERE id = NEW.credit_lot_id;
END;

CREATE TRIGGER transfers_stand BEFORE UPDATE ON transfers
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER transfers_stay BEFORE DELETE ON transfers
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER postings_stand BEFORE UPDATE ON postings
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER postings_stay BEFORE DELETE ON postings
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER gifts_stand BEFORE UPDATE ON gifts
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER gifts_stay BEFORE DELETE ON gifts
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER idempotency_keys_stand BEFORE UPDATE ON idempotency_keys
BEGIN SELECT RAISE(ABORT, 'an answer given is never changed'); END;
`

/** What a profile is personalised with besides; rows that were there get theirs from SQLite's own chance. */
export const MORE_SECRETS = `
ALTER TABLE inventory ADD COLUMN pin2 TEXT;
ALTER TABLE inventory ADD COLUMN puk2 TEXT;
ALTER TABLE inventory ADD COLUMN ota_keys BLOB CHECK (length(ota_keys) = 96);

UPDATE inventory SET
  pin2 = printf('%04d', abs(random() % 10000)),
  puk2 = printf('%08d', abs(random() % 100000000)),
  ota_keys = randomblob(96);
`
