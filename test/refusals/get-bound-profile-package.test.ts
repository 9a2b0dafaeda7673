import test from 'ava'
import { hex } from '../../src/base/octets.ts'
import { seededRandom } from '../../src/base/environment.ts'
import { generateKeyPair } from '../../src/crypto/ec.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import type { OrderedProfile } from '../../src/operator/ordering.ts'
import type { EUICCSigned2 } from '../../src/rsp/es10b.ts'
import type { Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import {
  createDriver,
  damaged,
  hashOfCode,
  needed,
  withSigned2,
  type Driver,
} from '../helpers/driver.ts'
import { orderOf, testLab } from '../helpers/lab.ts'
import { refusedWith, testRefusals } from '../helpers/refusals.ts'

type Request = Es9PlusRequest<'getBoundProfilePackage'>
type Signed2 = EUICCSigned2['value']

/** What an attempt does otherwise than a good one. */
interface Attempt {
  readonly isTaken: boolean
  readonly signed2: (signed2: Signed2, transactionId: Uint8Array) => Signed2
  readonly request: (request: Request) => Request
}

const CODE = '123456'
const otherCurve = generateKeyPair({ curve: 'brainpoolP256r1', random: seededRandom('other') })

testRefusals<Attempt>({
  name: 'GetBoundProfilePackage',
  flawless: {
    isTaken: false,
    signed2: (signed2) => signed2,
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
      breaks: (attempt) => withField(attempt, { transactionId: hex('0A0B') }),
    },
    {
      title: 'a wrong signature of the eUICC',
      code: '8.1/6.1',
      breaks: (attempt) => ({
        ...attempt,
        request: (request) => withDamagedSignature(attempt.request(request)),
      }),
    },
    {
      title: 'an order that another eUICC has taken',
      code: '8.2/3.7',
      breaks: (attempt) => ({ ...attempt, isTaken: true }),
    },
    {
      title: 'no Confirmation Code',
      code: '8.2.7/2.2',
      breaks: (attempt) => withField(attempt, { hashCc: undefined }),
    },
    {
      title: 'a one-time key that is cut short',
      code: '1.3.1/2.1',
      breaks: (attempt) => withField(attempt, { euiccOtpk: otherCurve.point.subarray(0, 64) }),
    },
    {
      title: 'a compressed one-time key',
      code: '1.3.1/2.1',
      breaks: (attempt) => ({
        ...attempt,
        signed2(before, transactionId) {
          const signed2 = attempt.signed2(before, transactionId)
          const euiccOtpk = Buffer.concat([hex('02'), signed2.euiccOtpk.subarray(1, 33)])
          return { ...signed2, euiccOtpk }
        },
      }),
    },
    {
      title: 'a one-time key on another curve',
      code: '1.3.1/2.1',
      breaks: (attempt) => withField(attempt, { euiccOtpk: otherCurve.point }),
    },
  ],
  async refuses(t, { attempt, code }) {
    const lab = await testLab(t)
    const download = await begin(lab)
    const { driver, order } = download
    if (attempt.isTaken) await take(lab, order)
    const before = orderOf(lab, order)
    const call = driver.getBoundProfilePackage((request) =>
      broken({ ...download, request }, attempt),
    )
    await refusedWith(t, { call, code })
    t.deepEqual(orderOf(lab, order), before)
    if (attempt.isTaken) return
    if (code.startsWith('8.2.7/')) {
      await refusedWith(t, { call: driver.getBoundProfilePackage(), code: '8.10.1/3.9' })
      return
    }
    await t.notThrowsAsync(driver.getBoundProfilePackage(), 'the session serves the right answer')
    t.is(orderOf(lab, order)?.state, 'Downloaded')
  },
})

function withField(attempt: Attempt, field: Partial<Signed2>): Attempt {
  return {
    ...attempt,
    signed2: (signed2, transactionId) => ({ ...attempt.signed2(signed2, transactionId), ...field }),
  }
}

function withDamagedSignature(request: Request): Request {
  const ok = needed(request.prepareDownloadResponse.downloadResponseOk)
  const euiccSignature2 = damaged(ok.euiccSignature2)
  return { ...request, prepareDownloadResponse: { downloadResponseOk: { ...ok, euiccSignature2 } } }
}

interface Begun {
  readonly driver: Driver
  readonly order: OrderedProfile
  readonly phone: Phone
  readonly smdpSignature2: Uint8Array
}

/** A download of an order with a Confirmation Code, up to PrepareDownload. */
async function begin(lab: Lab, code = CODE): Promise<Begun> {
  const phone = lab.createPhone()
  const order = await lab.order({ confirmationCode: CODE })
  return { phone, order, ...(await authenticate({ lab, phone, order }, code)) }
}

async function authenticate(
  of: { readonly lab: Lab; readonly phone: Phone; readonly order: OrderedProfile },
  confirmationCode: string,
): Promise<{ readonly driver: Driver; readonly smdpSignature2: Uint8Array }> {
  const { matchingId } = of.order
  const driver = createDriver(of.lab, { phone: of.phone, matchingId, confirmationCode })
  await driver.through('authenticateServer')
  const { smdpSignature2 } = await driver.authenticateClient()
  await driver.prepareDownload()
  return { driver, smdpSignature2 }
}

async function take(lab: Lab, order: OrderedProfile): Promise<void> {
  const { driver } = await authenticate({ lab, phone: lab.createPhone(), order }, CODE)
  await driver.getBoundProfilePackage()
}

function broken(call: Begun & { readonly request: Request }, attempt: Attempt): Request {
  const { phone, request, smdpSignature2, driver } = call
  const { euiccCertificate } = needed(phone.euicc.state.credentials[0])
  const prepareDownloadResponse = withSigned2(phone, {
    response: request.prepareDownloadResponse,
    change: (signed2) => attempt.signed2(signed2, driver.transactionId),
    euiccCertificate: euiccCertificate.der,
    smdpSignature2,
  })
  return attempt.request({ ...request, prepareDownloadResponse })
}

test('GetBoundProfilePackage wants an authenticated session', async (t) => {
  const lab = await testLab(t)
  const { driver } = await begin(lab)
  const { transactionId } = await createDriver(lab, { phone: lab.createPhone() }).initiate()
  const call = driver.getBoundProfilePackage((request) => ({ ...request, transactionId }))
  await refusedWith(t, { call, code: '8.10.1/3.9' })
})

test('GetBoundProfilePackage hears of the card’s own refusal with 8.1/4.2 and ends the session', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const driver = createDriver(lab, { phone: lab.createPhone(), matchingId: order.matchingId })
  await driver.through('authenticateClient')
  await driver.prepareDownload((request) => ({
    ...request,
    smdpSignature2: damaged(request.smdpSignature2),
  }))
  await refusedWith(t, { call: driver.getBoundProfilePackage(), code: '8.1/4.2' })
  t.is(orderOf(lab, order)?.state, 'Released')
  t.is(lab.smdp.sessionCount, 0)
})

test('a wrong Confirmation Code is refused with 8.2.7/3.8 and the right one still serves', async (t) => {
  const lab = await testLab(t)
  const { driver, order, phone } = await begin(lab, '000000')
  await refusedWith(t, { call: driver.getBoundProfilePackage(), code: '8.2.7/3.8' })
  t.is(orderOf(lab, order)?.state, 'Released')
  const again = await authenticate({ lab, phone, order }, CODE)
  await t.notThrowsAsync(again.driver.getBoundProfilePackage())
})

test('the third wrong Confirmation Code ends the order with 8.2.7/6.4', async (t) => {
  const lab = await testLab(t)
  const { driver, order, phone } = await begin(lab, '000000')
  await refusedWith(t, { call: driver.getBoundProfilePackage(), code: '8.2.7/3.8' })
  for (const code of ['8.2.7/3.8', '8.2.7/6.4']) {
    const retry = await authenticate({ lab, phone, order }, '000000')
    await refusedWith(t, { call: retry.driver.getBoundProfilePackage(), code })
  }
  t.is(orderOf(lab, order)?.state, 'Error')
  t.regex(orderOf(lab, order)?.errorDetail ?? '', /Confirmation Code/)
  const { matchingId } = order
  const again = await createDriver(lab, { phone, matchingId }).through('authenticateServer')
  await refusedWith(t, { call: again.authenticateClient(), code: '8.2.6/3.8' })
})

test('a Confirmation Code is bound to its session', async (t) => {
  const lab = await testLab(t)
  const { order, phone } = await begin(lab)
  const { matchingId } = order
  const driver = await createDriver(lab, { phone, matchingId }).through('authenticateClient')
  const hashCc = hashOfCode(CODE, hex('00112233445566778899AABBCCDDEEFF'))
  await driver.prepareDownload((request) => ({ ...request, hashCc }))
  await refusedWith(t, { call: driver.getBoundProfilePackage(), code: '8.2.7/3.8' })
})

test('wrong Confirmation Codes of a late session do not harm a profile that is installed elsewhere', async (t) => {
  const lab = await testLab(t)
  const { driver: late, order } = await begin(lab, '000000')
  const phone = lab.createPhone()
  const { driver } = await authenticate({ lab, phone, order }, CODE)
  await driver.getBoundProfilePackage()
  await driver.load()
  await phone.sendNotifications()
  for (const _ of [1, 2, 3]) {
    await refusedWith(t, { call: late.getBoundProfilePackage(), code: '8.2/3.7' })
  }
  t.is(orderOf(lab, order)?.state, 'Installed')
})

test('a session does not outlive its order, though the profile is ordered anew', async (t) => {
  const lab = await testLab(t)
  const { driver, order } = await begin(lab)
  const { iccid } = order
  await lab.es2Plus.cancelOrder({ ...order, finalProfileStatusIndicator: 'Available' })
  await lab.order({ iccid })
  await refusedWith(t, { call: driver.getBoundProfilePackage(), code: '8.2/3.7' })
  await driver.cancel('endUserRejection')
  t.is(orderOf(lab, order)?.state, 'Released')
})

test('an LPA that puts a wrong code down to its user does not end the order', async (t) => {
  const lab = await testLab(t)
  const { driver, order, phone } = await begin(lab, 'wrong')
  await refusedWith(t, { call: driver.getBoundProfilePackage(), code: '8.2.7/3.8' })
  await refusedWith(t, { call: driver.cancel('endUserRejection'), code: '8.10.1/3.9' })
  const { activationCode } = order
  await t.notThrowsAsync(phone.download({ activationCode, confirmationCode: CODE }))
})
