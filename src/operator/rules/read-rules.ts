/** The gifting rules of an operator's file, each read by its own reader and kept apart from where it was found. */

import { jsonFields, type JsonFields } from '../../base/json-fields.ts'
import type { LotOrigin, TrafficClass } from '../../store/ledger.ts'
import { present, readAmount, readMoney, readSource, type FileUnits } from './read-values.ts'
import type {
  AbuseRule,
  AcceptanceRule,
  AgeGroup,
  Alternative,
  ClaimRule,
  ClosedDays,
  ConfirmationRule,
  CustomerKind,
  ExtensionRule,
  FeeRule,
  GiftingRules,
  NearExpiryWindow,
  PinRule,
  RuleName,
  RuleSource,
  RuleSources,
  ValidityRule,
} from './types.ts'

export const LOT_ORIGINS: readonly LotOrigin[] = [
  'plan',
  'purchased',
  'rollover',
  'gift',
  'bonus',
  'loan',
]
export const TRAFFIC_CLASSES: readonly TrafficClass[] = ['general', 'directed']

/**
 * Reads an object of rules, each `{ "value", "source", "trust" }`.
 * @throws {LabError} badInput, naming the field
 */
export function readRules(
  gifting: JsonFields,
  units: FileUnits,
): { readonly rules: GiftingRules; readonly sources: RuleSources } {
  gifting.onlyFields(RULE_NAMES)
  const rules: Partial<Record<RuleName, unknown>> = {}
  const sources: Partial<Record<RuleName, RuleSource>> = {}
  for (const name of gifting.names() as readonly RuleName[]) {
    const rule = gifting.child(name)
    rule.onlyFields(['value', 'source', 'trust'])
    rules[name] = READERS[name](rule, units)
    sources[name] = readSource(rule)
  }
  return { rules: rules as GiftingRules, sources }
}

/** Reads the `value` of one rule. */
type Reader<T> = (rule: JsonFields, units: FileUnits) => T

const BOOLEAN: Reader<boolean> = (rule) => rule.oneOf('value', [true, false])
const COUNT: Reader<number> = (rule) => rule.integer('value', { min: 0, max: 1_000_000 })
const AMOUNT: Reader<bigint> = (rule, units) => readAmount(rule, { name: 'value', units })
const PERCENT: Reader<number> = (rule) => rule.integer('value', { min: 1, max: 100 })
const PASSAGE: Reader<'allowed' | 'refused'> = (rule) =>
  rule.oneOf('value', ['allowed', 'refused'] as const)
const KINDS: Reader<readonly CustomerKind[]> = (rule) =>
  rule.choices('value', ['person', 'company'])
const AGES: Reader<readonly AgeGroup[]> = (rule) => rule.choices('value', ['minor', 'adult'])

const ALTERNATIVES: readonly Alternative[] = [
  'group',
  'boughtGift',
  'moneyTransfer',
  'market',
  'rollover',
  'extension',
  'topUpForOther',
  'useItYourself',
]

const READERS: { readonly [Name in RuleName]-?: Reader<NonNullable<GiftingRules[Name]>> } = {
  service: (rule) => rule.oneOf('value', ['direct', 'bought', 'group', 'none'] as const),
  approval: (rule) => rule.oneOf('value', ['granted', 'pending'] as const),
  alternatives: (rule) => rule.choices('value', ALTERNATIVES),
  sameOperatorOnly: BOOLEAN,
  sameRegionOnly: BOOLEAN,
  samePaymentOnly: BOOLEAN,
  stepBytes: AMOUNT,
  minBytes: AMOUNT,
  maxBytes: AMOUNT,
  sizesBytes: readSizes,
  keepBytes: AMOUNT,
  planPercentPerGift: PERCENT,
  planPercentPerPeriod: PERCENT,
  remainingPercentPerGift: PERCENT,
  senderDayGifts: COUNT,
  senderDayBytes: AMOUNT,
  senderMonthGifts: COUNT,
  senderMonthBytes: AMOUNT,
  senderMonthReceivers: COUNT,
  receiverDayGifts: COUNT,
  receiverDayBytes: AMOUNT,
  receiverMonthGifts: COUNT,
  receiverMonthBytes: AMOUNT,
  gapMinutes: COUNT,
  closedDays: readClosedDays,
  origins: (rule) => rule.choices('value', LOT_ORIGINS),
  trafficClasses: (rule) => rule.choices('value', TRAFFIC_CLASSES),
  nearExpiry: (rule) => rule.list('value', readWindow),
  regift: BOOLEAN,
  oneReceivedPackage: (rule) => rule.oneOf('value', ['blocksReceiving', 'blocksBoth'] as const),
  senderKinds: KINDS,
  receiverKinds: KINDS,
  senderAgeGroups: AGES,
  receiverAgeGroups: AGES,
  senderPlans: (rule) => rule.texts('value', { maxOctets: 32, expected: 'the id of a plan' }),
  senderTenureDays: COUNT,
  receiverTenureDays: COUNT,
  identified: BOOLEAN,
  feeCharged: BOOLEAN,
  coolOffAfterProvisioningHours: COUNT,
  coolOffAfterRoamingHours: COUNT,
  receiverActiveWithinDays: COUNT,
  roamingSender: PASSAGE,
  roamingReceiver: PASSAGE,
  blockLists: BOOLEAN,
  fee: readFee,
  confirmation: readConfirmation,
  pin: readPin,
  acceptance: readAcceptance,
  validity: readValidity,
  claimCodes: readClaim,
  askForData: BOOLEAN,
  automaticGift: BOOLEAN,
  reversalHours: COUNT,
  abuse: readAbuse,
}

/** The names of all rules that there are. */
export const RULE_NAMES = Object.keys(READERS) as readonly RuleName[]

function readSizes(rule: JsonFields, units: FileUnits): readonly bigint[] {
  const sizes = rule.list('value', (size, path) =>
    readAmount(jsonFields({ [path]: size }, { path, isWhole: true }), { name: path, units }),
  )
  return sizes.length > 0 ? sizes : rule.refuse('value', 'a list that is not empty')
}

function readClosedDays(rule: JsonFields): ClosedDays {
  const days = rule.child('value')
  days.onlyFields(['fromDay', 'toDay'])
  const day = (name: string) => days.integer(name, { min: 1, max: 31 })
  return { fromDay: day('fromDay'), toDay: day('toDay') }
}

function readWindow(value: unknown, path: string): NearExpiryWindow {
  const window = jsonFields(value, { path })
  window.onlyFields(['lifeDaysMax', 'lastDays'])
  return present({
    lifeDaysMax: maybeCount(window, 'lifeDaysMax'),
    lastDays: maybeCount(window, 'lastDays'),
  })
}

function readFee(rule: JsonFields, units: FileUnits): FeeRule {
  const fee = rule.child('value')
  fee.onlyFields(['amount', 'perGigabyte', 'payer'])
  const perGigabyteMinor = fee.maybe('perGigabyte', () =>
    readMoney(fee, { name: 'perGigabyte', units }),
  )
  return {
    amountMinor: readMoney(fee, { name: 'amount', units }),
    payer: fee.oneOf('payer', ['sender', 'receiver'] as const),
    ...present({ perGigabyteMinor }),
  }
}

function readConfirmation(rule: JsonFields): ConfirmationRule {
  const confirmation = rule.child('value')
  confirmation.onlyFields(['kind', 'withinMinutes'])
  const kind = confirmation.oneOf('kind', ['none', 'yes', 'pin'] as const)
  if (kind === 'none') return { kind }
  return { kind, withinMinutes: confirmation.integer('withinMinutes', { min: 1, max: 1440 }) }
}

function readPin(rule: JsonFields): PinRule {
  const pin = rule.child('value')
  pin.onlyFields(['digits', 'tries', 'initialPin'])
  const digits = pin.integer('digits', { min: 4, max: 8 })
  const pattern = new RegExp(`^[0-9]{${digits}}$`)
  return {
    digits,
    tries: pin.integer('tries', { min: 1, max: 10 }),
    ...present({
      initialPin: pin.maybe('initialPin', () =>
        pin.text('initialPin', { pattern, expected: `${digits} digits` }),
      ),
    }),
  }
}

function readAcceptance(rule: JsonFields): AcceptanceRule {
  const acceptance = rule.child('value')
  acceptance.onlyFields(['kind', 'withinHours'])
  const kind = acceptance.oneOf('kind', ['none', 'required'] as const)
  if (kind === 'none') return { kind }
  return { kind, withinHours: acceptance.integer('withinHours', { min: 1, max: 1000 }) }
}

const VALIDITIES = [
  'keepSource',
  'endOfMonth',
  'endOfNextMonth',
  'laterOfBoth',
  'sourceRemaining',
  'sooner',
  'fixedDays',
  'fixedHours',
] as const

const FIELDS_OF_VALIDITY: { readonly [Kind in ValidityRule['kind']]?: readonly string[] } = {
  sooner: ['days'],
  fixedDays: ['days', 'extension'],
  fixedHours: ['hours'],
}

function readValidity(rule: JsonFields, units: FileUnits): ValidityRule {
  const validity = rule.child('value')
  const kind = validity.oneOf('kind', VALIDITIES)
  validity.onlyFields(['kind', ...(FIELDS_OF_VALIDITY[kind] ?? [])])
  const days = () => validity.integer('days', { min: 1, max: 3660 })
  if (kind === 'sooner') return { kind, days: days() }
  if (kind === 'fixedHours')
    return { kind, hours: validity.integer('hours', { min: 1, max: 8760 }) }
  if (kind !== 'fixedDays') return { kind }
  const extension = validity.maybe('extension', () =>
    readExtension(validity.child('extension'), { units, days: days() }),
  )
  return { kind, days: days(), ...present({ extension }) }
}

function readExtension(
  extension: JsonFields,
  of: { readonly units: FileUnits; readonly days: number },
): ExtensionRule {
  extension.onlyFields(['toDays', 'fee'])
  return {
    toDays: extension.integer('toDays', { min: of.days + 1, max: 3660 }),
    feeMinor: readMoney(extension, { name: 'fee', units: of.units }),
  }
}

function readClaim(rule: JsonFields): ClaimRule {
  const claim = rule.child('value')
  claim.onlyFields(['withinHours', 'endsWithMonth'])
  return {
    withinHours: claim.integer('withinHours', { min: 1, max: 1000 }),
    endsWithMonth: claim.oneOf('endsWithMonth', [true, false]),
  }
}

function readAbuse(rule: JsonFields): AbuseRule {
  const abuse = rule.child('value')
  abuse.onlyFields(['windowHours', 'gifts', 'fanOut', 'fanIn', 'ringHands', 'action'])
  return {
    windowHours: abuse.integer('windowHours', { min: 1, max: 8760 }),
    action: abuse.oneOf('action', ['refuse', 'suspend'] as const),
    ...present({
      gifts: maybeCount(abuse, 'gifts'),
      fanOut: maybeCount(abuse, 'fanOut'),
      fanIn: maybeCount(abuse, 'fanIn'),
      ringHands: abuse.maybe('ringHands', () => abuse.integer('ringHands', { min: 2, max: 10 })),
    }),
  }
}

function maybeCount(fields: JsonFields, name: string): number | undefined {
  return fields.maybe(name, () => fields.integer(name, { min: 1, max: 1_000_000 }))
}
