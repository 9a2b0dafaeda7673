/** BER-TLV as cards write it, leniently: a tag of one octet, a length of one to three, padding behind the last. */

export interface Tlv {
  readonly tag: number
  readonly value: Uint8Array
}

const PADDING = [0x00, 0xff]

/** The data objects, up to padding or to one that does not fit. */
export function dataObjects(octets: Uint8Array): readonly Tlv[] {
  const found: Tlv[] = []
  for (let at = 0; at < octets.length;) {
    const tag = octets[at] as number
    const length = lengthAt(octets, at + 1)
    if (PADDING.includes(tag) || !length) break
    const end = length.valueAt + length.octets
    if (end > octets.length) break
    found.push({ tag, value: octets.subarray(length.valueAt, end) })
    at = end
  }
  return found
}

/** The value of the first data object that the tags lead to, each within the one before. */
export function valueAt(octets: Uint8Array, ...tags: readonly number[]): Uint8Array | undefined {
  let value: Uint8Array | undefined = octets
  for (const tag of tags) {
    value = value && dataObjects(value).find((object) => object.tag === tag)?.value
  }
  return value
}

function lengthAt(
  octets: Uint8Array,
  at: number,
): { readonly octets: number; readonly valueAt: number } | undefined {
  const [first, second, third] = octets.subarray(at, at + 3)
  if (first === undefined) return undefined
  if (first < 0x80) return { octets: first, valueAt: at + 1 }
  if (first === 0x81 && second !== undefined) return { octets: second, valueAt: at + 2 }
  if (first !== 0x82 || second === undefined || third === undefined) return undefined
  return { octets: second * 256 + third, valueAt: at + 3 }
}
