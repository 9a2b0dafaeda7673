/**
 * The phone's modem: it attaches to a serving network with the USIM of the card's enabled profile, over APDUs (3GPP
 * TS 24.501 §5.5.1.2, TS 24.301 §5.5.1.2).
 */

import type { Random } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { deriveResStar } from '../crypto/key-derivation.ts'
import type {
  AuthenticationAnswer,
  AuthenticationRequest,
  MobileSystem,
  NetworkAnswer,
  RegistrationAccept,
  RegistrationRefusal,
  ServingNetwork,
} from '../nas/registration.ts'
import { formatSuci } from '../nas/suci.ts'
import type { UiccTransport } from '../nas/uicc.ts'
import { openChannel, type UiccChannel } from './channel.ts'
import { concealedIdentity } from './identity.ts'
import { openUsim, type Subscription, type Usim } from './usim.ts'

/** What happens while a phone attaches, in the order in which it does. */
export type AttachStep =
  | { readonly step: 'usimSelected'; readonly aid: Uint8Array }
  | {
      readonly step: 'subscriptionRead'
      readonly imsi: string
      readonly mncLength: number
      readonly isFor5gs: boolean
    }
  | {
      readonly step: 'registrationRequest'
      readonly system: MobileSystem
      readonly identity: string
      /** Who concealed the SUPI; `nobody` with the null scheme and in EPS. */
      readonly concealedBy: 'usim' | 'device' | 'nobody'
    }
  | {
      readonly step: 'authenticationRequest'
      readonly servingNetworkName: string
      readonly rand: Uint8Array
      readonly autn: Uint8Array
    }
  /** `res` is RES* in 5GS, RES in EPS. */
  | {
      readonly step: 'authenticationResponse'
      readonly system: MobileSystem
      readonly res: Uint8Array
    }
  | { readonly step: 'macFailure' }
  | { readonly step: 'synchFailure'; readonly auts: Uint8Array }
  | {
      readonly step: 'registrationAccept'
      readonly system: MobileSystem
      readonly supi: string
      readonly registrationId: string
    }
  | { readonly step: 'refused'; readonly message: RegistrationRefusal['message'] }

export interface AttachOptions {
  /** 5GS, if the profile was made for it, else EPS. */
  readonly system?: MobileSystem
  /** Shown to the USIM if it asks. */
  readonly pin?: string
  readonly onStep?: (step: AttachStep) => void
}

export interface Attachment {
  readonly registrationId: string
  readonly system: MobileSystem
  /** `imsi-<digits>`. */
  readonly supi: string
  /** Whether the USIM had lost step with its home network, and was brought back. */
  readonly resynchronised: boolean
}

export interface Modem {
  /** The attachment that the network has accepted last, as far as the phone knows. */
  readonly attachment: Attachment | undefined
  /**
   * Attaches with the enabled profile's USIM.
   * @throws {LabError} notFound, reason `noUsim`; refused — by the card (`pinRequired`, `pinWrong`, `pinBlocked`, …) or
   *   by the network: a cause of a registration reject, or why an authentication failed (`wrongRes`, `macFailure`, …)
   */
  attach(options?: AttachOptions): Promise<Attachment>
  /** Tells the network that the phone leaves. A phone that is not attached may say it too. */
  detach(): Promise<void>
}

export interface ModemParts {
  readonly card: UiccTransport
  readonly network: ServingNetwork
  /** For the ephemeral keys of SUCIs. */
  readonly random: Random
}

export function createModem(parts: ModemParts): Modem {
  let attachment: Attachment | undefined
  return {
    get attachment() {
      return attachment
    },
    async attach(options = {}) {
      const channel = await openChannel(parts.card)
      try {
        attachment = await attachOver(channel, { parts, options })
        return attachment
      } finally {
        await channel.close()
      }
    },
    async detach() {
      const { registrationId } = attachment ?? {}
      attachment = undefined
      if (registrationId !== undefined) await parts.network.deregister({ registrationId })
    },
  }
}

interface Attaching {
  readonly parts: ModemParts
  readonly options: AttachOptions
}

async function attachOver(channel: UiccChannel, attaching: Attaching): Promise<Attachment> {
  const { network } = attaching.parts
  const { pin, onStep = () => {} } = attaching.options
  const usim = await openUsim(channel, { pin })
  onStep({ step: 'usimSelected', aid: usim.aid })
  const subscription = await usim.readSubscription()
  const { imsi, mncLength, isFor5gs } = subscription
  onStep({ step: 'subscriptionRead', imsi, mncLength, isFor5gs })
  const system = attaching.options.system ?? (isFor5gs ? '5GS' : 'EPS')
  const identity = await identityFor(system, { usim, subscription, random: attaching.parts.random })
  onStep({ step: 'registrationRequest', system, ...identity })
  const first = await network.register({ system, identity: identity.identity })
  return authenticated({ usim, network, system, onStep }, first)
}

async function identityFor(
  system: MobileSystem,
  from: { readonly usim: Usim; readonly subscription: Subscription; readonly random: Random },
): Promise<{ readonly identity: string; readonly concealedBy: 'usim' | 'device' | 'nobody' }> {
  const { usim, subscription, random } = from
  if (system === 'EPS') return { identity: `imsi-${subscription.imsi}`, concealedBy: 'nobody' }
  const suci =
    subscription.concealedBy === 'usim'
      ? await usim.getIdentity()
      : concealedIdentity(subscription, random)
  const concealedBy = suci.scheme === 0 ? 'nobody' : subscription.concealedBy
  return { identity: formatSuci(suci), concealedBy }
}

interface Dialogue {
  readonly usim: Usim
  readonly network: ServingNetwork
  readonly system: MobileSystem
  readonly onStep: (step: AttachStep) => void
}

/** A network that challenges more often than this is none that a phone goes on with (TS 24.501 §5.4.1.3.7 e, f). */
const CHALLENGES_MAX = 3

async function authenticated(dialogue: Dialogue, first: NetworkAnswer): Promise<Attachment> {
  let answer = first
  let resynchronised = false
  for (let count = 0; count < CHALLENGES_MAX; count++) {
    if (answer.message !== 'authenticationRequest') break
    const given = await answerTo(dialogue, answer)
    resynchronised ||= given.message === 'authenticationFailure' && given.cause === 'synchFailure'
    const { registrationId } = answer
    answer = await dialogue.network.answer({ registrationId, answer: given })
  }
  return { ...accepted(dialogue, answer), resynchronised }
}

async function answerTo(
  { usim, system, onStep }: Dialogue,
  challenge: AuthenticationRequest,
): Promise<AuthenticationAnswer> {
  const { rand, autn, servingNetworkName } = challenge
  onStep({ step: 'authenticationRequest', servingNetworkName, rand, autn })
  const said = await usim.authenticate({ rand, autn })
  if (said.result === 'macFailure') {
    onStep({ step: 'macFailure' })
    return { message: 'authenticationFailure', cause: 'macFailure' }
  }
  if (said.result === 'synchFailure') {
    const { auts } = said
    onStep({ step: 'synchFailure', auts })
    return { message: 'authenticationFailure', cause: 'synchFailure', auts }
  }
  const { ck, ik } = said
  const res =
    system === 'EPS' ? said.res : deriveResStar({ ck, ik, servingNetworkName, rand, res: said.res })
  onStep({ step: 'authenticationResponse', system, res })
  return { message: 'authenticationResponse', res }
}

function accepted({ onStep }: Dialogue, answer: NetworkAnswer): Omit<Attachment, 'resynchronised'> {
  if (answer.message === 'registrationAccept') {
    const { registrationId, system, supi }: RegistrationAccept = answer
    onStep({ step: 'registrationAccept', system, supi, registrationId })
    return { registrationId, system, supi }
  }
  if (answer.message === 'authenticationRequest') {
    throw new LabError('refused', 'the network challenges again and again.', {
      reason: 'challengedAgain',
    })
  }
  onStep({ step: 'refused', message: answer.message })
  throw refusedBy(answer)
}

function refusedBy(answer: RegistrationRefusal): LabError {
  if (answer.message === 'registrationReject') {
    return new LabError('refused', `the network rejects the registration: ${answer.detail}`, {
      reason: answer.cause,
    })
  }
  return new LabError('refused', `the authentication failed: ${answer.detail}`, {
    reason: answer.reason,
  })
}
