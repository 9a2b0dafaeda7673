/** VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK PIN (ETSI TS 102 221 §9.5, §11.1.9 to §11.1.13). */

import { timingSafeEqual } from 'node:crypto'
import { toHex } from '../../base/octets.ts'
import type { SecretCode } from '../../profile/image.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import { SW, triesLeftWord, word } from '../apdu/status-words.ts'
import type { CodeChange } from './changes.ts'
import { refuseWith } from './refusal.ts'
import { findCode, keep, type UiccSession } from './session.ts'

const CODE_OCTETS = 8

/** With a code, whether it is right; without one, how many tries are left. */
export function verifyPin(session: UiccSession): CardAnswer {
  const { command, card } = session
  if (command.p1 !== 0) return word(SW.incorrectP1P2)
  const code = namedCode(session)
  if (command.data.length === 0) return triesOf(code, card.verified)
  if (command.data.length !== CODE_OCTETS) return word(SW.wrongLength)
  checkEnabled(code)
  present(session, { code, kind: 'codes', value: command.data })
  card.verified.add(code)
  return word(SW.ok)
}

/** 9000 where no verification is needed, as ISO/IEC 7816-4 §11.5.6 has it, by which devices see that they may go on. */
function triesOf(code: SecretCode, verified: ReadonlySet<SecretCode>): CardAnswer {
  if (!code.isEnabled || verified.has(code)) return word(SW.ok)
  return word(code.triesLeft === 0 ? SW.blocked : triesLeftWord(code.triesLeft))
}

const MAY_CHANGE = 0x02
const MAY_DISABLE = 0x04

export function changePin(session: UiccSession): CardAnswer {
  const { command, card } = session
  if (command.p1 !== 0) return word(SW.incorrectP1P2)
  const code = namedCode(session)
  if (command.data.length !== 2 * CODE_OCTETS) return word(SW.wrongLength)
  checkEnabled(code)
  if ((code.attributes & MAY_CHANGE) === 0) return word(SW.conditionsNotSatisfied)
  const value = newValue(code, command.data.subarray(CODE_OCTETS))
  present(session, {
    code,
    kind: 'codes',
    value: command.data.subarray(0, CODE_OCTETS),
    becomes: { value: toHex(value) },
  })
  card.verified.add(code)
  return word(SW.ok)
}

/** Replacement by the universal PIN (P1 80) is not offered. */
export function disablePin(session: UiccSession): CardAnswer {
  const { command } = session
  if (command.p1 !== 0) return word(SW.incorrectP1P2)
  const code = namedCode(session)
  if (command.data.length !== CODE_OCTETS) return word(SW.wrongLength)
  checkEnabled(code)
  if ((code.attributes & MAY_DISABLE) === 0) return word(SW.conditionsNotSatisfied)
  const becomes = { isEnabled: false }
  present(session, { code, kind: 'codes', value: command.data, becomes })
  return word(SW.ok)
}

export function enablePin(session: UiccSession): CardAnswer {
  const { command, card } = session
  if (command.p1 !== 0) return word(SW.incorrectP1P2)
  const code = namedCode(session)
  if (command.data.length !== CODE_OCTETS) return word(SW.wrongLength)
  if (code.isEnabled) return word(SW.referenceInvalidated)
  const becomes = { isEnabled: true }
  present(session, { code, kind: 'codes', value: command.data, becomes })
  card.verified.add(code)
  return word(SW.ok)
}

/** With PUK and new PIN, the PIN is enabled, verified and has its tries again; without them, the PUK's tries. */
export function unblockPin(session: UiccSession): CardAnswer {
  const { command, card, place } = session
  if (command.p1 !== 0) return word(SW.incorrectP1P2)
  const code = namedCode(session)
  const keyReference = code.unblockedBy
  const puk =
    keyReference === undefined
      ? undefined
      : findCode(place.directory, { keyReference, kind: 'unblockCodes' })
  if (!puk) return word(SW.referenceNotFound)
  if (command.data.length === 0) {
    return word(puk.triesLeft === 0 ? SW.blocked : triesLeftWord(puk.triesLeft))
  }
  if (command.data.length !== 2 * CODE_OCTETS) return word(SW.wrongLength)
  const value = newValue(code, command.data.subarray(CODE_OCTETS))
  present(session, {
    code: puk,
    kind: 'unblockCodes',
    value: command.data.subarray(0, CODE_OCTETS),
    alsoUnblocks: { code, value },
  })
  card.verified.add(code)
  return word(SW.ok)
}

/** @throws {StatusWordRefusal} 6A88 */
function namedCode({ command, place }: UiccSession): SecretCode {
  // TS 102 221 §11.1.13: 00 stands for the first PIN in what came from GSM.
  const keyReference = command.p2 === 0 ? 0x01 : command.p2
  return (
    findCode(place.directory, { keyReference, kind: 'codes' }) ?? refuseWith(SW.referenceNotFound)
  )
}

function checkEnabled(code: SecretCode): void {
  if (code.triesLeft === 0) refuseWith(SW.blocked)
  if (!code.isEnabled) refuseWith(SW.referenceInvalidated)
}

const DIGITS_MIN = 4

/** PINs are 4 to 8 digits filled with FF (§9.5.1); administrative codes may be any octets. */
function newValue(code: SecretCode, value: Uint8Array): Uint8Array {
  const isPin = (code.keyReference & 0x7f) <= 0x08
  const end = value.indexOf(0xff)
  const digits = value.subarray(0, end < 0 ? value.length : end)
  const isFilled = value.subarray(digits.length).every((octet) => octet === 0xff)
  const areDigits = digits.every((octet) => octet >= 0x30 && octet <= 0x39)
  if (isPin && !(isFilled && areDigits && digits.length >= DIGITS_MIN)) refuseWith(SW.incorrectData)
  return value
}

interface Presented {
  readonly code: SecretCode
  readonly kind: 'codes' | 'unblockCodes'
  readonly value: Uint8Array
  /** What changes with the right value, besides the tries. */
  readonly becomes?: Partial<CodeChange>
  readonly alsoUnblocks?: { readonly code: SecretCode; readonly value: Uint8Array }
}

/**
 * Compares; a wrong value costs a try, a right one gives them all back. What changes is stored before anybody hears.
 * @throws {StatusWordRefusal} 63Cx wrong, 6983 no tries are left
 */
function present(session: UiccSession, presented: Presented): void {
  const { card } = session
  const { code } = presented
  if (code.triesLeft === 0) refuseWith(SW.blocked)
  if (!isSame(code.value, presented.value)) {
    const triesLeft = code.triesLeft - 1
    keepCodes(session, { ...presented, becomes: { triesLeft }, isRight: false })
    card.verified.delete(code)
    refuseWith(triesLeftWord(triesLeft))
  }
  const { becomes, alsoUnblocks } = presented
  if (code.triesLeft === code.triesMax && !becomes && !alsoUnblocks) return
  const right = { ...becomes, triesLeft: code.triesMax }
  keepCodes(session, { ...presented, becomes: right, isRight: true })
}

function isSame(value: Uint8Array, presented: Uint8Array): boolean {
  return value.length === presented.length && timingSafeEqual(value, presented)
}

function keepCodes(
  session: UiccSession,
  change: Presented & { readonly becomes: Partial<CodeChange>; readonly isRight: boolean },
): void {
  const { places } = session.profile
  const { code, kind, becomes, alsoUnblocks, isRight } = change
  const unblocked = isRight ? alsoUnblocks : undefined
  keep(session, {
    [kind]: { [places.pathOfCode(code)]: { ...asChange(code), ...becomes } },
    ...(unblocked && {
      codes: {
        [places.pathOfCode(unblocked.code)]: {
          value: toHex(unblocked.value),
          triesLeft: unblocked.code.triesMax,
          isEnabled: true,
        },
      },
    }),
  })
}

function asChange({ value, triesLeft, isEnabled }: SecretCode): CodeChange {
  return { value: toHex(value), triesLeft, isEnabled }
}
