/** Elements that make single files, end a package or mean nothing to most cards (TCA eUICC Profile Package §8). */

import {
  objectIdentifier,
  octetString,
  sequenceOf,
  type Asn1Type,
  type Infer,
} from '../../asn1/schema.ts'
import { automaticSequence } from '../automatic.ts'
import { FileManagement, PEHeader } from '../file.ts'

/** PE-GenericFileManagement: files without a template. */
export const PeGenericFileManagement = automaticSequence('PE-GenericFileManagement', {
  gfmHeader: PEHeader,
  fileManagementCMD: sequenceOf(FileManagement, { min: 1 }),
})
export type PeGenericFileManagement = Infer<typeof PeGenericFileManagement>

/** PE-NonStandard: something between the issuer and the cards that know it. */
export const PeNonStandard = automaticSequence('PE-NonStandard', {
  nonStandardHeader: PEHeader,
  issuerID: objectIdentifier,
  content: octetString(),
})
export type PeNonStandard = Infer<typeof PeNonStandard>

/** PE-Dummy ::= SEQUENCE { }, kept for future use: whatever is in it only its octets tell. */
export const PeDummy: Asn1Type<Readonly<Record<string, never>>> = automaticSequence('PE-Dummy', {})
export type PeDummy = Infer<typeof PeDummy>

/** PE-End ::= SEQUENCE { end-header PEHeader } */
export const PeEnd = automaticSequence('PE-End', { endHeader: PEHeader })
export type PeEnd = Infer<typeof PeEnd>
