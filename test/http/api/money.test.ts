import test, { type ExecutionContext } from 'ava'
import { loadOperators } from '../../../src/operator/operators.ts'
import { createApi } from './helper.ts'

/** Two subscribers of Beeline, the first with money and enough spent. */
async function createPair(t: ExecutionContext) {
  const api = await createApi(t, { file: loadOperators().get('beeline') })
  const [a, b] = [await api.subscriber(), await api.subscriber()]
  await api.operator.subscriptions.topUp({ msisdn: a, id: 'money', amountMinor: 100_000n })
  await api.operator.subscriptions.buy({ msisdn: a, id: 'spent', packageId: 'beeline-plus-5' })
  const money = (msisdn: string) => api.operator.subscriptions.wallet({ msisdn }).moneyMinor
  return { api, a, b, money, path: `POST /api/accounts/${a}/money-transfers` }
}

test('money is sent once for each key, and stands in both histories', async (t) => {
  const { api, a, b, money, path } = await createPair(t)
  const body = { to: `+${b}`, amountMinor: 10_050 }
  const sent = await api.call(path, { body, key: '"1"' })
  t.like(sent, { status: 201, body: { from: a, to: b, amountMinor: 10_050, currency: 'RUB' } })
  t.deepEqual((await api.call(path, { body, key: '"1"' })).body, sent.body)
  t.deepEqual([money(a), money(b)], [74_950n, 10_050n])
  const { status } = await api.call(path, { body: { ...body, amountMinor: 1000 }, key: '"1"' })
  t.is(status, 422, 'another request under the same key')
  for (const [who, kind] of [
    [a, 'moneySent'],
    [b, 'moneyReceived'],
  ] as const) {
    const { body: history } = await api.call(`GET /api/accounts/${who}/history?kind=${kind}`)
    t.like((history.entries as object[])[0], { kind, reference: sent.body.id })
  }
})

test('a refusal names every rule, is kept with its key, and what is no amount is refused before', async (t) => {
  const { api, b, money, path } = await createPair(t)
  const body = { to: b, amountMinor: '30001' }
  const refused = await api.call(path, { body, key: '"1"' })
  t.like(refused, { status: 422, body: { reason: 'moneyTooMuch' } })
  t.like(refused.body.refusals, [
    { code: 'moneyTooMuch', params: { mostMinor: 15_000 } },
    { code: 'moneyPerDay', params: { mostMinor: 30_000, limitMinor: 30_000 } },
  ])
  t.deepEqual((await api.call(path, { body, key: '"1"' })).body, refused.body)
  for (const amountMinor of [0, -1, 1.5, '1e3', '', null, 2 ** 53]) {
    const { status } = await api.call(path, { body: { to: b, amountMinor }, key: '"2"' })
    t.is(status, 400, String(amountMinor))
  }
  t.is((await api.call(path, { body })).status, 400, 'without a key')
  const nobody = await api.call('POST /api/accounts/70009998888/money-transfers', {
    body,
    key: '"3"',
  })
  t.is(nobody.status, 404)
  t.is(money(b), 0n)
})

test('a subscriber sends from the own account only, and an auditor from none', async (t) => {
  const { api, a, b, money, path } = await createPair(t)
  const body = { to: b, amountMinor: 1000 }
  const token = await api.signIn(a)
  t.is((await api.call(path, { body, key: '"1"', token })).status, 201)
  const other = await api.signIn(b)
  t.is((await api.call(path, { body, key: '"2"', token: other })).status, 403)
  t.is(money(b), 1000n)
})

test('an operator without rules for it sends no money, and says so', async (t) => {
  const api = await createApi(t, { file: loadOperators().get('mts') })
  const [a, b] = [await api.subscriber(), await api.subscriber()]
  const answer = await api.call(`POST /api/accounts/${a}/money-transfers`, {
    body: { to: b, amountMinor: 1000 },
    key: '"1"',
  })
  t.like(answer, { status: 422, body: { reason: 'moneyNotOffered' } })
})

test('an operator is shown with its rules for money, their sources and trust', async (t) => {
  const api = await createApi(t, { file: loadOperators().get('beeline') })
  const { body } = await api.call('GET /api/operators/beeline')
  const rules = body.moneyRules as { readonly rule: string; readonly value: unknown }[]
  t.is(rules.length, 7)
  t.like(
    rules.find(({ rule }) => rule === 'keepMinor'),
    { value: 6000, trust: 'C' },
  )
})
