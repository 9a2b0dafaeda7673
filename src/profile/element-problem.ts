/** Why an element of a profile package cannot be executed. */

import type { PEStatusCode } from './status.ts'

/** The status that the card answers for the element, and words for a log. */
export class ElementProblem extends Error {
  readonly status: PEStatusCode

  constructor(status: PEStatusCode, detail: string) {
    super(detail)
    this.name = 'ElementProblem'
    this.status = status
  }
}
