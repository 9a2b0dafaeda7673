/**
 * What a phone and its serving network say to each other until the phone is attached, in 3GPP's words: registration in
 * 5GS (TS 24.501 §5.5.1, with 5G-AKA of TS 33.501 §6.1.3.2) and attach in EPS (TS 24.301 §5.5.1, with EPS AKA of
 * TS 33.401 §6.1).
 *
 * The octets of NAS messages are not modelled, their contents and their order are.
 */

/** The 5G system or the evolved packet system. */
export type MobileSystem = '5GS' | 'EPS'

/** REGISTRATION REQUEST or ATTACH REQUEST. */
export interface RegistrationRequest {
  readonly system: MobileSystem
  /**
   * `suci-0-<mcc>-<mnc>-<routing indicator>-<scheme>-<key id>-<output>` in 5GS, `imsi-<digits>` in EPS
   * (TS 23.003 §2.2A, §28.7.3, TS 29.571 SupiOrSuci).
   */
  readonly identity: string
}

/** AUTHENTICATION REQUEST: the challenge. */
export interface AuthenticationRequest {
  readonly message: 'authenticationRequest'
  /** Names the procedure towards the network. */
  readonly registrationId: string
  /** `5G:mnc001.mcc001.3gppnetwork.org` in 5GS (TS 24.501 §9.12.1); in EPS, which has no such name, the PLMN: `001-01`. */
  readonly servingNetworkName: string
  /** 16 octets each. */
  readonly rand: Uint8Array
  readonly autn: Uint8Array
}

/** What the phone answers to the challenge. */
export type AuthenticationAnswer =
  /** RES* of 16 octets in 5GS, RES of 4 to 16 octets in EPS. */
  | { readonly message: 'authenticationResponse'; readonly res: Uint8Array }
  | { readonly message: 'authenticationFailure'; readonly cause: 'macFailure' }
  /** AUTS, 14 octets. */
  | {
      readonly message: 'authenticationFailure'
      readonly cause: 'synchFailure'
      readonly auts: Uint8Array
    }

export interface RegistrationAccept {
  readonly message: 'registrationAccept'
  readonly registrationId: string
  readonly system: MobileSystem
  /** `imsi-<digits>`. */
  readonly supi: string
}

export type RegistrationRefusal =
  /** The network does not believe the answer, or the phone does not believe the network. */
  | {
      readonly message: 'authenticationReject'
      /** For programs: `wrongRes`, `macFailure`, … */
      readonly reason: string
      readonly detail: string
    }
  /** Nobody by that identity, or the subscription may not be served. */
  | { readonly message: 'registrationReject'; readonly cause: string; readonly detail: string }

export type NetworkAnswer = AuthenticationRequest | RegistrationAccept | RegistrationRefusal

/** A serving network (AMF with SEAF, or MME) as a phone sees it. */
export interface ServingNetwork {
  register(request: RegistrationRequest): Promise<NetworkAnswer>
  answer(given: {
    readonly registrationId: string
    readonly answer: AuthenticationAnswer
  }): Promise<NetworkAnswer>
  /** DEREGISTRATION REQUEST or DETACH REQUEST; a phone that is not attached may say it too. */
  deregister(of: { readonly registrationId: string }): Promise<void>
}
