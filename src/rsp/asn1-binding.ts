/**
 * The ASN.1 binding of ES9+ and ES11 (SGP.22 §6.6): one path, and the function in the body.
 *
 * RemoteProfileProvisioningRequest ::= [2] CHOICE { … } and RemoteProfileProvisioningResponse ::= [2] CHOICE { … }, whose
 * alternatives stand in the rows of the interfaces' tables.
 */

import { Asn1Error, element, formatTag, readTlv } from '../asn1/der.ts'
import {
  choice,
  decode,
  encode,
  explicit,
  implicit,
  integer,
  sequence,
  type Asn1Type,
  type ChoiceValue,
  type SequenceValue,
} from '../asn1/schema.ts'
import { refusalOf, refuse, type RspError } from './status-codes.ts'

export const ASN1_PATH = '/gsma/rsp2/asn1'
export const ASN1_CONTENT_TYPE = 'application/x-gsma-rsp-asn1'

/** RemoteProfileProvisioningRequest and RemoteProfileProvisioningResponse, [2]. */
const REMOTE_PROFILE_PROVISIONING = 0xa2

/** The error that every function has, or may answer: it has no name of its own for what is wrong. */
export const UNDEFINED_ERROR = 127

/** How a function stands in the ASN.1 binding. */
export interface Asn1Binding {
  readonly request: Asn1Type<unknown>
  /** Forms of the request that the module does not have and clients send, with what is wrong with each. */
  readonly tolerated?: readonly { readonly what: string; readonly request: Asn1Type<unknown> }[]
  /** None for a notification. */
  readonly response?: Asn1Type<Asn1Answer>
  /** The numbers of refusals, by `subject/reason`; others are `undefinedError`. Of several, the first is what a number means. */
  readonly errors: Readonly<Record<string, number>>
}

/** Every function answers with its data or with the number of an error. */
export type Asn1Answer = ChoiceValue<{
  ok: Asn1Type<Readonly<Record<string, unknown>>>
  error: Asn1Type<number>
}>

type Components = Parameters<typeof sequence>[1]

/** `name ::= [tag] CHOICE { ok SEQUENCE { … }, error INTEGER }`, tagged automatically: A0 and 81. */
export function asn1Response<const C extends Components>(response: {
  readonly name: string
  readonly tag: number
  readonly ok: C
}): Asn1Type<ChoiceValue<{ ok: Asn1Type<SequenceValue<C>>; error: Asn1Type<number> }>> {
  const { name, tag, ok } = response
  return explicit(
    tag,
    choice(name, {
      ok: implicit(0xa0, sequence(`${name}Ok`, ok)),
      error: implicit(0x81, integer),
    }),
  )
}

type Table = Readonly<Record<string, { readonly asn1?: Asn1Binding }>>

/** A request whose function is known, and whose content is not read yet. */
export interface Asn1Request {
  readonly name: string
  readonly asn1: Asn1Binding
  readonly octets: Uint8Array
}

/** The function that a request is for. @throws {Asn1Error} it is for none of the table */
export function asn1RequestOf(table: Table, octets: Uint8Array): Asn1Request {
  const inner = contentOf('RemoteProfileProvisioningRequest', octets)
  const { tag } = readTlv(inner, 0)
  for (const [name, { asn1 }] of Object.entries(table)) {
    if (asn1?.request.tags.includes(tag)) return { name, asn1, octets: inner }
  }
  throw new Asn1Error(`${formatTag(tag)} is no function here`, ['RemoteProfileProvisioningRequest'])
}

export interface Asn1Message {
  readonly message: object
  /** What is wrong with it, and was read all the same. */
  readonly tolerated: readonly string[]
}

/** Reads a request. @throws {RspError} formatInvalid, with the path to the place */
export function readAsn1Request({ asn1, octets }: Asn1Request): Asn1Message {
  try {
    return { message: decode(asn1.request, octets) as object, tolerated: [] }
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    const message = readTolerated(asn1, octets)
    if (message) return message
    throw refuse('formatInvalid', { detail: `${error.message}.` })
  }
}

function readTolerated(asn1: Asn1Binding, octets: Uint8Array): Asn1Message | undefined {
  for (const { what, request } of asn1.tolerated ?? []) {
    try {
      return { message: decode(request, octets) as object, tolerated: [what] }
    } catch (error) {
      if (!(error instanceof Asn1Error)) throw error
    }
  }
  return undefined
}

export function writeAsn1Request(asn1: Asn1Binding, message: object): Uint8Array {
  return element(REMOTE_PROFILE_PROVISIONING, encode(asn1.request, message))
}

/** The answer of a function that was carried out. */
export function writeAsn1Response(asn1: Asn1Binding, message: object): Uint8Array {
  return writeAnswer(asn1, { ok: message as Readonly<Record<string, unknown>> })
}

/** The answer of a function that refused: a number is all that this binding has room for. */
export function writeAsn1Refusal(asn1: Asn1Binding, refusal: RspError): Uint8Array {
  return writeAnswer(asn1, { error: asn1.errors[refusal.code] ?? UNDEFINED_ERROR })
}

function writeAnswer({ response }: Asn1Binding, answer: Asn1Answer): Uint8Array {
  if (!response) throw new RangeError('a notification has no answer')
  return element(REMOTE_PROFILE_PROVISIONING, encode(response, answer))
}

/**
 * Reads an answer.
 * @throws {RspError} the refusal that its number stands for
 * @throws {Asn1Error} it is no answer of this function
 */
export function readAsn1Response({ response, errors }: Asn1Binding, octets: Uint8Array): object {
  if (!response) throw new RangeError('a notification has no answer')
  const { ok, error } = decode(response, contentOf('RemoteProfileProvisioningResponse', octets))
  if (ok) return ok
  throw refusalOfNumber(errors, error ?? UNDEFINED_ERROR)
}

/** 8.8/4.2, "execution error of the SM-DP+": the pair nearest to a number that says nothing. */
const NOT_NAMED = '8.8/4.2'

function refusalOfNumber(errors: Asn1Binding['errors'], number: number): RspError {
  const code = Object.keys(errors).find((each) => errors[each] === number) ?? NOT_NAMED
  const [subjectCode = '', reasonCode = ''] = code.split('/')
  const named = refusalOf({ subjectCode, reasonCode })
  return refusalOf({
    subjectCode,
    reasonCode,
    message: `${named.message} The ASN.1 binding says no more than the number ${number}.`,
  })
}

/** What stands in a [2] that is all there is. */
function contentOf(name: string, octets: Uint8Array): Uint8Array {
  try {
    const outer = readTlv(octets, 0)
    if (outer.tag !== REMOTE_PROFILE_PROVISIONING) {
      throw new Asn1Error(`expected [A2], found ${formatTag(outer.tag)}`)
    }
    if (outer.end !== octets.length) {
      throw new Asn1Error(`${octets.length - outer.end} octets behind the end`)
    }
    return octets.subarray(outer.valueStart, outer.end)
  } catch (error) {
    throw error instanceof Asn1Error ? error.within(name) : error
  }
}
