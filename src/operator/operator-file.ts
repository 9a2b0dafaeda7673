/** The file that describes an operator: who it is, which numbers it owns, what it sells, what may be given away. See docs/operator-files.md. */

import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { LabError, messageOf } from '../base/errors.ts'
import { jsonFields, type JsonFields } from '../base/json-fields.ts'
import { lineOfField } from '../base/json-lines.ts'
import { asBuffer } from '../base/octets.ts'
import type { NumberRange, NumberRanges } from '../store/inventory.ts'
import { readIfThere } from '../store/directory.ts'
import { GIBIBYTE_BYTES, GIGABYTE_BYTES } from './amount.ts'
import { isTimeZone } from './calendar.ts'
import { parsePlmn, parseProfile, type Plmn, type ProfileFile } from './profile-file.ts'
import {
  CHARGING_DEFAULT,
  NO_TARIFF,
  readChannel,
  readCharging,
  readConsumption,
  readPlan,
  readRegulation,
  readTariff,
  readTexts,
} from './rules/read-plans.ts'
import type { MoneyTransferRules } from './rules/money.ts'
import { readMoneyTransfer } from './rules/read-money.ts'
import { readRules } from './rules/read-rules.ts'
import { LANGUAGE_TAG, type FileUnits } from './rules/read-values.ts'
import type {
  Channel,
  ChargingRules,
  ConsumptionOrder,
  GiftingRules,
  Plan,
  Regulation,
  RuleSources,
  Tariff,
  Texts,
} from './rules/types.ts'

export type { Plmn } from './profile-file.ts'
export type { GiftingRules, Plan } from './rules/types.ts'

/** What an operator's prices are in. */
export interface Currency {
  /** ISO 4217. */
  readonly code: string
  /** Digits behind the point: 2 for roubles and kopecks, 0 for yen. */
  readonly minorDigits: number
}

export interface OperatorFile {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly plmn: Plmn
  /** BCP 47 tags, the preferred one first. */
  readonly languages: readonly string[]
  /** Where the operator is at home: ISO 3166-1 alpha-2, `ZZ` for nowhere. */
  readonly country: string
  /** IANA name; days, months and midnights are those of this zone. */
  readonly timeZone: string
  readonly currency: Currency
  readonly ranges: NumberRanges
  /** What this operator calls a gigabyte: 10^9 or 2^30 bytes. */
  readonly gigabyteBytes: number
  /** What a new subscription begins with: the first of {@link plans}. */
  readonly plan: Plan
  readonly plans: readonly Plan[]
  readonly tariff: Tariff
  readonly gifting: GiftingRules
  /** Where each gifting rule was found. */
  readonly giftingSources: RuleSources
  /** By which rules subscribers send each other money; absent: not at all. */
  readonly moneyTransfer: MoneyTransferRules | undefined
  readonly consumption: ConsumptionOrder
  readonly charging: ChargingRules
  readonly channels: readonly Channel[]
  readonly regulation: Regulation
  readonly texts: Texts
  readonly profile: ProfileFile
}

/** The file of the neutral operator that comes with esim-lab. */
export const LAB_OPERATOR_FILE: URL = new URL('../../profiles/lab.json', import.meta.url)

/**
 * Reads and checks an operator's file.
 * @throws {LabError} notFound — no such file; badInput — not JSON, or not an operator's file, naming file, line and field
 */
export function loadOperatorFile(path: string | URL = LAB_OPERATOR_FILE): OperatorFile {
  try {
    return readOperatorFile(path)
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'badInput') throw error
    const name = path instanceof URL ? fileURLToPath(path) : path
    throw renamed(error, { message: `${name}, ${error.message}`, field: error.field })
  }
}

/** As {@link loadOperatorFile}, for whoever names the file: errors have the line and the field. */
export function readOperatorFile(path: string | URL): OperatorFile {
  const beside = path instanceof URL ? path : pathToFileURL(path)
  const text = readText(path)
  const texts = new Map<string, string>()
  try {
    return parseOperatorFile(parseJson(text), (name) => {
      const octets = readIfThere(fileURLToPath(new URL(name, beside)))
      if (octets) texts.set(name, asBuffer(octets).toString('utf8'))
      return octets
    })
  } catch (error) {
    throw error instanceof LabError ? withLine(error, { text, texts }) : error
  }
}

/** Says in which line the field at fault is, of the file itself or of the one that it names. */
function withLine(
  error: LabError,
  of: { readonly text: string; readonly texts: ReadonlyMap<string, string> },
): LabError {
  const { field } = error
  if (field === undefined) return error
  for (const [name, text] of of.texts) {
    if (!field.startsWith(`${name}.`)) continue
    const inside = field.slice(name.length + 1)
    const message = error.message.slice(name.length + 1)
    return renamed(error, {
      message: `${name}, line ${lineOfField(text, inside)}: ${message}`,
      field,
    })
  }
  const line = lineOfField(of.text, field)
  return renamed(error, { message: `line ${line}: ${error.message}`, field })
}

function renamed(
  error: LabError,
  to: { readonly message: string; readonly field: string | undefined },
): LabError {
  const field = to.field === undefined ? {} : { field: to.field }
  return new LabError(error.code, to.message, { ...field, cause: error })
}

/**
 * Checks what an operator's file says. `readBeside` finds what it names beside it, icons and shared rules; without one
 * there is none.
 * @throws {LabError} badInput — with the field at fault and what was expected there
 */
export function parseOperatorFile(
  json: unknown,
  readBeside: (name: string) => Uint8Array | undefined = () => undefined,
): OperatorFile {
  const file = jsonFields(json, { path: 'operator file', isWhole: true })
  file.onlyFields(FIELDS.split(' '))
  const units = parseUnits(file)
  const plans = parsePlans(file, units)
  const { rules, sources } = readRules(giftingOf(file, readBeside), units)
  requireKnownPlans(file, { plans, rules })
  return {
    ...parseIdentity(file),
    currency: {
      code: file.child('currency').text('code', CURRENCY),
      minorDigits: units.minorDigits,
    },
    ranges: parseRanges(file),
    gigabyteBytes: units.gigabyteBytes,
    plan: plans[0],
    plans,
    tariff: file.maybe('tariff', () => readTariff(file.child('tariff'), units)) ?? NO_TARIFF,
    gifting: rules,
    giftingSources: sources,
    moneyTransfer: file.maybe('moneyTransfer', () =>
      readMoneyTransfer(file.child('moneyTransfer'), units),
    ),
    consumption: file.maybe('consumption', () => readConsumption(file.child('consumption'))) ?? {
      origins: [],
    },
    charging:
      file.maybe('charging', () => readCharging(file.child('charging'), units)) ?? CHARGING_DEFAULT,
    channels: file.maybe('channels', () => file.list('channels', readChannel)) ?? [],
    regulation: file.maybe('regulation', () => readRegulation(file.child('regulation'))) ?? {
      sources: {},
    },
    texts: file.maybe('texts', () => readTexts(file.child('texts'))) ?? {},
    profile: parseProfile(file.child('profile'), { readIcon: readBeside }),
  }
}

const FIELDS =
  'id name description country plmn languages timeZone currency ranges units plans tariff gifting moneyTransfer consumption charging channels regulation texts profile'

const CURRENCY = { pattern: /^[A-Z]{3}$/, expected: 'a code of three letters such as "RUB"' }

function readText(path: string | URL): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new LabError('notFound', `cannot read the operator file ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new LabError('badInput', `which is not JSON: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function parseIdentity(file: JsonFields) {
  return {
    id: file.text('id', {
      pattern: /^[a-z][a-z0-9-]{0,31}$/,
      expected: 'a short name such as "lab"',
    }),
    name: file.text('name', { maxOctets: 64 }),
    description: file.text('description', { maxOctets: 1000 }),
    country: file.text('country', { pattern: /^[A-Z]{2}$/, expected: 'two letters such as "RU"' }),
    plmn: parsePlmn(file.child('plmn')),
    languages: file.texts('languages', {
      pattern: LANGUAGE_TAG,
      expected: 'a language tag such as "en"',
    }),
    timeZone: parseTimeZone(file),
  }
}

function parseTimeZone(file: JsonFields): string {
  const expected = 'the name of a time zone such as "Europe/Moscow"'
  const name = file.text('timeZone', { pattern: /^[A-Z][\w/+-]{1,40}$/, expected })
  return isTimeZone(name) ? name : file.refuse('timeZone', expected)
}

function parseUnits(file: JsonFields): FileUnits {
  const units = file.child('units')
  units.onlyFields(['gigabyteBytes'])
  const currency = file.child('currency')
  currency.onlyFields(['code', 'minorDigits'])
  return {
    gigabyteBytes: units.oneOf('gigabyteBytes', [GIGABYTE_BYTES, GIBIBYTE_BYTES]),
    minorDigits: currency.integer('minorDigits', { min: 0, max: 4 }),
  }
}

function parsePlans(file: JsonFields, units: FileUnits): readonly [Plan, ...Plan[]] {
  const plans = file.list('plans', (json, path) => readPlan(jsonFields(json, { path }), units))
  const [first, ...others] = plans
  if (!first) return file.refuse('plans', 'a list that is not empty')
  if (new Set(plans.map(({ id }) => id)).size < plans.length) {
    file.refuse('plans', 'plans whose ids differ')
  }
  return [first, ...others]
}

/** The rules themselves, or those of the file that is named. */
function giftingOf(
  file: JsonFields,
  readBeside: (name: string) => Uint8Array | undefined,
): JsonFields {
  const name = file.wordOf('gifting')
  if (name === undefined) return file.child('gifting')
  const expected = 'rules, or the name of a file of rules that is there'
  file.text('gifting', { pattern: /^[\w./-]+$/, expected })
  const octets = readBeside(name) ?? file.refuse('gifting', expected)
  const shared = jsonFields(parseShared(octets, name), { path: name })
  shared.onlyFields(['description', 'gifting'])
  return shared.child('gifting')
}

function parseShared(octets: Uint8Array, name: string): unknown {
  try {
    return parseJson(asBuffer(octets).toString('utf8'))
  } catch (error) {
    throw new LabError('badInput', `${name}, ${messageOf(error)}`, { cause: error })
  }
}

function requireKnownPlans(
  file: JsonFields,
  of: { readonly plans: readonly Plan[]; readonly rules: GiftingRules },
): void {
  const known = of.plans.map(({ id }) => id)
  const unknown = of.rules.senderPlans?.find((id) => !known.includes(id))
  if (unknown === undefined) return
  file.child('gifting').child('senderPlans').refuse('value', `plans of this file, not ${unknown}`)
}

/** An IMSI begins with the PLMN: phones tell their home network by it (TS 23.003 §2.2). */
function parseRanges(file: JsonFields): NumberRanges {
  const ranges = file.child('ranges')
  const { mcc, mnc } = parsePlmn(file.child('plmn'))
  ranges.onlyFields(['iccid', 'imsi', 'msisdn'])
  return {
    iccid: parseRange(ranges.child('iccid'), { digits: [19, 19], prefix: /^89[0-9]{2,10}$/ }),
    imsi: parseRange(ranges.child('imsi'), {
      digits: [15, 15],
      prefix: new RegExp(`^${mcc}${mnc}[0-9]{0,7}$`),
    }),
    msisdn: parseRange(ranges.child('msisdn'), { digits: [8, 15], prefix: /^[1-9][0-9]{0,12}$/ }),
  }
}

function parseRange(
  range: JsonFields,
  allowed: { readonly digits: readonly [number, number]; readonly prefix: RegExp },
): NumberRange {
  range.onlyFields(['prefix', 'digits'])
  const [min, max] = allowed.digits
  const digits = range.integer('digits', { min, max })
  const prefix = range.text('prefix', {
    pattern: allowed.prefix,
    expected: `digits that match ${allowed.prefix.source}`,
  })
  if (digits - prefix.length < 2) {
    range.refuse('prefix', `at most ${digits - 2} digits, so that numbers are left`)
  }
  return { prefix, digits }
}
