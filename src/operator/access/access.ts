/** Who may speak to the operator: subscribers by a code sent to their phone, auditors by a token that the operator makes. */

import { createHash } from 'node:crypto'
import type { Clock, Environment } from '../../base/environment.ts'
import { LabError, TooManyRequests } from '../../base/errors.ts'
import { toHex } from '../../base/octets.ts'
import {
  addToken,
  codeOf,
  countWrongCode,
  findToken,
  forgetEnded,
  keepCode,
  listTokens,
  removeCode,
  removeToken,
  type StoredCode,
  type StoredToken,
} from '../../store/access.ts'
import type { Connection, Store } from '../../store/engine.ts'
import { findByNumber, type Account } from '../accounts.ts'
import { normaliseMsisdn } from '../msisdn.ts'
import { hashOfCode, newCode, newSalt, sameHash } from './codes.ts'

/** A token as it is given out: this once, and never again. */
export interface IssuedToken {
  readonly id: string
  readonly token: string
  readonly role: StoredToken['role']
  readonly issuedAt: Date
  readonly validUntil: Date
}

/** Puts a text into the message inbox of an account, within the caller's transaction. */
export type SendCode = (
  db: Connection,
  message: {
    readonly account: Account
    readonly code: string
    readonly lifeMs: number
    readonly atMs: number
  },
) => void

export interface Access {
  readonly clock: Clock
  /**
   * Sends a code to the phone of a number. Whether the number is known, nobody learns.
   * @throws {LabError} tooManyRequests — three codes were asked for within ten minutes
   */
  requestCode(of: { readonly msisdn: string }): Promise<{ readonly validUntil: Date }>
  /**
   * Gives a token for a code, once. Three wrong codes end it.
   * @throws {LabError} unauthorised — the code is wrong, used or too old, or none was asked for
   */
  confirmCode(given: { readonly msisdn: string; readonly code: string }): Promise<IssuedToken>
  /** Makes a token that may read. @throws {LabError} badInput */
  issueAuditorToken(order: {
    readonly label: string
    readonly lifeMs: number
  }): Promise<IssuedToken>
  /** Whose a token is, while it lives and, of a subscriber's, the account is not closed. */
  identify(token: string): StoredToken | undefined
  tokens(page: { readonly after?: string; readonly limit: number }): readonly StoredToken[]
  /** Ends a token. @throws {LabError} notFound */
  revoke(token: { readonly id: string }): Promise<void>
  /** Forgets tokens and codes that have ended. */
  sweep(): Promise<void>
}

export const CODE_LIFE_MS = 5 * 60_000
export const SUBSCRIBER_TOKEN_LIFE_MS = 3_600_000
export const AUDITOR_TOKEN_LIFE_MAX_MS = 30 * 86_400_000
const CODE_TRIES = 3
const CODES_MAX = 3
const CODES_WITHIN_MS = 10 * 60_000
const NUMBERS_MAX = 10_000
const TOKEN_OCTETS = 32
const ID_OCTETS = 12

/** Sign-in and tokens over a store. */
export function createAccess(parts: {
  readonly store: Store
  readonly environment: Environment
  readonly sendCode: SendCode
}): Access {
  const { store, environment } = parts
  const { clock, random } = environment
  const nowMs = (): number => clock.nowMs()
  const codesAsked = codeCounter(clock)

  function issue(
    db: Connection,
    order: Pick<StoredToken, 'role'> & {
      readonly accountId?: number
      readonly label?: string
      readonly lifeMs: number
    },
  ): IssuedToken {
    const { lifeMs, ...owner } = order
    const token = Buffer.from(random.unique(TOKEN_OCTETS)).toString('base64url')
    const id = toHex(random.unique(ID_OCTETS)).toLowerCase()
    const atMs = nowMs()
    const untilMs = atMs + lifeMs
    addToken(db, { ...owner, id, hash: hashOfToken(token), atMs, untilMs })
    const { role } = order
    return { id, token, role, issuedAt: new Date(atMs), validUntil: new Date(untilMs) }
  }

  return {
    clock,
    async requestCode(of) {
      const msisdn = normaliseMsisdn(of.msisdn, 'msisdn')
      codesAsked(msisdn)
      const code = newCode(random)
      const salt = newSalt(random)
      // Also for a number that is not known, so that the time it takes tells nothing.
      const hash = await hashOfCode(code, salt)
      return store.write((db) => {
        const atMs = nowMs()
        const untilMs = atMs + CODE_LIFE_MS
        const account = findByNumber(db, msisdn)
        if (account) {
          keepCode(db, { accountId: account.id, salt, hash, tries: 0, untilMs })
          parts.sendCode(db, { account, code, lifeMs: CODE_LIFE_MS, atMs })
        }
        return { validUntil: new Date(untilMs) }
      })
    },
    async confirmCode(given) {
      const msisdn = normaliseMsisdn(given.msisdn, 'msisdn')
      const found = store.read((db) => {
        const account = findByNumber(db, msisdn)
        return account && { account, code: codeOf(db, account.id) }
      })
      const salt = found?.code?.salt ?? newSalt(random)
      const hash = await hashOfCode(given.code, salt)
      const issued = await store.write((db) => {
        const account = found?.account
        // The code may have been tried or changed since it was read.
        const kept = account && codeOf(db, account.id)
        if (!account || !isUsable(kept, nowMs())) return undefined
        if (!sameHash(kept.salt, salt) || !sameHash(kept.hash, hash)) {
          countWrongCode(db, account.id)
          return undefined
        }
        removeCode(db, account.id)
        return issue(db, {
          role: 'subscriber',
          accountId: account.id,
          lifeMs: SUBSCRIBER_TOKEN_LIFE_MS,
        })
      })
      if (issued) return issued
      throw new LabError('unauthorised', 'the code is wrong, was used, or is too old', {
        field: 'code',
        reason: 'signInCode',
      })
    },
    async issueAuditorToken({ label, lifeMs }) {
      if (!(lifeMs > 0 && lifeMs <= AUDITOR_TOKEN_LIFE_MAX_MS)) {
        throw new LabError('badInput', 'a token lives for up to 30 days', { field: 'lifeMs' })
      }
      return store.write((db) => issue(db, { role: 'auditor', label, lifeMs }))
    },
    identify: (token) =>
      store.read((db) => findToken(db, { hash: hashOfToken(token), atMs: nowMs() })),
    tokens: ({ after = '', limit }) =>
      store.read((db) => listTokens(db, { after, limit, atMs: nowMs() })),
    async revoke({ id }) {
      if (await store.write((db) => removeToken(db, id))) return
      throw new LabError('notFound', 'there is no token with this id')
    },
    sweep: () => store.write((db) => forgetEnded(db, nowMs())),
  }
}

function isUsable(code: StoredCode | undefined, atMs: number): code is StoredCode {
  return code !== undefined && code.tries < CODE_TRIES && atMs < code.untilMs
}

/** A token is long and by chance, so that a fast hash is enough. */
function hashOfToken(token: string): Uint8Array {
  return createHash('sha256').update(token).digest()
}

/** Counts codes by number, known or not. */
function codeCounter(clock: Clock): (msisdn: string) => void {
  const asked = new Map<string, readonly number[]>()
  return (msisdn) => {
    const nowMs = clock.nowMs()
    const recent = (asked.get(msisdn) ?? []).filter(
      (atMs) => Math.abs(nowMs - atMs) < CODES_WITHIN_MS,
    )
    const [oldest] = recent
    if (oldest !== undefined && recent.length >= CODES_MAX) {
      throw new TooManyRequests(Math.ceil((oldest + CODES_WITHIN_MS - nowMs) / 1000))
    }
    asked.delete(msisdn)
    asked.set(msisdn, [...recent, nowMs])
    if (asked.size > NUMBERS_MAX) asked.delete(asked.keys().next().value as string)
  }
}
