/** Subscriptions: plan, status, dates, wallet and lots, what is ordered for them, and numbers that come back. */

import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import { unknownNumber, type Account } from '../../operator/accounts.ts'
import { amountToJson } from '../../operator/amount.ts'
import type { Operator } from '../../operator/operator.ts'
import type { OrderOutcome, Receipt, Wish } from '../../operator/subscriptions/orders.ts'
import { lotJson, lotSchema } from './lots.ts'
import { answerOnce } from './operator-routes.ts'
import { ok, route, type Answer, type Asked, type Route } from './route.ts'
import { amountJson, instant, msisdn, ofNumber, readBy } from './schemas.ts'

const money = amountJson.meta({ description: "Minor units of the operator's currency." })

/** An amount of money above zero, in minor units. */
export const amountMinor = readBy(
  {
    description: 'Minor units: an integer, or decimal digits as text.',
    anyOf: [
      { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
      { type: 'string', pattern: '^[1-9][0-9]{0,14}$' },
    ],
  },
  (value, field) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return BigInt(value)
    if (typeof value === 'string' && /^[1-9][0-9]{0,14}$/.test(value)) return BigInt(value)
    throw new LabError('badInput', `${field} must be a whole number of minor units above zero`)
  },
)

const factsSchema = z
  .object({
    msisdn: z.string(),
    operator: z.string(),
    status: z.enum(['active', 'suspended', 'blocked', 'closed']),
    profileState: z.string(),
    plan: z.object({ id: z.string(), name: z.string() }).nullable(),
    period: z.object({ from: instant, until: instant }).nullable(),
    billingDay: z.int().nullable(),
    feeCharged: z.boolean(),
    payment: z.enum(['prepaid', 'postpaid']),
    customerKind: z.enum(['person', 'company']),
    ageGroup: z.enum(['minor', 'adult']),
    identified: z.boolean(),
    language: z.string().nullable(),
    region: z.string().nullable(),
    openedAt: instant,
    liveSince: instant.nullable(),
    closedAt: instant.nullable(),
  })
  .meta({ id: 'SubscriptionFacts' })

const subscriptionSchema = factsSchema
  .extend({
    bindings: z.array(
      z.object({ iccid: z.string(), eid: z.string(), from: instant, to: instant.nullable() }),
    ),
    wallet: z.object({
      moneyMinor: money,
      creditMinor: money,
      currency: z.string(),
      minorDigits: z.int(),
    }),
    gigabyteBytes: z.int(),
    timeZone: z.string().meta({ description: "The operator's, an IANA name." }),
    lots: z.array(lotSchema).meta({ description: 'In the order in which they are used.' }),
  })
  .meta({ id: 'Subscription' })

const receiptSchema = z
  .object({
    id: z.string(),
    msisdn: z.string(),
    kind: z.enum(['topUp', 'package', 'extension']),
    amountMinor: money,
    currency: z.string(),
    at: instant,
    lot: z
      .object({
        id: z.int(),
        label: z.string().nullable(),
        grantedBytes: amountJson,
        validFrom: instant,
        validUntil: instant,
      })
      .nullable(),
  })
  .meta({ id: 'Receipt' })

const changesSchema = z.strictObject({
  status: z.enum(['active', 'suspended', 'blocked', 'closed']).optional(),
  planId: z.string().min(1).max(64).optional(),
  customerKind: z.enum(['person', 'company']).optional(),
  ageGroup: z.enum(['minor', 'adult']).optional(),
  identified: z.boolean().optional(),
  language: z.string().max(35).optional(),
  region: z.string().max(64).optional(),
})

type OfNumber = z.output<typeof ofNumber>

/** The routes over an operator. */
export function subscriptionRoutes(operator: Operator): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/accounts/{msisdn}/subscription',
      operationId: 'getSubscription',
      summary: 'A subscription: plan, dates, cards, wallet, and lots in order of use',
      tag: 'Subscriptions',
      scope: 'accounts:read',
      params: ofNumber,
      actsFor: ({ params }) => [params.msisdn],
      responses: { 200: { description: 'The subscription.', schema: subscriptionSchema } },
      async handle({ params }) {
        await operator.subscriptions.refreshDue(params)
        return ok(subscriptionJson(operator, params))
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/accounts/{msisdn}/subscription',
      operationId: 'changeSubscription',
      summary: 'Change status, plan or details; a closed subscription is over for good',
      description: 'The changes are made one after another, details first and the status last.',
      tag: 'Subscriptions',
      scope: 'accounts:write',
      params: ofNumber,
      body: changesSchema,
      responses: { 200: { description: 'As it is now.', schema: factsSchema } },
      handle: async ({ params, body }) =>
        ok(factsJson(operator, await change(operator, { ...params, ...body }))),
    }),
    ...orderRoutes(operator),
    route({
      method: 'POST',
      path: '/api/accounts/{msisdn}/recycle',
      operationId: 'recycleNumber',
      summary: 'Put the number of a closed subscription on stock again, with a new profile',
      tag: 'Subscriptions',
      scope: 'accounts:write',
      params: ofNumber,
      body: z.strictObject({ quarantineDays: z.int().min(0).max(3650).optional() }),
      responses: {
        201: { description: 'The new profile.', schema: z.object({ iccid: z.string() }) },
      },
      async handle({ params, body: { quarantineDays } }) {
        const days = quarantineDays === undefined ? {} : { quarantineDays }
        return {
          status: 201,
          body: await operator.subscriptions.recycle({ ...params, ...days }),
        }
      },
    }),
  ]
}

function orderRoutes(operator: Operator): readonly Route[] {
  const responses = { 201: { description: 'The receipt.', schema: receiptSchema } }
  const common = { method: 'POST', tag: 'Subscriptions', idempotent: true, responses } as const
  const place = async (
    { params, idempotencyKey, caller }: Asked<OfNumber, unknown, unknown>,
    wish: Wish,
  ): Promise<Answer> =>
    orderAnswer(await operator.attemptOrder({ ...params, wish, caller, idempotencyKey }))
  return [
    route({
      ...common,
      path: '/api/accounts/{msisdn}/top-ups',
      operationId: 'topUp',
      summary: 'Put money on an account',
      scope: 'balances:write',
      params: ofNumber,
      body: z.strictObject({ amountMinor }),
      handle: (asked) => place(asked, { kind: 'topUp', ...asked.body }),
    }),
    route({
      ...common,
      path: '/api/accounts/{msisdn}/purchases',
      operationId: 'buyPackage',
      summary: 'Buy a package, for the account or as a gift for another one',
      scope: 'purchases:write',
      params: ofNumber,
      body: z.strictObject({ packageId: z.string().min(1).max(64), for: msisdn.optional() }),
      actsFor: ({ params }) => [params.msisdn],
      handle: (asked) => place(asked, { kind: 'package', ...asked.body }),
    }),
    route({
      ...common,
      path: '/api/accounts/{msisdn}/extensions',
      operationId: 'extendLot',
      summary: 'Buy a longer life for a lot',
      scope: 'purchases:write',
      params: ofNumber,
      body: z.strictObject({ lotId: z.int().min(1) }),
      actsFor: ({ params }) => [params.msisdn],
      handle: (asked) => place(asked, { kind: 'extension', ...asked.body }),
    }),
  ]
}

async function change(
  { subscriptions }: Operator,
  changes: OfNumber & z.output<typeof changesSchema>,
): Promise<Account> {
  const { msisdn: of, status, planId, ...details } = changes
  const given = Object.entries(details).filter(([, value]) => value !== undefined)
  let account = await subscriptions.setDetails({ msisdn: of, ...Object.fromEntries(given) })
  if (planId !== undefined) account = await subscriptions.changePlan({ msisdn: of, planId })
  if (status === undefined) return account
  return status === 'closed'
    ? subscriptions.close({ msisdn: of })
    : subscriptions.setStatus({ msisdn: of, status })
}

function orderAnswer(outcome: OrderOutcome): Answer {
  return answerOnce({ ...outcome, json: outcome.receipt && receiptJson(outcome.receipt) })
}

function receiptJson({ lot, ...receipt }: Receipt): object {
  return {
    ...receipt,
    amountMinor: amountToJson(receipt.amountMinor),
    lot: lot
      ? {
          id: lot.id,
          label: lot.label ?? null,
          grantedBytes: amountToJson(lot.grantedBytes),
          validFrom: new Date(lot.validFromMs),
          validUntil: new Date(lot.validUntilMs),
        }
      : null,
  }
}

function subscriptionJson(operator: Operator, of: OfNumber): object {
  const account = operator.account(of)
  if (!account) throw unknownNumber(of.msisdn)
  const { moneyMinor, creditMinor } = operator.subscriptions.wallet(of)
  const { currency } = operator.fileOf(of)
  const { lots, givers, gigabyteBytes, timeZone } = operator.balanceSheet(of)
  const bindings = operator.bindings(of).map(({ to, ...one }) => ({ ...one, to: to ?? null }))
  return {
    ...factsJson(operator, account),
    bindings,
    wallet: {
      moneyMinor: amountToJson(moneyMinor),
      creditMinor: amountToJson(creditMinor),
      currency: currency.code,
      minorDigits: currency.minorDigits,
    },
    gigabyteBytes,
    timeZone,
    lots: lots.map((lot) => lotJson(lot, givers)),
  }
}

function factsJson({ operators }: Operator, account: Account): object {
  const plan = operators.find(account.operator)?.plans.find(({ id }) => id === account.planId)
  return {
    msisdn: account.msisdn,
    operator: account.operator,
    status: account.status,
    profileState: account.profileState,
    plan: plan ? { id: plan.id, name: plan.name } : null,
    period: account.period ?? null,
    billingDay: account.billingDay ?? null,
    feeCharged: account.feeCharged,
    payment: account.payment,
    customerKind: account.customerKind,
    ageGroup: account.ageGroup,
    identified: account.identified,
    language: account.language ?? null,
    region: account.region ?? null,
    openedAt: account.openedAt,
    liveSince: account.liveSince ?? null,
    closedAt: account.closedAt ?? null,
  }
}
