/** The serving network over HTTP, for phones that are other programs: what a phone and its network say, octets as hexadecimal text. */

import { Router, type Request } from 'express'
import { LabError } from '../base/errors.ts'
import { jsonFields, type JsonFields } from '../base/json-fields.ts'
import { fromHex, toHex } from '../base/octets.ts'
import type {
  AuthenticationAnswer,
  MobileSystem,
  NetworkAnswer,
  RegistrationRequest,
} from '../nas/registration.ts'
import type { Operator } from '../operator/operator.ts'
import type { Registration } from '../store/registrations.ts'
import { limitOf, pageOf } from './page.ts'
import { methodNotAllowed } from './problem.ts'

/** The routes, to be mounted like those of the lab. */
export function registrationRoutes(operator: Operator): Router {
  const router = Router()
  const { network } = operator
  router
    .route('/api/registrations')
    .get((request, response) => {
      response.json(registrationsOf(operator, request))
    })
    .post(async (request, response) => {
      const answer = await network.servingNetwork.register(registrationRequest(request.body))
      if (answer.message === 'authenticationRequest') {
        response.status(201).location(`/api/registrations/${answer.registrationId}`)
      }
      response.json(answerJson(answer))
    })
    .all(methodNotAllowed(['GET', 'HEAD', 'POST']))
  router
    .route('/api/registrations/:id')
    .delete(async (request, response) => {
      await network.servingNetwork.deregister({ registrationId: String(request.params.id) })
      response.status(204).end()
    })
    .all(methodNotAllowed(['DELETE']))
  router
    .route('/api/registrations/:id/answers')
    .post(async (request, response) => {
      const registrationId = String(request.params.id)
      const answer = authenticationAnswer(request.body)
      response.json(answerJson(await network.servingNetwork.answer({ registrationId, answer })))
    })
    .all(methodNotAllowed(['POST']))
  router
    .route('/api/suci-keys')
    .get((_request, response) => {
      const keys = network.suciPublicKeys()
      response.json({
        keys: keys.map((key) => ({ ...key, publicKey: toHex(key.publicKey) })),
      })
    })
    .all(methodNotAllowed(['GET', 'HEAD']))
  return router
}

function registrationsOf(operator: Operator, { query }: Request): object {
  const limit = limitOf(query.limit)
  const { after = '', iccid } = query
  if (typeof after !== 'string') {
    throw new LabError('badInput', 'after: expected the SUPI with which the last page ended.', {
      field: 'after',
    })
  }
  const json = (registration: Registration): object => registrationJson(operator, registration)
  if (iccid !== undefined) {
    const found = operator.network.registrationOf({ iccid: String(iccid) })
    return { registrations: found ? [json(found)] : [] }
  }
  const found = operator.network.registrations({ limit: limit + 1, after })
  const { entries, ...next } = pageOf(found, { limit, nameOf: ({ supi }) => supi })
  return { registrations: entries.map(json), ...next }
}

function registrationJson(operator: Operator, registration: Registration): object {
  const { id, iccid, supi, system, servingNetworkName, attachedAtMs } = registration
  return {
    registrationId: id,
    supi,
    iccid,
    msisdn: operator.numberOf({ iccid }) ?? null,
    system,
    servingNetworkName,
    attachedAt: new Date(attachedAtMs),
  }
}

const SYSTEMS: readonly MobileSystem[] = ['5GS', 'EPS']

function registrationRequest(body: unknown): RegistrationRequest {
  const fields = jsonFields(body, { path: 'the body', isWhole: true })
  fields.onlyFields(['system', 'identity'])
  return { system: fields.oneOf('system', SYSTEMS), identity: fields.text('identity', {}) }
}

/** The rest of an answer hangs on its message, and on its cause. */
function authenticationAnswer(body: unknown): AuthenticationAnswer {
  const fields = jsonFields(body, { path: 'the body', isWhole: true })
  fields.onlyFields(['message', 'cause', 'res', 'auts'])
  const message = fields.oneOf('message', ['authenticationResponse', 'authenticationFailure'])
  if (message === 'authenticationResponse') return { message, res: octetsOf(fields, 'res') }
  const cause = fields.oneOf('cause', ['macFailure', 'synchFailure'])
  return cause === 'macFailure'
    ? { message, cause }
    : { message, cause, auts: octetsOf(fields, 'auts') }
}

/** Whether the length is right, the network judges. */
function octetsOf(fields: JsonFields, name: string): Uint8Array {
  const expected = '1 to 64 octets in hexadecimal'
  const text = fields.text(name, { pattern: /^(?:[0-9A-Fa-f]{2}){1,64}$/, expected })
  return fromHex(text) ?? fields.refuse(name, expected)
}

function answerJson(answer: NetworkAnswer): object {
  if (answer.message !== 'authenticationRequest') return answer
  return { ...answer, rand: toHex(answer.rand), autn: toHex(answer.autn) }
}
