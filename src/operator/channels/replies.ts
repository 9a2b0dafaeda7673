/** What an operator does at a subscriber's command, and what it says to that. */

import { answerOffer, ask, cancel, claim, confirm, give } from './gift-replies.ts'
import { confirmMoney, sendMoney } from './money-replies.ts'
import { balance, changePin, extend, help, limit, lock, setNotices } from './own-replies.ts'
import { saidOfReason } from './refusals.ts'
import { one, type Asked, type Reply, type ReplyParts } from './reply.ts'

/** Does what a command says. What is refused is a reply; only defects and bad ids are thrown. */
export function reply(parts: ReplyParts, asked: Asked): Promise<Reply> {
  const { command } = asked
  switch (command.kind) {
    case 'give':
      return give(parts, { ...asked, gift: command })
    case 'makeCode':
      return give(parts, { ...asked, gift: { ...command, to: undefined } })
    case 'ask':
      return ask(parts, { ...asked, question: command })
    case 'claim':
      return claim(parts, { ...asked, code: command.code })
    case 'confirm':
      return confirm(parts, { ...asked, pin: command.pin })
    case 'cancel':
      return cancel(parts, asked)
    case 'accept':
    case 'decline':
      return answerOffer(parts, { ...asked, offer: command })
    case 'changePin':
      return changePin(parts, { ...asked, pins: command })
    case 'balance':
      return balance(parts, asked)
    case 'limit':
      return limit(parts, asked)
    case 'extend':
      return extend(parts, asked)
    case 'lock':
    case 'unlock':
      return lock(parts, { ...asked, locked: command.kind === 'lock' })
    case 'stop':
    case 'start':
      return setNotices(parts, { ...asked, wanted: command.kind === 'start' })
    case 'sendMoney':
      return sendMoney(parts, { ...asked, wish: command })
    case 'confirmMoney':
      return confirmMoney(parts, { ...asked, code: command.code })
    case 'menu':
    case 'help':
      return Promise.resolve(help(asked))
    case 'choose':
      return Promise.resolve(one(saidOfReason(asked, 'unknownCommand')))
  }
}
