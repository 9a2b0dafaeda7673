/** Gifts whose time is over, and accounts as they are once everything that is due has been done. */

import type { Connection, Store } from '../../store/engine.ts'
import { findGiftRequest, overdueGiftsOf } from '../../store/gift-requests.ts'
import { findById, type Account } from '../accounts.ts'
import { advanceGift, openCase, upToDate, type StepContext } from './steps.ts'

/** Ends a gift whose time is over. Whether it did. */
export function expire(
  db: Connection,
  of: { readonly id: string; readonly context: StepContext },
): boolean {
  const request = findGiftRequest(db, of.id)
  if (request?.deadlineMs === undefined || request.deadlineMs > of.context.atMs) return false
  const asked = {
    id: request.id,
    from: '',
    to: request.receiverNumber,
    amountBytes: request.amountBytes,
    channel: request.channel,
    isClaim: request.claimHash !== undefined,
    request,
  }
  const one = openCase(db, { asked, context: of.context })
  return 'gift' in advanceGift(db, { one, event: { kind: 'timeout' }, context: of.context })
}

/** Ends what is over of an account's gifts, so that no rule counts what is on its way no more. Whether there was any. */
export function expireOverdue(
  db: Connection,
  of: { readonly account: Account | undefined; readonly context: StepContext },
): boolean {
  const { account, context } = of
  if (!account) return false
  const overdue = overdueGiftsOf(db, { accountId: account.id, atMs: context.atMs })
  for (const id of overdue) expire(db, { id, context })
  return overdue.length > 0
}

/**
 * Asks about accounts as a command would find them: where periods have begun or gifts are over that nobody has touched
 * since, that is done first, and undone again. A question never disagrees with the command that follows it.
 */
export function readAsIfDone<T>(
  store: Store,
  of: {
    accounts(db: Connection): readonly Account[]
    readonly context: Omit<StepContext, 'notify'>
    query(db: Connection, accounts: readonly Account[]): T
  },
): T {
  const { atMs } = of.context
  const context = { ...of.context, notify() {} }
  const isDue = (db: Connection, account: Account) =>
    (account.period !== undefined && account.period.until.getTime() <= atMs) ||
    overdueGiftsOf(db, { accountId: account.id, atMs }).length > 0
  const settled = (db: Connection, account: Account) => {
    expireOverdue(db, { account, context })
    return upToDate(db, { account: findById(db, account.id), context }) as Account
  }
  const isAnyDue = store.read((db) => of.accounts(db).some((account) => isDue(db, account)))
  if (!isAnyDue) return store.read((db) => of.query(db, of.accounts(db)))
  return store.foresee((db) => {
    const accounts = of.accounts(db).map((account) => settled(db, account))
    return of.query(db, accounts)
  })
}
