/** What a package asks of the card that shall have it, by its header (TCA eUICC Profile Package, ProfileHeader). */

import { Asn1Error, readHeader, readTlv } from '../asn1/der.ts'
import { readProfileElement } from './elements.ts'
import { SERVICE_NAMES, type ServiceName } from './services.ts'

/** What a package asks of the card and the device that shall have it. */
export interface PackageNeeds {
  /** eUICC-Mandatory-services of its header. */
  readonly services: readonly ServiceName[]
  readonly octets: number
}

export function packageNeeds(octets: Uint8Array): PackageNeeds {
  return { services: servicesOf(octets), octets: octets.length }
}

/** A header that cannot be read asks for nothing: what is wrong with it is the card's to say. */
function servicesOf(octets: Uint8Array): ServiceName[] {
  try {
    const { tag } = readHeader(octets, 0)
    const { end } = readTlv(octets, 0)
    const header = readProfileElement({ tag, raw: octets.subarray(0, end) })
    if (header.kind !== 'header') return []
    const { eUICCMandatoryServices: wanted } = header.value
    return SERVICE_NAMES.filter((name) => wanted[name] === null)
  } catch (error) {
    if (error instanceof Asn1Error) return []
    throw error
  }
}
