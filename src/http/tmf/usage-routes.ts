/** TMF677 Usage Consumption v4: the question of a balance page. A query is answered at once and is not kept. */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Operator } from '../../operator/operator.ts'
import type { Lot } from '../../store/ledger.ts'
import { route, type Route } from '../api/route.ts'
import { instant } from '../api/schemas.ts'
import { subscriberOf } from './balance-routes.ts'
import { quantityOf } from './quantities.ts'
import { resourceOf } from './resources.ts'
import { quantity, ref } from './schemas.ts'

const BASE = '/tmf-api/usageConsumption/v4'

const query = z
  .looseObject({
    searchCriteria: z.looseObject({ logicalResource: z.array(ref).min(1).max(1).optional() }),
  })
  .meta({ id: 'QueryUsageConsumption_Create' })

const answer = z
  .looseObject({
    id: z.string(),
    queryUsageConsumptionDate: instant,
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

/** The routes over an operator. */
export function usageRoutes(operator: Operator): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: `${BASE}/queryUsageConsumption`,
      operationId: 'createQueryUsageConsumption',
      summary: 'What a subscriber has, has used, and has set aside, lot by lot',
      description:
        'A subscriber is asked about itself; others name the subscriber in `searchCriteria.logicalResource`.',
      tag: 'TMF677 Usage Consumption',
      scope: 'balances:read',
      body: query,
      responses: { 201: { description: 'The answer.', schema: answer } },
      async handle({ body, principal }) {
        const named = body.searchCriteria.logicalResource?.[0]?.id
        const msisdn = subscriberOf(named, principal)
        await operator.subscriptions.refreshDue({ msisdn })
        const { lots } = operator.balance({ msisdn })
        const at = operator.access.clock.now()
        return {
          status: 201,
          body: {
            id: createHash('sha256')
              .update(`${msisdn} ${at.toISOString()}`)
              .digest('hex')
              .slice(0, 24),
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
          },
        }
      },
    }),
  ]
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
