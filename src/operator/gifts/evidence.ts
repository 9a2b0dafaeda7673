/** Why the operator has stopped somebody's gifts: what was counted, the limit, and the gifts that were counted. */

import { countedGifts, type RecentGift, type SuspicionKind } from '../rules/abuse.ts'
import type { GiftFacts } from '../rules/facts.ts'
import type { GiftRefusal } from '../rules/refusals.ts'

/** What one rule of abuse has found. */
export interface SuspicionEvidence {
  readonly code: SuspicionKind
  readonly text: string
  /** What was counted, the gift that was refused included: gifts, numbers, or hands. */
  readonly count: number
  readonly limit: number
  readonly windowHours: number
  /** The gift that was refused. */
  readonly refused: { readonly to: string | undefined; readonly amountBytes: string }
  /** The gifts that were there, the oldest first. */
  readonly gifts: readonly { readonly from: string; readonly to: string; readonly at: string }[]
}

/** What the rules have found that stop the giver. */
export function evidenceOf(
  refusals: readonly GiftRefusal[],
  by: { readonly facts: GiftFacts; readonly windowHours: number },
): readonly SuspicionEvidence[] {
  const { facts, windowHours } = by
  const recent = countedGifts(facts, { windowHours })
  return refusals.flatMap(({ code, text, params }) => {
    const counted = Object.hasOwn(COUNTED, code) ? COUNTED[code as SuspicionKind] : undefined
    if (!counted) return []
    const { count = 0, limit = 0 } = params
    const gifts = counted(facts, { recent, limit }).map(({ from, to, atMs }) => {
      return { from, to, at: new Date(atMs).toISOString() }
    })
    const refused = { to: facts.to, amountBytes: String(facts.amountBytes) }
    return [{ code: code as SuspicionKind, text, count, limit, windowHours, refused, gifts }]
  })
}

type Count = (
  gift: Pick<GiftFacts, 'from' | 'to'>,
  by: { readonly recent: readonly RecentGift[]; readonly limit: number },
) => readonly RecentGift[]

const givenBefore: Count = ({ from }, { recent }) => recent.filter((gift) => gift.from === from)

const COUNTED: Readonly<Record<SuspicionKind, Count>> = {
  velocity: givenBefore,
  fanOut: givenBefore,
  fanIn: ({ to }, { recent }) => recent.filter((gift) => gift.to === to),
  ring: wayBack,
}

/** The shortest way of data from the receiver back to the giver, each hand giving after it was given to. */
function wayBack(
  gift: Pick<GiftFacts, 'from' | 'to'>,
  by: { readonly recent: readonly RecentGift[]; readonly limit: number },
): readonly RecentGift[] {
  const ways = new Map<string, readonly RecentGift[]>([[gift.to ?? '', []]])
  for (const one of by.recent) {
    const before = ways.get(one.from)
    if (!before || before.length + 1 >= by.limit) continue
    const known = ways.get(one.to)
    if (!known || before.length + 1 < known.length) ways.set(one.to, [...before, one])
  }
  return ways.get(gift.from) ?? []
}
