import test from 'ava'
import { loadOperators } from '../../../src/operator/operators.ts'
import { createApi } from './helper.ts'

test('a package is bought for another, shown as a gift, and refused with every rule that it breaks', async (t) => {
  const api = await createApi(t, { file: loadOperators().get('beeline') })
  const [a, b] = [await api.subscriber(), await api.subscriber()]
  await api.operator.subscriptions.topUp({ msisdn: a, id: 'money', amountMinor: 100_000n })
  const path = `POST /api/accounts/${a}/purchases`
  const body = { packageId: 'beeline-gift-1', for: b }
  const bought = await api.call(path, { body, key: '"1"' })
  t.is(bought.status, 201)
  const shown = await api.call(`GET /api/gifts/${String(bought.body.id)}`)
  t.like(shown.body, { state: 'completed', from: a, to: b, feeMinor: 19_900, ...PACKAGE })
  t.deepEqual((await api.call(path, { body, key: '"1"' })).body, bought.body)

  await api.operator.gifts.lock({ msisdn: a, locked: true })
  const refused = await api.call(path, { body, key: '"2"' })
  t.like(refused, { status: 422, body: { reason: 'giverLocked' } })
  const codes = (refused.body.refusals as { readonly code: string }[]).map(({ code }) => code)
  t.deepEqual(codes, ['giverLocked', 'receiverHasReceived'])
  // A refusal is kept, all of it.
  await api.operator.gifts.lock({ msisdn: a, locked: false })
  t.deepEqual((await api.call(path, { body, key: '"2"' })).body, refused.body)
})

const PACKAGE = { packageId: 'beeline-gift-1', lots: [] }

test('data that is left is refused at Beeline, with what may be done instead', async (t) => {
  const api = await createApi(t, { file: loadOperators().get('beeline') })
  const [a, b] = [await api.subscriber(), await api.subscriber()]
  const body = { from: a, to: b, amountBytes: 1000 }
  const { status, body: problem } = await api.call('POST /api/gifts', { body, key: '"1"' })
  t.is(status, 422)
  t.like((problem.refusals as object[])[0], {
    code: 'boughtOnly',
    alternatives: ['boughtGift', 'group', 'moneyTransfer'],
  })
})
