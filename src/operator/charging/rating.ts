/** What the rating groups of a charging session stand for: the operator's file says it. */

import type { TrafficClass } from '../../store/ledger.ts'
import type { OperatorFile } from '../operator-file.ts'

/** The classes of data that pay for a rating group, in their order; none for one that the operator does not rate. */
export function classesOf(
  { charging }: Pick<OperatorFile, 'charging'>,
  ratingGroup: number,
): readonly TrafficClass[] {
  return charging.ratingGroups.find(({ id }) => id === ratingGroup)?.classes ?? []
}

/** All that there are: a grant may have been made before the file was read again. */
export const ALL_CLASSES: readonly TrafficClass[] = ['general', 'directed']
