/** Cards with profiles of any class and state, without a download for each. */

import type { ExecutionContext } from 'ava'
import { iccidToOctets } from '../../src/base/bcd.ts'
import { hex, toHex } from '../../src/base/octets.ts'
import { createEuicc, type Euicc } from '../../src/euicc/euicc.ts'
import type { Personality } from '../../src/euicc/personality.ts'
import { memoryStorage, type EuiccState, type InstalledProfile } from '../../src/euicc/state.ts'
import type { Lab } from '../../src/lab.ts'
import type { StoreMetadataRequest } from '../../src/rsp/common.ts'
import { es10Client, type Es10 } from '../../src/rsp/es10.ts'
import { createDriver, needed } from './driver.ts'
import { testLab } from './lab.ts'

/** What a profile of the card is to be like; operational, disabled and without rules unless told. */
export interface WantedProfile extends Partial<
  Pick<StoreMetadataRequest, 'profileClass' | 'profilePolicyRules'>
> {
  readonly state?: InstalledProfile['state']
  readonly isPreinstalled?: boolean
}

export interface CardBench {
  readonly lab: Lab
  readonly euicc: Euicc
  readonly es10: Es10
  /** What names the profiles, in the order they were asked for. */
  readonly iccids: readonly Uint8Array[]
  /** `enabled` or `disabled` of each profile that is there. */
  states(): string[]
  /** The notifications that wait: operation and the number of the profile. */
  told(): string[]
}

/** A card with these profiles and no notification that waits. */
export async function cardWith(
  t: ExecutionContext,
  card: {
    readonly profiles: readonly WantedProfile[]
    readonly personality?: Personality
    readonly state?: Partial<EuiccState>
  },
): Promise<CardBench> {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { matchingId } = await lab.order()
  await createDriver(lab, { phone, matchingId }).through('load')
  const model = needed(phone.euicc.state.profiles[0])
  const profiles = card.profiles.map((wanted, at) => profileLike(model, { wanted, at }))
  const storage = memoryStorage({
    ...phone.euicc.state,
    profiles,
    notifications: [],
    ...card.state,
  })
  const { personality } = card
  const random = lab.environment.random.stream('card')
  const euicc = createEuicc({ storage, random, ...(personality && { personality }) })
  const iccids = profiles.map(({ metadata }) => metadata.iccid)
  return {
    lab,
    euicc,
    es10: es10Client(euicc),
    iccids,
    states: () => euicc.state.profiles.map(({ state }) => state),
    told: () =>
      euicc.state.notifications.map(({ metadata }) => {
        const names = iccids.map(toHex)
        const operation = metadata.profileManagementOperation.join()
        return `${operation} ${names.indexOf(toHex(needed(metadata.iccid)))}`
      }),
  }
}

function profileLike(
  model: InstalledProfile,
  place: { readonly wanted: WantedProfile; readonly at: number },
): InstalledProfile {
  const { state = 'disabled', isPreinstalled, ...metadata } = place.wanted
  return {
    ...model,
    state,
    ...(isPreinstalled && { isPreinstalled }),
    isdpAid: hex(`A0000005591010FFFFFFFF89000010${place.at}000`),
    metadata: {
      ...model.metadata,
      iccid: iccidToOctets(`890000000000000000${place.at}`),
      ...metadata,
    },
  }
}
