import test from 'ava'
import { seal, type Infer } from '../../src/asn1/schema.ts'
import { hex } from '../../src/base/octets.ts'
import { sign } from '../../src/crypto/ec.ts'
import type { Phone } from '../../src/lab.ts'
import { CANCEL_SESSION_REASONS, EuiccCancelSessionSigned } from '../../src/rsp/es10b.ts'
import type { CancelSessionReason, CancelSessionResponse } from '../../src/rsp/es10b.ts'
import type { Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import { createDriver, damaged, needed, type Step } from '../helpers/driver.ts'
import { cardKey, orderOf, testLab } from '../helpers/lab.ts'
import { refusedWith, testRefusals } from '../helpers/refusals.ts'

type Request = Es9PlusRequest<'cancelSession'>
type CancelSigned = Infer<typeof EuiccCancelSessionSigned>['value']

/** What an attempt does otherwise than a good one. */
interface Attempt {
  readonly signed: (signed: CancelSigned) => CancelSigned
  readonly request: (request: Request) => Request
}

testRefusals<Attempt>({
  name: 'CancelSession',
  flawless: { signed: (signed) => signed, request: (request) => request },
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
      breaks: (attempt) => withField(attempt, { transactionId: hex('0A0B') }),
    },
    {
      title: 'a wrong signature of the eUICC',
      code: '8.1/6.1',
      breaks: (attempt) => ({
        ...attempt,
        request(before) {
          const request = attempt.request(before)
          const ok = needed(request.cancelSessionResponse.cancelSessionResponseOk)
          const euiccCancelSessionSignature = damaged(ok.euiccCancelSessionSignature)
          return withResponse(request, {
            cancelSessionResponseOk: { ...ok, euiccCancelSessionSignature },
          })
        },
      }),
    },
    {
      title: 'the OID of another server',
      code: '8.8/3.10',
      breaks: (attempt) => withField(attempt, { smdpOid: '2.999.11' }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    const phone = lab.createPhone()
    const order = await lab.order()
    const driver = createDriver(lab, { phone, matchingId: order.matchingId })
    await driver.through('authenticateClient')
    const good = await cancelRequest({ driver, reason: 'endUserRejection' })
    const call = lab.es9Plus.cancelSession(
      attempt.request(signedAnew({ phone, request: good }, attempt)),
    )
    await refusedWith(t, { call, code })
    t.is(orderOf(lab, order)?.state, 'Released')
    t.is(lab.smdp.sessionCount, 1)
    await t.notThrowsAsync(lab.es9Plus.cancelSession(good), 'the session serves the right answer')
    t.is(orderOf(lab, order)?.state, 'Error')
  },
})

function withField(attempt: Attempt, field: Partial<CancelSigned>): Attempt {
  return { ...attempt, signed: (signed) => ({ ...attempt.signed(signed), ...field }) }
}

function withResponse(request: Request, cancelSessionResponse: CancelSessionResponse): Request {
  return { ...request, cancelSessionResponse }
}

async function cancelRequest(of: {
  readonly driver: ReturnType<typeof createDriver>
  readonly reason: CancelSessionReason
}): Promise<Request> {
  const { transactionId, card } = of.driver
  const cancelSessionResponse = await card.cancelSession({ transactionId, reason: of.reason })
  return { transactionId, cancelSessionResponse }
}

function signedAnew(
  call: { readonly phone: Phone; readonly request: Request },
  attempt: Attempt,
): Request {
  const ok = needed(call.request.cancelSessionResponse.cancelSessionResponseOk)
  const euiccCancelSessionSigned = seal(
    EuiccCancelSessionSigned,
    attempt.signed(ok.euiccCancelSessionSigned.value),
  )
  const { euiccCertificate } = needed(call.phone.euicc.state.credentials[0])
  const key = cardKey(call.phone, euiccCertificate.der)
  const euiccCancelSessionSignature = sign(key, euiccCancelSessionSigned.raw)
  return withResponse(call.request, {
    cancelSessionResponseOk: { euiccCancelSessionSigned, euiccCancelSessionSignature },
  })
}

test('CancelSession hears of the card’s own refusal with 8.1/4.2', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const driver = createDriver(lab, { phone: lab.createPhone(), matchingId: order.matchingId })
  await driver.through('authenticateClient')
  const call = driver.cancel('endUserRejection', (request) =>
    withResponse(request, { cancelSessionResponseError: 'undefinedError' }),
  )
  await refusedWith(t, { call, code: '8.1/4.2' })
  t.is(lab.smdp.sessionCount, 0)
  t.is(orderOf(lab, order)?.state, 'Released')
})

test('CancelSession wants an authenticated session', async (t) => {
  const lab = await testLab(t)
  const { matchingId } = await lab.order()
  const driver = createDriver(lab, { phone: lab.createPhone(), matchingId })
  await driver.through('authenticateServer')
  await refusedWith(t, { call: driver.cancel('postponed'), code: '8.10.1/3.9' })
})

const REASONS = Object.keys(CANCEL_SESSION_REASONS) as CancelSessionReason[]
const STEPS: readonly Step[] = ['authenticateClient', 'getBoundProfilePackage']

for (const step of STEPS) {
  for (const reason of REASONS) {
    const isKept = reason === 'postponed' || reason === 'timeout'
    test(`${reason} after ${step} ${isKept ? 'leaves' : 'ends'} the order`, async (t) => {
      const lab = await testLab(t)
      const phone = lab.createPhone()
      const order = await lab.order()
      const { matchingId } = order
      const driver = await createDriver(lab, { phone, matchingId }).through(step)
      const stateBefore = orderOf(lab, order)?.state
      const request = await cancelRequest({ driver, reason })
      await lab.es9Plus.cancelSession(request)
      t.is(lab.smdp.sessionCount, 0)
      t.is(orderOf(lab, order)?.state, isKept ? stateBefore : 'Error')
      await refusedWith(t, { call: lab.es9Plus.cancelSession(request), code: '8.10.1/3.9' })
      const again = await createDriver(lab, { phone, matchingId }).through('authenticateServer')
      if (isKept) await t.notThrowsAsync(again.authenticateClient())
      else await refusedWith(t, { call: again.authenticateClient(), code: '8.2.6/3.8' })
    })
  }
}

test('a cancelled order says why', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const driver = createDriver(lab, { phone: lab.createPhone(), matchingId: order.matchingId })
  await driver.through('authenticateClient')
  await driver.cancel('metadataMismatch')
  t.is(orderOf(lab, order)?.errorDetail, 'cancelled: metadataMismatch')
})
