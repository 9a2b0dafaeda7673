/**
 * The SM-DP+'s tables: profiles with their orders, packages of others, downloads, and notifications that were seen.
 *
 * `ordered_eid` is the eUICC that the order names, `eid` the one that the profile is tied to at the time.
 */
export const RSP_TABLES = `
CREATE TABLE profiles (
  iccid TEXT PRIMARY KEY CHECK (length(iccid) BETWEEN 18 AND 20),
  profile_type TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('Available', 'Allocated', 'Linked', 'Confirmed', 'Released',
    'Downloaded', 'Installed', 'Error', 'Unavailable')),
  eid TEXT CHECK (length(eid) = 32),
  matching_id TEXT,
  confirmation_code_hash BLOB CHECK (length(confirmation_code_hash) = 32),
  confirmation_attempts INTEGER NOT NULL DEFAULT 0,
  euicc_otpk BLOB,
  last_transaction_id BLOB,
  error_detail TEXT,
  ordered_eid TEXT CHECK (length(ordered_eid) = 32),
  repeatable INTEGER NOT NULL DEFAULT 0 CHECK (repeatable IN (0, 1)),
  CHECK (state NOT IN ('Linked', 'Downloaded', 'Installed') OR eid IS NOT NULL),
  CHECK (state NOT IN ('Available', 'Unavailable') OR (eid IS NULL AND matching_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX profiles_by_type ON profiles (profile_type, iccid) WHERE state = 'Available';
CREATE UNIQUE INDEX profiles_by_matching_id ON profiles (matching_id) WHERE matching_id <> '';
CREATE INDEX profiles_by_eid ON profiles (eid) WHERE eid IS NOT NULL;

CREATE TABLE imported_profiles (
  iccid TEXT PRIMARY KEY REFERENCES profiles (iccid),
  imsi TEXT CHECK (length(imsi) BETWEEN 6 AND 15),
  msisdn TEXT UNIQUE CHECK (length(msisdn) BETWEEN 5 AND 15),
  metadata BLOB NOT NULL,
  package BLOB NOT NULL
) STRICT;

CREATE TABLE downloads (
  transaction_id BLOB PRIMARY KEY,
  iccid TEXT NOT NULL REFERENCES profiles (iccid),
  eid TEXT NOT NULL CHECK (length(eid) = 32),
  euicc_public_key BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX downloads_by_profile ON downloads (iccid, eid);

CREATE TABLE seen_notifications (
  eid TEXT NOT NULL,
  iccid TEXT NOT NULL,
  seq_number INTEGER NOT NULL,
  PRIMARY KEY (eid, iccid, seq_number)
) STRICT, WITHOUT ROWID;
`
