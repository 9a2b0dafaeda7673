/**
 * The tables of the home and the serving network: sequence numbers, keys that imported profiles are given, who is attached.
 *
 * 281474976710656 is 2^48. That an attachment ends with its profile is the store's to see to, whoever changes the account.
 */
export const NETWORK_TABLES = `
CREATE TABLE authentication_state (
  iccid TEXT PRIMARY KEY,
  sqn INTEGER NOT NULL CHECK (sqn >= 0 AND sqn < 281474976710656)
) STRICT, WITHOUT ROWID;

CREATE TABLE imported_keys (
  iccid TEXT PRIMARY KEY REFERENCES imported_profiles (iccid),
  ki BLOB CHECK (length(ki) IN (16, 32)),
  opc BLOB CHECK (length(opc) IN (16, 32)),
  CHECK (ki IS NOT NULL OR opc IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX imported_profiles_by_imsi ON imported_profiles (imsi) WHERE imsi IS NOT NULL;

CREATE TABLE registrations (
  id TEXT PRIMARY KEY,
  iccid TEXT NOT NULL UNIQUE REFERENCES accounts (iccid),
  supi TEXT NOT NULL UNIQUE CHECK (supi GLOB 'imsi-[0-9]*'),
  system TEXT NOT NULL CHECK (system IN ('5GS', 'EPS')),
  serving_network_name TEXT NOT NULL,
  attached_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER registrations_need_an_enabled_profile BEFORE INSERT ON registrations
WHEN NOT EXISTS (SELECT 1 FROM accounts WHERE iccid = NEW.iccid AND profile_state = 'enabled')
BEGIN SELECT RAISE(ABORT, 'an attachment needs an enabled profile'); END;

CREATE TRIGGER registrations_end_with_their_profile AFTER UPDATE OF profile_state ON accounts
WHEN NEW.profile_state <> 'enabled'
BEGIN DELETE FROM registrations WHERE iccid = NEW.iccid; END;

CREATE TRIGGER registrations_end_when_the_profile_moves AFTER INSERT ON bindings
BEGIN DELETE FROM registrations WHERE iccid = NEW.iccid; END;
`
