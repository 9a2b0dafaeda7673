/** Signing in, and tokens. */

import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import { AUDITOR_TOKEN_LIFE_MAX_MS, type IssuedToken } from '../../operator/access/access.ts'
import type { Operator } from '../../operator/operator.ts'
import type { StoredToken } from '../../store/access.ts'
import { pageOf } from '../page.ts'
import { route, ok, type Route } from './route.ts'
import { idOf, instant, msisdn, page } from './schemas.ts'
import { SCOPES_OF } from './scopes.ts'

const HOUR_MS = 3_600_000
const LIFE_HOURS_MAX = AUDITOR_TOKEN_LIFE_MAX_MS / HOUR_MS

const issuedSchema = z
  .object({
    id: z.string(),
    token: z.string().meta({ description: 'Shown this once.' }),
    role: z.enum(['subscriber', 'auditor']),
    scopes: z.array(z.string()),
    issuedAt: instant,
    validUntil: instant,
  })
  .meta({ id: 'IssuedToken' })

const tokenSchema = z
  .object({
    id: z.string(),
    role: z.enum(['subscriber', 'auditor']),
    msisdn: z.string().nullable(),
    label: z.string().nullable(),
    issuedAt: instant,
    validUntil: instant,
  })
  .meta({ id: 'Token' })

/** The routes over an operator. */
export function accessRoutes({ access }: Pick<Operator, 'access'>): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/sign-in',
      operationId: 'requestSignInCode',
      summary: "Send a sign-in code to a number's phone",
      description:
        'The code arrives in the simulated inbox, and is valid for five minutes. The answer is the same for a number that is not known. At most three codes within ten minutes.',
      tag: 'Access',
      scope: 'public',
      body: z.strictObject({ msisdn }),
      responses: {
        202: { description: 'If the number is known.', schema: z.object({ validUntil: instant }) },
      },
      handle: async ({ body }) => ({ status: 202, body: await access.requestCode(body) }),
    }),
    route({
      method: 'POST',
      path: '/api/sign-in/confirm',
      operationId: 'confirmSignInCode',
      summary: 'Take the code for a token of the subscription',
      description: 'The token is valid for an hour. The third wrong code ends the code.',
      tag: 'Access',
      scope: 'public',
      body: z.strictObject({ msisdn, code: z.string().regex(/^[0-9]{6}$/) }),
      responses: { 201: { description: 'The token.', schema: issuedSchema } },
      handle: async ({ body }) => ({
        status: 201,
        body: issuedJson(await access.confirmCode(body)),
      }),
    }),
    route({
      method: 'DELETE',
      path: '/api/sign-in',
      operationId: 'signOut',
      summary: 'End the token that is used',
      tag: 'Access',
      scope: 'tokens:own',
      responses: { 204: { description: 'It has ended.' } },
      async handle({ principal }) {
        if (!('tokenId' in principal)) {
          throw new LabError('conflict', "the operator's own token ends with the lab", {
            reason: 'operatorToken',
          })
        }
        await access.revoke({ id: principal.tokenId })
        return { status: 204 }
      },
    }),
    ...tokenRoutes({ access }),
  ]
}

function tokenRoutes({ access }: Pick<Operator, 'access'>): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/tokens',
      operationId: 'listTokens',
      summary: 'Tokens of subscribers and auditors that live',
      tag: 'Access',
      scope: 'tokens:write',
      query: page,
      responses: {
        200: {
          description: 'A page; `next` names the token to go on after.',
          schema: z.object({ tokens: z.array(tokenSchema), next: z.string().optional() }),
        },
      },
      handle({ query }) {
        const { limit, after = '' } = query
        const found = access.tokens({ after, limit: limit + 1 })
        const { entries, ...next } = pageOf(found, { limit, nameOf: ({ id }) => id })
        return ok({ tokens: entries.map(tokenJson), ...next })
      },
    }),
    route({
      method: 'POST',
      path: '/api/tokens',
      operationId: 'issueAuditorToken',
      summary: 'Make a token that may read',
      tag: 'Access',
      scope: 'tokens:write',
      body: z.strictObject({
        role: z.literal('auditor'),
        label: z.string().min(1).max(100),
        lifeHours: z.int().min(1).max(LIFE_HOURS_MAX).default(24),
      }),
      responses: { 201: { description: 'The token.', schema: issuedSchema } },
      async handle({ body }) {
        const { label, lifeHours } = body
        const issued = await access.issueAuditorToken({ label, lifeMs: lifeHours * HOUR_MS })
        return { status: 201, body: issuedJson(issued) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/tokens/{id}',
      operationId: 'revokeToken',
      summary: 'End a token',
      tag: 'Access',
      scope: 'tokens:write',
      params: idOf('id', 'The id of a token, which is not the token.'),
      responses: { 204: { description: 'It has ended.' } },
      async handle({ params }) {
        await access.revoke({ id: String(params.id) })
        return { status: 204 }
      },
    }),
  ]
}

function issuedJson(issued: IssuedToken): object {
  return { ...issued, scopes: SCOPES_OF[issued.role] }
}

function tokenJson({ id, role, label, issuedAtMs, untilMs, ...of }: StoredToken): object {
  return {
    id,
    role,
    msisdn: of.msisdn ?? null,
    label: label ?? null,
    issuedAt: new Date(issuedAtMs),
    validUntil: new Date(untilMs),
  }
}
