/** Connections to an RSP server: TLS whose certificate is judged as SGP.22 wants it, before anything is sent. */

import type { X509Certificate } from 'node:crypto'
import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { wallClock } from '../base/environment.ts'
import { LabError, messageOf } from '../base/errors.ts'
import { readCertificate, type Certificate } from '../pki/certificate.ts'
import { toPkcs8 } from '../crypto/ec.ts'
import { validateChain, type ChainVerdict } from '../pki/chain.ts'
import { toPem } from '../pki/forge.ts'
import type { Credential } from '../pki/issue.ts'
import type { IsRevoked } from '../pki/revocation.ts'

/** Whom a client believes: CIs, and the role that the server's certificate must have under one of them. */
export interface TlsTrust {
  readonly anchors: readonly Certificate[]
  /** Several, where the client does not know yet what the server is. */
  readonly role: TlsRole | readonly TlsRole[]
  /** What the client shows of itself, on interfaces where servers call servers. */
  readonly credential?: Credential | undefined
  /** What the CIs' lists say. */
  readonly isRevoked?: IsRevoked | undefined
}

export type TlsRole = 'dp-tls' | 'ds-tls'

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
 * TLS 1.2 or 1.3 to one server, kept alive. A connection is given out when its certificate is right at wall time (SGP.22
 * §4.5.2.1, Table 14 and Table 16; RFC 6125 for the host's name); else its request fails with a `LabError`.
 */
export function tlsAgent(options: {
  readonly server: ServerAddress
  /** Where the server is found, when its name is not known to the network. */
  readonly foundAt?: ServerAddress | undefined
  readonly trust: TlsTrust
  readonly handshakeTimeoutMs: number
}): HttpsAgent {
  return new RspAgent(options)
}

/**
 * Node trusts nobody here, and its verdict is not asked: it converts each chain that it trusts, and that ends the whole
 * process at a Brainpool key anywhere in it. Whoever has a CI's key, which is public for test CIs, could send one.
 */
const TLS = {
  ca: [],
  rejectUnauthorized: false,
  minVersion: 'TLSv1.2',
  ALPNProtocols: ['http/1.1'],
} satisfies ConnectionOptions

type Opened = (error: Error | null, socket: Duplex) => void

class RspAgent extends HttpsAgent {
  readonly #options: Parameters<typeof tlsAgent>[0]
  readonly #opening = new Set<TLSSocket>()

  constructor(options: Parameters<typeof tlsAgent>[0]) {
    super(AGENT)
    this.#options = options
  }

  override createConnection(_options: ClientRequestArgs, opened?: Opened): undefined {
    const { server, foundAt, handshakeTimeoutMs, trust } = this.#options
    const socket = connect({
      ...(foundAt ?? server),
      ...(isIP(server.host) === 0 ? { servername: server.host } : {}),
      ...TLS,
      ...(trust.credential && shown(trust.credential)),
    })
    this.#opening.add(socket)
    const settle = (error?: Error): void => {
      clearTimeout(timer)
      this.#opening.delete(socket)
      socket.removeListener('error', settle).removeListener('close', closedEarly)
      // What fails later than the handshake is for the request to see, once it has the socket.
      if (error) socket.on('error', () => {}).destroy()
      opened?.(error ? openError(error, server) : null, socket)
    }
    const closedEarly = (): void => settle(new Error('it closed the connection'))
    const timer = setTimeout(
      () => settle(new Error(`no connection within ${handshakeTimeoutMs} ms`)),
      handshakeTimeoutMs,
    )
    socket.once('error', settle).once('close', closedEarly)
    socket.once('secureConnect', () => settle(certificateFault(socket, this.#options)))
  }

  override destroy(): void {
    for (const socket of this.#opening) socket.destroy()
    super.destroy()
  }
}

function shown({ certificate, keyPair }: Credential): Pick<ConnectionOptions, 'key' | 'cert'> {
  return {
    key: toPem('PRIVATE KEY', toPkcs8(keyPair.privateKey)),
    cert: toPem('CERTIFICATE', certificate.der),
  }
}

function certificateFault(
  socket: TLSSocket,
  { server, trust }: { readonly server: ServerAddress; readonly trust: TlsTrust },
): LabError | undefined {
  const peer = socket.getPeerX509Certificate()
  if (!peer) return certificateRefused('there is none')
  try {
    const certificate = readCertificate(peer.raw)
    const verdict = judgeTls(certificate, trust)
    if (!verdict.ok) return certificateRefused(verdict.fault.detail)
    if (trust.isRevoked?.(certificate)) return certificateRefused('its CI has revoked it')
    if (certificate.curve !== 'P-256') return certificateRefused('its key is not on P-256')
    return namesHost(peer, server.host) ? undefined : notOfHost(certificate, server.host)
  } catch (error) {
    return certificateRefused(messageOf(error), error)
  }
}

/** A TLS certificate under one of the CIs, for one of the roles, at wall time. */
export function judgeTls(
  certificate: Certificate,
  { anchors, role }: Pick<TlsTrust, 'anchors' | 'role'>,
): ChainVerdict {
  const verdicts = [role].flat().map((each) =>
    validateChain({
      chain: [certificate],
      roles: [each],
      // TLS under a Brainpool CI is not for LPAs (SGP.22 §4.5.2).
      anchors: anchors.filter(({ curve }) => curve === 'P-256'),
      atMs: wallClock.nowMs(),
    }),
  )
  return verdicts.find(({ ok }) => ok) ?? (verdicts[0] as ChainVerdict)
}

function namesHost(peer: X509Certificate, host: string): boolean {
  if (isIP(host) !== 0) return peer.checkIP(host) !== undefined
  return peer.checkHost(host, { subject: 'never' }) !== undefined
}

function notOfHost(certificate: Certificate, host: string): LabError {
  const { dnsNames, ipAddresses } = certificate.subjectAltName
  return certificateRefused(`it is for ${[...dnsNames, ...ipAddresses].join(', ')}, not ${host}`)
}

function openError(error: Error, server: ServerAddress): LabError {
  if (error instanceof LabError) return error
  // OpenSSL ends its messages with a line break.
  return new LabError(
    'unavailable',
    `${server.host}:${server.port} cannot be reached by TLS: ${messageOf(error).trim()}.`,
    { cause: error },
  )
}

function certificateRefused(detail: string, cause?: unknown): LabError {
  return new LabError('refused', `The TLS certificate of the server is not accepted: ${detail}.`, {
    reason: 'tlsCertificateInvalid',
    cause,
  })
}
