/** What operators' software does to balances besides gifts: top up, correct, set aside. Each once for its key. */

import type { Environment } from '../../base/environment.ts'
import { LabError } from '../../base/errors.ts'
import { toHex } from '../../base/octets.ts'
import {
  addBalanceAction,
  balanceActionOfKey,
  cancelBalanceAction,
  changeBalanceAction,
  countBalanceActions,
  endedReservations,
  findBalanceAction,
  listBalanceActions,
  type BalanceAction,
  type BalanceActionKind,
} from '../../store/balance-actions.ts'
import type { Connection, Store } from '../../store/engine.ts'
import { findHold, placeHold, releaseHold } from '../../store/holds.ts'
import { adjust } from '../../store/ledger-changes.ts'
import { creditedLot } from '../../store/lots.ts'
import { findMovement, moveMoney } from '../../store/money.ts'
import { requireAccount, type Account } from '../accounts.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Operators } from '../operators.ts'
import { topUp } from '../subscriptions/purchases.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'

/** Who asks, and what is to be told of it again later. */
export interface ActionRequest {
  readonly msisdn: string
  readonly caller: string
  readonly idempotencyKey: string
  /** The whole request, which is kept: another content under the same key is refused. */
  readonly request: object
}

/** What became of it; a refusal by a rule is kept, too. */
export interface ActionOutcome {
  readonly replayed: boolean
  readonly action: BalanceAction
}

export interface BalanceActions {
  /** @throws {LabError} notFound; badInput; idempotencyKeyReused */
  topUp(asked: ActionRequest & { readonly amountMinor: bigint }): Promise<ActionOutcome>
  /** More money or less. @throws as `topUp` */
  adjustMoney(asked: ActionRequest & { readonly amountMinor: bigint }): Promise<ActionOutcome>
  /** More data, as a lot that ends, or less, of one lot or in order of use. @throws as `topUp` */
  adjustData(
    asked: ActionRequest & {
      readonly amountBytes: bigint
      readonly lotId?: number | undefined
      readonly validUntilMs: number
    },
  ): Promise<ActionOutcome>
  /** Sets data aside until it is cancelled or the time is over. @throws as `topUp` */
  reserve(
    asked: ActionRequest & {
      readonly amountBytes: bigint
      readonly lotId?: number | undefined
      readonly untilMs: number
    },
  ): Promise<ActionOutcome>
  /**
   * Undoes an action: a reservation ends, a movement of money goes back, data that was added goes away again.
   * @throws {LabError} notFound; conflict — it is not completed, or is final; refused — what came of it is used up
   */
  cancel(action: ActionRef): Promise<void>
  /**
   * Keeps what is said of an action in place of what was said before; null takes it back. A gift that was asked for in
   * another way may be described as well.
   * @throws {LabError} notFound
   */
  describe(change: ActionRef & { readonly changes: object; readonly msisdn: string }): Promise<void>
  /** Keeps what was said of a transfer besides the gift that it is. */
  describeTransfer(asked: ActionRequest & { readonly giftId: string }): Promise<void>
  /** Refuses a key that came with another request. @throws {LabError} idempotencyKeyReused */
  requireSameTransfer(asked: Omit<ActionRequest, 'msisdn'>): void
  find(by: { readonly kind: BalanceActionKind; readonly id: string }): BalanceAction | undefined
  /** Of a subscriber or of all, the newest first. @throws {LabError} notFound */
  list(page: Listed & { readonly offset: number; readonly limit: number }): readonly BalanceAction[]
  count(of: Listed): number
  /** Ends reservations whose time is over. */
  sweep(): Promise<void>
}

interface ActionRef {
  readonly kind: BalanceActionKind
  readonly id: string
}

interface Listed {
  readonly msisdn: string | undefined
  readonly kind: Exclude<BalanceActionKind, 'transfer'>
}

const ID_OCTETS = 12
const SWEEP_ROWS = 500

export function createBalanceActions(parts: {
  readonly store: Store
  readonly environment: Environment
  readonly operators: Operators
}): BalanceActions {
  const { store, environment, operators } = parts
  const nowMs = (): number => environment.clock.nowMs()

  function once(
    asked: ActionRequest & { readonly kind: BalanceActionKind },
    work: (db: Connection, at: Facts) => void,
  ): Promise<ActionOutcome> {
    const id = toHex(environment.random.unique(ID_OCTETS)).toLowerCase()
    return store.write((db) => {
      const earlier = earlierAction(db, asked)
      if (earlier) return { replayed: true, action: earlier }
      const account = requireAccount(db, asked.msisdn)
      const facts = { id, account, file: fileOf(operators, account), atMs: nowMs() }
      const refusal = refusalOf(() => work(db, facts))
      addBalanceAction(db, {
        id,
        kind: asked.kind,
        accountId: account.id,
        caller: asked.caller,
        key: asked.idempotencyKey,
        request: JSON.stringify(asked.request),
        refusal: refusal && JSON.stringify(refusal),
        atMs: facts.atMs,
      })
      return { replayed: false, action: findBalanceAction(db, { kind: asked.kind, id })! }
    })
  }

  function end(db: Connection, id: string): void {
    const holdId = holdOf(id)
    const hold = findHold(db, holdId)
    // A clock that was set back stands still for it.
    const atMs = Math.max(nowMs(), hold?.heldAtMs ?? 0)
    if (hold?.closedAtMs === undefined) {
      releaseHold(db, { transferId: `release:${id}`, atMs, holdId })
    }
    cancelBalanceAction(db, { id, atMs })
  }

  return {
    topUp: (asked) =>
      once({ ...asked, kind: 'topup' }, (db, facts) =>
        topUp(db, { ...facts, amountMinor: asked.amountMinor }),
      ),
    adjustMoney: (asked) =>
      once({ ...asked, kind: 'adjust' }, (db, { id, account, file, atMs }) => {
        requireNotZero(asked.amountMinor)
        moveMoney(db, {
          id: `adjust:${id}`,
          accountId: account.id,
          kind: 'adjust',
          amountMinor: asked.amountMinor,
          currency: file.currency.code,
          atMs,
        })
      }),
    adjustData: (asked) =>
      once({ ...asked, kind: 'adjust' }, (db, facts) => adjustLots(db, { ...asked, ...facts })),
    reserve: (asked) =>
      once({ ...asked, kind: 'reserve' }, (db, { id, account, file, atMs }) => {
        const { amountBytes, lotId, untilMs } = asked
        placeHold(db, {
          transferId: `reserve:${id}`,
          holdId: holdOf(id),
          purpose: 'session',
          accountId: account.id,
          amountBytes,
          untilMs,
          atMs,
          order: file.consumption.origins,
          eligible: lotId === undefined ? undefined : (lot) => lot.id === lotId,
        })
      }),
    cancel: (ref) =>
      store.write((db) => {
        const found = findBalanceAction(db, ref)
        if (!found) throw new LabError('notFound', 'there is no action with this id')
        if (found.status !== 'completed') {
          throw new LabError('conflict', `it is ${found.status}`, { reason: 'wrongState' })
        }
        if (ref.kind === 'reserve') end(db, ref.id)
        else undo(db, { action: found, atMs: nowMs() })
      }),
    describe: ({ kind, id, changes, msisdn }) =>
      store.write((db) => {
        const found = findBalanceAction(db, { kind, id })
        if (!found && kind !== 'transfer') {
          throw new LabError('notFound', 'there is no action with this id')
        }
        if (!found) {
          // A gift that came by another channel: nothing was said of it, and no key stands for that.
          const accountId = requireAccount(db, msisdn).id
          const head = { id, kind, accountId, caller: 'described', key: id, refusal: undefined }
          addBalanceAction(db, { ...head, request: '{}', atMs: nowMs() })
        }
        const before = JSON.parse(found?.changes ?? '{}') as object
        const merged = JSON.stringify({ ...before, ...changes })
        changeBalanceAction(db, { kind, id, changes: merged })
      }),
    requireSameTransfer: (asked) =>
      store.read((db) => void earlierAction(db, { ...asked, kind: 'transfer' })),
    describeTransfer: (asked) =>
      store.write((db) => {
        if (earlierAction(db, { ...asked, kind: 'transfer' })) return
        addBalanceAction(db, {
          id: asked.giftId,
          kind: 'transfer',
          accountId: requireAccount(db, asked.msisdn).id,
          caller: asked.caller,
          key: asked.idempotencyKey,
          request: JSON.stringify(asked.request),
          refusal: undefined,
          atMs: nowMs(),
        })
      }),
    find: (by) => store.read((db) => findBalanceAction(db, by)),
    list: (page) =>
      store.read((db) => listBalanceActions(db, { ...page, accountId: accountIdOf(db, page) })),
    count: (of) =>
      store.read((db) => countBalanceActions(db, { ...of, accountId: accountIdOf(db, of) })),
    async sweep() {
      for (;;) {
        const ended = await store.write((db) => {
          const due = endedReservations(db, { atMs: nowMs(), limit: SWEEP_ROWS })
          for (const id of due) end(db, id)
          return due.length
        })
        if (ended < SWEEP_ROWS) return
      }
    },
  }
}

interface Facts {
  readonly id: string
  readonly account: Account
  readonly file: OperatorFile
  readonly atMs: number
}

interface DataChange extends Facts {
  readonly amountBytes: bigint
  readonly lotId?: number | undefined
  readonly validUntilMs: number
}

function adjustLots(db: Connection, change: DataChange): void {
  const { id, account, file, atMs, amountBytes, lotId, validUntilMs } = change
  requireNotZero(amountBytes)
  const head = { transferId: `adjust:${id}`, atMs, accountId: account.id }
  if (amountBytes < 0n) {
    adjust(db, {
      ...head,
      amountBytes: -amountBytes,
      order: file.consumption.origins,
      eligible: lotId === undefined ? undefined : (lot) => lot.id === lotId,
    })
    return
  }
  adjust(db, {
    ...head,
    amountBytes,
    add: {
      origin: 'bonus',
      trafficClass: 'general',
      scope: 'any',
      giftable: false,
      validFromMs: atMs,
      validUntilMs,
    },
  })
}

/** Takes a top-up or a correction back, whole or not at all. */
function undo(db: Connection, of: { readonly action: BalanceAction; readonly atMs: number }): void {
  const { action, atMs } = of
  const { id, kind, accountId } = action
  const moved = findMovement(db, kind === 'topup' ? `topUp:${id}` : `adjust:${id}`)
  if (moved) {
    const { amountMinor, currency } = moved
    const back = { amountMinor: -amountMinor, currency, kind: 'adjust', atMs } as const
    moveMoney(db, { ...back, id: `cancel:${id}`, accountId })
  } else takeBack(db, { id, accountId, atMs })
  cancelBalanceAction(db, { id, atMs })
}

function takeBack(
  db: Connection,
  of: { readonly id: string; readonly accountId: number; readonly atMs: number },
): void {
  const { id, accountId, atMs } = of
  const added = creditedLot(db, `adjust:${id}`)?.lot
  if (!added) {
    throw new LabError(
      'conflict',
      'data that was taken away has left its lots; correct the balance the other way',
      { reason: 'final' },
    )
  }
  adjust(db, {
    transferId: `cancel:${id}`,
    atMs,
    accountId,
    amountBytes: added.grantedBytes,
    eligible: (lot) => lot.id === added.id,
  })
}

function accountIdOf(
  db: Connection,
  { msisdn }: { readonly msisdn: string | undefined },
): number | undefined {
  return msisdn === undefined ? undefined : requireAccount(db, msisdn).id
}

function holdOf(id: string): string {
  return `reserve:${id}`
}

/** @throws {LabError} idempotencyKeyReused */
function earlierAction(
  db: Connection,
  asked: Omit<ActionRequest, 'msisdn'> & { readonly kind: BalanceActionKind },
): BalanceAction | undefined {
  const { kind, caller, idempotencyKey: key } = asked
  const earlier = balanceActionOfKey(db, { kind, caller, key })
  if (!earlier || earlier.request === JSON.stringify(asked.request)) return earlier
  throw new LabError(
    'idempotencyKeyReused',
    `the idempotency key ${key} came with another request before. Use a new key for a new request.`,
    { field: 'Idempotency-Key' },
  )
}

/** A rule's refusal is an answer. The ledger refuses before it writes, so that nothing is left to undo. */
function refusalOf(
  work: () => void,
): { readonly text: string; readonly reason: string } | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof LabError && error.code === 'refused') {
      return { text: error.message, reason: error.reason ?? 'refused' }
    }
    throw error
  }
}

function requireNotZero(amount: bigint): void {
  if (amount === 0n) throw new LabError('badInput', 'amount must not be zero', { field: 'amount' })
}
