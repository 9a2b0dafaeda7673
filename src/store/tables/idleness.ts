/** When accounts were last used, and until when data rests after a while without: of operators whose law asks for it. */
export const IDLENESS = `
CREATE TABLE idleness (
  account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
  active_at INTEGER,
  rests_until INTEGER,
  CHECK (active_at IS NOT NULL OR rests_until IS NOT NULL)
) STRICT;
`
