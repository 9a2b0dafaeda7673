/** The text message with a sign-in code. */

import { putMessage } from '../../store/messages.ts'
import { languageOf } from '../messages/texts/languages.ts'
import { renderMessage } from '../messages/texts/render.ts'
import type { Operators } from '../operators.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'
import type { SendCode } from './access.ts'

/** Writes codes in the subscriber's language, from the subscriber's operator. */
export function codeSender(operators: Operators): SendCode {
  return (db, { account, code, lifeMs, atMs }) => {
    const { name, languages, timeZone, gigabyteBytes } = fileOf(operators, account)
    const language = languageOf(account.language ?? languages[0] ?? 'en')
    const locale = { language, timeZone, gigabyteBytes }
    const { parts } = renderMessage(
      'signInCode',
      { code, within: lifeMs },
      { channel: 'sms', locale },
    )
    putMessage(db, {
      accountId: account.id,
      direction: 'out',
      channel: 'sms',
      peer: name,
      textId: 'signInCode',
      text: parts.join(''),
      atMs,
    })
  }
}
