/**
 * Profile elements of the TCA eUICC Profile Package (Interoperable Format, module PEDefinitions version 3).
 *
 * A package is the concatenation of its elements. Those that esim-lab writes or runs are declared; the others keep
 * their octets, so that any package can be walked.
 */

import { checkDer, children } from '../asn1/der.ts'
import {
  decode,
  defaulted,
  encode,
  namedInteger,
  nothing,
  objectIdentifier,
  octetString,
  optional,
  sequenceOf,
  utf8String,
  type Asn1Type,
  type Infer,
} from '../asn1/schema.ts'
import { concat } from '../base/octets.ts'
import { automaticChoice, automaticSequence, contextTagged } from './automatic.ts'
import {
  ApplicationIdentifier,
  File,
  FileManagement,
  optionalFiles,
  PEHeader,
  TemplateId,
  UInt8,
} from './file.ts'

/** Templates of files, by the OBJECT IDENTIFIER that stands in `templateID`. */
export const TEMPLATES = {
  mf: '2.23.143.1.2.1',
  usim: '2.23.143.1.2.4',
  optUsim: '2.23.143.1.2.5',
} as const

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

/** PE-MF: the master file and what lies directly in it. */
export const PeMf = automaticSequence('PE-MF', {
  mfHeader: PEHeader,
  templateID: TemplateId,
  mf: File,
  efPl: optional(File),
  efIccid: File,
  efDir: File,
  efArr: File,
  efUmpc: optional(File),
})
export type PeMf = Infer<typeof PeMf>

/** PE-USIM: the USIM's directory and the files every USIM has. */
export const PeUsim = automaticSequence('PE-USIM', {
  usimHeader: PEHeader,
  templateID: TemplateId,
  adfUsim: File,
  efImsi: File,
  efArr: File,
  ...optionalFiles(['efKeys', 'efKeysPS', 'efHpplmn']),
  efUst: File,
  ...optionalFiles(['efFdn', 'efSms', 'efSmsp', 'efSmss']),
  efSpn: File,
  efEst: File,
  ...optionalFiles(['efStartHfn', 'efThreshold', 'efPsloci']),
  efAcc: File,
  ...optionalFiles(['efFplmn', 'efLoci', 'efAd']),
  efEcc: File,
  ...optionalFiles(['efNetpar', 'efEpsloci', 'efEpsnsc']),
})
export type PeUsim = Infer<typeof PeUsim>

// prettier-ignore
const OPTIONAL_USIM_FILES = [
  'efLi', 'efAcmax', 'efAcm', 'efGid1', 'efGid2', 'efMsisdn', 'efPuct', 'efCbmi', 'efCbmid', 'efSdn',
  'efExt2', 'efExt3', 'efCbmir', 'efPlmnwact', 'efOplmnwact', 'efHplmnwact', 'efDck', 'efCnl', 'efSmsr', 'efBdn',
  'efExt5', 'efCcp2', 'efExt4', 'efAcl', 'efCmi', 'efIci', 'efOci', 'efIct', 'efOct', 'efVgcs',
  'efVgcss', 'efVbs', 'efVbss', 'efEmlpp', 'efAaem', 'efHiddenkey', 'efPnn', 'efOpl', 'efMbdn', 'efExt6',
  'efMbi', 'efMwis', 'efCfis', 'efExt7', 'efSpdi', 'efMmsn', 'efExt8', 'efMmsicp', 'efMmsup', 'efMmsucp',
  'efNia', 'efVgcsca', 'efVbsca', 'efGbabp', 'efMsk', 'efMuk', 'efEhplmn', 'efGbanl', 'efEhplmnpi', 'efLrplmnsi',
  'efNafkca', 'efSpni', 'efPnni', 'efNcpIp', 'efUfc', 'efNasconfig', 'efUicciari', 'efPws', 'efFdnuri', 'efBdnuri',
  'efSdnuri', 'efIal', 'efIps', 'efIpd', 'efEpdgid', 'efEpdgselection', 'efEpdgidem', 'efEpdgselectionem',
  'efFrompreferred', 'efImsconfigdata', 'ef3gpppsdataoff', 'ef3gpppsdataoffservicelist', 'efXcapconfigdata',
  'efEarfcnlist', 'efMudmidconfigdata', 'efEaka',
] as const

/** PE-OPT-USIM: files a USIM may have. */
export const PeOptUsim = automaticSequence('PE-OPT-USIM', {
  optusimHeader: PEHeader,
  templateID: TemplateId,
  ...optionalFiles(OPTIONAL_USIM_FILES),
})
export type PeOptUsim = Infer<typeof PeOptUsim>

/** PINKeyReferenceValue */
export const PINKeyReferenceValue = namedInteger({
  pinAppl1: 1,
  pinAppl2: 2,
  pinAppl3: 3,
  pinAppl4: 4,
  pinAppl5: 5,
  pinAppl6: 6,
  pinAppl7: 7,
  pinAppl8: 8,
  adm1: 10,
  adm2: 11,
  adm3: 12,
  adm4: 13,
  adm5: 14,
  secondPINAppl1: 129,
  secondPINAppl2: 130,
  secondPINAppl3: 131,
  secondPINAppl4: 132,
  secondPINAppl5: 133,
  secondPINAppl6: 134,
  secondPINAppl7: 135,
  secondPINAppl8: 136,
  adm6: 138,
  adm7: 139,
  adm8: 140,
  adm9: 141,
  adm10: 142,
})

/** PUKKeyReferenceValue */
export const PUKKeyReferenceValue = namedInteger({
  pukAppl1: 1,
  pukAppl2: 2,
  pukAppl3: 3,
  pukAppl4: 4,
  pukAppl5: 5,
  pukAppl6: 6,
  pukAppl7: 7,
  pukAppl8: 8,
  secondPUKAppl1: 129,
  secondPUKAppl2: 130,
  secondPUKAppl3: 131,
  secondPUKAppl4: 132,
  secondPUKAppl5: 133,
  secondPUKAppl6: 134,
  secondPUKAppl7: 135,
  secondPUKAppl8: 136,
})

/** The tries allowed in the high nibble, those left in the low one: 3 of 3 for a PIN, 10 of 10 for a PUK. */
const PIN_TRIES = 0x33
const PUK_TRIES = 0xaa
/** Enabled, may be disabled, changed and unblocked. */
const PIN_ATTRIBUTES = 7

/** PINConfiguration */
export const PINConfiguration = automaticSequence('PINConfiguration', {
  keyReference: PINKeyReferenceValue,
  pinValue: octetString({ min: 8, max: 8 }),
  unblockingPINReference: optional(PUKKeyReferenceValue),
  pinAttributes: defaulted(UInt8, PIN_ATTRIBUTES),
  maxNumOfAttempsRetryNumLeft: defaulted(UInt8, PIN_TRIES),
})

/** PE-PINCodes: the PINs of the directory created last, or the path of the directory that has them. */
export const PePinCodes = automaticSequence('PE-PINCodes', {
  pinHeader: PEHeader,
  pinCodes: automaticChoice('pinCodes', {
    pinconfig: sequenceOf(PINConfiguration, { min: 1, max: 26 }),
    filePath: octetString({ max: 8 }),
  }),
})
export type PePinCodes = Infer<typeof PePinCodes>

/** PUKConfiguration */
export const PUKConfiguration = automaticSequence('PUKConfiguration', {
  keyReference: PUKKeyReferenceValue,
  pukValue: octetString({ min: 8, max: 8 }),
  maxNumOfAttempsRetryNumLeft: defaulted(UInt8, PUK_TRIES),
})

/** PE-PUKCodes */
export const PePukCodes = automaticSequence('PE-PUKCodes', {
  pukHeader: PEHeader,
  pukCodes: sequenceOf(PUKConfiguration, { min: 1, max: 16 }),
})
export type PePukCodes = Infer<typeof PePukCodes>

/** MappingParameter: the authentication parameters of another application. */
export const MappingParameter = automaticSequence('MappingParameter', {
  mappingOptions: octetString({ min: 1, max: 1 }),
  mappingSource: ApplicationIdentifier,
})

/** AlgoParameter; absent constants are those of 3GPP TS 35.206 §4.1. */
export const AlgoParameter = automaticSequence('AlgoParameter', {
  algorithmID: namedInteger({ milenage: 1, tuak: 2, usimTestAlgorithm: 3 }),
  algorithmOptions: octetString({ min: 1, max: 1 }),
  key: octetString(),
  opc: octetString(),
  rotationConstants: optional(octetString({ min: 5, max: 5 })),
  xoringConstants: optional(octetString({ min: 80, max: 80 })),
  authCounterMax: optional(octetString({ min: 3, max: 3 })),
  numberOfKeccak: defaulted(UInt8, 1),
})

const SequenceNumber = octetString({ min: 6, max: 6 })

/** PE-AKAParameter; absent: sqnOptions `02`, sqnDelta and sqnAgeLimit `000010000000`, sqnInit 32 zeros. */
export const PeAkaParameter = automaticSequence('PE-AKAParameter', {
  akaHeader: PEHeader,
  algoConfiguration: automaticChoice('algoConfiguration', {
    mappingParameter: MappingParameter,
    algoParameter: AlgoParameter,
  }),
  sqnOptions: optional(octetString({ min: 1, max: 1 })),
  sqnDelta: optional(SequenceNumber),
  sqnAgeLimit: optional(SequenceNumber),
  sqnInit: optional(sequenceOf(SequenceNumber, { min: 32, max: 32 })),
})
export type PeAkaParameter = Infer<typeof PeAkaParameter>

/** PE-GenericFileManagement: files without a template. */
export const PeGenericFileManagement = automaticSequence('PE-GenericFileManagement', {
  gfmHeader: PEHeader,
  fileManagementCMD: sequenceOf(FileManagement, { min: 1 }),
})
export type PeGenericFileManagement = Infer<typeof PeGenericFileManagement>

/** PE-End ::= SEQUENCE { end-header PEHeader } */
export const PeEnd = automaticSequence('PE-End', { endHeader: PEHeader })
export type PeEnd = Infer<typeof PeEnd>

/** ProfileElement's alternatives that are declared here, each under its number in the module. */
const DECLARED = {
  header: contextTagged(0, ProfileHeader),
  genericFileManagement: contextTagged(1, PeGenericFileManagement),
  pinCodes: contextTagged(2, PePinCodes),
  pukCodes: contextTagged(3, PePukCodes),
  akaParameter: contextTagged(4, PeAkaParameter),
  end: contextTagged(10, PeEnd),
  mf: contextTagged(16, PeMf),
  usim: contextTagged(19, PeUsim),
  optUsim: contextTagged(20, PeOptUsim),
} as const

type Declared = typeof DECLARED
export type DeclaredKind = keyof Declared
/** The content of an element of a kind. */
export type ElementContent<K extends DeclaredKind> = Infer<Declared[K]>

/** A value to be written: the element's kind and its content. */
export type ElementValue = {
  [K in DeclaredKind]: { readonly kind: K; readonly value: ElementContent<K> }
}[DeclaredKind]

/** An element that was read: its octets as they came and, where it is declared, its content. */
export type ProfileElement =
  | (ElementValue & { readonly tag: number; readonly raw: Uint8Array })
  | { readonly kind: 'other'; readonly tag: number; readonly raw: Uint8Array }

/** The header every other element but ProfileHeader begins with. */
const OtherElementHeader = automaticSequence('ProfileElement', { header: PEHeader })

/**
 * The elements of a package, in order.
 * @throws {Asn1Error} naming the element and the path in it that is not DER or not as the module says
 */
export function readProfileElements(octets: Uint8Array): ProfileElement[] {
  return Array.from(profileElements(octets))
}

/**
 * The elements one after the other: those before a broken one are still read.
 * @throws {Asn1Error} when the next element is broken
 */
export function* profileElements(octets: Uint8Array): Generator<ProfileElement> {
  for (const { start, end, tag } of children(octets, 0, octets.length)) {
    yield readProfileElement({ tag, raw: octets.subarray(start, end) })
  }
}

/** One element. @throws {Asn1Error} */
export function readProfileElement(element: {
  readonly tag: number
  readonly raw: Uint8Array
}): ProfileElement {
  const kind = kindByTag.get(element.tag)
  checkDer(element.raw)
  if (!kind) return { kind: 'other', ...element }
  const value = decode(DECLARED[kind] as Asn1Type<unknown>, element.raw)
  return { kind, value, ...element } as ProfileElement
}

const kindByTag: ReadonlyMap<number, DeclaredKind> = new Map(
  (Object.keys(DECLARED) as DeclaredKind[]).flatMap((kind) =>
    DECLARED[kind].tags.map((tag) => [tag, kind]),
  ),
)

/** The octets of one element. @throws {Asn1Error} when a value breaks a size of the module */
export function encodeElement({ kind, value }: ElementValue): Uint8Array {
  return encode(DECLARED[kind] as Asn1Type<unknown>, value)
}

/** The package: its elements one after the other. @throws {Asn1Error} */
export function encodeElements(elements: readonly ElementValue[]): Uint8Array {
  return concat(...elements.map(encodeElement))
}

const ELEMENT_NUMBER_MAX = 33

/** Numbers without a meaning for a card: nonStandard, and those kept for future use. */
const UNSUPPORTED_NUMBERS: readonly number[] = [9, 11, 12, 13, 14, 15]

/** Whether the module gives the element a meaning. Those not declared here are taken without being looked into. */
export function isSupportedElement({ tag }: ProfileElement): boolean {
  const number = elementNumber(tag)
  return number >= 0 && number <= ELEMENT_NUMBER_MAX && !UNSUPPORTED_NUMBERS.includes(number)
}

function elementNumber(tag: number): number {
  if (tag >= 0xa0 && tag <= 0xbe) return tag & 0x1f
  return tag >> 8 === 0xbf ? tag & 0xff : -1
}

/** PEHeader of any element but ProfileHeader. @throws {Asn1Error} when the element does not begin with one */
export function elementHeader({ tag, raw }: ProfileElement): PEHeader {
  return decode({ ...OtherElementHeader, tags: [tag] }, raw).header
}
