/** What cards report about profiles, and what it does to accounts. */

import { eidToOctets } from '../base/bcd.ts'
import { LabError } from '../base/errors.ts'
import type { Connection } from '../store/engine.ts'
import { issueLot } from '../store/ledger.ts'
import { findByProfile, type Account, type ProfileState } from './accounts.ts'
import type { Plan } from './operator-file.ts'

export type ProfileEventKind = 'install' | 'enable' | 'disable' | 'delete'

/** One notification of a card (SGP.22 §2.4a.1, NotificationMetadata), already verified by who received it. */
export interface ProfileEvent {
  readonly iccid: string
  readonly eid: string
  readonly event: ProfileEventKind
  /** Rises with every notification of the card; 0 is a number like any other. */
  readonly seqNumber: number
}

const STATE_AFTER: Readonly<Record<ProfileEventKind, ProfileState>> = {
  install: 'installed',
  enable: 'enabled',
  disable: 'disabled',
  delete: 'deleted',
}

const DAY_MS = 86_400_000

/**
 * Brings an account up to date with what a card reports, and returns the account.
 *
 * Events may come twice and out of order: a number that is not above the last one of the same card and profile changes
 * nothing, nor does a card from which the profile has moved on. The first sign of life grants the plan, once, ever.
 * @throws {LabError} badInput — the event is malformed; notFound — no account has the ICCID
 */
export function applyProfileEvent(
  db: Connection,
  input: { readonly event: ProfileEvent; readonly plan: Plan; readonly atMs: number },
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
  if (event.event !== 'delete' && !account.liveSince) makeLive(db, { account, ...input })
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
function recordBinding(
  db: Connection,
  input: { readonly account: Account; readonly event: ProfileEvent; readonly atMs: number },
): boolean {
  const { account, event, atMs } = input
  const lastSeqNumber = lastSeqNumberOf(db, event)
  if (lastSeqNumber !== undefined && event.seqNumber <= lastSeqNumber) return false
  const open = openBinding(db, event.iccid)
  if (open?.eid === event.eid) {
    updateBinding(db, { id: open.id, seqNumber: event.seqNumber, endsAt: endOf(input) })
    return true
  }
  // A known card that speaks of a profile which lives elsewhere is late, unless it has installed it anew.
  const late =
    open && (event.event === 'delete' || (lastSeqNumber !== undefined && event.event !== 'install'))
  if (open && !late) updateBinding(db, { id: open.id, seqNumber: open.seqNumber, endsAt: atMs })
  db.sql(
    `INSERT INTO bindings (account_id, iccid, eid, bound_from, bound_to, last_seq_number)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(account.id, event.iccid, event.eid, atMs, late ? atMs : endOf(input), event.seqNumber)
  return !late
}

function endOf(input: { readonly event: ProfileEvent; readonly atMs: number }): number | null {
  return input.event.event === 'delete' ? input.atMs : null
}

function lastSeqNumberOf(db: Connection, event: ProfileEvent): number | undefined {
  return (
    db
      .sql<{ last: number | null }>(
        `SELECT max(last_seq_number) AS last FROM bindings WHERE iccid = ? AND eid = ?`,
      )
      .get(event.iccid, event.eid)?.last ?? undefined
  )
}

interface OpenBinding {
  readonly id: number
  readonly eid: string
  readonly seqNumber: number
}

function openBinding(db: Connection, iccid: string): OpenBinding | undefined {
  return db
    .sql<OpenBinding>(
      `SELECT id, eid, last_seq_number AS seqNumber FROM bindings WHERE iccid = ? AND bound_to IS NULL`,
    )
    .get(iccid)
}

function updateBinding(
  db: Connection,
  binding: { readonly id: number; readonly seqNumber: number; readonly endsAt: number | null },
): void {
  db.sql(`UPDATE bindings SET last_seq_number = ?, bound_to = ? WHERE id = ?`).run(
    binding.seqNumber,
    binding.endsAt,
    binding.id,
  )
}

function makeLive(
  db: Connection,
  input: { readonly account: Account; readonly plan: Plan; readonly atMs: number },
): void {
  const { account, plan, atMs } = input
  db.sql(`UPDATE accounts SET live_since = ? WHERE id = ?`).run(atMs, account.id)
  issueLot(db, {
    // The id is taken once, ever: the books themselves refuse a second plan.
    transferId: `plan:${account.id}`,
    atMs,
    accountId: account.id,
    origin: 'plan',
    trafficClass: 'general',
    giftable: plan.giftable,
    amountBytes: plan.amountBytes,
    validFromMs: atMs,
    validUntilMs: atMs + plan.validDays * DAY_MS,
  })
}
