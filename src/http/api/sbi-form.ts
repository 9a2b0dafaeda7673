/** Errors of 3GPP service-based interfaces: ProblemDetails with a cause (TS 29.571 §5.2.4.1, TS 29.500 §5.2.7.2). */

import type { Problem } from '../problem.ts'

interface Cause {
  readonly status: number
  readonly cause: string
}

/** The reasons of our own errors as causes: TS 29.503 §6.3.7.3, TS 29.509 §6.1.7.3, TS 32.291 §6.1.7.3. */
const CAUSES: Readonly<Record<string, Cause>> = {
  notAnIdentity: { status: 400, cause: 'MANDATORY_IE_INCORRECT' },
  userNotFound: { status: 404, cause: 'USER_NOT_FOUND' },
  authenticationUnknown: { status: 404, cause: 'CONTEXT_NOT_FOUND' },
  unsupportedProtectionScheme: { status: 501, cause: 'UNSUPPORTED_PROTECTION_SCHEME' },
  invalidHnPublicKeyIdentifier: { status: 403, cause: 'INVALID_HN_PUBLIC_KEY_IDENTIFIER' },
  invalidSchemeOutput: { status: 403, cause: 'INVALID_SCHEME_OUTPUT' },
  noKeys: { status: 403, cause: 'AUTHENTICATION_REJECTED' },
  wrongAuts: { status: 403, cause: 'AUTHENTICATION_REJECTED' },
  sqnUsedUp: { status: 403, cause: 'AUTHENTICATION_REJECTED' },
  resTooLong: { status: 403, cause: 'AUTHENTICATION_REJECTED' },
  userUnknown: { status: 404, cause: 'USER_UNKNOWN' },
  sessionUnknown: { status: 404, cause: 'CONTEXT_NOT_FOUND' },
  sessionEnded: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
  profileNotEnabled: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
  notAttached: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
  coolingAfterRoaming: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
  coolingAfterIdle: { status: 403, cause: 'END_USER_REQUEST_DENIED' },
  sequenceReused: { status: 400, cause: 'CHARGING_FAILED' },
  containerReused: { status: 400, cause: 'CHARGING_FAILED' },
}

const OPTIONAL = /^(?:multipleUnitUsage|notifyUri|chargingId|serviceSpecificationInfo|pDUSession)/

/** The ProblemDetails of a problem. `body` is the request's. Our own type and reason tell what a cause leaves open. */
export function sbiError(
  problem: Problem,
  body: unknown,
): { readonly status: number; readonly body: object } {
  const { reason = '', field } = problem
  const found = Object.hasOwn(CAUSES, reason) ? CAUSES[reason] : causeByStatus(problem, body)
  const status = found?.status ?? problem.status
  return {
    status,
    body: {
      ...problem,
      status,
      ...(found && { cause: found.cause }),
      ...(field !== undefined && { invalidParams: [{ param: field }] }),
    },
  }
}

/** TS 29.500 table 5.2.7.2-1. */
function causeByStatus({ status, field }: Problem, body: unknown): Cause | undefined {
  if (status === 404) return { status, cause: 'RESOURCE_URI_STRUCTURE_NOT_FOUND' }
  if (status === 429) return { status, cause: 'NF_CONGESTION_RISK' }
  if (status === 500) return { status, cause: 'SYSTEM_FAILURE' }
  if (status !== 400) return undefined
  if (field === undefined || typeof body !== 'object')
    return { status, cause: 'INVALID_MSG_FORMAT' }
  if (OPTIONAL.test(field)) return { status, cause: 'OPTIONAL_IE_INCORRECT' }
  const isMissing = valueAt(body, field) === undefined
  return { status, cause: isMissing ? 'MANDATORY_IE_MISSING' : 'MANDATORY_IE_INCORRECT' }
}

function valueAt(json: unknown, path: string): unknown {
  const names = path.split(/[.[\]]+/).filter(Boolean)
  return names.reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    return (value as Readonly<Record<string, unknown>>)[name]
  }, json)
}
