import { createHash } from 'node:crypto'
import { element } from '../asn1/der.ts'
import { concat, equalOctets } from '../base/octets.ts'
import { agreeOnce, verify, type Agreement } from '../crypto/ec.ts'
import type { EUICCSigned2, PrepareDownloadResponse } from '../rsp/es10b.ts'
import type { Es9PlusRequest, Es9PlusResponse } from '../rsp/es9plus.ts'
import { refuse, type RspError } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
import { markDownloaded, recordDownload, saveOrder } from '../store/orders.ts'
import { bindProfilePackage } from './bind.ts'
import { failed, findOpenOrder } from './open-order.ts'
import type { AuthenticatedSession } from './sessions.ts'
import type { SmdpContext } from './smdp.ts'

/**
 * Binds the profile to the eUICC's one-time key and hands it out.
 *
 * SGP.22 §5.6.2, §3.1.3.2, ES9+.GetBoundProfilePackage. The order becomes Downloaded and belongs to this EID from then
 * on; a download that was not completed may be repeated by the same eUICC, also with another one-time key.
 * @throws {RspError} transactionIdUnknown, euiccReportedError, euiccSignatureInvalid, profileNotBindable,
 *   confirmationCodeMissing, confirmationCodeRefused, confirmationCodeRetriesExceeded, formatInvalid
 */
export async function getBoundProfilePackage(
  context: SmdpContext,
  request: Es9PlusRequest<'getBoundProfilePackage'>,
): Promise<Es9PlusResponse<'getBoundProfilePackage'>> {
  const session = authenticatedSession(context, request.transactionId)
  const euiccSigned2 = verifiedResponse(context, { session, request })
  await checkConfirmationCode(context, { session, hashCc: euiccSigned2.value.hashCc })
  const { euiccOtpk } = euiccSigned2.value
  const boundProfilePackage = bindProfilePackage({
    session,
    agreement: agreement(context, { session, euiccOtpk }),
    euiccOtpk,
    random: context.environment.random,
    profilePackage: context.profiles.profilePackage(session.iccid),
    metadata: context.profiles.metadata(session.iccid, context.addresses[0]),
    profileProtection: context.settings.profileProtection,
  })
  await context.store.write((db) => handOut(db, { context, session, point: euiccOtpk }))
  // It may have been cancelled while the order was written, and must not come back.
  if (context.sessions.find(session.transactionId)) {
    context.sessions.save({ ...session, step: 'bound' })
  }
  return { transactionId: session.transactionId, boundProfilePackage }
}

function authenticatedSession(
  context: SmdpContext,
  transactionId: Uint8Array,
): AuthenticatedSession {
  const session = context.sessions.find(transactionId)
  if (!session) throw refuse('transactionIdUnknown')
  if (session.step === 'initiated') {
    throw refuse('transactionIdUnknown', { detail: 'The eUICC has not been authenticated yet.' })
  }
  return session
}

/** The eUICC's answer with its signature verified; a refusal of the eUICC ends the session. */
function verifiedResponse(
  context: SmdpContext,
  call: {
    readonly session: AuthenticatedSession
    readonly request: Es9PlusRequest<'getBoundProfilePackage'>
  },
): EUICCSigned2 {
  const { session } = call
  const { downloadResponseOk: ok, downloadResponseError: error }: PrepareDownloadResponse =
    call.request.prepareDownloadResponse
  const signedId = error?.transactionId ?? ok?.euiccSigned2.value.transactionId
  if (!signedId || !equalOctets(signedId, session.transactionId)) {
    throw refuse('transactionIdUnknown', { detail: 'The eUICC answered for another session.' })
  }
  if (!ok) {
    context.sessions.end(session.transactionId)
    throw refuse('euiccReportedError', {
      detail: `PrepareDownload ended with ${error?.downloadErrorCode}.`,
    })
  }
  const data = concat(ok.euiccSigned2.raw, element(0x5f37, session.smdpSignature2))
  if (!verify(session.euiccCertificate.publicKey, { data, signature: ok.euiccSignature2 })) {
    throw refuse('euiccSignatureInvalid')
  }
  return ok.euiccSigned2
}

function agreement(
  context: SmdpContext,
  call: { readonly session: AuthenticatedSession; readonly euiccOtpk: Uint8Array },
): Agreement {
  const { curve } = call.session.credentials.dpPb.certificate
  const { random } = context.environment
  const agreed = agreeOnce({ curve, random, peerPoint: call.euiccOtpk })
  if (agreed) return agreed
  throw refuse('formatInvalid', {
    detail: `euiccOtpk is not an uncompressed point on ${curve}.`,
    subjectIdentifier: 'euiccOtpk',
  })
}

/**
 * SHA256(SHA256(Confirmation Code) ‖ TransactionID) against what the eUICC signed (SGP.22 §3.1.3.2 (7), (8)).
 *
 * A missing or wrong code stops the procedure, and with it the session: what an LPA says of it afterwards, be it that the
 * user did not want the profile, cannot end the order any more.
 */
async function checkConfirmationCode(
  context: SmdpContext,
  attempt: { readonly session: AuthenticatedSession; readonly hashCc: Uint8Array | undefined },
): Promise<void> {
  const { session, hashCc } = attempt
  const order = context.store.read((db) => findOpenOrder(db, session))
  if (!order) throw refuse('profileNotBindable')
  const expected = order.confirmationCodeHash
  if (!expected) return
  const digest = createHash('sha256').update(expected).update(session.transactionId).digest()
  if (hashCc && equalOctets(digest, hashCc)) return
  context.sessions.end(session.transactionId)
  if (!hashCc) throw refuse('confirmationCodeMissing')
  throw await context.store.write((db) => countWrongCode(db, { context, session }))
}

/** A wrong code is counted, and the count is kept although the call fails. */
function countWrongCode(
  db: Connection,
  attempt: { readonly context: SmdpContext; readonly session: AuthenticatedSession },
): RspError {
  const order = findOpenOrder(db, attempt.session)
  if (!order) return refuse('profileNotBindable')
  const confirmationAttempts = order.confirmationAttempts + 1
  if (confirmationAttempts < attempt.context.settings.confirmationAttemptsMax) {
    saveOrder(db, { ...order, confirmationAttempts })
    return refuse('confirmationCodeRefused')
  }
  saveOrder(
    db,
    failed({ ...order, confirmationAttempts }, 'Confirmation Code retry limit exceeded'),
  )
  return refuse('confirmationCodeRetriesExceeded')
}

/** The order is judged again where it is changed: another session on it may have been quicker. */
function handOut(
  db: Connection,
  delivery: {
    readonly context: SmdpContext
    readonly session: AuthenticatedSession
    readonly point: Uint8Array
  },
): void {
  const { session, point } = delivery
  const order = findOpenOrder(db, session)
  if (!order) throw refuse('profileNotBindable')
  const { iccid } = order
  const { eid, transactionId } = session
  markDownloaded(db, { iccid, eid, transactionId, euiccOtpk: point })
  recordDownload(db, {
    transactionId,
    iccid,
    eid,
    euiccPublicKey: session.euiccCertificate.publicKeyInfo,
    atMs: delivery.context.environment.clock.nowMs(),
  })
}
