import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { chargingRoutes } from '../../src/http/charging-routes.ts'
import { chargingNotifier } from '../../src/http/events/charging-notifications.ts'
import { createOperatorApp } from '../../src/http/operator-app.ts'
import { operatorFile } from '../operator/charging/helper.ts'
import { createBench, DAY_MS, EID, GB, type Bench } from '../operator/helper.ts'

const TOKEN = 'a-token-for-tests'
const CHARGING = '/nchf-convergedcharging/v3/chargingdata'
const MB = 1_000_000

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

interface Api extends Bench {
  readonly url: string
  call(method: string, path: string, body?: unknown): Promise<Answer>
  post(path: string, body: unknown): Promise<Answer>
}

async function createApi(t: ExecutionContext, file = operatorFile('lab')): Promise<Api> {
  const bench = await createBench(t, { file })
  const app = createOperatorApp({
    operator: bench.operator,
    token: TOKEN,
    routes: chargingRoutes(bench.operator.charging),
  })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const { status, headers } = response
    return { status, headers, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) }
  }
  return { ...bench, url, call, post: (path, body) => call('POST', path, body) }
}

/** The fields that TS 32.291 wants in every request. */
function head(sequence: number): object {
  return {
    nfConsumerIdentification: { nodeFunctionality: 'SMF' },
    invocationTimeStamp: '2026-01-15T12:00:00Z',
    invocationSequenceNumber: sequence,
  }
}

const request = (totalVolume: number, ratingGroup = 1) => ({
  ratingGroup,
  requestedUnit: { totalVolume },
})

test('a session by the letters of TS 32.291: create, update, release', async (t) => {
  const { post, call, subscriber, operator } = await createApi(t)
  const msisdn = await subscriber('attached')
  const { imsi } = operator.inventoryItem({ msisdn })!
  const created = await post(CHARGING, {
    ...head(1),
    subscriberIdentifier: `imsi-${imsi}`,
    chargingId: 7,
    multipleUnitUsage: [request(100 * MB)],
  })
  t.is(created.status, 201)
  const location = created.headers.get('location') ?? ''
  t.regex(
    location,
    /^http:\/\/127\.0\.0\.1:\d+\/nchf-convergedcharging\/v3\/chargingdata\/[0-9a-f]{24}$/,
  )
  t.deepEqual(created.body, {
    invocationTimeStamp: '2026-01-15T12:00:00Z',
    invocationSequenceNumber: 1,
    multipleUnitInformation: [
      {
        ratingGroup: 1,
        resultCode: 'SUCCESS',
        grantedUnit: { totalVolume: 100 * MB },
        triggers: ['QUOTA_THRESHOLD', 'QUOTA_EXHAUSTED', 'VALIDITY_TIME'].map((triggerType) => ({
          triggerType,
          triggerCategory: 'IMMEDIATE_REPORT',
        })),
        validityTime: 3600,
        volumeQuotaThreshold: 20 * MB,
      },
    ],
  })
  const used = {
    localSequenceNumber: 1,
    uplinkVolume: 10 * MB,
    downlinkVolume: 70 * MB,
    totalVolume: 80 * MB,
    quotaManagementIndicator: 'ONLINE_CHARGING',
    triggers: [{ triggerType: 'QUOTA_THRESHOLD', triggerCategory: 'IMMEDIATE_REPORT' }],
  }
  const update = {
    ...head(2),
    multipleUnitUsage: [{ ...request(40_000 * MB), usedUnitContainer: [used] }],
  }
  const updated = await post(`${location}/update`, update)
  t.is(updated.status, 200)
  const [unit] = updated.body.multipleUnitInformation as Record<string, unknown>[]
  t.deepEqual(unit?.grantedUnit, { totalVolume: 10_000 * MB })
  t.deepEqual((await post(`${location}/update`, update)).body, updated.body)
  const release = {
    ...head(3),
    multipleUnitUsage: [
      { ratingGroup: 1, usedUnitContainer: [{ localSequenceNumber: 2, totalVolume: 5 * MB }] },
    ],
  }
  t.is((await post(`${location}/release`, release)).status, 204)
  t.is((await post(`${location}/release`, release)).status, 204)
  t.like(operator.audit(), { consumed: 85n * BigInt(MB), held: 0n, balanced: true })
  const ref = location.slice(location.lastIndexOf('/') + 1)
  const view = await call('GET', `/api/charging-sessions/${ref}`)
  t.like(view.body, { msisdn, usedBytes: 85 * MB, overageBytes: 0, endReason: 'released' })
  const list = await call('GET', `/api/accounts/${msisdn}/charging-sessions`)
  t.deepEqual(list.body.sessions, [view.body])
})

test('a create that comes again finds the session that is there', async (t) => {
  const { post, subscriber, operator } = await createApi(t)
  const msisdn = await subscriber('attached')
  const body = { ...head(0), subscriberIdentifier: `msisdn-${msisdn}`, chargingId: 1 }
  const asked = { ...body, multipleUnitUsage: [request(MB)] }
  const first = await post(CHARGING, asked)
  const again = await post(CHARGING, { ...asked, retransmissionIndicator: true })
  t.is(again.status, 201)
  t.is(again.headers.get('location'), first.headers.get('location'))
  t.deepEqual(again.body, first.body)
  t.is(operator.audit().held, BigInt(MB))
  const other = await post(CHARGING, { ...asked, multipleUnitUsage: [request(2 * MB)] })
  t.like(other, { status: 400, body: { cause: 'CHARGING_FAILED' } })
  const next = await post(CHARGING, { ...asked, chargingId: 2 })
  t.not(next.headers.get('location'), first.headers.get('location'))
})

test('the end of the data is a final unit, and then the quota is reached', async (t) => {
  const { post, subscriber } = await createApi(t)
  const msisdn = await subscriber('attached')
  const created = await post(CHARGING, {
    ...head(1),
    subscriberIdentifier: `msisdn-${msisdn}`,
    multipleUnitUsage: [request(10_000 * MB)],
  })
  const location = created.headers.get('location') ?? ''
  const use = (sequence: number, volume: number) =>
    post(`${location}/update`, {
      ...head(sequence),
      multipleUnitUsage: [
        {
          ...request(10_000 * MB),
          usedUnitContainer: [{ localSequenceNumber: sequence, totalVolume: volume }],
        },
      ],
    })
  const last = await use(2, 10_000 * MB)
  t.like((last.body.multipleUnitInformation as object[])[0], {
    finalUnitIndication: { finalUnitAction: 'TERMINATE' },
    triggers: [{ triggerType: 'QUOTA_EXHAUSTED' }, { triggerType: 'VALIDITY_TIME' }],
  })
  const none = await use(3, 10_000 * MB)
  t.deepEqual(none.body.multipleUnitInformation, [
    { ratingGroup: 1, resultCode: 'QUOTA_LIMIT_REACHED' },
  ])
})

test('an immediate event is debited at once, whole or not at all, and once however often it is sent', async (t) => {
  const { post, subscriber, operator } = await createApi(t)
  const msisdn = await subscriber('attached')
  const left = () => operator.balance({ msisdn }).totalBytes
  const event = (sequence: number, unit: object, type = 'IEC') =>
    post(CHARGING, {
      ...head(sequence),
      subscriberIdentifier: `msisdn-${msisdn}`,
      oneTimeEvent: true,
      oneTimeEventType: type,
      multipleUnitUsage: [unit],
    })
  const first = await event(1, request(300 * MB))
  t.is(first.status, 201)
  t.is(first.headers.get('location'), null)
  t.deepEqual(first.body, {
    invocationTimeStamp: '2026-01-15T12:00:00Z',
    invocationSequenceNumber: 1,
    multipleUnitInformation: [
      { ratingGroup: 1, resultCode: 'SUCCESS', grantedUnit: { totalVolume: 300 * MB } },
    ],
  })
  t.is(left(), 19_700n * BigInt(MB))
  t.deepEqual((await event(1, request(300 * MB))).body, first.body, 'sent again')
  t.is(left(), 19_700n * BigInt(MB))
  const more = await event(2, request(19_701 * MB))
  t.deepEqual(more.body.multipleUnitInformation, [
    { ratingGroup: 1, resultCode: 'QUOTA_LIMIT_REACHED' },
  ])
  t.is(left(), 19_700n * BigInt(MB), 'nothing of it')
  const used = { usedUnitContainer: [{ localSequenceNumber: 1, totalVolume: 20_000 * MB }] }
  const over = await event(3, { ratingGroup: 1, ...used }, 'PEC')
  t.deepEqual(over.body.multipleUnitInformation, [{ ratingGroup: 1, resultCode: 'SUCCESS' }])
  t.is(left(), 0n)
  t.like(operator.audit(), { balanced: true, held: 0n, overage: 300n * BigInt(MB) })
  const events = operator.charging.sessions({ msisdn, limit: 9 })
  t.true(events.some(({ overageBytes }) => overageBytes === 300n * BigInt(MB)))
})

test('an immediate event of a phone that is not attached is denied, and what was used is booked', async (t) => {
  const { post, subscriber, operator } = await createApi(t)
  const msisdn = await subscriber()
  const head1 = { ...head(1), subscriberIdentifier: `msisdn-${msisdn}`, oneTimeEvent: true }
  const units = { multipleUnitUsage: [request(MB)] }
  const denied = await post(CHARGING, { ...head1, oneTimeEventType: 'IEC', ...units })
  t.like(denied, { status: 403, body: { cause: 'END_USER_REQUEST_DENIED' } })
  const usedUnitContainer = [{ localSequenceNumber: 1, totalVolume: MB }]
  const reported = {
    oneTimeEventType: 'PEC',
    multipleUnitUsage: [{ ratingGroup: 1, usedUnitContainer }],
  }
  t.is((await post(CHARGING, { ...head1, ...reported })).status, 201)
  t.is(operator.balance({ msisdn }).totalBytes, 19_999n * BigInt(MB))
})

test('rating groups are those of the operator’s file', async (t) => {
  const charging = {
    ratingGroups: [
      { id: 100, classes: ['general'] },
      { id: 4_294_967_295, classes: ['directed'] },
    ],
    overage: { policy: 'block' },
  } as const
  const { post, subscriber, issue } = await createApi(t, { ...operatorFile('lab'), charging })
  const msisdn = await subscriber('attached')
  await issue(msisdn, { amountBytes: 5n, trafficClass: 'directed' })
  const { body } = await post(CHARGING, {
    ...head(1),
    subscriberIdentifier: `msisdn-${msisdn}`,
    multipleUnitUsage: [request(MB), request(MB, 100), request(MB, 4_294_967_295)],
  })
  const units = body.multipleUnitInformation as { readonly resultCode: string }[]
  t.deepEqual(
    units.map(({ resultCode }) => resultCode),
    ['RATING_FAILED', 'SUCCESS', 'SUCCESS'],
  )
  t.like(units[2], {
    grantedUnit: { totalVolume: 5 },
    finalUnitIndication: { finalUnitAction: 'TERMINATE' },
  })
})

const REFUSED: Readonly<Record<string, readonly [body: object, status: number, cause: string]>> = {
  'a subscriber of nobody': [{ subscriberIdentifier: 'msisdn-99999999999' }, 404, 'USER_UNKNOWN'],
  'an unknown IMSI': [{ subscriberIdentifier: 'imsi-001019999999999' }, 404, 'USER_UNKNOWN'],
  'no subscriber': [{}, 400, 'MANDATORY_IE_MISSING'],
  'a number of no form': [{ subscriberIdentifier: '999' }, 400, 'MANDATORY_IE_INCORRECT'],
  'a single event of no type': [{ oneTimeEvent: true }, 400, 'MANDATORY_IE_MISSING'],
  'an immediate event that asks for nothing': [
    { oneTimeEvent: true, oneTimeEventType: 'IEC' },
    400,
    'OPTIONAL_IE_INCORRECT',
  ],
  'an event that is over and reports nothing': [
    { oneTimeEvent: true, oneTimeEventType: 'PEC', multipleUnitUsage: [request(MB)] },
    400,
    'OPTIONAL_IE_INCORRECT',
  ],
  'a sequence below zero': [{ invocationSequenceNumber: -1 }, 400, 'MANDATORY_IE_INCORRECT'],
  'a sequence above 32 bits': [
    { invocationSequenceNumber: 2 ** 32 },
    400,
    'MANDATORY_IE_INCORRECT',
  ],
  'no instant': [{ invocationTimeStamp: 'today' }, 400, 'MANDATORY_IE_INCORRECT'],
  'an instant that never was': [
    { invocationTimeStamp: '2026-13-41T12:00:00Z' },
    400,
    'MANDATORY_IE_INCORRECT',
  ],
  'a negative volume': [{ multipleUnitUsage: [request(-1)] }, 400, 'OPTIONAL_IE_INCORRECT'],
  'half a byte': [{ multipleUnitUsage: [request(0.5)] }, 400, 'OPTIONAL_IE_INCORRECT'],
  'more than 2^50 bytes': [
    { multipleUnitUsage: [request(2 ** 50 + 1)] },
    400,
    'OPTIONAL_IE_INCORRECT',
  ],
  'a volume as text': [
    { multipleUnitUsage: [{ ratingGroup: 1, requestedUnit: { totalVolume: '1e3' } }] },
    400,
    'OPTIONAL_IE_INCORRECT',
  ],
  time: [
    { multipleUnitUsage: [{ ratingGroup: 1, requestedUnit: { time: 60 } }] },
    400,
    'OPTIONAL_IE_INCORRECT',
  ],
  'a total that hides its directions': [
    {
      multipleUnitUsage: [
        {
          ratingGroup: 1,
          usedUnitContainer: [{ localSequenceNumber: 1, totalVolume: 0, uplinkVolume: 5 }],
        },
      ],
    },
    400,
    'OPTIONAL_IE_INCORRECT',
  ],
  'a place that is no URL': [
    { subscriberIdentifier: 'msisdn-999010000001', notifyUri: 'ftp://127.0.0.1/' },
    400,
    'OPTIONAL_IE_INCORRECT',
  ],
}

for (const [what, [body, status, cause]] of Object.entries(REFUSED)) {
  test(`a create with ${what} is refused with ${cause}`, async (t) => {
    const { post, operator } = await createApi(t)
    const answer = await post(CHARGING, { ...head(1), ...body })
    t.is(answer.status, status)
    t.is(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8')
    t.like(answer.body, { status, cause })
    t.is(operator.audit().held, 0n)
  })
}

test('who is not attached is denied, and a session that nobody knows is not found', async (t) => {
  const { post, subscriber } = await createApi(t)
  const msisdn = await subscriber()
  const denied = await post(CHARGING, { ...head(1), subscriberIdentifier: `msisdn-${msisdn}` })
  t.like(denied, { status: 403, body: { cause: 'END_USER_REQUEST_DENIED' } })
  for (const verb of ['update', 'release']) {
    const unknown = await post(`${CHARGING}/nobody/${verb}`, head(1))
    t.like(unknown, { status: 404, body: { cause: 'CONTEXT_NOT_FOUND' } })
  }
})

test('a session that has ended says so, and books what is reported late', async (t) => {
  const { post, subscriber, operator, clock } = await createApi(t)
  const msisdn = await subscriber('attached')
  const created = await post(CHARGING, { ...head(1), subscriberIdentifier: `msisdn-${msisdn}` })
  const location = created.headers.get('location') ?? ''
  clock.advance(DAY_MS)
  const late = await post(`${location}/update`, {
    ...head(2),
    multipleUnitUsage: [
      { ...request(MB), usedUnitContainer: [{ localSequenceNumber: 1, totalVolume: MB }] },
    ],
  })
  t.is(late.status, 200)
  t.like(late.body, {
    invocationResult: { error: { cause: 'END_USER_REQUEST_DENIED' }, failureHandling: 'TERMINATE' },
    multipleUnitInformation: [{ ratingGroup: 1, resultCode: 'END_USER_SERVICE_DENIED' }],
  })
  t.is(operator.audit().consumed, BigInt(MB))
})

test('a consumer is posted what TS 32.291 has it told, on this machine alone', async (t) => {
  const { post, subscriber, operator } = await createApi(t)
  const heard: string[] = []
  const listener = createServer((incoming: IncomingMessage, response) => {
    let text = ''
    incoming.on('data', (chunk) => (text += String(chunk)))
    incoming.on('end', () => {
      heard.push(text)
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.teardown(() => listener.close())
  const { port } = listener.address() as AddressInfo
  const msisdn = await subscriber('attached')
  const friend = await subscriber()
  const consumers = [undefined, `http://127.0.0.1:${port}/notify`, 'http://192.0.2.1/notify']
  for (const [chargingId, notifyUri] of consumers.entries()) {
    await post(CHARGING, {
      ...head(1),
      subscriberIdentifier: `msisdn-${msisdn}`,
      chargingId,
      notifyUri,
      multipleUnitUsage: [request(10_000 * MB)],
    })
  }
  const send = chargingNotifier({ callbackHosts: [] })
  t.deepEqual(await operator.charging.notify(send), { sent: 0, failed: 0 })
  await operator.giveData({ idempotencyKey: '1', from: friend, to: msisdn, amountBytes: GB })
  t.deepEqual(await operator.charging.notify(send), { sent: 1, failed: 1 })
  t.deepEqual(
    heard.map((text) => JSON.parse(text) as object),
    [{ notificationType: 'REAUTHORIZATION', reauthorizationDetails: [{ ratingGroup: 1 }] }],
  )
})

test('a phone is moved, and its Wi-Fi switched, over the API', async (t) => {
  const { call, subscriber } = await createApi(t)
  const msisdn = await subscriber()
  const home = { country: 'ZZ', isRoaming: false, since: null, wifi: false, coolingUntil: null }
  t.deepEqual((await call('GET', `/api/phones/${EID}`)).body, home)
  const away = await call('PATCH', `/api/phones/${EID}`, { country: 'CN', wifi: true })
  t.like(away.body, {
    country: 'CN',
    isRoaming: true,
    wifi: true,
    since: '2026-01-15T12:00:00.000Z',
  })
  t.deepEqual((await call('GET', `/api/accounts/${msisdn}/place`)).body, away.body)
  const back = await call('PATCH', `/api/phones/${EID}`, { country: 'home' })
  t.like(back.body, { country: 'ZZ', isRoaming: false })
  t.is((await call('PATCH', `/api/phones/${EID}`, { country: 'China' })).status, 400)
  t.is((await call('PATCH', `/api/phones/${EID}`, { planet: 'Mars' })).status, 400)
  t.is((await call('GET', `/api/phones/${'9'.repeat(32)}`)).status, 404)
  t.like(await call('POST', `/api/accounts/${msisdn}/cooling/lift`), { status: 422 })
})

test('while the law lets data rest, every way of using it says until when, and the operator can lift it', async (t) => {
  const { call, post, url, subscriber, operator } = await createApi(t, operatorFile('megafon'))
  const msisdn = await subscriber('attached')
  await call('PATCH', `/api/phones/${EID}`, { country: 'TR' })
  const { body: home } = await call('PATCH', `/api/phones/${EID}`, { country: 'home' })
  const until = '2026-01-16T12:00:00.000Z'
  t.like(home, { country: 'RU', coolingUntil: until })
  const session = { ...head(1), subscriberIdentifier: `msisdn-${msisdn}` }
  const denied = await post(CHARGING, session)
  t.like(denied, { status: 403, body: { cause: 'END_USER_REQUEST_DENIED', until } })
  const usage = await fetch(`${url}/api/usage`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${TOKEN}`,
      'content-type': 'application/json',
      'idempotency-key': '"1"',
    },
    body: JSON.stringify({ msisdn, amountBytes: 1 }),
  })
  t.like(await usage.json(), { status: 422, reason: 'coolingAfterRoaming', until })
  t.like((await call('POST', `/api/accounts/${msisdn}/cooling/lift`)).body, { coolingUntil: null })
  t.is((await post(CHARGING, session)).status, 201)
  t.is(operator.audit().consumed, 0n)
})
