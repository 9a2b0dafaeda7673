/** How LPAs, SM-DP+ and SM-DSs reach SM-DSs over the network: ES11, ES12 and ES15 by address. */

import type { Credential } from '../pki/issue.ts'
import { ES11, type Es11 } from '../rsp/es11.ts'
import type { ES12, Es12, ES15 } from '../rsp/es12.ts'
import { rspClient, trustAt, type Binding, type Closable, type PortTrust } from './rsp-client.ts'
import type { TlsTrust } from './rsp-connection.ts'

/** Clients by address, one for each, with connections that last until all are closed. */
export interface ClientsByAddress<T> extends Closable {
  readonly at: (address: string) => T
}

/** Where servers are found whose names the network does not know, `host:port` by name. */
export type FoundAt = Readonly<Record<string, string>>

/** Whom an LPA believes, and where it finds servers. */
export type LpaTrust = PortTrust & { readonly foundAt?: FoundAt | undefined }

/**
 * ES11 of SM-DSs, for an LPA. A server of which the LPA does not know yet whether it is an SM-DS may be an SM-DP+, as far
 * as TLS is concerned. Errors are those of `es9PlusClient`.
 */
export function es11Clients(
  trust: LpaTrust & { readonly binding?: Binding | undefined },
): ClientsByAddress<Es11> {
  const { binding } = trust
  return clientsByAddress((address) => {
    const { tls } = trustAt(trust, address)
    return rspClient({
      table: ES11,
      address,
      binding,
      foundAt: trust.foundAt?.[address.toLowerCase()],
      ...(tls ? { tls: { ...tls, role: ['ds-tls', 'dp-tls'] } } : { plain: true }),
    })
  })
}

/** Who calls ES12, and whom it believes. */
export interface Es12Trust {
  /** The caller's OID. */
  readonly requester: string
  /** Without it, plain HTTP. */
  readonly tls?:
    (Pick<TlsTrust, 'anchors' | 'isRevoked'> & { readonly credential: Credential }) | undefined
  readonly foundAt?: FoundAt | undefined
}

/** Long enough for a cascade, and not so long that an operator who waits for ConfirmOrder gives up. */
const ES12_TIMEOUT_MS = 10_000

/** ES12 of SM-DSs, for an SM-DP+; or ES15 with its table, for an SM-DS. */
export function es12Clients(
  table: typeof ES12 | typeof ES15,
  trust: Es12Trust,
): ClientsByAddress<Es12> {
  const { requester, tls } = trust
  return clientsByAddress((address) =>
    rspClient({
      table,
      address,
      requester,
      timeoutMs: ES12_TIMEOUT_MS,
      foundAt: trust.foundAt?.[address.toLowerCase()],
      ...(tls ? { tls: { ...tls, role: 'ds-tls' } } : { plain: true }),
    }),
  )
}

function clientsByAddress<T extends Closable>(make: (address: string) => T): ClientsByAddress<T> {
  const clients = new Map<string, T>()
  return {
    at(address) {
      const client = clients.get(address) ?? make(address)
      clients.set(address, client)
      return client
    },
    close() {
      for (const client of clients.values()) client.close()
    },
  }
}
