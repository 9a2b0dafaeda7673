/** ES12 (SM-DP+ — SM-DS) and ES15 (SM-DS — SM-DS): events (SGP.22 §5.9, §5.10, §6.5.2.13, §6.5.2.14). JSON only. */

import { eventIdField, rspServerAddressField } from './es11.ts'
import { flagField, textField, type MessageOf, type RspInterface } from './json-binding.ts'

const eid = textField({ pattern: /^[0-9]{32}$/, what: 'an EID of 32 digits' })

export const ES12 = {
  registerEvent: {
    interface: 'ES12',
    section: '5.9.1',
    path: '/gsma/rsp2/es12/registerEvent',
    kind: 'request-response',
    request: {
      eid,
      rspServerAddress: rspServerAddressField,
      eventId: eventIdField,
      forwardingIndicator: flagField,
    },
    response: {},
  },
  deleteEvent: {
    interface: 'ES12',
    section: '5.9.2',
    path: '/gsma/rsp2/es12/deleteEvent',
    kind: 'request-response',
    request: { eid, eventId: eventIdField },
    response: {},
  },
} as const

/** The same functions at the same paths, where an SM-DS calls another. */
export const ES15 = {
  registerEvent: { ...ES12.registerEvent, interface: 'ES15', section: '5.10.1' },
  deleteEvent: { ...ES12.deleteEvent, interface: 'ES15', section: '5.10.2' },
} as const

export type Es12FunctionName = keyof typeof ES12
export type Es12Request<N extends Es12FunctionName> = MessageOf<(typeof ES12)[N]['request']>
export type Es12Response<N extends Es12FunctionName> = MessageOf<(typeof ES12)[N]['response']>

/** ES12, and ES15, as the caller sees it. A refusal is thrown as `RspError`. */
export type Es12 = RspInterface<typeof ES12>
