/**
 * The second form of the ledger: subscriptions of several operators, lots with a scope and a label, holds, and a journal
 * of more kinds of transfer. What was there is carried over row by row; the journal keeps its order and its ids.
 *
 * `lots` is what the journal adds up to, and `hold_lots` what it holds of which lot for whom: both change by triggers on
 * postings alone. 1125899906842624 is 2^50.
 */

const DROP_FIRST = `
DROP VIEW entries;
DROP TRIGGER accounts_have_a_profile;
DROP TRIGGER registrations_end_with_their_profile;
DROP TRIGGER lots_start_empty;
DROP TRIGGER lots_keep_terms;
DROP TRIGGER lots_granted_once;
DROP TRIGGER lots_never_refill;
DROP TRIGGER lots_stay;
DROP TRIGGER postings_guard;
DROP TRIGGER postings_move;
DROP TRIGGER transfers_stand;
DROP TRIGGER transfers_stay;
DROP TRIGGER postings_stand;
DROP TRIGGER postings_stay;
DROP TRIGGER gifts_stand;
DROP TRIGGER gifts_stay;
`

/** An operator for each account; a number is of one live account, and of any number of closed ones. */
const ACCOUNTS = `
CREATE TABLE accounts_2 (
  id INTEGER PRIMARY KEY,
  operator TEXT NOT NULL DEFAULT 'lab',
  msisdn TEXT NOT NULL,
  iccid TEXT NOT NULL UNIQUE,
  profile_state TEXT NOT NULL
    CHECK (profile_state IN ('ordered', 'installed', 'enabled', 'disabled', 'deleted')),
  status TEXT NOT NULL DEFAULT 'active'
    CHECK (status IN ('active', 'suspended', 'blocked', 'closed')),
  opened_at INTEGER NOT NULL,
  live_since INTEGER,
  closed_at INTEGER,
  plan_id TEXT,
  customer_kind TEXT NOT NULL DEFAULT 'person' CHECK (customer_kind IN ('person', 'company')),
  age_group TEXT NOT NULL DEFAULT 'adult' CHECK (age_group IN ('minor', 'adult')),
  identified INTEGER NOT NULL DEFAULT 1 CHECK (identified IN (0, 1)),
  payment TEXT NOT NULL DEFAULT 'prepaid' CHECK (payment IN ('prepaid', 'postpaid')),
  language TEXT,
  region TEXT,
  billing_day INTEGER CHECK (billing_day BETWEEN 1 AND 31),
  period_from INTEGER,
  period_until INTEGER,
  fee_charged INTEGER NOT NULL DEFAULT 1 CHECK (fee_charged IN (0, 1)),
  money_minor INTEGER NOT NULL DEFAULT 0,
  credit_minor INTEGER NOT NULL DEFAULT 0 CHECK (credit_minor >= 0),
  CHECK (money_minor >= -credit_minor),
  CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
  CHECK ((period_from IS NULL) = (period_until IS NULL) AND period_until > period_from)
) STRICT;
INSERT INTO accounts_2 (id, msisdn, iccid, profile_state, opened_at, live_since)
  SELECT id, msisdn, iccid, profile_state, opened_at, live_since FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_2 RENAME TO accounts;
CREATE UNIQUE INDEX accounts_live_number ON accounts (msisdn) WHERE status <> 'closed';
CREATE INDEX accounts_by_number ON accounts (msisdn);
CREATE INDEX accounts_by_period ON accounts (period_until) WHERE status <> 'closed' AND period_until IS NOT NULL;

CREATE TABLE inventory_2 (
  serial INTEGER PRIMARY KEY,
  iccid TEXT NOT NULL UNIQUE CHECK (length(iccid) BETWEEN 18 AND 20),
  imsi TEXT NOT NULL UNIQUE CHECK (length(imsi) BETWEEN 6 AND 15),
  msisdn TEXT NOT NULL CHECK (length(msisdn) BETWEEN 5 AND 15),
  ki BLOB NOT NULL CHECK (length(ki) IN (16, 32)),
  opc BLOB NOT NULL CHECK (length(opc) IN (16, 32)),
  pin TEXT NOT NULL,
  puk TEXT NOT NULL,
  adm TEXT NOT NULL,
  profile_type TEXT NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0 CHECK (taken IN (0, 1)),
  pin2 TEXT,
  puk2 TEXT,
  ota_keys BLOB CHECK (length(ota_keys) = 96),
  operator TEXT NOT NULL DEFAULT 'lab',
  number_in_range INTEGER,
  retired INTEGER NOT NULL DEFAULT 0 CHECK (retired IN (0, 1))
) STRICT;
INSERT INTO inventory_2 (serial, iccid, imsi, msisdn, ki, opc, pin, puk, adm, profile_type, taken, pin2, puk2, ota_keys, number_in_range)
  SELECT serial, iccid, imsi, msisdn, ki, opc, pin, puk, adm, profile_type, taken, pin2, puk2, ota_keys, serial FROM inventory;
DROP TABLE inventory;
ALTER TABLE inventory_2 RENAME TO inventory;
CREATE INDEX inventory_free ON inventory (profile_type, serial) WHERE taken = 0;
CREATE INDEX inventory_by_range ON inventory (operator, number_in_range);
CREATE UNIQUE INDEX inventory_live_number ON inventory (msisdn) WHERE retired = 0;
CREATE INDEX inventory_by_number ON inventory (msisdn);

CREATE TRIGGER accounts_have_a_profile BEFORE INSERT ON accounts
WHEN NOT EXISTS (SELECT 1 FROM inventory WHERE iccid = NEW.iccid AND msisdn = NEW.msisdn)
  AND NOT EXISTS (SELECT 1 FROM imported_profiles WHERE iccid = NEW.iccid AND msisdn = NEW.msisdn)
BEGIN SELECT RAISE(ABORT, 'an account needs a profile with its number'); END;

CREATE TRIGGER accounts_stay_closed BEFORE UPDATE OF status ON accounts
WHEN OLD.status = 'closed'
BEGIN SELECT RAISE(ABORT, 'a closed account is never opened again'); END;

CREATE TRIGGER accounts_keep_their_operator BEFORE UPDATE OF operator, id ON accounts
BEGIN SELECT RAISE(ABORT, 'an account never changes its operator'); END;

CREATE TRIGGER registrations_end_with_their_profile AFTER UPDATE OF profile_state, status ON accounts
WHEN NEW.profile_state <> 'enabled' OR NEW.status IN ('blocked', 'closed')
BEGIN DELETE FROM registrations WHERE iccid = NEW.iccid; END;
`

const LOTS = `
CREATE TABLE lots_2 (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  origin TEXT NOT NULL
    CHECK (origin IN ('plan', 'purchased', 'rollover', 'gift', 'bonus', 'loan')),
  traffic_class TEXT NOT NULL CHECK (traffic_class IN ('general', 'directed')),
  scope TEXT NOT NULL DEFAULT 'any' CHECK (scope IN ('home', 'roaming', 'any')),
  giftable INTEGER NOT NULL CHECK (giftable IN (0, 1)),
  carries INTEGER NOT NULL DEFAULT 0 CHECK (carries IN (0, 1)),
  label TEXT CHECK (length(label) BETWEEN 1 AND 100),
  granted INTEGER NOT NULL DEFAULT 0 CHECK (granted BETWEEN 0 AND 1125899906842624),
  available INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
  held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
  consumed INTEGER NOT NULL DEFAULT 0 CHECK (consumed >= 0),
  expired INTEGER NOT NULL DEFAULT 0 CHECK (expired >= 0),
  transferred INTEGER NOT NULL DEFAULT 0 CHECK (transferred >= 0),
  withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn >= 0),
  valid_from INTEGER NOT NULL,
  valid_until INTEGER NOT NULL,
  parent_lot_id INTEGER REFERENCES lots (id),
  CHECK (granted = available + held + consumed + expired + transferred + withdrawn),
  CHECK (valid_until > valid_from),
  CHECK (origin <> 'gift' OR parent_lot_id IS NOT NULL)
) STRICT;
INSERT INTO lots_2 (id, account_id, origin, traffic_class, giftable, granted, available, held, consumed, expired, transferred, valid_from, valid_until, parent_lot_id)
  SELECT id, account_id, origin, traffic_class, giftable, granted, available, held, consumed, expired, transferred, valid_from, valid_until, parent_lot_id FROM lots;
DROP TABLE lots;
ALTER TABLE lots_2 RENAME TO lots;
CREATE INDEX lots_in_order_of_use ON lots (account_id, valid_until) WHERE available > 0;
CREATE INDEX lots_by_end ON lots (valid_until) WHERE available > 0;
`

const JOURNAL = `
CREATE TABLE holds (
  id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 255),
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('gift', 'session')),
  held_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  closed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX holds_open ON holds (account_id) WHERE closed_at IS NULL;
CREATE INDEX holds_by_end ON holds (until_at) WHERE closed_at IS NULL;

CREATE TABLE hold_lots (
  hold_id TEXT NOT NULL REFERENCES holds (id),
  lot_id INTEGER NOT NULL REFERENCES lots (id),
  amount INTEGER NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (hold_id, lot_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_lots_by_lot ON hold_lots (lot_id);

CREATE TABLE transfers_2 (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 255),
  kind TEXT NOT NULL CHECK (kind IN ('issue', 'gift', 'consume', 'expire', 'hold', 'release', 'settle',
    'reverse', 'adjust', 'extend', 'rollover')),
  at INTEGER NOT NULL,
  hold_id TEXT REFERENCES holds (id),
  CHECK (kind NOT IN ('hold', 'release', 'settle') OR hold_id IS NOT NULL),
  CHECK (hold_id IS NULL OR kind IN ('hold', 'release', 'settle', 'gift'))
) STRICT;
INSERT INTO transfers_2 (seq, id, kind, at) SELECT seq, id, kind, at FROM transfers;

CREATE TABLE postings_2 (
  transfer_seq INTEGER NOT NULL REFERENCES transfers (seq),
  line INTEGER NOT NULL CHECK (line >= 0),
  debit TEXT NOT NULL CHECK (debit IN ('issuance', 'available', 'held', 'overage')),
  debit_lot_id INTEGER REFERENCES lots (id),
  credit TEXT NOT NULL CHECK (credit IN ('issuance', 'available', 'held', 'consumed', 'expired')),
  credit_lot_id INTEGER REFERENCES lots (id),
  overage_account_id INTEGER REFERENCES accounts (id),
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1125899906842624),
  PRIMARY KEY (transfer_seq, line),
  CHECK ((debit IN ('available', 'held')) = (debit_lot_id IS NOT NULL)),
  CHECK ((credit IN ('available', 'held')) = (credit_lot_id IS NOT NULL)),
  CHECK ((debit = 'overage') = (overage_account_id IS NOT NULL)),
  CHECK (debit <> 'issuance' OR credit = 'available'),
  CHECK (debit <> 'overage' OR credit = 'consumed'),
  CHECK (credit <> 'issuance' OR debit = 'available'),
  CHECK (credit <> 'held' OR (debit = 'available' AND debit_lot_id = credit_lot_id)),
  CHECK (debit <> 'available' OR credit <> 'available' OR debit_lot_id <> credit_lot_id)
) STRICT, WITHOUT ROWID;
INSERT INTO postings_2 (transfer_seq, line, debit, debit_lot_id, credit, credit_lot_id, amount)
  SELECT transfer_seq, line, debit, debit_lot_id, credit, credit_lot_id, amount FROM postings;

CREATE TABLE gifts_2 (
  transfer_seq INTEGER PRIMARY KEY REFERENCES transfers (seq),
  giver_account_id INTEGER NOT NULL REFERENCES accounts (id),
  receiver_account_id INTEGER NOT NULL REFERENCES accounts (id),
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1125899906842624),
  at INTEGER NOT NULL,
  CHECK (giver_account_id <> receiver_account_id)
) STRICT;
INSERT INTO gifts_2 (transfer_seq, giver_account_id, receiver_account_id, amount, at)
  SELECT transfer_seq, giver_account_id, receiver_account_id, amount, at
  FROM gifts JOIN transfers ON seq = transfer_seq;

DROP TABLE gifts;
DROP TABLE postings;
DROP TABLE transfers;
ALTER TABLE transfers_2 RENAME TO transfers;
ALTER TABLE postings_2 RENAME TO postings;
ALTER TABLE gifts_2 RENAME TO gifts;
CREATE INDEX gifts_given ON gifts (giver_account_id, at);
CREATE INDEX gifts_received ON gifts (receiver_account_id, at);

CREATE VIEW entries AS
  SELECT transfer_seq, line,
    CASE WHEN debit IN ('available', 'held') THEN 'lot:' || debit_lot_id || '.' || debit ELSE debit END AS account,
    -amount AS amount
  FROM postings
  UNION ALL
  SELECT transfer_seq, line,
    CASE WHEN credit IN ('available', 'held') THEN 'lot:' || credit_lot_id || '.' || credit ELSE credit END,
    amount
  FROM postings;
`

const GUARDS = `
CREATE TRIGGER lots_start_empty BEFORE INSERT ON lots
WHEN NEW.granted <> 0
BEGIN SELECT RAISE(ABORT, 'a lot is filled by a posting only'); END;

CREATE TRIGGER lots_keep_terms
BEFORE UPDATE OF id, account_id, origin, traffic_class, scope, giftable, carries, label, valid_from, valid_until, parent_lot_id ON lots
BEGIN SELECT RAISE(ABORT, 'the terms of a lot never change'); END;

CREATE TRIGGER lots_granted_once BEFORE UPDATE OF granted ON lots
WHEN OLD.granted <> 0
BEGIN SELECT RAISE(ABORT, 'a lot is granted once'); END;

CREATE TRIGGER lots_never_refill
BEFORE UPDATE OF available, held, consumed, expired, transferred, withdrawn ON lots
WHEN NEW.consumed < OLD.consumed OR NEW.expired < OLD.expired OR NEW.transferred < OLD.transferred
  OR NEW.withdrawn < OLD.withdrawn
BEGIN SELECT RAISE(ABORT, 'consumed, expired, transferred and withdrawn bytes never come back'); END;

CREATE TRIGGER lots_stay BEFORE DELETE ON lots
BEGIN SELECT RAISE(ABORT, 'a lot is never deleted'); END;

CREATE TRIGGER postings_guard BEFORE INSERT ON postings
BEGIN
  SELECT RAISE(ABORT, 'a posting belongs to the newest transfer')
    WHERE NEW.transfer_seq IS NOT (SELECT max(seq) FROM transfers);
  SELECT RAISE(ABORT, 'a posting does what its transfer is for')
    FROM transfers WHERE seq = NEW.transfer_seq AND NOT CASE kind
      WHEN 'issue' THEN NEW.debit = 'issuance'
      WHEN 'gift' THEN NEW.debit = iif(hold_id IS NULL, 'available', 'held') AND NEW.credit = 'available'
      WHEN 'consume' THEN NEW.debit = 'available' AND NEW.credit = 'consumed'
      WHEN 'expire' THEN NEW.debit = 'available' AND NEW.credit = 'expired'
      WHEN 'hold' THEN NEW.debit = 'available' AND NEW.credit = 'held'
      WHEN 'release' THEN NEW.debit = 'held' AND NEW.credit IN ('available', 'expired')
        AND NEW.debit_lot_id = coalesce(NEW.credit_lot_id, NEW.debit_lot_id)
      WHEN 'settle' THEN NEW.credit = 'consumed' AND NEW.debit IN ('held', 'available', 'overage')
      WHEN 'adjust' THEN 'issuance' IN (NEW.debit, NEW.credit)
      WHEN 'reverse' THEN NEW.debit = 'available' AND NEW.credit IN ('available', 'expired')
      WHEN 'extend' THEN NEW.debit = 'available' AND NEW.credit = 'available'
      WHEN 'rollover' THEN NEW.debit = 'available' AND NEW.credit = 'available'
      END;
  SELECT RAISE(ABORT, 'a lot is usable within its validity and expires after it')
    FROM lots, transfers
    WHERE lots.id = NEW.debit_lot_id AND seq = NEW.transfer_seq
      AND (at < valid_from OR (at >= valid_until) <>
        CASE kind WHEN 'rollover' THEN 1 WHEN 'reverse' THEN 0 ELSE NEW.credit = 'expired' END);
END;

CREATE TRIGGER postings_stay_within_the_account BEFORE INSERT ON postings
WHEN (SELECT kind FROM transfers WHERE seq = NEW.transfer_seq) IN ('extend', 'rollover')
BEGIN
  SELECT RAISE(ABORT, 'longer life and a new period are for the same account')
    FROM lots source, lots target
    WHERE source.id = NEW.debit_lot_id AND target.id = NEW.credit_lot_id
      AND source.account_id <> target.account_id;
END;

CREATE TRIGGER postings_move AFTER INSERT ON postings
BEGIN
  UPDATE lots SET
    available = available - iif(NEW.debit = 'available', NEW.amount, 0)
      + iif(NEW.credit = 'available' AND NEW.credit_lot_id = id, NEW.amount, 0),
    held = held - iif(NEW.debit = 'held', NEW.amount, 0)
      + iif(NEW.credit = 'held', NEW.amount, 0),
    consumed = consumed + iif(NEW.credit = 'consumed', NEW.amount, 0),
    expired = expired + iif(NEW.credit = 'expired', NEW.amount, 0),
    withdrawn = withdrawn + iif(NEW.credit = 'issuance', NEW.amount, 0),
    transferred = transferred + iif(NEW.credit = 'available' AND NEW.credit_lot_id <> id, NEW.amount, 0)
  WHERE id = NEW.debit_lot_id;
  UPDATE lots SET granted = NEW.amount, available = NEW.amount
  WHERE id = NEW.credit_lot_id AND NEW.credit_lot_id IS NOT NEW.debit_lot_id;
END;

CREATE TRIGGER postings_hold AFTER INSERT ON postings
WHEN NEW.credit = 'held'
BEGIN
  INSERT INTO hold_lots (hold_id, lot_id, amount)
    SELECT hold_id, NEW.debit_lot_id, NEW.amount FROM transfers WHERE seq = NEW.transfer_seq
    ON CONFLICT (hold_id, lot_id) DO UPDATE SET amount = amount + excluded.amount;
END;

CREATE TRIGGER postings_of_a_hold BEFORE INSERT ON postings
WHEN NEW.debit = 'held'
BEGIN
  SELECT RAISE(ABORT, 'only what is held for it is released or settled')
    WHERE NOT EXISTS (SELECT 1 FROM transfers JOIN hold_lots USING (hold_id)
      WHERE seq = NEW.transfer_seq AND lot_id = NEW.debit_lot_id AND amount >= NEW.amount);
  UPDATE hold_lots SET amount = amount - NEW.amount
    WHERE lot_id = NEW.debit_lot_id
      AND hold_id = (SELECT hold_id FROM transfers WHERE seq = NEW.transfer_seq);
END;

CREATE TRIGGER holds_end_once BEFORE UPDATE ON holds
WHEN OLD.closed_at IS NOT NULL OR NEW.closed_at IS NULL AND NEW.until_at IS OLD.until_at
BEGIN SELECT RAISE(ABORT, 'a hold ends once'); END;

CREATE TRIGGER holds_end_empty BEFORE UPDATE OF closed_at ON holds
WHEN NEW.closed_at IS NOT NULL
  AND EXISTS (SELECT 1 FROM hold_lots WHERE hold_id = NEW.id AND amount > 0)
BEGIN SELECT RAISE(ABORT, 'a hold that ends holds nothing'); END;

CREATE TRIGGER transfers_of_open_holds BEFORE INSERT ON transfers
WHEN NEW.hold_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'a hold that has ended moves nothing')
    FROM holds WHERE id = NEW.hold_id AND closed_at IS NOT NULL;
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

CREATE TABLE reversals (
  gift_seq INTEGER PRIMARY KEY REFERENCES gifts (transfer_seq),
  transfer_seq INTEGER NOT NULL UNIQUE REFERENCES transfers (seq)
) STRICT;
CREATE TRIGGER reversals_stand BEFORE UPDATE ON reversals
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER reversals_stay BEFORE DELETE ON reversals
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
`

export const LEDGER_2 = DROP_FIRST + ACCOUNTS + LOTS + JOURNAL + GUARDS
