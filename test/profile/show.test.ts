import test from 'ava'
import fc from 'fast-check'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import { accessRulesOf, accessRuleText, keyReferenceName } from '../../src/profile/access-words.ts'
import { encodeElement, readProfileElements } from '../../src/profile/elements.ts'
import { alphaText, knownFileAt, plmnWords } from '../../src/profile/known-files.ts'
import {
  fileSystemLines,
  packageLines,
  shownFileSystem,
  shownPackage,
  type ShownFile,
  type ShownPart,
} from '../../src/profile/show.ts'
import { foreignPackage, withElement } from '../helpers/packages.ts'
import { anyElement } from './any-element.ts'
import { SUBSCRIBER } from './helper.ts'

const PACKAGE = foreignPackage()

function partsNamed(octets: Uint8Array, name: string): readonly ShownPart[] {
  return shownPackage(octets).elements.flatMap(({ parts }) =>
    parts.filter((part) => part.name === name),
  )
}

test('every element is shown with its place, offset and length', (t) => {
  const { elements } = shownPackage(PACKAGE)
  let offset = 0
  for (const [at, element] of readProfileElements(PACKAGE).entries()) {
    t.like(elements[at], { number: at, offset, octets: element.raw.length })
    offset += element.raw.length
  }
  t.is(elements.length, readProfileElements(PACKAGE).length)
  t.like(elements[0], { name: 'header', tag: '[A0]', identification: undefined, mandated: false })
  t.like(elements[1], { name: 'mf', tag: '[B0]', identification: 1, mandated: true })
})

test('files are shown with what describes them and what stands in them', (t) => {
  const [iccid] = partsNamed(PACKAGE, 'EF.ICCID')
  t.like(iccid, {
    what: 'file',
    facts: {
      path: '3F00/2FE2',
      kind: 'transparent',
      size: '10 octets',
      words: `= ${SUBSCRIBER.iccid}`,
    },
  })
  const [imsi] = partsNamed(PACKAGE, 'EF.IMSI')
  t.like(imsi?.facts, { SFI: 7, rule: '6F06:2', words: `= ${SUBSCRIBER.imsi}` })
  const [msisdn] = partsNamed(PACKAGE, 'EF.MSISDN')
  t.deepEqual(msisdn?.lines, [`1: +${SUBSCRIBER.msisdn}`])
  const [usim] = partsNamed(PACKAGE, 'ADF.USIM')
  t.is(usim?.what, 'directory')
  t.regex(String(usim?.facts.AID), /^A0000000871002/)
  t.regex(String(partsNamed(PACKAGE, 'EF.UST')[0]?.facts.words), /19 SPN.*21 MSISDN/)
  t.regex(String(partsNamed(PACKAGE, 'EF.DIR')[0]?.lines?.[0]), /^1: AID A0000000871002/)
  t.regex(String(partsNamed(PACKAGE, 'EF.ARR')[0]?.lines?.[1]), /^2: read: PIN 1; /)
})

test('codes and keys are shown to those who ask for them alone', (t) => {
  const secrets = [SUBSCRIBER.ki, SUBSCRIBER.opc].map(toHex)
  const shown = packageLines(shownPackage(PACKAGE)).join('\n')
  const told = packageLines(shownPackage(PACKAGE, { secrets: true })).join('\n')
  for (const secret of secrets) {
    t.false(shown.includes(secret))
    t.true(told.includes(secret))
  }
  t.regex(shown, /\n +PIN 1 {2}of 3F00 {2}\(8 octets\) {2}tries 3 of 3/)
  t.regex(told, /\n +PIN 1 {2}of 3F00 {2}31323334FFFFFFFF {2}tries 3 of 3/)
  t.regex(shown, /milenage .*key \(16 octets\) {2}OPc \(16 octets\)/)
  t.false(JSON.stringify(shownPackage(PACKAGE)).includes(toHex(SUBSCRIBER.ki)))
})

test('one line says that the package is written again to the same octets', (t) => {
  t.like(shownPackage(PACKAGE), { reencoded: true, inexact: [] })
  t.is(packageLines(shownPackage(PACKAGE)).at(-1), 'Encoded again, it has the same octets.')
  const extended = concat(PACKAGE.subarray(0, -9), hex('AA09A00580008101328200'))
  const last = readProfileElements(PACKAGE).length - 1
  t.like(shownPackage(extended), { reencoded: true, inexact: [last] })
  t.regex(packageLines(shownPackage(extended)).at(-1) ?? '', new RegExp(`elements ${last} have`))
})

test('a package is shown up to where it is broken', (t) => {
  const shown = shownPackage(PACKAGE.subarray(0, -4))
  const number = readProfileElements(PACKAGE).length - 1
  t.is(shown.elements.length, number)
  t.like(shown, { reencoded: false, broken: { number, name: 'end' } })
  t.regex(packageLines(shown).at(-1) ?? '', /^Element \d+ \(end\) at octet \d+ cannot be read: /)
})

function pathsOf(file: ShownFile): readonly string[] {
  return [file.name, ...(file.files ?? []).flatMap(pathsOf)]
}

test('the file system that comes of it is a tree', (t) => {
  const system = shownFileSystem(PACKAGE)
  t.is(system.refusal, undefined)
  const paths = system.mf ? pathsOf(system.mf) : []
  for (const name of ['3F00 MF', '2FE2 EF.ICCID', '6F07 EF.IMSI'])
    t.true(paths.includes(name), name)
  const lines = fileSystemLines(system)
  t.regex(lines[0] ?? '', /^3F00 MF {2}rule 2F06:14/)
  t.true(lines.some((line) => /^│ {2}[├└]─ 6F07 EF\.IMSI {2}transparent/.test(line)))
  t.true(lines.some((line) => line.startsWith('└─ ')))
})

test('a file system that the card does not make is not shown, but why', (t) => {
  const octets = withElement(PACKAGE, {
    kind: 'usim',
    change: (value) => ({ ...value, efImsi: [{ fillFileContent: new Uint8Array(10) }] }),
  })
  const system = shownFileSystem(octets)
  t.is(system.mf, undefined)
  t.regex(
    fileSystemLines(system).join('\n'),
    /^The card refuses it: element \d+ \(usim\): bad-values, /,
  )
})

test('a directory that is linked to one above it is refused, so that no tree is without end', (t) => {
  const directory = {
    fileDescriptor: hex('7821'),
    securityAttributesReferenced: hex('0E'),
    pinStatusTemplateDO: hex('01'),
  }
  const added = encodeElement({
    kind: 'genericFileManagement',
    value: {
      gfmHeader: { identification: 900 },
      fileManagementCMD: [
        [
          { filePath: hex('') },
          { createFCP: { ...directory, fileID: hex('7F20') } },
          { createFCP: { ...directory, fileID: hex('5F20'), linkPath: hex('7F20') } },
        ],
      ],
    },
  })
  const octets = concat(PACKAGE.subarray(0, -9), added, PACKAGE.subarray(-9))
  const lines = fileSystemLines(shownFileSystem(octets))
  t.regex(
    lines.at(-1) ?? '',
    /^The card refuses it: .*a directory is linked to one that it lies in/,
  )
})

test('access rules are read in words, and what is none is not', (t) => {
  t.is(
    accessRuleText(
      hex('800101 A406830101950108 800102 A010A406830101950108A406830181950108 8401D4 9700'),
    ),
    'read: PIN 1; update: PIN 1 or second PIN 1; resize: never',
  )
  t.is(accessRuleText(hex('800106 9000'), 'directory'), 'create DF, create EF: always')
  t.deepEqual(accessRulesOf(hex('80010190 00FFFF'))?.[0]?.keyReferences, [])
  for (const wrong of [
    '',
    'FF',
    '9000',
    '800101',
    '80019000',
    '800101A400',
    '800101A4058301',
    '8001019000AA',
  ]) {
    t.is(accessRulesOf(hex(wrong)), undefined, wrong)
  }
})

test('key references have their names', (t) => {
  t.deepEqual([0x01, 0x81, 0x0a, 0x0e, 0x8a, 0x8e, 0x11].map(keyReferenceName), [
    'PIN 1',
    'second PIN 1',
    'ADM 1',
    'ADM 5',
    'ADM 6',
    'ADM 10',
    'universal PIN',
  ])
})

function words(key: string, content: string): string | undefined {
  return knownFileAt(key)?.words?.(hex(content))
}

/** 3GPP TS 24.008 §10.5.1.13, 3GPP TS 31.102 §4.2.5 and §4.2.58, ETSI TS 102 221 annex A. */
test('contents are read in words', (t) => {
  t.is(plmnWords(hex('130014')), '310-410')
  t.is(plmnWords(hex('62F220')), '262-02')
  t.is(plmnWords(hex('FFFFFF')), undefined)
  t.is(alphaText(hex('80041B04380431FFFF')), 'Либ')
  t.is(words('USIM/6F62', '62F2204000FFFFFF0000'), '262-02 (E-UTRAN)')
  t.is(words('USIM/6F78', '0201'), 'access class 0, 9')
  t.is(words('USIM/6FAD', '00000003'), 'normal operation, MNC of 3 digits')
  t.is(words('USIM/6FC5', '4303100041FFFF'), '"A"')
  t.is(words('USIM/6FC5', '430382CC30'), '"La"')
  t.is(words('ISIM/6F02', '800161'), 'a')
})

test('a package with octets changed by chance is shown without a crash', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(PACKAGE.length - 1), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 6,
      }),
      (changes) => {
        const octets = Uint8Array.from(PACKAGE)
        for (const [at, octet] of changes) octets[at] = octet
        t.true(packageLines(shownPackage(octets)).length > 1)
        t.true(fileSystemLines(shownFileSystem(octets)).length > 0)
      },
    ),
    { numRuns: 200 },
  )
})

test('a package of elements by chance is shown without a crash', (t) => {
  fc.assert(
    fc.property(fc.array(anyElement, { minLength: 1, maxLength: 5 }), (added) => {
      const octets = concat(PACKAGE.subarray(0, -9), ...added.map(encodeElement))
      const shown = shownPackage(octets)
      t.true(shown.reencoded)
      t.true(packageLines(shown).length > added.length)
    }),
    { numRuns: 200 },
  )
})
