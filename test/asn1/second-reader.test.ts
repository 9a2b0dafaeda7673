import { execFileSync, spawnSync } from 'node:child_process'
import * as asn1js from 'asn1js'
import test from 'ava'
import fc from 'fast-check'
import {
  bitString,
  boolean,
  encode,
  explicit,
  implicit,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  sequence,
  sequenceOf,
  utf8String,
} from '../../src/asn1/schema.ts'
import { hex, toHex } from '../../src/base/octets.ts'

/** One component of every kind, so that another reader sees all we can write. */
const Everything = sequence('Everything', {
  flag: boolean,
  count: integer,
  bits: bitString,
  data: octetString(),
  none: nothing,
  oid: objectIdentifier,
  text: utf8String(),
  list: sequenceOf(integer),
  hidden: implicit(0x80, octetString()),
  shown: explicit(0xbf38, utf8String()),
})

const values = fc.record({
  flag: fc.boolean(),
  count: fc.integer(),
  bits: fc.array(fc.boolean(), { maxLength: 40 }),
  data: fc.uint8Array({ maxLength: 300 }),
  none: fc.constant(null),
  oid: fc.constantFrom('2.999.10', '1.2.840.10045.2.1', '2.23.146.1.2.1.4', '0.0'),
  text: fc.string({ unit: 'grapheme' }),
  list: fc.array(fc.integer(), { maxLength: 50 }),
  hidden: fc.uint8Array({ maxLength: 300 }),
  shown: fc.string({ unit: 'grapheme' }),
})

test('asn1js reads in our octets what we wrote into them', (t) => {
  fc.assert(
    fc.property(values, (value) => {
      const { result, offset } = asn1js.fromBER(Buffer.from(encode(Everything, value)))
      t.not(offset, -1)
      const parts = (result as asn1js.Sequence).valueBlock.value
      const [flag, count, bits, data, none, oid, text, list, hidden, shown] = parts
      t.is((flag as asn1js.Boolean).valueBlock.value, value.flag)
      t.is(numberOf(count as asn1js.Integer), value.count)
      t.is(bitsOf(bits as asn1js.BitString), value.bits.map(Number).join(''))
      t.is(contentOf(data as asn1js.OctetString), toHex(value.data))
      t.true(none instanceof asn1js.Null)
      t.is((oid as asn1js.ObjectIdentifier).valueBlock.toString(), value.oid)
      t.is((text as asn1js.Utf8String).valueBlock.value, value.text)
      t.deepEqual(
        (list as asn1js.Sequence).valueBlock.value.map((item) => numberOf(item as asn1js.Integer)),
        value.list,
      )
      t.is(hidden?.idBlock.tagClass, 3)
      t.is(hidden?.idBlock.tagNumber, 0)
      t.is(contentOf(hidden as asn1js.OctetString), toHex(value.hidden))
      t.is(shown?.idBlock.tagNumber, 0x38)
      const [inner] = (shown as asn1js.Constructed).valueBlock.value
      t.is((inner as asn1js.Utf8String).valueBlock.value, value.shown)
    }),
  )
})

/** asn1js keeps integers of four octets and more as octets only. */
function numberOf({ valueBlock }: asn1js.Integer): number {
  const octets = Buffer.from(valueBlock.valueHexView)
  return octets.readIntBE(0, octets.length)
}

function contentOf(block: asn1js.OctetString): string {
  return toHex(new Uint8Array(block.valueBlock.valueHexView))
}

function bitsOf({ valueBlock }: asn1js.BitString): string {
  const digits = Array.from(valueBlock.valueHexView, (octet) => octet.toString(2).padStart(8, '0'))
  const all = digits.join('')
  return all.slice(0, all.length - valueBlock.unusedBits)
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

;(hasOpenssl ? test : test.skip)('openssl reads in our octets what we wrote into them', (t) => {
  const input = encode(Everything, {
    flag: true,
    count: -32_769,
    bits: [true, false, true],
    data: hex('AABB'),
    none: null,
    oid: '2.999.10',
    text: 'esim',
    list: [127, 128],
    hidden: hex('00'),
    shown: 'lab',
  })
  const output = execFileSync('openssl', ['asn1parse', '-inform', 'DER'], { input }).toString()
  const lines = output
    .trim()
    .split('\n')
    .map((line) =>
      line
        .replace(/^.*(?:prim|cons): */, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
  t.deepEqual(lines, [
    'SEQUENCE',
    'BOOLEAN :255',
    'INTEGER :-8001',
    'BIT STRING',
    'OCTET STRING [HEX DUMP]:AABB',
    'NULL',
    'OBJECT :2.999.10',
    'UTF8STRING :esim',
    'SEQUENCE',
    'INTEGER :7F',
    'INTEGER :80',
    'cont [ 0 ]',
    'cont [ 56 ]',
    'UTF8STRING :lab',
  ])
})
