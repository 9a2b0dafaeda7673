/**
 * The table of our own errors: what the library, the command and the operator's API say when something is wrong.
 * Codes of SGP.22 stand in `rsp/status-codes.ts`. `docs/status-codes.md` lists both; a test holds them together.
 */
export const ERRORS = {
  badInput: { exitCode: 2, httpStatus: 400, title: 'The input is malformed' },
  usage: {
    exitCode: 2,
    httpStatus: 400,
    title: 'The command was called in a way it does not know',
  },
  unauthorised: { exitCode: 4, httpStatus: 401, title: 'The token is missing or wrong' },
  forbidden: { exitCode: 4, httpStatus: 403, title: 'The token is not good for this' },
  notFound: { exitCode: 5, httpStatus: 404, title: 'There is no such thing' },
  conflict: { exitCode: 6, httpStatus: 409, title: 'The request contradicts what is there' },
  tooLarge: { exitCode: 2, httpStatus: 413, title: 'The request is too large' },
  refused: { exitCode: 3, httpStatus: 422, title: 'The operation is refused by a rule' },
  idempotencyKeyReused: {
    exitCode: 6,
    httpStatus: 422,
    title: 'The idempotency key belongs to another request',
  },
  tooManyRequests: { exitCode: 7, httpStatus: 429, title: 'Too many requests' },
  unavailable: { exitCode: 7, httpStatus: 503, title: 'The lab is not reachable or not ready' },
  dataDirectoryLocked: {
    exitCode: 7,
    httpStatus: 503,
    title: 'Another process uses the data directory',
  },
  damaged: { exitCode: 8, httpStatus: 500, title: 'Stored data cannot be read' },
  internal: { exitCode: 1, httpStatus: 500, title: 'A defect in esim-lab' },
} as const

export type ErrorCode = keyof typeof ERRORS

/**
 * An error of ours: what happened, what was expected, what to do.
 *
 * `detail` is for the caller; what only the log may know belongs in `cause`.
 */
export class LabError extends Error {
  override readonly name = 'LabError'
  readonly code: ErrorCode
  /** The input's field that is at fault, as a JSON path without the leading dot, where there is one. */
  readonly field: string | undefined
  /** A finer reason within `code`, for programs: the gifting rule that refused, for example. */
  readonly reason: string | undefined

  constructor(
    code: ErrorCode,
    detail: string,
    more: { readonly field?: string; readonly reason?: string; readonly cause?: unknown } = {},
  ) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.field = more.field
    this.reason = more.reason
  }
}

/** `tooManyRequests`, and after how many seconds to come again. */
export class TooManyRequests extends LabError {
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('tooManyRequests', `too many requests. Come again in ${retryAfterSeconds} s.`)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Stops a program whose own assumption is broken: never for input from outside. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new LabError('internal', message)
}

/** Text of anything thrown, for messages and logs. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
