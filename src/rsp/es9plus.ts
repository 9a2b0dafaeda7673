/** ES9+ (LPA — SM-DP+): the functions and their messages (SGP.22 §5.6, §6.5.2.6 to §6.5.2.10). */

import {
  EUICCInfo1,
  Signature,
  StoreMetadataRequest,
  SubjectKeyIdentifier,
  Certificate,
} from './common.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  PendingNotification,
  PrepareDownloadResponse,
  ServerSigned1,
  SmdpSigned2,
} from './es10b.ts'
import * as asn1 from './es9plus-asn1.ts'
import {
  base64Field,
  derField,
  hexField,
  textField,
  type MessageOf,
  type RspInterface,
} from './json-binding.ts'

const transactionId = hexField({ min: 1, max: 16 })

/** The longest Bound Profile Package that is taken or given. */
export const BOUND_PROFILE_PACKAGE_OCTETS_MAX = 1 << 20

/** The SM-DP+ answers with the package's octets; the LPA cuts them into segments (SGP.22 §2.5.5). */
const boundProfilePackage = base64Field({ min: 4, max: BOUND_PROFILE_PACKAGE_OCTETS_MAX })

export const ES9PLUS = {
  initiateAuthentication: {
    interface: 'ES9+',
    section: '5.6.1',
    path: '/gsma/rsp2/es9plus/initiateAuthentication',
    kind: 'request-response',
    request: {
      euiccChallenge: base64Field({ min: 16, max: 16 }),
      smdpAddress: textField({ pattern: /^.{1,255}$/s, what: 'an address of 1 to 255 characters' }),
      euiccInfo1: derField(EUICCInfo1),
    },
    response: {
      transactionId,
      serverSigned1: derField(ServerSigned1),
      serverSignature1: derField(Signature),
      euiccCiPKIdToBeUsed: derField(SubjectKeyIdentifier),
      serverCertificate: derField(Certificate),
    },
    asn1: asn1.InitiateAuthentication,
  },
  authenticateClient: {
    interface: 'ES9+',
    section: '5.6.3',
    path: '/gsma/rsp2/es9plus/authenticateClient',
    kind: 'request-response',
    request: { transactionId, authenticateServerResponse: derField(AuthenticateServerResponse) },
    response: {
      transactionId,
      profileMetadata: derField(StoreMetadataRequest),
      smdpSigned2: derField(SmdpSigned2),
      smdpSignature2: derField(Signature),
      smdpCertificate: derField(Certificate),
    },
    asn1: asn1.AuthenticateClient,
  },
  getBoundProfilePackage: {
    interface: 'ES9+',
    section: '5.6.2',
    path: '/gsma/rsp2/es9plus/getBoundProfilePackage',
    kind: 'request-response',
    request: { transactionId, prepareDownloadResponse: derField(PrepareDownloadResponse) },
    response: { transactionId, boundProfilePackage },
    asn1: asn1.GetBoundProfilePackage,
  },
  handleNotification: {
    interface: 'ES9+',
    section: '5.6.4',
    path: '/gsma/rsp2/es9plus/handleNotification',
    kind: 'notification',
    request: { pendingNotification: derField(PendingNotification) },
    response: {},
    asn1: asn1.HandleNotification,
  },
  cancelSession: {
    interface: 'ES9+',
    section: '5.6.5',
    path: '/gsma/rsp2/es9plus/cancelSession',
    kind: 'request-response',
    request: { transactionId, cancelSessionResponse: derField(CancelSessionResponse) },
    response: {},
    asn1: asn1.CancelSession,
  },
} as const

export type Es9PlusFunctionName = keyof typeof ES9PLUS
export type Es9PlusRequest<N extends Es9PlusFunctionName> = MessageOf<
  (typeof ES9PLUS)[N]['request']
>
export type Es9PlusResponse<N extends Es9PlusFunctionName> = MessageOf<
  (typeof ES9PLUS)[N]['response']
>

/** ES9+ as the LPA calls it and the SM-DP+ offers it. A refusal is thrown as `RspError`. */
export type Es9Plus = RspInterface<typeof ES9PLUS>
