/** How the numbers of one request are read: as the country of whoever is concerned writes them. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { normaliseMsisdn } from '../../operator/msisdn.ts'
import type { Operator } from '../../operator/operator.ts'
import { readNumberFor } from '../../operator/reading-numbers.ts'

export type NumberReader = (text: unknown, field: string) => string

const readers = new AsyncLocalStorage<NumberReader>()

/** Does a request's work; numbers within it are read by its own reader. */
export function readingNumbers<T>(reader: NumberReader, work: () => T): T {
  return readers.run(reader, work)
}

/** The digits of a number that came with the request under way. @throws {LabError} badInput — naming the field */
export function readMsisdn(text: unknown, field: string): string {
  return (readers.getStore() ?? normaliseMsisdn)(text, field)
}

/**
 * The reader for a request. A subscriber writes as at home; where staff ask, the first number of a request says in which
 * country the others are written.
 */
export function numberReader(operator: Operator, own?: string): NumberReader {
  let beside = own
  return (text, field) => {
    const msisdn = readNumberFor(operator, { text, field, beside })
    beside ??= msisdn
    return msisdn
  }
}
