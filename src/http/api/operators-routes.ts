/** The operators of the lab: what they sell, their rules with sources and trust, and reading their files again. */

import { z } from 'zod'
import { amountToJson } from '../../operator/amount.ts'
import type { OperatorFile } from '../../operator/operator-file.ts'
import type { Operator } from '../../operator/operator.ts'
import type { RuleSource, Tariff } from '../../operator/rules/types.ts'
import { ok, route, type Route } from './route.ts'
import { amountJson, idOf } from './schemas.ts'

const planSchema = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    amountBytes: amountJson,
    giftable: z.boolean(),
    period: z.enum(['once', 'monthly']),
    payment: z.enum(['prepaid', 'postpaid']),
    feeMinor: amountJson,
  })
  .meta({ id: 'Plan' })

const summaryShape = {
  id: z.string(),
  name: z.string(),
  country: z.string(),
  plmn: z.object({ mcc: z.string(), mnc: z.string() }),
  languages: z.array(z.string()),
  timeZone: z.string(),
  currency: z.object({ code: z.string(), minorDigits: z.int() }),
  gigabyteBytes: z.int(),
  profileType: z.string(),
  isDefault: z.boolean(),
  gifting: z.string().nullable().meta({ description: 'direct, bought, group or none.' }),
  plans: z.array(planSchema),
}

const summarySchema = z.object(summaryShape).meta({ id: 'OperatorSummary' })

const ruleSchema = z.object({
  rule: z.string(),
  value: z.unknown(),
  source: z.string(),
  trust: z.enum(['A', 'B', 'C', 'D', 'I', 'U']),
})

const operatorSchema = z
  .object({
    ...summaryShape,
    description: z.string(),
    ranges: z.looseObject({}),
    rules: z.array(ruleSchema),
    moneyRules: z.array(ruleSchema).nullable().meta({
      description: 'By which subscribers send each other money; null where they do not.',
    }),
    packages: z.array(z.looseObject({ id: z.string() })),
    extension: z.looseObject({}).nullable(),
    topUpMinor: z.object({ min: amountJson, max: amountJson }),
    orderOfUse: z.array(z.string()),
    charging: z.looseObject({
      ratingGroups: z.array(z.object({ id: z.int(), classes: z.array(z.string()) })),
      overage: z.looseObject({ policy: z.enum(['block', 'charge']) }),
    }),
    channels: z.array(z.looseObject({ kind: z.string() })),
    regulation: z.looseObject({}),
    stock: z.looseObject({}),
  })
  .meta({ id: 'Operator' })

const reloadedSchema = z
  .object({
    ids: z.array(z.string()),
    faults: z.array(z.object({ path: z.string(), text: z.string() })),
  })
  .meta({ id: 'OperatorsReloaded' })

/** The routes over the registry. */
export function operatorsRoutes(
  operator: Pick<Operator, 'operators' | 'stockLevel'>,
): readonly Route[] {
  const { operators } = operator
  const summary = (file: OperatorFile) => summaryJson(file, file === operators.default)
  return [
    route({
      method: 'GET',
      path: '/api/operators',
      operationId: 'listOperators',
      summary: 'The operators of this lab, and their plans',
      tag: 'Operators',
      scope: 'operators:read',
      responses: {
        200: {
          description: 'The default one first.',
          schema: z.object({ operators: z.array(summarySchema) }),
        },
      },
      handle: () => ok({ operators: operators.list().map(summary) }),
    }),
    route({
      method: 'GET',
      path: '/api/operators/{id}',
      operationId: 'getOperator',
      summary: 'An operator: its rules, each with its source and how far that can be relied on',
      tag: 'Operators',
      scope: 'operators:read',
      params: idOf('id', 'The id of an operator.'),
      responses: { 200: { description: 'The operator.', schema: operatorSchema } },
      handle({ params }) {
        const file = operators.get(String(params.id))
        const stock = operator.stockLevel({ operator: file.id })
        return ok({ ...summary(file), ...detailsJson(file), stock })
      },
    }),
    route({
      method: 'POST',
      path: '/api/operators/reload',
      operationId: 'reloadOperators',
      summary: "Read the operators' files again",
      description: 'A file that is wrong is told of, and leaves its operator as it was.',
      tag: 'Operators',
      scope: 'operators:write',
      responses: { 200: { description: 'What became of it.', schema: reloadedSchema } },
      handle: () => ok(operators.reload()),
    }),
  ]
}

function summaryJson(file: OperatorFile, isDefault: boolean) {
  const { id, name, country, plmn, languages, timeZone, currency, gigabyteBytes } = file
  return {
    id,
    name,
    country,
    plmn,
    languages,
    timeZone,
    currency,
    gigabyteBytes,
    profileType: file.profile.profileType,
    isDefault,
    gifting: file.gifting.service ?? null,
    plans: file.plans.map(plain),
  }
}

function detailsJson(file: OperatorFile) {
  const { description, ranges, gifting, giftingSources, channels, regulation, moneyTransfer } = file
  const { packages, extension, topUpMinor }: Tariff = file.tariff
  return {
    description,
    ranges,
    rules: rulesJson(gifting, giftingSources),
    moneyRules: moneyTransfer ? rulesJson(moneyTransfer.rules, moneyTransfer.sources) : null,
    packages: packages.map(plain),
    extension: extension ? plain(extension) : null,
    topUpMinor: plain(topUpMinor),
    orderOfUse: file.consumption.origins,
    charging: plain(file.charging),
    channels: channels.map(plain),
    regulation: plain(regulation),
  }
}

function rulesJson(rules: object, sources: Readonly<Record<string, RuleSource>>): object[] {
  return Object.entries(rules).map(([rule, value]) => ({
    rule,
    value: plain(value),
    ...sources[rule],
  }))
}

/** What a file says, as JSON: amounts and prices are bigint there. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? amountToJson(part) : part,
  )
  return JSON.parse(text) as unknown
}
