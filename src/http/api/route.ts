/** A route of the HTTP API is declared once: what it takes, who may call it, what it answers. Checks and OpenAPI come from here. */

import type { z } from 'zod'
import type { Problem } from '../problem.ts'
import type { Principal, Scope } from './scopes.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What a route is given once everything about the request was found right. */
export interface Asked<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly principal: Principal
  /** There when the route wants one. */
  readonly idempotencyKey: string
  /** Whose idempotency keys they are. */
  readonly caller: string
  /** How the caller reaches this server, `http://127.0.0.1:8080`: for standards that want whole URIs. */
  readonly origin: string
}

/** What goes back. A body of `undefined` is none. */
export interface Answer {
  readonly status: number
  readonly body?: unknown
  /** In the place of a body: a refusal that is an answer, with headers of its own. */
  readonly problem?: Problem
  readonly headers?: Readonly<Record<string, string>>
}

/** What a response may be, for OpenAPI and for tests. */
export interface ResponseSpec {
  readonly description: string
  readonly schema?: z.ZodType
  /** `application/json` unless told. */
  readonly contentType?: string
  /** Headers by name, and what they say. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Everything about a route but its types. */
interface RouteFacts {
  readonly method: Method
  /** With parameters as OpenAPI writes them, `/api/gifts/{id}`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tag: string
  /** What the caller's token must be good for; `public` wants no token. */
  readonly scope: Scope | 'public'
  /** Whether the header Idempotency-Key must be there. */
  readonly idempotent?: boolean
  /** Answers of success, by status. */
  readonly responses: Readonly<Record<number, ResponseSpec>>
}

interface RouteSpec<Params, Query, Body> extends RouteFacts {
  readonly params?: z.ZodType<Params>
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  /**
   * The numbers that a request acts for. A subscriber's token is refused when one of them is not its own; without the
   * function, the route sees to it itself that a subscriber reaches nothing of others.
   */
  readonly actsFor?: (asked: Asked<Params, Query, Body>) => readonly string[]
  readonly handle: (asked: Asked<Params, Query, Body>) => Answer | Promise<Answer>
}

/** A route whose own types are known to nobody but itself. */
export interface Route extends RouteFacts {
  readonly params: z.ZodType | undefined
  readonly query: z.ZodType | undefined
  readonly body: z.ZodType | undefined
  readonly actsFor: ((asked: Asked<unknown, unknown, unknown>) => readonly string[]) | undefined
  readonly handle: (asked: Asked<unknown, unknown, unknown>) => Answer | Promise<Answer>
}

/** Declares a route. What `handle` gets was made by the schemas, so that the types are those of their outputs. */
export function route<Params = undefined, Query = undefined, Body = undefined>(
  spec: RouteSpec<Params, Query, Body>,
): Route {
  type Erased = Asked<unknown, unknown, unknown>
  const { actsFor } = spec
  return {
    ...spec,
    params: spec.params,
    query: spec.query,
    body: spec.body,
    actsFor: actsFor && ((asked: Erased) => actsFor(asked as Asked<Params, Query, Body>)),
    handle: (asked: Erased) => spec.handle(asked as Asked<Params, Query, Body>),
  }
}

export function ok(body: unknown): Answer {
  return { status: 200, body }
}
