/** HTTP requests of somebody else's LPA, carried out as they stand; the server must be one that the LPA should believe. */

import { request as requestHttp, type Agent, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { LabError, messageOf } from '../base/errors.ts'
import { parseAddress, plainAgent, tlsAgent, type ServerAddress } from './rsp-connection.ts'
import { readAll, type Closable } from './rsp-client.ts'
import type { LpaTrust } from './smds-clients.ts'

export interface RelayedRequest {
  readonly url: string
  readonly body: Uint8Array
  /** As lines, `Content-Type: application/json`. */
  readonly headers: readonly string[]
}

export interface RelayedAnswer {
  readonly status: number
  readonly body: Uint8Array
}

export interface Relay extends Closable {
  /**
   * Posts to an `https` URL.
   * @throws {LabError} badInput — the URL or a header is none; refused — the server's certificate is not accepted; unavailable — nothing comes
   */
  post(request: RelayedRequest): Promise<RelayedAnswer>
}

const TIMEOUT_MS = 30_000
const HTTPS_PORT = 443
/** Each request has a connection of its own, as with LPAs that speak HTTP themselves. */
const OWN_HEADERS = ['host', 'connection', 'content-length', 'transfer-encoding']

/**
 * A relay that believes whom `trust` says, to be an SM-DP+ or an SM-DS. Without TLS, `https` URLs are asked for by HTTP,
 * at the same port.
 */
export function createRelay(trust: LpaTrust): Relay {
  const agents = new Map<string, Agent>()
  function agentFor(server: ServerAddress): Agent {
    const key = `${server.host} ${server.port}`
    const agent = agents.get(key) ?? newAgent(server, trust)
    agents.set(key, agent)
    return agent
  }
  return {
    async post(relayed) {
      const { server, path } = targetOf(relayed.url)
      const send = trust.tls ? requestHttps : requestHttp
      const reached = trust.tls ? server : (foundAt(server, trust) ?? server)
      return new Promise<RelayedAnswer>((resolve, reject) => {
        const unreachable = (error: unknown): void => reject(notAnswered(server, error))
        const request = send({
          ...reached,
          agent: agentFor(server),
          method: 'POST',
          path,
          headers: { ...headersOf(relayed), Connection: 'close' },
          signal: AbortSignal.timeout(TIMEOUT_MS),
        })
        request.on('error', unreachable)
        request.on('response', (response) => {
          answerOf(response).then(resolve, (error: unknown) => {
            request.destroy()
            unreachable(error)
          })
        })
        request.end(relayed.body)
      })
    },
    close() {
      for (const agent of agents.values()) agent.destroy()
    },
  }
}

function newAgent(server: ServerAddress, trusted: LpaTrust): Agent {
  if (!trusted.tls) return plainAgent()
  const trust = { anchors: trusted.tls.anchors, role: ['dp-tls', 'ds-tls'] } as const
  const found = foundAt(server, trusted)
  return tlsAgent({ server, foundAt: found, trust, handshakeTimeoutMs: TIMEOUT_MS })
}

function foundAt({ host, port }: ServerAddress, trust: LpaTrust): ServerAddress | undefined {
  const address = port === HTTPS_PORT ? trust.foundAt?.[host.toLowerCase()] : undefined
  return address === undefined ? undefined : parseAddress(address, HTTPS_PORT)
}

function targetOf(url: string): { readonly server: ServerAddress; readonly path: string } {
  const [, authority, path = '/'] = /^https:\/\/([^/?#]+)(\/[!-~]*)?$/.exec(url) ?? []
  if (authority !== undefined) return { server: parseAddress(authority, HTTPS_PORT), path }
  throw new LabError('badInput', `${JSON.stringify(url)} is not an https URL.`, { field: 'url' })
}

function headersOf({ headers, body }: RelayedRequest): Record<string, string | number> {
  const named = headers.map((line) => {
    const [, name, value] = /^([!#$%&'*+.^`|~\w-]+):([\t -~]*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) return [name, value.trim()] as const
    throw new LabError('badInput', `${JSON.stringify(line)} is not a header.`, { field: 'headers' })
  })
  const kept = named.filter(([name]) => !OWN_HEADERS.includes(name.toLowerCase()))
  return { ...Object.fromEntries(kept), 'Content-Length': body.length }
}

async function answerOf(response: IncomingMessage): Promise<RelayedAnswer> {
  return { status: response.statusCode ?? 0, body: await readAll(response) }
}

function notAnswered({ host, port }: ServerAddress, error: unknown): LabError {
  if (error instanceof LabError) return error
  const detail = `${host}:${port} does not answer: ${messageOf(error)}.`
  return new LabError('unavailable', detail, { cause: error })
}
