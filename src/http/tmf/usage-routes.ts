/** TMF677 Usage Consumption v4: the question of a balance page, which is answered at once. */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import type { Operator } from '../../operator/operator.ts'
import type { Lot } from '../../store/ledger.ts'
import { ok, route, type Route } from '../api/route.ts'
import { idOf, instant } from '../api/schemas.ts'
import { maySee, type Principal } from '../api/scopes.ts'
import {
  FILTERS,
  LIST_HEADERS,
  listAnswer,
  listQuery,
  oneQuery,
  selectionOf,
  sourceOf,
  subscriberOf,
  withFields,
} from './lists.ts'
import { quantityOf } from './quantities.ts'
import { resourceOf } from './resources.ts'
import { quantity, subscriberRef } from './schemas.ts'

const BASE = '/tmf-api/usageConsumption/v4'

const query = z
  .looseObject({
    searchCriteria: z.looseObject({
      logicalResource: z.array(subscriberRef).min(1).max(1).optional(),
    }),
  })
  .meta({ id: 'QueryUsageConsumption_Create' })

const answer = z
  .looseObject({
    id: z.string(),
    href: z.string(),
    queryUsageConsumptionDate: instant,
    searchCriteria: z.looseObject({}),
    usageConsumption: z.array(
      z.looseObject({
        state: z.literal('done'),
        bucketRefOrValue: z.array(
          z.looseObject({
            id: z.string(),
            remainingValue: quantity,
            reservedValue: quantity,
            bucketCounter: z.array(z.looseObject({ counterType: z.string(), value: quantity })),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'QueryUsageConsumption' })

/** As many answers are kept to be seen again, while the lab is served. */
const KEPT_MAX = 1000

interface KeptAnswer {
  readonly id: string
  readonly msisdn: string
  /** Who asked. */
  readonly caller: string
  readonly json: object
}

/** The routes over an operator. */
export function usageRoutes(operator: Operator): readonly Route[] {
  const kept = new Map<string, KeptAnswer>()
  return [askRoute(operator, kept), ...seeRoutes(kept)]
}

const TAG = 'TMF677 Usage Consumption'
const PATH = `${BASE}/queryUsageConsumption`

function askRoute(operator: Operator, kept: Map<string, KeptAnswer>): Route {
  let serial = 0
  return route({
    method: 'POST',
    path: PATH,
    operationId: 'createQueryUsageConsumption',
    summary: 'What a subscriber has, has used, and has set aside, lot by lot',
    description: `A subscriber is asked about itself; others name the subscriber in \`searchCriteria.logicalResource\`. The last ${KEPT_MAX} answers may be seen again.`,
    tag: TAG,
    scope: 'balances:read',
    body: query,
    responses: {
      201: { description: 'The answer.', schema: answer, headers: { Location: 'Where it is.' } },
    },
    async handle({ body, principal, caller, origin }) {
      const named = body.searchCriteria.logicalResource?.[0]?.id
      const msisdn = subscriberOf(named, principal)
      await operator.subscriptions.refreshDue({ msisdn })
      const { lots } = operator.balance({ msisdn })
      const at = operator.access.clock.now()
      serial += 1
      const id = idOfAnswer(`${msisdn} ${at.toISOString()} ${serial}`)
      // A whole URI, as TMF677 has it, where TMF654 has any text.
      const href = `${origin}${PATH}/${id}`
      const json = {
        id,
        href,
        queryUsageConsumptionDate: at,
        searchCriteria: body.searchCriteria,
        usageConsumption: [
          {
            state: 'done',
            creationDate: at,
            logicalResource: [resourceOf(msisdn)],
            bucketRefOrValue: lots.map((lot) => bucketOf(lot, msisdn)),
          },
        ],
      }
      kept.set(id, { id, msisdn, caller, json })
      // A map goes through its entries in the order in which they came.
      for (const [oldest] of kept) {
        if (kept.size <= KEPT_MAX) break
        kept.delete(oldest)
      }
      return { status: 201, headers: { Location: href }, body: json }
    },
  })
}

function seeRoutes(kept: Map<string, KeptAnswer>): readonly Route[] {
  const common = { tag: TAG, scope: 'balances:read' } as const
  const selection = selectionOf(answer)
  const ofOne = { params: idOf('id', 'The id of an answer.') }
  const found = (id: string, principal: Principal): KeptAnswer => {
    const one = kept.get(id)
    if (one && maySee(principal, [one.msisdn])) return one
    throw new LabError('notFound', 'there is no queryUsageConsumption with this id any more')
  }
  const source = sourceOf(({ msisdn }) =>
    [...kept.values()]
      .filter((one) => msisdn === undefined || one.msisdn === msisdn)
      .map(({ json }) => json)
      .toReversed(),
  )
  return [
    route({
      ...common,
      method: 'GET',
      path: PATH,
      operationId: 'listQueryUsageConsumption',
      summary: 'Answers that are kept, the newest first',
      description: FILTERS,
      query: listQuery,
      responses: {
        200: { description: 'A page.', schema: z.array(selection), headers: LIST_HEADERS },
      },
      handle: (asked) => listAnswer({ source, attributes: Object.keys(answer.shape) }, asked),
    }),
    route({
      ...common,
      ...ofOne,
      method: 'GET',
      path: `${PATH}/{id}`,
      operationId: 'retrieveQueryUsageConsumption',
      summary: 'An answer, as it was given',
      query: oneQuery,
      responses: { 200: { description: 'It.', schema: selection } },
      handle: ({ params, query: { fields }, principal }) =>
        ok(withFields(found(String(params.id), principal).json, fields)),
    }),
    route({
      ...common,
      ...ofOne,
      method: 'DELETE',
      path: `${PATH}/{id}`,
      operationId: 'deleteQueryUsageConsumption',
      summary: 'Keep an answer no longer',
      responses: { 204: { description: 'It is gone.' } },
      handle({ params, principal, caller }) {
        const one = found(String(params.id), principal)
        if (principal.role !== 'operator' && one.caller !== caller) {
          throw new LabError('forbidden', 'somebody else has asked this', { reason: 'otherCaller' })
        }
        kept.delete(one.id)
        return { status: 204 }
      },
    }),
  ]
}

function idOfAnswer(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24)
}

function bucketOf(lot: Lot, msisdn: string): object {
  return {
    id: `${msisdn}-${lot.id}`,
    name: lot.label ?? lot.origin,
    usageType: 'data',
    status: 'active',
    isShared: false,
    remainingValue: quantityOf(lot.availableBytes),
    reservedValue: quantityOf(lot.heldBytes),
    bucketCounter: [counter('allowance', lot.grantedBytes), counter('used', lot.consumedBytes)],
    validFor: {
      startDateTime: new Date(lot.validFromMs),
      endDateTime: new Date(lot.validUntilMs),
    },
  }
}

function counter(counterType: string, bytes: bigint): object {
  return { counterType, level: 'global', value: quantityOf(bytes) }
}
