/** Advice in words: what each piece says in each language, and of what it is made. */

import type { ParameterKind } from '../messages/texts/catalogue.ts'
import { formatValue, type TextLocale } from '../messages/texts/formats.ts'
import type { ParameterValues } from '../messages/texts/catalogue.ts'
import type { Language } from '../messages/texts/languages.ts'

/** Every piece of advice, with the figures that it rests on. */
export const ADVICE = {
  /** There is less than a month to judge by. */
  tooLittleHistory: { days: 'count', needed: 'count' },
  smallerPlan: { plan: 'name', planAmount: 'amount', peak: 'balance', saving: 'money' },
  largerPlan: { plan: 'name', planAmount: 'amount', peak: 'balance', fee: 'money' },
  planFits: { plan: 'name', planAmount: 'amount', peak: 'balance' },
  noPlanFits: { plan: 'name', planAmount: 'amount', peak: 'balance' },
  lostToExpiry: { lost: 'balance', percent: 'percent', days: 'count' },
  nothingLost: { days: 'count' },
  wifiLittle: { percent: 'percent', mobile: 'balance' },
  wifiGood: { percent: 'percent', wifi: 'balance' },
  endsSoon: { left: 'balance', until: 'time' },
  canGive: { maximum: 'balance', until: 'time' },
  canExtend: { left: 'balance', until: 'time', longer: 'time', fee: 'money' },
  rollsOver: { left: 'balance', at: 'time', percent: 'percent', fee: 'money' },
  checkAgain: { at: 'time' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, ParameterKind>>>>

export type AdviceCode = keyof typeof ADVICE

/** The figures of one piece, each with its type. */
export type AdviceFigures<Code extends AdviceCode> = {
  readonly [Name in keyof (typeof ADVICE)[Code]]: ParameterValues[(typeof ADVICE)[Code][Name] &
    ParameterKind]
}

/** The words of each piece; `{name}` stands for a figure. */
export const ADVICE_TEXTS: Readonly<Record<Language, Readonly<Record<AdviceCode, string>>>> = {
  en: {
    tooLittleHistory:
      'There are only {days} days of history. Advice on the plan and on losses needs {needed}.',
    smallerPlan:
      'The plan {plan} with {planAmount} would have been enough: your busiest month took {peak}. You would save {saving} a month.',
    largerPlan:
      'Your busiest month took {peak}, more than your plan grants. {plan} with {planAmount} costs {fee} a month.',
    planFits: 'Your plan {plan} with {planAmount} fits: your busiest month took {peak}.',
    noPlanFits:
      'Your busiest month took {peak}, and no plan here grants as much. {plan} with {planAmount} is the largest.',
    lostToExpiry:
      'In {days} days {lost} expired unused, {percent}% of what ended. Look before the end at what ends next.',
    nothingLost: 'In {days} days nothing expired unused.',
    wifiLittle:
      'Only {percent}% of your data went over Wi-Fi; {mobile} counted. At home and at work Wi-Fi keeps your data for the road.',
    wifiGood: '{percent}% of your data, {wifi}, went over Wi-Fi and did not count.',
    endsSoon: '{left} end {until}.',
    canGive: 'You can give up to {maximum} before {until}.',
    canExtend: '{left} that end {until} can last until {longer} for {fee}.',
    rollsOver: '{percent}% of what is left of {left} carries over {at}. Price: {fee}.',
    checkAgain: 'Check again {at}.',
  },
  ru: {
    tooLittleHistory: 'Истории пока {days} дн. Чтобы судить о тарифе и потерях, нужно {needed} дн.',
    smallerPlan:
      'Хватило бы тарифа {plan} с {planAmount}: в самый загруженный месяц вы израсходовали {peak}. Экономия {saving} в месяц.',
    largerPlan:
      'В самый загруженный месяц ушло {peak}, больше, чем в вашем тарифе. {plan} с {planAmount} стоит {fee} в месяц.',
    planFits: 'Тариф {plan} с {planAmount} вам подходит: в самый загруженный месяц ушло {peak}.',
    noPlanFits:
      'В самый загруженный месяц ушло {peak}, столько нет ни в одном тарифе. Самый большой: {plan} с {planAmount}.',
    lostToExpiry:
      'За {days} дн. сгорело {lost}, это {percent} % того, что закончилось. Смотрите заранее, что истекает следующим.',
    nothingLost: 'За {days} дн. ничего не сгорело.',
    wifiLittle:
      'Через Wi-Fi прошло только {percent} % трафика, засчитано {mobile}. Дома и на работе Wi-Fi сбережёт трафик для дороги.',
    wifiGood: '{percent} % трафика, {wifi}, прошло через Wi-Fi и не засчитано.',
    endsSoon: '{left} действуют до {until}.',
    canGive: 'До {until} можно передать до {maximum}.',
    canExtend: '{left} со сроком до {until} можно продлить до {longer}. Плата: {fee}.',
    rollsOver: '{percent} % остатка от {left} перейдёт дальше {at}. Плата: {fee}.',
    checkAgain: 'Проверьте снова {at}.',
  },
  zh: {
    tooLittleHistory: '目前只有{days}天的记录，评估套餐和过期流量需要{needed}天。',
    smallerPlan: '{plan}（{planAmount}）已够用：您用量最多的月份为{peak}，每月可省{saving}。',
    largerPlan: '您用量最多的月份为{peak}，超出套餐。{plan}（{planAmount}）每月{fee}。',
    planFits: '套餐{plan}（{planAmount}）适合您：用量最多的月份为{peak}。',
    noPlanFits: '您用量最多的月份为{peak}，没有足够的套餐。最大的是{plan}（{planAmount}）。',
    lostToExpiry:
      '{days}天内有{lost}未用即过期，占结束流量的{percent}%。请提前查看即将到期的流量。',
    nothingLost: '{days}天内没有流量过期。',
    wifiLittle: '仅{percent}%的流量使用了Wi-Fi，计费{mobile}。在家和单位使用Wi-Fi可节省流量。',
    wifiGood: '{percent}%的流量（{wifi}）使用了Wi-Fi，未计费。',
    endsSoon: '{left}将于{until}到期。',
    canGive: '{until}前最多可转赠{maximum}。',
    canExtend: '{left}（{until}到期）可延至{longer}，费用{fee}。',
    rollsOver: '{left}剩余部分的{percent}%将于{at}结转，费用{fee}。',
    checkAgain: '请于{at}再次查看。',
  },
}

/** A piece of advice in the reader's words. */
export function adviceText(
  advice: { readonly code: AdviceCode; readonly figures: Readonly<Record<string, unknown>> },
  locale: TextLocale,
): string {
  const kinds: Readonly<Record<string, ParameterKind>> = ADVICE[advice.code]
  return ADVICE_TEXTS[locale.language][advice.code].replaceAll(
    /\{(\w+)\}/g,
    (whole, name: string) => {
      const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
      if (kind === undefined) return whole
      const value = advice.figures[name] as ParameterValues[ParameterKind]
      return formatValue(kind, value, { locale, isShort: false })
    },
  )
}
