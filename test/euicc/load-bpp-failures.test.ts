import test from 'ava'
import { element } from '../../src/asn1/der.ts'
import { hex } from '../../src/base/octets.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import type { StoreMetadataRequest } from '../../src/rsp/common.ts'
import {
  bench,
  controlRefTemplate,
  failedLoad,
  reasonOf,
  REPLACE_SESSION_KEYS,
  type Bench,
  type PackageParts,
} from '../helpers/bind.ts'
import { damaged, needed } from '../helpers/driver.ts'
import { testLab } from '../helpers/lab.ts'

/** A change of the package's parts, or of its segments, and what the card makes of it (SGP.22 §2.5.6.1, Table 4a). */
interface Failure {
  readonly title: string
  readonly result: string
  readonly parts?: (of: Bench) => Partial<PackageParts>
  readonly segments?: (segments: readonly Uint8Array[]) => readonly Uint8Array[]
  /** Whether the result names the ICCID. */
  readonly isNamed?: boolean
}

const withPpk = (): Partial<PackageParts> => ({ replaceSessionKeys: REPLACE_SESSION_KEYS })

/** Good metadata with a change. */
function metadata(
  change: (metadata: StoreMetadataRequest) => StoreMetadataRequest,
): (of: Bench) => Partial<PackageParts> {
  return (of) => ({ metadata: change(of.metadata) })
}

/** One segment changed: 0 the secure channel, 1 A0, 2 and 3 A1, then A2 if there is one, then A3 and its segments. */
function changed(
  at: number,
  change: (segment: Uint8Array) => Uint8Array,
): (segments: readonly Uint8Array[]) => readonly Uint8Array[] {
  return (segments) => segments.map((segment, index) => (index === at ? change(segment) : segment))
}

/** The same TLV with its length grown by so much that it leaves its sequence. */
const lengthened = (segment: Uint8Array): Uint8Array => {
  const grown = Uint8Array.from(segment)
  // Short form, then 81 with one octet, then 82 with two of which the first counts most.
  if (segment[1] === 0x81) grown[2] = 0xff
  else grown[segment[1] === 0x82 ? 2 : 1] = 0x7f
  return grown
}

const FAILURES: readonly Failure[] = [
  {
    title: 'a secure channel that is none',
    result: 'initialiseSecureChannel incorrectInputValues',
    parts: () => ({ controlRefTemplate: hex('A600') }),
  },
  {
    title: 'a one-time key off the curve',
    result: 'initialiseSecureChannel incorrectInputValues',
    parts: () => ({ smdpOtpk: hex(`04${'11'.repeat(64)}`) }),
  },
  {
    title: 'a wrong signature before all else',
    result: 'initialiseSecureChannel invalidSignature',
    parts: () => ({
      changeSignature: damaged,
      remoteOpId: hex('820102'),
      transactionId: hex('80020A0B'),
      controlRefTemplate: controlRefTemplate({ keyType: 0x80 }),
    }),
  },
  {
    title: 'another remote operation before the TransactionID',
    result: 'initialiseSecureChannel unsupportedRemoteOperationType',
    parts: () => ({
      remoteOpId: hex('820102'),
      transactionId: hex('80020A0B'),
      controlRefTemplate: controlRefTemplate({ keyType: 0x80 }),
    }),
  },
  {
    title: 'another TransactionID before the key description',
    result: 'initialiseSecureChannel invalidTransactionId',
    parts: () => ({
      transactionId: hex('80020A0B'),
      controlRefTemplate: controlRefTemplate({ keyType: 0x80 }),
    }),
  },
  {
    title: 'keys of another type',
    result: 'initialiseSecureChannel unsupportedCrtValues',
    parts: () => ({ controlRefTemplate: controlRefTemplate({ keyType: 0x80 }) }),
  },
  {
    title: 'keys of another length',
    result: 'initialiseSecureChannel unsupportedCrtValues',
    parts: () => ({ controlRefTemplate: controlRefTemplate({ keyLen: 0x20 }) }),
  },
  {
    title: 'a ConfigureISDP that is none',
    result: 'configureISDP incorrectInputValues',
    parts: () => ({ configureIsdp: hex('BF2500') }),
  },
  {
    title: 'proprietary data of more than 128 octets',
    result: 'configureISDP incorrectInputValues',
    parts: () => ({ configureIsdp: element(0xbf24, element(0xb8, new Uint8Array(127))) }),
  },
  {
    title: 'a damaged ConfigureISDP',
    result: 'configureISDP scp03tSecurityError',
    segments: changed(1, damaged),
  },
  {
    title: 'a ConfigureISDP that is longer than its sequence',
    result: 'configureISDP scp03tStructureError',
    segments: changed(1, (segment) =>
      Uint8Array.from([...segment.subarray(0, 3), 0x7f, 0x00, 0x00]),
    ),
  },
  {
    title: 'metadata that are none',
    result: 'storeMetadata incorrectInputValues',
    parts: () => ({ storeMetadata: hex('BF25020A0B') }),
  },
  {
    title: 'a test profile with the keys of a subscriber',
    result: 'loadProfileElements testProfileInstallFailedDueToInvalidNaaKey',
    parts: metadata((good) => ({ ...good, profileClass: 'test' })),
    isNamed: true,
  },
  {
    title: 'a provisioning profile',
    result: 'storeMetadata unsupportedProfileClass',
    parts: metadata((good) => ({ ...good, profileClass: 'provisioning' })),
    isNamed: true,
  },
  {
    title: 'rules without an owner',
    result: 'storeMetadata pprNotAllowed',
    parts: metadata((good) => ({ ...good, profileOwner: undefined, profilePolicyRules: ['ppr2'] })),
    isNamed: true,
  },
  {
    title: 'rules of an owner with a wildcard',
    result: 'storeMetadata pprNotAllowed',
    parts: metadata((good) => ({
      ...good,
      profileOwner: { mccMnc: hex('00FE10') },
      profilePolicyRules: ['ppr2'],
    })),
    isNamed: true,
  },
  {
    title: 'damaged metadata',
    result: 'storeMetadata scp03tSecurityError',
    segments: changed(3, (segment) => damaged(segment, 10)),
  },
  {
    title: 'metadata that are longer than their sequence',
    result: 'storeMetadata scp03tStructureError',
    segments: changed(3, lengthened),
  },
  {
    title: 'session keys that are none',
    result: 'replaceSessionKeys incorrectInputValues',
    parts: () => ({ replaceSessionKeys: hex('BF2600') }),
    isNamed: true,
  },
  {
    title: 'session keys that are too short',
    result: 'replaceSessionKeys incorrectInputValues',
    parts: () => ({
      replaceSessionKeys: element(
        0xbf26,
        element(0x80, new Uint8Array(16)),
        element(0x81, new Uint8Array(8)),
        element(0x82, new Uint8Array(16)),
      ),
    }),
    isNamed: true,
  },
  {
    title: 'damaged session keys',
    result: 'replaceSessionKeys scp03tSecurityError',
    parts: withPpk,
    segments: changed(4, damaged),
    isNamed: true,
  },
  {
    title: 'session keys that are longer than their sequence',
    result: 'replaceSessionKeys scp03tStructureError',
    parts: withPpk,
    segments: changed(4, (segment) =>
      Uint8Array.from([...segment.subarray(0, 3), 0x7f, 0x00, 0x00]),
    ),
    isNamed: true,
  },
  {
    title: 'a damaged profile element',
    result: 'loadProfileElements scp03tSecurityError',
    segments: changed(5, damaged),
    isNamed: true,
  },
  {
    title: 'an element that is longer than a segment may be',
    result: 'loadProfileElements scp03tStructureError',
    segments: changed(5, () => hex('86820400')),
    isNamed: true,
  },
  {
    title: 'elements that are none',
    result: 'loadProfileElements installFailedDueToPEProcessingError',
    parts: () => ({ profilePackage: hex('0102030405') }),
    isNamed: true,
  },
  {
    title: 'an owner that is not that of EF.IMSI',
    result: 'loadProfileElements installFailedDueToDataMismatch',
    parts: metadata((good) => ({ ...good, profileOwner: { mccMnc: hex('99F999') } })),
    isNamed: true,
  },
  {
    title: 'a GID1 that the profile has not',
    result: 'loadProfileElements installFailedDueToDataMismatch',
    parts: metadata((good) => ({
      ...good,
      profileOwner: { ...needed(good.profileOwner), gid1: hex('0A') },
    })),
    isNamed: true,
  },
  {
    title: 'another ICCID than that of EF.ICCID',
    result: 'loadProfileElements installFailedDueToDataMismatch',
    parts: metadata((good) => ({ ...good, iccid: hex('98001032547698103214') })),
    isNamed: true,
  },
]

for (const { title, result, parts, segments, isNamed = false } of FAILURES) {
  test(`LoadBoundProfilePackage ends ${title} with ${result}`, async (t) => {
    const on = await bench(await testLab(t))
    const whole = segmentsOf(on.bind(parts?.(on)))
    const before = on.phone.euicc.state
    const data = await failedLoad(t, { on, segments: segments?.(whole) ?? whole })
    t.is(reasonOf(data.finalResult), result)
    t.is(data.notificationMetadata.iccid !== undefined, isNamed)
    const { state } = on.phone.euicc
    t.deepEqual(state.profiles, before.profiles)
    t.is(state.nextSeqNumber, before.nextSeqNumber + 1)
    t.is(state.notifications.length, 1)
    t.is(state.retryKey, undefined)
    t.is((await on.driver.card.loadBoundProfilePackage(needed(whole[0]))).statusWord, 0x6a88)
  })
}
