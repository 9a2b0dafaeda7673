import test from 'ava'
import { loadOperatorFile } from '../../../src/operator/operator-file.ts'
import { createApi, type Api } from './helper.ts'

const BASE = '/tmf-api/prepayBalanceManagement/v4'

interface Asked {
  readonly name: string
  readonly msisdn: string
  readonly key: string
  readonly body: object
}

async function act(api: Api, { name, msisdn, key, body }: Asked) {
  const { status, body: made } = await api.call(`POST ${BASE}/${name}`, {
    key: `"${key}"`,
    body: { bucket: { id: 'auto' }, partyAccount: { id: msisdn }, ...body },
  })
  if (status !== 201) throw new Error(JSON.stringify(made))
  return `${BASE}/${name}/${String(made.id)}`
}

function money(api: Api, msisdn: string) {
  const { code: units } = api.operator.fileOf({ msisdn }).currency
  return {
    of: (amount: number) => ({ usageType: 'monetary', amount: { amount, units } }),
    left: () => api.operator.subscriptions.wallet({ msisdn }).moneyMinor,
  }
}

const data = (amount: number) => ({ usageType: 'data', amount: { amount, units: 'GB' } })

test('a merge patch changes what is said of an action, and nothing else of it', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const { of } = money(api, msisdn)
  const body = { ...of(10), description: 'cash', reason: 'shop' }
  const path = await act(api, { name: 'topupBalance', msisdn, key: '1', body })
  const before = (await api.call(`GET ${path}`)).body
  const patch = (changes: object, headers = {}) =>
    api.call(`PATCH ${path}`, { body: changes, headers })
  const patched = await patch({ status: 'completed', description: 'card', reason: null })
  t.is(patched.status, 200)
  const { reason: _, ...rest } = before
  t.deepEqual(patched.body, { ...rest, description: 'card' })
  t.deepEqual((await api.call(`GET ${path}`)).body, patched.body)
  const merge = { 'content-type': 'application/merge-patch+json' }
  t.is((await patch({ channel: { id: 'desk' } }, merge)).status, 200)
  for (const changes of [{ amount: { amount: 1, units: 'GB' } }, { status: 'failed' }, { x: 1 }]) {
    const refused = await patch(changes)
    t.like(refused, { status: 422, body: { code: 'unchangeable', field: Object.keys(changes)[0] } })
  }
  t.is((await patch({ channel: 'desk' })).status, 400)
  t.is((await api.call(`PATCH ${BASE}/topupBalance/none`, { body: {} })).status, 404)
  // What the key stands for is what was asked for first.
  const again = await api.call(`POST ${BASE}/topupBalance`, {
    key: '"1"',
    body: { bucket: { id: 'auto' }, partyAccount: { id: msisdn }, ...body },
  })
  t.is(again.status, 201)
  t.is(again.headers.get('idempotency-replayed'), 'true')
})

test('a top-up and corrections are undone once, while what came of them is there', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const { of, left } = money(api, msisdn)
  const topup = await act(api, { name: 'topupBalance', msisdn, key: '1', body: of(10) })
  const down = await act(api, { name: 'adjustBalance', msisdn, key: '1', body: of(-4) })
  const spent = await api.call(`DELETE ${topup}`)
  t.like(spent, { status: 422, body: { code: 'notEnoughMoney' } })
  t.is((await api.call(`DELETE ${down}`)).status, 204)
  t.is(left(), 1000n)
  t.is((await api.call(`PATCH ${topup}`, { body: { status: 'cancelled' } })).status, 200)
  t.is(left(), 0n)
  for (const path of [topup, down]) {
    t.is((await api.call(`GET ${path}`)).body.status, 'cancelled')
    t.is((await api.call(`DELETE ${path}`)).status, 409)
  }
  t.is((await api.call(`PATCH ${topup}`, { body: { status: 'cancelled' } })).status, 200)
  t.is(left(), 0n)

  const total = () => api.operator.balance({ msisdn }).totalBytes
  const before = total()
  const up = await act(api, { name: 'adjustBalance', msisdn, key: '2', body: data(5) })
  t.is(total(), before + 5_000_000_000n)
  t.is((await api.call(`DELETE ${up}`)).status, 204)
  t.is(total(), before)
  const less = await act(api, { name: 'adjustBalance', msisdn, key: '3', body: data(-5) })
  t.like(await api.call(`DELETE ${less}`), { status: 409, body: { code: 'final' } })
  t.true(api.operator.audit().balanced)
})

test('the sender takes a transfer back while it is on its way, and says why', async (t) => {
  const shipped = loadOperatorFile()
  const acceptance = { kind: 'required', withinHours: 48 } as const
  const file = { ...shipped, gifting: { ...shipped.gifting, acceptance } }
  const api = await createApi(t, { file })
  const [from, to] = [await api.subscriber(), await api.subscriber()]
  const give = async (key: string) => {
    const { body } = await api.call('POST /api/gifts', {
      key,
      body: { from, to, amountBytes: 1000 },
    })
    return String(body.id)
  }
  const path = `${BASE}/transferBalance/${await give('"1"')}`
  const token = await api.signIn(to)
  t.is((await api.call(`GET ${path}`, { token })).body.status, 'created')
  t.is((await api.call(`DELETE ${path}`, { token })).status, 403)
  const body = { reason: 'wrong number', receiverLogicalResource: { id: to, name: 'MSISDN' } }
  const patched = await api.call(`PATCH ${path}`, { body })
  t.like(patched, { status: 200, body: { reason: 'wrong number', status: 'created' } })
  t.is((await api.call(`DELETE ${path}`)).status, 204)
  t.like((await api.call(`GET ${path}`)).body, { reason: 'wrong number', status: 'cancelled' })
  const other = await give('"2"')
  await api.operator.gifts.accept({ id: other, by: to })
  t.is((await api.call(`DELETE ${BASE}/transferBalance/${other}`)).status, 409)
  t.is((await api.call(`DELETE ${BASE}/transferBalance/none`)).status, 404)
})

test('tells listeners of what is undone', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const query = 'eventType=TopupBalanceCancelEvent,AdjustBalanceCancelEvent'
  await api.call(`POST ${BASE}/hub`, { body: { callback: 'http://127.0.0.1:1/', query } })
  const { of } = money(api, msisdn)
  const topup = await act(api, { name: 'topupBalance', msisdn, key: '1', body: of(10) })
  const adjust = await act(api, { name: 'adjustBalance', msisdn, key: '1', body: of(1) })
  for (const path of [topup, adjust]) t.is((await api.call(`DELETE ${path}`)).status, 204)
  const told: string[] = []
  await api.operator.events.deliverDue(async ({ event }) => void told.push(event.type))
  t.deepEqual(told, ['TopupBalanceCancelEvent', 'AdjustBalanceCancelEvent'])
})

test('refuses what a top-up of this operator is not, and passes over nothing', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const { of, left } = money(api, msisdn)
  for (const [more, status] of [
    [{ recurringPeriod: 'monthly' }, 422],
    [{ isAutoTopup: true }, 422],
    [{ numberOfPeriods: 3 }, 422],
    [{ voucher: '1234' }, 422],
    [{ isAutoTopup: 'yes' }, 400],
    [{ requestor: { id: 'shop' } }, 400],
    [{ product: [{ name: 'no id' }] }, 400],
  ] as const) {
    const body = { bucket: { id: 'auto' }, partyAccount: { id: msisdn }, ...of(10), ...more }
    const reply = await api.call(`POST ${BASE}/topupBalance`, { body, key: '"1"' })
    t.is(reply.status, status, JSON.stringify(more))
  }
  t.is(left(), 0n)
})
