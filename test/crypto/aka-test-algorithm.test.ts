import test from 'ava'
import { hex, toHex } from '../../src/base/octets.ts'
import { akaTestAlgorithm } from '../../src/crypto/aka-test-algorithm.ts'

const k = hex('000102030405060708090a0b0c0d0e0f')
const rand = hex('34343434343434343434343434343434')

// Output of flipk/pfk-milenage (main.cc, "Testing XOR") for the default key of TS 34.108 §8.2.
test('the test algorithm is that of a third party', (t) => {
  const functions = akaTestAlgorithm({ k, resOctets: 16 })
  const input = { rand, sqn: hex('000000000001'), amf: hex('8000') }
  const { res, ck, ik, ak } = functions.f2345(rand)
  t.is(toHex(functions.f1(input)), '343536373030B233')
  t.is(toHex(functions.f1Star(input)), '343536373030B233')
  t.is(toHex(res), '34353637303132333C3D3E3F38393A3B')
  t.is(toHex(ck), '353637303132333C3D3E3F38393A3B34')
  t.is(toHex(ik), '3637303132333C3D3E3F38393A3B3435')
  t.is(toHex(ak), '37303132333C')
  t.is(toHex(functions.f5Star(rand)), '37303132333C')
})

test('RES has as many octets as were asked for, from four', (t) => {
  for (const resOctets of [4, 5, 8, 16]) {
    const { res } = akaTestAlgorithm({ k, resOctets }).f2345(rand)
    t.is(toHex(res), '34353637303132333C3D3E3F38393A3B'.slice(0, 2 * resOctets))
  }
})

test('what the test algorithm does not know is refused by name', (t) => {
  const functions = akaTestAlgorithm({ k, resOctets: 8 })
  const input = { rand, sqn: new Uint8Array(6), amf: new Uint8Array(2) }
  const refusals = [
    ['k', () => akaTestAlgorithm({ k: new Uint8Array(15), resOctets: 8 })],
    ['resOctets', () => akaTestAlgorithm({ k, resOctets: 3 })],
    ['resOctets', () => akaTestAlgorithm({ k, resOctets: 17 })],
    ['rand', () => functions.f2345(new Uint8Array(15))],
    ['rand', () => functions.f5Star(new Uint8Array(17))],
    ['sqn', () => functions.f1({ ...input, sqn: new Uint8Array(5) })],
    ['amf', () => functions.f1Star({ ...input, amf: new Uint8Array(0) })],
  ] as const
  for (const [field, refused] of refusals) {
    t.like(t.throws(refused), { name: 'LabError', code: 'badInput', field })
  }
})
