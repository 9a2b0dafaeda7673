import test, { type ExecutionContext } from 'ava'
import { createLab } from '../../src/index.ts'

interface Page {
  readonly orders: readonly { readonly iccid: string; readonly state: string }[]
  readonly next?: string
}

/** A served lab, and a way to ask its operator's listener. */
async function served(t: ExecutionContext) {
  const lab = await createLab({ startAt: new Date('2026-03-01T00:00:00Z') })
  t.teardown(() => lab.close())
  const { operatorUrl, token } = await lab.listen()
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const ask = async (path: string, init: { method?: string; body?: string } = {}) => {
    const response = await fetch(`${operatorUrl}${path}`, { headers, ...init })
    return { status: response.status, json: (await response.json()) as Record<string, unknown> }
  }
  return { lab, ask }
}

test('orders in one step, and lists orders page by page', async (t) => {
  const { ask } = await served(t)
  for (let count = 0; count < 3; count++) {
    t.is((await ask('/api/orders', { method: 'POST', body: '{}' })).status, 201)
  }
  const first = (await ask('/api/orders?limit=2')).json as unknown as Page
  t.is(first.orders.length, 2)
  t.is(first.next, first.orders[1]?.iccid)
  const second = (await ask(`/api/orders?limit=2&after=${first.next}`)).json as unknown as Page
  t.deepEqual(
    second.orders.map(({ state }) => state),
    ['Released'],
  )
  t.is(second.next, undefined)
})

for (const [title, path, field] of [
  ['a page of none', '/api/orders?limit=0', 'limit'],
  ['a page without end', '/api/orders?limit=501', 'limit'],
  ['a page after what is no ICCID', '/api/orders?after=x', 'after'],
] as const) {
  test(`refuses ${title}, naming the field`, async (t) => {
    const { ask } = await served(t)
    const { status, json } = await ask(path)
    t.is(status, 400)
    t.is(json.field, field)
  })
}

for (const [title, body, field] of [
  ['an unknown field', '{"colour":"red"}', 'colour'],
  ['a field of another type', '{"release":"yes"}', 'release'],
  ['an EID that is none', '{"eid":"12"}', 'eid'],
] as const) {
  test(`refuses an order with ${title}`, async (t) => {
    const { lab, ask } = await served(t)
    const { status, json } = await ask('/api/orders', { method: 'POST', body })
    t.is(status, 400)
    t.is(json.field, field)
    t.deepEqual(lab.smdp.orders({ limit: 10 }), [])
  })
}

test('a refusal of ES2+ keeps its code', async (t) => {
  const { ask } = await served(t)
  const body = JSON.stringify({ profileType: 'gold' })
  const { status, json } = await ask('/api/orders', { method: 'POST', body })
  t.is(status, 422)
  t.is(json.reason, '8.2.5/3.9')
})

test('ES2+ words its own errors, also for a body that is no JSON', async (t) => {
  const { ask } = await served(t)
  const path = '/gsma/rsp2/es2plus/downloadOrder'
  const { status, json } = await ask(path, { method: 'POST', body: 'no JSON' })
  t.is(status, 400)
  t.like(json, {
    header: { functionExecutionStatus: { statusCodeData: { subjectCode: '1.3.1' } } },
  })
})

test('makes eUICCs by name, the same one for the same name', async (t) => {
  const { ask } = await served(t)
  const make = (name: string) =>
    ask('/api/euiccs', { method: 'POST', body: JSON.stringify({ name }) })
  const first = await make('p1')
  t.is(first.status, 201)
  t.is((await make('p1')).json.eid, first.json.eid)
  t.not((await make('p2')).json.eid, first.json.eid)
  t.is((await make('P 1')).json.field, 'name')
  const chosen = { name: 'p3', eid: '89049032000000000000000000000012' }
  const body = JSON.stringify(chosen)
  t.is((await ask('/api/euiccs', { method: 'POST', body })).json.eid, chosen.eid)
  for (const eid of ['35'.repeat(16), '89049032']) {
    const foreign = JSON.stringify({ ...chosen, eid })
    const refused = await ask('/api/euiccs', { method: 'POST', body: foreign })
    t.is(refused.status, 400)
    t.is(refused.json.field, 'eid')
  }
})
