/**
 * Seals of the journals: each is the digest of the seal before it and of every transfer, posting, gift, reversal and
 * movement of money since then, with the terms of the lots that were filled. Who rewrites a row has to rewrite all seals
 * after it, and then the last one is another than what was noted down elsewhere.
 */
export const JOURNAL_SEALS = `
CREATE TABLE journal_seals (
  number INTEGER PRIMARY KEY CHECK (number >= 1),
  transfer_seq INTEGER NOT NULL,
  money_seq INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  sealed_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER journal_seals_follow BEFORE INSERT ON journal_seals
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM journal_seals)
  OR EXISTS (SELECT 1 FROM journal_seals WHERE number = NEW.number - 1
    AND (transfer_seq > NEW.transfer_seq OR money_seq > NEW.money_seq))
BEGIN SELECT RAISE(ABORT, 'a seal follows the one before it'); END;
CREATE TRIGGER journal_seals_stand BEFORE UPDATE ON journal_seals
BEGIN SELECT RAISE(ABORT, 'a seal is never changed'); END;
CREATE TRIGGER journal_seals_stay BEFORE DELETE ON journal_seals
BEGIN SELECT RAISE(ABORT, 'a seal is never changed'); END;
`
