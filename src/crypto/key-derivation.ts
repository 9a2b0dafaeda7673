/** The keys that a serving network gets instead of CK and IK (3GPP TS 33.501 annex A, TS 33.401 annex A, TS 33.220 annex B). */

import { createHash, createHmac } from 'node:crypto'
import { LabError } from '../base/errors.ts'
import { concat, utf8 } from '../base/octets.ts'
import { expectOctets } from './expect-octets.ts'

/** CK and IK of a challenge, 16 octets each, or 32 with TUAK. */
interface CipherAndIntegrityKey {
  readonly ck: Uint8Array
  readonly ik: Uint8Array
}

/** Function codes: which key is derived. */
const FC_KASME = 0x10
const FC_KAUSF = 0x6a
const FC_RES_STAR = 0x6b
const FC_KSEAF = 0x6c

/** KAUSF of 5G-AKA, 32 octets (TS 33.501 §A.2). @throws {LabError} `badInput` for a wrong length. */
export function deriveKausf(
  input: CipherAndIntegrityKey & {
    /** `5G:mnc<MNC>.mcc<MCC>.3gppnetwork.org` (TS 24.501 §9.12.1). */
    readonly servingNetworkName: string
    /** SQN ⊕ AK, the first six octets of AUTN. */
    readonly concealedSqn: Uint8Array
  },
): Uint8Array {
  const { servingNetworkName, concealedSqn } = input
  expectOctets({ concealedSqn }, [SQN_OCTETS])
  const parameters = [utf8(servingNetworkName), concealedSqn]
  return kdf({ key: keyOf(input), functionCode: FC_KAUSF, parameters })
}

/** RES*, or XRES* of XRES, 16 octets (TS 33.501 §A.4). @throws {LabError} `badInput` for a wrong length. */
export function deriveResStar(
  input: CipherAndIntegrityKey & {
    readonly servingNetworkName: string
    /** 16 octets. */
    readonly rand: Uint8Array
    /** 4 to 16 octets: TUAK's RES of 32 is too long for 5GS. */
    readonly res: Uint8Array
  },
): Uint8Array {
  const { servingNetworkName, rand, res } = input
  expectOctets({ rand }, [RAND_OCTETS])
  if (res.length < RES_OCTETS_MIN || res.length > RES_OCTETS_MAX) {
    throw new LabError('badInput', `RES* is made from 4 to 16 octets, not ${res.length}`, {
      field: 'res',
    })
  }
  const parameters = [utf8(servingNetworkName), rand, res]
  return kdf({ key: keyOf(input), functionCode: FC_RES_STAR, parameters }).subarray(-16)
}

/** HRES*, or HXRES* of XRES*, 16 octets (TS 33.501 §A.5). @throws {LabError} `badInput` for a wrong length. */
export function deriveHresStar(input: {
  /** 16 octets. */
  readonly rand: Uint8Array
  /** 16 octets. */
  readonly resStar: Uint8Array
}): Uint8Array {
  const { rand, resStar } = input
  expectOctets({ rand, resStar }, [RAND_OCTETS])
  return createHash('sha256').update(rand).update(resStar).digest().subarray(-16)
}

/** KSEAF, the anchor key, 32 octets (TS 33.501 §A.6). @throws {LabError} `badInput` for a wrong length. */
export function deriveKseaf(input: {
  /** 32 octets. */
  readonly kausf: Uint8Array
  readonly servingNetworkName: string
}): Uint8Array {
  const { kausf, servingNetworkName } = input
  expectOctets({ kausf }, [32])
  return kdf({ key: kausf, functionCode: FC_KSEAF, parameters: [utf8(servingNetworkName)] })
}

/** KASME of EPS AKA, 32 octets (TS 33.401 §A.2). @throws {LabError} `badInput` for a wrong length. */
export function deriveKasme(
  input: CipherAndIntegrityKey & {
    /** MCC and MNC in three octets (TS 24.301 §9.9.3.32). */
    readonly servingNetworkId: Uint8Array
    /** SQN ⊕ AK, the first six octets of AUTN. */
    readonly concealedSqn: Uint8Array
  },
): Uint8Array {
  const { servingNetworkId, concealedSqn } = input
  expectOctets({ servingNetworkId }, [3])
  expectOctets({ concealedSqn }, [SQN_OCTETS])
  const parameters = [servingNetworkId, concealedSqn]
  return kdf({ key: keyOf(input), functionCode: FC_KASME, parameters })
}

/** The generic key derivation function: 32 octets of HMAC-SHA-256 (TS 33.220 §B.2). Each parameter has up to 65,535 octets. */
export function kdf(input: {
  readonly key: Uint8Array
  /** FC, one octet. */
  readonly functionCode: number
  /** P0, P1 and so on; their lengths are added. */
  readonly parameters: readonly Uint8Array[]
}): Uint8Array {
  const { key, functionCode, parameters } = input
  const parts = parameters.flatMap((parameter) => [parameter, lengthOf(parameter)])
  const text = concat(Uint8Array.of(functionCode), ...parts)
  return createHmac('sha256', key).update(text).digest()
}

const RAND_OCTETS = 16
const SQN_OCTETS = 6
const RES_OCTETS_MIN = 4
const RES_OCTETS_MAX = 16

function keyOf({ ck, ik }: CipherAndIntegrityKey): Uint8Array {
  expectOctets({ ck, ik }, [16, 32])
  return concat(ck, ik)
}

function lengthOf(parameter: Uint8Array): Uint8Array {
  if (parameter.length > 0xffff) {
    throw new LabError('badInput', 'a parameter of a key derivation has at most 65535 octets')
  }
  return Uint8Array.of(parameter.length >> 8, parameter.length & 0xff)
}
