/** Lists of TM Forum (TMF630 part 1): a page, the members that are wanted, and filters by the values of attributes. */

import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import { LIMIT, LIMIT_MAX } from '../page.ts'
import { readMsisdn } from '../api/reader.ts'
import { MSISDN, readBy } from '../api/schemas.ts'
import type { Answer } from '../api/route.ts'
import { requireOwn, type Principal } from '../api/scopes.ts'

/** Whose resources are listed; those of all when nobody is named. */
export interface Whose {
  readonly msisdn: string | undefined
}

/** Where the entries of a list come from, in the order in which they are shown. */
export interface Source {
  count(of: Whose): MaybeLater<number>
  page(
    of: Whose,
    extent: { readonly offset: number; readonly limit: number },
  ): MaybeLater<readonly object[]>
}

type MaybeLater<T> = T | Promise<T>

const text = z.string().max(1000)

function whole(range: { readonly min: number; readonly max: number }) {
  const { min, max } = range
  return readBy({ type: 'integer', minimum: min, maximum: max }, (value) => {
    const number = typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : NaN
    if (number >= min && number <= max) return number
    throw new LabError('badInput', `must be a whole number from ${min} to ${max}`)
  })
}

const OFFSET_MAX = 100_000
/** As many entries are looked at for a filter. */
const LOOKED_AT_MAX = 20_000

/** What every list may be asked with; other names are attributes. */
export const listQuery = z
  .object({
    offset: whole({ min: 0, max: OFFSET_MAX }).optional(),
    limit: whole({ min: 1, max: LIMIT_MAX }).optional(),
    fields: text.optional().meta({ description: 'Names of attributes, with commas between.' }),
    'logicalResource.id': text.optional().meta({ ...MSISDN, description: 'Whose: a number.' }),
  })
  .catchall(z.union([text, z.array(text).max(20)]))

export type ListQuery = z.infer<typeof listQuery>

/** What one resource may be asked with. */
export const oneQuery = z.object({ fields: text.optional() })

/** What is said of each list in the description. */
export const FILTERS = `A subscriber sees the own; others see those of all, or of the subscriber in \`logicalResource.id\`. Other names are attributes that entries must have: \`status=completed\`, \`usageType=data,monetary\` for any of several, \`validFor.endDateTime.lt=2030-01-01\` with \`.gt\`, \`.gte\`, \`.lt\`, \`.lte\` and \`.ne\`. \`X-Total-Count\` is how many there are, \`X-Result-Count\` how many of them are here.`

/** The response headers of lists. */
export const LIST_HEADERS = {
  'X-Result-Count': 'How many entries are here.',
  'X-Total-Count': 'How many there are.',
}

/** Answers a list. `attributes` are the names that entries may have. */
export async function listAnswer(
  list: { readonly source: Source; readonly attributes: readonly string[] },
  asked: { readonly query: ListQuery; readonly principal: Principal },
): Promise<Answer> {
  const { offset = 0, limit = LIMIT, fields, ...others } = asked.query
  const { whose, filters } = wishesOf(others, { ...list, principal: asked.principal })
  const { total, found } =
    filters.length === 0
      ? {
          total: await list.source.count(whose),
          found: await list.source.page(whose, { offset, limit }),
        }
      : await filtered(list.source, { whose, filters, offset, limit })
  return {
    status: 200,
    headers: { 'X-Result-Count': String(found.length), 'X-Total-Count': String(total) },
    body: found.map((one) => withFields(one, fields)),
  }
}

/** A source of what is at hand as a whole. */
export function sourceOf(all: (of: Whose) => MaybeLater<readonly object[]>): Source {
  return {
    count: async (of) => (await all(of)).length,
    page: async (of, { offset, limit }) => (await all(of)).slice(offset, offset + limit),
  }
}

/** A resource of which perhaps only the members of `fields` are shown. */
export function selectionOf<Shape extends z.core.$ZodLooseShape>(schema: z.ZodObject<Shape>) {
  const id = `${String(schema.meta()?.id)}_Selection`
  return schema.partial().meta({ id, description: 'Whole, or the attributes of `fields`.' })
}

/** The members of `fields`; `id` and `href` always come along. */
export function withFields(resource: object, fields: string | undefined): object {
  if (!fields) return resource
  const wanted = new Set(['id', 'href', ...fields.split(',').map((name) => name.trim())])
  return Object.fromEntries(Object.entries(resource).filter(([name]) => wanted.has(name)))
}

/** @throws {LabError} badInput — no number is named; forbidden — somebody else's */
export function subscriberOf(named: string | undefined, principal: Principal): string {
  if (named === undefined && principal.role === 'subscriber') return principal.msisdn
  const msisdn = readMsisdn(named, 'logicalResource.id')
  requireOwn(principal, [msisdn])
  return msisdn
}

type Operation = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte'

interface Filter {
  readonly path: readonly string[]
  readonly operation: Operation
  /** Any of them. */
  readonly values: readonly string[]
}

const OPERATIONS: readonly string[] = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte'] satisfies Operation[]

function wishesOf(
  query: Readonly<Record<string, unknown>>,
  by: { readonly attributes: readonly string[]; readonly principal: Principal },
): { readonly whose: Whose; readonly filters: readonly Filter[] } {
  const { 'logicalResource.id': named, 'partyAccount.id': party, ...others } = query
  const number = named ?? party
  const isNamed = number !== undefined || by.principal.role === 'subscriber'
  const msisdn = isNamed ? subscriberOf(number as string | undefined, by.principal) : undefined
  const ofParty: Filter[] =
    party === undefined
      ? []
      : [
          {
            path: ['partyAccount', 'id'],
            operation: 'eq',
            values: [readMsisdn(party, 'partyAccount.id')],
          },
        ]
  const filters = Object.entries(others).map(([name, given]) =>
    filterOf(name, { given: given as string | readonly string[], attributes: by.attributes }),
  )
  return { whose: { msisdn }, filters: [...ofParty, ...filters] }
}

/** @throws {LabError} badInput — entries have no such attribute */
function filterOf(
  name: string,
  of: { readonly given: string | readonly string[]; readonly attributes: readonly string[] },
): Filter {
  const parts = name.split('.')
  const last = parts.at(-1) ?? ''
  const hasOperation = parts.length > 1 && OPERATIONS.includes(last)
  const path = hasOperation ? parts.slice(0, -1) : parts
  if (!of.attributes.includes(path[0] ?? '')) {
    throw new LabError(
      'badInput',
      `${name} is no attribute; there are ${of.attributes.join(', ')}`,
      {
        field: name,
      },
    )
  }
  return {
    path,
    operation: hasOperation ? (last as Operation) : 'eq',
    values: [of.given].flat().flatMap((value) => value.split(',')),
  }
}

async function filtered(
  source: Source,
  by: {
    readonly whose: Whose
    readonly filters: readonly Filter[]
    readonly offset: number
    readonly limit: number
  },
): Promise<{ readonly total: number; readonly found: readonly object[] }> {
  const { whose, filters, offset, limit } = by
  if ((await source.count(whose)) > LOOKED_AT_MAX) {
    throw new LabError(
      'badInput',
      `there are more than ${LOOKED_AT_MAX} to look through; name a subscriber with logicalResource.id`,
      { field: 'logicalResource.id', reason: 'tooMany' },
    )
  }
  const all = await source.page(whose, { offset: 0, limit: LOOKED_AT_MAX })
  // Resources are compared as they are written, not as they are kept.
  const found = all.filter((one) => {
    const json: unknown = JSON.parse(JSON.stringify(one))
    return filters.every((filter) => matches(json, filter))
  })
  return { total: found.length, found: found.slice(offset, offset + limit) }
}

function matches(json: unknown, { path, operation, values }: Filter): boolean {
  const found = valuesAt(json, path)
  const fits = (value: unknown, wanted: string): boolean => compares(value, { operation, wanted })
  // An entry without the attribute differs from whatever it is compared with.
  if (operation === 'ne') return values.every((wanted) => found.every((one) => fits(one, wanted)))
  return values.some((wanted) => found.some((one) => fits(one, wanted)))
}

/** What stands at a path; within lists, of each entry. */
function valuesAt(json: unknown, path: readonly string[]): readonly unknown[] {
  if (Array.isArray(json)) return json.flatMap((one) => valuesAt(one, path))
  const [name, ...rest] = path
  if (name === undefined) return [json]
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, name)) return []
  return valuesAt((json as Readonly<Record<string, unknown>>)[name], rest)
}

function compares(
  value: unknown,
  to: { readonly operation: Operation; readonly wanted: string },
): boolean {
  const { operation, wanted } = to
  const order = orderOf(value, wanted)
  if (operation === 'eq') return order === 0
  if (operation === 'ne') return order !== 0
  if (order === undefined) return false
  if (operation === 'gt') return order > 0
  if (operation === 'gte') return order >= 0
  return operation === 'lt' ? order < 0 : order <= 0
}

/** Numbers by size, instants by time, and other text as it is written; nothing where both are of different kinds. */
function orderOf(value: unknown, wanted: string): number | undefined {
  if (typeof value === 'number') return difference(value, wanted.trim() ? Number(wanted) : NaN)
  if (typeof value === 'boolean') return String(value) === wanted ? 0 : undefined
  if (typeof value !== 'string') return undefined
  if (value === wanted) return 0
  if (INSTANT.test(value) && DATE.test(wanted)) {
    return difference(Date.parse(value), Date.parse(wanted))
  }
  return value < wanted ? -1 : 1
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T/
const DATE = /^\d{4}-\d{2}-\d{2}/

function difference(a: number, b: number): number | undefined {
  return Number.isNaN(a) || Number.isNaN(b) ? undefined : a - b
}
