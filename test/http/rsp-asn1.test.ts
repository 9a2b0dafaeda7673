import test, { type ExecutionContext } from 'ava'
import { hex, toHex } from '../../src/base/octets.ts'
import { createRspApp, type RspAppOptions, type Tolerated } from '../../src/http/rsp-app.ts'
import { REQUEST_OCTETS_MAX } from '../../src/http/rsp-body.ts'
import { es9PlusClient } from '../../src/http/rsp-client.ts'
import type { Listener } from '../../src/http/listener.ts'
import { ES2PLUS } from '../../src/rsp/es2plus.ts'
import { ES9PLUS } from '../../src/rsp/es9plus.ts'
import type { ProtocolMessage } from '../../src/rsp/observe.ts'
import { RspError } from '../../src/rsp/status-codes.ts'
import {
  cancelSessionRequest,
  handleNotificationRequest,
  initiateAuthenticationJson,
  initiateAuthenticationRequest,
  initiateAuthenticationResponse,
  serve,
  smallSmdp,
} from './rsp-helper.ts'

const PATH = '/gsma/rsp2/asn1'
const TYPE = 'application/x-gsma-rsp-asn1'
const LPA = { 'User-Agent': 'gsma-rsp-lpae', 'X-Admin-Protocol': 'gsma/rsp/v2.2.0' }
const CANCEL = 'A20C BF4109 80020A0B A103 81017F'
const NOTIFICATION =
  'A237 BF3D34 A032 3030 BF2F25 800101 81020640 0C10736D64702E6578616D706C652E636F6D 5A0A98109909000021436587 5F370101 3000 3000'

interface Call {
  readonly octets: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

function post(listener: Listener, { octets, headers }: Call): Promise<Response> {
  const body = Buffer.from(typeof octets === 'string' ? hex(octets) : octets)
  return fetch(`http://127.0.0.1:${listener.port}${PATH}`, {
    method: 'POST',
    headers: { 'Content-Type': TYPE, ...LPA, ...headers },
    body,
  })
}

async function serveWith(
  t: ExecutionContext,
  options: Partial<RspAppOptions<typeof ES9PLUS>>,
): Promise<Listener> {
  const handler = createRspApp({ table: ES9PLUS, implementation: smallSmdp(), ...options })
  return serve(t, { handler })
}

async function octetsOf(response: Response): Promise<string> {
  return toHex(new Uint8Array(await response.arrayBuffer()))
}

test('answers a refusal of a function with 200, its number and the binding of the request', async (t) => {
  const response = await post(await serve(t), { octets: CANCEL })
  t.is(response.status, 200)
  t.is(response.headers.get('content-type'), TYPE)
  t.is(response.headers.get('x-admin-protocol'), 'gsma/rsp/v2.5.0')
  t.is(await octetsOf(response), 'A206BF4103810101')
})

test('acknowledges a notification with 204 and nothing more', async (t) => {
  const response = await post(await serve(t), { octets: NOTIFICATION })
  t.is(response.status, 204)
  t.is(response.headers.get('content-type'), null)
  t.is(await octetsOf(response), '')
})

const MALFORMED: readonly (Call & { readonly title: string; readonly status: number })[] = [
  { title: 'an empty body', octets: '', status: 400 },
  { title: 'another tag', octets: 'A300', status: 400 },
  { title: 'a function that is not there', octets: 'A203 BF3E00', status: 400 },
  { title: 'octets behind the end', octets: `${CANCEL}00`, status: 400 },
  { title: 'a notification that is malformed', octets: 'A203 BF3D00', status: 400 },
  {
    title: 'JSON',
    octets: Buffer.from('{}'),
    headers: { 'Content-Type': 'application/json' },
    status: 415,
  },
  {
    title: 'a compressed body',
    octets: CANCEL,
    headers: { 'Content-Encoding': 'gzip' },
    status: 415,
  },
  { title: 'a body that is too long', octets: new Uint8Array(REQUEST_OCTETS_MAX + 1), status: 413 },
]

for (const { title, status, ...call } of MALFORMED) {
  test(`gives HTTP ${status} and no body to ${title}, and serves on`, async (t) => {
    const listener = await serve(t)
    const response = await post(listener, call)
    t.is(response.status, status)
    t.is(await octetsOf(response), '')
    t.is((await post(listener, { octets: CANCEL })).status, 200)
  })
}

test('answers what is malformed within a function with undefinedError, and tells the observer why', async (t) => {
  const seen: ProtocolMessage[] = []
  const listener = await serveWith(t, { observer: (message) => seen.push(message) })
  const response = await post(listener, { octets: 'A206 BF4103 80010A' })
  t.is(response.status, 200)
  t.is(await octetsOf(response), 'A206BF410381017F')
  t.deepEqual(
    seen.map((message) => `${message.function} ${message.direction}`),
    ['cancelSession request', 'cancelSession refusal'],
  )
  t.true(seen[1]?.message instanceof RspError)
  t.like(seen[1]?.message, { code: '1.3.1/2.1' })
})

test('a defect is HTTP 500 with no body, and told to its owner', async (t) => {
  const defects: unknown[] = []
  const implementation = {
    ...smallSmdp(),
    cancelSession: async () => {
      throw new Error('a secret of ours')
    },
  }
  const reportDefect = (error: unknown): void => void defects.push(error)
  const listener = await serveWith(t, { implementation, reportDefect })
  const response = await post(listener, { octets: CANCEL })
  t.is(response.status, 500)
  t.is(await octetsOf(response), '')
  t.is(defects.length, 1)
})

test('ES2+ has no ASN.1 binding', async (t) => {
  const lost = async (): Promise<never> => t.fail() as never
  const handler = createRspApp({
    table: ES2PLUS,
    implementation: {
      downloadOrder: lost,
      confirmOrder: lost,
      cancelOrder: lost,
      releaseProfile: lost,
    },
  })
  t.is((await post(await serve(t, { handler }), { octets: CANCEL })).status, 404)
})

test('an LPA speaks the ASN.1 binding with the same messages, and sees the refusals', async (t) => {
  const { port } = await serve(t)
  const client = es9PlusClient({ address: `127.0.0.1:${port}`, plain: true, binding: 'asn1' })
  t.teardown(client.close)
  t.deepEqual(
    await client.initiateAuthentication(initiateAuthenticationRequest),
    initiateAuthenticationResponse,
  )
  t.deepEqual(await client.handleNotification(handleNotificationRequest), {})
  const error = await t.throwsAsync(client.cancelSession(cancelSessionRequest), {
    instanceOf: RspError,
  })
  t.is(error?.status, 'transactionIdUnknown')
})

test('an LPA that is answered nonsense says so', async (t) => {
  const { port } = await serve(t, {
    handler: (_request, response) => void response.end(Buffer.from('A2', 'hex')),
  })
  const client = es9PlusClient({ address: `127.0.0.1:${port}`, plain: true, binding: 'asn1' })
  t.teardown(client.close)
  await t.throwsAsync(client.initiateAuthentication(initiateAuthenticationRequest), {
    message: /the answer to \/gsma\/rsp2\/asn1 is malformed/,
  })
})

const TOLERATED: readonly (Call & { readonly what: RegExp; readonly refusal?: string })[] = [
  {
    what: /cancelSessionResponse under BF41 in place of A1/,
    octets: 'A20D BF410A 80020A0B BF4103 81017F',
  },
  { what: /User-Agent "curl\/8"/, octets: CANCEL, headers: { 'User-Agent': 'curl/8' } },
  {
    what: /X-Admin-Protocol "v2"/,
    octets: CANCEL,
    headers: { 'X-Admin-Protocol': 'v2' },
  },
  {
    what: /version 3\.1\.0, while 2\.0\.0 to 2\.255\.255 are accepted/,
    octets: CANCEL,
    headers: { 'X-Admin-Protocol': 'gsma/rsp/v3.1.0' },
  },
]

for (const { what, ...call } of TOLERATED) {
  test(`tolerates ${what.source} and says so; when strict, refuses`, async (t) => {
    const said: Tolerated[] = []
    const noteTolerated = (tolerated: Tolerated): void => void said.push(tolerated)
    const tolerant = await serveWith(t, { noteTolerated })
    t.is(await octetsOf(await post(tolerant, call)), 'A206BF4103810101')
    t.is(said.length, 1)
    t.like(said[0], { interface: 'ES9+', function: 'cancelSession' })
    t.regex(said[0]?.what ?? '', what)
    const strict = await serveWith(t, { strict: true, noteTolerated })
    t.is(await octetsOf(await post(strict, call)), 'A206BF410381017F')
    t.is(await octetsOf(await post(strict, { octets: CANCEL })), 'A206BF4103810101')
    t.is(said.length, 1)
  })
}

test('when strict, says in JSON what it does not tolerate', async (t) => {
  const listener = await serveWith(t, { strict: true, versions: { from: '2.2.0', to: '2.3.0' } })
  const refusalTo = async (more: {
    readonly headers?: Readonly<Record<string, string>>
    readonly json?: object
  }) => {
    const response = await fetch(
      `http://127.0.0.1:${listener.port}${ES9PLUS.initiateAuthentication.path}`,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...LPA, ...more.headers },
        body: JSON.stringify({ ...initiateAuthenticationJson, ...more.json }),
      },
    )
    t.is(response.status, 200)
    const { header } = (await response.json()) as {
      readonly header: {
        readonly functionExecutionStatus: {
          readonly statusCodeData?: Readonly<Record<string, string>>
        }
      }
    }
    const { statusCodeData: data } = header.functionExecutionStatus
    return data ? `${data['subjectCode']}/${data['reasonCode']} ${data['message']}` : 'done'
  }
  t.is(await refusalTo({}), 'done')
  t.is(await refusalTo({ headers: { 'User-Agent': 'gsma-rsp-lpad; lpac/2.1' } }), 'done')
  t.is(await refusalTo({ headers: { 'X-Admin-Protocol': 'gsma/rsp/v2.3.0' } }), 'done')
  t.regex(
    await refusalTo({ headers: { 'X-Admin-Protocol': 'gsma/rsp/v2.3.1' } }),
    /^1\.3\.2\/3\.1 .*It is 2\.3\.1; accepted are 2\.2\.0 to 2\.3\.0/,
  )
  t.regex(
    await refusalTo({ headers: { 'User-Agent': 'gsma-rsp-lpadx' } }),
    /^1\.3\.1\/2\.1 .*User-Agent "gsma-rsp-lpadx"/,
  )
  t.regex(
    await refusalTo({ json: { smdpAddress: null } }),
    /^1\.3\.1\/2\.2/,
    'what is missing comes before what is not tolerated',
  )
})
