import test from 'ava'
import { element } from '../../src/asn1/der.ts'
import { decode, encode } from '../../src/asn1/schema.ts'
import { iccidFromOctets } from '../../src/base/bcd.ts'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import { parseEuicc, serialiseEuicc } from '../../src/euicc/state.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import { encodeElement, readProfileElements } from '../../src/profile/elements.ts'
import { EUICCResponse } from '../../src/profile/status.ts'
import { StoreMetadataRequest } from '../../src/rsp/common.ts'
import { bench, failedLoad, reasonOf, REPLACE_SESSION_KEYS, type Bench } from '../helpers/bind.ts'
import { createDriver, loadSegments, needed } from '../helpers/driver.ts'
import { phoneOn, testLab } from '../helpers/lab.ts'
import { foreignPackage } from '../helpers/packages.ts'

test('LoadBoundProfilePackage takes a good package of our making, with and without its own keys', async (t) => {
  const lab = await testLab(t)
  for (const parts of [{}, { replaceSessionKeys: REPLACE_SESSION_KEYS }]) {
    const on = await bench(lab)
    const result = needed(await on.driver.load(segmentsOf(on.bind(parts))))
    const { finalResult, notificationMetadata } = result.profileInstallationResultData.value
    t.truthy(finalResult.successResult)
    t.is(iccidFromOctets(needed(notificationMetadata.iccid)), on.order.iccid)
  }
})

test('LoadBoundProfilePackage refuses a profile that is there with its ICCID', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const order = await lab.order()
  await createDriver(lab, { phone, matchingId: order.matchingId }).through('load')
  const on = await bench(lab, phone)
  const [there] = phone.euicc.state.profiles
  const parts = { metadata: needed(there).metadata }
  const data = await failedLoad(t, { on, segments: segmentsOf(on.bind(parts)) })
  t.is(reasonOf(data.finalResult), 'storeMetadata installFailedDueToIccidAlreadyExistsOnEuicc')
  t.is(iccidFromOctets(needed(data.notificationMetadata.iccid)), order.iccid)
})

test('LoadBoundProfilePackage allows PPR1 to the first profile only', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const results: boolean[] = []
  for (const _ of [1, 2]) {
    const on = await bench(lab, phone)
    const parts = { metadata: { ...on.metadata, profilePolicyRules: ['ppr1'] as const } }
    const result = needed(await on.driver.load(segmentsOf(on.bind(parts))))
    const { finalResult } = result.profileInstallationResultData.value
    results.push(finalResult.successResult !== undefined)
    if (!finalResult.successResult) t.is(reasonOf(finalResult), 'storeMetadata pprNotAllowed')
  }
  t.deepEqual(results, [true, false])
})

test('LoadBoundProfilePackage refuses what does not fit into the memory that is left', async (t) => {
  const lab = await testLab(t, { smdp: { memoryCheck: false } })
  const full = lab.createPhone()
  const first = await bench(lab, full)
  await first.driver.load(segmentsOf(first.bind()))
  const [profile] = full.euicc.state.profiles
  const elements = new Uint8Array(512 * 1024 - 100)
  const phone = phoneOn(lab, { state: { profiles: [{ ...needed(profile), elements }] } })
  const on = await bench(lab, phone)
  const data = await failedLoad(t, { on, segments: segmentsOf(on.bind()) })
  t.is(
    reasonOf(data.finalResult),
    'loadProfileElements installFailedDueToInsufficientMemoryForProfile',
  )
})

/** Sixteen files of 65,535 octets in 300 octets of a package. */
function packageOfLargeFiles(): Uint8Array {
  const files = Array.from({ length: 16 }, (_, at) => ({
    createFCP: {
      fileDescriptor: hex('4121'),
      fileID: Uint8Array.of(0x5f, at),
      efFileSize: hex('FFFF'),
    },
  }))
  const value = { gfmHeader: { identification: 99 }, fileManagementCMD: [files] }
  const parts = readProfileElements(foreignPackage())
  const added = encodeElement({ kind: 'genericFileManagement', value })
  return concat(
    ...parts.slice(0, -1).map(encodeElement),
    added,
    ...parts.slice(-1).map(encodeElement),
  )
}

test('a small package whose files do not fit has the reason of SGP.22 Table 4b, and the element that says so', async (t) => {
  const on = await bench(await testLab(t))
  const segments = segmentsOf(on.bind({ profilePackage: packageOfLargeFiles() }))
  const { finalResult } = await failedLoad(t, { on, segments })
  t.is(reasonOf(finalResult), 'loadProfileElements installFailedDueToInsufficientMemoryForProfile')
  const { peStatus, profileInstallationAborted } = decode(
    EUICCResponse,
    needed(finalResult.errorResult?.simaResponse),
  )
  t.is(profileInstallationAborted, null)
  t.deepEqual(peStatus.at(-1), { status: 'not-enough-memory', identification: 99 })
  t.deepEqual(on.phone.euicc.state.profiles, [])
})

test('an installed profile takes memory for its package and its files, also after a loss of power', async (t) => {
  const on = await bench(await testLab(t))
  await on.driver.load(segmentsOf(on.bind()))
  const { state } = on.phone.euicc
  const [{ elements, fileOctets = 0 }] = [needed(state.profiles[0])]
  t.true(fileOctets > 2000)
  t.is(parseEuicc(serialiseEuicc(state)).profiles[0]?.fileOctets, fileOctets)
  const { extCardResource } = await on.driver.card.getEUICCInfo2({})
  const free = (512 * 1024 - elements.length - fileOctets).toString(16).padStart(8, '0')
  t.true(toHex(extCardResource).includes(`8204${free.toUpperCase()}`))
})

test('metadata may fill more than one segment', async (t) => {
  const on = await bench(await testLab(t))
  const icon = new Uint8Array(1024).fill(0x5a)
  const parts = { metadata: { ...on.metadata, iconType: 'png', icon } as const }
  t.true(encode(StoreMetadataRequest, parts.metadata).length > 1020)
  const answers = await loadSegments(on.driver.card, segmentsOf(on.bind(parts)))
  t.deepEqual(on.phone.euicc.state.profiles[0]?.metadata.icon, Buffer.from(icon))
  t.true((answers.at(-1)?.data.length ?? 0) > 0)
})

test('proprietary data of 128 octets, tag and length included, are kept', async (t) => {
  const on = await bench(await testLab(t))
  const dpProprietaryData = element(0xb8, new Uint8Array(126))
  await on.driver.load(segmentsOf(on.bind({ configureIsdp: element(0xbf24, dpProprietaryData) })))
  t.deepEqual(
    on.phone.euicc.state.profiles[0]?.dpProprietaryData,
    Uint8Array.from(dpProprietaryData),
  )
})

const CUTS: Readonly<Record<string, (octets: Uint8Array) => Uint8Array[]>> = {
  'octet by octet': (octets) => slices(octets, 1),
  'in blocks of 255 octets': (octets) => slices(octets, 255),
  'two segments at once': (octets) => pairs(segmentsOf(octets)),
  'as one': (octets) => [octets],
  'with octets behind its end': (octets) => [concat(octets, hex('0500'))],
}

function slices(octets: Uint8Array, length: number): Uint8Array[] {
  const count = Math.ceil(octets.length / length)
  return Array.from({ length: count }, (_, at) => octets.subarray(at * length, (at + 1) * length))
}

function pairs(segments: readonly Uint8Array[]): Uint8Array[] {
  return segments.flatMap((segment, at) =>
    at % 2 === 0 ? [concat(segment, segments[at + 1] ?? hex(''))] : [],
  )
}

for (const [title, cut] of Object.entries(CUTS)) {
  test(`a package may come ${title}`, async (t) => {
    const on = await bench(await testLab(t))
    const result = needed(await on.driver.load(cut(on.bind())))
    t.truthy(result.profileInstallationResultData.value.finalResult.successResult)
  })
}

test('a segment that is not expected is answered 6A88, and the right one goes on', async (t) => {
  const on = await bench(await testLab(t))
  const { card } = on.driver
  const segments = segmentsOf(on.bind())
  for (const [at, segment] of segments.entries()) {
    for (const wrong of [...segments.slice(0, at), ...segments.slice(at + 1)]) {
      if (wrong[0] === segment[0]) continue
      const answer = await card.loadBoundProfilePackage(wrong)
      t.deepEqual(answer, { statusWord: 0x6a88, data: hex('') }, `instead of segment ${at}`)
    }
    t.is((await card.loadBoundProfilePackage(segment)).statusWord, 0x9000)
  }
  t.is(on.phone.euicc.state.profiles.length, 1)
})

test('a package that breaks off leaves nothing behind, and the session may be cancelled', async (t) => {
  const on = await bench(await testLab(t))
  const before = on.phone.euicc.state
  const segments = segmentsOf(on.bind())
  t.is(await on.driver.load(segments.slice(0, -1)), undefined)
  t.is(on.phone.euicc.state, before)
  await t.notThrowsAsync(on.driver.cancel('loadBppExecutionError'))
  await isRefused(on, needed(segments.at(-1)))
})

test('without power the session is gone and what is stored stays', async (t) => {
  const on = await bench(await testLab(t))
  const before = on.phone.euicc.state
  const segments = segmentsOf(on.bind())
  await on.driver.load(segments.slice(0, 3))
  on.phone.euicc.powerOff()
  await isRefused(on, needed(segments[3]))
  await isRefused(on, needed(segments[0]))
  t.is(on.phone.euicc.state, before)
  t.truthy(before.retryKey)
})

async function isRefused(on: Bench, segment: Uint8Array): Promise<void> {
  const { statusWord } = await on.driver.card.loadBoundProfilePackage(segment)
  if (statusWord !== 0x6a88) throw new RangeError(`expected 6A88, found ${statusWord.toString(16)}`)
}

test('a segment before PrepareDownload is answered 6A88', async (t) => {
  const lab = await testLab(t)
  const { matchingId } = await lab.order()
  const on = await bench(lab)
  const driver = createDriver(lab, { phone: lab.createPhone(), matchingId })
  await driver.through('authenticateClient')
  for (const segment of segmentsOf(on.bind())) {
    t.is((await driver.card.loadBoundProfilePackage(segment)).statusWord, 0x6a88)
  }
})
