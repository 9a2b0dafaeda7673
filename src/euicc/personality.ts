/** What kind of card an eUICC is: what it supports, how much it holds, and in which chosen way it misbehaves. */

import type { Curve } from '../crypto/ec.ts'
import { CARD_SERVICES, type ServiceName } from '../profile/services.ts'
import type { BppCommandId, ErrorReason, ProfileClass } from '../rsp/common.ts'
import type {
  AuthenticateErrorCode,
  DownloadErrorCode,
  RulesAuthorisationTable,
} from '../rsp/es10b.ts'

/** What a card signs, by the name of the object or of the function. */
export const SIGNED_OBJECTS = [
  'euiccSigned1',
  'euiccSigned2',
  'pir',
  'notification',
  'cancelSession',
] as const
export type SignedObject = (typeof SIGNED_OBJECTS)[number]

/**
 * Where a Bound Profile Package fails, and why; the pairs are those of SGP.22 Table 4a. `storeMetadata2` is the second
 * segment of StoreMetadata.
 */
export interface FailurePoint {
  readonly bppCommandId: BppCommandId
  readonly errorReason: ErrorReason
}

/** Chosen ways of being wrong; absent ones are right. */
export interface Faults {
  /** The signature over this object has a wrong bit. */
  readonly wrongSignature?: SignedObject | undefined
  /**
   * With this segment of the package, counted from 1, comes the Profile Installation Result, whatever is still to come:
   * installFailedDueToUnknownError in the function that is under way.
   */
  readonly earlyResultAtSegment?: number | undefined
  readonly failAt?: FailurePoint | undefined
  /** What AuthenticateServer answers where nothing is wrong. */
  readonly authenticateError?: AuthenticateErrorCode | undefined
  /** What PrepareDownload answers where nothing is wrong. */
  readonly downloadError?: DownloadErrorCode | undefined
  /** What CancelSession answers where nothing is wrong. */
  readonly cancelSessionError?: 'undefinedError' | undefined
  /** Whether a load that a loss of power breaks off leaves a result, installFailedDueToInterruption. */
  readonly resultOnInterruption?: boolean | undefined
}

/** One kind of card. */
export interface Personality {
  readonly name: string
  readonly description: string
  /** 32 digits, for a card that is made for this personality; certificates carry it. */
  readonly eid: string | undefined
  /** SGP.22's version that the card claims, as three octets. */
  readonly svn: Uint8Array
  /** Non-volatile memory for profiles. */
  readonly memoryOctets: number
  /** The curves on which the card signs and verifies: credentials and CIs on others are not used. */
  readonly curves: readonly Curve[]
  /** The CIs that are trusted, by curve or by key identifier in hexadecimal; all of the card's unless given. */
  readonly trustedCis: readonly string[] | undefined
  readonly profileClasses: readonly ProfileClass[]
  /** What the card has for profiles: UICCCapability says so, and a package that mandates more is refused. */
  readonly services: readonly ServiceName[]
  /** Whether LoadCRL is there (SGP.22 §5.7.12, crlSupport). */
  readonly crlSupport: boolean
  /** The Rules Authorisation Table (SGP.22 §2.9.2). */
  readonly rat: RulesAuthorisationTable
  /** The longest block of STORE DATA that the card takes, for the APDU layer. */
  readonly blockOctetsMax: number
  /** Whether a case 4 command without Le is refused, for the APDU layer. */
  readonly leRequired: boolean
  /** Whether an answer waits for GET RESPONSE or comes at once, for the APDU layer. */
  readonly responseMode: '61xx' | 'direct'
  /** The AIDs under which the ISD-R is found, for the APDU layer; the one of SGP.22 unless given. */
  readonly isdrAids: readonly Uint8Array[] | undefined
  /** Logical channels besides the basic one, for the APDU layer. */
  readonly channelsMax: number
  /** Whether functions wait for TERMINAL CAPABILITY (SGP.22 §3.4.2), for the APDU layer. */
  readonly terminalCapabilityRequired: boolean
  /** Whether a proactive session goes on from the start, so that profiles are not switched. */
  readonly catBusy: boolean
  readonly faults: Faults
}

/** Any profile owner: every digit a wildcard, group identifiers of any value or none (SGP.22 §2.9.2.1). */
export const ANY_OPERATOR = {
  mccMnc: Uint8Array.of(0xee, 0xee, 0xee),
  gid1: new Uint8Array(0),
  gid2: new Uint8Array(0),
} as const

/** "All PPRs allowed for all Profile Owners, End User Consent required" (SGP.22 §2.9.2.2). */
export const OPEN_RAT: RulesAuthorisationTable = [
  { pprIds: ['ppr1', 'ppr2'], allowedOperators: [ANY_OPERATOR], pprFlags: ['consentRequired'] },
]

const MEMORY_OCTETS = 512 * 1024
/** As many as the class of a command can name (ISO/IEC 7816-4 §5.4.1). */
export const CHANNELS_MAX = 19

/** The card that does everything right. */
export const DEFAULT_PERSONALITY: Personality = {
  name: 'default',
  description: 'a card of SGP.22 v2.5 that does everything right',
  eid: undefined,
  svn: Uint8Array.of(2, 5, 0),
  memoryOctets: MEMORY_OCTETS,
  curves: ['P-256', 'brainpoolP256r1'],
  trustedCis: undefined,
  profileClasses: ['operational', 'test'],
  services: CARD_SERVICES,
  crlSupport: true,
  rat: OPEN_RAT,
  blockOctetsMax: 255,
  leRequired: false,
  responseMode: '61xx',
  isdrAids: undefined,
  channelsMax: CHANNELS_MAX,
  terminalCapabilityRequired: false,
  catBusy: false,
  faults: {},
}
