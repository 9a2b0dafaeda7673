/** Lists that are given out page by page: `limit` entries after the one named `after`, and the name to go on with. */

import { LabError } from '../base/errors.ts'

/** How many entries a page has unless told, and at most. */
export const LIMIT = 100
export const LIMIT_MAX = 500

/** The `limit` of a query. @throws {LabError} badInput */
export function limitOf(text: unknown): number {
  const limit = text === undefined ? LIMIT : Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit
  throw new LabError('badInput', `limit must be a whole number from 1 to ${LIMIT_MAX}`, {
    field: 'limit',
  })
}

/** A page of a list of which one entry more than `limit` was asked for, with the name after which the next one begins. */
export function pageOf<T>(
  found: readonly T[],
  page: { readonly limit: number; readonly nameOf: (entry: T) => string },
): { readonly entries: readonly T[]; readonly next?: string } {
  const entries = found.slice(0, page.limit)
  const last = entries.at(-1)
  return found.length > page.limit && last !== undefined
    ? { entries, next: page.nameOf(last) }
    : { entries }
}
