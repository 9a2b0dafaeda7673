/** Errors in the words of each interface: problems of RFC 9457, the Error of TM Forum, the ErrorInfo of CAMARA, the ProblemDetails of 3GPP. */

import type { Problem } from '../problem.ts'
import { sbiError } from './sbi-form.ts'

export type ErrorForm = 'problem' | 'tmf' | 'camara' | 'sbi'

/** The form in which an interface tells errors, by the path that was called. */
export function errorFormOf(path: string): ErrorForm {
  if (path.startsWith('/tmf-api/')) return 'tmf'
  if (/^\/(?:nudm-ueau|nausf-auth|nchf-convergedcharging)\//.test(path)) return 'sbi'
  return path.startsWith('/sim-swap/') ? 'camara' : 'problem'
}

/** A problem as the interface that was called writes it. */
export function formOf(
  asked: { readonly path: string; readonly body: unknown },
  problem: Problem,
): { readonly status: number; readonly contentType: string; readonly body: object } {
  const form = errorFormOf(asked.path)
  const { status } = problem
  if (form === 'tmf') return { status, contentType: 'application/json', body: tmfError(problem) }
  if (form === 'camara') {
    return { status, contentType: 'application/json', body: camaraError(problem) }
  }
  const contentType = 'application/problem+json'
  if (form === 'sbi') return { contentType, ...sbiError(problem, asked.body) }
  return { status, contentType, body: problem }
}

/** Error of TMF630 and TMF654 v4: `status` is text there. Members of ours follow its own. */
function tmfError({ type, title, status, detail, field, reason }: Problem): object {
  return {
    code: reason ?? type.slice(type.lastIndexOf(':') + 1),
    reason: title,
    message: detail,
    status: String(status),
    referenceError: type,
    '@type': 'Error',
    ...(field !== undefined && { field }),
  }
}

/** Codes of CAMARA's commonalities, by status. */
const CAMARA_CODES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  413: 'INVALID_ARGUMENT',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'SERVICE_NOT_APPLICABLE',
  429: 'TOO_MANY_REQUESTS',
  503: 'UNAVAILABLE',
}

/** ErrorInfo of CAMARA; a reason that is a code of CAMARA's own is the code. */
function camaraError({ status, detail, reason }: Problem): object {
  const isCode = reason !== undefined && /^[A-Z]+(?:_[A-Z]+)*$/.test(reason)
  return { status, code: isCode ? reason : (CAMARA_CODES[status] ?? 'INTERNAL'), message: detail }
}
