/**
 * What subscribers ask for by SMS and USSD: answers by the message that they answer, sessions, and who wants no notices.
 *
 * A message that comes again is answered as the first time; of its text only a keyed digest is kept, since it may hold a PIN.
 */
export const CHANNELS = `
CREATE TABLE channel_answers (
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  fingerprint TEXT NOT NULL,
  answer TEXT NOT NULL CHECK (json_valid(answer)),
  at INTEGER NOT NULL,
  PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_answers_by_age ON channel_answers (at);

CREATE TABLE ussd_sessions (
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  id TEXT NOT NULL CHECK (length(id) BETWEEN 1 AND 100),
  step INTEGER NOT NULL CHECK (step >= 0),
  state TEXT CHECK (state IS NULL OR json_valid(state)),
  opened_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ussd_sessions_by_age ON ussd_sessions (opened_at);

CREATE TABLE channel_settings (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
  stopped_at INTEGER
) STRICT;
`

/** Finds what became of an account's data without reading the whole journal. */
export const ADVICE = `
CREATE INDEX lots_of_account ON lots (account_id);
CREATE INDEX postings_of_ended_data ON postings (debit_lot_id)
  WHERE credit IN ('consumed', 'expired');
CREATE INDEX postings_of_overage ON postings (overage_account_id)
  WHERE overage_account_id IS NOT NULL;
`
