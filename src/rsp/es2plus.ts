/** ES2+ (operator — SM-DP+): ordering profiles (SGP.22 §5.3, §6.5.2.1 to §6.5.2.4). JSON only. */

import { normaliseIccid } from '../base/bcd.ts'
import {
  flagField,
  isObject,
  optionalField,
  textField,
  type Json,
  type JsonField,
  type MessageOf,
} from './json-binding.ts'
import { refuse } from './status-codes.ts'

const eid = textField({ pattern: /^[0-9]{32}$/, what: 'an EID of 32 digits' })

/** 19 or 20 digits, with or without the filler; one profile has one key. */
const iccid: JsonField<string> = (() => {
  const field = textField({ pattern: /^[0-9]{19}[0-9F]?$/, what: 'an ICCID of 19 or 20 digits' })
  return { ...field, fromJson: (json: Json) => normaliseIccid(field.fromJson(json)) }
})()

const profileType = textField({
  pattern: /^.{1,128}$/su,
  what: 'a profile type of 1 to 128 characters',
})

/** The specification's characters, `_` which testers use too, or nothing at all (default SM-DP+). */
const matchingId = textField({
  pattern: /^[0-9A-Za-z_-]{0,255}$/,
  what: 'a MatchingID of 0 to 255 letters, digits, - or _',
  strictly: {
    pattern: /^[0-9A-Z-]*$/,
    what: 'a MatchingID with other characters than 0-9, A-Z and -',
  },
})
const confirmationCode = textField({
  pattern: /^.{1,64}$/su,
  what: 'a confirmation code of 1 to 64 characters',
})
const address = textField({ pattern: /^[^\s$]{1,255}$/, what: 'an address' })

export const ES2PLUS = {
  downloadOrder: {
    interface: 'ES2+',
    section: '5.3.1',
    path: '/gsma/rsp2/es2plus/downloadOrder',
    kind: 'request-response',
    request: {
      eid: optionalField(eid),
      iccid: optionalField(iccid),
      profileType: optionalField(profileType),
    },
    response: { iccid },
  },
  confirmOrder: {
    interface: 'ES2+',
    section: '5.3.2',
    path: '/gsma/rsp2/es2plus/confirmOrder',
    kind: 'request-response',
    request: {
      iccid,
      eid: optionalField(eid),
      matchingId: optionalField(matchingId),
      confirmationCode: optionalField(confirmationCode),
      smdsAddress: optionalField(address),
      releaseFlag: flagField,
    },
    response: { eid: optionalField(eid), matchingId, smdpAddress: optionalField(address) },
  },
  cancelOrder: {
    interface: 'ES2+',
    section: '5.3.3',
    path: '/gsma/rsp2/es2plus/cancelOrder',
    kind: 'request-response',
    request: {
      iccid,
      eid: optionalField(eid),
      matchingId: optionalField(matchingId),
      finalProfileStatusIndicator: textField({
        pattern: /^(Available|Unavailable)$/,
        what: 'Available or Unavailable',
      }),
    },
    response: {},
  },
  releaseProfile: {
    interface: 'ES2+',
    section: '5.3.4',
    path: '/gsma/rsp2/es2plus/releaseProfile',
    kind: 'request-response',
    request: { iccid },
    response: {},
  },
} as const

export type Es2PlusFunctionName = keyof typeof ES2PLUS
/** A request with the header that it came with; the lab's own operator needs none. */
export type Es2PlusRequest<N extends Es2PlusFunctionName> = MessageOf<
  (typeof ES2PLUS)[N]['request']
> & { readonly header?: Es2PlusHeader }
export type Es2PlusResponse<N extends Es2PlusFunctionName> = MessageOf<
  (typeof ES2PLUS)[N]['response']
>

/** ES2+ as the operator calls it and the SM-DP+ offers it. A refusal is thrown as `RspError`. */
export type Es2Plus = {
  readonly [N in Es2PlusFunctionName]: (request: Es2PlusRequest<N>) => Promise<Es2PlusResponse<N>>
}

/** Who calls and which call it is: the header of every ES2+ request (SGP.22 §6.5.1.3). */
export interface Es2PlusHeader {
  readonly functionRequesterIdentifier: string
  readonly functionCallIdentifier: string
}

/** Reads the header of an ES2+ request. @throws {RspError} fieldMissing */
export function readEs2PlusHeader(json: Json): Es2PlusHeader {
  const header = isObject(json) ? json['header'] : undefined
  const read = (name: string): string => {
    const value = isObject(header) && Object.hasOwn(header, name) ? header[name] : undefined
    if (typeof value === 'string' && value.length > 0 && value.length <= 255) return value
    throw refuse('fieldMissing', { detail: `Send 'header.${name}'.`, subjectIdentifier: name })
  }
  return {
    functionRequesterIdentifier: read('functionRequesterIdentifier'),
    functionCallIdentifier: read('functionCallIdentifier'),
  }
}
