import { seal } from '../asn1/schema.ts'
import { sign } from '../crypto/ec.ts'
import { sameAddress } from '../rsp/activation-code.ts'
import { ServerSigned1 } from '../rsp/es10b.ts'
import type { Es9PlusRequest, Es9PlusResponse } from '../rsp/es9plus.ts'
import {
  CHALLENGE_OCTETS,
  chooseCredentials,
  chooseSigningCi,
  TRANSACTION_ID_OCTETS,
} from '../rsp/server-authentication.ts'
import { refuse } from '../rsp/status-codes.ts'
import type { SmdpContext } from './smdp.ts'

const SUPPORTED_MAJOR_VERSION = 2

/**
 * Begins an RSP session: signs the eUICC's challenge and adds one of its own.
 *
 * SGP.22 §5.6.1, ES9+.InitiateAuthentication. The checks stand in that section's order: version, address, CI for the
 * eUICC's signatures, certificate under a CI that the eUICC can verify.
 * @throws {RspError} svnUnsupported, invalidAddress, ciKeyUnsupported, certificateUnavailable
 */
export function initiateAuthentication(
  context: SmdpContext,
  request: Es9PlusRequest<'initiateAuthentication'>,
): Es9PlusResponse<'initiateAuthentication'> {
  const { euiccInfo1, euiccChallenge } = request
  checkVersion(euiccInfo1.svn)
  checkAddress(context, request.smdpAddress)
  const { euiccCiPKIdListForSigning, euiccCiPKIdListForVerification } = euiccInfo1
  const euiccCiPKIdToBeUsed = chooseSigningCi(context.trustedCis, euiccCiPKIdListForSigning)
  if (!euiccCiPKIdToBeUsed) throw refuse('ciKeyUnsupported')
  const credentials = chooseCredentials(context.credentials, euiccCiPKIdListForVerification)
  if (!credentials) throw refuse('certificateUnavailable')

  const { clock, random } = context.environment
  const transactionId = random.unique(TRANSACTION_ID_OCTETS)
  const serverChallenge = random.bytes(CHALLENGE_OCTETS)
  const serverSigned1 = seal(ServerSigned1, {
    transactionId,
    euiccChallenge,
    serverAddress: request.smdpAddress,
    serverChallenge,
  })
  context.sessions.save({
    step: 'initiated',
    transactionId,
    serverAddress: request.smdpAddress,
    serverChallenge,
    credentials,
    svn: euiccInfo1.svn,
    startedMs: clock.nowMs(),
  })
  return {
    transactionId,
    serverSigned1,
    serverSignature1: sign(credentials.dpAuth.keyPair.privateKey, serverSigned1.raw),
    euiccCiPKIdToBeUsed,
    serverCertificate: credentials.dpAuth.certificate.der,
  }
}

/** "Verify that it supports the Specification Version Number indicated by the eUICC." */
function checkVersion(svn: Uint8Array): void {
  if (svn[0] === SUPPORTED_MAJOR_VERSION) return
  throw refuse('svnUnsupported', { detail: `It offers ${svn.join('.')}; this server speaks 2.x.` })
}

/** "Check if the received address matches its own SM-DP+ address." */
function checkAddress(context: SmdpContext, address: string): void {
  if (context.addresses.some((own) => sameAddress(own, address))) return
  throw refuse('invalidAddress', {
    detail: `It is reached as ${context.addresses.join(', ')}.`,
    subjectIdentifier: address,
  })
}
