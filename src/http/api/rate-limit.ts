/**
 * How often somebody may call: a bucket of tokens that fills with real time, whatever the lab's clock does, so that a
 * client that waits for as long as it was told is served.
 */

import type { Clock } from '../../base/environment.ts'
import { TooManyRequests } from '../../base/errors.ts'
import { BoundedMap } from '../../pki/bounded-map.ts'
import type { Principal } from './scopes.ts'

/** So many requests within a minute, all of them at once if need be. */
export type PerMinute = number

export interface RateLimits {
  /** Requests without a token, by address. */
  readonly anonymous: PerMinute
  /** Requests with a wrong token, by address. */
  readonly wrongToken: PerMinute
  readonly subscriber: PerMinute
  readonly auditor: PerMinute
  /** The operator's own token has no limit unless it is given one. */
  readonly operator?: PerMinute
}

export const RATE_LIMITS: RateLimits = {
  anonymous: 30,
  wrongToken: 30,
  subscriber: 120,
  auditor: 600,
}

/** How a caller stands with its limit. */
export interface Standing {
  /** Which limit it is. */
  readonly policy: string
  readonly perMinute: PerMinute
  /** Whole requests that may come at once now. */
  readonly left: number
  /** Until as many as ever may come at once. */
  readonly fullAfterSeconds: number
  /** There when this request is one too many: when the next one is admitted. */
  readonly retryAfterSeconds: number | undefined
}

export interface RateLimiter {
  /** Counts a request; nothing is counted for those who have no limit. */
  count(principal: Principal, address: string): Standing | undefined
  /** Counts a token that was wrong. */
  countStranger(address: string): Standing
}

/** The fields `RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers. */
export function rateLimitHeaders(standing: Standing): Readonly<Record<string, string>> {
  const { policy, perMinute, left, fullAfterSeconds } = standing
  return {
    'RateLimit-Policy': `"${policy}";q=${perMinute};w=${MINUTE_MS / 1000}`,
    RateLimit: `"${policy}";r=${left};t=${fullAfterSeconds}`,
  }
}

/** @throws {LabError} tooManyRequests — the request is one too many */
export function requireAdmitted({ retryAfterSeconds }: Standing): void {
  if (retryAfterSeconds !== undefined) throw new TooManyRequests(retryAfterSeconds)
}

const CALLERS_MAX = 10_000
const MINUTE_MS = 60_000

/** Makes a limiter. Callers beyond ten thousand push out those that were there first. */
export function createRateLimiter(clock: Pick<Clock, 'nowMs'>, limits: RateLimits): RateLimiter {
  const buckets = new BoundedMap<string, Bucket>(CALLERS_MAX)
  const take = (of: {
    readonly name: string
    readonly policy: string
    readonly perMinute: PerMinute
  }): Standing => {
    const { name, policy, perMinute } = of
    const nowMs = clock.nowMs()
    const before = filled(buckets.get(name), { nowMs, perMinute })
    const isFree = before >= 1
    const left = isFree ? before - 1 : before
    buckets.set(name, { left, atMs: nowMs })
    const seconds = (requests: number): number => Math.ceil((requests * 60) / perMinute)
    return {
      policy,
      perMinute,
      left: Math.floor(left),
      fullAfterSeconds: seconds(perMinute - left),
      retryAfterSeconds: isFree ? undefined : seconds(1 - left),
    }
  }
  return {
    count(principal, address) {
      const { role } = principal
      if (role === 'operator') {
        const perMinute = limits.operator
        return perMinute === undefined ? undefined : take({ name: role, policy: role, perMinute })
      }
      const name = role === 'anonymous' ? `anonymous ${address}` : `token ${principal.tokenId}`
      return take({ name, policy: role, perMinute: limits[role] })
    },
    countStranger: (address) =>
      take({ name: `stranger ${address}`, policy: 'wrong-token', perMinute: limits.wrongToken }),
  }
}

interface Bucket {
  readonly left: number
  readonly atMs: number
}

/** What a bucket has by now. A clock that was set back fills nothing and empties nothing. */
function filled(
  bucket: Bucket | undefined,
  now: { readonly nowMs: number; readonly perMinute: PerMinute },
): number {
  if (!bucket) return now.perMinute
  const elapsedMs = Math.max(0, now.nowMs - bucket.atMs)
  return Math.min(now.perMinute, bucket.left + (elapsedMs * now.perMinute) / MINUTE_MS)
}
