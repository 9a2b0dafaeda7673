import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { request as requestHttps } from 'node:https'
import type { IncomingMessage } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { wallClock } from '../../src/base/environment.ts'
import { generateKeyPair, toPkcs8, type Curve } from '../../src/crypto/ec.ts'
import {
  admissionOf,
  type Es2PlusAccess,
  type Es2PlusClient,
} from '../../src/http/es2plus-access.ts'
import { listen, type Listener } from '../../src/http/listener.ts'
import { serveLab } from '../../src/http/serve.ts'
import { createRspApp } from '../../src/http/rsp-app.ts'
import { toPem } from '../../src/pki/forge.ts'
import { issueDpTls, issueEuicc, type Credential, type Recipe } from '../../src/pki/issue.ts'
import { issueTlsCredential } from '../../src/pki/test-pki.ts'
import { ES2PLUS } from '../../src/rsp/es2plus.ts'
import { pki, random } from '../pki/helper.ts'
import { testLab } from '../helpers/lab.ts'
import { tlsCredential } from './rsp-helper.ts'

const DAY_MS = 86_400_000

function x509({ certificate }: Pick<Credential, 'certificate'>): X509Certificate {
  return new X509Certificate(certificate.der)
}

/** An operator's client certificate: DPtls is for servers and clients both. */
function clientCredential(
  more: {
    readonly curve?: Curve
    readonly nowMs?: number
    readonly change?: (recipe: Recipe) => Recipe
  } = {},
): Credential {
  const { curve = 'P-256', nowMs = wallClock.nowMs(), change } = more
  return issueDpTls({
    issuer: pki[curve].ci,
    keyPair: generateKeyPair({ curve, random: random.stream(`client ${curve}`) }),
    hostNames: ['operator.example.com'],
    serialNumber: Uint8Array.of(1, 2, 3),
    nowMs,
    ...(change && { change }),
  })
}

async function serveEs2Plus(t: ExecutionContext, access: Es2PlusAccess): Promise<Listener> {
  const handler = createRspApp({
    table: ES2PLUS,
    implementation: {
      downloadOrder: async () => ({ iccid: '8990900000001234567' }),
      confirmOrder: async () => ({ matchingId: 'A' }),
      cancelOrder: async () => ({}),
      releaseProfile: async () => ({}),
    },
    admit: admissionOf(access),
  })
  const listener = await listen({ handler, tls: tlsCredential(), askForCertificate: true, port: 0 })
  t.teardown(listener.close)
  return listener
}

interface Caller {
  readonly credential?: Credential
  readonly requester?: string
  readonly token?: string
}

/** HTTP status, then the code or the status of the function. */
async function order(listener: Listener, caller: Caller = {}): Promise<string> {
  const { credential, requester = 'anybody', token } = caller
  const request = requestHttps({
    host: '127.0.0.1',
    port: listener.port,
    path: ES2PLUS.downloadOrder.path,
    method: 'POST',
    agent: false,
    // The server is the test's own; who the client is is what is tested.
    rejectUnauthorized: false,
    headers: {
      'Content-Type': 'application/json',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    ...(credential && {
      key: toPem('PRIVATE KEY', toPkcs8(credential.keyPair.privateKey)),
      cert: toPem('CERTIFICATE', credential.certificate.der),
    }),
  })
  const header = { functionRequesterIdentifier: requester, functionCallIdentifier: '1' }
  request.end(JSON.stringify({ header, profileType: 'a' }))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  const { functionExecutionStatus: executed } = (
    JSON.parse(text) as {
      readonly header: {
        readonly functionExecutionStatus: {
          readonly status: string
          readonly statusCodeData?: Readonly<Record<string, string>>
        }
      }
    }
  ).header
  const { statusCodeData: data } = executed
  const said = data
    ? `${data['subjectCode']}/${data['reasonCode']} ${data['message']}`
    : executed.status
  return `${response.statusCode} ${said}`
}

function clientsOf(client: Partial<Es2PlusClient>): Es2PlusAccess {
  const certificates = [x509(pki['P-256'].ci)]
  return { kind: 'clients', clients: [{ name: 'us', knownBy: 'ca', certificates, ...client }] }
}

test('a client of a CA that is trusted may call', async (t) => {
  const listener = await serveEs2Plus(t, clientsOf({}))
  t.is(await order(listener, { credential: clientCredential() }), '200 Executed-Success')
})

test('a client of a Brainpool CA may call, and the process lives on', async (t) => {
  const certificates = [x509(pki.brainpoolP256r1.ci)]
  const listener = await serveEs2Plus(t, clientsOf({ certificates }))
  const credential = clientCredential({ curve: 'brainpoolP256r1' })
  t.is(await order(listener, { credential }), '200 Executed-Success')
})

test('no certificate is refused, with what to do', async (t) => {
  const listener = await serveEs2Plus(t, clientsOf({}))
  t.regex(await order(listener), /^403 1\.1\/1\.2 .*Present a client certificate/)
})

test('a certificate of another CA, of another time or not for clients is refused', async (t) => {
  const listener = await serveEs2Plus(t, clientsOf({}))
  const stranger = clientCredential({ curve: 'brainpoolP256r1' })
  t.regex(await order(listener, { credential: stranger }), /^403 1\.1\/1\.2 .*of no CA/)
  const old = clientCredential({ nowMs: wallClock.nowMs() - 4000 * DAY_MS })
  t.regex(await order(listener, { credential: old }), /^403 1\.1\/1\.2 .*not valid at this time/)
  const notForClients = clientCredential({
    change: (recipe) => ({
      ...recipe,
      // serverAuth alone
      extensions: recipe.extensions.map((one) =>
        one.id === '2.5.29.37'
          ? { ...one, value: Buffer.from('300a06082b06010505070301', 'hex') }
          : one,
      ),
    }),
  })
  t.regex(
    await order(listener, { credential: notForClients }),
    /^403 1\.1\/1\.2 .*not for TLS clients/,
  )
})

test('a certificate that is no CA of anybody makes no clients', async (t) => {
  const { certificate, keyPair } = clientCredential()
  const issuer = { certificate, keyPair }
  const child = issueEuicc({
    issuer: pki['P-256'].eum,
    keyPair: generateKeyPair({ curve: 'P-256', random }),
    eid: '89049032000000000000000000000128',
  })
  const listener = await serveEs2Plus(t, clientsOf({ certificates: [x509(issuer)] }))
  t.regex(await order(listener, { credential: child }), /^403 1\.1\/1\.2/)
  t.regex(await order(listener, { credential: issuer }), /^403 1\.1\/1\.2/)
})

test('a pinned key may call with any certificate, also an expired one of a CA that nobody knows', async (t) => {
  const old = clientCredential({ nowMs: wallClock.nowMs() - 4000 * DAY_MS })
  const access = clientsOf({ knownBy: 'key', certificates: [x509(clientCredential())] })
  const listener = await serveEs2Plus(t, access)
  t.is(await order(listener, { credential: old }), '200 Executed-Success')
  const other = clientCredential({ curve: 'brainpoolP256r1' })
  t.regex(await order(listener, { credential: other }), /^403 1\.1\/1\.2 .*is not pinned/)
})

test('a client whose CI has revoked its certificate is refused, and one with a pinned key is not', async (t) => {
  const lab = await testLab(t)
  const { ci } = lab.pki['P-256']
  const credential = issueTlsCredential({
    pki: lab.pki,
    role: 'dp-tls',
    hostNames: ['operator.example.com'],
    nowMs: wallClock.nowMs(),
    random: lab.environment.random,
  })
  const listenTo = async (client: Partial<Es2PlusClient>) => {
    const served = await serveLab(lab, {
      rsp: { plain: true },
      es2Plus: { access: clientsOf({ certificates: [x509(ci)], ...client }) },
    })
    t.teardown(() => served.close())
    return { host: '127.0.0.1', port: served.es2Plus?.port ?? 0, close: async () => {} }
  }
  const byCa = await listenTo({})
  const byKey = await listenTo({ knownBy: 'key', certificates: [x509(credential)] })
  t.regex(await order(byCa, { credential }), /^200 8\.2\.5\/3\.9/, 'it may call')
  await lab.revoke({ certificate: credential.certificate.der })
  t.regex(await order(byCa, { credential }), /^403 1\.1\/1\.2 .*revoked by its CI/)
  t.regex(await order(byKey, { credential }), /^200 8\.2\.5\/3\.9/)
})

test('a client may be bound to its identifier', async (t) => {
  const listener = await serveEs2Plus(t, clientsOf({ requester: '2.999.20' }))
  const credential = clientCredential()
  t.is(await order(listener, { credential, requester: '2.999.20' }), '200 Executed-Success')
  t.regex(
    await order(listener, { credential, requester: '2.999.21' }),
    /^200 1\.1\/1\.2 .*that of us, whose identifier is 2\.999\.20/,
  )
})

test('a token does in place of a certificate where that was chosen', async (t) => {
  const listener = await serveEs2Plus(t, { kind: 'token', token: 'secret' })
  t.is(await order(listener, { token: 'secret' }), '200 Executed-Success')
  t.regex(await order(listener, { token: 'secre' }), /^401 1\.1\/1\.2 .*Send the token/)
  t.regex(await order(listener, { credential: clientCredential() }), /^401 1\.1\/1\.2/)
})

test('everybody may call where that was chosen', async (t) => {
  t.is(await order(await serveEs2Plus(t, { kind: 'open' })), '200 Executed-Success')
})

test('a client that a scenario has brought may call, under its name, until the scenario goes without it', async (t) => {
  const lab = await testLab(t)
  const served = await serveLab(lab, {
    rsp: { plain: true },
    es2Plus: { access: { kind: 'clients', clients: [] } },
  })
  t.teardown(() => served.close())
  const listener = { host: '127.0.0.1', port: served.es2Plus?.port ?? 0, close: async () => {} }
  const credential = clientCredential()
  const head = { name: 'clients', source: 'a test' }
  const certificate = toPem('CERTIFICATE', credential.certificate.der)
  t.regex(await order(listener, { credential }), /^403/)
  await lab.loadScenario({ ...head, clients: [{ name: 'theirs', certificate, requester: '1.2' }] })
  t.regex(await order(listener, { credential, requester: '1.3' }), /^200 1\.1\/1\.2/)
  t.notRegex(await order(listener, { credential, requester: '1.2' }), /1\.1\/1\.2|^4/)
  await lab.loadScenario(head)
  t.regex(await order(listener, { credential, requester: '1.2' }), /^403/)
  const error = await t.throwsAsync(
    lab.loadScenario({ ...head, clients: [{ name: 'theirs', certificate: 'AAAA' }] }),
  )
  t.like(error, { code: 'badInput', field: 'clients[0].certificate' })
})
