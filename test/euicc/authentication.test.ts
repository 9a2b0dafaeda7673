import test from 'ava'
import { element } from '../../src/asn1/der.ts'
import { seal } from '../../src/asn1/schema.ts'
import { seededRandom } from '../../src/base/environment.ts'
import { concat, hex } from '../../src/base/octets.ts'
import { generateKeyPair, sign } from '../../src/crypto/ec.ts'
import type { Lab } from '../../src/lab.ts'
import { extensionValue } from '../../src/pki/forge.ts'
import { issueDpAuth, issueDpPb, type Credential } from '../../src/pki/issue.ts'
import { createTestPki } from '../../src/pki/test-pki.ts'
import { ServerSigned1, SmdpSigned2 } from '../../src/rsp/es10b.ts'
import type { Es10Request } from '../../src/rsp/es10.ts'
import { withExtension } from '../pki/helper.ts'
import { createDriver, damaged, needed, type Driver } from '../helpers/driver.ts'
import { DAY_MS, START, testLab } from '../helpers/lab.ts'
import { testRefusals } from '../helpers/refusals.ts'

const random = seededRandom('servers with faults')
const foreign = createTestPki({ random })
const UNKNOWN_KEY = hex('00112233445566778899AABBCCDDEEFF00112233')
const wrongUsage = withExtension('keyUsage', {
  critical: true,
  value: extensionValue.keyUsage(['keyCertSign']),
})

type ServerRequest = Es10Request<'authenticateServer'>

/** What a server sends otherwise than a good one. */
interface ServerAttempt {
  readonly hasSession: boolean
  readonly server: (lab: Lab) => Credential
  readonly signed1: Partial<ServerSigned1['value']>
  readonly change: (request: ServerRequest) => ServerRequest
}

testRefusals<ServerAttempt>({
  name: 'AuthenticateServer',
  flawless: {
    hasSession: true,
    server: (lab) => lab.pki['P-256'].dpAuth,
    signed1: {},
    change: (request) => request,
  },
  faults: [
    {
      title: 'a server without a session',
      code: 'noSessionContext',
      breaks: (attempt) => ({ ...attempt, hasSession: false }),
    },
    {
      title: 'a certificate that is none',
      code: 'invalidCertificate',
      breaks: (attempt) => ({
        ...attempt,
        change: (request) => ({ ...attempt.change(request), serverCertificate: hex('3000') }),
      }),
    },
    {
      title: 'a server under another CI',
      code: 'ciPKUnknown',
      breaks: (attempt) => ({ ...attempt, server: () => foreign['P-256'].dpPb }),
    },
    {
      title: 'a certificate for profile package binding',
      code: 'invalidOid',
      breaks: (attempt) => ({ ...attempt, server: (lab) => lab.pki['P-256'].dpPb }),
    },
    {
      title: 'a certificate for another use',
      code: 'invalidCertificate',
      breaks: (attempt) => ({ ...attempt, server: (lab) => faultyServer(lab) }),
    },
    {
      title: 'a wrong signature of the server',
      code: 'invalidSignature',
      breaks: (attempt) => ({
        ...attempt,
        change(before) {
          const request = attempt.change(before)
          return { ...request, serverSignature1: damaged(request.serverSignature1) }
        },
      }),
    },
    {
      title: 'another challenge',
      code: 'euiccChallengeMismatch',
      breaks: (attempt) => ({
        ...attempt,
        signed1: { ...attempt.signed1, euiccChallenge: random.bytes(16) },
      }),
    },
    {
      title: 'a CI under which the card cannot sign',
      code: 'ciPKUnknown',
      breaks: (attempt) => ({
        ...attempt,
        change: (request) => ({ ...attempt.change(request), euiccCiPKIdToBeUsed: UNKNOWN_KEY }),
      }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    const phone = lab.createPhone()
    const { matchingId } = await lab.order()
    const driver = createDriver(lab, { phone, matchingId })
    await driver.initiate()
    if (!attempt.hasSession) phone.euicc.powerOff()
    const before = phone.euicc.state
    const response = await driver.authenticateServer((request) =>
      serverRequest({ lab, request }, attempt),
    )
    t.is(response.authenticateResponseError?.authenticateErrorCode, code as 'undefinedError')
    t.is(phone.euicc.state, before)
    if (!attempt.hasSession) return
    const { authenticateResponseOk } = await driver.authenticateServer()
    t.truthy(authenticateResponseOk, 'the session serves the right server')
  },
})

function faultyServer(lab: Lab): Credential {
  const keyPair = generateKeyPair({ curve: 'P-256', random })
  return issueDpAuth({ issuer: lab.pki['P-256'].ci, keyPair, change: wrongUsage })
}

function serverRequest(
  call: { readonly lab: Lab; readonly request: ServerRequest },
  attempt: ServerAttempt,
): ServerRequest {
  const { request } = call
  const { keyPair, certificate } = attempt.server(call.lab)
  const serverSigned1 = seal(ServerSigned1, { ...request.serverSigned1.value, ...attempt.signed1 })
  return attempt.change({
    ...request,
    serverSigned1,
    serverSignature1: sign(keyPair.privateKey, serverSigned1.raw),
    serverCertificate: certificate.der,
  })
}

test('AuthenticateServer knows no dates, for a card has no clock', async (t) => {
  const lab = await testLab(t)
  const keyPair = generateKeyPair({ curve: 'P-256', random })
  const server = issueDpAuth({
    issuer: lab.pki['P-256'].ci,
    keyPair,
    change: (recipe) => ({ ...recipe, notAfterMs: START.getTime() - DAY_MS }),
  })
  const driver = createDriver(lab, { phone: lab.createPhone() })
  await driver.initiate()
  const response = await driver.authenticateServer((request) =>
    serverRequest(
      { lab, request },
      { hasSession: true, server: () => server, signed1: {}, change: (same) => same },
    ),
  )
  t.truthy(response.authenticateResponseOk)
})

type DownloadRequest = Es10Request<'prepareDownload'>

/** What an SM-DP+ sends otherwise than a good one. */
interface DownloadAttempt {
  readonly session: 'authenticated' | 'challenged' | 'authenticated by an SM-DS'
  readonly publisher: (lab: Lab) => Credential
  readonly signed2: Partial<SmdpSigned2['value']>
  readonly change: (request: DownloadRequest) => DownloadRequest
}

testRefusals<DownloadAttempt>({
  name: 'PrepareDownload',
  flawless: {
    session: 'authenticated',
    publisher: (lab) => lab.pki['P-256'].dpPb,
    signed2: {},
    change: (request) => request,
  },
  faults: [
    {
      title: 'a server that was not authenticated',
      code: 'noSessionContext',
      breaks: (attempt) => ({ ...attempt, session: 'challenged' }),
    },
    {
      title: 'another TransactionID',
      code: 'invalidTransactionId',
      breaks: (attempt) => ({
        ...attempt,
        signed2: { ...attempt.signed2, transactionId: hex('0A0B') },
      }),
    },
    {
      title: 'a session with an SM-DS',
      code: 'noSessionContext',
      breaks: (attempt) => ({ ...attempt, session: 'authenticated by an SM-DS' }),
    },
    {
      title: 'a certificate that is none',
      code: 'invalidCertificate',
      breaks: (attempt) => ({
        ...attempt,
        change: (request) => ({ ...attempt.change(request), smdpCertificate: hex('3000') }),
      }),
    },
    {
      title: 'a certificate under another CI',
      code: 'invalidCertificate',
      breaks: (attempt) => ({ ...attempt, publisher: () => foreign['P-256'].dpPb }),
    },
    {
      title: 'a certificate for authentication',
      code: 'invalidCertificate',
      breaks: (attempt) => ({ ...attempt, publisher: (lab) => lab.pki['P-256'].dpAuth }),
    },
    {
      title: 'a wrong signature of the SM-DP+',
      code: 'invalidSignature',
      breaks: (attempt) => ({
        ...attempt,
        change(before) {
          const request = attempt.change(before)
          return { ...request, smdpSignature2: damaged(request.smdpSignature2) }
        },
      }),
    },
    {
      title: 'a certificate with another OID',
      code: 'invalidCertificate',
      breaks: (attempt) => ({ ...attempt, publisher: (lab) => otherPublisher(lab) }),
    },
    {
      title: 'a certificate under another CI that is trusted too',
      code: 'invalidCertificate',
      breaks: (attempt) => ({ ...attempt, publisher: (lab) => lab.pki.brainpoolP256r1.dpPb }),
    },
    {
      title: 'no hash of a Confirmation Code that is asked for',
      code: 'undefinedError',
      breaks: (attempt) => ({ ...attempt, signed2: { ...attempt.signed2, ccRequiredFlag: true } }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    const phone = lab.createPhone()
    const { matchingId } = await lab.order()
    const driver = createDriver(lab, { phone, matchingId })
    const signature1 = await authenticate({ lab, driver }, attempt)
    const before = phone.euicc.state
    const response = await driver.prepareDownload((request) =>
      downloadRequest({ lab, request, signature1 }, attempt),
    )
    t.is(response.downloadResponseError?.downloadErrorCode, code as 'undefinedError')
    t.is(phone.euicc.state, before)
    if (attempt.session !== 'authenticated') return
    const { downloadResponseOk } = await driver.prepareDownload()
    t.truthy(downloadResponseOk, 'the session serves the right request')
  },
})

/** Brings a card to the state that an attempt wants; its signature, if it gave one. */
async function authenticate(
  on: { readonly lab: Lab; readonly driver: Driver },
  attempt: DownloadAttempt,
): Promise<Uint8Array> {
  const { lab, driver } = on
  await driver.through('authenticateClient')
  if (attempt.session === 'authenticated') return driver.euiccSignature1
  const { euiccChallenge } = await driver.card.getEUICCChallenge({})
  if (attempt.session === 'challenged') return hex('')
  const { authenticateResponseOk } = await driver.authenticateServer((request) =>
    serverRequest(
      { lab, request },
      {
        hasSession: true,
        server: () => lab.pki['P-256'].dsAuth,
        signed1: { euiccChallenge },
        change: (same) => same,
      },
    ),
  )
  return needed(authenticateResponseOk).euiccSignature1
}

function otherPublisher(lab: Lab): Credential {
  const keyPair = generateKeyPair({ curve: 'P-256', random })
  const change = withExtension('subjectAltName', {
    value: extensionValue.subjectAltName({ registeredIds: ['2.999.11'] }),
  })
  return issueDpPb({ issuer: lab.pki['P-256'].ci, keyPair, change })
}

function downloadRequest(
  call: {
    readonly lab: Lab
    readonly request: DownloadRequest
    readonly signature1: Uint8Array
  },
  attempt: DownloadAttempt,
): DownloadRequest {
  const { keyPair, certificate } = attempt.publisher(call.lab)
  const smdpSigned2 = seal(SmdpSigned2, { ...call.request.smdpSigned2.value, ...attempt.signed2 })
  const data = concat(smdpSigned2.raw, element(0x5f37, call.signature1))
  return attempt.change({
    ...call.request,
    smdpSigned2,
    smdpSignature2: sign(keyPair.privateKey, data),
    smdpCertificate: certificate.der,
  })
}
