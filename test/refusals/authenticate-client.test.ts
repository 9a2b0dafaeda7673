import test from 'ava'
import { hex } from '../../src/base/octets.ts'
import { seededRandom } from '../../src/base/environment.ts'
import { generateKeyPair } from '../../src/crypto/ec.ts'
import { loadPersonality } from '../../src/euicc/personality-file.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import { extensionValue } from '../../src/pki/forge.ts'
import { issueEuicc, issueEum } from '../../src/pki/issue.ts'
import { createTestPki } from '../../src/pki/test-pki.ts'
import { parseActivationCode } from '../../src/rsp/activation-code.ts'
import type { EuiccSigned1 } from '../../src/rsp/es10b.ts'
import type { Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import type { SmdpSettings } from '../../src/smdp/smdp.ts'
import { both, withExtension, type Change } from '../pki/helper.ts'
import { createDriver, damaged, needed, withSigned1 } from '../helpers/driver.ts'
import { foreignPackage } from '../helpers/packages.ts'
import { DAY_MS, orderOf, START, testLab } from '../helpers/lab.ts'
import { refusedWith, testRefusals } from '../helpers/refusals.ts'

type Signed1 = EuiccSigned1['value']
type Request = Es9PlusRequest<'authenticateClient'>

/** What an attempt does otherwise than a good one. */
interface Attempt {
  readonly smdp: Partial<SmdpSettings>
  readonly order: { readonly eid?: string; readonly release?: boolean }
  readonly foreignCi: boolean
  readonly eum: Change
  readonly euicc: Change
  readonly signed1: (signed1: Signed1) => Signed1
  readonly request: (request: Request) => Request
}

const OTHER_EID = '89049032000000000000000000000001'
const foreign = createTestPki({ random: seededRandom('foreign') })
const random = seededRandom('certificates with faults')

const expired: Change = (recipe) => ({ ...recipe, notAfterMs: START.getTime() - DAY_MS })
const noPathLength = withExtension('basicConstraints', {
  critical: true,
  value: extensionValue.basicConstraints({ cA: true }),
})
const wrongUsage = withExtension('keyUsage', {
  critical: true,
  value: extensionValue.keyUsage(['keyCertSign']),
})

function withAnswer(
  request: Request,
  change: (
    ok: NonNullable<Request['authenticateServerResponse']['authenticateResponseOk']>,
  ) => typeof ok,
): Request {
  const ok = needed(request.authenticateServerResponse.authenticateResponseOk)
  return { ...request, authenticateServerResponse: { authenticateResponseOk: change(ok) } }
}

function withMatchingId(signed1: Signed1, matchingId: string): Signed1 {
  const { deviceInfo } = signed1.ctxParams1.value.ctxParamsForCommonAuthentication
  const value = { ctxParamsForCommonAuthentication: { matchingId, deviceInfo } }
  return { ...signed1, ctxParams1: { ...signed1.ctxParams1, value } }
}

testRefusals<Attempt>({
  name: 'AuthenticateClient',
  flawless: {
    smdp: {},
    order: {},
    foreignCi: false,
    eum: (recipe) => recipe,
    euicc: (recipe) => recipe,
    signed1: (signed1) => signed1,
    request: (request) => request,
  },
  faults: [
    {
      title: 'a TransactionID of no session',
      code: '8.10.1/3.9',
      breaks: (attempt) => ({
        ...attempt,
        request: (request) => ({ ...attempt.request(request), transactionId: hex('0A0B') }),
      }),
    },
    {
      title: 'an answer for another session',
      code: '8.10.1/3.9',
      breaks: (attempt) => ({
        ...attempt,
        signed1: (signed1) => ({ ...attempt.signed1(signed1), transactionId: hex('0A0B') }),
      }),
    },
    {
      title: 'an EUM certificate that is no certificate',
      code: '8.1.2/6.1',
      breaks: (attempt) => ({
        ...attempt,
        request: (request) =>
          withAnswer(attempt.request(request), (ok) => ({ ...ok, eumCertificate: hex('3000') })),
      }),
    },
    {
      title: 'an eUICC certificate that is no certificate',
      code: '8.1.3/6.1',
      breaks: (attempt) => ({
        ...attempt,
        request: (request) =>
          withAnswer(attempt.request(request), (ok) => ({ ...ok, euiccCertificate: hex('3000') })),
      }),
    },
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
    {
      title: 'a wrong signature of the eUICC',
      code: '8.1/6.1',
      breaks: (attempt) => ({
        ...attempt,
        request: (request) =>
          withAnswer(attempt.request(request), (ok) => ({
            ...ok,
            euiccSignature1: damaged(ok.euiccSignature1),
          })),
      }),
    },
    {
      title: 'an answer to another challenge',
      code: '8.1/6.1',
      breaks: (attempt) => ({
        ...attempt,
        signed1: (signed1) => ({ ...attempt.signed1(signed1), serverChallenge: random.bytes(16) }),
      }),
    },
    {
      title: 'an answer to another address',
      code: '8.1/6.1',
      breaks: (attempt) => ({
        ...attempt,
        signed1: (signed1) => ({ ...attempt.signed1(signed1), serverAddress: 'else.example.com' }),
      }),
    },
    {
      title: 'an eUICC whose version has changed',
      code: '8.8.3/3.1',
      breaks: (attempt) => ({
        ...attempt,
        signed1(before) {
          const signed1 = attempt.signed1(before)
          const euiccInfo2 = { ...signed1.euiccInfo2, svn: Uint8Array.of(2, 4, 0) }
          return { ...signed1, euiccInfo2 }
        },
      }),
    },
    {
      title: 'a MatchingID of no order',
      code: '8.2.6/3.8',
      breaks: (attempt) => ({
        ...attempt,
        signed1: (signed1) => withMatchingId(attempt.signed1(signed1), 'NO-SUCH-ORDER'),
      }),
    },
    {
      title: 'an order for another EID',
      code: '8.1.1/3.8',
      breaks: (attempt) => ({ ...attempt, order: { ...attempt.order, eid: OTHER_EID } }),
    },
    {
      title: 'an order that is not released',
      code: '8.2/1.2',
      breaks: (attempt) => ({ ...attempt, order: { ...attempt.order, release: false } }),
    },
    {
      title: 'an order that has expired',
      code: '8.8.5/4.10',
      breaks: (attempt) => ({ ...attempt, smdp: { ...attempt.smdp, orderLifetimeMs: 0 } }),
    },
    {
      title: 'one try too many',
      code: '8.8.5/6.4',
      breaks: (attempt) => ({ ...attempt, smdp: { ...attempt.smdp, downloadAttemptsMax: 0 } }),
    },
    {
      title: 'an eUICC that takes no further profile',
      code: '8.2.5/4.3',
      breaks: (attempt) => ({
        ...attempt,
        signed1(before) {
          const signed1 = attempt.signed1(before)
          return { ...signed1, euiccInfo2: { ...signed1.euiccInfo2, rspCapability: [] } }
        },
      }),
    },
    {
      title: 'an eUICC without the services that the package wants',
      code: '8.2.5/4.3',
      breaks: (attempt) => withInfo(attempt, { uiccCapability: [false, true] }),
    },
    {
      title: 'an eUICC without room for the profile',
      code: '8.1/4.8',
      breaks: (attempt) => withInfo(attempt, { extCardResource: hex('810100 82020100 83020100') }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t, { smdp: attempt.smdp })
    const phone = lab.createPhone()
    const order = await lab.order(attempt.order)
    const driver = createDriver(lab, { phone, matchingId: order.matchingId })
    await driver.through('authenticateServer')
    const before = orderOf(lab, order)
    const call = driver.authenticateClient((request) => broken({ lab, phone, request }, attempt))
    await refusedWith(t, { call, code })
    if (ENDING.includes(code)) {
      t.is(orderOf(lab, order)?.state, 'Error')
      await refusedWith(t, { call: driver.authenticateClient(), code: '8.2.6/3.8' })
      return
    }
    t.deepEqual(orderOf(lab, order), before)
    if (attempt.order.eid !== undefined || attempt.smdp.orderLifetimeMs === 0) return
    if (attempt.order.release === false) await lab.es2Plus.releaseProfile(order)
    await t.notThrowsAsync(driver.authenticateClient(), 'the session serves the right answer')
  },
})

/** Refusals that end the order (SGP.22 §3.1.3 (3), (5)). */
const ENDING = ['8.8.5/6.4', '8.2.5/4.3', '8.1/4.8']

function withInfo(attempt: Attempt, info: Partial<Signed1['euiccInfo2']>): Attempt {
  return {
    ...attempt,
    signed1(before) {
      const signed1 = attempt.signed1(before)
      return { ...signed1, euiccInfo2: { ...signed1.euiccInfo2, ...info } }
    },
  }
}

/** The request with the attempt's faults: contents first, signed by the card, then what lies around them. */
function broken(
  call: { readonly lab: Lab; readonly phone: Phone; readonly request: Request },
  attempt: Attempt,
): Request {
  const { lab, phone, request } = call
  const response = request.authenticateServerResponse
  const signed = {
    ...request,
    authenticateServerResponse: withSigned1(phone, { response, change: attempt.signed1 }),
  }
  const certified = withAnswer(signed, (ok) => ({
    ...ok,
    ...certificates({ lab, phone }, attempt),
  }))
  return attempt.request(certified)
}

function certificates(
  of: { readonly lab: Lab; readonly phone: Phone },
  attempt: Attempt,
): { readonly eumCertificate: Uint8Array; readonly euiccCertificate: Uint8Array } {
  const { ci } = (attempt.foreignCi ? foreign : of.lab.pki)['P-256']
  const { keyPair } = needed(of.phone.euicc.state.credentials[0])
  const eum = issueEum({
    issuer: ci,
    keyPair: generateKeyPair({ curve: 'P-256', random }),
    change: attempt.eum,
  })
  const euicc = issueEuicc({ issuer: eum, keyPair, eid: of.phone.eid, change: attempt.euicc })
  return { eumCertificate: eum.certificate.der, euiccCertificate: euicc.certificate.der }
}

test('AuthenticateClient hears of the card’s own refusal with 8.1/4.2 and ends the session', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const driver = createDriver(lab, { phone: lab.createPhone(), matchingId: order.matchingId })
  await driver.initiate()
  await driver.authenticateServer((request) => ({
    ...request,
    serverSignature1: damaged(request.serverSignature1),
  }))
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.1/4.2' })
  t.is(lab.smdp.sessionCount, 0)
  t.is(orderOf(lab, order)?.state, 'Released')
})

test('AuthenticateClient takes the card’s refusal for another session as no answer', async (t) => {
  const lab = await testLab(t)
  const { matchingId } = await lab.order()
  const driver = createDriver(lab, { phone: lab.createPhone(), matchingId })
  await driver.through('authenticateServer')
  const authenticateResponseError = {
    transactionId: hex('0A0B'),
    authenticateErrorCode: 'invalidSignature',
  } as const
  const call = driver.authenticateClient((request) => ({
    ...request,
    authenticateServerResponse: { authenticateResponseError },
  }))
  await refusedWith(t, { call, code: '8.10.1/3.9' })
  await t.notThrowsAsync(driver.authenticateClient())
})

test('AuthenticateClient serves a session once', async (t) => {
  const lab = await testLab(t)
  const { matchingId } = await lab.order()
  const driver = await createDriver(lab, { phone: lab.createPhone(), matchingId }).through(
    'authenticateClient',
  )
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.10.1/3.9' })
  await driver.prepareDownload()
  await t.notThrowsAsync(driver.getBoundProfilePackage())
})

for (const matchingId of [undefined, '']) {
  test(`AuthenticateClient refuses ${matchingId === '' ? 'an empty' : 'no'} MatchingID without an order for the EID with 8.1.1/3.8`, async (t) => {
    const lab = await testLab(t)
    const order = await lab.order()
    const phone = lab.createPhone()
    const driver = createDriver(lab, { phone, ...(matchingId === '' && { matchingId }) })
    await driver.through('authenticateServer')
    await refusedWith(t, { call: driver.authenticateClient(), code: '8.1.1/3.8' })
    t.is(orderOf(lab, order)?.state, 'Released')
  })
}

for (const finalProfileStatusIndicator of ['Available', 'Unavailable']) {
  test(`AuthenticateClient refuses an order that was cancelled to ${finalProfileStatusIndicator} with 8.2.6/3.8`, async (t) => {
    const lab = await testLab(t)
    const order = await lab.order()
    await lab.es2Plus.cancelOrder({ ...order, finalProfileStatusIndicator })
    const driver = createDriver(lab, { phone: lab.createPhone(), matchingId: order.matchingId })
    await driver.through('authenticateServer')
    await refusedWith(t, { call: driver.authenticateClient(), code: '8.2.6/3.8' })
  })
}

test('AuthenticateClient refuses an order that is installed with 8.2.6/3.8', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { matchingId } = await lab.order()
  await createDriver(lab, { phone, matchingId }).through('load')
  await phone.sendNotifications()
  const again = await createDriver(lab, { phone, matchingId }).through('authenticateServer')
  await refusedWith(t, { call: again.authenticateClient(), code: '8.2.6/3.8' })
})

for (const [profilePolicyRules, isForbidden] of [
  [['ppr1'], true],
  [['ppr1', 'ppr2'], true],
  [['ppr2', 'pprUpdateControl'], false],
] as const) {
  test(`AuthenticateClient ${isForbidden ? 'refuses' : 'offers'} a profile with ${profilePolicyRules.join(' and ')} to an eUICC that forbids PPR1`, async (t) => {
    const lab = await testLab(t)
    const { iccid } = await lab.importProfile({ package: foreignPackage(), profilePolicyRules })
    const order = await lab.order({ iccid })
    const phone = lab.createPhone({ personality: loadPersonality('ppr1-forbidden') })
    const driver = createDriver(lab, { phone, matchingId: order.matchingId })
    await driver.through('authenticateServer')
    const call = driver.authenticateClient()
    if (isForbidden) await refusedWith(t, { call, code: '8.2.5/4.3' })
    else await t.notThrowsAsync(call)
    t.is(orderOf(lab, order)?.state, isForbidden ? 'Error' : 'Released')
  })
}

test('AuthenticateClient offers a profile with PPR1 to an eUICC without an Operational Profile alone', async (t) => {
  const lab = await testLab(t)
  const { iccid } = await lab.importProfile({
    package: foreignPackage(),
    profilePolicyRules: ['ppr1'],
  })
  const { matchingId } = await lab.order({ iccid })
  const phone = lab.createPhone()
  await phone.download({ activationCode: parseActivationCode((await lab.order()).activationCode) })
  const full = await createDriver(lab, { phone, matchingId }).through('authenticateServer')
  await refusedWith(t, { call: full.authenticateClient(), code: '8.2.5/4.3' })
  await lab.smdp.resetOrder({ iccid })
  const empty = createDriver(lab, { phone: lab.createPhone(), matchingId })
  await empty.through('authenticateServer')
  await t.notThrowsAsync(empty.authenticateClient())
})
