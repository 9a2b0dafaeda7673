/** Elements that set the keys of authentication (TCA eUICC Profile Package §8.5). */

import {
  defaulted,
  namedInteger,
  octetString,
  optional,
  sequenceOf,
  type Infer,
} from '../../asn1/schema.ts'
import { automaticChoice, automaticSequence } from '../automatic.ts'
import { ApplicationIdentifier, PEHeader, UInt8 } from '../file.ts'

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

/** PE-CDMAParameter (3GPP2 C.S0065, C.S0016 §4.5.7). Read and written; no card here authenticates with it. */
export const PeCdmaParameter = automaticSequence('PE-CDMAParameter', {
  cdmaHeader: PEHeader,
  authenticationKey: octetString({ min: 8, max: 8 }),
  ssd: optional(octetString({ min: 16, max: 16 })),
  hrpdAccessAuthenticationData: optional(octetString({ min: 2, max: 32 })),
  simpleIPAuthenticationData: optional(octetString({ min: 3, max: 483 })),
  mobileIPAuthenticationData: optional(octetString({ min: 5, max: 957 })),
})
export type PeCdmaParameter = Infer<typeof PeCdmaParameter>
