/** Templates of the grammars, and every way in which a text can be read as one. */

import { assert, LabError } from '../../base/errors.ts'

const SLOTS = [
  'to',
  'from',
  'amount',
  'mb',
  'gb',
  'money',
  'pin',
  'oldPin',
  'newPin',
  'newPinAgain',
  'code',
  'moneyCode',
  'reference',
  'option',
] as const

export type Slot = (typeof SLOTS)[number]

/** One way through a template: what is written, where a space may stand, what is to be read. */
export type Part =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'space' }
  | { readonly kind: 'slot'; readonly slot: Slot }

export type Template = readonly Part[]

/** The text that each slot got. */
export type Captures = ReadonlyMap<Slot, string>

/** More readings than this of one text are not followed: a text with so many is no command. */
export const READINGS_MAX = 256

/** No number, amount or code is longer. */
const SLOT_CHARACTERS_MAX = 40

const TOKEN = /\{(\w+)\}|( +)|([^{}[\]()| ]+)/y

/** All the ways through a template, with its choices made and its optional parts left in, then out. */
export function compileTemplate(source: string): readonly Template[] {
  return expand(source).map((text) => partsOf(text.trim()))
}

/**
 * Every way in which a normalised text fills a template. A slot takes at least one character; a space takes one, or
 * none where letters, digits and Chinese characters meet. Letters are compared as they are: both sides in upper case.
 */
export function readings(text: string, template: Template): readonly Captures[] {
  const found: Captures[] = []
  follow({ text, template, found }, { at: 0, part: 0, captures: [] })
  return found
}

/** Whether a text begins as a template does: with its first word, and then something else or nothing. */
export function beginsAs(text: string, [first]: Template): boolean {
  if (first?.kind !== 'literal' || !text.startsWith(first.text)) return false
  const next = text.charAt(first.text.length)
  return next === '' || kindOf(next) !== kindOf(first.text.slice(-1)) || kindOf(next) === 'other'
}

/** Fills a template; nothing when a slot has no text. */
export function fill(template: Template, texts: Captures): string | undefined {
  const filled = template.map((part) => {
    if (part.kind === 'slot') return texts.get(part.slot)
    return part.kind === 'space' ? ' ' : part.text
  })
  return filled.includes(undefined) ? undefined : filled.join('')
}

/** The slots of a template. */
export function slotsOf(template: Template): readonly Slot[] {
  return template.flatMap((part) => (part.kind === 'slot' ? [part.slot] : []))
}

function expand(source: string): string[] {
  const open = /[[(]/.exec(source)
  if (!open) return [source]
  const end = closing(source, open.index)
  const [before, inner, after] = [
    source.slice(0, open.index),
    source.slice(open.index + 1, end),
    source.slice(end + 1),
  ]
  const choices = open[0] === '[' ? [inner, ''] : inner.split('|')
  return choices.flatMap((choice) => expand(`${before}${choice}${after}`))
}

function closing(source: string, from: number): number {
  let depth = 0
  for (let at = from; at < source.length; at += 1) {
    if ('[('.includes(source.charAt(at))) depth += 1
    if ('])'.includes(source.charAt(at))) depth -= 1
    if (depth === 0) return at
  }
  throw new LabError('internal', `the template "${source}" does not close`)
}

function partsOf(source: string): Template {
  const parts: Part[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const match = TOKEN.exec(source)
    assert(match, `the template "${source}" cannot be read`)
    const [, slot, space, text = ''] = match
    if (slot !== undefined) parts.push({ kind: 'slot', slot: knownSlot(slot) })
    else parts.push(space === undefined ? { kind: 'literal', text } : { kind: 'space' })
  }
  return parts
}

function knownSlot(name: string): Slot {
  const slot = SLOTS.find((known) => known === name)
  assert(slot, `there is no slot {${name}}`)
  return slot
}

interface Search {
  readonly text: string
  readonly template: Template
  readonly found: Captures[]
}

interface Place {
  readonly at: number
  readonly part: number
  readonly captures: readonly (readonly [Slot, string])[]
}

function follow(search: Search, { at, part, captures }: Place): void {
  const { text, template, found } = search
  if (found.length >= READINGS_MAX) return
  const wanted = template[part]
  if (!wanted) {
    if (at === text.length) found.push(new Map(captures))
    return
  }
  if (wanted.kind === 'literal') {
    if (!text.startsWith(wanted.text, at)) return
    follow(search, { at: at + wanted.text.length, part: part + 1, captures })
  } else if (wanted.kind === 'space') {
    const next = afterSpace(text, at)
    if (next !== undefined) follow(search, { at: next, part: part + 1, captures })
  } else {
    for (const end of endsOf(search, { at, part })) {
      const capture = [wanted.slot, text.slice(at, end)] as const
      follow(search, { at: end, part: part + 1, captures: [...captures, capture] })
    }
  }
}

/** Where a slot may end: where what follows it can begin. */
function endsOf(
  { text, template }: Search,
  { at, part }: { readonly at: number; readonly part: number },
): number[] {
  const next = template[part + 1]
  const last = Math.min(text.length, at + SLOT_CHARACTERS_MAX)
  if (!next) return at < text.length && last === text.length ? [last] : []
  const ends: number[] = []
  for (let end = at + 1; end <= last; end += 1) {
    const canEnd =
      next.kind === 'literal'
        ? text.startsWith(next.text, end)
        : afterSpace(text, end) !== undefined
    if (canEnd) ends.push(end)
  }
  return ends
}

/** The place after a space at `at`, or `at` itself where kinds of characters meet, or two of Chinese. */
function afterSpace(text: string, at: number): number | undefined {
  if (text[at] === ' ') return at + 1
  const [before, after] = [kindOf(text.charAt(at - 1)), kindOf(text.charAt(at))]
  if (before === 'han' && after === 'han') return at
  if (text[at] === '+') return before === 'letter' || before === 'han' ? at : undefined
  return before !== after && before !== 'other' && after !== 'other' ? at : undefined
}

type CharacterKind = 'letter' | 'digit' | 'han' | 'other'

function kindOf(character: string): CharacterKind {
  if (character >= '0' && character <= '9') return 'digit'
  if (character < '\u0080') return /^[A-Za-z]$/.test(character) ? 'letter' : 'other'
  if (/^\p{Script=Han}$/u.test(character)) return 'han'
  return /^\p{L}$/u.test(character) ? 'letter' : 'other'
}
