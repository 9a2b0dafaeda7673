/** ProfileHeader: what a package says of itself before anything is made (TCA eUICC Profile Package §8.2). */

import {
  nothing,
  objectIdentifier,
  octetString,
  optional,
  sequenceOf,
  utf8String,
  type Infer,
} from '../../asn1/schema.ts'
import { automaticSequence } from '../automatic.ts'
import { ApplicationIdentifier, UInt8 } from '../file.ts'

/** ServicesList: what the card must be able to do, each a NULL that is there or not. */
export const ServicesList = automaticSequence('ServicesList', {
  contactless: optional(nothing),
  usim: optional(nothing),
  isim: optional(nothing),
  csim: optional(nothing),
  milenage: optional(nothing),
  tuak128: optional(nothing),
  cave: optional(nothing),
  gbaUsim: optional(nothing),
  gbaIsim: optional(nothing),
  mbms: optional(nothing),
  eap: optional(nothing),
  javacard: optional(nothing),
  multos: optional(nothing),
  multipleUsim: optional(nothing),
  multipleIsim: optional(nothing),
  multipleCsim: optional(nothing),
  tuak256: optional(nothing),
  usimTestAlgorithm: optional(nothing),
  berTlv: optional(nothing),
  dfLink: optional(nothing),
  catTp: optional(nothing),
  getIdentity: optional(nothing),
  profileAX25519: optional(nothing),
  profileBP256: optional(nothing),
  suciCalculatorApi: optional(nothing),
  dnsResolution: optional(nothing),
  scp11ac: optional(nothing),
  scp11cAuthorizationMechanism: optional(nothing),
  s16mode: optional(nothing),
  eaka: optional(nothing),
})

/** eUICC-Mandatory-AIDs: an application and the version it must have. */
const MandatoryAid = automaticSequence('eUICC-Mandatory-AIDs', {
  aid: ApplicationIdentifier,
  version: octetString({ min: 2, max: 2 }),
})

const IotOptions = automaticSequence('IotOptions', { pix: octetString({ min: 7, max: 11 }) })

/** ProfileHeader, the first element. Its ICCID is in the order of the digits, unlike EF.ICCID's. */
export const ProfileHeader = automaticSequence('ProfileHeader', {
  majorVersion: UInt8,
  minorVersion: UInt8,
  profileType: optional(utf8String({ min: 1, max: 100 })),
  iccid: octetString({ min: 10, max: 10 }),
  pol: optional(octetString()),
  eUICCMandatoryServices: ServicesList,
  eUICCMandatoryGFSTEList: sequenceOf(objectIdentifier),
  connectivityParameters: optional(octetString()),
  eUICCMandatoryAIDs: optional(sequenceOf(MandatoryAid)),
  iotOptions: optional(IotOptions),
})
export type ProfileHeader = Infer<typeof ProfileHeader>
