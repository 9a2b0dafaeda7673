import test from 'ava'
import { createApi, type Api } from './helper.ts'

const BASE = '/tmf-api/prepayBalanceManagement/v4'

interface Entry {
  readonly id: string
  readonly status: string
  readonly [attribute: string]: unknown
}

async function list(api: Api, path: string, token?: string) {
  const { status, headers, body } = await api.call(`GET ${BASE}/${path}`, token ? { token } : {})
  const entries = (Array.isArray(body) ? body : []) as readonly Entry[]
  const count = (name: string): number => Number(headers.get(name))
  return { status, entries, total: count('x-total-count'), shown: count('x-result-count'), body }
}

async function topUp(api: Api, of: { readonly msisdn: string; readonly key: string }) {
  const { msisdn, key } = of
  const { code } = api.operator.fileOf({ msisdn }).currency
  const { body } = await api.call(`POST ${BASE}/topupBalance`, {
    key: `"${key}"`,
    body: {
      usageType: 'monetary',
      amount: { amount: 10, units: code },
      bucket: { id: 'auto' },
      partyAccount: { id: msisdn },
      reason: key,
    },
  })
  return String(body.id)
}

test('lists come in pages with how many there are, of one subscriber and of all', async (t) => {
  const api = await createApi(t)
  const [one, other] = [await api.subscriber(), await api.subscriber()]
  for (const key of ['1', '2', '3']) await topUp(api, { msisdn: one, key })
  await topUp(api, { msisdn: other, key: '4' })
  t.like(await list(api, 'topupBalance'), { status: 200, total: 4, shown: 4 })
  const mine = await list(api, `topupBalance?logicalResource.id=${one}&offset=1&limit=1`)
  t.like(mine, { total: 3, shown: 1, entries: [{ reason: '2' }] })
  t.like(await list(api, 'balanceActionHistory?offset=3'), { total: 4, shown: 1 })
  for (const name of ['bucket', 'accumulatedBalance']) {
    const all = await list(api, name)
    const ofOne = await list(api, `${name}?logicalResource.id=${one}`)
    t.is(all.total, 2 * ofOne.total)
    t.true(ofOne.total > 0)
  }
  const token = await api.signIn(other)
  t.like(await list(api, 'topupBalance', token), { total: 1 })
  t.is((await list(api, `topupBalance?logicalResource.id=${one}`, token)).status, 403)
  t.is((await list(api, `topupBalance?partyAccount.id=${one}`, token)).status, 403)
})

test('attributes filter: equal, any of several, within, compared', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const first = await topUp(api, { msisdn, key: 'first' })
  api.clock.advance(3_600_000)
  const second = await topUp(api, { msisdn, key: 'second' })
  t.is((await api.call(`DELETE ${BASE}/topupBalance/${first}`)).status, 204)
  const since = encodeURIComponent(new Date(api.clock.nowMs() - 1000).toISOString())
  for (const [filter, found] of [
    ['status=cancelled', [first]],
    ['status=completed', [second]],
    ['status=completed,cancelled', [second, first]],
    ['status=completed&status=cancelled', [second, first]],
    ['status.ne=cancelled', [second]],
    ['usageType=data', []],
    ['amount.amount=10', [second, first]],
    ['amount.amount.gt=10', []],
    ['amount.amount.gte=10&reason=second', [second]],
    [`requestedDate.gte=${since}`, [second]],
    [`requestedDate.lt=${since}`, [first]],
    ['requestedDate.gt=2100-01-01', []],
    [`partyAccount.id=%2B${msisdn}`, [second, first]],
    ['description=nothing', []],
  ] as const) {
    const { entries, total, shown } = await list(api, `topupBalance?${filter}`)
    t.deepEqual(
      entries.map(({ id }) => id),
      [...found],
      filter,
    )
    t.is(total, found.length, filter)
    t.is(shown, found.length, filter)
  }
  const paged = await list(api, 'topupBalance?usageType=monetary&limit=1&offset=1')
  t.like(paged, { total: 2, shown: 1, entries: [{ id: first }] })
  const unknown = await list(api, 'topupBalance?colour=red')
  t.is(unknown.status, 400)
  t.like(unknown.body, { code: 'badInput', field: 'colour', status: '400' })
})

test('fields choose what is shown, of lists and of one', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const id = await topUp(api, { msisdn, key: 'first' })
  const { entries } = await list(api, 'topupBalance?fields=status,amount')
  t.deepEqual(
    entries.map((entry) => Object.keys(entry).toSorted()),
    [['amount', 'href', 'id', 'status']],
  )
  const one = await api.call(`GET ${BASE}/topupBalance/${id}?fields=status`)
  t.deepEqual(Object.keys(one.body).toSorted(), ['href', 'id', 'status'])
})
