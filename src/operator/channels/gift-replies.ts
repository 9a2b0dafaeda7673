/** Gifts by message: asked for, confirmed, offered, claimed. */

import { LabError } from '../../base/errors.ts'
import { findByNumber } from '../accounts.ts'
import type { GiftAsk } from '../gifts/asking.ts'
import type { StepOutcome } from '../gifts/progress.ts'
import type { Gift } from '../gifts/view.ts'
import { referenceOf, type Side } from './notices.ts'
import { isPinRefusal, saidOfPin } from './refusals.ts'
import {
  NOTHING,
  one,
  refusedReply,
  replyOfGift,
  type Asked,
  type Reply,
  type ReplyParts,
} from './reply.ts'
import { say, type Reader, type Said } from './said.ts'

/** The question that a subscriber has not answered yet. There is one at a time. */
export function openQuestion(parts: ReplyParts, of: Reader): Gift | undefined {
  return giftsOf(parts, of).find(
    ({ state, from }) => state === 'awaitingConfirmation' && from === of.account.msisdn,
  )
}

/** Gifts that wait for a subscriber's yes or no, the oldest first. */
export function openOffers(parts: ReplyParts, of: Reader): readonly Gift[] {
  return giftsOf(parts, of)
    .filter(({ state, to }) => state === 'awaitingAcceptance' && to === of.account.msisdn)
    .toReversed()
}

const LIST_LIMIT = 50

function giftsOf({ gifts }: ReplyParts, { account }: Reader): readonly Gift[] {
  return gifts.list({ msisdn: account.msisdn, limit: LIST_LIMIT })
}

export async function give(
  parts: ReplyParts,
  asked: Asked & {
    readonly gift: {
      readonly to: string | undefined
      readonly amountBytes: bigint
      readonly pin?: string
    }
  },
): Promise<Reply> {
  const { account, channel, gift } = asked
  // A second question would leave it open which of them a late yes answers.
  const open = openQuestion(parts, asked)
  if (open) return replyOfGift(parts, { ...asked, giftId: open.id, side: 'sender' })
  const outcome = await parts.gifts.give({
    ...onceOf(asked),
    from: account.msisdn,
    to: gift.to,
    amountBytes: gift.amountBytes,
    channel,
    pin: gift.pin,
  })
  if (outcome.gift) return replyOfGift(parts, { ...asked, giftId: outcome.gift.id, side: 'sender' })
  const { refusal } = outcome
  return refusedReply(parts, { ...asked, refusal, to: gift.to ?? account.msisdn })
}

export async function confirm(
  parts: ReplyParts,
  asked: Asked & { readonly pin: string | undefined },
): Promise<Reply> {
  // A yes that comes again means what it meant, and no question that was asked since.
  const earlier = parts.gifts.stepTakenBy(onceOf(asked), 'confirm')
  if (earlier !== undefined)
    return replyOfGift(parts, { ...asked, giftId: earlier, side: 'sender' })
  const open = openQuestion(parts, asked)
  if (!open || isTooEarly(asked, open)) return NOTHING
  const { account, pin } = asked
  return step(parts, {
    ...asked,
    gift: open,
    side: 'sender',
    take: () => parts.gifts.confirm({ id: open.id, by: account.msisdn, pin, once: onceOf(asked) }),
  })
}

/** By which a message that comes again is known, also when nobody knows any more what was answered. */
export function onceOf({ account, channel, key }: Asked) {
  return { caller: `${channel}:${account.id}`, idempotencyKey: key }
}

export async function cancel(parts: ReplyParts, asked: Asked): Promise<Reply> {
  const earlier = parts.gifts.stepTakenBy(onceOf(asked), 'cancel')
  if (earlier !== undefined)
    return replyOfGift(parts, { ...asked, giftId: earlier, side: 'sender' })
  const open = openQuestion(parts, asked)
  if (!open || isTooEarly(asked, open)) return NOTHING
  return step(parts, {
    ...asked,
    gift: open,
    side: 'sender',
    take: () => parts.gifts.cancel({ id: open.id, by: asked.account.msisdn, once: onceOf(asked) }),
  })
}

function isTooEarly({ sentAtMs }: Asked, { at }: Gift): boolean {
  return sentAtMs !== undefined && sentAtMs < at.getTime()
}

interface OfferAsked extends Asked {
  readonly offer: { readonly kind: 'accept' | 'decline'; readonly reference?: string }
}

/** Offers come before questions for data: they end sooner. */
export async function answerOffer(parts: ReplyParts, asked: OfferAsked): Promise<Reply> {
  const { account, offer } = asked
  const earlier = parts.gifts.stepTakenBy(onceOf(asked), offer.kind)
  if (earlier !== undefined)
    return replyOfGift(parts, { ...asked, giftId: earlier, side: 'receiver' })
  const offers = matching(openOffers(parts, asked), offer.reference)
  const [gift, ...others] = offers
  if (others.length > 0) {
    const example = `${offer.kind.toUpperCase()} ${referenceOf(offers[0]?.id ?? '')}`
    return one(say('ambiguous', { example }))
  }
  if (!gift) return answerAsk(parts, asked)
  const by = { id: gift.id, by: account.msisdn, once: onceOf(asked) }
  const take = () => (offer.kind === 'accept' ? parts.gifts.accept(by) : parts.gifts.decline(by))
  return step(parts, { ...asked, gift, side: 'receiver', take })
}

async function answerAsk(parts: ReplyParts, asked: OfferAsked): Promise<Reply> {
  const { gifts } = parts
  const { account, offer, file } = asked
  const asks = matching(gifts.asks({ msisdn: account.msisdn, side: 'got' }), offer.reference)
  const [question, ...others] = asks
  if (!question) return NOTHING
  if (others.length > 0) {
    const example = `${offer.kind.toUpperCase()} ${referenceOf(question.id)}`
    return one(say('ambiguous', { example }))
  }
  if (offer.kind === 'decline') return declineAsk(parts, { ...asked, question })
  const { from: to, amountBytes } = question
  // Who must give a PIN for a gift of their own gives it for one that somebody asked for, too.
  if (file.gifting.confirmation?.kind === 'pin')
    return give(parts, { ...asked, gift: { to, amountBytes } })
  const outcome = await gifts.answer({ id: question.id, by: account.msisdn, gives: true })
  if (outcome?.gift)
    return replyOfGift(parts, { ...asked, giftId: outcome.gift.id, side: 'sender' })
  return outcome?.refusal
    ? refusedReply(parts, { ...asked, refusal: outcome.refusal, to })
    : NOTHING
}

async function declineAsk(
  parts: ReplyParts,
  asked: Asked & { readonly question: GiftAsk },
): Promise<Reply> {
  const { account, question } = asked
  await parts.gifts.answer({ id: question.id, by: account.msisdn, gives: false })
  return one(say('askRefusedByYou', { from: question.from }))
}

function matching<T extends { readonly id: string }>(
  all: readonly T[],
  reference: string | undefined,
): readonly T[] {
  if (reference === undefined) return all
  const wanted = reference.replaceAll('-', '')
  return all.filter(({ id }) => wanted === referenceOf(id) || wanted === id.toUpperCase())
}

/** Turns a code into data. A code of nobody, one that is used and one that is too old are alike. */
export async function claim(
  parts: ReplyParts,
  asked: Asked & { readonly code: string },
): Promise<Reply> {
  const by = asked.account.msisdn
  try {
    const { gift, refusal } = await parts.gifts.claim({ code: asked.code, by })
    if (refusal) return refusedReply(parts, { ...asked, refusal, to: by })
    return replyOfGift(parts, { ...asked, giftId: gift.id, side: 'receiver' })
  } catch (error) {
    if (error instanceof LabError && (error.code === 'notFound' || error.code === 'conflict'))
      return one(say('codeUnknown', {}))
    throw error
  }
}

/** Asks another subscriber for data, and tells them. */
export async function ask(
  parts: ReplyParts,
  asked: Asked & { readonly question: { readonly from: string; readonly amountBytes: bigint } },
): Promise<Reply> {
  const { account, question } = asked
  const { from: giver, amountBytes } = question
  if (!parts.store.read((db) => findByNumber(db, giver)))
    return one(say('notOnNetwork', { to: giver }))
  const { refusal } = await parts.gifts.askOnce({
    ...onceOf(asked),
    from: account.msisdn,
    to: giver,
    amountBytes,
  })
  if (refusal) return one(askRefusal(refusal.reason, giver))
  return one(say('askSent', { amount: amountBytes, from: giver }))
}

function askRefusal(reason: string, to: string): Said {
  if (reason === 'otherOperator') return say('otherOperator', { to })
  if (reason === 'sameAccount') return say('sameNumber', {})
  return reason === 'askedAlready' ? say('askTwice', {}) : say('asksNotOffered', {})
}

/** Takes a step of a gift that is known to be there; what stands against it is said. */
async function step(
  parts: ReplyParts,
  asked: Asked & { readonly gift: Gift; readonly side: Side; take(): Promise<StepOutcome> },
): Promise<Reply> {
  const { gift, account, file } = asked
  try {
    const { refusal } = await asked.take()
    if (refusal) return stepRefused(parts, { ...asked, refusal })
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    const { reason, code } = error
    if (isPinRefusal(reason)) {
      const said = parts.store.read((db) => saidOfPin(db, { account, file, reason }))
      return { said: [said], giftId: gift.id, mayTryAgain: true }
    }
    // Its time ran out while the message was on its way: it is told as it stands.
    if (code !== 'conflict') throw error
  }
  return replyOfGift(parts, { ...asked, giftId: gift.id })
}

function stepRefused(
  parts: ReplyParts,
  of: Reader & { readonly gift: Gift; readonly refusal: NonNullable<StepOutcome['refusal']> },
): Reply {
  const reply = refusedReply(parts, { ...of, to: of.gift.to })
  const mayTryAgain = of.refusal.reason === 'wrongPin'
  return { ...reply, ...(mayTryAgain && { giftId: of.gift.id, mayTryAgain }) }
}
