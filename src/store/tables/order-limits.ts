/**
 * What limits an order, which calls of ES2+ were answered, and what the operator is still to be told.
 *
 * `confirmation_octets_hash` is the other reading of a Confirmation Code, as hexadecimal. `progress` is an outbox: its
 * rows go in the order of their numbers and are removed when the operator has acknowledged them.
 */
export const ORDER_LIMITS = `
ALTER TABLE profiles ADD COLUMN confirmation_octets_hash BLOB
  CHECK (length(confirmation_octets_hash) = 32);
ALTER TABLE profiles ADD COLUMN confirmation_attempts_max INTEGER CHECK (confirmation_attempts_max > 0);
ALTER TABLE profiles ADD COLUMN download_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE profiles ADD COLUMN download_attempts_max INTEGER CHECK (download_attempts_max >= 0);
ALTER TABLE profiles ADD COLUMN expires_ms INTEGER;
ALTER TABLE profiles ADD COLUMN requester TEXT;
CREATE INDEX profiles_by_expiry ON profiles (expires_ms) WHERE expires_ms IS NOT NULL;

ALTER TABLE seen_notifications ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX seen_notifications_by_age ON seen_notifications (at_ms);
CREATE INDEX downloads_by_age ON downloads (at_ms);

CREATE TABLE profile_type_requesters (
  profile_type TEXT NOT NULL,
  requester TEXT NOT NULL,
  PRIMARY KEY (profile_type, requester)
) STRICT, WITHOUT ROWID;

CREATE TABLE scenario_profiles (
  iccid TEXT PRIMARY KEY REFERENCES imported_profiles (iccid)
) STRICT, WITHOUT ROWID;

CREATE TABLE es2plus_calls (
  requester TEXT NOT NULL,
  call_id TEXT NOT NULL,
  request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
  iccid TEXT NOT NULL REFERENCES profiles (iccid),
  left_as TEXT NOT NULL,
  answer TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (requester, call_id, request_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX es2plus_calls_by_age ON es2plus_calls (at_ms);

CREATE TABLE revocations (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  ci_key_id TEXT NOT NULL,
  serial_number TEXT NOT NULL,
  certificate BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  UNIQUE (ci_key_id, serial_number)
) STRICT;

CREATE TABLE progress (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  body TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  at_ms INTEGER NOT NULL
) STRICT;
`
