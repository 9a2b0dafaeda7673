/** ES10a (LPA — eUICC): the configured addresses (SGP.22 §5.7.3, §5.7.4). */

import { implicit, namedInteger, optional, sequence, utf8String } from '../asn1/schema.ts'

/** EuiccConfiguredAddressesResponse ::= [60] SEQUENCE { defaultDpAddress UTF8String OPTIONAL, rootDsAddress UTF8String } */
const EuiccConfiguredAddressesResponse = implicit(
  0xbf3c,
  sequence('EuiccConfiguredAddressesResponse', {
    defaultDpAddress: optional(implicit(0x80, utf8String())),
    rootDsAddress: implicit(0x81, utf8String()),
  }),
)

/** EuiccConfiguredAddressesRequest ::= [60] SEQUENCE { } */
const EuiccConfiguredAddressesRequest = implicit(
  0xbf3c,
  sequence('EuiccConfiguredAddressesRequest', {}),
)

/** SetDefaultDpAddressRequest ::= [63] SEQUENCE { defaultDpAddress UTF8String } */
const SetDefaultDpAddressRequest = implicit(
  0xbf3f,
  sequence('SetDefaultDpAddressRequest', { defaultDpAddress: implicit(0x80, utf8String()) }),
)

/** SetDefaultDpAddressResponse ::= [63] SEQUENCE { setDefaultDpAddressResult INTEGER { ok (0), undefinedError (127) } } */
const SetDefaultDpAddressResponse = implicit(
  0xbf3f,
  sequence('SetDefaultDpAddressResponse', {
    setDefaultDpAddressResult: implicit(0x80, namedInteger({ ok: 0, undefinedError: 127 })),
  }),
)

/** The functions of ES10a. */
export const ES10A = {
  getEuiccConfiguredAddresses: {
    interface: 'ES10a',
    section: '5.7.3',
    request: EuiccConfiguredAddressesRequest,
    response: EuiccConfiguredAddressesResponse,
  },
  setDefaultDpAddress: {
    interface: 'ES10a',
    section: '5.7.4',
    request: SetDefaultDpAddressRequest,
    response: SetDefaultDpAddressResponse,
  },
} as const
