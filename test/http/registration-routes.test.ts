import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { fromHex, toHex } from '../../src/base/octets.ts'
import { deriveHresStar, deriveResStar } from '../../src/crypto/key-derivation.ts'
import { akaFunctions, makeAuts, openAutn } from '../../src/crypto/aka.ts'
import { createOperatorApp } from '../../src/http/operator-app.ts'
import { registrationRoutes } from '../../src/http/registration-routes.ts'
import { sbiRoutes } from '../../src/http/sbi-routes.ts'
import { usimOf } from '../helpers/usim.ts'
import { createBench, type Bench } from '../operator/helper.ts'

const TOKEN = 'a-token-for-tests'
const NETWORK = '5G:mnc001.mcc001.3gppnetwork.org'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

interface Api extends Bench {
  call(method: string, path: string, body?: unknown): Promise<Answer>
}

async function createApi(t: ExecutionContext): Promise<Api> {
  const bench = await createBench(t)
  const { operator } = bench
  const routes = [...registrationRoutes(operator), ...sbiRoutes(operator.network)]
  const app = createOperatorApp({ operator, token: TOKEN, routes })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...bench,
    async call(method, path, body) {
      const response = await fetch(new URL(path, url), {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const { status, headers } = response
      return { status, headers, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) }
    },
  }
}

function octets(value: unknown): Uint8Array {
  const found = typeof value === 'string' && value !== '' ? fromHex(value) : undefined
  if (!found) throw new RangeError(`not hexadecimal: ${String(value)}`)
  return found
}

async function subscriberOf({ operator, subscriber }: Bench) {
  const msisdn = await subscriber()
  const { imsi, iccid, ki, opc } = operator.inventoryItem({ msisdn })!
  const functions = akaFunctions({ kind: 'milenage', k: ki, opc, resOctets: 8 })
  return { msisdn, imsi, iccid, functions, usim: usimOf(operator, { msisdn }) }
}

test('a phone registers, is listed, and leaves, all over HTTP', async (t) => {
  const api = await createApi(t)
  const { imsi, iccid, msisdn, usim } = await subscriberOf(api)
  const identity = `suci-0-001-01-0-0-0-${imsi.slice(5)}`
  const challenge = await api.call('POST', '/api/registrations', { system: '5GS', identity })
  t.is(challenge.status, 201)
  const { registrationId, servingNetworkName } = challenge.body
  t.is(challenge.headers.get('location'), `/api/registrations/${String(registrationId)}`)
  const given = usim.answer('5GS', {
    message: 'authenticationRequest',
    registrationId: String(registrationId),
    servingNetworkName: String(servingNetworkName),
    rand: octets(challenge.body.rand),
    autn: octets(challenge.body.autn),
  })
  const res = given.message === 'authenticationResponse' ? toHex(given.res) : ''
  const answers = `/api/registrations/${String(registrationId)}/answers`
  const accepted = await api.call('POST', answers, { message: given.message, res })
  t.is(accepted.status, 200)
  t.like(accepted.body, { message: 'registrationAccept', registrationId, supi: `imsi-${imsi}` })
  const again = await api.call('POST', answers, { message: given.message, res })
  t.is(again.status, 404)
  t.like(again.body, { reason: 'registrationUnknown' })

  const listed = [{ registrationId, supi: `imsi-${imsi}`, iccid, msisdn, system: '5GS' }]
  for (const query of ['', `?iccid=${iccid}`]) {
    const { body } = await api.call('GET', `/api/registrations${query}`)
    t.like(body, { registrations: listed })
  }
  const other = await api.call('GET', '/api/registrations?iccid=8900101000000009999')
  t.deepEqual(other.body, { registrations: [] })
  for (let times = 0; times < 2; times++) {
    const left = await api.call('DELETE', `/api/registrations/${String(registrationId)}`)
    t.is(left.status, 204)
  }
  t.deepEqual((await api.call('GET', '/api/registrations')).body, { registrations: [] })
})

test('attached subscribers are given out page by page', async (t) => {
  const api = await createApi(t)
  for (let count = 0; count < 3; count++) await api.subscriber('attached')
  const first = await api.call('GET', '/api/registrations?limit=2')
  t.is((first.body.registrations as unknown[]).length, 2)
  const rest = await api.call('GET', `/api/registrations?after=${String(first.body.next)}`)
  t.is((rest.body.registrations as unknown[]).length, 1)
  t.is(rest.body.next, undefined)
})

for (const [path, body, field] of [
  ['', {}, 'system'],
  ['', { system: 'GSM', identity: 'imsi-1' }, 'system'],
  ['', { system: '5GS' }, 'identity'],
  ['', { system: '5GS', identity: 5 }, 'identity'],
  ['', { system: '5GS', identity: 'x'.repeat(2000) }, 'identity'],
  ['', { system: '5GS', identity: 'x', surprise: 1 }, 'surprise'],
  ['', [], undefined],
  ['/1/answers', {}, 'message'],
  ['/1/answers', { message: 'authenticationResponse' }, 'res'],
  ['/1/answers', { message: 'authenticationResponse', res: 'xy' }, 'res'],
  ['/1/answers', { message: 'authenticationResponse', res: '00'.repeat(65) }, 'res'],
  ['/1/answers', { message: 'authenticationFailure' }, 'cause'],
  ['/1/answers', { message: 'authenticationFailure', cause: 'synchFailure' }, 'auts'],
] as const) {
  test(`refuses ${JSON.stringify(body).slice(0, 70)} at /api/registrations${path}, naming ${field ?? 'the body'}`, async (t) => {
    const { call } = await createApi(t)
    const { status, body: problem } = await call('POST', `/api/registrations${path}`, body)
    t.is(status, 400)
    t.is(problem.field, field)
  })
}

test('a rejected registration is an answer, with its cause', async (t) => {
  const { call } = await createApi(t)
  const identity = 'imsi-001019999999999'
  const { status, body } = await call('POST', '/api/registrations', { system: 'EPS', identity })
  t.is(status, 200)
  t.like(body, { message: 'registrationReject', cause: 'illegalUe' })
})

test('the public keys for SUCIs are given out, and no private ones', async (t) => {
  const { call } = await createApi(t)
  const { body } = await call('GET', '/api/suci-keys')
  t.deepEqual(
    (body.keys as { id: number; profile: string; publicKey: string }[]).map((key) => [
      key.id,
      key.profile,
      key.publicKey.length,
      Object.keys(key).length,
    ]),
    [
      [1, 'profileA', 64, 3],
      [2, 'profileB', 66, 3],
    ],
  )
})

const AUTH_DATA = (id: string) => `/nudm-ueau/v1/${id}/security-information/generate-auth-data`
const EPS_AV = (id: string) => `/nudm-ueau/v1/${id}/hss-security-information/eps-aka/generate-av`
const REQUEST = {
  servingNetworkName: NETWORK,
  ausfInstanceId: '00000000-0000-4000-8000-000000000000',
}
const EPS_REQUEST = {
  hssAuthType: 'EPS_AKA',
  numOfRequestedVectors: 1,
  servingNetworkId: { mcc: '001', mnc: '01' },
}

test('Nudm GenerateAuthData answers a 5G HE AV, for a SUPI and for a SUCI', async (t) => {
  const api = await createApi(t)
  const { imsi, functions } = await subscriberOf(api)
  for (const id of [`imsi-${imsi}`, `suci-0-001-01-0-0-0-${imsi.slice(5)}`]) {
    const { status, body } = await api.call('POST', AUTH_DATA(id), { ...REQUEST, laterField: 1 })
    t.is(status, 200)
    t.like(body, { authType: '5G_AKA', supi: `imsi-${imsi}` })
    const vector = body.authenticationVector as Record<string, string>
    t.is(vector.avType, '5G_HE_AKA')
    t.is(octets(vector.kausf).length, 32)
    const rand = octets(vector.rand)
    const { macOk, res, ck, ik } = openAutn({ functions, rand, autn: octets(vector.autn) })
    t.true(macOk)
    const expected = deriveResStar({ ck, ik, servingNetworkName: NETWORK, rand, res })
    t.deepEqual(Uint8Array.from(octets(vector.xresStar)), Uint8Array.from(expected))
  }
})

test('Nudm GenerateAuthData resynchronises, and believes no other AUTS', async (t) => {
  const api = await createApi(t)
  const { imsi, functions } = await subscriberOf(api)
  const rand = new Uint8Array(16).fill(9)
  const auts = makeAuts({ functions, rand, sqn: 7777n << 5n })
  const ask = (info: object) =>
    api.call('POST', AUTH_DATA(`imsi-${imsi}`), { ...REQUEST, resynchronizationInfo: info })
  const { body } = await ask({ rand: toHex(rand), auts: toHex(auts) })
  const vector = body.authenticationVector as Record<string, string>
  const opened = openAutn({ functions, rand: octets(vector.rand), autn: octets(vector.autn) })
  t.is(opened.sqn >> 5n, 7778n)
  const wrong = await ask({ rand: '00'.repeat(16), auts: toHex(auts) })
  t.is(wrong.status, 403)
  t.is(wrong.body.cause, 'AUTHENTICATION_REJECTED')
  const short = await ask({ rand: toHex(rand), auts: '00' })
  t.is(short.status, 400)
  t.like(short.body, { cause: 'MANDATORY_IE_INCORRECT' })
})

test('Nudm GenerateAv answers as many EPS AVs as are asked for', async (t) => {
  const api = await createApi(t)
  const { imsi, functions } = await subscriberOf(api)
  const request = { ...EPS_REQUEST, numOfRequestedVectors: 5 }
  const { status, body } = await api.call('POST', EPS_AV(`imsi-${imsi}`), request)
  t.is(status, 200)
  const vectors = body.hssAuthenticationVectors as Record<string, string>[]
  t.is(vectors.length, 5)
  for (const { avType, rand, autn, xres, kasme } of vectors) {
    t.is(avType, 'EPS_AKA')
    const { macOk, res } = openAutn({ functions, rand: octets(rand), autn: octets(autn) })
    t.true(macOk)
    t.is(xres, toHex(res).toLowerCase())
    t.is(octets(kasme).length, 32)
  }
})

for (const [path, body, status, cause] of [
  [AUTH_DATA('imsi-001019999999999'), REQUEST, 404, 'USER_NOT_FOUND'],
  [AUTH_DATA('nobody'), REQUEST, 400, 'MANDATORY_IE_INCORRECT'],
  [AUTH_DATA('suci-0-001-01-0-3-1-00'), REQUEST, 501, 'UNSUPPORTED_PROTECTION_SCHEME'],
  [AUTH_DATA('suci-0-001-01-0-1-9-00'), REQUEST, 403, 'INVALID_HN_PUBLIC_KEY_IDENTIFIER'],
  [AUTH_DATA('suci-0-001-01-0-1-1-00'), REQUEST, 403, 'INVALID_SCHEME_OUTPUT'],
  [AUTH_DATA('imsi-001010000000001'), {}, 400, 'MANDATORY_IE_MISSING'],
  [EPS_AV('imsi-001019999999999'), EPS_REQUEST, 404, 'USER_NOT_FOUND'],
  [
    EPS_AV('imsi-001010000000001'),
    { ...EPS_REQUEST, numOfRequestedVectors: 6 },
    400,
    'MANDATORY_IE_INCORRECT',
  ],
  [
    EPS_AV('imsi-001010000000001'),
    { ...EPS_REQUEST, hssAuthType: 'GBA_AKA' },
    400,
    'MANDATORY_IE_INCORRECT',
  ],
  [
    '/nausf-auth/v1/ue-authentications',
    { supiOrSuci: 'imsi-001019999999999', servingNetworkName: NETWORK },
    404,
    'USER_NOT_FOUND',
  ],
  [
    '/nausf-auth/v1/ue-authentications',
    { supiOrSuci: 'imsi-001010000000001', servingNetworkName: 'nowhere' },
    400,
    'MANDATORY_IE_INCORRECT',
  ],
] as const) {
  test(`${path} answers ${JSON.stringify(body).slice(0, 60)} with ${status} ${cause}`, async (t) => {
    const { call } = await createApi(t)
    const answer = await call('POST', path, body)
    t.is(answer.status, status)
    t.like(answer.body, { status, cause })
    t.regex(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  })
}

test('Nausf authenticates with 5G AKA and confirms RES*, once', async (t) => {
  const api = await createApi(t)
  const { imsi, functions } = await subscriberOf(api)
  const begin = () =>
    api.call('POST', '/nausf-auth/v1/ue-authentications', {
      supiOrSuci: `suci-0-001-01-0-0-0-${imsi.slice(5)}`,
      servingNetworkName: NETWORK,
    })
  const begun = await begin()
  t.is(begun.status, 201)
  t.regex(begun.headers.get('content-type') ?? '', /^application\/3gpphal\+json/i)
  t.like(begun.body, { authType: '5G_AKA', servingNetworkName: NETWORK })
  const data = begun.body['5gAuthData'] as Record<string, string>
  const rand = octets(data.rand)
  const { res, ck, ik } = openAutn({ functions, rand, autn: octets(data.autn) })
  const resStar = deriveResStar({ ck, ik, servingNetworkName: NETWORK, rand, res })
  t.is(data.hxresStar, toHex(deriveHresStar({ rand, resStar })).toLowerCase())
  const confirmed = await api.call('PUT', hrefOf(begun), { resStar: toHex(resStar) })
  t.like(confirmed.body, { authResult: 'AUTHENTICATION_SUCCESS', supi: `imsi-${imsi}` })
  t.is(octets(confirmed.body.kseaf).length, 32)
  const again = await api.call('PUT', hrefOf(begun), { resStar: toHex(resStar) })
  t.is(again.status, 404)
  t.is(again.body.cause, 'CONTEXT_NOT_FOUND')
  for (const wrong of [null, '00'.repeat(16)]) {
    const answer = await api.call('PUT', hrefOf(await begin()), { resStar: wrong })
    t.deepEqual(answer.body, { authResult: 'AUTHENTICATION_FAILURE' })
  }
})

function hrefOf(answer: Answer): string {
  return (answer.body['_links'] as { '5g-aka': { href: string } })['5g-aka'].href
}
