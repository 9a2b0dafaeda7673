/** Declared routes on express: who calls, how often, whether the request is as its schemas say, and then the route's own work. */

import type { Express, Request, RequestHandler, Response } from 'express'
import { methodNotAllowed, sendProblem } from '../problem.ts'
import { idempotencyKeyOf, keysInUse, type KeysInUse } from './idempotency-key.ts'
import { languageSpoken, readingFor, type RequestReader } from './reader.ts'
import type { Answer, Asked, Route } from './route.ts'
import { check } from './schemas.ts'
import { callerOf, requireOwn, requireScope, type Principal } from './scopes.ts'

/** Who sent each request that is under way. */
export interface Callers {
  of(request: Request): Principal
}

/** Who reads the answer to a request. */
export type Readers = (request: Request, principal: Principal) => RequestReader

/** Puts routes on an app, each path with 405 for methods that it does not know. */
export function mountRoutes(
  app: Express,
  routes: readonly Route[],
  by: { readonly callers: Callers; readonly readers: Readers },
): void {
  const keys = keysInUse()
  const byPath = groupByPath(routes)
  // Express takes the first path that fits, so those with a fixed end come before those with a parameter there.
  const paths = [...byPath.keys()].toSorted(
    (a, b) => Number(a.includes('{')) - Number(b.includes('{')),
  )
  for (const path of paths) {
    const found = byPath.get(path) ?? []
    const at = app.route(path.replace(/\{(\w+)\}/g, ':$1'))
    for (const route of found) {
      const method = route.method.toLowerCase() as Lowercase<Route['method']>
      at[method](handlerOf(route, { ...by, keys }))
    }
    at.all(
      methodNotAllowed(
        found.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])),
      ),
    )
  }
}

function groupByPath(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const byPath = new Map<string, Route[]>()
  for (const route of routes) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route])
  return byPath
}

/** The paths that want no token. */
export function publicPaths(routes: readonly Route[]): ReadonlySet<string> {
  return new Set(routes.filter(({ scope }) => scope === 'public').map(({ path }) => path))
}

function handlerOf(
  route: Route,
  parts: {
    readonly callers: Callers
    readonly readers: Readers
    readonly keys: KeysInUse
  },
): RequestHandler {
  const answered = async (request: Request, principal: Principal): Promise<Answer> => {
    const asked = askedOf(route, { request, principal })
    if (route.actsFor) requireOwn(principal, route.actsFor(asked))
    const work = async (): Promise<Answer> => route.handle(asked)
    const { idempotencyKey, caller } = asked
    return route.idempotent
      ? parts.keys.during(`${caller} ${route.operationId} ${idempotencyKey}`, work)
      : work()
  }
  return async (request, response) => {
    const principal = parts.callers.of(request)
    requireScope(principal, route.scope)
    const reader = parts.readers(request, principal)
    await readingFor(reader, async () => send(response, await answered(request, principal)))
  }
}

function askedOf(
  route: Route,
  by: { readonly request: Request; readonly principal: Principal },
): Asked<unknown, unknown, unknown> {
  const { request, principal } = by
  return {
    principal,
    origin: `${request.protocol}://${request.get('host') ?? 'localhost'}`,
    caller: callerOf(principal),
    idempotencyKey: route.idempotent ? idempotencyKeyOf(request.get('Idempotency-Key')) : '',
    params: route.params && check(route.params, request.params),
    query: route.query && check(route.query, request.query),
    body: route.body && check(route.body, request.body),
  }
}

function send(response: Response, { status, body, problem, headers }: Answer): void {
  response.status(status).set({ ...headers })
  const language = languageSpoken()
  if (language !== 'en') response.set('Content-Language', language)
  if (problem) sendProblem(response, problem)
  else if (body === undefined) response.end()
  else response.json(body)
}
