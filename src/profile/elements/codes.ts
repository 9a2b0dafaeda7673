/** Elements that set PINs and PUKs (TCA eUICC Profile Package §8.4; ETSI TS 102 221 §9.5). */

import {
  defaulted,
  namedInteger,
  octetString,
  optional,
  sequenceOf,
  type Infer,
} from '../../asn1/schema.ts'
import { automaticChoice, automaticSequence } from '../automatic.ts'
import { PEHeader, UInt8 } from '../file.ts'

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
