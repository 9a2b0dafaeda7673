/** Subscriber numbers as people write them, and as the books hold them (ITU-T E.164). */

import { LabError } from '../base/errors.ts'

/**
 * The digits of an international number: `+999 01 000-00-01`, `99901 0000001`. The plus sign is optional.
 * @throws {LabError} badInput — no 5 to 15 digits, or another character, naming the field
 */
export function normaliseMsisdn(text: unknown, field: string): string {
  const digits =
    typeof text === 'string'
      ? text
          .trim()
          .replace(/^\+/, '')
          .replace(/[ ()-]/g, '')
      : ''
  if (/^[1-9][0-9]{4,14}$/.test(digits)) return digits
  throw new LabError(
    'badInput',
    `${field} must be a number with its country code, 5 to 15 digits, such as "+999 01 0000001"`,
    { field },
  )
}
