/** ES8+ (SM-DP+ — eUICC): the Bound Profile Package and what lies in its segments (SGP.22 §2.5.4, §5.5). */

import {
  implicit,
  namedInteger,
  objectIdentifier,
  octetString,
  opaque,
  optional,
  sequence,
  sequenceOf,
  type Infer,
} from '../asn1/schema.ts'
import { OneTimePublicKey, Signature, TransactionId } from './common.ts'

/** RemoteOpId ::= [2] INTEGER { installBoundProfilePackage(1) } */
export const RemoteOpId = implicit(0x82, namedInteger({ installBoundProfilePackage: 1 }))

/** ControlRefTemplate ::= SEQUENCE { keyType [0] Octet1, keyLen [1] Octet1, hostId [4] OctetTo16 } */
export const ControlRefTemplate = implicit(
  0xa6,
  sequence('ControlRefTemplate', {
    keyType: implicit(0x80, octetString({ min: 1, max: 1 })),
    keyLen: implicit(0x81, octetString({ min: 1, max: 1 })),
    hostId: implicit(0x84, octetString({ min: 1, max: 16 })),
  }),
)

/**
 * InitialiseSecureChannelRequest ::= [35] SEQUENCE { remoteOpId RemoteOpId, transactionId [0] TransactionId,
 *   controlRefTemplate [6] IMPLICIT ControlRefTemplate, smdpOtpk [APPLICATION 73] OCTET STRING,
 *   smdpSign [APPLICATION 55] OCTET STRING }
 */
export const InitialiseSecureChannelRequest = implicit(
  0xbf23,
  sequence('InitialiseSecureChannelRequest', {
    remoteOpId: RemoteOpId,
    transactionId: implicit(0x80, TransactionId),
    controlRefTemplate: ControlRefTemplate,
    smdpOtpk: OneTimePublicKey,
    smdpSign: Signature,
  }),
)
export type InitialiseSecureChannelRequest = Infer<typeof InitialiseSecureChannelRequest>

/** DpProprietaryData ::= SEQUENCE { dpOid OBJECT IDENTIFIER } — at most 128 octets, tag and length included. */
export const DpProprietaryData = implicit(
  0xb8,
  sequence('DpProprietaryData', { dpOid: implicit(0x80, objectIdentifier) }),
)
export const DP_PROPRIETARY_DATA_OCTETS_MAX = 128

/** ConfigureISDPRequest ::= [36] SEQUENCE { dpProprietaryData [24] DpProprietaryData OPTIONAL } */
export const ConfigureISDPRequest = implicit(
  0xbf24,
  sequence('ConfigureISDPRequest', {
    dpProprietaryData: optional(opaque('DpProprietaryData', 0xb8)),
  }),
)

/**
 * ReplaceSessionKeysRequest ::= [38] SEQUENCE { initialMacChainingValue OCTET STRING, ppkEnc OCTET STRING,
 *   ppkCmac OCTET STRING }
 */
export const ReplaceSessionKeysRequest = implicit(
  0xbf26,
  sequence('ReplaceSessionKeysRequest', {
    initialMacChainingValue: implicit(0x80, octetString()),
    ppkEnc: implicit(0x81, octetString()),
    ppkCmac: implicit(0x82, octetString()),
  }),
)

const Segment86 = opaque('86', 0x86)
const Segment87 = opaque('87', 0x87)
const Segment88 = opaque('88', 0x88)

/**
 * BoundProfilePackage ::= [54] SEQUENCE { initialiseSecureChannelRequest [35] InitialiseSecureChannelRequest,
 *   firstSequenceOf87 [0] SEQUENCE OF [7] OCTET STRING, sequenceOf88 [1] SEQUENCE OF [8] OCTET STRING,
 *   secondSequenceOf87 [2] SEQUENCE OF [7] OCTET STRING OPTIONAL, sequenceOf86 [3] SEQUENCE OF [6] OCTET STRING }
 *
 * The elements of each sequence are whole protected TLVs.
 */
export const BoundProfilePackage = implicit(
  0xbf36,
  sequence('BoundProfilePackage', {
    initialiseSecureChannelRequest: InitialiseSecureChannelRequest,
    firstSequenceOf87: implicit(0xa0, sequenceOf(Segment87)),
    sequenceOf88: implicit(0xa1, sequenceOf(Segment88)),
    secondSequenceOf87: optional(implicit(0xa2, sequenceOf(Segment87))),
    sequenceOf86: implicit(0xa3, sequenceOf(Segment86)),
  }),
)
export type BoundProfilePackage = Infer<typeof BoundProfilePackage>
