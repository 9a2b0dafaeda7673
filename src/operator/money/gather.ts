/** Gathers from the books what the rules of sending money look at. */

import type { Connection } from '../../store/engine.ts'
import { giftSettingsOf, isBlocked } from '../../store/gift-settings.ts'
import { sentMoney, spentMoney, walletOf } from '../../store/money.ts'
import { findByNumber, type Account } from '../accounts.ts'
import { dayStart } from '../calendar.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { MoneyFacts, MoneyReceiverFacts, MoneySenderFacts } from '../rules/money.ts'
import { bringUpToDate } from '../subscriptions/periods.ts'

/** Both sides as they are now, and what the rules look at. */
export interface MoneyParties {
  readonly giver: Account
  /** Absent when nobody has the number. */
  readonly receiver: Account | undefined
  /** The giver's operator's. */
  readonly file: OperatorFile
  readonly facts: MoneyFacts
}

/** Brings both sides up to date, so that no money is sent which a plan has had since midnight. */
export function moneyParties(
  db: Connection,
  of: {
    readonly giver: Account
    readonly file: OperatorFile
    readonly to: string
    readonly amountMinor: bigint
    readonly atMs: number
  },
): MoneyParties {
  const { file, to, amountMinor, atMs } = of
  const giver = bringUpToDate(db, { account: of.giver, file, atMs })
  const found = findByNumber(db, to)
  const isOwn = found?.operator === giver.operator
  const receiver = found && isOwn ? bringUpToDate(db, { account: found, file, atMs }) : found
  const facts = {
    from: giver.msisdn,
    to,
    amountMinor,
    atMs,
    timeZone: file.timeZone,
    sender: senderOf(db, { giver, file, atMs }),
    receiver: receiver && receiverOf(db, { giver, receiver }),
  }
  return { giver, receiver, file, facts }
}

function senderOf(
  db: Connection,
  of: { readonly giver: Account; readonly file: OperatorFile; readonly atMs: number },
): MoneySenderFacts {
  const { giver, file, atMs } = of
  const { id: accountId, operator, status } = giver
  const settings = giftSettingsOf(db, accountId)
  const fromMs = dayStart({ atMs, timeZone: file.timeZone })
  const { sentMinor, lastAtMs } = sentMoney(db, { accountId, fromMs })
  return {
    operator,
    status,
    isLocked: settings.locked,
    isSuspended: settings.suspended !== undefined,
    moneyMinor: walletOf(db, accountId).moneyMinor,
    sentTodayMinor: sentMinor,
    lastSentAtMs: lastAtMs,
    spentMinor: spentMoney(db, accountId),
  }
}

function receiverOf(
  db: Connection,
  { giver, receiver }: { readonly giver: Account; readonly receiver: Account },
): MoneyReceiverFacts {
  const { id: accountId, operator, status } = receiver
  return { operator, status, blocksSender: isBlocked(db, { accountId, number: giver.msisdn }) }
}
