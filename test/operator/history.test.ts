import test, { type ExecutionContext } from 'ava'
import { HISTORY_KINDS, type HistoryEntry } from '../../src/operator/history.ts'
import { loadOperators } from '../../src/operator/operators.ts'
import { createBench, DAY_MS, type Bench } from './helper.ts'

const GB = 2n ** 30n

/** Two subscribers of T2 to whom everything happens that can move data or money. */
async function eventful(t: ExecutionContext): Promise<{
  readonly bench: Bench
  readonly numbers: readonly string[]
  readonly giftId: string
}> {
  const file = loadOperators().get('t2')
  const free = { ...file.tariff.packages[0]!, id: 'free', priceMinor: 0n }
  const tariff = { ...file.tariff, packages: [...file.tariff.packages, free] }
  const bench = await createBench(t, { file: { ...file, tariff } })
  const { operator, clock } = bench
  const [a, b] = [await bench.subscriber('attached'), await bench.subscriber('enabled')]
  const key = { caller: 'test' }
  for (const msisdn of [a, b])
    await operator.attemptOrder({
      ...key,
      msisdn,
      idempotencyKey: `money-${msisdn}`,
      wish: { kind: 'topUp', amountMinor: 500_000n },
    })
  const gift = await operator.giveData({
    idempotencyKey: 'g',
    from: a,
    to: b,
    amountBytes: 5n * GB,
  })
  await operator.useData({ idempotencyKey: 'u', msisdn: a, amountBytes: 3n * GB + 1n })
  const [received] = operator.balance({ msisdn: b }).lots
  for (const wish of [
    { kind: 'package', packageId: 't2-plus-5' },
    { kind: 'package', packageId: 'free' },
    { kind: 'extension', lotId: received!.id },
  ] as const) {
    const msisdn = wish.kind === 'package' ? a : b
    const idempotencyKey = JSON.stringify(wish)
    const { refusal } = await operator.attemptOrder({ ...key, msisdn, idempotencyKey, wish })
    t.is(refusal, undefined, refusal?.text)
  }
  const change = (idempotencyKey: string) => ({
    ...key,
    idempotencyKey,
    request: { idempotencyKey },
    msisdn: a,
    lotId: undefined,
    validUntilMs: clock.nowMs() + 3 * DAY_MS,
  })
  await operator.balanceActions.adjustData({ ...change('up'), amountBytes: GB })
  await operator.balanceActions.adjustData({ ...change('down'), amountBytes: -2n * GB })
  clock.advance(40 * DAY_MS)
  await operator.sweep()
  const second = await operator.giveData({ idempotencyKey: 'h', from: a, to: b, amountBytes: GB })
  await operator.gifts.reverse({ id: second.id })
  return { bench, numbers: [a, b], giftId: gift.id }
}

function wholeHistory({ operator }: Bench, msisdn: string): readonly HistoryEntry[] {
  return operator.history({ msisdn, limit: 1000 })
}

function sum(amounts: readonly (bigint | undefined)[]): bigint {
  return amounts.reduce<bigint>((total, amount) => total + (amount ?? 0n), 0n)
}

test('what came and went adds up to what there is, of data and of money', async (t) => {
  const { bench, numbers } = await eventful(t)
  const { operator } = bench
  const kinds = new Set<string>()
  for (const msisdn of numbers) {
    const history = wholeHistory(bench, msisdn)
    for (const { kind } of history) kinds.add(kind)
    const { lots } = operator.balance({ msisdn })
    const there = sum(lots.map((lot) => lot.availableBytes + lot.heldBytes))
    t.is(sum(history.map((entry) => entry.amountBytes)), there, msisdn)
    const { moneyMinor } = operator.subscriptions.wallet({ msisdn })
    t.is(sum(history.map((entry) => entry.amountMinor)), moneyMinor, msisdn)
    const times = history.map((entry) => entry.at.getTime())
    t.deepEqual(
      times,
      times.toSorted((x, y) => y - x),
      'the latest first',
    )
    t.is(new Set(history.map(({ position }) => position)).size, history.length)
  }
  const missing = HISTORY_KINDS.filter((kind) => !kinds.has(kind))
  // T2 lends nothing, takes no fee for a gift, has no money sent, and nothing was paid back.
  t.deepEqual(missing, ['bonus', 'loan', 'giftFee', 'refund', 'moneySent', 'moneyReceived'])
  t.true(operator.audit().balanced)
})

test('a gift is in both histories under the number of its receipt, the other side masked', async (t) => {
  const { bench, numbers, giftId } = await eventful(t)
  const [a = '', b = ''] = numbers
  const of = (msisdn: string) => wholeHistory(bench, msisdn).find((one) => one.reference === giftId)
  t.like(of(a), { kind: 'giftGiven', amountBytes: -5n * GB, with: '+7 000 ***-**-02' })
  t.like(of(b), { kind: 'giftReceived', amountBytes: 5n * GB, with: '+7 000 ***-**-01' })
  t.is(bench.operator.gifts.find({ id: giftId.slice(0, 12).toLowerCase() })?.id, giftId)
  t.is(bench.operator.gifts.find({ id: giftId.slice(0, 11) }), undefined)
})

test('pages of a history are the history, and a filter leaves what it names', async (t) => {
  const { bench, numbers } = await eventful(t)
  const msisdn = numbers[0] ?? ''
  const whole = wholeHistory(bench, msisdn)
  const paged: HistoryEntry[] = []
  for (;;) {
    const after = paged.at(-1)?.position
    const page = bench.operator.history({ msisdn, limit: 2, after })
    if (page.length === 0) break
    paged.push(...page)
  }
  t.deepEqual(paged, whole)
  const at = whole.at(-1)!.at
  const data = bench.operator.history({ msisdn, limit: 1000, what: 'data', kind: 'corrected' })
  t.deepEqual(
    data.map(({ amountBytes }) => amountBytes),
    [-2n * GB, GB],
  )
  const until = bench.operator.history({ msisdn, limit: 1000, until: at })
  t.deepEqual(until, [])
  const from = bench.operator.history({ msisdn, limit: 1000, since: new Date(at.getTime() + 1) })
  t.true(from.length > 0 && from.length < whole.length)
  t.deepEqual(bench.operator.history({ msisdn, limit: 5, after: 'data:nothing' }), [])
})

test('a balance says who gave a lot, whatever became of its life, and what is set aside for what', async (t) => {
  const file = loadOperators().get('t2')
  const bench = await createBench(t, { file })
  const { operator, clock } = bench
  const [a, b] = [await bench.subscriber(), await bench.subscriber()]
  await operator.subscriptions.topUp({ msisdn: b, id: 'm', amountMinor: 100_000n })
  await operator.giveData({ idempotencyKey: 'g', from: a, to: b, amountBytes: GB })
  const givers = () => {
    const sheet = operator.balanceSheet({ msisdn: b })
    return sheet.lots.map(({ id, origin }) => [origin, sheet.givers.get(id)])
  }
  const expected = [
    ['gift', '+7 000 ***-**-01'],
    ['plan', undefined],
  ]
  t.deepEqual(givers(), expected)
  const lotId = operator.balance({ msisdn: b }).lots[0]!.id
  await operator.subscriptions.extend({ msisdn: b, id: 'longer', lotId })
  t.deepEqual(givers(), expected)
  t.not(operator.balance({ msisdn: b }).lots[0]!.id, lotId)
  await operator.balanceActions.reserve({
    caller: 'test',
    idempotencyKey: 'r',
    request: {},
    msisdn: b,
    lotId: undefined,
    amountBytes: 7n,
    untilMs: clock.nowMs() + DAY_MS,
  })
  const { held, timeZone, gigabyteBytes } = operator.balanceSheet({ msisdn: b })
  t.deepEqual(held, { giftBytes: 0n, sessionBytes: 0n, reservedBytes: 7n })
  t.deepEqual([timeZone, gigabyteBytes], ['Europe/Moscow', 2 ** 30])
})
