/**
 * Checks a profile package of anybody against the TCA eUICC Profile Package: Interoperable Format (2.1 to 3.3.1) and
 * the files' own standards, as a table of rules.
 */

import { surveyPackage } from '../survey.ts'
import { ACCESS_RULES } from './access-rules.ts'
import { APPLICATION_RULES } from './application-rules.ts'
import { CODE_RULES } from './code-rules.ts'
import { CONTENT_RULES } from './content-rules.ts'
import { EXECUTION_RULES } from './execution-rules.ts'
import { FILE_RULES } from './file-rules.ts'
import { FRAME_RULES } from './frame-rules.ts'
import { HEADER_RULES } from './header-rules.ts'
import { ORDER_RULES } from './order-rules.ts'
import type { Rule, Severity } from './rule.ts'

export type { Rule, Severity } from './rule.ts'

/** All rules, in the order in which they are applied. */
export const LINT_RULES: readonly Rule[] = [
  ...FRAME_RULES,
  ...ORDER_RULES,
  ...HEADER_RULES,
  ...FILE_RULES,
  ...ACCESS_RULES,
  ...CODE_RULES,
  ...CONTENT_RULES,
  ...APPLICATION_RULES,
  ...EXECUTION_RULES,
]

/** What a rule says of a package. */
export interface Finding {
  readonly rule: string
  readonly severity: Severity
  /** Absent where the package as a whole is meant. */
  readonly element?: { readonly number: number; readonly name: string; readonly offset: number }
  /** What is wrong and what to do; behind the element's name it makes a sentence. */
  readonly text: string
}

/** What is wrong with the package: by element, and for each by severity. Never throws, whatever the octets. */
export function lintPackage(octets: Uint8Array): readonly Finding[] {
  const survey = surveyPackage(octets)
  const places = [...survey.elements, ...(survey.broken ? [survey.broken] : [])]
  const findings = LINT_RULES.flatMap(({ id, severity, check }) =>
    Array.from(check(survey), ({ at, text }): Finding => {
      const place = at === undefined ? undefined : places[at]
      const element = place && { number: place.number, name: place.name, offset: place.offset }
      return { rule: id, severity, ...(element && { element }), text }
    }),
  )
  return findings.toSorted((a, b) => placeOf(a) - placeOf(b) || rankOf(a) - rankOf(b))
}

/** What is said of the package as a whole comes first. */
function placeOf({ element }: Finding): number {
  return element?.number ?? -1
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note']

function rankOf({ severity }: Finding): number {
  return SEVERITIES.indexOf(severity)
}

/** One line: `error element 4 (usim) at octet 812: makes … [file-length]`. */
export function findingLine({ rule, severity, element, text }: Finding): string {
  const place = element
    ? `element ${element.number} (${element.name}) at octet ${element.offset} `
    : ''
  return `${severity}: ${place}${text} [${rule}]`
}
