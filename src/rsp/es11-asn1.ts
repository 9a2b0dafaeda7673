/** The messages of ES11 in the ASN.1 binding (SGP.22 §6.6.2.6, §6.6.2.7; module RSPDefinitions V2.5). */

import { implicit, sequence, sequenceOf, utf8String } from '../asn1/schema.ts'
import { asn1Response, type Asn1Binding } from './asn1-binding.ts'
import { TransactionId } from './common.ts'
import { AuthenticateClientRequest, InitiateAuthentication as OfSmdp } from './es9plus-asn1.ts'

/** The messages of ES9+, with the codes of an SM-DS. */
export const InitiateAuthentication = {
  ...OfSmdp,
  errors: { '8.9.1/3.8': 1, '8.9.3/3.1': 2, '8.9.2/3.1': 3, '8.9.4/3.7': 3 },
} as const satisfies Asn1Binding

/** EventEntries ::= SEQUENCE { eventId UTF8String, rspServerAddress UTF8String } */
const EventEntries = sequence('EventEntries', {
  eventId: implicit(0x80, utf8String()),
  rspServerAddress: implicit(0x81, utf8String()),
})

/**
 * AuthenticateClientResponseEs11 ::= [64] CHOICE { authenticateClientOk AuthenticateClientOkEs11,
 *   authenticateClientError INTEGER { eumCertificateInvalid(1), eumCertificateExpired(2), euiccCertificateInvalid(3),
 *     euiccCertificateExpired(4), euiccSignatureInvalid(5), eventIdUnknown(6), invalidTransactionId(7),
 *     undefinedError(127) } }
 * AuthenticateClientOkEs11 ::= SEQUENCE { transactionId TransactionId, eventEntries SEQUENCE OF EventEntries }
 *
 * Its numbers are not those of ES9+, and an unknown CI has none.
 */
export const AuthenticateClient = {
  request: AuthenticateClientRequest,
  response: asn1Response({
    name: 'AuthenticateClientResponseEs11',
    tag: 0xbf40,
    ok: {
      transactionId: implicit(0x80, TransactionId),
      eventEntries: implicit(0xa1, sequenceOf(EventEntries)),
    },
  }),
  errors: {
    '8.1.2/6.1': 1,
    '8.1.2/6.3': 2,
    '8.1.3/6.1': 3,
    '8.1.3/6.3': 4,
    '8.1/6.1': 5,
    '8.9.5/3.9': 6,
    '8.10.1/3.9': 7,
  },
} as const satisfies Asn1Binding
