import test from 'ava'
import fc from 'fast-check'
import { decode, encode, type Asn1Type, type Infer } from '../../src/asn1/schema.ts'
import { toHex } from '../../src/base/octets.ts'
import {
  BPP_COMMAND_IDS,
  CtxParams1,
  ERROR_REASONS,
  EUICCInfo1,
  EUICCInfo2,
  NotificationMetadata,
  ProfileInstallationResultData,
  StoreMetadataRequest,
  type BppCommandId,
  type ErrorReason,
} from '../../src/rsp/common.ts'
import { CANCEL_SESSION_REASONS, CancelSessionRequest } from '../../src/rsp/es10b.ts'
import { ControlRefTemplate, ReplaceSessionKeysRequest } from '../../src/rsp/es8plus.ts'
import { toPlainJson } from '../../src/rsp/observe.ts'

const octets = (minLength: number, maxLength: number = minLength) =>
  fc.uint8Array({ minLength, maxLength })
const text = (maxLength: number) => fc.string({ unit: 'grapheme-ascii', maxLength })
const version = octets(3)
const keyIds = fc.array(octets(20), { maxLength: 4 })
const names = <N extends string>(table: Readonly<Record<N, number>>) =>
  fc.constantFrom(...(Object.keys(table) as N[]))
const maybe = <N extends string, T>(name: N, value: fc.Arbitrary<T>) =>
  fc.option(
    value.map((one) => ({ [name]: one }) as { readonly [K in N]: T }),
    { nil: {} },
  )

const events = fc.subarray([
  'notificationInstall',
  'notificationEnable',
  'notificationDisable',
  'notificationDelete',
] as const)
const seqNumber = fc.nat()

const metadata: fc.Arbitrary<StoreMetadataRequest> = fc
  .tuple(
    fc.record({
      iccid: octets(10),
      serviceProviderName: text(32),
      profileName: text(64),
      profileClass: fc.constantFrom('test', 'provisioning', 'operational'),
    }),
    maybe('iconType', fc.constantFrom('jpg', 'png')),
    maybe('icon', octets(0, 1024)),
    maybe(
      'notificationConfigurationInfo',
      fc.array(fc.record({ profileManagementOperation: events, notificationAddress: text(80) })),
    ),
    maybe('profileOwner', fc.record({ mccMnc: octets(3) })),
    maybe('profilePolicyRules', fc.subarray(['pprUpdateControl', 'ppr1', 'ppr2'] as const)),
  )
  .map((parts) => Object.assign({}, ...parts))

const notificationMetadata: fc.Arbitrary<NotificationMetadata> = fc.record({
  seqNumber,
  profileManagementOperation: events,
  notificationAddress: text(80),
})

const resultData: fc.Arbitrary<ProfileInstallationResultData> = fc.record({
  transactionId: octets(1, 16),
  notificationMetadata,
  smdpOid: fc.array(fc.nat(), { minLength: 1 }).map((arcs) => ['2', ...arcs].join('.')),
  finalResult: fc.oneof(
    fc.record({ aid: octets(5, 16), simaResponse: octets(0, 60) }).map((successResult) => ({
      successResult,
    })),
    fc
      .record({
        bppCommandId: names<BppCommandId>(BPP_COMMAND_IDS),
        errorReason: names<ErrorReason>(ERROR_REASONS),
      })
      .map((errorResult) => ({ errorResult })),
  ),
}) as fc.Arbitrary<ProfileInstallationResultData>

const info1: fc.Arbitrary<EUICCInfo1> = fc.record({
  svn: version,
  euiccCiPKIdListForVerification: keyIds,
  euiccCiPKIdListForSigning: keyIds,
})

const info2: fc.Arbitrary<EUICCInfo2> = fc.record({
  profileVersion: version,
  svn: version,
  euiccFirmwareVer: version,
  extCardResource: octets(0, 30),
  uiccCapability: fc.array(fc.boolean(), { maxLength: 30 }),
  rspCapability: fc.subarray(['additionalProfile', 'crlSupport', 'testProfileSupport'] as const),
  euiccCiPKIdListForVerification: keyIds,
  euiccCiPKIdListForSigning: keyIds,
  ppVersion: version,
  sasAcreditationNumber: text(64),
})

const ctxParams1: fc.Arbitrary<CtxParams1> = fc
  .tuple(
    maybe('matchingId', text(40)),
    fc.record({ tac: octets(4), deviceCapabilities: maybe('gsmSupportedRelease', version) }),
    maybe('imei', octets(8)),
  )
  .map(([matchingId, device, imei]) => ({
    ctxParamsForCommonAuthentication: { ...matchingId, deviceInfo: { ...device, ...imei } },
  }))

function testRoundTrip<T>(type: Asn1Type<T>, values: fc.Arbitrary<T>): void {
  test(`any ${type.name} is read back as it was written`, (t) => {
    fc.assert(
      fc.property(values, (value) => {
        const written = encode(type, value)
        const read = decode(type, written)
        t.deepEqual(toPlainJson(read), toPlainJson(value))
        t.is(toHex(encode(type, read)), toHex(written))
      }),
      { numRuns: 60 },
    )
  })
}

testRoundTrip(StoreMetadataRequest, metadata)
testRoundTrip(NotificationMetadata, notificationMetadata)
testRoundTrip(ProfileInstallationResultData, resultData)
testRoundTrip(EUICCInfo1, info1)
testRoundTrip(EUICCInfo2, info2)
testRoundTrip(CtxParams1, ctxParams1)
testRoundTrip(
  ReplaceSessionKeysRequest,
  fc.record({ initialMacChainingValue: octets(0, 32), ppkEnc: octets(16), ppkCmac: octets(16) }),
)
testRoundTrip(
  ControlRefTemplate,
  fc.record({ keyType: octets(1), keyLen: octets(1), hostId: octets(1, 16) }),
)
testRoundTrip(
  CancelSessionRequest,
  fc.record({
    transactionId: octets(1, 16),
    reason: names(CANCEL_SESSION_REASONS),
  }) as fc.Arbitrary<Infer<typeof CancelSessionRequest>>,
)
