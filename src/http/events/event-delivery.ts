/** Brings events to those who registered for them, while a lab is served. */

import { wallClock } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import type { Deliver } from '../../operator/events/hub.ts'
import type { Operator } from '../../operator/operator.ts'
import { requireCallbackHost } from './callbacks.ts'
import { eventJson } from './event-json.ts'
import { signedHeaders } from './signature.ts'

const LOOK_EVERY_MS = 200
const TIMEOUT_MS = 5_000

export interface EventDelivery {
  /** Begins no other round, and settles when those under way are done. */
  stop(): Promise<void>
}

/** Looks for what is due by the lab's clock five times a second, and keeps no process alive for it. */
export function startEventDelivery(
  operator: Operator,
  options: {
    readonly callbackHosts: readonly string[]
    readonly reportDefect: (error: unknown) => void
  },
): EventDelivery {
  const ending = new AbortController()
  const deliver = eventSender(operator, { ...options, signal: ending.signal })
  const rounds = new Set<Promise<unknown>>()
  const timer = setInterval(() => {
    const round = operator.events.deliverDue(deliver).catch(options.reportDefect)
    rounds.add(round)
    void round.finally(() => rounds.delete(round))
  }, LOOK_EVERY_MS).unref()
  return {
    async stop() {
      ending.abort()
      clearInterval(timer)
      await Promise.all(rounds)
    },
  }
}

/** Posts one event, signed, as a listener's callback wants it. Anything but 2xx is a failure; redirects are not followed. */
export function eventSender(
  operator: Operator,
  options: { readonly callbackHosts: readonly string[]; readonly signal?: AbortSignal },
): Deliver {
  return async ({ event, listener }) => {
    requireCallbackHost(listener.callback, options.callbackHosts)
    const body = JSON.stringify(eventJson(operator, event))
    const timeout = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(listener.callback, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...signedHeaders({
          id: event.id,
          secret: listener.secret,
          body,
          atSeconds: Math.floor(wallClock.nowMs() / 1000),
        }),
      },
      body,
      redirect: 'manual',
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    })
    await response.body?.cancel()
    if (response.ok) return
    throw new LabError('unavailable', `the callback answered HTTP ${response.status}`)
  }
}
