/** Money by message: asked for, then sent with a code. */

import { writeMessage } from '../messages/writing.ts'
import type { CodeRefused, MoneySent } from '../money/money.ts'
import type { MoneyRefused } from '../rules/money.ts'
import { channelsOf } from './examples.ts'
import { onceOf } from './gift-replies.ts'
import { saidOfMoneyRefusals, saidOfSent } from './money-notices.ts'
import { one, type Asked, type Reply, type ReplyParts } from './reply.ts'
import { say } from './said.ts'

/** Asks for the code, or says every rule that stands against it. */
export async function sendMoney(
  parts: ReplyParts,
  asked: Asked & { readonly wish: { readonly to: string; readonly units: bigint } },
): Promise<Reply> {
  const { account, file, wish } = asked
  const amountMinor = wish.units * 10n ** BigInt(file.currency.minorDigits)
  const { to } = wish
  const outcome = await parts.money.request({
    ...onceOf(asked),
    from: account.msisdn,
    to,
    amountMinor,
  })
  if (outcome.sent) return sentReply(outcome.sent)
  if (outcome.refusal) return refusedReply(asked, { refusal: outcome.refusal, to })
  const { code, withinMs: within, currency } = outcome.awaited
  const money = { minor: amountMinor, currency }
  const said = say('moneyCode', { money, to, code: codeToDial(asked, code), within })
  return { said: [said], awaitsCode: true }
}

/** Sends what waits for the code. */
export async function confirmMoney(
  parts: ReplyParts,
  asked: Asked & { readonly code: string },
): Promise<Reply> {
  const { account, code } = asked
  const outcome = await parts.money.confirm({ ...onceOf(asked), from: account.msisdn, code })
  if (outcome.sent) return sentReply(outcome.sent)
  const { refusal, to = '' } = outcome
  return 'refusals' in refusal ? refusedReply(asked, { refusal, to }) : codeReply(refusal)
}

function sentReply({ id, to, amountMinor, currency }: MoneySent): Reply {
  return one(saidOfSent({ id, to, money: { minor: amountMinor, currency } }))
}

function refusedReply(
  { file }: Asked,
  of: { readonly refusal: MoneyRefused; readonly to: string },
): Reply {
  const { code: currency } = file.currency
  return { said: saidOfMoneyRefusals(of.refusal.refusals, { to: of.to, currency }) }
}

function codeReply({ reason, attempt = 0, attempts = 0 }: CodeRefused): Reply {
  switch (reason) {
    case 'wrongCode':
      return { said: [say('moneyCodeWrong', { attempt, attempts })], awaitsCode: true }
    case 'codeBlocked':
      return one(say('moneyCodeBlocked', {}))
    case 'noRequest':
      return one(say('moneyCodeUnknown', {}))
  }
}

/** As it is dialled at this operator; the code alone where it is not. */
function codeToDial({ file, channel }: Asked, code: string): string {
  const grammars = channelsOf(file)[channel]?.grammars ?? []
  const { gigabyteBytes } = file
  const command = { kind: 'confirmMoney', code } as const
  return writeMessage(command, { channel, grammars, gigabyteBytes })?.text ?? code
}
