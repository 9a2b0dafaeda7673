import { decode, encode } from '../../src/asn1/schema.ts'
import { toHex } from '../../src/base/octets.ts'
import { labProfiles } from '../../src/lab-profiles.ts'
import type { LabOptions } from '../../src/lab.ts'
import { segmentsOf } from '../../src/lpa/segments.ts'
import { StoreMetadataRequest } from '../../src/rsp/common.ts'
import { BoundProfilePackage } from '../../src/rsp/es8plus.ts'
import { needed } from '../helpers/driver.ts'
import { isSigned, openPackage, type OpenedPackage } from '../helpers/open-bpp.ts'
import { sequence, type Bench } from './harness.ts'

const SEGMENT_OCTETS_MAX = 1020

interface Delivered extends OpenedPackage {
  readonly iccid: string
  readonly transactionId: Uint8Array
  readonly profileMetadata: StoreMetadataRequest
  readonly boundProfilePackage: Uint8Array
  readonly isSigned: boolean
}

/** A package as the eUICC finds it, opened with the eUICC's one-time key. */
async function delivered({ lab, curve, driver, phone }: Bench): Promise<Delivered> {
  const { iccid, matchingId } = await lab.order()
  const own = phone()
  const session = await driver({ phone: own, matchingId }).through('authenticateServer')
  const { profileMetadata } = await session.authenticateClient()
  await session.prepareDownload()
  const { keyPair } = needed(own.euicc.state.retryKey)
  const { boundProfilePackage } = await session.getBoundProfilePackage()
  const { publicKey } = lab.pki[curve].dpPb.certificate
  return {
    ...openPackage({ boundProfilePackage, keyPair, eid: own.eid }),
    iccid,
    transactionId: session.transactionId,
    profileMetadata,
    boundProfilePackage,
    isSigned: isSigned({ boundProfilePackage, keyPair, publicKey }),
  }
}

sequence(['4.3.7', 'ES8+.InitialiseSecureChannel, nominal'], async (t, bench) => {
  const { transactionId, boundProfilePackage, isSigned: signedByDpPb } = await delivered(bench)
  const { initialiseSecureChannelRequest: request } = decode(
    BoundProfilePackage,
    boundProfilePackage,
  )
  t.is(request.remoteOpId, 'installBoundProfilePackage')
  t.is(toHex(request.transactionId), toHex(transactionId))
  t.is(toHex(request.controlRefTemplate.keyType), '88')
  t.is(toHex(request.controlRefTemplate.keyLen), '10')
  t.is(request.smdpOtpk.length, 65)
  t.true(signedByDpPb, 'by DPpb over both one-time keys')
})

sequence(['4.3.8', 'ES8+.ConfigureISDP, nominal'], async (t, bench) => {
  const { configureIsdp } = await delivered(bench)
  t.is(toHex(configureIsdp.subarray(0, 2)), 'BF24')
})

sequence(['4.3.9', 'ES8+.StoreMetadata, nominal'], async (t, bench) => {
  const { storeMetadata, profileMetadata } = await delivered(bench)
  t.is(toHex(storeMetadata), toHex(encode(StoreMetadataRequest, profileMetadata)))
})

const VARIANTS: readonly (readonly [title: string, lab: LabOptions, hasOwnKeys: boolean])[] = [
  ['session keys', { smdp: { profileProtection: 'sessionKeys' } }, false],
  ['Profile Protection Keys', { smdp: { profileProtection: 'profileProtectionKeys' } }, true],
]

for (const [title, lab, hasOwnKeys] of VARIANTS) {
  sequence(
    ['4.3.10', `ES8+.ReplaceSessionKeys, ${title}`],
    async (t, bench) => {
      const { replaceSessionKeys } = await delivered(bench)
      t.is(replaceSessionKeys !== undefined, hasOwnKeys)
      if (replaceSessionKeys) t.is(toHex(replaceSessionKeys.subarray(0, 5)), 'BF26368010')
    },
    { lab },
  )

  sequence(
    ['4.3.11', `ES8+.LoadProfileElements, ${title}`],
    async (t, bench) => {
      const { iccid, elements, boundProfilePackage } = await delivered(bench)
      const profiles = labProfiles({ operator: bench.lab.operator, fillerOctets: 0 })
      t.is(toHex(elements), toHex(profiles.profilePackage(iccid)))
      const own = [...segmentsOf(boundProfilePackage)].filter(([tag]) => tag === 0x86)
      t.true(own.length > 1)
      for (const { length } of own) t.true(length <= SEGMENT_OCTETS_MAX)
    },
    { lab },
  )
}
