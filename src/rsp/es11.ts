/** ES11 (LPA — SM-DS): the functions and their messages (SGP.22 §5.8, §6.5.2.11, §6.5.2.12). */

import * as asn1 from './es11-asn1.ts'
import { ES9PLUS } from './es9plus.ts'
import { listField, textField, type MessageOf, type RspInterface } from './json-binding.ts'

const { initiateAuthentication, authenticateClient } = ES9PLUS

/** An EventID as SM-DP+ and SM-DS choose them. */
export const eventIdField = textField({
  pattern: /^[!-~]{1,255}$/,
  what: 'an EventID of 1 to 255 visible characters',
})

/** Where an event is to be worked off. */
export const rspServerAddressField = textField({ pattern: /^[!-~]{1,255}$/, what: 'an address' })

const EVENT_ENTRY = { eventId: eventIdField, rspServerAddress: rspServerAddressField } as const

/** An event as the LPA is told of it (SGP.22 §5.8.2, EVENT_ENTRY). */
export type EventEntry = MessageOf<typeof EVENT_ENTRY>

/**
 * The paths are those of ES9+ ("[As ES9+]" in SGP.22 Table 57), so an SM-DS has an address of its own. The SM-DS's
 * address stands in `smdpAddress`; peers that send it as `smdsAddress` are understood.
 */
export const ES11 = {
  initiateAuthentication: {
    ...initiateAuthentication,
    interface: 'ES11',
    section: '5.8.1',
    request: {
      ...initiateAuthentication.request,
      smdpAddress: { ...initiateAuthentication.request.smdpAddress, alsoNamed: 'smdsAddress' },
    },
    asn1: asn1.InitiateAuthentication,
  },
  authenticateClient: {
    interface: 'ES11',
    section: '5.8.2',
    path: authenticateClient.path,
    kind: 'request-response',
    request: authenticateClient.request,
    response: {
      transactionId: authenticateClient.response.transactionId,
      eventEntries: listField(EVENT_ENTRY),
    },
    asn1: asn1.AuthenticateClient,
  },
} as const

export type Es11FunctionName = keyof typeof ES11
export type Es11Request<N extends Es11FunctionName> = MessageOf<(typeof ES11)[N]['request']>
export type Es11Response<N extends Es11FunctionName> = MessageOf<(typeof ES11)[N]['response']>

/** ES11 as the LPA calls it and the SM-DS offers it. A refusal is thrown as `RspError`. */
export type Es11 = RspInterface<typeof ES11>
