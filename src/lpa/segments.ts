/** Cuts a Bound Profile Package into the segments of the SBPP (SGP.22 §2.5.5). */

import { Asn1Error, children, readTlv, type Tlv } from '../asn1/der.ts'

/** The tags whose own TLVs are sent with the sequence's header, and those sent one by one after it. */
const SENT_WITH_FIRST = new Set([0xa0, 0xa2])
const SENT_ONE_BY_ONE = new Set([0xa1, 0xa3])

/**
 * The segments in order: the package's header with InitialiseSecureChannel; each sequence of 87 with its header; the
 * header of each sequence of 88 or 86 and then their TLVs one by one.
 * @throws {Asn1Error} when the octets are not built like a Bound Profile Package
 */
export function segmentsOf(boundProfilePackage: Uint8Array): Uint8Array[] {
  const outer = readTlv(boundProfilePackage, 0)
  if (outer.tag !== 0xbf36 || outer.end !== boundProfilePackage.length) {
    throw new Asn1Error('not a BoundProfilePackage')
  }
  const parts = [...children(boundProfilePackage, outer.valueStart, outer.end)]
  const [initialise, ...sequences] = parts
  if (initialise?.tag !== 0xbf23) throw new Asn1Error('missing [BF23]')
  return [
    boundProfilePackage.subarray(0, initialise.end),
    ...sequences.flatMap((sequence) => segmentsOfSequence(boundProfilePackage, sequence)),
  ]
}

function segmentsOfSequence(octets: Uint8Array, sequence: Tlv): Uint8Array[] {
  const items = [...children(octets, sequence.valueStart, sequence.end)]
  if (SENT_WITH_FIRST.has(sequence.tag)) {
    const [first, ...rest] = items
    const end = first?.end ?? sequence.valueStart
    return [octets.subarray(sequence.start, end), ...rest.map((item) => sliceOf(octets, item))]
  }
  if (!SENT_ONE_BY_ONE.has(sequence.tag)) throw new Asn1Error('unknown sequence in the package')
  const header = octets.subarray(sequence.start, sequence.valueStart)
  return [header, ...items.map((item) => sliceOf(octets, item))]
}

function sliceOf(octets: Uint8Array, { start, end }: Tlv): Uint8Array {
  return octets.subarray(start, end)
}

const MAC_OCTETS = 8

/** StoreMetadataRequest of a package: the data of the 88 TLVs travels in clear, a MAC behind each (SGP.22 §2.5.4.3). */
export function metadataOctetsOf(boundProfilePackage: Uint8Array): Uint8Array {
  const outer = readTlv(boundProfilePackage, 0)
  for (const part of children(boundProfilePackage, outer.valueStart, outer.end)) {
    if (part.tag !== 0xa1) continue
    const items = [...children(boundProfilePackage, part.valueStart, part.end)]
    return Buffer.concat(
      items.map(({ valueStart, end }) =>
        boundProfilePackage.subarray(valueStart, end - MAC_OCTETS),
      ),
    )
  }
  throw new Asn1Error('missing [A1]')
}
