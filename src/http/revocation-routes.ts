/** Revocation over HTTP: the lists for everybody, and for the operator a way to make them longer (SGP.22 §4.6). */

import { Router } from 'express'
import { z } from 'zod'
import { LabError } from '../base/errors.ts'
import { fromBase64, toBase64 } from '../base/octets.ts'
import type { PublishedList } from '../lab-revocation.ts'
import type { Lab } from '../lab.ts'
import { ok, route, type Route } from './api/route.ts'
import { BASE64, readBy } from './api/schemas.ts'
import { methodNotAllowed } from './problem.ts'

type Revoking = Pick<Lab, 'revoke' | 'revocationLists'>

/** The lists as CIs publish them: Base64 of the DER. They are no secret, and LPAs have no token. */
export function revocationListRoutes(lab: Pick<Lab, 'revocationLists'>): Router {
  const router = Router()
  router
    .route('/ci/:fileName')
    .get((request, response) => {
      const { fileName } = request.params
      const found = lab.revocationLists().find((published) => published.fileName === fileName)
      if (!found) throw new LabError('notFound', 'there is no revocation list of this name.')
      response.type('application/pkix-crl').send(Buffer.from(toBase64(found.list), 'latin1'))
    })
    .all(methodNotAllowed(['GET', 'HEAD']))
  return router
}

const certificate = readBy({ ...BASE64, description: 'DER in Base64.' }, (value) => {
  const octets = typeof value === 'string' ? fromBase64(value) : undefined
  if (octets && octets.length > 0) return octets
  throw new LabError('badInput', 'expected DER in Base64')
})

const listSchema = z
  .object({
    fileName: z.string(),
    ciKeyId: z.string(),
    crlNumber: z.int(),
    revoked: z.int().meta({ description: 'How many certificates.' }),
    list: z.string().meta({ description: 'Base64.' }),
    segments: z.array(z.string()),
  })
  .meta({ id: 'RevocationList' })

/** The operator's routes. */
export function revocationRoutes(lab: Revoking): readonly Route[] {
  const common = { tag: 'Lab', scope: 'lab:manage', path: '/api/revocations' } as const
  return [
    route({
      ...common,
      method: 'GET',
      operationId: 'listRevocations',
      summary: 'The revocation lists of the lab’s CIs, as of now',
      responses: {
        200: { description: 'One of each CI.', schema: z.object({ lists: z.array(listSchema) }) },
      },
      handle: () => ok({ lists: lab.revocationLists().map(listJson) }),
    }),
    route({
      ...common,
      method: 'POST',
      operationId: 'revoke',
      summary: 'Revoke a certificate of the lab’s CIs',
      body: z.strictObject({ certificate }),
      responses: { 201: { description: 'What was revoked.', schema: z.looseObject({}) } },
      handle: async ({ body }) => ({ status: 201, body: await lab.revoke(body) }),
    }),
  ]
}

function listJson({ list, segments, ...published }: PublishedList): object {
  return { ...published, list: toBase64(list), segments: segments.map(toBase64) }
}
