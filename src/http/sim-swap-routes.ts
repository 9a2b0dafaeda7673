/** CAMARA SIM Swap: whether a subscription has come to another card, from the dated bindings of its profile. */

import { z } from 'zod'
import { LabError } from '../base/errors.ts'
import { normaliseMsisdn } from '../operator/msisdn.ts'
import type { Operator } from '../operator/operator.ts'
import { route, ok, type Route } from './api/route.ts'
import { instant, readBy } from './api/schemas.ts'
import type { Principal } from './api/scopes.ts'

const BASE = '/sim-swap/v2'
const HOUR_MS = 3_600_000
const MAX_AGE_HOURS = 240

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
      description: 'Null when it has been on its first card ever since.',
      body: z.looseObject(asked),
      responses: {
        200: {
          description: 'The instant.',
          schema: z.object({ latestSimChange: instant.nullable() }).meta({ id: 'SimSwapInfo' }),
        },
      },
      handle({ body, principal }) {
        const msisdn = numberOf(operator, { given: body.phoneNumber, principal })
        return ok({ latestSimChange: latestChange(operator, msisdn) ?? null })
      },
    }),
    route({
      ...common,
      path: `${BASE}/check`,
      operationId: 'checkSimSwap',
      summary: 'Whether it came to another card within so many hours',
      body: z.looseObject({
        ...asked,
        maxAge: z.int().min(1).max(2400).default(MAX_AGE_HOURS),
      }),
      responses: {
        200: {
          description: 'Whether it did.',
          schema: z.object({ swapped: z.boolean() }).meta({ id: 'CheckSimSwapInfo' }),
        },
      },
      handle({ body, principal }) {
        const msisdn = numberOf(operator, { given: body.phoneNumber, principal })
        const changed = latestChange(operator, msisdn)
        const sinceMs = operator.access.clock.nowMs() - body.maxAge * HOUR_MS
        return ok({ swapped: changed !== undefined && changed.getTime() >= sinceMs })
      },
    }),
  ]
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
