/** The eUICC's side of mutual authentication and download preparation (SGP.22 §5.7.5, §5.7.7, §5.7.13, §5.7.14). */

import { seal } from '../asn1/schema.ts'
import { concat, equalOctets } from '../base/octets.ts'
import { element } from '../asn1/der.ts'
import { generateKeyPair, verify, type KeyPair } from '../crypto/ec.ts'
import { CertificateError, readCertificate, type Certificate } from '../pki/certificate.ts'
import { oidOf, samePublisher, validateChain } from '../pki/chain.ts'
import { ROLE_POLICIES } from '../pki/oids.ts'
import type { Es10Request, Es10Response } from '../rsp/es10.ts'
import {
  EuiccCancelSessionSigned,
  EuiccSigned1,
  EUICCSigned2,
  type AuthenticateErrorCode,
  type AuthenticateServerRequest,
  type DownloadErrorCode,
  type PrepareDownloadRequest,
} from '../rsp/es10b.ts'
import { BppReader } from './bpp-reader.ts'
import {
  credentialOf,
  credentialsInUse,
  signAs,
  trustedCis,
  update,
  type AuthenticatedSession,
  type Card,
  type ChallengedSession,
} from './card.ts'
import { euiccInfo2 } from './info.ts'
import { isRevokedOrExpired } from './revocation.ts'

const CHALLENGE_OCTETS = 16

/** ES10b.GetEUICCChallenge: begins an RSP session; one that was not completed is forgotten. */
export function getEUICCChallenge(card: Card): Es10Response<'getEUICCChallenge'> {
  const challenge = card.random.bytes(CHALLENGE_OCTETS)
  card.session = { step: 'challenged', challenge }
  return { euiccChallenge: challenge }
}

/**
 * ES10b.AuthenticateServer (SGP.22 §5.7.13): is this a server under a CI the card trusts, and did it sign our challenge?
 *
 * The card judges neither the server's address, which is the LPA's to check, nor dates, for it has no clock.
 */
export function authenticateServer(
  card: Card,
  request: AuthenticateServerRequest,
): Es10Response<'authenticateServer'> {
  const { transactionId, serverAddress, serverChallenge } = request.serverSigned1.value
  const checked = checkServer(card, request)
  if (typeof checked === 'string') {
    return { authenticateResponseError: { transactionId, authenticateErrorCode: checked } }
  }
  const { credential, serverCertificate } = checked
  const euiccSigned1 = seal(EuiccSigned1, {
    transactionId,
    serverAddress,
    serverChallenge,
    euiccInfo2: euiccInfo2(card),
    ctxParams1: request.ctxParams1,
  })
  const euiccSignature1 = signAs(card, {
    object: 'euiccSigned1',
    credential,
    data: euiccSigned1.raw,
  })
  card.session = {
    step: 'authenticated',
    transactionId,
    serverAddress,
    serverCertificate,
    credential,
    euiccSignature1,
  }
  return {
    authenticateResponseOk: {
      euiccSigned1,
      euiccSignature1,
      euiccCertificate: credential.euiccCertificate.der,
      eumCertificate: credential.eumCertificate.der,
    },
  }
}

/** The checks in the order of SGP.22 §5.7.13. */
function checkServer(
  card: Card,
  request: AuthenticateServerRequest,
): AuthenticateErrorCode | Pick<AuthenticatedSession, 'credential' | 'serverCertificate'> {
  const { session } = card
  if (session?.step !== 'challenged') return 'noSessionContext'
  const serverCertificate = certificateOf(request.serverCertificate)
  if (!serverCertificate) return 'invalidCertificate'
  if (!isOnOurCurves(card, serverCertificate)) return 'unsupportedCurve'
  const role = serverRole(serverCertificate)
  const verdict = validateChain({
    chain: [serverCertificate],
    roles: [role ?? 'dp-auth'],
    anchors: trustedCis(card),
  })
  if (!verdict.ok && verdict.fault.kind === 'unknownCi') return 'ciPKUnknown'
  if (!role) return 'invalidOid'
  if (!verdict.ok) return 'invalidCertificate'
  if (isRevokedOrExpired(card, [verdict.anchor, serverCertificate])) return 'invalidCertificate'
  const { raw: data, value: signed } = request.serverSigned1
  if (!verify(serverCertificate.publicKey, { data, signature: request.serverSignature1 })) {
    return 'invalidSignature'
  }
  if (!isOurChallenge(session, signed.euiccChallenge)) return 'euiccChallengeMismatch'
  const credential = credentialOf(credentialsInUse(card), request.euiccCiPKIdToBeUsed)
  if (!credential) return 'ciPKUnknown'
  return card.personality.faults.authenticateError ?? { credential, serverCertificate }
}

/** A key on a curve that the card does not know cannot be looked at, whatever CI stands above it. */
function isOnOurCurves({ personality }: Card, { curve }: Certificate): boolean {
  return personality.curves.includes(curve)
}

function isOurChallenge(session: ChallengedSession, challenge: Uint8Array): boolean {
  return equalOctets(session.challenge, challenge)
}

function serverRole(certificate: Certificate): 'dp-auth' | 'ds-auth' | undefined {
  const roles = ['dp-auth', 'ds-auth'] as const
  return roles.find((role) => certificate.policies.includes(ROLE_POLICIES[role]))
}

function certificateOf(der: Uint8Array): Certificate | undefined {
  try {
    return readCertificate(der)
  } catch (error) {
    if (error instanceof CertificateError) return undefined
    throw error
  }
}

/** ES10b.PrepareDownload (SGP.22 §5.7.5): checks CERT.DPpb and offers a one-time key. */
export function prepareDownload(
  card: Card,
  request: PrepareDownloadRequest,
): Es10Response<'prepareDownload'> {
  const { transactionId } = request.smdpSigned2.value
  const checked = checkDownload(card, request)
  if ('error' in checked) {
    return { downloadResponseError: { transactionId, downloadErrorCode: checked.error } }
  }
  const { session, dpPbCertificate } = checked
  const oneTimeKey = oneTimeKeyFor(card, { request, dpPbCertificate })
  const euiccSigned2 = seal(EUICCSigned2, {
    transactionId,
    euiccOtpk: oneTimeKey.point,
    hashCc: request.hashCc,
  })
  const signed = concat(euiccSigned2.raw, element(0x5f37, request.smdpSignature2))
  card.session = {
    ...session,
    step: 'download',
    dpPbCertificate,
    oneTimeKey,
    reader: new BppReader(),
    received: [],
    segmentCount: 0,
    loading: {},
  }
  return {
    downloadResponseOk: {
      euiccSigned2,
      euiccSignature2: signAs(card, {
        object: 'euiccSigned2',
        credential: session.credential,
        data: signed,
      }),
    },
  }
}

/** The checks in the order of SGP.22 §5.7.5; a Confirmation Code that is asked for must be there (§3.1.3.2). */
function checkDownload(
  card: Card,
  request: PrepareDownloadRequest,
):
  | { readonly error: DownloadErrorCode }
  | { readonly session: AuthenticatedSession; readonly dpPbCertificate: Certificate } {
  const { session } = card
  const { raw, value: signed } = request.smdpSigned2
  if (session?.step !== 'authenticated') return { error: 'noSessionContext' }
  if (!equalOctets(session.transactionId, signed.transactionId)) {
    return { error: 'invalidTransactionId' }
  }
  if (serverRole(session.serverCertificate) !== 'dp-auth') return { error: 'noSessionContext' }
  const dpPbCertificate = certificateOf(request.smdpCertificate)
  if (!dpPbCertificate) return { error: 'invalidCertificate' }
  if (!isOnOurCurves(card, dpPbCertificate)) return { error: 'unsupportedCurve' }
  if (!isTrusted(card, dpPbCertificate)) return { error: 'invalidCertificate' }
  const data = concat(raw, element(0x5f37, session.euiccSignature1))
  if (!verify(dpPbCertificate.publicKey, { data, signature: request.smdpSignature2 })) {
    return { error: 'invalidSignature' }
  }
  if (!samePublisher(session.serverCertificate, dpPbCertificate)) {
    return { error: 'invalidCertificate' }
  }
  if (signed.ccRequiredFlag && !request.hashCc) return { error: 'undefinedError' }
  const { downloadError } = card.personality.faults
  if (downloadError) return { error: downloadError }
  return { session, dpPbCertificate }
}

function isTrusted(card: Card, dpPbCertificate: Certificate): boolean {
  const verdict = validateChain({
    chain: [dpPbCertificate],
    roles: ['dp-pb'],
    anchors: trustedCis(card),
  })
  return verdict.ok && !isRevokedOrExpired(card, [verdict.anchor, dpPbCertificate])
}

/** The key of an earlier attempt when the SM-DP+ asks for it and the card still has it; else a new one, kept for a retry. */
function oneTimeKeyFor(
  card: Card,
  download: { readonly request: PrepareDownloadRequest; readonly dpPbCertificate: Certificate },
): KeyPair {
  const { curve } = download.dpPbCertificate
  const smdpOid = oidOf(download.dpPbCertificate)
  const wanted = download.request.smdpSigned2.value.bppEuiccOtpk
  const kept = card.state.retryKey
  const isOfServer = kept?.smdpOid === smdpOid && kept.keyPair.curve === curve
  if (wanted && isOfServer && equalOctets(kept.keyPair.point, wanted)) return kept.keyPair
  const keyPair = generateKeyPair({ curve, random: card.random })
  update(card, { retryKey: { smdpOid, keyPair } })
  return keyPair
}

/** ES10b.CancelSession (SGP.22 §5.7.14): a signed word for the server that the session is over. */
export function cancelSession(
  card: Card,
  request: Es10Request<'cancelSession'>,
): Es10Response<'cancelSession'> {
  const { session } = card
  if (
    !session ||
    session.step === 'challenged' ||
    !equalOctets(session.transactionId, request.transactionId)
  ) {
    return { cancelSessionResponseError: 'invalidTransactionId' }
  }
  const { cancelSessionError } = card.personality.faults
  if (cancelSessionError) return { cancelSessionResponseError: cancelSessionError }
  const euiccCancelSessionSigned = seal(EuiccCancelSessionSigned, {
    transactionId: request.transactionId,
    smdpOid: oidOf(session.serverCertificate),
    reason: request.reason,
  })
  const euiccCancelSessionSignature = signAs(card, {
    object: 'cancelSession',
    credential: session.credential,
    data: euiccCancelSessionSigned.raw,
  })
  card.session = undefined
  if (request.reason !== 'postponed' && request.reason !== 'timeout') {
    update(card, { retryKey: undefined })
  }
  return { cancelSessionResponseOk: { euiccCancelSessionSigned, euiccCancelSessionSignature } }
}
