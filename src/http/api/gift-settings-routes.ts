/** What subscribers and the operator settle about gifts: questions for data, PIN, lock, block list, automatic gift, suspensions. */

import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import { amountToJson } from '../../operator/amount.ts'
import { BLOCKED_MAX } from '../../operator/gifts/settings.ts'
import type { GiftAsk, Gifts, GiftSettingsView } from '../../operator/gifts/gifts.ts'
import type { Operator } from '../../operator/operator.ts'
import { giftJson, giftSchema } from './gift-routes.ts'
import { pageOf } from '../page.ts'
import { answerOnce, refusedAnswer } from './operator-routes.ts'
import { ok, route, type Route } from './route.ts'
import {
  amountJson,
  idOf,
  instant,
  msisdn,
  ofNumber,
  page,
  pin,
  readBy,
  someBytes,
} from './schemas.ts'
import { maySee, type Principal } from './scopes.ts'

const askSchema = z
  .object({
    id: z.string(),
    from: z.string().meta({ description: 'Who asks.' }),
    to: z.string().meta({ description: 'Who is asked.' }),
    amountBytes: amountJson,
    at: instant,
    until: instant,
  })
  .meta({ id: 'GiftAsk' })

const automatic = { hoursBefore: z.int().min(1).max(720) }

const settingsSchema = z
  .object({
    msisdn: z.string(),
    locked: z.boolean(),
    blocked: z.array(z.string()),
    automatic: z.object({ to: z.string(), ...automatic }).nullable(),
    pin: z.object({ chosen: z.boolean(), locked: z.boolean() }),
    suspended: z.object({ at: instant, reason: z.string() }).nullable(),
  })
  .meta({ id: 'GiftSettings' })

const suspensionSchema = z
  .object({
    msisdn: z.string(),
    at: instant,
    reason: z.string(),
    evidence: z
      .array(
        z.object({
          code: z.enum(['velocity', 'fanOut', 'fanIn', 'ring']),
          text: z.string(),
          count: z
            .int()
            .meta({ description: 'Gifts, numbers or hands, the refused gift included.' }),
          limit: z.int(),
          windowHours: z.number(),
          refused: z.object({ to: z.string().optional(), amountBytes: amountJson }),
          gifts: z.array(z.object({ from: z.string(), to: z.string(), at: instant })),
        }),
      )
      .meta({ description: 'What was counted when a rule stopped the gifts; empty by hand.' }),
  })
  .meta({ id: 'GiftSuspension' })

/** The routes over an operator. */
export function giftSettingsRoutes(operator: Operator): readonly Route[] {
  return [...askRoutes(operator), ...settingRoutes(operator), ...suspensionRoutes(operator)]
}

function askRoutes(operator: Operator): readonly Route[] {
  const { gifts } = operator
  return [
    route({
      method: 'POST',
      path: '/api/asks',
      operationId: 'askForData',
      summary: 'Ask another subscriber for data',
      description: 'The question stands for a day.',
      tag: 'Gifts',
      scope: 'gifts:write',
      idempotent: true,
      body: z.strictObject({ from: msisdn, to: msisdn, amountBytes: someBytes }),
      actsFor: ({ body }) => [body.from],
      responses: {
        201: { description: 'It is asked.', schema: askSchema },
      },
      async handle({ body, idempotencyKey, caller }) {
        const outcome = await gifts.askOnce({ ...body, idempotencyKey, caller })
        const { ask } = outcome
        return answerOnce({ ...outcome, json: ask && askJson(ask) })
      },
    }),
    route({
      method: 'GET',
      path: '/api/asks',
      operationId: 'listAsks',
      summary: 'Questions that stand: that a number has asked, or that it has been asked',
      tag: 'Gifts',
      scope: 'gifts:read',
      query: page.extend({ msisdn, side: z.enum(['made', 'got']) }),
      actsFor: ({ query }) => [query.msisdn],
      responses: {
        200: {
          description: 'A page; `next` names the question to go on after.',
          schema: z.object({ asks: z.array(askSchema), next: z.string().optional() }),
        },
      },
      handle({ query: { limit, ...of } }) {
        const found = gifts.asks({ ...of, limit: limit + 1 })
        const { entries, ...next } = pageOf(found, { limit, nameOf: ({ id }) => id })
        return ok({ asks: entries.map(askJson), ...next })
      },
    }),
    route({
      method: 'POST',
      path: '/api/asks/{id}/answer',
      operationId: 'answerAsk',
      summary: 'Give what was asked for, or say no',
      tag: 'Gifts',
      scope: 'gifts:write',
      params: idOf('id', 'The id of a question.'),
      body: z.strictObject({ gives: z.boolean() }),
      responses: {
        200: { description: 'The gift.', schema: giftSchema },
        204: { description: 'No.' },
      },
      async handle({ params, body, principal }) {
        const { id, to: by } = visibleAsk(gifts, { id: String(params.id), principal })
        if (!maySee(principal, [by]))
          throw new LabError('forbidden', 'the answer is for whoever was asked', {
            reason: 'otherSide',
          })
        const outcome = await gifts.answer({ id, by, gives: body.gives })
        if (!outcome) return { status: 204 }
        if (outcome.refusal) return refusedAnswer(outcome.refusal)
        return ok(giftJson(operator, outcome.gift))
      },
    }),
  ]
}

function settingRoutes({ gifts }: Operator): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/accounts/{msisdn}/gift-settings',
      operationId: 'getGiftSettings',
      summary: 'Lock, block list, automatic gift, and whether there is a PIN',
      tag: 'Gifts',
      scope: 'gifts:read',
      params: ofNumber,
      actsFor: ({ params }) => [params.msisdn],
      responses: { 200: { description: 'The settings.', schema: settingsSchema } },
      handle: ({ params }) => ok(settingsJson(gifts.settings(params), params.msisdn)),
    }),
    route({
      method: 'PUT',
      path: '/api/accounts/{msisdn}/gift-settings',
      operationId: 'putGiftSettings',
      summary: 'Settle lock, block list and automatic gift in place of what was settled before',
      tag: 'Gifts',
      scope: 'gifts:write',
      params: ofNumber,
      body: z.strictObject({
        locked: z.boolean().meta({ description: 'Whether gifts from the number are forbidden.' }),
        blocked: z
          .array(msisdn)
          .max(BLOCKED_MAX)
          .meta({ description: 'Numbers from which none are taken.' }),
        automatic: z
          .strictObject({ to: msisdn, ...automatic })
          .nullable()
          .meta({ description: 'To whom data goes so many hours before it ends.' }),
      }),
      actsFor: ({ params }) => [params.msisdn],
      responses: { 200: { description: 'As they are now.', schema: settingsSchema } },
      async handle({ params, body }) {
        await gifts.settle({ ...params, ...body, automatic: body.automatic ?? undefined })
        return ok(settingsJson(gifts.settings(params), params.msisdn))
      },
    }),
    route({
      method: 'PUT',
      path: '/api/accounts/{msisdn}/gift-settings/pin',
      operationId: 'changeGiftPin',
      summary: 'Choose a PIN; the old one comes along where there is one',
      description: 'Wrong old PINs count, and lock the PIN.',
      tag: 'Gifts',
      scope: 'gifts:write',
      params: ofNumber,
      body: z.strictObject({ oldPin: pin.optional(), newPin: pin }),
      actsFor: ({ params }) => [params.msisdn],
      responses: { 204: { description: 'It is chosen.' } },
      async handle({ params, body }) {
        await gifts.changePin({ ...params, ...body })
        return { status: 204 }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/accounts/{msisdn}/gift-settings/pin',
      operationId: 'resetGiftPin',
      summary: 'Unlock the PIN, and make it what it was in the beginning',
      tag: 'Gifts',
      scope: 'gifts:manage',
      params: ofNumber,
      responses: { 204: { description: 'It is reset.' } },
      async handle({ params }) {
        await gifts.resetPin(params)
        return { status: 204 }
      },
    }),
  ]
}

/** Suspensions end meanwhile, so that the place of one is named, and not the number. */
const placeOfSuspension = readBy(
  { type: 'string', pattern: '^[0-9]{1,15}-[0-9]{1,15}$' },
  (value) => {
    const [, at, account] = /^([0-9]{1,15})-([0-9]{1,15})$/.exec(String(value)) ?? []
    if (at !== undefined) return { atMs: Number(at), accountId: Number(account) }
    throw new LabError('badInput', 'must be the `next` of the page before')
  },
)

function suspensionRoutes({ gifts }: Operator): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/suspensions',
      operationId: 'listSuspensions',
      summary: 'Numbers whose gifts are stopped, with what was counted, the latest first',
      tag: 'Gifts',
      scope: 'suspensions:read',
      query: page.extend({ after: placeOfSuspension.optional() }),
      responses: {
        200: {
          description: 'A page; `next` says where to go on.',
          schema: z.object({ suspensions: z.array(suspensionSchema), next: z.string().optional() }),
        },
      },
      handle({ query: { limit, after } }) {
        const { entries, ...next } = pageOf(gifts.suspended({ after, limit: limit + 1 }), {
          limit,
          nameOf: ({ at, accountId }) => `${at.getTime()}-${accountId}`,
        })
        const suspensions = entries.map(({ at, reason, evidence, ...of }) => ({
          msisdn: of.msisdn,
          at,
          reason,
          evidence,
        }))
        return ok({ suspensions, ...next })
      },
    }),
    route({
      method: 'PUT',
      path: '/api/suspensions/{msisdn}',
      operationId: 'suspendGifts',
      summary: 'Stop gifts from a number',
      tag: 'Gifts',
      scope: 'gifts:manage',
      params: ofNumber,
      body: z.strictObject({ reason: z.string().min(1).max(200) }),
      responses: { 204: { description: 'They are stopped.' } },
      async handle({ params, body }) {
        await gifts.suspend({ ...params, ...body })
        return { status: 204 }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/suspensions/{msisdn}',
      operationId: 'allowGifts',
      summary: 'Allow gifts from a number again',
      tag: 'Gifts',
      scope: 'gifts:manage',
      params: ofNumber,
      responses: { 204: { description: 'They are allowed.' } },
      async handle({ params }) {
        if (!gifts.settings(params).suspended)
          throw new LabError('notFound', 'gifts from this number are not stopped', {
            field: 'msisdn',
          })
        await gifts.suspend({ ...params, reason: undefined })
        return { status: 204 }
      },
    }),
  ]
}

function visibleAsk(
  gifts: Gifts,
  of: { readonly id: string; readonly principal: Principal },
): GiftAsk {
  const ask = gifts.findAsk(of)
  if (ask && maySee(of.principal, [ask.from, ask.to])) return ask
  throw new LabError('notFound', 'there is no question with this id', { field: 'id' })
}

function askJson(ask: GiftAsk): object {
  return { ...ask, amountBytes: amountToJson(ask.amountBytes) }
}

function settingsJson(settings: GiftSettingsView, of: string): object {
  const { automatic: gift, suspended, ...rest } = settings
  return { msisdn: of, ...rest, automatic: gift ?? null, suspended: suspended ?? null }
}
