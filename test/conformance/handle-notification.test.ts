import { seal, signed } from '../../src/asn1/schema.ts'
import { hex } from '../../src/base/octets.ts'
import { sign } from '../../src/crypto/ec.ts'
import type { Phone } from '../../src/lab.ts'
import {
  BPP_ERRORS,
  ERROR_REASONS,
  ProfileInstallationResultData,
  type BppCommandId,
  type ErrorReason,
} from '../../src/rsp/common.ts'
import type { PendingNotification, ProfileInstallationResult } from '../../src/rsp/es10b.ts'
import { needed } from '../helpers/driver.ts'
import { cardKey, orderOf, orderState } from '../helpers/lab.ts'
import { sequence, type Bench } from './harness.ts'

const SignedResult = signed(ProfileInstallationResultData)

/** The result of a download with other contents, signed by the card. */
function withData(
  of: { readonly phone: Phone; readonly result: ProfileInstallationResult },
  change: (data: ProfileInstallationResultData) => ProfileInstallationResultData,
): PendingNotification {
  const { phone, result } = of
  const data = seal(SignedResult, change(result.profileInstallationResultData.value))
  const { euiccCertificate } = needed(phone.euicc.state.credentials[0])
  const euiccSignPIR = sign(cardKey(phone, euiccCertificate.der), data.raw)
  return { profileInstallationResult: { profileInstallationResultData: data, euiccSignPIR } }
}

async function downloaded(bench: Bench) {
  const order = await bench.lab.order()
  const phone = bench.phone()
  const driver = bench.driver({ phone, matchingId: order.matchingId })
  await driver.through('getBoundProfilePackage')
  return { order, phone, result: needed(await driver.load()) }
}

sequence(['4.3.15.2.1', '01'], async (t, bench) => {
  const { lab, es9Plus } = bench
  const { order, phone, result } = await downloaded(bench)
  await es9Plus.handleNotification({ pendingNotification: { profileInstallationResult: result } })
  t.is(orderState(lab, order), 'Installed')
  await phone.enable(order)
  await phone.disable(order)
  const { driver } = bench
  const { card } = driver({ phone })
  const { notificationList = [] } = await card.retrieveNotificationsList({})
  t.true(notificationList.length >= 3)
  for (const pendingNotification of notificationList) {
    t.deepEqual(await es9Plus.handleNotification({ pendingNotification }), {})
  }
  t.is(lab.operator.account(order)?.profileState, 'disabled')
})

sequence(['4.3.15.2.1', '02'], async (t, bench) => {
  const { lab, es9Plus, driver } = bench
  const { order, phone } = await downloaded(bench)
  const { card } = driver({ phone })
  await phone.enable(order)
  const { notificationList = [] } = await card.retrieveNotificationsList({})
  const enabled = needed(
    notificationList.findLast(({ otherSignedNotification }) => otherSignedNotification),
  )
  await es9Plus.handleNotification({ pendingNotification: enabled })
  t.is(lab.operator.account(order)?.profileState, 'enabled')
})

sequence(['4.3.15.2.1', '03'], async (t, bench) => {
  const { order, ...of } = await downloaded(bench)
  const pendingNotification = withData(of, (data) => ({ ...data, transactionId: hex('0A0B') }))
  t.deepEqual(await bench.es9Plus.handleNotification({ pendingNotification }), {})
  t.is(orderState(bench.lab, order), 'Downloaded')
})

const REASONS: readonly (readonly [number: string, reason: ErrorReason])[] = [
  ['04', 'incorrectInputValues'],
  ['05', 'invalidSignature'],
  ['06', 'unsupportedCrtValues'],
  ['07', 'unsupportedRemoteOperationType'],
  ['08', 'unsupportedProfileClass'],
  ['09', 'scp03tStructureError'],
  ['10', 'scp03tSecurityError'],
  ['11', 'installFailedDueToIccidAlreadyExistsOnEuicc'],
  ['12', 'installFailedDueToInsufficientMemoryForProfile'],
  ['13', 'installFailedDueToInterruption'],
  ['14', 'installFailedDueToPEProcessingError'],
  ['15', 'installFailedDueToDataMismatch'],
  ['16', 'testProfileInstallFailedDueToInvalidNaaKey'],
  ['17', 'pprNotAllowed'],
  ['18', 'installFailedDueToUnknownError'],
]

for (const [number, errorReason] of REASONS) {
  sequence(['4.3.15.2.1', number], async (t, bench) => {
    const bppCommandId = commandOf(errorReason)
    t.true(errorReason in ERROR_REASONS)
    const { order, ...of } = await downloaded(bench)
    const pendingNotification = withData(of, (data) => ({
      ...data,
      finalResult: { errorResult: { bppCommandId, errorReason } },
    }))
    t.deepEqual(await bench.es9Plus.handleNotification({ pendingNotification }), {})
    t.is(orderState(bench.lab, order), 'Error')
    t.is(orderOf(bench.lab, order)?.errorDetail, `${bppCommandId}: ${errorReason}`)
  })
}

/** The first function that may fail for the reason (SGP.22 §2.5.6.1, Table 4a). */
function commandOf(reason: ErrorReason): BppCommandId {
  const found = Object.entries(BPP_ERRORS).find(([, reasons]) => reasons.includes(reason))
  return needed(found)[0] as BppCommandId
}
