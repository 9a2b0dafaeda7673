/** What an eUICC keeps when the power is off: credentials, profiles, notifications, addresses, one one-time key. */

import { LabError, messageOf } from '../base/errors.ts'
import { fromHex, toHex } from '../base/octets.ts'
import { keyPairFromPkcs8, toPkcs8, type KeyPair } from '../crypto/ec.ts'
import { decode, encode } from '../asn1/schema.ts'
import { readCertificate, type Certificate } from '../pki/certificate.ts'
import {
  NotificationEvent,
  StoreMetadataRequest,
  type NotificationMetadata,
} from '../rsp/common.ts'

/** CERT.EUICC and its key under one CI, with the EUM certificate between. */
export interface EuiccCredential {
  readonly keyPair: KeyPair
  readonly euiccCertificate: Certificate
  readonly eumCertificate: Certificate
}

export interface InstalledProfile {
  readonly isdpAid: Uint8Array
  readonly state: 'disabled' | 'enabled'
  readonly metadata: StoreMetadataRequest
  readonly nickname: string | undefined
  /** DpProprietaryData as it came in ConfigureISDP. */
  readonly dpProprietaryData: Uint8Array | undefined
  /** The profile elements that were installed. */
  readonly elements: Uint8Array
  /** The CI whose credential signs this profile's notifications: its key identifier. */
  readonly ciKeyId: Uint8Array
}

export interface StoredNotification {
  readonly metadata: NotificationMetadata
  /** PendingNotification, signed, as it is handed out. */
  readonly octets: Uint8Array
}

/** A one-time key that was offered and not used: kept for a retry with the same SM-DP+ (SGP.22 §2.6.4). */
export interface RetryKey {
  readonly smdpOid: string
  readonly keyPair: KeyPair
}

export interface EuiccState {
  /** 32 digits. */
  readonly eid: string
  /** In the order of preference. */
  readonly credentials: readonly EuiccCredential[]
  /** CI certificates whose keys verify servers, in the order of preference. */
  readonly trustedCis: readonly Certificate[]
  readonly defaultDpAddress: string | undefined
  readonly rootDsAddress: string
  /** The sequence number of the next notification; it is never set back (SGP.22 §3.5). */
  readonly nextSeqNumber: number
  readonly profiles: readonly InstalledProfile[]
  readonly notifications: readonly StoredNotification[]
  readonly retryKey: RetryKey | undefined
}

/** Where a card's state lies between power-offs. */
export interface EuiccStorage {
  load(): EuiccState
  save(state: EuiccState): void
}

/** A storage that lives as long as its process. */
export function memoryStorage(initial: EuiccState): EuiccStorage {
  let state = initial
  return { load: () => state, save: (changed) => void (state = changed) }
}

/** A new card with its credentials and nothing on it. */
export function manufacturedEuicc(options: {
  readonly eid: string
  readonly credentials: readonly EuiccCredential[]
  readonly trustedCis: readonly Certificate[]
  readonly rootDsAddress?: string
  readonly defaultDpAddress?: string
}): EuiccState {
  return {
    eid: options.eid,
    credentials: options.credentials,
    trustedCis: options.trustedCis,
    defaultDpAddress: options.defaultDpAddress,
    rootDsAddress: options.rootDsAddress ?? 'testrootsmds.example.com',
    nextSeqNumber: 1,
    profiles: [],
    notifications: [],
    retryKey: undefined,
  }
}

const VERSION = 1

/** The state as text; it holds the card's private keys. */
export function serialiseEuicc(state: EuiccState): string {
  const json = {
    version: VERSION,
    eid: state.eid,
    credentials: state.credentials.map((credential) => ({
      privateKey: toHex(toPkcs8(credential.keyPair.privateKey)),
      euiccCertificate: toHex(credential.euiccCertificate.der),
      eumCertificate: toHex(credential.eumCertificate.der),
    })),
    trustedCis: state.trustedCis.map((ci) => toHex(ci.der)),
    defaultDpAddress: state.defaultDpAddress,
    rootDsAddress: state.rootDsAddress,
    nextSeqNumber: state.nextSeqNumber,
    profiles: state.profiles.map((profile) => ({
      isdpAid: toHex(profile.isdpAid),
      state: profile.state,
      metadata: toHex(encode(StoreMetadataRequest, profile.metadata)),
      nickname: profile.nickname,
      dpProprietaryData: profile.dpProprietaryData && toHex(profile.dpProprietaryData),
      elements: toHex(profile.elements),
      ciKeyId: toHex(profile.ciKeyId),
    })),
    notifications: state.notifications.map(({ metadata, octets }) => ({
      seqNumber: metadata.seqNumber,
      operation: toHex(encode(NotificationEvent, metadata.profileManagementOperation)),
      address: metadata.notificationAddress,
      iccid: metadata.iccid && toHex(metadata.iccid),
      octets: toHex(octets),
    })),
    retryKey: state.retryKey && {
      smdpOid: state.retryKey.smdpOid,
      privateKey: toHex(toPkcs8(state.retryKey.keyPair.privateKey)),
    },
  }
  return `${JSON.stringify(json, null, 1)}\n`
}

/** The state of text that `serialiseEuicc` made. @throws {LabError} damaged */
export function parseEuicc(text: string): EuiccState {
  try {
    return readState(JSON.parse(text) as SerialisedState)
  } catch (error) {
    throw new LabError('damaged', `the file of an eUICC cannot be read: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}

interface SerialisedState {
  readonly version: number
  readonly eid: string
  readonly credentials: readonly {
    readonly privateKey: string
    readonly euiccCertificate: string
    readonly eumCertificate: string
  }[]
  readonly trustedCis: readonly string[]
  readonly defaultDpAddress?: string
  readonly rootDsAddress: string
  readonly nextSeqNumber: number
  readonly profiles: readonly {
    readonly isdpAid: string
    readonly state: 'disabled' | 'enabled'
    readonly metadata: string
    readonly nickname?: string
    readonly dpProprietaryData?: string
    readonly elements: string
    readonly ciKeyId: string
  }[]
  readonly notifications: readonly {
    readonly seqNumber: number
    readonly operation: string
    readonly address: string
    readonly iccid?: string
    readonly octets: string
  }[]
  readonly retryKey?: { readonly smdpOid: string; readonly privateKey: string }
}

function readState(json: SerialisedState): EuiccState {
  if (json.version !== VERSION) throw new RangeError(`version ${json.version} is not known`)
  return {
    eid: json.eid,
    credentials: json.credentials.map((credential) => ({
      keyPair: privateKey(credential.privateKey),
      euiccCertificate: readCertificate(octetsOf(credential.euiccCertificate)),
      eumCertificate: readCertificate(octetsOf(credential.eumCertificate)),
    })),
    trustedCis: json.trustedCis.map((der) => readCertificate(octetsOf(der))),
    defaultDpAddress: json.defaultDpAddress,
    rootDsAddress: json.rootDsAddress,
    nextSeqNumber: json.nextSeqNumber,
    profiles: json.profiles.map((profile) => ({
      isdpAid: octetsOf(profile.isdpAid),
      state: profile.state,
      metadata: decode(StoreMetadataRequest, octetsOf(profile.metadata)),
      nickname: profile.nickname,
      dpProprietaryData:
        profile.dpProprietaryData === undefined ? undefined : octetsOf(profile.dpProprietaryData),
      elements: octetsOf(profile.elements),
      ciKeyId: octetsOf(profile.ciKeyId),
    })),
    notifications: json.notifications.map((stored) => ({
      metadata: {
        seqNumber: stored.seqNumber,
        profileManagementOperation: decode(NotificationEvent, octetsOf(stored.operation)),
        notificationAddress: stored.address,
        ...(stored.iccid === undefined ? {} : { iccid: octetsOf(stored.iccid) }),
      },
      octets: octetsOf(stored.octets),
    })),
    retryKey: json.retryKey && {
      smdpOid: json.retryKey.smdpOid,
      keyPair: privateKey(json.retryKey.privateKey),
    },
  }
}

function octetsOf(text: string): Uint8Array {
  const octets = fromHex(text)
  if (!octets) throw new RangeError('not hexadecimal')
  return octets
}

function privateKey(text: string): KeyPair {
  const pair = keyPairFromPkcs8(octetsOf(text))
  if (!pair) throw new RangeError('not a private key')
  return pair
}
