/** A USIM without a card: what answers the network where a test is about the network alone. */

import { akaFunctions, makeAuts, openAutn, type AkaAlgorithm } from '../../src/crypto/aka.ts'
import { deriveResStar } from '../../src/crypto/key-derivation.ts'
import type {
  AuthenticationAnswer,
  AuthenticationRequest,
  MobileSystem,
  NetworkAnswer,
} from '../../src/nas/registration.ts'
import type { Operator } from '../../src/operator/operator.ts'

export interface SoftUsim {
  readonly imsi: string
  /** The highest SQN that was accepted; tests may set it. */
  sqn: bigint
  answer(system: MobileSystem, challenge: AuthenticationRequest): AuthenticationAnswer
}

/** A USIM of a subscriber. It takes any number that is above the highest one. */
export function softUsim(subscriber: {
  readonly imsi: string
  readonly algorithm: AkaAlgorithm
}): SoftUsim {
  const functions = akaFunctions(subscriber.algorithm)
  const usim: SoftUsim = {
    imsi: subscriber.imsi,
    sqn: 0n,
    answer(system, { rand, autn, servingNetworkName }) {
      const { sqn, macOk, res, ck, ik } = openAutn({ functions, rand, autn })
      if (!macOk) return { message: 'authenticationFailure', cause: 'macFailure' }
      if (sqn >> 5n <= usim.sqn >> 5n) {
        const auts = makeAuts({ functions, rand, sqn: usim.sqn })
        return { message: 'authenticationFailure', cause: 'synchFailure', auts }
      }
      usim.sqn = sqn
      const resStar = deriveResStar({ ck, ik, servingNetworkName, rand, res })
      return { message: 'authenticationResponse', res: system === '5GS' ? resStar : res }
    },
  }
  return usim
}

/** The USIM of a number in stock. */
export function usimOf(operator: Operator, by: { readonly msisdn: string }): SoftUsim {
  const item = operator.inventoryItem(by)
  if (!item) throw new RangeError('there is no such number in stock')
  const { imsi, ki, opc } = item
  return softUsim({ imsi, algorithm: { kind: 'milenage', k: ki, opc, resOctets: 8 } })
}

/** Identity of a USIM as the system wants it, concealed by nobody. */
export function identityOf(system: MobileSystem, { imsi }: { readonly imsi: string }): string {
  return system === 'EPS'
    ? `imsi-${imsi}`
    : `suci-0-${imsi.slice(0, 3)}-${imsi.slice(3, 5)}-0-0-0-${imsi.slice(5)}`
}

/** Registers as far as the network goes along. */
export async function register(
  operator: Operator,
  phone: { readonly usim: SoftUsim; readonly system?: MobileSystem },
): Promise<NetworkAnswer> {
  const { usim, system = '5GS' } = phone
  const { servingNetwork } = operator.network
  let answer = await servingNetwork.register({ system, identity: identityOf(system, usim) })
  for (let count = 0; count < 4 && answer.message === 'authenticationRequest'; count++) {
    const { registrationId } = answer
    answer = await servingNetwork.answer({ registrationId, answer: usim.answer(system, answer) })
  }
  return answer
}

/** Attaches the phone of a number in stock, through the real procedure. */
export async function attachNumber(operator: Operator, msisdn: string): Promise<void> {
  const usim = usimOf(operator, { msisdn })
  // A phone that attaches again has a USIM that has seen numbers before.
  const answer = await register(operator, { usim })
  if (answer.message !== 'registrationAccept') throw new RangeError(JSON.stringify(answer))
}
