import test from 'ava'
import { seal } from '../../src/asn1/schema.ts'
import { hex } from '../../src/base/octets.ts'
import { seededRandom } from '../../src/base/environment.ts'
import { extensionValue } from '../../src/pki/forge.ts'
import { SmdpSigned2 } from '../../src/rsp/es10b.ts'
import type { Es11Request } from '../../src/rsp/es11.ts'
import { both, withExtension, type Change } from '../pki/helper.ts'
import { createDriver, damaged, needed } from '../helpers/driver.ts'
import { DAY_MS, START, testLab } from '../helpers/lab.ts'
import { refusedWith, testRefusals, type Fault } from '../helpers/refusals.ts'
import { createSmdsDriver, forged, UNCHANGED, type Forgery } from '../helpers/smds-driver.ts'

type Initiate = Es11Request<'initiateAuthentication'>
type Edit = (request: Initiate) => Initiate

const UNKNOWN_KEY = hex('00112233445566778899AABBCCDDEEFF00112233')
const random = seededRandom('challenges of nobody')

function withInfo(attempt: Edit, info: Partial<Initiate['euiccInfo1']>): Edit {
  return (request) => {
    const changed = attempt(request)
    return { ...changed, euiccInfo1: { ...changed.euiccInfo1, ...info } }
  }
}

testRefusals<Edit>({
  name: 'ES11.InitiateAuthentication',
  flawless: (request) => request,
  faults: [
    {
      title: 'an eUICC of version 3',
      code: '8.9.3/3.1',
      breaks: (attempt) => withInfo(attempt, { svn: Uint8Array.of(3, 0, 0) }),
    },
    {
      title: 'the address of another server',
      code: '8.9.1/3.8',
      breaks: (attempt) => (request) => ({
        ...attempt(request),
        smdpAddress: 'another.example.com',
      }),
    },
    {
      title: 'an eUICC that signs under CIs it does not trust',
      code: '8.9.2/3.1',
      breaks: (attempt) => withInfo(attempt, { euiccCiPKIdListForSigning: [UNKNOWN_KEY] }),
    },
    {
      title: 'an eUICC that verifies under CIs it has no certificate of',
      code: '8.9.4/3.7',
      breaks: (attempt) => withInfo(attempt, { euiccCiPKIdListForVerification: [UNKNOWN_KEY] }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    const driver = createSmdsDriver(lab, { phone: lab.createPhone() })
    await refusedWith(t, { call: driver.initiate(attempt), code })
    t.deepEqual(await driver.retrieve(), [])
  },
})

test('the SM-DP+ is not reached under the address of an SM-DS, nor the other way round', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { root } = lab.smds
  const swapped = createSmdsDriver(lab, { phone, address: lab.smdp.address })
  await refusedWith(t, { call: swapped.initiate(), code: '8.9.1/3.8' })
  const asSmdp = { ...root.es11, initiateAuthentication: lab.es9Plus.initiateAuthentication }
  const other = createSmdsDriver(lab, { phone, es11: asSmdp })
  await refusedWith(t, { call: other.initiate(), code: '8.8.1/3.8' })
})

const expired: Change = (recipe) => ({ ...recipe, notAfterMs: START.getTime() - DAY_MS })
const noPathLength = withExtension('basicConstraints', {
  critical: true,
  value: extensionValue.basicConstraints({ cA: true }),
})
const wrongUsage = withExtension('keyUsage', {
  critical: true,
  value: extensionValue.keyUsage(['keyCertSign']),
})

function inRequest(title: string, code: string, change: Forgery['request']): Fault<Forgery> {
  return {
    title,
    code,
    breaks: (attempt) => ({ ...attempt, request: (request) => change(attempt.request(request)) }),
  }
}

function inSigned1(title: string, code: string, change: Forgery['signed1']): Fault<Forgery> {
  return {
    title,
    code,
    breaks: (attempt) => ({ ...attempt, signed1: (signed1) => change(attempt.signed1(signed1)) }),
  }
}

function withAnswer(
  request: Es11Request<'authenticateClient'>,
  fields: { readonly [K in 'eumCertificate' | 'euiccCertificate']?: Uint8Array },
): typeof request {
  const ok = needed(request.authenticateServerResponse.authenticateResponseOk)
  return {
    ...request,
    authenticateServerResponse: { authenticateResponseOk: { ...ok, ...fields } },
  }
}

testRefusals<Forgery>({
  name: 'ES11.AuthenticateClient',
  flawless: UNCHANGED,
  faults: [
    inRequest('a TransactionID of no session', '8.10.1/3.9', (request) => ({
      ...request,
      transactionId: hex('0A0B'),
    })),
    inSigned1('an answer for another session', '8.10.1/3.9', (signed1) => ({
      ...signed1,
      transactionId: hex('0A0B'),
    })),
    inRequest('an EUM certificate that is no certificate', '8.1.2/6.1', (request) =>
      withAnswer(request, { eumCertificate: hex('3000') }),
    ),
    inRequest('an eUICC certificate that is no certificate', '8.1.3/6.1', (request) =>
      withAnswer(request, { euiccCertificate: hex('3000') }),
    ),
    {
      title: 'an EUM under another CI',
      code: '8.11.1/3.9',
      breaks: (attempt) => ({ ...attempt, foreignCi: true }),
    },
    {
      title: 'an expired EUM certificate',
      code: '8.1.2/6.3',
      breaks: (attempt) => ({ ...attempt, eum: both(attempt.eum, expired) }),
    },
    {
      title: 'an EUM certificate of unlimited path length',
      code: '8.1.2/6.1',
      breaks: (attempt) => ({ ...attempt, eum: both(attempt.eum, noPathLength) }),
    },
    {
      title: 'an expired eUICC certificate',
      code: '8.1.3/6.3',
      breaks: (attempt) => ({ ...attempt, euicc: both(attempt.euicc, expired) }),
    },
    {
      title: 'an eUICC certificate for another use',
      code: '8.1.3/6.1',
      breaks: (attempt) => ({ ...attempt, euicc: both(attempt.euicc, wrongUsage) }),
    },
    inRequest('a wrong signature of the eUICC', '8.1/6.1', (request) => {
      const ok = needed(request.authenticateServerResponse.authenticateResponseOk)
      const euiccSignature1 = damaged(ok.euiccSignature1)
      const authenticateResponseOk = { ...ok, euiccSignature1 }
      return { ...request, authenticateServerResponse: { authenticateResponseOk } }
    }),
    inSigned1('an answer to another challenge', '8.1/6.1', (signed1) => ({
      ...signed1,
      serverChallenge: random.bytes(16),
    })),
    inSigned1('an answer to another address', '8.1/6.1', (signed1) => ({
      ...signed1,
      serverAddress: 'else.example.com',
    })),
    inSigned1('an eUICC whose version has changed', '8.9.3/3.1', (signed1) => ({
      ...signed1,
      euiccInfo2: { ...signed1.euiccInfo2, svn: Uint8Array.of(2, 4, 0) },
    })),
    inSigned1('an EventID of no event', '8.9.5/3.9', (signed1) => {
      const { deviceInfo } = signed1.ctxParams1.value.ctxParamsForCommonAuthentication
      const value = { ctxParamsForCommonAuthentication: { matchingId: 'NO-EVENT', deviceInfo } }
      return { ...signed1, ctxParams1: { ...signed1.ctxParams1, value } }
    }),
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    const phone = lab.createPhone()
    const { matchingId } = await lab.order({ smDs: 'root', eid: phone.eid })
    const driver = createSmdsDriver(lab, { phone })
    await driver.initiate()
    await driver.authenticateServer()
    const call = driver.authenticateClient((request) => forged({ lab, phone, request }, attempt))
    await refusedWith(t, { call, code })
    const { eventEntries } = await driver.authenticateClient()
    t.deepEqual(
      eventEntries.map(({ eventId }) => eventId),
      [matchingId],
      'the session serves the right answer, and the event is there',
    )
  },
})

test('ES11.AuthenticateClient serves a session once, and hears of a card’s refusal with 8.1/4.2', async (t) => {
  const lab = await testLab(t)
  const driver = createSmdsDriver(lab, { phone: lab.createPhone() })
  await driver.retrieve()
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.10.1/3.9' })
  await driver.initiate()
  await driver.authenticateServer((request) => ({
    ...request,
    serverSignature1: damaged(request.serverSignature1),
  }))
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.1/4.2' })
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.10.1/3.9' })
})

test('the events of another eUICC are not told by their EventIDs either', async (t) => {
  const lab = await testLab(t)
  const { matchingId: eventId } = await lab.order({ smDs: 'root', eid: lab.createPhone().eid })
  const stranger = createSmdsDriver(lab, { phone: lab.createPhone(), eventId })
  await refusedWith(t, { call: stranger.retrieve(), code: '8.9.5/3.9' })
})

test('sessions of an SM-DS end with their lifetime', async (t) => {
  const lab = await testLab(t)
  const driver = createSmdsDriver(lab, { phone: lab.createPhone() })
  await driver.initiate()
  await driver.authenticateServer()
  lab.clock.advance(DAY_MS)
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.10.1/3.9' })
})

test('an eUICC authenticates an SM-DS, and then prepares no download', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { matchingId } = await lab.order()
  const smdp = await createDriver(lab, { phone, matchingId }).through('authenticateClient')
  const smds = createSmdsDriver(lab, { phone })
  await smds.initiate()
  const { authenticateResponseOk } = await smds.authenticateServer()
  t.truthy(authenticateResponseOk)
  const { downloadResponseError } = await smdp.prepareDownload((request) => ({
    ...request,
    smdpSigned2: seal(SmdpSigned2, {
      transactionId: smds.transactionId,
      ccRequiredFlag: false,
      bppEuiccOtpk: undefined,
    }),
  }))
  t.is(downloadResponseError?.downloadErrorCode, 'noSessionContext')
})
