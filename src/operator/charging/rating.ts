/** What the rating groups of a charging session stand for. */

import type { TrafficClass } from '../../store/ledger.ts'

/** General traffic, and traffic of the services that directed packages are for. */
export const RATING_GROUPS = { general: 1, directed: 2 } as const

/** The classes of data that pay for a rating group, in their order; none for one that the operator does not rate. */
export function classesOf(ratingGroup: number): readonly TrafficClass[] {
  if (ratingGroup === RATING_GROUPS.general) return ['general']
  return ratingGroup === RATING_GROUPS.directed ? ['directed', 'general'] : []
}
