/** CAMARA SIM Swap: whether a subscription has come to another card, from the dated bindings of its profile. */

import type { RequestHandler } from 'express'
import { z } from 'zod'
import { LabError } from '../base/errors.ts'
import { normaliseMsisdn } from '../operator/msisdn.ts'
import type { Operator } from '../operator/operator.ts'
import { route, ok, type Route } from './api/route.ts'
import { instant, readBy } from './api/schemas.ts'
import type { Principal } from './api/scopes.ts'

const BASE = '/sim-swap/v2'
const HOUR_MS = 3_600_000
const MAX_AGE = { fallback: 240, min: 1, max: 2400 } as const
const CORRELATOR = /^[a-zA-Z0-9\-_:;./<>{}]{0,256}$/

/** Gives the header x-correlator back, in errors as well. @throws {LabError} badInput — it has another form */
export const correlated: RequestHandler = (request, response, next) => {
  const correlator = request.get('x-correlator')
  if (correlator === undefined) return next()
  if (!CORRELATOR.test(correlator)) {
    throw new LabError(
      'badInput',
      'x-correlator must be up to 256 letters, digits or - _ : ; . / < > { }',
      { field: 'x-correlator' },
    )
  }
  response.set('x-correlator', correlator)
  next()
}

const phoneNumber = readBy({ type: 'string', pattern: '^\\+[1-9][0-9]{4,14}$' }, (value) => {
  if (typeof value === 'string' && /^\+[1-9][0-9]{4,14}$/.test(value)) {
    return normaliseMsisdn(value, '')
  }
  throw new LabError('badInput', 'must be + and 5 to 15 digits')
})

const asked = { phoneNumber: phoneNumber.optional() }

/** The routes over an operator. */
export function simSwapRoutes(operator: Operator): readonly Route[] {
  const common = { method: 'POST', tag: 'CAMARA SIM Swap', scope: 'sim-swap:check' } as const
  return [
    route({
      ...common,
      path: `${BASE}/retrieve-date`,
      operationId: 'retrieveSimSwapDate',
      summary: 'When the subscription last came to another card',
      description:
        'When it came to its first card, where it has been on that one ever since; null when it has been on none.',
      body: z.looseObject(asked),
      responses: {
        200: {
          description: 'The instant.',
          schema: z.object({ latestSimChange: instant.nullable() }).meta({ id: 'SimSwapInfo' }),
        },
      },
      handle({ body, principal }) {
        const msisdn = numberOf(operator, { given: body.phoneNumber, principal })
        const activation = operator.bindings({ msisdn })[0]?.from
        return ok({ latestSimChange: latestChange(operator, msisdn) ?? activation ?? null })
      },
    }),
    route({
      ...common,
      path: `${BASE}/check`,
      operationId: 'checkSimSwap',
      summary: 'Whether it came to another card within so many hours',
      body: z.looseObject({
        ...asked,
        maxAge: z
          .int()
          .default(MAX_AGE.fallback)
          .meta({ minimum: MAX_AGE.min, maximum: MAX_AGE.max, description: 'Hours.' }),
      }),
      responses: {
        200: {
          description: 'Whether it did.',
          schema: z.object({ swapped: z.boolean() }).meta({ id: 'CheckSimSwapInfo' }),
        },
      },
      handle({ body, principal }) {
        requireAge(body.maxAge)
        const msisdn = numberOf(operator, { given: body.phoneNumber, principal })
        const changed = latestChange(operator, msisdn)
        const sinceMs = operator.access.clock.nowMs() - body.maxAge * HOUR_MS
        return ok({ swapped: changed !== undefined && changed.getTime() >= sinceMs })
      },
    }),
  ]
}

/** CAMARA tells a whole number out of its range apart from what is none. */
function requireAge(hours: number): void {
  if (hours >= MAX_AGE.min && hours <= MAX_AGE.max) return
  throw new LabError('badInput', `maxAge must be from ${MAX_AGE.min} to ${MAX_AGE.max} hours`, {
    field: 'maxAge',
    reason: 'OUT_OF_RANGE',
  })
}

/** The number is the token's for a subscriber, who must not name one, and must be named by others. */
function numberOf(
  operator: Operator,
  by: { readonly given: string | undefined; readonly principal: Principal },
): string {
  const { given, principal } = by
  if (principal.role === 'subscriber') {
    if (given === undefined) return principal.msisdn
    throw refused('UNNECESSARY_IDENTIFIER', 'The token says whose number it is.')
  }
  if (given === undefined) throw refused('MISSING_IDENTIFIER', 'Name the phoneNumber.')
  if (operator.account({ msisdn: given })) return given
  throw new LabError('notFound', 'this is not a number of this operator', {
    reason: 'IDENTIFIER_NOT_FOUND',
  })
}

/** The first card is no change, nor is the same card again. */
function latestChange(operator: Operator, msisdn: string): Date | undefined {
  const bindings = operator.bindings({ msisdn })
  return bindings.findLast(({ eid }, at) => at > 0 && bindings[at - 1]?.eid !== eid)?.from
}

function refused(reason: string, text: string): LabError {
  return new LabError('refused', text, { reason })
}
