/**
 * Grants of a charging session in the ledger: a grant is a hold over lots in the operator's order of use, a report settles
 * it, and what is left of it is released. What is used beyond every lot is booked to overage: never clipped, never below
 * zero. Runs within a command of the store.
 */

import { usableHeld } from '../../store/charging.ts'
import type { Connection } from '../../store/engine.ts'
import { findHold, placeHold, releaseHold, settleHold } from '../../store/holds.ts'
import type { LotOrigin, TrafficClass, UsageSlice } from '../../store/ledger.ts'
import { chooseLots } from '../../store/lots.ts'

/** One grant of one rating group, at one step of its session. */
export interface GrantStep {
  readonly ref: string
  readonly accountId: number
  readonly ratingGroup: number
  /** The classes of data that pay for it, in their order. */
  readonly classes: readonly TrafficClass[]
  readonly grantNumber: number
  /** What makes the transfers of this step differ from those of others. */
  readonly step: string
  readonly location: 'home' | 'roaming'
  readonly order: readonly LotOrigin[]
  readonly atMs: number
}

/** All transfers of a session have ids that begin with this and a colon. */
export function transfersOf(ref: string): string {
  return `session:${ref}`
}

/** Books usage: what the grant holds first, then what else the account has, then overage. Returns the bytes of overage. */
export function settleUsage(
  db: Connection,
  use: GrantStep & { readonly usedBytes: bigint },
): bigint {
  const { atMs, order } = use
  let missing = use.usedBytes
  for (const trafficClass of use.classes) {
    const holdId = holdOf(use, trafficClass)
    const { bytes } = usableHeld(db, { holdId, atMs })
    const usedBytes = least(missing, bytes)
    if (usedBytes === 0n) continue
    const transferId = transferOf(use, `settle:${trafficClass}`)
    settleHold(db, { transferId, holdId, usedBytes, order, atMs })
    missing -= usedBytes
  }
  return missing > 0n ? settleBeyond(db, { ...use, usedBytes: missing }) : 0n
}

/** Holds as much of what is wanted as there is. Until when it can be used, and whether nothing more is left. */
export function placeGrant(
  db: Connection,
  grant: GrantStep & { readonly wantedBytes: bigint; readonly untilMs: number },
): { readonly grantedBytes: bigint; readonly endsAtMs: number; readonly isFinal: boolean } {
  const { atMs, untilMs } = grant
  let missing = grant.wantedBytes
  let endsAtMs = Infinity
  for (const trafficClass of grant.classes) {
    const amountBytes = least(missing, freeOf(db, { ...grant, trafficClass, enoughBytes: missing }))
    if (amountBytes === 0n) continue
    const parts = placeHold(db, {
      ...choiceOf(grant, trafficClass),
      transferId: transferOf(grant, `hold:${trafficClass}`),
      holdId: holdOf(grant, trafficClass),
      purpose: 'session',
      amountBytes,
      atMs,
      untilMs,
    })
    endsAtMs = Math.min(endsAtMs, ...parts.map(({ lot }) => lot.validUntilMs))
    missing -= amountBytes
  }
  const isFinal = missing > 0n || !hasMore(db, grant)
  return { grantedBytes: grant.wantedBytes - missing, endsAtMs, isFinal }
}

/** Books usage of once, outside of any session: what lots have, then overage. Returns the lots that paid. */
export function settleOnce(
  db: Connection,
  use: Pick<GrantStep, 'accountId' | 'location' | 'order' | 'atMs'> & {
    readonly transferId: string
    readonly usedBytes: bigint
  },
): readonly UsageSlice[] {
  const { accountId, transferId, atMs, order, location } = use
  const holdId = `${transferId}:use`
  const nothing = { amountBytes: 1n, leastBytes: 0n, eligible: () => false } as const
  const hold = { accountId, holdId, purpose: 'session', atMs, untilMs: atMs } as const
  placeHold(db, { ...hold, transferId: holdId, ...nothing })
  const { usedBytes } = use
  const { slices } = settleHold(db, { transferId, holdId, usedBytes, order, location, atMs })
  releaseHold(db, { transferId: `${holdId}:release`, holdId, atMs })
  return slices
}

/** Gives back what is left of a grant. */
export function releaseGrant(db: Connection, grant: GrantStep): void {
  for (const trafficClass of grant.classes) {
    const holdId = holdOf(grant, trafficClass)
    const hold = findHold(db, holdId)
    if (!hold || hold.closedAtMs !== undefined) continue
    const transferId = transferOf(grant, `release:${trafficClass}`)
    releaseHold(db, { transferId, holdId, atMs: grant.atMs })
  }
}

/** Usage that no grant was made for. */
function settleBeyond(db: Connection, use: GrantStep & { readonly usedBytes: bigint }): bigint {
  const { atMs } = use
  const holdId = `${transferOf(use, 'beyond')}`
  const nothing = { amountBytes: 1n, leastBytes: 0n, eligible: () => false } as const
  placeHold(db, {
    accountId: use.accountId,
    transferId: holdId,
    holdId,
    purpose: 'session',
    atMs,
    untilMs: atMs,
    ...nothing,
  })
  let missing = use.usedBytes
  for (const trafficClass of use.classes) {
    const usedBytes = least(missing, freeOf(db, { ...use, trafficClass, enoughBytes: missing }))
    if (usedBytes === 0n) continue
    const transferId = transferOf(use, `more:${trafficClass}`)
    settleHold(db, { ...choiceOf(use, trafficClass), transferId, holdId, usedBytes, atMs })
    missing -= usedBytes
  }
  if (missing > 0n) {
    const transferId = transferOf(use, 'overage')
    settleHold(db, { transferId, holdId, usedBytes: missing, atMs, eligible: nothing.eligible })
  }
  releaseHold(db, { transferId: transferOf(use, 'beyond:release'), holdId, atMs })
  return missing
}

/** Whether lots have as much as that. */
export function hasFree(db: Connection, of: GrantStep & { readonly wantedBytes: bigint }): boolean {
  const freeBytes = of.classes.reduce(
    (sum, trafficClass) => sum + freeOf(db, { ...of, trafficClass, enoughBytes: of.wantedBytes }),
    0n,
  )
  return freeBytes >= of.wantedBytes
}

function hasMore(db: Connection, of: GrantStep): boolean {
  return of.classes.some(
    (trafficClass) => freeOf(db, { ...of, trafficClass, enoughBytes: 1n }) > 0n,
  )
}

/** What is available of a class, counted up to what is enough. */
function freeOf(
  db: Connection,
  of: GrantStep & { readonly trafficClass: TrafficClass; readonly enoughBytes: bigint },
): bigint {
  if (of.enoughBytes === 0n) return 0n
  const choice = choiceOf(of, of.trafficClass)
  const parts = chooseLots(db, { ...choice, amountBytes: of.enoughBytes, leastBytes: 0n })
  return parts.reduce((sum, { amountBytes }) => sum + amountBytes, 0n)
}

function choiceOf(of: GrantStep, trafficClass: TrafficClass) {
  const { accountId, atMs, order, location } = of
  return { accountId, atMs, order, location, trafficClass }
}

function holdOf(
  of: Pick<GrantStep, 'ref' | 'ratingGroup' | 'grantNumber'>,
  trafficClass: TrafficClass,
): string {
  return `${transfersOf(of.ref)}:${of.ratingGroup}:${of.grantNumber}:${trafficClass}`
}

function transferOf(of: Pick<GrantStep, 'ref' | 'ratingGroup' | 'step'>, what: string): string {
  return `${transfersOf(of.ref)}:${of.step}:${of.ratingGroup}:${what}`
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
