/** The operator's API as verbs use it: HTTP with the token that the served lab has left in its directory. */

import { ERRORS, LabError, messageOf, type ErrorCode } from '../base/errors.ts'
import { headerOfKey } from '../http/api/idempotency-key.ts'
import { readService, type Service } from './service.ts'
import { commandLine } from './verb.ts'

export interface ApiAccess {
  readonly operatorUrl: string
  readonly token: string
}

export interface PostOptions {
  readonly body: object
  readonly idempotencyKey?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers are JSON of a form that the caller knows. Every problem is thrown as the `LabError` that the server had. */
export interface Api {
  get<T>(path: string): Promise<T>
  post<T>(path: string, options: PostOptions): Promise<T>
  /** Posts what makes something, and tells where it is. */
  create<T>(
    path: string,
    options: PostOptions,
  ): Promise<{ readonly location: string; readonly answer: T }>
  patch<T>(path: string, body: object): Promise<T>
  put<T>(path: string, body: object): Promise<T>
  delete(path: string): Promise<void>
}

/** A lab that answers. */
export interface LabClient extends Api {
  readonly directory: string
  readonly service: Service
  /** The lab's time at the start of the command. */
  readonly now: Date
}

/** Finds the lab that is served from a directory. @throws {LabError} unavailable, saying how to start one */
export async function openLab(directory: string): Promise<LabClient> {
  const service = readService(directory)
  if (!service) throw notServed(directory)
  const api = apiOf(service)
  const { now } = await api.get<{ readonly now: string }>('/api/lab').catch((error: unknown) => {
    throw isGone(error) ? notServed(directory) : error
  })
  return { ...api, directory, service, now: new Date(now) }
}

export function apiOf(access: ApiAccess): Api {
  const headers = { authorization: `Bearer ${access.token}` }
  const posting = ({ body, idempotencyKey, headers: more }: PostOptions): RequestInit => ({
    method: 'POST',
    headers: {
      ...headers,
      ...more,
      'content-type': 'application/json',
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': headerOfKey(idempotencyKey) }),
    },
    body: JSON.stringify(body),
  })
  const changing = (method: string, body: object): RequestInit => ({
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return {
    get: (path) => exchange(`${access.operatorUrl}${path}`, { headers }),
    post: (path, options) => exchange(`${access.operatorUrl}${path}`, posting(options)),
    async create<T>(path: string, options: PostOptions) {
      const { response, answer } = await ask(`${access.operatorUrl}${path}`, posting(options))
      return { location: response.headers.get('location') ?? '', answer: answer as T }
    },
    patch: (path, body) => exchange(`${access.operatorUrl}${path}`, changing('PATCH', body)),
    put: (path, body) => exchange(`${access.operatorUrl}${path}`, changing('PUT', body)),
    async delete(path) {
      await exchange(`${access.operatorUrl}${path}`, { method: 'DELETE', headers })
    },
  }
}

function notServed(directory: string): LabError {
  const start = commandLine('serve', { directory })
  return new LabError('unavailable', `no lab is served from ${directory}. Start one: ${start}`, {
    reason: 'notServed',
  })
}

const UNREACHABLE = 'unreachable'

/** Nobody answers at the address, or it is another lab by now, which does not know the token. */
function isGone(error: unknown): boolean {
  if (!(error instanceof LabError)) return false
  return error.reason === UNREACHABLE || error.code === 'unauthorised'
}

async function exchange<T>(url: string, request: RequestInit): Promise<T> {
  return (await ask(url, request)).answer as T
}

async function ask(
  url: string,
  request: RequestInit,
): Promise<{ readonly response: Response; readonly answer: unknown }> {
  const response = await fetch(url, request).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    throw new LabError('unavailable', `${url} does not answer: ${messageOf(cause)}.`, {
      reason: UNREACHABLE,
      cause: error,
    })
  })
  const text = await response.text().catch(() => '?')
  if (response.ok && text === '') return { response, answer: undefined }
  const answer = jsonOf(text)
  if (response.ok && typeof answer === 'object' && answer !== null) return { response, answer }
  throw problemOf(answer, { url, status: response.status })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface Problem {
  readonly type?: string
  readonly detail?: string
  readonly field?: string
  readonly reason?: string
  readonly refusals?: readonly { readonly text: string }[]
}

const TYPE_PREFIX = 'urn:esim-lab:problem:'

function problemOf(
  answer: unknown,
  answered: { readonly url: string; readonly status: number },
): LabError {
  const problem = inOurForm(answer, answered.status)
  const kind = problem.type?.replace(TYPE_PREFIX, '') ?? ''
  if (!Object.hasOwn(ERRORS, kind)) {
    const { url, status } = answered
    return new LabError('unavailable', `${url} answered HTTP ${status}, which a lab does not.`)
  }
  const { detail = '', field, reason, refusals = [] } = problem
  // Every rule that is broken, not the first alone: who mends one should not run into the next.
  const said = refusals.length > 1 ? refusals.map(({ text }) => text).join(' ') : detail
  return new LabError(kind as ErrorCode, said, {
    ...(field === undefined ? {} : { field }),
    ...(reason === undefined ? {} : { reason }),
  })
}

/** TM Forum's interfaces and CAMARA's word errors in their own ways. */
function inOurForm(answer: unknown, status: number): Problem {
  if (typeof answer !== 'object' || answer === null) return {}
  const { type, code, message, referenceError, field } = answer as Readonly<Record<string, unknown>>
  if (typeof type === 'string' || typeof code !== 'string' || typeof message !== 'string')
    return answer as Problem
  const ofStatus = Object.entries(ERRORS).find(([, { httpStatus }]) => httpStatus === status)?.[0]
  const kind =
    typeof referenceError === 'string' ? referenceError : `${TYPE_PREFIX}${ofStatus ?? ''}`
  return {
    type: kind,
    detail: message,
    ...(kind !== `${TYPE_PREFIX}${code}` && { reason: code }),
    ...(typeof field === 'string' && { field }),
  }
}
