import type { RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { wallClock } from '../../src/base/environment.ts'
import { LabError } from '../../src/base/errors.ts'
import { hex } from '../../src/base/octets.ts'
import { toPkcs8, type Curve } from '../../src/crypto/ec.ts'
import { listen } from '../../src/http/listener.ts'
import { createRspApp } from '../../src/http/rsp-app.ts'
import { es9PlusClient, type Es9PlusClientOptions } from '../../src/http/rsp-client.ts'
import { parseAddress } from '../../src/http/rsp-connection.ts'
import { toPem } from '../../src/pki/forge.ts'
import { issueDpTls, issueEum, type Credential } from '../../src/pki/issue.ts'
import { createTestPki } from '../../src/pki/test-pki.ts'
import { ES9PLUS } from '../../src/rsp/es9plus.ts'
import { RspError } from '../../src/rsp/status-codes.ts'
import { newKeyPair, pki, random, without } from '../pki/helper.ts'
import {
  cancelSessionRequest,
  handleNotificationRequest,
  initiateAuthenticationRequest,
  initiateAuthenticationResponse,
  serve,
  smallSmdp,
  tlsCredential,
} from './rsp-helper.ts'

const NIST_CI = pki['P-256'].ci.certificate
const BRAINPOOL_CI = pki.brainpoolP256r1.ci.certificate

type Client = ReturnType<typeof es9PlusClient>

function clientOf(
  t: ExecutionContext,
  options: { readonly port: number } & Partial<Es9PlusClientOptions>,
): Client {
  const { port, ...others } = options
  const client = es9PlusClient({
    address: `127.0.0.1:${port}`,
    tls: { anchors: [NIST_CI] },
    ...others,
  } as Es9PlusClientOptions)
  t.teardown(client.close)
  return client
}

function plainClientOf(t: ExecutionContext, port: number, timeoutMs = 30_000): Client {
  return clientOf(t, { port, tls: undefined, plain: true, timeoutMs })
}

const initiate = (client: Client) => client.initiateAuthentication(initiateAuthenticationRequest)

async function failsWith(
  t: ExecutionContext,
  promise: Promise<unknown>,
  expected: { readonly code: string; readonly reason?: string; readonly message: RegExp },
): Promise<void> {
  const error = await t.throwsAsync(promise, { instanceOf: LabError, message: expected.message })
  t.is(error?.code, expected.code as LabError['code'])
  t.is(error?.reason, expected.reason)
}

test('calls functions over TLS as if the SM-DP+ were in this process', async (t) => {
  const smdp = smallSmdp()
  const handler = createRspApp({ table: ES9PLUS, implementation: smdp })
  const { port } = await serve(t, { tls: tlsCredential(), handler })
  const client = clientOf(t, { port })
  const inText = JSON.stringify(initiateAuthenticationResponse)
  t.is(JSON.stringify(await initiate(client)), inText)
  t.deepEqual(await client.handleNotification(handleNotificationRequest), {})
  t.deepEqual(smdp.calls, ['initiateAuthentication', 'handleNotification'])
})

test('throws the refusal that the server threw', async (t) => {
  const { port } = await serve(t)
  const error = await t.throwsAsync(plainClientOf(t, port).cancelSession(cancelSessionRequest), {
    instanceOf: RspError,
  })
  t.is(error?.code, '8.10.1/3.9')
  t.is(error?.status, 'transactionIdUnknown')
  t.is(error?.subjectIdentifier, '0A0B')
})

test('sends what an LPA sends, over one connection', async (t) => {
  const seen: unknown[] = []
  const connections = new Set<unknown>()
  const app = createRspApp({ table: ES9PLUS, implementation: smallSmdp() })
  const { port } = await serve(t, {
    handler: (request, response) => {
      const { host, 'user-agent': agent, 'x-admin-protocol': protocol } = request.headers
      seen.push([request.method, request.url, host, agent, protocol])
      connections.add(request.socket)
      app(request, response)
    },
  })
  const client = plainClientOf(t, port)
  await initiate(client)
  await initiate(client)
  t.is(connections.size, 1)
  t.deepEqual(seen[0], [
    'POST',
    '/gsma/rsp2/es9plus/initiateAuthentication',
    `127.0.0.1:${port}`,
    'gsma-rsp-lpad',
    'gsma/rsp/v2.5.0',
  ])
})

test('trusts the CI on P-256 also where a Brainpool CI stands beside it', async (t) => {
  const { port } = await serve(t, { tls: tlsCredential() })
  const client = clientOf(t, { port, tls: { anchors: [BRAINPOOL_CI, NIST_CI] } })
  t.deepEqual((await initiate(client)).transactionId, hex('0A0B'))
})

const REFUSED: readonly {
  readonly title: string
  readonly tls: () => Credential
  readonly anchors?: Es9PlusClientOptions['tls']
  readonly message: RegExp
}[] = [
  {
    title: 'for another host',
    tls: () => tlsCredential({ hostName: 'smdp.example.com' }),
    message: /it is for smdp\.example\.com, not 127\.0\.0\.1/,
  },
  {
    title: 'under a CI that is not trusted',
    tls: tlsCredential,
    anchors: {
      anchors: [createTestPki({ random: random.stream('other') })['P-256'].ci.certificate],
    },
    message: /no CI that is trusted/,
  },
  {
    title: 'when only a Brainpool CI is trusted',
    tls: tlsCredential,
    anchors: { anchors: [BRAINPOOL_CI] },
    message: /no CI/,
  },
  {
    title: 'when no CI is trusted',
    tls: tlsCredential,
    anchors: { anchors: [] },
    message: /no CI/,
  },
  { title: 'of an SM-DS', tls: () => tlsCredential({ role: 'ds-tls' }), message: /not accepted/ },
  {
    title: 'that has expired',
    tls: () => dpTls({ nowMs: wallClock.nowMs() - 500 * 86_400_000 }),
    message: /expired|valid/,
  },
  {
    title: 'that is not for servers',
    tls: () => dpTls({ change: without('extendedKeyUsage') }),
    message: /extendedKeyUsage/,
  },
]

function dpTls(other: Partial<Parameters<typeof issueDpTls>[0]>): Credential {
  return issueDpTls({
    issuer: pki['P-256'].ci,
    keyPair: newKeyPair(),
    hostNames: ['127.0.0.1'],
    serialNumber: hex('0107'),
    nowMs: wallClock.nowMs(),
    ...other,
  })
}

for (const { title, tls, anchors, message } of REFUSED) {
  test(`sends nothing to a server with a certificate ${title}`, async (t) => {
    let requests = 0
    const handler: RequestListener = (_request, response) => {
      requests++
      response.end()
    }
    const { port } = await serve(t, { tls: tls(), handler })
    const client = clientOf(t, { port, ...(anchors ? { tls: anchors } : {}) })
    await failsWith(t, initiate(client), {
      code: 'refused',
      reason: 'tlsCertificateInvalid',
      message,
    })
    t.is(requests, 0)
  })
}

/** Node's own conversion of such chains ends the process (Node 24 and 26). */
const BRAINPOOL_CHAINS: readonly { readonly title: string; readonly chain: () => Credential[] }[] =
  [
    {
      title: 'a Brainpool key under the CI on P-256',
      chain: () => [dpTls({ keyPair: newKeyPair('brainpoolP256r1') })],
    },
    { title: 'an authority on Brainpool between', chain: () => chainOver('brainpoolP256r1') },
    { title: 'an authority on P-256 between', chain: () => chainOver('P-256') },
  ]

function chainOver(curve: Curve): Credential[] {
  const issuer = issueEum({
    issuer: pki['P-256'].ci,
    keyPair: newKeyPair(curve),
    change: without('nameConstraints'),
  })
  return [dpTls({ issuer }), issuer]
}

for (const { title, chain } of BRAINPOOL_CHAINS) {
  test(`survives a server whose chain has ${title}`, async (t) => {
    const credentials = chain()
    const server = createHttpsServer({
      key: toPem('PRIVATE KEY', toPkcs8(credentials[0]!.keyPair.privateKey)),
      cert: credentials.map(({ certificate }) => toPem('CERTIFICATE', certificate.der)).join(''),
      ecdhCurve: 'brainpoolP256r1:X25519:P-256',
    })
    const port = await portOf(t, server)
    const client = clientOf(t, { port, tls: { anchors: [NIST_CI, BRAINPOOL_CI] } })
    await failsWith(t, initiate(client), {
      code: 'refused',
      reason: 'tlsCertificateInvalid',
      message: /not accepted/,
    })
  })
}

async function portOf(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

const ANSWERS: readonly {
  readonly title: string
  readonly handler: RequestListener
  readonly message: RegExp
}[] = [
  {
    title: 'HTTP 502 with a page',
    handler: (_request, response) =>
      response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>\u001b[2J'),
    message: /HTTP 502 \(text\/html\) "<h1>\\u001b\[2J"/,
  },
  {
    title: 'a redirection',
    handler: (_request, response) => response.writeHead(302, { Location: '/' }).end(),
    message: /HTTP 302/,
  },
  {
    title: 'what is not JSON',
    handler: (_request, response) => response.end('ok'),
    message: /HTTP 200 \(no Content-Type\) "ok"/,
  },
  {
    title: 'JSON that is no object',
    handler: (_request, response) => response.end('[1]'),
    message: /"\[1\]"/,
  },
  { title: 'no header', handler: (_request, response) => response.end('{}'), message: /"\{\}"/ },
  {
    title: 'success without its fields',
    handler: (_request, response) =>
      response.end('{"header":{"functionExecutionStatus":{"status":"Executed-Success"}}}'),
    message: /transactionId/,
  },
  {
    title: 'more than an answer can have',
    handler: (_request, response) => response.end(' '.repeat(3_000_000)),
    message: /more than 2097152 octets/,
  },
  {
    title: 'nothing, and hangs up',
    handler: (request) => request.socket.destroy(),
    message: /does not answer/,
  },
  {
    title: 'half an answer, and hangs up',
    handler: (request, response) => {
      response.writeHead(200, { 'Content-Length': 100 }).write('{')
      setImmediate(() => request.socket.destroySoon())
    },
    message: /does not answer/,
  },
]

for (const { title, handler, message } of ANSWERS) {
  test(`says what came from a server that answers ${title}`, async (t) => {
    const { port } = await serve(t, { handler })
    await failsWith(t, initiate(plainClientOf(t, port)), { code: 'unavailable', message })
  })
}

test('waits for an answer no longer than it was told', async (t) => {
  const { port } = await serve(t, { handler: () => {} })
  await failsWith(t, initiate(plainClientOf(t, port, 50)), {
    code: 'unavailable',
    message: /no answer within 50 ms/,
  })
})

test('waits for a handshake no longer than it was told', async (t) => {
  const port = await portOf(t, createServer())
  await failsWith(t, initiate(clientOf(t, { port, timeoutMs: 50 })), {
    code: 'unavailable',
    message: /within 50 ms/,
  })
})

test('says that a server does not speak HTTP', async (t) => {
  const port = await portOf(
    t,
    createServer((socket) => void socket.end('220 smtp.example.com\r\n')),
  )
  await failsWith(t, initiate(plainClientOf(t, port)), {
    code: 'unavailable',
    message: /does not answer/,
  })
  await failsWith(t, initiate(clientOf(t, { port })), { code: 'unavailable', message: /by TLS/ })
})

test('says that nobody listens', async (t) => {
  const listener = await listen({ handler: () => {}, port: 0 })
  await listener.close()
  const { port } = listener
  await failsWith(t, initiate(plainClientOf(t, port)), {
    code: 'unavailable',
    message: /ECONNREFUSED/,
  })
  await failsWith(t, initiate(clientOf(t, { port })), {
    code: 'unavailable',
    message: /ECONNREFUSED/,
  })
})

test('connects anew when the server has closed the connection that was kept', async (t) => {
  let requests = 0
  const app = createRspApp({ table: ES9PLUS, implementation: smallSmdp() })
  const { port } = await serve(t, {
    handler: (request, response) => {
      if (++requests === 2) request.socket.destroy()
      else app(request, response)
    },
  })
  const client = plainClientOf(t, port)
  await initiate(client)
  t.deepEqual((await initiate(client)).transactionId, hex('0A0B'))
  t.is(requests, 3)
})

test('reads addresses as activation codes carry them', (t) => {
  t.deepEqual(parseAddress('smdp.example.com', 443), { host: 'smdp.example.com', port: 443 })
  t.deepEqual(parseAddress('127.0.0.1:8443', 443), { host: '127.0.0.1', port: 8443 })
  t.deepEqual(parseAddress('[::1]:8443', 443), { host: '::1', port: 8443 })
  for (const address of ['', 'a:0', 'a:65536', 'a:b', 'a/b', 'user@a', '::1', 'a b', '[::1']) {
    const error = t.throws(() => parseAddress(address, 443), { instanceOf: LabError }, address)
    t.is(error?.field, 'address')
  }
})
