/** Scenario files: profiles, orders and settings that a test suite of somebody else's expects to find. */

import { X509Certificate } from 'node:crypto'
import { normaliseIccid } from './base/bcd.ts'
import { LabError } from './base/errors.ts'
import { jsonFields, refuseJson, type JsonFields } from './base/json-fields.ts'
import { fromBase64, fromHex } from './base/octets.ts'
import type { ProfileClass } from './profile/subscriber.ts'
import { PPRS } from './rsp/rat.ts'
import type { FixtureOrder } from './smdp/fixture-orders.ts'
import type { SmdpSettings } from './smdp/smdp.ts'
import type { OrderState } from './store/orders.ts'

/** Profiles of one kind: the same metadata, one ICCID each. */
export interface ScenarioProfiles {
  readonly profileType: string
  /** Without filler. */
  readonly iccids: readonly string[]
  readonly serviceProviderName: string
  readonly profileName: string
  readonly profileClass: ProfileClass
  readonly mcc: string
  readonly mnc: string
  readonly gid1: Uint8Array | undefined
  readonly gid2: Uint8Array | undefined
  readonly profilePolicyRules: readonly ('ppr1' | 'ppr2')[]
  readonly icon: Uint8Array | undefined
  /** Lengthens the package by a file of so many octets. */
  readonly fillerOctets: number
  /** Who alone may order the type, by functionRequesterIdentifier; empty means everybody. */
  readonly requesters: readonly string[]
}

export interface Scenario {
  readonly name: string
  readonly settings: Partial<SmdpSettings>
  readonly profiles: readonly ScenarioProfiles[]
  readonly orders: readonly FixtureOrder[]
  readonly clients: readonly ScenarioClient[]
}

/** An operator's software that may call ES2+ where clients are known by their certificates. */
export interface ScenarioClient {
  /** What people call it. */
  readonly name: string
  /** DER: of the client, whose key is what counts, or of a CA, whose clients may call. */
  readonly certificate: Uint8Array
  readonly knownBy: 'key' | 'ca'
  /** The functionRequesterIdentifier that it must give. */
  readonly requester: string | undefined
}

const PROFILES_MAX = 10_000
const TRIES_MAX = 1_000_000
const SECONDS_MAX = 10 * 365 * 86_400

/**
 * Checks what a scenario says; everything but its name and source may be left out.
 * @throws {LabError} badInput — with the field at fault and what was expected there
 */
export function parseScenario(json: unknown, at: { readonly nowMs: number }): Scenario {
  const file = jsonFields(json, { path: 'scenario', isWhole: true })
  file.onlyFields(['name', 'description', 'source', 'settings', 'profiles', 'orders', 'clients'])
  file.text('source', { pattern: /\S{3}/, expected: 'where it is from' })
  file.maybe('description', () => file.text('description', { maxOctets: 4000 }))
  const profiles = file.maybe('profiles', () => file.list('profiles', parseProfiles)) ?? []
  const orders =
    file.maybe('orders', () =>
      file.list('orders', (value, path) => parseOrder(jsonFields(value, { path }), at)),
    ) ?? []
  checkOnce(
    profiles.flatMap(({ iccids }) => iccids),
    'profiles',
  )
  checkOnce(
    orders.map(({ iccid }) => iccid),
    'orders',
  )
  return {
    name: file.text('name', {
      pattern: /^[a-z0-9][a-z0-9.-]{0,63}$/,
      expected: 'a short name of small letters, digits, - and .',
    }),
    settings: file.maybe('settings', () => parseSettings(file.child('settings'))) ?? {},
    profiles,
    orders,
    clients: file.maybe('clients', () => file.list('clients', parseClient)) ?? [],
  }
}

function checkOnce(iccids: readonly string[], field: string): void {
  if (iccids.length > PROFILES_MAX) refuseJson(field, `at most ${PROFILES_MAX} profiles`)
  const seen = new Set<string>()
  for (const iccid of iccids) {
    if (seen.has(iccid)) refuseJson(field, `each ICCID once; ${iccid} is there again`)
    seen.add(iccid)
  }
}

function parseSettings(settings: JsonFields): Partial<SmdpSettings> {
  settings.onlyFields([
    'profileProtection',
    'confirmationAttemptsMax',
    'confirmationCodeReading',
    'downloadAttemptsMax',
    'orderLifetimeSeconds',
    'rebinding',
    'memoryCheck',
  ])
  const { maybe } = settings
  const profileProtection = maybe('profileProtection', () =>
    settings.oneOf('profileProtection', ['sessionKeys', 'profileProtectionKeys'] as const),
  )
  const confirmationAttemptsMax = maybe('confirmationAttemptsMax', () =>
    settings.integer('confirmationAttemptsMax', { min: 1, max: TRIES_MAX }),
  )
  const confirmationCodeReading = maybe('confirmationCodeReading', () =>
    settings.oneOf('confirmationCodeReading', ['textOrOctets', 'text'] as const),
  )
  const downloadAttemptsMax = maybe('downloadAttemptsMax', () =>
    settings.integer('downloadAttemptsMax', { min: 0, max: TRIES_MAX }),
  )
  const orderLifetimeSeconds = maybe('orderLifetimeSeconds', () =>
    settings.integer('orderLifetimeSeconds', { min: 0, max: SECONDS_MAX }),
  )
  const rebinding = maybe('rebinding', () =>
    settings.oneOf('rebinding', ['bindAnew', 'refuse'] as const),
  )
  const memoryCheck = settings.flag('memoryCheck')
  return {
    ...(profileProtection && { profileProtection }),
    ...(confirmationAttemptsMax !== undefined && { confirmationAttemptsMax }),
    ...(confirmationCodeReading && { confirmationCodeReading }),
    ...(downloadAttemptsMax !== undefined && { downloadAttemptsMax }),
    ...(orderLifetimeSeconds !== undefined && { orderLifetimeMs: orderLifetimeSeconds * 1000 }),
    ...(rebinding && { rebinding }),
    ...(memoryCheck !== undefined && { memoryCheck }),
  }
}

const ICCID = { pattern: /^[0-9]{19}[0-9F]?$/, expected: 'an ICCID of 19 or 20 digits' }
const HEXADECIMAL = { pattern: /^([0-9A-Fa-f]{2}){1,16}$/, expected: 'hexadecimal' }
const REQUESTER = { maxOctets: 255 }

function parseProfiles(value: unknown, path: string): ScenarioProfiles {
  const profiles = jsonFields(value, { path })
  profiles.onlyFields([
    'profileType',
    'iccids',
    'serviceProviderName',
    'profileName',
    'profileClass',
    'mcc',
    'mnc',
    'gid1',
    'gid2',
    'profilePolicyRules',
    'icon',
    'fillerOctets',
    'requesters',
  ])
  const { maybe } = profiles
  const text = (name: string, max: number, otherwise: string): string =>
    maybe(name, () =>
      profiles.text(name, {
        pattern: new RegExp(`^.{1,${max}}$`, 'su'),
        expected: `1 to ${max} characters`,
      }),
    ) ?? otherwise
  const digits = (name: string, pattern: RegExp, otherwise: string): string =>
    maybe(name, () => profiles.text(name, { pattern, expected: `${name.toUpperCase()} digits` })) ??
    otherwise
  const octets = (name: string): Uint8Array | undefined =>
    maybe(name, () => fromHex(profiles.text(name, HEXADECIMAL)))
  return {
    profileType: text('profileType', 128, 'scenario'),
    iccids: profiles.texts('iccids', ICCID).map(normaliseIccid),
    serviceProviderName: text('serviceProviderName', 32, 'Scenario'),
    profileName: text('profileName', 64, 'Scenario profile'),
    profileClass:
      maybe('profileClass', () =>
        profiles.oneOf('profileClass', ['operational', 'test', 'provisioning']),
      ) ?? 'operational',
    mcc: digits('mcc', /^[0-9]{3}$/, '001'),
    mnc: digits('mnc', /^[0-9]{2,3}$/, '01'),
    gid1: octets('gid1'),
    gid2: octets('gid2'),
    profilePolicyRules:
      maybe('profilePolicyRules', () => profiles.choices('profilePolicyRules', PPRS)) ?? [],
    icon: maybe('icon', () => iconOf(profiles)),
    fillerOctets:
      maybe('fillerOctets', () => profiles.integer('fillerOctets', { min: 0, max: 65_535 })) ?? 0,
    requesters: maybe('requesters', () => profiles.texts('requesters', REQUESTER)) ?? [],
  }
}

const ICON_OCTETS_MAX = 1024

function iconOf(profiles: JsonFields): Uint8Array {
  const expected = `a PNG or JPEG of at most ${ICON_OCTETS_MAX} octets, in Base64`
  const icon = fromBase64(profiles.text('icon', { maxOctets: 2000, expected }))
  const isImage = icon?.[0] === 0x89 || icon?.[0] === 0xff
  if (icon && isImage && icon.length <= ICON_OCTETS_MAX) return icon
  return profiles.refuse('icon', expected)
}

const STATES = [
  'Available',
  'Allocated',
  'Linked',
  'Confirmed',
  'Released',
  'Downloaded',
  'Installed',
  'Error',
  'Unavailable',
] as const satisfies readonly OrderState[]
const STATES_WITH_EID: readonly OrderState[] = ['Linked', 'Downloaded', 'Installed']
const STATES_WITH_EVENT: readonly OrderState[] = ['Confirmed', 'Released', 'Downloaded']
const STATES_ON_STOCK: readonly OrderState[] = ['Available', 'Unavailable']

function parseOrder(order: JsonFields, at: { readonly nowMs: number }): FixtureOrder {
  order.onlyFields([
    'iccid',
    'state',
    'eid',
    'matchingId',
    'confirmationCode',
    'confirmationAttempts',
    'confirmationAttemptsMax',
    'downloadAttempts',
    'downloadAttemptsMax',
    'expiresAt',
    'expiresInSeconds',
    'errorDetail',
    'repeatable',
    'requester',
    'smDs',
  ])
  const { maybe } = order
  const count = (name: string, min: number): number | undefined =>
    maybe(name, () => order.integer(name, { min, max: TRIES_MAX }))
  const state = maybe('state', () => order.oneOf('state', STATES)) ?? 'Released'
  const parsed: FixtureOrder = {
    iccid: normaliseIccid(order.text('iccid', ICCID)),
    state,
    eid: maybe('eid', () => order.text('eid', { pattern: /^[0-9]{32}$/, expected: '32 digits' })),
    matchingId: maybe('matchingId', () =>
      order.text('matchingId', {
        pattern: /^[0-9A-Za-z_-]{0,255}$/,
        expected: '0 to 255 letters, digits, - or _',
      }),
    ),
    confirmationCode: maybe('confirmationCode', () =>
      order.text('confirmationCode', { pattern: /^.{1,64}$/su, expected: '1 to 64 characters' }),
    ),
    confirmationAttempts: count('confirmationAttempts', 0) ?? 0,
    confirmationAttemptsMax: count('confirmationAttemptsMax', 1),
    downloadAttempts: count('downloadAttempts', 0) ?? 0,
    downloadAttemptsMax: count('downloadAttemptsMax', 0),
    expiresMs: expiryOf(order, at),
    errorDetail: maybe('errorDetail', () => order.text('errorDetail', {})),
    repeatable: order.flag('repeatable') ?? false,
    requester: maybe('requester', () => order.text('requester', REQUESTER)),
    smDs: maybe('smDs', () =>
      order.text('smDs', {
        pattern: /^[!-~]{1,255}$/,
        expected: 'root, alternative or an address',
      }),
    ),
  }
  checkState(order, parsed)
  return parsed
}

/** The store would refuse it too, and say less. */
function checkState(order: JsonFields, { state, eid, matchingId, smDs }: FixtureOrder): void {
  if (smDs !== undefined) {
    if (!STATES_WITH_EVENT.includes(state)) {
      order.refuse('smDs', `none in the state ${state}, but in ${STATES_WITH_EVENT.join(', ')}`)
    }
    if (eid === undefined) order.refuse('eid', 'the EID of the eUICC, for an SM-DS')
    if (matchingId === '') order.refuse('matchingId', 'no empty one, for an SM-DS')
  }
  if (STATES_WITH_EID.includes(state) && eid === undefined) {
    order.refuse('eid', `the EID of the eUICC, for the state ${state}`)
  }
  if (matchingId === '' && eid === undefined) {
    order.refuse('eid', 'the EID of the eUICC, for an empty matchingId')
  }
  if (!STATES_ON_STOCK.includes(state)) return
  if (eid !== undefined) order.refuse('eid', `none in the state ${state}`)
  if (matchingId !== undefined) order.refuse('matchingId', `none in the state ${state}`)
}

function parseClient(value: unknown, path: string): ScenarioClient {
  const client = jsonFields(value, { path })
  client.onlyFields(['name', 'certificate', 'knownBy', 'requester'])
  const { maybe } = client
  return {
    name: client.text('name', { maxOctets: 64 }),
    certificate: certificateOf(client),
    knownBy: maybe('knownBy', () => client.oneOf('knownBy', ['key', 'ca'] as const)) ?? 'key',
    requester: maybe('requester', () => client.text('requester', REQUESTER)),
  }
}

const CERTIFICATE_TEXT_OCTETS_MAX = 16 * 1024

/** DER in Base64, with or without the lines around it that make it PEM. */
function certificateOf(client: JsonFields): Uint8Array {
  const expected = 'a certificate, PEM or DER in Base64'
  const rule = { maxOctets: CERTIFICATE_TEXT_OCTETS_MAX, expected }
  const text = client.text('certificate', rule)
  const base64 = text.replaceAll(/-----[A-Z ]+-----|\s/g, '')
  const der = fromBase64(base64)
  return der && isCertificate(der) ? der : client.refuse('certificate', expected)
}

function isCertificate(der: Uint8Array): boolean {
  try {
    return new X509Certificate(der).raw.length === der.length
  } catch {
    return false
  }
}

function expiryOf(order: JsonFields, { nowMs }: { readonly nowMs: number }): number | undefined {
  const seconds = order.maybe('expiresInSeconds', () =>
    order.integer('expiresInSeconds', { min: -SECONDS_MAX, max: SECONDS_MAX }),
  )
  const at = order.maybe('expiresAt', () => {
    const expected = 'an instant such as 2026-12-31T23:59:59Z'
    const atMs = Date.parse(order.text('expiresAt', { pattern: /^\d{4}-.*Z$/, expected }))
    return Number.isNaN(atMs) ? order.refuse('expiresAt', expected) : atMs
  })
  if (seconds !== undefined && at !== undefined) {
    order.refuse('expiresInSeconds', 'one of expiresAt and expiresInSeconds')
  }
  return seconds === undefined ? at : nowMs + seconds * 1000
}

/** A conflict within what is there, at a field of the file. */
export function scenarioConflict(field: string, problem: string): LabError {
  return new LabError('conflict', `${field}: ${problem}.`, { field })
}
