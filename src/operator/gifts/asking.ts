/** Questions for data: a subscriber asks another, who gives or says no within a day. */

import { LabError } from '../../base/errors.ts'
import type { Connection } from '../../store/engine.ts'
import { answerAsk, findAsk, openAsks, putAsk, type GiftAskRecord } from '../../store/gift-asks.ts'
import { findById, requireAccount, type Account } from '../accounts.ts'
import { normaliseMsisdn } from '../msisdn.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Operators } from '../operators.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'
import { answerOnce } from '../idempotency.ts'
import type { Refused } from '../refused.ts'
import { conflict, refusedAs } from './progress.ts'

/** A question for data. */
export interface GiftAsk {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amountBytes: bigint
  readonly at: Date
  readonly until: Date
}

const DAY_MS = 86_400_000
/** A subscriber may have so many questions standing. */
const OPEN_ASKS_MAX = 5

/** The answer to a question that is asked once for each key. */
export type AskOutcome =
  | { readonly replayed: boolean; readonly ask: GiftAsk; readonly refusal?: never }
  | { readonly replayed: boolean; readonly refusal: Refused; readonly ask?: never }

/** What somebody is to be told of a question, within the command in which it happens. */
export interface AskNoticeEvent {
  readonly ask: GiftAsk
  readonly what: 'asked' | 'declined'
  readonly to: Account
  readonly file: OperatorFile
  readonly atMs: number
}

type Notify = (db: Connection, notice: AskNoticeEvent) => void

interface Question {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly amountBytes: bigint
  readonly operators: Operators
  readonly atMs: number
  readonly notify: Notify
}

/** Asks, or repeats the answer of its key. */
export function putQuestionOnce(
  db: Connection,
  question: Question & { readonly caller: string; readonly idempotencyKey: string },
): AskOutcome {
  const { caller, idempotencyKey: key, from, to, amountBytes, atMs } = question
  const { answer, replayed } = answerOnce(db, {
    caller,
    operation: 'askForData',
    key,
    fingerprint: `${normaliseMsisdn(from, 'from')} ${normaliseMsisdn(to, 'to')} ${amountBytes}`,
    atMs,
    decide() {
      try {
        return { transferId: putQuestion(db, question).id }
      } catch (error) {
        if (!(error instanceof LabError) || error.code !== 'refused') throw error
        return { refusal: { allowed: false, reason: error.reason ?? '', text: error.message } }
      }
    },
  })
  if (answer.refusal) return { replayed, refusal: answer.refusal }
  return { replayed, ask: askOf(db, findAsk(db, answer.transferId) as GiftAskRecord) }
}

export function putQuestion(db: Connection, question: Question): GiftAsk {
  const { id, amountBytes, atMs } = question
  if (amountBytes === 0n)
    throw new LabError('badInput', 'amountBytes must be more than nothing', {
      field: 'amountBytes',
    })
  const asker = requireAccount(db, question.from)
  const giver = requireAccount(db, question.to)
  if (fileOf(question.operators, giver).gifting.askForData !== true)
    throw refusedAs('askingNotOffered', 'This operator has no questions for data.')
  if (asker.id === giver.id) throw refusedAs('sameAccount', 'Ask another number than your own.')
  if (asker.operator !== giver.operator)
    throw refusedAs('otherOperator', 'Ask a subscriber of your own operator.')
  const open = openAsks(db, { accountId: asker.id, side: 'made', atMs })
  if (open.length >= OPEN_ASKS_MAX || open.some((ask) => ask.giverAccountId === giver.id))
    throw refusedAs('askedAlready', 'A question of yours stands already.')
  const accounts = { askerAccountId: asker.id, giverAccountId: giver.id }
  putAsk(db, { id, ...accounts, amountBytes, askedAtMs: atMs, untilMs: atMs + DAY_MS })
  const ask = askOf(db, findAsk(db, id) as GiftAskRecord)
  const file = fileOf(question.operators, giver)
  question.notify(db, { ask, what: 'asked', to: giver, file, atMs })
  return ask
}

/** Says no to a question, whose asker is told so. */
export function declineQuestion(
  db: Connection,
  of: {
    readonly ask: GiftAskRecord
    readonly operators: Operators
    readonly atMs: number
    readonly notify: Notify
  },
): void {
  const { ask, operators, atMs, notify } = of
  answerAsk(db, { id: ask.id, answer: 'refused' })
  const to = findById(db, ask.askerAccountId)
  if (to)
    notify(db, { ask: askOf(db, ask), what: 'declined', to, file: fileOf(operators, to), atMs })
}

/** @throws {LabError} notFound; conflict (`wrongState`, `tooLate`) */
export function requireOpenAsk(
  db: Connection,
  of: { readonly id: string; readonly by: string; readonly atMs: number },
): GiftAskRecord {
  const ask = findAsk(db, of.id)
  const account = requireAccount(db, of.by)
  if (!ask || ask.giverAccountId !== account.id)
    throw new LabError('notFound', `there is no question ${of.id}`, { field: 'id' })
  if (ask.answer !== undefined || ask.untilMs <= of.atMs)
    throw conflict(ask.answer === undefined ? 'tooLate' : 'wrongState', 'the question is over')
  return ask
}

export function askOf(db: Connection, ask: GiftAskRecord): GiftAsk {
  return {
    id: ask.id,
    from: findById(db, ask.askerAccountId)?.msisdn ?? '',
    to: findById(db, ask.giverAccountId)?.msisdn ?? '',
    amountBytes: ask.amountBytes,
    at: new Date(ask.askedAtMs),
    until: new Date(ask.untilMs),
  }
}
