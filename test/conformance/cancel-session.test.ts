import { seal } from '../../src/asn1/schema.ts'
import { hex } from '../../src/base/octets.ts'
import { sign } from '../../src/crypto/ec.ts'
import { EuiccCancelSessionSigned, type CancelSessionReason } from '../../src/rsp/es10b.ts'
import type { Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import { damaged, needed, type Step } from '../helpers/driver.ts'
import { cardKey, orderState } from '../helpers/lab.ts'
import { sequence } from './harness.ts'

type Request = Es9PlusRequest<'cancelSession'>

const TO_RETRY: readonly CancelSessionReason[] = ['postponed', 'timeout']

const REASONS: readonly (readonly [section: string, id: string, CancelSessionReason, Step])[] = [
  ['4.3.16.2.1', '01', 'endUserRejection', 'authenticateClient'],
  ['4.3.16.2.1', '02', 'postponed', 'authenticateClient'],
  ['4.3.16.2.1', '03', 'timeout', 'authenticateClient'],
  ['4.3.16.2.1', '04', 'pprNotAllowed', 'authenticateClient'],
  ['4.3.16.2.1', '05', 'undefinedReason', 'authenticateClient'],
  ['4.3.16.2.2', 'endUserRejection', 'endUserRejection', 'getBoundProfilePackage'],
  ['4.3.16.2.2', 'postponed', 'postponed', 'getBoundProfilePackage'],
  ['4.3.16.2.2', 'timeout', 'timeout', 'getBoundProfilePackage'],
  ['4.3.16.2.2', 'pprNotAllowed', 'pprNotAllowed', 'getBoundProfilePackage'],
  ['4.3.16.2.2', 'metadataMismatch', 'metadataMismatch', 'getBoundProfilePackage'],
  ['4.3.16.2.2', 'loadBppExecutionError', 'loadBppExecutionError', 'getBoundProfilePackage'],
  ['4.3.16.2.2', 'undefinedReason', 'undefinedReason', 'getBoundProfilePackage'],
]

for (const [section, id, reason, after] of REASONS) {
  sequence([section, id], async (t, { lab, driver }) => {
    const order = await lab.order()
    const { matchingId } = order
    const session = await driver({ matchingId }).through(after)
    const before = orderState(lab, order)
    await session.cancel(reason)
    t.is(orderState(lab, order), TO_RETRY.includes(reason) ? before : 'Error')
    t.is(lab.smdp.sessionCount, 0)
  })
}

interface Refusal {
  readonly number: string
  readonly code: string
  readonly signed?: Partial<EuiccCancelSessionSigned['value']>
  readonly change?: (request: Request) => Request
}

type EuiccCancelSessionSigned = NonNullable<
  Request['cancelSessionResponse']['cancelSessionResponseOk']
>['euiccCancelSessionSigned']

const REFUSALS: readonly Refusal[] = [
  {
    number: '06',
    code: '8.10.1/3.9',
    change: (request) => ({ ...request, transactionId: hex('0A0B') }),
  },
  { number: '07', code: '8.10.1/3.9', signed: { transactionId: hex('0A0B') } },
  {
    number: '08',
    code: '8.1/6.1',
    change(request) {
      const ok = needed(request.cancelSessionResponse.cancelSessionResponseOk)
      const euiccCancelSessionSignature = damaged(ok.euiccCancelSessionSignature)
      const cancelSessionResponse = {
        cancelSessionResponseOk: { ...ok, euiccCancelSessionSignature },
      }
      return { ...request, cancelSessionResponse }
    },
  },
  { number: '09', code: '8.8/3.10', signed: { smdpOid: '2.999.11' } },
]

for (const { number, code, signed = {}, change = (request: Request) => request } of REFUSALS) {
  sequence(['4.3.16.2.1', number], async (t, bench) => {
    const { lab } = bench
    const order = await lab.order()
    const phone = bench.phone()
    const { matchingId } = order
    const driver = await bench.driver({ phone, matchingId }).through('authenticateClient')
    const { euiccCertificate } = needed(phone.euicc.state.credentials[0])
    const key = cardKey(phone, euiccCertificate.der)
    const call = driver.cancel('endUserRejection', (request) => {
      const ok = needed(request.cancelSessionResponse.cancelSessionResponseOk)
      const value = { ...ok.euiccCancelSessionSigned.value, ...signed }
      const euiccCancelSessionSigned = seal(EuiccCancelSessionSigned, value)
      const euiccCancelSessionSignature = sign(key, euiccCancelSessionSigned.raw)
      return change({
        ...request,
        cancelSessionResponse: {
          cancelSessionResponseOk: { euiccCancelSessionSigned, euiccCancelSessionSignature },
        },
      })
    })
    await bench.refused({ call, by: 'cancelSession', code })
    t.is(orderState(lab, order), 'Released')
  })
}
