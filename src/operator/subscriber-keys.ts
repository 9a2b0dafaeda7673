/** What the authentication centre knows of a profile: the algorithm with the subscriber's key. */

import { LabError } from '../base/errors.ts'
import type { AkaAlgorithm } from '../crypto/aka.ts'
import { buildProfile } from '../profile/build.ts'
import { readPackage } from '../profile/import.ts'
import { akaAlgorithm, type OperatorAlgorithm } from '../profile/subscriber.ts'
import { keysInPlace, type KeysInPlace } from '../store/authentication.ts'
import type { Connection } from '../store/engine.ts'
import { findImportedPackage } from '../store/imported-profiles.ts'
import { findByIccid } from '../store/inventory.ts'

/**
 * The algorithm of a profile in stock, which is the operator's, or of an imported one; `undefined` when nothing is known
 * that could be used.
 */
export function algorithmOf(
  db: Connection,
  of: { readonly iccid: string; readonly operatorAlgorithm: OperatorAlgorithm | undefined },
): AkaAlgorithm | undefined {
  const { iccid } = of
  const item = findByIccid(db, iccid)
  if (item) return akaAlgorithm(of.operatorAlgorithm, item)
  const octets = findImportedPackage(db, iccid)
  const inPackage = octets && algorithmInPackage(octets)
  const others = keysInPlace(db, iccid)
  return inPackage && others ? withKeys(inPackage, others) : inPackage
}

/**
 * Makes sure that keys can stand in place of those in a package.
 * @throws {LabError} badInput, naming `ki` or `opc` — the package has none, or its algorithm takes other lengths
 */
export function checkKeysInPlace(octets: Uint8Array, keys: KeysInPlace): void {
  const field = keys.ki ? 'ki' : 'opc'
  const inPackage = algorithmInPackage(octets)
  if (!inPackage) {
    throw new LabError('badInput', 'the package has no keys of a USIM that others could replace.', {
      field,
    })
  }
  for (const name of ['ki', 'opc'] as const) checkKey(inPackage, { name, octets: keys[name] })
}

function checkKey(
  algorithm: AkaAlgorithm,
  key: { readonly name: 'ki' | 'opc'; readonly octets: Uint8Array | undefined },
): void {
  const isTuak = algorithm.kind === 'tuak'
  const lengths = key.name === 'ki' ? (isTuak ? [16, 32] : [16]) : [isTuak ? 32 : 16]
  if (!key.octets || lengths.includes(key.octets.length)) return
  const expected = `${lengths.join(' or ')} octets, since the package's algorithm is ${algorithm.kind}`
  throw new LabError('badInput', `${key.name}: expected ${expected}.`, { field: key.name })
}

/** What a card that executes the package has for its first USIM. A package that a card would refuse has nothing. */
function algorithmInPackage(octets: Uint8Array): AkaAlgorithm | undefined {
  const { elements } = readPackage(octets)
  const { image } = buildProfile(elements.map(({ element }) => element))
  return image?.naas.find(({ kind }) => kind === 'usim')?.authentication?.algorithm
}

function withKeys(algorithm: AkaAlgorithm, { ki, opc }: KeysInPlace): AkaAlgorithm {
  const k = ki ?? algorithm.k
  if (algorithm.kind === 'milenage') return { ...algorithm, k, opc: opc ?? algorithm.opc }
  if (algorithm.kind === 'tuak') return { ...algorithm, k, topc: opc ?? algorithm.topc }
  return { ...algorithm, k }
}
