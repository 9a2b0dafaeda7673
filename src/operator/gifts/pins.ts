/** PINs and claim codes: kept as keyed digests, compared in constant time, never written to a log. */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { LabError } from '../../base/errors.ts'
import type { Connection } from '../../store/engine.ts'
import { changeGiftSettings, giftSettingsOf } from '../../store/gift-settings.ts'
import { answerOnce, type Answer } from '../idempotency.ts'
import type { PinRule } from '../rules/types.ts'

/** Why a PIN does not confirm. */
export const PIN_REFUSALS = {
  pinMissing: 'A PIN is needed.',
  pinNotSet: 'The PIN that everybody begins with gives nothing. Choose your own first.',
  wrongPin: 'The PIN is wrong.',
  pinLocked: 'The PIN is locked after too many wrong ones.',
} as const

export type PinRefusal = keyof typeof PIN_REFUSALS

const DEFAULT_RULE: PinRule = { digits: 4, tries: 3 }
// Without what looks like something else: 0 O, 1 I, U V.
const CODE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTVWXYZ'
const CODE_LENGTH = 10

export interface PinCheck {
  readonly accountId: number
  readonly pin: string | undefined
  readonly rule: PinRule | undefined
  readonly secret: Uint8Array
}

/** Tries a PIN, and counts wrong ones. `undefined`: it is right. */
export function tryPin(db: Connection, check: PinCheck): PinRefusal | undefined {
  const { accountId, pin, rule = DEFAULT_RULE } = check
  const { pinDigest, pinLocked } = giftSettingsOf(db, accountId)
  if (pinLocked) return 'pinLocked'
  if (pin === undefined) return 'pinMissing'
  if (!pinDigest) return 'pinNotSet'
  return compare(db, { ...check, pin, rule, pinDigest })
}

/**
 * Chooses a PIN in place of the old one; the first one in place of the operator's initial PIN, where it has one.
 * @throws {LabError} badInput — not the digits that the operator wants, or the initial PIN
 */
export function changePin(
  db: Connection,
  change: PinCheck & { readonly newPin: string },
): PinRefusal | undefined {
  const { accountId, newPin, rule = DEFAULT_RULE, secret } = change
  requirePinForm(newPin, rule)
  const { pinDigest, pinLocked } = giftSettingsOf(db, accountId)
  if (pinLocked) return 'pinLocked'
  const known =
    pinDigest ?? (rule.initialPin && digestOf(secret, pinText(accountId, rule.initialPin)))
  if (known) {
    if (change.pin === undefined) return 'pinMissing'
    const refusal = compare(db, { ...change, pin: change.pin, rule, pinDigest: known })
    if (refusal) return refusal
  }
  const chosen = digestOf(secret, pinText(accountId, newPin))
  changeGiftSettings(db, { accountId, pinDigest: chosen, pinTries: 0 })
  return undefined
}

/** The same, once for its key: an old PIN that comes again is not a wrong one. @throws {LabError} idempotencyKeyReused */
export function changePinOnce(
  db: Connection,
  change: PinCheck & {
    readonly newPin: string
    readonly caller: string
    readonly idempotencyKey: string
    readonly atMs: number
  },
): PinRefusal | undefined {
  const { accountId, secret, caller, idempotencyKey: key, atMs } = change
  const { answer } = answerOnce(db, {
    caller,
    operation: 'changePin',
    key,
    fingerprint: fingerprintOf(secret, `${accountId} ${change.pin ?? ''} ${change.newPin}`),
    atMs,
    decide: () => asAnswer({ reason: changePin(db, change), of: 'pin' }),
  })
  return answer.refusal && (answer.refusal.reason as PinRefusal)
}

/** What a request with a PIN came to, as it is kept with its key: what it is of, or why not. */
export function asAnswer(to: {
  readonly reason: PinRefusal | undefined
  readonly of: string
}): Answer {
  const { reason } = to
  if (reason === undefined) return { transferId: to.of }
  return { refusal: { allowed: false, reason, text: PIN_REFUSALS[reason] } }
}

/** A request with a PIN, as it is known again: without the key of the lab nobody finds the PIN in it. */
export function fingerprintOf(secret: Uint8Array, text: string): string {
  return Buffer.from(digestOf(secret, `request ${text}`)).toString('hex')
}

/** By the operator: the PIN is as it was in the beginning. */
export function resetPin(db: Connection, accountId: number): void {
  changeGiftSettings(db, { accountId, pinDigest: undefined, pinTries: 0, pinLocked: false })
}

/** The claim code of a gift: the same whenever it is asked for, and known to nobody without the lab's key. */
export function claimCodeOf(secret: Uint8Array, giftId: string): string {
  const octets = digestOf(secret, `code ${giftId}`).subarray(0, CODE_LENGTH)
  return [...octets].map((octet) => CODE_ALPHABET[octet % CODE_ALPHABET.length]).join('')
}

/** What is kept of a claim code; letters may be small, and dashes and spaces anywhere. */
export function claimDigest(secret: Uint8Array, code: string): string {
  const bare = code.toUpperCase().replaceAll(/[\s-]/g, '')
  return Buffer.from(digestOf(secret, `claim ${bare}`)).toString('hex')
}

function compare(
  db: Connection,
  check: PinCheck & {
    readonly pin: string
    readonly rule: PinRule
    readonly pinDigest: Uint8Array
  },
): PinRefusal | undefined {
  const { accountId, rule } = check
  const { pinTries } = giftSettingsOf(db, accountId)
  if (timingSafeEqual(digestOf(check.secret, pinText(accountId, check.pin)), check.pinDigest)) {
    if (pinTries > 0) changeGiftSettings(db, { accountId, pinTries: 0 })
    return undefined
  }
  const isLocked = pinTries + 1 >= rule.tries
  changeGiftSettings(db, { accountId, pinTries: pinTries + 1, pinLocked: isLocked })
  return isLocked ? 'pinLocked' : 'wrongPin'
}

function requirePinForm(pin: string, rule: PinRule): void {
  const isDigits = new RegExp(`^[0-9]{${rule.digits}}$`).test(pin)
  if (isDigits && pin !== rule.initialPin) return
  throw new LabError('badInput', `newPin must be ${rule.digits} digits, and not the initial PIN`, {
    field: 'newPin',
  })
}

function pinText(accountId: number, pin: string): string {
  return `pin ${accountId} ${pin}`
}

function digestOf(secret: Uint8Array, text: string): Uint8Array {
  return createHmac('sha256', secret).update(text).digest()
}
