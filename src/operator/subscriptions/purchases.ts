/** What a subscriber pays for: packages, a longer life of one, and money on the account. Each once for its id. */

import { LabError } from '../../base/errors.ts'
import type { Connection } from '../../store/engine.ts'
import { noteBoughtGift, requireBoughtGiftAllowed } from '../gifts/bought.ts'
import { extendLot } from '../../store/ledger-changes.ts'
import { findLot, issueLot, type Lot } from '../../store/ledger.ts'
import { moveMoney } from '../../store/money.ts'
import type { Account } from '../accounts.ts'
import { daysOn, midnightAfter } from '../calendar.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { TariffPackage } from '../rules/types.ts'
import { extensionOfGift } from '../rules/validity.ts'
import { bringUpToDate, chargeDue, type AccountNow } from './periods.ts'

/** A purchase: its id is the caller's and is taken once, ever. */
interface Order extends AccountNow {
  readonly id: string
}

/**
 * Buys a package for the account itself, or for another subscriber when it is one to give. Returns the lot's id.
 * @throws {LabError} notFound — there is no such package; refused (`notEnoughMoney`, `notActive`, `notForOthers`,
 *   `onlyForOthers`, `noPeriod`, and for another the rules of giving); conflict — the id is taken
 */
export function buyPackage(
  db: Connection,
  order: Order & { readonly packageId: string; readonly receiver?: Account },
): number {
  const account = requireActive(bringUpToDate(db, order))
  const offer = requireOffer(order.file, order.packageId)
  const gift = order.receiver && giftOfOrder(db, { ...order, account, receiver: order.receiver })
  if (gift) requireBoughtGiftAllowed(db, { ...gift, offer })
  requireRightReceiver(offer, order.receiver)
  const receiver = gift ? requireActive(gift.receiver) : account
  payFor(db, { ...order, account, kind: 'purchase', amountMinor: offer.priceMinor })
  const terms = {
    transferId: `package:${order.id}`,
    atMs: order.atMs,
    accountId: receiver.id,
    origin: offer.origin,
    trafficClass: offer.trafficClass,
    scope: offer.scope,
    giftable: offer.giftable,
    label: offer.id,
    amountBytes: offer.amountBytes,
    validFromMs: order.atMs,
    validUntilMs: endOf(offer, { ...order, account: receiver }),
  }
  const lotId = issueLot(db, terms)
  if (gift) noteBoughtGift(db, { ...gift, offer, transferId: terms.transferId })
  return lotId
}

function giftOfOrder(db: Connection, order: Order & { readonly receiver: Account }) {
  const { id, account: giver, file, atMs } = order
  const receiver = bringUpToDate(db, { account: order.receiver, file, atMs })
  return { id, giver, receiver, file, atMs }
}

/**
 * Gives a received package the longer life that the operator sells for gifts, or another lot that of the tariff. Returns
 * the new lot's id.
 * @throws {LabError} notFound; refused (`notExtendable`, `alreadyLongest`, `nothingLeft`, `notEnoughMoney`, `notActive`);
 *   conflict — the id is taken
 */
export function buyExtension(db: Connection, order: Order & { readonly lotId: number }): number {
  const account = requireActive(bringUpToDate(db, order))
  const { file, atMs } = order
  const lot = findLot(db, order.lotId)
  if (!lot || lot.accountId !== account.id) {
    throw new LabError('notFound', 'the account has no such lot', { field: 'lotId' })
  }
  const { validUntilMs, feeMinor } = extensionFor(lot, file)
  if (validUntilMs <= lot.validUntilMs) {
    throw refused('alreadyLongest', 'It cannot live any longer.')
  }
  payFor(db, { ...order, account, kind: 'extension', amountMinor: feeMinor })
  return extendLot(db, { transferId: `extend:${order.id}`, atMs, lotId: lot.id, validUntilMs })
}

/** What a longer life of a lot costs and how far it reaches. @throws {LabError} refused (`notExtendable`) */
export function extensionFor(
  lot: Lot,
  file: OperatorFile,
): { readonly validUntilMs: number; readonly feeMinor: bigint } {
  const { timeZone } = file
  const { validity } = file.gifting
  const gift =
    lot.origin === 'gift'
      ? extensionOfGift(validity, { atMs: lot.validFromMs, timeZone })
      : undefined
  if (gift) return gift
  const { extension } = file.tariff
  if (!extension?.origins.includes(lot.origin)) {
    throw refused('notExtendable', 'The operator sells no longer life for it.')
  }
  const longestMs = daysOn({ atMs: lot.validFromMs, days: extension.lifeDaysMax, timeZone })
  const wantedMs = daysOn({ atMs: lot.validUntilMs, days: extension.days, timeZone })
  return { validUntilMs: Math.min(longestMs, wantedMs), feeMinor: extension.feeMinor }
}

/**
 * Puts money on an account; a plan's fee that was due is charged at once.
 * @throws {LabError} badInput — not an amount that the operator takes; refused (`closed`); conflict — the id is taken
 */
export function topUp(db: Connection, order: Order & { readonly amountMinor: bigint }): void {
  const { file, amountMinor, atMs } = order
  const { min, max } = file.tariff.topUpMinor
  if (amountMinor < min || amountMinor > max) {
    throw new LabError(
      'badInput',
      `from ${min} to ${max} in minor units of ${file.currency.code}`,
      {
        field: 'amountMinor',
      },
    )
  }
  const account = bringUpToDate(db, order)
  if (account.status === 'closed') throw refused('closed', 'The subscription is over.')
  moveMoney(db, {
    id: `topUp:${order.id}`,
    accountId: account.id,
    kind: 'topUp',
    amountMinor,
    currency: file.currency.code,
    atMs,
  })
  chargeDue(db, { account, file, atMs })
}

function endOf(offer: TariffPackage, of: AccountNow): number {
  const { atMs, file, account } = of
  const { timeZone } = file
  if (offer.validDays === undefined) {
    const until = account.period?.until.getTime()
    if (until !== undefined && until > atMs) return until
    throw refused('noPeriod', 'It lasts as long as a period of the plan, and none runs.')
  }
  return offer.endsAtMidnight
    ? midnightAfter({ atMs, timeZone, days: offer.validDays - 1 })
    : daysOn({ atMs, timeZone, days: offer.validDays })
}

function requireOffer(file: OperatorFile, packageId: string): TariffPackage {
  const offer = file.tariff.packages.find(({ id }) => id === packageId)
  if (offer) return offer
  const known = file.tariff.packages.map(({ id }) => id).join(', ')
  throw new LabError('notFound', `${file.id} has no package ${packageId}; there are ${known}`, {
    field: 'packageId',
  })
}

function requireRightReceiver(offer: TariffPackage, receiver: Account | undefined): void {
  if (offer.for === 'other' && !receiver) {
    throw refused('onlyForOthers', 'It is sold as a gift only: name who receives it.')
  }
  if (offer.for === 'self' && receiver) {
    throw refused('notForOthers', 'It is sold to its user only.')
  }
}

function requireActive(account: Account): Account {
  if (account.status === 'active') return account
  throw refused('notActive', `The subscription is ${account.status}.`)
}

function payFor(
  db: Connection,
  price: Order & {
    readonly kind: 'purchase' | 'extension'
    readonly amountMinor: bigint
  },
): void {
  if (price.amountMinor === 0n) return
  moveMoney(db, {
    id: `${price.kind}:${price.id}`,
    accountId: price.account.id,
    kind: price.kind,
    amountMinor: -price.amountMinor,
    currency: price.file.currency.code,
    atMs: price.atMs,
  })
}

function refused(reason: string, text: string): LabError {
  return new LabError('refused', text, { reason })
}
