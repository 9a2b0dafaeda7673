/**
 * Money that subscribers send each other: two movements of one name, out of one wallet and into the other, and requests that
 * wait for their code.
 *
 * Nothing is received that was not sent in the same instant, by somebody else, as much and in the same currency. That
 * nothing is sent without being received is for the audit, since rows come one after the other.
 */
export const MONEY_BETWEEN = `
CREATE TABLE money_transfers_2 (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (length(id) BETWEEN 1 AND 255),
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  kind TEXT NOT NULL CHECK (kind IN ('topUp', 'planFee', 'giftFee', 'purchase', 'extension', 'refund', 'adjust',
    'sent', 'received')),
  amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0 AND amount_minor BETWEEN -1000000000000000 AND 1000000000000000),
  currency TEXT NOT NULL,
  at INTEGER NOT NULL,
  label TEXT,
  CHECK (kind = 'adjust' OR (kind IN ('topUp', 'refund', 'received')) = (amount_minor > 0)),
  CHECK ((kind = 'sent') = (substr(id, 1, 5) = 'sent:')),
  CHECK ((kind = 'received') = (substr(id, 1, 9) = 'received:'))
) STRICT;
INSERT INTO money_transfers_2 (seq, id, account_id, kind, amount_minor, currency, at, label)
  SELECT seq, id, account_id, kind, amount_minor, currency, at, label FROM money_transfers ORDER BY seq;
DROP TABLE money_transfers;
ALTER TABLE money_transfers_2 RENAME TO money_transfers;
CREATE INDEX money_of_account ON money_transfers (account_id, seq);

CREATE TRIGGER money_moves AFTER INSERT ON money_transfers
BEGIN UPDATE accounts SET money_minor = money_minor + NEW.amount_minor WHERE id = NEW.account_id; END;
CREATE TRIGGER money_stands BEFORE UPDATE ON money_transfers
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER money_stays BEFORE DELETE ON money_transfers
BEGIN SELECT RAISE(ABORT, 'the journal is never changed'); END;
CREATE TRIGGER money_arrives BEFORE INSERT ON money_transfers
WHEN NEW.kind = 'received' AND NOT EXISTS (
  SELECT 1 FROM money_transfers WHERE id = 'sent:' || substr(NEW.id, 10) AND account_id <> NEW.account_id
    AND (amount_minor, currency, at) IS (-NEW.amount_minor, NEW.currency, NEW.at))
BEGIN SELECT RAISE(ABORT, 'only money that was sent is received'); END;

CREATE TABLE money_requests (
  id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 255),
  giver_account_id INTEGER NOT NULL REFERENCES accounts (id),
  receiver_account_id INTEGER NOT NULL REFERENCES accounts (id),
  amount_minor INTEGER NOT NULL CHECK (amount_minor BETWEEN 1 AND 1000000000000000),
  state TEXT NOT NULL CHECK (state IN ('awaitingCode', 'sent', 'refused', 'blocked', 'expired', 'replaced')),
  tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
  requested_at INTEGER NOT NULL,
  deadline_at INTEGER NOT NULL CHECK (deadline_at > requested_at),
  CHECK (giver_account_id <> receiver_account_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX money_requests_open ON money_requests (giver_account_id) WHERE state = 'awaitingCode';
CREATE TRIGGER money_requests_end BEFORE UPDATE ON money_requests
WHEN OLD.state <> 'awaitingCode' OR NEW.tries < OLD.tries
  OR (OLD.id, OLD.giver_account_id, OLD.receiver_account_id, OLD.amount_minor, OLD.requested_at, OLD.deadline_at)
    IS NOT (NEW.id, NEW.giver_account_id, NEW.receiver_account_id, NEW.amount_minor, NEW.requested_at, NEW.deadline_at)
BEGIN SELECT RAISE(ABORT, 'a request for money ends once, and is otherwise what it was'); END;
`
