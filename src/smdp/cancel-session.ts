import { equalOctets } from '../base/octets.ts'
import { verify } from '../crypto/ec.ts'
import { oidOf } from '../pki/chain.ts'
import type { Es9PlusRequest, Es9PlusResponse } from '../rsp/es9plus.ts'
import { refuse } from '../rsp/status-codes.ts'
import type { Connection } from '../store/engine.ts'
import { saveOrder } from '../store/orders.ts'
import { failed, findOpenOrder } from './open-order.ts'
import { cancelledFor, noteProgress } from './progress.ts'
import type { AuthenticatedSession } from './sessions.ts'
import type { SmdpContext } from './smdp.ts'

/** Reasons after which the order stays as it is (SGP.22 §5.7.14); every other one ends it. */
const REASONS_TO_RETRY: readonly unknown[] = ['postponed', 'timeout']

/**
 * Ends an RSP session at the wish of the LPA's side.
 *
 * SGP.22 §5.6.5, ES9+.CancelSession. After `postponed` or `timeout` the order may be used again; any other reason moves
 * it to Error, or back to Released where it is repeatable. An eUICC that refuses to cancel has no such session, so the server's ends too; the order stays as it is.
 * @throws {RspError} transactionIdUnknown, euiccReportedError, euiccSignatureInvalid, smdpOidInvalid
 */
export async function cancelSession(
  context: SmdpContext,
  request: Es9PlusRequest<'cancelSession'>,
): Promise<Es9PlusResponse<'cancelSession'>> {
  const session = context.sessions.find(request.transactionId)
  if (!session || session.step === 'initiated') throw refuse('transactionIdUnknown')
  const reason = verifiedReason(context, { session, request })
  if (!REASONS_TO_RETRY.includes(reason)) {
    await context.store.write((db) => endOrder(db, { context, session, reason }))
  }
  context.sessions.end(session.transactionId)
  return {}
}

function verifiedReason(
  context: SmdpContext,
  call: {
    readonly session: AuthenticatedSession
    readonly request: Es9PlusRequest<'cancelSession'>
  },
): string | number {
  const { session } = call
  const { cancelSessionResponseOk: ok, cancelSessionResponseError: error } =
    call.request.cancelSessionResponse
  if (!ok) {
    context.sessions.end(session.transactionId)
    throw refuse('euiccReportedError', { detail: `CancelSession ended with ${error}.` })
  }
  const { raw: data, value: signed } = ok.euiccCancelSessionSigned
  if (!equalOctets(signed.transactionId, session.transactionId)) {
    throw refuse('transactionIdUnknown', { detail: 'The eUICC answered for another session.' })
  }
  const signature = ok.euiccCancelSessionSignature
  if (!verify(session.euiccCertificate.publicKey, { data, signature })) {
    throw refuse('euiccSignatureInvalid')
  }
  if (signed.smdpOid !== oidOf(session.credentials.dpAuth.certificate)) {
    throw refuse('smdpOidInvalid', { subjectIdentifier: signed.smdpOid })
  }
  return signed.reason
}

function endOrder(
  db: Connection,
  ended: {
    readonly context: SmdpContext
    readonly session: AuthenticatedSession
    readonly reason: string | number
  },
): void {
  const { context, session, reason } = ended
  const order = findOpenOrder(db, session)
  if (!order) return
  saveOrder(db, failed(order, `cancelled: ${reason}`))
  // The point that was to come and did not.
  const point = session.step === 'bound' ? 'bppInstallation' : 'bppDownload'
  noteProgress(db, { context, order, eid: session.eid, point, status: cancelledFor(reason) })
}
