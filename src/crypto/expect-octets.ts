/** Lengths of key material and challenges: what is of another length is refused before it is used. */

import { LabError } from '../base/errors.ts'

/**
 * Refuses octets of a length that the algorithm does not know.
 * @throws {LabError} `badInput` that names the field and its lengths, never its value.
 */
export function expectOctets(
  fields: Readonly<Record<string, Uint8Array>>,
  lengths: readonly number[],
): void {
  for (const [field, octets] of Object.entries(fields)) {
    if (!lengths.includes(octets.length))
      throw wrongLength({ field, lengths, found: octets.length })
  }
}

/**
 * Refuses a length, in octets, that the algorithm does not offer.
 * @throws {LabError} `badInput` that names the field and what it may be.
 */
export function expectLength(
  fields: Readonly<Record<string, number>>,
  lengths: readonly number[],
): void {
  for (const [field, length] of Object.entries(fields)) {
    if (!lengths.includes(length)) throw wrongLength({ field, lengths, found: length })
  }
}

function wrongLength(of: {
  readonly field: string
  readonly lengths: readonly number[]
  readonly found: number
}): LabError {
  const expected = of.lengths.join(' or ')
  return new LabError('badInput', `${of.field} has ${expected} octets, not ${of.found}`, {
    field: of.field,
  })
}
