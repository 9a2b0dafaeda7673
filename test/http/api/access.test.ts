import test from 'ava'
import { codeIn, createApi, TOKEN } from './helper.ts'

test('signs a subscriber in by the code that arrives in the inbox', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const asked = await api.call('POST /api/sign-in', { token: null, body: { msisdn } })
  t.is(asked.status, 202)
  t.deepEqual(Object.keys(asked.body), ['validUntil'])
  const inbox = await api.call(`GET /api/accounts/${msisdn}/messages`)
  const [message] = inbox.body.messages as { text: string }[]
  t.regex(message?.text ?? '', /\b[0-9]{6}\b/)
  const body = { msisdn, code: codeIn(api, msisdn) }
  const issued = await api.call('POST /api/sign-in/confirm', { token: null, body })
  t.is(issued.status, 201)
  t.like(issued.body, { role: 'subscriber', validUntil: '2026-01-15T13:00:00.000Z' })
  const token = String(issued.body.token)
  t.is((await api.call(`GET /api/accounts/${msisdn}/balance`, { token })).status, 200)
  const again = await api.call('POST /api/sign-in/confirm', { token: null, body })
  t.is(again.status, 401)
})

test('tells nobody whether a number is known', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const known = await api.call('POST /api/sign-in', { token: null, body: { msisdn } })
  const body = { msisdn: '99999999999' }
  const unknown = await api.call('POST /api/sign-in', { token: null, body })
  t.is(unknown.status, known.status)
  t.deepEqual(unknown.body, known.body)
  const wrong = { code: '000000' }
  const answers = await Promise.all(
    [msisdn, body.msisdn].map((of) =>
      api.call('POST /api/sign-in/confirm', { token: null, body: { msisdn: of, ...wrong } }),
    ),
  )
  t.deepEqual(answers[0]?.body, answers[1]?.body)
})

test('a code ends after three wrong ones, after five minutes, and with the next code', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const confirm = async (code: string) =>
    (await api.call('POST /api/sign-in/confirm', { token: null, body: { msisdn, code } })).status
  const ask = () => api.call('POST /api/sign-in', { token: null, body: { msisdn } })
  await ask()
  const first = codeIn(api, msisdn)
  const wrong = first === '111111' ? '222222' : '111111'
  for (let tries = 0; tries < 3; tries++) t.is(await confirm(wrong), 401)
  t.is(await confirm(first), 401)
  await ask()
  const second = codeIn(api, msisdn)
  api.clock.advance(5 * 60_000)
  t.is(await confirm(second), 401)
  await ask()
  if (second !== codeIn(api, msisdn)) t.is(await confirm(second), 401)
  t.is(await confirm(codeIn(api, msisdn)), 201)
})

test('sends three codes within ten minutes, and says when the next may be asked for', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const ask = () => api.call('POST /api/sign-in', { token: null, body: { msisdn } })
  for (let codes = 0; codes < 3; codes++) t.is((await ask()).status, 202)
  const refused = await ask()
  t.is(refused.status, 429)
  t.is(refused.headers.get('retry-after'), '600')
  api.clock.advance(600_000)
  t.is((await ask()).status, 202)
})

test('a token ends with its hour, with signing out, and when the operator ends it', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const status = async (token: string) =>
    (await api.call(`GET /api/accounts/${msisdn}`, { token })).status
  const first = await api.signIn(msisdn)
  t.is(await status(first), 200)
  api.clock.advance(3_600_000 - 1)
  t.is(await status(first), 200)
  api.clock.advance(1)
  t.is(await status(first), 401)
  const second = await api.signIn(msisdn)
  t.is((await api.call('DELETE /api/sign-in', { token: second })).status, 204)
  t.is(await status(second), 401)
  const third = await api.signIn(msisdn)
  const { body } = await api.call('GET /api/tokens')
  const [listed] = body.tokens as { id: string; msisdn: string }[]
  t.is(listed?.msisdn, msisdn)
  t.is((await api.call(`DELETE /api/tokens/${listed?.id}`)).status, 204)
  t.is((await api.call(`DELETE /api/tokens/${listed?.id}`)).status, 404)
  t.is(await status(third), 401)
  t.is((await api.call('DELETE /api/sign-in')).status, 409)
})

test('keeps neither tokens nor codes as they were given out', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const token = await api.signIn(msisdn)
  await api.call('POST /api/sign-in', { token: null, body: { msisdn } })
  const code = codeIn(api, msisdn)
  const rows = api.store.read((db) => [
    ...db.sql<object>('SELECT * FROM access_tokens').all(),
    ...db.sql<object>('SELECT * FROM sign_in_codes').all(),
  ])
  t.is(rows.length, 2)
  const text = JSON.stringify(
    rows.map((row) =>
      Object.values(row).map((value) => (Buffer.isBuffer(value) ? value.toString('utf8') : value)),
    ),
  )
  t.false(text.includes(token))
  t.false(text.includes(code))
})

interface Permission {
  readonly request: string
  readonly body?: object
  readonly key?: string
  /** Statuses for the operator, an auditor, the subscriber, another subscriber. */
  readonly answers: readonly [number, number, number, number]
}

test('each role reaches what its scopes open, and a subscriber nobody else', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber('attached')
  const other = await api.subscriber('attached')
  const item = api.operator.inventoryItem({ msisdn })!
  const made = await api.call('POST /api/tokens', { body: { role: 'auditor', label: 'audit' } })
  t.is(made.status, 201)
  const tokens = [TOKEN, String(made.body.token), await api.signIn(msisdn), await api.signIn(other)]
  const amountBytes = 1000
  const permissions: readonly Permission[] = [
    { request: 'GET /api/accounts', answers: [200, 200, 200, 200] },
    { request: `GET /api/accounts/${msisdn}`, answers: [200, 200, 200, 403] },
    { request: `GET /api/accounts/${msisdn}/balance`, answers: [200, 200, 200, 403] },
    { request: `GET /api/accounts/${msisdn}/messages`, answers: [200, 403, 200, 403] },
    {
      request: 'POST /api/gifts',
      body: { from: msisdn, to: other, amountBytes },
      key: 'key',
      answers: [201, 403, 201, 403],
    },
    {
      request: 'POST /api/usage',
      body: { msisdn, amountBytes },
      key: 'key',
      answers: [201, 403, 403, 403],
    },
    { request: 'GET /api/ledger/audit', answers: [200, 200, 403, 403] },
    { request: `GET /api/inventory/${item.iccid}`, answers: [200, 403, 403, 403] },
    { request: 'GET /api/tokens', answers: [200, 403, 403, 403] },
    {
      request: 'POST /api/tokens',
      body: { role: 'auditor', label: 'x' },
      answers: [201, 403, 403, 403],
    },
    // What is not declared is for the operator alone.
    { request: 'GET /nothing', answers: [404, 403, 403, 403] },
  ]
  for (const { request, answers, ...call } of permissions) {
    for (const [at, expected] of answers.entries()) {
      const token = tokens[at] ?? null
      const { status } = await api.call(request, { ...call, token })
      t.is(status, expected, `${request} as ${['operator', 'auditor', 'subscriber', 'other'][at]}`)
    }
    t.is((await api.call(request, { ...call, token: null })).status, 401, request)
  }
})

test('a subscriber sees gifts of the own, and the own account in lists', async (t) => {
  const api = await createApi(t)
  const [from, to, third] = [await api.subscriber(), await api.subscriber(), await api.subscriber()]
  const token = await api.signIn(from)
  const body = { from, to, amountBytes: 1000 }
  const given = await api.call('POST /api/gifts', { token, body, key: '"one"' })
  t.is(given.status, 201)
  const path = `GET /api/gifts/${String(given.body.id)}`
  t.is((await api.call(path, { token })).status, 200)
  t.is((await api.call(path, { token: await api.signIn(to) })).status, 200)
  t.is((await api.call(path, { token: await api.signIn(third) })).status, 404)
  const { body: list } = await api.call('GET /api/accounts', { token })
  t.deepEqual(
    (list.accounts as { msisdn: string }[]).map((account) => account.msisdn),
    [from],
  )
})

test('callers do not see one another’s idempotency keys', async (t) => {
  const api = await createApi(t)
  const [one, two] = [await api.subscriber(), await api.subscriber()]
  const gift = (token: string, from: string, to: string) =>
    api.call('POST /api/gifts', { token, key: '"same"', body: { from, to, amountBytes: 1000 } })
  t.is((await gift(await api.signIn(one), one, two)).status, 201)
  t.is((await gift(await api.signIn(two), two, one)).status, 201)
  t.is((await gift(TOKEN, one, two)).status, 201)
})
