import test from 'ava'
import fc from 'fast-check'
import {
  Asn1Error,
  checkDer,
  children,
  DerWriter,
  element,
  formatTag,
  isConstructed,
  readTlv,
} from '../../src/asn1/der.ts'
import { concat, hex, toHex } from '../../src/base/octets.ts'

/** What each rule of X.690 refuses, and what is said of it. */
const REFUSED: readonly (readonly [string, string, string])[] = [
  ['nothing at all', '', 'truncated at offset 0'],
  ['a tag without a length', '30', 'truncated at offset 1'],
  ['a length cut short', '308201', 'truncated at offset 3'],
  ['a value cut short', '0403AABB', '[04] at offset 0 says 3 octets, only 2 are there'],
  [
    'a child longer than its parent',
    '30030403AA',
    '[04] at offset 2 says 3 octets, only 1 are there',
  ],
  ['octets behind the end', '050000', '1 octets behind the end'],
  ['an indefinite length', '30800000', 'indefinite length is not DER'],
  ['a long form for a short length', '04810100', 'length not minimal'],
  ['a length of 127 in the long form', `04817F${'00'.repeat(127)}`, 'length not minimal'],
  ['a length with a zero in front', `04820080${'00'.repeat(128)}`, 'length not minimal'],
  ['a length of five octets', '04850100000000', 'length of more than four octets'],
  ['a reserved length octet', '04FF', 'length of more than four octets'],
  ['a low tag number in the high form', '9F1E00', 'tag not minimal'],
  ['a high tag number with zero bits in front', '9F801F00', 'tag not minimal'],
  ['a tag of five octets', '9FFFFFFF7F00', 'tag number too large'],
  ['a tag cut short', '9F81', 'truncated at offset 2'],
  ['a BOOLEAN of neither 00 nor FF', '010101', 'BOOLEAN must be one octet, 00 or FF'],
  ['a BOOLEAN without content', '0100', 'BOOLEAN must be one octet, 00 or FF'],
  ['a BOOLEAN of two octets', '01020000', 'BOOLEAN must be one octet, 00 or FF'],
  ['an INTEGER without content', '0200', 'INTEGER without content'],
  ['an INTEGER padded with 00', '0202007F', 'INTEGER not minimal'],
  ['an INTEGER padded with FF', '0202FF80', 'INTEGER not minimal'],
  ['a padded ENUMERATED', '0A020001', 'INTEGER not minimal'],
  ['a BIT STRING without content', '0300', 'BIT STRING with a wrong count of unused bits'],
  [
    'a BIT STRING with eight unused bits',
    '03020800',
    'BIT STRING with a wrong count of unused bits',
  ],
  [
    'an empty BIT STRING with unused bits',
    '030101',
    'BIT STRING with a wrong count of unused bits',
  ],
  ['a BIT STRING with unused bits set', '03020101', 'BIT STRING with unused bits set'],
  ['a NULL with content', '050100', 'NULL with content'],
  ['an OBJECT IDENTIFIER without content', '0600', 'OBJECT IDENTIFIER cut short'],
  ['an OBJECT IDENTIFIER cut within an arc', '06022A86', 'OBJECT IDENTIFIER cut short'],
  ['an OBJECT IDENTIFIER with a padded arc', '06032A8001', 'OBJECT IDENTIFIER not minimal'],
  ['an OBJECT IDENTIFIER with a padded first arc', '06028001', 'OBJECT IDENTIFIER not minimal'],
  ['a primitive SEQUENCE', '1000', 'SEQUENCE or SET must be constructed'],
  ['a primitive SET', '1100', 'SEQUENCE or SET must be constructed'],
  ['a broken element within another', '3005A0030101AA', 'BOOLEAN must be one octet, 00 or FF'],
  ['33 levels', '', 'nested too deeply'],
]

for (const [what, octets, message] of REFUSED) {
  const input = what === '33 levels' ? nested(34) : hex(octets)
  test(`refuses ${what}: ${message}`, (t) => {
    t.throws(() => checkDer(input), { instanceOf: Asn1Error, message })
  })
}

const ACCEPTED: readonly (readonly [string, string])[] = [
  ['both values of BOOLEAN', '30060101000101FF'],
  ['an INTEGER that needs its 00', '02020080'],
  ['an INTEGER that needs its FF', '0202FF7F'],
  ['a BIT STRING of no bits', '030100'],
  ['a BIT STRING with clear unused bits', '030207 80'],
  ['an OBJECT IDENTIFIER with a zero arc', '06022A00'],
  ['an empty SEQUENCE', '3000'],
  ['a length of 128 in two octets', `048180${'00'.repeat(128)}`],
  ['a tag number of 31', '9F1F00'],
  ['context tags whose content is not ours to judge', '30058103FF80FF'],
]

for (const [what, octets] of ACCEPTED) {
  test(`accepts ${what}`, (t) => t.notThrows(() => checkDer(hex(octets))))
}

test('accepts as many levels as it says', (t) => {
  t.notThrows(() => checkDer(nested(33)))
})

function nested(levels: number): Uint8Array {
  let octets = hex('')
  for (let level = 0; level < levels; level++) octets = element(0x30, octets)
  return octets
}

test('tags read and are written like the specification prints them', (t) => {
  for (const [tag, octets, text, constructed] of [
    [0x30, '3000', '[30]', true],
    [0x04, '0400', '[04]', false],
    [0x5f37, '5F3700', '[5F37]', false],
    [0xbf38, 'BF3800', '[BF38]', true],
    [0x9f8100, '9F810000', '[9F8100]', false],
    [0xffffff7f, 'FFFFFF7F00', '[FFFFFF7F]', true],
  ] as const) {
    t.is(readTlv(hex(octets), 0).tag, tag)
    t.is(toHex(element(tag)), octets)
    t.is(formatTag(tag), text)
    t.is(isConstructed(tag), constructed)
  }
})

test('an element is found where it lies', (t) => {
  const octets = hex('FFFF 5F3703AABBCC FF')
  t.deepEqual(readTlv(octets, 2), { tag: 0x5f37, start: 2, valueStart: 5, end: 8 })
})

test('an element may not reach over the limit given', (t) => {
  t.throws(() => readTlv(hex('0402AABB'), 0, 3), {
    message: '[04] at offset 0 says 2 octets, only 1 are there',
  })
})

test('the children of an element are those directly within it', (t) => {
  const octets = hex('300A 0401AA 3003040100 0500')
  const tags = Array.from(children(octets, 2, octets.length), ({ tag }) => tag)
  t.deepEqual(tags, [0x04, 0x30, 0x05])
})

test('lengths are minimal at each boundary', (t) => {
  for (const [length, header] of [
    [0, '0400'],
    [127, '047F'],
    [128, '048180'],
    [255, '0481FF'],
    [256, '04820100'],
    [65_535, '0482FFFF'],
    [65_536, '0483010000'],
  ] as const) {
    const octets = element(0x04, new Uint8Array(length))
    t.is(toHex(octets.subarray(0, header.length / 2)), header)
    t.is(octets.length, length + header.length / 2)
    t.notThrows(() => checkDer(octets))
  }
})

test('a writer too small for its content grows and loses nothing', (t) => {
  fc.assert(
    fc.property(
      fc.nat(40),
      fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 }),
      (capacityOctets, parts) => {
        const writer = new DerWriter(capacityOctets)
        for (const part of parts.toReversed()) writer.octets(part)
        const value = concat(...parts)
        t.is(writer.length, value.length)
        t.is(toHex(writer.finish()), toHex(value))
        writer.header(0xbf38, 0)
        t.is(toHex(writer.finish()), toHex(element(0xbf38, value)))
      },
    ),
  )
})

test('what a writer has finished does not change when it goes on', (t) => {
  const writer = new DerWriter(64)
  writer.octet(0xaa)
  const finished = writer.finish()
  writer.octet(0xbb)
  t.is(toHex(finished), 'AA')
})

test('reading octets by chance ends in a value or in an Asn1Error', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
      try {
        checkDer(octets)
      } catch (error) {
        if (!(error instanceof Asn1Error)) throw error
      }
      t.pass()
    }),
    { numRuns: 2000 },
  )
})

test('an error names its path from the outermost type', (t) => {
  const error = new Asn1Error('missing [80]').within('transactionId').within('SmdpSigned2')
  t.is(error.message, 'SmdpSigned2.transactionId: missing [80]')
  t.is(error.problem, 'missing [80]')
  t.deepEqual(error.path, ['SmdpSigned2', 'transactionId'])
})
