/**
 * The authentication centre: authentication vectors for the operator's subscribers (3GPP TS 33.102 §6.3, TS 33.501
 * §6.1.3.2, TS 33.401 §6.1.2).
 *
 * Sequence numbers are those of TS 33.102 annex C.3.2: not time-based, SEQ of 43 bits and IND of five, both one further
 * with each vector. The number is on disk before the vector is given out, so none is ever given out twice.
 */

import { mccMncToOctets } from '../base/bcd.ts'
import type { Random } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import {
  akaFunctions,
  challenge,
  openAuts,
  type AkaFunctions,
  type Challenge,
} from '../crypto/aka.ts'
import { deriveKasme, deriveKausf, deriveResStar } from '../crypto/key-derivation.ts'
import { imsiOfSupi } from '../nas/suci.ts'
import type { OperatorAlgorithm } from '../profile/subscriber.ts'
import { keepSqn, lastSqn, profileOfImsi } from '../store/authentication.ts'
import type { Connection, Store } from '../store/engine.ts'
import { algorithmOf } from './subscriber-keys.ts'

/** A USIM that has lost step: AUTS as it came, and the RAND that it answers. */
export interface Resynchronisation {
  readonly rand: Uint8Array
  readonly auts: Uint8Array
}

interface VectorRequest {
  /** `imsi-<digits>`. */
  readonly supi: string
  readonly resynchronisation?: Resynchronisation | undefined
}

/** 5G HE AV (TS 33.501 §6.1.3.2.0). */
export interface HomeEnvironmentVector {
  readonly rand: Uint8Array
  readonly autn: Uint8Array
  readonly xresStar: Uint8Array
  readonly kausf: Uint8Array
}

/** EPS AV (TS 33.401 §6.1.2). */
export interface EpsVector {
  readonly rand: Uint8Array
  readonly autn: Uint8Array
  readonly xres: Uint8Array
  readonly kasme: Uint8Array
}

/** Why there is no vector: `reason` of the `LabError`. */
export const AUTHENTICATION_REFUSALS = {
  userNotFound: 'No profile of this operator has this SUPI.',
  noKeys: "The operator does not know this profile's keys.",
  wrongAuts: 'AUTS was not made with the key that the operator knows.',
  sqnUsedUp: 'All sequence numbers of this subscriber are used up.',
  resTooLong: "The profile's RES is longer than the 16 octets that 5GS and EPS take.",
} as const

/** Every method throws `notFound` with the reason `userNotFound`, or `refused` with another of the reasons. */
export interface AuthenticationCentre {
  /** @throws {LabError} also badInput — RAND or AUTS of a wrong length */
  fiveGVector(
    request: VectorRequest & { readonly servingNetworkName: string },
  ): Promise<HomeEnvironmentVector>
  /** @throws {LabError} also badInput — RAND or AUTS of a wrong length */
  epsVector(
    request: VectorRequest & { readonly plmn: { readonly mcc: string; readonly mnc: string } },
  ): Promise<EpsVector>
}

/** An authentication centre over the store; `random` makes its challenges. */
export function createAuthenticationCentre(parts: {
  readonly store: Store
  readonly random: Random
  /** That of a profile in stock; Milenage unless told. */
  readonly algorithmFor?: AlgorithmFor
}): AuthenticationCentre {
  const { store, random, algorithmFor = () => undefined } = parts
  async function vector(request: VectorRequest): Promise<Vector> {
    const rand = random.bytes(RAND_OCTETS)
    const { functions, sqn } = await store.write((db) => stepped(db, { ...request, algorithmFor }))
    const made = challenge({ functions, rand, sqn, amf: AMF })
    if (made.xres.length > RES_OCTETS_MAX) throw refused('resTooLong')
    return { rand, ...made }
  }
  return {
    async fiveGVector(request) {
      const { servingNetworkName } = request
      const { rand, autn, xres: res, ck, ik } = await vector(request)
      const concealedSqn = autn.subarray(0, SQN_OCTETS)
      return {
        rand,
        autn,
        xresStar: deriveResStar({ ck, ik, servingNetworkName, rand, res }),
        kausf: deriveKausf({ ck, ik, servingNetworkName, concealedSqn }),
      }
    },
    async epsVector(request) {
      const { rand, autn, xres, ck, ik } = await vector(request)
      const servingNetworkId = mccMncToOctets(request.plmn)
      const concealedSqn = autn.subarray(0, SQN_OCTETS)
      return { rand, autn, xres, kasme: deriveKasme({ ck, ik, servingNetworkId, concealedSqn }) }
    },
  }
}

type AlgorithmFor = (db: Connection, iccid: string) => OperatorAlgorithm | undefined

type Vector = Challenge & { readonly rand: Uint8Array }

const RAND_OCTETS = 16
const RES_OCTETS_MAX = 16
const SQN_OCTETS = 6
/** The separation bit is set: the vector is for EPS or 5GS (TS 33.102 annex H, TS 33.401 §6.1.2). */
const AMF = Uint8Array.of(0x80, 0x00)
const IND_BITS = 5n
const IND_COUNT = 1n << IND_BITS
const SEQ_LIMIT = 1n << 43n
/** Δ of TS 33.102 annex C.3.2: a USIM takes no larger step. */
const SEQ_STEP_MAX = 1n << 28n

/** Takes the subscriber's next sequence number, after AUTS if it lost step. Runs within one command of the store. */
function stepped(
  db: Connection,
  request: VectorRequest & { readonly algorithmFor: AlgorithmFor },
): { readonly functions: AkaFunctions; readonly sqn: bigint } {
  const { resynchronisation } = request
  const iccid = iccidOf(db, request.supi)
  const operatorAlgorithm = request.algorithmFor(db, iccid)
  const algorithm = algorithmOf(db, { iccid, operatorAlgorithm })
  if (!algorithm) throw refused('noKeys')
  const functions = akaFunctions(algorithm)
  const last = lastSqn(db, iccid)
  const from = resynchronisation ? resynchronised(functions, { last, ...resynchronisation }) : last
  const sqn = nextSqn(from)
  keepSqn(db, { iccid, sqn })
  return { functions, sqn }
}

function iccidOf(db: Connection, supi: string): string {
  const profile = profileOfImsi(db, imsiOfSupi(supi) ?? '')
  if (profile) return profile.iccid
  throw new LabError('notFound', AUTHENTICATION_REFUSALS.userNotFound, {
    field: 'supi',
    reason: 'userNotFound',
  })
}

/** TS 33.102 §6.3.5: a number that the USIM would take anyhow stays, also that AUTS come again sets nothing back. */
function resynchronised(
  functions: AkaFunctions,
  given: Resynchronisation & { readonly last: bigint },
): bigint {
  const { sqn: sqnMs, macOk } = openAuts({ functions, rand: given.rand, auts: given.auts })
  if (!macOk) throw refused('wrongAuts')
  const step = seqOf(given.last) + 1n - seqOf(sqnMs)
  return step > 0n && step <= SEQ_STEP_MAX ? given.last : sqnMs
}

function nextSqn(last: bigint): bigint {
  const seq = seqOf(last) + 1n
  if (seq >= SEQ_LIMIT) throw refused('sqnUsedUp')
  const ind = (last + 1n) % IND_COUNT
  return (seq << IND_BITS) | ind
}

function seqOf(sqn: bigint): bigint {
  return sqn >> IND_BITS
}

function refused(reason: Exclude<keyof typeof AUTHENTICATION_REFUSALS, 'userNotFound'>): LabError {
  return new LabError('refused', AUTHENTICATION_REFUSALS[reason], { reason })
}
