/** Registering for events (TMF654 v4 hub), and what became of deliveries. */

import { z } from 'zod'
import { EVENT_TYPES } from '../../operator/events/event-types.ts'
import type { Operator } from '../../operator/operator.ts'
import type { Delivery } from '../../store/outbox.ts'
import { pageOf } from '../page.ts'
import { route, ok, type Route } from '../api/route.ts'
import { idOf, instant, page, position } from '../api/schemas.ts'
import { TAG } from '../tmf/balance-routes.ts'
import { BASE } from '../tmf/resources.ts'
import { requireCallbackHost } from './callbacks.ts'

const subscription = z
  .object({ id: z.string(), callback: z.string(), query: z.string().optional() })
  .meta({ id: 'EventSubscription' })

const delivery = z
  .object({
    number: z.int(),
    state: z.enum(['waiting', 'delivered', 'dead']),
    tries: z.int(),
    nextAt: instant.nullable(),
    lastError: z.string().nullable(),
    listenerId: z.string(),
    eventId: z.string(),
    eventType: z.string(),
    eventTime: instant,
  })
  .meta({ id: 'EventDelivery' })

const TYPES = Object.entries(EVENT_TYPES)
  .map(([type, text]) => `- ${type}: ${text}`)
  .join('\n')

/** The routes over an operator. `callbackHosts` may be called besides this machine. */
export function hubRoutes(operator: Operator, callbackHosts: readonly string[]): readonly Route[] {
  const { events } = operator
  return [
    route({
      method: 'POST',
      path: `${BASE}/hub`,
      operationId: 'registerListener',
      summary: 'Be told of events',
      description: `Deliveries are POSTs, signed as Standard Webhooks 1.0.0 has it with the secret of the answer, at least once each, until they are answered with 2xx or dead. \`query\` is \`eventType=\` with names; without it, all are told:\n${TYPES}`,
      tag: TAG,
      scope: 'hub:write',
      body: z.looseObject({ callback: z.url().max(2000), query: z.string().max(2000).optional() }),
      responses: {
        201: {
          description: 'Registered. The secret is shown this once.',
          schema: subscription.extend({ secret: z.string() }).meta({ id: 'NewEventSubscription' }),
        },
      },
      async handle({ body }) {
        requireCallbackHost(body.callback, callbackHosts)
        const { id, callback, query, secret } = await events.register({
          callback: body.callback,
          ...(body.query !== undefined && { query: body.query }),
        })
        return {
          status: 201,
          headers: { Location: `${BASE}/hub/${id}` },
          body: { id, callback, query, secret },
        }
      },
    }),
    route({
      method: 'DELETE',
      path: `${BASE}/hub/{id}`,
      operationId: 'unregisterListener',
      summary: 'Be told no more',
      tag: TAG,
      scope: 'hub:write',
      params: idOf('id', 'The id of a registration.'),
      responses: { 204: { description: 'Ended.' } },
      async handle({ params }) {
        await events.unregister({ id: String(params.id) })
        return { status: 204 }
      },
    }),
    ...deliveryRoutes(operator),
  ]
}

function deliveryRoutes({ events }: Operator): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/event-listeners',
      operationId: 'listListeners',
      summary: 'Who is told of events',
      tag: 'Events',
      scope: 'hub:read',
      query: page,
      responses: {
        200: {
          description: 'A page; `next` names the listener to go on after.',
          schema: z.object({ listeners: z.array(subscription), next: z.string().optional() }),
        },
      },
      handle({ query }) {
        const { limit, after = '' } = query
        const found = events.listeners({ after, limit: limit + 1 })
        const { entries, ...next } = pageOf(found, { limit, nameOf: ({ id }) => id })
        const listeners = entries.map(({ id, callback, query: filter }) => {
          return { id, callback, query: filter }
        })
        return ok({ listeners, ...next })
      },
    }),
    route({
      method: 'GET',
      path: '/api/event-deliveries',
      operationId: 'listDeliveries',
      summary: 'What waits, what was delivered, and what never could be',
      tag: 'Events',
      scope: 'hub:read',
      query: page.extend({
        state: z.enum(['waiting', 'delivered', 'dead']).default('dead'),
        after: position.optional(),
      }),
      responses: {
        200: {
          description: 'A page; `next` names the delivery to go on after.',
          schema: z.object({ deliveries: z.array(delivery), next: z.string().optional() }),
        },
      },
      handle({ query }) {
        const { state, limit, after = 0 } = query
        const found = events.deliveries({ state, after, limit: limit + 1 })
        const { entries, ...next } = pageOf(found, {
          limit,
          nameOf: ({ number }) => String(number),
        })
        return ok({ deliveries: entries.map(deliveryJson), ...next })
      },
    }),
    route({
      method: 'POST',
      path: '/api/event-deliveries/{number}/retry',
      operationId: 'retryDelivery',
      summary: 'Try a dead delivery again',
      tag: 'Events',
      scope: 'hub:write',
      params: z.object({ number: position }),
      responses: { 202: { description: 'It waits again.' } },
      async handle({ params }) {
        await events.retry(params)
        return { status: 202 }
      },
    }),
  ]
}

function deliveryJson({ number, state, tries, event, listener, ...of }: Delivery): object {
  return {
    number,
    state,
    tries,
    nextAt: state === 'waiting' ? new Date(of.nextAtMs) : null,
    lastError: of.lastError ?? null,
    listenerId: listener.id,
    eventId: event.id,
    eventType: event.type,
    eventTime: new Date(event.atMs),
  }
}
