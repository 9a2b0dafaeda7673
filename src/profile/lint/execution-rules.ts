/** What our own card makes of the package. */

import { buildProfile, type ElementStatus } from '../build.ts'
import type { PEStatusCode } from '../status.ts'
import type { Survey } from '../survey.ts'
import type { Rule } from './rule.ts'

export const EXECUTION_RULES: readonly Rule[] = [
  {
    id: 'card-refuses',
    severity: 'error',
    *check(survey) {
      for (const { status, number, detail } of statuses(survey)) {
        if (NOT_SUPPORTED.includes(status)) continue
        yield { at: number, text: `is answered with the status ${status} by this card: ${detail}.` }
      }
    },
  },
  {
    id: 'card-lacks',
    severity: 'warning',
    *check(survey) {
      for (const { status, number, detail, isFailure } of statuses(survey)) {
        if (!NOT_SUPPORTED.includes(status)) continue
        const effect = isFailure
          ? 'It is mandated, so this card refuses the package'
          : 'This card leaves it out'
        yield {
          at: number,
          text: `has the status ${status}: ${detail}. ${effect}; others may not.`,
        }
      }
    },
  },
]

const NOT_SUPPORTED: readonly PEStatusCode[] = [
  'pe-not-supported',
  'runtime-not-supported',
  'lib-not-supported',
  'template-not-supported',
  'feature-not-supported',
]

interface Answer extends ElementStatus {
  readonly number: number
  readonly isFailure: boolean
}

/** Those that are not `ok`. */
function statuses({ elements }: Survey): readonly Answer[] {
  const result = buildProfile(elements.map(({ element }) => element))
  return result.statuses.flatMap((status, number) =>
    status.status === 'ok' ? [] : [{ ...status, number, isFailure: status === result.failure }],
  )
}
