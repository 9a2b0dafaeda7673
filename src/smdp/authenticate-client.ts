import { element } from '../asn1/der.ts'
import { seal } from '../asn1/schema.ts'
import { concat, equalOctets } from '../base/octets.ts'
import { sign } from '../crypto/ec.ts'
import type { Certificate } from '../pki/certificate.ts'
import { eidOf } from '../pki/chain.ts'
import type { EUICCInfo2, StoreMetadataRequest } from '../rsp/common.ts'
import { SmdpSigned2 } from '../rsp/es10b.ts'
import type { Es9PlusRequest, Es9PlusResponse } from '../rsp/es9plus.ts'
import { verifyEuiccChain } from '../rsp/euicc-chain.ts'
import { PPRS } from '../rsp/rat.ts'
import { isSignedFor, type AuthenticateResponseOk } from '../rsp/server-authentication.ts'
import { refuse } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
import { findOrderByMatchingId, findPendingOrdersOfEid, type Order } from '../store/orders.ts'
import { reservedEid } from './open-order.ts'
import type { InitiatedSession } from './sessions.ts'
import type { SmdpContext } from './smdp.ts'

/**
 * Checks that the eUICC which answered is the one that was challenged, and offers it a profile.
 *
 * SGP.22 §5.6.3, ES9+.AuthenticateClient, in the order of §3.1.2 (16) and §3.1.3. Moves the session from initiated to
 * authenticated; the order stays as it is.
 * @throws {RspError} transactionIdUnknown, euiccReportedError, ciUnknown, eumCertificateExpired, eumCertificateInvalid,
 *   euiccCertificateExpired, euiccCertificateInvalid, euiccSignatureInvalid, svnUnsupported, matchingIdRefused,
 *   eidRefused, profileNotReleased, profileNotEligible
 */
export function authenticateClient(
  context: SmdpContext,
  request: Es9PlusRequest<'authenticateClient'>,
): Es9PlusResponse<'authenticateClient'> {
  const session = initiatedSession(context, request.transactionId)
  const response = authenticatedResponse(context, { session, request })
  const euiccCertificate = verifyEuiccChain(context, response)
  checkEuiccSigned1({ session, response, euiccCertificate })

  const eid = eidOf(euiccCertificate)
  const { ctxParams1, euiccInfo2 } = response.euiccSigned1.value
  const { matchingId } = ctxParams1.value.ctxParamsForCommonAuthentication
  const order = context.store.read((db) => findOrderFor(db, { eid, matchingId }))
  checkReleased(order)
  const profileMetadata = context.profiles.metadata(order.iccid, context.addresses[0])
  checkEligible(euiccInfo2, profileMetadata)

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

const ENDED_STATES = new Set(['Available', 'Installed', 'Error', 'Unavailable'])

/** The pending order: by MatchingID, then held against the EID; without one, by the EID (SGP.22 §3.1.3, §5.6.3). */
function findOrderFor(
  db: Connection,
  wanted: { readonly eid: string; readonly matchingId: string | undefined },
): Order {
  if (!wanted.matchingId) {
    const [order] = findPendingOrdersOfEid(db, wanted.eid)
    if (!order) throw refuse('eidRefused', { subjectIdentifier: wanted.eid })
    return order
  }
  const order = findOrderByMatchingId(db, wanted.matchingId)
  if (!order || ENDED_STATES.has(order.state)) {
    throw refuse('matchingIdRefused', { subjectIdentifier: wanted.matchingId })
  }
  const eid = reservedEid(order)
  if (eid !== undefined && eid !== wanted.eid) {
    throw refuse('eidRefused', { subjectIdentifier: wanted.eid })
  }
  return order
}

/** "Verify that the identified Profile has been released"; a download that was not completed may be tried again. */
function checkReleased(order: Order): void {
  if (order.state !== 'Released' && order.state !== 'Downloaded') throw refuse('profileNotReleased')
}

/** Whether the eUICC can take the profile, by what it says of itself (SGP.22 §5.7.8, Annex F). */
function checkEligible(euiccInfo2: EUICCInfo2, metadata: StoreMetadataRequest): void {
  if (!euiccInfo2.rspCapability.includes('additionalProfile')) {
    throw refuse('profileNotEligible', { detail: 'It says that no further profile fits.' })
  }
  const { profilePolicyRules = [] } = metadata
  const { forbiddenProfilePolicyRules = [] } = euiccInfo2
  const forbidden = PPRS.filter(
    (ppr) => profilePolicyRules.includes(ppr) && forbiddenProfilePolicyRules.includes(ppr),
  )
  if (forbidden.length > 0) {
    const names = forbidden.map((ppr) => ppr.toUpperCase()).join(' and ')
    throw refuse('profileNotEligible', { detail: `The eUICC forbids its ${names}.` })
  }
}
