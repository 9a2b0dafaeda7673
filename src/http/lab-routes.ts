/** What the lab itself offers beside the operator's resources: orders in one step, profiles of others, new eUICCs, and a look at itself. */

import { Router, type Request } from 'express'
import { LabError } from '../base/errors.ts'
import { serialiseEuicc } from '../euicc/state.ts'
import type { Lab } from '../lab.ts'
import { isObject, type Json } from '../rsp/json-binding.ts'
import { RspError } from '../rsp/status-codes.ts'
import type { ProfileOrder } from '../operator/ordering.ts'
import { chargingRoutes } from './charging-routes.ts'
import { limitOf, pageOf } from './page.ts'
import { methodNotAllowed } from './problem.ts'
import { profileRoutes } from './profile-routes.ts'
import { registrationRoutes } from './registration-routes.ts'
import { sbiRoutes } from './sbi-routes.ts'
import { revocationRoutes } from './revocation-routes.ts'

/** Where the servers of a lab are reached. */
export interface ServedAddresses {
  readonly rspAddress: string
  readonly rspUrl: string
  readonly rootDsAddress: string
  readonly alternativeDsAddress: string
}

/** The routes, to be mounted behind the operator's token, with JSON bodies parsed. */
export function labRoutes(lab: Lab, served: ServedAddresses): Router {
  const router = Router()
  router
    .route('/api/lab')
    .get((_request, response) => {
      response.json({
        ...served,
        now: lab.clock.now().toISOString(),
        operator: lab.operator.file.name,
        sessions: lab.smdp.sessionCount,
        stock: lab.operator.stockLevel(),
      })
    })
    .all(methodNotAllowed(['GET', 'HEAD']))
  router
    .route('/api/orders')
    .get((request, response) => {
      response.json(ordersOf(lab, request))
    })
    .post(async (request, response) => {
      const ordered = await asProblem(() => lab.order(orderOf(request.body as Json)))
      response.status(201).json(ordered)
    })
    .all(methodNotAllowed(['GET', 'HEAD', 'POST']))
  router
    .route('/api/orders/:iccid/reset')
    .post(async (request, response) => {
      refuseFields(request.body as Json)
      response.json(await lab.smdp.resetOrder({ iccid: String(request.params.iccid) }))
    })
    .all(methodNotAllowed(['POST']))
  router
    .route('/api/scenarios')
    .post(async (request, response) => {
      response.status(201).json(await lab.loadScenario(request.body as unknown))
    })
    .all(methodNotAllowed(['POST']))
  router.use(profileRoutes(lab))
  router.use(registrationRoutes(lab.operator))
  router.use(sbiRoutes(lab.operator.network))
  router.use(chargingRoutes(lab.operator.charging))
  router.use(revocationRoutes(lab))
  router
    .route('/api/euiccs')
    .post((request, response) => {
      const state = lab.manufacture(cardOf(request.body as Json))
      response.status(201).json({ eid: state.eid, state: serialiseEuicc(state) })
    })
    .all(methodNotAllowed(['POST']))
  return router
}

function ordersOf(lab: Lab, { query }: Request): object {
  const limit = limitOf(query.limit)
  const { after } = query
  if (after !== undefined && (typeof after !== 'string' || !ORDER_FIELDS.iccid.test(after))) {
    throw badField('after', 'expected the ICCID with which the last page ended')
  }
  const found = lab.smdp.orders({ limit: limit + 1, ...(after !== undefined && { after }) })
  const { entries, ...next } = pageOf(found, { limit, nameOf: ({ iccid }) => iccid })
  return { orders: entries, ...next }
}

const ORDER_FIELDS = {
  iccid: /^[0-9]{18,20}F?$/,
  profileType: /^.{1,128}$/su,
  eid: /^[0-9]{32}$/,
  confirmationCode: /^.{1,64}$/su,
  matchingId: /^[0-9A-Za-z_-]{0,255}$/,
  release: 'flag',
  smDs: /^[!-~]{1,255}$/,
  repeatable: 'flag',
} satisfies Readonly<Record<keyof ProfileOrder, RegExp | 'flag'>>

/** @throws {LabError} badInput, naming the field */
function orderOf(body: Json): ProfileOrder {
  const fields = objectOf(body)
  for (const [name, value] of Object.entries(fields)) {
    const rule = Object.hasOwn(ORDER_FIELDS, name)
      ? ORDER_FIELDS[name as keyof ProfileOrder]
      : undefined
    if (!rule) throw badField(name, `there is no such field; known are ${KNOWN_ORDER_FIELDS}`)
    const isRight =
      rule === 'flag' ? typeof value === 'boolean' : typeof value === 'string' && rule.test(value)
    if (!isRight)
      throw badField(name, `expected ${rule === 'flag' ? 'true or false' : rule.source}`)
  }
  return fields as ProfileOrder
}

const KNOWN_ORDER_FIELDS = Object.keys(ORDER_FIELDS).join(', ')

/** Which EIDs there may be, the EUM's certificate says. */
const EUICC_FIELDS = { name: /^[a-z0-9-]{1,32}$/, eid: /^[0-9]{32}$/ } as const

function cardOf(body: Json): { readonly name: string; readonly eid?: string } {
  const { name, eid, ...others } = objectOf(body)
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw badField(unknown, 'there is no such field; known are name, eid')
  if (typeof name !== 'string' || !EUICC_FIELDS.name.test(name)) {
    throw badField('name', 'expected 1 to 32 small letters, digits or -')
  }
  if (eid === undefined) return { name }
  if (typeof eid === 'string' && EUICC_FIELDS.eid.test(eid)) return { name, eid }
  throw badField('eid', 'expected 32 digits')
}

function objectOf(body: Json | undefined): Readonly<Record<string, Json>> {
  if (body === undefined) return {}
  if (isObject(body)) return body
  throw new LabError('badInput', 'expected a JSON object')
}

function refuseFields(body: Json | undefined): void {
  const [name] = Object.keys(objectOf(body))
  if (name !== undefined) throw badField(name, 'there is no such field')
}

function badField(field: string, detail: string): LabError {
  return new LabError('badInput', `${field}: ${detail}.`, { field })
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
