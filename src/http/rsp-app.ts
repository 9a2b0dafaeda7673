/** The HTTP side of an RSP server: the functions of an interface's table, each at its path (SGP.22 §6.2 to §6.5). */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { readEs2PlusHeader } from '../rsp/es2plus.ts'
import {
  failureBody,
  readFields,
  SUCCESS_HEADER,
  writeFields,
  type Json,
  type RspFunction,
  type RspInterface,
} from '../rsp/json-binding.ts'
import type { Observer } from '../rsp/observe.ts'
import { refuse, RspError } from '../rsp/status-codes.ts'
import { readJson, RequestError } from './rsp-body.ts'

/** The version of SGP.22 that our messages follow, as `X-Admin-Protocol` carries it (§6.5.1). */
export const ADMIN_PROTOCOL = 'gsma/rsp/v2.5.0'

export interface RspAppOptions<Table extends Readonly<Record<string, RspFunction>>> {
  readonly table: Table
  readonly implementation: RspInterface<Table>
  /** Told of our own defects, of which clients see nothing but status 500. */
  readonly reportDefect?: (error: unknown) => void
  /** Told of requests that are not understood, as they came: the implementation's own observer never sees them. */
  readonly observer?: Observer
}

/** A request listener of node:http. With `next`, as express calls it, other paths are left to others. */
export type RspApp = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void

/**
 * Makes the listener of an interface. Paths, fields and kinds come from its table.
 *
 * SGP.22 §6.3, §6.5.1: what was carried out or refused answers 200 with a header that says which, a notification 204.
 * Who does not speak the binding (no JSON, other method, other path, too large) gets the HTTP status for it, and the
 * header of a refusal besides, so that an LPA can show why. A notification that is refused answers 400.
 * Any `X-Admin-Protocol` and `User-Agent` are accepted, and none.
 *
 * A listener of node:http, not an express app: a look-up by path is all the routing there is, and what a body must be is
 * said here in full. `express.Router().use(app)` mounts it all the same; a body that was parsed is then taken as it is.
 */
export function createRspApp<Table extends Readonly<Record<string, RspFunction>>>(
  options: RspAppOptions<Table>,
): RspApp {
  const routes = routesOf(options)
  const { reportDefect = () => {} } = options
  // oxlint-disable-next-line max-params -- the signature is express's
  return (request, response, next) => {
    const route = routes.get(pathOf(request))
    if (!route && next) return next()
    void answer(route, request)
      .catch((error: unknown) => {
        const sent = answerToError(error, route)
        if (sent.status >= 500) reportDefect(error)
        return sent
      })
      .then((sent) => send(response, sent))
      .catch(reportDefect)
  }
}

interface Route {
  readonly rspFunction: RspFunction
  call(request: object): Promise<object>
  /** Shows the observer a request that is refused before it is a message. */
  notUnderstood(body: Json, error: unknown): void
}

interface Answer {
  readonly status: number
  readonly body?: Json
  readonly headers?: Readonly<Record<string, string>>
}

function routesOf<Table extends Readonly<Record<string, RspFunction>>>(
  options: RspAppOptions<Table>,
): Map<string, Route> {
  const implementation = options.implementation as Readonly<
    Record<string, (request: object) => Promise<object>>
  >
  return new Map(
    Object.entries(options.table).map(([name, rspFunction]) => {
      const call: Route['call'] = (request) => implementation[name]!(request)
      const side = { interface: rspFunction.interface, function: name }
      const notUnderstood: Route['notUnderstood'] = (body, error) => {
        options.observer?.({ ...side, direction: 'request', message: body })
        options.observer?.({ ...side, direction: 'refusal', message: error })
      }
      return [rspFunction.path, { rspFunction, call, notUnderstood }]
    }),
  )
}

function pathOf(request: IncomingMessage): string {
  const { url = '' } = request
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

async function answer(route: Route | undefined, request: IncomingMessage): Promise<Answer> {
  if (!route) throw new RequestError(404, 'There is no function at this path.')
  if (request.method !== 'POST') {
    throw new RequestError(405, 'Functions are called by POST.', { Allow: 'POST' })
  }
  const { rspFunction } = route
  const message = await route.call(await understood(route, request))
  if (rspFunction.kind === 'notification') return { status: 204 }
  const fields = writeFields(rspFunction.response, message as Record<string, unknown>)
  return { status: 200, body: { header: SUCCESS_HEADER, ...fields } }
}

async function understood(route: Route, request: IncomingMessage): Promise<object> {
  let json: Json = null
  try {
    json = await readJson(request)
    if (route.rspFunction.interface !== 'ES2+') return readFields(route.rspFunction.request, json)
    const header = readEs2PlusHeader(json)
    return { ...readFields(route.rspFunction.request, json), header }
  } catch (error) {
    route.notUnderstood(json, error)
    throw error
  }
}

function answerToError(error: unknown, route: Route | undefined): Answer {
  if (error instanceof RequestError) {
    const refusal = refuse('formatInvalid', { detail: error.message })
    return { status: error.httpStatus, body: failureBody(refusal), headers: error.headers }
  }
  if (error instanceof RspError) {
    const status = route?.rspFunction.kind === 'notification' ? 400 : 200
    return { status, body: failureBody(error) }
  }
  return { status: 500, body: failureBody(refuse('defect')) }
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  if (body === undefined) {
    response.writeHead(status, { 'X-Admin-Protocol': ADMIN_PROTOCOL, ...headers }).end()
    return
  }
  const octets = Buffer.from(JSON.stringify(body), 'utf8')
  response
    .writeHead(status, {
      'X-Admin-Protocol': ADMIN_PROTOCOL,
      'Content-Type': 'application/json',
      'Content-Length': octets.length,
      ...headers,
    })
    .end(octets)
}
