/** Personalities as files: read, and checked field by field. */

import { readdirSync, readFileSync } from 'node:fs'
import { LabError, messageOf } from '../base/errors.ts'
import { jsonFields, refuseJson, type JsonFields } from '../base/json-fields.ts'
import { fromHex } from '../base/octets.ts'
import { CURVES } from '../crypto/ec.ts'
import { CARD_SERVICES } from '../profile/services.ts'
import {
  BPP_COMMAND_IDS,
  BPP_ERRORS,
  type BppCommandId,
  type ErrorReason,
  type OperatorId,
  type ProfileClass,
} from '../rsp/common.ts'
import {
  AUTHENTICATE_ERROR_CODES,
  DOWNLOAD_ERROR_CODES,
  type AuthenticateErrorCode,
  type DownloadErrorCode,
  type ProfilePolicyAuthorisationRule,
  type RulesAuthorisationTable,
} from '../rsp/es10b.ts'
import { PPRS } from '../rsp/rat.ts'
import {
  CHANNELS_MAX,
  DEFAULT_PERSONALITY,
  SIGNED_OBJECTS,
  type FailurePoint,
  type Faults,
  type Personality,
} from './personality.ts'

const FOLDER = new URL('../../fixtures/personalities/', import.meta.url)
const MEMORY_OCTETS_MAX = 64 * 1024 * 1024
const SEGMENTS_MAX = 100_000
const PROFILE_CLASSES = ['test', 'provisioning', 'operational'] as const satisfies ProfileClass[]

/**
 * A personality that comes with esim-lab, by its name, or the one of a file, by its path.
 * @throws {LabError} notFound — no such name or file; badInput — not a personality, with the field at fault
 */
export function loadPersonality(nameOrPath: string): Personality {
  const isName = /^[a-z0-9][a-z0-9.-]*$/.test(nameOrPath) && !nameOrPath.endsWith('.json')
  const path = isName ? new URL(`${nameOrPath}.json`, FOLDER) : nameOrPath
  return parsePersonality(parseJson(readText(path, nameOrPath), nameOrPath))
}

/** The names of the personalities that come with esim-lab. */
export function personalityNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted()
}

function readText(path: string | URL, nameOrPath: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new LabError(
      'notFound',
      `there is no personality ${nameOrPath}. Give a path, or one of ${personalityNames().join(', ')}.`,
      { field: 'personality', cause: error },
    )
  }
}

function parseJson(text: string, nameOrPath: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const detail = `the personality ${nameOrPath} is not JSON: ${messageOf(error)}`
    throw new LabError('badInput', detail, { cause: error })
  }
}

const FIELDS =
  'name description source eid svn memoryOctets curves trustedCis profileClasses withoutServices crlSupport rat forbiddenPprs blockOctetsMax leRequired responseMode isdrAids channelsMax terminalCapabilityRequired catBusy faults'

/**
 * Checks what a personality's file says; what it does not say is as in the default personality.
 * @throws {LabError} badInput — with the field at fault and what was expected there
 */
export function parsePersonality(json: unknown): Personality {
  const file = jsonFields(json, { path: 'personality', isWhole: true })
  file.onlyFields(FIELDS.split(' '))
  file.text('source', { pattern: /\S{3}/, expected: 'where it is from' })
  const like = DEFAULT_PERSONALITY
  return {
    name: file.text('name', { pattern: /^[a-z0-9][a-z0-9.-]{0,63}$/, expected: 'a short name' }),
    description: file.text('description', { pattern: /\S{3}/, expected: 'a sentence' }),
    eid: file.maybe('eid', () =>
      file.text('eid', { pattern: /^[0-9]{32}$/, expected: '32 digits' }),
    ),
    svn: file.maybe('svn', () => parseVersion(file)) ?? like.svn,
    memoryOctets:
      file.maybe('memoryOctets', () =>
        file.integer('memoryOctets', { min: 0, max: MEMORY_OCTETS_MAX }),
      ) ?? like.memoryOctets,
    curves: file.maybe('curves', () => file.choices('curves', CURVES)) ?? like.curves,
    trustedCis: file.maybe('trustedCis', () => parseTrustedCis(file)),
    services: file.maybe('withoutServices', () => servicesBut(file)) ?? like.services,
    profileClasses:
      file.maybe('profileClasses', () => file.choices('profileClasses', PROFILE_CLASSES)) ??
      like.profileClasses,
    crlSupport: file.flag('crlSupport') ?? like.crlSupport,
    rat: withoutForbidden(file.maybe('rat', () => parseRat(file)) ?? like.rat, file),
    blockOctetsMax:
      file.maybe('blockOctetsMax', () => file.integer('blockOctetsMax', { min: 1, max: 255 })) ??
      like.blockOctetsMax,
    leRequired: file.flag('leRequired') ?? like.leRequired,
    responseMode:
      file.maybe('responseMode', () => file.oneOf('responseMode', ['61xx', 'direct'])) ??
      like.responseMode,
    isdrAids: file.maybe('isdrAids', () => parseAids(file)),
    channelsMax:
      file.maybe('channelsMax', () => file.integer('channelsMax', { min: 0, max: CHANNELS_MAX })) ??
      like.channelsMax,
    terminalCapabilityRequired:
      file.flag('terminalCapabilityRequired') ?? like.terminalCapabilityRequired,
    catBusy: file.flag('catBusy') ?? like.catBusy,
    faults: file.maybe('faults', () => parseFaults(file.child('faults'))) ?? {},
  }
}

function parseVersion(file: JsonFields): Uint8Array {
  const pattern = /^[0-9]{1,2}(\.[0-9]{1,2}){2}$/
  const text = file.text('svn', { pattern, expected: 'a version such as "2.5.0"' })
  return Uint8Array.from(text.split('.'), Number)
}

function parseAids(file: JsonFields): readonly Uint8Array[] {
  const rule = {
    pattern: /^([0-9A-F]{2}){5,16}$/,
    expected: 'an AID of 5 to 16 octets in upper-case hexadecimal',
  }
  return file.texts('isdrAids', rule).map((aid) => fromHex(aid) as Uint8Array)
}

function parseTrustedCis(file: JsonFields): readonly string[] {
  return file.list('trustedCis', (value, path) => {
    const isCurve = CURVES.some((curve) => curve === value)
    if (isCurve || (typeof value === 'string' && /^([0-9A-F]{2}){1,32}$/.test(value))) {
      return value as string
    }
    return refuseJson(path, `${CURVES.join(', ')} or a key identifier in upper-case hexadecimal`)
  })
}

function parseRat(file: JsonFields): RulesAuthorisationTable {
  return file.list('rat', (value, path): ProfilePolicyAuthorisationRule => {
    const rule = jsonFields(value, { path })
    rule.onlyFields(['pprIds', 'allowedOperators', 'consentRequired'])
    return {
      pprIds: rule.choices('pprIds', PPRS),
      allowedOperators: rule.list('allowedOperators', parseOperator),
      pprFlags: rule.flag('consentRequired') ? ['consentRequired'] : [],
    }
  })
}

/** mccMnc as coded, in which E stands for any digit; a group identifier that is empty for any, one left out for none. */
function parseOperator(value: unknown, path: string): OperatorId {
  const operator = jsonFields(value, { path })
  operator.onlyFields(['mccMnc', 'gid1', 'gid2'])
  const octets = (name: string, pattern: RegExp, expected: string): Uint8Array =>
    fromHex(operator.text(name, { pattern, expected })) as Uint8Array
  const gid = (name: string): Uint8Array | undefined =>
    operator.maybe(name, () => octets(name, /^([0-9A-F]{2})*$/, 'upper-case hexadecimal'))
  const [gid1, gid2] = [gid('gid1'), gid('gid2')]
  return {
    mccMnc: octets('mccMnc', /^[0-9EF]{6}$/, 'three octets as coded, with E for any digit'),
    ...(gid1 && { gid1 }),
    ...(gid2 && { gid2 }),
  }
}

/** The table without the rules that are said to be forbidden. */
function withoutForbidden(rat: RulesAuthorisationTable, file: JsonFields): RulesAuthorisationTable {
  const forbidden = file.maybe('forbiddenPprs', () => file.choices('forbiddenPprs', PPRS)) ?? []
  return rat
    .map((rule) => ({
      ...rule,
      pprIds: rule.pprIds.filter((ppr) => !forbidden.some((name) => name === ppr)),
    }))
    .filter(({ pprIds }) => pprIds.length > 0)
}

function parseFaults(faults: JsonFields): Faults {
  faults.onlyFields([
    'wrongSignature',
    'earlyResultAtSegment',
    'failAt',
    'authenticateError',
    'downloadError',
    'cancelSessionError',
    'resultOnInterruption',
  ])
  return {
    wrongSignature: faults.maybe('wrongSignature', () =>
      faults.oneOf('wrongSignature', SIGNED_OBJECTS),
    ),
    earlyResultAtSegment: faults.maybe('earlyResultAtSegment', () =>
      faults.integer('earlyResultAtSegment', { min: 1, max: SEGMENTS_MAX }),
    ),
    failAt: faults.maybe('failAt', () => parseFailurePoint(faults.child('failAt'))),
    authenticateError: faults.maybe('authenticateError', () =>
      faults.oneOf('authenticateError', AUTHENTICATE_ERRORS),
    ),
    downloadError: faults.maybe('downloadError', () =>
      faults.oneOf('downloadError', DOWNLOAD_ERRORS),
    ),
    cancelSessionError: faults.maybe('cancelSessionError', () =>
      faults.oneOf('cancelSessionError', ['undefinedError'] as const),
    ),
    resultOnInterruption: faults.flag('resultOnInterruption'),
  }
}

const AUTHENTICATE_ERRORS = Object.keys(AUTHENTICATE_ERROR_CODES) as AuthenticateErrorCode[]
const DOWNLOAD_ERRORS = Object.keys(DOWNLOAD_ERROR_CODES) as DownloadErrorCode[]
const FAILING = Object.keys(BPP_COMMAND_IDS) as BppCommandId[]

function parseFailurePoint(point: JsonFields): FailurePoint {
  point.onlyFields(['bppCommandId', 'errorReason'])
  const bppCommandId = point.oneOf('bppCommandId', FAILING)
  return {
    bppCommandId,
    errorReason: point.oneOf<ErrorReason>('errorReason', reasonsOf(bppCommandId)),
  }
}

/** A card has what ours has, or less. */
function servicesBut(file: JsonFields): Personality['services'] {
  const missing = file.choices('withoutServices', CARD_SERVICES)
  return CARD_SERVICES.filter((name) => !missing.includes(name))
}

/** Table 4a has no column for the second segment of StoreMetadata. */
function reasonsOf(bppCommandId: BppCommandId): readonly ErrorReason[] {
  return BPP_ERRORS[bppCommandId === 'storeMetadata2' ? 'storeMetadata' : bppCommandId]
}
