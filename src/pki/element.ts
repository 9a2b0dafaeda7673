/**
 * A walk over strictly checked DER, with errors that say which part of a certificate is wrong.
 *
 * Each download brings a certificate that was not seen before, so this is in every session's way: asn1js, which reads the
 * same trees in docs/decisions/0003-asn1.md's figures, took a tenth of a session here. It is the second reader in tests.
 */

import {
  Asn1Error,
  checkDer,
  children,
  dottedOid,
  formatTag,
  isConstructed,
  readTlv,
  type Tlv,
} from '../asn1/der.ts'
import { messageOf } from '../base/errors.ts'
import { asBuffer } from '../base/octets.ts'
import { BoundedMap } from './bounded-map.ts'

/** What is wrong with a certificate's encoding or content. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError'
  readonly detail: string

  constructor(detail: string, more: { readonly cause?: unknown } = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause })
    this.detail = detail
  }
}

/** One element: its tag, its octets as received, its content. */
export interface Element {
  readonly tag: number
  readonly raw: Uint8Array
  readonly value: Uint8Array
}

/** The parts of a SEQUENCE, taken in order. */
export interface Fields {
  /** The next part. @throws {CertificateError} when it is not there or has another tag */
  take(tag: number, what: string): Element
  /** The next part if it has this tag. */
  maybe(tag: number): Element | undefined
  /** @throws {CertificateError} when parts are left over */
  end(): void
}

/**
 * Reads octets that are exactly one DER element.
 * @throws {CertificateError}
 */
export function readElement(octets: Uint8Array, what: string): Element {
  try {
    checkDer(octets)
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    throw new CertificateError(`${what}: ${messageOf(error)}`, { cause: error })
  }
  return elementOf(octets, readTlv(octets, 0))
}

function elementOf(octets: Uint8Array, { tag, start, valueStart, end }: Tlv): Element {
  return { tag, raw: octets.subarray(start, end), value: octets.subarray(valueStart, end) }
}

/** The parts of a constructed element. @throws {CertificateError} when the tag is another one */
export function partsOf(
  element: Element,
  expected: { readonly tag: number; readonly what: string },
): Element[] {
  if (element.tag !== expected.tag || !isConstructed(element.tag)) {
    throw new CertificateError(
      `${expected.what}: expected ${formatTag(expected.tag)}, found ${formatTag(element.tag)}`,
    )
  }
  const { value } = element
  return Array.from(children(value, 0, value.length), (tlv) => elementOf(value, tlv))
}

/** The parts of a SEQUENCE to be taken one after the other. */
export function fieldsOf(element: Element, what: string): Fields {
  return fieldsOver(partsOf(element, { tag: 0x30, what }), what)
}

function fieldsOver(parts: readonly Element[], name: string): Fields {
  let at = 0
  const maybe = (tag: number): Element | undefined =>
    parts[at]?.tag === tag ? parts[at++] : undefined
  return {
    maybe,
    take(tag, what) {
      const found = maybe(tag)
      if (!found) throw new CertificateError(`${name}: ${what} is missing`)
      return found
    },
    end() {
      if (at < parts.length) {
        throw new CertificateError(`${name}: ${formatTag(parts[at]?.tag ?? 0)} is not expected`)
      }
    },
  }
}

/** The dotted form of an OBJECT IDENTIFIER's content, whatever tag it stands under. @throws {CertificateError} */
export function oidText(value: Uint8Array): string {
  const key = asBuffer(value).toString('latin1')
  const known = knownOids.get(key)
  if (known !== undefined) return known
  const text = readOid(value)
  knownOids.set(key, text)
  return text
}

function readOid(value: Uint8Array): string {
  try {
    return dottedOid(value)
  } catch (error) {
    throw new CertificateError('an object identifier is malformed', { cause: error })
  }
}

/** Certificates use a handful of identifiers over and over. */
const knownOids = new BoundedMap<string, string>(256)
