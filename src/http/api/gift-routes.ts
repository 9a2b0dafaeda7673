/** Gifts over HTTP: asked for, confirmed, accepted, claimed, taken back; how much may be given. */

import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import { unknownNumber } from '../../operator/accounts.ts'
import { amountToJson } from '../../operator/amount.ts'
import type { StepOutcome } from '../../operator/gifts/gifts.ts'
import type { Gift } from '../../operator/gifts/view.ts'
import type { Operator } from '../../operator/operator.ts'
import { pageOf } from '../page.ts'
import { languageSpoken, wordsOf } from './reader.ts'
import type { MaximumGift } from '../../operator/rules/maximum.ts'
import { answerOnce, refusalJson, refusedAnswer } from './operator-routes.ts'
import { ok, route, type Answer, type Route } from './route.ts'
import {
  amountBytes,
  amountJson,
  date,
  idOf,
  instant,
  msisdn,
  ofNumber,
  page,
  pin,
  refusalSchema,
} from './schemas.ts'
import { maySee, type Principal } from './scopes.ts'

const STATES = [
  'requested',
  'awaitingConfirmation',
  'held',
  'awaitingAcceptance',
  'completed',
  'cancelled',
  'declined',
  'expired',
  'failed',
  'partiallyReversed',
  'reversed',
] as const

export const giftSchema = z
  .looseObject({
    id: z.string(),
    state: z.enum(STATES),
    awaits: z
      .object({
        what: z.enum(['confirmation', 'acceptance', 'claim']),
        by: z
          .string()
          .nullable()
          .meta({ description: 'The number; null for whoever has the code.' }),
        until: instant.nullable(),
        pin: z.boolean().meta({ description: 'Whether the PIN must come with it.' }),
      })
      .nullable(),
    from: z.string(),
    to: z.string().meta({ description: 'Empty while nobody has claimed it.' }),
    amountBytes: amountJson,
    feeMinor: amountJson,
    channel: z.string(),
    at: instant,
    changedAt: instant,
    validUntil: instant.optional(),
    reason: z.string().nullable(),
    packageId: z.string().optional().meta({ description: 'Of a gift that was bought.' }),
    lots: z.array(z.looseObject({ lotId: z.int(), amountBytes: amountJson, validUntil: instant })),
  })
  .meta({ id: 'Gift' })

const codeSchema = z.object({ code: z.string(), gift: giftSchema }).meta({ id: 'GiftCode' })

const giftableSchema = z
  .object({
    msisdn: z.string(),
    to: z.string().nullable(),
    amountBytes: amountJson,
    reason: z.string(),
    text: z.string(),
    binding: z
      .array(refusalSchema)
      .meta({ description: 'Every rule that refuses more; empty where nothing limits.' }),
  })
  .meta({ id: 'Giftable' })

const ofGift = idOf('id', 'The id of a gift, or the number on its receipts.')
const anySender = z.strictObject({ from: msisdn, amountBytes, pin: pin.optional() })

/** The routes over an operator. */
export function giftRoutes(operator: Operator): readonly Route[] {
  return [
    ...givingRoutes(operator),
    ...stepRoutes(operator),
    ...codeRoutes(operator),
    route({
      method: 'GET',
      path: '/api/accounts/{msisdn}/giftable',
      operationId: 'getGiftable',
      summary: 'How much may be given, and every rule that refuses more',
      description: 'A gift of that amount is allowed, every larger one is refused.',
      tag: 'Gifts',
      scope: 'balances:read',
      params: ofNumber,
      query: z.strictObject({ to: msisdn.optional() }),
      actsFor: ({ params }) => [params.msisdn],
      responses: { 200: { description: 'The most that may be given.', schema: giftableSchema } },
      handle({ params, query: { to }, principal }) {
        const most = operator.gifts.maximum({
          from: params.msisdn,
          ...(to !== undefined && { to }),
          channel: channelOf(principal),
        })
        return ok({
          msisdn: params.msisdn,
          to: to ?? null,
          amountBytes: amountToJson(most.bytes),
          reason: most.because,
          text: limitWords(most),
          binding: most.binding.map(refusalJson),
        })
      },
    }),
  ]
}

/** In English, why not more; else what the first rule says to more. */
function limitWords({ binding, text }: MaximumGift): string {
  const [first] = binding
  const words = first ? wordsOf(first) : text
  return languageSpoken() === 'en' ? text : words
}

function givingRoutes(operator: Operator): readonly Route[] {
  const { gifts } = operator
  return [
    route({
      method: 'POST',
      path: '/api/gifts',
      operationId: 'giveData',
      summary: 'Give data from one subscriber to another',
      description:
        'Where the operator wants a confirmation or an acceptance, the answer is 201 as well: `state` and `awaits` say what comes next. A PIN that comes along confirms at once, where the operator confirms by PIN.',
      tag: 'Gifts',
      scope: 'gifts:write',
      idempotent: true,
      body: anySender.extend({ to: msisdn }),
      actsFor: ({ body }) => [body.from],
      responses: {
        201: { description: 'It is given, or on its way.', schema: giftSchema },
      },
      async handle({ body, idempotencyKey, caller, principal }) {
        const channel = channelOf(principal)
        const outcome = await gifts.give({ ...body, channel, idempotencyKey, caller })
        const { gift } = outcome
        const headers = gift && { Location: `/api/gifts/${gift.id}` }
        return answerOnce({ ...outcome, json: gift && giftJson(operator, gift), headers })
      },
    }),
    route({
      method: 'GET',
      path: '/api/gifts',
      operationId: 'listGifts',
      summary: 'Gifts on either side of a number, or all, the newest first',
      description: 'A subscriber sees the own gifts.',
      tag: 'Gifts',
      scope: 'gifts:read',
      query: page.extend({
        msisdn: msisdn.optional(),
        state: z.enum(STATES).optional(),
        since: date.optional(),
        until: date.optional(),
        with: msisdn.optional().meta({ description: 'The number on the other side.' }),
      }),
      actsFor: ({ query }) => (query.msisdn === undefined ? [] : [query.msisdn]),
      responses: {
        200: {
          description: 'A page; `next` names the gift to go on after.',
          schema: z.object({ gifts: z.array(giftSchema), next: z.string().optional() }),
        },
      },
      handle({ query, principal }) {
        const { limit, after, ...of } = query
        const own = principal.role === 'subscriber' && { msisdn: principal.msisdn }
        const found = gifts.page({ ...of, ...own, before: after, limit: limit + 1 })
        const { entries, ...next } = pageOf(found, { limit, nameOf: ({ id }) => id })
        return ok({ gifts: entries.map((gift) => giftJson(operator, gift)), ...next })
      },
    }),
    route({
      method: 'GET',
      path: '/api/gifts/{id}',
      operationId: 'getGift',
      summary: 'A gift',
      tag: 'Gifts',
      scope: 'gifts:read',
      params: ofGift,
      responses: { 200: { description: 'The gift.', schema: giftSchema } },
      handle: ({ params, principal }) =>
        ok(giftJson(operator, visibleGift(operator, { id: String(params.id), principal }))),
    }),
  ]
}

/** Steps are told again when they come again, so that they want no idempotency key. */
function stepRoutes(operator: Operator): readonly Route[] {
  const { gifts } = operator
  const step = (spec: {
    readonly name: 'cancel' | 'accept' | 'decline'
    readonly side: 'from' | 'to'
    readonly summary: string
  }) =>
    route({
      method: 'POST',
      path: `/api/gifts/{id}/${spec.name}`,
      operationId: `${spec.name}Gift`,
      summary: spec.summary,
      tag: 'Gifts',
      scope: 'gifts:write',
      params: ofGift,
      responses: AS_IT_IS_NOW,
      async handle({ params, principal }) {
        const by = sideOf(operator, { id: String(params.id), principal, side: spec.side })
        return stepAnswer(operator, await gifts[spec.name](by))
      },
    })
  return [
    route({
      method: 'POST',
      path: '/api/gifts/{id}/confirm',
      operationId: 'confirmGift',
      summary: 'The sender says yes, with the PIN where the operator wants it',
      tag: 'Gifts',
      scope: 'gifts:write',
      params: ofGift,
      body: z.strictObject({ pin: pin.optional() }).optional(),
      responses: AS_IT_IS_NOW,
      async handle({ params, body, principal }) {
        const by = sideOf(operator, { id: String(params.id), principal, side: 'from' })
        return stepAnswer(operator, await gifts.confirm({ ...by, pin: body?.pin }))
      },
    }),
    step({ name: 'cancel', side: 'from', summary: 'The sender thinks better of it' }),
    step({ name: 'accept', side: 'to', summary: 'The receiver takes it' }),
    step({ name: 'decline', side: 'to', summary: 'The receiver does not want it' }),
    route({
      method: 'POST',
      path: '/api/gifts/{id}/reverse',
      operationId: 'reverseGift',
      summary: 'Take back what is unused of a gift, once',
      tag: 'Gifts',
      scope: 'gifts:manage',
      params: ofGift,
      body: z.strictObject({ reason: z.string().min(1).max(100).optional() }).optional(),
      responses: AS_IT_IS_NOW,
      async handle({ params, body }) {
        const { reason } = body ?? {}
        const gift = await gifts.reverse({
          id: operator.gift({ id: String(params.id) })?.id ?? String(params.id),
          ...(reason !== undefined && { reason }),
        })
        return ok(giftJson(operator, gift))
      },
    }),
  ]
}

function codeRoutes(operator: Operator): readonly Route[] {
  const { gifts } = operator
  return [
    route({
      method: 'POST',
      path: '/api/gift-codes',
      operationId: 'makeGiftCode',
      summary: 'Give data to whoever brings the code',
      description:
        'The code is good as soon as the gift is confirmed. It is not kept: the same key gets it again.',
      tag: 'Gifts',
      scope: 'gifts:write',
      idempotent: true,
      body: anySender,
      actsFor: ({ body }) => [body.from],
      responses: {
        201: { description: 'The code, and the gift that waits for it.', schema: codeSchema },
      },
      async handle({ body, idempotencyKey, caller, principal }) {
        const channel = channelOf(principal)
        const asked = { ...body, to: undefined, channel, idempotencyKey, caller }
        const outcome = await gifts.give(asked)
        const { gift } = outcome
        const json = gift && {
          code: gifts.claimCode({ id: gift.id, by: body.from }),
          gift: giftJson(operator, gift),
        }
        const headers = gift && { Location: `/api/gifts/${gift.id}` }
        return answerOnce({ ...outcome, json, headers })
      },
    }),
    route({
      method: 'POST',
      path: '/api/gift-codes/{code}/claim',
      operationId: 'claimGiftCode',
      summary: 'Turn a code into data; a claim that is refused leaves the code as it was',
      tag: 'Gifts',
      scope: 'gifts:write',
      params: idOf('code', 'Letters may be small, dashes and spaces anywhere.'),
      body: z.strictObject({ by: msisdn }),
      actsFor: ({ body }) => [body.by],
      responses: AS_IT_IS_NOW,
      async handle({ params, body }) {
        if (!operator.account({ msisdn: body.by })) throw unknownNumber(body.by, 'by')
        const claim = { code: String(params.code), by: body.by }
        const outcome = await gifts.claim(claim).catch((error: unknown) => {
          if (!(error instanceof LabError) || error.code !== 'notFound') throw error
          throw new LabError('notFound', 'there is no such code', { field: 'code', cause: error })
        })
        return stepAnswer(operator, outcome)
      },
    }),
  ]
}

const AS_IT_IS_NOW = {
  200: { description: 'The gift as it is now.', schema: giftSchema },
} as const

/** A gift that a caller may see. @throws {LabError} notFound */
function visibleGift(
  operator: Operator,
  of: { readonly id: string; readonly principal: Principal },
): Gift {
  const gift = operator.gift({ id: of.id })
  // What is not for one's eyes is as if it were not there.
  if (gift && maySee(of.principal, [gift.from, gift.to])) return gift
  throw new LabError('notFound', 'there is no gift with this id', { field: 'id' })
}

/** For whom a step is taken: the operator takes it for the side whose it is, a subscriber for the own one. */
function sideOf(
  operator: Operator,
  of: { readonly id: string; readonly principal: Principal; readonly side: 'from' | 'to' },
): { readonly id: string; readonly by: string } {
  const { principal, side } = of
  const gift = visibleGift(operator, of)
  const { id, [side]: by } = gift
  if (!maySee(principal, [by]))
    throw new LabError('forbidden', 'this step is for the other side of the gift', {
      reason: 'otherSide',
    })
  if (by) return { id, by }
  throw new LabError('conflict', `the gift is ${gift.state}, and nobody's yet`, {
    reason: 'wrongState',
  })
}

function stepAnswer(operator: Operator, { gift, refusal }: StepOutcome): Answer {
  const json = giftJson(operator, gift)
  if (!refusal) return ok(json)
  const { status, problem } = refusedAnswer(refusal)
  return { status, problem: { ...problem, gift: json } }
}

/** A subscriber's own software is the app; the operator's is not cut off by what the law does to a subscriber's data. */
function channelOf(principal: Principal): 'app' | 'api' {
  return principal.role === 'subscriber' ? 'app' : 'api'
}

/** A gift with what it waits for. */
export function giftJson(operator: Pick<Operator, 'fileOf'>, gift: Gift): object {
  const { id, state, from, to, channel, at, changedAt, validUntil, reason, packageId } = gift
  return {
    id,
    state,
    awaits: awaitedOf(operator, gift),
    from,
    to,
    amountBytes: amountToJson(gift.amountBytes),
    at,
    changedAt,
    validUntil,
    feeMinor: amountToJson(gift.feeMinor),
    channel,
    reason: reason ?? null,
    ...(packageId !== undefined && { packageId }),
    lots: gift.lots.map((lot) => ({ ...lot, amountBytes: amountToJson(lot.amountBytes) })),
  }
}

function awaitedOf(operator: Pick<Operator, 'fileOf'>, gift: Gift): object | null {
  const { state, from, to, deadline } = gift
  const until = deadline ?? null
  if (state === 'held') return { what: 'claim', by: null, until, pin: false }
  if (state === 'awaitingAcceptance') return { what: 'acceptance', by: to, until, pin: false }
  if (state !== 'awaitingConfirmation') return null
  const { confirmation } = operator.fileOf({ msisdn: from }).gifting
  return { what: 'confirmation', by: from, until, pin: confirmation?.kind === 'pin' }
}
