/** What a card answers to a profile package: TCA eUICC Profile Package, EUICCResponse, inside SGP.22's simaResponse. */

import {
  namedInteger,
  nothing,
  optional,
  sequenceOf,
  utf8String,
  type Infer,
} from '../asn1/schema.ts'
import { automaticSequence } from './automatic.ts'
import { UInt15, UInt8, unsigned } from './file.ts'

const UINT31_MAX = 2_147_483_647

/** The status of one element; ISO 7816 status words and proprietary values stay numbers. */
export const PEStatusCode = namedInteger({
  ok: 0,
  'pe-not-supported': 1,
  'memory-failure': 2,
  'bad-values': 3,
  'not-enough-memory': 4,
  'invalid-request-format': 5,
  'invalid-parameter': 6,
  'runtime-not-supported': 7,
  'lib-not-supported': 8,
  'template-not-supported': 9,
  'feature-not-supported': 10,
  'pin-code-missing': 11,
  'unsupported-profile-version': 31,
})
export type PEStatusCode = Infer<typeof PEStatusCode>

/** PEStatus: `identification` is that of the element that caused the status, `offset` where in it. */
export const PEStatus = automaticSequence('PEStatus', {
  status: PEStatusCode,
  identification: optional(UInt15),
  additionalInformation: optional(UInt8),
  offset: optional(unsigned(UINT31_MAX)),
})
export type PEStatus = Infer<typeof PEStatus>

/** EUICCResponse ::= SEQUENCE { peStatus SEQUENCE OF PEStatus, profileInstallationAborted NULL OPTIONAL, statusMessage UTF8String (SIZE (2..64)) OPTIONAL } */
export const EUICCResponse = automaticSequence('EUICCResponse', {
  peStatus: sequenceOf(PEStatus),
  profileInstallationAborted: optional(nothing),
  statusMessage: optional(utf8String({ min: 2, max: 64 })),
})
export type EUICCResponse = Infer<typeof EUICCResponse>
