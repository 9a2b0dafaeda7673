import test from 'ava'
import { createApi, type Api } from './helper.ts'

/**
 * What TM Forum's documents want of every resource, taken by hand from TMF654-PrepayBalance-v4.0.0.swagger.json and
 * TMF677-UsageConsumption-v4.0.1.swagger.json: the required attributes of each definition, and its enumerations.
 */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  bucket: [],
  topupBalance: ['status'],
  adjustBalance: ['status'],
  reserveBalance: ['status'],
  transferBalance: [
    'href',
    'id',
    'reason',
    'receiverLogicalResource',
    'channel',
    'logicalResource',
    'status',
  ],
  accumulatedBalance: ['bucket', 'name', 'totalBalance'],
  balanceActionHistory: ['status', 'receiverLogicalResource'],
}
const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  '/bucket': ['get'],
  '/bucket/{id}': ['get'],
  '/accumulatedBalance': ['get'],
  '/accumulatedBalance/{id}': ['get'],
  '/balanceActionHistory': ['get'],
  '/balanceActionHistory/{id}': ['get'],
  ...Object.fromEntries(
    ['topup', 'adjust', 'transfer', 'reserve'].flatMap((kind) => [
      [`/${kind}Balance`, ['get', 'post']],
      [`/${kind}Balance/{id}`, ['delete', 'get', 'patch']],
    ]),
  ),
  '/hub': ['post'],
  '/hub/{id}': ['delete'],
}
const ACTION_STATUS = ['created', 'failed', 'cancelled', 'completed']
const BUCKET_STATUS = ['active', 'suspended', 'expired']
const USAGE_TYPES = ['monetary', 'voice', 'data', 'sms', 'other']
/** Attributes that are lists there; the logical resource of an accumulated balance is one. */
const LISTS = ['product', 'relatedParty', 'logicalResource']
/** Attributes that are references, which have an id. */
const REFERENCES = [
  'partyAccount',
  'bucket',
  'receiverBucket',
  'receiverLogicalResource',
  'channel',
]

const BASE = '/tmf-api/prepayBalanceManagement/v4'

type Resource = Readonly<Record<string, unknown>>

const data = (amount: number) => ({ usageType: 'data', amount: { amount, units: 'GB' } })

async function actions(api: Api): Promise<void> {
  const [from, to] = [await api.subscriber(), await api.subscriber()]
  const { code } = api.operator.fileOf({ msisdn: from }).currency
  const account = { bucket: { id: 'auto' }, partyAccount: { id: from } }
  const money = { usageType: 'monetary', amount: { amount: 10, units: code } }
  const gift = {
    ...data(1),
    reason: 'gift',
    channel: { id: 'app' },
    logicalResource: [{ id: from }],
    receiverLogicalResource: { id: to },
    bucket: { id: 'auto' },
    receiverBucket: { id: 'auto' },
    receiverBucketUsageType: 'data',
    requestor: { id: '1', '@referredType': 'Individual' },
  }
  for (const [name, body, status] of [
    ['topupBalance', { ...account, ...money }, 201],
    ['adjustBalance', { ...account, ...data(-1) }, 201],
    ['adjustBalance', { ...account, ...data(-1000) }, 422],
    ['reserveBalance', { ...account, ...data(1) }, 201],
    ['transferBalance', gift, 201],
  ] as const) {
    const key = `"${name} ${status}"`
    const reply = await api.call(`POST ${BASE}/${name}`, { body, key })
    if (reply.status !== status) throw new Error(JSON.stringify(reply.body))
  }
}

test('resources of TMF654 are as its document has them', async (t) => {
  const api = await createApi(t)
  await actions(api)
  for (const [name, required] of Object.entries(REQUIRED)) {
    const { body } = await api.call(`GET ${BASE}/${name}`)
    const found = body as unknown as readonly Resource[]
    t.true(found.length > 0, name)
    for (const resource of found) {
      const at = `${name} ${JSON.stringify(resource)}`
      for (const attribute of ['id', 'href', ...required]) {
        t.true(Object.hasOwn(resource, attribute), `${attribute} of ${at}`)
      }
      t.is(resource.href, `${BASE}/${name}/${String(resource.id)}`)
      if (name === 'bucket') t.true(BUCKET_STATUS.includes(String(resource.status)), at)
      else if (name !== 'accumulatedBalance')
        t.true(ACTION_STATUS.includes(String(resource.status)), at)
      if (resource.usageType !== undefined)
        t.true(USAGE_TYPES.includes(String(resource.usageType)), at)
      for (const attribute of LISTS) {
        const isOne = name === 'accumulatedBalance' && attribute === 'logicalResource'
        if (resource[attribute] !== undefined)
          t.is(Array.isArray(resource[attribute]), !isOne, `${attribute} of ${at}`)
      }
      for (const attribute of REFERENCES) {
        const references = [resource[attribute] ?? []].flat() as unknown as readonly Resource[]
        for (const { id } of references) t.is(typeof id, 'string', `${attribute} of ${at}`)
      }
      for (const attribute of ['amount', 'remainingValue', 'reservedValue', 'totalBalance']) {
        const quantity = resource[attribute] as Resource | undefined
        if (!quantity) continue
        t.is(typeof quantity.amount, 'number', `${attribute} of ${at}`)
        t.is(typeof quantity.units, 'string', `${attribute} of ${at}`)
      }
      const cost = resource.transferCost as Resource | undefined
      if (cost) t.deepEqual(Object.keys(cost), ['unit', 'value'])
      for (const attribute of ['requestedDate', 'confirmationDate']) {
        if (resource[attribute] !== undefined)
          t.is(new Date(String(resource[attribute])).toISOString(), resource[attribute] as string)
      }
    }
  }
  // A list of no lots still has a bucket: minItems is 1 there.
  const { body } = await api.call(`GET ${BASE}/accumulatedBalance`)
  for (const { bucket } of body as unknown as readonly { bucket: object[] }[]) {
    t.true(bucket.length > 0)
  }
})

test('every operation of TMF654 is there, and no other of its paths', async (t) => {
  const api = await createApi(t)
  const { body } = await api.call('GET /openapi.json')
  const paths = body.paths as Readonly<Record<string, object>>
  const found = Object.entries(paths)
    .filter(([path]) => path.startsWith(`${BASE}/`))
    .map(([path, methods]) => [path.slice(BASE.length), Object.keys(methods).toSorted()])
  t.deepEqual(Object.fromEntries(found), OPERATIONS)
})

test('an account without a lot has an accumulated balance of nothing', async (t) => {
  const api = await createApi(t)
  const { msisdn } = await api.operator.openAccount()
  const { body } = await api.call(`GET ${BASE}/accumulatedBalance/${msisdn}-data`)
  t.like(body, { bucket: [{ id: 'auto' }], totalBalance: { amount: 0, units: 'B' } })
})

test('events have the envelope of TMF654, and the resource under its name', async (t) => {
  const api = await createApi(t)
  await api.call(`POST ${BASE}/hub`, { body: { callback: 'http://127.0.0.1:1/' } })
  await actions(api)
  const { eventJson } = await import('../../../src/http/events/event-json.ts')
  const told: Resource[] = []
  await api.operator.events.deliverDue(async ({ event }) => {
    told.push(JSON.parse(JSON.stringify(eventJson(api.operator, event))) as Resource)
  })
  const types = [
    'TopupBalanceCreateEvent',
    'AdjustBalanceCreateEvent',
    'AdjustBalanceFailureEvent',
    'ReserveBalanceCreateEvent',
    'TransferBalanceCreateEvent',
  ]
  t.deepEqual(
    told.map(({ eventType }) => eventType).filter((type) => types.includes(String(type))),
    types,
  )
  for (const { eventId, eventTime, eventType, event } of told) {
    if (!types.includes(String(eventType))) continue
    t.is(typeof eventId, 'string')
    t.is(new Date(String(eventTime)).toISOString(), eventTime as string)
    const name = String(eventType).replace(
      /^(.)(.*?)(?:Create|Failure)Event$/,
      (_, first, rest) => {
        return `${String(first).toLowerCase()}${String(rest)}`
      },
    )
    const resource = (event as Readonly<Record<string, Resource>>)[name]
    t.deepEqual(Object.keys(event as object), [name])
    for (const attribute of REQUIRED[name] ?? ['none']) {
      t.true(Object.hasOwn(resource ?? {}, attribute), `${attribute} of ${name}`)
    }
  }
})
