/** The JSON binding of ES2+, ES9+, ES11 and ES12 (SGP.22 §6.5): fields, messages, headers. One declaration per function. */

import { Asn1Error } from '../asn1/der.ts'
import { decode, encode, type Asn1Type } from '../asn1/schema.ts'
import { fromBase64, fromHex, toBase64, toHex } from '../base/octets.ts'
import type { Asn1Binding } from './asn1-binding.ts'
import { refusalOf, refuse, type RspError } from './status-codes.ts'

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** How a field of a message stands in JSON. */
export interface JsonField<T> {
  readonly presence: 'required' | 'optional'
  /** Another name under which peers send the field; it is never written. */
  readonly alsoNamed?: string
  toJson(value: T): Json
  /** @throws {FieldError} saying what was expected */
  fromJson(json: Json): T
  /** What is wrong with a value that `fromJson` takes all the same. */
  tolerated?(json: Json): string | undefined
}

/** Why a field was not understood, without its name. */
class FieldError extends Error {}

/** Binary identifiers: hexadecimal, upper case when written, either case when read. */
export function hexField(size: {
  readonly min: number
  readonly max: number
}): JsonField<Uint8Array> {
  return {
    presence: 'required',
    toJson: toHex,
    fromJson(json) {
      const octets = typeof json === 'string' ? fromHex(json) : undefined
      if (!octets || octets.length < size.min || octets.length > size.max) {
        throw new FieldError(`expected ${size.min} to ${size.max} octets in hexadecimal`)
      }
      return octets
    },
    tolerated: (json) =>
      typeof json === 'string' && json !== json.toUpperCase()
        ? 'hexadecimal in lower case'
        : undefined,
  }
}

/** Octets in Base64. */
export function base64Field(size: {
  readonly min: number
  readonly max: number
}): JsonField<Uint8Array> {
  return {
    presence: 'required',
    toJson: toBase64,
    fromJson(json) {
      const octets = octetsOf(json)
      if (octets.length < size.min || octets.length > size.max) {
        throw new FieldError(`expected ${size.min} to ${size.max} octets, found ${octets.length}`)
      }
      return octets
    },
  }
}

/** A data object of the ASN.1 module, DER in Base64, tag included. */
export function derField<T>(type: Asn1Type<T>): JsonField<T> {
  return {
    presence: 'required',
    toJson: (value) => toBase64(encode(type, value)),
    fromJson(json) {
      try {
        return decode(type, octetsOf(json))
      } catch (error) {
        if (error instanceof Asn1Error) throw new FieldError(error.message)
        throw error
      }
    },
  }
}

function octetsOf(json: Json): Uint8Array {
  const octets = typeof json === 'string' ? fromBase64(json) : undefined
  if (!octets) throw new FieldError('expected Base64')
  return octets
}

/** Text of a pattern; `what` names it for people. What breaks `strictly` is taken, and said to be tolerated. */
export function textField(rule: {
  readonly pattern: RegExp
  readonly what: string
  readonly strictly?: { readonly pattern: RegExp; readonly what: string }
}): JsonField<string> {
  const { strictly } = rule
  return {
    presence: 'required',
    ...(strictly && {
      tolerated: (json: Json) =>
        typeof json === 'string' && !strictly.pattern.test(json) ? strictly.what : undefined,
    }),
    toJson: (value) => value,
    fromJson(json) {
      if (typeof json !== 'string' || !rule.pattern.test(json)) {
        throw new FieldError(`expected ${rule.what}`)
      }
      return json
    },
  }
}

export const flagField: JsonField<boolean> = {
  presence: 'required',
  toJson: (value) => value,
  fromJson(json) {
    if (typeof json !== 'boolean') throw new FieldError('expected true or false')
    return json
  },
}

/** A list of objects, each with the same fields. */
export function listField<F extends Fields>(fields: F): JsonField<readonly MessageOf<F>[]> {
  return {
    presence: 'required',
    toJson: (entries) => entries.map((entry) => writeFields(fields, entry)),
    fromJson(json) {
      if (!Array.isArray(json)) throw new FieldError('expected a list')
      return json.map((entry: Json) => readFields(fields, entry))
    },
  }
}

/** The same field, which may be absent. */
export function optionalField<T>(
  field: JsonField<T>,
): JsonField<T> & { readonly presence: 'optional' } {
  return { ...field, presence: 'optional' }
}

type Fields = Readonly<Record<string, JsonField<unknown>>>
type OptionalNames<F> = {
  [K in keyof F]: F[K] extends { readonly presence: 'optional' } ? K : never
}[keyof F]
type FieldValue<F> = F extends JsonField<infer T> ? T : never

/** The value of a message in our own code. */
export type MessageOf<F> = {
  readonly [K in Exclude<keyof F, OptionalNames<F>>]: FieldValue<F[K]>
} & { readonly [K in OptionalNames<F>]?: FieldValue<F[K]> | undefined }

/** One function of an RSP interface: name, section, path, fields. */
export interface RspFunction<Request extends Fields = Fields, Response extends Fields = Fields> {
  readonly interface: 'ES2+' | 'ES9+' | 'ES11' | 'ES12' | 'ES15'
  readonly section: string
  readonly path: string
  readonly request: Request
  readonly response: Response
  /** A notification answers 204 with no body (SGP.22 §6.3). */
  readonly kind: 'request-response' | 'notification'
  /** The function in the ASN.1 binding, on interfaces that have it. */
  readonly asn1?: Asn1Binding
}

/** Whether LPAs call the functions of an interface: they name themselves in User-Agent, others in a header of the message. */
export function isForLpas(side: RspFunction['interface']): boolean {
  return side === 'ES9+' || side === 'ES11'
}

/** The interface that a table of functions describes, as its caller sees it. */
export type RspInterface<Table extends Readonly<Record<string, RspFunction>>> = {
  readonly [N in keyof Table]: (
    request: MessageOf<Table[N]['request']>,
  ) => Promise<MessageOf<Table[N]['response']>>
}

/** Reads a message's fields; members that the function does not name are ignored. @throws {RspError} naming the field */
export function readFields<F extends Fields>(fields: F, json: Json): MessageOf<F> {
  if (!isObject(json)) throw refuse('formatInvalid', { detail: 'Expected a JSON object.' })
  const message: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    const member = memberOf(json, name) ?? memberOf(json, field.alsoNamed ?? name)
    if (member === undefined || member === null) {
      if (field.presence === 'required') {
        throw refuse('fieldMissing', { detail: `Send '${name}'.`, subjectIdentifier: name })
      }
      continue
    }
    message[name] = readField({ name, field, member })
  }
  return message as MessageOf<F>
}

/** What of a message that was read is not as the specification has it. */
export function toleratedFields(fields: Fields, json: Json): readonly string[] {
  if (!isObject(json)) return []
  return Object.entries(fields).flatMap(([name, field]) => {
    const { alsoNamed } = field
    const isMisnamed = alsoNamed !== undefined && !Object.hasOwn(json, name)
    const member = memberOf(json, isMisnamed ? alsoNamed : name)
    if (member === undefined) return []
    if (isMisnamed) return [`'${alsoNamed}' for '${name}'`]
    const what = member === null ? 'null for a field that is absent' : field.tolerated?.(member)
    return what === undefined ? [] : [`'${name}': ${what}`]
  })
}

function readField(read: {
  readonly name: string
  readonly field: JsonField<unknown>
  readonly member: Json
}): unknown {
  try {
    return read.field.fromJson(read.member)
  } catch (error) {
    if (!(error instanceof FieldError)) throw error
    throw refuse('formatInvalid', {
      detail: `'${read.name}': ${error.message}.`,
      subjectIdentifier: read.name,
    })
  }
}

export function writeFields<F extends Fields>(
  fields: F,
  message: MessageOf<F>,
): Record<string, Json> {
  const values = message as Readonly<Record<string, unknown>>
  const json: Record<string, Json> = {}
  for (const [name, field] of Object.entries(fields)) {
    const value = values[name]
    if (value !== undefined) json[name] = field.toJson(value)
  }
  return json
}

/** The header of an answer that was carried out (SGP.22 §6.5.1.4). */
export const SUCCESS_HEADER: Json = { functionExecutionStatus: { status: 'Executed-Success' } }

/** The answer to a request that is refused: the header alone. */
export function failureBody(error: RspError): Record<string, Json> {
  const identifier = error.subjectIdentifier
  return {
    header: {
      functionExecutionStatus: {
        status: 'Failed',
        statusCodeData: {
          subjectCode: error.subjectCode,
          reasonCode: error.reasonCode,
          ...(identifier === undefined ? {} : { subjectIdentifier: identifier }),
          message: error.message,
        },
      },
    },
  }
}

/** Reads the answer's header. @throws {RspError} for the refusal in it, or for an answer that has none */
export function checkHeader(json: Json): void {
  const status = memberOf(memberOf(memberOf(json, 'header'), 'functionExecutionStatus'), 'status')
  if (status === 'Executed-Success' || status === 'Executed-WithWarning') return
  const codes = memberOf(
    memberOf(memberOf(json, 'header'), 'functionExecutionStatus'),
    'statusCodeData',
  )
  const subjectCode = memberOf(codes, 'subjectCode')
  const reasonCode = memberOf(codes, 'reasonCode')
  if (typeof subjectCode !== 'string' || typeof reasonCode !== 'string') {
    throw refuse('formatInvalid', { detail: 'The answer has no functionExecutionStatus.' })
  }
  throw refusalOf({
    subjectCode,
    reasonCode,
    message: textOf(memberOf(codes, 'message')),
    subjectIdentifier: textOf(memberOf(codes, 'subjectIdentifier')),
  })
}

export function isObject(json: Json | undefined): json is { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function memberOf(json: Json | undefined, name: string): Json | undefined {
  return isObject(json) && Object.hasOwn(json, name) ? json[name] : undefined
}

function textOf(json: Json | undefined): string | undefined {
  return typeof json === 'string' ? json : undefined
}
