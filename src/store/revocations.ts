/** Certificates that the lab's test CI has revoked. */

import type { Connection } from './engine.ts'

export interface Revocation {
  /** The CI's key identifier, upper-case hexadecimal. */
  readonly ciKeyId: string
  /** As in `Certificate`: upper-case hexadecimal. */
  readonly serialNumber: string
  /** DER. */
  readonly certificate: Uint8Array
  readonly atMs: number
}

/** Adds one; `false` when the certificate was revoked before. */
export function addRevocation(db: Connection, revocation: Revocation): boolean {
  const { ciKeyId, serialNumber, certificate, atMs } = revocation
  const { changes } = db
    .sql(
      `INSERT INTO revocations (ci_key_id, serial_number, certificate, at_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    )
    .run(ciKeyId, serialNumber, certificate, atMs)
  return changes === 1
}

/** All of them, in the order in which they came. */
export function listRevocations(db: Connection): Revocation[] {
  return db
    .sql<Revocation>(
      `SELECT ci_key_id AS ciKeyId, serial_number AS serialNumber, certificate, at_ms AS atMs
       FROM revocations ORDER BY number`,
    )
    .all()
}
