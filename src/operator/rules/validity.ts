/** When a gift ends, by each of the ways in which operators count it. Days and months are those of the operator's zone. */

import { daysOn, monthStartAfter, type LocalInstant } from '../calendar.ts'
import type { ValidityRule } from './types.ts'

const HOUR_MS = 3_600_000

/** What the end of a gift is counted from. */
export interface GiftLife extends LocalInstant {
  /** When the source ends that the data comes from; it has not ended. */
  readonly sourceUntilMs: number
  /** When the data was set apart for the gift, where that was before the receipt. */
  readonly heldAtMs?: number | undefined
  /** The latest end of the receiver's own data; absent when there is none. */
  readonly receiverUntilMs?: number | undefined
}

/** When the data of a gift ends that is received at `atMs`. Without a rule it keeps the end of its source. */
export function giftEnd(rule: ValidityRule | undefined, life: GiftLife): number {
  switch (rule?.kind) {
    case undefined:
    case 'keepSource':
      return life.sourceUntilMs
    case 'sooner':
      return Math.min(life.sourceUntilMs, daysOn({ ...life, days: rule.days }))
    case 'laterOfBoth':
      return Math.max(life.sourceUntilMs, life.receiverUntilMs ?? life.sourceUntilMs)
    case 'sourceRemaining':
      return life.atMs + (life.sourceUntilMs - (life.heldAtMs ?? life.atMs))
    case 'endOfMonth':
      return monthStartAfter({ ...life, months: 1 })
    case 'endOfNextMonth':
      return monthStartAfter({ ...life, months: 2 })
    case 'fixedDays':
      return daysOn({ ...life, days: rule.days })
    case 'fixedHours':
      return life.atMs + rule.hours * HOUR_MS
  }
}

/**
 * When a received package ends that its owner has paid to extend, and what that costs: counted from the receipt, however
 * late it is paid. `undefined` where nothing is extended.
 */
export function extensionOfGift(
  rule: ValidityRule | undefined,
  received: LocalInstant,
): { readonly validUntilMs: number; readonly feeMinor: bigint } | undefined {
  if (rule?.kind !== 'fixedDays' || !rule.extension) return undefined
  const { toDays, feeMinor } = rule.extension
  return { validUntilMs: daysOn({ ...received, days: toDays }), feeMinor }
}
