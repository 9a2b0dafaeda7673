/** What a profile keeps secret, and what it runs: codes, authentication, security domains, applications (TCA §8.4 to §8.9). */

import { equalOctets, toHex } from '../base/octets.ts'
import type { BuildingImage } from './build-files.ts'
import { fileAt, isDirectory } from './build-files.ts'
import { ElementProblem } from './element-problem.ts'
import type { PeAkaParameter } from './elements/authentication.ts'
import {
  PINKeyReferenceValue,
  PUKKeyReferenceValue,
  type PePinCodes,
  type PePukCodes,
} from './elements/codes.ts'
import type {
  AkaAlgorithm,
  AuthenticationParameters,
  Directory,
  NetworkAccessApplication,
  SecretCode,
} from './image.ts'

/** `pinAttributes`, bit 1: the PIN is asked for. */
const PIN_ENABLED = 0x01

/** PE-PUKCodes: of the directory made last. @throws {ElementProblem} a reference twice, more tries left than there are */
export function makeUnblockCodes(directory: Directory, { pukCodes }: PePukCodes): void {
  const codes = pukCodes.map((puk): SecretCode => {
    return {
      keyReference: PUKKeyReferenceValue.numberOf(puk.keyReference),
      value: Uint8Array.from(puk.pukValue),
      ...triesOf(puk.maxNumOfAttempsRetryNumLeft),
      isEnabled: true,
      attributes: 0,
    }
  })
  requireOnce(codes)
  directory.unblockCodes = codes
}

/**
 * PE-PINCodes: the directory's own, or those of another directory.
 * @throws {ElementProblem} a reference twice, a PUK that is not there, a path that leads nowhere
 */
export function makeCodes(
  directory: Directory,
  work: { readonly image: BuildingImage; readonly element: PePinCodes },
): void {
  const { pinconfig, filePath } = work.element.pinCodes
  if (filePath) {
    const other = fileAt(work.image, filePath)
    if (!other || !isDirectory(other)) {
      throw new ElementProblem(
        'invalid-parameter',
        `no directory at ${toHex(filePath) || 'the MF'}`,
      )
    }
    directory.codes = other.codes
    directory.unblockCodes = other.unblockCodes
    return
  }
  const codes = (pinconfig ?? []).map((pin): SecretCode => {
    const { unblockingPINReference } = pin
    return {
      keyReference: PINKeyReferenceValue.numberOf(pin.keyReference),
      value: Uint8Array.from(pin.pinValue),
      ...triesOf(pin.maxNumOfAttempsRetryNumLeft),
      isEnabled: (pin.pinAttributes & PIN_ENABLED) !== 0,
      attributes: pin.pinAttributes,
      ...(unblockingPINReference !== undefined && {
        unblockedBy: PUKKeyReferenceValue.numberOf(unblockingPINReference),
      }),
    }
  })
  requireOnce(codes)
  for (const code of codes) requireUnblockCode(directory, code)
  directory.codes = codes
}

/** A PUK is the directory's own or one of those above it. */
export function unblockCodeOf(directory: Directory, keyReference: number): SecretCode | undefined {
  for (let at: Directory | undefined = directory; at; at = at.parent) {
    const found = at.unblockCodes.find((code) => code.keyReference === keyReference)
    if (found) return found
  }
  return undefined
}

function requireUnblockCode(directory: Directory, { unblockedBy }: SecretCode): void {
  if (unblockedBy === undefined || unblockCodeOf(directory, unblockedBy)) return
  throw new ElementProblem('invalid-parameter', `there is no PUK ${unblockedBy}`)
}

function requireOnce(codes: readonly SecretCode[]): void {
  const references = new Set(codes.map(({ keyReference }) => keyReference))
  if (references.size === codes.length) return
  throw new ElementProblem('invalid-parameter', 'a key reference twice')
}

/** The tries allowed in the high nibble, those left in the low one. */
function triesOf(octet: number): { readonly triesMax: number; triesLeft: number } {
  const triesMax = octet >> 4
  const triesLeft = octet & 0x0f
  if (triesLeft > triesMax) {
    throw new ElementProblem('bad-values', `${triesLeft} of ${triesMax} tries left`)
  }
  return { triesMax, triesLeft }
}

/** The default of `sqnOptions`, of `sqnDelta` and `sqnAgeLimit`, and what `sqnInit` begins with. */
const SQN_OPTIONS = 0x02
const SQN_LIMIT = 0x10000000n
const SQN_COUNT = 32
const SQN_MAX = 0x07ffffffffffn

/**
 * PE-AKAParameter: how the application made last authenticates.
 * @throws {ElementProblem} a key of the wrong length, an application that is not there
 */
export function makeAuthentication(
  naas: readonly NetworkAccessApplication[],
  element: PeAkaParameter,
): AuthenticationParameters {
  const { algoParameter, mappingParameter } = element.algoConfiguration
  if (mappingParameter) return mapped(naas, { element, mappingParameter })
  if (!algoParameter) throw new ElementProblem('bad-values', 'no algorithm')
  return { algorithm: algorithmOf(algoParameter), ...sequenceOf(element) }
}

type AlgoParameter = NonNullable<PeAkaParameter['algoConfiguration']['algoParameter']>
type MappingParameter = NonNullable<PeAkaParameter['algoConfiguration']['mappingParameter']>

function algorithmOf(parameter: AlgoParameter): AkaAlgorithm {
  const { algorithmID, key, opc } = parameter
  if (algorithmID === 'milenage') {
    requireLength('key', key, [16])
    requireLength('OPc', opc, [16])
    return {
      kind: 'milenage',
      k: Uint8Array.from(key),
      opc: Uint8Array.from(opc),
      ...(parameter.rotationConstants && { rotationConstants: parameter.rotationConstants }),
      ...(parameter.xoringConstants && { xoringConstants: parameter.xoringConstants }),
      resOctets: 8,
    }
  }
  if (algorithmID === 'tuak') return tuakOf(parameter)
  if (algorithmID === 'usimTestAlgorithm') {
    requireLength('key', key, [16])
    return { kind: 'test', k: Uint8Array.from(key), resOctets: 16 }
  }
  throw new ElementProblem('feature-not-supported', `the algorithm ${algorithmID}`)
}

/** Lengths of TUAK by their codes, those of INSTANCE in 3GPP TS 35.231 §6.2. */
const RES_OCTETS: Readonly<Record<number, number>> = { 0: 4, 1: 8, 2: 16, 4: 32 }
const MAC_OCTETS: Readonly<Record<number, number>> = { 0: 8, 1: 8, 2: 16, 4: 32 }

function tuakOf(parameter: AlgoParameter): AkaAlgorithm {
  const { key, opc, numberOfKeccak } = parameter
  requireLength('key', key, [16, 32])
  requireLength('TOPc', opc, [32])
  const [options = 0] = parameter.algorithmOptions
  const resOctets = RES_OCTETS[options & 0x07]
  const macOctets = MAC_OCTETS[(options >> 3) & 0x07]
  if (resOctets === undefined || macOctets === undefined || numberOfKeccak === 0) {
    throw new ElementProblem('bad-values', `the options ${options} of TUAK`)
  }
  return {
    kind: 'tuak',
    k: Uint8Array.from(key),
    topc: Uint8Array.from(opc),
    keccakIterations: numberOfKeccak,
    resOctets,
    macOctets,
    ckIkOctets: (options & 0x40) === 0 ? 16 : 32,
  }
}

function requireLength(name: string, octets: Uint8Array, lengths: readonly number[]): void {
  if (lengths.includes(octets.length)) return
  throw new ElementProblem('bad-values', `${name} has ${octets.length} octets`)
}

function sequenceOf(element: PeAkaParameter): Omit<AuthenticationParameters, 'algorithm'> {
  const { sqnOptions, sqnDelta, sqnAgeLimit, sqnInit } = element
  return {
    sqnOptions: sqnOptions?.[0] ?? SQN_OPTIONS,
    sqnDelta: sqnDelta ? sequenceNumber(sqnDelta) : SQN_LIMIT,
    sqnAgeLimit: sqnAgeLimit ? sequenceNumber(sqnAgeLimit) : SQN_LIMIT,
    sqn: sqnInit ? sqnInit.map(sequenceNumber) : Array.from({ length: SQN_COUNT }, () => 0n),
  }
}

function sequenceNumber(octets: Uint8Array): bigint {
  const number = BigInt(`0x${toHex(octets)}`)
  if (number <= SQN_MAX) return number
  throw new ElementProblem('bad-values', `the sequence number ${toHex(octets)}`)
}

/** `mappingOptions`, bit 1: with the sequence numbers' rules; both low bits: with the numbers themselves. */
const SHARES_NUMBERS = 0x03

function mapped(
  naas: readonly NetworkAccessApplication[],
  mapping: { readonly element: PeAkaParameter; readonly mappingParameter: MappingParameter },
): AuthenticationParameters {
  const { mappingSource, mappingOptions } = mapping.mappingParameter
  const source = naas.find(({ adf }) => adf.aid && equalOctets(adf.aid, mappingSource))
  if (!source?.authentication) {
    throw new ElementProblem('invalid-parameter', `nothing to map of ${toHex(mappingSource)}`)
  }
  const options = (mappingOptions[0] ?? 0) & SHARES_NUMBERS
  // The very object: what one application uses up, the other one has used up.
  if (options === SHARES_NUMBERS) return source.authentication
  const { algorithm } = source.authentication
  const own = sequenceOf(mapping.element)
  return options === 0 ? { algorithm, ...own } : { ...source.authentication, sqn: own.sqn }
}
