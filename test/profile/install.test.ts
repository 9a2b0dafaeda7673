import test from 'ava'
import fc from 'fast-check'
import { element } from '../../src/asn1/der.ts'
import { decode } from '../../src/asn1/schema.ts'
import { placesOf } from '../../src/euicc/uicc/changes.ts'
import { iccidToOctets, mccMncToOctets } from '../../src/base/bcd.ts'
import { concat, hex } from '../../src/base/octets.ts'
import {
  encodeElement,
  readProfileElements,
  type DeclaredKind,
  type ElementContent,
  type ElementValue,
} from '../../src/profile/elements.ts'
import { transparentFile, type Fcp, type FileManagement } from '../../src/profile/file.ts'
import { installProfileElements, type ExpectedProfile } from '../../src/profile/install.ts'
import { lintPackage } from '../../src/profile/lint/index.ts'
import { fileSystemLines, shownFileSystem } from '../../src/profile/show.ts'
import { EUICCResponse } from '../../src/profile/status.ts'
import { createProfileTemplate, personalise } from '../../src/profile/template.ts'
import { OPERATOR, SUBSCRIBER, subscribers } from './helper.ts'

const template = createProfileTemplate({ operator: OPERATOR })
const UPP = personalise(template, SUBSCRIBER)
const EXPECTED: ExpectedProfile = {
  iccid: iccidToOctets(SUBSCRIBER.iccid),
  mccMnc: mccMncToOctets(OPERATOR),
}

/** The package with each element of a kind replaced by what `change` makes of it. */
function changed<K extends DeclaredKind>(
  kind: K,
  change: (value: ElementContent<K>) => ElementContent<K>,
): Uint8Array {
  return rebuilt((read) =>
    read.kind === kind
      ? [encodeElement({ kind, value: change(read.value as ElementContent<K>) } as ElementValue)]
      : [encodeElement(read)],
  )
}

function rebuilt(rebuild: (read: ElementValue) => readonly Uint8Array[]): Uint8Array {
  const elements = readProfileElements(UPP)
  return concat(...elements.flatMap((read) => (read.kind === 'other' ? [read.raw] : rebuild(read))))
}

/** The package without its end, then `octets`, then the end. */
function withElement(octets: Uint8Array): Uint8Array {
  return rebuilt((read) =>
    read.kind === 'end' ? [octets, encodeElement(read)] : [encodeElement(read)],
  )
}

/** The statuses that are not `ok`, and the outcome. */
function installing(upp: Uint8Array, expected: Partial<ExpectedProfile> = {}): string {
  const result = installProfileElements(upp, { ...EXPECTED, ...expected })
  const { peStatus, profileInstallationAborted } = decode(EUICCResponse, result.euiccResponse)
  const others = peStatus.filter(({ status }) => status !== 'ok')
  const statuses = others.map(({ status, identification }) =>
    identification === undefined ? status : `${status}@${identification}`,
  )
  const detail = result.ok ? '' : result.detail.replace(/offset \d+/, 'offset N')
  const outcome = result.ok ? 'ok' : `${result.reason}: ${detail}`
  return `${statuses.join(' ') || 'ok'}${profileInstallationAborted === null ? ' aborted' : ''} | ${outcome}`
}

test('a package of ours is installed, and answered as cards answer', (t) => {
  fc.assert(
    fc.property(subscribers, (subscriber) => {
      const upp = personalise(template, subscriber)
      const result = installProfileElements(upp, {
        ...EXPECTED,
        iccid: iccidToOctets(subscriber.iccid),
      })
      if (!result.ok) return t.fail(result.detail)
      t.is(result.profile.iccid, subscriber.iccid)
      t.is(result.profile.imsi, subscriber.imsi)
      t.is(result.profile.elementCount, 19)
      t.is(result.profile.octets, upp)
      const { peStatus } = decode(EUICCResponse, result.euiccResponse)
      t.deepEqual(
        peStatus.map(({ status, identification }) => `${status}${identification ?? ''}`),
        ['ok', ...Array.from({ length: 18 }, (_, at) => `ok${at + 1}`)],
      )
    }),
  )
})

test('a package with group identifiers agrees with metadata that have them', (t) => {
  const operator = { ...OPERATOR, gid1: hex('0A0B'), gid2: hex('0C') }
  const upp = personalise(createProfileTemplate({ operator }), SUBSCRIBER)
  const { gid1, gid2 } = operator
  t.is(installing(upp, { gid1, gid2 }), 'ok | ok')
  t.regex(installing(upp, { gid1, gid2: hex('0D') }), /^bad-values .*dataMismatch: .*gid2/)
  t.regex(installing(upp, { gid1 }), /dataMismatch: EF.UST has gid2, the metadata do not/)
  t.regex(installing(UPP, { gid1 }), /dataMismatch: the profile's gid1 is not the metadata's/)
})

test('metadata without an owner leave the USIM unlooked at', (t) => {
  const foreign = personalise(createProfileTemplate({ operator: { ...OPERATOR, mcc: '262' } }), {
    ...SUBSCRIBER,
    imsi: '262011234567890',
  })
  const result = installProfileElements(foreign, { iccid: EXPECTED.iccid })
  t.true(result.ok)
})

test('the ICCID of the header is ignored', (t) => {
  const upp = changed('header', (value) => ({ ...value, iccid: new Uint8Array(10) }))
  t.is(installing(upp), 'ok | ok')
})

const END = encodeElement({ kind: 'end', value: { endHeader: { identification: 7 } } })
const UNKNOWN_MANDATED = element(0xbf28, hex('A005800081012A'))
const UNKNOWN_OPTIONAL = element(0xbf28, hex('A00381012A'))

const REFUSALS: readonly (readonly [string, () => string, string])[] = [
  [
    'an empty package',
    () => installing(hex('')),
    'invalid-parameter aborted | peProcessingError: the package does not end with an end element',
  ],
  [
    'a package without a header',
    () => installing(UPP.subarray(readProfileElements(UPP)[0]?.raw.length)),
    'invalid-parameter@1 aborted | peProcessingError: no header at the beginning',
  ],
  [
    'a second header',
    () => installing(withElement(readProfileElements(UPP)[0]?.raw ?? hex(''))),
    'invalid-parameter aborted | peProcessingError: a second header',
  ],
  [
    'a package without an end',
    () => installing(UPP.subarray(0, -END.length - 2)),
    'invalid-parameter aborted | peProcessingError: the package does not end with an end element',
  ],
  [
    'something after the end',
    () => installing(concat(UPP, END)),
    'invalid-parameter@7 aborted | peProcessingError: an element behind the end',
  ],
  [
    'a package cut short',
    () => installing(UPP.subarray(0, -1)),
    'invalid-request-format aborted | peProcessingError: element 18: [AA] at offset N says 7 octets, only 6 are there',
  ],
  [
    'an element that is not DER',
    () => installing(withElement(hex('AA08A0810581000000FF'))),
    'invalid-request-format aborted | peProcessingError: element 18: length not minimal',
  ],
  [
    'an element with a component of the wrong size, naming the element',
    () => installing(withElement(hex('A314A005800081012AA10B3009 800101 8104 00000000'))),
    'invalid-request-format@42 aborted | peProcessingError: element 18: PE-PUKCodes.pukCodes.PUKConfiguration[0].pukValue: expected size 8, found 4',
  ],
  [
    'a version that is not known',
    () => installing(changed('header', (value) => ({ ...value, majorVersion: 4 }))),
    'unsupported-profile-version aborted | peProcessingError: the package has version 4.1',
  ],
  [
    'a template that is not known',
    () => installing(changed('usim', (value) => ({ ...value, templateID: '2.23.143.1.2.44' }))),
    'template-not-supported@5 aborted | peProcessingError: the template 2.23.143.1.2.44',
  ],
  [
    'a mandated element that is not supported',
    () => installing(withElement(UNKNOWN_MANDATED)),
    'pe-not-supported@42 aborted | peProcessingError: an element of the tag [BF28]',
  ],
  [
    'another ICCID than the metadata’s',
    () => installing(UPP, { iccid: new Uint8Array(10) }),
    'bad-values aborted | dataMismatch: EF.ICCID is 980011325476981032F4, the metadata say 00000000000000000000',
  ],
  [
    'a package without a master file',
    () => installing(rebuilt((read) => (read.kind === 'mf' ? [] : [encodeElement(read)]))),
    'invalid-parameter@2 aborted | peProcessingError: no directory has been made yet',
  ],
  [
    'an IMSI of another network',
    () => installing(UPP, { mccMnc: mccMncToOctets({ mcc: '001', mnc: '011' }) }),
    'bad-values aborted | dataMismatch: EF.IMSI is of network 000110, the metadata say 001110',
  ],
  [
    'an owner whose profile has no IMSI',
    () => installing(changed('usim', (value) => ({ ...value, efImsi: [] }))),
    'bad-values aborted | dataMismatch: EF.IMSI is absent or malformed, the metadata name an owner',
  ],
  [
    'a package that does not fit',
    () => installing(UPP, { freeOctets: UPP.length - 1 }),
    `not-enough-memory aborted | insufficientMemory: the package has ${UPP.length} octets, ${UPP.length - 1} are free`,
  ],
]

for (const [what, run, expected] of REFUSALS) {
  test(`refuses ${what}`, (t) => t.is(run(), expected))
}

test('a package that just fits with its files is installed', (t) => {
  const roomy = installProfileElements(UPP, EXPECTED)
  if (!roomy.ok) return t.fail(roomy.detail)
  const { fileOctets } = roomy.profile
  t.true(fileOctets > UPP.length, 'the files are larger than what describes them')
  const freeOctets = UPP.length + fileOctets
  t.is(installing(UPP, { freeOctets }), 'ok | ok')
  t.regex(
    installing(UPP, { freeOctets: freeOctets - 1 }),
    /^not-enough-memory@.*insufficientMemory/,
  )
})

test('the first problem counts: a bad version before a broken element behind it', (t) => {
  const upp = changed('header', (value) => ({ ...value, majorVersion: 1 }))
  t.regex(installing(upp.subarray(0, -1)), /^unsupported-profile-version/)
})

test('an element that is neither mandated nor supported is left out and reported', (t) => {
  const upp = withElement(UNKNOWN_OPTIONAL)
  t.is(installing(upp), 'pe-not-supported@42 | ok')
  const result = installProfileElements(upp, EXPECTED)
  t.is(result.ok && result.profile.elementCount, 19)
})

test('later versions of a template are taken', (t) => {
  t.is(
    installing(changed('usim', (value) => ({ ...value, templateID: '2.23.143.1.2.4.2' }))),
    'ok | ok',
  )
})

/** PE-USIM replaced by generic file management, as older packages are made. */
function genericUsim(
  files: readonly (readonly [string, string])[],
  aid = 'A0000000871002FF33FF0189',
): Uint8Array {
  const directory: Fcp = { fileDescriptor: hex('7821'), fileID: hex('7FF1'), dfName: hex(aid) }
  const steps = files.flatMap(([fileId, content]) => [
    {
      createFCP: {
        fileDescriptor: hex('4121'),
        fileID: hex(fileId),
        efFileSize: Uint8Array.of(content.length / 2),
      },
    },
    ...transparentFile(hex(content)).map(({ fillFileContent = hex('') }) => ({ fillFileContent })),
  ])
  return rebuilt((read) => {
    if (namesTheUsim(read)) return []
    if (read.kind !== 'usim') return [encodeElement(read)]
    const value = {
      gfmHeader: { identification: 4 },
      fileManagementCMD: [[{ createFCP: directory }, ...steps]],
    }
    return [encodeElement({ kind: 'genericFileManagement', value })]
  })
}

/** Whether the element needs the USIM by its AID. */
function namesTheUsim({ kind, value }: ElementValue): boolean {
  if (kind === 'akaParameter') return value.algoConfiguration.mappingParameter !== undefined
  return kind === 'rfm' || kind === 'isim'
}

test('finds the IMSI of a USIM made by generic file management', (t) => {
  t.is(installing(genericUsim([['6F07', '080910101032547698']])), 'ok | ok')
  t.regex(installing(genericUsim([['6F07', '082926201032547698']])), /EF.IMSI is of network/)
})

test('does not take a file of another application for the IMSI', (t) => {
  const isim = genericUsim([['6F07', '080910101032547698']], 'A0000000871004FF33FF0189')
  t.regex(installing(isim), /EF.IMSI is absent/)
})

function linkable(fileID: string, linkPath?: string): FileManagement[number] {
  return {
    createFCP: {
      fileDescriptor: hex('7821'),
      fileID: hex(fileID),
      pinStatusTemplateDO: hex('010A'),
      ...(linkPath !== undefined && { linkPath: hex(linkPath) }),
    },
  }
}

function generic(steps: FileManagement): Uint8Array {
  const gfmHeader = { mandated: null, identification: 99 }
  const value = { gfmHeader, fileManagementCMD: [steps] }
  return withElement(encodeElement({ kind: 'genericFileManagement', value }))
}

test('a directory that is linked to one above it is refused, and one beside it shares its files', (t) => {
  const inner = linkable('5F01', '5F00')
  t.regex(installing(generic([linkable('5F00'), inner])), /^invalid-parameter@99 .*it lies in/)
  const top = { filePath: hex('') }
  const beside = generic([linkable('5F00'), linkable('5F02'), top, linkable('5F03', '5F00')])
  const result = installProfileElements(beside, EXPECTED)
  if (!result.ok) return t.fail(result.detail)
  const files = result.profile.image.mf.files.filter(({ fileId }) => fileId >> 8 === 0x5f)
  t.deepEqual(
    files.map((file) => ('files' in file ? file.files.length : undefined)),
    [1, 1],
  )
})

const TOP: FileManagement[number] = { filePath: hex('') }

test('directories that are linked with each other are refused, however many are between them', (t) => {
  const inFirst = [linkable('5F00'), linkable('5F10', '5F01')]
  const inSecond = { filePath: hex('5F01') }
  const steps = [linkable('5F01'), TOP, ...inFirst, inSecond, linkable('5F11', '5F00')]
  t.regex(installing(generic(steps)), /^invalid-parameter@99 .*it lies in/)
  t.is(installing(generic(steps.slice(0, -1))), 'ok | ok')
})

function idOf(at: number): string {
  return (0x5f00 + at).toString(16)
}

/** Each directory has the one before in it twice: the ways to the first are two to the power of `count`. */
function doubledDirectories(count: number): FileManagement {
  return Array.from({ length: count }, (_, at) => at).flatMap((at) => {
    if (at === 0) return [linkable(idOf(0))]
    const link = idOf(at - 1)
    const path = { filePath: hex(idOf(at)) }
    return [TOP, linkable(idOf(at)), linkable('4001', link), path, linkable('4002', link)]
  })
}

test('linked directories with more ways than a machine can go are installed, indexed, linted and shown', (t) => {
  const upp = generic(doubledDirectories(60))
  const result = installProfileElements(upp, EXPECTED)
  if (!result.ok) return t.fail(result.detail)
  const places = placesOf(result.profile.image)
  t.is(places.pathOfFile(result.profile.image.mf), '3F00')
  t.false(lintPackage(upp).some(({ severity }) => severity === 'error'))
  const lines = fileSystemLines(shownFileSystem(upp))
  t.is(lines.filter((line) => /\b4002\b/.test(line)).length, 59)
})

function nested(count: number): Uint8Array {
  return generic(Array.from({ length: count }, (_, at) => linkable((0x4000 + at).toString(16))))
}

test('directories that lie in each other without end are refused', (t) => {
  t.is(installing(nested(200)), 'ok | ok')
  t.regex(installing(nested(20_000)), /^not-enough-memory@99 .*more than 255 directories/)
  t.notThrows(() => lintPackage(nested(20_000)))
})

function overwriting(path: string, content: string): Uint8Array {
  return generic([{ filePath: hex(path) }, { fillFileContent: hex(content) }])
}

test('what counts is what the card has in the end: elements behind may write over EF.ICCID and EF.IMSI', (t) => {
  t.regex(installing(overwriting('7FF16F07', '082926201032547698')), /EF.IMSI is of network 62F220/)
  t.regex(
    installing(overwriting('2FE2', '98000000000000000001')),
    /EF.ICCID is 98000000000000000001/,
  )
  const iccid = hex('98000000000000000001')
  t.is(installing(overwriting('2FE2', '98000000000000000001'), { iccid }), 'ok | ok')
})

test('a group identifier may lie in a longer file, and is not longer itself', (t) => {
  const gid1 = hex('0A0B')
  const upp = personalise(createProfileTemplate({ operator: { ...OPERATOR, gid1 } }), SUBSCRIBER)
  const inLongerFile = (content: string): Uint8Array => {
    const parts = readProfileElements(upp).map((read) => {
      if (read.kind !== 'optUsim') return encodeElement(read)
      const fcp: Fcp = { efFileSize: hex('04') }
      return encodeElement({
        ...read,
        value: { ...read.value, efGid1: transparentFile(hex(content), fcp) },
      })
    })
    return concat(...parts)
  }
  t.is(installing(inLongerFile('0A0B'), { gid1 }), 'ok | ok')
  t.regex(installing(inLongerFile('0A0B01'), { gid1 }), /gid1 is not the metadata's/)
})

/** Files of 65,535 octets, which cost a package 20 each. */
function largeFiles(count: number): Uint8Array {
  return generic(
    Array.from({ length: count }, (_, at) => ({
      createFCP: {
        fileDescriptor: hex('4121'),
        fileID: Uint8Array.of(0x50 + (at >> 8), at & 0xff),
        efFileSize: hex('FFFF'),
      },
    })),
  )
}

test('a small package that asks for more memory than the card has is refused before it is given', (t) => {
  const before = process.memoryUsage().arrayBuffers
  t.regex(
    installing(largeFiles(4000), { freeOctets: 512 * 1024 }),
    /^not-enough-memory@99 aborted \| insufficientMemory: a file of 65535 octets, \d+ are free$/,
  )
  t.regex(installing(largeFiles(4000)), /^not-enough-memory@99 aborted/, 'where nobody told')
  t.true(process.memoryUsage().arrayBuffers - before < 32 * 1024 * 1024)
})

test('never throws, however a package is cut or flipped', (t) => {
  fc.assert(
    fc.property(
      fc.nat(UPP.length),
      fc.array(fc.tuple(fc.nat(UPP.length - 1), fc.integer({ min: 1, max: 255 })), {
        maxLength: 3,
      }),
      (length, flips) => {
        const damaged = Buffer.from(UPP)
        for (const [at, bits] of flips) damaged[at] = (damaged[at] as number) ^ bits
        const result = installProfileElements(damaged.subarray(0, length), EXPECTED)
        const response = decode(EUICCResponse, result.euiccResponse)
        t.is(response.profileInstallationAborted === null, !result.ok)
      },
    ),
    { numRuns: 1000 },
  )
})

test('never throws on octets by chance', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
      t.false(installProfileElements(octets, EXPECTED).ok)
    }),
    { numRuns: 1000 },
  )
})
