import test from 'ava'
import { apiRoutes } from '../../../src/http/operator-app.ts'
import { DAY_MS } from '../../operator/helper.ts'
import { createApi, type Api, type Reply } from './helper.ts'

const BASE = '/tmf-api/prepayBalanceManagement/v4'

function transfer(from: string, to: string, amount: object): object {
  return {
    reason: 'gift',
    description: 'for a birthday',
    channel: { id: 'ussd' },
    usageType: 'data',
    receiverBucketUsageType: 'data',
    amount,
    logicalResource: [{ id: from, name: 'MSISDN' }],
    receiverLogicalResource: { id: to, name: 'MSISDN' },
    bucket: { id: 'auto' },
    receiverBucket: { id: 'auto' },
  }
}

/** Whether an answer is as its route declares. */
function schemaOf(api: Api, request: string, status: number) {
  const [method, path] = request.split(' ')
  const route = apiRoutes(api.operator).find((one) => one.method === method && one.path === path)
  const schema = route?.responses[status]?.schema
  if (!schema) throw new Error(`${request} declares no ${status}`)
  return schema
}

test('transfers data, and shows it as a transfer, in the history, and in the buckets', async (t) => {
  const api = await createApi(t)
  const [from, to] = [await api.subscriber(), await api.subscriber()]
  const body = transfer(from, to, { amount: 500, units: 'MB' })
  const made = await api.call(`POST ${BASE}/transferBalance`, { body, key: '"one"' })
  t.is(made.status, 201)
  t.like(made.body, {
    status: 'completed',
    reason: 'gift',
    description: 'for a birthday',
    channel: { id: 'ussd' },
    amount: { amount: 500_000_000, units: 'B' },
  })
  schemaOf(api, `POST ${BASE}/transferBalance`, 201).parse(made.body)
  t.is(made.headers.get('location'), made.body.href as string)
  t.deepEqual((await api.call(`GET ${String(made.body.href)}`)).body, made.body)
  const again = await api.call(`POST ${BASE}/transferBalance`, { body, key: '"one"' })
  t.is(again.status, 201)
  t.deepEqual(again.body, made.body)
  const other = { ...body, reason: 'something else' }
  t.is((await api.call(`POST ${BASE}/transferBalance`, { body: other, key: '"one"' })).status, 422)
  for (const name of ['transferBalance', 'balanceActionHistory']) {
    const list = await api.call(`GET ${BASE}/${name}?logicalResource.id=${to}`)
    t.is(list.headers.get('x-result-count'), '1')
    t.is(list.headers.get('x-total-count'), '1')
    const href = `${BASE}/${name}/${String(made.body.id)}`
    t.deepEqual((list.body as unknown as object[])[0], { ...made.body, href })
    t.deepEqual((await api.call(`GET ${href}`)).body, { ...made.body, href })
  }
  const buckets = await api.call(`GET ${BASE}/bucket?logicalResource.id=${to}`)
  schemaOf(api, `GET ${BASE}/bucket`, 200).parse(buckets.body)
  const [, gift] = buckets.body as unknown as { id: string; name: string }[]
  t.like(gift, { remainingValue: { amount: 500_000_000, units: 'B' }, usageType: 'data' })
  t.deepEqual((await api.call(`GET ${BASE}/bucket/${gift?.id}`)).body, gift as never)
  const fields = await api.call(`GET ${BASE}/bucket/${gift?.id}?fields=usageType`)
  t.deepEqual(Object.keys(fields.body).toSorted(), ['href', 'id', 'usageType'])
})

test('tells refusals and errors as TM Forum does', async (t) => {
  const api = await createApi(t)
  const [from, to] = [await api.subscriber(), await api.subscriber()]
  let keys = 0
  const gift = (amount: object, more: object = {}) =>
    api.call(`POST ${BASE}/transferBalance`, {
      body: { ...transfer(from, to, amount), ...more },
      key: `"${++keys}"`,
    })
  const tooMuch = await gift({ amount: 21, units: 'GB' })
  t.is(tooMuch.status, 422)
  t.is(tooMuch.headers.get('content-type'), 'application/json; charset=utf-8')
  t.like(tooMuch.body, { code: 'moreThanMayBeGiven', status: '422' })
  for (const [field, reply] of [
    ['amount', gift({ amount: 0.0000000001, units: 'GB' })],
    ['amount', gift({ amount: 1e21, units: 'B' })],
    ['amount', gift({ amount: -1, units: 'MB' })],
    ['amount', gift({ amount: 1, units: 'parsec' })],
    ['amount.amount', gift({ amount: '1', units: 'MB' })],
    ['bucket.id', gift({ amount: 1, units: 'MB' }, { bucket: { id: 'mine' } })],
    [
      'receiverLogicalResource.id',
      gift({ amount: 1, units: 'MB' }, { receiverLogicalResource: { id: 'x' } }),
    ],
    ['usageType', gift({ amount: 1, units: 'MB' }, { usageType: 'sms' })],
  ] as const) {
    const { status, body } = await reply
    t.is(status, 400)
    t.like(body, { code: 'badInput', status: '400', field, '@type': 'Error' })
  }
  t.is((await api.call(`POST ${BASE}/transferBalance`, { body: {} })).status, 400)
  t.is((await api.call(`GET ${BASE}/bucket?colour=red`)).status, 400)
  t.is((await api.call(`GET ${BASE}/bucket/none`)).status, 404)
  t.is((await api.call(`DELETE ${BASE}/bucket/none`)).status, 405)
  t.is((await api.call(`GET ${BASE}/nothing`)).body.status, '404')
})

test('converts units exactly: a tenth of a gigabyte is a hundred million bytes', async (t) => {
  const api = await createApi(t)
  const [from, to] = [await api.subscriber(), await api.subscriber()]
  const amounts = [
    [{ amount: 0.1, units: 'GB' }, 100_000_000n],
    [{ amount: 1, units: 'MiB' }, 1_048_576n],
    [{ amount: 1.5, units: 'KB' }, 1500n],
    [{ amount: 7, units: 'bytes' }, 7n],
  ] as const
  let total = 20_000_000_000n
  for (const [at, [amount, bytes]] of amounts.entries()) {
    const body = transfer(from, to, amount)
    const { status } = await api.call(`POST ${BASE}/transferBalance`, { body, key: `"${at}"` })
    t.is(status, 201)
    total += bytes
    t.is(api.operator.balance({ msisdn: to }).totalBytes, total)
  }
})

function action(api: Api, name: string, msisdn: string) {
  return (key: string, body: object): Promise<Reply> =>
    api.call(`POST ${BASE}/${name}`, {
      key: `"${key}"`,
      body: { bucket: { id: 'auto' }, partyAccount: { id: msisdn }, ...body },
    })
}

test('tops up and corrects money, exactly or not at all', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const { code } = api.operator.fileOf({ msisdn }).currency
  const money = () => api.operator.subscriptions.wallet({ msisdn }).moneyMinor
  const topUp = action(api, 'topupBalance', msisdn)
  const first = await topUp('1', { usageType: 'monetary', amount: { amount: 10.1, units: code } })
  t.is(first.status, 201)
  t.is(money(), 1010n)
  const again = await topUp('1', { usageType: 'monetary', amount: { amount: 10.1, units: code } })
  t.is(again.headers.get('idempotency-replayed'), 'true')
  t.is(money(), 1010n)
  const wrong = await topUp('2', { usageType: 'monetary', amount: { amount: 1.001, units: code } })
  t.is(wrong.status, 400)
  t.is(
    (await topUp('3', { usageType: 'monetary', amount: { amount: 1, units: 'XAU' } })).status,
    400,
  )
  const adjust = action(api, 'adjustBalance', msisdn)
  const down = { usageType: 'monetary', amount: { amount: -0.1, units: code } }
  t.is((await adjust('1', down)).status, 201)
  t.is(money(), 1000n)
  const tooFar = await adjust('2', { usageType: 'monetary', amount: { amount: -100, units: code } })
  t.is(tooFar.status, 422)
  t.is(tooFar.body.code, 'notEnoughMoney')
  const list = await api.call(`GET ${BASE}/adjustBalance?logicalResource.id=${msisdn}`)
  t.deepEqual(
    (list.body as unknown as { status: string }[]).map(({ status }) => status),
    ['failed', 'completed'],
  )
  const sums = await api.call(`GET ${BASE}/accumulatedBalance/${msisdn}-monetary`)
  t.deepEqual(sums.body.totalBalance, { amount: 10, units: code } as never)
})

function data(amount: number): object {
  return { usageType: 'data', amount: { amount, units: 'GB' } }
}

test('corrects data, and the books still balance', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const adjust = action(api, 'adjustBalance', msisdn)
  t.is((await adjust('1', data(5))).status, 201)
  t.is((await adjust('2', data(-7))).status, 201)
  t.is(api.operator.balance({ msisdn }).totalBytes, 18_000_000_000n)
  const refused = await adjust('3', data(-19))
  t.is(refused.status, 422)
  t.is((await adjust('3', data(-19))).headers.get('idempotency-replayed'), 'true')
  t.is((await adjust('4', data(0))).status, 400)
  t.true(api.operator.audit().balanced)
})

test('reserves data until it is cancelled or the time is over', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const reserve = action(api, 'reserveBalance', msisdn)
  const five = data(5)
  const left = () => api.operator.balance({ msisdn }).totalBytes
  const first = await reserve('1', five)
  t.is(first.status, 201)
  t.is(left(), 15_000_000_000n)
  const path = `${BASE}/reserveBalance/${String(first.body.id)}`
  t.is((await api.call(`DELETE ${path}`)).status, 204)
  t.is((await api.call(`DELETE ${path}`)).status, 409)
  t.is((await api.call(`GET ${path}`)).body.status, 'cancelled')
  t.is(left(), 20_000_000_000n)
  const second = await reserve('2', five)
  api.clock.advance(3_600_000)
  await api.operator.balanceActions.sweep()
  t.is((await api.call(`GET ${String(second.body.href)}`)).body.status, 'cancelled')
  t.is(left(), 20_000_000_000n)
  const endDateTime = new Date(api.clock.nowMs() + 31 * DAY_MS).toISOString()
  t.is((await reserve('3', { ...five, validFor: { endDateTime } })).status, 400)
  t.is((await reserve('4', data(50))).status, 422)
  t.true(api.operator.audit().balanced)
})

test('a subscriber transfers the own data and sees the own buckets only', async (t) => {
  const api = await createApi(t)
  const [from, to] = [await api.subscriber(), await api.subscriber()]
  const token = await api.signIn(from)
  const amount = { amount: 1, units: 'MB' }
  const post = `POST ${BASE}/transferBalance`
  t.is((await api.call(post, { token, body: transfer(from, to, amount), key: '"1"' })).status, 201)
  t.is((await api.call(post, { token, body: transfer(to, from, amount), key: '"2"' })).status, 403)
  t.is((await api.call(`GET ${BASE}/bucket`, { token })).status, 200)
  t.is((await api.call(`GET ${BASE}/bucket?logicalResource.id=${to}`, { token })).status, 403)
  t.is((await api.call(`GET ${BASE}/bucket/${to}-money`, { token })).status, 404)
  const money = { usageType: 'monetary', amount: { amount: 1, units: 'XXX' } }
  const body = { ...money, bucket: { id: 'auto' }, partyAccount: { id: from } }
  t.is((await api.call(`POST ${BASE}/topupBalance`, { token, body, key: '"3"' })).status, 403)
})

test('answers the balance page’s question (TMF677)', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const path = '/tmf-api/usageConsumption/v4/queryUsageConsumption'
  const token = await api.signIn(msisdn)
  const asked = await api.call(`POST ${path}`, { token, body: { searchCriteria: {} } })
  t.is(asked.status, 201)
  schemaOf(api, `POST ${path}`, 201).parse(asked.body)
  t.regex(JSON.stringify(asked.body), /"remainingValue":\{"amount":20000000000,"units":"B"\}/)
  t.is((await api.call(`POST ${path}`, { body: { searchCriteria: {} } })).status, 400)
})

test('answers of TMF677 may be seen again, by those whom they are about, until they are deleted', async (t) => {
  const api = await createApi(t)
  const [msisdn, other] = [await api.subscriber(), await api.subscriber()]
  const path = '/tmf-api/usageConsumption/v4/queryUsageConsumption'
  const [token, ofOther] = [await api.signIn(msisdn), await api.signIn(other)]
  const ask = () => api.call(`POST ${path}`, { token, body: { searchCriteria: {} } })
  const [first, second] = [await ask(), await ask()]
  t.is(first.headers.get('location'), String(first.body.href))
  const href = new URL(String(first.body.href)).pathname
  t.deepEqual((await api.call(`GET ${href}`, { token })).body, first.body)
  t.is((await api.call(`GET ${href}`, { token: ofOther })).status, 404)
  const list = async (by: string) => (await api.call(`GET ${path}`, { token: by })).body as unknown
  t.deepEqual(await list(token), [second.body, first.body])
  t.deepEqual(await list(ofOther), [])
  t.is((await api.call(`DELETE ${href}`, { token: ofOther })).status, 404)
  t.is((await api.call(`DELETE ${href}`, { token })).status, 204)
  t.is((await api.call(`GET ${href}`, { token })).status, 404)
  t.deepEqual(await list(token), [second.body])
})
