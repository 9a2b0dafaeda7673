/**
 * Elements that load and make applications: security domains, remote file management, Java Card applets
 * (TCA eUICC Profile Package §8.6 to §8.8; GlobalPlatform Card Specification §11, ETSI TS 102 226).
 *
 * Most of these types carry the tags of GlobalPlatform. A SEQUENCE with one tag of its own is not tagged
 * automatically at all (ITU-T X.680 §25.3), so its components without a tag keep their universal one.
 */

import {
  defaulted,
  implicit,
  octetString,
  optional,
  sequence,
  sequenceOf,
  type Infer,
} from '../../asn1/schema.ts'
import { hex } from '../../base/octets.ts'
import { automaticSequence } from '../automatic.ts'
import { ApplicationIdentifier, PEHeader, UInt16, UInt8 } from '../file.ts'

/** [APPLICATION 15] ApplicationIdentifier */
const Aid = implicit(0x4f, ApplicationIdentifier)

const octets = octetString()
const oneOctet = octetString({ min: 1, max: 1 })
const memoryQuota = octetString({ min: 2, max: 4 })

/** TS102226AdditionalContactlessParameters */
const AdditionalContactlessParameters = automaticSequence(
  'TS102226AdditionalContactlessParameters',
  { protocolParameterData: octets },
)

/** ApplicationSystemParameters, tag `EF` of INSTALL [for install] (GlobalPlatform Card Specification §11.5.2.3.7). */
export const ApplicationSystemParameters = sequence('ApplicationSystemParameters', {
  volatileMemoryQuotaC7: optional(implicit(0xc7, memoryQuota)),
  nonVolatileMemoryQuotaC8: optional(implicit(0xc8, memoryQuota)),
  globalServiceParameters: optional(implicit(0xcb, octets)),
  implicitSelectionParameter: optional(implicit(0xcf, octets)),
  volatileReservedMemory: optional(implicit(0xd7, memoryQuota)),
  nonVolatileReservedMemory: optional(implicit(0xd8, memoryQuota)),
  ts102226SIMFileAccessToolkitParameter: optional(implicit(0xca, octets)),
  ts102226AdditionalContactlessParameters: optional(
    implicit(0xa0, AdditionalContactlessParameters),
  ),
  contactlessProtocolParameters: optional(implicit(0xd9, octets)),
  userInteractionContactlessParameters: optional(implicit(0xda, octets)),
  cumulativeGrantedVolatileMemory: optional(implicit(0x82, memoryQuota)),
  cumulativeGrantedNonVolatileMemory: optional(implicit(0x83, memoryQuota)),
})

/** UICCApplicationParameters, tag `EA` of INSTALL [for install] (ETSI TS 102 226 §8.2.1.3.2.2). */
export const UiccApplicationParameters = sequence('UICCApplicationParameters', {
  uiccToolkitApplicationSpecificParametersField: optional(implicit(0x80, octets)),
  uiccAccessApplicationSpecificParametersField: optional(implicit(0x81, octets)),
  uiccAdministrativeAccessApplicationSpecificParametersField: optional(implicit(0x82, octets)),
})

/** ControlReferenceTemplate: applicationProviderIdentifier is [APPLICATION 32]. */
const ControlReferenceTemplate = sequence('ControlReferenceTemplate', {
  applicationProviderIdentifier: implicit(0x5f20, octets),
})

/** `07`: SELECTABLE (GlobalPlatform Card Specification §11.1.1). */
const SELECTABLE = hex('07')

/** ApplicationInstance; an absent `lifeCycleState` means `07`, selectable. */
export const ApplicationInstance = sequence('ApplicationInstance', {
  applicationLoadPackageAID: Aid,
  classAID: Aid,
  instanceAID: Aid,
  extraditeSecurityDomainAID: optional(Aid),
  applicationPrivileges: implicit(0x82, octets),
  lifeCycleState: defaulted(implicit(0x83, oneOctet), SELECTABLE),
  applicationSpecificParametersC9: implicit(0xc9, octets),
  systemSpecificParameters: optional(implicit(0xef, ApplicationSystemParameters)),
  applicationParameters: optional(implicit(0xea, UiccApplicationParameters)),
  processData: optional(sequenceOf(octets, { min: 1 })),
  controlReferenceTemplate: optional(implicit(0xb0, ControlReferenceTemplate)),
})
export type ApplicationInstance = Infer<typeof ApplicationInstance>

const MAC_OCTETS = 8

const KeyComponent = sequence('keyComponents', {
  keyType: implicit(0x80, octets),
  keyData: implicit(0x86, octets),
  macLength: defaulted(implicit(0x87, UInt8), MAC_OCTETS),
})

const ANY_USE = hex('00')

/** KeyObject (GlobalPlatform Card Specification §11.1.8, §11.1.9); an absent `keyAccess` means `00`. */
export const KeyObject = sequence('KeyObject', {
  keyUsageQualifier: implicit(0x95, octetString({ min: 1, max: 2 })),
  keyAccess: defaulted(implicit(0x96, oneOctet), ANY_USE),
  keyIdentifier: implicit(0x82, oneOctet),
  keyVersionNumber: implicit(0x83, oneOctet),
  keyCounterValue: optional(implicit(0x85, octets)),
  keyComponents: sequenceOf(KeyComponent, { min: 1 }),
})
export type KeyObject = Infer<typeof KeyObject>

/** openPersoData: restrictParameter is [PRIVATE 25], and so the other component has no tag of its own. */
const OpenPersoData = sequence('openPersoData', {
  restrictParameter: optional(implicit(0xd9, oneOctet)),
  contactlessProtocolParameters: optional(octets),
})

const CatTpParameters = automaticSequence('catTpParameters', {
  catTpMaxSduSize: UInt16,
  catTpMaxPduSize: UInt16,
})

/** PE-SecurityDomain: the first one of a package is the MNO-SD, the others are its supplementary domains. */
export const PeSecurityDomain = automaticSequence('PE-SecurityDomain', {
  sdHeader: PEHeader,
  instance: ApplicationInstance,
  keyList: optional(sequenceOf(KeyObject, { min: 1 })),
  sdPersoData: optional(sequenceOf(octets, { min: 1 })),
  openPersoData: optional(OpenPersoData),
  catTpParameters: optional(CatTpParameters),
})
export type PeSecurityDomain = Infer<typeof PeSecurityDomain>

/** ApplicationLoadPackage: a load file and where it goes. */
export const ApplicationLoadPackage = sequence('ApplicationLoadPackage', {
  loadPackageAID: Aid,
  securityDomainAID: optional(Aid),
  nonVolatileCodeLimitC6: optional(implicit(0xc6, octets)),
  volatileDataLimitC7: optional(implicit(0xc7, octets)),
  nonVolatileDataLimitC8: optional(implicit(0xc8, octets)),
  hashValue: optional(implicit(0xc1, octets)),
  loadBlockObject: implicit(0xc4, octets),
})
export type ApplicationLoadPackage = Infer<typeof ApplicationLoadPackage>

/** PE-Application: a load file, instances of it, or both. */
export const PeApplication = automaticSequence('PE-Application', {
  appHeader: PEHeader,
  loadBlock: optional(ApplicationLoadPackage),
  instanceList: optional(sequenceOf(ApplicationInstance, { min: 1 })),
})
export type PeApplication = Infer<typeof PeApplication>

/** ADFRFMAccess: the directory that is selected when a remote script begins, and the rights in it. */
const AdfRfmAccess = automaticSequence('ADFRFMAccess', {
  adfAID: ApplicationIdentifier,
  adfAccessDomain: octets,
  adfAdminAccessDomain: octets,
})

const TarList = sequenceOf(octetString({ min: 3, max: 3 }), { min: 1 })

/** PE-RFM: an application for remote file management (ETSI TS 102 226 §7). Its header is tagged [0], like tarList. */
export const PeRfm = sequence('PE-RFM', {
  rfmHeader: implicit(0xa0, PEHeader),
  instanceAID: Aid,
  securityDomainAID: optional(Aid),
  tarList: optional(implicit(0xa0, TarList)),
  minimumSecurityLevel: implicit(0x81, oneOctet),
  uiccAccessDomain: octets,
  uiccAdminAccessDomain: octets,
  adfRFMAccess: optional(AdfRfmAccess),
})
export type PeRfm = Infer<typeof PeRfm>
