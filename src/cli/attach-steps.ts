/** An attach, told step by step. */

import { toHex } from '../base/octets.ts'
import type { AttachStep } from '../modem/modem.ts'

/** A step for programs: its octets as hexadecimal text. */
export function attachStepJson(step: AttachStep): object {
  const entries = Object.entries(step).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Uint8Array ? toHex(value) : value,
  ])
  return Object.fromEntries(entries) as object
}

const CONCEALED_BY = {
  usim: ', concealed by the USIM',
  device: ', concealed by the phone',
  nobody: '',
} as const

/** A step for people. */
export function attachStepText(step: AttachStep): string {
  switch (step.step) {
    case 'usimSelected':
      return `USIM ${toHex(step.aid)}`
    case 'subscriptionRead':
      return `IMSI ${step.imsi}, MNC of ${step.mncLength} digits${step.isFor5gs ? ', made for 5GS' : ''}`
    case 'registrationRequest':
      return `asks for ${step.system} as ${step.identity}${CONCEALED_BY[step.concealedBy]}`
    case 'authenticationRequest':
      return `challenge of ${step.servingNetworkName}: RAND ${toHex(step.rand)}, AUTN ${toHex(step.autn)}`
    case 'authenticationResponse':
      return `answers ${step.system === '5GS' ? 'RES*' : 'RES'} ${toHex(step.res)}`
    case 'synchFailure':
      return `the USIM has lost step with the network and says how far it is: AUTS ${toHex(step.auts)}`
    case 'macFailure':
      return 'the USIM does not believe the challenge: MAC failure'
    case 'registrationAccept':
      return `attached in ${step.system} as ${step.supi}, registration ${step.registrationId}`
    case 'refused':
      return step.message === 'authenticationReject'
        ? 'AUTHENTICATION REJECT'
        : 'REGISTRATION REJECT'
  }
}
