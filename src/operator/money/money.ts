/**
 * Money between subscribers: `operator.money`. By USSD it is asked for and then sent with a code; who calls with a token of
 * the API has shown who that is, and sends at once.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Environment } from '../../base/environment.ts'
import { assert, LabError } from '../../base/errors.ts'
import { orderedIds } from '../../base/ordered-ids.ts'
import type { Connection, Store } from '../../store/engine.ts'
import { giftSecret } from '../../store/gift-settings.ts'
import {
  countWrongCode,
  endMoneyRequest,
  findMoneyRequest,
  putMoneyRequest,
  waitingMoneyRequest,
  type MoneyRequestRecord,
} from '../../store/money-requests.ts'
import { findMovement, MONEY_MAX_MINOR, passMoney } from '../../store/money.ts'
import { findById, requireAccount, type Account } from '../accounts.ts'
import { answerOnce, requireIdempotencyKey, type Answer } from '../idempotency.ts'
import { normaliseMsisdn } from '../msisdn.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Operators } from '../operators.ts'
import type { Refused } from '../refused.ts'
import { judgeMoney, moneyRefused, type MoneyRefusal, type MoneyRefused } from '../rules/money.ts'
import { chargeDue } from '../subscriptions/periods.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'
import { moneyParties, type MoneyParties } from './gather.ts'

/** A request by which a command is known when it comes again. */
interface Once {
  readonly caller: string
  readonly idempotencyKey: string
}

/** Numbers are as people write them. */
export interface SendMoney extends Once {
  readonly from: string
  readonly to: string
  readonly amountMinor: bigint
}

/** Money that has changed its owner. */
export interface MoneySent {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amountMinor: bigint
  readonly currency: string
  readonly at: Date
}

/** Money that waits for its code. */
export interface MoneyAwaited {
  readonly id: string
  readonly to: string
  readonly amountMinor: bigint
  readonly currency: string
  readonly code: string
  readonly withinMs: number
}

/** A code that does not do: `noRequest` is one for which nothing waits any more. */
export type CodeRefusal = 'wrongCode' | 'codeBlocked' | 'noRequest'

export interface CodeRefused extends Refused<CodeRefusal> {
  /** Of a wrong code: which one it was, and how many there may be. */
  readonly attempt?: number
  readonly attempts?: number
}

interface Replayable {
  /** Whether this is the answer that was given before. */
  readonly replayed: boolean
}

export type MoneyOutcome = Replayable &
  (
    | { readonly sent: MoneySent; readonly awaited?: never; readonly refusal?: never }
    | { readonly refusal: MoneyRefused; readonly sent?: never; readonly awaited?: never }
  )

export type MoneyAskedOutcome =
  | MoneyOutcome
  | (Replayable & {
      readonly awaited: MoneyAwaited
      readonly sent?: never
      readonly refusal?: never
    })

export type MoneyCodeOutcome = Replayable &
  (
    | { readonly sent: MoneySent; readonly refusal?: never; readonly to?: never }
    | {
        readonly refusal: MoneyRefused | CodeRefused
        readonly sent?: never
        /** To whom it was to go, where a rule was broken since it was asked for. */
        readonly to?: string | undefined
      }
  )

/** Each once for its key; a refusal is kept as well. */
export interface MoneyBetween {
  /** Sends at once. @throws {LabError} notFound — the giver; badInput; idempotencyKeyReused */
  send(asked: SendMoney): Promise<MoneyOutcome>
  /** Asks for a code, in the place of a request that waits; sends at once where the operator wants none. @throws as `send` */
  request(asked: SendMoney): Promise<MoneyAskedOutcome>
  /** Sends what waits, if the code is right and no rule is broken by now. @throws {LabError} as `send` */
  confirm(asked: Once & { readonly from: string; readonly code: string }): Promise<MoneyCodeOutcome>
}

/** Told within the command that moves the money. */
export interface MoneyNotice {
  readonly id: string
  readonly giver: Account
  readonly receiver: Account
  readonly file: OperatorFile
  readonly amountMinor: bigint
  readonly atMs: number
}

export interface MoneyParts {
  readonly store: Store
  readonly environment: Environment
  readonly operators: Operators
  notify(db: Connection, notice: MoneyNotice): void
}

const MINUTE_MS = 60_000

export function createMoney(parts: MoneyParts): MoneyBetween {
  const { store, environment } = parts
  const newId = orderedIds(environment)
  const partsNow = (): Now => ({ ...parts, atMs: environment.clock.nowMs() })
  return {
    async send(asked) {
      const wish = wishOf(asked)
      const id = newId()
      return store.write((db) => {
        const now = partsNow()
        const { answer, replayed } = once(db, {
          ...wish,
          operation: 'sendMoney',
          atMs: now.atMs,
          decide: () => sendNow(db, { ...now, ...wish, id }),
        })
        if (answer.refusal) return { replayed, refusal: answer.refusal as MoneyRefused }
        return { replayed, sent: sentMoneyOf(db, { id: answer.transferId }) }
      })
    },
    async request(asked) {
      const wish = wishOf(asked)
      const id = newId()
      return store.write((db) => {
        const now = partsNow()
        const { answer, replayed } = once(db, {
          ...wish,
          operation: 'requestMoney',
          atMs: now.atMs,
          decide: () => requestNow(db, { ...now, ...wish, id }),
        })
        if (answer.refusal) return { replayed, refusal: answer.refusal as MoneyRefused }
        const request = findMoneyRequest(db, answer.transferId)
        if (!request) return { replayed, sent: sentMoneyOf(db, { id: answer.transferId }) }
        return { replayed, awaited: awaitedOf(db, { ...now, request }) }
      })
    },
    async confirm({ from: number, code, ...key }) {
      requireIdempotencyKey(key.idempotencyKey)
      const from = normaliseMsisdn(number, 'from')
      return store.write((db) => {
        const now = partsNow()
        const { answer, replayed } = once(db, {
          ...key,
          operation: 'confirmMoney',
          fingerprint: `${from} ${code}`,
          atMs: now.atMs,
          decide: () => confirmNow(db, { ...now, from, code }),
        })
        if (!answer.refusal) {
          return { replayed, sent: sentMoneyOf(db, { id: answer.transferId }) }
        }
        const { to, ...refusal } = answer.refusal as ToldRefusal
        return { replayed, refusal, to }
      })
    },
  }
}

interface Now extends MoneyParts {
  readonly atMs: number
}

interface Wish extends Once {
  readonly from: string
  readonly to: string
  readonly amountMinor: bigint
  readonly fingerprint: string
}

/** A refusal as it is kept, with whom it is about. */
type ToldRefusal = (MoneyRefused | CodeRefused) & { readonly to?: string }

/** @throws {LabError} badInput */
function wishOf(asked: SendMoney): Wish {
  const { amountMinor, caller, idempotencyKey } = asked
  requireIdempotencyKey(idempotencyKey)
  const from = normaliseMsisdn(asked.from, 'from')
  const to = normaliseMsisdn(asked.to, 'to')
  if (amountMinor < 1n || amountMinor > MONEY_MAX_MINOR) {
    throw new LabError('badInput', `an amount of money is 1 to ${MONEY_MAX_MINOR} minor units`, {
      field: 'amountMinor',
    })
  }
  return {
    caller,
    idempotencyKey,
    from,
    to,
    amountMinor,
    fingerprint: `${from} ${to} ${amountMinor}`,
  }
}

function once(
  db: Connection,
  of: Once & {
    readonly operation: 'sendMoney' | 'requestMoney' | 'confirmMoney'
    readonly fingerprint: string
    readonly atMs: number
    decide(): Answer
  },
) {
  return answerOnce(db, { ...of, key: of.idempotencyKey })
}

function sendNow(db: Connection, of: Now & Wish & { readonly id: string }): Answer {
  const parties = partiesOf(db, of)
  const refusals = judgeMoney(parties.facts, parties.file.moneyTransfer?.rules)
  if (isBroken(refusals)) return { refusal: moneyRefused(refusals) }
  pass(db, { ...of, ...parties })
  return { transferId: of.id }
}

function requestNow(db: Connection, of: Now & Wish & { readonly id: string }): Answer {
  const parties = partiesOf(db, of)
  const rule = parties.file.moneyTransfer?.rules.code
  if (!rule) return sendNow(db, of)
  const refusals = judgeMoney(parties.facts, parties.file.moneyTransfer?.rules)
  if (isBroken(refusals)) return { refusal: moneyRefused(refusals) }
  const { giver, receiver } = parties
  putMoneyRequest(db, {
    id: of.id,
    giverAccountId: giver.id,
    // One who is not there is one whom a rule has refused.
    receiverAccountId: (receiver as Account).id,
    amountMinor: of.amountMinor,
    requestedAtMs: of.atMs,
    deadlineMs: of.atMs + rule.withinMinutes * MINUTE_MS,
  })
  return { transferId: of.id }
}

function confirmNow(
  db: Connection,
  of: Now & { readonly from: string; readonly code: string },
): Answer {
  const request = waitingMoneyRequest(db, requireAccount(db, of.from).id)
  if (!request) return codeRefused('noRequest')
  if (request.deadlineMs <= of.atMs) return ended(db, { request, state: 'expired' })
  if (!isCodeOf(db, { ...of, request })) return wrongCode(db, { ...of, request })
  const to = findById(db, request.receiverAccountId)?.msisdn ?? ''
  const { amountMinor, id } = request
  const parties = partiesOf(db, { ...of, to, amountMinor })
  const refusals = judgeMoney(parties.facts, parties.file.moneyTransfer?.rules)
  if (isBroken(refusals)) {
    endMoneyRequest(db, { id, state: 'refused' })
    const refusal: ToldRefusal = { ...moneyRefused(refusals), to }
    return { refusal }
  }
  pass(db, { ...of, ...parties, id, amountMinor })
  endMoneyRequest(db, { id, state: 'sent' })
  return { transferId: id }
}

function partiesOf(
  db: Connection,
  of: Now & { readonly from: string; readonly to: string; readonly amountMinor: bigint },
): MoneyParties {
  const giver = requireAccount(db, of.from)
  return moneyParties(db, { ...of, giver, file: fileOf(of.operators, giver) })
}

function isBroken(
  refusals: readonly MoneyRefusal[],
): refusals is readonly [MoneyRefusal, ...MoneyRefusal[]] {
  return refusals.length > 0
}

function pass(
  db: Connection,
  of: Now & MoneyParties & { readonly id: string; readonly amountMinor: bigint },
): void {
  const { id, giver, file, amountMinor, atMs } = of
  const receiver = of.receiver as Account
  passMoney(db, {
    id,
    fromAccountId: giver.id,
    toAccountId: receiver.id,
    amountMinor,
    currency: file.currency.code,
    atMs,
  })
  of.notify(db, { id, giver, receiver, file, amountMinor, atMs })
  // As after a top-up: a plan that waited for its fee goes on.
  chargeDue(db, { account: receiver, file, atMs })
}

function ended(
  db: Connection,
  of: { readonly request: MoneyRequestRecord; readonly state: 'expired' },
): Answer {
  endMoneyRequest(db, { id: of.request.id, state: of.state })
  return codeRefused('noRequest')
}

function wrongCode(db: Connection, of: Now & { readonly request: MoneyRequestRecord }): Answer {
  const { request } = of
  const attempts = codeRuleOf(db, of).tries
  const attempt = countWrongCode(db, request)
  if (attempt < attempts) return codeRefused('wrongCode', { attempt, attempts })
  endMoneyRequest(db, { id: request.id, state: 'blocked' })
  return codeRefused('codeBlocked', { attempt, attempts })
}

const CODE_TEXTS: Readonly<Record<CodeRefusal, string>> = {
  wrongCode: 'The code is wrong.',
  codeBlocked: 'The code was wrong too often: the money stays where it is.',
  noRequest: 'No money waits for a code.',
}

function codeRefused(
  reason: CodeRefusal,
  tries: Pick<CodeRefused, 'attempt' | 'attempts'> = {},
): Answer {
  const refusal: CodeRefused = { allowed: false, reason, text: CODE_TEXTS[reason], ...tries }
  return { refusal }
}

function isCodeOf(
  db: Connection,
  of: Now & { readonly request: MoneyRequestRecord; readonly code: string },
): boolean {
  const [right, given] = [Buffer.from(codeOf(db, of)), Buffer.from(of.code)]
  return right.length === given.length && timingSafeEqual(right, given)
}

/** The code of a request: the same whenever it is asked for, kept nowhere, and known to nobody without the lab's key. */
function codeOf(db: Connection, of: Now & { readonly request: MoneyRequestRecord }): string {
  const { digits } = codeRuleOf(db, of)
  const secret = giftSecret(db, () => of.environment.random.unique(32))
  const digest = createHmac('sha256', secret).update(`money ${of.request.id}`).digest()
  return String(digest.readUIntBE(0, 6) % 10 ** digits).padStart(digits, '0')
}

const CODE_DEFAULT = { digits: 3, withinMinutes: 10, tries: 3 }

/** The rule as the file has it now; the usual one where it has none any more. */
function codeRuleOf(db: Connection, of: Now & { readonly request: MoneyRequestRecord }) {
  const giver = findById(db, of.request.giverAccountId)
  return (giver && fileOf(of.operators, giver).moneyTransfer?.rules.code) ?? CODE_DEFAULT
}

function awaitedOf(
  db: Connection,
  of: Now & { readonly request: MoneyRequestRecord },
): MoneyAwaited {
  const { id, giverAccountId, receiverAccountId, amountMinor, deadlineMs, requestedAtMs } =
    of.request
  const giver = findById(db, giverAccountId) as Account
  return {
    id,
    to: findById(db, receiverAccountId)?.msisdn ?? '',
    amountMinor,
    currency: fileOf(of.operators, giver).currency.code,
    code: codeOf(db, of),
    withinMs: deadlineMs - requestedAtMs,
  }
}

function sentMoneyOf(db: Connection, { id }: { readonly id: string }): MoneySent {
  const [gone, come] = [findMovement(db, `sent:${id}`), findMovement(db, `received:${id}`)]
  assert(gone && come, `there is no money sent as ${id}`)
  return {
    id,
    from: findById(db, gone.accountId)?.msisdn ?? '',
    to: findById(db, come.accountId)?.msisdn ?? '',
    amountMinor: come.amountMinor,
    currency: come.currency,
    at: new Date(come.atMs),
  }
}
