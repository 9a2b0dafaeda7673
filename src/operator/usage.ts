/** Using data: only of an attached phone, earliest end first, whole or not at all. */

import type { Connection } from '../store/engine.ts'
import { consumeIfEnough, slicesOfUsage, usableBytes, type UsageSlice } from '../store/ledger.ts'
import { findByNumber, type Account } from './accounts.ts'
import { formatAmount } from './amount.ts'
import { ADMISSION_REFUSALS, admit, noteUse } from './charging/admission.ts'
import { settleOnce } from './charging/grants.ts'
import { chargeOverage, grantsOverage } from './charging/overage.ts'
import { noticeUsage } from './charging/notices.ts'
import type { Refused } from './refused.ts'
import { answerOnce } from './idempotency.ts'
import type { OperatorFile } from './operator-file.ts'
import type { Operators } from './operators.ts'
import { bringUpToDate } from './subscriptions/periods.ts'
import { fileOf } from './subscriptions/subscriptions.ts'

/** Why usage is refused, in the order in which it is checked. */
export const USAGE_REFUSALS = {
  unknownSubscriber: 'This is not a number of this operator.',
  ...ADMISSION_REFUSALS,
  amountTooSmall: 'At least 1 byte must be used.',
  notEnoughData: 'More is asked for than is left.',
} as const

export type UsageRefusalReason = keyof typeof USAGE_REFUSALS

/** Usage as reported: the number is normalised, the amount is not negative. */
export interface UsageRequest {
  readonly caller: string
  readonly idempotencyKey: string
  readonly msisdn: string
  readonly amountBytes: bigint
}

/** Usage that has happened. It never changes. */
export interface Usage {
  readonly id: string
  readonly msisdn: string
  readonly amountBytes: bigint
  readonly at: Date
  /** The lots that paid, in the order in which they were used. */
  readonly lots: readonly UsageSlice[]
}

/** Why usage was refused, and when waiting has helped. */
export interface UsageRefused extends Refused<UsageRefusalReason> {
  /** ISO 8601. */
  readonly until?: string
}

/** The answer to a usage report; `replayed` when it was given to an earlier report with the same key. */
export type UsageOutcome =
  | { readonly replayed: boolean; readonly usage: Usage; readonly refusal?: never }
  | {
      readonly replayed: boolean
      readonly refusal: UsageRefused
      readonly usage?: never
    }

interface UsageInput {
  readonly request: UsageRequest
  /** The id of the usage, should there be any. */
  readonly usageId: string
  readonly atMs: number
  readonly operators: Operators
}

/** Judges and books usage, or repeats the answer of its key. Runs within one command of the store. */
export function useOnce(db: Connection, input: UsageInput): UsageOutcome {
  const { request, usageId, atMs } = input
  const { msisdn, amountBytes } = request
  let lots: readonly UsageSlice[] = []
  const { answer, replayed } = answerOnce(db, {
    caller: request.caller,
    operation: 'useData',
    key: request.idempotencyKey,
    fingerprint: `${msisdn} ${amountBytes}`,
    atMs,
    decide() {
      const decided = decide(db, input)
      if (decided.refusal) return decided
      lots = decided.lots
      return { transferId: usageId }
    },
  })
  if (answer.refusal) {
    return { replayed, refusal: answer.refusal as Refused<UsageRefusalReason> }
  }
  if (replayed) return { replayed, usage: usageOf(db, { id: answer.transferId, ...request }) }
  return { replayed, usage: { id: usageId, msisdn, amountBytes, at: new Date(atMs), lots } }
}

type Decided =
  | { readonly lots: readonly UsageSlice[]; readonly refusal?: never }
  | { readonly refusal: Refused; readonly lots?: never }

function decide(db: Connection, input: UsageInput): Decided {
  const { request, usageId, atMs } = input
  const found = findByNumber(db, request.msisdn)
  if (!found) return refused('unknownSubscriber')
  const file = fileOf(input.operators, found)
  const account = bringUpToDate(db, { account: found, file, atMs })
  const admission = admit(db, { account, file, atMs })
  if (!admission.allowed) {
    const { reason, text, untilMs } = admission
    const until = untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }
    return { refusal: { allowed: false, reason, text, ...until } }
  }
  if (request.amountBytes < 1n) return refused('amountTooSmall')
  const lots = {
    accountId: account.id,
    atMs,
    order: file.consumption.origins,
    location: admission.location,
  } as const
  const { amountBytes } = request
  const slices =
    consumeIfEnough(db, { ...lots, transferId: usageId, amountBytes }) ??
    useBeyond(db, { ...lots, account, file, transferId: usageId, usedBytes: amountBytes })
  if (!slices) {
    const generalBytes = usableBytes(db, lots)
    return refused('notEnoughData', `${formatAmount(generalBytes, file.gigabyteBytes)} are left.`)
  }
  noteUse(db, { account, file, atMs })
  noticeUsage(db, { account, file, atMs })
  return { lots: slices }
}

/** Use of more than all lots have, where that is charged. */
function useBeyond(
  db: Connection,
  use: Parameters<typeof settleOnce>[1] & {
    readonly account: Account
    readonly file: OperatorFile
  },
): readonly UsageSlice[] | undefined {
  if (!grantsOverage(db, use)) return undefined
  const slices = settleOnce(db, use)
  chargeOverage(db, use)
  return slices
}

function usageOf(
  db: Connection,
  of: { readonly id: string; readonly msisdn: string; readonly amountBytes: bigint },
): Usage {
  const transfer = db
    .sql<{ seq: number; at: number }>(`SELECT seq, at FROM transfers WHERE id = ?`)
    .get(of.id) as { seq: number; at: number }
  return {
    id: of.id,
    msisdn: of.msisdn,
    amountBytes: of.amountBytes,
    at: new Date(transfer.at),
    lots: slicesOfUsage(db, transfer.seq),
  }
}

function refused(
  reason: UsageRefusalReason,
  text: string = USAGE_REFUSALS[reason],
): { readonly refusal: UsageRefused } {
  return { refusal: { allowed: false, reason, text } }
}
