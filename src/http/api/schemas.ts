/** Schemas that many routes share. They check what arrives, and OpenAPI shows them. */

import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import { amountFromJson } from '../../operator/amount.ts'
import { LIMIT, LIMIT_MAX, limitOf } from '../page.ts'
import { readMsisdn } from './reader.ts'

/**
 * A value that a function of ours reads. What it refuses with `badInput` is an issue of the field.
 * `read` gets the value and the field's name, which is left out of its message here and put back with the whole path.
 */
export function readBy<T>(
  jsonSchema: Readonly<Record<string, unknown>>,
  read: (value: unknown, field: string) => T,
) {
  return z
    .unknown()
    .meta(jsonSchema)
    .transform((value, context): T => {
      try {
        return read(value, '')
      } catch (error) {
        if (!(error instanceof LabError)) throw error
        context.issues.push({ code: 'custom', message: error.message.trim(), input: value })
        return z.NEVER
      }
    })
}

/** How a number is written, for OpenAPI. */
export const MSISDN = {
  type: 'string',
  description:
    'A number with its country code, or as people write it in the country of the subscriber concerned.',
  pattern: '^\\s*\\+?[ ()-]*[0-9](?:[ ()-]*[0-9]){4,17}[ ()-]*\\s*$',
  examples: ['+999 01 0000001', '8 916 123-45-67'],
}

/** Octets in Base64, for OpenAPI. */
export const BASE64 = {
  type: 'string',
  contentEncoding: 'base64',
  pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$',
} as const

/** A subscriber's number; the plain digits come out. */
export const msisdn = readBy(MSISDN, (value, field) => readMsisdn(value, field))

/** A path that names a subscriber. */
export const ofNumber = z.object({ msisdn })

/** An amount of bytes; a bigint comes out. */
export const amountBytes = readBy(
  {
    description: 'Bytes: an integer up to 2^53-1, or decimal digits as text, at most 2^50.',
    anyOf: [
      { type: 'integer', minimum: 0, maximum: 2 ** 50 },
      { type: 'string', pattern: '^(?:0|[1-9][0-9]{0,14})$' },
    ],
  },
  (value, field) => amountFromJson(value, field),
)

/** The same where nothing at all is refused as malformed, and not by a rule. */
export const someBytes = amountBytes.meta({
  description: 'Bytes: an integer up to 2^53-1, or decimal digits as text; from 1 to 2^50.',
  anyOf: [
    { type: 'integer', minimum: 1, maximum: 2 ** 50 },
    { type: 'string', pattern: '^[1-9][0-9]{0,14}$' },
  ],
})

/** An amount as answers carry it. */
export const amountJson = z
  .union([z.int(), z.string().regex(/^[0-9]+$/)])
  .meta({ description: 'Bytes; above 2^53-1 as text.' })

/** How many entries a list gives at once. */
const limit = readBy({ type: 'integer', minimum: 1, maximum: LIMIT_MAX }, limitOf).default(LIMIT)

/**
 * A page of a list that goes on after the entry that `next` of the page before has named. A name that is none is refused: who
 * misspells `after` would get the first page for ever.
 */
export const page = z.strictObject({ limit, after: z.string().max(255).optional() })

/** A number by which a list goes on. */
export const position = readBy(
  { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 },
  (value) => {
    if (typeof value === 'string' && /^(?:0|[1-9][0-9]{0,14})$/.test(value)) return Number(value)
    throw new LabError('badInput', 'must be a whole number')
  },
)

/** A PIN as it is typed; how many digits it has is the operator's rule. */
export const pin = z
  .string()
  .regex(/^[0-9]{1,16}$/)
  .meta({ description: 'Digits.', format: 'password' })

export const instant = z.iso.datetime({ offset: true })

/** An instant that arrives; a Date comes out. */
export const date = instant.transform((text) => new Date(text))

/** A path's one parameter. */
export function idOf(name: string, description: string) {
  return z.object({ [name]: z.string().min(1).max(255).meta({ description }) })
}

/** A rule that a gift breaks; see docs/gift-refusals.md. */
export const refusalSchema = z
  .looseObject({
    code: z.string(),
    text: z.string(),
    params: z.looseObject({}),
    until: instant.optional(),
    alternatives: z.array(z.string()).optional(),
  })
  .meta({ id: 'Refusal' })

/** RFC 9457 §3, with `field`, `reason`, `until`, and every broken rule of a gift. */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    field: z.string().optional(),
    reason: z.string().optional(),
    until: instant.optional(),
    refusals: z.array(refusalSchema).optional(),
  })
  .meta({ id: 'Problem' })

/** What the schema says of a value. @throws {LabError} badInput — naming the field at fault */
export function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const { issues } = result.error
  // Who writes a field's name wrong has it missing as well: the wrong name says more.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  throw badInputOf(issue, { schema, value })
}

function badInputOf(
  issue: z.core.$ZodIssue | undefined,
  of: { readonly schema: z.ZodType; readonly value: unknown },
): LabError {
  if (!issue) return new LabError('badInput', 'the request is not as it should be')
  const known = of.schema instanceof z.ZodObject ? Object.keys(of.schema.shape).join(', ') : ''
  if (typeof of.value !== 'object' || of.value === null || Array.isArray(of.value)) {
    return new LabError('badInput', `the body must be a JSON object${known && ` with ${known}`}`)
  }
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    const name = issue.keys[0] ?? ''
    const field = [...path, name].join('.')
    const names = path.length === 0 && known ? `; there are ${known}` : ' here'
    return new LabError('badInput', `${field} is not a field${names}`, { field })
  }
  const field = path.join('.')
  return new LabError('badInput', `${field}${saidOf(issue)}`, field ? { field } : {})
}

/** The schema library's words are for programmers; what is missing, and what there is to choose from, is said in ours. */
function saidOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom') return ` ${issue.message}`
  if (issue.code === 'invalid_value')
    return ` must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  return isMissing ? ` is missing: expected ${issue.expected}` : `: ${issue.message}`
}
