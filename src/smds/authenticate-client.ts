import { equalOctets } from '../base/octets.ts'
import { eidOf } from '../pki/chain.ts'
import type { Es11Request, Es11Response, EventEntry } from '../rsp/es11.ts'
import { verifyEuiccChain } from '../rsp/euicc-chain.ts'
import { isSignedFor, type AuthenticateResponseOk } from '../rsp/server-authentication.ts'
import { refuse } from '../rsp/status-codes.ts'
import { eventsOf } from '../store/smds-events.ts'
import type { SmdsSession } from './sessions.ts'
import type { SmdsContext } from './smds.ts'

/**
 * Checks that the eUICC which answered is the one that was challenged, and tells its events: all of them without a
 * MatchingID or with an empty one, else those with this EventID.
 *
 * SGP.22 §5.8.2, §3.6.2, ES11.AuthenticateClient. The answer ends the session; the events stay.
 * @throws {RspError} transactionIdUnknown, euiccReportedError, ciUnknown, eumCertificateExpired, eumCertificateInvalid,
 *   euiccCertificateExpired, euiccCertificateInvalid, euiccSignatureInvalid, smdsSvnUnsupported, eventUnknown
 */
export function authenticateClient(
  context: SmdsContext,
  request: Es11Request<'authenticateClient'>,
): Es11Response<'authenticateClient'> {
  const { transactionId } = request
  const session = context.sessions.find(transactionId)
  if (!session) throw refuse('transactionIdUnknown')
  const response = authenticatedResponse(context, { session, request })
  const euiccCertificate = verifyEuiccChain(context, response)
  if (!isSignedFor(session, { response, euiccCertificate })) throw refuse('euiccSignatureInvalid')
  const { euiccInfo2, ctxParams1 } = response.euiccSigned1.value
  if (!equalOctets(euiccInfo2.svn, session.svn)) {
    const detail = 'EUICCInfo2 has another version than EUICCInfo1.'
    throw refuse('smdsSvnUnsupported', { detail })
  }
  const { matchingId } = ctxParams1.value.ctxParamsForCommonAuthentication
  const eventEntries = entriesOf(context, { eid: eidOf(euiccCertificate), matchingId })
  context.sessions.end(transactionId)
  return { transactionId, eventEntries }
}

/** The eUICC's answer, unless it is a refusal: then the session is over. */
function authenticatedResponse(
  context: SmdsContext,
  call: {
    readonly session: SmdsSession
    readonly request: Es11Request<'authenticateClient'>
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

function entriesOf(
  { store, name }: SmdsContext,
  wanted: { readonly eid: string; readonly matchingId: string | undefined },
): readonly EventEntry[] {
  const { eid } = wanted
  const eventId = wanted.matchingId === '' ? undefined : wanted.matchingId
  const events = store.read((db) => eventsOf(db, { smds: name, eid, eventId }))
  if (eventId !== undefined && events.length === 0) {
    throw refuse('eventUnknown', { subjectIdentifier: eventId })
  }
  return events.map(({ eventId: id, rspServerAddress }) => ({ eventId: id, rspServerAddress }))
}
