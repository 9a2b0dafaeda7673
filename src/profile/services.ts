/** What a card must have for a profile, and what it says it has: ServicesList and UICCCapability of the TCA module. */

import type { Infer } from '../asn1/schema.ts'
import type { ServicesList } from './elements/header.ts'

/** A service by its name in ServicesList. */
export type ServiceName = Extract<keyof Infer<typeof ServicesList>, string>

/** The bit of UICCCapability that stands for each service. */
export const CAPABILITY_BITS: Readonly<Record<ServiceName, number>> = {
  contactless: 0,
  usim: 1,
  isim: 2,
  csim: 3,
  milenage: 4,
  cave: 5,
  tuak128: 6,
  tuak256: 7,
  usimTestAlgorithm: 8,
  gbaUsim: 10,
  gbaIsim: 11,
  mbms: 12,
  eap: 13,
  javacard: 14,
  multos: 15,
  multipleUsim: 16,
  multipleIsim: 17,
  multipleCsim: 18,
  berTlv: 19,
  dfLink: 20,
  catTp: 21,
  getIdentity: 22,
  profileAX25519: 23,
  profileBP256: 24,
  suciCalculatorApi: 25,
  dnsResolution: 26,
  scp11ac: 27,
  scp11cAuthorizationMechanism: 28,
  s16mode: 29,
  eaka: 30,
}

export const SERVICE_NAMES = Object.keys(CAPABILITY_BITS) as readonly ServiceName[]

/**
 * What our card has. Of a CSIM and of Java Card it has the files, and no more: GSMA's test profiles mandate both, and
 * nothing of theirs is run.
 */
export const CARD_SERVICES: readonly ServiceName[] = [
  'usim',
  'isim',
  'csim',
  'milenage',
  'tuak128',
  'tuak256',
  'usimTestAlgorithm',
  'javacard',
  'multipleUsim',
  'multipleIsim',
  'berTlv',
  'dfLink',
  'getIdentity',
  'profileAX25519',
  'profileBP256',
]

/** UICCCapability, its last bit one: bits that have names end with one (X.690 §11.2.2). */
export function uiccCapability(services: readonly ServiceName[]): boolean[] {
  const bits = new Set(services.map((name) => CAPABILITY_BITS[name]))
  return Array.from({ length: Math.max(-1, ...bits) + 1 }, (_, bit) => bits.has(bit))
}
