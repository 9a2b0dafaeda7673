/** Money that subscribers send each other. */

import { z } from 'zod'
import { amountToJson } from '../../operator/amount.ts'
import type { MoneySent } from '../../operator/money/money.ts'
import type { Operator } from '../../operator/operator.ts'
import { answerOnce } from './operator-routes.ts'
import { route, type Route } from './route.ts'
import { amountJson, instant, msisdn } from './schemas.ts'
import { amountMinor } from './subscription-routes.ts'

const sentSchema = z
  .object({
    id: z.string(),
    from: z.string(),
    to: z.string(),
    amountMinor: amountJson.meta({ description: "Minor units of the operator's currency." }),
    currency: z.string(),
    at: instant,
  })
  .meta({ id: 'MoneySent' })

/** The routes over an operator. */
export function moneyRoutes({ money }: Pick<Operator, 'money'>): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/accounts/{msisdn}/money-transfers',
      operationId: 'sendMoney',
      summary: 'Send money to another subscriber of the same operator',
      description:
        'At once: a token has shown whose account it is, and the code of USSD is not asked for. A refusal names every rule that stands against it.',
      tag: 'Subscriptions',
      scope: 'money:write',
      idempotent: true,
      params: z.object({ msisdn }),
      body: z.strictObject({ to: msisdn, amountMinor }),
      actsFor: ({ params }) => [params.msisdn],
      responses: { 201: { description: 'The receipt.', schema: sentSchema } },
      async handle({ params, body, caller, idempotencyKey }) {
        const asked = { from: params.msisdn, ...body, caller, idempotencyKey }
        const outcome = await money.send(asked)
        return answerOnce({ ...outcome, json: outcome.sent && sentJson(outcome.sent) })
      },
    }),
  ]
}

function sentJson(sent: MoneySent): object {
  return { ...sent, amountMinor: amountToJson(sent.amountMinor) }
}
