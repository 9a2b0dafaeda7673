/** The serving network over HTTP, for phones that are other programs: what a phone and its network say, octets as hexadecimal text. */

import { z } from 'zod'
import { LabError } from '../base/errors.ts'
import { fromHex, toHex } from '../base/octets.ts'
import type { AuthenticationAnswer, NetworkAnswer } from '../nas/registration.ts'
import type { Operator } from '../operator/operator.ts'
import type { Registration } from '../store/registrations.ts'
import { ok, route, type Route } from './api/route.ts'
import { idOf, instant, page, readBy } from './api/schemas.ts'
import { pageOf } from './page.ts'

const OF_NETWORK = { tag: 'Network', scope: 'network:serve' } as const

/** Whether the length is right, the network judges. */
const octets = readBy(
  { type: 'string', pattern: '^(?:[0-9A-Fa-f]{2}){1,64}$', description: 'Octets in hexadecimal.' },
  (value) => {
    const isRight = typeof value === 'string' && /^(?:[0-9A-Fa-f]{2}){1,64}$/.test(value)
    const found = isRight ? fromHex(value) : undefined
    if (found) return found
    throw new LabError('badInput', 'expected 1 to 64 octets in hexadecimal')
  },
)

const registrationSchema = z
  .object({
    registrationId: z.string(),
    supi: z.string(),
    iccid: z.string(),
    msisdn: z.string().nullable(),
    system: z.enum(['5GS', 'EPS']),
    servingNetworkName: z.string(),
    attachedAt: instant,
  })
  .meta({ id: 'Registration' })

const networkAnswer = z
  .looseObject({
    message: z.string().meta({ description: 'What the network says.' }),
    registrationId: z.string().optional(),
  })
  .meta({ id: 'NetworkAnswer' })

const request = z
  .strictObject({
    system: z.enum(['5GS', 'EPS']),
    identity: z.string().min(1).max(1000).meta({ description: 'A SUCI, an IMSI or a GUTI.' }),
  })
  .meta({ id: 'RegistrationRequest' })

const answerOfPhone = z
  .strictObject({
    message: z.enum(['authenticationResponse', 'authenticationFailure']),
    cause: z.enum(['macFailure', 'synchFailure']).optional(),
    res: octets.optional(),
    auts: octets.optional(),
  })
  .meta({
    id: 'AuthenticationAnswer',
    oneOf: [
      { properties: { message: { const: 'authenticationResponse' } }, required: ['res'] },
      {
        properties: { message: { const: 'authenticationFailure' }, cause: { const: 'macFailure' } },
        required: ['cause'],
      },
      {
        properties: {
          message: { const: 'authenticationFailure' },
          cause: { const: 'synchFailure' },
        },
        required: ['cause', 'auts'],
      },
    ],
  })

/** The routes over an operator. */
export function registrationRoutes(operator: Operator): readonly Route[] {
  const { network } = operator
  const ofOne = { params: idOf('id', 'The id of a registration.') }
  return [
    route({
      ...OF_NETWORK,
      method: 'GET',
      path: '/api/registrations',
      operationId: 'listRegistrations',
      summary: 'Who is attached, by SUPI; or whether a profile is',
      query: page.extend({ iccid: z.string().max(255).optional() }),
      responses: {
        200: {
          description: 'A page; `next` names the SUPI to go on after.',
          schema: z.object({
            registrations: z.array(registrationSchema),
            next: z.string().optional(),
          }),
        },
      },
      handle({ query: { limit, after = '', iccid } }) {
        if (iccid !== undefined) {
          const found = network.registrationOf({ iccid })
          return ok({ registrations: found ? [registrationJson(operator, found)] : [] })
        }
        const found = network.registrations({ limit: limit + 1, after })
        const { entries, ...next } = pageOf(found, { limit, nameOf: ({ supi }) => supi })
        return ok({ registrations: entries.map((one) => registrationJson(operator, one)), ...next })
      },
    }),
    route({
      ...OF_NETWORK,
      method: 'POST',
      path: '/api/registrations',
      operationId: 'register',
      summary: 'Ask the network in, as a phone does',
      body: request,
      responses: {
        201: {
          description: 'The network wants an answer to its challenge.',
          schema: networkAnswer,
          headers: { Location: 'The registration that is begun.' },
        },
        200: { description: 'What the network says instead.', schema: networkAnswer },
      },
      async handle({ body }) {
        const answer = await network.servingNetwork.register(body)
        if (answer.message !== 'authenticationRequest') return ok(answerJson(answer))
        const headers = { Location: `/api/registrations/${answer.registrationId}` }
        return { status: 201, headers, body: answerJson(answer) }
      },
    }),
    route({
      ...OF_NETWORK,
      ...ofOne,
      method: 'DELETE',
      path: '/api/registrations/{id}',
      operationId: 'deregister',
      summary: 'Leave the network',
      responses: { 204: { description: 'It is left.' } },
      async handle({ params }) {
        await network.servingNetwork.deregister({ registrationId: String(params.id) })
        return { status: 204 }
      },
    }),
    route({
      ...OF_NETWORK,
      ...ofOne,
      method: 'POST',
      path: '/api/registrations/{id}/answers',
      operationId: 'answerChallenge',
      summary: 'Answer the challenge, as the card does',
      description:
        'An authenticationResponse has `res`; an authenticationFailure `cause`, and `auts` where that is synchFailure.',
      body: answerOfPhone,
      responses: { 200: { description: 'What the network says.', schema: networkAnswer } },
      async handle({ params, body }) {
        const given = { registrationId: String(params.id), answer: answerOf(body) }
        return ok(answerJson(await network.servingNetwork.answer(given)))
      },
    }),
    route({
      ...OF_NETWORK,
      method: 'GET',
      path: '/api/suci-keys',
      operationId: 'listSuciKeys',
      summary: 'The home network’s public keys for SUCIs',
      responses: {
        200: {
          description: 'They.',
          schema: z.object({ keys: z.array(z.looseObject({ publicKey: z.string() })) }),
        },
      },
      handle() {
        const keys = network.suciPublicKeys()
        return ok({ keys: keys.map((key) => ({ ...key, publicKey: toHex(key.publicKey) })) })
      },
    }),
  ]
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

/** The rest of an answer hangs on its message, and on its cause. */
function answerOf(given: z.infer<typeof answerOfPhone>): AuthenticationAnswer {
  const { message, cause, res, auts } = given
  if (message === 'authenticationResponse') return { message, res: wanted(res, 'res') }
  return wanted(cause, 'cause') === 'macFailure'
    ? { message, cause: 'macFailure' }
    : { message, cause: 'synchFailure', auts: wanted(auts, 'auts') }
}

function wanted<T>(value: T | undefined, field: string): T {
  if (value !== undefined) return value
  throw new LabError('badInput', `${field} is missing`, { field })
}

function answerJson(answer: NetworkAnswer): object {
  if (answer.message !== 'authenticationRequest') return answer
  return { ...answer, rand: toHex(answer.rand), autn: toHex(answer.autn) }
}
