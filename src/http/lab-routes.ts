/** What the lab itself offers beside the operator's resources: orders in one step, profiles of others, new eUICCs, and a look at itself. */

import { z } from 'zod'
import { LabError } from '../base/errors.ts'
import { serialiseEuicc } from '../euicc/state.ts'
import type { Lab } from '../lab.ts'
import type { ProfileOrder } from '../operator/ordering.ts'
import { RspError } from '../rsp/status-codes.ts'
import { ok, route, type Route } from './api/route.ts'
import { idOf, page } from './api/schemas.ts'
import { chargingRoutes } from './charging-routes.ts'
import { clockRoutes, type AfterMove } from './clock-routes.ts'
import { pageOf } from './page.ts'
import { profileRoutes } from './profile-routes.ts'
import { registrationRoutes } from './registration-routes.ts'
import { revocationRoutes } from './revocation-routes.ts'
import { sbiRoutes } from './sbi-routes.ts'

/** Where the servers of a lab are reached. */
export interface ServedAddresses {
  readonly rspAddress: string
  readonly rspUrl: string
  readonly rootDsAddress: string
  readonly alternativeDsAddress: string
}

/** Routes for the operator's token alone. Without `afterMove` nobody moves the clock. */
export function labRoutes(
  lab: Lab,
  served: { readonly addresses: ServedAddresses; readonly afterMove?: AfterMove | undefined },
): readonly Route[] {
  return [
    lookRoute(lab, served.addresses),
    ...clockRoutes(lab, served.afterMove),
    ...orderRoutes(lab),
    ...profileRoutes(lab),
    ...cardRoutes(lab),
    ...revocationRoutes(lab),
    ...registrationRoutes(lab.operator),
    ...sbiRoutes(lab.operator.network),
    ...chargingRoutes(lab.operator.charging),
  ]
}

const OF_LAB = { tag: 'Lab', scope: 'lab:manage' } as const

function lookRoute(lab: Lab, served: ServedAddresses): Route {
  return route({
    ...OF_LAB,
    method: 'GET',
    path: '/api/lab',
    operationId: 'getLab',
    summary: 'Where the lab is reached, and how it stands',
    responses: {
      200: {
        description: 'It.',
        schema: z
          .object({
            rspAddress: z.string(),
            rspUrl: z.string(),
            rootDsAddress: z.string(),
            alternativeDsAddress: z.string(),
            now: z.iso.datetime(),
            operator: z.string(),
            sessions: z.int().meta({ description: 'Of RSP, that are under way.' }),
            stock: z.object({ total: z.int(), taken: z.int() }),
          })
          .meta({ id: 'Lab' }),
      },
    },
    handle: () =>
      ok({
        ...served,
        now: lab.clock.now().toISOString(),
        operator: lab.operator.file.name,
        sessions: lab.smdp.sessionCount,
        stock: lab.operator.stockLevel(),
      }),
  })
}

const iccid = z.string().regex(/^[0-9]{18,20}F?$/)
const eid = z.string().regex(/^[0-9]{32}$/)

const orderBody = z
  .strictObject({
    iccid: iccid.optional(),
    profileType: z
      .string()
      .regex(/^.{1,128}$/su)
      .optional(),
    eid: eid.optional(),
    confirmationCode: z
      .string()
      .regex(/^.{1,64}$/su)
      .optional(),
    matchingId: z
      .string()
      .regex(/^[0-9A-Za-z_-]{0,255}$/)
      .optional(),
    release: z.boolean().optional(),
    smDs: z
      .string()
      .regex(/^[!-~]{1,255}$/)
      .optional(),
    repeatable: z.boolean().optional(),
  } satisfies Readonly<Record<keyof ProfileOrder, z.ZodType>>)
  .meta({ id: 'ProfileOrder' })

const ordered = z
  .looseObject({
    iccid: z.string(),
    msisdn: z.string().meta({ description: 'Empty for a profile without an account.' }),
    matchingId: z.string(),
    smdpAddress: z.string(),
    activationCode: z.string(),
    confirmationCodeRequired: z.boolean(),
    repeatable: z.boolean(),
  })
  .meta({ id: 'OrderedProfile' })

const orderSchema = z.looseObject({ iccid: z.string(), state: z.string() }).meta({ id: 'Order' })

/** In the place of a body that needs nothing. */
const nothing = z.strictObject({}).optional()

function orderRoutes(lab: Lab): readonly Route[] {
  return [
    route({
      ...OF_LAB,
      method: 'GET',
      path: '/api/orders',
      operationId: 'listOrders',
      summary: 'Orders of profiles, by ICCID',
      query: page.extend({ after: iccid.optional() }),
      responses: {
        200: {
          description: 'A page; `next` names the order to go on after.',
          schema: z.object({ orders: z.array(orderSchema), next: z.string().optional() }),
        },
      },
      handle({ query: { limit, after } }) {
        const found = lab.smdp.orders({ limit: limit + 1, ...(after !== undefined && { after }) })
        const { entries, ...next } = pageOf(found, { limit, nameOf: (order) => order.iccid })
        return ok({ orders: entries, ...next })
      },
    }),
    route({
      ...OF_LAB,
      method: 'POST',
      path: '/api/orders',
      operationId: 'orderProfile',
      summary: 'Order a profile in one step: reserve, confirm, release, open its account',
      description: 'What ES2+ refuses is 422, with its status code as the reason.',
      body: orderBody.optional(),
      responses: { 201: { description: 'The order.', schema: ordered } },
      handle: async ({ body }) => ({
        status: 201,
        body: await asProblem(() => lab.order(definedOf(body ?? {}))),
      }),
    }),
    route({
      ...OF_LAB,
      method: 'POST',
      path: '/api/orders/{iccid}/reset',
      operationId: 'resetOrder',
      summary: 'Let an order be downloaded once more',
      params: idOf('iccid', 'The ICCID of an order.'),
      body: nothing,
      responses: { 200: { description: 'It waits again.', schema: z.looseObject({}) } },
      handle: async ({ params }) => ok(await lab.smdp.resetOrder({ iccid: String(params.iccid) })),
    }),
    route({
      ...OF_LAB,
      method: 'POST',
      path: '/api/scenarios',
      operationId: 'loadScenario',
      summary: 'Fill the lab with what a scenario file says',
      body: z.looseObject({}).meta({ description: 'A scenario, as its file is written.' }),
      responses: { 201: { description: 'What was put there.', schema: z.looseObject({}) } },
      handle: async ({ body }) => ({ status: 201, body: await lab.loadScenario(body) }),
    }),
  ]
}

function cardRoutes(lab: Lab): readonly Route[] {
  return [
    route({
      ...OF_LAB,
      method: 'POST',
      path: '/api/euiccs',
      operationId: 'makeEuicc',
      summary: 'Make an eUICC, with its keys and certificates',
      description: 'Which EIDs there may be, the EUM’s certificate says.',
      body: z.strictObject({
        name: z.string().regex(/^[a-z0-9-]{1,32}$/),
        eid: eid.optional(),
      }),
      responses: {
        201: {
          description: 'Its state, for a card to be made of.',
          schema: z.object({ eid: z.string(), state: z.unknown() }),
        },
      },
      handle({ body }) {
        const state = lab.manufacture(definedOf(body))
        return { status: 201, body: { eid: state.eid, state: serialiseEuicc(state) } }
      },
    }),
  ]
}

/** Without the fields that are there and undefined. */
type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function definedOf<T extends object>(fields: T): Defined<T> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Defined<T>
}

/** A refusal of ES2+ as a refusal of this API, its code as the reason. */
async function asProblem<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RspError)) throw error
    throw new LabError('refused', error.message, { reason: error.code, cause: error })
  }
}
