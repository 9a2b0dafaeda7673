/** The body of an RSP request: JSON in UTF-8, of a size that a message can have. */

import type { IncomingMessage } from 'node:http'
import { concat, fromUtf8 } from '../base/octets.ts'
import type { Json } from '../rsp/json-binding.ts'

/** No request is longer: the largest carries certificates or the result of an installation. */
export const REQUEST_OCTETS_MAX = 512 * 1024

/** A request that does not speak the binding: the HTTP status that says so, and what to do. */
export class RequestError extends Error {
  readonly httpStatus: number
  readonly headers: Readonly<Record<string, string>>

  // oxlint-disable-next-line max-params -- a status, its text and its headers, in HTTP's order
  constructor(httpStatus: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.httpStatus = httpStatus
    this.headers = headers
  }
}

/**
 * The JSON of a request's body, or what express has parsed of it already.
 * @throws {RequestError} 415 for another type or a compressed body, 413 for one that is too long, 400 for what is no JSON
 */
export async function readJson(request: IncomingMessage & { body?: unknown }): Promise<Json> {
  if (request.body !== undefined) return request.body as Json
  checkType(request)
  const octets = await readOctets(request)
  const text = fromUtf8(octets)
  if (text === undefined) throw new RequestError(400, 'The body is not UTF-8.')
  return parseJson(text)
}

const JSON_TYPE = /^application\/json[\t ]*(?:;|$)/i

function checkType({ headers }: IncomingMessage): void {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new RequestError(415, 'Send the body without Content-Encoding.')
  }
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) {
    throw new RequestError(415, 'Send a JSON object with Content-Type: application/json.')
  }
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
