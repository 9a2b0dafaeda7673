/** Who is attached to the network: at most one phone for each profile, and for each SUPI. */

import type { Connection } from './engine.ts'

/** A subscriber that is attached. */
export interface Registration {
  readonly id: string
  readonly iccid: string
  /** `imsi-<digits>`. */
  readonly supi: string
  readonly system: '5GS' | 'EPS'
  readonly servingNetworkName: string
  readonly attachedAtMs: number
}

const COLUMNS =
  'id, iccid, supi, system, serving_network_name AS servingNetworkName, attached_at AS attachedAtMs'

/** Attaches a subscriber; who was attached with the same profile or SUPI is so no longer. */
export function attach(db: Connection, registration: Registration): void {
  const { id, iccid, supi, system, servingNetworkName, attachedAtMs } = registration
  db.sql(`DELETE FROM registrations WHERE iccid = ? OR supi = ?`).run(iccid, supi)
  db.sql(
    `INSERT INTO registrations (id, iccid, supi, system, serving_network_name, attached_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(id, iccid, supi, system, servingNetworkName, attachedAtMs)
}

/** Ends an attachment, if it has not ended already. Of which profile it was. */
export function detach(db: Connection, id: string): { readonly iccid: string } | undefined {
  return db
    .sql<{ readonly iccid: string }>(`DELETE FROM registrations WHERE id = ? RETURNING iccid`)
    .get(id)
}

/** The attachment of a profile goes on in another network. */
export function moveRegistration(
  db: Connection,
  to: Pick<Registration, 'iccid' | 'servingNetworkName'>,
): void {
  db.sql(`UPDATE registrations SET serving_network_name = ? WHERE iccid = ?`).run(
    to.servingNetworkName,
    to.iccid,
  )
}

export function registrationOfProfile(db: Connection, iccid: string): Registration | undefined {
  return db.sql<Registration>(`SELECT ${COLUMNS} FROM registrations WHERE iccid = ?`).get(iccid)
}

/** Attached subscribers by SUPI, from the one after `after` on. */
export function listRegistrations(
  db: Connection,
  page: { readonly after: string; readonly limit: number },
): Registration[] {
  return db
    .sql<Registration>(`SELECT ${COLUMNS} FROM registrations WHERE supi > ? ORDER BY supi LIMIT ?`)
    .all(page.after, page.limit)
}
