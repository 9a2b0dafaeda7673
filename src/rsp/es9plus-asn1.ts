/** The messages of ES9+ in the ASN.1 binding (SGP.22 §6.6.2.1 to §6.6.2.5; module RSPDefinitions V2.5). */

import { explicit, implicit, opaque, sequence, utf8String } from '../asn1/schema.ts'
import { asn1Response, type Asn1Binding } from './asn1-binding.ts'
import {
  Certificate,
  EUICCInfo1,
  Octet16,
  Signature,
  StoreMetadataRequest,
  SubjectKeyIdentifier,
  TransactionId,
} from './common.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  CancelSessionResult,
  PendingNotification,
  PrepareDownloadResponse,
  ServerSigned1,
  SmdpSigned2,
} from './es10b.ts'

const transactionId = implicit(0x80, TransactionId)

/**
 * InitiateAuthenticationRequest ::= [57] SEQUENCE { euiccChallenge [1] Octet16, smdpAddress [3] UTF8String,
 *   euiccInfo1 EUICCInfo1 }
 * InitiateAuthenticationResponse ::= [57] CHOICE { initiateAuthenticationOk InitiateAuthenticationOkEs9,
 *   initiateAuthenticationError INTEGER { invalidDpAddress(1), euiccVersionNotSupportedByDp(2), ciPKIdNotSupported(3) } }
 * InitiateAuthenticationOkEs9 ::= SEQUENCE { transactionId [0] TransactionId, serverSigned1 ServerSigned1,
 *   serverSignature1 [APPLICATION 55] OCTET STRING, euiccCiPKIdToBeUsed SubjectKeyIdentifier, serverCertificate Certificate }
 */
export const InitiateAuthentication = {
  request: implicit(
    0xbf39,
    sequence('InitiateAuthenticationRequest', {
      euiccChallenge: implicit(0x81, Octet16),
      smdpAddress: implicit(0x83, utf8String({ min: 1, max: 255 })),
      euiccInfo1: EUICCInfo1,
    }),
  ),
  response: asn1Response({
    name: 'InitiateAuthenticationResponse',
    tag: 0xbf39,
    ok: {
      transactionId,
      serverSigned1: ServerSigned1,
      serverSignature1: Signature,
      euiccCiPKIdToBeUsed: SubjectKeyIdentifier,
      serverCertificate: Certificate,
    },
  }),
  errors: { '8.8.1/3.8': 1, '8.8.3/3.1': 2, '8.8.2/3.1': 3, '8.8.4/3.7': 3 },
} as const satisfies Asn1Binding

/**
 * AuthenticateClientRequest ::= [59] SEQUENCE { transactionId [0] TransactionId,
 *   authenticateServerResponse [56] AuthenticateServerResponse }
 */
export const AuthenticateClientRequest = implicit(
  0xbf3b,
  sequence('AuthenticateClientRequest', {
    transactionId,
    authenticateServerResponse: AuthenticateServerResponse,
  }),
)

/**
 * AuthenticateClientResponseEs9 ::= [59] CHOICE { authenticateClientOk AuthenticateClientOk,
 *   authenticateClientError INTEGER { eumCertificateInvalid(1), eumCertificateExpired(2), euiccCertificateInvalid(3),
 *     euiccCertificateExpired(4), euiccSignatureInvalid(5), matchingIdRefused(6), eidMismatch(7), noEligibleProfile(8),
 *     ciPKUnknown(9), invalidTransactionId(10), insufficientMemory(11), undefinedError(127) } }
 * AuthenticateClientOk ::= SEQUENCE { transactionId [0] TransactionId, profileMetaData [37] StoreMetadataRequest,
 *   smdpSigned2 SmdpSigned2, smdpSignature2 [APPLICATION 55] OCTET STRING, smdpCertificate Certificate }
 */
export const AuthenticateClient = {
  request: AuthenticateClientRequest,
  response: asn1Response({
    name: 'AuthenticateClientResponseEs9',
    tag: 0xbf3b,
    ok: {
      transactionId,
      profileMetadata: StoreMetadataRequest,
      smdpSigned2: SmdpSigned2,
      smdpSignature2: Signature,
      smdpCertificate: Certificate,
    },
  }),
  errors: {
    '8.1.2/6.1': 1,
    '8.1.2/6.3': 2,
    '8.1.3/6.1': 3,
    '8.1.3/6.3': 4,
    '8.1/6.1': 5,
    '8.2.6/3.8': 6,
    '8.1.1/3.8': 7,
    '8.2.5/4.3': 8,
    '8.11.1/3.9': 9,
    '8.10.1/3.9': 10,
    '8.1/4.8': 11,
  },
} as const satisfies Asn1Binding

/**
 * GetBoundProfilePackageRequest ::= [58] SEQUENCE { transactionId [0] TransactionId,
 *   prepareDownloadResponse [33] PrepareDownloadResponse }
 * GetBoundProfilePackageResponse ::= [58] CHOICE { getBoundProfilePackageOk GetBoundProfilePackageOk,
 *   getBoundProfilePackageError INTEGER { euiccSignatureInvalid(1), confirmationCodeMissing(2), confirmationCodeRefused(3),
 *     confirmationCodeRetriesExceeded(4), bppRebindingRefused(5), downloadOrderExpired(6), invalidTransactionId(95),
 *     undefinedError(127) } }
 * GetBoundProfilePackageOk ::= SEQUENCE { transactionId [0] TransactionId, boundProfilePackage [54] BoundProfilePackage }
 */
export const GetBoundProfilePackage = {
  request: implicit(
    0xbf3a,
    sequence('GetBoundProfilePackageRequest', {
      transactionId,
      prepareDownloadResponse: PrepareDownloadResponse,
    }),
  ),
  response: asn1Response({
    name: 'GetBoundProfilePackageResponse',
    tag: 0xbf3a,
    ok: { transactionId, boundProfilePackage: opaque('BoundProfilePackage', 0xbf36) },
  }),
  errors: {
    '8.1/6.1': 1,
    '8.2.7/2.2': 2,
    '8.2.7/3.8': 3,
    '8.2.7/6.4': 4,
    '8.2/3.7': 5,
    '8.8.5/4.10': 6,
    '8.10.1/3.9': 95,
  },
} as const satisfies Asn1Binding

/**
 * HandleNotification ::= [61] SEQUENCE { pendingNotification PendingNotification } — a CHOICE is tagged explicitly, so the
 * automatic [0] stands around it: BF3D { A0 { BF37 … } }.
 */
export const HandleNotification = {
  request: implicit(
    0xbf3d,
    sequence('HandleNotification', { pendingNotification: explicit(0xa0, PendingNotification) }),
  ),
  tolerated: [
    {
      what: 'pendingNotification in BF3D without its tag A0',
      request: implicit(
        0xbf3d,
        sequence('HandleNotification', { pendingNotification: PendingNotification }),
      ),
    },
  ],
  errors: {},
} as const satisfies Asn1Binding

/**
 * CancelSessionRequestEs9 ::= [65] SEQUENCE { transactionId TransactionId, cancelSessionResponse CancelSessionResponse } —
 * tagged automatically: [1] replaces the response's own tag, A1 where ES10b has BF41 (X.680 §31.2.7).
 * CancelSessionResponseEs9 ::= [65] CHOICE { cancelSessionOk CancelSessionOk, cancelSessionError INTEGER {
 *   invalidTransactionId(1), euiccSignatureInvalid(2), undefinedError(127) } }
 * CancelSessionOk ::= SEQUENCE { }
 */
export const CancelSession = {
  request: implicit(
    0xbf41,
    sequence('CancelSessionRequestEs9', {
      transactionId,
      cancelSessionResponse: explicit(0xa1, CancelSessionResult),
    }),
  ),
  tolerated: [
    {
      what: 'cancelSessionResponse under BF41 in place of A1',
      request: implicit(
        0xbf41,
        sequence('CancelSessionRequestEs9', {
          transactionId,
          cancelSessionResponse: CancelSessionResponse,
        }),
      ),
    },
    {
      what: 'cancelSessionResponse under both A1 and BF41',
      request: implicit(
        0xbf41,
        sequence('CancelSessionRequestEs9', {
          transactionId,
          cancelSessionResponse: explicit(0xa1, CancelSessionResponse),
        }),
      ),
    },
  ],
  response: asn1Response({ name: 'CancelSessionResponseEs9', tag: 0xbf41, ok: {} }),
  errors: { '8.10.1/3.9': 1, '8.1/6.1': 2 },
} as const satisfies Asn1Binding
