/** Subscriber numbers as people write them in each country, and as messages show them (ITU-T E.164, E.123). */

/** How a country writes its numbers. */
export interface NumberingPlan {
  /** ISO 3166-1 alpha-2 (`ZZ`, nowhere, is the lab's); `001` where numbers are only written with their country code. */
  readonly country: string
  readonly countryCode: string
  /** What is dialled before a national number. */
  readonly trunkPrefix?: string
  /** What is dialled before a foreign number. */
  readonly internationalPrefix?: string
  /** The digits after the country code or the trunk prefix. */
  readonly national: RegExp
  /** National numbers that are written with no prefix at all, and cannot be a longer one that lost its end. */
  readonly bare?: RegExp
  /** How the national digits stand: an X each. The first group and the last two digits stay when masked. */
  readonly shape: string
  /** Ranges of the operator itself: numbers in them are read with or without a plus sign, whatever their length. */
  readonly ranges?: readonly { readonly prefix: string; readonly digits: number }[]
}

export type NumberRefusal = 'badNumber' | 'ambiguousNumber'

export type ReadNumber =
  | { readonly ok: true; readonly msisdn: string }
  | { readonly ok: false; readonly reason: NumberRefusal }

const INTERNATIONAL: NumberingPlan = {
  country: '001',
  countryCode: '',
  national: /^[1-9]\d{7,14}$/,
  shape: '',
}

/** National numbering plans of the countries whose operators come with esim-lab (ITU-T E.164 national numbering). */
const PLANS: readonly NumberingPlan[] = [
  {
    country: 'RU',
    countryCode: '7',
    trunkPrefix: '8',
    internationalPrefix: '810',
    national: /^\d{10}$/,
    // Ten digits that begin with 7 or 8 may be eleven that lost one.
    bare: /^9\d{9}$/,
    shape: 'XXX XXX-XX-XX',
  },
  {
    country: 'CN',
    countryCode: '86',
    internationalPrefix: '00',
    national: /^\d{11}$/,
    bare: /^1\d{10}$/,
    shape: 'XXX XXXX XXXX',
  },
  {
    country: 'KE',
    countryCode: '254',
    trunkPrefix: '0',
    internationalPrefix: '000',
    national: /^\d{9}$/,
    bare: /^[17]\d{8}$/,
    shape: 'XXX XXX XXX',
  },
  {
    country: 'PH',
    countryCode: '63',
    trunkPrefix: '0',
    internationalPrefix: '00',
    national: /^\d{10}$/,
    bare: /^9\d{9}$/,
    shape: 'XXX XXX XXXX',
  },
  {
    country: 'ID',
    countryCode: '62',
    trunkPrefix: '0',
    internationalPrefix: '001',
    national: /^8\d{8,11}$/,
    bare: /^8\d{8,11}$/,
    shape: 'XXX XXXX XXXX',
  },
  {
    country: 'NG',
    countryCode: '234',
    trunkPrefix: '0',
    internationalPrefix: '009',
    national: /^\d{10}$/,
    bare: /^[789]\d{9}$/,
    shape: 'XXX XXX XXXX',
  },
  {
    country: 'KR',
    countryCode: '82',
    trunkPrefix: '0',
    internationalPrefix: '001',
    national: /^\d{10}$/,
    bare: /^1\d{9}$/,
    shape: 'XX XXXX XXXX',
  },
  {
    country: 'ZA',
    countryCode: '27',
    trunkPrefix: '0',
    internationalPrefix: '00',
    national: /^\d{9}$/,
    bare: /^[678]\d{8}$/,
    shape: 'XX XXX XXXX',
  },
  {
    country: 'JP',
    countryCode: '81',
    trunkPrefix: '0',
    internationalPrefix: '010',
    national: /^\d{10}$/,
    bare: /^[789]0\d{8}$/,
    shape: 'XX XXXX XXXX',
  },
  {
    country: 'ZZ',
    countryCode: '999',
    national: /^\d{9}$/,
    shape: 'XX XXX-XX-XX',
  },
]

/** E.164: a country code is at most three digits, a number at most fifteen. */
const E164 = /^[1-9]\d{7,14}$/
const WRITTEN = /^(?!-)\+?(?:\d|\(\d+\)|[ -](?=[\d(]))+$/

/**
 * How an operator's subscribers write numbers: the plan of its country, and its own ranges.
 * A country that is not known here writes numbers with their country code.
 */
export function numberingPlan(
  country: string,
  ranges: NumberingPlan['ranges'] = [],
): NumberingPlan {
  const plan = PLANS.find((known) => known.country === country) ?? INTERNATIONAL
  return { ...plan, ranges }
}

/** The countries whose habits are known; any other has the international form alone. */
export function numberingCountries(): readonly string[] {
  return PLANS.map(({ country }) => country)
}

/**
 * The international digits of a number that stands alone: `8 (916) 123-45-67`, `+7 916…`, `7916…`, `0722…`.
 *
 * Expects normalised text (ASCII digits and dashes). Two numbers, or one that reads as two, are ambiguous.
 */
export function readNumber(text: string, plan: NumberingPlan): ReadNumber {
  const trimmed = text.trim()
  const readings = possibleNumbers(trimmed, plan)
  const [msisdn] = readings
  if (msisdn !== undefined && readings.size === 1) return { ok: true, msisdn }
  const isAmbiguous = readings.size > 1 || isSeveral(trimmed, plan)
  return { ok: false, reason: isAmbiguous ? 'ambiguousNumber' : 'badNumber' }
}

/** Every number that a text may be in a country, which is none for two numbers or for no number. Expects normalised text. */
export function possibleNumbers(text: string, plan: NumberingPlan): ReadonlySet<string> {
  const trimmed = text.trim()
  return WRITTEN.test(trimmed) ? readingsOf(trimmed, plan) : new Set()
}

/** A number for people who may know it: `+7 916 123-45-67`. */
export function formatNumber(msisdn: string): string {
  const plan = planOf(msisdn)
  const national = msisdn.slice(plan.countryCode.length)
  return isShaped(plan, national)
    ? `+${plan.countryCode} ${shaped(plan.shape, [...national])}`
    : `+${msisdn}`
}

/**
 * A number for people who need not know it: `+7 916 ***-**-67`. Country code, first group and last two digits stay;
 * of a number of no known shape the first three digits and the last two, of a very short one the last two.
 */
export function maskNumber(msisdn: string): string {
  const plan = planOf(msisdn)
  const national = msisdn.slice(plan.countryCode.length)
  if (isShaped(plan, national)) {
    const opening = plan.shape.indexOf(' ')
    return `+${plan.countryCode} ${shaped(plan.shape, masked(national, opening))}`
  }
  return `+${masked(msisdn, msisdn.length >= 8 ? 3 : 0).join('')}`
}

function readingsOf(text: string, plan: NumberingPlan): ReadonlySet<string> {
  const digits = text.replaceAll(/\D/g, '')
  const { countryCode, trunkPrefix, internationalPrefix, national, bare, ranges = [] } = plan
  const readings = new Set<string>()
  const isOwn = ranges.some((own) => digits.startsWith(own.prefix) && digits.length === own.digits)
  if (isOwn) readings.add(digits)
  if (text.startsWith('+')) {
    return isInternational(digits, plan) ? readings.add(digits) : readings
  }
  if (digits.startsWith(countryCode) && national.test(digits.slice(countryCode.length))) {
    readings.add(digits)
  }
  if (trunkPrefix !== undefined && digits.startsWith(trunkPrefix)) {
    const rest = digits.slice(trunkPrefix.length)
    if (national.test(rest)) readings.add(countryCode + rest)
  }
  if (bare?.test(digits)) readings.add(countryCode + digits)
  if (internationalPrefix !== undefined && digits.startsWith(internationalPrefix)) {
    const rest = digits.slice(internationalPrefix.length)
    if (isInternational(rest, plan)) readings.add(rest)
  }
  return readings
}

/** A number of the plan's own country must have that country's length. */
function isInternational(digits: string, { countryCode, national }: NumberingPlan): boolean {
  if (!E164.test(digits)) return false
  return !digits.startsWith(countryCode) || national.test(digits.slice(countryCode.length))
}

function isSeveral(text: string, plan: NumberingPlan): boolean {
  const words = text.split(/\s*[,;/]\s*|\s+/)
  return words.some((_, at) => {
    const [left, right] = [words.slice(0, at).join(' '), words.slice(at).join(' ')]
    return [left, right].every((side) => WRITTEN.test(side) && readingsOf(side, plan).size > 0)
  })
}

function planOf(msisdn: string): NumberingPlan {
  return PLANS.find(({ countryCode }) => msisdn.startsWith(countryCode)) ?? INTERNATIONAL
}

function isShaped(plan: NumberingPlan, national: string): boolean {
  return plan.shape.replaceAll(/[^X]/g, '').length === national.length && national !== ''
}

function masked(digits: string, openingDigits: number): string[] {
  return [...digits].map((digit, at) =>
    at < openingDigits || at >= digits.length - 2 ? digit : '*',
  )
}

function shaped(shape: string, digits: readonly string[]): string {
  let at = 0
  return shape.replaceAll('X', () => digits[at++] ?? '')
}
