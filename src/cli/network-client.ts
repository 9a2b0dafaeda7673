/** The lab's serving network as phones of the command reach it: over the operator's API. */

import { LabError } from '../base/errors.ts'
import { fromHex, toHex } from '../base/octets.ts'
import type { AuthenticationAnswer, NetworkAnswer, ServingNetwork } from '../nas/registration.ts'
import type { Api } from './lab-client.ts'

/** Every method throws what the API answers as a problem; a rejection is an answer. */
export function servingNetworkClient(api: Pick<Api, 'get' | 'post' | 'delete'>): ServingNetwork {
  return {
    async register({ system, identity }) {
      const body = { system, identity }
      return answerOf(await api.post<JsonAnswer>('/api/registrations', { body }))
    },
    async answer({ registrationId, answer }) {
      const path = `/api/registrations/${encodeURIComponent(registrationId)}/answers`
      return answerOf(await api.post<JsonAnswer>(path, { body: inHex(answer) }))
    },
    deregister: ({ registrationId }) =>
      api.delete(`/api/registrations/${encodeURIComponent(registrationId)}`),
  }
}

/** A network's answer with its octets as text; the server is the lab's own, and of this version. */
type JsonAnswer =
  | Exclude<NetworkAnswer, { readonly message: 'authenticationRequest' }>
  | {
      readonly message: 'authenticationRequest'
      readonly registrationId: string
      readonly servingNetworkName: string
      readonly rand: string
      readonly autn: string
    }

function answerOf(json: JsonAnswer): NetworkAnswer {
  if (json.message !== 'authenticationRequest') return json
  return { ...json, rand: octetsOf(json.rand), autn: octetsOf(json.autn) }
}

function octetsOf(text: string): Uint8Array {
  const octets = fromHex(text)
  if (octets) return octets
  throw new LabError('unavailable', 'the network challenges with something that is no octets.')
}

function inHex(answer: AuthenticationAnswer): object {
  if ('res' in answer) return { ...answer, res: toHex(answer.res) }
  return 'auts' in answer ? { ...answer, auts: toHex(answer.auts) } : answer
}
