import type { ExecutionContext } from 'ava'
import { element } from '../../src/asn1/der.ts'
import { decode, encode } from '../../src/asn1/schema.ts'
import { seededRandom } from '../../src/base/environment.ts'
import { concat, hex } from '../../src/base/octets.ts'
import { generateKeyPair, sign } from '../../src/crypto/ec.ts'
import { loadPersonality } from '../../src/euicc/personality-file.ts'
import type { LabOptions, Phone } from '../../src/lab.ts'
import { extensionValue } from '../../src/pki/forge.ts'
import { issueEuicc, issueEum } from '../../src/pki/issue.ts'
import { createTestPki } from '../../src/pki/test-pki.ts'
import { CtxParams1, EUICCInfo2 } from '../../src/rsp/common.ts'
import { EuiccSigned1 } from '../../src/rsp/es10b.ts'
import type { Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import type { OrderState } from '../../src/store/orders.ts'
import { damaged, needed, withSigned1, type Driver } from '../helpers/driver.ts'
import { cardKey, DAY_MS, orderState, START } from '../helpers/lab.ts'
import { foreignPackage } from '../helpers/packages.ts'
import { withExtension, type Change } from '../pki/helper.ts'
import { sequence, type Bench } from './harness.ts'

type Request = Es9PlusRequest<'authenticateClient'>
type Signed1 = EuiccSigned1['value']
type Ok = NonNullable<Request['authenticateServerResponse']['authenticateResponseOk']>

const CODE = '2468'
const HOUR_MS = 3_600_000
const random = seededRandom('conformance')
const foreign = createTestPki({ random })

/** The ways in which an order can be found. */
const USE_CASES: readonly {
  readonly number: string
  readonly isDefault?: true
  readonly isForEid?: true
  readonly confirmationCode?: string
}[] = [
  { number: '01', isDefault: true, isForEid: true },
  { number: '02', isDefault: true, isForEid: true, confirmationCode: CODE },
  { number: '08', isForEid: true },
  { number: '09', isForEid: true, confirmationCode: CODE },
  { number: '11' },
  { number: '12', confirmationCode: CODE },
]

for (const { number, isDefault, isForEid, confirmationCode } of USE_CASES) {
  sequence(['4.3.14.2.1', number], async (t, bench) => {
    const phone = bench.phone()
    const order = await bench.lab.order({
      ...(isForEid && { eid: phone.eid }),
      ...(isDefault && { matchingId: '' }),
      ...(confirmationCode !== undefined && { confirmationCode }),
    })
    const { matchingId } = order
    const driver = bench.driver({ phone, ...(isDefault ? {} : { matchingId }) })
    await driver.through('authenticateServer')
    const { smdpSigned2 } = await driver.authenticateClient()
    t.is(smdpSigned2.value.ccRequiredFlag, confirmationCode !== undefined)
    t.is(orderState(bench.lab, order), 'Released')
  })
}

sequence(['4.3.14.2.1', '03'], async (t, bench) => {
  const phone = bench.phone()
  const { matchingId } = await bench.lab.order()
  const wrong = await bench.driver({ phone, matchingId: 'WRONG' }).through('authenticateServer')
  const call = wrong.authenticateClient()
  await bench.refused({ call, by: 'authenticateClient', code: '8.2.6/3.8' })
  await t.notThrowsAsync(bench.driver({ phone, matchingId }).through('load'))
})

sequence(['4.3.14.2.1', '05-06'], async (t, bench) => {
  for (const isSent of [false, true]) {
    const phone = bench.lab.createPhone({ curves: [bench.curve] })
    const { iccid, matchingId } = await bench.lab.order({ eid: phone.eid, smDs: 'root' })
    const driver = bench.driver({ phone, ...(isSent && { matchingId }) })
    await t.notThrowsAsync(driver.through('load'))
    t.is(orderState(bench.lab, { iccid }), 'Downloaded')
  }
})

sequence(['4.3.14.2.1', '14-18'], async (t, bench) => {
  for (const orderedAs of ['', undefined]) {
    for (const sentAs of ['', undefined]) {
      const phone = bench.lab.createPhone({ curves: [bench.curve] })
      const { iccid } = await bench.lab.order({
        eid: phone.eid,
        ...(orderedAs !== undefined && { matchingId: orderedAs }),
      })
      const driver = bench.driver({ phone, ...(sentAs !== undefined && { matchingId: sentAs }) })
      await t.notThrowsAsync(driver.through('load'))
      t.is(orderState(bench.lab, { iccid }), 'Downloaded')
    }
  }
})

/** An element that no version of the module has. */
const UNKNOWN_ELEMENT = element(0x9f7f, hex('0102'))

sequence(['4.3.14.2.1', '19'], (t, bench) =>
  toleratesInfo(t, {
    bench,
    // rspCapability with bits that have no name yet
    change: (info) => replaced(info, hex('8802'), element(0x88, hex('04FFF0'))),
  }),
)

sequence(['4.3.14.2.1', '20'], async (t, bench) => {
  const { driver } = await begin(bench)
  await driver.authenticateServer((request) => {
    const raw = appended(request.ctxParams1.raw, [0xa0, 0xa1])
    return { ...request, ctxParams1: { raw, value: decode(CtxParams1, raw) } }
  })
  await t.notThrowsAsync(driver.authenticateClient())
})

sequence(['4.3.14.2.1', '21'], (t, bench) =>
  toleratesInfo(t, { bench, change: (info) => appended(info, [0xbf22]) }),
)

/** The answer with a EUICCInfo2 of other octets, signed by the card. */
async function toleratesInfo(
  t: ExecutionContext,
  { bench, change }: { readonly bench: Bench; readonly change: (info: Uint8Array) => Uint8Array },
): Promise<void> {
  const { driver, phone } = await begin(bench)
  await driver.authenticateServer()
  const call = driver.authenticateClient((request) =>
    withOk(request, (ok) => {
      const before = encode(EUICCInfo2, ok.euiccSigned1.value.euiccInfo2)
      const after = change(before)
      t.notDeepEqual(Buffer.from(after), Buffer.from(before))
      const at = Buffer.from(ok.euiccSigned1.raw).indexOf(before)
      t.true(at > 0)
      const { raw } = ok.euiccSigned1
      const head = Buffer.from(raw).indexOf(hex('80'), 1)
      const content = concat(raw.subarray(head, at), after, raw.subarray(at + before.length))
      const euiccSigned1 = decode(EuiccSigned1, element(0x30, content))
      const euiccSignature1 = sign(cardKey(phone, ok.euiccCertificate), euiccSigned1.raw)
      return { ...ok, euiccSigned1, euiccSignature1 }
    }),
  )
  await t.notThrowsAsync(call)
}

/** An unknown element at the end of nested elements, all of whose lengths grow. */
function appended(octets: Uint8Array, [tag, ...inner]: readonly number[]): Uint8Array {
  if (tag === undefined) return concat(octets, UNKNOWN_ELEMENT)
  const headOctets = contentOffset(octets)
  const content = octets.subarray(headOctets)
  const [next] = inner
  if (next === undefined) return element(tag, content, UNKNOWN_ELEMENT)
  const at = Buffer.from(content).indexOf(next)
  return element(tag, content.subarray(0, at), appended(content.subarray(at), inner))
}

function contentOffset(octets: Uint8Array): number {
  const tagOctets = (octets[0]! & 0x1f) === 0x1f ? 2 : 1
  const length = octets[tagOctets]!
  return tagOctets + 1 + (length > 0x80 ? length - 0x80 : 0)
}

/** The element that begins with some octets, of two octets of content, in place of another. */
function replaced(octets: Uint8Array, head: Uint8Array, other: Uint8Array): Uint8Array {
  const content = octets.subarray(contentOffset(octets))
  const at = Buffer.from(content).indexOf(head)
  const end = at + 2 + (content[at + 1] ?? 0)
  return element(0xbf22, content.subarray(0, at), other, content.subarray(end))
}

interface Begun {
  readonly driver: Driver
  readonly phone: Phone
  readonly order: { readonly iccid: string; readonly matchingId: string }
}

async function begin(
  bench: Bench,
  order: Parameters<Bench['lab']['order']>[0] = {},
): Promise<Begun> {
  const placed = await bench.lab.order(order)
  const phone = bench.phone()
  const driver = bench.driver({ phone, matchingId: placed.matchingId })
  await driver.initiate()
  return { driver, phone, order: placed }
}

function withOk(request: Request, change: (ok: Ok) => Ok): Request {
  const ok = needed(request.authenticateServerResponse.authenticateResponseOk)
  return { ...request, authenticateServerResponse: { authenticateResponseOk: change(ok) } }
}

const expired: Change = (recipe) => ({ ...recipe, notAfterMs: START.getTime() - DAY_MS })
const noPathLength = withExtension('basicConstraints', {
  critical: true,
  value: extensionValue.basicConstraints({ cA: true }),
})
const wrongUsage = withExtension('keyUsage', {
  critical: true,
  value: extensionValue.keyUsage(['keyCertSign']),
})

/** Certificates as the sequence wants them, for the key that the card has. */
function certified(
  of: Begun & { readonly bench: Bench },
  faults: { readonly eum?: Change; readonly euicc?: Change; readonly isForeign?: boolean },
): (request: Request) => Request {
  const { bench, phone } = of
  const { curve } = bench
  const { ci } = (faults.isForeign ? foreign : bench.lab.pki)[curve]
  const eum = issueEum({
    issuer: ci,
    keyPair: generateKeyPair({ curve, random }),
    ...(faults.eum && { change: faults.eum }),
  })
  const { keyPair } = needed(phone.euicc.state.credentials[0])
  const { euicc: change } = faults
  const euicc = issueEuicc({ issuer: eum, keyPair, eid: phone.eid, ...(change && { change }) })
  return (request) =>
    withOk(request, (ok) => ({
      ...ok,
      eumCertificate: eum.certificate.der,
      euiccCertificate: euicc.certificate.der,
    }))
}

function signedAs(
  { phone }: Begun,
  change: (signed1: Signed1) => Signed1,
): (request: Request) => Request {
  return (request) => {
    const response = request.authenticateServerResponse
    return { ...request, authenticateServerResponse: withSigned1(phone, { response, change }) }
  }
}

const ERRORS: readonly {
  readonly number: string
  readonly code: string
  readonly order?: Parameters<Bench['lab']['order']>[0]
  readonly lab?: LabOptions
  readonly breaks?: (of: Begun & { readonly bench: Bench }) => (request: Request) => Request
  readonly state?: OrderState
}[] = [
  { number: '01', code: '8.1.2/6.1', breaks: (of) => certified(of, { eum: noPathLength }) },
  { number: '02', code: '8.1.2/6.3', breaks: (of) => certified(of, { eum: expired }) },
  { number: '03', code: '8.1.3/6.1', breaks: (of) => certified(of, { euicc: wrongUsage }) },
  { number: '04', code: '8.1.3/6.3', breaks: (of) => certified(of, { euicc: expired }) },
  {
    number: '05',
    code: '8.1/6.1',
    breaks: () => (request) =>
      withOk(request, (ok) => ({ ...ok, euiccSignature1: damaged(ok.euiccSignature1) })),
  },
  {
    number: '06',
    code: '8.1/6.1',
    breaks: (of) =>
      signedAs(of, (signed1) => ({ ...signed1, serverChallenge: new Uint8Array(16) })),
  },
  { number: '07', code: '8.11.1/3.9', breaks: (of) => certified(of, { isForeign: true }) },
  { number: '08', code: '8.2/1.2', order: { release: false }, state: 'Confirmed' },
  {
    number: '09',
    code: '8.10.1/3.9',
    breaks: () => (request) => ({ ...request, transactionId: hex('0A0B') }),
  },
  {
    number: '10',
    code: '8.10.1/3.9',
    breaks: (of) => signedAs(of, (signed1) => ({ ...signed1, transactionId: hex('0A0B') })),
  },
  { number: '17', code: '8.8.5/6.4', lab: { smdp: { downloadAttemptsMax: 0 } }, state: 'Error' },
  {
    number: '20',
    code: '8.1.1/3.8',
    order: { eid: '89049032000000000000000000000001' },
  },
]

for (const { number, code, order, lab, breaks, state = 'Released' } of ERRORS) {
  sequence(
    ['4.3.14.2.2', number],
    async (t, bench) => {
      const begun = await begin(bench, order)
      await begun.driver.authenticateServer()
      const change = breaks?.({ ...begun, bench })
      const call = begun.driver.authenticateClient(change)
      await bench.refused({ call, by: 'authenticateClient', code })
      t.is(orderState(bench.lab, begun.order), state)
    },
    lab ? { lab } : {},
  )
}

sequence(['4.3.14.2.2', '11-13'], async (t, bench) => {
  const { lab } = bench
  const installed = await lab.order()
  await bench.driver({ matchingId: installed.matchingId }).through('load')
  const failed = await lab.order()
  const rejected = bench.driver({ matchingId: failed.matchingId })
  await rejected.through('authenticateClient')
  await rejected.cancel('endUserRejection')
  const cancelled = await lab.order()
  await lab.es2Plus.cancelOrder({
    iccid: cancelled.iccid,
    matchingId: cancelled.matchingId,
    finalProfileStatusIndicator: 'Available',
  })
  t.is(orderState(lab, failed), 'Error')
  for (const matchingId of ['NO-SUCH-ORDER', failed.matchingId, cancelled.matchingId]) {
    const driver = await bench.driver({ matchingId }).through('authenticateServer')
    const call = driver.authenticateClient()
    await bench.refused({ call, by: 'authenticateClient', code: '8.2.6/3.8' })
  }
})

sequence(['4.3.14.2.2', '14'], async (t, bench) => {
  const order = await bench.lab.order()
  for (const download of [{}, { matchingId: '' }]) {
    const driver = await bench.driver(download).through('authenticateServer')
    const call = driver.authenticateClient()
    await bench.refused({ call, by: 'authenticateClient', code: '8.1.1/3.8' })
  }
  t.is(orderState(bench.lab, order), 'Released')
})

sequence(['4.3.14.2.2', '15'], async (t, bench) => {
  const { lab } = bench
  const { iccid } = await lab.importProfile({
    package: foreignPackage(),
    profilePolicyRules: ['ppr1'],
  })
  const order = await lab.order({ iccid })
  const phone = bench.phone({ personality: loadPersonality('ppr1-forbidden') })
  const { matchingId } = order
  const driver = await bench.driver({ phone, matchingId }).through('authenticateServer')
  const call = driver.authenticateClient()
  await bench.refused({ call, by: 'authenticateClient', code: '8.2.5/4.3' })
  t.is(orderState(lab, order), 'Error')
})

sequence(
  ['4.3.14.2.2', '16'],
  async (t, bench) => {
    const { driver, order } = await begin(bench)
    await driver.authenticateServer()
    bench.lab.clock.advance(HOUR_MS - 1)
    const late = await bench.driver({ matchingId: order.matchingId }).through('authenticateServer')
    bench.lab.clock.advance(1)
    const call = late.authenticateClient()
    await bench.refused({ call, by: 'authenticateClient', code: '8.8.5/4.10' })
    t.is(orderState(bench.lab, order), 'Released')
  },
  { lab: { smdp: { orderLifetimeMs: HOUR_MS } } },
)

sequence(['4.3.14.2.2', '19'], async (t, bench) => {
  const { eid } = bench.phone()
  const order = await bench.lab.order({ eid, smDs: 'root' })
  const phone = bench.lab.createPhone({ curves: [bench.curve] })
  const { matchingId } = order
  const driver = await bench.driver({ phone, matchingId }).through('authenticateServer')
  const call = driver.authenticateClient()
  await bench.refused({ call, by: 'authenticateClient', code: '8.1.1/3.8' })
  t.is(orderState(bench.lab, order), 'Released')
})

sequence(['4.3.14.2.2', '21'], async (t, bench) => {
  const order = await bench.lab.order()
  const { matchingId } = order
  await bench.driver({ matchingId }).through('getBoundProfilePackage')
  const phone = bench.lab.createPhone({ curves: [bench.curve] })
  const other = await bench.driver({ phone, matchingId }).through('authenticateServer')
  const call = other.authenticateClient()
  await bench.refused({ call, by: 'authenticateClient', code: '8.1.1/3.8' })
  t.is(orderState(bench.lab, order), 'Downloaded')
})

sequence(['4.3.14.2.6', '01'], async (t, bench) => {
  const { driver, phone, order } = await begin(bench)
  await driver.through('getBoundProfilePackage')
  const { point } = needed(phone.euicc.state.retryKey).keyPair
  const again = bench.driver({ phone, matchingId: order.matchingId })
  await again.through('authenticateServer')
  const { smdpSigned2 } = await again.authenticateClient()
  t.deepEqual(Buffer.from(needed(smdpSigned2.value.bppEuiccOtpk)), Buffer.from(point))
})
