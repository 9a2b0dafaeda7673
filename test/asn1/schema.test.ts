import test from 'ava'
import fc from 'fast-check'
import { Asn1Error, checkDer, element } from '../../src/asn1/der.ts'
import {
  bitString,
  boolean,
  choice,
  decode,
  defaulted,
  encode,
  explicit,
  implicit,
  integer,
  namedBits,
  namedInteger,
  nothing,
  objectIdentifier,
  octetString,
  opaque,
  optional,
  seal,
  sequence,
  sequenceOf,
  signed,
  utf8String,
  type Asn1Type,
  type Infer,
} from '../../src/asn1/schema.ts'
import { concat, hex, toHex } from '../../src/base/octets.ts'

const Transaction = octetString({ min: 1, max: 16 })
const SmdpSigned2 = sequence('SmdpSigned2', {
  transactionId: implicit(0x80, Transaction),
  ccRequiredFlag: boolean,
  bppEuiccOtpk: optional(implicit(0x5f49, octetString())),
})

/** The value is read back as it was written, and its octets are DER. */
function roundTrips<T>(type: Asn1Type<T>, values: fc.Arbitrary<T>): (t: TestContext) => void {
  return (t) =>
    fc.assert(
      fc.property(values, (value) => {
        const octets = encode(type, value)
        checkDer(octets)
        t.deepEqual(decode(type, octets, { extensions: 'refuse' }), value)
      }),
    )
}

interface TestContext {
  deepEqual(actual: unknown, expected: unknown): unknown
}

const anyOctets = fc.uint8Array({ maxLength: 300 }).map((octets): Uint8Array => Buffer.from(octets))
const HALF = 2 ** 47
const anyInteger = fc.maxSafeInteger().map((value) => value % HALF)
const anyOid = fc
  .tuple(fc.nat(2), fc.nat(39), fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n }), { maxLength: 6 }))
  .map(([root, second, rest]) => [root, second, ...rest].join('.'))

test('OCTET STRING reads as written', roundTrips(octetString(), anyOctets))
test('UTF8String reads as written', roundTrips(utf8String(), fc.string({ unit: 'grapheme' })))
test('BOOLEAN reads as written', roundTrips(boolean, fc.boolean()))
test('NULL reads as written', roundTrips(nothing, fc.constant(null)))
test('INTEGER reads as written', roundTrips(integer, anyInteger))
test('BIT STRING reads as written', roundTrips(bitString, fc.array(fc.boolean())))
test('OBJECT IDENTIFIER reads as written', roundTrips(objectIdentifier, anyOid))
test(
  'OBJECT IDENTIFIER below 2 reads as written with any second arc',
  roundTrips(
    objectIdentifier,
    fc.bigInt({ min: 0n, max: 2n ** 40n }).map((second) => `2.${second}`),
  ),
)

const ErrorReason = namedInteger({ unknown: 1, invalid: 2, undefinedError: 127 })
test(
  'a named INTEGER reads as its name, or as its number when it has none',
  roundTrips(
    ErrorReason,
    fc.constantFrom(...(['unknown', 'invalid', 'undefinedError', 3, -1] as const)),
  ),
)

const NotificationEvent = namedBits({ install: 0, enable: 1, disable: 2, delete: 3, far: 17 })
test(
  'named bits read as the names that are set',
  roundTrips(
    NotificationEvent,
    fc.subarray(['install', 'enable', 'disable', 'delete', 'far'] as const),
  ),
)

const Everything = sequence('Everything', {
  flag: boolean,
  count: defaulted(implicit(0x80, integer), 7),
  inner: optional(implicit(0xa1, sequence('Inner', { name: optional(utf8String()) }))),
  list: implicit(0xa2, sequenceOf(integer, { max: 5 })),
  either: explicit(
    0xa3,
    choice('Either', { number: implicit(0x80, integer), text: implicit(0x81, utf8String()) }),
  ),
  far: optional(implicit(0xbf38, sequenceOf(octetString()))),
})

const everything = fc.record(
  {
    flag: fc.boolean(),
    count: fc.nat(10),
    inner: fc.record({ name: fc.string() }, { requiredKeys: [] }),
    list: fc.array(anyInteger, { maxLength: 5 }),
    either: fc.oneof(fc.record({ number: anyInteger }), fc.record({ text: fc.string() })),
    far: fc.array(anyOctets, { maxLength: 3 }),
  },
  { requiredKeys: ['flag', 'count', 'list', 'either'] },
  // The record's type mixes the alternatives up, the declaration's does not.
) as fc.Arbitrary<Infer<typeof Everything>>

test(
  'SEQUENCE reads as written, whichever components are there',
  roundTrips(Everything, everything),
)

test('INTEGER takes the fewest octets at each boundary', (t) => {
  for (const [value, octets] of [
    [0, '020100'],
    [-1, '0201FF'],
    [127, '02017F'],
    [128, '02020080'],
    [-128, '020180'],
    [-129, '0202FF7F'],
    [255, '020200FF'],
    [256, '02020100'],
    [32_767, '02027FFF'],
    [32_768, '0203008000'],
    [-32_768, '02028000'],
    [-32_769, '0203FF7FFF'],
    [2 ** 23 - 1, '02037FFFFF'],
    [2 ** 23, '020400800000'],
    [2 ** 31 - 1, '02047FFFFFFF'],
    [2 ** 31, '02050080000000'],
    [-(2 ** 31), '020480000000'],
    [2 ** 39 - 1, '02057FFFFFFFFF'],
    [2 ** 39, '0206008000000000'],
    [2 ** 47 - 1, '02067FFFFFFFFFFF'],
    [-(2 ** 47), '0206800000000000'],
  ] as const) {
    t.is(toHex(encode(integer, value)), octets)
    t.is(decode(integer, hex(octets)), value)
  }
})

test('INTEGER wider than 48 bits is refused in both directions', (t) => {
  for (const value of [2 ** 47, -(2 ** 47) - 1]) {
    t.throws(() => encode(integer, value), { message: 'INTEGER wider than 48 bits' })
  }
  t.throws(() => decode(integer, hex('020701000000000000')), {
    message: 'INTEGER wider than 48 bits',
  })
  for (const value of [1.5, Number.NaN, 2 ** 53]) {
    t.throws(() => encode(integer, value), { instanceOf: Asn1Error, message: /^not an integer/ })
  }
})

test('OBJECT IDENTIFIER knows its edges', (t) => {
  for (const [dotted, octets] of [
    // X.690 §8.19.5 has {2 999 3} as 06 03 88 37 03.
    ['2.999.3', '0603883703'],
    ['2.999.10', '060388370A'],
    ['0.0', '060100'],
    ['0.39', '060127'],
    ['1.0', '060128'],
    ['1.39', '06014F'],
    ['2.0', '060150'],
    ['2.47', '06017F'],
    ['2.48', '06028100'],
    ['1.2.840.10045.2.1', '06072A8648CE3D0201'],
    // The role of an SM-DP+ in certificates (SGP.22 §4.5.2.1).
    ['2.23.146.1.2.1.4', '060767811201020104'],
  ] as const) {
    t.is(toHex(encode(objectIdentifier, dotted)), octets, dotted)
    t.is(decode(objectIdentifier, hex(octets)), dotted)
  }
})

for (const dotted of [
  '',
  '1',
  '3.1',
  '1.2.',
  '1..2',
  '01.2',
  '1.02',
  '1.a',
  '-1.2',
  '0.40',
  '1.40',
]) {
  test(`refuses to write the OBJECT IDENTIFIER “${dotted}”`, (t) => {
    t.throws(() => encode(objectIdentifier, dotted), {
      instanceOf: Asn1Error,
      message: `not an OBJECT IDENTIFIER: ${dotted}`,
    })
  })
}

test('named bits are written without zeros behind the last one', (t) => {
  t.is(toHex(encode(NotificationEvent, [])), '030100')
  t.is(toHex(encode(NotificationEvent, ['install'])), '03020780')
  t.is(toHex(encode(NotificationEvent, ['enable', 'delete'])), '03020450')
  t.is(toHex(encode(NotificationEvent, ['far'])), '030406000040')
})

test('bits without a name are not kept', (t) => {
  t.deepEqual(decode(NotificationEvent, hex('030202CC')), ['install', 'enable'])
})

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['a missing component', '30030101FF', 'SmdpSigned2.transactionId: missing [80], found [01]'],
  ['an empty SEQUENCE', '3000', 'SmdpSigned2.transactionId: missing [80]'],
  ['a second component that is missing', '3003800101', 'SmdpSigned2.ccRequiredFlag: missing [01]'],
  ['another type', '3100', 'SmdpSigned2: expected [30], found [31]'],
  ['octets behind the end', '30068001010101FF00', 'SmdpSigned2: 1 octets behind the end'],
  [
    'a component of the wrong size',
    '300580000101FF',
    'SmdpSigned2.transactionId: size 0 is not in 1 to 16',
  ],
  [
    'a component that is not DER',
    '3006800101010101',
    'SmdpSigned2.ccRequiredFlag: BOOLEAN must be one octet, 00 or FF',
  ],
  [
    'a component twice',
    '30098001010101FF010100',
    'SmdpSigned2.ccRequiredFlag: [01] is doubled or out of order',
  ],
  [
    'a component behind its place',
    '300C8001010101FF5F4900800101',
    'SmdpSigned2.transactionId: [80] is doubled or out of order',
  ],
  [
    'a component behind an unknown one',
    '300B8001010101FF85005F4900',
    'SmdpSigned2.bppEuiccOtpk: [5F49] is doubled or out of order',
  ],
  [
    'a component that reaches over its parent',
    '3006800501010101',
    'SmdpSigned2: [80] at offset 2 says 5 octets, only 4 are there',
  ],
  [
    'an unknown component that is cut short',
    '30088001010101FF8502',
    'SmdpSigned2: [85] at offset 8 says 2 octets, only 0 are there',
  ],
]

for (const [what, octets, message] of REFUSED) {
  test(`refuses ${what}: ${message}`, (t) => {
    t.throws(() => decode(SmdpSigned2, hex(octets)), { instanceOf: Asn1Error, message })
  })
}

test('unknown components behind the known ones are tolerated, or refused on request', (t) => {
  const octets = hex('3009 800101 0101FF 85017F')
  t.deepEqual(plain(decode(SmdpSigned2, octets)), { transactionId: '01', ccRequiredFlag: true })
  t.throws(() => decode(SmdpSigned2, octets, { extensions: 'refuse' }), {
    message: 'SmdpSigned2: unknown element [85]',
  })
})

test('the refusal of unknown components reaches into every level', (t) => {
  const Inner = sequence('Inner', { flag: boolean })
  for (const [type, octets] of [
    [sequence('Outer', { inner: Inner }), '300830060101FF850100'],
    [sequence('Outer', { inner: implicit(0xa0, Inner) }), '3008A0060101FF850100'],
    [sequence('Outer', { inner: explicit(0xa0, Inner) }), '300AA00830060101FF850100'],
    [sequence('Outer', { inner: sequenceOf(Inner) }), '300A300830060101FF850100'],
    [sequence('Outer', { inner: choice('Either', { inner: Inner }) }), '300830060101FF850100'],
    [sequence('Outer', { inner: signed(Inner) }), '300830060101FF850100'],
  ] as const) {
    t.notThrows(() => decode(type as Asn1Type<unknown>, hex(octets)))
    t.throws(() => decode(type as Asn1Type<unknown>, hex(octets), { extensions: 'refuse' }), {
      message: /unknown element \[85\]$/,
    })
  }
})

function plain(value: Infer<typeof SmdpSigned2>): unknown {
  return { ...value, transactionId: toHex(value.transactionId) }
}

test('encoding names the component that has no value or a wrong one', (t) => {
  t.throws(() => encode(SmdpSigned2, { ccRequiredFlag: true } as Infer<typeof SmdpSigned2>), {
    message: 'SmdpSigned2.transactionId: no value',
  })
  t.throws(
    () => encode(SmdpSigned2, { transactionId: hex('00'.repeat(17)), ccRequiredFlag: true }),
    {
      message: 'SmdpSigned2.transactionId: size 17 is not in 1 to 16',
    },
  )
})

test('an item of a list is named by its place', (t) => {
  const List = sequence('List', { items: sequenceOf(SmdpSigned2) })
  t.throws(() => decode(List, hex('300C300A 30068001010101FF 3000')), {
    message: 'List.items.SmdpSigned2[1].transactionId: missing [80]',
  })
})

test('a list has as many items as it may', (t) => {
  const List = sequenceOf(boolean, { min: 1, max: 2 })
  t.throws(() => decode(List, hex('3000')), { message: 'size 0 is not in 1 to 2' })
  t.throws(() => encode(List, [true, true, true]), { message: 'size 3 is not in 1 to 2' })
  t.throws(() => decode(sequenceOf(boolean), hex('3003020100')), {
    message: '[0]: expected [01], found [02]',
  })
})

test('a component with its default value is not written, and read as the default', (t) => {
  const Type = sequence('Type', { count: defaulted(integer, 7) })
  t.is(toHex(encode(Type, { count: 7 })), '3000')
  t.is(toHex(encode(Type, { count: 8 })), '3003020108')
  t.deepEqual(decode(Type, hex('3000')), { count: 7 })
})

test('a default of octets is told by its octets, not by its object', (t) => {
  const Type = sequence('Type', { lcsi: defaulted(octetString(), hex('05')) })
  t.is(toHex(encode(Type, { lcsi: hex('05') })), '3000')
  t.is(toHex(encode(Type, { lcsi: hex('04') })), '3003040104')
})

test('CHOICE has exactly one of its alternatives', (t) => {
  const Either = choice('Either', { number: implicit(0x80, integer), text: utf8String() })
  t.deepEqual(decode(Either, hex('800105')), { number: 5 })
  t.deepEqual(decode(Either, hex('0C0141')), { text: 'A' })
  t.throws(() => decode(Either, hex('810105')), {
    message: 'Either: expected [80] or [0C], found [81]',
  })
  t.throws(() => decode(Either, hex('80020005')), { message: 'Either.number: INTEGER not minimal' })
  t.throws(() => encode(Either, {} as Infer<typeof Either>), {
    message: 'Either: no alternative has a value',
  })
})

test('EXPLICIT holds one element and no more', (t) => {
  const Type = explicit(0xa0, integer)
  t.is(toHex(encode(Type, 5)), 'A003020105')
  t.throws(() => decode(Type, hex('A006020105020105')), {
    message: 'more than one element in [A0]',
  })
  t.throws(() => decode(Type, hex('A0030401AA')), { message: 'expected [02], found [04]' })
  t.throws(() => decode(Type, hex('A000')), { message: 'truncated at offset 2' })
})

test('UTF8String counts characters, and must be UTF-8', (t) => {
  const Name = utf8String({ max: 2 })
  t.is(decode(Name, encode(Name, '😀é')), '😀é')
  t.throws(() => encode(Name, 'abc'), { message: 'size 3 is not in 0 to 2' })
  for (const octets of ['0C01FF', '0C02C080', '0C03EDA080', '0C02C3']) {
    const message = octets === '0C02C3' ? /says 2 octets/ : 'UTF8String is not UTF-8'
    t.throws(() => decode(Name, hex(octets)), { message })
  }
})

test('a signed object keeps the octets that arrived, also those it does not understand', (t) => {
  const Type = signed(SmdpSigned2)
  const octets = hex('3009 800101 0101FF 85017F')
  const within = concat(hex('AA'), octets).subarray(1)
  const read = decode(Type, within)
  t.is(toHex(read.raw), toHex(octets))
  t.is(toHex(encode(Type, read)), toHex(octets))
  t.is(toHex(encode(SmdpSigned2, read.value)), '30068001010101FF')
})

test('a sealed value is what is then sent', (t) => {
  const Type = signed(SmdpSigned2)
  const sealed = seal(Type, { transactionId: hex('01'), ccRequiredFlag: false })
  t.is(toHex(sealed.raw), '3006800101010100')
  t.is(toHex(encode(Type, sealed)), toHex(sealed.raw))
})

test('an opaque element passes as it came, but must be DER', (t) => {
  const Certificate = opaque('Certificate', 0x30)
  const Type = sequence('Type', { certificate: Certificate })
  t.is(toHex(decode(Type, hex('3005 3003020105')).certificate), '3003020105')
  t.is(toHex(encode(Type, { certificate: hex('3003020105') })), '30053003020105')
  t.throws(() => decode(Type, hex('3006300402020005')), {
    message: 'Type.certificate: INTEGER not minimal',
  })
  t.throws(() => encode(Type, { certificate: hex('3100') }), {
    message: 'Type.certificate: expected [30]',
  })
})

test('decoding octets by chance ends in a value or in an Asn1Error', (t) => {
  const Type = sequence('Type', {
    first: optional(SmdpSigned2),
    second: optional(
      implicit(0xa0, sequenceOf(choice('Either', { oid: objectIdentifier, integer }))),
    ),
    third: optional(bitString),
  })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (content) => {
      try {
        decode(Type, element(0x30, content))
      } catch (error) {
        if (!(error instanceof Asn1Error)) throw error
      }
      t.pass()
    }),
    { numRuns: 2000 },
  )
})

test('refuses what would only keep it busy: endless object identifiers and bit strings', (t) => {
  const arcs = Buffer.alloc(400_000, 0xff)
  arcs[arcs.length - 1] = 1
  t.throws(() => decode(objectIdentifier, element(0x06, arcs)), {
    instanceOf: Asn1Error,
    message: 'OBJECT IDENTIFIER too long',
  })
  t.throws(() => decode(bitString, element(0x03, Buffer.alloc(400_000))), {
    instanceOf: Asn1Error,
    message: 'BIT STRING too long',
  })
})
