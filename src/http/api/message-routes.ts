/** What phones send and get, and advice to their subscribers. */

import { z } from 'zod'
import type { Message } from '../../store/messages.ts'
import { amountToJson } from '../../operator/amount.ts'
import type { AdviceReport } from '../../operator/advice/advice.ts'
import type { Operator } from '../../operator/operator.ts'
import { pageOf } from '../page.ts'
import { ok, route, type Route } from './route.ts'
import { amountJson, instant, msisdn, ofNumber, page, position } from './schemas.ts'

const TEXT_MAX = 2000
const ID_MAX = 100

const text = z.string().max(TEXT_MAX)
const id = z
  .string()
  .regex(/^[\x21-\x7e]+$/)
  .max(ID_MAX)

const smsAnswerSchema = z
  .object({ messages: z.array(z.string()), replayed: z.boolean() })
  .meta({ id: 'SmsAnswer' })

const ussdAnswerSchema = z
  .object({
    text: z.string(),
    isOpen: z.boolean().meta({ description: 'Whether an entry is awaited.' }),
    step: z.int().meta({ description: 'Of the entry that is awaited.' }),
    replayed: z.boolean(),
  })
  .meta({ id: 'UssdAnswer' })

const inboxSchema = z.object({
  messages: z.array(
    z.object({
      id: z.int(),
      direction: z.enum(['in', 'out']),
      channel: z.string(),
      peer: z.string(),
      textId: z.string().nullable(),
      text: z.string(),
      at: instant,
    }),
  ),
  next: z.string().optional(),
})

const adviceSchema = z
  .object({
    msisdn: z.string(),
    since: instant,
    historyDays: z.int(),
    usedBytes: amountJson,
    expiredBytes: amountJson,
    wifiBytes: amountJson,
    months: z.array(z.object({ from: instant, usedBytes: amountJson })),
    advice: z.array(
      z.object({
        code: z.string(),
        text: z.string(),
        figures: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .meta({ id: 'Advice' })

/** The routes over an operator. */
export function messageRoutes(operator: Pick<Operator, 'messages' | 'advice'>): readonly Route[] {
  const { messages, advice } = operator
  return [
    route({
      method: 'POST',
      path: '/api/sms',
      operationId: 'sendSms',
      summary: 'Send an SMS of a subscriber to the operator, and get what comes back',
      description:
        'The same `messageId` has the same answer. A YES that was sent before a question does not answer it.',
      tag: 'Messages',
      scope: 'messages:write',
      body: z.strictObject({
        from: msisdn,
        to: z.string().max(20).optional(),
        text,
        messageId: id,
        sentAt: instant.optional(),
      }),
      actsFor: ({ body }) => [body.from],
      responses: { 200: { description: 'The answers, in their order.', schema: smsAnswerSchema } },
      async handle({ body }) {
        const { sentAt, ...message } = body
        const at = sentAt === undefined ? undefined : new Date(sentAt)
        return ok(await messages.sms({ ...message, sentAt: at }))
      },
    }),
    route({
      method: 'POST',
      path: '/api/ussd',
      operationId: 'sendUssd',
      summary: 'Dial a code, or enter something on a screen of a session',
      description:
        'A session lasts 180 seconds. With `step`, an entry that comes twice is known from one that is made twice.',
      tag: 'Messages',
      scope: 'messages:write',
      body: z.strictObject({
        msisdn,
        sessionId: id,
        text,
        step: z.int().min(0).max(1000).optional(),
      }),
      actsFor: ({ body }) => [body.msisdn],
      responses: { 200: { description: 'The next screen.', schema: ussdAnswerSchema } },
      handle: async ({ body }) => ok(await messages.ussd(body)),
    }),
    route({
      method: 'GET',
      path: '/api/subscribers/{msisdn}/inbox',
      operationId: 'readInbox',
      summary: 'What a phone sent and got, the oldest first',
      tag: 'Messages',
      scope: 'messages:read',
      params: ofNumber,
      query: page.extend({ after: position.optional() }),
      actsFor: ({ params }) => [params.msisdn],
      responses: {
        200: {
          description: 'A page; `next` names the message to go on after.',
          schema: inboxSchema,
        },
      },
      handle({ params, query }) {
        const { limit, after } = query
        const found = messages.inbox({ ...params, after, limit: limit + 1 })
        const { entries, ...next } = pageOf(found, { limit, nameOf: (one) => String(one.id) })
        return ok({ messages: entries.map(messageJson), ...next })
      },
    }),
    route({
      method: 'GET',
      path: '/api/subscribers/{msisdn}/advice',
      operationId: 'getAdvice',
      summary: 'What a subscriber wastes, and what may be done about it',
      description:
        'From the journal of three months, in the language of the subscriber or the one asked for.',
      tag: 'Messages',
      scope: 'balances:read',
      params: ofNumber,
      query: z.strictObject({
        language: z
          .string()
          .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/)
          .max(35)
          .optional(),
      }),
      actsFor: ({ params }) => [params.msisdn],
      responses: { 200: { description: 'The advice.', schema: adviceSchema } },
      handle({ params, query }) {
        const { language } = query
        return ok(adviceJson(advice({ ...params, ...(language !== undefined && { language }) })))
      },
    }),
  ]
}

function messageJson(message: Message): object {
  const { direction, channel, peer, textId, at } = message
  return {
    id: message.id,
    direction,
    channel,
    peer,
    textId: textId ?? null,
    text: message.text,
    at,
  }
}

/** Amounts and money are written as everywhere in the API. */
function adviceJson(report: AdviceReport): object {
  const { usedBytes, expiredBytes, wifiBytes, months } = report
  return {
    ...report,
    usedBytes: amountToJson(usedBytes),
    expiredBytes: amountToJson(expiredBytes),
    wifiBytes: amountToJson(wifiBytes),
    months: months.map((month) => ({ ...month, usedBytes: amountToJson(month.usedBytes) })),
    advice: report.advice.map((one) => ({ ...one, figures: figuresJson(one.figures) })),
  }
}

function figuresJson(figures: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, figureJson(value)]),
  )
}

function figureJson(value: unknown): unknown {
  if (typeof value === 'bigint') return amountToJson(value)
  const isMoney = typeof value === 'object' && value !== null && 'minor' in value
  return isMoney ? { ...value, minor: amountToJson(value.minor as bigint) } : value
}
