import test from 'ava'
import { LAB_OPERATOR_FILE, loadOperatorFile } from '../../../src/operator/operator-file.ts'
import { createApi, type Api } from './helper.ts'

interface Wallet {
  readonly moneyMinor: number
  readonly currency: string
}

async function walletOf(api: Api, msisdn: string): Promise<Wallet> {
  const { body } = await api.call(`GET /api/accounts/${msisdn}/subscription`)
  return body.wallet as Wallet
}

test('the operators are listed with their plans, and one is shown with sources and trust', async (t) => {
  const api = await createApi(t)
  const list = await api.call('GET /api/operators')
  t.is(list.status, 200)
  const [lab] = list.body.operators as { readonly plans: readonly object[] }[]
  t.like(lab, { id: 'lab', isDefault: true, profileType: 'lab', gifting: 'direct' })
  t.like(lab?.plans[0], { id: 'lab-20', amountBytes: 20_000_000_000 })
  const shown = await api.call('GET /api/operators/lab')
  const rules = shown.body.rules as { rule: string; source: string; trust: string }[]
  t.true(rules.length > 3)
  for (const { source, trust } of rules) t.truthy(source && trust)
  t.like(
    rules.find(({ rule }) => rule === 'minBytes'),
    { value: 1, trust: 'I' },
  )
  t.like(await api.call('GET /api/operators/nobody'), { status: 404 })
  t.like(await api.call('POST /api/operators/reload', { body: {} }), {
    status: 200,
    body: { faults: [] },
  })
})

test('a subscription is shown with plan, dates, cards, wallet and lots', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const { status, body } = await api.call(`GET /api/accounts/${msisdn}/subscription`)
  t.is(status, 200)
  t.like(body, {
    msisdn,
    operator: 'lab',
    status: 'active',
    profileState: 'enabled',
    plan: { id: 'lab-20', name: 'Lab 20' },
    period: null,
    wallet: { moneyMinor: 0, currency: 'XTS', minorDigits: 2 },
  })
  t.is((body.bindings as unknown[]).length, 1)
  t.like((body.lots as unknown[])[0], { origin: 'plan', label: 'lab-20', scope: 'any' })
  t.like(await api.call('GET /api/accounts/99901000/subscription'), { status: 404 })
})

test('a top-up happens once for its key, and its receipt does not change', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const path = `POST /api/accounts/${msisdn}/top-ups`
  t.is((await api.call(path, { body: { amountMinor: 100 } })).status, 400)
  const first = await api.call(path, { body: { amountMinor: 500 }, key: '"one"' })
  t.is(first.status, 201)
  t.like(first.body, { kind: 'topUp', amountMinor: 500, currency: 'XTS', lot: null })
  const again = await api.call(path, { body: { amountMinor: 500 }, key: '"one"' })
  t.is(again.status, 201)
  t.is(again.headers.get('idempotency-replayed'), 'true')
  t.deepEqual(again.body, first.body)
  t.is((await api.call(path, { body: { amountMinor: 501 }, key: '"one"' })).status, 422)
  t.is((await walletOf(api, msisdn)).moneyMinor, 500)
  for (const wrong of [0, -5, 1.5, '0', '1e3', 'NaN', null, '9'.repeat(16), 2 ** 60]) {
    const refused = await api.call(path, { body: { amountMinor: wrong }, key: '"wrong"' })
    t.like(refused, { status: 400, body: { field: 'amountMinor' } }, String(wrong))
  }
})

test('a refused purchase takes nothing, and stays refused under its key', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const path = `POST /api/accounts/${msisdn}/purchases`
  const order = { body: { packageId: 'lab-5' }, key: '"p"' }
  t.like(await api.call(path, order), { status: 422, body: { reason: 'notEnoughMoney' } })
  await api.call(`POST /api/accounts/${msisdn}/top-ups`, {
    body: { amountMinor: '500' },
    key: '"m"',
  })
  const still = await api.call(path, order)
  t.like(still, { status: 422, body: { reason: 'notEnoughMoney' } })
  t.is(still.headers.get('idempotency-replayed'), 'true')
  t.is((await walletOf(api, msisdn)).moneyMinor, 500)
  const bought = await api.call(path, { ...order, key: '"q"' })
  t.is(bought.status, 201)
  t.like(bought.body, { kind: 'package', amountMinor: -500 })
  t.like(bought.body.lot, { label: 'lab-5', grantedBytes: 5_000_000_000 })
  t.deepEqual((await api.call(path, { ...order, key: '"q"' })).body, bought.body)
  t.is((await walletOf(api, msisdn)).moneyMinor, 0)
  const unknown = await api.call(path, { body: { packageId: 'nothing' }, key: '"r"' })
  t.like(unknown, { status: 404, body: { field: 'packageId' } })
  const lotId = (bought.body.lot as { id: number }).id
  const extended = { body: { lotId }, key: '"e"' }
  t.like(await api.call(`POST /api/accounts/${msisdn}/extensions`, extended), {
    status: 422,
    body: { reason: 'notExtendable' },
  })
})

test('status, plan and details are changed, and a closed number comes back with nothing', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const path = `/api/accounts/${msisdn}/subscription`
  const changed = await api.call(`PATCH ${path}`, {
    body: { status: 'suspended', ageGroup: 'minor' },
  })
  t.like(changed, { status: 200, body: { status: 'suspended', ageGroup: 'minor' } })
  t.like(await api.call(`PATCH ${path}`, { body: { status: 'asleep' } }), { status: 400 })
  t.like(await api.call(`PATCH ${path}`, { body: { planId: 'no-plan' } }), { status: 404 })
  t.like(await api.call(`PATCH ${path}`, { body: { planId: 'lab-20' } }), {
    status: 422,
    body: { reason: 'notRenewed' },
  })
  const recycle = `POST /api/accounts/${msisdn}/recycle`
  t.is((await api.call(recycle, { body: {} })).status, 409)
  t.like(await api.call(`PATCH ${path}`, { body: { status: 'closed' } }), {
    status: 200,
    body: { status: 'closed' },
  })
  t.is((await api.call(`GET ${path}`)).status, 404)
  t.like(await api.call(recycle, { body: {} }), { status: 422, body: { reason: 'inQuarantine' } })
  const { status, body } = await api.call(recycle, { body: { quarantineDays: 0 } })
  t.is(status, 201)
  const next = await api.operator.openAccount({ iccid: String(body.iccid) })
  t.is(next.msisdn, msisdn)
  t.deepEqual((await api.call(`GET ${path}`)).body.lots, [])
})

test('a subscriber sees and buys for the own subscription only, and changes nothing of it', async (t) => {
  const api = await createApi(t)
  const [own, other] = [await api.subscriber(), await api.subscriber()]
  const token = await api.signIn(own)
  t.is((await api.call(`GET /api/accounts/${own}/subscription`, { token })).status, 200)
  t.is((await api.call(`GET /api/accounts/${other}/subscription`, { token })).status, 403)
  const buying = { token, body: { packageId: 'lab-5' }, key: '"b"' }
  t.is((await api.call(`POST /api/accounts/${own}/purchases`, buying)).status, 422)
  t.is((await api.call(`POST /api/accounts/${other}/purchases`, buying)).status, 403)
  const money = { token, body: { amountMinor: 100 }, key: '"c"' }
  t.is((await api.call(`POST /api/accounts/${own}/top-ups`, money)).status, 403)
  const status = { token, body: { status: 'active' } }
  t.is((await api.call(`PATCH /api/accounts/${own}/subscription`, status)).status, 403)
  t.is((await api.call('GET /api/operators', { token })).status, 200)
  t.is((await api.call('POST /api/operators/reload', { token, body: {} })).status, 403)
})

test('the lots of a period that nobody has touched yet are shown with the ids that they keep', async (t) => {
  const file = loadOperatorFile(new URL('mts.json', LAB_OPERATOR_FILE))
  const tmf = '/tmf-api/prepayBalanceManagement/v4'
  for (const urlOf of [
    (msisdn: string) => `/api/accounts/${msisdn}/balance`,
    (msisdn: string) => `/api/accounts/${msisdn}/subscription`,
    (msisdn: string) => `${tmf}/bucket?logicalResource.id=${msisdn}`,
    (msisdn: string) => `${tmf}/accumulatedBalance?logicalResource.id=${msisdn}`,
  ]) {
    const api = await createApi(t, { file })
    const [a, b] = [await api.subscriber(), await api.subscriber()]
    for (const msisdn of [a, b]) {
      await api.operator.subscriptions.topUp({ msisdn, id: msisdn, amountMinor: 200_000n })
    }
    api.clock.set(new Date('2026-02-20T12:00:00Z'))
    const before = await api.call(`GET ${urlOf(a)}`)
    t.is(before.status, 200)
    // Somebody else's period begins in between, and takes the next ids.
    await api.operator.subscriptions.refresh({ msisdn: b })
    await api.operator.subscriptions.refresh({ msisdn: a })
    t.deepEqual(await api.call(`GET ${urlOf(a)}`).then(({ body }) => body), before.body)
  }
})
