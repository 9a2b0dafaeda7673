/** The file that describes an operator: who it is, which numbers it owns, what it sells, what may be given away. */

import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { LabError, messageOf } from '../base/errors.ts'
import { jsonFields, type JsonFields } from '../base/json-fields.ts'
import type { NumberRange, NumberRanges } from '../store/inventory.ts'
import { readIfThere } from '../store/directory.ts'
import { amountFromText, GIBIBYTE_BYTES, GIGABYTE_BYTES } from './amount.ts'
import { parsePlmn, parseProfile, type Plmn, type ProfileFile } from './profile-file.ts'

export type { Plmn } from './profile-file.ts'

/** What a subscriber gets when the profile first comes to life. */
export interface Plan {
  readonly id: string
  readonly name: string
  readonly amountBytes: bigint
  readonly validDays: number
  readonly giftable: boolean
}

/** The rules of giving. */
export interface GiftingRules {
  /** A gift ends when the lot it was taken from ends. */
  readonly keepSourceExpiry: true
  readonly minAmountBytes: bigint
  readonly coolOffHours: 0
  readonly confirmation: false
}

export interface OperatorFile {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly plmn: Plmn
  /** BCP 47 tags, the preferred one first. */
  readonly languages: readonly string[]
  readonly ranges: NumberRanges
  /** What this operator calls a gigabyte: 10^9 or 2^30 bytes. */
  readonly gigabyteBytes: number
  readonly plan: Plan
  readonly gifting: GiftingRules
  readonly profile: ProfileFile
}

/** The file of the neutral operator that comes with esim-lab. */
export const LAB_OPERATOR_FILE: URL = new URL('../../profiles/lab.json', import.meta.url)

/**
 * Reads and checks an operator's file.
 * @throws {LabError} notFound — no such file; badInput — not JSON, or not an operator's file, naming the field
 */
export function loadOperatorFile(path: string | URL = LAB_OPERATOR_FILE): OperatorFile {
  const beside = path instanceof URL ? path : pathToFileURL(path)
  return parseOperatorFile(parseJson(readText(path), path), (name) =>
    readIfThere(fileURLToPath(new URL(name, beside))),
  )
}

/**
 * Checks what an operator's file says. `readIcon` finds the icon that it names beside it; without one there is none.
 * @throws {LabError} badInput — with the field at fault and what was expected there
 */
export function parseOperatorFile(
  json: unknown,
  readIcon: (name: string) => Uint8Array | undefined = () => undefined,
): OperatorFile {
  const file = jsonFields(json, { path: 'operator file', isWhole: true })
  file.onlyFields('id name description plmn languages ranges units plan gifting profile'.split(' '))
  const gigabyteBytes = parseUnits(file.child('units'))
  return {
    id: file.text('id', {
      pattern: /^[a-z][a-z0-9-]{0,31}$/,
      expected: 'a short name such as "lab"',
    }),
    name: file.text('name', { maxOctets: 64 }),
    description: file.text('description', { maxOctets: 1000 }),
    plmn: parsePlmn(file.child('plmn')),
    languages: file.texts('languages', {
      pattern: /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/,
      expected: 'a language tag such as "en"',
    }),
    ranges: parseRanges(file.child('ranges')),
    gigabyteBytes,
    plan: parsePlan(file.child('plan'), gigabyteBytes),
    gifting: parseGifting(file.child('gifting')),
    profile: parseProfile(file.child('profile'), { readIcon }),
  }
}

function readText(path: string | URL): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new LabError('notFound', `cannot read the operator file ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function parseJson(text: string, path: string | URL): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new LabError('badInput', `the operator file ${path} is not JSON: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function parseUnits(units: JsonFields): number {
  units.onlyFields(['gigabyteBytes'])
  return units.oneOf('gigabyteBytes', [GIGABYTE_BYTES, GIBIBYTE_BYTES])
}

function parseRanges(ranges: JsonFields): NumberRanges {
  ranges.onlyFields(['iccid', 'imsi', 'msisdn'])
  return {
    iccid: parseRange(ranges.child('iccid'), { digits: [19, 19], prefix: /^89[0-9]{2,10}$/ }),
    imsi: parseRange(ranges.child('imsi'), { digits: [15, 15], prefix: /^[0-9]{5,12}$/ }),
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

function parsePlan(plan: JsonFields, gigabyteBytes: number): Plan {
  plan.onlyFields(['id', 'name', 'amount', 'validDays', 'giftable'])
  const amountText = plan.text('amount', { maxOctets: 40 })
  const amountBytes = amountFromText(amountText, { field: 'plan.amount', gigabyteBytes })
  if (amountBytes === 0n) plan.refuse('amount', 'more than 0 bytes')
  return {
    id: plan.text('id', { pattern: /^[a-z][a-z0-9-]{0,31}$/, expected: 'a short name' }),
    name: plan.text('name', { maxOctets: 64 }),
    amountBytes,
    validDays: plan.integer('validDays', { min: 1, max: 3660 }),
    giftable: plan.oneOf('giftable', [true, false]),
  }
}

function parseGifting(gifting: JsonFields): GiftingRules {
  gifting.onlyFields(['keepSourceExpiry', 'minAmountBytes', 'coolOffHours', 'confirmation'])
  return {
    keepSourceExpiry: gifting.oneOf('keepSourceExpiry', [true as const]),
    minAmountBytes: BigInt(gifting.integer('minAmountBytes', { min: 1, max: 2 ** 50 })),
    coolOffHours: gifting.oneOf('coolOffHours', [0 as const]),
    confirmation: gifting.oneOf('confirmation', [false as const]),
  }
}
