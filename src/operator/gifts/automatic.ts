/** Gifts that make themselves: what would end soon goes to somebody else, as far as the rules allow. */

import type { Connection } from '../../store/engine.ts'
import { balanceOf } from '../../store/ledger.ts'
import type { Account } from '../accounts.ts'
import type { OperatorFile } from '../operator-file.ts'
import { mayBeGiven, FORMS } from '../rules/sizes.ts'
import { maximumOf } from './giving.ts'

const HOUR_MS = 3_600_000

/** What is to be given now of an account's data, if anything: the giftable part that ends within the hours. */
export function automaticGiftOf(
  db: Connection,
  of: {
    readonly account: Account
    readonly receiver: Account | undefined
    readonly file: OperatorFile
    readonly automatic: { readonly hoursBefore: number }
    readonly atMs: number
  },
): { readonly amountBytes: bigint; readonly untilMs: number } | undefined {
  const { account, receiver, file, atMs } = of
  if (!receiver) return undefined
  const soonMs = atMs + of.automatic.hoursBefore * HOUR_MS
  const one = { facts: { atMs, timeZone: file.timeZone }, rules: file.gifting }
  const ending = balanceOf(db, { accountId: account.id, atMs }).filter(
    (lot) => lot.validUntilMs <= soonMs && mayBeGiven(lot, one),
  )
  const endingBytes = ending.reduce((sum, lot) => sum + lot.availableBytes, 0n)
  const [first] = ending
  if (!first || endingBytes === 0n) return undefined
  const { bytes } = maximumOf(db, { account, receiver, file, atMs })
  const amountBytes = formed(bytes < endingBytes ? bytes : endingBytes, file)
  return amountBytes === 0n ? undefined : { amountBytes, untilMs: first.validUntilMs }
}

/** The largest amount up to one that has the forms of the operator's gifts; 0 when there is none. */
function formed(bytes: bigint, { gifting }: OperatorFile): bigint {
  const step = gifting.stepBytes ?? 1n
  const candidates = gifting.sizesBytes ?? [bytes - (bytes % step)]
  const fitting = candidates.filter(
    (amount) => amount <= bytes && Object.values(FORMS).every((form) => form.fits(amount, gifting)),
  )
  return fitting.reduce((most, amount) => (amount > most ? amount : most), 0n)
}
