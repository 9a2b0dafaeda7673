/** What advice rests on: three months of use, expiry and Wi-Fi from the journal, and what there is now. */

import { offloadedBytes } from '../../store/charging.ts'
import type { Connection } from '../../store/engine.ts'
import { balanceOf, type Lot } from '../../store/ledger.ts'
import type { Account } from '../accounts.ts'
import { daysOn } from '../calendar.ts'
import type { MaximumGift } from '../rules/maximum.ts'
import type { OperatorFile, Plan } from '../operator-file.ts'
import { planOf } from '../subscriptions/periods.ts'

/** A month of thirty days: `usedBytes` is what counted. */
export interface Month {
  readonly fromMs: number
  readonly untilMs: number
  readonly usedBytes: bigint
}

export interface AdviceFacts {
  readonly atMs: number
  readonly file: OperatorFile
  readonly plan: Plan
  /** Days since the subscription's data began. */
  readonly historyDays: number
  /** Whole months of history, the latest first, at most three. */
  readonly months: readonly Month[]
  /** Since when the sums are. */
  readonly sinceMs: number
  readonly usedBytes: bigint
  readonly expiredBytes: bigint
  readonly wifiBytes: bigint
  /** When the plan's period ends, of plans that are renewed. */
  readonly periodUntilMs: number | undefined
  /** Lots that have data, what ends first coming first. */
  readonly lots: readonly Lot[]
  readonly maximum: Pick<MaximumGift, 'bytes' | 'because' | 'text'>
}

export const MONTH_DAYS = 30
const MONTHS = 3
const DAY_MS = 86_400_000

export function gatherAdviceFacts(
  db: Connection,
  of: {
    readonly account: Account
    readonly file: OperatorFile
    readonly atMs: number
    readonly maximum: AdviceFacts['maximum']
  },
): AdviceFacts {
  const { account, file, atMs, maximum } = of
  const beganMs = account.liveSince?.getTime() ?? atMs
  const months = monthsOf(db, { account, file, atMs, beganMs })
  const threeMonthsAgo = daysOn({ atMs, timeZone: file.timeZone, days: -MONTHS * MONTH_DAYS })
  const sinceMs = Math.max(beganMs, threeMonthsAgo)
  const window = { accountId: account.id, fromMs: sinceMs, untilMs: atMs + 1 }
  const lots = balanceOf(db, { accountId: account.id, atMs })
  return {
    atMs,
    file,
    plan: planOf({ account, file }),
    historyDays: Math.floor((atMs - beganMs) / DAY_MS),
    months,
    sinceMs,
    usedBytes: journalSum(db, { ...window, credit: 'consumed' }),
    expiredBytes: journalSum(db, { ...window, credit: 'expired' }),
    wifiBytes: offloadedBytes(db, window),
    periodUntilMs: account.period?.until.getTime(),
    lots: lots
      .filter(({ availableBytes }) => availableBytes > 0n)
      .toSorted((a, b) => a.validUntilMs - b.validUntilMs || a.id - b.id),
    maximum,
  }
}

function monthsOf(
  db: Connection,
  of: {
    readonly account: Account
    readonly file: OperatorFile
    readonly atMs: number
    readonly beganMs: number
  },
): readonly Month[] {
  const { account, file, atMs, beganMs } = of
  const months: Month[] = []
  for (let month = 1; month <= MONTHS; month++) {
    const ago = (days: number) => daysOn({ atMs, timeZone: file.timeZone, days: -days })
    const fromMs = ago(month * MONTH_DAYS)
    const untilMs = month === 1 ? atMs + 1 : ago((month - 1) * MONTH_DAYS)
    if (fromMs < beganMs) break
    const window = { accountId: account.id, fromMs, untilMs }
    months.push({ fromMs, untilMs, usedBytes: journalSum(db, { ...window, credit: 'consumed' }) })
  }
  return months
}

/** What went from an account's lots, or beyond them, to the end of all data within a time. */
function journalSum(
  db: Connection,
  of: {
    readonly accountId: number
    readonly fromMs: number
    readonly untilMs: number
    readonly credit: 'consumed' | 'expired'
  },
): bigint {
  const row = db
    .bigSql<{ readonly bytes: bigint }>(
      `SELECT coalesce(sum(bytes), 0) AS bytes FROM (
         SELECT sum(amount) AS bytes FROM lots
           JOIN postings ON debit_lot_id = lots.id AND credit = $credit
             AND credit IN ('consumed', 'expired')
           JOIN transfers ON transfers.seq = transfer_seq
         WHERE lots.account_id = $account AND transfers.at >= $from AND transfers.at < $until
         UNION ALL
         SELECT sum(amount) FROM postings JOIN transfers ON transfers.seq = transfer_seq
         WHERE overage_account_id = $account AND credit = $credit
           AND transfers.at >= $from AND transfers.at < $until)`,
    )
    .get({ credit: of.credit, account: of.accountId, from: of.fromMs, until: of.untilMs })
  return row?.bytes ?? 0n
}
