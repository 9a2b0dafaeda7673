/** ES10b.LoadBoundProfilePackage: opens a Bound Profile Package and installs it (SGP.22 §5.5, §5.7.6, §2.5.6). */

import { Asn1Error, children, element, readTlv } from '../asn1/der.ts'
import { decode, encode, seal, signed } from '../asn1/schema.ts'
import { concat, equalOctets, hex, toHex } from '../base/octets.ts'
import { BspOpener, deriveBspKeys, KEY_LENGTH_OCTETS, KEY_TYPE_AES } from '../crypto/bsp.ts'
import { agree, publicKeyFromPoint, verify } from '../crypto/ec.ts'
import { oidOf } from '../pki/chain.ts'
import { installProfileElements } from '../profile/install.ts'
import {
  ProfileInstallationResultData,
  StoreMetadataRequest,
  type BppCommandId,
  type ErrorReason,
  type FinalResult,
} from '../rsp/common.ts'
import { ProfileInstallationResult } from '../rsp/es10b.ts'
import {
  ConfigureISDPRequest,
  DP_PROPRIETARY_DATA_OCTETS_MAX,
  InitialiseSecureChannelRequest,
  ReplaceSessionKeysRequest,
} from '../rsp/es8plus.ts'
import { STATUS_WORDS, type CardAnswer } from '../rsp/es10.ts'
import { judgeRules } from '../rsp/rat.ts'
import type { BppBlock, BppEvent } from './bpp-reader.ts'
import {
  hasOperational,
  notificationsFor,
  signAs,
  update,
  withNotifications,
  type Card,
  type DownloadSession,
} from './card.ts'
import { freeMemoryOctets } from './info.ts'
import type { InstalledProfile } from './state.ts'
import { hasTestKeys } from './test-profile.ts'

/** A function of ES8+ that failed, and why. */
interface BppFailure {
  readonly bppCommandId: BppCommandId
  readonly errorReason: ErrorReason
  readonly simaResponse?: Uint8Array
}

type Outcome =
  | { readonly failure: BppFailure }
  | { readonly installed: InstalledProfile; readonly simaResponse: Uint8Array }

/**
 * Takes the next octets of the package. Answers with data only when it is over: the Profile Installation Result.
 * A segment that is not expected is answered 6A88 and changes nothing.
 */
export function loadBoundProfilePackage(card: Card, segment: Uint8Array): CardAnswer {
  const { session } = card
  if (session?.step !== 'download' || !session.reader.accepts(segment)) {
    return { statusWord: STATUS_WORDS.referenceDataNotFound, data: hex('') }
  }
  const outcome = earlyOutcome(card, session) ?? readSegment(card, { session, segment })
  if (!outcome) return { statusWord: STATUS_WORDS.ok, data: hex('') }
  return { statusWord: STATUS_WORDS.ok, data: finish(card, { session, outcome }) }
}

/** A card that answers before the package is there, because its personality says so. */
function earlyOutcome({ personality }: Card, session: DownloadSession): Outcome | undefined {
  session.segmentCount++
  if (session.segmentCount !== personality.faults.earlyResultAtSegment) return undefined
  const bppCommandId = session.reader.block ?? 'initialiseSecureChannel'
  return { failure: { bppCommandId, errorReason: 'installFailedDueToUnknownError' } }
}

function readSegment(
  card: Card,
  work: { readonly session: DownloadSession; readonly segment: Uint8Array },
): Outcome | undefined {
  for (const event of work.session.reader.read(work.segment)) {
    if (!event) return { failure: structureFailure(work.session) }
    const outcome = execute(card, { session: work.session, event })
    if (outcome) return outcome
  }
  return undefined
}

/** A package that breaks its own structure fails in the function that was to come. */
function structureFailure({ reader }: DownloadSession): BppFailure {
  return reader.block
    ? { bppCommandId: reader.block, errorReason: 'scp03tStructureError' }
    : { bppCommandId: 'initialiseSecureChannel', errorReason: 'incorrectInputValues' }
}

function execute(
  card: Card,
  work: { readonly session: DownloadSession; readonly event: BppEvent },
): Outcome | undefined {
  const { session, event } = work
  if (event.kind === 'end') return undefined
  if (event.kind === 'initialiseSecureChannel') {
    const errorReason = initialiseSecureChannel(card, { session, tlv: event.tlv })
    const failure = errorReason && { bppCommandId: 'initialiseSecureChannel' as const, errorReason }
    return failure ? { failure } : chosenFailure(card, event)
  }
  if (event.kind === 'protected') return openSegment(session, event) ?? chosenFailure(card, event)
  const outcome = executeBlock(card, { session, block: event.block })
  return outcome && 'failure' in outcome ? outcome : (chosenFailure(card, event) ?? outcome)
}

const ERRORS_OF_SEGMENTS: readonly ErrorReason[] = ['scp03tStructureError', 'scp03tSecurityError']

/**
 * The failure that the card's personality asks for, where nothing else is wrong: with the first segment of a function
 * when a segment is said to be wrong, else when the function would have been done.
 */
function chosenFailure(
  { personality, session }: Card,
  event: Exclude<BppEvent, { readonly kind: 'end' }>,
): Outcome | undefined {
  const { failAt } = personality.faults
  if (failAt?.bppCommandId === 'storeMetadata2') {
    const isMetadata = event.kind === 'protected' && event.block === 'storeMetadata'
    const isSecond = session?.step === 'download' && session.received.length === 2
    return isMetadata && isSecond ? { failure: failAt } : undefined
  }
  const done = event.kind === 'initialiseSecureChannel' ? event.kind : event.block
  if (failAt?.bppCommandId !== done) return undefined
  const isOfSegment = ERRORS_OF_SEGMENTS.includes(failAt.errorReason)
  return isOfSegment === (event.kind === 'protected') ? { failure: failAt } : undefined
}

/** ES8+.InitialiseSecureChannel (SGP.22 §5.5.1): checks in order signature, operation, transaction, key description. */
function initialiseSecureChannel(
  card: Card,
  work: { readonly session: DownloadSession; readonly tlv: Uint8Array },
): ErrorReason | undefined {
  const { session, tlv } = work
  const request = tryDecode(() => decode(InitialiseSecureChannelRequest, tlv))
  if (!request) return 'incorrectInputValues'
  const { publicKey } = session.dpPbCertificate
  const data = concat(signedPart(tlv), element(0x5f49, session.oneTimeKey.point))
  if (!verify(publicKey, { data, signature: request.smdpSign })) return 'invalidSignature'
  if (request.remoteOpId !== 'installBoundProfilePackage') return 'unsupportedRemoteOperationType'
  if (!equalOctets(request.transactionId, session.transactionId)) return 'invalidTransactionId'
  const { keyType, keyLen, hostId } = request.controlRefTemplate
  if (keyType[0] !== KEY_TYPE_AES || keyLen[0] !== KEY_LENGTH_OCTETS) return 'unsupportedCrtValues'
  const smdpOtpk = publicKeyFromPoint({ curve: session.oneTimeKey.curve, point: request.smdpOtpk })
  if (!smdpOtpk) return 'incorrectInputValues'
  const sharedSecret = agree({ privateKey: session.oneTimeKey.privateKey, publicKey: smdpOtpk })
  const keys = deriveBspKeys({ sharedSecret, hostId, eid: hex(card.state.eid) })
  session.loading = { opener: new BspOpener(keys) }
  return undefined
}

/** The data objects that smdpSign covers, as they came: everything before the signature. */
function signedPart(tlv: Uint8Array): Uint8Array {
  const outer = readTlv(tlv, 0)
  for (const child of children(tlv, outer.valueStart, outer.end)) {
    if (child.tag === 0x5f37) return tlv.subarray(outer.valueStart, child.start)
  }
  return tlv.subarray(outer.valueStart, outer.end)
}

function openSegment(
  session: DownloadSession,
  event: { readonly block: BppBlock; readonly tlv: Uint8Array },
): Outcome | undefined {
  const opened = session.loading.opener?.open(event.tlv)
  if (opened?.ok) {
    session.received.push(opened.data)
    return undefined
  }
  const errorReason = opened?.fault === 'security' ? 'scp03tSecurityError' : 'scp03tStructureError'
  return { failure: { bppCommandId: event.block, errorReason } }
}

/** A function's data is complete with its block; it may have come in several segments. */
function executeBlock(
  card: Card,
  work: { readonly session: DownloadSession; readonly block: BppBlock },
): Outcome | undefined {
  const { session, block } = work
  const data = concat(...session.received.splice(0))
  if (block === 'loadProfileElements') return loadProfileElements(card, { session, data })
  const errorReason = {
    configureISDP: () => configureIsdp(session, data),
    storeMetadata: () => storeMetadata(card, { session, data }),
    replaceSessionKeys: () => replaceSessionKeys(session, data),
  }[block]()
  return errorReason && { failure: { bppCommandId: block, errorReason } }
}

/** ES8+.ConfigureISDP (SGP.22 §5.5.2). */
function configureIsdp(session: DownloadSession, data: Uint8Array): ErrorReason | undefined {
  const request = tryDecode(() => decode(ConfigureISDPRequest, data))
  if (!request) return 'incorrectInputValues'
  const { dpProprietaryData } = request
  if (!dpProprietaryData) return undefined
  if (dpProprietaryData.length > DP_PROPRIETARY_DATA_OCTETS_MAX) return 'incorrectInputValues'
  session.loading = { ...session.loading, dpProprietaryData: Uint8Array.from(dpProprietaryData) }
  return undefined
}

/** ES8+.StoreMetadata (SGP.22 §5.5.3): the class is supported, the ICCID is new, and rules come with an owner. */
function storeMetadata(
  card: Card,
  work: { readonly session: DownloadSession; readonly data: Uint8Array },
): ErrorReason | undefined {
  const metadata = tryDecode(() => decode(StoreMetadataRequest, work.data))
  if (!metadata) return 'incorrectInputValues'
  // Kept at once: from here on the result names the ICCID, whatever it is (SGP.22 §2.5.6).
  work.session.loading = { ...work.session.loading, metadata }
  if (!card.personality.profileClasses.includes(metadata.profileClass)) {
    return 'unsupportedProfileClass'
  }
  const { iccid } = metadata
  if (card.state.profiles.some((profile) => equalOctets(profile.metadata.iccid, iccid))) {
    return 'installFailedDueToIccidAlreadyExistsOnEuicc'
  }
  if (metadata.profilePolicyRules && !mayHaveRules(card, { metadata, data: work.data })) {
    return 'pprNotAllowed'
  }
  return undefined
}

/** SGP.22 §5.5.3, §2.9.3.1: rules come with an owner, each is known and allowed; consent is the LPA's to get. */
function mayHaveRules(
  card: Card,
  profile: { readonly metadata: StoreMetadataRequest; readonly data: Uint8Array },
): boolean {
  const { profileOwner, profilePolicyRules } = profile.metadata
  if (!profileOwner || hasUnknownRule(profile.data)) return false
  const verdict = judgeRules(card.personality.rat, {
    profileOwner,
    profilePolicyRules,
    hasOperationalBeside: hasOperational(card),
  })
  return verdict !== 'notAllowed'
}

/** Bits of PprIds that SGP.22 does not name are not kept when metadata are decoded, so they are looked for as they came. */
function hasUnknownRule(request: Uint8Array): boolean {
  const outer = readTlv(request, 0)
  for (const { tag, valueStart, end } of children(request, outer.valueStart, outer.end)) {
    if (tag !== 0x99) continue
    const [first = 0, ...others] = request.subarray(valueStart + 1, end)
    return (first & ~KNOWN_RULE_BITS) !== 0 || others.some((octet) => octet !== 0)
  }
  return false
}

/** pprUpdateControl, ppr1 and ppr2: the first three bits. */
const KNOWN_RULE_BITS = 0xe0

/** ES8+.ReplaceSessionKeys (SGP.22 §5.5.4): the counter starts again with the new keys. */
function replaceSessionKeys(session: DownloadSession, data: Uint8Array): ErrorReason | undefined {
  const request = tryDecode(() => decode(ReplaceSessionKeysRequest, data))
  if (!request) return 'incorrectInputValues'
  const { initialMacChainingValue, ppkEnc, ppkCmac } = request
  const isAes = [initialMacChainingValue, ppkEnc, ppkCmac].every(
    ({ length }) => length === KEY_LENGTH_OCTETS,
  )
  if (!isAes) return 'incorrectInputValues'
  const keys = { macChainingValue: initialMacChainingValue, sEnc: ppkEnc, sMac: ppkCmac }
  session.loading = { ...session.loading, opener: new BspOpener(keys) }
  return undefined
}

const REASON_OF_INSTALL = {
  peProcessingError: 'installFailedDueToPEProcessingError',
  dataMismatch: 'installFailedDueToDataMismatch',
  insufficientMemory: 'installFailedDueToInsufficientMemoryForProfile',
} as const

/** ES8+.LoadProfileElements (SGP.22 §5.5.5). */
function loadProfileElements(
  card: Card,
  work: { readonly session: DownloadSession; readonly data: Uint8Array },
): Outcome {
  const { metadata, dpProprietaryData } = work.session.loading
  if (!metadata) return failedLoad('installFailedDueToUnknownError')
  const { profileOwner } = metadata
  const result = installProfileElements(work.data, {
    iccid: metadata.iccid,
    ...(profileOwner && { mccMnc: profileOwner.mccMnc }),
    ...(profileOwner?.gid1 && { gid1: profileOwner.gid1 }),
    ...(profileOwner?.gid2 && { gid2: profileOwner.gid2 }),
    freeOctets: freeMemoryOctets(card),
    services: card.personality.services,
  })
  if (!result.ok) return failedLoad(REASON_OF_INSTALL[result.reason], result.euiccResponse)
  if (metadata.profileClass === 'test' && !hasTestKeys(result.profile)) {
    return failedLoad('testProfileInstallFailedDueToInvalidNaaKey')
  }
  const installed: InstalledProfile = {
    isdpAid: nextIsdpAid(card),
    state: 'disabled',
    metadata: detached(metadata),
    nickname: undefined,
    dpProprietaryData,
    elements: Uint8Array.from(work.data),
    fileOctets: result.profile.fileOctets,
    ciKeyId: work.session.credential.eumCertificate.authorityKeyId ?? hex(''),
  }
  return { installed, simaResponse: result.euiccResponse }
}

function failedLoad(errorReason: ErrorReason, simaResponse?: Uint8Array): Outcome {
  return {
    failure: {
      bppCommandId: 'loadProfileElements',
      errorReason,
      ...(simaResponse && { simaResponse }),
    },
  }
}

/** The metadata apart from the transport's buffers, which are reused. */
function detached(metadata: StoreMetadataRequest): StoreMetadataRequest {
  return decode(StoreMetadataRequest, encode(StoreMetadataRequest, metadata))
}

/** The AIDs of ISD-Ps count up within the range of SGP.02 §2.2.3; one in use is not given twice. */
function nextIsdpAid(card: Card): Uint8Array {
  const used = new Set(card.state.profiles.map((profile) => toHex(profile.isdpAid)))
  for (let number = 0x10; ; number++) {
    const aid = `A0000005591010FFFFFFFF8900${number.toString(16).toUpperCase().padStart(4, '0')}00`
    if (!used.has(aid)) return hex(aid)
  }
}

/** Ends the download: the signed result, then the notifications of an installation, in one change of state. */
function finish(
  card: Card,
  work: { readonly session: DownloadSession; readonly outcome: Outcome },
): Uint8Array {
  const { session, outcome } = work
  const seqNumber = card.state.nextSeqNumber
  const finalResult: FinalResult =
    'installed' in outcome
      ? { successResult: { aid: outcome.installed.isdpAid, simaResponse: outcome.simaResponse } }
      : { errorResult: outcome.failure }
  const { octets, metadata } = signResult(card, { session, seqNumber, finalResult })
  const installed = 'installed' in outcome ? outcome.installed : undefined
  const others = installed
    ? notificationsFor(card, {
        profile: installed,
        event: 'notificationInstall',
        firstSeqNumber: seqNumber + 1,
      })
    : []
  update(card, {
    nextSeqNumber: seqNumber + 1 + others.length,
    profiles: installed ? [...card.state.profiles, installed] : card.state.profiles,
    notifications: withNotifications(card.state, [{ metadata, octets }, ...others]),
    retryKey: undefined,
  })
  card.session = undefined
  return octets
}

/**
 * What a load leaves that a loss of power breaks off: nothing, or by its personality a result that says so. The one-time
 * key is kept for a retry (SGP.22 §2.6.4).
 */
export function breakOffLoad(card: Card): void {
  const { session } = card
  if (!card.personality.faults.resultOnInterruption) return
  if (session?.step !== 'download' || session.segmentCount === 0) return
  const seqNumber = card.state.nextSeqNumber
  const bppCommandId = session.reader.block ?? 'initialiseSecureChannel'
  const errorResult = { bppCommandId, errorReason: 'installFailedDueToInterruption' } as const
  const result = signResult(card, { session, seqNumber, finalResult: { errorResult } })
  update(card, {
    nextSeqNumber: seqNumber + 1,
    notifications: withNotifications(card.state, [result]),
  })
}

const SignedResultData = signed(ProfileInstallationResultData)

/** The signature covers ProfileInstallationResultData, tag BF27 (SGP.22 §2.5.6). */
function signResult(
  card: Card,
  result: {
    readonly session: DownloadSession
    readonly seqNumber: number
    readonly finalResult: FinalResult
  },
) {
  const { session } = result
  const iccid = session.loading.metadata?.iccid
  const notificationMetadata = {
    seqNumber: result.seqNumber,
    profileManagementOperation: ['notificationInstall'] as const,
    notificationAddress: session.serverAddress,
    ...(iccid && { iccid: Uint8Array.from(iccid) }),
  }
  const data = seal(SignedResultData, {
    transactionId: session.transactionId,
    notificationMetadata,
    smdpOid: oidOf(session.dpPbCertificate),
    finalResult: result.finalResult,
  })
  const octets = encode(ProfileInstallationResult, {
    profileInstallationResultData: data,
    euiccSignPIR: signAs(card, { object: 'pir', credential: session.credential, data: data.raw }),
  })
  return { octets, metadata: notificationMetadata }
}

function tryDecode<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}
