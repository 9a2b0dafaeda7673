/** Listening: a handler of requests on a port, over TLS or not, with limits on what strangers may hold. */

import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { LabError, messageOf } from '../base/errors.ts'
import { toPkcs8 } from '../crypto/ec.ts'
import { toPem } from '../pki/forge.ts'
import type { Credential } from '../pki/issue.ts'

export interface ListenOptions {
  readonly handler: RequestListener
  /** The key and certificate to serve HTTPS with; without it, plain HTTP. */
  readonly tls?: Credential | undefined
  /** Asks clients for a certificate, and leaves it to the handler to judge it. */
  readonly askForCertificate?: boolean | undefined
  readonly host?: string | undefined
  /** 0 takes any port that is free. */
  readonly port: number
}

export interface Listener {
  readonly host: string
  /** The port that was taken. */
  readonly port: number
  /** Takes no more connections, closes idle ones at once, and those with a request under way when they are done or 2 s have passed. */
  close(): Promise<void>
}

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16_384,
} as const
const HANDSHAKE_TIMEOUT_MS = 10_000
const HEADERS_MAX = 64
const CONNECTIONS_MAX = 1024
const CLOSING_GRACE_MS = 2_000
/** A connection is idle a moment after its last answer: the server does not close it then by itself. */
const IDLE_CHECK_MS = 20

/**
 * Listens on a port, of this machine alone unless `host` says otherwise. TLS is 1.2 or 1.3 (SGP.22 §2.6.6).
 * @throws {LabError} unavailable — the port is taken or not allowed, or the host is not of this machine
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host = '127.0.0.1', port } = options
  const server = createServer(options)
  server.maxHeadersCount = HEADERS_MAX
  server.maxConnections = CONNECTIONS_MAX
  const sockets = socketsOf(server)
  await opened(server, { host, port })
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () => closed(server, sockets),
  }
}

function createServer({ handler, tls, askForCertificate }: ListenOptions): Server {
  if (!tls) return createHttpServer(LIMITS, handler)
  return createHttpsServer(
    {
      ...LIMITS,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      key: toPem('PRIVATE KEY', toPkcs8(tls.keyPair.privateKey)),
      cert: toPem('CERTIFICATE', tls.certificate.der),
      minVersion: 'TLSv1.2',
      ...(tls.certificate.curve === 'brainpoolP256r1' && BRAINPOOL_TLS),
      // Node's own verdict is not asked for: it would have to be given CIs, and ends the process at Brainpool ones.
      ...(askForCertificate && { requestCert: true, rejectUnauthorized: false }),
    },
    handler,
  )
}

/** TLS 1.3 has no Brainpool that clients offer. */
const BRAINPOOL_TLS = {
  maxVersion: 'TLSv1.2',
  ecdhCurve: 'brainpoolP256r1:X25519:P-256',
} as const

/** The server itself forgets those that have not sent a request yet, and would wait for them without end. */
function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

function opened(
  server: Server,
  address: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(notOpened(error, address)))
    server.listen(address, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another program. Stop it, or choose another port',
  EACCES: 'needs rights that this process does not have. Choose one above 1023',
  EADDRNOTAVAIL: 'cannot be had: the address is not of this machine. Choose another host',
  ENOTFOUND: 'cannot be had: the host is unknown. Choose another host',
}

function notOpened(
  error: Error & { readonly code?: string },
  { host, port }: { readonly host: string; readonly port: number },
): LabError {
  const reason = REASONS[error.code ?? ''] ?? `cannot be had: ${messageOf(error)}`
  return new LabError('unavailable', `port ${port} of ${host} ${reason}.`, {
    field: 'port',
    ...(error.code === undefined ? {} : { reason: error.code }),
    cause: error,
  })
}

function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
    const grace = setTimeout(() => destroyAll(sockets), CLOSING_GRACE_MS)
    server.close(() => {
      clearInterval(idle)
      clearTimeout(grace)
      resolve()
    })
    destroyAll([...sockets].filter(({ bytesRead }) => bytesRead === 0))
  })
}

function destroyAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy()
}
