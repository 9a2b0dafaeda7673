/** Connections to an RSP server: TLS whose certificate is judged as SGP.22 wants it, before anything is sent. */

import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { wallClock } from '../base/environment.ts'
import { LabError, messageOf } from '../base/errors.ts'
import { readCertificate, type Certificate } from '../pki/certificate.ts'
import { validateChain } from '../pki/chain.ts'
import { toPem } from '../pki/forge.ts'

/** Whom a client believes: CIs, and the role that the server's certificate must have under one of them. */
export interface TlsTrust {
  readonly anchors: readonly Certificate[]
  readonly role: 'dp-tls' | 'ds-tls'
}

export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/**
 * Host and port of an address as activation codes carry it: `host`, `host:port`, `[::1]:port`.
 * @throws {LabError} badInput — it is none of these
 */
export function parseAddress(address: string, defaultPort: number): ServerAddress {
  const [, v6, name, digits] = /^(?:\[([\da-f:.]+)\]|([^\s:/?#@[\]]+))(?::(\d{1,5}))?$/i.exec(
    address,
  ) ?? [undefined]
  const host = v6 ?? name
  const port = digits === undefined ? defaultPort : Number(digits)
  if (host !== undefined && port > 0 && port < 65_536) return { host, port }
  throw new LabError(
    'badInput',
    `${JSON.stringify(address)} is not an address: host or host:port`,
    {
      field: 'address',
    },
  )
}

const AGENT = { keepAlive: true, maxFreeSockets: 4 } as const

/** Connections without TLS, kept alive. */
export function plainAgent(): HttpAgent {
  return new HttpAgent(AGENT)
}

/**
 * TLS 1.2 or 1.3 to one server, kept alive. A connection is given out when Node has verified chain and host name, and we
 * the profile of SGP.22 §4.5.2.1 (Table 14, Table 16) at wall time; else its request fails with a `LabError`.
 */
export function tlsAgent(options: {
  readonly server: ServerAddress
  readonly trust: TlsTrust
  readonly handshakeTimeoutMs: number
}): HttpsAgent {
  return new RspAgent(options)
}

type Opened = (error: Error | null, socket: Duplex) => void

class RspAgent extends HttpsAgent {
  readonly #options: Parameters<typeof tlsAgent>[0]
  readonly #secureContext: SecureContext
  readonly #opening = new Set<TLSSocket>()

  constructor(options: Parameters<typeof tlsAgent>[0]) {
    super(AGENT)
    this.#options = options
    this.#secureContext = secureContextOf(options.trust)
  }

  override createConnection(_options: ClientRequestArgs, opened?: Opened): undefined {
    const { server, trust, handshakeTimeoutMs } = this.#options
    const socket = connect({
      ...server,
      ...(isIP(server.host) === 0 ? { servername: server.host } : {}),
      secureContext: this.#secureContext,
      ALPNProtocols: ['http/1.1'],
    })
    this.#opening.add(socket)
    const settle = (error?: Error): void => {
      clearTimeout(timer)
      this.#opening.delete(socket)
      socket.removeListener('error', settle).removeListener('close', closedEarly)
      // What fails later than the handshake is for the request to see, once it has the socket.
      if (error) socket.on('error', () => {}).destroy()
      opened?.(error ? openError(error, { socket, server }) : null, socket)
    }
    const closedEarly = (): void => settle(new Error('it closed the connection'))
    const timer = setTimeout(
      () => settle(new Error(`no connection within ${handshakeTimeoutMs} ms`)),
      handshakeTimeoutMs,
    )
    socket.once('error', settle).once('close', closedEarly)
    socket.once('secureConnect', () => settle(certificateFault(socket, trust)))
  }

  override destroy(): void {
    for (const socket of this.#opening) socket.destroy()
    super.destroy()
  }
}

/**
 * Only P-256 stands among the CIs that Node is given, and in what the server may sign with: Node ends the whole process
 * when it looks at a Brainpool certificate that it trusts. TLS under a Brainpool CI is not for LPAs (SGP.22 §4.5.2).
 */
function secureContextOf({ anchors }: TlsTrust): SecureContext {
  const ca = anchors
    .filter(({ curve }) => curve === 'P-256')
    .map(({ der }) => toPem('CERTIFICATE', der))
  return createSecureContext({ ca, minVersion: 'TLSv1.2', ecdhCurve: 'X25519:P-256' })
}

function certificateFault(socket: TLSSocket, { anchors, role }: TlsTrust): LabError | undefined {
  const peer = socket.getPeerX509Certificate()
  if (!peer) return certificateRefused('it has none')
  try {
    const chain = [readCertificate(peer.raw)]
    const verdict = validateChain({ chain, roles: [role], anchors, atMs: wallClock.nowMs() })
    return verdict.ok ? undefined : certificateRefused(verdict.fault.detail)
  } catch (error) {
    return certificateRefused(messageOf(error), error)
  }
}

function openError(
  error: Error,
  { socket, server }: { readonly socket: TLSSocket; readonly server: ServerAddress },
): LabError {
  if (error instanceof LabError) return error
  if (socket.authorizationError) return certificateRefused(messageOf(error), error)
  return new LabError(
    'unavailable',
    `${server.host}:${server.port} cannot be reached by TLS: ${messageOf(error)}.`,
    { cause: error },
  )
}

function certificateRefused(detail: string, cause?: unknown): LabError {
  return new LabError('refused', `The TLS certificate of the server is not accepted: ${detail}.`, {
    reason: 'tlsCertificateInvalid',
    cause,
  })
}
