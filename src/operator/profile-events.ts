/** What cards report about profiles, and what it does to accounts. */

import { eidToOctets } from '../base/bcd.ts'
import { LabError } from '../base/errors.ts'
import type { Connection } from '../store/engine.ts'
import type { ProfileEvent } from '../store/orders.ts'
import { noteEvent } from '../store/outbox.ts'
import { findByProfile, type Account, type ProfileState } from './accounts.ts'
import type { OperatorFile } from './operator-file.ts'
import { beginPlan } from './subscriptions/periods.ts'

export type ProfileEventKind = ProfileEvent['event']

const STATE_AFTER: Readonly<Record<ProfileEventKind, ProfileState>> = {
  install: 'installed',
  enable: 'enabled',
  disable: 'disabled',
  delete: 'deleted',
}

/**
 * Brings an account up to date with what a card reports, and returns the account.
 *
 * Events may come twice and out of order: a number that is not above the last one of the same card and profile changes
 * nothing, nor does a card from which the profile has moved on. The first sign of life grants the plan, once, ever.
 * @throws {LabError} badInput — the event is malformed; notFound — no account has the ICCID
 */
export function applyProfileEvent(
  db: Connection,
  input: {
    readonly event: ProfileEvent
    readonly fileOf: (account: Account) => OperatorFile
    readonly atMs: number
  },
): Account {
  const { event, atMs } = input
  requireEvent(event)
  const account = findByProfile(db, event.iccid)
  if (!account) {
    throw new LabError('notFound', `no account has the ICCID ${event.iccid}`, { field: 'iccid' })
  }
  if (!recordBinding(db, { account, event, atMs })) return account
  db.sql(`UPDATE accounts SET profile_state = ? WHERE id = ?`).run(
    STATE_AFTER[event.event],
    account.id,
  )
  noteEvent(db, {
    type: 'ProfileStateChangeEvent',
    subject: event.iccid,
    detail: { msisdn: account.msisdn, profileState: STATE_AFTER[event.event], eid: event.eid },
    atMs,
  })
  if (event.event !== 'delete' && !account.liveSince)
    makeLive(db, { account, file: input.fileOf(account), atMs })
  return findByProfile(db, event.iccid) as Account
}

function requireEvent(event: ProfileEvent): void {
  if (!Object.hasOwn(STATE_AFTER, event.event)) {
    throw new LabError('badInput', `event must be one of ${Object.keys(STATE_AFTER).join(', ')}`, {
      field: 'event',
    })
  }
  if (!eidToOctets(event.eid)) {
    throw new LabError('badInput', 'eid must be 32 digits', { field: 'eid' })
  }
  if (!Number.isSafeInteger(event.seqNumber) || event.seqNumber < 0) {
    throw new LabError('badInput', 'seqNumber must be a whole number from 0 on', {
      field: 'seqNumber',
    })
  }
}

/** Notes where the profile is. Whether the event is news about the card on which it is. */
function recordBinding(db: Connection, input: Report): boolean {
  const { event, atMs } = input
  const lastSeqNumber = lastSeqNumberOf(db, event)
  if (lastSeqNumber !== undefined && event.seqNumber <= lastSeqNumber) return false
  keepSeqNumber(db, event)
  const open = openBinding(db, event.iccid)
  // A known card that speaks of a profile which lives elsewhere is late, unless it has installed it anew.
  const elsewhere = open !== undefined && open.eid !== event.eid
  const known = lastSeqNumber !== undefined
  if (elsewhere && (event.event === 'delete' || (known && event.event !== 'install'))) return false
  if (elsewhere) endBinding(db, { id: open.id, atMs })
  if (!open || elsewhere) beginBinding(db, input)
  else if (event.event === 'delete') endBinding(db, { id: open.id, atMs })
  return true
}

interface Report {
  readonly account: Account
  readonly event: ProfileEvent
  readonly atMs: number
}

function lastSeqNumberOf(db: Connection, event: ProfileEvent): number | undefined {
  return db
    .sql<{ last: number }>(
      `SELECT last_seq_number AS last FROM profile_reports WHERE iccid = ? AND eid = ?`,
    )
    .get(event.iccid, event.eid)?.last
}

function keepSeqNumber(db: Connection, event: ProfileEvent): void {
  db.sql(
    `INSERT INTO profile_reports (iccid, eid, last_seq_number) VALUES (?, ?, ?)
     ON CONFLICT (iccid, eid) DO UPDATE SET last_seq_number = excluded.last_seq_number`,
  ).run(event.iccid, event.eid, event.seqNumber)
}

function openBinding(
  db: Connection,
  iccid: string,
): { readonly id: number; readonly eid: string } | undefined {
  return db
    .sql<{ id: number; eid: string }>(
      `SELECT id, eid FROM bindings WHERE iccid = ? AND bound_to IS NULL`,
    )
    .get(iccid)
}

function beginBinding(db: Connection, { account, event, atMs }: Report): void {
  db.sql(
    `INSERT INTO bindings (account_id, iccid, eid, bound_from, bound_to) VALUES (?, ?, ?, ?, ?)`,
  ).run(account.id, event.iccid, event.eid, atMs, event.event === 'delete' ? atMs : null)
}

function endBinding(db: Connection, end: { readonly id: number; readonly atMs: number }): void {
  db.sql(`UPDATE bindings SET bound_to = ? WHERE id = ?`).run(end.atMs, end.id)
}

function makeLive(
  db: Connection,
  input: { readonly account: Account; readonly file: OperatorFile; readonly atMs: number },
): void {
  const { account, atMs } = input
  db.sql(`UPDATE accounts SET live_since = ? WHERE id = ?`).run(atMs, account.id)
  beginPlan(db, input)
}
