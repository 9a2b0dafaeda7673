/** How often somebody may call: a bucket of tokens that fills by the lab's clock. */

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

export interface RateLimiter {
  /** @throws {LabError} tooManyRequests — with `retryAfterSeconds` */
  admit(principal: Principal, address: string): void
  /** Counts a token that was wrong. @throws {LabError} tooManyRequests */
  refuseStranger(address: string): void
}

const CALLERS_MAX = 10_000
const MINUTE_MS = 60_000

/** Makes a limiter. Callers beyond ten thousand push out those that were there first. */
export function createRateLimiter(clock: Clock, limits: RateLimits): RateLimiter {
  const buckets = new BoundedMap<string, Bucket>(CALLERS_MAX)
  const take = (name: string, perMinute: PerMinute): void => {
    const nowMs = clock.nowMs()
    const left = filled(buckets.get(name), { nowMs, perMinute })
    const isFree = left >= 1
    buckets.set(name, { left: isFree ? left - 1 : left, atMs: nowMs })
    if (!isFree) throw new TooManyRequests(Math.ceil(((1 - left) * 60) / perMinute))
  }
  return {
    admit(principal, address) {
      if (principal.role === 'operator') {
        if (limits.operator !== undefined) take('operator', limits.operator)
      } else if (principal.role === 'anonymous') take(`anonymous ${address}`, limits.anonymous)
      else take(`token ${principal.tokenId}`, limits[principal.role])
    },
    refuseStranger: (address) => take(`stranger ${address}`, limits.wrongToken),
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
