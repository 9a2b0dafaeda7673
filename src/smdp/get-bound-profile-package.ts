import { createHash } from 'node:crypto'
import { element } from '../asn1/der.ts'
import { concat, equalOctets } from '../base/octets.ts'
import { agreeOnce, verify, type Agreement } from '../crypto/ec.ts'
import type { EUICCSigned2, PrepareDownloadResponse } from '../rsp/es10b.ts'
import type { Es9PlusRequest, Es9PlusResponse } from '../rsp/es9plus.ts'
import { refuse, type RspError } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
import {
  findOrder,
  markDownloaded,
  recordDownload,
  saveOrder,
  type Order,
} from '../store/orders.ts'
import { protectProfilePackage, withSecureChannel, type ProtectedPackage } from './bind.ts'
import { failed, findOpenOrder, hasExpired, isOrderOf } from './open-order.ts'
import { failedWith, noteProgress, SUCCESS } from './progress.ts'
import type { AuthenticatedSession } from './sessions.ts'
import type { SmdpContext } from './smdp.ts'

/**
 * Binds the profile to the eUICC's one-time key and hands it out.
 *
 * SGP.22 §5.6.2, §3.1.3.2, ES9+.GetBoundProfilePackage. The order becomes Downloaded and belongs to this EID from then
 * on. A download that was not completed may be repeated by the same eUICC: with the same one-time key it gets the same
 * package under a new signature, with another one a new package, or a refusal that ends the order, by setting.
 * @throws {RspError} transactionIdUnknown, euiccReportedError, euiccSignatureInvalid, profileNotBindable, orderExpired,
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
  await checkRebinding(context, { session, euiccOtpk })
  const boundProfilePackage = withSecureChannel(
    session,
    protectedPackage(context, { session, euiccOtpk }),
  )
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

/** A package that is bound to another one-time key already is bound anew, unless the settings forbid it (SGP.22 §3.1.6). */
async function checkRebinding(
  context: SmdpContext,
  call: { readonly session: AuthenticatedSession; readonly euiccOtpk: Uint8Array },
): Promise<void> {
  if (context.settings.rebinding === 'bindAnew') return
  const { session, euiccOtpk } = call
  const isRefused = await context.store.write((db) => {
    const order = openOrder(db, { context, session })
    const bound = order.eid === session.eid ? order.euiccOtpk : undefined
    if (!bound || equalOctets(bound, euiccOtpk)) return false
    const status = failedWith('profileNotBindable', ANOTHER_KEY)
    saveOrder(db, failed(order, 'The package is bound to another one-time key'))
    noteProgress(db, { context, order, point: 'bppDownload', status })
    return true
  })
  if (!isRefused) return
  context.sessions.end(session.transactionId)
  throw refuse('profileNotBindable', { detail: ANOTHER_KEY })
}

const ANOTHER_KEY = 'It is bound to another one-time key, and this server binds once.'

/** The package that this one-time key has been given already, or a new one. */
function protectedPackage(
  context: SmdpContext,
  call: { readonly session: AuthenticatedSession; readonly euiccOtpk: Uint8Array },
): ProtectedPackage {
  const { session, euiccOtpk } = call
  const { iccid, eid } = session
  const { dpPb } = session.credentials
  const order = context.store.read((db) => findOpenOrder(db, session))
  const bound = order?.eid === eid ? order.euiccOtpk : undefined
  const kept = context.packages.find({ iccid, eid, dpPb, euiccOtpk })
  if (kept && bound && equalOctets(bound, euiccOtpk)) return kept
  const made = protectProfilePackage({
    session,
    agreement: agreement(context, { session, euiccOtpk }),
    euiccOtpk,
    random: context.environment.random,
    profilePackage: context.profiles.profilePackage(iccid),
    metadata: context.profiles.metadata(iccid, context.addresses[0]),
    profileProtection: context.settings.profileProtection,
  })
  context.packages.keep({ iccid, eid, dpPb, package: made })
  return made
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
  const order = context.store.read((db) => openOrder(db, { context, session }))
  const reading = readingOf(order, { session, hashCc })
  if (reading) {
    if (reading === 'octets') context.onTolerated?.(READ_AS_OCTETS)
    return
  }
  context.sessions.end(session.transactionId)
  if (!hashCc) throw refuse('confirmationCodeMissing')
  throw await context.store.write((db) => countWrongCode(db, { context, session }))
}

const READ_AS_OCTETS = {
  interface: 'ES9+',
  function: 'getBoundProfilePackage',
  what: 'The Confirmation Code was taken as hexadecimal: the LPA has hashed the octets that it stands for.',
} as const

/** How the LPA has read the code, if it is the right one; `text` too where the order has none. */
function readingOf(
  order: Order,
  attempt: { readonly session: AuthenticatedSession; readonly hashCc: Uint8Array | undefined },
): 'text' | 'octets' | undefined {
  const { confirmationCodeHash, confirmationOctetsHash } = order
  if (!confirmationCodeHash) return 'text'
  const { hashCc } = attempt
  const isOf = (stored: Uint8Array | undefined): boolean => {
    if (!stored || !hashCc) return false
    const hash = createHash('sha256').update(stored).update(attempt.session.transactionId)
    return equalOctets(hash.digest(), hashCc)
  }
  if (isOf(confirmationCodeHash)) return 'text'
  return isOf(confirmationOctetsHash) ? 'octets' : undefined
}

/** The order of the session. @throws {RspError} profileNotBindable, orderExpired */
function openOrder(
  db: Connection,
  of: { readonly context: SmdpContext; readonly session: AuthenticatedSession },
): Order {
  const nowMs = of.context.environment.clock.nowMs()
  const order = findOrder(db, of.session.iccid)
  if (order && isOrderOf(order, of.session) && hasExpired(order, nowMs)) {
    throw refuse('orderExpired', { subjectIdentifier: order.iccid })
  }
  const open = findOpenOrder(db, of.session)
  if (!open) throw refuse('profileNotBindable')
  return open
}

/** A wrong code is counted, and the count is kept although the call fails. */
function countWrongCode(
  db: Connection,
  attempt: { readonly context: SmdpContext; readonly session: AuthenticatedSession },
): RspError {
  const order = findOpenOrder(db, attempt.session)
  if (!order) return refuse('profileNotBindable')
  const { context } = attempt
  const { eid } = attempt.session
  const note = { context, order, eid, point: 'confirmation' } as const
  const confirmationAttempts = order.confirmationAttempts + 1
  const max = order.confirmationAttemptsMax ?? context.settings.confirmationAttemptsMax
  if (confirmationAttempts < max) {
    saveOrder(db, { ...order, confirmationAttempts })
    noteProgress(db, { ...note, status: failedWith('confirmationCodeRefused') })
    return refuse('confirmationCodeRefused')
  }
  saveOrder(
    db,
    failed({ ...order, confirmationAttempts }, 'Confirmation Code retry limit exceeded'),
  )
  noteProgress(db, { ...note, status: failedWith('confirmationCodeRetriesExceeded') })
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
  const { context } = delivery
  const order = openOrder(db, { context, session })
  const { iccid } = order
  const { eid, transactionId } = session
  markDownloaded(db, { iccid, eid, transactionId, euiccOtpk: point })
  recordDownload(db, {
    transactionId,
    iccid,
    eid,
    euiccPublicKey: session.euiccCertificate.publicKeyInfo,
    atMs: context.environment.clock.nowMs(),
  })
  noteProgress(db, { context, order, eid, point: 'bppDownload', status: SUCCESS })
}
