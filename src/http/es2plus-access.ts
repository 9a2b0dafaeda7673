/** Who may call ES2+ (SGP.22 §6.4): who has a certificate, who has a token, or, in a laboratory, anybody. */

import { createHash, timingSafeEqual, type X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { wallClock } from '../base/environment.ts'
import { refuse, type RspError } from '../rsp/status-codes.ts'
import type { Admission } from './rsp-app.ts'
import { RequestError } from './rsp-body.ts'

/** An operator's software, known by its client certificate. */
export interface Es2PlusClient {
  /** What people call it. */
  readonly name: string
  /** Certificates: of a CA, whose clients may call, or of the client itself, whose key then is what counts. */
  readonly certificates: readonly X509Certificate[]
  readonly knownBy: 'ca' | 'key'
  /** The functionRequesterIdentifier that it must give; any unless told. */
  readonly requester?: string | undefined
}

export type Es2PlusAccess =
  | { readonly kind: 'clients'; readonly clients: readonly Es2PlusClient[] }
  | { readonly kind: 'token'; readonly token: string }
  /** Anybody, for laboratories. */
  | { readonly kind: 'open' }

/** What of those who may call changes while they are served. */
export interface ChangingAccess {
  /** More clients, where clients are known by certificates. */
  readonly further?: () => readonly Es2PlusClient[]
  /** Whether its CI has revoked a certificate; a pinned key is trusted whatever becomes of its certificates. */
  readonly isRevoked?: (certificate: X509Certificate) => boolean
}

/**
 * Judges callers as the listener was told to.
 * @throws {RequestError} 401, 403 with requesterNotAllowed. @throws {RspError} requesterNotAllowed
 */
export function admissionOf(
  access: Es2PlusAccess,
  { further = () => [], isRevoked = () => false }: ChangingAccess = {},
): Admission {
  if (access.kind === 'open') return { connection: () => {}, header: () => {} }
  if (access.kind === 'token') return tokenAdmission(access.token)
  const clientAt = (request: IncomingMessage): Es2PlusClient =>
    notRevoked(clientOf([...access.clients, ...further()], request), { request, isRevoked })
  return {
    connection: (request) => void clientAt(request),
    header(request, { functionRequesterIdentifier }) {
      const { name, requester } = clientAt(request)
      if (requester === undefined || requester === functionRequesterIdentifier) return
      throw refuse('requesterNotAllowed', {
        detail: `The certificate is that of ${name}, whose identifier is ${requester}.`,
        subjectIdentifier: functionRequesterIdentifier,
      })
    },
  }
}

function tokenAdmission(token: string): Admission {
  const expected = digest(token)
  return {
    connection({ headers }) {
      const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
      if (given !== undefined && timingSafeEqual(digest(given), expected)) return
      const detail = 'Send the token as "Authorization: Bearer <token>".'
      throw new RequestError(401, notAllowed(detail), { 'WWW-Authenticate': 'Bearer' })
    },
    header: () => {},
  }
}

/** Digests have one length, so that comparing them tells nothing of the token, not even how long it is. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function notAllowed(detail: string): RspError {
  return refuse('requesterNotAllowed', { detail })
}

/** Verdicts of connections: a certificate does not change while its connection lasts. */
const verdicts = new WeakMap<TLSSocket, Es2PlusClient>()

function clientOf(clients: readonly Es2PlusClient[], { socket }: IncomingMessage): Es2PlusClient {
  if (!(socket instanceof TLSSocket)) {
    throw new RequestError(403, notAllowed('Clients are known by TLS certificates here.'))
  }
  const known = verdicts.get(socket)
  if (known && clients.includes(known)) return known
  const peer = socket.getPeerX509Certificate()
  if (!peer) throw new RequestError(403, notAllowed('Present a client certificate.'))
  const nowMs = wallClock.nowMs()
  const client = clients.find((each) => isClient(each, { peer, nowMs }))
  if (!client) throw new RequestError(403, notAllowed(strangerDetail(peer, nowMs)))
  verdicts.set(socket, client)
  return client
}

/** @throws {RequestError} 403 — its CI has revoked the certificate, be it since the connection began */
function notRevoked(
  client: Es2PlusClient,
  of: { readonly request: IncomingMessage } & Required<Pick<ChangingAccess, 'isRevoked'>>,
): Es2PlusClient {
  const peer = (of.request.socket as TLSSocket).getPeerX509Certificate()
  if (client.knownBy === 'key' || !peer || !of.isRevoked(peer)) return client
  throw new RequestError(403, notAllowed('The client certificate is revoked by its CI.'))
}

interface Presented {
  readonly peer: X509Certificate
  readonly nowMs: number
}

/** A pinned key is trusted as it is, whatever its certificate says; a CA's word is taken for certificates that are in order. */
function isClient(client: Es2PlusClient, { peer, nowMs }: Presented): boolean {
  if (client.knownBy === 'key') {
    return client.certificates.some((own) => sameKey(own, peer))
  }
  if (!isInTime(peer, nowMs) || !isForClients(peer)) return false
  return client.certificates.some((ca) => ca.ca && isInTime(ca, nowMs) && isIssuedBy(peer, ca))
}

function sameKey(a: X509Certificate, b: X509Certificate): boolean {
  return spkiOf(a).equals(spkiOf(b))
}

function spkiOf({ publicKey }: X509Certificate): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' })
}

function isIssuedBy(peer: X509Certificate, ca: X509Certificate): boolean {
  return peer.checkIssued(ca) && peer.verify(ca.publicKey)
}

function isInTime({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return nowMs >= validFromDate.getTime() && nowMs <= validToDate.getTime()
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/** `keyUsage` of Node is the extended key usage. */
function isForClients({ keyUsage }: X509Certificate): boolean {
  const usages = keyUsage as readonly string[] | undefined
  return usages === undefined || usages.includes(CLIENT_AUTH)
}

function strangerDetail(peer: X509Certificate, nowMs: number): string {
  const subject = peer.subject.replaceAll('\n', ', ')
  if (!isInTime(peer, nowMs)) return `The certificate of "${subject}" is not valid at this time.`
  if (!isForClients(peer)) return `The certificate of "${subject}" is not for TLS clients.`
  const fingerprint = createHash('sha256').update(spkiOf(peer)).digest('hex')
  return `The certificate of "${subject}" is of no CA that is trusted here, and its key (SHA-256 ${fingerprint}) is not pinned.`
}
