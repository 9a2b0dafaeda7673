/** What a package asks of the card that shall have it, by its header (TCA eUICC Profile Package, ProfileHeader). */

import { Asn1Error, readHeader, readTlv } from '../asn1/der.ts'
import { readProfileElement } from './elements.ts'

/** The services that its header makes mandatory, by their names in `ServicesList`, and how long it is. */
export function packageNeeds(octets: Uint8Array): {
  readonly services: readonly string[]
  readonly octets: number
} {
  return { services: servicesOf(octets), octets: octets.length }
}

/** A header that cannot be read asks for nothing: what is wrong with it is the card's to say. */
function servicesOf(octets: Uint8Array): string[] {
  try {
    const { tag } = readHeader(octets, 0)
    const { end } = readTlv(octets, 0)
    const header = readProfileElement({ tag, raw: octets.subarray(0, end) })
    if (header.kind !== 'header') return []
    return Object.entries(header.value.eUICCMandatoryServices).flatMap(([name, value]) =>
      value === null ? [name] : [],
    )
  } catch (error) {
    if (error instanceof Asn1Error) return []
    throw error
  }
}
