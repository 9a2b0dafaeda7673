/**
 * What subscribers and the operator have settled about gifts besides the gifts themselves: PINs, locks, block lists,
 * suspensions, gifts that make themselves, and questions for data. PINs and claim codes are kept as keyed digests only;
 * the key is the lab's own and is made when the first is needed.
 */
export const GIFT_SETTINGS = `
CREATE TABLE gift_secret (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  octets BLOB NOT NULL CHECK (length(octets) = 32)
) STRICT;

CREATE TABLE gift_settings (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
  pin_digest BLOB CHECK (length(pin_digest) = 32),
  pin_tries INTEGER NOT NULL DEFAULT 0 CHECK (pin_tries >= 0),
  pin_locked INTEGER NOT NULL DEFAULT 0 CHECK (pin_locked IN (0, 1)),
  locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
  suspended_at INTEGER,
  suspended_for TEXT,
  automatic_to TEXT,
  automatic_hours INTEGER CHECK (automatic_hours > 0),
  CHECK ((suspended_at IS NULL) = (suspended_for IS NULL)),
  CHECK ((automatic_to IS NULL) = (automatic_hours IS NULL))
) STRICT;
CREATE INDEX gift_settings_automatic ON gift_settings (account_id) WHERE automatic_to IS NOT NULL;
CREATE INDEX gift_settings_suspended ON gift_settings (suspended_at) WHERE suspended_at IS NOT NULL;

CREATE TABLE gift_blocks (
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  number TEXT NOT NULL,
  PRIMARY KEY (account_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE gift_asks (
  id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 255),
  asker_account_id INTEGER NOT NULL REFERENCES accounts (id),
  giver_account_id INTEGER NOT NULL REFERENCES accounts (id),
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 1125899906842624),
  asked_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  answer TEXT CHECK (answer IN ('given', 'refused')),
  gift_id TEXT REFERENCES gift_requests (id),
  CHECK (asker_account_id <> giver_account_id),
  CHECK (gift_id IS NULL OR answer = 'given')
) STRICT, WITHOUT ROWID;
CREATE INDEX gift_asks_made ON gift_asks (asker_account_id, asked_at);
CREATE INDEX gift_asks_got ON gift_asks (giver_account_id, asked_at);
`

/**
 * A request that is sent again is answered as it was the first time, also when its gift has moved on; and gifts of what the
 * giver has bought for the receiver, whose data is new and of nobody's lots.
 */
export const GIFT_ANSWERS = `
ALTER TABLE idempotency_keys ADD COLUMN as_then TEXT;
ALTER TABLE gift_requests ADD COLUMN package_id TEXT;
`

/** Who was refused a service that waits for its approval, to be told when it has it. */
export const APPROVAL_WAITS = `
CREATE TABLE approval_waits (
  account_id INTEGER NOT NULL REFERENCES accounts (id),
  service TEXT NOT NULL CHECK (service IN ('gifting', 'roamingGifting')),
  asked_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, service)
) STRICT, WITHOUT ROWID;
`

/** When the operator last allowed gifts of a number again that had been stopped: what was before it has looked at. */
export const GIFTS_ALLOWED = `
ALTER TABLE gift_settings ADD COLUMN allowed_at INTEGER;
`

/** What was counted when a rule of abuse stopped somebody's gifts, as JSON. */
export const GIFT_EVIDENCE = `
ALTER TABLE gift_settings ADD COLUMN suspended_by TEXT
  CHECK (suspended_by IS NULL OR (json_valid(suspended_by) AND suspended_at IS NOT NULL));
CREATE INDEX gift_requests_requested ON gift_requests (requested_at, id);
`
