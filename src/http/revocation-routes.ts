/** Revocation over HTTP: the lists for everybody, and for the operator a way to make them longer (SGP.22 §4.6). */

import { Router } from 'express'
import { LabError } from '../base/errors.ts'
import { fromBase64, toBase64 } from '../base/octets.ts'
import type { PublishedList } from '../lab-revocation.ts'
import type { Lab } from '../lab.ts'
import { isObject, type Json } from '../rsp/json-binding.ts'
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

/** The operator's routes, to be mounted like those of the lab. */
export function revocationRoutes(lab: Revoking): Router {
  const router = Router()
  router
    .route('/api/revocations')
    .get((_request, response) => {
      response.json({ lists: lab.revocationLists().map(listJson) })
    })
    .post(async (request, response) => {
      const certificate = certificateOf(request.body as Json | undefined)
      response.status(201).json(await lab.revoke({ certificate }))
    })
    .all(methodNotAllowed(['GET', 'HEAD', 'POST']))
  return router
}

function listJson({ list, segments, ...published }: PublishedList): object {
  return { ...published, list: toBase64(list), segments: segments.map(toBase64) }
}

function certificateOf(body: Json | undefined): Uint8Array {
  const given = isObject(body) && Object.keys(body).length === 1 ? body['certificate'] : undefined
  const octets = typeof given === 'string' ? fromBase64(given) : undefined
  if (octets && octets.length > 0) return octets
  throw new LabError('badInput', 'certificate: expected DER in Base64, and nothing beside it.', {
    field: 'certificate',
  })
}
