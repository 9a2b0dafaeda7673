import test from 'ava'
import * as fc from 'fast-check'
import { digitsToBcd } from '../../src/base/bcd.ts'
import { hex, toHex } from '../../src/base/octets.ts'
import {
  formatSuci,
  imsiOfSupi,
  parseSuci,
  servingNetworkName,
  suciFromMobileIdentity,
  suciToMobileIdentity,
  type Suci,
} from '../../src/nas/suci.ts'

function digits(min: number, max: number): fc.Arbitrary<string> {
  return fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max })
    .map((each) => each.join(''))
}

const home = { mcc: digits(3, 3), mnc: digits(2, 3), routingIndicator: digits(1, 4) }

const SUCI: fc.Arbitrary<Suci> = fc.oneof(
  fc.record({
    ...home,
    scheme: fc.constant(0),
    homeNetworkPublicKeyId: fc.constant(0),
    output: digits(1, 10).map((msin) => digitsToBcd(msin)),
  }),
  fc.record({
    ...home,
    scheme: fc.integer({ min: 1, max: 15 }),
    homeNetworkPublicKeyId: fc.integer({ min: 1, max: 255 }),
    output: fc.uint8Array({ minLength: 1, maxLength: 120 }),
  }),
)

test('any SUCI comes through its text and through its octets as it was', (t) => {
  fc.assert(
    fc.property(SUCI, (suci) => {
      const same = (other: Suci | undefined): boolean =>
        other !== undefined &&
        JSON.stringify({ ...other, output: toHex(other.output) }) ===
          JSON.stringify({ ...suci, output: toHex(suci.output) })
      return (
        same(parseSuci(formatSuci(suci))) &&
        same(suciFromMobileIdentity(suciToMobileIdentity(suci)))
      )
    }),
  )
  t.pass()
})

test('the digits of a mobile identity stand where TS 24.501 figure 9.11.3.4.3 has them', (t) => {
  const suci = suciFromMobileIdentity(hex('01 32F4 10 21F3 00 00 1032547698'.replaceAll(' ', '')))
  t.like(suci, { mcc: '234', mnc: '01', routingIndicator: '123', scheme: 0 })
  t.is(suci && formatSuci(suci), 'suci-0-234-01-123-0-0-0123456789')
  const three = suciFromMobileIdentity(hex('01 130062 F0FF 01 07 AABB'.replaceAll(' ', '')))
  t.like(three, { mcc: '310', mnc: '260', routingIndicator: '0', homeNetworkPublicKeyId: 7 })
})

for (const octets of [
  '',
  '01',
  '0132F41021F30000',
  '1132F41021F300001032547698',
  '0132F4A021F300001032547698',
  '0132F410FFFF00001032547698',
  '0132F4102F4300001032547698',
]) {
  test(`${octets || 'nothing'} is no mobile identity with a SUCI`, (t) => {
    t.is(suciFromMobileIdentity(hex(octets)), undefined)
  })
}

test('random octets are a mobile identity or none, and never an exception', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.string(), (octets, text) => {
      suciFromMobileIdentity(octets)
      parseSuci(text)
      return true
    }),
  )
  t.pass()
})

test('a SUPI is an IMSI with its word in front', (t) => {
  t.is(imsiOfSupi('imsi-001010123456789'), '001010123456789')
  for (const none of [
    '001010123456789',
    'imsi-',
    'imsi-0010101234567890',
    'imsi-00101x',
    'nai-1',
  ]) {
    t.is(imsiOfSupi(none), undefined)
  }
})

test('the name of a serving network has three digits for each code', (t) => {
  t.is(servingNetworkName({ mcc: '234', mnc: '15' }), '5G:mnc015.mcc234.3gppnetwork.org')
  t.is(servingNetworkName({ mcc: '310', mnc: '260' }), '5G:mnc260.mcc310.3gppnetwork.org')
})
