/** What the authentication centre knows of a profile: the algorithm with the subscriber's key. */

import type { AkaAlgorithm } from '../crypto/aka.ts'
import { makeAuthentication } from '../profile/build-security.ts'
import { readPackage } from '../profile/import.ts'
import { keysInPlace, type KeysInPlace } from '../store/authentication.ts'
import type { Connection } from '../store/engine.ts'
import { findImportedPackage } from '../store/imported-profiles.ts'
import { findByIccid, type InventoryItem } from '../store/inventory.ts'

/** The algorithm of a profile in stock or of an imported one; `undefined` when nothing is known that could be used. */
export function algorithmOf(db: Connection, iccid: string): AkaAlgorithm | undefined {
  const item = findByIccid(db, iccid)
  if (item) return algorithmOfItem(item)
  const octets = findImportedPackage(db, iccid)
  const inPackage = octets && algorithmInPackage(octets)
  const others = keysInPlace(db, iccid)
  return inPackage && others ? withKeys(inPackage, others) : inPackage
}

const MILENAGE_RES_OCTETS = 8

function algorithmOfItem({ ki, opc }: InventoryItem): AkaAlgorithm {
  return { kind: 'milenage', k: ki, opc, resOctets: MILENAGE_RES_OCTETS }
}

/** The parameters of the USIM made first. A package that a card would refuse has none. */
function algorithmInPackage(octets: Uint8Array): AkaAlgorithm | undefined {
  const elements = readPackage(octets).elements.map(({ element }) => element)
  const usim = elements.findIndex(({ kind }) => kind === 'usim')
  const parameter = elements.slice(usim + 1).find(({ kind }) => kind === 'akaParameter')
  if (usim < 0 || parameter?.kind !== 'akaParameter') return undefined
  try {
    return makeAuthentication([], parameter.value).algorithm
  } catch {
    return undefined
  }
}

function withKeys(algorithm: AkaAlgorithm, { ki, opc }: KeysInPlace): AkaAlgorithm {
  const k = ki ?? algorithm.k
  if (algorithm.kind === 'milenage') return { ...algorithm, k, opc: opc ?? algorithm.opc }
  if (algorithm.kind === 'tuak') return { ...algorithm, k, topc: opc ?? algorithm.topc }
  return { ...algorithm, k }
}
