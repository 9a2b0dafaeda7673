import { element } from '../asn1/der.ts'
import { seal } from '../asn1/schema.ts'
import { concat, equalOctets } from '../base/octets.ts'
import { sign } from '../crypto/ec.ts'
import type { Certificate } from '../pki/certificate.ts'
import { eidOf } from '../pki/chain.ts'
import { SmdpSigned2 } from '../rsp/es10b.ts'
import type { Es9PlusRequest, Es9PlusResponse } from '../rsp/es9plus.ts'
import { verifyEuiccChain } from '../rsp/euicc-chain.ts'
import { isSignedFor, type AuthenticateResponseOk } from '../rsp/server-authentication.ts'
import { refuse, RspError } from '../rsp/status-codes.ts'
import { chooseOrder } from './choose-order.ts'
import type { InitiatedSession } from './sessions.ts'
import type { SmdpContext } from './smdp.ts'

/**
 * Checks that the eUICC which answered is the one that was challenged, and offers it a profile.
 *
 * SGP.22 §5.6.3, ES9+.AuthenticateClient, in the order of §3.1.2 (16) and §3.1.3. Moves the session from initiated to
 * authenticated. The attempt is counted; one too many, and an eUICC that is not eligible, move the order to Error.
 * @throws {RspError} transactionIdUnknown, euiccReportedError, ciUnknown, eumCertificateExpired, eumCertificateInvalid,
 *   euiccCertificateExpired, euiccCertificateInvalid, euiccSignatureInvalid, svnUnsupported, matchingIdRefused,
 *   eidRefused, profileNotReleased, orderExpired, downloadRetriesExceeded, profileNotEligible, memoryInsufficient
 */
export async function authenticateClient(
  context: SmdpContext,
  request: Es9PlusRequest<'authenticateClient'>,
): Promise<Es9PlusResponse<'authenticateClient'>> {
  const session = initiatedSession(context, request.transactionId)
  const response = authenticatedResponse(context, { session, request })
  const euiccCertificate = verifyEuiccChain(context, response)
  checkEuiccSigned1({ session, response, euiccCertificate })

  const eid = eidOf(euiccCertificate)
  const { ctxParams1, euiccInfo2 } = response.euiccSigned1.value
  const { matchingId, deviceInfo } = ctxParams1.value.ctxParamsForCommonAuthentication
  const applicant = { context, eid, matchingId, euiccInfo2, deviceInfo }
  const chosen = await context.store.write((db) => chooseOrder(db, applicant))
  if (chosen instanceof RspError) throw chosen
  // The same call may have come twice at a time; the session serves it once.
  initiatedSession(context, request.transactionId)
  const { order, metadata: profileMetadata } = chosen

  const { dpPb } = session.credentials
  const { transactionId } = session
  const smdpSigned2 = seal(SmdpSigned2, {
    transactionId,
    ccRequiredFlag: order.confirmationCodeHash !== undefined,
    bppEuiccOtpk: order.eid === eid ? order.euiccOtpk : undefined,
  })
  const signedData = concat(smdpSigned2.raw, element(0x5f37, response.euiccSignature1))
  const smdpSignature2 = sign(dpPb.keyPair.privateKey, signedData)
  context.sessions.save({
    ...session,
    step: 'authenticated',
    eid,
    euiccCertificate,
    iccid: order.iccid,
    matchingId: order.matchingId,
    smdpSignature2,
  })
  return {
    transactionId,
    profileMetadata,
    smdpSigned2,
    smdpSignature2,
    smdpCertificate: dpPb.certificate.der,
  }
}

function initiatedSession(context: SmdpContext, transactionId: Uint8Array): InitiatedSession {
  const session = context.sessions.find(transactionId)
  if (!session) throw refuse('transactionIdUnknown')
  if (session.step !== 'initiated') {
    throw refuse('transactionIdUnknown', { detail: 'This session has been authenticated already.' })
  }
  return session
}

/** The eUICC's answer, unless it is a refusal: then the session is over. */
function authenticatedResponse(
  context: SmdpContext,
  call: {
    readonly session: InitiatedSession
    readonly request: Es9PlusRequest<'authenticateClient'>
  },
): AuthenticateResponseOk {
  const { authenticateResponseOk, authenticateResponseError } =
    call.request.authenticateServerResponse
  const signedId =
    authenticateResponseError?.transactionId ??
    authenticateResponseOk?.euiccSigned1.value.transactionId
  if (!signedId || !equalOctets(signedId, call.session.transactionId)) {
    throw refuse('transactionIdUnknown', { detail: 'The eUICC answered for another session.' })
  }
  if (authenticateResponseOk) return authenticateResponseOk
  context.sessions.end(call.session.transactionId)
  throw refuse('euiccReportedError', {
    detail: `AuthenticateServer ended with ${authenticateResponseError?.authenticateErrorCode}.`,
  })
}

/** Signature first, then what was signed: challenge, address, version (SGP.22 §3.1.2 (16)). */
function checkEuiccSigned1(check: {
  readonly session: InitiatedSession
  readonly response: AuthenticateResponseOk
  readonly euiccCertificate: Certificate
}): void {
  const { session, response } = check
  if (!isSignedFor(session, check)) throw refuse('euiccSignatureInvalid')
  if (!equalOctets(response.euiccSigned1.value.euiccInfo2.svn, session.svn)) {
    throw refuse('svnUnsupported', { detail: 'EUICCInfo2 has another version than EUICCInfo1.' })
  }
}
