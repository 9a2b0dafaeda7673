/** Amounts that are none, at every door to the books: each is refused in the words of that door, and nothing moves. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { chargingRoutes } from '../../src/http/charging-routes.ts'
import { createOperatorApp } from '../../src/http/operator-app.ts'
import { loadOperatorFile } from '../../src/operator/operator-file.ts'
import type { GiftingRules } from '../../src/operator/rules/types.ts'
import { createBench, type Bench } from '../operator/helper.ts'

const TOKEN = 'a-token-for-tests'
const TMF = '/tmf-api/prepayBalanceManagement/v4'
const CHARGING = '/nchf-convergedcharging/v3/chargingdata'

/** As they stand in JSON: what no door takes, whatever its unit. */
const NEVER = [
  '1e400',
  '-1e400',
  '1e30',
  '18446744073709551616',
  '"1e3"',
  '"-1"',
  '"0x10"',
  '" 5"',
  '"+5"',
  '"٥"',
  '"5GB"',
  '"NaN"',
  '"Infinity"',
  '"99999999999999999999999999"',
  '""',
  'null',
  'true',
  '[]',
  '[5]',
  '{}',
]
/** Besides, where bytes are counted and none are taken away. */
const NO_BYTES = [
  '-1',
  '-0.5',
  '0.5',
  '1e-9',
  '9007199254740992',
  '9007199254740993',
  '1125899906842625',
  '"1125899906842625"',
]

interface Door {
  readonly name: string
  readonly path: string
  /** JSON, with @ where the amount goes. */
  body(of: Numbers): string
  readonly more?: readonly string[]
  /** An amount that is taken; 1 unless told. */
  readonly good?: string
  /** Of a unit that is none: no amount is taken. */
  readonly isNone?: boolean
}

interface Numbers {
  readonly from: string
  readonly to: string
}

const tmf = (
  name: string,
  of: { units: string; usageType?: string; more?: readonly string[]; isNone?: boolean },
): Door => ({
  name: `${name} in ${of.units}`,
  path: `${TMF}/${name}`,
  body: ({ from, to }) =>
    JSON.stringify({
      usageType: of.usageType ?? 'data',
      amount: { amount: '@', units: of.units },
      bucket: { id: 'auto' },
      ...(name === 'transferBalance'
        ? {
            reason: 'gift',
            channel: { id: 'api' },
            receiverBucketUsageType: 'data',
            receiverBucket: { id: 'auto' },
            logicalResource: [{ id: from }],
            receiverLogicalResource: { id: to },
          }
        : { partyAccount: { id: from } }),
    }).replace('"@"', '@'),
  more: of.more ?? [],
  isNone: of.isNone ?? false,
})

const bytes = (name: string, path: string, body: Door['body']): Door => ({
  name,
  path,
  body,
  more: NO_BYTES,
})

const DOORS: readonly Door[] = [
  bytes('a gift', '/api/gifts', (of) => `{"from":"${of.from}","to":"${of.to}","amountBytes":@}`),
  bytes('a code', '/api/gift-codes', (of) => `{"from":"${of.from}","amountBytes":@}`),
  bytes('a question', '/api/asks', (of) => `{"from":"${of.from}","to":"${of.to}","amountBytes":@}`),
  bytes('usage', '/api/usage', (of) => `{"msisdn":"${of.from}","amountBytes":@}`),
  bytes('offload', '/api/offload', (of) => `{"msisdn":"${of.from}","amountBytes":@}`),
  bytes('a top-up', '/api/accounts/@from/top-ups', () => '{"amountMinor":@}'),
  tmf('transferBalance', { units: 'B', more: NO_BYTES }),
  tmf('transferBalance', {
    units: 'GB',
    more: ['-1', '-0.5', '0', '0.0000000001', '21', '1125900'],
  }),
  tmf('transferBalance', { units: 'parsec', more: ['1'], isNone: true }),
  tmf('transferBalance', { units: '', more: ['1'], isNone: true }),
  tmf('reserveBalance', { units: 'B', more: NO_BYTES }),
  tmf('reserveBalance', { units: 'GB', more: ['-1', '-0.5', '0', '0.0000000001', '21'] }),
  tmf('adjustBalance', { units: 'GB', more: ['0', '-21', '0.0000000001', '1125900', '-1125900'] }),
  tmf('adjustBalance', {
    units: 'XTS',
    usageType: 'monetary',
    more: ['0', '-1', '1e15', '0.001', '-1e15'],
  }),
  tmf('topupBalance', { units: 'XTS', usageType: 'monetary', more: ['0', '-1', '1e15', '0.001'] }),
  tmf('topupBalance', { units: 'EUR', usageType: 'monetary', more: ['1'], isNone: true }),
  tmf('topupBalance', { units: 'GB', usageType: 'monetary', more: ['1'], isNone: true }),
]

const OFFERED: GiftingRules = {
  askForData: true,
  claimCodes: { withinHours: 48, endsWithMonth: false },
}

interface Api extends Bench, Numbers {
  post(path: string, text: string): Promise<number>
  /** Everything that an amount could move. */
  books(): unknown
}

async function createApi(t: ExecutionContext): Promise<Api> {
  const file = loadOperatorFile()
  const bench = await createBench(t, {
    file: { ...file, gifting: { ...file.gifting, ...OFFERED } },
  })
  const { operator, store } = bench
  const routes = chargingRoutes(operator.charging)
  const app = createOperatorApp({ operator, token: TOKEN, routes })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [from, to] = [await bench.subscriber('attached'), await bench.subscriber()]
  let keys = 0
  return {
    ...bench,
    from,
    to,
    async post(path, text) {
      const headers = {
        authorization: `Bearer ${TOKEN}`,
        'content-type': 'application/json',
        'idempotency-key': `"${++keys}"`,
      }
      const at = path.replace('@from', from)
      const response = await fetch(url + at, { method: 'POST', headers, body: text })
      await response.text()
      return response.status
    },
    books: () => [
      operator.audit(),
      store.read((db) => db.sql(`SELECT id, money_minor FROM accounts`).all()),
      store.read((db) => db.sql(`SELECT count(*) FROM offloads`).all()),
      store.read((db) => db.sql(`SELECT count(*) FROM gift_asks`).all()),
      store.read((db) => db.sql(`SELECT count(*) FROM gifts`).all()),
    ],
  }
}

for (const door of DOORS) {
  test(`${door.name} of no amount is refused, and nothing moves`, async (t) => {
    const api = await createApi(t)
    const before = api.books()
    for (const amount of [...NEVER, ...(door.more ?? [])]) {
      const status = await api.post(door.path, door.body(api).replace('@', amount))
      t.true(status >= 400 && status < 500, `${amount}: ${status}`)
    }
    t.deepEqual(api.books(), before)
    // And it is the amount that they are refused for.
    if (door.isNone) return
    const status = await api.post(door.path, door.body(api).replace('@', door.good ?? '1'))
    t.true(status < 300, `${status}`)
    t.notDeepEqual(api.books(), before)
  })
}

const head = (sequence: number | string): string =>
  `"nfConsumerIdentification":{"nodeFunctionality":"SMF"},"invocationTimeStamp":"2026-01-15T12:00:00Z","invocationSequenceNumber":${sequence}`

const unit = (of: { used?: string; wanted?: string; local?: string; sequence?: string }) =>
  `{${head(of.sequence ?? 2)},"multipleUnitUsage":[{"ratingGroup":1,"requestedUnit":{"totalVolume":${of.wanted ?? 1}},
      "usedUnitContainer":[{"localSequenceNumber":${of.local ?? 1},"totalVolume":${of.used ?? 1}}]}]}`

test('a charging session reports and asks for whole bytes, and counts by whole numbers', async (t) => {
  const api = await createApi(t)
  const session = await api.operator.charging.create({
    subscriber: `msisdn-${api.from}`,
    by: { msisdn: api.from },
    identity: 'one',
    notifyUri: undefined,
    sequence: 1,
    timestamp: '',
    fingerprint: '',
    units: [],
  })
  const before = api.books()
  for (const amount of [...NEVER, ...NO_BYTES]) {
    for (const wrong of ['used', 'wanted', 'local', 'sequence'] as const) {
      // More than there is may be asked for: less is granted.
      if (wrong === 'wanted' && /^"?\d{16,}"?$/.test(amount)) continue
      const status = await api.post(`${CHARGING}/${session.ref}/update`, unit({ [wrong]: amount }))
      t.is(status, 400, `${wrong} ${amount}`)
    }
  }
  t.deepEqual(api.books(), before)
  t.is(await api.post(`${CHARGING}/${session.ref}/update`, unit({ used: '1125899906842624' })), 200)
  t.like(api.operator.audit(), {
    consumed: 20_000_000_000n,
    overage: 2n ** 50n - 20_000_000_000n,
    faults: [],
  })
})
