/** The HTTP side of an RSP client: an interface's functions, carried out by a server elsewhere (SGP.22 §6.2 to §6.6). */

import {
  request as requestHttp,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http'
import { request as requestHttps } from 'node:https'
import { Asn1Error } from '../asn1/der.ts'
import { systemRandom } from '../base/environment.ts'
import { LabError, messageOf } from '../base/errors.ts'
import { fromUtf8, toHex } from '../base/octets.ts'
import type { Certificate } from '../pki/certificate.ts'
import {
  ASN1_CONTENT_TYPE,
  ASN1_PATH,
  readAsn1Response,
  writeAsn1Request,
} from '../rsp/asn1-binding.ts'
import type { IsRevoked } from '../pki/revocation.ts'
import { ES9PLUS, type Es9Plus } from '../rsp/es9plus.ts'
import {
  checkHeader,
  isForLpas,
  isObject,
  readFields,
  writeFields,
  type Json,
  type RspFunction,
  type RspInterface,
} from '../rsp/json-binding.ts'
import { RspError } from '../rsp/status-codes.ts'
import { ADMIN_PROTOCOL } from './rsp-headers.ts'
import { parseAddress, plainAgent, tlsAgent, type TlsTrust } from './rsp-connection.ts'

interface ClientOptions {
  /** `host` or `host:port`, as an activation code carries it. */
  readonly address: string
  /** How long a connection, and then an answer, may take; 30 s unless told otherwise. */
  readonly timeoutMs?: number | undefined
  /** JSON unless told; functions without an ASN.1 binding are called in JSON all the same. */
  readonly binding?: Binding | undefined
  /** Where the server is found, when the network does not know its name: `host` or `host:port`. */
  readonly foundAt?: string | undefined
  /** Who calls, where messages have a header that says so. */
  readonly requester?: string | undefined
}

/** How functions travel: LPAs choose, servers speak both (SGP.22 §6.5, §6.6). */
export type Binding = 'json' | 'asn1'

export type RspClientOptions<Table> = ClientOptions & { readonly table: Table } & (
    | { readonly tls: TlsTrust; readonly plain?: undefined }
    /** Without TLS, for a lab that chose so. */
    | { readonly plain: true; readonly tls?: undefined }
  )

/** Its connections are closed when it is. */
export interface Closable {
  close(): void
}

/** Whom an LPA believes to be an SM-DP+: who has a certificate under one of the anchors, or, without TLS, anybody. */
export type Es9PlusTrust =
  | {
      readonly tls: {
        readonly anchors: readonly Certificate[]
        readonly isRevoked?: IsRevoked | undefined
      }
      readonly plain?: undefined
    }
  | { readonly plain: true; readonly tls?: undefined }

export type Es9PlusClientOptions = ClientOptions & Es9PlusTrust

const TIMEOUT_MS = 30_000
const DEFAULT_REQUESTER = 'esim-lab'
const CALL_ID_OCTETS = 8
const HTTPS_PORT = 443
const HTTP_PORT = 80
/** A Bound Profile Package of the longest kind in Base64, with room for its header. */
const ANSWER_OCTETS_MAX = 2 * 1024 * 1024

/**
 * ES9+ of the SM-DP+ at an address, for an LPA. A refusal is thrown as `RspError`, as the SM-DP+ itself throws it.
 *
 * SGP.22 §5.6, §6.2, §6.5, §6.6. In the ASN.1 binding a refusal is a number alone, and is thrown as the first code that
 * the number stands for. The server must be CERT.DP.TLS under one of the anchors.
 * Each function throws LabError `refused` (tlsCertificateInvalid) when it is not, `unavailable` when nothing comes, or
 * something that is no answer.
 * @throws {LabError} badInput — the address is none
 */
export function es9PlusClient(options: Es9PlusClientOptions): Es9Plus & Closable {
  const { address, timeoutMs, binding } = options
  return rspClient({
    table: ES9PLUS,
    address,
    timeoutMs,
    binding,
    ...(options.tls ? { tls: { ...options.tls, role: 'dp-tls' } } : { plain: options.plain }),
  })
}

/** Whom an LPA believes at which port. */
export type PortTrust = Es9PlusTrust & {
  /** Ports that are spoken to without TLS, whatever goes for others. */
  readonly plainPorts?: readonly number[] | undefined
}

/** How the server at an address is spoken to. @throws {LabError} badInput — the address is none */
export function trustAt({ plainPorts = [], ...trust }: PortTrust, address: string): Es9PlusTrust {
  const { port } = parseAddress(address, HTTPS_PORT)
  return plainPorts.includes(port) || !trust.tls ? { plain: true } : { tls: trust.tls }
}

/** ES9+ of servers by their addresses, one client for each, with connections that last until all are closed. */
export function es9PlusClients(
  trust: PortTrust & { readonly binding?: Binding | undefined },
): Closable & { readonly at: (address: string) => Es9Plus } {
  const { binding } = trust
  const clients = new Map<string, Es9Plus & Closable>()
  return {
    at(address) {
      const client =
        clients.get(address) ?? es9PlusClient({ address, binding, ...trustAt(trust, address) })
      clients.set(address, client)
      return client
    },
    close() {
      for (const client of clients.values()) client.close()
    },
  }
}

/**
 * The functions of a table at an address; see `es9PlusClient`.
 * @throws {LabError} badInput — the address is none
 */
export function rspClient<Table extends Readonly<Record<string, RspFunction>>>(
  options: RspClientOptions<Table>,
): RspInterface<Table> & Closable {
  const exchange = exchangeWith(options)
  const { requester = DEFAULT_REQUESTER } = options
  const functions = Object.entries(options.table).map(([name, rspFunction]) => {
    const call = options.binding === 'asn1' && rspFunction.asn1 ? callInAsn1 : callInJson
    return [name, (message: object) => call(rspFunction, { message, exchange, requester })]
  })
  const close = (): void => exchange.agent.destroy()
  return { ...(Object.fromEntries(functions) as RspInterface<Table>), close }
}

interface Sent {
  readonly requester: string
  readonly message: object
  readonly exchange: Exchange
}

async function callInJson(rspFunction: RspFunction, sent: Sent): Promise<object> {
  const fields = writeFields(rspFunction.request, sent.message as Fields)
  const text = JSON.stringify({ ...headerOf(rspFunction, sent), ...fields })
  const answer = await exchanged(rspFunction, {
    exchange: sent.exchange,
    path: rspFunction.path,
    body: { type: 'application/json', octets: Buffer.from(text, 'utf8') },
  })
  if (rspFunction.kind === 'notification') return {}
  const json = jsonOf(answer)
  if (!isObject(json) || !isObject(json['header'])) throw notAnAnswer(rspFunction, answer)
  checkHeader(json)
  return readAnswer(rspFunction, json)
}

/** SGP.22 §6.5.1.3: between servers, a message says who calls and which call it is. */
function headerOf(rspFunction: RspFunction, { requester }: Sent): { readonly header?: Json } {
  if (isForLpas(rspFunction.interface)) return {}
  const functionCallIdentifier = toHex(systemRandom().unique(CALL_ID_OCTETS))
  return { header: { functionRequesterIdentifier: requester, functionCallIdentifier } }
}

async function callInAsn1(rspFunction: RspFunction, sent: Sent): Promise<object> {
  const { asn1 } = rspFunction
  if (!asn1) return callInJson(rspFunction, sent)
  const answer = await exchanged(rspFunction, {
    exchange: sent.exchange,
    path: ASN1_PATH,
    body: { type: ASN1_CONTENT_TYPE, octets: writeAsn1Request(asn1, sent.message) },
  })
  if (rspFunction.kind === 'notification') return {}
  try {
    return readAsn1Response(asn1, answer.octets)
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    throw malformed(ASN1_PATH, error)
  }
}

async function exchanged(
  rspFunction: RspFunction,
  sent: { readonly exchange: Exchange; readonly path: string; readonly body: Body },
): Promise<Answer> {
  const answer = await sent.exchange.post(sent.path, sent.body)
  if (answer.status < 200 || answer.status > 299) throw notAnAnswer(rspFunction, answer)
  return answer
}

type Fields = Readonly<Record<string, unknown>>

/** A field that is wrong is the server's fault, and must not look as if the server had refused. */
function readAnswer(rspFunction: RspFunction, json: Json): object {
  try {
    return readFields(rspFunction.response, json)
  } catch (error) {
    if (!(error instanceof RspError)) throw error
    throw malformed(rspFunction.path, error)
  }
}

function malformed(path: string, error: Error): LabError {
  const detail = `the answer to ${path} is malformed: ${error.message}`
  return new LabError('unavailable', detail, { cause: error })
}

interface Body {
  readonly type: string
  readonly octets: Uint8Array
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly octets: Uint8Array
}

function jsonOf(answer: Answer): Json | undefined {
  try {
    return JSON.parse(fromUtf8(answer.octets) ?? '') as Json
  } catch {
    return undefined
  }
}

const SHOWN_CHARACTERS_MAX = 200

function notAnAnswer(rspFunction: RspFunction, answer: Answer): LabError {
  const text = Buffer.from(answer.octets).toString('utf8')
  const shown = JSON.stringify(text.slice(0, SHOWN_CHARACTERS_MAX))
  return new LabError(
    'unavailable',
    `${rspFunction.path} answered HTTP ${answer.status} (${answer.type}) ${shown}, which is no answer of ${rspFunction.interface}.`,
  )
}

interface Exchange {
  readonly agent: Agent
  post(path: string, body: Body): Promise<Answer>
}

function exchangeWith(options: RspClientOptions<unknown>): Exchange {
  const { address, tls, timeoutMs = TIMEOUT_MS } = options
  const port = tls ? HTTPS_PORT : HTTP_PORT
  const server = parseAddress(address, port)
  const foundAt = options.foundAt === undefined ? undefined : parseAddress(options.foundAt, port)
  const agent = tls
    ? tlsAgent({ server, foundAt, trust: tls, handshakeTimeoutMs: timeoutMs })
    : plainAgent()
  const open = (path: string, body: Body): ClientRequest =>
    (tls ? requestHttps : requestHttp)({
      ...(tls ? server : (foundAt ?? server)),
      agent,
      method: 'POST',
      path,
      headers: {
        Host: address,
        'User-Agent': 'gsma-rsp-lpad',
        'X-Admin-Protocol': ADMIN_PROTOCOL,
        'Content-Type': body.type,
        'Content-Length': body.octets.length,
      },
    })
  const once = (path: string, body: Body): Promise<Answer> =>
    answerTo(open(path, body), { body, timeoutMs, address })
  const post: Exchange['post'] = (path, body) =>
    once(path, body).catch((error: unknown) => {
      if (error instanceof StaleConnection) return once(path, body)
      throw error
    })
  return { agent, post }
}

/** A kept connection had been closed by the server before the request reached it, as far as can be told: it goes out once more. */
class StaleConnection extends LabError {}

function answerTo(
  request: ClientRequest,
  sent: { readonly body: Body; readonly timeoutMs: number; readonly address: string },
): Promise<Answer> {
  const { body, timeoutMs, address } = sent
  return new Promise<Answer>((resolve, reject) => {
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    request.on('error', (error: Error & { readonly code?: string }) =>
      reject(exchangeError(error, { address, stale: isStale(request, error) })),
    )
    request.on('response', (response) => {
      readAll(response).then(
        (octets) => resolve(answerOf(response, octets)),
        (error: unknown) => {
          request.destroy()
          reject(exchangeError(error, { address, stale: false }))
        },
      )
    })
    request.once('close', () => clearTimeout(timer))
    request.end(body.octets)
  })
}

function isStale(request: ClientRequest, error: { readonly code?: string }): boolean {
  return request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}

function exchangeError(
  error: unknown,
  { address, stale }: { readonly address: string; readonly stale: boolean },
): LabError {
  if (error instanceof LabError) return error
  const Kind = stale ? StaleConnection : LabError
  return new Kind('unavailable', `${address} does not answer: ${messageOf(error)}.`, {
    cause: error,
  })
}

/** A whole body. @throws {Error} it is longer than any answer of RSP */
export function readAll(response: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let lengthOctets = 0
    response.on('data', (chunk: Buffer) => {
      lengthOctets += chunk.length
      if (lengthOctets <= ANSWER_OCTETS_MAX) chunks.push(chunk)
      else reject(new Error(`it sends more than ${ANSWER_OCTETS_MAX} octets`))
    })
    response.on('end', () => resolve(Buffer.concat(chunks)))
    response.on('error', reject)
  })
}

function answerOf(response: IncomingMessage, octets: Uint8Array): Answer {
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'] ?? 'no Content-Type',
    octets,
  }
}
