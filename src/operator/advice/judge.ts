/** The waste adviser: from figures to advice, with nothing else to look at. */

import { moneyIn } from '../messages/texts/catalogue.ts'
import { LabError } from '../../base/errors.ts'
import type { Lot } from '../../store/ledger.ts'
import type { Plan } from '../operator-file.ts'
import { extensionFor } from '../subscriptions/purchases.ts'
import { MONTH_DAYS, type AdviceFacts } from './facts.ts'
import type { AdviceCode, AdviceFigures } from './texts.ts'

/** One piece of advice, and the figures that it rests on. */
export interface Advice {
  readonly code: AdviceCode
  readonly figures: Readonly<Record<string, unknown>>
}

const DAY_MS = 86_400_000
/** What ends later is no matter of now. */
const SOON_MS = 31 * DAY_MS
/** As long before the end as subscribers are warned. */
const CHECK_BEFORE_MS = 2 * DAY_MS
/** Below this share of Wi-Fi its use is worth a hint. */
const WIFI_PERCENT = 30

/** Every piece of advice that the figures bear out, what costs most first. */
export function judgeWaste(facts: AdviceFacts): readonly Advice[] {
  const hasHistory = facts.months.length > 0
  return [
    ...(hasHistory
      ? [planAdvice(facts), lossAdvice(facts), ...wifiAdvice(facts)]
      : [advise('tooLittleHistory', { days: facts.historyDays, needed: MONTH_DAYS })]),
    ...endingAdvice(facts),
    ...checkAdvice(facts),
  ]
}

function advise<Code extends AdviceCode>(code: Code, figures: AdviceFigures<Code>): Advice {
  return { code, figures }
}

/** A plan as thirty days of it would be. */
interface MonthlyPlan {
  readonly plan: Plan
  readonly bytes: bigint
  readonly feeMinor: bigint
}

function planAdvice(facts: AdviceFacts): Advice {
  const { plan, file } = facts
  const peak = facts.months.reduce((most, { usedBytes }) => max(most, usedBytes), 0n)
  const own = monthlyOf(plan)
  const fitting = plansLike(facts).filter(({ bytes }) => bytes >= peak)
  const [cheapest] = fitting.toSorted(byFee)
  const money = (minor: bigint) => ({ minor, ...moneyIn(file) })
  if (!cheapest) {
    const [largest = own] = plansLike(facts).toSorted((a, b) => Number(b.bytes - a.bytes))
    return advise('noPlanFits', { plan: largest.plan.name, planAmount: largest.bytes, peak })
  }
  const named = { plan: cheapest.plan.name, planAmount: cheapest.bytes, peak }
  if (own.bytes < peak) return advise('largerPlan', { ...named, fee: money(cheapest.feeMinor) })
  if (cheapest.feeMinor < own.feeMinor)
    return advise('smallerPlan', { ...named, saving: money(own.feeMinor - cheapest.feeMinor) })
  return advise('planFits', { plan: plan.name, planAmount: own.bytes, peak })
}

/** Plans that are paid in the same way, for all kinds of traffic. */
function plansLike({ file, plan }: AdviceFacts): readonly MonthlyPlan[] {
  return file.plans
    .filter(({ payment, trafficClass }) => payment === plan.payment && trafficClass === 'general')
    .map(monthlyOf)
}

function monthlyOf(plan: Plan): MonthlyPlan {
  const { amountBytes, feeMinor, period, validDays } = plan
  if (period === 'monthly') return { plan, bytes: amountBytes, feeMinor }
  const perMonth = (amount: bigint) => (amount * BigInt(MONTH_DAYS)) / BigInt(validDays)
  return { plan, bytes: perMonth(amountBytes), feeMinor: perMonth(feeMinor) }
}

function byFee(a: MonthlyPlan, b: MonthlyPlan): number {
  return Number(a.feeMinor - b.feeMinor) || Number(a.bytes - b.bytes)
}

function lossAdvice({ expiredBytes, usedBytes, atMs, sinceMs }: AdviceFacts): Advice {
  const days = Math.round((atMs - sinceMs) / DAY_MS)
  if (expiredBytes === 0n) return advise('nothingLost', { days })
  const percent = percentOf(expiredBytes, expiredBytes + usedBytes)
  return advise('lostToExpiry', { lost: expiredBytes, percent, days })
}

function wifiAdvice({ wifiBytes, usedBytes }: AdviceFacts): readonly Advice[] {
  if (wifiBytes + usedBytes === 0n) return []
  const percent = percentOf(wifiBytes, wifiBytes + usedBytes)
  return percent < WIFI_PERCENT
    ? [advise('wifiLittle', { percent, mobile: usedBytes })]
    : [advise('wifiGood', { percent, wifi: wifiBytes })]
}

/** What may still be done with what ends, and before when. */
function endingAdvice(facts: AdviceFacts): readonly Advice[] {
  const { lots, atMs, maximum } = facts
  const ending = lots.filter(({ validUntilMs }) => validUntilMs <= atMs + SOON_MS)
  const [first] = ending
  if (!first) return []
  const until = new Date(first.validUntilMs)
  const together = ending.filter(({ validUntilMs }) => validUntilMs === first.validUntilMs)
  return [
    advise('endsSoon', { left: sumOf(together), until }),
    ...(maximum.bytes > 0n ? [advise('canGive', { maximum: maximum.bytes, until })] : []),
    ...ending.flatMap((lot) => extensionAdvice(lot, facts)),
    ...rolloverAdvice(facts),
  ]
}

function extensionAdvice(lot: Lot, { file }: AdviceFacts): readonly Advice[] {
  try {
    const { validUntilMs, feeMinor } = extensionFor(lot, file)
    if (validUntilMs <= lot.validUntilMs) return []
    return [
      advise('canExtend', {
        left: lot.availableBytes,
        until: new Date(lot.validUntilMs),
        longer: new Date(validUntilMs),
        fee: { minor: feeMinor, ...moneyIn(file) },
      }),
    ]
  } catch (error) {
    if (error instanceof LabError && error.reason === 'notExtendable') return []
    throw error
  }
}

function rolloverAdvice({ plan, lots, periodUntilMs, file }: AdviceFacts): readonly Advice[] {
  const { rollover } = plan
  const carried = lots.filter(({ origin, validUntilMs }) => {
    return origin === 'plan' && validUntilMs === periodUntilMs
  })
  if (!rollover || periodUntilMs === undefined || carried.length === 0) return []
  return [
    advise('rollsOver', {
      left: sumOf(carried),
      at: new Date(periodUntilMs),
      percent: rollover.percent,
      fee: { minor: rollover.feeMinor ?? 0n, ...moneyIn(file) },
    }),
  ]
}

/** Two days before the next end, and when the next period begins. */
function checkAdvice({ lots, atMs, periodUntilMs }: AdviceFacts): readonly Advice[] {
  const [first] = lots
  const beforeMs = first && first.validUntilMs - CHECK_BEFORE_MS
  const dates = [beforeMs, periodUntilMs].filter((ms) => ms !== undefined && ms > atMs)
  return [...new Set(dates)]
    .toSorted((a, b) => Number(a) - Number(b))
    .map((ms) => advise('checkAgain', { at: new Date(ms as number) }))
}

function sumOf(lots: readonly Lot[]): bigint {
  return lots.reduce((sum, { availableBytes }) => sum + availableBytes, 0n)
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function percentOf(part: bigint, whole: bigint): number {
  return Number((part * 100n + whole / 2n) / whole)
}
