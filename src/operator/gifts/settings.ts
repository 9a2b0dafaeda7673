/** What a subscriber has settled about gifts: the lock, the numbers from which none are taken, the automatic one. */

import { LabError } from '../../base/errors.ts'
import type { Connection } from '../../store/engine.ts'
import {
  blockedNumbers,
  changeGiftSettings,
  giftSettingsOf,
  setBlocked,
} from '../../store/gift-settings.ts'
import type { Account } from '../accounts.ts'
import { normaliseMsisdn } from '../msisdn.ts'
import type { OperatorFile } from '../operator-file.ts'
import { refusedAs } from './progress.ts'

export interface AutomaticGiftSetting {
  readonly to: string
  /** How long before its end data goes, 1 to 720. */
  readonly hoursBefore: number
}

/** What can be settled at once. */
export interface GiftChoices {
  readonly locked: boolean
  readonly blocked: readonly string[]
  readonly automatic: AutomaticGiftSetting | undefined
}

export interface GiftSettingsView extends GiftChoices {
  /** Whether the subscriber has chosen a PIN, and whether it is locked after too many wrong ones. */
  readonly pin: { readonly chosen: boolean; readonly locked: boolean }
  /** Since when and why the operator has stopped gifts from this number. */
  readonly suspended: { readonly at: Date; readonly reason: string } | undefined
}

/** As many numbers may be blocked. */
export const BLOCKED_MAX = 100

export function settingsOf(db: Connection, account: Account): GiftSettingsView {
  const { pinDigest, pinLocked, locked, suspended, automatic } = giftSettingsOf(db, account.id)
  return {
    locked,
    blocked: blockedNumbers(db, account.id),
    automatic,
    pin: { chosen: pinDigest !== undefined, locked: pinLocked },
    suspended: suspended && { at: new Date(suspended.atMs), reason: suspended.reason },
  }
}

/**
 * Settles all of it in place of what was settled before.
 * @throws {LabError} badInput; refused (`automaticGiftsNotOffered`)
 */
export function settle(
  db: Connection,
  to: { readonly account: Account; readonly file: OperatorFile; readonly choices: GiftChoices },
): void {
  const { account, file, choices } = to
  const accountId = account.id
  const automatic = automaticOf(choices.automatic, file)
  const blocked = new Set(choices.blocked.map((number) => normaliseMsisdn(number, 'blocked')))
  if (blocked.size > BLOCKED_MAX)
    throw new LabError('badInput', `blocked has at most ${BLOCKED_MAX} numbers`, {
      field: 'blocked',
    })
  for (const number of blockedNumbers(db, accountId))
    if (!blocked.has(number)) setBlocked(db, { accountId, number, blocked: false })
  for (const number of blocked) setBlocked(db, { accountId, number, blocked: true })
  changeGiftSettings(db, { accountId, locked: choices.locked, automatic })
}

/** An automatic gift as it is kept. @throws {LabError} badInput; refused (`automaticGiftsNotOffered`) */
export function automaticOf(
  gift: AutomaticGiftSetting | undefined,
  file: OperatorFile,
): AutomaticGiftSetting | undefined {
  if (!gift) return undefined
  if (file.gifting.automaticGift !== true)
    throw refusedAs('automaticGiftsNotOffered', 'This operator has no automatic gifts.')
  const { hoursBefore } = gift
  if (Number.isInteger(hoursBefore) && hoursBefore >= 1 && hoursBefore <= 720)
    return { to: normaliseMsisdn(gift.to, 'to'), hoursBefore }
  throw new LabError('badInput', 'hoursBefore must be a whole number from 1 to 720', {
    field: 'hoursBefore',
  })
}
