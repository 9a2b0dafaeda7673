/** What a rule of `profile lint` is. */

import { toHex } from '../../base/octets.ts'
import type { ProfileElement } from '../elements.ts'
import type { Survey, SurveyedElement, SurveyedFile } from '../survey.ts'
import { fieldName, fileKey, knownFile } from '../known-files.ts'

/**
 * `error`: a card refuses the package, or the profile does not work. `warning`: it is against the specifications, and
 * some card may mind. `note`: worth a look.
 */
export type Severity = 'error' | 'warning' | 'note'

/** What a rule has found: the place of the element, where there is one, and what is wrong and to be done. */
export interface Problem {
  readonly at?: number | undefined
  readonly text: string
}

export interface Rule {
  /** Short, in kebab case; never changed once published. */
  readonly id: string
  readonly severity: Severity
  readonly check: (survey: Survey) => Iterable<Problem>
}

/** An element of one kind, with what is in it. */
export type ElementOf<K extends ProfileElement['kind']> = SurveyedElement & {
  readonly element: Extract<ProfileElement, { readonly kind: K }>
}

/** The elements of a kind, in order. */
export function elementsOf<K extends ProfileElement['kind']>(
  { elements }: Survey,
  kind: K,
): readonly ElementOf<K>[] {
  return elements.filter((one): one is ElementOf<K> => one.element.kind === kind)
}

/** The first of a package's headers. */
export function headerOf(survey: Survey): ElementOf<'header'> | undefined {
  return elementsOf(survey, 'header')[0]
}

/** How a file is named in a text: `EF.IMSI (USIM/6F07)`. */
export function fileName({ made, field, fcp }: SurveyedFile): string {
  if (made) {
    const key = fileKey(made)
    const name = knownFile(made)?.name ?? (field === undefined ? undefined : fieldName(field))
    return name === undefined ? key : `${name} (${key})`
  }
  if (field !== undefined) return fieldName(field)
  const id = fcp.fileID ?? fcp.dfName
  return id ? `the file ${toHex(id)}` : 'a file'
}
