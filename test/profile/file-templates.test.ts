import test from 'ava'
import { toHex } from '../../src/base/octets.ts'
import {
  encodeElement,
  readProfileElements,
  type ElementValue,
} from '../../src/profile/elements.ts'
import {
  fileSystemTemplate,
  templateOids,
  type FileSystemTemplate,
  type FileTemplate,
} from '../../src/profile/file-templates/index.ts'
import { elementContent, headerField } from './any-element.ts'

const ARC = '2.23.143.1.2'

function template(version: string): FileSystemTemplate {
  const found = fileSystemTemplate(`${ARC}.${version}`)
  if (!found) throw new Error(`no template ${version}`)
  return found
}

function file(version: string, field: string): FileTemplate {
  const found = template(version).files.find((row) => row.field === field)
  if (!found) throw new Error(`no ${field} in template ${version}`)
  return found
}

const TEMPLATES = templateOids().map((oid) => fileSystemTemplate(oid) as FileSystemTemplate)

test('every template of version 3.3.1 is there, under its own identifier', (t) => {
  // prettier-ignore
  const versions = [
    '1', '2', '3', '3.2', '4', '4.2', '5', '5.2', '5.3', '6', '7', '8', '9', '9.2', '10', '10.2', '11', '11.2',
    '12', '13', '13.2', '13.3', '13.4', '14', '15', '16', '17', '18',
  ]
  t.deepEqual(
    templateOids(),
    versions.map((version) => `${ARC}.${version}`),
  )
  for (const oid of templateOids()) t.is(fileSystemTemplate(oid)?.oid, oid)
  t.is(fileSystemTemplate(`${ARC}.99`), undefined)
  t.is(fileSystemTemplate(''), undefined)
})

/** An element with every file of its template, and nothing in them. */
function elementOf({ oid, element, files }: FileSystemTemplate): ElementValue {
  const empty = Object.fromEntries(files.map(({ field }) => [field, []]))
  return elementContent(element, { templateID: oid, ...empty })
}

test('every file of a template is a component of its element', (t) => {
  for (const one of TEMPLATES) {
    const [read] = readProfileElements(encodeElement(elementOf(one)))
    if (!read || read.kind === 'other') return t.fail(one.oid)
    const fields = Object.keys(read.value).filter((name) => /^(mf$|adf|df|ef)/.test(name))
    const expected = one.files.map(({ field }) => field)
    t.deepEqual(
      fields.filter((name) => name !== headerField(one.element)).toSorted(),
      expected.toSorted(),
      one.oid,
    )
  }
})

test('the newest templates have every file of their elements', (t) => {
  const counts = { '3.2': 46, '4.2': 24, '5.3': 86, '9.2': 14, '13.4': 20, '17': 22, '18': 26 }
  for (const [version, count] of Object.entries(counts)) {
    t.is(template(version).files.length, count, version)
  }
})

test('a file that the element must have is missed, one that it may have is not', (t) => {
  let required = 0
  for (const one of TEMPLATES) {
    for (const { field, isOptional } of one.files) {
      const element = elementOf(one)
      const value = { ...element.value, [field]: undefined }
      const without = { kind: element.kind, value } as ElementValue
      if (isOptional) t.notThrows(() => encodeElement(without), `${one.oid} ${field}`)
      else t.throws(() => encodeElement(without), { message: /no value/ }, `${one.oid} ${field}`)
      required += isOptional ? 0 : 1
    }
  }
  t.true(required > 100)
})

test('files lie in directories that come before them', (t) => {
  for (const { oid, files } of TEMPLATES) {
    const directories = new Set<string>()
    for (const { field, kind, parent } of files) {
      if (parent !== undefined) t.true(directories.has(parent), `${oid} ${field}`)
      if (kind === 'mf' || kind === 'df' || kind === 'adf') directories.add(field)
    }
  }
  t.is(file('3', 'efPbr').parent, 'dfPhonebook')
  t.is(file('3', 'dfPhonebook').parent, 'dfTelecom')
  t.is(file('3', 'dfMultimedia').parent, 'dfTelecom')
  t.is(file('5', 'efLi').parent, undefined)
  t.is(file('18', 'efUrsp').parent, 'dfDf5gs')
  t.is(file('18', 'dfDfSaip').parent, undefined)
})

test('no two files of a directory share an identifier or a short one', (t) => {
  for (const { oid, files } of TEMPLATES) {
    const taken = new Set<string>()
    for (const row of files) {
      const { parent = '', fileId, lastFileId = fileId, shortFileId, field } = row
      const numbers = Array.from({ length: lastFileId - fileId + 1 }, (_, at) => fileId + at)
      const names = numbers.filter((id) => id > 0).map((id) => `${parent}/${id}`)
      if (shortFileId !== undefined) names.push(`${parent}/sfi ${shortFileId}`)
      for (const name of names) {
        t.false(taken.has(name), `${oid} ${field}: ${name}`)
        taken.add(name)
      }
    }
  }
})

test('numbers are ones that a card can have', (t) => {
  for (const { oid, files } of TEMPLATES) {
    for (const row of files) {
      const name = `${oid} ${row.field}`
      t.true(row.accessRule >= 1 && row.accessRule <= 14, name)
      t.true(row.fileId >= 0 && row.fileId <= 0xffff, name)
      t.true((row.shortFileId ?? 1) >= 1 && (row.shortFileId ?? 30) <= 30, name)
      t.true((row.recordOctets ?? 1) <= 255 && (row.records ?? 1) <= 254, name)
      const isOfRecords = row.kind === 'linearFixed' || row.kind === 'cyclic'
      t.is(row.sizeOctets !== undefined && isOfRecords, false, name)
      t.is((row.recordOctets ?? row.records) !== undefined && !isOfRecords, false, name)
    }
  }
})

test('what a template leaves open, the package must give', (t) => {
  for (const { oid, files } of TEMPLATES) {
    for (const { field, kind, needs, ...row } of files) {
      const name = `${oid} ${field}`
      const isDirectory = kind === 'mf' || kind === 'df' || kind === 'adf'
      t.is(needs.includes('pinStatus'), isDirectory, name)
      t.is(needs.includes('dfName'), kind === 'adf', name)
      t.is(needs.includes('fileId'), row.fileId === 0, name)
      if (isDirectory) continue
      const isOfRecords = kind === 'linearFixed' || kind === 'cyclic'
      t.is(needs.includes('size'), !isOfRecords && row.sizeOctets === undefined, name)
      t.is(needs.includes('recordOctets'), isOfRecords && row.recordOctets === undefined, name)
      t.is(needs.includes('records'), isOfRecords && row.records === undefined, name)
      t.false(needs.includes('content') && row.defaultContent !== undefined, name)
    }
  }
})

test('only the templates of the MF and of applications make files on their own', (t) => {
  const made = TEMPLATES.filter(({ createdByDefault }) => createdByDefault)
  t.deepEqual(
    [...new Set(made.map(({ element }) => element))],
    ['mf', 'usim', 'isim', 'csim', 'iot'],
  )
})

/** From the tables of 3GPP TS 31.102 annex A, TS 31.103 §4.2, ETSI TS 102 221 §13 and annex H: identifier, SFI. */
const STANDARD: readonly (readonly [string, string, number, number | undefined])[] = [
  ['1', 'efIccid', 0x2fe2, undefined],
  ['1', 'efDir', 0x2f00, 0x1e],
  ['1', 'efPl', 0x2f05, 0x05],
  ['4', 'efImsi', 0x6f07, 0x07],
  ['4', 'efUst', 0x6f38, 0x04],
  ['4', 'efAcc', 0x6f78, 0x06],
  ['4', 'efAd', 0x6fad, 0x03],
  ['4', 'efEcc', 0x6fb7, 0x01],
  ['4', 'efLoci', 0x6f7e, 0x0b],
  ['4', 'efEpsloci', 0x6fe3, 0x1e],
  ['5', 'efMsisdn', 0x6f40, undefined],
  ['5', 'efExt7', 0x6fcc, undefined],
  ['5', 'efEhplmn', 0x6fd9, 0x1d],
  ['5.2', 'efMudmidconfigdata', 0x6ffe, undefined],
  ['7', 'efKcgprs', 0x4f52, 0x02],
  ['8', 'efImpi', 0x6f02, 0x02],
  ['8', 'efDomain', 0x6f03, 0x05],
  ['13', 'dfDf5gs', 0x5fc0, undefined],
  ['13', 'efSuciCalcInfo', 0x4f07, 0x07],
  ['13', 'efRoutingIndicator', 0x4f0a, 0x0a],
  ['14', 'dfDfSaip', 0x5fd0, undefined],
  ['15', 'dfDfSnpn', 0x5fe0, undefined],
  ['16', 'dfDf5gProse', 0x5ff0, undefined],
]

test('identifiers are those of 3GPP and ETSI', (t) => {
  for (const [version, field, fileId, shortFileId] of STANDARD) {
    const row = file(version, field)
    t.is(row.fileId, fileId, field)
    t.is(row.shortFileId, shortFileId, field)
  }
})

/** Files of GSMA TS.48 V7.0 that are filled to their end although the package gives no size. */
const SIZES_OF_TS_48: readonly (readonly [string, string, number])[] = [
  ['10', 'efImsiM', 10],
  ['10', 'efTmsi', 16],
  ['10', 'efSnregi', 7],
  ['10', 'efAcp', 7],
  ['10', 'efOta', 17],
  ['10', 'efMaxPrl', 4],
  ['11', 'efSipcap', 4],
  ['11', 'efMipcap', 5],
  ['11', 'efHrpdcap', 3],
  ['13', 'ef5gs3gpploci', 20],
]

test('files for which packages in use give no size have that of their content', (t) => {
  for (const [version, field, octets] of SIZES_OF_TS_48) {
    t.is(file(version, field).sizeOctets, octets, field)
  }
  t.like(file('10', 'efCallCount'), { kind: 'cyclic', recordOctets: 2, records: 1 })
})

function defaultOf(version: string, field: string, octets: number): string {
  const part = new Uint8Array(octets)
  file(version, field).defaultContent?.(part)
  return toHex(part)
}

test('a default fills the file that is made, whatever its size', (t) => {
  t.is(defaultOf('4', 'efLoci', 11), 'FFFFFFFFFFFFFF0000FF01')
  t.is(defaultOf('4', 'efPsloci', 14), 'FFFFFFFFFFFFFFFFFFFF0000FF01')
  t.is(defaultOf('4', 'efEpsloci', 18), 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF000001')
  t.is(defaultOf('4', 'efKeys', 33), `07${'FF'.repeat(32)}`)
  t.is(defaultOf('4', 'efAd', 4), '00000002')
  t.is(defaultOf('4', 'efSms', 4), '00FFFFFF')
  t.is(defaultOf('5', 'efPlmnwact', 12), 'FFFFFF0000FFFFFF0000FFFF')
  t.is(defaultOf('5', 'efCfis', 5), '0100FFFFFF')
  t.is(defaultOf('5', 'efMwis', 6), '000000000000')
  t.is(defaultOf('5', 'efIci', 12), 'FFFFFFFFFF0000000001FFFF')
  t.is(defaultOf('7', 'efKc', 9), 'FFFFFFFFFFFFFFFF07')
  t.is(defaultOf('13', 'ef5gs3gpploci', 20), `${'FF'.repeat(16)}00000001`)
  t.is(defaultOf('13', 'efRoutingIndicator', 4), 'F0FFFFFF')
  t.is(defaultOf('13.4', 'efRoutingIndicator', 4), 'F0FF0000')
})

test('a default of fixed length goes no further than a shorter file', (t) => {
  t.is(defaultOf('4', 'efAd', 3), '000000')
  t.is(defaultOf('4', 'efAd', 6), '00000002FFFF')
  t.is(defaultOf('4', 'efLoci', 2), 'FF00')
  t.is(defaultOf('5', 'efUfc', 0), '')
})

test('defaults of a template have its size', (t) => {
  for (const { oid, files } of TEMPLATES) {
    for (const { field, defaultContent, sizeOctets, recordOctets } of files) {
      const octets = sizeOctets ?? recordOctets
      if (!defaultContent || octets === undefined) continue
      const part = new Uint8Array(octets + 1).fill(0xaa)
      t.notThrows(() => defaultContent(part.subarray(0, octets)), `${oid} ${field}`)
      t.is(part[octets], 0xaa, `${oid} ${field}`)
    }
  }
})
