import test from 'ava'
import fc from 'fast-check'
import { fromBase64, toBase64, toHex } from '../../src/base/octets.ts'

// RFC 4648 §10.
const VECTORS = [
  ['', ''],
  ['Zg==', 'f'],
  ['Zm8=', 'fo'],
  ['Zm9v', 'foo'],
  ['Zm9vYg==', 'foob'],
  ['Zm9vYmE=', 'fooba'],
  ['Zm9vYmFy', 'foobar'],
] as const

for (const [text, octets] of VECTORS) {
  test(`reads the Base64 "${text}" of RFC 4648 §10`, (t) => {
    t.is(Buffer.from(fromBase64(text) ?? 'nothing').toString('latin1'), octets)
  })
}

test('reads what it writes', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
      const read = fromBase64(toBase64(octets))
      t.is(read && toHex(read), toHex(octets))
    }),
  )
})

test('one value has one Base64: spare bits, missing padding, spaces and other alphabets are refused', (t) => {
  for (const text of ['Zh==', 'Zm9=', 'Zg', 'Zg=', 'Zm 9v', 'Zm9v\n', 'Zm-_', 'Zg==Zg==', '=']) {
    t.is(fromBase64(text), undefined, text)
  }
})
