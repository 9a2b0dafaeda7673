/** What a request under way knows of its reader: how numbers are written there, and which language is read. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Language } from '../../operator/messages/texts/languages.ts'
import { normaliseMsisdn } from '../../operator/msisdn.ts'
import type { OperatorFile } from '../../operator/operator-file.ts'
import type { Operator } from '../../operator/operator.ts'
import { fileOfNumber, readNumberFor } from '../../operator/reading-numbers.ts'
import { refusalIn, type ToldRefusal } from './language.ts'

/** The reader of one request. */
export interface RequestReader {
  readNumber(text: unknown, field: string): string
  /** A refusal in the reader's language; its own English text unless another was asked for. */
  wordsOf(refusal: ToldRefusal): string
  /** The language of what was said so far. */
  readonly language: Language
}

const readers = new AsyncLocalStorage<RequestReader>()

/** Does a request's work for its reader. */
export function readingFor<T>(reader: RequestReader, work: () => T): T {
  return readers.run(reader, work)
}

/** The digits of a number that came with the request under way. @throws {LabError} badInput — naming the field */
export function readMsisdn(text: unknown, field: string): string {
  const reader = readers.getStore()
  return reader ? reader.readNumber(text, field) : normaliseMsisdn(text, field)
}

/** A refusal in the language of whoever asks. */
export function wordsOf(refusal: ToldRefusal): string {
  return readers.getStore()?.wordsOf(refusal) ?? refusal.text
}

/** The language of the answer to the request under way. */
export function languageSpoken(): Language {
  return readers.getStore()?.language ?? 'en'
}

/**
 * The reader of a request. A subscriber writes numbers as at home; where staff ask, the first number of a request says in
 * which country the others are written.
 */
export function requestReader(
  operator: Pick<Operator, 'operators' | 'account'>,
  by: { readonly own?: string | undefined; readonly language?: Language } = {},
): RequestReader {
  const { own, language = 'en' } = by
  let beside = own
  let other: string | undefined
  let spoken: Language = 'en'
  const file = (): OperatorFile =>
    (beside === undefined ? undefined : fileOfNumber(operator, beside)) ??
    operator.operators.default
  return {
    readNumber(text, field) {
      const msisdn = readNumberFor(operator, { text, field, beside })
      beside ??= msisdn
      if (msisdn !== beside) other = msisdn
      return msisdn
    },
    wordsOf(refusal) {
      if (language === 'en') return refusal.text
      const words = refusalIn(language, { refusal, file: file(), to: other })
      if (words !== undefined) spoken = language
      return words ?? refusal.text
    },
    get language() {
      return spoken
    },
  }
}
