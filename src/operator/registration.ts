/**
 * The serving network: a phone is attached when it has answered a challenge of its home network (registration, 3GPP
 * TS 24.501 §5.5.1.2, §5.4.1.3; attach, TS 24.301 §5.5.1.2, §5.4.2).
 *
 * Every procedure ends: a challenge is answered once, within a time of the lab's clock; a USIM that lost step is brought
 * back once.
 */

import type { Environment } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { toHex } from '../base/octets.ts'
import { deriveHresStar } from '../crypto/key-derivation.ts'
import type {
  AuthenticationAnswer,
  AuthenticationRequest,
  MobileSystem,
  NetworkAnswer,
  RegistrationAccept,
  RegistrationRefusal,
  RegistrationRequest,
  ServingNetwork,
} from '../nas/registration.ts'
import { imsiOfSupi, parseSuci } from '../nas/suci.ts'
import { profileOfImsi } from '../store/authentication.ts'
import type { Connection, Store } from '../store/engine.ts'
import { attach, detach } from '../store/registrations.ts'
import { findByProfile } from './accounts.ts'
import { isSame, type Ausf } from './ausf.ts'
import type { AuthenticationCentre, Resynchronisation } from './authentication.ts'
import type { Plmn } from './operator-file.ts'
import { createProcedures, type Procedures } from './procedures.ts'
import { networkNameOf } from './serving-plmn.ts'
import type { Sidf } from './suci-keys.ts'

/** Causes of a registration reject, with their numbers in TS 24.501 §9.11.3.2 and TS 24.301 §9.9.3.9, and what they mean here. */
export const REGISTRATION_REFUSALS = {
  semanticallyIncorrectMessage: {
    number: 95,
    text: 'The identity is none: suci-0-… is expected in 5GS, imsi-… in EPS.',
  },
  ueIdentityCannotBeDerived: {
    number: 9,
    text: 'The SUCI was not concealed for a key of this home network.',
  },
  illegalUe: { number: 3, text: 'No profile of this operator has this SUPI.' },
  servicesNotAllowed: {
    number: 7,
    text: 'No account with an enabled profile has this SUPI, as far as the operator has been told.',
  },
} as const

export type RegistrationRefusalCause = keyof typeof REGISTRATION_REFUSALS

/** Why a phone is rejected that the network has challenged; the texts say what to look at. */
export const AUTHENTICATION_REJECTS = {
  wrongRes:
    'RES is not the one expected: the profile and the operator do not have the same key (Ki, OPc), or somebody else has answered.',
  macFailure:
    'The USIM does not believe the challenge (MAC failure): the profile and the operator do not have the same key (Ki, OPc).',
  synchFailureAgain: 'The USIM has lost step again, right after it was brought back.',
  wrongAuts: 'AUTS was not made with the key that the operator knows.',
  noKeys: "The operator does not know this profile's keys.",
  sqnUsedUp: 'All sequence numbers of this subscriber are used up.',
  resTooLong: "The profile's RES is longer than the 16 octets that 5GS and EPS take.",
} as const

export type AuthenticationRejectReason = keyof typeof AUTHENTICATION_REJECTS

interface Parts {
  readonly store: Store
  readonly environment: Environment
  /** Which network serves a profile where its phone is. */
  plmnOf(db: Connection, of: { readonly iccid: string }): Plmn
  readonly authenticationCentre: AuthenticationCentre
  readonly ausf: Ausf
  readonly sidf: Sidf
  /** How long a phone's answer is waited for. */
  readonly waitMs: number
  /** Called within a command that has ended an attachment, or replaced it by a new one. */
  readonly onAttachmentEnd?: ((db: Connection, of: { readonly iccid: string }) => void) | undefined
  /** Called within a command that has attached a phone. */
  readonly onAttached?: ((db: Connection, of: { readonly iccid: string }) => void) | undefined
}

/** A registration under way: a phone was challenged. */
interface Challenged {
  readonly system: MobileSystem
  readonly supi: string
  readonly iccid: string
  readonly plmn: Plmn
  readonly rand: Uint8Array
  /** Judges RES* or RES. */
  accepts(res: Uint8Array): boolean
  readonly isResynchronised: boolean
}

const ID_OCTETS = 12
const RES_STAR_OCTETS = 16

/**
 * The serving networks: of each operator's own PLMN, and those that its phones visit.
 *
 * Its `answer` throws `notFound`, reason `registrationUnknown`, when no procedure under the name waits for an answer.
 */
export function createServingNetwork(parts: Parts): ServingNetwork {
  const { store, environment } = parts
  const { clock } = environment
  const procedures = createProcedures<Challenged>({ clock, waitMs: parts.waitMs })
  const network: Network = { ...parts, procedures }
  return {
    async register(request) {
      const subscriber = identified(parts, request)
      if ('message' in subscriber) return subscriber
      // A lab that is opened again must not call a new registration by an old name.
      const registrationId = toHex(environment.random.unique(ID_OCTETS))
      const { system } = request
      return challengePhone(network, { registrationId, system, ...subscriber })
    },
    async answer({ registrationId, answer }) {
      const challenged = procedures.take(registrationId)
      if (!challenged) throw unknownRegistration()
      return judge(network, { registrationId, challenged, answer })
    },
    deregister: ({ registrationId }) =>
      store.write((db) => {
        const detached = detach(db, registrationId)
        if (detached) parts.onAttachmentEnd?.(db, detached)
      }),
  }
}

interface Network extends Parts {
  readonly procedures: Procedures<Challenged>
}

interface Subscriber {
  readonly supi: string
  readonly iccid: string
  /** The network that serves it, of which the challenge is. */
  readonly plmn: Plmn
}

/** The checks of an identity in their order: its form, whose it is, whether the profile may be served. */
function identified(
  { store, sidf, plmnOf }: Parts,
  { system, identity }: RegistrationRequest,
): Subscriber | RegistrationRefusal {
  const isWellFormed = system === '5GS' ? parseSuci(identity) : imsiOfSupi(identity)
  if (!isWellFormed) return registrationReject('semanticallyIncorrectMessage')
  const supi = supiOf(sidf, identity)
  if (supi === undefined) return registrationReject('ueIdentityCannotBeDerived')
  return store.read((db) => {
    const profile = profileOfImsi(db, imsiOfSupi(supi) ?? '')
    if (!profile) return registrationReject('illegalUe')
    const { iccid } = profile
    if (!isServed(db, iccid)) return registrationReject('servicesNotAllowed')
    return { supi, iccid, plmn: plmnOf(db, { iccid }) }
  })
}

function supiOf(sidf: Sidf, identity: string): string | undefined {
  try {
    return sidf.supiOf(identity)
  } catch (error) {
    if (error instanceof LabError && error.code !== 'internal') return undefined
    throw error
  }
}

/** The profiles' states are what cards report; only an enabled profile is served. */
function isServed(db: Connection, iccid: string): boolean {
  const account = findByProfile(db, iccid)
  const isOff = account?.status === 'blocked' || account?.status === 'closed'
  return account?.profileState === 'enabled' && !isOff
}

interface ToChallenge extends Subscriber {
  readonly registrationId: string
  readonly system: MobileSystem
  readonly resynchronisation?: Resynchronisation
}

async function challengePhone(
  network: Network,
  phone: ToChallenge,
): Promise<AuthenticationRequest | RegistrationRefusal> {
  const { registrationId, system, supi, iccid, plmn, resynchronisation } = phone
  try {
    const { autn, ...vector } =
      system === '5GS' ? await fiveGChallenge(network, phone) : await epsChallenge(network, phone)
    const isResynchronised = resynchronisation !== undefined
    const waiting = { system, supi, iccid, plmn, isResynchronised, ...vector }
    network.procedures.wait(registrationId, waiting)
    const { rand } = vector
    const message = 'authenticationRequest'
    return { message, registrationId, servingNetworkName: networkNameOf(plmn, system), rand, autn }
  } catch (error) {
    return rejectionOf(error)
  }
}

type MadeChallenge = Pick<Challenged, 'rand' | 'accepts'> & { readonly autn: Uint8Array }

/** The SEAF compares HRES* with HXRES*, then the AUSF RES* with XRES* (TS 33.501 §6.1.3.2.0, steps 9 to 11). */
async function fiveGChallenge(
  { ausf }: Network,
  { supi, plmn, resynchronisation }: ToChallenge,
): Promise<MadeChallenge> {
  const { authCtxId, rand, autn, hxresStar } = await ausf.authenticate({
    supiOrSuci: supi,
    servingNetworkName: networkNameOf(plmn, '5GS'),
    resynchronisation,
  })
  return {
    rand,
    autn,
    accepts: (resStar) =>
      resStar.length === RES_STAR_OCTETS &&
      isSame(deriveHresStar({ rand, resStar }), hxresStar) &&
      ausf.confirm({ authCtxId, resStar }).authenticated,
  }
}

async function epsChallenge(
  { authenticationCentre }: Network,
  { supi, plmn, resynchronisation }: ToChallenge,
): Promise<MadeChallenge> {
  const { rand, autn, xres } = await authenticationCentre.epsVector({
    supi,
    plmn,
    resynchronisation,
  })
  return { rand, autn, accepts: (res) => isSame(res, xres) }
}

interface Answered {
  readonly registrationId: string
  readonly challenged: Challenged
  readonly answer: AuthenticationAnswer
}

async function judge(network: Network, answered: Answered): Promise<NetworkAnswer> {
  const { registrationId, challenged, answer } = answered
  if (answer.message === 'authenticationResponse') {
    const isRight = challenged.accepts(answer.res)
    return isRight ? accept(network, answered) : authenticationReject('wrongRes')
  }
  if (answer.cause === 'macFailure') return authenticationReject('macFailure')
  if (challenged.isResynchronised) return authenticationReject('synchFailureAgain')
  const { system, supi, iccid, plmn, rand } = challenged
  const resynchronisation = { rand, auts: answer.auts }
  return challengePhone(network, { registrationId, system, supi, iccid, plmn, resynchronisation })
}

/** The profile may have been disabled since the phone was challenged. */
function accept(
  { store, environment, onAttachmentEnd, onAttached }: Network,
  { registrationId, challenged }: Answered,
): Promise<RegistrationAccept | RegistrationRefusal> {
  const { system, supi, iccid, plmn } = challenged
  return store.write((db) => {
    if (!isServed(db, iccid)) return registrationReject('servicesNotAllowed')
    attach(db, {
      id: registrationId,
      iccid,
      supi,
      system,
      servingNetworkName: networkNameOf(plmn, system),
      attachedAtMs: environment.clock.nowMs(),
    })
    onAttachmentEnd?.(db, { iccid })
    onAttached?.(db, { iccid })
    return { message: 'registrationAccept', registrationId, system, supi }
  })
}

/** What the home network refuses, the phone is told as a rejection. */
function rejectionOf(error: unknown): RegistrationRefusal {
  if (!(error instanceof LabError)) throw error
  const { reason = '', code } = error
  if (reason === 'userNotFound') return registrationReject('illegalUe')
  if (code === 'badInput') return authenticationReject('wrongAuts')
  if (!Object.hasOwn(AUTHENTICATION_REJECTS, reason)) throw error
  return authenticationReject(reason as AuthenticationRejectReason)
}

function authenticationReject(reason: AuthenticationRejectReason): RegistrationRefusal {
  return { message: 'authenticationReject', reason, detail: AUTHENTICATION_REJECTS[reason] }
}

function registrationReject(cause: RegistrationRefusalCause): RegistrationRefusal {
  return { message: 'registrationReject', cause, detail: REGISTRATION_REFUSALS[cause].text }
}

function unknownRegistration(): LabError {
  return new LabError(
    'notFound',
    'no registration with this name waits for an answer: it never did, was answered, or has waited too long.',
    { reason: 'registrationUnknown' },
  )
}
