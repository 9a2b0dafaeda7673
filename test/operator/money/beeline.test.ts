/** The rules of Beeline's transfer of money, on both sides of each bound. */

import test from 'ava'
import { loadOperators } from '../../../src/operator/operators.ts'
import {
  judgeMoney,
  MONEY_REFUSALS,
  type MoneyFacts,
  type MoneySenderFacts,
} from '../../../src/operator/rules/money.ts'

const RUB = 100n
const NOON = Date.parse('2026-01-15T12:00:00Z')
const MINUTE_MS = 60_000
const { moneyTransfer, timeZone } = loadOperators().get('beeline')

interface Changed {
  readonly amount?: bigint
  readonly sender?: Partial<MoneySenderFacts>
  readonly receiver?: Partial<NonNullable<MoneyFacts['receiver']>> | undefined
  readonly to?: string
}

/** Somebody with 1000 roubles who has spent 500 and sends 100, and what is other. */
function codesOf(changed: Changed): readonly string[] {
  return judged(changed).map(({ code }) => code)
}

function judged(changed: Changed) {
  return judgeMoney(factsOf(changed), moneyTransfer?.rules)
}

function factsOf({ amount = 100n, sender, to = '70009990000002', ...rest }: Changed): MoneyFacts {
  const receiver = { operator: 'beeline', status: 'active', blocksSender: false } as const
  return {
    from: '70009990000001',
    to,
    amountMinor: amount * RUB,
    atMs: NOON,
    timeZone,
    sender: {
      operator: 'beeline',
      status: 'active',
      isLocked: false,
      isSuspended: false,
      moneyMinor: 1000n * RUB,
      sentTodayMinor: 0n,
      lastSentAtMs: undefined,
      spentMinor: 500n * RUB,
      ...sender,
    },
    receiver: 'receiver' in rest && !rest.receiver ? undefined : { ...receiver, ...rest.receiver },
  }
}

const ROWS: readonly (readonly [what: string, changed: Changed, codes: readonly string[]])[] = [
  ['10 roubles', { amount: 10n }, []],
  ['9 roubles', { amount: 9n }, ['moneyTooLittle']],
  ['150 roubles', { amount: 150n }, []],
  ['151 roubles', { amount: 151n }, ['moneyTooMuch']],
  ['the 300th rouble of a day', { amount: 100n, sender: { sentTodayMinor: 200n * RUB } }, []],
  ['the 301st', { amount: 100n, sender: { sentTodayMinor: 201n * RUB } }, ['moneyPerDay']],
  ['two minutes after the last', { sender: { lastSentAtMs: NOON - 2 * MINUTE_MS } }, []],
  [
    'a millisecond before',
    { sender: { lastSentAtMs: NOON - 2 * MINUTE_MS + 1 } },
    ['moneyTooSoon'],
  ],
  ['150 roubles spent before', { sender: { spentMinor: 150n * RUB } }, []],
  ['a kopeck less', { sender: { spentMinor: 150n * RUB - 1n } }, ['spentTooLittle']],
  ['60 roubles left', { sender: { moneyMinor: 160n * RUB } }, []],
  ['a kopeck less left', { sender: { moneyMinor: 160n * RUB - 1n } }, ['moneyMustRemain']],
  ['to oneself', { to: '70009990000001' }, ['sameAccount']],
  ['to nobody', { receiver: undefined }, ['unknownReceiver']],
  ['to another operator', { receiver: { operator: 't2' } }, ['otherOperator']],
  ['from a blocked number', { sender: { status: 'blocked' } }, ['giverNotActive']],
  ['to a closed number', { receiver: { status: 'closed' } }, ['receiverNotActive']],
  ['from a locked number', { sender: { isLocked: true } }, ['giverLocked']],
  ['from a stopped number', { sender: { isSuspended: true } }, ['giverSuspended']],
  ['to who blocks the number', { receiver: { blocksSender: true } }, ['blockedByReceiver']],
  [
    'everything at once',
    {
      amount: 151n,
      sender: {
        sentTodayMinor: 200n * RUB,
        lastSentAtMs: NOON,
        spentMinor: 0n,
        moneyMinor: 200n * RUB,
        isLocked: true,
      },
    },
    [
      'giverLocked',
      'moneyTooSoon',
      'moneyTooMuch',
      'spentTooLittle',
      'moneyPerDay',
      'moneyMustRemain',
    ],
  ],
]

for (const [what, changed, codes] of ROWS) {
  test(`Beeline, money: ${what} is ${codes.length > 0 ? `refused: ${codes.join(', ')}` : 'sent'}`, (t) => {
    t.deepEqual(codesOf(changed), codes)
  })
}

test('what waiting helps says until when, and what is the most', (t) => {
  const [gap] = judged({ sender: { lastSentAtMs: NOON - MINUTE_MS } })
  t.is(gap?.untilMs, NOON + MINUTE_MS)
  const [day] = judged({ sender: { sentTodayMinor: 250n * RUB } })
  t.is(new Date(day?.untilMs ?? 0).toISOString(), '2026-01-15T21:00:00.000Z', 'midnight in Moscow')
  t.like(day?.params, { mostMinor: 50n * RUB, limitMinor: 300n * RUB })
  const [floor] = judged({ sender: { moneyMinor: 100n * RUB } })
  t.like(floor, { params: { keepMinor: 60n * RUB, mostMinor: 40n * RUB } })
  t.false('untilMs' in (floor ?? {}))
})

test('an operator without rules for it sends nothing, and one that keeps nothing sends all there is', (t) => {
  const [first, ...others] = judgeMoney(factsOf({}), undefined)
  t.like(first, { code: 'moneyNotOffered' })
  t.is(others.length, 0)
  const poor = { moneyMinor: 100n * RUB }
  t.deepEqual(judgeMoney(factsOf({ sender: poor }), {}), [])
  const [missing] = judgeMoney(factsOf({ amount: 101n, sender: poor }), {})
  t.like(missing, { code: 'notEnoughMoney', params: { mostMinor: 100n * RUB } })
})

test('every rule is refused by in the table above, or in the test after it', (t) => {
  const told = new Set(ROWS.flatMap(([, , codes]) => codes))
  const missing = Object.keys(MONEY_REFUSALS).filter((code) => !told.has(code))
  t.deepEqual(missing, ['moneyNotOffered', 'notEnoughMoney'])
})

test('each rule of the file has its source and how far it can be relied on', (t) => {
  const { rules = {}, sources = {} } = moneyTransfer ?? {}
  t.deepEqual(Object.keys(sources).toSorted(), Object.keys(rules).toSorted())
  t.is(Object.keys(rules).length, 7)
  for (const [name, source] of Object.entries(sources)) {
    t.regex(source.source, /nowadayhitech/)
    t.is(source.trust, name === 'code' ? 'I' : 'C')
  }
})
