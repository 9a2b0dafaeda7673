/** Types that several interfaces share (SGP.22 §2.8.1, §4.3, §5.7.8; module RSPDefinitions V2.5). */

import {
  bitString,
  choice,
  defaulted,
  explicit,
  implicit,
  integer,
  namedBits,
  namedInteger,
  objectIdentifier,
  octetString,
  opaque,
  optional,
  sequence,
  sequenceOf,
  utf8String,
  type Infer,
} from '../asn1/schema.ts'

/** VersionType ::= OCTET STRING (SIZE(3)) — major, minor, revision, one octet each. */
export const VersionType = octetString({ min: 3, max: 3 })

/** Iccid ::= [APPLICATION 26] OCTET STRING (SIZE(10)) — coded as EF.ICCID. */
export const Iccid = implicit(0x5a, octetString({ min: 10, max: 10 }))

/** TransactionId ::= OCTET STRING (SIZE(1..16)) */
export const TransactionId = octetString({ min: 1, max: 16 })

/** SubjectKeyIdentifier ::= OCTET STRING (RFC 5280 §4.2.1.2) */
export const SubjectKeyIdentifier = octetString({ min: 1, max: 32 })

/** A certificate, passed on as it came. */
export const Certificate = opaque('Certificate', 0x30)

/** A signature `[APPLICATION 55] OCTET STRING`, raw `r‖s`, tag 5F37. */
export const Signature = implicit(0x5f37, octetString())

/** A one-time public key `[APPLICATION 73] OCTET STRING`, an uncompressed point, tag 5F49. */
export const OneTimePublicKey = implicit(0x5f49, octetString())

export const Octet16 = octetString({ min: 16, max: 16 })
export const Octet32 = octetString({ min: 32, max: 32 })

/**
 * PprIds ::= BIT STRING { pprUpdateControl(0), ppr1(1), ppr2(2) }
 */
export const PprIds = namedBits({ pprUpdateControl: 0, ppr1: 1, ppr2: 2 })
export type PprIds = Infer<typeof PprIds>

/**
 * OperatorId ::= SEQUENCE { mccMnc OCTET STRING (SIZE(3)), gid1 OCTET STRING OPTIONAL, gid2 OCTET STRING OPTIONAL }
 */
export const OperatorId = sequence('OperatorId', {
  mccMnc: implicit(0x80, octetString({ min: 3, max: 3 })),
  gid1: optional(implicit(0x81, octetString())),
  gid2: optional(implicit(0x82, octetString())),
})
export type OperatorId = Infer<typeof OperatorId>

/** ProfileClass ::= INTEGER { test(0), provisioning(1), operational(2) } */
export const ProfileClass = namedInteger({ test: 0, provisioning: 1, operational: 2 })
export type ProfileClass = Infer<typeof ProfileClass>

/** IconType ::= INTEGER { jpg(0), png(1) } */
export const IconType = namedInteger({ jpg: 0, png: 1 })

/** ProfileState ::= INTEGER { disabled(0), enabled(1) } */
export const ProfileState = namedInteger({ disabled: 0, enabled: 1 })

/**
 * NotificationEvent ::= BIT STRING {
 *   notificationInstall(0), notificationEnable(1), notificationDisable(2), notificationDelete(3) }
 */
export const NotificationEvent = namedBits({
  notificationInstall: 0,
  notificationEnable: 1,
  notificationDisable: 2,
  notificationDelete: 3,
})
export type NotificationEvent = Infer<typeof NotificationEvent>[number]

/**
 * NotificationConfigurationInformation ::= SEQUENCE {
 *   profileManagementOperation NotificationEvent, notificationAddress UTF8String }
 */
export const NotificationConfigurationInformation = sequence(
  'NotificationConfigurationInformation',
  {
    profileManagementOperation: implicit(0x80, NotificationEvent),
    notificationAddress: implicit(0x81, utf8String()),
  },
)

/**
 * StoreMetadataRequest ::= [37] SEQUENCE { iccid Iccid, serviceProviderName [17] UTF8String (SIZE(0..32)),
 *   profileName [18] UTF8String (SIZE(0..64)), iconType [19] IconType OPTIONAL,
 *   icon [20] OCTET STRING (SIZE(0..1024)) OPTIONAL, profileClass [21] ProfileClass DEFAULT operational,
 *   notificationConfigurationInfo [22] SEQUENCE OF NotificationConfigurationInformation OPTIONAL,
 *   profileOwner [23] OperatorId OPTIONAL, profilePolicyRules [25] PprIds OPTIONAL }
 */
export const StoreMetadataRequest = implicit(
  0xbf25,
  sequence('StoreMetadataRequest', {
    iccid: Iccid,
    serviceProviderName: implicit(0x91, utf8String({ max: 32 })),
    profileName: implicit(0x92, utf8String({ max: 64 })),
    iconType: optional(implicit(0x93, IconType)),
    icon: optional(implicit(0x94, octetString({ max: 1024 }))),
    profileClass: defaulted(implicit(0x95, ProfileClass), 'operational'),
    notificationConfigurationInfo: optional(
      implicit(0xb6, sequenceOf(NotificationConfigurationInformation)),
    ),
    profileOwner: optional(implicit(0xb7, OperatorId)),
    profilePolicyRules: optional(implicit(0x99, PprIds)),
  }),
)
export type StoreMetadataRequest = Infer<typeof StoreMetadataRequest>

/**
 * EUICCInfo1 ::= [32] SEQUENCE { svn [2] VersionType,
 *   euiccCiPKIdListForVerification [9] SEQUENCE OF SubjectKeyIdentifier,
 *   euiccCiPKIdListForSigning [10] SEQUENCE OF SubjectKeyIdentifier }
 */
export const EUICCInfo1 = implicit(
  0xbf20,
  sequence('EUICCInfo1', {
    svn: implicit(0x82, VersionType),
    euiccCiPKIdListForVerification: implicit(0xa9, sequenceOf(SubjectKeyIdentifier)),
    euiccCiPKIdListForSigning: implicit(0xaa, sequenceOf(SubjectKeyIdentifier)),
  }),
)
export type EUICCInfo1 = Infer<typeof EUICCInfo1>

/**
 * RspCapability ::= BIT STRING { additionalProfile(0), crlSupport(1), rpmSupport(2), testProfileSupport(3),
 *   deviceInfoExtensibilitySupport(4), serviceSpecificDataSupport(5) }
 */
export const RspCapability = namedBits({
  additionalProfile: 0,
  crlSupport: 1,
  rpmSupport: 2,
  testProfileSupport: 3,
  deviceInfoExtensibilitySupport: 4,
  serviceSpecificDataSupport: 5,
})

/** CertificationDataObject ::= SEQUENCE { platformLabel UTF8String, discoveryBaseURL UTF8String } */
const CertificationDataObject = sequence('CertificationDataObject', {
  platformLabel: implicit(0x80, utf8String()),
  discoveryBaseURL: implicit(0x81, utf8String()),
})

/**
 * EUICCInfo2 ::= [34] SEQUENCE { profileVersion [1] VersionType, svn [2] VersionType,
 *   euiccFirmwareVer [3] VersionType, extCardResource [4] OCTET STRING, uiccCapability [5] UICCCapability,
 *   ts102241Version [6] VersionType OPTIONAL, globalplatformVersion [7] VersionType OPTIONAL,
 *   rspCapability [8] RspCapability, euiccCiPKIdListForVerification [9] SEQUENCE OF SubjectKeyIdentifier,
 *   euiccCiPKIdListForSigning [10] SEQUENCE OF SubjectKeyIdentifier, euiccCategory [11] INTEGER OPTIONAL,
 *   forbiddenProfilePolicyRules [25] PprIds OPTIONAL, ppVersion VersionType,
 *   sasAcreditationNumber UTF8String (SIZE(0..64)), certificationDataObject [12] CertificationDataObject OPTIONAL,
 *   treProperties [13] BIT STRING OPTIONAL, treProductReference [14] UTF8String OPTIONAL,
 *   additionalEuiccProfilePackageVersions [15] SEQUENCE OF VersionType OPTIONAL }
 */
export const EUICCInfo2 = implicit(
  0xbf22,
  sequence('EUICCInfo2', {
    profileVersion: implicit(0x81, VersionType),
    svn: implicit(0x82, VersionType),
    euiccFirmwareVer: implicit(0x83, VersionType),
    extCardResource: implicit(0x84, octetString()),
    uiccCapability: implicit(0x85, bitString),
    ts102241Version: optional(implicit(0x86, VersionType)),
    globalplatformVersion: optional(implicit(0x87, VersionType)),
    rspCapability: implicit(0x88, RspCapability),
    euiccCiPKIdListForVerification: implicit(0xa9, sequenceOf(SubjectKeyIdentifier)),
    euiccCiPKIdListForSigning: implicit(0xaa, sequenceOf(SubjectKeyIdentifier)),
    euiccCategory: optional(implicit(0x8b, integer)),
    forbiddenProfilePolicyRules: optional(implicit(0x99, PprIds)),
    ppVersion: VersionType,
    sasAcreditationNumber: utf8String({ max: 64 }),
    certificationDataObject: optional(implicit(0xac, CertificationDataObject)),
    treProperties: optional(implicit(0x8d, bitString)),
    treProductReference: optional(implicit(0x8e, utf8String())),
    additionalEuiccProfilePackageVersions: optional(implicit(0xaf, sequenceOf(VersionType))),
  }),
)
export type EUICCInfo2 = Infer<typeof EUICCInfo2>

/**
 * DeviceCapabilities ::= SEQUENCE { gsmSupportedRelease VersionType OPTIONAL, … } — all of AUTOMATIC TAGS [0] to [10].
 */
const DeviceCapabilities = sequence('DeviceCapabilities', {
  gsmSupportedRelease: optional(implicit(0x80, VersionType)),
  utranSupportedRelease: optional(implicit(0x81, VersionType)),
  cdma2000onexSupportedRelease: optional(implicit(0x82, VersionType)),
  cdma2000hrpdSupportedRelease: optional(implicit(0x83, VersionType)),
  cdma2000ehrpdSupportedRelease: optional(implicit(0x84, VersionType)),
  eutranEpcSupportedRelease: optional(implicit(0x85, VersionType)),
  contactlessSupportedRelease: optional(implicit(0x86, VersionType)),
  rspCrlSupportedVersion: optional(implicit(0x87, VersionType)),
  nrEpcSupportedRelease: optional(implicit(0x88, VersionType)),
  nr5gcSupportedRelease: optional(implicit(0x89, VersionType)),
  eutran5gcSupportedRelease: optional(implicit(0x8a, VersionType)),
})

/** DeviceInfo ::= SEQUENCE { tac Octet4, deviceCapabilities DeviceCapabilities, imei Octet8 OPTIONAL } */
export const DeviceInfo = sequence('DeviceInfo', {
  tac: implicit(0x80, octetString({ min: 4, max: 4 })),
  deviceCapabilities: implicit(0xa1, DeviceCapabilities),
  imei: optional(implicit(0x82, octetString({ min: 8, max: 8 }))),
})
export type DeviceInfo = Infer<typeof DeviceInfo>

/**
 * CtxParams1 ::= CHOICE { ctxParamsForCommonAuthentication CtxParamsForCommonAuthentication }
 * CtxParamsForCommonAuthentication ::= SEQUENCE { matchingId UTF8String OPTIONAL, deviceInfo DeviceInfo }
 */
export const CtxParams1 = choice('CtxParams1', {
  ctxParamsForCommonAuthentication: implicit(
    0xa0,
    sequence('CtxParamsForCommonAuthentication', {
      matchingId: optional(implicit(0x80, utf8String())),
      deviceInfo: implicit(0xa1, DeviceInfo),
    }),
  ),
})
export type CtxParams1 = Infer<typeof CtxParams1>

/**
 * NotificationMetadata ::= [47] SEQUENCE { seqNumber [0] INTEGER, profileManagementOperation [1] NotificationEvent,
 *   notificationAddress UTF8String, iccid Iccid OPTIONAL }
 */
export const NotificationMetadata = implicit(
  0xbf2f,
  sequence('NotificationMetadata', {
    seqNumber: implicit(0x80, integer),
    profileManagementOperation: implicit(0x81, NotificationEvent),
    notificationAddress: utf8String(),
    iccid: optional(Iccid),
  }),
)
export type NotificationMetadata = Infer<typeof NotificationMetadata>

/**
 * BppCommandId ::= INTEGER { initialiseSecureChannel(0), configureISDP(1), storeMetadata(2), storeMetadata2(3),
 *   replaceSessionKeys(4), loadProfileElements(5) }
 */
export const BPP_COMMAND_IDS = {
  initialiseSecureChannel: 0,
  configureISDP: 1,
  storeMetadata: 2,
  storeMetadata2: 3,
  replaceSessionKeys: 4,
  loadProfileElements: 5,
} as const
export type BppCommandId = keyof typeof BPP_COMMAND_IDS

/** ErrorReason ::= INTEGER { … } of ProfileInstallationResult (SGP.22 §2.5.6). */
export const ERROR_REASONS = {
  incorrectInputValues: 1,
  invalidSignature: 2,
  invalidTransactionId: 3,
  unsupportedCrtValues: 4,
  unsupportedRemoteOperationType: 5,
  unsupportedProfileClass: 6,
  scp03tStructureError: 7,
  scp03tSecurityError: 8,
  installFailedDueToIccidAlreadyExistsOnEuicc: 9,
  installFailedDueToInsufficientMemoryForProfile: 10,
  installFailedDueToInterruption: 11,
  installFailedDueToPEProcessingError: 12,
  installFailedDueToDataMismatch: 13,
  testProfileInstallFailedDueToInvalidNaaKey: 14,
  pprNotAllowed: 15,
  installFailedDueToUnknownError: 127,
} as const
export type ErrorReason = keyof typeof ERROR_REASONS

const ANY_FUNCTION = [
  'incorrectInputValues',
  'installFailedDueToInterruption',
  'installFailedDueToUnknownError',
] as const
const PROTECTED_FUNCTION = [...ANY_FUNCTION, 'scp03tStructureError', 'scp03tSecurityError'] as const

/** Which function of ES8+ may fail for which reason (SGP.22 §2.5.6.1, Table 4a). */
export const BPP_ERRORS: Readonly<
  Record<Exclude<BppCommandId, 'storeMetadata2'>, readonly ErrorReason[]>
> = {
  initialiseSecureChannel: [
    ...ANY_FUNCTION,
    'invalidSignature',
    'invalidTransactionId',
    'unsupportedCrtValues',
    'unsupportedRemoteOperationType',
  ],
  configureISDP: [...PROTECTED_FUNCTION, 'installFailedDueToInsufficientMemoryForProfile'],
  storeMetadata: [
    ...PROTECTED_FUNCTION,
    'unsupportedProfileClass',
    'installFailedDueToIccidAlreadyExistsOnEuicc',
    'installFailedDueToInsufficientMemoryForProfile',
    'pprNotAllowed',
  ],
  replaceSessionKeys: PROTECTED_FUNCTION,
  loadProfileElements: [
    ...PROTECTED_FUNCTION,
    'installFailedDueToInsufficientMemoryForProfile',
    'installFailedDueToPEProcessingError',
    'installFailedDueToDataMismatch',
    'testProfileInstallFailedDueToInvalidNaaKey',
  ],
}

/**
 * SuccessResult ::= SEQUENCE { aid [APPLICATION 15] OCTET STRING (SIZE (5..16)), simaResponse OCTET STRING }
 * ErrorResult ::= SEQUENCE { bppCommandId BppCommandId, errorReason ErrorReason, simaResponse OCTET STRING OPTIONAL }
 */
const FinalResult = choice('finalResult', {
  successResult: implicit(
    0xa0,
    sequence('SuccessResult', {
      aid: implicit(0x4f, octetString({ min: 5, max: 16 })),
      simaResponse: octetString(),
    }),
  ),
  errorResult: implicit(
    0xa1,
    sequence('ErrorResult', {
      bppCommandId: implicit(0x80, namedInteger(BPP_COMMAND_IDS)),
      errorReason: implicit(0x81, namedInteger(ERROR_REASONS)),
      simaResponse: optional(implicit(0x82, octetString())),
    }),
  ),
})
export type FinalResult = Infer<typeof FinalResult>

/**
 * ProfileInstallationResultData ::= [39] SEQUENCE { transactionId [0] TransactionId,
 *   notificationMetadata [47] NotificationMetadata, smdpOid OBJECT IDENTIFIER,
 *   finalResult [2] CHOICE { successResult SuccessResult, errorResult ErrorResult } }
 */
export const ProfileInstallationResultData = implicit(
  0xbf27,
  sequence('ProfileInstallationResultData', {
    transactionId: implicit(0x80, TransactionId),
    notificationMetadata: NotificationMetadata,
    smdpOid: objectIdentifier,
    finalResult: explicit(0xa2, FinalResult),
  }),
)
export type ProfileInstallationResultData = Infer<typeof ProfileInstallationResultData>
