/** The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): one string in quotes, RFC 8941 §3.3.3. */

import { LabError } from '../../base/errors.ts'
import { isIdempotencyKey } from '../../operator/idempotency.ts'

/** How long an answer is kept for its key at least, in days of the lab's time. */
export const KEPT_DAYS = 30

const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"(.*)$/
/** Parameters of an item (RFC 8941 §3.1.2), whose values may be strings. They are not looked at. */
const PARAMETERS = /^(?: *; *[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[^"\\]|\\["\\])*"|[^";, ]+))?)*$/
/** What cannot be taken for two headers in one, or for half a string. */
const BARE = /^[!#-+\--:<-~]+$/

/**
 * The key of a header. A string in quotes is what the draft says; the same key without quotes is taken as well.
 * @throws {LabError} badInput — the header is missing, or is neither
 */
export function idempotencyKeyOf(header: string | undefined): string {
  const text = header?.trim() ?? ''
  const key = text.startsWith('"') ? keyInQuotes(text) : BARE.exec(text)?.[0]
  if (isIdempotencyKey(key)) return key
  throw new LabError(
    'badInput',
    'send a header Idempotency-Key: a string in quotes of 1 to 255 printable ASCII characters, a new one for each new request',
    { field: 'Idempotency-Key', reason: text ? 'malformed' : 'missing' },
  )
}

function keyInQuotes(text: string): string | undefined {
  const [, inner, parameters = ''] = QUOTED.exec(text) ?? []
  return PARAMETERS.test(parameters) ? inner?.replace(/\\(.)/g, '$1') : undefined
}

/** The key as the header's string. */
export function headerOfKey(key: string): string {
  return `"${key.replace(/["\\]/g, String.raw`\$&`)}"`
}

/** Keys whose first request is still being worked on. */
export interface KeysInUse {
  /** Runs the work under a key. @throws {LabError} conflict — a request with the key is under way */
  during<T>(key: string, work: () => Promise<T>): Promise<T>
}

export function keysInUse(): KeysInUse {
  const under = new Set<string>()
  return {
    async during(key, work) {
      if (under.has(key)) {
        throw new LabError(
          'conflict',
          'a request with this idempotency key is still being worked on. Send it again in a moment.',
          { field: 'Idempotency-Key', reason: 'requestInProgress' },
        )
      }
      under.add(key)
      try {
        return await work()
      } finally {
        under.delete(key)
      }
    },
  }
}
