/** AUTHENTICATE of USIM and ISIM (3GPP TS 31.102 §7.1, TS 31.103 §7.1). */

import { LabError } from '../../base/errors.ts'
import { concat } from '../../base/octets.ts'
import {
  akaFunctions,
  kcFromCkIk,
  makeAuts,
  openAutn,
  sresFromRes,
  type AkaAlgorithm,
  type AkaFunctions,
} from '../../crypto/aka.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import type { AuthenticationParameters, NetworkAccessApplication } from '../../profile/image.ts'
import { answer, SW, word } from '../apdu/status-words.ts'
import { activeApplication, hasService } from './applications.ts'
import { refuseWith } from './refusal.ts'
import { accepted, highestSqn } from './sequence-number.ts'
import { keep, type UiccSession } from './session.ts'

const GSM_CONTEXT = 0x80
const AKA_CONTEXT = 0x81
/** VGCS/VBS or HTTP digest, GBA, MBMS, local key establishment: known, and none of ours. */
const OTHER_CONTEXTS: readonly number[] = [0x82, 0x84, 0x85, 0x86]

/** Service 27: GSM access, which has Kc in the answer; service 38: the GSM security context. */
const GSM_ACCESS = 27
const GSM_SECURITY_CONTEXT = 38

export function authenticate(session: UiccSession): CardAnswer {
  const { p1, p2, data } = session.command
  if (p1 !== 0) return word(SW.incorrectP1P2)
  const isKnown = p2 === GSM_CONTEXT || p2 === AKA_CONTEXT || OTHER_CONTEXTS.includes(p2)
  if (!isKnown) return word(SW.incorrectP1P2)
  const naa = activeApplication(session)
  const { authentication } = naa
  if (!authentication) return word(SW.conditionsNotSatisfied)
  const at = { naa, authentication, functions: functionsOf(authentication.algorithm), data }
  if (p2 === AKA_CONTEXT) return answerAka(session, at)
  if (p2 === GSM_CONTEXT && hasService(naa, GSM_SECURITY_CONTEXT)) return answerGsm(at)
  return word(SW.contextNotSupported)
}

interface Challenged {
  readonly naa: NetworkAccessApplication
  readonly authentication: AuthenticationParameters
  readonly functions: AkaFunctions
  readonly data: Uint8Array
}

const RAND_OCTETS = 16
const AUTN_OCTETS_BEFORE_MAC = 8

/** RES, CK and IK when MAC and SQN are right; AUTS when the SQN is not fresh; the SQN is stored before. */
function answerAka(session: UiccSession, challenged: Challenged): CardAnswer {
  const { naa, authentication, functions, data } = challenged
  const autnOctets = AUTN_OCTETS_BEFORE_MAC + functions.macOctets
  const [rand, autn] = fieldsOf(data, [RAND_OCTETS, autnOctets])
  const opened = openAutn({ functions, rand, autn })
  if (!opened.macOk) return word(SW.wrongMac)
  const sqn = accepted(authentication, opened.sqn)
  if (!sqn) {
    const auts = makeAuts({ functions, rand, sqn: highestSqn(authentication) })
    return answer(concat(Uint8Array.of(0xdc), field(auts)))
  }
  const path = session.profile.places.pathOfSqn(authentication)
  keep(session, { sqn: { [path]: sqn.map((seq) => seq.toString(16)) } })
  const { res, ck, ik } = opened
  const hasKc = hasService(naa, GSM_ACCESS) && ck.length === 16
  const kc = hasKc ? field(kcFromCkIk({ ck, ik })) : new Uint8Array(0)
  return answer(concat(Uint8Array.of(0xdb), field(res), field(ck), field(ik), kc))
}

/** SRES and Kc, made from RES, CK and IK (3GPP TS 33.102 §6.8.1.2). */
function answerGsm({ functions, data }: Challenged): CardAnswer {
  const [rand] = fieldsOf(data, [RAND_OCTETS])
  const { res, ck, ik } = functions.f2345(rand)
  if (res.length > 16 || ck.length !== 16) return word(SW.contextNotSupported)
  return answer(concat(field(sresFromRes(res)), field(kcFromCkIk({ ck, ik }))))
}

/** Fields of these lengths, each behind its length. @throws {StatusWordRefusal} 6700, 6A80 */
function fieldsOf<const L extends readonly number[]>(
  data: Uint8Array,
  lengths: L,
): { readonly [I in keyof L]: Uint8Array } {
  const total = lengths.reduce((sum, length) => sum + 1 + length, 0)
  if (data.length !== total) refuseWith(SW.wrongLength)
  let at = 0
  return lengths.map((length) => {
    if (data[at] !== length) refuseWith(SW.incorrectData)
    const start = at + 1
    at = start + length
    return data.subarray(start, at)
  }) as { readonly [I in keyof L]: Uint8Array }
}

function field(octets: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(octets.length), octets)
}

/** Making them schedules keys, which is most of the work of a challenge. */
const made = new WeakMap<AkaAlgorithm, AkaFunctions>()

/** @throws {StatusWordRefusal} 6985 the profile's parameters fit no algorithm */
function functionsOf(algorithm: AkaAlgorithm): AkaFunctions {
  const known = made.get(algorithm)
  if (known) return known
  try {
    const functions = akaFunctions(algorithm)
    made.set(algorithm, functions)
    return functions
  } catch (error) {
    if (error instanceof LabError) return refuseWith(SW.conditionsNotSatisfied)
    throw error
  }
}
