/** What is said to a subscriber: texts of the catalogue with their values, in the reader's language and the channel's room. */

import type { Connection } from '../../store/engine.ts'
import { putMessage } from '../../store/messages.ts'
import type { Account } from '../accounts.ts'
import { fitText, type TextChannel } from '../messages/fitting.ts'
import type { MessageId, MessageParams, TextOverrides } from '../messages/texts/catalogue.ts'
import { languageOf, type Language } from '../messages/texts/languages.ts'
import { textOfMessage, type TextOptions } from '../messages/texts/render.ts'
import type { OperatorFile } from '../operator-file.ts'

/** One text of the catalogue with its values. */
export interface Said {
  readonly id: MessageId
  readonly params: MessageParams<MessageId>
  /** What it tells of, where that is told once, whoever tells it first. */
  readonly eventId?: string | undefined
}

/** Who reads, and whose subscriber that is. */
export interface Reader {
  readonly account: Account
  readonly file: OperatorFile
}

export function say<Id extends MessageId>(
  id: Id,
  params: MessageParams<Id>,
  event: { readonly eventId?: string } = {},
): Said {
  return { id, params: params as MessageParams<MessageId>, ...event }
}

/** A message of the channel: what it says, and the texts that it is made of. */
export interface Composed {
  readonly text: string
  readonly said: readonly Said[]
}

/**
 * Texts put together to as few messages as the channel has room for. A USSD answer is one screen: the texts that have no
 * room on it are messages of their own, to be sent otherwise.
 */
export function compose(
  said: readonly Said[],
  to: Reader & { readonly channel: TextChannel },
): readonly Composed[] {
  const composed: Composed[] = []
  for (const one of said) {
    const text = textOfMessage(one.id, one.params, textOptions(to))
    const last = composed.at(-1)
    const joined = last && `${last.text} ${text}`
    if (last && joined && fits(joined, to.channel)) {
      composed[composed.length - 1] = { text: joined, said: [...last.said, one] }
    } else {
      composed.push({ text, said: [one] })
    }
  }
  return composed.map(({ text, said: parts }) => {
    return { text: fitText(text, to).parts.join(''), said: parts }
  })
}

/** Puts a text into the subscriber's inbox; one with an event once, ever. */
export function tell(
  db: Connection,
  to: Reader & { readonly said: Said; readonly atMs: number; readonly channel?: TextChannel },
): void {
  const { account, file, said, atMs, channel = 'sms' } = to
  for (const { text } of compose([said], { account, file, channel })) {
    putMessage(db, {
      accountId: account.id,
      direction: 'out',
      channel,
      peer: file.name,
      textId: said.id,
      text,
      atMs,
      eventId: said.eventId,
    })
  }
}

/** The language in which a subscriber is spoken to. */
export function languageFor({ account, file }: Reader): Language {
  return languageOf(account.language ?? file.languages[0] ?? 'en')
}

function textOptions(to: Reader & { readonly channel: TextChannel }): TextOptions {
  const { account, file, channel } = to
  const tag = account.language ?? file.languages[0] ?? 'en'
  const overrides = file.texts[tag] as TextOverrides | undefined
  const { timeZone, gigabyteBytes } = file
  return {
    channel,
    locale: { language: languageFor(to), timeZone, gigabyteBytes },
    ...(overrides && { overrides }),
  }
}

function fits(text: string, channel: TextChannel): boolean {
  return !fitText(text, { channel }).isShortened
}
