import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { Asn1Error, element as tlv, readTlv } from '../../src/asn1/der.ts'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import {
  elementHeader,
  encodeElement,
  encodeElements,
  isSupportedElement,
  readProfileElements,
  reencodePackage,
  type ElementValue,
  type ProfileElement,
} from '../../src/profile/elements.ts'
import { fileContent, type File } from '../../src/profile/file.ts'
import { anyElement, ELEMENT_ARBITRARIES } from './any-element.ts'

function only(elements: readonly ProfileElement[]): ProfileElement {
  return elements[0] as ProfileElement
}

/** Octet strings read back as views of another class: compare what they say. */
function rendered(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    item instanceof Uint8Array || isSerialisedBuffer(item)
      ? toHex(Uint8Array.from(octetsOf(item)))
      : item,
  )
}

function isSerialisedBuffer(item: unknown): item is { data: number[] } {
  return typeof item === 'object' && item !== null && 'type' in item && item.type === 'Buffer'
}

function octetsOf(item: Uint8Array | { data: number[] }): Iterable<number> {
  return item instanceof Uint8Array ? item : item.data
}

/** The value with its keys in the order of the module, as reading gives them. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, canonical(item)]),
  )
}

test('every declared element reads back as it was written', (t) => {
  const kinds = new Set<string>()
  for (const [seed, arbitrary] of ELEMENT_ARBITRARIES.entries()) {
    fc.assert(
      fc.property(arbitrary, (written) => {
        kinds.add(written.kind)
        const encoded = encodeElement(written)
        const read = only(readProfileElements(encoded))
        if (read.kind === 'other') throw new Error('read as another element')
        t.is(read.kind, written.kind)
        t.is(rendered(canonical(read.value)), rendered(canonical(written.value)))
        t.is(
          toHex(encodeElement({ kind: read.kind, value: read.value } as ElementValue)),
          toHex(encoded),
        )
      }),
      { seed, numRuns: 20 },
    )
  }
  t.is(kinds.size, 34)
})

test('a package of any elements is written again to the same octets', (t) => {
  fc.assert(
    fc.property(fc.array(anyElement, { minLength: 1, maxLength: 5 }), (elements) => {
      const octets = encodeElements(elements)
      const again = reencodePackage(octets)
      t.is(toHex(again.octets), toHex(octets))
      t.deepEqual(again.inexact, [])
    }),
    { seed: 34, numRuns: 60 },
  )
})

interface ElementVector {
  readonly kind: string
  readonly value: unknown
  readonly octets: string
}

function elementVectors(): readonly ElementVector[] {
  const url = new URL('../../fixtures/vectors/profile-elements.json', import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { elements: ElementVector[] }).elements
}

for (const { kind, value, octets } of elementVectors()) {
  test(`the module read by others gives the octets of ${kind} the same names`, (t) => {
    const read = only(readProfileElements(hex(octets)))
    if (read.kind === 'other') return t.fail('read as another element')
    t.is(read.kind, kind as typeof read.kind)
    t.is(rendered(canonical(read.value)), rendered(canonical(value)))
    const written = encodeElement({ kind: read.kind, value: read.value } as ElementValue)
    t.is(toHex(written), octets)
  })
}

test('elements with octets changed by chance are read or refused, and written as they came', (t) => {
  const vectors = elementVectors().map(({ octets }) => hex(octets))
  let read = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...vectors),
      fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      (vector, changes) => {
        const octets = Uint8Array.from(vector)
        for (const [at, octet] of changes) octets[at % octets.length] = octet
        try {
          t.is(toHex(reencodePackage(octets).octets), toHex(octets))
          read += 1
        } catch (error) {
          t.true(error instanceof Asn1Error, String(error))
        }
      },
    ),
    { seed: 48, numRuns: 1500 },
  )
  t.true(read > 100)
})

test('the header of any element says its number', (t) => {
  for (const { kind, octets } of elementVectors()) {
    if (kind === 'header') continue
    const header = elementHeader(only(readProfileElements(hex(octets))))
    t.deepEqual(header, { mandated: null, identification: 300 }, kind)
  }
  const empty = only(readProfileElements(hex('AB00')))
  t.throws(() => elementHeader(empty), { instanceOf: Asn1Error })
  const other = only(readProfileElements(hex('AB028100')))
  t.throws(() => elementHeader(other), { instanceOf: Asn1Error })
})

test('octets that a value does not tell of are kept as long as the value is as it was read', (t) => {
  const extended = hex('AA09 A003810107 9F210102')
  const [end] = readProfileElements(extended)
  if (end?.kind !== 'end') return t.fail('an end expected')
  t.is(toHex(encodeElement(end)), toHex(extended))
  const renumbered = { ...end, value: { endHeader: { identification: 8 } } }
  t.is(toHex(encodeElement(renumbered)), 'AA05A003810108')
})

test('a default that is written out is kept, and said to be there', (t) => {
  const codes = tlv(
    0xa3,
    hex('A003810101'),
    tlv(0xa1, tlv(0x30, hex('800101'), hex('81083132333435363738'), hex('820200AA'))),
  )
  const end = hex('AA05A003810102')
  const { octets, inexact } = reencodePackage(concat(codes, end))
  t.is(toHex(octets), toHex(concat(codes, end)))
  t.deepEqual(inexact, [0])
})

test('an element of a later module is kept and said to be unknown', (t) => {
  const later = hex('BF2205A003810101')
  t.deepEqual(reencodePackage(later), { octets: later, inexact: [0] })
  const [read] = readProfileElements(later)
  t.is(read?.kind, 'other')
  t.is(toHex(encodeElement(only([read as ProfileElement]))), toHex(later))
})

test('elements kept for future use are read whatever is in them', (t) => {
  const reserved = hex('AB07A0038101018100')
  t.is(only(readProfileElements(reserved)).kind, 'rfu1')
  t.is(toHex(reencodePackage(reserved).octets), toHex(reserved))
})

/** Two segments of a third party's sample profile; the second cuts its last element short. */
function sampleFragment(): Uint8Array {
  const url = new URL('../../fixtures/vectors/bsp.json', import.meta.url)
  const { segments } = JSON.parse(readFileSync(url, 'utf8')) as {
    segments: { tag: string; plain: string }[]
  }
  return hex(segments.map(({ tag, plain }) => (tag === '86' ? plain : '')).join(''))
}

/** The whole elements at the beginning. */
function wholeElements(octets: Uint8Array): Uint8Array {
  let at = 0
  try {
    while (at < octets.length) at = readTlv(octets, at).end
  } catch {
    return octets.subarray(0, at)
  }
  return octets
}

test('a sample profile of a third party decodes and is encoded to the same octets', (t) => {
  const elements = readProfileElements(wholeElements(sampleFragment()))
  t.deepEqual(
    elements.map(({ kind }) => kind),
    [
      'header',
      'mf',
      'pukCodes',
      'pinCodes',
      'genericFileManagement',
      'pinCodes',
      'akaParameter',
      'securityDomain',
      'securityDomain',
    ],
  )
  for (const element of elements) {
    if (element.kind === 'other') continue
    t.is(toHex(encodeElement(element)), toHex(element.raw), element.kind)
  }
})

test('a sample profile of a third party says what its octets say', (t) => {
  const [header, mf, puk, pin, , , aka] = readProfileElements(wholeElements(sampleFragment()))
  if (header?.kind !== 'header' || mf?.kind !== 'mf') return t.fail('header and MF expected')
  t.is(header.value.profileType, 'SIMalliance Sample Profile')
  t.deepEqual(Object.keys(header.value.eUICCMandatoryServices), ['usim', 'milenage', 'javacard'])
  t.deepEqual(header.value.eUICCMandatoryGFSTEList, ['2.23.143.1.2.1', '2.23.143.1.2.4'])
  t.is(toHex(header.value.iccid), '89000123456789012341')
  t.is(toHex(fileContent(mf.value.efIccid)), '98001032547698103214')
  if (puk?.kind !== 'pukCodes' || pin?.kind !== 'pinCodes') return t.fail('codes expected')
  t.deepEqual(
    puk.value.pukCodes.map(({ keyReference }) => keyReference),
    ['pukAppl1', 'pukAppl2', 'secondPUKAppl1'],
  )
  t.is(pin.value.pinCodes.pinconfig?.[0]?.unblockingPINReference, 'pukAppl1')
  if (aka?.kind !== 'akaParameter') return t.fail('authentication parameters expected')
  t.is(aka.value.algoConfiguration.algoParameter?.algorithmID, 'milenage')
  t.is(aka.value.algoConfiguration.algoParameter?.numberOfKeccak, 1)
})

test('numbers above 30 have tags of two octets', (t) => {
  const written = encodeElement({
    kind: 'optUsim',
    value: {
      optusimHeader: { identification: 1 },
      templateID: '2.23.143.1.2.5',
      efOct: [],
      efVgcs: [],
    },
  })
  t.is(toHex(written), 'B412A003810101810667810F010205BE00BF1F00')
})

function supported(tag: number): boolean {
  return isSupportedElement({ kind: 'other', tag, raw: tlv(tag, hex('A003810101')) })
}

test('elements the module does not know are told from those it knows', (t) => {
  for (const tag of [0xa5, 0xa6, 0xa8, 0xb2, 0xb5, 0xbe, 0xbf1f, 0xbf21]) t.true(supported(tag))
  for (const tag of [0xa9, 0xab, 0xaf, 0xbf22, 0x30]) t.false(supported(tag), tag.toString(16))
})

test('a damaged element is named by type and path', (t) => {
  t.throws(() => readProfileElements(hex('AA03800101')), {
    message: 'PE-End.endHeader: missing [A0], found [80]',
  })
  t.throws(() => readProfileElements(hex('AA06A004810300FFFF')), { message: /truncated|says/ })
  t.throws(() => readProfileElements(hex('AA07A00581030100')), { message: /says 7 octets/ })
  t.throws(() => readProfileElements(hex('AA07A0058103010000')), {
    message: 'PE-End.endHeader.identification: 65536 is not in 0 to 32767',
  })
})

test('a file holds what fills it, and FF where an offset skips', (t) => {
  const file: File = [
    { fileDescriptor: { efFileSize: hex('06') } },
    { fillFileContent: hex('0102') },
    { fillFileOffset: 2 },
    { fillFileContent: hex('0506') },
  ]
  t.is(toHex(fileContent(file)), '0102FFFF0506')
})

test('offsets cannot make a file longer than files are', (t) => {
  const file = Array.from({ length: 100 }, () => ({ fillFileOffset: 65_535 }))
  t.is(fileContent(file).length, 65_535)
})
