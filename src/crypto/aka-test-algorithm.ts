/** The algorithm of test USIMs and of system simulators: XOR with the key, no cryptography (3GPP TS 34.108 §8.1.2). */

import { LabError } from '../base/errors.ts'
import { concat } from '../base/octets.ts'
import type { AkaFunctions, AkaMacInput } from './aka.ts'
import { xorInto } from './cmac.ts'
import { expectOctets } from './expect-octets.ts'

/**
 * f1 to f5, f1* and f5* of the test algorithm; f1* is f1 and f5* is f5.
 * @throws {LabError} `badInput` for a parameter of a wrong length, from here or from the functions.
 */
export function akaTestAlgorithm(parameters: {
  /** 16 octets. */
  readonly k: Uint8Array
  /** 4 to 16. */
  readonly resOctets: number
}): AkaFunctions {
  const k = Buffer.from(parameters.k)
  const { resOctets } = parameters
  expectOctets({ k }, [16])
  if (!Number.isInteger(resOctets) || resOctets < 4 || resOctets > 16) {
    throw new LabError('badInput', `RES has 4 to 16 octets, not ${resOctets}`, {
      field: 'resOctets',
    })
  }
  const xdout = (rand: Uint8Array) => xdoutOf({ k, rand })
  const f1 = (input: AkaMacInput) => macOf(xdout(input.rand), input)
  return {
    macOctets: 8,
    f1,
    f1Star: f1,
    f2345(rand) {
      const out = xdout(rand)
      return {
        res: out.subarray(0, resOctets),
        ck: concat(out.subarray(1), out.subarray(0, 1)),
        ik: concat(out.subarray(2), out.subarray(0, 2)),
        ak: out.subarray(3, 9),
      }
    },
    f5Star: (rand) => xdout(rand).subarray(3, 9),
  }
}

function xdoutOf(input: { readonly k: Uint8Array; readonly rand: Uint8Array }): Uint8Array {
  expectOctets({ rand: input.rand }, [16])
  const xdout = Buffer.from(input.rand)
  xorInto(xdout, input.k)
  return xdout
}

/** XDOUT's first 64 bits ⊕ CDOUT, which is SQN ‖ AMF. */
function macOf(xdout: Uint8Array, { sqn, amf }: AkaMacInput): Uint8Array {
  expectOctets({ sqn }, [6])
  expectOctets({ amf }, [2])
  const mac = Buffer.from(xdout.subarray(0, 8))
  xorInto(mac, concat(sqn, amf))
  return mac
}
