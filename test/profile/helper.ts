import fc from 'fast-check'
import { hex } from '../../src/base/octets.ts'
import type { ElementContent, DeclaredKind, ProfileElement } from '../../src/profile/elements.ts'
import {
  OTA_KEY_NAMES,
  type OperatorProfile,
  type OtaKeys,
  type ProfileSubscriber,
} from '../../src/profile/subscriber.ts'

export const OPERATOR: OperatorProfile = {
  serviceProviderName: 'Lab Mobile',
  profileName: 'Lab Mobile prepaid',
  mcc: '001',
  mnc: '01',
}

export const SUBSCRIBER: ProfileSubscriber = {
  iccid: '8900112345678901234',
  imsi: '001010123456789',
  msisdn: '491701234567',
  ki: hex('000102030405060708090A0B0C0D0E0F'),
  opc: hex('101112131415161718191A1B1C1D1E1F'),
  pin1: '1234',
  pin2: '5678',
  puk1: '12345678',
  puk2: '23456789',
  adm1: '87654321',
  otaKeys: Object.fromEntries(
    OTA_KEY_NAMES.map((name, at) => [name, new Uint8Array(16).fill(0x20 + at)]),
  ) as OtaKeys,
}

export function anyDigits(min: number, max: number = min): fc.Arbitrary<string> {
  return fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max })
    .map((list) => list.join(''))
}

export function anyOctets(min: number, max: number = min): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: min, maxLength: max })
}

/** Subscribers of OPERATOR. */
export const subscribers: fc.Arbitrary<ProfileSubscriber> = fc.record({
  iccid: anyDigits(18, 20),
  imsi: anyDigits(1, 10).map((rest) => `00101${rest}`),
  msisdn: anyDigits(3, 15),
  ki: anyOctets(16),
  opc: anyOctets(16),
  pin1: anyDigits(4, 8),
  pin2: anyDigits(4, 8),
  puk1: anyDigits(8),
  puk2: anyDigits(8),
  adm1: anyDigits(4, 8),
  otaKeys: fc.record({
    otaKic: anyOctets(16),
    otaKid: anyOctets(16),
    otaKik: anyOctets(16),
    ssdKic: anyOctets(16),
    ssdKid: anyOctets(16),
    ssdKik: anyOctets(16),
  }),
})

/** The content of the first element of a kind, which must be there. */
export function valueOf<K extends DeclaredKind>(
  elements: readonly ProfileElement[],
  kind: K,
): ElementContent<K> {
  const element = elements.find((candidate) => candidate.kind === kind)
  if (!element || element.kind === 'other') throw new Error(`no ${kind}`)
  return element.value as ElementContent<K>
}
