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
import { readChanges, type ProfileChanges } from './uicc/changes.ts'

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
  /** Octets that the files take which the elements make; absent where nobody counted. */
  readonly fileOctets?: number
  /** The CI whose credential signs this profile's notifications: its key identifier. */
  readonly ciKeyId: Uint8Array
  /** The profile came with the card: a memory reset spares it when it is a Test Profile (SGP.22 §5.7.19). */
  readonly isPreinstalled?: boolean
  /** What its subscriber, device and network have changed in its files and codes. */
  readonly changes?: ProfileChanges
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

/** Profiles "to be enabled" and "to be disabled", by the AIDs of their ISD-Ps. */
export interface PendingChange {
  readonly enables: Uint8Array | undefined
  readonly disables: Uint8Array | undefined
}

export type ResetOption =
  'deleteOperationalProfiles' | 'deleteFieldLoadedTestProfiles' | 'resetDefaultSmdpAddress'

/** A CI's revocation list as the card keeps it. */
export interface LoadedCrl {
  /** The CI's key identifier. */
  readonly ciKeyId: Uint8Array
  readonly crlNumber: number
  /** The parts of a segmented list that are still to come. */
  readonly missingParts: readonly number[]
  readonly entries: readonly RevokedEntry[]
}

export interface RevokedEntry {
  /** The certificate's serial number as in `Certificate`, upper-case hexadecimal. */
  readonly serialNumber: string
  /** When the certificate expires; absent, the entry stays. */
  readonly expiresMs: number | undefined
}

export interface EuiccState {
  /** 32 digits. */
  readonly eid: string
  /** In the order of preference. */
  readonly credentials: readonly EuiccCredential[]
  /** CI certificates whose keys verify servers, in the order of preference. */
  readonly trustedCis: readonly Certificate[]
  readonly defaultDpAddress: string | undefined
  /** The default SM-DP+ address as the card was made with it: what a memory reset goes back to. */
  readonly initialDpAddress: string | undefined
  readonly rootDsAddress: string
  /** The sequence number of the next notification; it is never set back (SGP.22 §3.5). */
  readonly nextSeqNumber: number
  readonly profiles: readonly InstalledProfile[]
  readonly notifications: readonly StoredNotification[]
  readonly retryKey: RetryKey | undefined
  /** The change of profiles that waits for a REFRESH or a reset (SGP.22 §5.7.16, §5.7.17). */
  readonly pendingChange: PendingChange | undefined
  /** A memory reset that was begun and not completed (SGP.22 §5.7.19). */
  readonly pendingReset: readonly ResetOption[] | undefined
  /** The AID of the Operational Profile that was enabled before the first Test Profile (SGP.22 §5.7.16). */
  readonly operationalBeforeTest: Uint8Array | undefined
  /** What was last loaded of each CI's revocation list (SGP.22 §5.7.12). */
  readonly revocations: readonly LoadedCrl[]
  /** thisUpdate of the list that was loaded last: the only time a card knows (SGP.22 §4.6.3). */
  readonly timeReferenceMs: number | undefined
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
    initialDpAddress: options.defaultDpAddress,
    rootDsAddress: options.rootDsAddress ?? 'testrootsmds.example.com',
    nextSeqNumber: 1,
    profiles: [],
    notifications: [],
    retryKey: undefined,
    pendingChange: undefined,
    pendingReset: undefined,
    operationalBeforeTest: undefined,
    revocations: [],
    timeReferenceMs: undefined,
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
    initialDpAddress: state.initialDpAddress,
    rootDsAddress: state.rootDsAddress,
    nextSeqNumber: state.nextSeqNumber,
    profiles: state.profiles.map((profile) => ({
      isdpAid: toHex(profile.isdpAid),
      state: profile.state,
      metadata: toHex(encode(StoreMetadataRequest, profile.metadata)),
      nickname: profile.nickname,
      dpProprietaryData: profile.dpProprietaryData && toHex(profile.dpProprietaryData),
      elements: toHex(profile.elements),
      fileOctets: profile.fileOctets,
      ciKeyId: toHex(profile.ciKeyId),
      isPreinstalled: profile.isPreinstalled,
      changes: profile.changes,
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
    pendingChange: state.pendingChange && {
      enables: hexOf(state.pendingChange.enables),
      disables: hexOf(state.pendingChange.disables),
    },
    pendingReset: state.pendingReset,
    operationalBeforeTest: hexOf(state.operationalBeforeTest),
    revocations: state.revocations.map((crl) => ({ ...crl, ciKeyId: toHex(crl.ciKeyId) })),
    timeReferenceMs: state.timeReferenceMs,
  }
  return `${JSON.stringify(json, null, 1)}\n`
}

function hexOf(octets: Uint8Array | undefined): string | undefined {
  return octets && toHex(octets)
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
  readonly initialDpAddress?: string
  readonly rootDsAddress: string
  readonly nextSeqNumber: number
  readonly profiles: readonly {
    readonly isdpAid: string
    readonly state: 'disabled' | 'enabled'
    readonly metadata: string
    readonly nickname?: string
    readonly dpProprietaryData?: string
    readonly elements: string
    readonly fileOctets?: number
    readonly ciKeyId: string
    readonly isPreinstalled?: boolean
    readonly changes?: ProfileChanges
  }[]
  readonly notifications: readonly {
    readonly seqNumber: number
    readonly operation: string
    readonly address: string
    readonly iccid?: string
    readonly octets: string
  }[]
  readonly retryKey?: { readonly smdpOid: string; readonly privateKey: string }
  readonly pendingChange?: { readonly enables?: string; readonly disables?: string }
  readonly pendingReset?: readonly ResetOption[]
  readonly operationalBeforeTest?: string
  /** Absent in the files of cards that knew no revocation. */
  readonly revocations?: readonly (Omit<LoadedCrl, 'ciKeyId' | 'entries'> & {
    readonly ciKeyId: string
    readonly entries: readonly { readonly serialNumber: string; readonly expiresMs?: number }[]
  })[]
  readonly timeReferenceMs?: number
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
    initialDpAddress: json.initialDpAddress,
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
      ...(profile.fileOctets !== undefined && { fileOctets: profile.fileOctets }),
      ciKeyId: octetsOf(profile.ciKeyId),
      ...(profile.isPreinstalled && { isPreinstalled: true }),
      ...(profile.changes && { changes: readChanges(profile.changes) }),
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
    pendingChange: json.pendingChange && {
      enables: maybeOctetsOf(json.pendingChange.enables),
      disables: maybeOctetsOf(json.pendingChange.disables),
    },
    pendingReset: json.pendingReset,
    operationalBeforeTest: maybeOctetsOf(json.operationalBeforeTest),
    revocations: (json.revocations ?? []).map((crl) => ({
      ...crl,
      ciKeyId: octetsOf(crl.ciKeyId),
      entries: crl.entries.map(({ serialNumber, expiresMs }) => ({ serialNumber, expiresMs })),
    })),
    timeReferenceMs: json.timeReferenceMs,
  }
}

function maybeOctetsOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : octetsOf(text)
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
