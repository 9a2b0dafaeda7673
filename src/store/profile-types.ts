/** Who may order profiles of a type: everybody, unless somebody is named. */

import type { Connection } from './engine.ts'

/** Whether a caller may order profiles of a type; the lab's own operator, who has no identifier, may order all. */
export function mayUseType(
  db: Connection,
  asked: { readonly profileType: string; readonly requester: string | undefined },
): boolean {
  const { profileType, requester } = asked
  if (requester === undefined) return true
  const found = db
    .sql<{ named: number; isNamed: number }>(
      `SELECT count(*) AS named, coalesce(max(requester = ?), 0) AS isNamed
       FROM profile_type_requesters WHERE profile_type = ?`,
    )
    .get(requester, profileType)
  return !found || found.named === 0 || found.isNamed === 1
}

/** Names who alone may order profiles of a type; nobody means everybody. */
export function setRequesters(
  db: Connection,
  type: { readonly profileType: string; readonly requesters: readonly string[] },
): void {
  db.sql('DELETE FROM profile_type_requesters WHERE profile_type = ?').run(type.profileType)
  for (const requester of new Set(type.requesters)) {
    db.sql('INSERT INTO profile_type_requesters (profile_type, requester) VALUES (?, ?)').run(
      type.profileType,
      requester,
    )
  }
}
