/** What subscribers are told of their data unasked: how far it is used, and that it ends soon. Each once in a period. */

import { wantsNotices } from '../../store/channels.ts'
import { expiryEvent, isTold, planUsage, untoldEndings } from '../../store/charging.ts'
import type { Connection } from '../../store/engine.ts'
import { usableBytes } from '../../store/ledger.ts'
import { putMessage } from '../../store/messages.ts'
import { findById, type Account } from '../accounts.ts'
import type { MessageId, MessageParams, TextOverrides } from '../messages/texts/catalogue.ts'
import { languageOf } from '../messages/texts/languages.ts'
import { renderMessage } from '../messages/texts/render.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Operators } from '../operators.ts'
import { grantsOverage } from './overage.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'

/** Percent of the plan at which subscribers are told, where the operator's file says nothing else. */
export const USAGE_NOTICES_PERCENT: readonly number[] = [50, 80, 100]
/** How long before its end data is spoken of. */
export const EXPIRY_NOTICE_MS = 48 * 3_600_000

interface Of {
  readonly account: Account
  readonly file: OperatorFile
  readonly atMs: number
}

/**
 * Tells a subscriber how much of the plan is used: the highest step that is reached, and none that was overtaken. At 100 %
 * the text depends on whether data goes on, because other data is left or what is beyond it is charged.
 */
export function noticeUsage(db: Connection, of: Of): void {
  const { account, file, atMs } = of
  const { ownBytes, consumedBytes, sinceMs } = planUsage(db, { accountId: account.id, atMs })
  if (ownBytes === 0n) return
  const steps = file.regulation.usageNoticesPercent ?? USAGE_NOTICES_PERCENT
  const percent = Math.max(
    0,
    ...steps.filter((step) => consumedBytes * 100n >= ownBytes * BigInt(step)),
  )
  const eventId = `usage:${account.id}:${sinceMs}:${percent}`
  if (percent === 0 || isTold(db, eventId) || !wantsNotices(db, account.id)) return
  const isAll = percent === 100 && generalLeft(db, of) === 0n && !grantsOverage(db, of)
  if (isAll) tell(db, { ...of, eventId, id: 'usageAll', params: {} })
  else tell(db, { ...of, eventId, id: 'usage', params: { percent } })
}

/** Tells subscribers of data that ends within two days, at most `limit` of them. Returns how many. */
export function noticeEndings(
  db: Connection,
  of: { readonly operators: Operators; readonly atMs: number; readonly limit: number },
): number {
  const endings = untoldEndings(db, { ...of, withinMs: EXPIRY_NOTICE_MS })
  for (const ending of endings) {
    const account = findById(db, ending.accountId) as Account
    const file = fileOf(of.operators, account)
    const params = { until: new Date(ending.untilMs) }
    const eventId = expiryEvent(ending)
    tell(db, { account, file, atMs: of.atMs, eventId, id: 'expirySoon', params })
  }
  return endings.length
}

/** Tells a subscriber that the law lets data rest. */
export function noticeCooling(
  db: Connection,
  of: Of & { readonly untilMs: number; readonly id: 'coolingAfterRoaming' | 'coolingAfterIdle' },
): void {
  const eventId = `cooling:${of.account.id}:${of.untilMs}`
  const params = { until: new Date(of.untilMs) }
  tell(db, { ...of, eventId, params })
}

function generalLeft(db: Connection, { account, atMs }: Of): bigint {
  return usableBytes(db, { accountId: account.id, atMs })
}

function tell<Id extends MessageId>(
  db: Connection,
  of: Of & { readonly eventId: string; readonly id: Id; readonly params: MessageParams<Id> },
): void {
  const { account, file, atMs, eventId, id, params } = of
  const tag = account.language ?? file.languages[0] ?? 'en'
  const { timeZone, gigabyteBytes, name } = file
  const { parts } = renderMessage(id, params, {
    channel: 'sms',
    locale: { language: languageOf(tag), timeZone, gigabyteBytes },
    ...(file.texts[tag] && { overrides: file.texts[tag] as TextOverrides }),
  })
  const text = parts.join('')
  const message = { accountId: account.id, direction: 'out', channel: 'sms', peer: name } as const
  putMessage(db, { ...message, textId: id, text, atMs, eventId })
}
