/** Values of an operator's file that are more than a JSON value: amounts of data, money, text by language. */

import type { JsonFields } from '../../base/json-fields.ts'
import { LabError } from '../../base/errors.ts'
import { AMOUNT_MAX_BYTES } from '../../store/ledger.ts'
import { amountFromText } from '../amount.ts'
import type { LocalText, RuleSource, Trust } from './types.ts'

/** What the texts of a file are measured in. */
export interface FileUnits {
  readonly gigabyteBytes: number
  /** Digits behind the point of the currency: 2 for roubles and kopecks, 0 for yen. */
  readonly minorDigits: number
}

export const LANGUAGE_TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/

const TRUSTS: readonly Trust[] = ['A', 'B', 'C', 'D', 'I', 'U']
const MONEY = /^(?:0|[1-9][0-9]{0,11})(?:\.([0-9]{1,4}))?$/

/** Bytes of "500 MB", more than none; `unlimited` is the largest amount that there is. */
export function readAmount(
  fields: JsonFields,
  at: { readonly name: string; readonly units: FileUnits },
): bigint {
  const expected = 'an amount of data, such as "500 MB", "1 GB" or "unlimited"'
  const text = fields.text(at.name, { maxOctets: 40, expected })
  const amountBytes = text === 'unlimited' ? AMOUNT_MAX_BYTES : amountOf(text, at.units)
  return amountBytes > 0n ? amountBytes : fields.refuse(at.name, `${expected}, more than 0 bytes`)
}

/** Minor units of "199" or "0.50". */
export function readMoney(
  fields: JsonFields,
  at: { readonly name: string; readonly units: FileUnits },
): bigint {
  const { minorDigits } = at.units
  const expected = `an amount of money as text, such as "50", with at most ${minorDigits} digits behind the point`
  const text = fields.text(at.name, { pattern: MONEY, expected })
  const [whole = '', fraction = ''] = text.split('.')
  if (fraction.length > minorDigits) fields.refuse(at.name, expected)
  return BigInt(whole + fraction.padEnd(minorDigits, '0'))
}

/** A text for each language that is there. */
export function readLocalText(fields: JsonFields): LocalText {
  const languages = fields.names()
  for (const language of languages) {
    if (!LANGUAGE_TAG.test(language)) fields.refuse(language, 'a language tag such as "en"')
  }
  return Object.fromEntries(languages.map((tag) => [tag, fields.text(tag, { maxOctets: 1000 })]))
}

/** The `source` and the `trust` of what stands beside them. */
export function readSource(fields: JsonFields): RuleSource {
  return {
    source: fields.text('source', { expected: 'where the rule was found' }),
    trust: fields.oneOf('trust', TRUSTS),
  }
}

/** The fields of an object that are there, without those that are not. */
export function present<T extends object>(
  fields: T,
): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as { readonly [K in keyof T]?: Exclude<T[K], undefined> }
}

function amountOf(text: string, units: FileUnits): bigint {
  try {
    return amountFromText(text, { gigabyteBytes: units.gigabyteBytes })
  } catch (error) {
    if (error instanceof LabError) return 0n
    throw error
  }
}
