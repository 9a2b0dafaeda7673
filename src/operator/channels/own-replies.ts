/** What a subscriber sees and sets for the own number. */

import { moneyIn } from '../messages/texts/catalogue.ts'
import { LabError } from '../../base/errors.ts'
import { setWantsNotices } from '../../store/channels.ts'
import { balanceOf, type Lot } from '../../store/ledger.ts'
import { messageOfRefusal } from '../messages/texts/refusals.ts'
import { extensionFor } from '../subscriptions/purchases.ts'
import { exampleOf } from './examples.ts'
import { onceOf } from './gift-replies.ts'
import { referenceOf } from './notices.ts'
import { isPinRefusal, saidOfPin } from './refusals.ts'
import { one, type Asked, type Reply, type ReplyParts } from './reply.ts'
import { say } from './said.ts'

/** What is left, and when the first part of it ends. */
export async function balance(parts: ReplyParts, asked: Asked): Promise<Reply> {
  const lots = lotsOf(parts, asked).filter(({ availableBytes }) => availableBytes > 0n)
  if (lots.length === 0) return one(say('balanceEmpty', {}))
  const left = lots.reduce((sum, { availableBytes }) => sum + availableBytes, 0n)
  const untilMs = Math.min(...lots.map(({ validUntilMs }) => validUntilMs))
  return one(say('balanceNow', { left, until: new Date(untilMs) }))
}

/** What may be given now, and the rules that allow no more. */
export async function limit(parts: ReplyParts, asked: Asked): Promise<Reply> {
  const { account, file, channel } = asked
  const { bytes, binding } = parts.gifts.maximum({ from: account.msisdn, channel })
  const options = { to: account.msisdn, currency: file.currency }
  const reasons = new Map(
    binding
      .map((refusal) => messageOfRefusal(refusal, options))
      // That there is no more is said by the amount alone.
      .filter(({ id }) => id !== 'refused' && id !== 'insufficient')
      .map((said) => [said.id, said] as const),
  )
  const first = bytes > 0n ? say('limitNow', { maximum: bytes }) : say('limitNone', {})
  return { said: [first, ...reasons.values()] }
}

/** A longer life for what ends first of what may have one. */
export async function extend(parts: ReplyParts, asked: Asked): Promise<Reply> {
  const { account, file, key, channel } = asked
  const found = lotsOf(parts, asked)
    .toSorted((a, b) => a.validUntilMs - b.validUntilMs)
    .flatMap((lot) => extendable(lot, asked))
  const [first] = found
  if (!first) return one(say('notExtendable', {}))
  const fee = { minor: first.feeMinor, ...moneyIn(file) }
  const id = `${channel}:${account.id}:${key}`
  try {
    await parts.subscriptions.extend({ msisdn: account.msisdn, id, lotId: first.lot.id })
    return one(say('extended', { until: new Date(first.validUntilMs), fee }))
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    if (error.code === 'conflict') return one(say('giftDuplicate', { reference: referenceOf(key) }))
    if (error.code !== 'refused') throw error
    if (error.reason === 'notEnoughMoney') return one(say('noMoney', { fee }))
    return one(error.reason === 'notActive' ? say('senderBlocked', {}) : say('notExtendable', {}))
  }
}

/** Forbids gifts from the number, or allows them again. */
export async function lock(
  parts: ReplyParts,
  asked: Asked & { readonly locked: boolean },
): Promise<Reply> {
  await parts.gifts.lock({ msisdn: asked.account.msisdn, locked: asked.locked })
  return one(asked.locked ? say('locked', {}) : say('unlocked', {}))
}

/** Ends notices, or begins them again. Receipts are none. */
export async function setNotices(
  parts: ReplyParts,
  asked: Asked & { readonly wanted: boolean },
): Promise<Reply> {
  const setting = { accountId: asked.account.id, wanted: asked.wanted, atMs: parts.nowMs() }
  await parts.store.write((db) => setWantsNotices(db, setting))
  return one(asked.wanted ? say('started', {}) : say('stopped', {}))
}

/** Chooses a PIN in place of the old one. */
export async function changePin(
  parts: ReplyParts,
  asked: Asked & { readonly pins: { readonly oldPin: string; readonly newPin: string } },
): Promise<Reply> {
  const { account, file, pins } = asked
  try {
    await parts.gifts.changePin({ msisdn: account.msisdn, ...pins, once: onceOf(asked) })
    return one(say('pinChanged', {}))
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    const { reason } = error
    if (isPinRefusal(reason))
      return one(parts.store.read((db) => saidOfPin(db, { account, file, reason })))
    if (error.code === 'badInput') return one(say('badPin', {}))
    throw error
  }
}

export function help(asked: Asked): Reply {
  return one(say('help', { example: exampleOf(asked, asked.channel) }))
}

function lotsOf(parts: ReplyParts, { account, file }: Asked): readonly Lot[] {
  const of = { accountId: account.id, atMs: parts.nowMs(), order: file.consumption.origins }
  return parts.store.read((db) => balanceOf(db, of))
}

function extendable(lot: Lot, { file }: Asked) {
  try {
    const extension = extensionFor(lot, file)
    return lot.availableBytes > 0n && extension.validUntilMs > lot.validUntilMs
      ? [{ lot, ...extension }]
      : []
  } catch (error) {
    if (error instanceof LabError && error.code === 'refused') return []
    throw error
  }
}
