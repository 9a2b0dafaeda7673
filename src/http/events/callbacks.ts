/** Where events may be sent: to this machine, and to hosts that were named when the lab was started. */

import { LabError } from '../../base/errors.ts'

/** @throws {LabError} badInput — the host is another's */
export function requireCallbackHost(callback: string, hosts: readonly string[]): void {
  const { hostname } = new URL(callback)
  if (isLoopback(hostname) || hosts.includes(hostname)) return
  throw new LabError(
    'badInput',
    `callback must be on this machine; ${hostname} was not allowed when the lab was started (serve --callback-host ${hostname})`,
    { field: 'callback', reason: 'callbackHost' },
  )
}

/**
 * Whether a host is this machine alone, as a name, an address, or as URL has it: IPv4 in one form, whatever it was written
 * in, and IPv6 in brackets.
 */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || /^(?:::1|\[::1\]|127(?:\.[0-9]{1,3}){3})$/.test(host)
}
