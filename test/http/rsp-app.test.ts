import { once } from 'node:events'
import { request as requestHttp } from 'node:http'
import { connect } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import express from 'express'
import { createRspApp } from '../../src/http/rsp-app.ts'
import { REQUEST_OCTETS_MAX } from '../../src/http/rsp-body.ts'
import type { Listener } from '../../src/http/listener.ts'
import { ES2PLUS, type Es2Plus } from '../../src/rsp/es2plus.ts'
import { ES9PLUS } from '../../src/rsp/es9plus.ts'
import {
  handleNotificationJson,
  initiateAuthenticationJson,
  serve,
  smallSmdp,
} from './rsp-helper.ts'

const INITIATE = ES9PLUS.initiateAuthentication.path

interface Call {
  readonly path?: string
  readonly text?: string | Uint8Array<ArrayBuffer>
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

function post(listener: Listener, call: Call): Promise<Response> {
  return fetch(`http://127.0.0.1:${listener.port}${call.path ?? INITIATE}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...call.headers },
    body: call.text ?? JSON.stringify(call.json ?? initiateAuthenticationJson),
  })
}

interface Refusal {
  readonly status: number
  readonly code: string
  readonly message?: RegExp
  readonly subjectIdentifier?: string
}

async function refused(t: ExecutionContext, response: Response, expected: Refusal): Promise<void> {
  t.is(response.status, expected.status)
  t.is(response.headers.get('content-type'), 'application/json')
  const { header } = (await response.json()) as {
    header: { functionExecutionStatus: { status: string; statusCodeData: Record<string, string> } }
  }
  const { status, statusCodeData } = header.functionExecutionStatus
  t.is(status, 'Failed')
  t.is(`${statusCodeData['subjectCode']}/${statusCodeData['reasonCode']}`, expected.code)
  t.is(statusCodeData['subjectIdentifier'], expected.subjectIdentifier)
  if (expected.message) t.regex(statusCodeData['message'] ?? '', expected.message)
}

async function stillServes(t: ExecutionContext, listener: Listener): Promise<void> {
  t.is((await post(listener, {})).status, 200, 'it serves no more')
}

test('answers a function with its header and fields, and says which version it speaks', async (t) => {
  const response = await post(await serve(t), {})
  t.is(response.status, 200)
  t.is(response.headers.get('content-type'), 'application/json')
  t.is(response.headers.get('x-admin-protocol'), 'gsma/rsp/v2.5.0')
  for (const name of ['etag', 'x-powered-by']) t.is(response.headers.get(name), null)
  t.like(await response.json(), {
    header: { functionExecutionStatus: { status: 'Executed-Success' } },
    transactionId: '0A0B',
    serverCertificate: 'MAA=',
  })
})

test('answers a notification with 204 and nothing more', async (t) => {
  const path = ES9PLUS.handleNotification.path
  const response = await post(await serve(t), { path, json: handleNotificationJson })
  t.is(response.status, 204)
  t.is(response.headers.get('x-admin-protocol'), 'gsma/rsp/v2.5.0')
  t.is(await response.text(), '')
})

test('answers a refusal with 200 and its codes', async (t) => {
  const response = await post(await serve(t), {
    path: ES9PLUS.cancelSession.path,
    json: { transactionId: '0a0b', cancelSessionResponse: 'v0EDgQF/' },
  })
  await refused(t, response, { status: 200, code: '8.10.1/3.9', subjectIdentifier: '0A0B' })
})

test('takes any X-Admin-Protocol, User-Agent and JSON content type, and a query', async (t) => {
  const listener = await serve(t)
  const all = [
    { 'X-Admin-Protocol': 'gsma/rsp/v9.9.9', 'User-Agent': 'curl' },
    { 'Content-Type': 'Application/JSON; charset=utf-8' },
  ]
  for (const headers of all) t.is((await post(listener, { headers })).status, 200)
  t.is((await post(listener, { path: `${INITIATE}?a=b` })).status, 200)
})

const MALFORMED: readonly {
  readonly title: string
  readonly call: Call
  readonly expected: Refusal
}[] = [
  {
    title: 'no JSON',
    call: { text: '{"a":' },
    expected: { status: 400, code: '1.3.1/2.1', message: /not JSON/ },
  },
  {
    title: 'an empty body',
    call: { text: '' },
    expected: { status: 400, code: '1.3.1/2.1', message: /not JSON/ },
  },
  {
    title: 'nesting without end',
    call: { text: '['.repeat(500_000) },
    expected: { status: 400, code: '1.3.1/2.1', message: /not JSON/ },
  },
  {
    title: 'octets that are not UTF-8',
    call: { text: Uint8Array.of(0x7b, 0xff, 0x7d) },
    expected: { status: 400, code: '1.3.1/2.1', message: /UTF-8/ },
  },
  {
    title: 'another content type',
    call: { headers: { 'Content-Type': 'text/plain' } },
    expected: { status: 415, code: '1.3.1/2.1', message: /application\/json/ },
  },
  {
    title: 'a content type that only begins like JSON',
    call: { headers: { 'Content-Type': 'application/jsonp' } },
    expected: { status: 415, code: '1.3.1/2.1' },
  },
  {
    title: 'a compressed body',
    call: { headers: { 'Content-Encoding': 'gzip' } },
    expected: { status: 415, code: '1.3.1/2.1', message: /Content-Encoding/ },
  },
  {
    title: 'a body of more than the limit',
    call: { text: ' '.repeat(REQUEST_OCTETS_MAX + 1) },
    expected: { status: 413, code: '1.3.1/2.1', message: /at most 524288 octets/ },
  },
  {
    title: 'a path of no function',
    call: { path: `${INITIATE}/` },
    expected: { status: 404, code: '1.3.1/2.1', message: /no function/ },
  },
  {
    title: 'a path that objects have',
    call: { path: '/__proto__' },
    expected: { status: 404, code: '1.3.1/2.1' },
  },
  {
    title: 'a JSON array',
    call: { text: '[]' },
    expected: { status: 200, code: '1.3.1/2.1', message: /JSON object/ },
  },
  {
    title: 'JSON null',
    call: { text: 'null' },
    expected: { status: 200, code: '1.3.1/2.1', message: /JSON object/ },
  },
  {
    title: 'a missing field',
    call: { json: { ...initiateAuthenticationJson, smdpAddress: undefined } },
    expected: { status: 200, code: '1.3.1/2.2', subjectIdentifier: 'smdpAddress' },
  },
  {
    title: 'fields that are only inherited',
    call: { text: `{"__proto__":${JSON.stringify(initiateAuthenticationJson)}}` },
    expected: { status: 200, code: '1.3.1/2.2', subjectIdentifier: 'euiccChallenge' },
  },
  {
    title: 'a field of another type',
    call: { json: { ...initiateAuthenticationJson, smdpAddress: { length: 4 } } },
    expected: { status: 200, code: '1.3.1/2.1', subjectIdentifier: 'smdpAddress' },
  },
  {
    title: 'Base64 with a line break',
    call: { json: { ...initiateAuthenticationJson, euiccChallenge: 'AAECAwQFBgcI\nCQoLDA0ODw==' } },
    expected: { status: 200, code: '1.3.1/2.1', subjectIdentifier: 'euiccChallenge' },
  },
  {
    title: 'Base64 of a wrong length',
    call: { json: { ...initiateAuthenticationJson, euiccChallenge: 'AAEC' } },
    expected: { status: 200, code: '1.3.1/2.1', subjectIdentifier: 'euiccChallenge' },
  },
  {
    title: 'Base64 of what is not DER',
    call: { json: { ...initiateAuthenticationJson, euiccInfo1: 'vyA1ggMC' } },
    expected: {
      status: 200,
      code: '1.3.1/2.1',
      subjectIdentifier: 'euiccInfo1',
      message: /EUICCInfo1/,
    },
  },
  {
    title: 'a notification that is malformed',
    call: { path: ES9PLUS.handleNotification.path, json: { pendingNotification: 'MAA=' } },
    expected: { status: 400, code: '1.3.1/2.1', subjectIdentifier: 'pendingNotification' },
  },
]

for (const { title, call, expected } of MALFORMED) {
  test(`gives the defined answer to ${title}, and serves on`, async (t) => {
    const listener = await serve(t)
    const response = await post(listener, call)
    await refused(t, response, expected)
    await stillServes(t, listener)
  })
}

test('ignores members that are not of the function, however deep', async (t) => {
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const text = JSON.stringify(initiateAuthenticationJson).replace('{', `{"other":${nested},`)
  t.is((await post(await serve(t), { text })).status, 200)
})

test('refuses a body without a length as soon as it has more than the limit', async (t) => {
  const listener = await serve(t)
  const request = requestHttp({
    port: listener.port,
    method: 'POST',
    path: INITIATE,
    headers: { 'Content-Type': 'application/json' },
  })
  for (let at = 0; at < 9; at++) request.write(' '.repeat(65_536))
  const [response] = await once(request, 'response')
  t.is(response.statusCode, 413)
  request.end()
  await once(response.resume(), 'end')
  await stillServes(t, listener)
})

test('names POST to those who use another method', async (t) => {
  const listener = await serve(t)
  const response = await fetch(`http://127.0.0.1:${listener.port}${INITIATE}`)
  t.is(response.headers.get('allow'), 'POST')
  await refused(t, response, { status: 405, code: '1.3.1/2.1', message: /POST/ })
})

test('outlives a client that goes away within its body', async (t) => {
  const listener = await serve(t)
  const socket = connect(listener.port, '127.0.0.1')
  socket.write(
    `POST ${INITIATE} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{`,
  )
  socket.destroySoon()
  await once(socket, 'close')
  await stillServes(t, listener)
})

test('pollutes no prototype', async (t) => {
  const listener = await serve(t)
  const text = JSON.stringify(initiateAuthenticationJson).replace(
    '{',
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},',
  )
  t.is((await post(listener, { text })).status, 200)
  t.false('polluted' in {})
})

test('tells a defect to its owner, and the client nothing of it', async (t) => {
  const defects: unknown[] = []
  const app = createRspApp({
    table: ES9PLUS,
    implementation: {
      ...smallSmdp(),
      initiateAuthentication: async () => {
        throw new Error('a secret of ours')
      },
    },
    reportDefect: (error) => void defects.push(error),
  })
  const response = await post(await serve(t, { handler: app }), {})
  const text = await response.clone().text()
  t.false(text.includes('secret'))
  await refused(t, response, { status: 500, code: '1.2/4.2' })
  t.deepEqual(
    defects.map((error) => (error as Error).message),
    ['a secret of ours'],
  )
})

test('leaves other paths to the express app in which it is mounted, and takes the body it has parsed', async (t) => {
  const app = express().use(
    express.json(),
    createRspApp({ table: ES2PLUS, implementation: orders }),
  )
  app.get('/other', (_request, response) => void response.json('other'))
  const listener = await serve(t, { handler: app })
  const other = await fetch(`http://127.0.0.1:${listener.port}/other`)
  t.is(await other.json(), 'other')
  const header = { functionRequesterIdentifier: 'operator', functionCallIdentifier: '1' }
  const call = { path: ES2PLUS.downloadOrder.path, json: { header, profileType: 'a' } }
  t.like(await (await post(listener, call)).json(), { iccid: '8990900000001234567' })
})

test('wants the request header of ES2+', async (t) => {
  const listener = await serve(t, {
    handler: createRspApp({ table: ES2PLUS, implementation: orders }),
  })
  const call = { path: ES2PLUS.downloadOrder.path, json: { profileType: 'a' } }
  await refused(t, await post(listener, call), {
    status: 200,
    code: '1.3.1/2.2',
    subjectIdentifier: 'functionRequesterIdentifier',
  })
})

const orders: Es2Plus = {
  downloadOrder: async () => ({ iccid: '8990900000001234567' }),
  confirmOrder: async () => ({ matchingId: 'A' }),
  cancelOrder: async () => ({}),
  releaseProfile: async () => ({}),
}
