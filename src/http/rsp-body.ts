/** The body of an RSP request: JSON in UTF-8 or DER, of a size that a message can have. */

import type { IncomingMessage } from 'node:http'
import { concat, fromUtf8 } from '../base/octets.ts'
import { ASN1_CONTENT_TYPE } from '../rsp/asn1-binding.ts'
import type { Json } from '../rsp/json-binding.ts'
import type { RspError } from '../rsp/status-codes.ts'

/** No request is longer: the largest carries certificates or the result of an installation. */
export const REQUEST_OCTETS_MAX = 512 * 1024

/** A request that does not speak the binding, or may not: the HTTP status that says so, and what to do. */
export class RequestError extends Error {
  readonly httpStatus: number
  readonly headers: Readonly<Record<string, string>>
  /** What the header of a JSON answer says; that the message is malformed, unless told. */
  readonly refusal: RspError | undefined

  // oxlint-disable-next-line max-params -- a status, its text and its headers, in HTTP's order
  constructor(
    httpStatus: number,
    detail: string | RspError,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(typeof detail === 'string' ? detail : detail.message)
    this.httpStatus = httpStatus
    this.headers = headers
    this.refusal = typeof detail === 'string' ? undefined : detail
  }
}

/**
 * The JSON of a request's body, or what express has parsed of it already.
 * @throws {RequestError} 415 for another type or a compressed body, 413 for one that is too long, 400 for what is no JSON
 */
export async function readJson(request: IncomingMessage & { body?: unknown }): Promise<Json> {
  if (request.body !== undefined) return request.body as Json
  checkType(request, JSON_TYPE)
  const octets = await readOctets(request)
  const text = fromUtf8(octets)
  if (text === undefined) throw new RequestError(400, 'The body is not UTF-8.')
  return parseJson(text)
}

/**
 * The octets of a request's body in the ASN.1 binding.
 * @throws {RequestError} 415 for another type or a compressed body, 413 for one that is too long
 */
export async function readAsn1(request: IncomingMessage): Promise<Uint8Array> {
  checkType(request, ASN1_TYPE)
  return readOctets(request)
}

interface ContentType {
  readonly pattern: RegExp
  readonly send: string
}

const JSON_TYPE: ContentType = {
  pattern: /^application\/json[\t ]*(?:;|$)/i,
  send: 'Send a JSON object with Content-Type: application/json.',
}
const ASN1_TYPE: ContentType = {
  pattern: /^application\/x-gsma-rsp-asn1[\t ]*(?:;|$)/i,
  send: `Send RemoteProfileProvisioningRequest with Content-Type: ${ASN1_CONTENT_TYPE}.`,
}

function checkType({ headers }: IncomingMessage, type: ContentType): void {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new RequestError(415, 'Send the body without Content-Encoding.')
  }
  if (!type.pattern.test(headers['content-type'] ?? '')) throw new RequestError(415, type.send)
}

/** Listeners rather than iteration: a body is mostly one chunk, and an iterator costs more than the chunk. */
function readOctets(request: IncomingMessage): Promise<Uint8Array> {
  if (Number(request.headers['content-length']) > REQUEST_OCTETS_MAX) return refuseLength(request)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let lengthOctets = 0
    request.on('data', (chunk: Buffer) => {
      lengthOctets += chunk.length
      if (lengthOctets <= REQUEST_OCTETS_MAX) chunks.push(chunk)
      else refuseLength(request).catch(reject)
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : concat(...chunks)))
    request.on('error', () => reject(new RequestError(400, 'The body ended early.')))
  })
}

/** The rest is read and dropped: a connection that is closed under a client who still sends loses the answer. */
async function refuseLength(request: IncomingMessage): Promise<never> {
  request.removeAllListeners('data').resume()
  throw new RequestError(413, `Send at most ${REQUEST_OCTETS_MAX} octets.`)
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new RequestError(400, 'The body is not JSON.')
  }
}
