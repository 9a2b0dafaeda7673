/** Rules of the package as a whole: its frame, and what no card may know (TCA eUICC Profile Package §8.1, §8.2, §8.10). */

import { encodeElement, isSupportedElement, reencodePackage } from '../elements.ts'
import { elementsOf, headerOf, type Problem, type Rule } from './rule.ts'

export const FRAME_RULES: readonly Rule[] = [
  {
    id: 'unreadable-element',
    severity: 'error',
    *check({ broken }) {
      if (!broken) return
      yield {
        at: broken.number,
        text: `cannot be read: ${broken.problem}. Nothing behind it was looked at.`,
      }
    },
  },
  {
    id: 'header-first',
    severity: 'error',
    *check({ elements }) {
      const [first] = elements
      if (!first || first.element.kind === 'header') return
      yield { at: 0, text: 'comes first. A package begins with its header.' }
    },
  },
  {
    id: 'one-header',
    severity: 'error',
    *check(survey) {
      for (const { number } of elementsOf(survey, 'header').slice(1)) {
        yield { at: number, text: 'is a second header. Remove it.' }
      }
    },
  },
  {
    id: 'end-last',
    severity: 'error',
    *check({ elements, broken }) {
      if (broken || elements.at(-1)?.element.kind === 'end') return
      if (elements.some(({ element }) => element.kind === 'end')) return
      yield { text: 'the package has no end element. Put one at its end.' }
    },
  },
  {
    id: 'behind-end',
    severity: 'error',
    *check({ elements }) {
      const end = elements.findIndex(({ element }) => element.kind === 'end')
      if (end < 0) return
      for (const { number } of elements.slice(end + 1)) {
        yield { at: number, text: 'stands behind the end. Move it before the end, or remove it.' }
      }
    },
  },
  {
    id: 'master-file',
    severity: 'error',
    *check(survey) {
      const [, ...more] = elementsOf(survey, 'mf')
      for (const { number } of more) yield { at: number, text: 'is a second MF. Remove it.' }
      if (!survey.mf && !survey.broken) {
        yield { text: 'no element makes the master file. Put an mf element behind the header.' }
      }
    },
  },
  {
    id: 'identification-unique',
    severity: 'error',
    *check({ elements }) {
      const first = new Map<number, number>()
      for (const { header, number } of elements) {
        if (!header) continue
        const before = first.get(header.identification)
        if (before === undefined) first.set(header.identification, number)
        else {
          const text = `has the identification ${header.identification} of element ${before}. A status could mean either; give it one of its own.`
          yield { at: number, text }
        }
      }
    },
  },
  {
    id: 'version-known',
    severity: 'error',
    *check(survey) {
      const header = headerOf(survey)
      if (!header) return
      const { majorVersion, minorVersion } = header.element.value
      if (majorVersion === 2 || majorVersion === 3) return
      const text = `says version ${majorVersion}.${minorVersion}. Cards know 2.x and 3.x.`
      yield { at: header.number, text }
    },
  },
  {
    id: 'newer-than-version',
    severity: 'warning',
    *check(survey) {
      const header = headerOf(survey)
      if (!header) return
      const { majorVersion, minorVersion } = header.element.value
      for (const { element, number } of survey.elements) {
        const [major, minor] = ADDED_IN[element.kind] ?? [0, 0]
        if (majorVersion > major || (majorVersion === major && minorVersion >= minor)) continue
        const text = `came with version ${major}.${minor}, and the header says ${majorVersion}.${minorVersion}. Raise the version in the header.`
        yield { at: number, text }
      }
    },
  },
  {
    id: 'unknown-element',
    severity: 'warning',
    *check({ elements }) {
      for (const { element, number, header } of elements) {
        if (isSupportedElement(element)) continue
        const mandated = header?.mandated === null
        const effect = mandated
          ? 'It is mandated, so cards refuse the package'
          : 'Cards leave it out'
        yield { at: number, text: `has no meaning that all cards know. ${effect}; remove it.` }
      }
    },
  },
  {
    id: 'unknown-content',
    severity: 'note',
    *check({ elements }) {
      for (const { element, number } of elements) {
        if (element.kind === 'other' || isExact(element.raw)) continue
        const text =
          'has octets that the module does not tell of: an extension, or a default that is written out, which DER forbids.'
        yield { at: number, text }
      }
    },
  },
  {
    id: 'same-octets',
    severity: 'error',
    *check({ elements }): Iterable<Problem> {
      for (const { element, number } of elements) {
        if (Buffer.compare(encodeElement(element), element.raw) === 0) continue
        yield { at: number, text: 'is not encoded again to the same octets. Please report it.' }
      }
    },
  },
]

/** Versions in which elements first came; of those that came later than 2.1. */
const ADDED_IN: Readonly<Record<string, readonly [number, number]>> = {
  df5gs: [2, 3],
  dfSaip: [2, 3],
  dfSnpn: [3, 0],
  df5gprose: [3, 0],
  iot: [3, 0],
  optIot: [3, 0],
}

function isExact(raw: Uint8Array): boolean {
  return reencodePackage(raw).inexact.length === 0
}
