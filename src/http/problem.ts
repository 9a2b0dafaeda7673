/** Errors as HTTP answers: problem details of RFC 9457, written in one place. */

import type { ErrorRequestHandler, RequestHandler, Response } from 'express'
import { ERRORS, LabError, TooManyRequests } from '../base/errors.ts'
import { NotAdmitted } from '../operator/charging/admission.ts'
import { formOf } from './api/error-forms.ts'

/** RFC 9457 §3, with our own members: the input's field at fault, a finer reason for programs, when waiting has helped, and what a refused gift tells. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly field?: string
  readonly reason?: string
  /** ISO 8601. */
  readonly until?: string
  /** Every rule that is broken, where several are told at once. */
  readonly refusals?: readonly object[]
  /** The gift that the refusal has changed. */
  readonly gift?: object
}

/** What only HTTP knows; everything else stands in the table of errors. */
const HTTP_PROBLEMS = {
  methodNotAllowed: { httpStatus: 405, title: 'The resource does not know this method' },
  unsupportedMediaType: { httpStatus: 415, title: 'The body has a form that is not understood' },
} as const

const KINDS = { ...ERRORS, ...HTTP_PROBLEMS }
type ProblemKind = keyof typeof KINDS

/** The problem that an error is, for the client: a defect of ours tells nothing of its inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof LabError) return problemOfLabError(error)
  const status = statusOf(error)
  if (status === 413) return problem('tooLarge', 'the body is larger than this resource accepts')
  if (status === 415) return problem('unsupportedMediaType', BODY_EXPECTED)
  if (status >= 400 && status < 500) return problem('badInput', clientDetail(error))
  return problem('internal', 'esim-lab failed to answer. Its log says more.')
}

/** Writes a problem, in the words of the interface that was called. */
export function sendProblem(response: Response, found: Problem): void {
  if (found.status === 401) response.set('WWW-Authenticate', 'Bearer')
  const { originalUrl: path, body: asked } = response.req as { originalUrl: string; body?: unknown }
  const { status, contentType, body } = formOf({ path, body: asked }, found)
  if (response.get('Content-Language') === undefined) response.set('Content-Language', 'en')
  response.vary('Accept-Language')
  response.status(status).type(contentType).send(JSON.stringify(body))
}

/** The last handler of an app: every error becomes a problem. Defects are handed to `report`. */
export function problemHandler(report: (error: unknown) => void = () => {}): ErrorRequestHandler {
  // oxlint-disable-next-line max-params -- express knows an error handler by its four parameters
  return (error, _request, response, next) => {
    if (response.headersSent) return next(error)
    const found = problemOf(error)
    if (found.status >= 500) report(error)
    if (error instanceof TooManyRequests) {
      response.set('Retry-After', String(error.retryAfterSeconds))
    }
    sendProblem(response, found)
  }
}

/** Answers what no route matched. */
export const unknownRoute: RequestHandler = (request, response) => {
  sendProblem(response, problem('notFound', `there is no ${request.path} here`))
}

/** Answers methods that a path does not know, and names those that it does. */
export function methodNotAllowed(methods: readonly string[]): RequestHandler {
  const allowed = methods.join(', ')
  return (request, response) => {
    response.set('Allow', allowed)
    const detail = `${request.path} knows ${allowed}, not ${request.method}`
    sendProblem(response, problem('methodNotAllowed', detail))
  }
}

/** The media types of bodies: JSON, and JSON that says what to change (RFC 7396). */
export const JSON_TYPES: readonly string[] = ['application/json', 'application/merge-patch+json']

/** Refuses a body that is not JSON by its own account, before it is read. */
export const requireJson: RequestHandler = (request, response, next) => {
  const isEmpty = request.get('Content-Length') === '0' && request.get('Content-Type') === undefined
  if (isEmpty || request.is([...JSON_TYPES]) !== false) return next()
  sendProblem(response, problem('unsupportedMediaType', BODY_EXPECTED))
}

const BODY_EXPECTED = 'send a JSON object as application/json, in UTF-8'

function problemOfLabError(error: LabError): Problem {
  const { field, reason } = error
  return {
    ...problem(error.code, error.message),
    ...(field === undefined ? {} : { field }),
    ...(reason === undefined ? {} : { reason }),
    ...(error instanceof NotAdmitted &&
      error.until !== undefined && { until: error.until.toISOString() }),
  }
}

function problem(kind: ProblemKind, detail: string): Problem {
  const { title, httpStatus } = KINDS[kind]
  return { type: `urn:esim-lab:problem:${kind}`, title, status: httpStatus, detail }
}

/** The status that express and its body parser give to errors of the client. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  return typeof status === 'number' ? status : 500
}

function clientDetail(error: unknown): string {
  const type = error instanceof Error && 'type' in error ? error.type : undefined
  if (type === 'entity.parse.failed') return 'the body is not a JSON object'
  return 'the request cannot be read'
}
