/** The operator's API over HTTP: declared routes behind tokens, and the interfaces beside them. */

import express, { type Express, type RequestHandler, type Router } from 'express'
import { wallClock, type Clock } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { labVersion } from '../base/runtime.ts'
import type { Operator } from '../operator/operator.ts'
import { accessRoutes } from './api/access-routes.ts'
import { createAuthentication } from './api/authentication.ts'
import { docsRoutes } from './api/docs-page.ts'
import { giftRoutes } from './api/gift-routes.ts'
import { giftSettingsRoutes } from './api/gift-settings-routes.ts'
import { historyRoutes } from './api/history-routes.ts'
import { openApiOf } from './api/openapi.ts'
import { messageRoutes } from './api/message-routes.ts'
import { operatorRoutes } from './api/operator-routes.ts'
import { operatorsRoutes } from './api/operators-routes.ts'
import { phoneRoutes } from './api/phone-routes.ts'
import { moneyRoutes } from './api/money-routes.ts'
import { subscriptionRoutes } from './api/subscription-routes.ts'
import { createRateLimiter, RATE_LIMITS, type RateLimits } from './api/rate-limit.ts'
import { languageAsked } from './api/language.ts'
import { requestReader } from './api/reader.ts'
import type { Route } from './api/route.ts'
import { mountRoutes, publicPaths, type Readers } from './api/router.ts'
import { hubRoutes } from './events/hub-routes.ts'
import { JSON_TYPES, problemHandler, requireJson, unknownRoute } from './problem.ts'
import { correlated, simSwapRoutes } from './sim-swap-routes.ts'
import { actionRoutes } from './tmf/action-routes.ts'
import { balanceRoutes } from './tmf/balance-routes.ts'
import { usageRoutes } from './tmf/usage-routes.ts'

export interface OperatorAppOptions {
  readonly operator: Operator
  /** What the operator's own software sends as `Authorization: Bearer …`. */
  readonly token: string
  /** Another interface for the operator's token, which reads bodies and words errors in its own way; it leaves other paths. */
  readonly otherInterface?: RequestHandler
  /** Routes that need no token. */
  readonly openRoutes?: Router
  /** Further routes, declared like those of the operator. */
  readonly routes?: readonly Route[]
  /** Further routes for the operator's token, with JSON bodies parsed. */
  readonly extraRoutes?: Router
  /** Paths whose bodies may be longer than others, with the most octets they may have. */
  readonly longBodies?: Readonly<Record<string, number>>
  /** How often others than the operator may call. */
  readonly rateLimits?: Partial<RateLimits>
  /** By which limits fill again; real time unless told. */
  readonly rateClock?: Pick<Clock, 'nowMs'>
  /** Hosts besides this machine to which events may be sent. */
  readonly callbackHosts?: readonly string[]
  /** Told of our own defects, of which clients see nothing but status 500. */
  readonly reportDefect?: (error: unknown) => void
}

const BODY_LIMIT_OCTETS = 64 * 1024

/** What an operator declares: served, and told of by `/openapi.json`. */
export function apiRoutes(
  operator: Operator,
  callbackHosts: readonly string[] = [],
): readonly Route[] {
  return [
    ...operatorRoutes(operator),
    ...giftRoutes(operator),
    ...giftSettingsRoutes(operator),
    ...accessRoutes(operator),
    ...balanceRoutes(operator),
    ...actionRoutes(operator),
    ...hubRoutes(operator, callbackHosts),
    ...usageRoutes(operator),
    ...simSwapRoutes(operator),
    ...phoneRoutes(operator),
    ...messageRoutes(operator),
    ...operatorsRoutes(operator),
    ...subscriptionRoutes(operator),
    ...moneyRoutes(operator),
    ...historyRoutes(operator),
  ]
}

/**
 * Makes the app. Everything but GET /health, signing in, the description of the API and the open routes wants a token.
 * @throws {LabError} badInput — the token is empty
 */
export function createOperatorApp(options: OperatorAppOptions): Express {
  const { operator, token } = options
  if (!token) throw new LabError('badInput', 'the token is empty', { field: 'token' })
  const routes = [...apiRoutes(operator, options.callbackHosts), ...(options.routes ?? [])]
  const limits = { ...RATE_LIMITS, ...options.rateLimits }
  const open = publicPaths(routes)
  const { callers, authenticate, operatorOnly, forOperator } = createAuthentication({
    token,
    access: operator.access,
    limiter: createRateLimiter(options.rateClock ?? wallClock, limits),
    isPublic: (path) => open.has(path),
  })
  const app = express()
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple')
  app.use(neverCached)
  app.use('/sim-swap', correlated)
  app.use(docsRoutes(openApiOf(routes, { version: labVersion() })))
  if (options.openRoutes) app.use(options.openRoutes)
  app.use(authenticate)
  if (options.otherInterface) app.use(forOperator(options.otherInterface))
  app.use(requireJson)
  for (const [path, limit] of Object.entries(options.longBodies ?? {})) {
    app.use(path, express.json({ limit, type: [...JSON_TYPES] }))
  }
  app.use(express.json({ limit: BODY_LIMIT_OCTETS, type: [...JSON_TYPES] }))
  const readers: Readers = (request, principal) =>
    requestReader(operator, {
      own: principal.role === 'subscriber' ? principal.msisdn : undefined,
      language: languageAsked(request.get('Accept-Language')),
    })
  mountRoutes(app, routes, { callers, readers })
  app.use(operatorOnly)
  if (options.extraRoutes) app.use(options.extraRoutes)
  app.use(unknownRoute, problemHandler(options.reportDefect))
  return app
}

const neverCached: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store')
  next()
}
