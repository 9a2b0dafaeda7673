/** MILENAGE, the algorithm set of most operators, over AES-128 (3GPP TS 35.206). */

import { createCipheriv, type Cipheriv } from 'node:crypto'
import { concat } from '../base/octets.ts'
import type { AkaFunctions, AkaMacInput } from './aka.ts'
import { aesKey, BLOCK_OCTETS, encryptBlock, xorInto } from './cmac.ts'
import { expectLength, expectOctets } from './expect-octets.ts'

export interface MilenageParameters {
  /** 16 octets. */
  readonly k: Uint8Array
  /** 16 octets: OP, encrypted for this subscriber (`opcFromOp`). */
  readonly opc: Uint8Array
  /** r1 to r5, five octets, each a number of bits; a whole turn and more counts modulo 128. The standard's unless given. */
  readonly rotationConstants?: Uint8Array
  /** c1 to c5, 80 octets. The standard's unless given. */
  readonly xoringConstants?: Uint8Array
  /** 4 or 8: how much of f2's 64 bits is given out, from the front. */
  readonly resOctets: number
}

/** r1 to r5 in bits (TS 35.206 §4.1). */
export const MILENAGE_ROTATION_CONSTANTS: Uint8Array = Uint8Array.of(64, 0, 32, 64, 96)

/** c1 to c5 (TS 35.206 §4.1). */
export const MILENAGE_XORING_CONSTANTS: Uint8Array = (() => {
  const constants = new Uint8Array(5 * BLOCK_OCTETS)
  for (const [at, last] of [0, 1, 2, 4, 8].entries()) constants[at * BLOCK_OCTETS + 15] = last
  return constants
})()

/**
 * f1 to f5, f1* and f5* of one subscriber (TS 35.206 §4.1).
 * @throws {LabError} `badInput` for a parameter of a wrong length, from here or from the functions.
 */
export function milenage(parameters: MilenageParameters): AkaFunctions {
  const kernel = new Kernel(parameters)
  const { resOctets } = parameters
  return {
    macOctets: 8,
    f1: (input) => kernel.out1(input).subarray(0, 8),
    f1Star: (input) => kernel.out1(input).subarray(8, 16),
    f2345(rand) {
      const out = kernel.outs(rand, OUT2_TO_OUT4)
      return {
        res: out.subarray(8, 8 + resOctets),
        ck: out.subarray(16, 32),
        ik: out.subarray(32, 48),
        ak: out.subarray(0, 6),
      }
    },
    f5Star: (rand) => kernel.outs(rand, OUT5).subarray(0, 6),
  }
}

/** OPc of an operator's OP under a subscriber's K (TS 35.206 §4.1). @throws {LabError} `badInput` for a wrong length. */
export function opcFromOp(keys: { readonly k: Uint8Array; readonly op: Uint8Array }): Uint8Array {
  expectOctets({ k: keys.k, op: keys.op }, [BLOCK_OCTETS])
  const opc = Buffer.from(encryptBlock(keys.k, keys.op))
  xorInto(opc, keys.op)
  return opc
}

const OUT2_TO_OUT4: readonly number[] = [1, 2, 3]
const OUT5: readonly number[] = [4]

/** OUT1 to OUT5. One cipher object serves a subscriber: every call feeds it whole blocks, so nothing stays in it. */
class Kernel {
  readonly #cipher: Cipheriv
  readonly #opc: Uint8Array
  readonly #rotations: Uint8Array
  readonly #constants: readonly Uint8Array[]

  constructor(parameters: MilenageParameters) {
    const rotations = parameters.rotationConstants ?? MILENAGE_ROTATION_CONSTANTS
    const constants = parameters.xoringConstants ?? MILENAGE_XORING_CONSTANTS
    expectOctets({ k: parameters.k, opc: parameters.opc }, [BLOCK_OCTETS])
    expectOctets({ rotationConstants: rotations }, [5])
    expectOctets({ xoringConstants: constants }, [5 * BLOCK_OCTETS])
    expectLength({ resOctets: parameters.resOctets }, [4, 8])
    this.#cipher = createCipheriv('aes-128-ecb', aesKey(parameters.k), null).setAutoPadding(false)
    this.#opc = Buffer.from(parameters.opc)
    this.#rotations = Uint8Array.from(rotations)
    this.#constants = [0, 1, 2, 3, 4].map((at) =>
      constants.slice(at * BLOCK_OCTETS, (at + 1) * BLOCK_OCTETS),
    )
  }

  /** E(TEMP ⊕ rot(IN1 ⊕ OPc, r1) ⊕ c1) ⊕ OPc. */
  out1({ rand, sqn, amf }: AkaMacInput): Uint8Array {
    expectOctets({ sqn }, [6])
    expectOctets({ amf }, [2])
    const in1 = concat(sqn, amf, sqn, amf)
    xorInto(in1, this.#opc)
    const block = this.#turned(in1, 0)
    xorInto(block, this.#temp(rand))
    return this.#encrypted(block)
  }

  /** E(rot(TEMP ⊕ OPc, r) ⊕ c) ⊕ OPc for each index, one after the other. */
  outs(rand: Uint8Array, indexes: readonly number[]): Uint8Array {
    const temp = this.#temp(rand)
    xorInto(temp, this.#opc)
    return this.#encrypted(concat(...indexes.map((index) => this.#turned(temp, index))))
  }

  #temp(rand: Uint8Array): Uint8Array {
    expectOctets({ rand }, [BLOCK_OCTETS])
    const block = Buffer.from(rand)
    xorInto(block, this.#opc)
    return this.#cipher.update(block)
  }

  #turned(block: Uint8Array, index: number): Uint8Array {
    const turned = rotateLeft(block, this.#rotations[index] as number)
    xorInto(turned, this.#constants[index] as Uint8Array)
    return turned
  }

  #encrypted(blocks: Uint8Array): Uint8Array {
    const out = this.#cipher.update(blocks)
    for (let at = 0; at < out.length; at += BLOCK_OCTETS) {
      xorInto(out.subarray(at, at + BLOCK_OCTETS), this.#opc)
    }
    return out
  }
}

/** A block turned towards its most significant bit. */
function rotateLeft(block: Uint8Array, bits: number): Uint8Array {
  const octets = bits >> 3
  const shift = bits & 7
  const turned = Buffer.alloc(BLOCK_OCTETS)
  for (let at = 0; at < BLOCK_OCTETS; at++) {
    const high = block[(at + octets) % BLOCK_OCTETS] as number
    const low = block[(at + octets + 1) % BLOCK_OCTETS] as number
    turned[at] = (high << shift) | (low >> (8 - shift))
  }
  return turned
}
