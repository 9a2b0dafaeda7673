/** Octet strings: the only byte type of the project is `Uint8Array`; `Buffer` is used for speed and never promised. */

const HEX = /^(?:[0-9a-fA-F]{2})*$/
const BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/

/** Upper-case hexadecimal, as SGP.22 §6.5 writes binary identifiers in JSON. */
export function toHex(octets: Uint8Array): string {
  return asBuffer(octets).toString('hex').toUpperCase()
}

/** Octets of an even number of hexadecimal digits, either case; `undefined` for anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  return HEX.test(text) ? Buffer.from(text, 'hex') : undefined
}

/** Octets of a hexadecimal literal in our own source. @throws {RangeError} when the literal is not hexadecimal. */
export function hex(literal: string): Uint8Array {
  const octets = fromHex(literal.replaceAll(' ', ''))
  if (!octets) throw new RangeError(`not a hexadecimal literal: ${literal}`)
  return octets
}

export function toBase64(octets: Uint8Array): string {
  return asBuffer(octets).toString('base64')
}

/**
 * Octets of canonical Base64 (RFC 4648 §4, §3.5: with padding, and its spare bits zero); `undefined` for anything else.
 * Node's own decoder skips what it does not know, so a damaged field would pass unseen.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined
}

export function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text of well-formed UTF-8, or `undefined`. */
export function fromUtf8(octets: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(octets)
  } catch {
    return undefined
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}

export function equalOctets(a: Uint8Array, b: Uint8Array): boolean {
  return asBuffer(a).equals(b)
}

/** A view of the same memory as a `Buffer`; copies nothing. */
export function asBuffer(octets: Uint8Array): Buffer {
  return Buffer.isBuffer(octets)
    ? octets
    : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)
}
