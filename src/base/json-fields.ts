/** Files that people write in JSON: their fields read one by one, and named where they are not what was expected. */

import { LabError } from './errors.ts'

export interface TextRule {
  readonly pattern?: RegExp
  /** What a person should write, as the end of "expected …". */
  readonly expected?: string
  /** Octets in UTF-8; 1000 unless told. */
  readonly maxOctets?: number
}

/** The fields of one JSON object. Whatever is not as expected throws `badInput` with the path of the field. */
export interface JsonFields {
  onlyFields(names: readonly string[]): void
  /** The names of the fields that are there, in the order in which they were written. */
  names(): readonly string[]
  /** The field's text, when it is text and not an object. */
  wordOf(name: string): string | undefined
  child(name: string): JsonFields
  /** What `read` makes of a field that is there. */
  maybe<T>(name: string, read: () => T): T | undefined
  /** Not empty, unless a pattern lets it be. */
  text(name: string, rule: TextRule): string
  integer(name: string, range: { readonly min: number; readonly max: number }): number
  flag(name: string): boolean | undefined
  oneOf<T extends string | number | boolean>(name: string, values: readonly T[]): T
  /** Some of the values, at least one. */
  choices<T extends string>(name: string, values: readonly T[]): readonly T[]
  /** Texts, at least one. */
  texts(name: string, rule: TextRule): readonly string[]
  list<T>(name: string, read: (value: unknown, path: string) => T): readonly T[]
  refuse(name: string, expected: string): never
}

const TEXT_OCTETS_MAX = 1000

/**
 * The fields of a value that must be an object. The path of a whole file is what the file is, without an end.
 * @throws {LabError} badInput — it is none
 */
export function jsonFields(
  json: unknown,
  at: { readonly path: string; readonly isWhole?: boolean },
): JsonFields {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return refuseJson(at.path, 'an object')
  }
  const values = json as Readonly<Record<string, unknown>>
  const pathOf = (name: string): string => (at.isWhole ? name : `${at.path}.${name}`)
  const refuse = (name: string, expected: string): never => refuseJson(pathOf(name), expected)
  const self: JsonFields = {
    refuse,
    onlyFields(names) {
      for (const name of Object.keys(values)) {
        if (!names.includes(name)) refuseName(pathOf(name), { name, names })
      }
    },
    names: () => Object.keys(values),
    wordOf: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
    child: (name) => jsonFields(values[name], { path: pathOf(name) }),
    maybe: (name, read) => (values[name] === undefined ? undefined : read()),
    text: (name, rule) => checkText(values[name], { ...rule, path: pathOf(name) }),
    integer(name, { min, max }) {
      const value = Number.isSafeInteger(values[name]) ? Number(values[name]) : NaN
      if (value >= min && value <= max) return value
      return refuse(name, min === max ? String(min) : `a whole number from ${min} to ${max}`)
    },
    flag: (name) => self.maybe(name, () => self.oneOf(name, [true, false])),
    oneOf: (name, allowed) => checkOneOf(values[name], { allowed, path: pathOf(name) }),
    choices(name, allowed) {
      const found = self.list(name, (value, path) => checkOneOf(value, { allowed, path }))
      return found.length > 0 ? found : refuse(name, `some of ${allowed.join(', ')}`)
    },
    texts(name, rule) {
      const found = self.list(name, (value, path) => checkText(value, { ...rule, path }))
      return found.length > 0 ? found : refuse(name, 'a list that is not empty')
    },
    list(name, read) {
      const found = values[name]
      if (!Array.isArray(found)) return refuse(name, 'a list')
      return found.map((value, index) => read(value, `${pathOf(name)}[${index}]`))
    },
  }
  return self
}

/** Names what may have been meant first. @throws {LabError} badInput, always */
function refuseName(
  field: string,
  of: { readonly name: string; readonly names: readonly string[] },
) {
  const most = Math.min(2, Math.floor(of.name.length / 3))
  const near = of.names.filter(
    (known) => distance(known.toLowerCase(), of.name.toLowerCase()) <= most,
  )
  const meant = near.length > 0 ? ` (${near.join(' or ')}?)` : ''
  const text = `${field}: there is no such field${meant}; there are ${of.names.join(', ')}`
  throw new LabError('badInput', text, { field })
}

/** How many letters must be put in, left out or changed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (const [at, letter] of [...a].entries()) {
    const next = [at + 1]
    for (const [to, other] of [...b].entries()) {
      const changed = (row[to] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(changed, (row[to + 1] ?? 0) + 1, (next[to] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** @throws {LabError} badInput, always */
export function refuseJson(field: string, expected: string): never {
  throw new LabError('badInput', `${field}: expected ${expected}`, { field })
}

function checkText(value: unknown, rule: TextRule & { readonly path: string }): string {
  const { pattern = /./s, maxOctets = TEXT_OCTETS_MAX } = rule
  if (typeof value === 'string' && Buffer.byteLength(value) <= maxOctets && pattern.test(value)) {
    return value
  }
  return refuseJson(rule.path, rule.expected ?? `text of 1 to ${maxOctets} octets`)
}

function checkOneOf<T extends string | number | boolean>(
  value: unknown,
  of: { readonly allowed: readonly T[]; readonly path: string },
): T {
  return of.allowed.find((known) => known === value) ?? refuseJson(of.path, of.allowed.join(', '))
}
