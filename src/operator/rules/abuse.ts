/** What makes a giver suspicious: too many gifts, too many others on the other side, and data that comes round again. */

import type { GiftFacts } from './facts.ts'
import type { AbuseRule } from './types.ts'

/** A gift that has happened, or is on its way. */
export interface RecentGift {
  readonly from: string
  readonly to: string
  readonly atMs: number
}

export type SuspicionKind = 'velocity' | 'fanOut' | 'fanIn' | 'ring'

export interface Suspicion {
  readonly kind: SuspicionKind
  /** What was counted, this gift included: gifts, receivers, givers, or the hands of the ring. */
  readonly count: number
  readonly limit: number
  /** When enough of it is older than the window. */
  readonly untilMs: number
}

const HOUR_MS = 3_600_000

/** Gifts that count: of the window, and since the operator last looked at them and allowed the giver's gifts again. */
export function countedGifts(
  { recent, atMs, sender }: Pick<GiftFacts, 'recent' | 'atMs' | 'sender'>,
  { windowHours }: Pick<AbuseRule, 'windowHours'>,
): readonly RecentGift[] {
  const sinceMs = Math.max(atMs - windowHours * HOUR_MS, sender?.allowedAtMs ?? -Infinity)
  return recent.filter((gift) => gift.atMs > sinceMs && gift.atMs <= atMs)
}

/**
 * What a gift would be suspected of. A gift without a receiver yet is judged by its giver alone. `recent` is what counts,
 * the oldest first.
 */
export function suspicionsOf(
  gift: { readonly from: string; readonly to: string | undefined },
  by: { readonly recent: readonly RecentGift[]; readonly rule: AbuseRule },
): readonly Suspicion[] {
  const windowMs = by.rule.windowHours * HOUR_MS
  const { recent } = by
  const found = [
    velocity(gift.from, { recent, limit: by.rule.gifts, windowMs }),
    fan('fanOut', {
      other: gift.to,
      ...givenBy(gift.from, recent),
      limit: by.rule.fanOut,
      windowMs,
    }),
    gift.to === undefined
      ? undefined
      : fan('fanIn', {
          other: gift.from,
          ...givenTo(gift.to, recent),
          limit: by.rule.fanIn,
          windowMs,
        }),
    ring(gift, { recent, limit: by.rule.ringHands, windowMs }),
  ]
  return found.filter((suspicion) => suspicion !== undefined)
}

interface Window {
  readonly recent: readonly RecentGift[]
  readonly limit: number | undefined
  readonly windowMs: number
}

function velocity(from: string, { recent, limit, windowMs }: Window): Suspicion | undefined {
  const own = recent.filter((gift) => gift.from === from)
  if (limit === undefined || own.length < limit) return undefined
  const oldest = own[own.length - limit] as RecentGift
  return { kind: 'velocity', count: own.length + 1, limit, untilMs: oldest.atMs + windowMs }
}

interface Others {
  readonly others: readonly { readonly number: string; readonly atMs: number }[]
}

function givenBy(from: string, recent: readonly RecentGift[]): Others {
  const own = recent.filter((gift) => gift.from === from)
  return { others: own.map(({ to, atMs }) => ({ number: to, atMs })) }
}

function givenTo(to: string, recent: readonly RecentGift[]): Others {
  const own = recent.filter((gift) => gift.to === to)
  return { others: own.map(({ from, atMs }) => ({ number: from, atMs })) }
}

/** A number that has been on the other side already makes the circle no wider. */
function fan(
  kind: 'fanOut' | 'fanIn',
  of: Others & {
    readonly other: string | undefined
    readonly limit: number | undefined
    readonly windowMs: number
  },
): Suspicion | undefined {
  const { limit, other } = of
  const lastAtMs = new Map(of.others.map(({ number, atMs }) => [number, atMs]))
  if (limit === undefined || lastAtMs.size < limit) return undefined
  if (other === undefined || lastAtMs.has(other)) return undefined
  const ends = [...lastAtMs.values()].toSorted((a, b) => b - a)
  const untilMs = (ends[limit - 1] as number) + of.windowMs
  return { kind, count: lastAtMs.size + 1, limit, untilMs }
}

/** Follows data from the receiver on, each hand giving after it was given to, and asks whether it comes from the giver. */
function ring(
  gift: { readonly from: string; readonly to: string | undefined },
  { recent, limit, windowMs }: Window,
): Suspicion | undefined {
  if (limit === undefined || gift.to === undefined) return undefined
  const reached = new Map([[gift.to, { hands: 1, firstAtMs: Infinity }]])
  let found: { readonly hands: number; readonly firstAtMs: number } | undefined
  for (const { from, to, atMs } of recent) {
    const before = reached.get(from)
    if (!before || before.hands >= limit) continue
    const next = { hands: before.hands + 1, firstAtMs: Math.min(before.firstAtMs, atMs) }
    if (to === gift.from) found = closer(found, next)
    else reached.set(to, closer(reached.get(to), next))
  }
  if (!found) return undefined
  return { kind: 'ring', count: found.hands, limit, untilMs: found.firstAtMs + windowMs }
}

interface Reach {
  readonly hands: number
  readonly firstAtMs: number
}

function closer(known: Reach | undefined, next: Reach): Reach {
  return known && known.hands <= next.hands ? known : next
}
