/** What revocation lists say of certificates, for those who have a clock and a network: servers and LPAs (SGP.22 §4.6). */

import { equalOctets, toHex } from '../base/octets.ts'
import type { Certificate } from './certificate.ts'
import { readCrl, verifyCrl } from './crl.ts'

/** Whether a CI has said that a certificate under it is not to be believed any more. */
export type IsRevoked = (certificate: Certificate) => boolean

/**
 * Judges by lists; one that no anchor has signed, or that breaks its profile, says nothing.
 * @throws {CertificateError} a list is none
 */
export function revokedByLists(
  lists: readonly Uint8Array[],
  anchors: readonly Certificate[],
): IsRevoked {
  const revoked = new Set<string>()
  for (const list of lists) {
    const crl = readCrl(list)
    const ci = anchors.find(({ subjectKeyId }) => isSame(subjectKeyId, crl.authorityKeyId))
    if (!ci?.subjectKeyId || crl.fault !== undefined || !verifyCrl(crl, ci)) continue
    for (const { serialNumber } of crl.entries) {
      revoked.add(nameOf({ ciKeyId: ci.subjectKeyId, serialNumber }))
    }
  }
  return ({ authorityKeyId, serialNumber }) =>
    authorityKeyId !== undefined && revoked.has(nameOf({ ciKeyId: authorityKeyId, serialNumber }))
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one && other ? equalOctets(one, other) : false
}

function nameOf(of: { readonly ciKeyId: Uint8Array; readonly serialNumber: string }): string {
  return `${toHex(of.ciKeyId)}/${of.serialNumber}`
}
