/**
 * Authentication and key agreement between a USIM and its home network, whatever the algorithm (3GPP TS 33.102 §6.3).
 *
 * The network makes a challenge and the USIM opens it; when the USIM has lost step it makes AUTS and the network opens
 * that. Whether a sequence number is fresh is for the caller to judge.
 */

import { timingSafeEqual } from 'node:crypto'
import { LabError } from '../base/errors.ts'
import { asBuffer, concat } from '../base/octets.ts'
import { akaTestAlgorithm } from './aka-test-algorithm.ts'
import { xorInto } from './cmac.ts'
import { expectOctets } from './expect-octets.ts'
import { milenage } from './milenage.ts'
import { tuak } from './tuak.ts'

/** An algorithm with one subscriber's key and parameters. */
export type AkaAlgorithm =
  | {
      readonly kind: 'milenage'
      /** 16 octets. */
      readonly k: Uint8Array
      /** 16 octets. */
      readonly opc: Uint8Array
      /** r1 to r5 in bits; the standard ones unless the package has others. */
      readonly rotationConstants?: Uint8Array
      /** c1 to c5, 80 octets. */
      readonly xoringConstants?: Uint8Array
      /** 8, or 4 by option. */
      readonly resOctets: number
    }
  | {
      readonly kind: 'tuak'
      /** 16 or 32 octets. */
      readonly k: Uint8Array
      /** 32 octets. */
      readonly topc: Uint8Array
      /** How often Keccak-f[1600] runs, at least once. */
      readonly keccakIterations: number
      /** 4, 8, 16 or 32. */
      readonly resOctets: number
      /** 8, 16 or 32. */
      readonly macOctets: number
      /** 16 or 32, the same for CK and IK. */
      readonly ckIkOctets: number
    }
  /** 3GPP TS 34.108 §8.1.2; `resOctets` 4 to 16. */
  | { readonly kind: 'test'; readonly k: Uint8Array; readonly resOctets: number }

/** Everything that f1 and f1* make a MAC of. */
export interface AkaMacInput {
  /** 16 octets. */
  readonly rand: Uint8Array
  /** 6 octets. */
  readonly sqn: Uint8Array
  /** 2 octets. */
  readonly amf: Uint8Array
}

/** RES, CK, IK and AK of one challenge. */
export interface AkaResult {
  readonly res: Uint8Array
  readonly ck: Uint8Array
  readonly ik: Uint8Array
  /** 6 octets. */
  readonly ak: Uint8Array
}

/**
 * The functions f1 to f5, f1* and f5* under one subscriber's key (TS 33.102 §6.3.2, §6.3.3).
 * Each throws a {@link LabError} `badInput` for input of a wrong length.
 */
export interface AkaFunctions {
  /** Length of MAC-A and MAC-S: 8, with TUAK also 16 or 32. */
  readonly macOctets: number
  /** MAC-A, by which the network proves itself. */
  f1(input: AkaMacInput): Uint8Array
  /** MAC-S, by which the USIM proves that it lost step. */
  f1Star(input: AkaMacInput): Uint8Array
  /** f2, f3, f4 and f5 in one pass. `rand` has 16 octets. */
  f2345(rand: Uint8Array): AkaResult
  /** AK of resynchronisation, 6 octets. `rand` has 16 octets. */
  f5Star(rand: Uint8Array): Uint8Array
}

/** The functions of an algorithm. @throws {LabError} `badInput` for a key or parameter that the algorithm does not know. */
export function akaFunctions(algorithm: AkaAlgorithm): AkaFunctions {
  switch (algorithm.kind) {
    case 'milenage':
      return milenage(algorithm)
    case 'tuak': {
      const { ckIkOctets } = algorithm
      return tuak({ ...algorithm, ckOctets: ckIkOctets, ikOctets: ckIkOctets })
    }
    case 'test':
      return akaTestAlgorithm(algorithm)
  }
}

/** Sequence numbers have 48 bits. */
export const SQN_LIMIT = 2n ** 48n

/** AMF* of resynchronisation (TS 33.102 §6.3.3). */
const AMF_STAR = new Uint8Array(2)

/** An authentication vector as the home network makes it. */
export interface Challenge {
  /** (SQN ⊕ AK) ‖ AMF ‖ MAC: 16 octets, more with a longer MAC. */
  readonly autn: Uint8Array
  readonly xres: Uint8Array
  readonly ck: Uint8Array
  readonly ik: Uint8Array
  /** 6 octets. */
  readonly ak: Uint8Array
}

/** Makes an authentication vector (TS 33.102 §6.3.2). @throws {LabError} `badInput` for a wrong length or SQN. */
export function challenge(input: {
  readonly functions: AkaFunctions
  /** 16 octets. */
  readonly rand: Uint8Array
  readonly sqn: bigint
  /** 2 octets. */
  readonly amf: Uint8Array
}): Challenge {
  const { functions, rand, amf } = input
  const sqn = octetsOfSqn(input.sqn)
  const { res: xres, ck, ik, ak } = functions.f2345(rand)
  const mac = functions.f1({ rand, sqn, amf })
  return { autn: concat(xor(sqn, ak), amf, mac), xres, ck, ik, ak }
}

/** What a USIM finds in a challenge. Nothing of it may leave the USIM unless `macOk` and the SQN is fresh. */
export interface OpenedAutn {
  readonly sqn: bigint
  /** 2 octets. */
  readonly amf: Uint8Array
  /** Whether the network knows the key. */
  readonly macOk: boolean
  readonly res: Uint8Array
  readonly ck: Uint8Array
  readonly ik: Uint8Array
}

/** Opens AUTN as the USIM does (TS 33.102 §6.3.3). @throws {LabError} `badInput` for RAND or AUTN of a wrong length. */
export function openAutn(input: {
  readonly functions: AkaFunctions
  readonly rand: Uint8Array
  readonly autn: Uint8Array
}): OpenedAutn {
  const { functions, rand, autn } = input
  expectOctets({ autn }, [SQN_OCTETS + AMF_OCTETS + functions.macOctets])
  const { res, ck, ik, ak } = functions.f2345(rand)
  const sqn = xor(autn.subarray(0, SQN_OCTETS), ak)
  const amf = autn.subarray(SQN_OCTETS, SQN_OCTETS + AMF_OCTETS)
  const mac = autn.subarray(SQN_OCTETS + AMF_OCTETS)
  const macOk = timingSafeEqual(functions.f1({ rand, sqn, amf }), mac)
  return { sqn: sqnOfOctets(sqn), amf, macOk, res, ck, ik }
}

/**
 * AUTS: (SQN_MS ⊕ AK*) ‖ MAC-S, 14 octets, more with a longer MAC (TS 33.102 §6.3.3).
 * @throws {LabError} `badInput` for a wrong length or SQN.
 */
export function makeAuts(input: {
  readonly functions: AkaFunctions
  /** RAND of the challenge that was out of step. */
  readonly rand: Uint8Array
  /** The highest SQN that the USIM has accepted. */
  readonly sqn: bigint
}): Uint8Array {
  const { functions, rand } = input
  const sqn = octetsOfSqn(input.sqn)
  const macS = functions.f1Star({ rand, sqn, amf: AMF_STAR })
  return concat(xor(sqn, functions.f5Star(rand)), macS)
}

/** Opens AUTS as the home network does (TS 33.102 §6.3.5). @throws {LabError} `badInput` for RAND or AUTS of a wrong length. */
export function openAuts(input: {
  readonly functions: AkaFunctions
  readonly rand: Uint8Array
  readonly auts: Uint8Array
}): { readonly sqn: bigint; readonly macOk: boolean } {
  const { functions, rand, auts } = input
  expectOctets({ auts }, [SQN_OCTETS + functions.macOctets])
  const sqn = xor(auts.subarray(0, SQN_OCTETS), functions.f5Star(rand))
  const macS = functions.f1Star({ rand, sqn, amf: AMF_STAR })
  const macOk = timingSafeEqual(macS, auts.subarray(SQN_OCTETS))
  return { sqn: sqnOfOctets(sqn), macOk }
}

/** c2: SRES of 4 octets from RES of up to 16 (TS 33.102 §6.8.1.2). @throws {LabError} `badInput` for a longer RES. */
export function sresFromRes(res: Uint8Array): Uint8Array {
  if (res.length > 16) {
    throw new LabError('badInput', `SRES is made from up to 16 octets, not ${res.length}`, {
      field: 'res',
    })
  }
  const sres = Buffer.alloc(SRES_OCTETS)
  for (let at = 0; at < res.length; at += SRES_OCTETS) {
    xorInto(sres, res.subarray(at, at + SRES_OCTETS))
  }
  return sres
}

/** c3: Kc of 8 octets from CK and IK of 16 (TS 33.102 §6.8.1.2). @throws {LabError} `badInput` for longer keys. */
export function kcFromCkIk(keys: { readonly ck: Uint8Array; readonly ik: Uint8Array }): Uint8Array {
  const { ck, ik } = keys
  expectOctets({ ck, ik }, [16])
  const halves = [ck.subarray(8), ik.subarray(0, 8), ik.subarray(8)]
  return halves.reduce(xor, ck.subarray(0, 8))
}

const SQN_OCTETS = 6
const AMF_OCTETS = 2
const SRES_OCTETS = 4

function octetsOfSqn(sqn: bigint): Uint8Array {
  if (sqn < 0n || sqn >= SQN_LIMIT) {
    throw new LabError('badInput', 'SQN has 48 bits', { field: 'sqn' })
  }
  const octets = Buffer.alloc(SQN_OCTETS)
  octets.writeUIntBE(Number(sqn), 0, SQN_OCTETS)
  return octets
}

function sqnOfOctets(octets: Uint8Array): bigint {
  return BigInt(asBuffer(octets).readUIntBE(0, SQN_OCTETS))
}

function xor(octets: Uint8Array, mask: Uint8Array): Uint8Array {
  const result = Buffer.from(octets)
  xorInto(result, mask)
  return result
}
