/** Loading a scenario: its profiles are made, its orders put in place, its settings taken over. All of it, or nothing. */

import type { Random } from './base/environment.ts'
import { LabError } from './base/errors.ts'
import { hex } from './base/octets.ts'
import { encode } from './asn1/schema.ts'
import { profileMetadata } from './profile/metadata.ts'
import { OTA_KEY_NAMES, OTA_KEY_OCTETS, type OtaKeys } from './profile/subscriber.ts'
import { createProfileTemplate, personalise, type ProfileTemplate } from './profile/template.ts'
import { StoreMetadataRequest } from './rsp/common.ts'
import { RspError } from './rsp/status-codes.ts'
import type { PutOrder } from './smdp/fixture-orders.ts'
import type { Smdp } from './smdp/smdp.ts'
import type { Connection, Store } from './store/engine.ts'
import { isKnownIccid } from './store/imported-profiles.ts'
import type { NumberRange } from './store/inventory.ts'
import { setRequesters } from './store/profile-types.ts'
import { isOfScenario, putScenarioProfile } from './store/scenario-profiles.ts'
import { isInRange } from './lab-profiles.ts'
import { scenarioConflict, type Scenario, type ScenarioProfiles } from './lab-scenario-file.ts'

/** What is there now. */
export interface LoadedScenario {
  readonly name: string
  /** Profiles that were made, or made anew. */
  readonly profiles: number
  readonly orders: readonly PutOrder[]
}

/**
 * Loads a scenario. Loaded again it puts everything back to where it was: profiles of scenarios are made anew, and orders
 * lose what has happened to them. Their events at SM-DSs come last: when one fails, all else is in place.
 * @throws {LabError} conflict — an ICCID is that of a profile which no scenario has made, or a MatchingID is another
 *   order's; notFound — an order is for a profile that there is not. Both name the field;
 *   refused — an SM-DS cannot be reached, or refuses
 */
export async function loadScenario(
  parts: {
    readonly store: Store
    readonly smdp: Smdp
    readonly random: Random
    /** The address of an SM-DS that a scenario names. */
    smdsAddress(named: string): string
    /** The ICCIDs that the operator makes itself. */
    readonly ownIccids: NumberRange
  },
  scenario: Scenario,
): Promise<LoadedScenario> {
  const made = scenario.profiles.map((profiles) => ({
    profiles,
    packages: packagesOf(profiles, parts.random),
  }))
  const orders = await parts.store.write((db) => {
    for (const [at, { profiles, packages }] of made.entries()) {
      putProfiles(db, { at, profiles, packages, ownIccids: parts.ownIccids })
    }
    return parts.smdp.putOrders(db, scenario.orders)
  })
  parts.smdp.configure(scenario.settings)
  await announce(parts, scenario)
  const count = made.reduce((total, { packages }) => total + packages.length, 0)
  return { name: scenario.name, profiles: count, orders }
}

async function announce(
  { smdp, smdsAddress }: Pick<Parameters<typeof loadScenario>[0], 'smdp' | 'smdsAddress'>,
  { orders }: Scenario,
): Promise<void> {
  const announced = orders.flatMap(({ iccid, smDs }) =>
    smDs === undefined ? [] : [{ iccid, smdsAddress: smdsAddress(smDs) }],
  )
  try {
    await smdp.announceOrders(announced)
  } catch (error) {
    if (!(error instanceof RspError)) throw error
    throw new LabError('refused', error.message, { reason: error.code, cause: error })
  }
}

interface MadeProfile {
  readonly iccid: string
  readonly imsi: string
  readonly metadata: Uint8Array
  readonly octets: Uint8Array
}

function packagesOf(profiles: ScenarioProfiles, random: Random): MadeProfile[] {
  const { fillerOctets } = profiles
  const template = createProfileTemplate({ operator: operatorOf(profiles), fillerOctets })
  return profiles.iccids.map((iccid) => madeProfile(iccid, { profiles, template, random }))
}

function operatorOf(profiles: ScenarioProfiles) {
  const { serviceProviderName, profileName, profileClass, mcc, mnc, gid1, gid2, icon } = profiles
  return {
    serviceProviderName,
    profileName,
    profileClass,
    mcc,
    mnc,
    ...(gid1 && { gid1 }),
    ...(gid2 && { gid2 }),
    ...(icon && { icon: { type: iconType(icon), octets: icon } }),
  }
}

function iconType(icon: Uint8Array): 'png' | 'jpg' {
  return icon[0] === 0x89 ? 'png' : 'jpg'
}

/** K of the Test USIM (3GPP TS 34.108 §8.2): a Test Profile may have no other (SGP.22 §2.4.5.3). */
const TEST_KEY = hex('000102030405060708090A0B0C0D0E0F')
const KEY_OCTETS = 16
const IMSI_DIGITS = 15

function madeProfile(
  iccid: string,
  kind: {
    readonly profiles: ScenarioProfiles
    readonly template: ProfileTemplate
    readonly random: Random
  },
): MadeProfile {
  const { profiles, template, random } = kind
  const { mcc, mnc, profileClass, profilePolicyRules } = profiles
  const network = `${mcc}${mnc}`
  const imsi = network + iccid.slice(-(IMSI_DIGITS - network.length))
  const octets = personalise(template, {
    iccid,
    imsi,
    msisdn: iccid.slice(-12),
    ki: profileClass === 'test' ? TEST_KEY : random.bytes(KEY_OCTETS),
    opc: random.bytes(KEY_OCTETS),
    pin1: '0000',
    pin2: '0000',
    puk1: '00000000',
    puk2: '00000000',
    adm1: '00000000',
    otaKeys: Object.fromEntries(
      OTA_KEY_NAMES.map((name) => [name, random.bytes(OTA_KEY_OCTETS)]),
    ) as OtaKeys,
  })
  const { notificationAddresses: _, ...metadata } = profileMetadata(template, {
    iccid,
    notificationAddress: '',
  })
  const request = { ...metadata, ...(profilePolicyRules.length > 0 && { profilePolicyRules }) }
  return { iccid, imsi, metadata: encode(StoreMetadataRequest, request), octets }
}

function putProfiles(
  db: Connection,
  put: {
    readonly at: number
    readonly profiles: ScenarioProfiles
    readonly packages: readonly MadeProfile[]
    readonly ownIccids: NumberRange
  },
): void {
  const { at, profiles, packages, ownIccids } = put
  const { profileType, requesters } = profiles
  for (const [index, profile] of packages.entries()) {
    const field = `profiles[${at}].iccids[${index}]`
    if (isInRange(profile.iccid, ownIccids)) {
      throw scenarioConflict(field, `${profile.iccid} is of the operator's own range`)
    }
    if (isKnownIccid(db, profile.iccid) && !isOfScenario(db, profile.iccid)) {
      throw scenarioConflict(field, `${profile.iccid} is in stock already, from elsewhere`)
    }
    putScenarioProfile(db, { ...profile, profileType })
  }
  setRequesters(db, { profileType, requesters })
}
