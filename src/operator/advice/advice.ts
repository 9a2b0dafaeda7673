/** Advice against waste: `operator.advice`. */

import type { Environment } from '../../base/environment.ts'
import type { Store } from '../../store/engine.ts'
import { requireAccount } from '../accounts.ts'
import type { Gifts } from '../gifts/gifts.ts'
import { readAsIfDone } from '../gifts/overdue.ts'
import { languageOf } from '../messages/texts/languages.ts'
import type { Operators } from '../operators.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'
import { gatherAdviceFacts } from './facts.ts'
import { judgeWaste, type Advice } from './judge.ts'
import { adviceText } from './texts.ts'

/** A piece of advice in the subscriber's language, with the figures that it rests on. */
export interface ToldAdvice extends Advice {
  readonly text: string
}

export interface AdviceReport {
  readonly msisdn: string
  /** Since when use, loss and Wi-Fi are counted. */
  readonly since: Date
  readonly historyDays: number
  readonly usedBytes: bigint
  readonly expiredBytes: bigint
  readonly wifiBytes: bigint
  /** What counted in each whole month of thirty days, the latest first. */
  readonly months: readonly { readonly from: Date; readonly usedBytes: bigint }[]
  readonly advice: readonly ToldAdvice[]
}

/**
 * What a subscriber could do with less: from the journal of the last three months, in the subscriber's language or the one
 * that is asked for. With less than a month of history it says so, and says nothing of plan and loss.
 * @throws {LabError} notFound
 */
export type AdviceOf = (of: { readonly msisdn: string; readonly language?: string }) => AdviceReport

export function createAdvice(parts: {
  readonly store: Store
  readonly environment: Environment
  readonly operators: Operators
  readonly gifts: Gifts
}): AdviceOf {
  const { store, environment, operators, gifts } = parts
  return (of) => {
    const account = store.read((db) => requireAccount(db, of.msisdn))
    const { msisdn } = account
    const file = fileOf(operators, account)
    const maximum = gifts.maximum({ from: msisdn })
    const atMs = environment.clock.nowMs()
    const facts = readAsIfDone(store, {
      context: { operators, atMs },
      accounts: () => [account],
      query: (db, [now = account]) => gatherAdviceFacts(db, { account: now, file, atMs, maximum }),
    })
    const language = languageOf(of.language ?? account.language ?? file.languages[0] ?? 'en')
    const locale = { language, timeZone: file.timeZone, gigabyteBytes: file.gigabyteBytes }
    return {
      msisdn,
      since: new Date(facts.sinceMs),
      historyDays: facts.historyDays,
      usedBytes: facts.usedBytes,
      expiredBytes: facts.expiredBytes,
      wifiBytes: facts.wifiBytes,
      months: facts.months.map(({ fromMs, usedBytes }) => ({ from: new Date(fromMs), usedBytes })),
      advice: judgeWaste(facts).map((one) => ({ ...one, text: adviceText(one, locale) })),
    }
  }
}
