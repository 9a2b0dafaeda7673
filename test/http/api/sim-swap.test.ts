import test from 'ava'
import { EID, OTHER_EID } from '../../operator/helper.ts'
import { createApi } from './helper.ts'

test('tells when a subscription came to another card, and when to its first where it is still on that', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const { iccid } = api.operator.account({ msisdn })!
  const phoneNumber = `+${msisdn}`
  const date = () => api.call('POST /sim-swap/v2/retrieve-date', { body: { phoneNumber } })
  const check = (maxAge?: number) =>
    api.call('POST /sim-swap/v2/check', { body: { phoneNumber, ...(maxAge && { maxAge }) } })
  const activation = { latestSimChange: api.clock.now().toISOString() }
  t.deepEqual((await date()).body, activation)
  t.deepEqual((await check()).body, { swapped: false })
  api.clock.advance(3_600_000)
  const event = { iccid, event: 'delete', eid: EID, seqNumber: 9 } as const
  await api.operator.handleProfileEvent(event)
  await api.operator.handleProfileEvent({ ...event, event: 'install', seqNumber: 10 })
  t.deepEqual((await date()).body, activation)
  const moved = { iccid, event: 'install', eid: OTHER_EID, seqNumber: 1 } as const
  await api.operator.handleProfileEvent(moved)
  const changedAt = api.clock.now().toISOString()
  t.deepEqual((await date()).body, { latestSimChange: changedAt })
  t.deepEqual((await check(1)).body, { swapped: true })
  api.clock.advance(2 * 3_600_000)
  t.deepEqual((await check(1)).body, { swapped: false })
  t.deepEqual((await check()).body, { swapped: true })
})

test('tells errors as CAMARA does', async (t) => {
  const api = await createApi(t)
  const msisdn = await api.subscriber()
  const token = await api.signIn(msisdn)
  const check = (body: object, more: object = {}) =>
    api.call('POST /sim-swap/v2/check', { body, ...more })
  const phoneNumber = `+${msisdn}`
  for (const [reply, status, code] of [
    [check({ phoneNumber: msisdn }), 400, 'INVALID_ARGUMENT'],
    [check({ phoneNumber, maxAge: 2401 }), 400, 'OUT_OF_RANGE'],
    [check({ phoneNumber, maxAge: 0 }), 400, 'OUT_OF_RANGE'],
    [check({ phoneNumber, maxAge: 1.5 }), 400, 'INVALID_ARGUMENT'],
    [check({ phoneNumber }, { token: 'wrong' }), 401, 'UNAUTHENTICATED'],
    [check({ phoneNumber: '+99999999999' }), 404, 'IDENTIFIER_NOT_FOUND'],
    [check({}), 422, 'MISSING_IDENTIFIER'],
    [check({ phoneNumber }, { token }), 422, 'UNNECESSARY_IDENTIFIER'],
  ] as const) {
    const { body } = await reply
    t.like(body, { status, code })
  }
  t.deepEqual((await check({}, { token })).body, { swapped: false })
})

test('gives x-correlator back, with answers and with errors, and takes none of another form', async (t) => {
  const api = await createApi(t)
  const headers = { 'x-correlator': 'b4333c46-49c0-4f62-80d7-f0ef930f1c46' }
  const phoneNumber = `+${await api.subscriber()}`
  for (const [call, status] of [
    [{ body: { phoneNumber } }, 200],
    [{ body: {} }, 422],
    [{ body: { phoneNumber }, token: null }, 401],
  ] as const) {
    const reply = await api.call('POST /sim-swap/v2/check', { ...call, headers })
    t.is(reply.status, status)
    t.is(reply.headers.get('x-correlator'), headers['x-correlator'])
  }
  const body = { phoneNumber }
  const wrong = { 'x-correlator': 'with a space' }
  const refused = await api.call('POST /sim-swap/v2/check', { body, headers: wrong })
  t.like(refused, { status: 400, body: { code: 'INVALID_ARGUMENT', status: 400 } })
  t.is(refused.headers.get('x-correlator'), null)
})
