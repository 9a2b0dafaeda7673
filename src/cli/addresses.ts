/** The addresses under which other machines find this one. */

import { isIP } from 'node:net'
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os'
import { isLoopback } from '../http/events/callbacks.ts'

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/**
 * The addresses of a listener on the host, IPv4 first: its own, or all of this machine when it listens on every interface.
 * Link-local addresses are left out: without their zone, which a URL cannot carry, they lead nowhere.
 */
export function addressesOf(host: string, interfaces: Interfaces = networkInterfaces()): string[] {
  if (host !== '0.0.0.0' && host !== '::') return isLoopback(host) ? [] : [host]
  const all = Object.values(interfaces).flatMap((each) => each ?? [])
  const reachable = all.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
  const ofFamily = (family: number): string[] =>
    reachable.map(({ address }) => address).filter((address) => isIP(address) === family)
  return host === '::' ? [...ofFamily(4), ...ofFamily(6)] : ofFamily(4)
}
