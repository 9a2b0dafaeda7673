/** What the tests of the RSP binding share: a small SM-DP+, valid messages, servers that end with their test. */

import type { RequestListener } from 'node:http'
import type { ExecutionContext } from 'ava'
import { decode } from '../../src/asn1/schema.ts'
import { wallClock } from '../../src/base/environment.ts'
import { hex, toBase64 } from '../../src/base/octets.ts'
import { listen, type Listener } from '../../src/http/listener.ts'
import { createRspApp } from '../../src/http/rsp-app.ts'
import type { Credential } from '../../src/pki/issue.ts'
import { issueTlsCredential } from '../../src/pki/test-pki.ts'
import { EUICCInfo1, Signature } from '../../src/rsp/common.ts'
import { CancelSessionResponse, PendingNotification, ServerSigned1 } from '../../src/rsp/es10b.ts'
import { ES9PLUS, type Es9Plus, type Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import { refuse } from '../../src/rsp/status-codes.ts'
import { pki, random } from '../pki/helper.ts'

const CHALLENGE = '000102030405060708090A0B0C0D0E0F'
const KEY_ID = 'F54172BDF98A95D65CBEB88A38A1C11D800A85C3'

const euiccInfo1 = hex(`BF2035 8203020202 A9160414${KEY_ID} AA160414${KEY_ID}`)

/** A request of InitiateAuthentication on the wire. */
export const initiateAuthenticationJson = {
  euiccChallenge: toBase64(hex(CHALLENGE)),
  smdpAddress: 'smdp.example.com',
  euiccInfo1: toBase64(euiccInfo1),
}

export const initiateAuthenticationRequest: Es9PlusRequest<'initiateAuthentication'> = {
  euiccChallenge: hex(CHALLENGE),
  smdpAddress: 'smdp.example.com',
  euiccInfo1: decode(EUICCInfo1, euiccInfo1),
}

export const cancelSessionRequest: Es9PlusRequest<'cancelSession'> = {
  transactionId: hex('0A0B'),
  cancelSessionResponse: decode(CancelSessionResponse, hex('BF4103 81017F')),
}

const notification = hex(
  '3030 BF2F25 800101 81020640 0C10736D64702E6578616D706C652E636F6D 5A0A98109909000021436587 5F370101 3000 3000',
)

/** A notification of an enabled profile, with two empty certificates, on the wire. */
export const handleNotificationJson = { pendingNotification: toBase64(notification) }

export const handleNotificationRequest: Es9PlusRequest<'handleNotification'> = {
  pendingNotification: decode(PendingNotification, notification),
}

/** What the small SM-DP+ answers to InitiateAuthentication. */
export const initiateAuthenticationResponse = {
  transactionId: hex('0A0B'),
  serverSigned1: decode(
    ServerSigned1,
    hex(`3032 80020A0B 8110${CHALLENGE} 83087365727665722E31 8410${CHALLENGE}`),
  ),
  serverSignature1: decode(Signature, hex('5F3701AA')),
  euiccCiPKIdToBeUsed: hex(KEY_ID),
  serverCertificate: hex('3000'),
}

export interface SmallSmdp extends Es9Plus {
  /** The names of the functions that were called. */
  readonly calls: string[]
}

/** Answers what is valid, knows no transaction, and has a defect in GetBoundProfilePackage. */
export function smallSmdp(): SmallSmdp {
  const calls: string[] = []
  return {
    calls,
    initiateAuthentication: async () => {
      calls.push('initiateAuthentication')
      return initiateAuthenticationResponse
    },
    authenticateClient: async () => {
      throw refuse('matchingIdRefused')
    },
    getBoundProfilePackage: async () => {
      throw new Error('a secret of ours')
    },
    handleNotification: async () => {
      calls.push('handleNotification')
      return {}
    },
    cancelSession: async () => {
      throw refuse('transactionIdUnknown', { subjectIdentifier: '0A0B' })
    },
  }
}

/** A TLS leaf for 127.0.0.1, unless it is for another host or role. */
export function tlsCredential(
  other: { readonly hostName?: string; readonly role?: 'dp-tls' | 'ds-tls' } = {},
): Credential {
  const { hostName = '127.0.0.1', role = 'dp-tls' } = other
  return issueTlsCredential({ pki, hostNames: [hostName], role, nowMs: wallClock.nowMs(), random })
}

/** A server on a port of its own until the test ends; the small SM-DP+ unless told otherwise. */
export async function serve(
  t: ExecutionContext,
  options: { readonly tls?: Credential; readonly handler?: RequestListener } = {},
): Promise<Listener> {
  const handler = options.handler ?? createRspApp({ table: ES9PLUS, implementation: smallSmdp() })
  const listener = await listen({ handler, tls: options.tls, port: 0 })
  t.teardown(listener.close)
  return listener
}
