/** What replies are made of. */

import type { Store } from '../../store/engine.ts'
import type { GiftRefusedAnswer } from '../gifts/giving.ts'
import type { Gifts } from '../gifts/gifts.ts'
import type { MoneyBetween } from '../money/money.ts'
import type { Command } from '../messages/commands.ts'
import type { TextChannel } from '../messages/fitting.ts'
import type { Operators } from '../operators.ts'
import type { Subscriptions } from '../subscriptions/subscriptions.ts'
import { saidOfState, type Side } from './notices.ts'
import { saidOfRefusal } from './refusals.ts'
import { say, type Reader, type Said } from './said.ts'

export interface ReplyParts {
  readonly store: Store
  readonly operators: Operators
  readonly gifts: Gifts
  readonly money: MoneyBetween
  readonly subscriptions: Subscriptions
  nowMs(): number
}

/** A command of a subscriber. */
export interface Asked extends Reader {
  readonly command: Command
  readonly channel: TextChannel
  /** What the command is called, once and for all: the message's or the step's name. */
  readonly key: string
  /** When it was sent, where that is known: it answers no question that came later. */
  readonly sentAtMs?: number | undefined
}

/** What is said, and the question that it asks, if it asks one. */
export interface Reply {
  readonly said: readonly [Said, ...Said[]]
  readonly giftId?: string | undefined
  /** Whether the same may be tried again at once, in the same session. */
  readonly mayTryAgain?: boolean
  /** Whether a code is awaited with which money is sent. */
  readonly awaitsCode?: boolean
}

/** What is to be said to one side of a gift as it stands. */
export function replyOfGift(
  parts: ReplyParts,
  of: Reader & { readonly giftId: string; readonly side: Side },
): Reply {
  const { giftId, side, file } = of
  const said = parts.store.read((db) =>
    saidOfState(db, { giftId, side, file, atMs: parts.nowMs() }),
  )
  return { said: [said ?? say('nothingToAnswer', {})], giftId }
}

/** There is nothing to answer. */
export const NOTHING: Reply = one(say('nothingToAnswer', {}))

/** A reply of one text. */
export function one(said: Said): Reply {
  return { said: [said] }
}

/** Every rule that refuses, in the subscriber's words. */
export function refusedReply(
  parts: ReplyParts,
  of: Reader & { readonly refusal: GiftRefusedAnswer; readonly to: string },
): Reply {
  return { said: parts.store.read((db) => saidOfRefusal(db, of)) }
}
