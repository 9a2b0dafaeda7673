/** Tokens that come with requests: whose they are, and how often they may come. */

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import { LabError } from '../../base/errors.ts'
import type { Access } from '../../operator/access/access.ts'
import { rateLimitHeaders, requireAdmitted, type RateLimiter, type Standing } from './rate-limit.ts'
import type { Callers } from './router.ts'
import { tokenWanted, type Principal } from './scopes.ts'

export interface Authentication {
  readonly callers: Callers
  /** Finds out who sent a request. Paths that are public want no token. */
  readonly authenticate: RequestHandler
  /** Refuses whoever is not the operator. */
  readonly operatorOnly: RequestHandler
  /** Hands requests to a handler when they are the operator's, and on when not. */
  forOperator(handler: RequestHandler): RequestHandler
}

/** Makes the handlers. `token` is the operator's own. */
export function createAuthentication(parts: {
  readonly token: string
  readonly access: Access
  readonly limiter: RateLimiter
  readonly isPublic: (path: string) => boolean
}): Authentication {
  const principals = new WeakMap<Request, Principal>()
  const principalOf = principalFinder(parts)
  const callers: Callers = { of: (request) => principals.get(request) ?? { role: 'anonymous' } }
  return {
    callers,
    authenticate(request, response, next) {
      const address = request.socket.remoteAddress ?? ''
      const given = tokenOf(request)
      const principal = given === undefined ? undefined : principalOf(given)
      if (!principal && !parts.isPublic(request.path)) {
        admit(response, parts.limiter.countStranger(address))
        throw tokenWanted()
      }
      const caller = principal ?? { role: 'anonymous' }
      admit(response, parts.limiter.count(caller, address))
      principals.set(request, caller)
      next()
    },
    operatorOnly(request, _response, next) {
      if (callers.of(request).role === 'operator') return next()
      throw new LabError('forbidden', "this is for the operator's own token", { reason: 'scope' })
    },
    forOperator(handler) {
      return (request, response, next) => {
        if (callers.of(request).role !== 'operator') return next()
        return handler(request, response, next)
      }
    },
  }
}

/** Tells a caller how it stands with its limit, and refuses what is too much. */
function admit(response: Response, standing: Standing | undefined): void {
  if (!standing) return
  response.set(rateLimitHeaders(standing))
  requireAdmitted(standing)
}

function tokenOf(request: Request): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(request.get('Authorization') ?? '')?.[1]
}

function principalFinder(parts: {
  readonly token: string
  readonly access: Access
}): (token: string) => Principal | undefined {
  const expected = digest(parts.token)
  return (token) => {
    if (timingSafeEqual(digest(token), expected)) return { role: 'operator' }
    const found = parts.access.identify(token)
    if (!found) return undefined
    const { id: tokenId, role, accountId, msisdn } = found
    if (role === 'auditor') return { role, tokenId }
    return accountId === undefined || msisdn === undefined
      ? undefined
      : { role, tokenId, accountId, msisdn }
  }
}

/** Digests have one length, so that comparing them tells nothing of the token, not even how long it is. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
