/** Where phones are, data over Wi-Fi, and charging sessions as they are kept. */

import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import { amountToJson } from '../../operator/amount.ts'
import type { PhonePlace, SessionView } from '../../operator/charging/charging.ts'
import type { Operator } from '../../operator/operator.ts'
import { pageOf } from '../page.ts'
import { ok, route, type Route } from './route.ts'
import { amountJson, idOf, instant, msisdn, ofNumber, page, someBytes } from './schemas.ts'
import { maySee } from './scopes.ts'

const placeSchema = z
  .object({
    country: z.string().meta({ description: 'ISO 3166-1 alpha-2; ZZ is the neutral home.' }),
    isRoaming: z.boolean(),
    since: instant.nullable(),
    wifi: z.boolean(),
    coolingUntil: instant
      .nullable()
      .meta({ description: 'Until when mobile data rests after a return from abroad.' }),
  })
  .meta({ id: 'PhonePlace' })

const sessionSchema = z
  .object({
    ref: z.string(),
    msisdn: z.string(),
    openedAt: instant,
    endedAt: instant.nullable(),
    endReason: z.string().nullable(),
    usedBytes: amountJson,
    overageBytes: amountJson,
    grantedBytes: amountJson,
    lots: z.array(
      z.object({
        lotId: z.int(),
        origin: z.string(),
        label: z.string().nullable(),
        amountBytes: amountJson,
      }),
    ),
  })
  .meta({ id: 'ChargingSession' })

const ofPhone = z.object({
  eid: z
    .string()
    .regex(/^[0-9]{32}$/)
    .meta({ description: 'The EID of a card.' }),
})

/** The routes over an operator. */
export function phoneRoutes({ charging }: Pick<Operator, 'charging'>): readonly Route[] {
  return [
    ...placeRoutes({ charging }),
    route({
      method: 'POST',
      path: '/api/offload',
      operationId: 'countOffload',
      summary: 'Count data that a phone used over Wi-Fi, which is not charged',
      tag: 'Usage',
      scope: 'usage:write',
      idempotent: true,
      body: z.strictObject({ msisdn, amountBytes: someBytes }),
      responses: { 204: { description: 'It is counted, once for the key.' } },
      async handle({ body, idempotencyKey }) {
        await charging.countOffload({ ...body, idempotencyKey })
        return { status: 204 }
      },
    }),
    route({
      method: 'GET',
      path: '/api/accounts/{msisdn}/charging-sessions',
      operationId: 'listChargingSessions',
      summary: 'Charging sessions of a number, the newest first',
      tag: 'Usage',
      scope: 'balances:read',
      params: ofNumber,
      query: page,
      actsFor: ({ params }) => [params.msisdn],
      responses: {
        200: {
          description: 'A page; `next` names the session to go on after.',
          schema: z.object({ sessions: z.array(sessionSchema), next: z.string().optional() }),
        },
      },
      handle({ params, query: { limit, after } }) {
        const found = charging.sessions({ ...params, after, limit: limit + 1 })
        const { entries, ...next } = pageOf(found, { limit, nameOf: ({ ref }) => ref })
        return ok({ sessions: entries.map(sessionJson), ...next })
      },
    }),
    route({
      method: 'GET',
      path: '/api/charging-sessions/{ref}',
      operationId: 'getChargingSession',
      summary: 'What a charging session has used, and of which lots',
      tag: 'Usage',
      scope: 'balances:read',
      params: idOf('ref', 'The name of a session, as Nchf_ConvergedCharging gives it.'),
      responses: { 200: { description: 'The session.', schema: sessionSchema } },
      handle({ params, principal }) {
        const view = charging.session({ ref: String(params.ref) })
        if (maySee(principal, [view.msisdn])) return ok(sessionJson(view))
        throw new LabError('notFound', 'there is no charging session with this name')
      },
    }),
  ]
}

function placeRoutes({ charging }: Pick<Operator, 'charging'>): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/phones/{eid}',
      operationId: 'getPhone',
      summary: 'Where a phone is, and whether it uses Wi-Fi',
      tag: 'Phones',
      scope: 'usage:write',
      params: ofPhone,
      responses: { 200: { description: 'The phone.', schema: placeSchema } },
      handle: ({ params }) => ok(placeJson(charging.placeOfPhone(params))),
    }),
    route({
      method: 'PATCH',
      path: '/api/phones/{eid}',
      operationId: 'movePhone',
      summary: 'Let a phone travel, or switch its Wi-Fi on or off',
      tag: 'Phones',
      scope: 'usage:write',
      params: ofPhone,
      body: z.strictObject({
        country: z
          .string()
          .regex(/^(?:[A-Z]{2}|home)$/)
          .meta({ description: 'ISO 3166-1 alpha-2, or home.' })
          .optional(),
        wifi: z.boolean().optional(),
      }),
      responses: { 200: { description: 'The phone, as it is now.', schema: placeSchema } },
      async handle({ params, body }) {
        const { country, wifi } = body
        const { eid } = params
        if (country !== undefined) await charging.movePhone({ eid, country })
        if (wifi !== undefined) await charging.setWifi({ eid, wifi })
        return ok(placeJson(charging.placeOfPhone({ eid })))
      },
    }),
    route({
      method: 'GET',
      path: '/api/accounts/{msisdn}/place',
      operationId: 'getPlace',
      summary: "Where a subscriber's phone is",
      tag: 'Phones',
      scope: 'balances:read',
      params: ofNumber,
      actsFor: ({ params }) => [params.msisdn],
      responses: { 200: { description: 'The phone.', schema: placeSchema } },
      handle: ({ params }) => ok(placeJson(charging.place(params))),
    }),
    route({
      method: 'POST',
      path: '/api/accounts/{msisdn}/cooling/lift',
      operationId: 'liftCooling',
      summary: 'End the rest of mobile data after a return from abroad',
      tag: 'Phones',
      scope: 'usage:write',
      params: ofNumber,
      responses: { 200: { description: 'The phone, as it is now.', schema: placeSchema } },
      handle: async ({ params }) => ok(placeJson(await charging.liftCooling(params))),
    }),
  ]
}

function placeJson({ since, coolingUntil, ...place }: PhonePlace): object {
  return { ...place, since: since ?? null, coolingUntil: coolingUntil ?? null }
}

function sessionJson(view: SessionView): object {
  return {
    ...view,
    endedAt: view.endedAt ?? null,
    endReason: view.endReason ?? null,
    usedBytes: amountToJson(view.usedBytes),
    overageBytes: amountToJson(view.overageBytes),
    grantedBytes: amountToJson(view.grantedBytes),
    lots: view.lots.map((lot) => ({
      ...lot,
      label: lot.label ?? null,
      amountBytes: amountToJson(lot.amountBytes),
    })),
  }
}
