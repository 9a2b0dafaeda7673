/** Amounts of data as people type them at a shell, whatever keyboard they have. */

import { LabError } from '../base/errors.ts'
import { amountFromText } from '../operator/amount.ts'

/** Cyrillic letters of `МБ`, `ГиБ`, `ТБ`. */
const LATIN: Readonly<Record<string, string>> = {
  К: 'K',
  М: 'M',
  Г: 'G',
  Т: 'T',
  Б: 'B',
  И: 'i',
}

/**
 * Bytes of `5GB`, `1,5 ГБ`, `３００MB`, `1GiB` or `1000` (bytes); KB to TB follow the operator's gigabyte.
 * @throws {LabError} badInput — another form, an amount that may be read in two ways, a part of a byte, or too much
 */
export function amountOf(
  typed: string,
  options: { readonly field?: string; readonly gigabyteBytes?: number } = {},
): bigint {
  const text = typed
    .normalize('NFKC')
    .replaceAll(/[КМГТБИ]/giu, (letter) => LATIN[letter.toUpperCase()] ?? letter)
  const [, whole = '', fraction = ''] = /^\s*([0-9]+),([0-9]+)/.exec(text) ?? []
  if (fraction.length === 3 && whole !== '0') {
    const { field = 'amount' } = options
    const detail = `"${typed}" may mean ${whole}.${fraction} or ${whole}${fraction}: write it with a point, or without the comma.`
    throw new LabError('badInput', detail, { field, reason: 'ambiguousAmount' })
  }
  return amountFromText(text.replace(/^(\s*[0-9]+),(?=[0-9])/, '$1.'), options)
}
