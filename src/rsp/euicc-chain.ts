import type { Environment } from '../base/environment.ts'
import { CertificateError, readCertificate, type Certificate } from '../pki/certificate.ts'
import { validateChain, type ChainFault } from '../pki/chain.ts'
import type { IsRevoked } from '../pki/revocation.ts'
import { refuse, type RspError, type StatusName } from './status-codes.ts'

/**
 * CERT.EUICC, verified up to a CI that the server trusts (SGP.22 §4.5.2.2), the EUM's side first. An EUM's certificate
 * may be revoked, an eUICC's never is (§4.6.2).
 * @throws {RspError} ciUnknown, eumCertificateExpired, eumCertificateInvalid, euiccCertificateExpired,
 *   euiccCertificateInvalid
 */
export function verifyEuiccChain(
  context: {
    readonly trustedCis: readonly Certificate[]
    /** What the CIs' lists say; nothing is revoked without it. */
    readonly isRevoked?: IsRevoked | undefined
    readonly environment: Pick<Environment, 'clock'>
  },
  certificates: { readonly eumCertificate: Uint8Array; readonly euiccCertificate: Uint8Array },
): Certificate {
  const eum = readOr('eumCertificateInvalid', certificates.eumCertificate)
  const euicc = readOr('euiccCertificateInvalid', certificates.euiccCertificate)
  const verdict = validateChain({
    chain: [euicc, eum],
    roles: ['euicc', 'eum'],
    anchors: context.trustedCis,
    atMs: context.environment.clock.nowMs(),
  })
  if (!verdict.ok && verdict.fault.at !== 'euicc') throw refusalOf(verdict.fault)
  if (context.isRevoked?.(eum)) {
    throw refuse('eumCertificateInvalid', { detail: 'Its CI has revoked it.' })
  }
  if (!verdict.ok) throw refusalOf(verdict.fault)
  return euicc
}

function readOr(status: StatusName, der: Uint8Array): Certificate {
  try {
    return readCertificate(der)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    throw refuse(status, { detail: `${error.detail}.` })
  }
}

function refusalOf(fault: ChainFault): RspError {
  const detail = `${fault.detail}.`
  if (fault.kind === 'unknownCi') return refuse('ciUnknown', { detail })
  const isEuicc = fault.at === 'euicc'
  if (fault.kind === 'expired') {
    return refuse(isEuicc ? 'euiccCertificateExpired' : 'eumCertificateExpired', { detail })
  }
  return refuse(isEuicc ? 'euiccCertificateInvalid' : 'eumCertificateInvalid', { detail })
}
