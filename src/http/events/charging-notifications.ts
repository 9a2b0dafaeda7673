/** ChargingNotifyRequest to consumers of charging: that a session should ask again, or is over (TS 32.291 §6.1.5.2). */

import { LabError } from '../../base/errors.ts'
import type { Charging, SendNotification } from '../../operator/charging/charging.ts'
import { requireCallbackHost } from './callbacks.ts'

const LOOK_EVERY_MS = 1000
const TIMEOUT_MS = 10_000

export interface Notifying {
  /** Begins no other call, and settles when the one under way is done. */
  stop(): Promise<void>
}

/**
 * Tells consumers from now on, each notification again after a while when it was not taken. Consumers on this machine
 * and on `callbackHosts` alone are told.
 */
export function startChargingNotifications(
  charging: Pick<Charging, 'notify'>,
  options: {
    readonly reportDefect: (error: unknown) => void
    readonly callbackHosts: readonly string[]
  },
): Notifying {
  const ending = new AbortController()
  const send = chargingNotifier({ ...options, signal: ending.signal })
  let last: Promise<unknown> = Promise.resolve()
  let isUnderWay = false
  const timer = setInterval(() => {
    if (isUnderWay) return
    isUnderWay = true
    last = charging
      .notify(send)
      .catch(options.reportDefect)
      .finally(() => void (isUnderWay = false))
  }, LOOK_EVERY_MS).unref()
  return {
    async stop() {
      clearInterval(timer)
      ending.abort()
      await last
    },
  }
}

/** Posts one notification. It throws where the consumer may not be called, or answers anything but HTTP 2xx. */
export function chargingNotifier(options: {
  readonly callbackHosts: readonly string[]
  readonly signal?: AbortSignal
}): SendNotification {
  return async ({ type, ratingGroup, notifyUri }) => {
    requireCallbackHost(notifyUri, options.callbackHosts)
    const timeout = AbortSignal.timeout(TIMEOUT_MS)
    const details = ratingGroup === undefined ? [] : [{ ratingGroup }]
    const response = await fetch(notifyUri, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        notificationType: type,
        ...(details.length > 0 && { reauthorizationDetails: details }),
      }),
      redirect: 'error',
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    })
    await response.body?.cancel()
    if (response.ok) return
    throw new LabError('unavailable', `the consumer answered HTTP ${response.status}.`)
  }
}
