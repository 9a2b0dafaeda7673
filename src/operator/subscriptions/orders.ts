/** What is ordered for a subscription and paid from its wallet, each once for an idempotency key, with a receipt that never changes. */

import type { Environment } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import { toHex } from '../../base/octets.ts'
import type { Connection, Store } from '../../store/engine.ts'
import { creditedLot, type Lot } from '../../store/lots.ts'
import { findMovement } from '../../store/money.ts'
import { requireAccount } from '../accounts.ts'
import { answerOnce, requireIdempotencyKey, type Answer } from '../idempotency.ts'
import { normaliseMsisdn } from '../msisdn.ts'
import type { Operators } from '../operators.ts'
import type { Refused } from '../refused.ts'
import { findByNumber } from '../accounts.ts'
import { noteApprovalWaits } from '../gifts/approvals.ts'
import { GiftRefusedError } from '../rules/refusals.ts'
import { buyExtension, buyPackage, topUp } from './purchases.ts'
import { fileOf, requireReceiver } from './subscriptions.ts'

/** Money on the account, a package for it or for somebody else, or a longer life of one of its lots. */
export type Wish =
  | { readonly kind: 'topUp'; readonly amountMinor: bigint }
  | { readonly kind: 'package'; readonly packageId: string; readonly for?: string | undefined }
  | { readonly kind: 'extension'; readonly lotId: number }

export interface SubscriptionOrder {
  readonly msisdn: string
  readonly wish: Wish
  readonly caller: string
  readonly idempotencyKey: string
}

export interface Receipt {
  readonly id: string
  readonly msisdn: string
  readonly kind: Wish['kind']
  /** What the wallet got, or below zero what it paid, in minor units. */
  readonly amountMinor: bigint
  readonly currency: string
  readonly at: Date
  /** The lot that came of it. */
  readonly lot:
    Pick<Lot, 'id' | 'label' | 'grantedBytes' | 'validFromMs' | 'validUntilMs'> | undefined
}

/** The answer to an order; `replayed` when it was given to an earlier one with the same key. */
export type OrderOutcome =
  | { readonly replayed: boolean; readonly receipt: Receipt; readonly refusal?: never }
  | { readonly replayed: boolean; readonly refusal: Refused; readonly receipt?: never }

export interface OrderParts {
  readonly store: Store
  readonly environment: Environment
  readonly operators: Operators
}

/**
 * Does what is ordered, or repeats the answer of its key; a refusal is kept as well.
 * @throws {LabError} notFound — the number, package or lot; badInput; idempotencyKeyReused
 */
export async function orderOnce(
  parts: OrderParts,
  order: SubscriptionOrder,
): Promise<OrderOutcome> {
  requireIdempotencyKey(order.idempotencyKey)
  const msisdn = normaliseMsisdn(order.msisdn, 'msisdn')
  const asked = { ...order, msisdn }
  // Never from the seed: a lab that is opened again must not call a new order by an old name.
  const id = toHex(parts.environment.random.unique(ID_OCTETS))
  try {
    return await answer(parts, { asked, decide: (db) => carryOut(db, { ...parts, asked, id }) })
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'refused') throw error
    // The order was undone as a whole, half a payment with it; what is kept is that it was refused.
    const { reason = '', message: text } = error
    const { refusals = [] } = error instanceof GiftRefusedError ? error : {}
    const told = { allowed: false, reason, text } as const
    const refusal = refusals.length > 0 ? { ...told, refusals } : told
    const decide = (db: Connection) => {
      const atMs = parts.environment.clock.nowMs()
      noteApprovalWaits(db, { giver: findByNumber(db, msisdn), refusals, atMs })
      return { refusal }
    }
    return answer(parts, { asked, decide })
  }
}

const ID_OCTETS = 12

function answer(
  parts: OrderParts,
  of: { readonly asked: SubscriptionOrder; decide(db: Connection): Answer },
): Promise<OrderOutcome> {
  const { asked } = of
  return parts.store.write((db) => {
    const { answer: given, replayed } = answerOnce(db, {
      caller: asked.caller,
      operation: 'orderForSubscription',
      key: asked.idempotencyKey,
      fingerprint: fingerprintOf(asked),
      atMs: parts.environment.clock.nowMs(),
      decide: () => of.decide(db),
    })
    if (given.refusal) return { replayed, refusal: given.refusal }
    return { replayed, receipt: receiptOf(db, { ...parts, asked, transferId: given.transferId }) }
  })
}

function fingerprintOf({ msisdn, wish }: SubscriptionOrder): string {
  switch (wish.kind) {
    case 'topUp':
      return `${msisdn} topUp ${wish.amountMinor}`
    case 'package':
      return `${msisdn} package ${wish.packageId} ${wish.for ?? ''}`
    case 'extension':
      return `${msisdn} extension ${wish.lotId}`
  }
}

function carryOut(
  db: Connection,
  of: OrderParts & { readonly asked: SubscriptionOrder; readonly id: string },
): Answer {
  const { id, asked } = of
  const { wish } = asked
  const account = requireAccount(db, asked.msisdn)
  const order = {
    id,
    account,
    file: fileOf(of.operators, account),
    atMs: of.environment.clock.nowMs(),
  }
  switch (wish.kind) {
    case 'topUp':
      topUp(db, { ...order, amountMinor: wish.amountMinor })
      break
    case 'package': {
      const { packageId, for: number } = wish
      const receiver =
        number === undefined ? {} : { receiver: requireReceiver(db, { account, number }) }
      buyPackage(db, { ...order, packageId, ...receiver })
      break
    }
    case 'extension':
      buyExtension(db, { ...order, lotId: wish.lotId })
  }
  return { transferId: id }
}

/** How purchases.ts names what an order moves. */
const NAMES = {
  topUp: { money: 'topUp', data: undefined },
  package: { money: 'purchase', data: 'package' },
  extension: { money: 'extension', data: 'extend' },
} as const

function receiptOf(
  db: Connection,
  of: OrderParts & { readonly asked: SubscriptionOrder; readonly transferId: string },
): Receipt {
  const { msisdn, wish } = of.asked
  const { currency } = fileOf(of.operators, requireAccount(db, msisdn))
  const { kind } = wish
  const names = NAMES[kind]
  const money = findMovement(db, `${names.money}:${of.transferId}`)
  const credited = names.data && creditedLot(db, `${names.data}:${of.transferId}`)
  return {
    id: of.transferId,
    msisdn,
    kind,
    amountMinor: money?.amountMinor ?? 0n,
    currency: money?.currency ?? currency.code,
    at: new Date(money?.atMs ?? credited?.atMs ?? 0),
    lot: credited?.lot,
  }
}
