/** ES10c (LPA — eUICC): local profile management (SGP.22 §5.7.15 to §5.7.21). */

import {
  boolean,
  choice,
  explicit,
  implicit,
  namedBits,
  namedInteger,
  octetString,
  opaque,
  optional,
  sequence,
  sequenceOf,
  utf8String,
  type Infer,
} from '../asn1/schema.ts'
import {
  Iccid,
  IconType,
  NotificationConfigurationInformation,
  OperatorId,
  PprIds,
  ProfileClass,
  ProfileState,
} from './common.ts'

/**
 * ProfileInfo ::= [PRIVATE 3] SEQUENCE { iccid Iccid OPTIONAL, isdpAid [APPLICATION 15] OctetTo16 OPTIONAL,
 *   profileState [112] ProfileState OPTIONAL, profileNickname [16] UTF8String (SIZE(0..64)) OPTIONAL,
 *   serviceProviderName [17] UTF8String (SIZE(0..32)) OPTIONAL, profileName [18] UTF8String (SIZE(0..64)) OPTIONAL,
 *   iconType [19] IconType OPTIONAL, icon [20] OCTET STRING (SIZE(0..1024)) OPTIONAL,
 *   profileClass [21] ProfileClass OPTIONAL,
 *   notificationConfigurationInfo [22] SEQUENCE OF NotificationConfigurationInformation OPTIONAL,
 *   profileOwner [23] OperatorId OPTIONAL, dpProprietaryData [24] DpProprietaryData OPTIONAL,
 *   profilePolicyRules [25] PprIds OPTIONAL }
 */
export const ProfileInfo = implicit(
  0xe3,
  sequence('ProfileInfo', {
    iccid: optional(Iccid),
    isdpAid: optional(implicit(0x4f, octetString({ min: 1, max: 16 }))),
    profileState: optional(implicit(0x9f70, ProfileState)),
    profileNickname: optional(implicit(0x90, utf8String({ max: 64 }))),
    serviceProviderName: optional(implicit(0x91, utf8String({ max: 32 }))),
    profileName: optional(implicit(0x92, utf8String({ max: 64 }))),
    iconType: optional(implicit(0x93, IconType)),
    icon: optional(implicit(0x94, octetString({ max: 1024 }))),
    profileClass: optional(implicit(0x95, ProfileClass)),
    notificationConfigurationInfo: optional(
      implicit(0xb6, sequenceOf(NotificationConfigurationInformation)),
    ),
    profileOwner: optional(implicit(0xb7, OperatorId)),
    dpProprietaryData: optional(opaque('DpProprietaryData', 0xb8)),
    profilePolicyRules: optional(implicit(0x99, PprIds)),
  }),
)
export type ProfileInfo = Infer<typeof ProfileInfo>

/**
 * ProfileInfoListRequest ::= [45] SEQUENCE { searchCriteria [0] CHOICE { isdpAid [APPLICATION 15] OctetTo16,
 *   iccid Iccid, profileClass [21] ProfileClass } OPTIONAL, tagList [APPLICATION 28] OCTET STRING OPTIONAL }
 */
const ProfileInfoListRequest = implicit(
  0xbf2d,
  sequence('ProfileInfoListRequest', {
    searchCriteria: optional(
      explicit(
        0xa0,
        choice('searchCriteria', {
          isdpAid: implicit(0x4f, octetString({ min: 1, max: 16 })),
          iccid: Iccid,
          profileClass: implicit(0x95, ProfileClass),
        }),
      ),
    ),
    tagList: optional(implicit(0x5c, octetString())),
  }),
)

/**
 * ProfileInfoListResponse ::= [45] CHOICE { profileInfoListOk SEQUENCE OF ProfileInfo,
 *   profileInfoListError INTEGER { incorrectInputValues(1), undefinedError(127) } }
 */
const ProfileInfoListResponse = explicit(
  0xbf2d,
  choice('ProfileInfoListResponse', {
    profileInfoListOk: implicit(0xa0, sequenceOf(ProfileInfo)),
    profileInfoListError: implicit(
      0x81,
      namedInteger({ incorrectInputValues: 1, undefinedError: 127 }),
    ),
  }),
)

/** What names a profile: the AID of its ISD-P, or its ICCID as in EF.ICCID. */
const PROFILE_IDENTIFIERS = {
  isdpAid: implicit(0x4f, octetString({ min: 1, max: 16 })),
  iccid: Iccid,
} as const
const ProfileIdentifier = choice('profileIdentifier', PROFILE_IDENTIFIERS)
export type ProfileIdentifier = Infer<typeof ProfileIdentifier>

/** EnableProfileRequest ::= [49] SEQUENCE { profileIdentifier CHOICE { … }, refreshFlag BOOLEAN } */
const EnableProfileRequest = implicit(
  0xbf31,
  sequence('EnableProfileRequest', {
    profileIdentifier: explicit(0xa0, ProfileIdentifier),
    refreshFlag: implicit(0x81, boolean),
  }),
)

/** EnableProfileResponse ::= [49] SEQUENCE { enableResult INTEGER { … } } */
const EnableProfileResponse = implicit(
  0xbf31,
  sequence('EnableProfileResponse', {
    enableResult: implicit(
      0x80,
      namedInteger({
        ok: 0,
        iccidOrAidNotFound: 1,
        profileNotInDisabledState: 2,
        disallowedByPolicy: 3,
        wrongProfileReenabling: 4,
        catBusy: 5,
        undefinedError: 127,
      }),
    ),
  }),
)

/** DisableProfileRequest ::= [50] SEQUENCE { profileIdentifier CHOICE { … }, refreshFlag BOOLEAN } */
const DisableProfileRequest = implicit(
  0xbf32,
  sequence('DisableProfileRequest', {
    profileIdentifier: explicit(0xa0, ProfileIdentifier),
    refreshFlag: implicit(0x81, boolean),
  }),
)

/** DisableProfileResponse ::= [50] SEQUENCE { disableResult INTEGER { … } } */
const DisableProfileResponse = implicit(
  0xbf32,
  sequence('DisableProfileResponse', {
    disableResult: implicit(
      0x80,
      namedInteger({
        ok: 0,
        iccidOrAidNotFound: 1,
        profileNotInEnabledState: 2,
        disallowedByPolicy: 3,
        catBusy: 5,
        undefinedError: 127,
      }),
    ),
  }),
)

/** DeleteProfileRequest ::= [51] CHOICE { isdpAid [APPLICATION 15] OctetTo16, iccid Iccid } */
const DeleteProfileRequest = explicit(0xbf33, choice('DeleteProfileRequest', PROFILE_IDENTIFIERS))

/** DeleteProfileResponse ::= [51] SEQUENCE { deleteResult INTEGER { … } } */
const DeleteProfileResponse = implicit(
  0xbf33,
  sequence('DeleteProfileResponse', {
    deleteResult: implicit(
      0x80,
      namedInteger({
        ok: 0,
        iccidOrAidNotFound: 1,
        profileNotInDisabledState: 2,
        disallowedByPolicy: 3,
        undefinedError: 127,
      }),
    ),
  }),
)

/**
 * EuiccMemoryResetRequest ::= [52] SEQUENCE { resetOptions [2] BIT STRING { deleteOperationalProfiles(0),
 *   deleteFieldLoadedTestProfiles(1), resetDefaultSmdpAddress(2) } }
 */
const EuiccMemoryResetRequest = implicit(
  0xbf34,
  sequence('EuiccMemoryResetRequest', {
    resetOptions: implicit(
      0x82,
      namedBits({
        deleteOperationalProfiles: 0,
        deleteFieldLoadedTestProfiles: 1,
        resetDefaultSmdpAddress: 2,
      }),
    ),
  }),
)

/** EuiccMemoryResetResponse ::= [52] SEQUENCE { resetResult INTEGER { ok(0), nothingToDelete(1), catBusy(5), undefinedError(127) } } */
const EuiccMemoryResetResponse = implicit(
  0xbf34,
  sequence('EuiccMemoryResetResponse', {
    resetResult: implicit(
      0x80,
      namedInteger({ ok: 0, nothingToDelete: 1, catBusy: 5, undefinedError: 127 }),
    ),
  }),
)

/** GetEuiccDataRequest ::= [62] SEQUENCE { tagList [APPLICATION 28] Octet1 } — the value is '5A'. */
const GetEuiccDataRequest = implicit(
  0xbf3e,
  sequence('GetEuiccDataRequest', { tagList: implicit(0x5c, octetString({ min: 1, max: 1 })) }),
)

/** GetEuiccDataResponse ::= [62] SEQUENCE { eidValue [APPLICATION 26] Octet16 } */
const GetEuiccDataResponse = implicit(
  0xbf3e,
  sequence('GetEuiccDataResponse', { eidValue: implicit(0x5a, octetString({ min: 16, max: 16 })) }),
)

/** SetNicknameRequest ::= [41] SEQUENCE { iccid Iccid, profileNickname [16] UTF8String (SIZE(0..64)) } */
const SetNicknameRequest = implicit(
  0xbf29,
  sequence('SetNicknameRequest', {
    iccid: Iccid,
    profileNickname: implicit(0x90, utf8String({ max: 64 })),
  }),
)

/** SetNicknameResponse ::= [41] SEQUENCE { setNicknameResult INTEGER { ok(0), iccidNotFound(1), undefinedError(127) } } */
const SetNicknameResponse = implicit(
  0xbf29,
  sequence('SetNicknameResponse', {
    setNicknameResult: implicit(
      0x80,
      namedInteger({ ok: 0, iccidNotFound: 1, undefinedError: 127 }),
    ),
  }),
)

/** The functions of ES10c. */
export const ES10C = {
  getProfilesInfo: {
    interface: 'ES10c',
    section: '5.7.15',
    request: ProfileInfoListRequest,
    response: ProfileInfoListResponse,
  },
  enableProfile: {
    interface: 'ES10c',
    section: '5.7.16',
    request: EnableProfileRequest,
    response: EnableProfileResponse,
  },
  disableProfile: {
    interface: 'ES10c',
    section: '5.7.17',
    request: DisableProfileRequest,
    response: DisableProfileResponse,
  },
  deleteProfile: {
    interface: 'ES10c',
    section: '5.7.18',
    request: DeleteProfileRequest,
    response: DeleteProfileResponse,
  },
  eUICCMemoryReset: {
    interface: 'ES10c',
    section: '5.7.19',
    request: EuiccMemoryResetRequest,
    response: EuiccMemoryResetResponse,
  },
  getEID: {
    interface: 'ES10c',
    section: '5.7.20',
    request: GetEuiccDataRequest,
    response: GetEuiccDataResponse,
  },
  setNickname: {
    interface: 'ES10c',
    section: '5.7.21',
    request: SetNicknameRequest,
    response: SetNicknameResponse,
  },
} as const
