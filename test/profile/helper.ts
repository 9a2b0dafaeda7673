import fc from 'fast-check'
import { hex } from '../../src/base/octets.ts'
import type { ElementContent, DeclaredKind, ProfileElement } from '../../src/profile/elements.ts'
import type { OperatorProfile, ProfileSubscriber } from '../../src/profile/subscriber.ts'

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
  puk1: '12345678',
  adm1: '87654321',
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
  puk1: anyDigits(8),
  adm1: anyDigits(4, 8),
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
