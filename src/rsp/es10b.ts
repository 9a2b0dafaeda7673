/** ES10b (LPA — eUICC): authentication, download, notifications (SGP.22 §5.7.5 to §5.7.14). */

import {
  choice,
  explicit,
  implicit,
  integer,
  namedBits,
  namedInteger,
  objectIdentifier,
  opaque,
  optional,
  boolean,
  sequence,
  sequenceOf,
  signed,
  utf8String,
  type Infer,
} from '../asn1/schema.ts'
import {
  Certificate,
  CtxParams1,
  EUICCInfo1,
  EUICCInfo2,
  NotificationEvent,
  NotificationMetadata,
  Octet16,
  Octet32,
  OneTimePublicKey,
  OperatorId,
  PprIds,
  ProfileInstallationResultData,
  Signature,
  SubjectKeyIdentifier,
  TransactionId,
} from './common.ts'

/**
 * ServerSigned1 ::= SEQUENCE { transactionId [0] TransactionId, euiccChallenge [1] Octet16,
 *   serverAddress [3] UTF8String, serverChallenge [4] Octet16 }
 */
export const ServerSigned1 = signed(
  sequence('ServerSigned1', {
    transactionId: implicit(0x80, TransactionId),
    euiccChallenge: implicit(0x81, Octet16),
    serverAddress: implicit(0x83, utf8String()),
    serverChallenge: implicit(0x84, Octet16),
  }),
)
export type ServerSigned1 = Infer<typeof ServerSigned1>

/**
 * AuthenticateServerRequest ::= [56] SEQUENCE { serverSigned1 ServerSigned1,
 *   serverSignature1 [APPLICATION 55] OCTET STRING, euiccCiPKIdToBeUsed SubjectKeyIdentifier,
 *   serverCertificate Certificate, ctxParams1 CtxParams1 }
 */
export const AuthenticateServerRequest = implicit(
  0xbf38,
  sequence('AuthenticateServerRequest', {
    serverSigned1: ServerSigned1,
    serverSignature1: Signature,
    euiccCiPKIdToBeUsed: SubjectKeyIdentifier,
    serverCertificate: Certificate,
    ctxParams1: signed(CtxParams1),
  }),
)
export type AuthenticateServerRequest = Infer<typeof AuthenticateServerRequest>

/**
 * EuiccSigned1 ::= SEQUENCE { transactionId [0] TransactionId, serverAddress [3] UTF8String,
 *   serverChallenge [4] Octet16, euiccInfo2 [34] EUICCInfo2, ctxParams1 CtxParams1 }
 */
export const EuiccSigned1 = signed(
  sequence('EuiccSigned1', {
    transactionId: implicit(0x80, TransactionId),
    serverAddress: implicit(0x83, utf8String()),
    serverChallenge: implicit(0x84, Octet16),
    euiccInfo2: EUICCInfo2,
    ctxParams1: signed(CtxParams1),
  }),
)
export type EuiccSigned1 = Infer<typeof EuiccSigned1>

/**
 * AuthenticateErrorCode ::= INTEGER { invalidCertificate(1), invalidSignature(2), unsupportedCurve(3),
 *   noSessionContext(4), invalidOid(5), euiccChallengeMismatch(6), ciPKUnknown(7), undefinedError(127) }
 */
export const AUTHENTICATE_ERROR_CODES = {
  invalidCertificate: 1,
  invalidSignature: 2,
  unsupportedCurve: 3,
  noSessionContext: 4,
  invalidOid: 5,
  euiccChallengeMismatch: 6,
  ciPKUnknown: 7,
  undefinedError: 127,
} as const
export type AuthenticateErrorCode = keyof typeof AUTHENTICATE_ERROR_CODES

/**
 * AuthenticateServerResponse ::= [56] CHOICE { authenticateResponseOk AuthenticateResponseOk,
 *   authenticateResponseError AuthenticateResponseError }
 * AuthenticateResponseOk ::= SEQUENCE { euiccSigned1 EuiccSigned1, euiccSignature1 [APPLICATION 55] OCTET STRING,
 *   euiccCertificate Certificate, eumCertificate Certificate }
 * AuthenticateResponseError ::= SEQUENCE { transactionId [0] TransactionId,
 *   authenticateErrorCode AuthenticateErrorCode }
 */
export const AuthenticateServerResponse = explicit(
  0xbf38,
  choice('AuthenticateServerResponse', {
    authenticateResponseOk: implicit(
      0xa0,
      sequence('AuthenticateResponseOk', {
        euiccSigned1: EuiccSigned1,
        euiccSignature1: Signature,
        euiccCertificate: Certificate,
        eumCertificate: Certificate,
      }),
    ),
    authenticateResponseError: implicit(
      0xa1,
      sequence('AuthenticateResponseError', {
        transactionId: implicit(0x80, TransactionId),
        authenticateErrorCode: namedInteger(AUTHENTICATE_ERROR_CODES),
      }),
    ),
  }),
)
export type AuthenticateServerResponse = Infer<typeof AuthenticateServerResponse>

/**
 * SmdpSigned2 ::= SEQUENCE { transactionId [0] TransactionId, ccRequiredFlag BOOLEAN,
 *   bppEuiccOtpk [APPLICATION 73] OCTET STRING OPTIONAL }
 */
export const SmdpSigned2 = signed(
  sequence('SmdpSigned2', {
    transactionId: implicit(0x80, TransactionId),
    ccRequiredFlag: boolean,
    bppEuiccOtpk: optional(OneTimePublicKey),
  }),
)
export type SmdpSigned2 = Infer<typeof SmdpSigned2>

/**
 * PrepareDownloadRequest ::= [33] SEQUENCE { smdpSigned2 SmdpSigned2, smdpSignature2 [APPLICATION 55] OCTET STRING,
 *   hashCc Octet32 OPTIONAL, smdpCertificate Certificate }
 */
export const PrepareDownloadRequest = implicit(
  0xbf21,
  sequence('PrepareDownloadRequest', {
    smdpSigned2: SmdpSigned2,
    smdpSignature2: Signature,
    hashCc: optional(Octet32),
    smdpCertificate: Certificate,
  }),
)
export type PrepareDownloadRequest = Infer<typeof PrepareDownloadRequest>

/**
 * EUICCSigned2 ::= SEQUENCE { transactionId [0] TransactionId, euiccOtpk [APPLICATION 73] OCTET STRING,
 *   hashCc Octet32 OPTIONAL }
 */
export const EUICCSigned2 = signed(
  sequence('EUICCSigned2', {
    transactionId: implicit(0x80, TransactionId),
    euiccOtpk: OneTimePublicKey,
    hashCc: optional(Octet32),
  }),
)
export type EUICCSigned2 = Infer<typeof EUICCSigned2>

/**
 * DownloadErrorCode ::= INTEGER { invalidCertificate(1), invalidSignature(2), unsupportedCurve(3),
 *   noSessionContext(4), invalidTransactionId(5), undefinedError(127) }
 */
export const DOWNLOAD_ERROR_CODES = {
  invalidCertificate: 1,
  invalidSignature: 2,
  unsupportedCurve: 3,
  noSessionContext: 4,
  invalidTransactionId: 5,
  undefinedError: 127,
} as const
export type DownloadErrorCode = keyof typeof DOWNLOAD_ERROR_CODES

/**
 * PrepareDownloadResponse ::= [33] CHOICE { downloadResponseOk PrepareDownloadResponseOk,
 *   downloadResponseError PrepareDownloadResponseError }
 * PrepareDownloadResponseOk ::= SEQUENCE { euiccSigned2 EUICCSigned2, euiccSignature2 [APPLICATION 55] OCTET STRING }
 * PrepareDownloadResponseError ::= SEQUENCE { transactionId [0] TransactionId, downloadErrorCode DownloadErrorCode }
 */
export const PrepareDownloadResponse = explicit(
  0xbf21,
  choice('PrepareDownloadResponse', {
    downloadResponseOk: implicit(
      0xa0,
      sequence('PrepareDownloadResponseOk', {
        euiccSigned2: EUICCSigned2,
        euiccSignature2: Signature,
      }),
    ),
    downloadResponseError: implicit(
      0xa1,
      sequence('PrepareDownloadResponseError', {
        transactionId: implicit(0x80, TransactionId),
        downloadErrorCode: namedInteger(DOWNLOAD_ERROR_CODES),
      }),
    ),
  }),
)
export type PrepareDownloadResponse = Infer<typeof PrepareDownloadResponse>

/**
 * CancelSessionReason ::= INTEGER { endUserRejection(0), postponed(1), timeout(2), pprNotAllowed(3),
 *   metadataMismatch(4), loadBppExecutionError(5), undefinedReason(127) }
 */
export const CANCEL_SESSION_REASONS = {
  endUserRejection: 0,
  postponed: 1,
  timeout: 2,
  pprNotAllowed: 3,
  metadataMismatch: 4,
  loadBppExecutionError: 5,
  undefinedReason: 127,
} as const
export type CancelSessionReason = keyof typeof CANCEL_SESSION_REASONS

/** CancelSessionRequest ::= [65] SEQUENCE { transactionId TransactionId, reason CancelSessionReason } */
export const CancelSessionRequest = implicit(
  0xbf41,
  sequence('CancelSessionRequest', {
    transactionId: implicit(0x80, TransactionId),
    reason: implicit(0x81, namedInteger(CANCEL_SESSION_REASONS)),
  }),
)

/**
 * EuiccCancelSessionSigned ::= SEQUENCE { transactionId TransactionId, smdpOid OBJECT IDENTIFIER,
 *   reason CancelSessionReason }
 */
export const EuiccCancelSessionSigned = signed(
  sequence('EuiccCancelSessionSigned', {
    transactionId: implicit(0x80, TransactionId),
    smdpOid: implicit(0x81, objectIdentifier),
    reason: implicit(0x82, namedInteger(CANCEL_SESSION_REASONS)),
  }),
)

/**
 * CancelSessionResponse ::= [65] CHOICE { cancelSessionResponseOk CancelSessionResponseOk,
 *   cancelSessionResponseError INTEGER { invalidTransactionId(5), undefinedError(127) } }
 * CancelSessionResponseOk ::= SEQUENCE { euiccCancelSessionSigned EuiccCancelSessionSigned,
 *   euiccCancelSessionSignature [APPLICATION 55] OCTET STRING }
 */
export const CancelSessionResult = choice('CancelSessionResponse', {
  cancelSessionResponseOk: implicit(
    0xa0,
    sequence('CancelSessionResponseOk', {
      euiccCancelSessionSigned: EuiccCancelSessionSigned,
      euiccCancelSessionSignature: Signature,
    }),
  ),
  cancelSessionResponseError: implicit(
    0x81,
    namedInteger({ invalidTransactionId: 5, undefinedError: 127 }),
  ),
})
export const CancelSessionResponse = explicit(0xbf41, CancelSessionResult)
export type CancelSessionResponse = Infer<typeof CancelSessionResponse>

/**
 * ProfileInstallationResult ::= [55] SEQUENCE { profileInstallationResultData [39] ProfileInstallationResultData,
 *   euiccSignPIR EuiccSignPIR }
 */
export const ProfileInstallationResult = implicit(
  0xbf37,
  sequence('ProfileInstallationResult', {
    profileInstallationResultData: signed(ProfileInstallationResultData),
    euiccSignPIR: Signature,
  }),
)
export type ProfileInstallationResult = Infer<typeof ProfileInstallationResult>

/**
 * OtherSignedNotification ::= SEQUENCE { tbsOtherNotification NotificationMetadata,
 *   euiccNotificationSignature [APPLICATION 55] OCTET STRING, euiccCertificate Certificate, eumCertificate Certificate }
 */
export const OtherSignedNotification = sequence('OtherSignedNotification', {
  tbsOtherNotification: signed(NotificationMetadata),
  euiccNotificationSignature: Signature,
  euiccCertificate: Certificate,
  eumCertificate: Certificate,
})
export type OtherSignedNotification = Infer<typeof OtherSignedNotification>

/**
 * PendingNotification ::= CHOICE { profileInstallationResult [55] ProfileInstallationResult,
 *   otherSignedNotification OtherSignedNotification }
 */
export const PendingNotification = choice('PendingNotification', {
  profileInstallationResult: ProfileInstallationResult,
  otherSignedNotification: OtherSignedNotification,
})
export type PendingNotification = Infer<typeof PendingNotification>

/** GetEuiccChallengeRequest ::= [46] SEQUENCE { } */
const GetEuiccChallengeRequest = implicit(0xbf2e, sequence('GetEuiccChallengeRequest', {}))

/** GetEuiccChallengeResponse ::= [46] SEQUENCE { euiccChallenge Octet16 } */
const GetEuiccChallengeResponse = implicit(
  0xbf2e,
  sequence('GetEuiccChallengeResponse', { euiccChallenge: implicit(0x80, Octet16) }),
)

/** GetEuiccInfo1Request ::= [32] SEQUENCE { } */
const GetEuiccInfo1Request = implicit(0xbf20, sequence('GetEuiccInfo1Request', {}))

/** GetEuiccInfo2Request ::= [34] SEQUENCE { } */
const GetEuiccInfo2Request = implicit(0xbf22, sequence('GetEuiccInfo2Request', {}))

/** ListNotificationRequest ::= [40] SEQUENCE { profileManagementOperation [1] NotificationEvent OPTIONAL } */
const ListNotificationRequest = implicit(
  0xbf28,
  sequence('ListNotificationRequest', {
    profileManagementOperation: optional(implicit(0x81, NotificationEvent)),
  }),
)

/**
 * ListNotificationResponse ::= [40] CHOICE { notificationMetadataList SEQUENCE OF NotificationMetadata,
 *   listNotificationsResultError INTEGER { undefinedError(127) } }
 */
const ListNotificationResponse = explicit(
  0xbf28,
  choice('ListNotificationResponse', {
    notificationMetadataList: implicit(0xa0, sequenceOf(NotificationMetadata)),
    listNotificationsResultError: implicit(0x81, integer),
  }),
)

/**
 * RetrieveNotificationsListRequest ::= [43] SEQUENCE { searchCriteria CHOICE { seqNumber [0] INTEGER,
 *   profileManagementOperation [1] NotificationEvent } OPTIONAL }
 */
const RetrieveNotificationsListRequest = implicit(
  0xbf2b,
  sequence('RetrieveNotificationsListRequest', {
    searchCriteria: optional(
      explicit(
        0xa0,
        choice('searchCriteria', {
          seqNumber: implicit(0x80, integer),
          profileManagementOperation: implicit(0x81, NotificationEvent),
        }),
      ),
    ),
  }),
)

/**
 * RetrieveNotificationsListResponse ::= [43] CHOICE { notificationList SEQUENCE OF PendingNotification,
 *   notificationsListResultError INTEGER { undefinedError(127) } }
 */
const RetrieveNotificationsListResponse = explicit(
  0xbf2b,
  choice('RetrieveNotificationsListResponse', {
    notificationList: implicit(0xa0, sequenceOf(PendingNotification)),
    notificationsListResultError: implicit(0x81, integer),
  }),
)

/** NotificationSentRequest ::= [48] SEQUENCE { seqNumber [0] INTEGER } */
const NotificationSentRequest = implicit(
  0xbf30,
  sequence('NotificationSentRequest', { seqNumber: implicit(0x80, integer) }),
)

/** NotificationSentResponse ::= [48] SEQUENCE { deleteNotificationStatus INTEGER { ok(0), nothingToDelete(1), undefinedError(127) } } */
const NotificationSentResponse = implicit(
  0xbf30,
  sequence('NotificationSentResponse', {
    deleteNotificationStatus: implicit(
      0x80,
      namedInteger({ ok: 0, nothingToDelete: 1, undefinedError: 127 }),
    ),
  }),
)

/**
 * LoadCRLRequest ::= [53] SEQUENCE { crl CertificateList } — the list as it came, but for its tag: the module's automatic
 * tags make it [0].
 */
const LoadCRLRequest = implicit(
  0xbf35,
  sequence('LoadCRLRequest', { crl: opaque('CertificateList', 0xa0) }),
)

/**
 * LoadCRLResponse ::= [53] CHOICE { loadCRLResponseOk LoadCRLResponseOk, loadCRLResponseError LoadCRLResponseError }
 * LoadCRLResponseOk ::= SEQUENCE { missingParts SEQUENCE OF INTEGER OPTIONAL }
 * LoadCRLResponseError ::= INTEGER { invalidSignature(1), invalidCRLFormat(2), notEnoughMemorySpace(3),
 *   verificationKeyNotFound(4), fresherCrlAlreadyLoaded(5), baseCrlMissing(6), undefinedError(127) }
 */
const LoadCRLResponse = explicit(
  0xbf35,
  choice('LoadCRLResponse', {
    loadCRLResponseOk: implicit(
      0xa0,
      sequence('LoadCRLResponseOk', {
        missingParts: optional(implicit(0xa0, sequenceOf(integer))),
      }),
    ),
    loadCRLResponseError: implicit(
      0x81,
      namedInteger({
        invalidSignature: 1,
        invalidCRLFormat: 2,
        notEnoughMemorySpace: 3,
        verificationKeyNotFound: 4,
        fresherCrlAlreadyLoaded: 5,
        baseCrlMissing: 6,
        undefinedError: 127,
      }),
    ),
  }),
)
export type LoadCRLResponse = Infer<typeof LoadCRLResponse>

/**
 * ProfilePolicyAuthorisationRule ::= SEQUENCE { pprIds PprIds, allowedOperators SEQUENCE OF OperatorId,
 *   pprFlags BIT STRING { consentRequired(0) } }
 */
export const ProfilePolicyAuthorisationRule = sequence('ProfilePolicyAuthorisationRule', {
  pprIds: implicit(0x80, PprIds),
  allowedOperators: implicit(0xa1, sequenceOf(OperatorId)),
  pprFlags: implicit(0x82, namedBits({ consentRequired: 0 })),
})
export type ProfilePolicyAuthorisationRule = Infer<typeof ProfilePolicyAuthorisationRule>

/** RulesAuthorisationTable ::= SEQUENCE OF ProfilePolicyAuthorisationRule — in the order that decides (SGP.22 §2.9.2). */
export type RulesAuthorisationTable = readonly ProfilePolicyAuthorisationRule[]

/** GetRatRequest ::= [67] SEQUENCE { } */
const GetRatRequest = implicit(0xbf43, sequence('GetRatRequest', {}))

/** GetRatResponse ::= [67] SEQUENCE { rat RulesAuthorisationTable } */
const GetRatResponse = implicit(
  0xbf43,
  sequence('GetRatResponse', { rat: implicit(0xa0, sequenceOf(ProfilePolicyAuthorisationRule)) }),
)

/** LpaeActivationRequest ::= [66] SEQUENCE { lpaeOption BIT STRING { activateCatBasedLpae(0), activateScwsBasedLpae(1) } } */
const LpaeActivationRequest = implicit(
  0xbf42,
  sequence('LpaeActivationRequest', {
    lpaeOption: implicit(0x80, namedBits({ activateCatBasedLpae: 0, activateScwsBasedLpae: 1 })),
  }),
)

/** LpaeActivationResponse ::= [66] SEQUENCE { lpaeActivationResult INTEGER { ok(0), notSupported(1) } } */
const LpaeActivationResponse = implicit(
  0xbf42,
  sequence('LpaeActivationResponse', {
    lpaeActivationResult: implicit(0x80, namedInteger({ ok: 0, notSupported: 1 })),
  }),
)

/** The functions of ES10b; LoadBoundProfilePackage, whose command is a segment of the package, is `Es10Transport`'s. */
export const ES10B = {
  getEUICCChallenge: {
    interface: 'ES10b',
    section: '5.7.7',
    request: GetEuiccChallengeRequest,
    response: GetEuiccChallengeResponse,
  },
  getEUICCInfo1: {
    interface: 'ES10b',
    section: '5.7.8',
    request: GetEuiccInfo1Request,
    response: EUICCInfo1,
  },
  getEUICCInfo2: {
    interface: 'ES10b',
    section: '5.7.8',
    request: GetEuiccInfo2Request,
    response: EUICCInfo2,
  },
  authenticateServer: {
    interface: 'ES10b',
    section: '5.7.13',
    request: AuthenticateServerRequest,
    response: AuthenticateServerResponse,
  },
  prepareDownload: {
    interface: 'ES10b',
    section: '5.7.5',
    request: PrepareDownloadRequest,
    response: PrepareDownloadResponse,
  },
  cancelSession: {
    interface: 'ES10b',
    section: '5.7.14',
    request: CancelSessionRequest,
    response: CancelSessionResponse,
  },
  listNotification: {
    interface: 'ES10b',
    section: '5.7.9',
    request: ListNotificationRequest,
    response: ListNotificationResponse,
  },
  retrieveNotificationsList: {
    interface: 'ES10b',
    section: '5.7.10',
    request: RetrieveNotificationsListRequest,
    response: RetrieveNotificationsListResponse,
  },
  removeNotificationFromList: {
    interface: 'ES10b',
    section: '5.7.11',
    request: NotificationSentRequest,
    response: NotificationSentResponse,
  },
  loadCRL: {
    interface: 'ES10b',
    section: '5.7.12',
    request: LoadCRLRequest,
    response: LoadCRLResponse,
  },
  getRAT: {
    interface: 'ES10b',
    section: '5.7.22',
    request: GetRatRequest,
    response: GetRatResponse,
  },
  lpaeActivation: {
    interface: 'ES10b',
    section: '5.7.1',
    request: LpaeActivationRequest,
    response: LpaeActivationResponse,
  },
} as const
