/** The operator's books as TMF654 v4 shows them. An account is named by its number, as party account and as logical resource. */

import { LabError } from '../../base/errors.ts'
import { readMsisdn } from '../api/reader.ts'
import type { Gift } from '../../operator/gifts/view.ts'
import type { Operator } from '../../operator/operator.ts'
import type { BalanceAction, BalanceActionKind } from '../../store/balance-actions.ts'
import type { Lot } from '../../store/ledger.ts'
import type { Currency } from '../../operator/operator-file.ts'
import { moneyOf, quantityOf } from './quantities.ts'

export const BASE = '/tmf-api/prepayBalanceManagement/v4'

const PATH_OF: Readonly<Record<BalanceActionKind, string>> = {
  topup: 'topupBalance',
  adjust: 'adjustBalance',
  reserve: 'reserveBalance',
  transfer: 'transferBalance',
}

export function hrefOf(kind: BalanceActionKind, id: string): string {
  return `${BASE}/${PATH_OF[kind]}/${id}`
}

export function resourceOf(msisdn: string): object {
  return { id: msisdn, name: 'MSISDN' }
}

/** The lots of a subscriber in order of use, and the money. */
export function bucketsOf(operator: Operator, msisdn: string): readonly object[] {
  const { lots } = operator.balance({ msisdn })
  const status = operator.account({ msisdn })?.status === 'active' ? 'active' : 'suspended'
  const common = {
    isShared: false,
    status,
    logicalResource: [resourceOf(msisdn)],
    partyAccount: { id: msisdn },
  }
  return [
    ...lots.map((lot) => lotBucket(lot, msisdn, common)),
    moneyBucket(operator, msisdn, common),
  ]
}

/** The subscriber and the part of a bucket's id: the number of a lot, or `money`. @throws {LabError} notFound */
export function bucketIdOf(id: string): {
  readonly msisdn: string
  readonly lotId: number | undefined
} {
  const [, number = '', part = ''] = /^([0-9]{5,15})-([0-9]{1,15}|money)$/.exec(id) ?? []
  if (!number) throw new LabError('notFound', 'there is no bucket with this id')
  return { msisdn: number, lotId: part === 'money' ? undefined : Number(part) }
}

/**
 * The lot that a reference names; `auto` leaves it to the operator's order of use.
 * @throws {LabError} badInput — the bucket is another subscriber's, or money
 */
export function lotOfRef(ref: { readonly id: string }, msisdn: string): number | undefined {
  if (ref.id === 'auto') return undefined
  const found = /^([0-9]{5,15})-([0-9]{1,15})$/.exec(ref.id)
  if (found?.[1] === msisdn) return Number(found[2])
  throw new LabError('badInput', 'bucket.id must be auto, or a bucket of data of the account', {
    field: 'bucket.id',
  })
}

/** The number that a reference names. @throws {LabError} badInput */
export function numberOf(ref: { readonly id: string }, field: string): string {
  return readMsisdn(ref.id, `${field}.id`)
}

const NO_LOT = { id: 'auto', name: 'no lot' }

/** What is left of data, and of money. */
export function accumulatedOf(operator: Operator, msisdn: string): readonly object[] {
  const { lots, totalBytes } = operator.balance({ msisdn })
  const { moneyMinor } = operator.subscriptions.wallet({ msisdn })
  const common = { logicalResource: resourceOf(msisdn), partyAccount: { id: msisdn } }
  const entry = (kind: 'data' | 'monetary', rest: object): object => ({
    id: `${msisdn}-${kind}`,
    href: `${BASE}/accumulatedBalance/${msisdn}-${kind}`,
    name: kind,
    ...rest,
    ...common,
  })
  return [
    entry('data', {
      // The standard wants a bucket, also of who has nothing.
      bucket: lots.length > 0 ? lots.map(({ id }) => ({ id: `${msisdn}-${id}` })) : [NO_LOT],
      totalBalance: quantityOf(totalBytes),
    }),
    entry('monetary', {
      bucket: [{ id: `${msisdn}-money` }],
      totalBalance: moneyOf(moneyMinor, operator.fileOf({ msisdn }).currency),
    }),
  ]
}

/** A top-up, a correction or a reservation. What was said of it comes back; what became of it goes before. */
export function actionJson(action: BalanceAction): Action {
  const { id, kind, msisdn, status, refusal } = action
  const { text } = (refusal ? JSON.parse(refusal) : {}) as { readonly text?: string }
  return {
    ...saidOf(action),
    id,
    href: hrefOf(kind, id),
    status,
    statusReason: text,
    requestedDate: new Date(action.requestedAtMs),
    confirmationDate: new Date(action.settledAtMs),
    logicalResource: [resourceOf(msisdn)],
    partyAccount: { id: msisdn },
  }
}

/** Any action, as it stands in the history: there each has a receiver, which is the subscriber itself but for gifts. */
export function historyJson(action: Action): Action {
  const { id, logicalResource } = action
  return {
    receiverLogicalResource: logicalResource[0] ?? {},
    ...action,
    href: `${BASE}/balanceActionHistory/${id}`,
  }
}

/** An action as it is shown, whatever its kind. */
export interface Action {
  readonly id: string
  readonly requestedDate: Date
  readonly logicalResource: readonly object[]
  readonly [attribute: string]: unknown
}

/** What was said of an action, first and since; what was taken back is gone. */
function saidOf({ request, changes }: BalanceAction): object {
  const said = { ...(JSON.parse(request) as object), ...(JSON.parse(changes ?? '{}') as object) }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null))
}

/** Who receives a gift that waits for whoever has its code. */
const UNCLAIMED = { id: 'unclaimed', name: 'whoever has the code' }

/** A gift, with what was said of it when it was asked for here. */
export function transferJson(operator: Operator, gift: Gift): Action {
  const { id, from, to, amountBytes, at } = gift
  const described = operator.balanceActions.find({ kind: 'transfer', id })
  const [first] = gift.lots
  const { currency } = operator.fileOf({ msisdn: from })
  return {
    reason: 'gift',
    channel: { id: gift.channel },
    ...(described && saidOf(described)),
    id,
    href: hrefOf('transfer', id),
    status: statusOf(gift.state),
    giftState: gift.state,
    requestedDate: at,
    confirmationDate: gift.changedAt,
    amount: quantityOf(amountBytes),
    usageType: 'data',
    receiverBucketUsageType: 'data',
    bucket: { id: first ? `${from}-${first.fromLotId}` : 'auto' },
    receiverBucket: { id: first ? `${to}-${first.lotId}` : 'auto' },
    logicalResource: [resourceOf(from)],
    receiverLogicalResource: to ? resourceOf(to) : UNCLAIMED,
    partyAccount: { id: from },
    costOwner: 'originator',
    transferCost: costOf(gift.feeMinor, currency),
    ...(gift.reason !== undefined && { statusReason: gift.reason }),
    ...(gift.validUntil && { validFor: { startDateTime: at, endDateTime: gift.validUntil } }),
  }
}

function costOf(feeMinor: bigint, currency: Currency): object {
  const { amount, units } = moneyOf(feeMinor, currency)
  return { unit: units, value: amount }
}

/** The states of a gift in TMF654's four words. */
function statusOf(state: Gift['state']): 'created' | 'completed' | 'cancelled' | 'failed' {
  if (['completed', 'partiallyReversed', 'reversed'].includes(state)) return 'completed'
  if (['cancelled', 'declined', 'expired'].includes(state)) return 'cancelled'
  return state === 'failed' ? 'failed' : 'created'
}

function lotBucket(lot: Lot, msisdn: string, common: object): object {
  const id = `${msisdn}-${lot.id}`
  return {
    id,
    href: `${BASE}/bucket/${id}`,
    name: lot.label ?? lot.origin,
    description: `${lot.origin}, ${lot.trafficClass}`,
    remainingValueName: 'data that is left',
    remainingValue: quantityOf(lot.availableBytes),
    reservedValue: quantityOf(lot.heldBytes),
    usageType: 'data',
    validFor: {
      startDateTime: new Date(lot.validFromMs),
      endDateTime: new Date(lot.validUntilMs),
    },
    ...common,
  }
}

function moneyBucket(operator: Operator, msisdn: string, common: object): object {
  const id = `${msisdn}-money`
  const { currency } = operator.fileOf({ msisdn })
  const { moneyMinor } = operator.subscriptions.wallet({ msisdn })
  return {
    id,
    href: `${BASE}/bucket/${id}`,
    name: 'money',
    remainingValueName: 'money on the account',
    remainingValue: moneyOf(moneyMinor, currency),
    reservedValue: moneyOf(0n, currency),
    usageType: 'monetary',
    ...common,
  }
}
