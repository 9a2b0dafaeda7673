import type { Connection } from '../../src/store/engine.ts'

/** An account with a profile and a number of its own, made of its id: a single digit. */
export function insertAccount(db: Connection, id: number): void {
  const [iccid, number] = [`890010100000000000${id}`, `9990100000${id}`]
  db.sql(
    `INSERT INTO inventory (serial, iccid, imsi, msisdn, ki, opc, pin, puk, adm, profile_type)
     VALUES (?, ?, ?, ?, zeroblob(16), zeroblob(16), '0000', '00000000', '00000000', 'lab')`,
  ).run(id, iccid, `00101000000000${id}`, number)
  db.sql(
    `INSERT INTO accounts (id, msisdn, iccid, profile_state, opened_at) VALUES (?, ?, ?, 'enabled', 0)`,
  ).run(id, number, iccid)
}
