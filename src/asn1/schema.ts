/**
 * Declares a message once: the ASN.1 text in the doc comment, and beside it one value that is type, encoder and decoder.
 *
 * ```ts
 * // SmdpSigned2 ::= SEQUENCE { transactionId [0] TransactionId, ccRequiredFlag BOOLEAN }
 * export const SmdpSigned2 = sequence('SmdpSigned2', {
 *   transactionId: implicit(0x80, TransactionId),
 *   ccRequiredFlag: boolean,
 * })
 * export type SmdpSigned2 = Infer<typeof SmdpSigned2>
 * ```
 *
 * Decoding is strict DER. Unknown elements behind the known ones of a SEQUENCE are skipped, as a module with
 * EXTENSIBILITY IMPLIED asks, unless `extensions: 'refuse'` is given.
 */

import { asBuffer, equalOctets, fromUtf8, utf8 } from '../base/octets.ts'
import {
  Asn1Error,
  checkBitString,
  checkBoolean,
  checkDer,
  checkInteger,
  DerWriter,
  dottedOid,
  formatTag,
  readTlv,
  type Tlv,
} from './der.ts'

export interface DecodeOptions {
  /** What to do with unknown elements behind the known ones; `tolerate` unless said otherwise. */
  readonly extensions?: 'tolerate' | 'refuse'
}

/** A type of the module: the tags it may begin with, and how it is read and written. */
export interface Asn1Type<T> {
  readonly name: string
  /** The tags this type may begin with; more than one for a CHOICE. */
  readonly tags: readonly number[]
  readValue(input: ElementInput): T
  /** Writes the whole element, its tag included. */
  write(output: DerWriter, value: T): void
  /** Writes what stands behind tag and length; a CHOICE has no content of its own. */
  writeContent?(output: DerWriter, value: T): void
}

export interface ElementInput {
  readonly octets: Uint8Array
  readonly tlv: Tlv
  readonly options: DecodeOptions
}

/** The TypeScript type of a declaration. */
export type Infer<S> = S extends Asn1Type<infer T> ? T : never

/**
 * Decodes octets that must be exactly one element of the type.
 * @throws {Asn1Error} naming the path of the element that is wrong
 */
export function decode<T>(type: Asn1Type<T>, octets: Uint8Array, options: DecodeOptions = {}): T {
  return inside(type.name, () => {
    const tlv = readTlv(octets, 0)
    if (tlv.end !== octets.length) {
      throw new Asn1Error(`${octets.length - tlv.end} octets behind the end`)
    }
    expectTag(type, tlv.tag)
    return type.readValue({ octets, tlv, options })
  })
}

/** Encodes a value as DER. @throws {Asn1Error} when the value breaks a size or range of the type */
export function encode<T>(type: Asn1Type<T>, value: T): Uint8Array {
  const output = new DerWriter()
  inside(type.name, () => type.write(output, value))
  return output.finish()
}

function expectTag(type: Asn1Type<unknown>, tag: number): void {
  if (type.tags.includes(tag)) return
  throw new Asn1Error(`expected ${type.tags.map(formatTag).join(' or ')}, found ${formatTag(tag)}`)
}

function inside<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof Asn1Error && name !== '' ? error.within(name) : error
  }
}

function valueOf(input: ElementInput): Uint8Array {
  return input.octets.subarray(input.tlv.valueStart, input.tlv.end)
}

interface PrimitiveSpec<T> {
  readonly name?: string
  readonly tag: number
  read(value: Uint8Array): T
  /** The content octets of a value. */
  toOctets(value: T): Uint8Array
}

function primitive<T>(spec: PrimitiveSpec<T>): Asn1Type<T> {
  return {
    name: spec.name ?? '',
    tags: [spec.tag],
    readValue: (input) => spec.read(valueOf(input)),
    ...written<T>(spec.tag, (output, value) => output.octets(spec.toOctets(value))),
  }
}

function written<T>(
  tag: number,
  writeContent: (output: DerWriter, value: T) => void,
): Required<Pick<Asn1Type<T>, 'write' | 'writeContent'>> {
  return {
    writeContent,
    write(output, value) {
      const mark = output.length
      writeContent(output, value)
      output.header(tag, mark)
    },
  }
}

export interface SizeLimits {
  readonly min?: number
  readonly max?: number
}

/** OCTET STRING with an optional SIZE in octets. */
export function octetString(size: SizeLimits = {}): Asn1Type<Uint8Array> {
  const checked = (octets: Uint8Array): Uint8Array => {
    checkSize(octets.length, size)
    return octets
  }
  return primitive({ tag: 0x04, read: checked, toOctets: checked })
}

/** UTF8String with an optional SIZE in characters. */
export function utf8String(size: SizeLimits = {}): Asn1Type<string> {
  const checked = (text: string): string => {
    checkSize([...text].length, size)
    return text
  }
  return primitive({
    tag: 0x0c,
    read(value) {
      const text = fromUtf8(value)
      if (text === undefined) throw new Asn1Error('UTF8String is not UTF-8')
      return checked(text)
    },
    toOctets: (text) => utf8(checked(text)),
  })
}

function checkSize(length: number, { min = 0, max = Infinity }: SizeLimits): void {
  if (length >= min && length <= max) return
  throw new Asn1Error(
    min === max
      ? `expected size ${min}, found ${length}`
      : `size ${length} is not in ${min} to ${max}`,
  )
}

/** BOOLEAN. */
export const boolean: Asn1Type<boolean> = primitive({
  tag: 0x01,
  read(value) {
    checkBoolean(value)
    return value[0] === 0xff
  },
  toOctets: (value) => Uint8Array.of(value ? 0xff : 0x00),
})

/** NULL. */
export const nothing: Asn1Type<null> = primitive({
  tag: 0x05,
  read(value) {
    if (value.length > 0) throw new Asn1Error('NULL with content')
    return null
  },
  toOctets: () => new Uint8Array(0),
})

const INTEGER_OCTETS_MAX = 6

/** INTEGER as a `number`; wider ones than 48 bits are refused, no message of SGP.22 has them. */
export const integer: Asn1Type<number> = primitive({
  tag: 0x02,
  read: readInteger,
  toOctets: integerOctets,
})

function readInteger(value: Uint8Array): number {
  checkInteger(value)
  if (value.length > INTEGER_OCTETS_MAX) throw new Asn1Error('INTEGER wider than 48 bits')
  return asBuffer(value).readIntBE(0, value.length)
}

function integerOctets(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) throw new Asn1Error(`not an integer: ${value}`)
  for (let length = 1; length <= INTEGER_OCTETS_MAX; length++) {
    const half = 2 ** (8 * length - 1)
    if (value < -half || value >= half) continue
    const octets = Buffer.alloc(length)
    octets.writeIntBE(value, 0, length)
    return octets
  }
  throw new Asn1Error('INTEGER wider than 48 bits')
}

/** INTEGER with names: a known value reads as its name, an unknown one stays a number. */
export function namedInteger<const N extends Readonly<Record<string, number>>>(
  names: N,
): NamedInteger<N> {
  type Name = Extract<keyof N, string>
  const byValue = new Map(Object.entries(names).map(([name, value]) => [value, name as Name]))
  const numberOf = (value: Name | number): number =>
    typeof value === 'number' ? value : (names[value] as number)
  const type = primitive<Name | number>({
    tag: 0x02,
    read(octets) {
      const value = readInteger(octets)
      return byValue.get(value) ?? value
    },
    toOctets: (value) => integerOctets(numberOf(value)),
  })
  const isName = (text: string): text is Name => Object.hasOwn(names, text)
  return { ...type, numberOf, isName }
}

/** An INTEGER with names, which also tells the number behind a name, and what is a name. */
export interface NamedInteger<N extends Readonly<Record<string, number>>> extends Asn1Type<
  Extract<keyof N, string> | number
> {
  numberOf(value: Extract<keyof N, string> | number): number
  isName(text: string): text is Extract<keyof N, string>
}

/** BIT STRING as its bits, first bit first. */
export const bitString: Asn1Type<readonly boolean[]> = primitive({
  tag: 0x03,
  read: readBits,
  toOctets: bitOctets,
})

/** The longest of SGP.22 and of profile packages have a few octets. */
const BIT_STRING_OCTETS_MAX = 1024

function readBits(value: Uint8Array): boolean[] {
  checkBitString(value)
  if (value.length > BIT_STRING_OCTETS_MAX) throw new Asn1Error('BIT STRING too long')
  const count = (value.length - 1) * 8 - (value[0] as number)
  return Array.from({ length: count }, (_, at) => {
    const octet = value[1 + (at >> 3)] as number
    return (octet & (0x80 >> (at & 7))) !== 0
  })
}

function bitOctets(bits: readonly boolean[]): Uint8Array {
  const octets = Buffer.alloc(1 + Math.ceil(bits.length / 8))
  octets[0] = (8 - (bits.length % 8)) % 8
  for (const [at, bit] of bits.entries()) {
    const index = 1 + (at >> 3)
    if (bit) octets[index] = (octets[index] as number) | (0x80 >> (at & 7))
  }
  return octets
}

/** BIT STRING with named bits, as the names that are set; bits without a name are not kept. */
export function namedBits<const N extends Readonly<Record<string, number>>>(
  names: N,
): Asn1Type<readonly Extract<keyof N, string>[]> {
  type Name = Extract<keyof N, string>
  const entries = Object.entries(names) as [Name, number][]
  return primitive<readonly Name[]>({
    tag: 0x03,
    read(octets) {
      const bits = readBits(octets)
      return entries.filter(([, at]) => bits[at]).map(([name]) => name)
    },
    toOctets(set) {
      const places = set.map((name) => names[name] as number)
      const length = Math.max(-1, ...places) + 1
      return bitOctets(Array.from({ length }, (_, at) => places.includes(at)))
    },
  })
}

/** OBJECT IDENTIFIER in dotted form. */
export const objectIdentifier: Asn1Type<string> = primitive({
  tag: 0x06,
  read: dottedOid,
  toOctets: oidOctets,
})

/** The second arc under 0 and 1 is at most 39: the first two share one number (X.690 §8.19.4). */
const DOTTED_OID = /^(?:[01]\.[1-3]?[0-9]|2\.(?:0|[1-9][0-9]*))(?:\.(?:0|[1-9][0-9]*))*$/

function oidOctets(dotted: string): Uint8Array {
  if (!DOTTED_OID.test(dotted)) {
    throw new Asn1Error(`not an OBJECT IDENTIFIER: ${dotted}`)
  }
  const [root = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt)
  const octets = [root * 40n + second, ...rest].flatMap((arc) => {
    const groups = [Number(arc & 0x7fn)]
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80)
    return groups
  })
  return Uint8Array.from(octets)
}

/** An element that is passed on as it came, tag and length included once it is seen to be DER. */
export function opaque(name: string, tag: number): Asn1Type<Uint8Array> {
  return {
    name,
    tags: [tag],
    readValue({ octets, tlv }) {
      const element = octets.subarray(tlv.start, tlv.end)
      checkDer(element)
      return element
    },
    write(output, value) {
      if (readTlv(value, 0).tag !== tag) throw new Asn1Error(`expected ${formatTag(tag)}`)
      output.octets(value)
    },
  }
}

/** A decoded value together with the octets that arrived: what a signature is verified over. */
export interface Signed<T> {
  readonly raw: Uint8Array
  readonly value: T
}

export interface SignedType<T> extends Asn1Type<Signed<T>> {
  readonly inner: Asn1Type<T>
}

/** A signed object: decoding keeps its octets, encoding writes them back untouched. */
export function signed<T>(type: Asn1Type<T>): SignedType<T> {
  return {
    inner: type,
    name: type.name,
    tags: type.tags,
    readValue: (input) => ({
      raw: input.octets.subarray(input.tlv.start, input.tlv.end),
      value: type.readValue(input),
    }),
    write: (output, value) => output.octets(value.raw),
  }
}

/** Encodes a value once, to be signed and sent as it stands. */
export function seal<T>(type: SignedType<T>, value: T): Signed<T> {
  return { raw: encode(type.inner, value), value }
}

/** The type under another tag, which replaces its own (IMPLICIT). The tag's constructed bit must be the type's. */
export function implicit<T>(tag: number, type: Asn1Type<T>): Asn1Type<T> {
  const { writeContent } = type
  if (!writeContent) throw new Asn1Error(`${type.name} cannot be tagged implicitly`)
  return {
    name: type.name,
    tags: [tag],
    readValue: (input) => type.readValue(input),
    ...written<T>(tag, (output, value) => writeContent(output, value)),
  }
}

/** The type within another element (EXPLICIT): how every CHOICE is tagged. */
export function explicit<T>(tag: number, type: Asn1Type<T>): Asn1Type<T> {
  return {
    name: type.name,
    tags: [tag],
    readValue({ octets, tlv, options }) {
      const inner = readTlv(octets, tlv.valueStart, tlv.end)
      if (inner.end !== tlv.end) throw new Asn1Error(`more than one element in ${formatTag(tag)}`)
      expectTag(type, inner.tag)
      return type.readValue({ octets, tlv: inner, options })
    },
    write(output, value) {
      const mark = output.length
      type.write(output, value)
      output.header(tag, mark)
    },
  }
}

/** SEQUENCE OF. */
export function sequenceOf<T>(type: Asn1Type<T>, size: SizeLimits = {}): Asn1Type<readonly T[]> {
  return {
    name: '',
    tags: [0x30],
    readValue({ octets, tlv, options }) {
      const items: T[] = []
      for (let at = tlv.valueStart; at < tlv.end;) {
        const item = readTlv(octets, at, tlv.end)
        inside(`${type.name}[${items.length}]`, () => {
          expectTag(type, item.tag)
          items.push(type.readValue({ octets, tlv: item, options }))
        })
        at = item.end
      }
      checkSize(items.length, size)
      return items
    },
    ...written<readonly T[]>(0x30, (output, items) => {
      checkSize(items.length, size)
      for (let at = items.length - 1; at >= 0; at--) type.write(output, items[at] as T)
    }),
  }
}

/** A component that may be absent. */
export interface OptionalComponent<T> {
  readonly optional: Asn1Type<T>
}

/** A component that, when absent, has a value; it is not written when it has that value (X.690 §11.5). */
export interface DefaultedComponent<T> {
  readonly defaulted: Asn1Type<T>
  readonly value: T
}

export function optional<T>(type: Asn1Type<T>): OptionalComponent<T> {
  return { optional: type }
}

export function defaulted<T>(type: Asn1Type<T>, value: T): DefaultedComponent<T> {
  return { defaulted: type, value }
}

type Component = Asn1Type<unknown> | OptionalComponent<unknown> | DefaultedComponent<unknown>
type Components = Readonly<Record<string, Component>>
type OptionalKeys<C> = {
  [K in keyof C]: C[K] extends OptionalComponent<unknown> ? K : never
}[keyof C]
type ComponentValue<C> =
  C extends OptionalComponent<infer T>
    ? T
    : C extends DefaultedComponent<infer T>
      ? T
      : C extends Asn1Type<infer T>
        ? T
        : never

/** The object type of a SEQUENCE's components. */
export type SequenceValue<C> = {
  readonly [K in Exclude<keyof C, OptionalKeys<C>>]: ComponentValue<C[K]>
} & { readonly [K in OptionalKeys<C>]?: ComponentValue<C[K]> | undefined }

interface Slot {
  readonly key: string
  readonly type: Asn1Type<unknown>
  readonly kind: 'required' | 'optional' | 'defaulted'
  readonly fallback: unknown
}

/** SEQUENCE of named components in order. */
export function sequence<const C extends Components>(
  name: string,
  components: C,
): Asn1Type<SequenceValue<C>> {
  const slots = Object.entries(components).map(([key, component]) => toSlot(key, component))
  return {
    name,
    tags: [0x30],
    readValue: (input) => readSequence(slots, input) as SequenceValue<C>,
    ...written<SequenceValue<C>>(0x30, (output, value) => {
      writeSlots({ output, slots, value: value as Readonly<Record<string, unknown>> })
    }),
  }
}

function toSlot(key: string, component: Component): Slot {
  if ('optional' in component) {
    return { key, type: component.optional, kind: 'optional', fallback: undefined }
  }
  if ('defaulted' in component) {
    return { key, type: component.defaulted, kind: 'defaulted', fallback: component.value }
  }
  return { key, type: component, kind: 'required', fallback: undefined }
}

function readSequence(slots: readonly Slot[], input: ElementInput): Record<string, unknown> {
  const { octets, options } = input
  const { end } = input.tlv
  const value: Record<string, unknown> = {}
  let at = input.tlv.valueStart
  let tlv = at < end ? readTlv(octets, at, end) : undefined
  for (const slot of slots) {
    if (tlv && slot.type.tags.includes(tlv.tag)) {
      const found = tlv
      value[slot.key] = inside(slot.key, () => slot.type.readValue({ octets, tlv: found, options }))
      at = found.end
      tlv = at < end ? readTlv(octets, at, end) : undefined
    } else if (slot.kind === 'required') {
      throw missing(slot, tlv)
    } else if (slot.kind === 'defaulted') value[slot.key] = slot.fallback
  }
  if (tlv) checkExtensions({ octets, from: at, to: end, slots, options })
  return value
}

function missing(slot: Slot, found: Tlv | undefined): Asn1Error {
  const expected = slot.type.tags.map(formatTag).join(' or ')
  const instead = found ? `, found ${formatTag(found.tag)}` : ''
  return new Asn1Error(`missing ${expected}${instead}`, [slot.key])
}

/** What follows the known components must be well formed and must not be a known component out of its place. */
function checkExtensions(rest: {
  readonly octets: Uint8Array
  readonly from: number
  readonly to: number
  readonly slots: readonly Slot[]
  readonly options: DecodeOptions
}): void {
  for (let at = rest.from; at < rest.to;) {
    const tlv = readTlv(rest.octets, at, rest.to)
    const misplaced = rest.slots.find((slot) => slot.type.tags.includes(tlv.tag))
    if (misplaced) {
      throw new Asn1Error(`${formatTag(tlv.tag)} is doubled or out of order`, [misplaced.key])
    }
    if (rest.options.extensions === 'refuse') {
      throw new Asn1Error(`unknown element ${formatTag(tlv.tag)}`)
    }
    at = tlv.end
  }
}

function writeSlots(work: {
  readonly output: DerWriter
  readonly slots: readonly Slot[]
  readonly value: Readonly<Record<string, unknown>>
}): void {
  for (let at = work.slots.length - 1; at >= 0; at--) {
    const slot = work.slots[at] as Slot
    const component = work.value[slot.key]
    if (component === undefined) {
      if (slot.kind === 'required') throw new Asn1Error('no value', [slot.key])
      continue
    }
    if (slot.kind === 'defaulted' && isSame(component, slot.fallback)) continue
    inside(slot.key, () => slot.type.write(work.output, component))
  }
}

function isSame(value: unknown, fallback: unknown): boolean {
  if (value instanceof Uint8Array && fallback instanceof Uint8Array) {
    return equalOctets(value, fallback)
  }
  return value === fallback
}

type Alternatives = Readonly<Record<string, Asn1Type<unknown>>>

/** The value of a CHOICE: exactly one of its alternatives under its name. */
export type ChoiceValue<A> = {
  [K in keyof A]: {
    readonly [P in K]: A[K] extends Asn1Type<infer T> ? T : never
  } & { readonly [P in Exclude<keyof A, K>]?: undefined }
}[keyof A]

/** CHOICE of named alternatives. */
export function choice<const A extends Alternatives>(
  name: string,
  alternatives: A,
): Asn1Type<ChoiceValue<A>> {
  const entries = Object.entries(alternatives)
  return {
    name,
    tags: entries.flatMap(([, type]) => type.tags),
    readValue(input) {
      const entry = entries.find(([, type]) => type.tags.includes(input.tlv.tag))
      if (!entry) throw new Asn1Error(`no alternative ${formatTag(input.tlv.tag)}`)
      const [key, type] = entry
      return { [key]: inside(key, () => type.readValue(input)) } as ChoiceValue<A>
    },
    write(output, value) {
      const entry = entries.find(
        ([key]) => (value as Readonly<Record<string, unknown>>)[key] !== undefined,
      )
      if (!entry) throw new Asn1Error('no alternative has a value')
      const [key, type] = entry
      inside(key, () => type.write(output, (value as Readonly<Record<string, unknown>>)[key]))
    },
  }
}
