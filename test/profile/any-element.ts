/** Elements with values by chance, of every kind that is declared. */

import fc from 'fast-check'
import type { DeclaredKind, ElementValue } from '../../src/profile/elements.ts'
import { fileSystemTemplate, templateOids } from '../../src/profile/file-templates/index.ts'
import type { File } from '../../src/profile/file.ts'
import { anyOctets } from './helper.ts'

const identification = fc.integer({ min: 0, max: 32_767 })
const anyHeader = fc.record(
  { mandated: fc.constant(null), identification },
  { requiredKeys: ['identification'] },
)
const uint8 = fc.integer({ min: 0, max: 255 })
const fcp = fc.record(
  {
    fileDescriptor: anyOctets(2, 4),
    fileID: anyOctets(2),
    dfName: anyOctets(5, 16),
    lcsi: anyOctets(1),
    securityAttributesReferenced: anyOctets(1, 3),
    efFileSize: anyOctets(0, 4),
    pinStatusTemplateDO: anyOctets(0, 10),
    shortEFID: anyOctets(0, 1),
    proprietaryEFInfo: fc.record(
      {
        specialFileInformation: anyOctets(1),
        fillPattern: anyOctets(1, 200),
        repeatPattern: anyOctets(1, 200),
        maximumFileSize: anyOctets(1, 3),
        fileDetails: anyOctets(1),
      },
      { requiredKeys: [] },
    ),
    linkPath: anyOctets(0, 8),
  },
  { requiredKeys: [] },
)
const anyFile: fc.Arbitrary<File> = fc.array(
  fc.oneof(
    fc.record({ doNotCreate: fc.constant(null) }),
    fc.record({ fileDescriptor: fcp }),
    fc.record({ fillFileOffset: fc.integer({ min: 0, max: 65_535 }) }),
    fc.record({ fillFileContent: anyOctets(0, 300) }),
  ),
  { maxLength: 4 },
)
const templateID = fc.constantFrom('2.23.143.1.2.1', '2.23.143.1.2.4.2', '2.999.10')

const general = [
  fc.record({
    kind: fc.constant('header' as const),
    value: fc.record(
      {
        majorVersion: uint8,
        minorVersion: uint8,
        profileType: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 100 }),
        iccid: anyOctets(10),
        pol: anyOctets(0, 3),
        eUICCMandatoryServices: fc.record(
          { usim: fc.constant(null), milenage: fc.constant(null), eaka: fc.constant(null) },
          { requiredKeys: [] },
        ),
        eUICCMandatoryGFSTEList: fc.array(templateID, { maxLength: 3 }),
        connectivityParameters: anyOctets(0, 20),
        eUICCMandatoryAIDs: fc.array(fc.record({ aid: anyOctets(5, 16), version: anyOctets(2) })),
        iotOptions: fc.record({ pix: anyOctets(7, 11) }),
      },
      {
        requiredKeys: [
          'majorVersion',
          'minorVersion',
          'iccid',
          'eUICCMandatoryServices',
          'eUICCMandatoryGFSTEList',
        ],
      },
    ),
  }),
  fc.record({
    kind: fc.constant('pukCodes' as const),
    value: fc.record({
      pukHeader: anyHeader,
      pukCodes: fc.array(
        fc.record({
          keyReference: fc.constantFrom(...(['pukAppl1', 'secondPUKAppl8', 9] as const)),
          pukValue: anyOctets(8),
          maxNumOfAttempsRetryNumLeft: uint8,
        }),
        { minLength: 1, maxLength: 16 },
      ),
    }),
  }),
  fc.record({
    kind: fc.constant('pinCodes' as const),
    value: fc.record({
      pinHeader: anyHeader,
      pinCodes: fc.oneof(
        fc.record({ filePath: anyOctets(0, 8) }),
        fc.record({
          pinconfig: fc.array(
            fc.record(
              {
                keyReference: fc.constantFrom(
                  ...(['pinAppl1', 'adm10', 'secondPINAppl1', 99] as const),
                ),
                pinValue: anyOctets(8),
                unblockingPINReference: fc.constantFrom(
                  ...(['pukAppl1', 'secondPUKAppl1'] as const),
                ),
                pinAttributes: uint8,
                maxNumOfAttempsRetryNumLeft: uint8,
              },
              {
                requiredKeys: [
                  'keyReference',
                  'pinValue',
                  'pinAttributes',
                  'maxNumOfAttempsRetryNumLeft',
                ],
              },
            ),
            { minLength: 1, maxLength: 26 },
          ),
        }),
      ),
    }),
  }),
  fc.record({
    kind: fc.constant('akaParameter' as const),
    value: fc.record(
      {
        akaHeader: anyHeader,
        algoConfiguration: fc.oneof(
          fc.record({
            mappingParameter: fc.record({
              mappingOptions: anyOctets(1),
              mappingSource: anyOctets(5, 16),
            }),
          }),
          fc.record({
            algoParameter: fc.record(
              {
                algorithmID: fc.constantFrom(
                  ...(['milenage', 'tuak', 'usimTestAlgorithm', 17] as const),
                ),
                algorithmOptions: anyOctets(1),
                key: anyOctets(16, 32),
                opc: anyOctets(16, 32),
                rotationConstants: anyOctets(5),
                xoringConstants: anyOctets(80),
                authCounterMax: anyOctets(3),
                numberOfKeccak: uint8,
              },
              { requiredKeys: ['algorithmID', 'algorithmOptions', 'key', 'opc', 'numberOfKeccak'] },
            ),
          }),
        ),
        sqnOptions: anyOctets(1),
        sqnDelta: anyOctets(6),
        sqnAgeLimit: anyOctets(6),
        sqnInit: fc.array(anyOctets(6), { minLength: 32, maxLength: 32 }),
      },
      { requiredKeys: ['akaHeader', 'algoConfiguration'] },
    ),
  }),
  fc.record({
    kind: fc.constant('genericFileManagement' as const),
    value: fc.record({
      gfmHeader: anyHeader,
      fileManagementCMD: fc.array(
        fc.array(
          fc.oneof(
            fc.record({ filePath: anyOctets(0, 8) }),
            fc.record({ createFCP: fcp }),
            fc.record({ fillFileOffset: fc.integer({ min: 0, max: 65_535 }) }),
            fc.record({ fillFileContent: anyOctets(0, 300) }),
          ),
          { minLength: 1, maxLength: 6 },
        ),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  }),
  fc.record({ kind: fc.constant('end' as const), value: fc.record({ endHeader: anyHeader }) }),
]

const octets = anyOctets(0, 20)
const aid = anyOctets(5, 16)
const oneOctet = anyOctets(1)
const quota = anyOctets(2, 4)

/** Every key but the required ones may be absent. */
function some<T>(
  required: readonly (keyof T & string)[],
  model: { [K in keyof T]: fc.Arbitrary<T[K]> },
) {
  return fc.record(model, { requiredKeys: [...required] as (keyof T)[] })
}

const instance = some(
  [
    'applicationLoadPackageAID',
    'classAID',
    'instanceAID',
    'applicationPrivileges',
    'lifeCycleState',
    'applicationSpecificParametersC9',
  ],
  {
    applicationLoadPackageAID: aid,
    classAID: aid,
    instanceAID: aid,
    extraditeSecurityDomainAID: aid,
    applicationPrivileges: octets,
    lifeCycleState: oneOctet,
    applicationSpecificParametersC9: octets,
    systemSpecificParameters: some([], {
      volatileMemoryQuotaC7: quota,
      nonVolatileMemoryQuotaC8: quota,
      globalServiceParameters: octets,
      implicitSelectionParameter: octets,
      volatileReservedMemory: quota,
      nonVolatileReservedMemory: quota,
      ts102226SIMFileAccessToolkitParameter: octets,
      ts102226AdditionalContactlessParameters: fc.record({ protocolParameterData: octets }),
      contactlessProtocolParameters: octets,
      userInteractionContactlessParameters: octets,
      cumulativeGrantedVolatileMemory: quota,
      cumulativeGrantedNonVolatileMemory: quota,
    }),
    applicationParameters: some([], {
      uiccToolkitApplicationSpecificParametersField: octets,
      uiccAccessApplicationSpecificParametersField: octets,
      uiccAdministrativeAccessApplicationSpecificParametersField: octets,
    }),
    processData: fc.array(octets, { minLength: 1, maxLength: 3 }),
    controlReferenceTemplate: fc.record({ applicationProviderIdentifier: octets }),
  },
)

const keyObject = some(
  ['keyUsageQualifier', 'keyAccess', 'keyIdentifier', 'keyVersionNumber', 'keyComponents'],
  {
    keyUsageQualifier: anyOctets(1, 2),
    keyAccess: oneOctet,
    keyIdentifier: oneOctet,
    keyVersionNumber: oneOctet,
    keyCounterValue: octets,
    keyComponents: fc.array(fc.record({ keyType: octets, keyData: octets, macLength: uint8 }), {
      minLength: 1,
      maxLength: 3,
    }),
  },
)

const applications = [
  fc.record({
    kind: fc.constant('securityDomain' as const),
    value: some(['sdHeader', 'instance'], {
      sdHeader: anyHeader,
      instance,
      keyList: fc.array(keyObject, { minLength: 1, maxLength: 3 }),
      sdPersoData: fc.array(octets, { minLength: 1, maxLength: 3 }),
      openPersoData: some([], {
        restrictParameter: oneOctet,
        contactlessProtocolParameters: octets,
      }),
      catTpParameters: fc.record({
        catTpMaxSduSize: fc.integer({ min: 0, max: 65_535 }),
        catTpMaxPduSize: fc.integer({ min: 0, max: 65_535 }),
      }),
    }),
  }),
  fc.record({
    kind: fc.constant('rfm' as const),
    value: some(
      [
        'rfmHeader',
        'instanceAID',
        'minimumSecurityLevel',
        'uiccAccessDomain',
        'uiccAdminAccessDomain',
      ],
      {
        rfmHeader: anyHeader,
        instanceAID: aid,
        securityDomainAID: aid,
        tarList: fc.array(anyOctets(3), { minLength: 1, maxLength: 3 }),
        minimumSecurityLevel: oneOctet,
        uiccAccessDomain: octets,
        uiccAdminAccessDomain: octets,
        adfRFMAccess: fc.record({
          adfAID: aid,
          adfAccessDomain: octets,
          adfAdminAccessDomain: octets,
        }),
      },
    ),
  }),
  fc.record({
    kind: fc.constant('application' as const),
    value: some(['appHeader'], {
      appHeader: anyHeader,
      loadBlock: some(['loadPackageAID', 'loadBlockObject'], {
        loadPackageAID: aid,
        securityDomainAID: aid,
        nonVolatileCodeLimitC6: octets,
        volatileDataLimitC7: octets,
        nonVolatileDataLimitC8: octets,
        hashValue: octets,
        loadBlockObject: anyOctets(0, 400),
      }),
      instanceList: fc.array(instance, { minLength: 1, maxLength: 2 }),
    }),
  }),
  fc.record({
    kind: fc.constant('cdmaParameter' as const),
    value: some(['cdmaHeader', 'authenticationKey'], {
      cdmaHeader: anyHeader,
      authenticationKey: anyOctets(8),
      ssd: anyOctets(16),
      hrpdAccessAuthenticationData: anyOctets(2, 32),
      simpleIPAuthenticationData: anyOctets(3, 100),
      mobileIPAuthenticationData: anyOctets(5, 300),
    }),
  }),
  fc.record({
    kind: fc.constant('nonStandard' as const),
    value: fc.record({ nonStandardHeader: anyHeader, issuerID: templateID, content: octets }),
  }),
  fc.record({
    kind: fc.constantFrom(...(['rfu1', 'rfu2', 'rfu3', 'rfu4', 'rfu5'] as const)),
    value: fc.constant({}),
  }),
]

const HEADER_FIELDS: Readonly<Partial<Record<DeclaredKind, string>>> = {
  optUsim: 'optusimHeader',
  optIsim: 'optisimHeader',
  optCsim: 'optcsimHeader',
  optIot: 'optiotHeader',
  df5gprose: 'df5gProseHeader',
}

/** The component of an element of files that is its PEHeader. */
export function headerField(kind: DeclaredKind): string {
  return HEADER_FIELDS[kind] ?? `${kind}Header`
}

/** An element of files with a header and this content. */
export function elementContent(kind: DeclaredKind, content: object): ElementValue {
  const value = { [headerField(kind)]: { identification: 1 }, ...content }
  return { kind, value } as unknown as ElementValue
}

/** An element of every template, with any of its files. */
const ofFiles = templateOids().map((oid) => {
  const { element = 'mf', files = [] } = fileSystemTemplate(oid) ?? {}
  const model = Object.fromEntries(files.map(({ field }) => [field, anyFile]))
  const required = files.flatMap(({ field, isOptional }) => (isOptional ? [] : [field]))
  return fc.record({
    kind: fc.constant(element),
    value: fc.record(
      { [headerField(element)]: anyHeader, templateID: fc.constant(oid), ...model },
      { requiredKeys: [headerField(element), 'templateID', ...required] },
    ),
  })
})

// A record with keys left out by chance is a type the compiler cannot match with the declarations' choices.
/** An element of each kind, one arbitrary for each. */
export const ELEMENT_ARBITRARIES = [
  ...general,
  ...applications,
  ...ofFiles,
] as unknown as readonly fc.Arbitrary<ElementValue>[]

/** An element of any kind. */
export const anyElement: fc.Arbitrary<ElementValue> = fc.oneof(...ELEMENT_ARBITRARIES)
