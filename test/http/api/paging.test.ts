import test from 'ava'
import { loadOperatorFile } from '../../../src/operator/operator-file.ts'
import { createApi, type Api } from './helper.ts'

/** A list from its first page to its last, two entries at a time. */
async function pages(api: Api, list: { readonly path: string; readonly name: string }) {
  const { path, name } = list
  const found: Record<string, unknown>[][] = []
  let next: unknown
  do {
    const after = next === undefined ? '' : `&after=${encodeURIComponent(String(next))}`
    const { status, body } = await api.call(`GET ${path}limit=2${after}`)
    if (status !== 200) throw new Error(`${path} answers ${status}`)
    found.push(body[name] as Record<string, unknown>[])
    next = body.next
  } while (next !== undefined)
  return found
}

async function subscribers(api: Api, count: number): Promise<readonly string[]> {
  const numbers: string[] = []
  while (numbers.length < count) numbers.push(await api.subscriber())
  return numbers
}

test('suspensions come page by page, and one that ends meanwhile leaves no gap', async (t) => {
  const api = await createApi(t)
  const numbers = await subscribers(api, 5)
  for (const msisdn of numbers) {
    const body = { reason: 'resale' }
    t.is((await api.call(`PUT /api/suspensions/${msisdn}`, { body })).status, 204)
  }
  const list = { path: '/api/suspensions?', name: 'suspensions' }
  const found = await pages(api, list)
  t.deepEqual(
    found.map((page) => page.map(({ msisdn }) => msisdn)),
    [numbers.slice(0, 2), numbers.slice(2, 4), numbers.slice(4)],
  )
  t.false(Object.hasOwn(found[0]?.[0] ?? {}, 'accountId'))
  const first = await api.call('GET /api/suspensions?limit=2')
  await api.call(`DELETE /api/suspensions/${numbers[1]}`)
  const second = await api.call(`GET /api/suspensions?limit=2&after=${String(first.body.next)}`)
  t.like(second.body, { suspensions: [{ msisdn: numbers[2] }, { msisdn: numbers[3] }] })
  t.is((await api.call('GET /api/suspensions?after=here')).status, 400)
})

test('questions come page by page, the oldest first', async (t) => {
  const shipped = loadOperatorFile()
  const file = { ...shipped, gifting: { ...shipped.gifting, askForData: true } }
  const api = await createApi(t, { file })
  const [asked = '', ...askers] = await subscribers(api, 6)
  for (const from of askers) {
    const body = { from, to: asked, amountBytes: 1000 }
    t.is((await api.call('POST /api/asks', { body, key: `"${from}"` })).status, 201)
    api.clock.advance(1000)
  }
  const found = await pages(api, { path: `/api/asks?msisdn=${asked}&side=got&`, name: 'asks' })
  t.deepEqual(
    found.map((page) => page.map(({ from }) => from)),
    [askers.slice(0, 2), askers.slice(2, 4), askers.slice(4)],
  )
})

test('charging sessions come page by page, the newest first', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber('attached')
  for (let sequence = 1; sequence <= 3; sequence++) {
    await api.operator.charging.create({
      by: { msisdn },
      subscriber: `msisdn-${msisdn}`,
      identity: `session ${sequence}`,
      notifyUri: undefined,
      sequence: 1,
      timestamp: api.clock.now().toISOString(),
      units: [],
      fingerprint: '',
    })
    api.clock.advance(1000)
  }
  const path = `/api/accounts/${msisdn}/charging-sessions?`
  const found = await pages(api, { path, name: 'sessions' })
  const opened = found.flat().map(({ openedAt }) => String(openedAt))
  t.deepEqual(
    found.map((page) => page.length),
    [2, 1],
  )
  t.is(new Set(opened).size, 3)
  t.deepEqual(opened, opened.toSorted().toReversed())
})
