import { EventEmitter, once } from 'node:events'
import test from 'ava'
import { idempotencyKeyOf, keysInUse } from '../../../src/http/api/idempotency-key.ts'
import { createApi } from './helper.ts'

for (const [header, key] of [
  ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  [' "a" ', 'a'],
  ['"a";version=1', 'a'],
  ['"a"; for="them \\"all"; twice', 'a'],
  ['"with space"', 'with space'],
  [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
  ['bare-key', 'bare-key'],
  [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
] as const) {
  test(`takes the header ${header.slice(0, 40)}`, (t) => {
    t.is(idempotencyKeyOf(header), key)
  })
}

for (const header of [
  undefined,
  '',
  '""',
  '"open',
  '"a"b"',
  String.raw`"a\b"`,
  '"a" "b"',
  '"a", "b"',
  'a,b',
  'a"b',
  '"a";',
  '"a";version="1',
  'two words',
  '"ключ"',
  `"${'k'.repeat(256)}"`,
]) {
  test(`refuses the header ${String(header).slice(0, 40)} with 400`, (t) => {
    t.throws(() => idempotencyKeyOf(header), { code: 'badInput' } as never)
  })
}

test('answers 400, 200, 422 and 409 as the draft has them', async (t) => {
  const api = await createApi(t)
  const [from, to] = [await api.subscriber(), await api.subscriber()]
  const body = { from, to, amountBytes: 1000 }
  const gift = (key: string | undefined, content: object = body) =>
    api.call('POST /api/gifts', { body: content, ...(key !== undefined && { key }) })
  t.is((await gift(undefined)).status, 400)
  const first = await gift('"one"')
  t.is(first.status, 201)
  const replayed = await gift('one')
  t.is(replayed.status, 201)
  t.is(replayed.headers.get('idempotency-replayed'), 'true')
  t.deepEqual(replayed.body, first.body)
  t.is(replayed.headers.get('location'), first.headers.get('location'))
  const other = await gift('"one"', { ...body, amountBytes: 2000 })
  t.is(other.status, 422)
  t.like(other.body, { type: 'urn:esim-lab:problem:idempotencyKeyReused' })
  const together = await Promise.all([gift('"two"'), gift('"two"'), gift('"two"')])
  const statuses = together.map(({ status }) => status).toSorted()
  t.true(statuses.every((status) => [201, 409].includes(status)))
  const moved = together.filter(({ status, headers }) => {
    return status === 201 && !headers.has('idempotency-replayed')
  })
  t.is(moved.length, 1)
  t.is(api.operator.balance({ msisdn: to }).totalBytes, 20_000_002_000n)
})

test('refuses a second request with a key while the first is under way, and only then', async (t) => {
  const keys = keysInUse()
  const ending = new EventEmitter()
  const first = keys.during('k', () => once(ending, 'end'))
  const refused = await t.throwsAsync(keys.during('k', async () => {}))
  t.like(refused, { code: 'conflict', reason: 'requestInProgress' })
  await keys.during('other', async () => {})
  ending.emit('end')
  await first
  await t.notThrowsAsync(keys.during('k', async () => {}))
})
