import { EventEmitter, once } from 'node:events'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { eventSender } from '../../../src/http/events/event-delivery.ts'
import { requireCallbackHost } from '../../../src/http/events/callbacks.ts'
import { signedHeaders } from '../../../src/http/events/signature.ts'
import { WAITS_MS } from '../../../src/operator/events/hub.ts'
import { createApi, type Api } from './helper.ts'

const BASE = '/tmf-api/prepayBalanceManagement/v4'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

interface Receiver {
  readonly url: string
  readonly received: Received[]
  /** What is answered from now on. */
  answer(status: number): void
}

async function createReceiver(t: ExecutionContext): Promise<Receiver> {
  const received: Received[] = []
  let status = 204
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      received.push({ headers: request.headers, text })
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`
  return { url, received, answer: (next) => void (status = next) }
}

async function register(api: Api, callback: string, query?: string): Promise<string> {
  const { status, body } = await api.call(`POST ${BASE}/hub`, {
    body: { callback, ...(query !== undefined && { query }) },
  })
  if (status !== 201) throw new Error(JSON.stringify(body))
  return String(body.secret)
}

function deliver(api: Api) {
  return api.operator.events.deliverDue(eventSender(api.operator, { callbackHosts: [] }))
}

test('signs as Standard Webhooks has it', (t) => {
  // The example that the public libraries of standard-webhooks are documented with.
  const headers = signedHeaders({
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    body: '{"test": 2432232314}',
    atSeconds: 1614265330,
  })
  t.is(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test('tells a gift once to each listener, signed with its secret', async (t) => {
  const api = await createApi(t)
  const [from, to] = [await api.subscriber(), await api.subscriber()]
  const give = (idempotencyKey: string) =>
    api.operator.giveData({ idempotencyKey, from, to, amountBytes: 1000n })
  await give('before-anybody-listened')
  const receiver = await createReceiver(t)
  const secret = await register(api, receiver.url, 'eventType=TransferBalanceCreateEvent')
  const gift = await give('after')
  t.deepEqual(await deliver(api), { delivered: 1, failed: 0, dead: 0 })
  t.deepEqual(await deliver(api), { delivered: 0, failed: 0, dead: 0 })
  t.is(receiver.received.length, 1)
  const [{ headers, text } = { headers: {}, text: '{}' }] = receiver.received
  const body = JSON.parse(text) as Record<string, unknown>
  t.like(body, {
    eventId: headers['webhook-id'],
    eventType: 'TransferBalanceCreateEvent',
    event: { transferBalance: { id: gift.id, status: 'completed' } },
  })
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`
  const signature = createHmac('sha256', key).update(signed).digest('base64')
  t.is(headers['webhook-signature'], `v1,${signature}`)
})

test('tries again after waits of the lab’s clock with the same id, and gives up in the end', async (t) => {
  const api = await createApi(t)
  const [from, to] = [await api.subscriber(), await api.subscriber()]
  const receiver = await createReceiver(t)
  await register(api, receiver.url)
  await api.operator.giveData({ idempotencyKey: 'k', from, to, amountBytes: 1000n })
  for (const [tries, waitMs] of WAITS_MS.entries()) {
    // Redirects are failures too: a callback must not lead elsewhere.
    receiver.answer(tries % 2 === 0 ? 500 : 302)
    t.deepEqual(await deliver(api), { delivered: 0, failed: 1, dead: 0 })
    api.clock.advance(waitMs - 1)
    t.deepEqual(await deliver(api), { delivered: 0, failed: 0, dead: 0 })
    api.clock.advance(1)
  }
  t.deepEqual(await deliver(api), { delivered: 0, failed: 1, dead: 1 })
  t.is(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
  api.clock.advance(365 * 86_400_000)
  t.deepEqual(await deliver(api), { delivered: 0, failed: 0, dead: 0 })
  const { body } = await api.call('GET /api/event-deliveries')
  const [dead] = body.deliveries as { number: number; tries: number; lastError: string }[]
  t.like(dead, { tries: WAITS_MS.length + 1, lastError: 'the callback answered HTTP 500' })
  receiver.answer(200)
  t.is((await api.call(`POST /api/event-deliveries/${dead?.number}/retry`)).status, 202)
  t.deepEqual(await deliver(api), { delivered: 1, failed: 0, dead: 0 })
  t.is((await api.call(`POST /api/event-deliveries/${dead?.number}/retry`)).status, 404)
})

test('an event and what it tells are kept together, or neither', async (t) => {
  const api = await createApi(t)
  const receiver = await createReceiver(t)
  await register(api, receiver.url)
  const [from, to] = [await api.subscriber(), await api.subscriber()]
  const count = () =>
    api.store.read((db) => db.sql<{ n: number }>('SELECT count(*) AS n FROM events').get()?.n)
  const before = count()
  const refused = await api.operator.attemptGift({
    idempotencyKey: 'k',
    from,
    to,
    amountBytes: 2n ** 50n,
  })
  t.truthy(refused.refusal)
  t.is(count(), before)
  await t.throwsAsync(
    api.store.write((db) => {
      db.sql(`INSERT INTO events (type, subject, at) VALUES ('x', 'y', 0)`).run()
      throw new Error('the command fails')
    }),
  )
  t.is(count(), before)
})

test('tells of profiles and subscriptions, of top-ups and of reservations', async (t) => {
  const api = await createApi(t)
  const receiver = await createReceiver(t)
  await register(api, receiver.url)
  const msisdn = await api.subscriber()
  await api.operator.subscriptions.setStatus({ msisdn, status: 'suspended' })
  await api.operator.subscriptions.setStatus({ msisdn, status: 'active' })
  const reserve = (key: string, amount: number) =>
    api.call(`POST ${BASE}/reserveBalance`, {
      key,
      body: {
        usageType: 'data',
        amount: { amount, units: 'GB' },
        bucket: { id: 'auto' },
        partyAccount: { id: msisdn },
      },
    })
  const reserved = await reserve('"1"', 1)
  await reserve('"2"', 1000)
  await api.call(`DELETE ${String(reserved.body.href)}`)
  await deliver(api)
  const types = receiver.received.map(
    ({ text }) => (JSON.parse(text) as { eventType: string }).eventType,
  )
  t.deepEqual(types, [
    'ProfileStateChangeEvent',
    'ProfileStateChangeEvent',
    'SubscriptionStateChangeEvent',
    'SubscriptionStateChangeEvent',
    'ReserveBalanceCreateEvent',
    'ReserveBalanceFailureEvent',
    'ReserveBalanceCancelEvent',
  ])
})

test('a listener that has ended is told nothing more', async (t) => {
  const api = await createApi(t)
  const receiver = await createReceiver(t)
  await register(api, receiver.url)
  const listed = await api.call('GET /api/event-listeners')
  const [listener] = listed.body.listeners as { id: string }[]
  t.notRegex(JSON.stringify(listed.body), /whsec_/)
  await api.subscriber()
  t.is((await api.call(`DELETE ${BASE}/hub/${listener?.id}`)).status, 204)
  t.is((await api.call(`DELETE ${BASE}/hub/${listener?.id}`)).status, 404)
  t.deepEqual(await deliver(api), { delivered: 0, failed: 0, dead: 0 })
  t.is(receiver.received.length, 0)
})

for (const callback of [
  'http://example.com/events',
  'http://127.0.0.1.example.com/',
  'http://10.0.0.1/',
  'http://[::ffff:10.0.0.1]/',
  'ftp://127.0.0.1/',
  'file:///etc/hosts',
  'http://user:password@127.0.0.1/',
  'nothing',
]) {
  test(`sends no events to ${callback}`, async (t) => {
    const api = await createApi(t)
    const { status, body } = await api.call(`POST ${BASE}/hub`, { body: { callback } })
    t.is(status, 400)
    t.is(body.field, 'callback')
  })
}

test('sends events to this machine, and to hosts that were named', (t) => {
  for (const host of ['localhost', '127.0.0.1', '127.1', '0x7f000001', '[::1]', 'hooks.example']) {
    t.notThrows(() => requireCallbackHost(`http://${host}/`, ['hooks.example']), host)
  }
})

test('refuses a filter that names no event', async (t) => {
  const api = await createApi(t)
  for (const query of ['eventType=Nothing', 'x=1', 'eventType=']) {
    const body = { callback: 'http://127.0.0.1:1/', query }
    t.is((await api.call(`POST ${BASE}/hub`, { body })).status, 400, query)
  }
})

test('a listener that never answers holds up nobody else, however much waits for it', async (t) => {
  const api = await createApi(t)
  await register(api, 'http://127.0.0.1:1/silent')
  const msisdn = await api.subscriber()
  for (let tops = 0; tops < 120; tops++) {
    const amount = { amount: 10, units: api.operator.fileOf({ msisdn }).currency.code }
    const body = {
      usageType: 'monetary',
      amount,
      bucket: { id: 'auto' },
      partyAccount: { id: msisdn },
    }
    await api.call(`POST ${BASE}/topupBalance`, { body, key: `"${tops}"` })
  }
  api.clock.advance(1000)
  await register(api, 'http://127.0.0.1:1/quick', 'eventType=SubscriptionStateChangeEvent')
  await api.call(`PATCH /api/accounts/${msisdn}/subscription`, { body: { status: 'suspended' } })
  const told: string[] = []
  const silence = new EventEmitter()
  let isReleased = false
  const { events } = api.operator
  const first = events.deliverDue(async ({ listener, event }) => {
    if (listener.callback.endsWith('/silent') && !isReleased) await once(silence, 'end')
    told.push(`${listener.callback.slice(-5)} ${event.type}`)
  })
  while (told.length === 0) await new Promise((resolve) => setImmediate(resolve))
  t.deepEqual(told, ['quick SubscriptionStateChangeEvent'])
  await api.call(`PATCH /api/accounts/${msisdn}/subscription`, { body: { status: 'active' } })
  // The first round is still under way, and its listener is left alone.
  const second = await events.deliverDue(async ({ listener }) => {
    told.push(`again ${listener.callback.slice(-5)}`)
  })
  t.deepEqual(second, { delivered: 1, failed: 0, dead: 0 })
  t.deepEqual(told.slice(1), ['again quick'])
  isReleased = true
  silence.emit('end')
  t.is((await first).delivered, 101)
})
