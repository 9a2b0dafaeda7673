import test from 'ava'
import { manualClock } from '../../../src/base/environment.ts'
import { TooManyRequests } from '../../../src/base/errors.ts'
import {
  createRateLimiter,
  RATE_LIMITS,
  requireAdmitted,
} from '../../../src/http/api/rate-limit.ts'
import { createApi, TOKEN } from './helper.ts'

test('refuses a token that calls too often with 429, and serves it again after Retry-After', async (t) => {
  const api = await createApi(t, { rateLimits: { subscriber: 3 } })
  const msisdn = await api.subscriber()
  const token = await api.signIn(msisdn)
  const call = () => api.call('GET /api/accounts', { token })
  for (let calls = 0; calls < 3; calls++) t.is((await call()).status, 200)
  const refused = await call()
  t.is(refused.status, 429)
  t.like(refused.body, { type: 'urn:esim-lab:problem:tooManyRequests', status: 429 })
  const seconds = Number(refused.headers.get('retry-after'))
  t.is(seconds, 20)
  t.is((await api.call('GET /api/accounts', { token: TOKEN })).status, 200)
  api.clock.advance(seconds * 1000)
  t.is((await call()).status, 200)
  t.is((await call()).status, 429)
})

test('every limited answer says which limit it is, what is left, and when it is full again', async (t) => {
  const api = await createApi(t, { rateLimits: { subscriber: 3 } })
  const token = await api.signIn(await api.subscriber())
  const standing = async () => {
    const { headers } = await api.call('GET /api/accounts', { token })
    return [headers.get('ratelimit-policy'), headers.get('ratelimit')]
  }
  t.deepEqual(await standing(), ['"subscriber";q=3;w=60', '"subscriber";r=2;t=20'])
  t.deepEqual(await standing(), ['"subscriber";q=3;w=60', '"subscriber";r=1;t=40'])
  t.deepEqual(await standing(), ['"subscriber";q=3;w=60', '"subscriber";r=0;t=60'])
  t.deepEqual(await standing(), ['"subscriber";q=3;w=60', '"subscriber";r=0;t=60'])
  const ofOperator = await api.call('GET /api/accounts')
  t.is(ofOperator.headers.get('ratelimit'), null)
  const wrong = await api.call('GET /api/accounts', { token: 'wrong' })
  t.is(wrong.headers.get('ratelimit'), '"wrong-token";r=29;t=2')
})

test('a limit fills with real time where the clock of the lab stands still', async (t) => {
  let nowMs = 0
  const rateClock = { nowMs: () => nowMs }
  const api = await createApi(t, { rateLimits: { wrongToken: 1 }, rateClock })
  const status = async () => (await api.call('GET /api/accounts', { token: 'wrong' })).status
  t.deepEqual([await status(), await status()], [401, 429])
  api.clock.advance(3_600_000)
  t.is(await status(), 429)
  nowMs += 60_000
  t.is(await status(), 401)
})

test('limits those without a token and those with a wrong one by their address', async (t) => {
  const api = await createApi(t, { rateLimits: { anonymous: 2, wrongToken: 2 } })
  const statuses = async (request: string, token: string | null) => [
    (await api.call(request, { token })).status,
    (await api.call(request, { token })).status,
    (await api.call(request, { token })).status,
  ]
  t.deepEqual(await statuses('GET /health', null), [200, 200, 429])
  t.deepEqual(await statuses('GET /api/accounts', 'wrong'), [401, 401, 429])
  t.is((await api.call('GET /api/accounts')).status, 200)
})

test('a clock that is set back neither fills nor blocks a bucket', (t) => {
  const clock = manualClock(new Date('2026-01-15T12:00:00Z'))
  const limiter = createRateLimiter(clock, { ...RATE_LIMITS, anonymous: 60 })
  const admit = () => {
    const standing = limiter.count({ role: 'anonymous' }, '127.0.0.1')
    if (standing) requireAdmitted(standing)
  }
  for (let calls = 0; calls < 60; calls++) admit()
  clock.advance(-3_600_000)
  t.throws(admit, { instanceOf: TooManyRequests })
  clock.advance(1000)
  t.notThrows(admit)
  t.throws(admit, { instanceOf: TooManyRequests })
})
