/** Bound Profile Packages by hand, each part of them open to change: what no honest server would send. */

import type { ExecutionContext } from 'ava'
import { element } from '../../src/asn1/der.ts'
import { encode } from '../../src/asn1/schema.ts'
import { seededRandom } from '../../src/base/environment.ts'
import { concat, hex, utf8 } from '../../src/base/octets.ts'
import { BspProtector, deriveBspKeys } from '../../src/crypto/bsp.ts'
import { agree, generateKeyPair, publicKeyFromPoint, sign } from '../../src/crypto/ec.ts'
import { labProfiles } from '../../src/lab-profiles.ts'
import type { Lab, Phone } from '../../src/lab.ts'
import {
  StoreMetadataRequest,
  type FinalResult,
  type ProfileInstallationResultData,
} from '../../src/rsp/common.ts'
import { createDriver, needed, type Driver } from './driver.ts'

/** The parts of a package, each as it is signed or encrypted. */
export interface PackageParts {
  readonly remoteOpId: Uint8Array
  readonly transactionId: Uint8Array
  readonly controlRefTemplate: Uint8Array
  readonly smdpOtpk: Uint8Array
  readonly changeSignature: (signature: Uint8Array) => Uint8Array
  readonly configureIsdp: Uint8Array
  readonly metadata: StoreMetadataRequest
  readonly storeMetadata: Uint8Array
  readonly replaceSessionKeys: Uint8Array | undefined
  readonly profilePackage: Uint8Array
}

/** A download whose card waits for its package, and what a good package would be made of. */
export interface Bench {
  readonly lab: Lab
  readonly phone: Phone
  readonly order: { readonly iccid: string; readonly matchingId: string }
  readonly driver: Driver
  /** What StoreMetadata of a good package says. */
  readonly metadata: StoreMetadataRequest
  bind(change?: Partial<PackageParts>): Uint8Array
}

const HOST_ID = utf8('test')
const oneTimeKey = generateKeyPair({ curve: 'P-256', random: seededRandom('one-time key') })

/** Takes a phone up to PrepareDownload. */
export async function bench(lab: Lab, phone: Phone = lab.createPhone()): Promise<Bench> {
  const order = await lab.order()
  const driver = createDriver(lab, { phone, matchingId: order.matchingId })
  await driver.through('authenticateClient')
  const { downloadResponseOk } = await driver.prepareDownload()
  const { euiccOtpk } = needed(downloadResponseOk).euiccSigned2.value
  const profiles = labProfiles({ operator: lab.operator, fillerOctets: 0 })
  const metadata = profiles.metadata(order.iccid, lab.smdp.address)
  const good: Omit<PackageParts, 'storeMetadata'> = {
    remoteOpId: hex('820101'),
    transactionId: element(0x80, driver.transactionId),
    controlRefTemplate: controlRefTemplate({}),
    smdpOtpk: oneTimeKey.point,
    changeSignature: (signature) => signature,
    configureIsdp: hex('BF2400'),
    metadata,
    replaceSessionKeys: undefined,
    profilePackage: profiles.profilePackage(order.iccid),
  }
  return {
    lab,
    phone,
    order,
    driver,
    metadata,
    bind(change = {}) {
      const all = { ...good, ...change }
      const storeMetadata = encode(StoreMetadataRequest, all.metadata)
      return assemble({ lab, phone, euiccOtpk }, { storeMetadata, ...all })
    },
  }
}

export function controlRefTemplate(crt: {
  readonly keyType?: number
  readonly keyLen?: number
}): Uint8Array {
  return element(
    0xa6,
    element(0x80, Uint8Array.of(crt.keyType ?? 0x88)),
    element(0x81, Uint8Array.of(crt.keyLen ?? 0x10)),
    element(0x84, HOST_ID),
  )
}

function assemble(
  to: { readonly lab: Lab; readonly phone: Phone; readonly euiccOtpk: Uint8Array },
  parts: PackageParts,
): Uint8Array {
  const session = new BspProtector(keysWith(to))
  const replace = parts.replaceSessionKeys
  return element(
    0xbf36,
    secureChannel(to, parts),
    element(0xa0, ...session.encryptAndMac(0x87, parts.configureIsdp)),
    element(0xa1, ...session.macOnly(0x88, parts.storeMetadata)),
    ...(replace ? [element(0xa2, ...session.encryptAndMac(0x87, replace))] : []),
    element(
      0xa3,
      ...(replace ? protectorOf(replace) : session).encryptAndMac(0x86, parts.profilePackage),
    ),
  )
}

function secureChannel(
  to: { readonly lab: Lab; readonly euiccOtpk: Uint8Array },
  parts: PackageParts,
): Uint8Array {
  const signed = concat(
    parts.remoteOpId,
    parts.transactionId,
    parts.controlRefTemplate,
    element(0x5f49, parts.smdpOtpk),
  )
  const { privateKey } = to.lab.pki['P-256'].dpPb.keyPair
  const smdpSign = sign(privateKey, concat(signed, element(0x5f49, to.euiccOtpk)))
  return element(0xbf23, signed, element(0x5f37, parts.changeSignature(smdpSign)))
}

function keysWith(to: { readonly phone: Phone; readonly euiccOtpk: Uint8Array }) {
  const publicKey = needed(publicKeyFromPoint({ curve: 'P-256', point: to.euiccOtpk }))
  const sharedSecret = agree({ privateKey: oneTimeKey.privateKey, publicKey })
  return deriveBspKeys({ sharedSecret, hostId: HOST_ID, eid: hex(to.phone.eid) })
}

export const PPK = {
  macChainingValue: hex('000102030405060708090A0B0C0D0E0F'),
  sEnc: hex('101112131415161718191A1B1C1D1E1F'),
  sMac: hex('202122232425262728292A2B2C2D2E2F'),
}

export const REPLACE_SESSION_KEYS = element(
  0xbf26,
  element(0x80, PPK.macChainingValue),
  element(0x81, PPK.sEnc),
  element(0x82, PPK.sMac),
)

/** Whatever the command says, the elements go under the keys of `REPLACE_SESSION_KEYS`. */
function protectorOf(_replace: Uint8Array): BspProtector {
  return new BspProtector(PPK)
}

/** Loads what must fail; the result comes early, with the segment that failed. */
export async function failedLoad(
  t: ExecutionContext,
  load: { readonly on: Bench; readonly segments: readonly Uint8Array[] },
): Promise<ProfileInstallationResultData> {
  const result = await load.on.driver.load(load.segments)
  t.truthy(result, 'the card gave its result')
  return needed(result).profileInstallationResultData.value
}

/** `storeMetadata pprNotAllowed`: where a load failed, and why. */
export function reasonOf({ errorResult }: FinalResult): string {
  return `${errorResult?.bppCommandId} ${errorResult?.errorReason}`
}
