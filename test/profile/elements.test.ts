import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { element as tlv, readTlv } from '../../src/asn1/der.ts'
import { hex, toHex } from '../../src/base/octets.ts'
import {
  encodeElement,
  isSupportedElement,
  readProfileElements,
  type ElementValue,
  type ProfileElement,
} from '../../src/profile/elements.ts'
import { fileContent, type File } from '../../src/profile/file.ts'
import { anyOctets } from './helper.ts'

const identification = fc.integer({ min: 0, max: 32_767 })
const anyHeader = fc.record(
  { mandated: fc.constant(null), identification },
  { requiredKeys: ['identification'] },
)
const uint8 = fc.integer({ min: 0, max: 255 })
const fcp = fc.record(
  {
    fileDescriptor: anyOctets(2, 4),
    fileID: anyOctets(2),
    dfName: anyOctets(5, 16),
    lcsi: anyOctets(1),
    securityAttributesReferenced: anyOctets(1, 3),
    efFileSize: anyOctets(0, 4),
    pinStatusTemplateDO: anyOctets(0, 10),
    shortEFID: anyOctets(0, 1),
    proprietaryEFInfo: fc.record(
      {
        specialFileInformation: anyOctets(1),
        fillPattern: anyOctets(1, 200),
        repeatPattern: anyOctets(1, 200),
        maximumFileSize: anyOctets(1, 3),
        fileDetails: anyOctets(1),
      },
      { requiredKeys: [] },
    ),
    linkPath: anyOctets(0, 8),
  },
  { requiredKeys: [] },
)
const anyFile: fc.Arbitrary<File> = fc.array(
  fc.oneof(
    fc.record({ doNotCreate: fc.constant(null) }),
    fc.record({ fileDescriptor: fcp }),
    fc.record({ fillFileOffset: fc.integer({ min: 0, max: 65_535 }) }),
    fc.record({ fillFileContent: anyOctets(0, 300) }),
  ),
  { maxLength: 4 },
)
const templateID = fc.constantFrom('2.23.143.1.2.1', '2.23.143.1.2.4.2', '2.999.10')

// A record with keys left out by chance is a type the compiler cannot match with the declarations' choices.
const elementValues = fc.oneof(
  fc.record({
    kind: fc.constant('header' as const),
    value: fc.record(
      {
        majorVersion: uint8,
        minorVersion: uint8,
        profileType: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 100 }),
        iccid: anyOctets(10),
        pol: anyOctets(0, 3),
        eUICCMandatoryServices: fc.record(
          { usim: fc.constant(null), milenage: fc.constant(null), eaka: fc.constant(null) },
          { requiredKeys: [] },
        ),
        eUICCMandatoryGFSTEList: fc.array(templateID, { maxLength: 3 }),
        connectivityParameters: anyOctets(0, 20),
        eUICCMandatoryAIDs: fc.array(fc.record({ aid: anyOctets(5, 16), version: anyOctets(2) })),
        iotOptions: fc.record({ pix: anyOctets(7, 11) }),
      },
      {
        requiredKeys: [
          'majorVersion',
          'minorVersion',
          'iccid',
          'eUICCMandatoryServices',
          'eUICCMandatoryGFSTEList',
        ],
      },
    ),
  }),
  fc.record({
    kind: fc.constant('mf' as const),
    value: fc.record(
      {
        mfHeader: anyHeader,
        templateID,
        mf: anyFile,
        efPl: anyFile,
        efIccid: anyFile,
        efDir: anyFile,
        efArr: anyFile,
        efUmpc: anyFile,
      },
      { requiredKeys: ['mfHeader', 'templateID', 'mf', 'efIccid', 'efDir', 'efArr'] },
    ),
  }),
  fc.record({
    kind: fc.constant('usim' as const),
    value: fc.record(
      {
        usimHeader: anyHeader,
        templateID,
        adfUsim: anyFile,
        efImsi: anyFile,
        efArr: anyFile,
        efKeys: anyFile,
        efUst: anyFile,
        efSpn: anyFile,
        efEst: anyFile,
        efAcc: anyFile,
        efAd: anyFile,
        efEcc: anyFile,
        efEpsnsc: anyFile,
      },
      {
        requiredKeys: [
          'usimHeader',
          'templateID',
          'adfUsim',
          'efImsi',
          'efArr',
          'efUst',
          'efSpn',
          'efEst',
          'efAcc',
          'efEcc',
        ],
      },
    ),
  }),
  fc.record({
    kind: fc.constant('optUsim' as const),
    value: fc.record(
      {
        optusimHeader: anyHeader,
        templateID,
        efGid1: anyFile,
        efMsisdn: anyFile,
        efOpl: anyFile,
        efEaka: anyFile,
      },
      { requiredKeys: ['optusimHeader', 'templateID'] },
    ),
  }),
  fc.record({
    kind: fc.constant('pukCodes' as const),
    value: fc.record({
      pukHeader: anyHeader,
      pukCodes: fc.array(
        fc.record({
          keyReference: fc.constantFrom(...(['pukAppl1', 'secondPUKAppl8', 9] as const)),
          pukValue: anyOctets(8),
          maxNumOfAttempsRetryNumLeft: uint8,
        }),
        { minLength: 1, maxLength: 16 },
      ),
    }),
  }),
  fc.record({
    kind: fc.constant('pinCodes' as const),
    value: fc.record({
      pinHeader: anyHeader,
      pinCodes: fc.oneof(
        fc.record({ filePath: anyOctets(0, 8) }),
        fc.record({
          pinconfig: fc.array(
            fc.record(
              {
                keyReference: fc.constantFrom(
                  ...(['pinAppl1', 'adm10', 'secondPINAppl1', 99] as const),
                ),
                pinValue: anyOctets(8),
                unblockingPINReference: fc.constantFrom(
                  ...(['pukAppl1', 'secondPUKAppl1'] as const),
                ),
                pinAttributes: uint8,
                maxNumOfAttempsRetryNumLeft: uint8,
              },
              {
                requiredKeys: [
                  'keyReference',
                  'pinValue',
                  'pinAttributes',
                  'maxNumOfAttempsRetryNumLeft',
                ],
              },
            ),
            { minLength: 1, maxLength: 26 },
          ),
        }),
      ),
    }),
  }),
  fc.record({
    kind: fc.constant('akaParameter' as const),
    value: fc.record(
      {
        akaHeader: anyHeader,
        algoConfiguration: fc.oneof(
          fc.record({
            mappingParameter: fc.record({
              mappingOptions: anyOctets(1),
              mappingSource: anyOctets(5, 16),
            }),
          }),
          fc.record({
            algoParameter: fc.record(
              {
                algorithmID: fc.constantFrom(
                  ...(['milenage', 'tuak', 'usimTestAlgorithm', 17] as const),
                ),
                algorithmOptions: anyOctets(1),
                key: anyOctets(16, 32),
                opc: anyOctets(16, 32),
                rotationConstants: anyOctets(5),
                xoringConstants: anyOctets(80),
                authCounterMax: anyOctets(3),
                numberOfKeccak: uint8,
              },
              { requiredKeys: ['algorithmID', 'algorithmOptions', 'key', 'opc', 'numberOfKeccak'] },
            ),
          }),
        ),
        sqnOptions: anyOctets(1),
        sqnDelta: anyOctets(6),
        sqnAgeLimit: anyOctets(6),
        sqnInit: fc.array(anyOctets(6), { minLength: 32, maxLength: 32 }),
      },
      { requiredKeys: ['akaHeader', 'algoConfiguration'] },
    ),
  }),
  fc.record({
    kind: fc.constant('genericFileManagement' as const),
    value: fc.record({
      gfmHeader: anyHeader,
      fileManagementCMD: fc.array(
        fc.array(
          fc.oneof(
            fc.record({ filePath: anyOctets(0, 8) }),
            fc.record({ createFCP: fcp }),
            fc.record({ fillFileOffset: fc.integer({ min: 0, max: 65_535 }) }),
            fc.record({ fillFileContent: anyOctets(0, 300) }),
          ),
          { minLength: 1, maxLength: 6 },
        ),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  }),
  fc.record({ kind: fc.constant('end' as const), value: fc.record({ endHeader: anyHeader }) }),
) as fc.Arbitrary<ElementValue>

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
  fc.assert(
    fc.property(elementValues, (written) => {
      kinds.add(written.kind)
      const encoded = encodeElement(written)
      const read = only(readProfileElements(encoded))
      if (read.kind === 'other') throw new Error('read as another element')
      t.is(read.kind, written.kind)
      t.is(rendered(canonical(read.value)), rendered(canonical(written.value)))
      t.is(toHex(encodeElement(read)), toHex(encoded))
    }),
    { numRuns: 300 },
  )
  t.is(kinds.size, 9)
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
