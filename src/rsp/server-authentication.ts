/** What every RSP server does to authenticate itself and the eUICC (SGP.22 §3.1.2), whatever its role. */

import { equalOctets } from '../base/octets.ts'
import { verify } from '../crypto/ec.ts'
import type { Certificate } from '../pki/certificate.ts'
import type { AuthenticateServerResponse } from './es10b.ts'

export const TRANSACTION_ID_OCTETS = 16
export const CHALLENGE_OCTETS = 16

/** The eUICC's side of a mutual authentication that it did not refuse. */
export type AuthenticateResponseOk = NonNullable<
  AuthenticateServerResponse['authenticateResponseOk']
>

/** The first CI in the eUICC's order under which the server can verify eUICC signatures (SGP.22 §2.6.7.1). */
export function chooseSigningCi(
  trustedCis: readonly Certificate[],
  offered: readonly Uint8Array[],
): Uint8Array | undefined {
  return offered.find((keyId) => trustedCis.some((ci) => isCi(ci, keyId)))
}

/** The first CI in the eUICC's order under which the server has certificates (SGP.22 §2.6.7.1). */
export function chooseCredentials<T extends { readonly ci: Certificate }>(
  credentials: readonly T[],
  offered: readonly Uint8Array[],
): T | undefined {
  for (const keyId of offered) {
    const found = credentials.find(({ ci }) => isCi(ci, keyId))
    if (found) return found
  }
  return undefined
}

function isCi(ci: Certificate, keyId: Uint8Array): boolean {
  return ci.subjectKeyId !== undefined && equalOctets(ci.subjectKeyId, keyId)
}

/** Whether the eUICC signed this session's challenge and address (SGP.22 §3.1.2 (16)). */
export function isSignedFor(
  session: { readonly serverAddress: string; readonly serverChallenge: Uint8Array },
  answer: { readonly response: AuthenticateResponseOk; readonly euiccCertificate: Certificate },
): boolean {
  const { response, euiccCertificate } = answer
  const { raw: data, value: signed } = response.euiccSigned1
  return (
    verify(euiccCertificate.publicKey, { data, signature: response.euiccSignature1 }) &&
    equalOctets(signed.serverChallenge, session.serverChallenge) &&
    signed.serverAddress === session.serverAddress
  )
}
