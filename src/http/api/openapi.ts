/** OpenAPI 3.1, made of the routes that are served and of the schemas that check what arrives. */

import { z } from 'zod'
import { ERRORS } from '../../base/errors.ts'
import { errorFormOf, type ErrorForm } from './error-forms.ts'
import { KEPT_DAYS } from './idempotency-key.ts'
import type { Route } from './route.ts'
import { problemSchema } from './schemas.ts'
import { SCOPES, SCOPES_OF, type Role } from './scopes.ts'

type Json = Readonly<Record<string, unknown>>

const ERROR_SCHEMAS: Readonly<Record<ErrorForm, z.ZodType>> = {
  problem: problemSchema,
  tmf: z
    .looseObject({
      code: z.string(),
      reason: z.string(),
      message: z.string(),
      status: z.string(),
      referenceError: z.string(),
    })
    .meta({ id: 'TmfError' }),
  sbi: z
    .looseObject({
      type: z.string().optional(),
      title: z.string().optional(),
      status: z.int(),
      detail: z.string().optional(),
      cause: z.string().optional(),
      invalidParams: z.array(z.looseObject({ param: z.string() })).optional(),
    })
    .meta({ id: 'ProblemDetails' }),
  camara: z
    .looseObject({ status: z.int(), code: z.string(), message: z.string() })
    .meta({ id: 'ErrorInfo' }),
}

/** The description of an API; `version` is that of esim-lab. */
export function openApiOf(
  routes: readonly Route[],
  about: { readonly version: string; readonly webhooks?: Json },
): Json {
  const components = new Components()
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const at = (paths[route.path] ??= {})
    at[route.method.toLowerCase()] = operationOf(route, components)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'esim-lab',
      version: about.version,
      summary: "The operator's API of a test system.",
      description: DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    ...(about.webhooks && { webhooks: about.webhooks }),
    components: {
      schemas: components.schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: rolesText() },
      },
    },
  }
}

const DESCRIPTION = `Errors are problems of RFC 9457, but under /tmf-api and /sim-swap, which have their standards' own.

Where \`Idempotency-Key\` is wanted, the same key with the same content is answered again with the first answer, refusals included, for ${KEPT_DAYS} days of the lab's time, and under /tmf-api for good; after that the key is forgotten with the next sweep. The answer again has the status, the body and the headers of the first one, and \`Idempotency-Replayed: true\`. The same key with other content is refused with 422, and while its first request is under way with 409.`

function rolesText(): string {
  const roles = Object.entries(SCOPES_OF) as [Role, readonly string[]][]
  const lines = roles.map(([role, scopes]) => `- ${role}: ${scopes.join(', ')}`)
  return [
    'The token of serve.json is the operator’s. Scopes by role:',
    ...lines,
    '',
    ...Object.entries(SCOPES).map(([scope, text]) => `- \`${scope}\`: ${text}`),
  ].join('\n')
}

/** Schemas with a name stand once, and are referred to. */
class Components {
  readonly schemas: Record<string, unknown> = {}

  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    const { $schema: _, $defs = {}, ...rest } = z.toJSONSchema(schema, { io }) as Json
    for (const [name, definition] of Object.entries($defs as Json)) {
      this.schemas[name] ??= referring(definition)
    }
    return referring(rest) as Json
  }
}

function referring(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referring)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', '#/components/schemas/')
        : referring(inner),
    ]),
  )
}

function operationOf(route: Route, components: Components): Json {
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    tags: [route.tag],
    ...(route.scope === 'public'
      ? { security: [] }
      : { security: [{ token: [] }], 'x-scope': route.scope }),
    ...withParameters(route, components),
    ...(route.body && {
      requestBody: {
        required: !route.body.safeParse(undefined).success,
        content: { 'application/json': { schema: components.of(route.body, 'input') } },
      },
    }),
    responses: { ...successesOf(route, components), ...errorsOf(route, components) },
  }
}

function withParameters(route: Route, components: Components): Json {
  const parameters = [
    ...parametersIn('path', route.params, components),
    ...parametersIn('query', route.query, components),
    ...(route.idempotent ? [IDEMPOTENCY_KEY] : []),
    ...(errorFormOf(route.path) === 'camara' ? [CORRELATOR] : []),
  ]
  return parameters.length > 0 ? { parameters } : {}
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description: `A string in quotes (RFC 8941 §3.3.3) of 1 to 255 printable ASCII characters; a bare key of visible ones is taken as well. The answer is kept for ${KEPT_DAYS} days, under /tmf-api for good.`,
  schema: {
    type: 'string',
    pattern: '^(?:"(?:[ !#-\\[\\]-~]|\\\\["\\\\]){1,255}"|[!#-+\\--:<-~]{1,255})$',
  },
  example: '"0190f3b2-6f0e-7c11-9c5e-2b7f0f6f0001"',
}

const CORRELATOR = {
  name: 'x-correlator',
  in: 'header',
  required: false,
  description: 'Comes back with the answer.',
  schema: { type: 'string', pattern: '^[a-zA-Z0-9\\-_:;./<>{}]{0,256}$' },
}

function parametersIn(
  place: 'path' | 'query',
  schema: z.ZodType | undefined,
  components: Components,
): readonly Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = components.of(schema, 'input') as {
    readonly properties?: Readonly<Record<string, Json>>
    readonly required?: readonly string[]
  }
  return Object.entries(properties).map(([name, { description, ...inner }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: inner,
  }))
}

function successesOf(route: Route, components: Components): Json {
  return Object.fromEntries(
    Object.entries(route.responses).map(([status, { description, schema, ...of }]) => [
      status,
      {
        description,
        ...withHeaders({ ...of.headers, ...headersOf(route), ...replayedOf(route) }),
        ...(schema && {
          content: {
            [of.contentType ?? 'application/json']: { schema: components.of(schema, 'output') },
          },
        }),
      },
    ]),
  )
}

function errorsOf(route: Route, components: Components): Json {
  const form = errorFormOf(route.path)
  const schema = components.of(ERROR_SCHEMAS[form], 'output')
  const isProblem = form === 'problem' || form === 'sbi'
  const contentType = isProblem ? 'application/problem+json' : 'application/json'
  return Object.fromEntries(
    errorStatusesOf(route).map((status) => [
      status,
      {
        description: ERROR_TEXTS[status] ?? 'An error.',
        ...withHeaders({
          ...(status === 429 && { 'Retry-After': 'Seconds.' }),
          ...(status === 401 && { 'WWW-Authenticate': 'Bearer.' }),
          ...headersOf(route),
        }),
        content: { [contentType]: { schema } },
      },
    ]),
  )
}

function withHeaders(headers: Readonly<Record<string, string>>): Json {
  const described = Object.entries(headers).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ])
  return described.length > 0 ? { headers: Object.fromEntries(described) } : {}
}

/** What every answer of a route may carry, errors among them. */
function headersOf({ path }: Route): Readonly<Record<string, string>> {
  return {
    'RateLimit-Policy':
      'Where there is a limit: which, how many requests, within how many seconds.',
    RateLimit: 'How many may still come at once, and after how many seconds all of them may again.',
    ...(errorFormOf(path) === 'camara' && { 'x-correlator': 'That of the request.' }),
  }
}

function replayedOf({ idempotent }: Route): Readonly<Record<string, string>> {
  return idempotent ? { 'Idempotency-Replayed': '`true` where it is an earlier answer.' } : {}
}

const ERROR_TEXTS: Readonly<Record<number, string>> = {
  ...Object.fromEntries(
    Object.values(ERRORS).map(({ httpStatus, title }) => [httpStatus, `${title}.`]),
  ),
  400: 'The input is malformed; the field is named.',
  409: 'The request contradicts what is there, or one with the same idempotency key is under way.',
  415: 'The body has a form that is not understood.',
  422: 'A rule refuses it, or the idempotency key belongs to another request.',
  500: 'A defect in esim-lab.',
  501: 'It is of the standard, and not built here.',
}

function errorStatusesOf(route: Route): readonly number[] {
  const takesInput = route.body ?? route.params ?? route.query
  return [
    ...(takesInput || route.idempotent ? [400] : []),
    ...(route.scope === 'public' ? (route.body ? [401] : []) : [401, 403]),
    ...(takesInput ? [404] : []),
    ...(route.idempotent || route.method !== 'GET' ? [409, 422] : []),
    ...(route.body ? [413, 415] : []),
    ...(errorFormOf(route.path) === 'sbi' ? [501] : []),
    429,
    500,
    503,
  ]
}
