/** The part of an operator's file that its profiles are made from: names, networks, algorithm, rules. */

import { jsonFields, type JsonFields } from '../base/json-fields.ts'
import { fromHex } from '../base/octets.ts'
import type {
  AccessTechnology,
  OperatorAlgorithm,
  OperatorProfile,
  Plmn,
  PlmnLists,
  PlmnWithAccess,
  ProfileIcon,
} from '../profile/subscriber.ts'
import type { PprIds } from '../rsp/common.ts'

export type { Plmn } from '../profile/subscriber.ts'

/** What the eUICC shows of the operator's profiles (SGP.22 §2.4a.1.3, ProfileInfo), and what is in them. */
export interface ProfileFile extends Omit<OperatorProfile, 'mcc' | 'mnc' | 'languages' | 'suci'> {
  /** What the profiles are ordered by. */
  readonly profileType: string
  readonly profileOwner: { readonly mccMnc: Plmn }
  /** How identities are concealed in 5G; the keys are the operator's own and not in a file that people read. */
  readonly suci?: {
    readonly calculatedBy: 'usim' | 'device'
    readonly routingIndicator?: string
  }
}

const FIELDS =
  'profileType serviceProviderName profileName profileOwner profileClass icon gid1 gid2 profilePolicyRules notificationAddresses smsc emergencyNumbers networkName plmns algorithm suci'

/** @throws {LabError} badInput, naming the field */
export function parseProfile(
  profile: JsonFields,
  beside: { readonly readIcon: (name: string) => Uint8Array | undefined },
): ProfileFile {
  profile.onlyFields(FIELDS.split(' '))
  const owner = profile.child('profileOwner')
  owner.onlyFields(['mccMnc'])
  return {
    profileType: profile.text('profileType', { maxOctets: 64 }),
    serviceProviderName: profile.text('serviceProviderName', { maxOctets: 32 }),
    profileName: profile.text('profileName', { maxOctets: 64 }),
    profileOwner: { mccMnc: parsePlmn(owner.child('mccMnc')) },
    ...present({
      profileClass: profile.maybe('profileClass', () =>
        profile.oneOf('profileClass', ['operational', 'test', 'provisioning'] as const),
      ),
      icon: profile.maybe('icon', () => parseIcon(profile, beside.readIcon)),
      gid1: profile.maybe('gid1', () => groupIdentifier(profile, 'gid1')),
      gid2: profile.maybe('gid2', () => groupIdentifier(profile, 'gid2')),
      profilePolicyRules: profile.maybe('profilePolicyRules', () => policyRules(profile)),
      notificationAddresses: profile.maybe('notificationAddresses', () =>
        profile.texts('notificationAddresses', { pattern: HOST_NAME, expected: 'a host name' }),
      ),
      smsc: profile.maybe('smsc', () => profile.text('smsc', INTERNATIONAL)),
      emergencyNumbers: profile.maybe('emergencyNumbers', () =>
        profile.texts('emergencyNumbers', { pattern: /^[0-9]{2,6}$/, expected: '2 to 6 digits' }),
      ),
      networkName: profile.maybe('networkName', () => networkName(profile.child('networkName'))),
      plmns: profile.maybe('plmns', () => parsePlmns(profile.child('plmns'))),
      algorithm: profile.maybe('algorithm', () => parseAlgorithm(profile.child('algorithm'))),
      suci: profile.maybe('suci', () => parseSuci(profile.child('suci'))),
    }),
  }
}

/** @throws {LabError} badInput, naming the field */
export function parsePlmn(plmn: JsonFields): Plmn {
  plmn.onlyFields(['mcc', 'mnc'])
  return mccAndMnc(plmn)
}

function mccAndMnc(plmn: JsonFields): Plmn {
  return {
    mcc: plmn.text('mcc', { pattern: /^[0-9]{3}$/, expected: 'three digits' }),
    mnc: plmn.text('mnc', { pattern: /^[0-9]{2,3}$/, expected: 'two or three digits' }),
  }
}

const HOST_NAME = /^[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?(:[0-9]{1,5})?$/i
const INTERNATIONAL = { pattern: /^[1-9][0-9]{2,14}$/, expected: '3 to 15 digits without +' }

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

function present<T extends object>(fields: T): Present<T> {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as Present<T>
}

const ICON_OCTETS_MAX = 1024
const PNG_START = '89504E47'
const JPEG_START = 'FFD8FF'

/** A file beside the operator's (SGP.22 §5.5.3: 64 × 64 pixels). */
function parseIcon(
  profile: JsonFields,
  readIcon: (name: string) => Uint8Array | undefined,
): ProfileIcon {
  const name = profile.text('icon', { pattern: /^[\w./-]+$/, expected: 'the name of a file' })
  const octets = readIcon(name) ?? profile.refuse('icon', 'the name of a file that is there')
  if (octets.length > ICON_OCTETS_MAX) profile.refuse('icon', `at most ${ICON_OCTETS_MAX} octets`)
  const start = Buffer.from(octets.subarray(0, 4)).toString('hex').toUpperCase()
  if (start === PNG_START) return { type: 'png', octets }
  if (start.startsWith(JPEG_START)) return { type: 'jpg', octets }
  return profile.refuse('icon', 'a PNG or a JPEG')
}

function groupIdentifier(profile: JsonFields, name: 'gid1' | 'gid2'): Uint8Array {
  const expected = '1 to 8 octets in hexadecimal'
  const text = profile.text(name, { pattern: /^(?:[0-9A-Fa-f]{2}){1,8}$/, expected })
  return fromHex(text) ?? profile.refuse(name, expected)
}

function policyRules(profile: JsonFields): PprIds {
  return profile.choices('profilePolicyRules', ['ppr1', 'ppr2'])
}

function networkName(name: JsonFields): { readonly full: string; readonly short?: string } {
  name.onlyFields(['full', 'short'])
  const short = name.maybe('short', () => name.text('short', { maxOctets: 16 }))
  const full = name.text('full', { maxOctets: 20 })
  return short === undefined ? { full } : { full, short }
}

function parsePlmns(plmns: JsonFields): PlmnLists {
  plmns.onlyFields(['home', 'equivalentHome', 'operator', 'forbidden', 'display'])
  const withAccess = (name: string) => plmns.maybe(name, () => plmns.list(name, plmnWithAccess))
  const plain = (name: string) => plmns.maybe(name, () => plmns.list(name, plmnIn))
  return present({
    home: withAccess('home'),
    equivalentHome: plain('equivalentHome'),
    operator: withAccess('operator'),
    forbidden: plain('forbidden'),
    display: plain('display'),
  })
}

const ACCESS: readonly AccessTechnology[] = ['utran', 'eutran', 'ngran', 'gsm', 'gsmCompact']

function plmnWithAccess(value: unknown, path: string): PlmnWithAccess {
  const plmn = jsonFields(value, { path })
  plmn.onlyFields(['mcc', 'mnc', 'access'])
  return { ...mccAndMnc(plmn), access: plmn.choices('access', ACCESS) }
}

function plmnIn(value: unknown, path: string): Plmn {
  return parsePlmn(jsonFields(value, { path }))
}

function parseAlgorithm(algorithm: JsonFields): OperatorAlgorithm {
  const kind = algorithm.oneOf('kind', ['milenage', 'tuak'] as const)
  if (kind === 'tuak') {
    algorithm.onlyFields(['kind', 'keyOctets', 'keccakIterations', 'resOctets'])
    return {
      kind,
      keyOctets: algorithm.oneOf('keyOctets', [16, 32] as const),
      ...present({
        keccakIterations: algorithm.maybe('keccakIterations', () =>
          algorithm.integer('keccakIterations', { min: 1, max: 255 }),
        ),
        resOctets: algorithm.maybe('resOctets', () =>
          algorithm.oneOf('resOctets', [4, 8, 16] as const),
        ),
      }),
    }
  }
  algorithm.onlyFields(['kind', 'rotationConstants', 'xoringConstants'])
  return {
    kind,
    ...present({
      rotationConstants: constants(algorithm, { name: 'rotationConstants', octets: 5 }),
      xoringConstants: constants(algorithm, { name: 'xoringConstants', octets: 80 }),
    }),
  }
}

function constants(
  algorithm: JsonFields,
  { name, octets }: { readonly name: string; readonly octets: number },
): Uint8Array | undefined {
  const expected = `${octets} octets in hexadecimal`
  const pattern = new RegExp(`^(?:[0-9A-Fa-f]{2}){${octets}}$`)
  return algorithm.maybe(name, () => fromHex(algorithm.text(name, { pattern, expected })))
}

function parseSuci(suci: JsonFields): NonNullable<ProfileFile['suci']> {
  suci.onlyFields(['calculatedBy', 'routingIndicator'])
  const routingIndicator = suci.maybe('routingIndicator', () =>
    suci.text('routingIndicator', { pattern: /^[0-9]{1,4}$/, expected: '1 to 4 digits' }),
  )
  return {
    calculatedBy: suci.oneOf('calculatedBy', ['usim', 'device'] as const),
    ...(routingIndicator !== undefined && { routingIndicator }),
  }
}
