/** The HTTP side of an RSP server: the functions of an interface's table, in both bindings (SGP.22 §6.2 to §6.6). */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Asn1Error } from '../asn1/der.ts'
import {
  ASN1_CONTENT_TYPE,
  ASN1_PATH,
  asn1RequestOf,
  readAsn1Request,
  writeAsn1Refusal,
  writeAsn1Response,
  type Asn1Request,
} from '../rsp/asn1-binding.ts'
import { readEs2PlusHeader, type Es2PlusHeader } from '../rsp/es2plus.ts'
import {
  failureBody,
  isForLpas,
  readFields,
  SUCCESS_HEADER,
  toleratedFields,
  writeFields,
  type Json,
  type RspFunction,
  type RspInterface,
} from '../rsp/json-binding.ts'
import type { Observer } from '../rsp/observe.ts'
import { refuse, RspError } from '../rsp/status-codes.ts'
import { readAsn1, readJson, RequestError } from './rsp-body.ts'
import {
  ADMIN_PROTOCOL,
  DEFAULT_VERSIONS,
  tolerance,
  toleratedHeaders,
  type Tolerance,
  type VersionWindow,
} from './rsp-headers.ts'

/** What a request had that the specification does not, and was answered all the same. */
export interface Tolerated {
  readonly interface: string
  readonly function: string
  readonly what: string
}

export interface RspAppOptions<Table extends Readonly<Record<string, RspFunction>>> {
  readonly table: Table
  readonly implementation: RspInterface<Table>
  /** Told of our own defects, of which clients see nothing but status 500. */
  readonly reportDefect?: ((error: unknown) => void) | undefined
  /** Told of requests that are not understood, as they came: the implementation's own observer never sees them. */
  readonly observer?: Observer | undefined
  /** Refuse what is not as the specification has it, and is understood all the same. */
  readonly strict?: boolean | undefined
  /** The versions of SGP.22 that clients may name; see `DEFAULT_VERSIONS`. */
  readonly versions?: VersionWindow | undefined
  /** Told of what was tolerated. */
  readonly noteTolerated?: ((tolerated: Tolerated) => void) | undefined
  /** Who may call at all, and in whose name. */
  readonly admit?: Admission | undefined
}

/** Judges callers by their connection, and what they say of themselves. */
export interface Admission {
  /** @throws {RequestError} the connection is nobody's who may call */
  connection(request: IncomingMessage): void
  /** @throws {RspError} the caller speaks in the name of another */
  header(request: IncomingMessage, header: Es2PlusHeader): void
}

/** A request listener of node:http. With `next`, as express calls it, other paths are left to others. */
export type RspApp = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void

/**
 * Makes the listener of an interface. Paths, fields, messages and kinds come from its table.
 *
 * SGP.22 §6.3, §6.5.1, §6.6.1: what was carried out or refused answers 200 and says which, a notification 204.
 * Who does not speak the binding (no JSON or DER, other method, other path, too large) gets the HTTP status for it, and in
 * JSON the header of a refusal besides, so that an LPA can show why. A notification that is refused answers 400.
 *
 * A listener of node:http, not an express app: a look-up by path is all the routing there is, and what a body must be is
 * said here in full. `express.Router().use(app)` mounts it all the same; a body that was parsed is then taken as it is.
 */
export function createRspApp<Table extends Readonly<Record<string, RspFunction>>>(
  options: RspAppOptions<Table>,
): RspApp {
  const bindings = bindingsOf(options)
  const { reportDefect = () => {} } = options
  // oxlint-disable-next-line max-params -- the signature is express's
  return (request, response, next) => {
    const binding = bindings.get(pathOf(request))
    if (!binding && next) return next()
    void answer(binding, { request, admit: options.admit })
      .catch((error: unknown) => {
        if (!isRefusal(error)) reportDefect(error)
        return (binding ?? NO_BINDING).refusal(error)
      })
      .then((sent) => send(response, sent))
      .catch(reportDefect)
  }
}

/** A way to call functions: how requests are read, and what is answered. */
interface Binding {
  answer(request: IncomingMessage): Promise<Answer>
  /** The answer where there was no function to refuse. */
  refusal(error: unknown): Answer
}

interface Answer {
  readonly status: number
  readonly body?: { readonly type: string; readonly octets: Uint8Array }
  readonly headers?: Readonly<Record<string, string>>
}

interface Route {
  readonly name: string
  readonly rspFunction: RspFunction
  call(request: object): Promise<object>
  /** Shows the observer a request that is refused before it is a message. */
  notUnderstood(body: unknown, error: unknown): void
  /** Says what was tolerated. @throws {RspError} nothing is */
  tolerate(found: readonly Tolerance[]): void
}

function bindingsOf<Table extends Readonly<Record<string, RspFunction>>>(
  options: RspAppOptions<Table>,
): ReadonlyMap<string, Binding> {
  const { versions = DEFAULT_VERSIONS, admit } = options
  const routes = routesOf(options)
  const common = { versions, admit }
  const bindings = new Map<string, Binding>(
    routes.map((route) => [route.rspFunction.path, jsonBinding({ ...common, route })]),
  )
  if (routes.some(({ rspFunction }) => rspFunction.asn1)) {
    bindings.set(ASN1_PATH, asn1Binding({ ...common, table: options.table, routes }))
  }
  return bindings
}

function routesOf<Table extends Readonly<Record<string, RspFunction>>>(
  options: RspAppOptions<Table>,
): Route[] {
  const { observer, strict = false, noteTolerated } = options
  const implementation = options.implementation as Readonly<
    Record<string, (request: object) => Promise<object>>
  >
  return Object.entries(options.table).map(([name, rspFunction]) => {
    const side = { interface: rspFunction.interface, function: name }
    return {
      name,
      rspFunction,
      call: (request) => implementation[name]!(request),
      notUnderstood(body, error) {
        observer?.({ ...side, direction: 'request', message: body })
        observer?.({ ...side, direction: 'refusal', message: error })
      },
      tolerate(found) {
        const [first] = found
        if (first && strict) throw first.refusal
        for (const { what } of found) {
          noteTolerated?.({ ...side, what })
          observer?.({ ...side, direction: 'tolerated', message: what })
        }
      },
    }
  })
}

interface BindingParts {
  readonly versions: VersionWindow
  readonly admit: Admission | undefined
}

function jsonBinding(parts: BindingParts & { readonly route: Route }): Binding {
  const { route, versions, admit } = parts
  const { rspFunction } = route
  async function understood(request: IncomingMessage): Promise<object> {
    let json: Json = null
    try {
      json = await readJson(request)
      const header = isForLpas(rspFunction.interface) ? undefined : readEs2PlusHeader(json)
      if (header) admit?.header(request, header)
      const message = readFields(rspFunction.request, json)
      route.tolerate([
        ...toleratedHeaders(request.headers, { interface: rspFunction.interface, versions }),
        ...toleratedFields(rspFunction.request, json).map(tolerance),
      ])
      return header ? { ...message, header } : message
    } catch (error) {
      route.notUnderstood(json, error)
      throw error
    }
  }
  return {
    async answer(request) {
      const message = await route.call(await understood(request))
      if (rspFunction.kind === 'notification') return { status: 204 }
      const fields = writeFields(rspFunction.response, message as Record<string, unknown>)
      return { status: 200, body: jsonBody({ header: SUCCESS_HEADER, ...fields }) }
    },
    refusal(error) {
      const refusedStatus = rspFunction.kind === 'notification' ? 400 : 200
      return jsonRefusal(error, refusedStatus)
    },
  }
}

/** What is asked for at no path of ours. */
const NO_BINDING: Pick<Binding, 'refusal'> = { refusal: (error) => jsonRefusal(error, 200) }

function jsonRefusal(error: unknown, refusedStatus: number): Answer {
  if (error instanceof RequestError) {
    const refusal = error.refusal ?? refuse('formatInvalid', { detail: error.message })
    return {
      status: error.httpStatus,
      body: jsonBody(failureBody(refusal)),
      headers: error.headers,
    }
  }
  if (error instanceof RspError) {
    return { status: refusedStatus, body: jsonBody(failureBody(error)) }
  }
  return { status: 500, body: jsonBody(failureBody(refuse('defect'))) }
}

function jsonBody(json: Json): NonNullable<Answer['body']> {
  return { type: 'application/json', octets: Buffer.from(JSON.stringify(json), 'utf8') }
}

/** One path for all functions. What names no function of ours is HTTP 400 with no body: there is no message for it. */
function asn1Binding(
  parts: BindingParts & {
    readonly table: Readonly<Record<string, RspFunction>>
    readonly routes: readonly Route[]
  },
): Binding {
  const { table, routes, versions } = parts

  async function call(request: IncomingMessage, asked: Asn1Request): Promise<Answer> {
    const route = routes.find(({ name }) => name === asked.name)!
    const { rspFunction } = route
    try {
      const message = await route.call(understood(request, { asked, route }))
      if (rspFunction.kind === 'notification') return { status: 204 }
      return { status: 200, body: asn1Body(writeAsn1Response(asked.asn1, message)) }
    } catch (error) {
      if (!(error instanceof RspError)) throw error
      if (rspFunction.kind === 'notification') return { status: 400 }
      return { status: 200, body: asn1Body(writeAsn1Refusal(asked.asn1, error)) }
    }
  }

  function understood(
    request: IncomingMessage,
    { asked, route }: { readonly asked: Asn1Request; readonly route: Route },
  ): object {
    try {
      const { message, tolerated } = readAsn1Request(asked)
      const side = route.rspFunction.interface
      route.tolerate([
        ...toleratedHeaders(request.headers, { interface: side, versions }),
        ...tolerated.map(tolerance),
      ])
      return message
    } catch (error) {
      route.notUnderstood(asked.octets, error)
      throw error
    }
  }

  return {
    async answer(request) {
      return call(request, functionIn(table, await readAsn1(request)))
    },
    refusal(error) {
      if (error instanceof RequestError) return { status: error.httpStatus, headers: error.headers }
      return { status: 500 }
    },
  }
}

function functionIn(table: Readonly<Record<string, RspFunction>>, octets: Uint8Array): Asn1Request {
  try {
    return asn1RequestOf(table, octets)
  } catch (error) {
    throw error instanceof Asn1Error ? new RequestError(400, error.message) : error
  }
}

function asn1Body(octets: Uint8Array): NonNullable<Answer['body']> {
  return { type: ASN1_CONTENT_TYPE, octets }
}

function pathOf(request: IncomingMessage): string {
  const { url = '' } = request
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

async function answer(
  binding: Binding | undefined,
  asked: { readonly request: IncomingMessage; readonly admit: Admission | undefined },
): Promise<Answer> {
  const { request } = asked
  if (!binding) throw new RequestError(404, 'There is no function at this path.')
  if (request.method !== 'POST') {
    throw new RequestError(405, 'Functions are called by POST.', { Allow: 'POST' })
  }
  asked.admit?.connection(request)
  return binding.answer(request)
}

function isRefusal(error: unknown): boolean {
  return error instanceof RequestError || error instanceof RspError
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  if (body === undefined) {
    const length = status === 204 ? {} : { 'Content-Length': 0 }
    response.writeHead(status, { 'X-Admin-Protocol': ADMIN_PROTOCOL, ...length, ...headers }).end()
    return
  }
  response
    .writeHead(status, {
      'X-Admin-Protocol': ADMIN_PROTOCOL,
      'Content-Type': body.type,
      'Content-Length': body.octets.length,
      ...headers,
    })
    .end(body.octets)
}
