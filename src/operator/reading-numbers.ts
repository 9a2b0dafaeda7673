/** Which number is meant by what people type: as it is written in the country of whoever is concerned. */

import { LabError } from '../base/errors.ts'
import { normaliseMessage } from './messages/normalise.ts'
import { formatNumber, numberingPlan, possibleNumbers } from './messages/numbering.ts'
import { normaliseMsisdn } from './msisdn.ts'
import type { OperatorFile } from './operator-file.ts'
import type { Operator } from './operator.ts'

/**
 * The digits of a number as its country writes it: `8 (916) 123-45-67`, `0722 000000`, `+7 916 123-45-67`.
 *
 * `beside` is the number of somebody concerned, in whose country it is written. Without one, a number is read only where
 * it shows its country or its prefix, and where all operators' countries that can read it agree.
 * @throws {LabError} badInput — no number, or one that may be several, naming the field
 */
export function readNumberFor(
  operator: Pick<Operator, 'operators' | 'account'>,
  asked: { readonly text: unknown; readonly field: string; readonly beside?: string | undefined },
): string {
  const { text, field, beside } = asked
  const written = typeof text === 'string' ? normaliseMessage(text) : ''
  const digits = written.replaceAll(/\D/g, '')
  if (written === '' || written.startsWith('+') || operator.operators.ofNumber(digits)) {
    return normaliseMsisdn(written || text, field)
  }
  const file = beside === undefined ? undefined : fileOfNumber(operator, beside)
  const found = file
    ? possibleNumbers(written, numberingPlan(file.country, [file.ranges.msisdn]))
    : withPrefixes(operator, written)
  if (found.size === 0) return normaliseMsisdn(written, field)
  const isAccount = E164.test(digits) && operator.account({ msisdn: digits }) !== undefined
  const [msisdn, ...others] = new Set([...found, ...(isAccount ? [digits] : [])])
  if (msisdn !== undefined && others.length === 0) return msisdn
  const meant = [msisdn ?? digits, ...others].map(formatNumber).join(' or ')
  throw new LabError('badInput', `${field} may be ${meant}: write it with + and its country code`, {
    field,
    reason: 'ambiguousNumber',
  })
}

const E164 = /^[1-9]\d{4,14}$/

/** The file of a number's operator: of its account, or else of whose range it is. */
export function fileOfNumber(
  { operators, account }: Pick<Operator, 'operators' | 'account'>,
  msisdn: string,
): OperatorFile | undefined {
  const id = account({ msisdn })?.operator
  return id === undefined ? operators.ofNumber(msisdn) : operators.find(id)
}

/** What a number may be with its country unknown; one without any prefix may be anything. */
function withPrefixes(
  { operators }: Pick<Operator, 'operators'>,
  written: string,
): ReadonlySet<string> {
  const countries = new Set(operators.list().map(({ country }) => country))
  return new Set(
    [...countries].flatMap((country) => {
      const { bare: _bare, ...plan } = numberingPlan(country)
      return [...possibleNumbers(written, plan)]
    }),
  )
}
