import test, { type ExecutionContext } from 'ava'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { once } from 'node:events'
import express from 'express'
import { createOperatorApp } from '../../src/http/operator-app.ts'
import { createBench, DAY_MS, GB, type Bench } from '../operator/helper.ts'

const TOKEN = 'a-token-for-tests'

interface Api extends Bench {
  readonly url: string
  get(path: string): Promise<Response>
  post(path: string, request?: PostRequest): Promise<Response>
}

interface PostRequest {
  readonly body?: unknown
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function createApi(t: ExecutionContext): Promise<Api> {
  const bench = await createBench(t)
  const extraRoutes = express.Router()
  extraRoutes.get('/api/extra', (_request, response) => void response.json({ extra: true }))
  extraRoutes.get('/api/defect', () => {
    throw new Error('a secret of ours')
  })
  const app = createOperatorApp({ operator: bench.operator, token: TOKEN, extraRoutes })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const authorization = { authorization: `Bearer ${TOKEN}` }
  return {
    ...bench,
    url,
    get: (path) => fetch(url + path, { headers: authorization }),
    post: (path, { body, text, headers } = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { ...authorization, 'content-type': 'application/json', ...headers },
        body: text ?? JSON.stringify(body ?? {}),
      }),
  }
}

async function problem(t: ExecutionContext, response: Response): Promise<Record<string, unknown>> {
  t.regex(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
  const body = (await response.json()) as Record<string, unknown>
  t.is(body.status, response.status)
  t.is(typeof body.title, 'string')
  t.is(typeof body.detail, 'string')
  t.regex(String(body.type), /^urn:esim-lab:problem:[a-zA-Z]+$/)
  return body
}

async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>
}

test('is healthy without a token, and wants one for everything else', async (t) => {
  const { url } = await createApi(t)
  const health = await fetch(`${url}/health`)
  t.deepEqual(await json(health), { status: 'ok' })
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: TOKEN }]) {
    for (const path of ['/api/accounts', '/api/extra', '/nothing']) {
      const response = await fetch(url + path, { headers: headers as Record<string, string> })
      t.is(response.status, 401)
      t.is(response.headers.get('www-authenticate'), 'Bearer')
      await problem(t, response)
    }
  }
})

test('gives data, tells the balances, and shows the gift', async (t) => {
  const { get, post, subscriber, clock } = await createApi(t)
  const [from, to] = [await subscriber(), await subscriber()]
  const response = await post('/api/gifts', {
    headers: { 'idempotency-key': '"gift-1"' },
    body: { from: `+${from}`, to, amountBytes: 5_000_000_000 },
  })
  t.is(response.status, 201)
  const gift = await json(response)
  t.like(gift, { from, to, amountBytes: 5_000_000_000, state: 'completed' })
  t.is(response.headers.get('location'), `/api/gifts/${gift.id}`)
  t.deepEqual(await json(await get(`/api/gifts/${gift.id}`)), gift)

  const balance = await json(await get(`/api/accounts/${to}/balance`))
  t.like(balance, { msisdn: to, totalBytes: 25_000_000_000 })
  t.like(balance.giftable as object, { amountBytes: 25_000_000_000, reason: 'allOfIt' })
  const validUntil = new Date(clock.nowMs() + 30 * DAY_MS).toISOString()
  t.like((balance.lots as object[])[1], {
    origin: 'gift',
    availableBytes: 5_000_000_000,
    validUntil,
  })

  const audit = await json(await get('/api/ledger/audit'))
  t.like(audit, { balanced: true, issuedBytes: 40_000_000_000, faults: [] })
})

test('answers a gift that is sent again with 200, the same body, and a header', async (t) => {
  const { post, subscriber } = await createApi(t)
  const [from, to] = [await subscriber(), await subscriber()]
  const request = { headers: { 'idempotency-key': 'k' }, body: { from, to, amountBytes: '1000' } }
  const first = await post('/api/gifts', request)
  const again = await post('/api/gifts', request)
  t.is(first.headers.get('idempotency-replayed'), null)
  t.is(again.status, 201)
  t.is(again.headers.get('idempotency-replayed'), 'true')
  t.deepEqual(await json(again), await json(first))
  const other = await post('/api/gifts', { ...request, body: { from, to, amountBytes: 2000 } })
  t.is(other.status, 422)
  t.like(await problem(t, other), { type: 'urn:esim-lab:problem:idempotencyKeyReused' })
})

test('tells a refusal by a rule with its reason, and repeats it', async (t) => {
  const { post, subscriber } = await createApi(t)
  const [from, to] = [await subscriber(), await subscriber()]
  const body = { from, to, amountBytes: 20_000_000_001 }
  for (const replayed of [null, 'true']) {
    const response = await post('/api/gifts', { headers: { 'idempotency-key': 'k' }, body })
    t.is(response.status, 422)
    t.is(response.headers.get('idempotency-replayed'), replayed)
    t.like(await problem(t, response), {
      reason: 'moreThanMayBeGiven',
      detail: 'At most 20 GB may be given, because that is all that is left.',
    })
  }
})

test('books usage, and refuses more than is left', async (t) => {
  const { post, subscriber } = await createApi(t)
  const msisdn = await subscriber('attached')
  const use = (key: string, amountBytes: unknown) =>
    post('/api/usage', { headers: { 'idempotency-key': key }, body: { msisdn, amountBytes } })
  const response = await use('1', 15_000_000_000)
  t.is(response.status, 201)
  t.like(await json(response), { msisdn, amountBytes: 15_000_000_000 })
  t.is((await use('1', 15_000_000_000)).status, 201)
  t.like(await problem(t, await use('2', 5_000_000_001)), { status: 422, reason: 'notEnoughData' })
})

test('wants an idempotency key, and names the header', async (t) => {
  const { post, subscriber } = await createApi(t)
  const [from, to] = [await subscriber(), await subscriber()]
  for (const path of ['/api/gifts', '/api/usage']) {
    const response = await post(path, { body: { from, to, amountBytes: 1 } })
    t.is(response.status, 400)
    t.like(await problem(t, response), { field: 'Idempotency-Key' })
  }
})

for (const amount of [
  -1,
  1.5,
  2 ** 53,
  '1e3',
  '1.5',
  '',
  ' 1',
  '+1',
  '0x10',
  '01',
  '٣',
  '5GB',
  String(2n ** 64n),
  String(2n ** 50n + 1n),
  null,
  true,
  [1],
  {},
]) {
  test(`refuses the amount ${JSON.stringify(amount)} and names the field`, async (t) => {
    const { post, subscriber } = await createApi(t)
    const [from, to] = [await subscriber(), await subscriber()]
    const response = await post('/api/gifts', {
      headers: { 'idempotency-key': 'k' },
      body: { from, to, amountBytes: amount },
    })
    t.is(response.status, 400)
    t.like(await problem(t, response), { field: 'amountBytes' })
  })
}

test('refuses what is missing, malformed or unknown in a body, and names the field', async (t) => {
  const { post, subscriber } = await createApi(t)
  const [from, to] = [await subscriber(), await subscriber()]
  const good = { from, to, amountBytes: 1 }
  for (const [field, body] of [
    ['to', { from, amountBytes: 1 }],
    ['from', { ...good, from: 'nobody' }],
    ['from', { ...good, from: Number(from) }],
    ['to', { ...good, to: '8900101000000000019' }],
    ['note', { ...good, note: 'hello' }],
    ['__proto__', JSON.parse('{"__proto__": 1}') as object],
    [undefined, []],
  ] as const) {
    const response = await post('/api/gifts', { headers: { 'idempotency-key': 'k' }, body })
    t.is(response.status, 400)
    t.is((await problem(t, response)).field, field)
  }
})

test('answers broken requests with a problem, never with 500 or a stack', async (t) => {
  const { url, get, post } = await createApi(t)
  const headers = { 'idempotency-key': 'k' }
  const authorization = `Bearer ${TOKEN}`
  const cases: readonly [Promise<Response>, number][] = [
    [post('/api/gifts', { headers, text: '{"from": ' }), 400],
    [post('/api/gifts', { headers, text: '"text"' }), 400],
    [post('/api/gifts', { headers, text: '' }), 400],
    [
      post('/api/gifts', { headers: { ...headers, 'content-type': 'text/plain' }, text: '{}' }),
      415,
    ],
    [post('/api/gifts', { headers: { ...headers, 'content-encoding': 'x' }, text: '{}' }), 415],
    [
      post('/api/gifts', {
        headers: { ...headers, 'content-type': 'application/json; charset=latin1' },
      }),
      415,
    ],
    [post('/api/gifts', { headers, body: { from: 'x'.repeat(65 * 1024) } }), 413],
    [get('/api/nothing'), 404],
    [get('/api/gifts/unknown'), 404],
    [get('/api/accounts/99999999999'), 404],
    [get('/api/accounts/99999999999/balance'), 404],
    [get('/api/accounts/nobody'), 400],
    [get('/api/accounts/%ZZ'), 400],
    [get('/api/accounts?limit=0'), 400],
    [get('/api/accounts?limit=1&limit=2'), 400],
    [get('/api/accounts?after=x'), 400],
    [get('/api/inventory/1'), 404],
    [fetch(`${url}/api/gifts`, { method: 'DELETE', headers: { authorization } }), 405],
    [fetch(`${url}/health`, { method: 'POST' }), 405],
  ]
  for (const [answer, status] of cases) {
    const response = await answer
    t.is(response.status, status, response.url)
    t.notRegex(JSON.stringify(await problem(t, response)), /node_modules|\.ts:/)
  }
  const notAllowed = await fetch(`${url}/api/gifts`, {
    method: 'DELETE',
    headers: { authorization },
  })
  t.deepEqual(notAllowed.headers.get('allow')?.split(', ').toSorted(), ['GET', 'HEAD', 'POST'])
})

test('tells nothing of a defect of ours', async (t) => {
  const { get } = await createApi(t)
  const response = await get('/api/defect')
  t.is(response.status, 500)
  t.notRegex(JSON.stringify(await problem(t, response)), /secret/)
})

test('serves further routes behind the same token', async (t) => {
  const { get } = await createApi(t)
  t.deepEqual(await json(await get('/api/extra')), { extra: true })
})

test('lists accounts in pages, and shows one with its bindings', async (t) => {
  const { get, subscriber } = await createApi(t)
  const numbers = [await subscriber(), await subscriber(), await subscriber('ordered')]
  const first = await json(await get('/api/accounts?limit=2'))
  const rest = await json(await get(`/api/accounts?limit=2&after=${first.next}`))
  const listed = [
    ...(first.accounts as { msisdn: string }[]),
    ...(rest.accounts as { msisdn: string }[]),
  ]
  t.deepEqual(
    listed.map((account) => account.msisdn),
    numbers,
  )
  t.is(rest.next, undefined)
  const account = await json(await get(`/api/accounts/${numbers[0]}`))
  t.like(account, { msisdn: numbers[0], profileState: 'enabled' })
  t.is((account.bindings as object[]).length, 1)
})

test('shows stock without its keys', async (t) => {
  const { get, operator, subscriber } = await createApi(t)
  const item = operator.inventoryItem({ msisdn: await subscriber() })!
  const text = await (await get(`/api/inventory/${item.iccid}`)).text()
  t.like(JSON.parse(text), { iccid: item.iccid, imsi: item.imsi, taken: true })
  t.notRegex(text, /"(ki|opc)"/i)
  t.false(text.toUpperCase().includes(Buffer.from(item.ki).toString('hex').toUpperCase()))
})

test('writes amounts above 2^53−1 as text', async (t) => {
  const { get, subscriber, issue } = await createApi(t)
  const msisdn = await subscriber()
  for (let at = 0; at < 9; at++) await issue(msisdn, { amountBytes: 2n ** 50n })
  const balance = await json(await get(`/api/accounts/${msisdn}/balance`))
  t.is(balance.totalBytes, String(9n * 2n ** 50n + 20n * GB))
})

test('a refused gift is told in the language that is asked for', async (t) => {
  const { post, get, subscriber } = await createApi(t)
  const [from, to] = [await subscriber(), await subscriber()]
  let gifts = 0
  const refusedIn = async (language?: string) => {
    const key = `language-${gifts++}`
    const headers = { 'idempotency-key': key, ...(language && { 'accept-language': language }) }
    const response = await post('/api/gifts', {
      body: { from, to, amountBytes: String(26n * GB) },
      headers,
    })
    const { detail, title, refusals } = (await problem(t, response)) as {
      readonly detail: string
      readonly title: string
      readonly refusals: readonly { readonly text: string }[]
    }
    t.is(refusals[0]?.text, detail)
    return { detail, title, language: response.headers.get('content-language') }
  }
  const english = {
    detail: 'At most 20 GB may be given, because that is all that is left.',
    title: 'The operation is refused by a rule',
    language: 'en',
  }
  const russian = {
    detail: 'Столько передать нельзя: не больше 20 ГБ.',
    title: 'Операция не разрешена правилами',
    language: 'ru',
  }
  for (const none of [undefined, 'de', 'ru;q=0', 'en, ru', 'ru;q=0.5, *', 'nonsense;;q=x', '*']) {
    t.deepEqual(await refusedIn(none), english, none)
  }
  for (const wish of [
    'ru',
    'ru-RU, en;q=0.8',
    'en;q=0.1, zh;q=0.5, ru;q=0.9',
    'en;q=0, ru;q=0.1',
  ]) {
    t.deepEqual(await refusedIn(wish), russian, wish)
  }
  t.like(await refusedIn('zh-Hans-CN'), { language: 'zh', title: '规则不允许此操作' })
  const most = await fetch((await get(`/api/accounts/${from}/giftable`)).url, {
    headers: { authorization: `Bearer ${TOKEN}`, 'accept-language': 'ru' },
  })
  t.is(most.headers.get('content-language'), 'ru')
  t.is((await json(most)).text, russian.detail)
})
