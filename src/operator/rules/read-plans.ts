/** What an operator's file says about plans, prices, order of use, channels, law and words. */

import { jsonFields, refuseJson, type JsonFields } from '../../base/json-fields.ts'
import type { LotScope } from '../../store/ledger.ts'
import { GRAMMARS, isGrammarId } from '../messages/grammars.ts'
import { MESSAGES, type MessageId, type TextByChannel } from '../messages/texts/catalogue.ts'
import { templateFaults } from '../messages/texts/render.ts'
import { LOT_ORIGINS, TRAFFIC_CLASSES } from './read-rules.ts'
import {
  LANGUAGE_TAG,
  present,
  readAmount,
  readLocalText,
  readMoney,
  readSource,
  type FileUnits,
} from './read-values.ts'
import type {
  Channel,
  ChargingRules,
  ChannelKind,
  ConsumptionOrder,
  OverageRule,
  Plan,
  RatingGroup,
  Regulation,
  RolloverRule,
  RuleSource,
  Tariff,
  TariffExtension,
  TariffPackage,
  Texts,
} from './types.ts'

const SHORT_NAME = { pattern: /^[a-z][a-z0-9-]{0,31}$/, expected: 'a short name' }
const SCOPES: readonly LotScope[] = ['home', 'roaming', 'any']
const CHANNEL_KINDS: readonly ChannelKind[] = ['sms', 'ussd', 'app', 'api', 'web']
const DAYS = { min: 1, max: 3660 }

/** @throws {LabError} badInput, naming the field */
export function readPlan(plan: JsonFields, units: FileUnits): Plan {
  plan.onlyFields(
    'id name amount giftable period validDays billingDay fee payment trafficClass scope rollover source trust'.split(
      ' ',
    ),
  )
  if (plan.names().includes('source')) readSource(plan)
  const period = plan.maybe('period', () => plan.oneOf('period', ['once', 'monthly'] as const))
  const isMonthly = period === 'monthly'
  const rollover = plan.maybe('rollover', () => readRollover(plan.child('rollover'), units))
  if (!isMonthly && rollover) plan.refuse('rollover', 'a monthly plan, to carry data over')
  if (isMonthly && plan.names().includes('validDays')) {
    plan.refuse('validDays', 'none: a monthly plan lasts a month')
  }
  return {
    id: plan.text('id', SHORT_NAME),
    name: plan.text('name', { maxOctets: 64 }),
    amountBytes: readAmount(plan, { name: 'amount', units }),
    giftable: plan.oneOf('giftable', [true, false]),
    period: period ?? 'once',
    validDays: isMonthly ? MONTH_DAYS : plan.integer('validDays', DAYS),
    feeMinor: plan.maybe('fee', () => readMoney(plan, { name: 'fee', units })) ?? 0n,
    payment:
      plan.maybe('payment', () => plan.oneOf('payment', ['prepaid', 'postpaid'] as const)) ??
      'prepaid',
    ...readKind(plan),
    ...present({
      billingDay: plan.maybe('billingDay', () => plan.integer('billingDay', { min: 1, max: 31 })),
      rollover,
    }),
  }
}

/** The longest month: what is shown of a monthly plan; its periods follow the calendar. */
const MONTH_DAYS = 31

/** @throws {LabError} badInput, naming the field */
export function readTariff(tariff: JsonFields, units: FileUnits): Tariff {
  tariff.onlyFields(['packages', 'extension', 'topUp'])
  const packages = tariff.maybe('packages', () =>
    tariff.list('packages', (json, path) => readPackage(jsonFields(json, { path }), units)),
  )
  const extension = tariff.maybe('extension', () => readExtension(tariff.child('extension'), units))
  return {
    packages: packages ?? [],
    topUpMinor: tariff.maybe('topUp', () => readTopUp(tariff.child('topUp'), units)) ?? TOP_UP,
    ...present({ extension }),
  }
}

const TOP_UP = { min: 1n, max: 10_000_000n }

/** What an operator sells whose file says nothing of it. */
export const NO_TARIFF: Tariff = { packages: [], topUpMinor: TOP_UP }

/** @throws {LabError} badInput, naming the field */
export function readConsumption(consumption: JsonFields): ConsumptionOrder {
  consumption.onlyFields(['origins', 'source', 'trust'])
  readSource(consumption)
  const origins = consumption.choices('origins', LOT_ORIGINS)
  if (new Set(origins).size < origins.length) consumption.refuse('origins', 'each origin once')
  return { origins }
}

/** What an operator charges by whose file says nothing of it. */
export const CHARGING_DEFAULT: ChargingRules = {
  ratingGroups: [
    { id: 1, classes: ['general'] },
    { id: 2, classes: ['directed', 'general'] },
  ],
  overage: { policy: 'block' },
}

/** @throws {LabError} badInput, naming the field */
export function readCharging(charging: JsonFields, units: FileUnits): ChargingRules {
  charging.onlyFields(['ratingGroups', 'overage'])
  const ratingGroups = charging.maybe('ratingGroups', () =>
    charging.list('ratingGroups', readRatingGroup),
  )
  if (ratingGroups && new Set(ratingGroups.map(({ id }) => id)).size < ratingGroups.length) {
    charging.refuse('ratingGroups', 'rating groups whose ids differ')
  }
  const overage = charging.maybe('overage', () => readOverage(charging.child('overage'), units))
  return { ...CHARGING_DEFAULT, ...present({ ratingGroups, overage }) }
}

const UINT32_MAX = 2 ** 32 - 1

function readRatingGroup(json: unknown, path: string): RatingGroup {
  const group = jsonFields(json, { path })
  group.onlyFields(['id', 'classes'])
  const classes = group.choices('classes', TRAFFIC_CLASSES)
  if (new Set(classes).size < classes.length) group.refuse('classes', 'each class once')
  return { id: group.integer('id', { min: 0, max: UINT32_MAX }), classes }
}

function readOverage(overage: JsonFields, units: FileUnits): OverageRule {
  const policy = overage.oneOf('policy', ['block', 'charge'] as const)
  const priced = policy === 'charge' ? ['price', 'per'] : []
  overage.onlyFields(['policy', ...priced, 'source', 'trust'])
  if (overage.names().includes('source')) readSource(overage)
  if (policy === 'block') return { policy }
  const priceMinor = readMoney(overage, { name: 'price', units })
  if (priceMinor === 0n) overage.refuse('price', 'more than 0')
  return { policy, priceMinor, perBytes: readAmount(overage, { name: 'per', units }) }
}

/** @throws {LabError} badInput, naming the field */
export function readChannel(json: unknown, path: string): Channel {
  const channel = jsonFields(json, { path })
  channel.onlyFields(['kind', 'grammars', 'shortCode', 'withPin', 'source', 'trust'])
  if (channel.names().includes('source')) readSource(channel)
  return {
    kind: channel.oneOf('kind', CHANNEL_KINDS),
    grammars: channel.maybe('grammars', () => channel.list('grammars', readGrammar)) ?? [],
    withPin: channel.flag('withPin') ?? false,
    ...present({
      shortCode: channel.maybe('shortCode', () =>
        channel.text('shortCode', { pattern: /^[0-9*#]{2,15}$/, expected: '2 to 15 digits' }),
      ),
    }),
  }
}

function readGrammar(json: unknown, path: string): string {
  if (typeof json === 'string' && isGrammarId(json)) return json
  return refuseJson(path, `one of ${['generic', ...Object.keys(GRAMMARS)].join(', ')}`)
}

/** @throws {LabError} badInput, naming the field */
export function readRegulation(regulation: JsonFields): Regulation {
  const sources: Record<string, RuleSource> = {}
  const rule = <T>(name: string, read: (of: JsonFields) => T): T | undefined =>
    regulation.maybe(name, () => {
      const found = regulation.child(name)
      found.onlyFields(['value', 'source', 'trust'])
      sources[name] = readSource(found)
      return read(found)
    })
  regulation.onlyFields([
    'coolingAfterRoamingHours',
    'coolingAfterIdle',
    'handoverBan',
    'approvals',
    'usageNoticesPercent',
  ])
  const found = present({
    coolingAfterRoamingHours: rule('coolingAfterRoamingHours', readHours),
    coolingAfterIdle: rule('coolingAfterIdle', readIdle),
    handoverBan: rule('handoverBan', (of) => readLocalText(of.child('value'))),
    approvals: rule('approvals', (of) => of.list('value', readApproval)),
    usageNoticesPercent: rule('usageNoticesPercent', (of) => of.list('value', readPercent)),
  })
  return { ...found, sources }
}

/** @throws {LabError} badInput, naming the field */
export function readTexts(texts: JsonFields): Texts {
  const languages = texts.names()
  for (const language of languages) {
    if (!LANGUAGE_TAG.test(language)) texts.refuse(language, 'a language tag such as "en"')
  }
  return Object.fromEntries(
    languages.map((tag) => {
      const words = texts.child(tag)
      words.onlyFields(Object.keys(MESSAGES))
      return [tag, Object.fromEntries(words.names().map((id) => [id, readWords(words, id)]))]
    }),
  )
}

/** A text, or one for each channel, with no parameter that the catalogue does not have. */
function readWords(words: JsonFields, id: string): TextByChannel {
  const template =
    words.wordOf(id) === undefined
      ? readByChannel(words.child(id))
      : words.text(id, { maxOctets: 1000 })
  const [fault] = templateFaults(id as MessageId, template)
  return fault === undefined ? template : words.refuse(id, `a text of this message; ${fault}`)
}

function readByChannel(text: JsonFields): TextByChannel {
  text.onlyFields(['sms', 'ussd'])
  return {
    sms: text.text('sms', { maxOctets: 1000 }),
    ussd: text.text('ussd', { maxOctets: 1000 }),
  }
}

function readRollover(rollover: JsonFields, units: FileUnits): RolloverRule {
  rollover.onlyFields(['percent', 'periods', 'giftable', 'fee'])
  return {
    percent: rollover.integer('percent', { min: 1, max: 100 }),
    periods: rollover.integer('periods', { min: 1, max: 24 }),
    giftable: rollover.oneOf('giftable', [true, false]),
    ...present({
      feeMinor: rollover.maybe('fee', () => readMoney(rollover, { name: 'fee', units })),
    }),
  }
}

function readPackage(offer: JsonFields, units: FileUnits): TariffPackage {
  offer.onlyFields(
    'id name amount price validDays endsAtMidnight origin trafficClass scope giftable for source trust'.split(
      ' ',
    ),
  )
  if (offer.names().includes('source')) readSource(offer)
  const origins = ['purchased', 'bonus', 'loan'] as const
  return {
    id: offer.text('id', SHORT_NAME),
    name: offer.text('name', { maxOctets: 64 }),
    amountBytes: readAmount(offer, { name: 'amount', units }),
    priceMinor: readMoney(offer, { name: 'price', units }),
    endsAtMidnight: offer.flag('endsAtMidnight') ?? false,
    origin: offer.maybe('origin', () => offer.oneOf('origin', origins)) ?? 'purchased',
    giftable: offer.oneOf('giftable', [true, false]),
    for: offer.maybe('for', () => offer.oneOf('for', ['self', 'other'] as const)) ?? 'self',
    ...readKind(offer),
    ...present({ validDays: offer.maybe('validDays', () => offer.integer('validDays', DAYS)) }),
  }
}

function readKind(of: JsonFields): Pick<Plan, 'trafficClass' | 'scope'> {
  return {
    trafficClass:
      of.maybe('trafficClass', () => of.oneOf('trafficClass', TRAFFIC_CLASSES)) ?? 'general',
    scope: of.maybe('scope', () => of.oneOf('scope', SCOPES)) ?? 'any',
  }
}

function readExtension(extension: JsonFields, units: FileUnits): TariffExtension {
  extension.onlyFields(['origins', 'days', 'fee', 'lifeDaysMax', 'source', 'trust'])
  if (extension.names().includes('source')) readSource(extension)
  return {
    origins: extension.choices('origins', LOT_ORIGINS),
    days: extension.integer('days', DAYS),
    feeMinor: readMoney(extension, { name: 'fee', units }),
    lifeDaysMax: extension.integer('lifeDaysMax', DAYS),
  }
}

function readTopUp(topUp: JsonFields, units: FileUnits): Tariff['topUpMinor'] {
  topUp.onlyFields(['min', 'max'])
  const min = readMoney(topUp, { name: 'min', units })
  const max = readMoney(topUp, { name: 'max', units })
  return min > 0n && min <= max ? { min, max } : topUp.refuse('max', 'at least min, more than 0')
}

function readIdle(rule: JsonFields): NonNullable<Regulation['coolingAfterIdle']> {
  const idle = rule.child('value')
  idle.onlyFields(['idleHours', 'restHours'])
  const hours = (name: string) => idle.integer(name, { min: 1, max: 8760 })
  return { idleHours: hours('idleHours'), restHours: hours('restHours') }
}

function readHours(rule: JsonFields): number {
  return rule.integer('value', { min: 1, max: 8760 })
}

const SERVICES = ['gifting', 'roamingGifting', 'market'] as const

function readApproval(json: unknown, path: string) {
  const approval = jsonFields(json, { path })
  approval.onlyFields(['service', 'state'])
  return {
    service: approval.oneOf('service', SERVICES),
    state: approval.oneOf('state', ['pending', 'granted'] as const),
  }
}

function readPercent(json: unknown, path: string): number {
  const name = path
  return jsonFields({ [name]: json }, { path, isWhole: true }).integer(name, { min: 1, max: 100 })
}
