/** Whatever takes a key is answered again as before, and done once: also later, when accounts have moved on. */

import test from 'ava'
import { createApi, type Api } from './helper.ts'

const TMF = '/tmf-api/prepayBalanceManagement/v4'

interface Asked {
  readonly name: string
  readonly path: string
  readonly body: object
  readonly status: number
}

function tmf(
  name: string,
  of: {
    readonly msisdn: string
    readonly amount: object
    readonly status: number
    readonly more?: object
  },
): Asked {
  const { msisdn, amount, status, more } = of
  const body = {
    usageType: 'data',
    bucket: { id: 'auto' },
    partyAccount: { id: msisdn },
    amount,
    ...more,
  }
  return { name: `${name} ${status}`, path: `${TMF}/${name}`, body, status }
}

const gb = (amount: number) => ({ amount, units: 'GB' })
const money = (amount: number) => ({ amount, units: 'XTS' })

/** Requests that are done, and requests that are refused by a rule, of every kind. */
function everything(of: { readonly from: string; readonly to: string }): readonly Asked[] {
  const { from: msisdn, from, to } = of
  const xts = { usageType: 'monetary' }
  const gift = {
    reason: 'gift',
    channel: { id: 'api' },
    receiverBucketUsageType: 'data',
    receiverBucket: { id: 'auto' },
    logicalResource: [{ id: from }],
    receiverLogicalResource: { id: to },
  }
  const account = `/api/accounts/${msisdn}`
  const [much, some] = [2 ** 50, 1000]
  return [
    { name: 'a gift', path: '/api/gifts', body: { from, to, amountBytes: some }, status: 201 },
    {
      name: 'a refused gift',
      path: '/api/gifts',
      body: { from, to, amountBytes: much },
      status: 422,
    },
    {
      name: 'a gift to oneself',
      path: '/api/gifts',
      body: { from, to: from, amountBytes: 1 },
      status: 422,
    },
    { name: 'a code', path: '/api/gift-codes', body: { from, amountBytes: some }, status: 201 },
    { name: 'usage', path: '/api/usage', body: { msisdn, amountBytes: some }, status: 201 },
    { name: 'refused usage', path: '/api/usage', body: { msisdn, amountBytes: much }, status: 422 },
    { name: 'a top-up', path: `${account}/top-ups`, body: { amountMinor: 5000 }, status: 201 },
    { name: 'a package', path: `${account}/purchases`, body: { packageId: 'lab-5' }, status: 201 },
    { name: 'no extension', path: `${account}/extensions`, body: { lotId: 1 }, status: 422 },
    tmf('transferBalance', { msisdn, amount: gb(1), more: gift, status: 201 }),
    tmf('transferBalance', { msisdn, amount: gb(1000), more: gift, status: 422 }),
    tmf('topupBalance', { msisdn, amount: money(10), more: xts, status: 201 }),
    tmf('adjustBalance', { msisdn, amount: money(-1), more: xts, status: 201 }),
    tmf('adjustBalance', { msisdn, amount: money(-1e6), more: xts, status: 422 }),
    tmf('adjustBalance', { msisdn, amount: gb(2), status: 201 }),
    tmf('adjustBalance', { msisdn, amount: gb(-1000), status: 422 }),
    tmf('reserveBalance', { msisdn, amount: gb(1), status: 201 }),
    tmf('reserveBalance', { msisdn, amount: gb(1000), status: 422 }),
  ]
}

/** How long each journal is, and what it comes to. */
function books({ operator, store }: Api): unknown {
  const journals = ['transfers', 'postings', 'gifts', 'money_transfers', 'gift_requests', 'holds']
  const rows = [...journals, 'balance_actions', 'idempotency_keys', 'messages'].map((table) =>
    store.read((db) => db.sql(`SELECT count(*) AS rows FROM ${table}`).get()),
  )
  return [rows, operator.audit()]
}

test('each request that is sent again has an equal answer, and the journals stay as long as they were', async (t) => {
  const api = await createApi(t)
  const [from, to] = [await api.subscriber('attached'), await api.subscriber()]
  const asked = everything({ from, to })
  const first = []
  for (const [at, { path, body, status, name }] of asked.entries()) {
    const reply = await api.call(`POST ${path}`, { body, key: `"k${at}"` })
    t.is(reply.status, status, `${name}: ${JSON.stringify(reply.body)}`)
    first.push(reply)
  }
  for (const laterMs of [0, 3_600_000, 86_400_000]) {
    // Accounts move on meanwhile.
    api.clock.advance(laterMs)
    await api.operator.useData({ idempotencyKey: `u${laterMs}`, msisdn: from, amountBytes: 7n })
    const before = books(api)
    for (const [at, { path, body, name }] of asked.entries()) {
      const again = await api.call(`POST ${path}`, { body, key: `"k${at}"` })
      t.deepEqual(again.body, first[at]?.body as never, name)
      t.is(again.headers.get('idempotency-replayed'), 'true', name)
    }
    t.deepEqual(books(api), before)
  }
  for (const [at, { path, body, name }] of asked.entries()) {
    const other = {
      ...body,
      ...('amount' in body
        ? { reason: 'other' }
        : { from: to, msisdn: to, amountMinor: 7, packageId: 'lab-1', lotId: 7 }),
    }
    const before = books(api)
    const reply = await api.call(`POST ${path}`, { body: other, key: `"k${at}"` })
    t.true([400, 422].includes(reply.status), `${name} ${reply.status}`)
    t.deepEqual(books(api), before, name)
  }
})
