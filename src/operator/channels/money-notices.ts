/** What both sides are told of money that was sent, and who asked for it when it is not. */

import type { Connection } from '../../store/engine.ts'
import type { MessageId, MessageParams } from '../messages/texts/catalogue.ts'
import type { MoneyNotice } from '../money/money.ts'
import type { MoneyRefusal, MoneyRefusalCode } from '../rules/money.ts'
import { referenceOf } from './notices.ts'
import { say, tell, type Said } from './said.ts'

/** Puts the receipts into the inboxes of both sides, within the command that moves the money. */
export function noteMoney(db: Connection, notice: MoneyNotice): void {
  const { id, giver, receiver, file, atMs } = notice
  const money = { minor: notice.amountMinor, currency: file.currency.code }
  const reference = referenceOf(id)
  const sent = saidOfSent({ id, money, to: receiver.msisdn })
  const got = say(
    'moneyReceived',
    { money, from: giver.msisdn, reference },
    { eventId: `money:${id}:receiver` },
  )
  tell(db, { account: giver, file, said: sent, atMs })
  tell(db, { account: receiver, file, said: got, atMs })
}

/** The receipt of the giver: the same whether it is an answer or comes by itself. */
export function saidOfSent(of: {
  readonly id: string
  readonly money: MessageParams<'moneySent'>['money']
  readonly to: string
}): Said {
  const { id, money, to } = of
  return say(
    'moneySent',
    { money, to, reference: referenceOf(id) },
    { eventId: `money:${id}:sender` },
  )
}

/** The texts for money that is not sent, each once, in the order of the rules. */
export function saidOfMoneyRefusals(
  refusals: readonly MoneyRefusal[],
  of: { readonly to: string; readonly currency: string },
): readonly [Said, ...Said[]] {
  const told = new Map<MessageId, Said>()
  for (const refusal of refusals) {
    const said = SAID[refusal.code](refusal, of)
    if (!told.has(said.id)) told.set(said.id, said)
  }
  const [first = say('refused', {}), ...others] = told.values()
  return [first, ...others]
}

interface Of {
  readonly to: string
  readonly currency: string
}

const receiverCannot = () => say('moneyReceiverCannot', {})
const outside = (_: MoneyRefusal, { to }: Of) => say('moneyOutside', { to })

/** What is wrong on the receiver's side is the receiver's own affair. */
const SAID: Readonly<Record<MoneyRefusalCode, (refusal: MoneyRefusal, of: Of) => Said>> = {
  moneyNotOffered: () => say('moneyNotOffered', {}),
  sameAccount: () => say('moneyToYourself', {}),
  unknownReceiver: outside,
  otherOperator: outside,
  giverNotActive: () => say('senderBlocked', {}),
  receiverNotActive: receiverCannot,
  giverLocked: () => say('giftsLocked', {}),
  giverSuspended: () => say('suspectedResale', {}),
  blockedByReceiver: receiverCannot,
  moneyTooSoon: ({ untilMs = 0 }) => say('moneyTooSoon', { until: new Date(untilMs) }),
  moneyTooLittle: ({ params }, of) =>
    say('moneyTooLittle', { minimum: sumOf(params.leastMinor, of) }),
  moneyTooMuch: ({ params }, of) => say('moneyTooMuch', { maximum: sumOf(params.limitMinor, of) }),
  spentTooLittle: ({ params }, of) => say('moneySpent', { minimum: sumOf(params.leastMinor, of) }),
  moneyPerDay: ({ params }, of) => say('moneyPerDay', { maximum: sumOf(params.limitMinor, of) }),
  moneyMustRemain: ({ params }, of) => say('moneyFloor', { floor: sumOf(params.keepMinor, of) }),
  notEnoughMoney: () => say('moneyMissing', {}),
}

function sumOf(minor: bigint | undefined, { currency }: Of) {
  return { minor: minor ?? 0n, currency }
}
