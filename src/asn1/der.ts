/**
 * DER (ITU-T X.690 §8, §10): one strict pass forwards to read, one pass backwards to write.
 *
 * Tags are numbers that read like the specification's: `0x30`, `0x5F37`, `0xBF38`.
 */

import { concat } from '../base/octets.ts'

/** What is wrong with an encoding, and where: `ServerSigned1.transactionId: missing [80]`. */
export class Asn1Error extends Error {
  override readonly name = 'Asn1Error'
  readonly problem: string
  readonly path: readonly string[]

  constructor(problem: string, path: readonly string[] = []) {
    super(path.length === 0 ? problem : `${path.join('.')}: ${problem}`)
    this.problem = problem
    this.path = path
  }

  /** The same error seen from the type that contains it. */
  within(name: string): Asn1Error {
    return new Asn1Error(this.problem, [name, ...this.path])
  }
}

/** Where one element lies in its octets. */
export interface Tlv {
  readonly tag: number
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

const TAG_OCTETS_MAX = 4
const DEPTH_MAX = 32

/**
 * Reads the tag and length at `at`; the element must end by `limit`.
 * @throws {Asn1Error} truncated, indefinite or not minimal
 */
export function readTlv(octets: Uint8Array, at: number, limit: number = octets.length): Tlv {
  const header = readHeader(octets, at, limit)
  if (header.end > limit) {
    throw new Asn1Error(
      `${formatTag(header.tag)} at offset ${at} says ${header.end - header.valueStart} octets, only ${limit - header.valueStart} are there`,
    )
  }
  return header
}

/** Like `readTlv` for an element whose value may not have arrived yet: `end` may lie behind the octets. */
export function readHeader(octets: Uint8Array, at: number, limit: number = octets.length): Tlv {
  let next = at
  const octet = (): number => {
    if (next >= limit) throw new Asn1Error(`truncated at offset ${next}`)
    return octets[next++] as number
  }
  let tag = octet()
  if ((tag & 0x1f) === 0x1f) tag = readHighTag(tag, octet)
  const length = readLength(octet)
  return { tag, start: at, valueStart: next, end: next + length }
}

function readHighTag(leading: number, octet: () => number): number {
  let tag = leading
  for (let count = 1; count < TAG_OCTETS_MAX; count++) {
    const part = octet()
    if (count === 1 && (part === 0x80 || part < 0x1f)) throw new Asn1Error('tag not minimal')
    tag = tag * 256 + part
    if ((part & 0x80) === 0) return tag
  }
  throw new Asn1Error('tag number too large')
}

function readLength(octet: () => number): number {
  const first = octet()
  if (first < 0x80) return first
  if (first === 0x80) throw new Asn1Error('indefinite length is not DER')
  const count = first & 0x7f
  if (count > 4) throw new Asn1Error('length of more than four octets')
  let length = 0
  for (let at = 0; at < count; at++) {
    const part = octet()
    if (at === 0 && part === 0) throw new Asn1Error('length not minimal')
    length = length * 256 + part
  }
  if (length < 0x80) throw new Asn1Error('length not minimal')
  return length
}

/** Whether a tag's first octet has the bit of a constructed encoding. */
export function isConstructed(tag: number): boolean {
  let leading = tag
  while (leading > 0xff) leading = Math.floor(leading / 256)
  return (leading & 0x20) !== 0
}

/** The tag as the specification prints it, `[BF38]`. */
export function formatTag(tag: number): string {
  const digits = tag.toString(16).toUpperCase()
  return `[${digits.length % 2 === 0 ? digits : `0${digits}`}]`
}

/** The elements that lie directly within `from` … `to`. */
export function* children(octets: Uint8Array, from: number, to: number): Generator<Tlv> {
  for (let at = from; at < to;) {
    const tlv = readTlv(octets, at, to)
    yield tlv
    at = tlv.end
  }
}

/**
 * Checks that the octets are exactly one DER element, all the way down: lengths minimal and definite, universal
 * BOOLEAN, INTEGER, BIT STRING and OBJECT IDENTIFIER in their one allowed form, nothing behind the end.
 * @throws {Asn1Error}
 */
export function checkDer(octets: Uint8Array): void {
  const tlv = readTlv(octets, 0)
  if (tlv.end !== octets.length) {
    throw new Asn1Error(`${octets.length - tlv.end} octets behind the end`)
  }
  checkElement(octets, tlv, 0)
}

function checkElement(octets: Uint8Array, tlv: Tlv, depth: number): void {
  if (depth > DEPTH_MAX) throw new Asn1Error('nested too deeply')
  if (isConstructed(tlv.tag)) {
    for (const child of children(octets, tlv.valueStart, tlv.end)) {
      checkElement(octets, child, depth + 1)
    }
    return
  }
  checkPrimitive(tlv.tag, octets.subarray(tlv.valueStart, tlv.end))
}

function checkPrimitive(tag: number, value: Uint8Array): void {
  if (tag === 0x01) checkBoolean(value)
  else if (tag === 0x02 || tag === 0x0a) checkInteger(value)
  else if (tag === 0x03) checkBitString(value)
  else if (tag === 0x05 && value.length > 0) throw new Asn1Error('NULL with content')
  else if (tag === 0x06) checkOid(value)
  else if (tag === 0x10 || tag === 0x11) throw new Asn1Error('SEQUENCE or SET must be constructed')
}

export function checkBoolean(value: Uint8Array): void {
  if (value.length !== 1 || (value[0] !== 0 && value[0] !== 0xff)) {
    throw new Asn1Error('BOOLEAN must be one octet, 00 or FF')
  }
}

export function checkInteger(value: Uint8Array): void {
  const [first, second = 0] = value
  if (first === undefined) throw new Asn1Error('INTEGER without content')
  const padded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)
  if (value.length > 1 && padded) throw new Asn1Error('INTEGER not minimal')
}

export function checkBitString(value: Uint8Array): void {
  const unused = value[0]
  if (unused === undefined || unused > 7 || (unused > 0 && value.length === 1)) {
    throw new Asn1Error('BIT STRING with a wrong count of unused bits')
  }
  const last = value[value.length - 1] as number
  if (value.length > 1 && (last & ((1 << unused) - 1)) !== 0) {
    throw new Asn1Error('BIT STRING with unused bits set')
  }
}

export function checkOid(value: Uint8Array): void {
  const last = value[value.length - 1]
  if (last === undefined || last >= 0x80) throw new Asn1Error('OBJECT IDENTIFIER cut short')
  for (const [at, octet] of value.entries()) {
    const startsArc = at === 0 || (value[at - 1] as number) < 0x80
    if (startsArc && octet === 0x80) throw new Asn1Error('OBJECT IDENTIFIER not minimal')
  }
}

/** Far more than any identifier in use has; the arithmetic of one long arc would hold everything else up. */
const OID_OCTETS_MAX = 64

/** The dotted form of an OBJECT IDENTIFIER's content. @throws {Asn1Error} malformed, or of more than 64 octets */
export function dottedOid(value: Uint8Array): string {
  if (value.length > OID_OCTETS_MAX) throw new Asn1Error('OBJECT IDENTIFIER too long')
  checkOid(value)
  const arcs: bigint[] = []
  let arc = 0n
  for (const octet of value) {
    arc = (arc << 7n) | BigInt(octet & 0x7f)
    if (octet >= 0x80) continue
    arcs.push(arc)
    arc = 0n
  }
  const [first = 0n, ...rest] = arcs
  const root = first < 80n ? first / 40n : 2n
  return [root, first - root * 40n, ...rest].join('.')
}

/**
 * Writes DER from its end to its beginning: a value is written before its length, so no length is computed twice.
 */
export class DerWriter {
  #buffer: Buffer
  #start: number

  constructor(capacityOctets = 512) {
    this.#buffer = Buffer.allocUnsafe(capacityOctets)
    this.#start = capacityOctets
  }

  /** How many octets have been written; hand it to `header` to close an element over what came since. */
  get length(): number {
    return this.#buffer.length - this.#start
  }

  octets(octets: Uint8Array): void {
    this.#reserve(octets.length)
    this.#start -= octets.length
    this.#buffer.set(octets, this.#start)
  }

  octet(value: number): void {
    this.#reserve(1)
    this.#buffer[--this.#start] = value
  }

  /** Puts length and tag before everything written since `length` was `mark`. */
  header(tag: number, mark: number): void {
    const length = this.length - mark
    if (length < 0x80) this.octet(length)
    else {
      let count = 0
      for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
        this.octet(rest % 256)
        count++
      }
      this.octet(0x80 | count)
    }
    for (let rest = tag; rest > 0; rest = Math.floor(rest / 256)) this.octet(rest % 256)
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return Buffer.from(this.#buffer.subarray(this.#start))
  }

  #reserve(count: number): void {
    if (count <= this.#start) return
    const grown = Buffer.allocUnsafe((this.#buffer.length + count) * 2)
    const start = grown.length - this.length
    grown.set(this.#buffer.subarray(this.#start), start)
    this.#buffer = grown
    this.#start = start
  }
}

/** One element around the concatenation of its parts. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((total, part) => total + part.length, 0)
  return concat(elementHeader(tag, length), ...parts)
}

/** Tag and length of an element. */
export function elementHeader(tag: number, length: number): Uint8Array {
  const octets: number[] = []
  for (let rest = tag; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  if (length < 0x80) return Uint8Array.from([...octets, length])
  const digits: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Uint8Array.from([...octets, 0x80 | digits.length, ...digits])
}
