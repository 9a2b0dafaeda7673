/** The parts of an eUICC that its functions share: its state, its session, its chance, and how it signs notifications. */

import { encode, seal, signed, type Signed } from '../asn1/schema.ts'
import type { Random } from '../base/environment.ts'
import { equalOctets, hex, toHex } from '../base/octets.ts'
import { sign } from '../crypto/ec.ts'
import type { BspOpener } from '../crypto/bsp.ts'
import type { KeyPair } from '../crypto/ec.ts'
import type { Certificate } from '../pki/certificate.ts'
import {
  NotificationMetadata,
  type NotificationEvent,
  type StoreMetadataRequest,
} from '../rsp/common.ts'
import { PendingNotification, type OtherSignedNotification } from '../rsp/es10b.ts'
import type { BppReader } from './bpp-reader.ts'
import type { Personality, SignedObject } from './personality.ts'
import type {
  EuiccCredential,
  EuiccState,
  EuiccStorage,
  InstalledProfile,
  StoredNotification,
} from './state.ts'

/** The eUICC has been asked for a challenge and nothing else. */
export interface ChallengedSession {
  readonly step: 'challenged'
  readonly challenge: Uint8Array
}

interface ServerAuthenticated {
  readonly transactionId: Uint8Array
  readonly serverAddress: string
  readonly serverCertificate: Certificate
  readonly credential: EuiccCredential
  readonly euiccSignature1: Uint8Array
}

/** A server has been authenticated (SGP.22 §5.7.13). */
export interface AuthenticatedSession extends ServerAuthenticated {
  readonly step: 'authenticated'
}

/** A one-time key has been offered; the Bound Profile Package is expected or under way (SGP.22 §5.7.5, §5.7.6). */
export interface DownloadSession extends ServerAuthenticated {
  readonly step: 'download'
  readonly dpPbCertificate: Certificate
  readonly oneTimeKey: KeyPair
  readonly reader: BppReader
  /** Opened data of the block that is under way. */
  readonly received: Uint8Array[]
  /** Segments that have come. */
  segmentCount: number
  /** What the package has brought so far. */
  loading: {
    opener?: BspOpener
    dpProprietaryData?: Uint8Array
    metadata?: StoreMetadataRequest
  }
}

export type EuiccSession = ChallengedSession | AuthenticatedSession | DownloadSession

/** One card: its stored state, and what it forgets at power-off. */
export interface Card {
  readonly random: Random
  readonly storage: EuiccStorage
  readonly personality: Personality
  state: EuiccState
  session: EuiccSession | undefined
  /** What is known of the device's proactive session; a power-off ends it (ETSI TS 102 223). */
  cat: {
    /** The device has sent TERMINAL PROFILE: it can be told to refresh. */
    canRefresh: boolean
    /** A proactive session goes on. */
    isBusy: boolean
    /** A REFRESH was asked for and not yet performed. */
    awaitsRefresh: boolean
  }
}

/** Changes the stored state as one step: on disk before anybody hears of it. */
export function update(card: Card, change: Partial<EuiccState>): void {
  const changed = { ...card.state, ...change }
  card.storage.save(changed)
  card.state = changed
}

const STORED_RESULTS_MAX = 16
const STORED_OTHERS_MAX = 64
/** The first octets of a ProfileInstallationResult. */
const RESULT_TAG = hex('BF37')

/**
 * The list with more notifications at its end. Results and other notifications have a store of their own each, of which
 * the oldest go when it is full (SGP.22 §2.5.6, §3.5).
 */
export function withNotifications(
  state: EuiccState,
  added: readonly StoredNotification[],
): readonly StoredNotification[] {
  const all = [...state.notifications, ...added]
  const kept = new Set([
    ...all.filter(isResult).slice(-STORED_RESULTS_MAX),
    ...all.filter((stored) => !isResult(stored)).slice(-STORED_OTHERS_MAX),
  ])
  return all.filter((stored) => kept.has(stored))
}

function isResult({ octets }: StoredNotification): boolean {
  return equalOctets(octets.subarray(0, RESULT_TAG.length), RESULT_TAG)
}

/**
 * The signed notifications that a profile's metadata asks for on an event, one per configured address (SGP.22 §3.5).
 * The signature covers NotificationMetadata, tag BF2F (§5.7.10).
 */
export function notificationsFor(
  card: Card,
  occurrence: {
    readonly profile: InstalledProfile
    readonly event: NotificationEvent
    readonly firstSeqNumber: number
  },
): StoredNotification[] {
  const { profile, event } = occurrence
  const credential = credentialOf(card.state.credentials, profile.ciKeyId)
  if (!credential) return []
  const addresses = (profile.metadata.notificationConfigurationInfo ?? [])
    .filter((entry) => entry.profileManagementOperation.includes(event))
    .map((entry) => entry.notificationAddress)
  return addresses.map((notificationAddress, at) => {
    const metadata = {
      seqNumber: occurrence.firstSeqNumber + at,
      profileManagementOperation: [event],
      notificationAddress,
      iccid: profile.metadata.iccid,
    }
    return { metadata, octets: signNotification(card, { credential, metadata }) }
  })
}

const SignedNotificationMetadata = signed(NotificationMetadata)

function signNotification(
  card: Card,
  notification: { readonly credential: EuiccCredential; readonly metadata: NotificationMetadata },
): Uint8Array {
  const { credential, metadata } = notification
  const tbsOtherNotification: Signed<NotificationMetadata> = seal(
    SignedNotificationMetadata,
    metadata,
  )
  const otherSignedNotification: OtherSignedNotification = {
    tbsOtherNotification,
    euiccNotificationSignature: signAs(card, {
      object: 'notification',
      credential,
      data: tbsOtherNotification.raw,
    }),
    euiccCertificate: credential.euiccCertificate.der,
    eumCertificate: credential.eumCertificate.der,
  }
  return encode(PendingNotification, { otherSignedNotification })
}

/** The card's signature over an object; a bit of it is wrong when the card's personality says so. */
export function signAs(
  { personality }: Card,
  work: {
    readonly object: SignedObject
    readonly credential: EuiccCredential
    readonly data: Uint8Array
  },
): Uint8Array {
  const signature = Uint8Array.from(sign(work.credential.keyPair.privateKey, work.data))
  const last = signature.length - 1
  if (personality.faults.wrongSignature === work.object)
    signature[last] = (signature[last] as number) ^ 1
  return signature
}

/** The credentials that the card uses, in the order of preference. */
export function credentialsInUse({ state, personality }: Card): readonly EuiccCredential[] {
  return state.credentials.filter(({ keyPair }) => personality.curves.includes(keyPair.curve))
}

/** The CIs whose servers the card believes, in the order of preference. */
export function trustedCis({ state, personality }: Card): readonly Certificate[] {
  const { curves, trustedCis: chosen } = personality
  return state.trustedCis.filter(
    ({ curve, subjectKeyId }) =>
      curves.includes(curve) &&
      (!chosen || chosen.includes(curve) || chosen.includes(toHex(subjectKeyId ?? hex('')))),
  )
}

/** Whether an Operational Profile is on the card, enabled or not. */
export function hasOperational({ state }: Card): boolean {
  return state.profiles.some(({ metadata }) => metadata.profileClass === 'operational')
}

/** The credential under a CI, named by its key identifier. */
export function credentialOf(
  credentials: readonly EuiccCredential[],
  ciKeyId: Uint8Array,
): EuiccCredential | undefined {
  return credentials.find(({ eumCertificate: { authorityKeyId } }) =>
    authorityKeyId ? equalOctets(authorityKeyId, ciKeyId) : false,
  )
}
