/** TUAK, the second algorithm set of 3GPP, over Keccak-f[1600] (3GPP TS 35.231). */

import { LabError } from '../base/errors.ts'
import { utf8 } from '../base/octets.ts'
import type { AkaFunctions, AkaMacInput } from './aka.ts'
import { expectLength, expectOctets } from './expect-octets.ts'
import { KECCAK_STATE_OCTETS, keccakF1600 } from './keccak.ts'

export interface TuakParameters {
  /** 16 or 32 octets. */
  readonly k: Uint8Array
  /** 32 octets: TOP, hashed for this subscriber (`topcFromTop`). */
  readonly topc: Uint8Array
  /** How often the permutation runs: 1 to 255. */
  readonly keccakIterations: number
  /** 4, 8, 16 or 32. */
  readonly resOctets: number
  /** 8, 16 or 32. */
  readonly macOctets: number
  /** 16 or 32. */
  readonly ckOctets: number
  /** 16 or 32. */
  readonly ikOctets: number
}

/**
 * f1 to f5, f1* and f5* of one subscriber (TS 35.231 §6).
 * @throws {LabError} `badInput` for a parameter of a wrong length, from here or from the functions.
 */
export function tuak(parameters: TuakParameters): AkaFunctions {
  const kernel = new Kernel(parameters)
  const { resOctets, macOctets, ckOctets, ikOctets } = parameters
  const macBits = lengthBits(macOctets)
  const resBits = lengthBits(resOctets)
  const keyBits = (ckOctets === 32 ? CK_256 : 0) | (ikOctets === 32 ? IK_256 : 0)
  return {
    macOctets,
    f1: (input) => kernel.mac(macBits, input)(0, macOctets),
    f1Star: (input) => kernel.mac(STAR | macBits, input)(0, macOctets),
    f2345(rand) {
      const out = kernel.keys(F2345 | resBits | keyBits, rand)
      return {
        res: out(0, resOctets),
        ck: out(32, ckOctets),
        ik: out(64, ikOctets),
        ak: out(96, AK_OCTETS),
      }
    },
    f5Star: (rand) => kernel.keys(STAR | F2345, rand)(96, AK_OCTETS),
  }
}

/** TOPc of an operator's TOP under a subscriber's K (TS 35.231 §6.1). @throws {LabError} `badInput` for a wrong length. */
export function topcFromTop(input: {
  /** 16 or 32 octets. */
  readonly k: Uint8Array
  /** 32 octets. */
  readonly top: Uint8Array
  /** 1 to 255. */
  readonly keccakIterations: number
}): Uint8Array {
  const { k, top, keccakIterations } = input
  expectOctets({ top }, [TOP_OCTETS])
  expectIterations(keccakIterations)
  return permuted(startState({ k, top }), keccakIterations)(0, TOP_OCTETS)
}

/** INSTANCE: which function, with which lengths (TS 35.231 §6). */
const STAR = 0x80
const F2345 = 0x40
const CK_256 = 0x04
const IK_256 = 0x02
const K_256 = 0x01

/** How INSTANCE says the length of MAC or RES: 8, 16 or 32 octets have a bit each, 4 has none. */
function lengthBits(octets: number): number {
  return octets === 4 ? 0 : octets
}

const TOP_OCTETS = 32
const AK_OCTETS = 6
const ITERATIONS_MAX = 255

/** Where the inputs stand in the permutation's state, in octets (TS 35.231 §6). */
const AT = {
  top: 0,
  instance: 32,
  name: 33,
  rand: 40,
  amf: 56,
  sqn: 58,
  k: 64,
  padding: 96,
  paddingEnd: 135,
} as const
const NAME = utf8('TUAK1.0')

/** Takes octets out of the permuted state: where, and how many. */
type Out = (at: number, octets: number) => Uint8Array

/** The functions' common part: the state with everything but the challenge is made once for a subscriber. */
class Kernel {
  readonly #start: Uint8Array
  readonly #keccakIterations: number

  constructor(parameters: TuakParameters) {
    expectOctets({ topc: parameters.topc }, [TOP_OCTETS])
    expectLength({ resOctets: parameters.resOctets }, [4, 8, 16, 32])
    expectLength({ macOctets: parameters.macOctets }, [8, 16, 32])
    expectLength({ ckOctets: parameters.ckOctets, ikOctets: parameters.ikOctets }, [16, 32])
    expectIterations(parameters.keccakIterations)
    this.#start = startState({ k: parameters.k, top: parameters.topc })
    this.#keccakIterations = parameters.keccakIterations
  }

  mac(instance: number, { rand, sqn, amf }: AkaMacInput): Out {
    expectOctets({ sqn }, [6])
    expectOctets({ amf }, [2])
    const state = this.#stateFor(rand)
    putReversed(state, { at: AT.amf, octets: amf })
    putReversed(state, { at: AT.sqn, octets: sqn })
    return this.#permuted(state, instance)
  }

  keys(instance: number, rand: Uint8Array): Out {
    return this.#permuted(this.#stateFor(rand), instance)
  }

  #stateFor(rand: Uint8Array): Uint8Array {
    expectOctets({ rand }, [16])
    const state = Buffer.from(this.#start)
    putReversed(state, { at: AT.rand, octets: rand })
    return state
  }

  #permuted(state: Uint8Array, instance: number): Out {
    state[AT.instance] = (state[AT.instance] as number) | instance
    return permuted(state, this.#keccakIterations)
  }
}

function expectIterations(keccakIterations: number): void {
  const isKnown = Number.isInteger(keccakIterations) && keccakIterations >= 1
  if (isKnown && keccakIterations <= ITERATIONS_MAX) return
  throw new LabError('badInput', `Keccak runs 1 to ${ITERATIONS_MAX} times`, {
    field: 'keccakIterations',
  })
}

/** The state with TOP or TOPc, the name, K and its length, and the padding; the rest is zero. */
function startState(input: { readonly k: Uint8Array; readonly top: Uint8Array }): Uint8Array {
  const { k, top } = input
  expectOctets({ k }, [16, 32])
  const state = Buffer.alloc(KECCAK_STATE_OCTETS)
  putReversed(state, { at: AT.top, octets: top })
  putReversed(state, { at: AT.name, octets: NAME })
  putReversed(state, { at: AT.k, octets: k })
  state[AT.instance] = k.length === 32 ? K_256 : 0
  state[AT.padding] = 0x1f
  state[AT.paddingEnd] = 0x80
  return state
}

/** 3GPP's first bit is the most significant one and Keccak's the least, so that octets stand in reverse. */
function putReversed(
  state: Uint8Array,
  what: { readonly at: number; readonly octets: Uint8Array },
): void {
  state.set(what.octets.toReversed(), what.at)
}

function permuted(state: Uint8Array, keccakIterations: number): Out {
  for (let run = 0; run < keccakIterations; run++) keccakF1600(state)
  return (at, octets) => state.slice(at, at + octets).toReversed()
}
