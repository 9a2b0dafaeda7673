import test from 'ava'
import { seal, signed } from '../../src/asn1/schema.ts'
import { iccidToOctets } from '../../src/base/bcd.ts'
import { seededRandom } from '../../src/base/environment.ts'
import { hex } from '../../src/base/octets.ts'
import { generateKeyPair, sign } from '../../src/crypto/ec.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import { issueEuicc } from '../../src/pki/issue.ts'
import { createTestPki } from '../../src/pki/test-pki.ts'
import {
  NotificationMetadata,
  ProfileInstallationResultData,
  type FinalResult,
} from '../../src/rsp/common.ts'
import type {
  OtherSignedNotification,
  PendingNotification,
  ProfileInstallationResult,
} from '../../src/rsp/es10b.ts'
import { createDriver, damaged, needed } from '../helpers/driver.ts'
import { cardKey, orderOf, testLab } from '../helpers/lab.ts'
import { testRefusals } from '../helpers/refusals.ts'

const SignedResult = signed(ProfileInstallationResultData)
const SignedMetadata = signed(NotificationMetadata)
const random = seededRandom('notifications')
const foreign = createTestPki({ random })

type ResultData = ProfileInstallationResultData

/** What a result says otherwise than the card's own, and who signs it. */
interface ResultAttempt {
  readonly data: (data: ResultData) => ResultData
  readonly isDamaged: boolean
}

testRefusals<ResultAttempt>({
  name: 'HandleNotification, of a ProfileInstallationResult,',
  flawless: { data: (data) => data, isDamaged: false },
  faults: [
    {
      title: 'a TransactionID of no download',
      code: 'no change',
      breaks: (attempt) => ({
        ...attempt,
        data: (data) => ({ ...attempt.data(data), transactionId: hex('0A0B') }),
      }),
    },
    {
      title: 'a wrong signature',
      code: 'no change',
      breaks: (attempt) => ({ ...attempt, isDamaged: true }),
    },
    {
      title: 'the OID of another server',
      code: 'no change',
      breaks: (attempt) => ({
        ...attempt,
        data: (data) => ({ ...attempt.data(data), smdpOid: '2.999.11' }),
      }),
    },
    {
      title: 'a sequence number below 0',
      code: 'no change',
      breaks: (attempt) => ({
        ...attempt,
        data(before) {
          const data = attempt.data(before)
          return { ...data, notificationMetadata: { ...data.notificationMetadata, seqNumber: -1 } }
        },
      }),
    },
  ],
  async refuses(t, { attempt }) {
    const lab = await testLab(t)
    const phone = lab.createPhone()
    const order = await lab.order()
    const driver = createDriver(lab, { phone, matchingId: order.matchingId })
    const result = needed(await (await driver.through('getBoundProfilePackage')).load())
    await notify(lab, { profileInstallationResult: withData({ phone, result }, attempt) })
    t.is(orderOf(lab, order)?.state, 'Downloaded')
    t.is(lab.operator.account(order)?.profileState, 'ordered')
    await notify(lab, { profileInstallationResult: result })
    t.is(orderOf(lab, order)?.state, 'Installed')
  },
})

function withData(
  of: { readonly phone: Phone; readonly result: ProfileInstallationResult },
  attempt: ResultAttempt,
): ProfileInstallationResult {
  const data = seal(SignedResult, attempt.data(of.result.profileInstallationResultData.value))
  const { euiccCertificate } = needed(of.phone.euicc.state.credentials[0])
  const euiccSignPIR = sign(cardKey(of.phone, euiccCertificate.der), data.raw)
  return {
    profileInstallationResultData: data,
    euiccSignPIR: attempt.isDamaged ? damaged(euiccSignPIR) : euiccSignPIR,
  }
}

function notify(lab: Lab, pendingNotification: PendingNotification): Promise<unknown> {
  return lab.es9Plus.handleNotification({ pendingNotification })
}

/** What a notification says otherwise than the card's own, and who signs it. */
interface OtherAttempt {
  readonly metadata: (metadata: NotificationMetadata) => NotificationMetadata
  readonly signer: 'card' | 'foreign card' | 'other card'
  readonly isDamaged: boolean
}

testRefusals<OtherAttempt>({
  name: 'HandleNotification, of another notification,',
  flawless: { metadata: (metadata) => metadata, signer: 'card', isDamaged: false },
  faults: [
    {
      title: 'an eUICC of another PKI',
      code: 'no change',
      breaks: (attempt) => ({ ...attempt, signer: 'foreign card' }),
    },
    {
      title: 'a wrong signature',
      code: 'no change',
      breaks: (attempt) => ({ ...attempt, isDamaged: true }),
    },
    {
      title: 'a sequence number below 0',
      code: 'no change',
      breaks: (attempt) => withMetadata(attempt, { seqNumber: -1 }),
    },
    {
      title: 'two operations at once',
      code: 'no change',
      breaks: (attempt) =>
        withMetadata(attempt, {
          profileManagementOperation: ['notificationEnable', 'notificationDelete'],
        }),
    },
    {
      title: 'no operation',
      code: 'no change',
      breaks: (attempt) => withMetadata(attempt, { profileManagementOperation: [] }),
    },
    {
      title: 'no ICCID',
      code: 'no change',
      breaks: (attempt) => ({
        ...attempt,
        metadata(before) {
          const { iccid: _, ...metadata } = attempt.metadata(before)
          return metadata
        },
      }),
    },
    {
      title: 'an ICCID of no profile',
      code: 'no change',
      breaks: (attempt) => withMetadata(attempt, { iccid: iccidToOctets('8900000000000000001') }),
    },
    {
      title: 'an eUICC that does not hold the profile',
      code: 'no change',
      breaks: (attempt) => ({ ...attempt, signer: 'other card' }),
    },
  ],
  async refuses(t, { attempt }) {
    const lab = await testLab(t)
    const phone = lab.createPhone()
    const order = await lab.order()
    await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
    await phone.sendNotifications()
    await phone.enable(order)
    const [pending] = phone.euicc.state.notifications
    const metadata = needed(pending).metadata
    await notify(lab, { otherSignedNotification: signedBy({ lab, phone, metadata }, attempt) })
    t.is(lab.operator.account(order)?.profileState, 'installed')
    await phone.sendNotifications()
    t.is(lab.operator.account(order)?.profileState, 'enabled')
  },
})

function withMetadata(attempt: OtherAttempt, field: Partial<NotificationMetadata>): OtherAttempt {
  return { ...attempt, metadata: (metadata) => ({ ...attempt.metadata(metadata), ...field }) }
}

function signedBy(
  of: {
    readonly lab: Lab
    readonly phone: Phone
    readonly metadata: NotificationMetadata
  },
  attempt: OtherAttempt,
): OtherSignedNotification {
  const { keyPair, euiccCertificate, eumCertificate } = signer(of, attempt)
  const tbsOtherNotification = seal(SignedMetadata, attempt.metadata(of.metadata))
  const signature = sign(keyPair.privateKey, tbsOtherNotification.raw)
  return {
    tbsOtherNotification,
    euiccNotificationSignature: attempt.isDamaged ? damaged(signature) : signature,
    euiccCertificate: euiccCertificate.der,
    eumCertificate: eumCertificate.der,
  }
}

function signer(of: { readonly lab: Lab; readonly phone: Phone }, attempt: OtherAttempt) {
  if (attempt.signer === 'card') return needed(of.phone.euicc.state.credentials[0])
  if (attempt.signer === 'other card') {
    return needed(of.lab.createPhone({ name: 'other' }).euicc.state.credentials[0])
  }
  const { eum } = foreign['P-256']
  const keyPair = generateKeyPair({ curve: 'P-256', random })
  const { certificate } = issueEuicc({ issuer: eum, keyPair, eid: of.phone.eid })
  return { keyPair, euiccCertificate: certificate, eumCertificate: eum.certificate }
}

const FAILURE: FinalResult = {
  errorResult: { bppCommandId: 'loadProfileElements', errorReason: 'scp03tSecurityError' },
}

test('a result with an error ends the order and says where it failed', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order()
  const driver = createDriver(lab, { phone, matchingId: order.matchingId })
  const result = needed(await (await driver.through('getBoundProfilePackage')).load())
  const failed = withData(
    { phone, result },
    { data: (data) => ({ ...data, finalResult: FAILURE }), isDamaged: false },
  )
  await notify(lab, { profileInstallationResult: failed })
  t.is(orderOf(lab, order)?.state, 'Error')
  t.is(orderOf(lab, order)?.errorDetail, 'loadProfileElements: scp03tSecurityError')
  t.is(lab.operator.account(order)?.profileState, 'ordered')
  await notify(lab, { profileInstallationResult: result })
  t.is(orderOf(lab, order)?.state, 'Error', 'a result counts once')
})

test('the error of an earlier try, come late, does not end the one that is under way', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order()
  const { matchingId } = order
  const earlier = await createDriver(lab, { phone, matchingId }).through('getBoundProfilePackage')
  const result = needed(await earlier.load())
  const failed = withData(
    { phone, result },
    { data: (data) => ({ ...data, finalResult: FAILURE }), isDamaged: false },
  )
  await createDriver(lab, { phone, matchingId }).through('getBoundProfilePackage')
  await notify(lab, { profileInstallationResult: failed })
  t.is(orderOf(lab, order)?.state, 'Downloaded')
  await notify(lab, { profileInstallationResult: result })
  t.is(orderOf(lab, order)?.state, 'Installed', 'but what was installed is installed')
})
