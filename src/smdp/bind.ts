/** Profile package binding: a package, its metadata and two one-time keys become a Bound Profile Package (SGP.22 §2.5.4). */

import { element, elementHeader } from '../asn1/der.ts'
import { encode, implicit } from '../asn1/schema.ts'
import type { Random } from '../base/environment.ts'
import { concat, hex, utf8 } from '../base/octets.ts'
import {
  BspProtector,
  deriveBspKeys,
  KEY_LENGTH_OCTETS,
  KEY_TYPE_AES,
  type BspKeys,
} from '../crypto/bsp.ts'
import { sign, type Agreement } from '../crypto/ec.ts'
import { oidOf } from '../pki/chain.ts'
import { StoreMetadataRequest, TransactionId } from '../rsp/common.ts'
import {
  ConfigureISDPRequest,
  ControlRefTemplate,
  DpProprietaryData,
  RemoteOpId,
  ReplaceSessionKeysRequest,
} from '../rsp/es8plus.ts'
import type { AuthenticatedSession } from './sessions.ts'

/** The Host ID of the control reference template; any value of 1 to 16 octets will do. */
const HOST_ID = utf8('esim-lab')
const TaggedTransactionId = implicit(0x80, TransactionId)

export interface Binding {
  readonly session: Pick<AuthenticatedSession, 'transactionId' | 'eid' | 'credentials'>
  /** otPK.DP.ECKA and what was agreed with it; its private half is gone already. */
  readonly agreement: Agreement
  /** otPK.EUICC.ECKA. */
  readonly euiccOtpk: Uint8Array
  readonly random: Random
  readonly profilePackage: Uint8Array
  readonly metadata: StoreMetadataRequest
  readonly profileProtection: 'sessionKeys' | 'profileProtectionKeys'
}

/** A package under the session keys of two one-time keys: all of a Bound Profile Package but what begins it. */
export interface ProtectedPackage {
  /** otPK.EUICC.ECKA. */
  readonly euiccOtpk: Uint8Array
  /** otPK.DP.ECKA. */
  readonly smdpOtpk: Uint8Array
  /** The sequences A0 to A3. */
  readonly parts: readonly Uint8Array[]
}

/** What of a Bound Profile Package can be handed out again to the same one-time key (SGP.22 §3.1.3.2 (9)). */
export function protectProfilePackage(binding: Binding): ProtectedPackage {
  const keys = deriveBspKeys({
    sharedSecret: binding.agreement.sharedSecret,
    hostId: HOST_ID,
    eid: hex(binding.session.eid),
  })
  const { euiccOtpk, agreement } = binding
  return { euiccOtpk, smdpOtpk: agreement.point, parts: protect(binding, keys) }
}

/** BoundProfilePackage for a session, put together in one copy: it is the largest thing that a session makes. */
export function withSecureChannel(
  session: Binding['session'],
  protectedPackage: ProtectedPackage,
): Uint8Array {
  const opening = initialiseSecureChannel(session, protectedPackage)
  return concat(...partsOf(0xbf36, [opening, ...protectedPackage.parts]))
}

/** An element's parts with its header before them. */
function partsOf(tag: number, parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const length = parts.reduce((total, part) => total + part.length, 0)
  return [elementHeader(tag, length), ...parts]
}

/** smdpSign covers the four data objects before it and otPK.EUICC, without a SEQUENCE around them (SGP.22 §5.5.1). */
function initialiseSecureChannel(
  session: Binding['session'],
  { smdpOtpk, euiccOtpk }: Pick<ProtectedPackage, 'smdpOtpk' | 'euiccOtpk'>,
): Uint8Array {
  const signed = concat(
    encode(RemoteOpId, 'installBoundProfilePackage'),
    encode(TaggedTransactionId, session.transactionId),
    encode(ControlRefTemplate, {
      keyType: Uint8Array.of(KEY_TYPE_AES),
      keyLen: Uint8Array.of(KEY_LENGTH_OCTETS),
      hostId: HOST_ID,
    }),
    element(0x5f49, smdpOtpk),
  )
  const { privateKey } = session.credentials.dpPb.keyPair
  const smdpSign = sign(privateKey, concat(signed, element(0x5f49, euiccOtpk)))
  return element(0xbf23, signed, element(0x5f37, smdpSign))
}

/** The sequences A0 to A3, each of protected TLVs; A2 only where the package has keys of its own. */
function protect(binding: Binding, keys: BspKeys): Uint8Array[] {
  const session = new BspProtector(keys)
  const dpOid = oidOf(binding.session.credentials.dpPb.certificate)
  const configureIsdp = encode(ConfigureISDPRequest, {
    dpProprietaryData: encode(DpProprietaryData, { dpOid }),
  })
  const storeMetadata = encode(StoreMetadataRequest, binding.metadata)
  const opening = [
    ...partsOf(0xa0, session.encryptAndMac(0x87, configureIsdp)),
    ...partsOf(0xa1, session.macOnly(0x88, storeMetadata)),
  ]
  if (binding.profileProtection === 'sessionKeys') {
    return [...opening, ...partsOf(0xa3, session.encryptAndMac(0x86, binding.profilePackage))]
  }
  const profileKeys = randomKeys(binding.random)
  const profile = new BspProtector(profileKeys)
  return [
    ...opening,
    ...partsOf(0xa2, session.encryptAndMac(0x87, replaceSessionKeys(profileKeys))),
    ...partsOf(0xa3, profile.encryptAndMac(0x86, binding.profilePackage)),
  ]
}

function randomKeys(random: Random): BspKeys {
  return {
    macChainingValue: random.bytes(KEY_LENGTH_OCTETS),
    sEnc: random.bytes(KEY_LENGTH_OCTETS),
    sMac: random.bytes(KEY_LENGTH_OCTETS),
  }
}

function replaceSessionKeys(keys: BspKeys): Uint8Array {
  return encode(ReplaceSessionKeysRequest, {
    initialMacChainingValue: keys.macChainingValue,
    ppkEnc: keys.sEnc,
    ppkCmac: keys.sMac,
  })
}
