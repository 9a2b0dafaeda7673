import test from 'ava'
import { LabError } from '../../../src/base/errors.ts'
import { judgeWaste } from '../../../src/operator/advice/judge.ts'
import type { AdviceFacts } from '../../../src/operator/advice/facts.ts'
import {
  ADVICE,
  ADVICE_TEXTS,
  adviceText,
  type AdviceCode,
} from '../../../src/operator/advice/texts.ts'
import { LANGUAGES } from '../../../src/operator/messages/texts/languages.ts'
import { loadOperators } from '../../../src/operator/operators.ts'
import { consume } from '../../../src/store/ledger.ts'
import { createMessagesBench, DAY_MS, GIB } from '../channels/helper.ts'

const OPERATORS = loadOperators()
const NOW_MS = Date.UTC(2026, 3, 15, 12)

function factsOf(change: Partial<AdviceFacts> = {}): AdviceFacts {
  const file = OPERATORS.get('mts')
  return {
    atMs: NOW_MS,
    file,
    plan: file.plan,
    historyDays: 200,
    months: [1n, 3n, 2n].map((used, at) => ({
      fromMs: NOW_MS - (at + 1) * 30 * DAY_MS,
      untilMs: NOW_MS - at * 30 * DAY_MS,
      usedBytes: used * GIB,
    })),
    sinceMs: NOW_MS - 90 * DAY_MS,
    usedBytes: 6n * GIB,
    expiredBytes: 54n * GIB,
    wifiBytes: 4n * GIB,
    periodUntilMs: undefined,
    lots: [],
    maximum: { bytes: 0n, because: 'nothingLeft', text: '' },
    ...change,
  }
}

const codes = (facts: AdviceFacts): readonly AdviceCode[] =>
  judgeWaste(facts).map(({ code }) => code)
const figuresOf = (facts: AdviceFacts, code: AdviceCode) =>
  judgeWaste(facts).find((one) => one.code === code)?.figures

test('a plan that is too large: the smallest that would have been enough, and what it saves', (t) => {
  t.deepEqual(codes(factsOf()), ['smallerPlan', 'lostToExpiry', 'wifiGood'])
  t.deepEqual(figuresOf(factsOf(), 'smallerPlan'), {
    plan: 'MTS 5',
    planAmount: 5n * GIB,
    peak: 3n * GIB,
    saving: { minor: 20_000n, currency: 'RUB', minorDigits: 2 },
  })
  t.deepEqual(figuresOf(factsOf(), 'lostToExpiry'), { lost: 54n * GIB, percent: 90, days: 90 })
})

for (const [peak, own, code, plan] of [
  [5n, 'mts-5', 'planFits', 'MTS 5'],
  [6n, 'mts-5', 'largerPlan', 'MTS 20'],
  [20n, 'mts-20', 'planFits', 'MTS 20'],
  [21n, 'mts-20', 'noPlanFits', 'MTS 20'],
] as const) {
  test(`a busiest month of ${peak} GB on ${own}: ${code}`, (t) => {
    const file = OPERATORS.get('mts')
    const months = [{ fromMs: 0, untilMs: 1, usedBytes: peak * GIB }]
    const facts = factsOf({ plan: file.plans.find(({ id }) => id === own) ?? file.plan, months })
    t.is(codes(facts)[0], code)
    t.is(figuresOf(facts, code)?.plan, plan)
  })
}

test('with too little history nothing is said of plan, loss and Wi-Fi', (t) => {
  const facts = factsOf({ months: [], historyDays: 12 })
  t.deepEqual(judgeWaste(facts), [{ code: 'tooLittleHistory', figures: { days: 12, needed: 30 } }])
})

test('without Wi-Fi there is a hint, and without any use there is none', (t) => {
  t.true(codes(factsOf({ wifiBytes: 0n })).includes('wifiLittle'))
  const nothing = codes(factsOf({ wifiBytes: 0n, usedBytes: 0n, expiredBytes: 0n }))
  t.deepEqual(nothing, ['smallerPlan', 'nothingLost'])
})

test('every piece has words in three languages, with all of its figures and no others', (t) => {
  for (const language of LANGUAGES) {
    for (const [code, kinds] of Object.entries(ADVICE)) {
      const text = ADVICE_TEXTS[language][code as AdviceCode]
      const named = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      t.deepEqual([...new Set(named)].sort(), Object.keys(kinds).sort(), `${code} in ${language}`)
    }
  }
})

for (const [language, expected] of [
  ['ru', /^Хватило бы тарифа MTS 5 с 5 ГБ.*Экономия 200 ₽ в месяц\.$/],
  ['en', /^The plan MTS 5 with 5 GB.*save RUB 200 a month\.$/],
  ['zh', /^MTS 5（5GB|^MTS 5（5 GB/],
] as const) {
  test(`a smaller plan in ${language}`, (t) => {
    const [advice] = judgeWaste(factsOf())
    const locale = { language, timeZone: 'Europe/Moscow', gigabyteBytes: Number(GIB) }
    t.regex(advice ? adviceText(advice, locale) : '', expected)
  })
}

test('a period that is over is advised on as the next command finds it, and nothing is written', async (t) => {
  const { operator, clock, subscriber } = await createMessagesBench(t)
  const anna = await subscriber('mts', 'en')
  await operator.subscriptions.topUp({ msisdn: anna, id: 'one', amountMinor: 200_000n })
  clock.advance(32 * DAY_MS)
  const books = operator.audit()
  const before = operator.advice({ msisdn: anna })
  t.deepEqual(operator.audit(), books)
  await operator.subscriptions.refresh({ msisdn: anna })
  t.deepEqual(operator.advice({ msisdn: anna }), before)
  t.true(before.advice.some(({ code }) => code === 'rollsOver'))
})

// Three gigabytes in the first month, seven in the second, four in the third. What is left of a month carries over once:
// 17 of the first, of which 7 are used and 10 end; 20 of the second, of which 4 are used and 16 end; 20 of the third.
test('three months on a plan that carries over once, counted by hand', async (t) => {
  const { operator, store, clock, subscriber } = await createMessagesBench(t)
  const anna = await subscriber('mts', 'en')
  await operator.subscriptions.topUp({ msisdn: anna, id: 'one', amountMinor: 500_000n })
  for (const [days, gigabytes] of [
    [5, 3n],
    [35, 7n],
    [30, 4n],
  ] as const) {
    clock.advance(days * DAY_MS)
    const amountBytes = gigabytes * GIB
    const { id: accountId } = await operator.subscriptions.refresh({ msisdn: anna })
    const use = { accountId, transferId: `use${days}`, amountBytes, atMs: clock.nowMs() }
    await store.write((db) => consume(db, { ...use, order: ['rollover', 'plan'] }))
  }
  const wifi = { msisdn: anna, amountBytes: 2n * GIB, idempotencyKey: 'wifi' }
  await operator.charging.countOffload(wifi)
  clock.advance(20 * DAY_MS)
  await operator.sweep()
  const { months, usedBytes, expiredBytes, wifiBytes, advice } = operator.advice({ msisdn: anna })
  t.deepEqual(
    months.map((month) => month.usedBytes / GIB),
    [4n, 7n, 3n],
  )
  t.deepEqual([usedBytes, expiredBytes, wifiBytes], [14n * GIB, 26n * GIB, 2n * GIB])
  t.like(advice, [
    { code: 'planFits', figures: { peak: 7n * GIB } },
    { code: 'lostToExpiry', figures: { lost: 26n * GIB, percent: 65 } },
    { code: 'wifiLittle', figures: { percent: 13, mobile: 14n * GIB } },
    { code: 'endsSoon', figures: { left: 40n * GIB } },
    { code: 'rollsOver', figures: { left: 20n * GIB, percent: 100 } },
  ])
})

test('the journal of three months: use, expiry, what may still be given, extended and carried over', async (t) => {
  const { operator, store, clock, subscriber } = await createMessagesBench(t)
  const anna = await subscriber('t2', 'ru')
  const ben = await subscriber('t2', 'ru')
  const { id: accountId } = operator.account({ msisdn: anna }) ?? { id: 0 }
  const young = operator.advice({ msisdn: anna })
  t.is(young.advice[0]?.code, 'tooLittleHistory')
  await operator.subscriptions.topUp({ msisdn: anna, id: 'one', amountMinor: 200_000n })
  let used = 0
  for (let month = 0; month < 3; month++) {
    await store.write((db) =>
      consume(db, {
        accountId,
        transferId: `use${++used}`,
        amountBytes: 2n * GIB,
        atMs: clock.nowMs(),
      }),
    )
    clock.advance(31 * DAY_MS)
    await operator.subscriptions.refresh({ msisdn: anna })
  }
  const report = operator.advice({ msisdn: anna, language: 'en' })
  t.is(report.usedBytes, 4n * GIB, 'what was used 93 days ago is too long ago')
  t.is(report.months.length, 3)
  t.true(report.expiredBytes > 0n)
  const found = report.advice.map(({ code }) => code)
  for (const code of [
    'planFits',
    'lostToExpiry',
    'wifiLittle',
    'canGive',
    'rollsOver',
    'checkAgain',
  ] as const) {
    t.true(found.includes(code), `${code} in ${found.join(' ')}`)
  }
  const canGive = report.advice.find(({ code }) => code === 'canGive')
  t.is(canGive?.figures.maximum, operator.gifts.maximum({ from: anna }).bytes)
  const amountBytes = canGive?.figures.maximum as bigint
  await operator.subscriptions.refresh({ msisdn: ben })
  await operator.giveData({ idempotencyKey: 'all', from: anna, to: ben, amountBytes })
  const gift = operator.advice({ msisdn: ben }).advice.find(({ code }) => code === 'canExtend')
  t.regex(gift?.text ?? '', /можно продлить до .* Плата: 50 ₽\./)
  t.throws(() => operator.advice({ msisdn: '99999' }), { instanceOf: LabError })
})
