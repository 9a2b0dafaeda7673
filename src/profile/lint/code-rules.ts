/** Rules of PINs and PUKs (TCA eUICC Profile Package §8.4, ETSI TS 102 221 §9.5). */

import { toHex } from '../../base/octets.ts'
import { keyReferenceName } from '../access-words.ts'
import { isDirectory } from '../build-files.ts'
import { PINKeyReferenceValue, PUKKeyReferenceValue } from '../elements/codes.ts'
import type { Directory } from '../image.ts'
import { fileKey } from '../known-files.ts'
import type { Survey } from '../survey.ts'
import { elementsOf, fileName, type ElementOf, type Rule } from './rule.ts'

export const CODE_RULES: readonly Rule[] = [
  {
    id: 'codes-missing',
    severity: 'error',
    *check(survey) {
      const { mf, broken } = survey
      if (!mf || broken) return
      if (elementsOf(survey, 'pinCodes').some(({ directory }) => directory === mf)) return
      yield { text: 'the MF has no PINs. Put a pinCodes element behind the mf element.' }
    },
  },
  {
    id: 'unblock-code-missing',
    severity: 'error',
    *check(survey) {
      for (const pins of elementsOf(survey, 'pinCodes')) {
        for (const pin of configured(pins)) {
          const reference = pin.unblockingPINReference
          if (reference === undefined) continue
          const number = PUKKeyReferenceValue.numberOf(reference)
          const place = unblockPlace(survey, { number, directory: pins.directory })
          if (place !== undefined && place < pins.number) continue
          const todo = place === undefined ? 'Define it before' : `Move element ${place} before it`
          yield {
            at: pins.number,
            text: `unblocks ${pinName(pin.keyReference)} with ${reference}, which is not there yet. ${todo}.`,
          }
        }
      }
    },
  },
  {
    id: 'code-twice',
    severity: 'error',
    *check(survey) {
      for (const pins of elementsOf(survey, 'pinCodes')) {
        const twice = repeatedIn(configured(pins).map(({ keyReference }) => keyReference))
        if (twice !== undefined)
          yield { at: pins.number, text: `defines ${pinName(twice)} twice. Remove one.` }
      }
      for (const { element, number } of elementsOf(survey, 'pukCodes')) {
        const twice = repeatedIn(element.value.pukCodes.map(({ keyReference }) => keyReference))
        if (twice !== undefined) yield { at: number, text: `defines ${twice} twice. Remove one.` }
      }
    },
  },
  {
    id: 'codes-twice',
    severity: 'warning',
    *check(survey) {
      for (const kind of ['pinCodes', 'pukCodes'] as const) {
        const seen = new Set<Directory>()
        for (const { number, directory } of elementsOf(survey, kind)) {
          if (!directory) continue
          if (seen.has(directory))
            yield {
              at: number,
              text: `is the second ${kind} element of ${fileKey(directory)}. Put all its codes into one.`,
            }
          seen.add(directory)
        }
      }
    },
  },
  {
    id: 'code-scope',
    severity: 'warning',
    *check(survey) {
      for (const pins of elementsOf(survey, 'pinCodes')) {
        if (!pins.directory) continue
        const isOfMf = pins.directory.kind === 'mf'
        for (const { keyReference } of configured(pins)) {
          const isLocal = PINKeyReferenceValue.numberOf(keyReference) > 0x7f
          if (isLocal !== isOfMf) continue
          const text = isOfMf
            ? `defines ${pinName(keyReference)} for the MF. Codes of one application belong behind its ADF.`
            : `defines ${pinName(keyReference)} for ${fileKey(pins.directory)}. Codes of the whole card belong to the MF.`
          yield { at: pins.number, text }
        }
      }
    },
  },
  {
    id: 'code-reference',
    severity: 'error',
    *check(survey) {
      for (const pins of elementsOf(survey, 'pinCodes')) {
        for (const { keyReference } of configured(pins)) {
          if (typeof keyReference === 'number')
            yield {
              at: pins.number,
              text: `defines a code by the reference ${keyReference}, which the module does not have.`,
            }
        }
      }
      for (const { element, number } of elementsOf(survey, 'pukCodes')) {
        for (const { keyReference } of element.value.pukCodes) {
          if (typeof keyReference === 'number')
            yield {
              at: number,
              text: `defines a PUK by the reference ${keyReference}, which the module does not have.`,
            }
        }
      }
    },
  },
  {
    id: 'code-tries',
    severity: 'error',
    *check(survey) {
      for (const { number, name, tries } of codesOf(survey)) {
        const max = tries >> 4
        const left = tries & 0x0f
        if (left <= max && max > 0) continue
        yield {
          at: number,
          text: `gives ${name} ${left} of ${max} tries. The high nibble is how many there are, the low one how many are left.`,
        }
      }
    },
  },
  {
    id: 'code-blocked',
    severity: 'warning',
    *check(survey) {
      for (const { number, name, tries } of codesOf(survey)) {
        if ((tries & 0x0f) === 0 && tries >> 4 > 0)
          yield { at: number, text: `gives ${name} no tries: it is blocked from the beginning.` }
      }
    },
  },
  {
    id: 'code-form',
    severity: 'warning',
    *check(survey) {
      for (const { number, name, value, form } of codesOf(survey)) {
        if (form === 'any' || FORMS[form].test(toHex(value))) continue
        const expected = form === 'pin' ? '4 to 8 digits, and FF behind' : '8 digits'
        yield {
          at: number,
          text: `gives ${name} a value that nobody can type; expected ${expected}, one octet each.`,
        }
      }
    },
  },
  {
    id: 'code-path',
    severity: 'error',
    *check(survey) {
      for (const { element, number } of elementsOf(survey, 'pinCodes')) {
        const { filePath } = element.value.pinCodes
        if (!filePath || directoryAt(survey, filePath)) continue
        yield {
          at: number,
          text: `shares the codes of ${toHex(filePath)}, where no directory is. Correct the path, or move it behind that directory.`,
        }
      }
    },
  },
  {
    id: 'pin-status-undefined',
    severity: 'warning',
    *check(survey) {
      for (const file of survey.files) {
        const { made, fcp } = file
        if (!made || !isDirectory(made)) continue
        const known = referencesFor(survey, made)
        for (const reference of fcp.pinStatusTemplateDO ?? []) {
          if (known.has(reference)) continue
          yield {
            at: file.element,
            text: `names ${keyReferenceName(reference)} in the PIN status of ${fileName(file)}, and no pinCodes element defines it there.`,
          }
        }
      }
    },
  },
  {
    id: 'pin-status-coding',
    severity: 'error',
    *check({ files }) {
      for (const file of files) {
        const strange = Array.from(file.fcp.pinStatusTemplateDO ?? []).filter(
          (one) => !isReference(one),
        )
        if (strange.length === 0) continue
        yield {
          at: file.element,
          text: `has the PIN status ${toHex(file.fcp.pinStatusTemplateDO ?? new Uint8Array(0))} in ${fileName(file)}; expected key references, one octet each.`,
        }
      }
    },
  },
]

type Pin = NonNullable<ElementOf<'pinCodes'>['element']['value']['pinCodes']['pinconfig']>[number]

function configured({ element }: ElementOf<'pinCodes'>): readonly Pin[] {
  return element.value.pinCodes.pinconfig ?? []
}

function pinName(reference: Pin['keyReference']): string {
  return keyReferenceName(PINKeyReferenceValue.numberOf(reference))
}

interface AnyCode {
  readonly number: number
  readonly name: string
  readonly value: Uint8Array
  readonly tries: number
  readonly form: 'pin' | 'puk' | 'any'
}

const FORMS = { pin: /^(3[0-9]){4,8}(FF)*$/, puk: /^(3[0-9]){8}$/ } as const

function* codesOf(survey: Survey): Generator<AnyCode> {
  for (const pins of elementsOf(survey, 'pinCodes')) {
    for (const { keyReference, pinValue, maxNumOfAttempsRetryNumLeft } of configured(pins)) {
      const isUsers = (PINKeyReferenceValue.numberOf(keyReference) & 0x7f) <= 8
      yield {
        number: pins.number,
        name: pinName(keyReference),
        value: pinValue,
        tries: maxNumOfAttempsRetryNumLeft,
        form: isUsers ? 'pin' : 'any',
      }
    }
  }
  for (const { element, number } of elementsOf(survey, 'pukCodes')) {
    for (const { keyReference, pukValue, maxNumOfAttempsRetryNumLeft } of element.value.pukCodes) {
      const name = String(keyReference)
      yield { number, name, value: pukValue, tries: maxNumOfAttempsRetryNumLeft, form: 'puk' }
    }
  }
}

function repeatedIn<T>(items: readonly T[]): T | undefined {
  return items.find((item, at) => items.indexOf(item) < at)
}

/** The element that defines the PUK for the directory or one above it, as early as possible. */
function unblockPlace(
  survey: Survey,
  puk: { readonly number: number; readonly directory: Directory | undefined },
): number | undefined {
  return elementsOf(survey, 'pukCodes').find(
    ({ element, directory }) =>
      isWithin(puk.directory, directory) &&
      element.value.pukCodes.some(
        ({ keyReference }) => PUKKeyReferenceValue.numberOf(keyReference) === puk.number,
      ),
  )?.number
}

function isWithin(directory: Directory | undefined, above: Directory | undefined): boolean {
  for (let at = directory; at; at = at.parent) if (at === above) return true
  return false
}

function directoryAt({ mf }: Survey, path: Uint8Array): Directory | undefined {
  let at: Directory | undefined = mf
  for (let place = 0; place < path.length && at; place += 2) {
    const id = (path[place] as number) * 256 + (path[place + 1] ?? 0)
    if (place === 0 && id === 0x3f00) continue
    at = at.files.filter(isDirectory).find(({ fileId }) => fileId === id)
  }
  return at
}

/** Codes of the card, of the directory and those above it, and what it shares with another. */
function referencesFor(survey: Survey, directory: Directory): ReadonlySet<number> {
  const references = new Set<number>()
  for (const pins of elementsOf(survey, 'pinCodes')) {
    if (pins.directory?.kind !== 'mf' && !isWithin(directory, pins.directory)) continue
    for (const { keyReference } of configured(pins)) {
      references.add(PINKeyReferenceValue.numberOf(keyReference))
    }
    const shared = pins.element.value.pinCodes.filePath
    const other = shared && directoryAt(survey, shared)
    if (!other || other === directory) continue
    for (const theirs of elementsOf(survey, 'pinCodes')) {
      if (theirs.directory !== other) continue
      for (const { keyReference } of configured(theirs)) {
        references.add(PINKeyReferenceValue.numberOf(keyReference))
      }
    }
  }
  return references
}

function isReference(octet: number): boolean {
  const number = octet & 0x7f
  return (number >= 1 && number <= 8) || (number >= 0x0a && number <= 0x0e) || octet === 0x11
}
