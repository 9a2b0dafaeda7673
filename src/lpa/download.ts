/** Profile download and installation as the LPA runs it (SGP.22 §3.1.2, §3.1.3). */

import { createHash } from 'node:crypto'
import { Asn1Error } from '../asn1/der.ts'
import { decode, encode, seal, signed } from '../asn1/schema.ts'
import { iccidFromOctets } from '../base/bcd.ts'
import { LabError } from '../base/errors.ts'
import { concat, equalOctets, toHex, utf8 } from '../base/octets.ts'
import { CertificateError, readCertificate } from '../pki/certificate.ts'
import { validateChain } from '../pki/chain.ts'
import { parseActivationCode, sameAddress, type ActivationCode } from '../rsp/activation-code.ts'
import { CtxParams1, StoreMetadataRequest, type FinalResult } from '../rsp/common.ts'
import { CardError, STATUS_WORDS } from '../rsp/es10.ts'
import { ProfileInstallationResult, type CancelSessionReason } from '../rsp/es10b.ts'
import type { Es9Plus, Es9PlusResponse } from '../rsp/es9plus.ts'
import { judgeRules, type RuleVerdict } from '../rsp/rat.ts'
import { RspError } from '../rsp/status-codes.ts'
import type { LpaContext } from './lpa.ts'
import { twice, within } from './patience.ts'
import { metadataOctetsOf, segmentsOf } from './segments.ts'

/** What the user is shown before a profile is taken (SGP.22 §3.1.3 (7)). */
export interface ProfilePreview {
  readonly iccid: string
  readonly profileName: string
  readonly serviceProviderName: string
  readonly profileClass: string
  /** Rules that the profile brings, PPR1 and PPR2. */
  readonly policyRules: readonly string[]
  /** The eUICC's table wants the user's consent to the rules, and their consequences shown (SGP.22 §3.1.3 (8)). */
  readonly policyRulesConsentRequired: boolean
  readonly confirmationCodeRequired: boolean
}

/** The steps of a download by the names of SGP.22, for those who show progress. */
export type DownloadStep =
  | 'getEUICCChallenge'
  | 'initiateAuthentication'
  | 'authenticateServer'
  | 'authenticateClient'
  | 'prepareDownload'
  | 'getBoundProfilePackage'
  | 'loadBoundProfilePackage'

/**
 * What the user says to the preview; a Confirmation Code that was asked for is an acceptance. `timeout` is a user who
 * says nothing.
 */
export type DownloadDecision =
  'accept' | 'reject' | 'postpone' | 'timeout' | { readonly confirmationCode: string }

export interface DownloadRequest {
  /** The text of an activation code, or its parts. */
  readonly activationCode: ActivationCode | string
  /** The Confirmation Code, where the order has one. */
  readonly confirmationCode?: string
  /** Asks the user; a download without it is taken. */
  readonly confirm?: (preview: ProfilePreview) => Promise<DownloadDecision>
  /** How long `confirm` may take; without end unless told. */
  readonly confirmTimeoutMs?: number
  readonly onStep?: (step: DownloadStep) => void
}

/** A profile that was installed. */
export interface Download {
  readonly iccid: string
  readonly isdpAid: string
  readonly profileName: string
  readonly serviceProviderName: string
}

type Authenticated = Es9PlusResponse<'authenticateClient'>

interface Procedure {
  readonly context: LpaContext
  readonly request: DownloadRequest
  readonly activationCode: ActivationCode
  readonly server: Es9Plus
}

/**
 * Downloads and installs a profile.
 *
 * Whatever fails after the eUICC has opened its session is cancelled on both sides with the reason that SGP.22 gives
 * for it; the error that is thrown is the first one.
 * @throws {LabError} refused — by the server (reason `8.2.6/3.8`), by the eUICC (reason of its result), by the user
 *   (`endUserRejection`, `postponed`, `timeout`) or by a check of the LPA; unavailable — the server cannot be reached;
 *   badInput — the activation code is none
 */
export async function download(context: LpaContext, request: DownloadRequest): Promise<Download> {
  const activationCode =
    typeof request.activationCode === 'string'
      ? parseActivationCode(request.activationCode)
      : request.activationCode
  const server = context.es9Plus(activationCode.smdpAddress)
  const procedure: Procedure = { context, request, activationCode, server }
  try {
    const authenticated = await authenticate(procedure)
    const confirmationCode = await decide(procedure, authenticated)
    const boundProfilePackage = await fetchPackage(procedure, { authenticated, confirmationCode })
    const segments = await checkPackage(procedure, { authenticated, boundProfilePackage })
    return await install(procedure, { authenticated, segments })
  } catch (error) {
    if (error instanceof CardError) throw cardFailed(error)
    throw error
  }
}

/** The common mutual authentication procedure (SGP.22 §3.1.2). */
async function authenticate(procedure: Procedure): Promise<Authenticated> {
  const { context, request, server } = procedure
  const { es10 } = context
  const { smdpAddress, matchingId } = procedure.activationCode
  request.onStep?.('getEUICCChallenge')
  const euiccInfo1 = await es10.getEUICCInfo1({})
  const { euiccChallenge } = await es10.getEUICCChallenge({})
  request.onStep?.('initiateAuthentication')
  const initiated = await refusedAs('InitiateAuthentication', () =>
    twice(() => server.initiateAuthentication({ euiccChallenge, smdpAddress, euiccInfo1 })),
  )
  checkServer(procedure, initiated)
  request.onStep?.('authenticateServer')
  const authenticateServerResponse = await es10.authenticateServer({
    serverSigned1: initiated.serverSigned1,
    serverSignature1: initiated.serverSignature1,
    euiccCiPKIdToBeUsed: initiated.euiccCiPKIdToBeUsed,
    serverCertificate: initiated.serverCertificate,
    ctxParams1: ctxParams1(context, matchingId),
  })
  request.onStep?.('authenticateClient')
  const { transactionId } = initiated
  const answer = server.authenticateClient({ transactionId, authenticateServerResponse })
  const cardError = authenticateServerResponse.authenticateResponseError
  if (cardError) {
    // The server is told, so that it may end its session; the eUICC's own word is what the user needs.
    await answer.catch(() => undefined)
    throw cardRefused('AuthenticateServer', cardError.authenticateErrorCode)
  }
  return withCancelOnFailure({ context, server, transactionId }, () =>
    refusedAs('AuthenticateClient', () => answer),
  )
}

/**
 * The LPA's own checks of the server: it is the one that was called, its OID is the one of the activation code, and its
 * certificate is valid by the device's clock (SGP.22 §3.1.2 (10), §3.1.3 (2), §4.5.2.2).
 */
export function checkServer(
  { context, activationCode, role = 'dp-auth' }: ServerCheck,
  initiated: Es9PlusResponse<'initiateAuthentication'>,
): void {
  const { smdpAddress, smdpOid } = activationCode
  const { transactionId, serverSigned1, serverCertificate } = initiated
  const { serverAddress } = serverSigned1.value
  if (!sameAddress(serverAddress, smdpAddress)) {
    throw lpaRefused(
      'serverAddressMismatch',
      `the server calls itself ${serverAddress}, not ${smdpAddress}`,
    )
  }
  if (!equalOctets(serverSigned1.value.transactionId, transactionId)) {
    throw lpaRefused(
      'transactionIdMismatch',
      'the server signed another TransactionID than it sent',
    )
  }
  const certificate = certificateOf(serverCertificate)
  const found = certificate.subjectAltName.registeredIds.join(', ')
  if (smdpOid !== undefined && found !== smdpOid) {
    throw lpaRefused(
      'smdpOidMismatch',
      `the server's OID is ${found}, the activation code says ${smdpOid}`,
    )
  }
  checkDates(context, { der: serverCertificate, role })
}

interface ServerCheck {
  readonly context: LpaContext
  readonly activationCode: Pick<ActivationCode, 'smdpAddress' | 'smdpOid'>
  /** An SM-DP+'s unless told. */
  readonly role?: 'dp-auth' | 'ds-auth'
}

/** @throws {LabError} refused — it is none */
export function certificateOf(der: Uint8Array): ReturnType<typeof readCertificate> {
  try {
    return readCertificate(der)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    throw lpaRefused(
      'serverCertificateInvalid',
      `the server's certificate is malformed: ${error.detail}`,
    )
  }
}

/** A card has no clock and may have no list, so a certificate that is expired or revoked is the LPA's to notice. */
function checkDates(
  context: LpaContext,
  certificate: { readonly der: Uint8Array; readonly role: 'dp-auth' | 'dp-pb' | 'ds-auth' },
): void {
  const read = certificateOf(certificate.der)
  if (context.isRevoked?.(read)) {
    throw lpaRefused('serverCertificateRevoked', "the server's certificate is revoked by its CI")
  }
  if (context.trustedCis.length === 0) return
  const verdict = validateChain({
    chain: [read],
    roles: [certificate.role],
    anchors: context.trustedCis,
    atMs: context.clock.nowMs(),
  })
  if (!verdict.ok && verdict.fault.kind === 'expired') {
    throw lpaRefused(
      'serverCertificateExpired',
      `the server's certificate: ${verdict.fault.detail}`,
    )
  }
}

const SignedCtxParams1 = signed(CtxParams1)

/** What the eUICC signs of the device and of what it wants; for an SM-DS the MatchingID is an EventID. */
export function ctxParams1(context: LpaContext, matchingId: string) {
  const value = { ctxParamsForCommonAuthentication: { matchingId, deviceInfo: context.device } }
  return seal(SignedCtxParams1, value)
}

/** Shows the profile to the user and gets the Confirmation Code (SGP.22 §3.1.3 (7), (8)). */
async function decide(
  procedure: Procedure,
  authenticated: Authenticated,
): Promise<string | undefined> {
  const { request } = procedure
  const { transactionId, profileMetadata, smdpSigned2 } = authenticated
  const confirmationCodeRequired = smdpSigned2.value.ccRequiredFlag
  const decision = await withCancelOnFailure({ ...procedure, transactionId }, async () => {
    checkDates(procedure.context, { der: authenticated.smdpCertificate, role: 'dp-pb' })
    const rules = await judgedRules(procedure, profileMetadata)
    if (rules === 'notAllowed') return 'notAllowed'
    const policyRulesConsentRequired = rules === 'allowedWithConsent'
    const needs = { policyRulesConsentRequired, confirmationCodeRequired }
    const { confirm, confirmTimeoutMs } = request
    const preview = previewOf(profileMetadata, needs)
    return confirm && within(confirmTimeoutMs, () => confirm(preview))
  })
  if (decision === 'notAllowed') {
    throw await cancelled(procedure, {
      authenticated,
      reason: 'pprNotAllowed',
      error: lpaRefused(
        'pprNotAllowed',
        'the eUICC does not allow the policy rules that the profile brings',
      ),
    })
  }
  if (decision === 'reject') {
    throw await cancelled(procedure, {
      authenticated,
      reason: 'endUserRejection',
      error: lpaRefused('endUserRejection', 'the user rejected the profile'),
    })
  }
  if (decision === 'postpone') {
    throw await cancelled(procedure, {
      authenticated,
      reason: 'postponed',
      error: lpaRefused('postponed', 'the user postponed the profile'),
    })
  }
  if (decision === 'timeout') {
    throw await cancelled(procedure, {
      authenticated,
      reason: 'timeout',
      error: lpaRefused('timeout', 'the user did not answer in time'),
    })
  }
  if (!confirmationCodeRequired) return undefined
  const confirmationCode =
    typeof decision === 'object' ? decision.confirmationCode : request.confirmationCode
  if (confirmationCode === undefined) {
    throw await cancelled(procedure, {
      authenticated,
      reason: 'postponed',
      error: lpaRefused(
        'confirmationCodeMissing',
        'the order needs a confirmation code. Ask the operator for it',
      ),
    })
  }
  return confirmationCode
}

/** What the eUICC would say of the profile's policy rules, before the package is asked for (SGP.22 §2.9.2.4). */
async function judgedRules(
  { context }: Procedure,
  { profileOwner, profilePolicyRules }: StoreMetadataRequest,
): Promise<RuleVerdict> {
  if (!profilePolicyRules || profilePolicyRules.length === 0) return 'allowed'
  const { rat } = await context.es10.getRAT({})
  const { profileInfoListOk: beside = [] } = await context.es10.getProfilesInfo({
    searchCriteria: { profileClass: 'operational' },
    tagList: ICCID_TAG,
  })
  const hasOperationalBeside = beside.length > 0
  return judgeRules(rat, { profileOwner, profilePolicyRules, hasOperationalBeside })
}

const ICCID_TAG = Uint8Array.of(0x5a)

function previewOf(
  metadata: StoreMetadataRequest,
  needs: Pick<ProfilePreview, 'policyRulesConsentRequired' | 'confirmationCodeRequired'>,
): ProfilePreview {
  return {
    iccid: iccidFromOctets(metadata.iccid) ?? toHex(metadata.iccid),
    profileName: metadata.profileName,
    serviceProviderName: metadata.serviceProviderName,
    profileClass: String(metadata.profileClass),
    policyRules: metadata.profilePolicyRules ?? [],
    ...needs,
  }
}

/** PrepareDownload and GetBoundProfilePackage (SGP.22 §3.1.3.2). */
async function fetchPackage(
  procedure: Procedure,
  order: { readonly authenticated: Authenticated; readonly confirmationCode: string | undefined },
): Promise<Uint8Array> {
  const { context, request, server } = procedure
  const { transactionId, smdpSigned2, smdpSignature2, smdpCertificate } = order.authenticated
  const session = { context, server, transactionId }
  request.onStep?.('prepareDownload')
  const prepareDownloadResponse = await withCancelOnFailure(session, () =>
    context.es10.prepareDownload({
      smdpSigned2,
      smdpSignature2,
      smdpCertificate,
      hashCc: hashOfCode(order.confirmationCode, transactionId),
    }),
  )
  request.onStep?.('getBoundProfilePackage')
  const answer = twice(() =>
    server.getBoundProfilePackage({ transactionId, prepareDownloadResponse }),
  )
  const cardError = prepareDownloadResponse.downloadResponseError
  if (cardError) {
    await answer.catch(() => undefined)
    throw cardRefused('PrepareDownload', cardError.downloadErrorCode)
  }
  const { boundProfilePackage } = await withCancelOnFailure(session, () =>
    refusedAs('GetBoundProfilePackage', () => answer),
  )
  return boundProfilePackage
}

/** SHA256(SHA256(Confirmation Code) ‖ TransactionID) (SGP.22 §3.1.3.2 (1)). */
function hashOfCode(code: string | undefined, transactionId: Uint8Array): Uint8Array | undefined {
  if (code === undefined) return undefined
  const inner = createHash('sha256').update(utf8(code)).digest()
  return createHash('sha256').update(concat(inner, transactionId)).digest()
}

/**
 * The package's segments. What the user agreed to is what comes: its metadata is that of the preview
 * (SGP.22 §3.1.3.2 (12)).
 */
async function checkPackage(
  procedure: Procedure,
  delivery: { readonly authenticated: Authenticated; readonly boundProfilePackage: Uint8Array },
): Promise<readonly Uint8Array[]> {
  const { authenticated } = delivery
  const promised = authenticated.profileMetadata
  const read = tryRead(() => readPackage(delivery.boundProfilePackage))
  if (!read) {
    throw await cancelled(procedure, {
      authenticated,
      reason: 'loadBppExecutionError',
      error: lpaRefused(
        'boundProfilePackageMalformed',
        'the server sent something else than a Bound Profile Package',
      ),
    })
  }
  const { delivered, segments } = read
  if (rulesOf(promised) !== rulesOf(delivered)) {
    throw await cancelled(procedure, {
      authenticated,
      reason: 'pprNotAllowed',
      error: lpaRefused(
        'pprNotAllowed',
        'the profile brings other policy rules than it was offered with',
      ),
    })
  }
  const isSame = equalOctets(
    encode(StoreMetadataRequest, promised),
    encode(StoreMetadataRequest, delivered),
  )
  if (!isSame) {
    throw await cancelled(procedure, {
      authenticated,
      reason: 'metadataMismatch',
      error: lpaRefused('metadataMismatch', 'the profile is not the one that was offered'),
    })
  }
  return segments
}

/** The rules as a set, whatever their order. */
function rulesOf(metadata: StoreMetadataRequest): string {
  return (metadata.profilePolicyRules ?? []).toSorted().join()
}

function readPackage(boundProfilePackage: Uint8Array) {
  return {
    segments: segmentsOf(boundProfilePackage),
    delivered: decode(StoreMetadataRequest, metadataOctetsOf(boundProfilePackage)),
  }
}

function tryRead<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}

/** Loads segment by segment until the eUICC gives its result, which may come early (SGP.22 §3.1.3.3). */
async function install(
  procedure: Procedure,
  delivery: { readonly authenticated: Authenticated; readonly segments: readonly Uint8Array[] },
): Promise<Download> {
  const { context, request } = procedure
  request.onStep?.('loadBoundProfilePackage')
  for (const segment of delivery.segments) {
    const { statusWord, data } = await context.es10.loadBoundProfilePackage(segment)
    if (statusWord !== STATUS_WORDS.ok) {
      throw await cancelled(procedure, {
        authenticated: delivery.authenticated,
        reason: 'loadBppExecutionError',
        error: cardFailed(new CardError('LoadBoundProfilePackage', statusWord)),
      })
    }
    if (data.length === 0) continue
    const result = tryRead(() => decode(ProfileInstallationResult, data))
    if (!result) break
    const { finalResult } = result.profileInstallationResultData.value
    return installed(delivery.authenticated.profileMetadata, finalResult)
  }
  throw await cancelled(procedure, {
    authenticated: delivery.authenticated,
    reason: 'loadBppExecutionError',
    error: cardRefused('LoadBoundProfilePackage', 'no ProfileInstallationResult'),
  })
}

function installed(metadata: StoreMetadataRequest, finalResult: FinalResult): Download {
  const { successResult, errorResult } = finalResult
  if (!successResult) {
    const reason = String(errorResult.errorReason)
    throw new LabError(
      'refused',
      `the eUICC did not install the profile: ${reason} in ${errorResult.bppCommandId}.`,
      {
        reason,
      },
    )
  }
  return {
    iccid: iccidFromOctets(metadata.iccid) ?? toHex(metadata.iccid),
    isdpAid: toHex(successResult.aid),
    profileName: metadata.profileName,
    serviceProviderName: metadata.serviceProviderName,
  }
}

interface OpenSession {
  readonly context: LpaContext
  readonly server: Es9Plus
  readonly transactionId: Uint8Array
}

/** Runs a step; when it fails, the session ends on both sides so that the next download may begin. */
async function withCancelOnFailure<T>(session: OpenSession, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // A refusal ends the procedure at the server; what is left is the eUICC's session, and the order stays as it is.
    await cancelBoth(session, 'postponed')
    throw error
  }
}

async function cancelled(
  procedure: Procedure,
  end: {
    readonly authenticated: Authenticated
    readonly reason: CancelSessionReason
    readonly error: LabError
  },
): Promise<LabError> {
  const { transactionId } = end.authenticated
  await cancelBoth({ ...procedure, transactionId }, end.reason)
  return end.error
}

/** Tells the eUICC and then the server; neither can make the first failure worse. */
async function cancelBoth(session: OpenSession, reason: CancelSessionReason): Promise<void> {
  const { context, server, transactionId } = session
  try {
    const cancelSessionResponse = await context.es10.cancelSession({ transactionId, reason })
    await twice(() => server.cancelSession({ transactionId, cancelSessionResponse }))
  } catch (error) {
    if (!(error instanceof RspError || error instanceof LabError || error instanceof CardError))
      throw error
  }
}

/** A refusal of the server, with the function that it refused and its code as the reason. */
export async function refusedAs<T>(functionName: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RspError)) throw error
    throw new LabError('refused', `${functionName} was refused (${error.code}): ${error.message}`, {
      reason: error.code,
      cause: error,
    })
  }
}

/** What the eUICC refused, by its own word for it. */
export function cardRefused(functionName: string, word: string | number): LabError {
  return new LabError('refused', `the eUICC refused ${functionName}: ${word}.`, {
    reason: String(word),
  })
}

/** A status word in place of an answer; it is the reason, as `6A80`. */
export function cardFailed(error: CardError): LabError {
  const reason = error.statusWord.toString(16).toUpperCase()
  return new LabError('refused', `${error.message}.`, { reason, cause: error })
}

function lpaRefused(reason: string, detail: string): LabError {
  return new LabError('refused', `${detail}.`, { reason })
}
