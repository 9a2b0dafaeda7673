import { concat, hex } from '../../src/base/octets.ts'
import type { LabOptions } from '../../src/lab.ts'
import type { Es9PlusRequest } from '../../src/rsp/es9plus.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import type { StoreMetadataRequest } from '../../src/rsp/common.ts'
import { damaged, needed, withSigned2, type Driver } from '../helpers/driver.ts'
import { orderState } from '../helpers/lab.ts'
import { foreignPackage } from '../helpers/packages.ts'
import { sequence, type Bench } from './harness.ts'

type Request = Es9PlusRequest<'getBoundProfilePackage'>

const CODE = '2468'
const PPK: LabOptions = { smdp: { profileProtection: 'profileProtectionKeys' } }

/** What the sequences of a group differ in. */
const VARIANTS: readonly {
  readonly lab: LabOptions
  readonly confirmationCode?: string
}[] = [
  { lab: {} },
  { lab: {}, confirmationCode: CODE },
  { lab: PPK },
  { lab: PPK, confirmationCode: CODE },
]

function numberOf(at: number): string {
  return String(at).padStart(2, '0')
}

async function begin(
  bench: Bench,
  { confirmationCode }: { readonly confirmationCode?: string | undefined },
) {
  const code = confirmationCode === undefined ? {} : { confirmationCode }
  const order = await bench.lab.order(code)
  const phone = bench.phone()
  const driver = (): Driver => bench.driver({ phone, matchingId: order.matchingId, ...code })
  return { order, phone, driver }
}

for (const [at, variant] of VARIANTS.entries()) {
  const { lab } = variant
  sequence(
    ['4.3.13.2.1', numberOf(at + 1)],
    async (t, bench) => {
      const { order, driver } = await begin(bench, variant)
      const session = await driver().through('prepareDownload')
      const { boundProfilePackage, transactionId } = await session.getBoundProfilePackage()
      t.deepEqual(Buffer.from(transactionId), Buffer.from(session.transactionId))
      t.is(orderState(bench.lab, order), 'Downloaded')
      const result = needed(await session.load(segmentsOf(boundProfilePackage)))
      t.truthy(result.profileInstallationResultData.value.finalResult.successResult)
      t.is(hasOwnKeys(boundProfilePackage), lab === PPK)
    },
    { lab },
  )

  sequence(
    ['4.3.13.2.4', numberOf(at + 1)],
    async (t, bench) => {
      const { phone, driver } = await begin(bench, variant)
      const first = await driver().through('getBoundProfilePackage')
      const point = otpkOf(phone)
      t.truthy(first)
      const again = await driver().through('authenticateServer')
      const { smdpSigned2 } = await again.authenticateClient()
      t.deepEqual(smdpSigned2.value.bppEuiccOtpk && octets(smdpSigned2.value.bppEuiccOtpk), point)
      await again.prepareDownload()
      await again.getBoundProfilePackage()
      t.deepEqual(otpkOf(phone), point)
      const result = needed(await again.load())
      t.truthy(result.profileInstallationResultData.value.finalResult.successResult)
    },
    { lab },
  )

  sequence(
    ['4.3.13.2.4', numberOf(at + 5)],
    async (t, bench) => {
      const { order, driver } = await withAnotherKey(bench, variant)
      const session = await driver.through('load')
      t.truthy(session)
      t.is(orderState(bench.lab, order), 'Downloaded')
    },
    { lab: { smdp: { ...lab.smdp, rebinding: 'bindAnew' } } },
  )

  sequence(
    ['4.3.13.2.7', numberOf(at + 1)],
    async (t, bench) => {
      const { order, driver } = await withAnotherKey(bench, variant)
      await driver.through('prepareDownload')
      const call = driver.getBoundProfilePackage()
      await bench.refused({ call, by: 'getBoundProfilePackage', code: '8.2/3.7' })
      t.is(orderState(bench.lab, order), 'Error')
    },
    { lab: { smdp: { ...lab.smdp, rebinding: 'refuse' } } },
  )
}

/** A session for a package that was bound to a key which the card has lost. */
async function withAnotherKey(
  bench: Bench,
  variant: { readonly confirmationCode?: string | undefined },
) {
  const { order, phone, driver } = await begin(bench, variant)
  await driver().through('getBoundProfilePackage')
  const other = await bench.lab.order()
  // The card keeps one key for retries: another download takes its place.
  await bench.driver({ phone, matchingId: other.matchingId }).through('load')
  return { order, driver: driver() }
}

function otpkOf(phone: ReturnType<Bench['phone']>): Buffer {
  return octets(needed(phone.euicc.state.retryKey).keyPair.point)
}

function octets(of: Uint8Array): Buffer {
  return Buffer.from(of)
}

/** ReplaceSessionKeys is the sequence A2 of a package. */
function hasOwnKeys(boundProfilePackage: Uint8Array): boolean {
  return segmentsOf(boundProfilePackage).some((segment) => segment[0] === 0xa2)
}

const ICON_OCTETS = 1000

for (const [at, lab] of [{}, PPK].entries()) {
  sequence(
    ['4.3.13.2.1', numberOf(at + 5)],
    async (t, bench) => {
      const { iccid } = await bench.lab.importProfile({
        package: foreignPackage(),
        icon: concat(hex('89504E470D0A1A0A'), new Uint8Array(ICON_OCTETS - 8)),
      })
      const { matchingId } = await bench.lab.order({ iccid })
      const session = await bench.driver({ matchingId }).through('authenticateServer')
      const { profileMetadata } = await session.authenticateClient()
      t.is(iconOf(profileMetadata), ICON_OCTETS)
      await session.prepareDownload()
      const { boundProfilePackage } = await session.getBoundProfilePackage()
      const metadata = segmentsOf(boundProfilePackage).filter(([tag]) => tag === 0x88)
      t.is(metadata.length, 2)
      const result = needed(await session.load(segmentsOf(boundProfilePackage)))
      t.truthy(result.profileInstallationResultData.value.finalResult.successResult)
    },
    { lab },
  )
}

function iconOf({ icon }: StoreMetadataRequest): number | undefined {
  return icon?.length
}

sequence(['4.3.13.2.4', '09'], async (t, bench) => {
  const { order, phone } = await begin(bench, { confirmationCode: CODE })
  const { matchingId } = order
  const wrong = bench.driver({ phone, matchingId, confirmationCode: '1' })
  await wrong.through('prepareDownload')
  const call = wrong.getBoundProfilePackage()
  await bench.refused({ call, by: 'getBoundProfilePackage', code: '8.2.7/3.8' })
  const right = bench.driver({ phone, matchingId, confirmationCode: CODE })
  await right.through('load')
  t.is(phone.euicc.state.profiles.length, 1)
})

const ERRORS: readonly {
  readonly number: string
  readonly code: string
  readonly confirmationCode?: string
  readonly given?: string
  readonly change?: (request: Request) => Request
}[] = [
  {
    number: '01',
    code: '8.1/6.1',
    change(request) {
      const ok = needed(request.prepareDownloadResponse.downloadResponseOk)
      const downloadResponseOk = { ...ok, euiccSignature2: damaged(ok.euiccSignature2) }
      return { ...request, prepareDownloadResponse: { downloadResponseOk } }
    },
  },
  {
    number: '02-03',
    code: '8.10.1/3.9',
    change: (request) => ({ ...request, transactionId: hex('0A0B') }),
  },
  { number: '04', code: '8.2.7/2.2', confirmationCode: CODE },
  { number: '05', code: '8.2.7/3.8', confirmationCode: CODE, given: '1' },
]

for (const { number, code, confirmationCode, given, change } of ERRORS) {
  sequence(['4.3.13.2.10', number], async (t, bench) => {
    const { order, phone } = await begin(bench, { confirmationCode })
    const session = bench.driver({
      phone,
      matchingId: order.matchingId,
      ...(given !== undefined && { confirmationCode: given }),
    })
    await session.through('authenticateServer')
    const { smdpSignature2 } = await session.authenticateClient()
    const isWithoutCode = confirmationCode !== undefined && given === undefined
    await session.prepareDownload((request) =>
      // The card wants a hash where there is a code; what it has signed is signed anew without it.
      isWithoutCode ? { ...request, hashCc: new Uint8Array(32) } : request,
    )
    const { euiccCertificate } = needed(phone.euicc.state.credentials[0])
    const call = session.getBoundProfilePackage((request) => {
      const response = request.prepareDownloadResponse
      const prepareDownloadResponse = isWithoutCode
        ? withSigned2(phone, {
            response,
            change: (signed2) => ({ ...signed2, hashCc: undefined }),
            euiccCertificate: euiccCertificate.der,
            smdpSignature2,
          })
        : response
      return (change ?? ((same: Request) => same))({ ...request, prepareDownloadResponse })
    })
    await bench.refused({ call, by: 'getBoundProfilePackage', code })
    t.is(orderState(bench.lab, order), 'Released')
  })
}
