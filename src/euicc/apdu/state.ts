/** What the APDU layer remembers while there is power. */

import { hex } from '../../base/octets.ts'
import type { EnabledProfile } from '../enabled-profile.ts'
import type { Euicc } from '../euicc.ts'
import type { SecretCode } from '../../profile/image.ts'
import type { Place } from '../uicc/session.ts'
import type { ApduSettings } from './types.ts'

/** A STORE DATA chain that is under way on a channel. */
export interface Chain {
  readonly p1Kind: number
  readonly blocks: Uint8Array[]
  octets: number
  nextBlock: number
}

/** An open logical channel and what is selected on it. */
export interface Channel {
  /** The AID of the ISD-R as it was selected; without one, `place` holds. */
  isdrAid: Uint8Array | undefined
  chain: Chain | undefined
  /** Where the channel stands in the enabled profile; absent, at its MF. */
  place: Place | undefined
}

export interface CardState {
  readonly euicc: Euicc
  readonly settings: Required<Omit<ApduSettings, 'onDefect'>>
  readonly channels: Map<number, Channel>
  /** What waits for GET RESPONSE, and on which channel. */
  waiting:
    { readonly channel: number; readonly data: Uint8Array; readonly statusWord: number } | undefined
  /** The enabled profile that the channels stand in. */
  profile: EnabledProfile | undefined
  /** The codes that have been verified since the profile was enabled or the card reset. */
  readonly verified: Set<SecretCode>
  readonly onDefect: ((error: unknown) => void) | undefined
  /** The first octet of tag 83 of TERMINAL CAPABILITY. */
  lpaSupport: number
  /** Whether the device has fetched REFRESH and owes a TERMINAL RESPONSE. */
  isRefreshFetched: boolean
}

/** The AID of the ISD-R (SGP.02 §2.2.3, which SGP.22 takes over). */
export const ISDR_AID = hex('A0000005591010FFFFFFFF8900000100')

export const BLOCK_OCTETS_MAX = 255

/** A card after a reset: the basic channel with the MF selected, and nothing else. */
export function freshCard(euicc: Euicc, settings: ApduSettings): CardState {
  const { personality } = euicc
  return {
    euicc,
    settings: {
      isdrAids: settings.isdrAids ?? personality.isdrAids ?? [ISDR_AID],
      channelsMax: settings.channelsMax ?? personality.channelsMax,
      responseMode: settings.responseMode ?? personality.responseMode,
      leRequired: settings.leRequired ?? personality.leRequired,
      blockOctetsMax: settings.blockOctetsMax ?? personality.blockOctetsMax,
      terminalCapabilityRequired:
        settings.terminalCapabilityRequired ?? personality.terminalCapabilityRequired,
    },
    channels: new Map([[0, newChannel()]]),
    waiting: undefined,
    profile: euicc.enabledProfile,
    verified: new Set(),
    onDefect: settings.onDefect,
    lpaSupport: 0,
    isRefreshFetched: false,
  }
}

/** A channel with the MF selected. */
export function newChannel(): Channel {
  return { isdrAid: undefined, chain: undefined, place: undefined }
}

/** Another profile is enabled, or none: every channel stands at the MF that is there now, and nothing is verified. */
export function followProfile(card: CardState): void {
  const { enabledProfile } = card.euicc
  if (card.profile === enabledProfile) return
  card.profile = enabledProfile
  card.verified.clear()
  for (const channel of card.channels.values()) channel.place = undefined
}
