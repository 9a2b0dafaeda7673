import test from 'ava'
import fc from 'fast-check'
import { element } from '../../src/asn1/der.ts'
import { concat, hex, toBase64, toHex, utf8 } from '../../src/base/octets.ts'
import { LabError } from '../../src/base/errors.ts'
import { encodeElement, readProfileElements } from '../../src/profile/elements.ts'
import { transparentFile } from '../../src/profile/file.ts'
import { PACKAGE_OCTETS_MAX, packageOctets, readPackage } from '../../src/profile/import.ts'
import { importedMetadata, type MetadataWishes } from '../../src/profile/import-metadata.ts'
import { personalise, createProfileTemplate } from '../../src/profile/template.ts'
import { foreignPackage, withElement, withoutNumber } from '../helpers/packages.ts'
import { OPERATOR, SUBSCRIBER, subscribers } from './helper.ts'

const UPP = foreignPackage()
const TEMPLATE = createProfileTemplate({ operator: OPERATOR })

test('a package says who its subscriber is, whoever that is', (t) => {
  fc.assert(
    fc.property(subscribers, (subscriber) => {
      const { elements, ...facts } = readPackage(personalise(TEMPLATE, subscriber))
      const isNumber = /^[1-9][0-9]{4,14}$/.test(subscriber.msisdn)
      t.like(facts, {
        iccid: subscriber.iccid,
        imsi: subscriber.imsi,
        msisdn: isNumber ? subscriber.msisdn : undefined,
        serviceProviderName: 'Lab Mobile',
      })
      t.is(elements[0]?.offset, 0)
    }),
    { numRuns: 30 },
  )
})

test('the ICCID of the header is nobody’s', (t) => {
  const upp = withElement(UPP, {
    kind: 'header',
    change: (header) => ({ ...header, iccid: hex('11111111111111111111') }),
  })
  t.is(readPackage(upp).iccid, SUBSCRIBER.iccid)
})

for (const [title, operator, owner] of [
  ['two digits', {}, { mccMnc: '00F110' }],
  ['three digits', { mnc: '012' }, { mccMnc: '002110' }],
] as const) {
  test(`the owner is the IMSI’s network, whose MNC EF.AD says has ${title}`, (t) => {
    const upp = foreignPackage({ operator, subscriber: { imsi: '001012345678901' } })
    const { owner: found } = readPackage(withMnc(upp, operator))
    t.is(toHex(found?.mccMnc ?? hex('')), owner.mccMnc)
  })
}

/** A template refuses an IMSI of another network, so EF.AD alone is changed. */
function withMnc(upp: Uint8Array, operator: { readonly mnc?: string }): Uint8Array {
  if (!operator.mnc) return upp
  return withElement(upp, {
    kind: 'usim',
    change: (usim) => ({ ...usim, efAd: transparentFile(hex('00000003')) }),
  })
}

test('group identifiers belong to the owner where EF.UST makes them available', (t) => {
  const gids = { gid1: hex('0A'), gid2: hex('0B0C') }
  const upp = foreignPackage({ operator: gids })
  t.deepEqual(normal(readPackage(upp).owner), { mccMnc: '00F110', gid1: '0A', gid2: '0B0C' })
  const unavailable = withElement(upp, {
    kind: 'usim',
    change: (usim) => ({ ...usim, efUst: transparentFile(new Uint8Array(17)) }),
  })
  t.deepEqual(normal(readPackage(unavailable).owner), { mccMnc: '00F110' })
})

function normal(owner: object | undefined): object {
  return Object.fromEntries(
    Object.entries(owner ?? {}).map(([name, octets]) => [name, toHex(octets as Uint8Array)]),
  )
}

test('a name that GSM has no letters for is read from UCS2', (t) => {
  const upp = foreignPackage({ operator: { serviceProviderName: 'Лаб' } })
  t.is(readPackage(upp).serviceProviderName, 'Лаб')
})

test('a name is read from the octets that EF.SPN has, however long the file is', (t) => {
  const padded = Buffer.concat([hex('00'), Buffer.alloc(60_000, 0xff), hex('41')])
  const upp = withElement(UPP, {
    kind: 'usim',
    change: (usim) => ({ ...usim, efSpn: transparentFile(padded) }),
  })
  t.is(readPackage(upp).serviceProviderName, undefined)
})

test('what is missing is said to be missing', (t) => {
  const bare = readProfileElements(UPP).filter(({ kind }) => ['header', 'mf', 'end'].includes(kind))
  const facts = readPackage(concat(...bare.map(({ raw }) => raw)))
  t.like(facts, { imsi: undefined, msisdn: undefined, owner: undefined })
  t.is(readPackage(withoutNumber(UPP)).msisdn, undefined)
})

test('hexadecimal and Base64 text are taken as well as DER', (t) => {
  const digits = toHex(UPP)
  const texts = [digits, digits.toLowerCase(), digits.replaceAll(/(.{64})/g, '$1\n'), toBase64(UPP)]
  for (const text of [...texts, `${toBase64(UPP).replaceAll(/(.{76})/g, '$1\r\n')}\n`]) {
    t.deepEqual(Buffer.from(packageOctets(utf8(text))), Buffer.from(UPP))
  }
  t.is(packageOctets(UPP), UPP)
})

const ELEMENTS = readProfileElements(UPP)
const RAWS = ELEMENTS.map(({ raw }) => raw)
const END = RAWS.at(-1) as Uint8Array
const MF_AT = ELEMENTS.findIndex(({ kind }) => kind === 'mf')
const offsetOf = (at: number): number =>
  RAWS.slice(0, at).reduce((octets, raw) => octets + raw.length, 0)

function withIccid(content: Uint8Array): Uint8Array {
  return withElement(UPP, {
    kind: 'mf',
    change: (mf) => ({ ...mf, efIccid: content.length > 0 ? transparentFile(content) : [] }),
  })
}

const REFUSED: readonly (readonly [title: string, octets: Uint8Array, message: RegExp])[] = [
  ['no octets', new Uint8Array(0), /element 0 \(end\) at octet 0: there are no octets/],
  ['something else', utf8('{"a": 1}'), /element 0 \(\[7B\]\) at octet 0: .*begins with a Prof/],
  ['a bound package', hex('BF360100'), /element 0 .* at octet 0: this is a BoundProfilePackage/],
  ['no header', concat(...RAWS.slice(1)), /element 0 \(mf\) at octet 0: .*ProfileHeader/],
  [
    'a second header',
    concat(RAWS[0] as Uint8Array, ...RAWS),
    new RegExp(`element 1 \\(header\\) at octet ${RAWS[0]?.length}: a second header`),
  ],
  [
    'an element behind the end',
    concat(...RAWS, END),
    new RegExp(`element ${RAWS.length} \\(end\\) at octet ${UPP.length}: .*behind the end`),
  ],
  [
    'no end',
    concat(...RAWS.slice(0, -1)),
    new RegExp(
      `element ${RAWS.length - 1} \\(end\\) at octet ${UPP.length - END.length}: .*no end`,
    ),
  ],
  [
    'no MF',
    concat(RAWS[0] as Uint8Array, END),
    new RegExp(`element 1 \\(end\\) at octet ${RAWS[0]?.length}: no MF`),
  ],
  [
    'no EF.ICCID',
    withIccid(new Uint8Array(0)),
    new RegExp(`element ${MF_AT} \\(mf\\) at octet ${offsetOf(MF_AT)}: EF.ICCID holds nothing`),
  ],
  ['an EF.ICCID that is short', withIccid(hex('989444')), /EF\.ICCID holds 989444; expected 10/],
  ['an EF.ICCID of letters', withIccid(hex('9894AAAAAAAAAAAAAAAA')), /holds 9894AAAA.*digits/],
  [
    'an element that is cut',
    UPP.subarray(0, offsetOf(MF_AT) + 20),
    new RegExp(`element ${MF_AT} \\(mf\\) at octet ${offsetOf(MF_AT)}: .*only`),
  ],
  [
    'an element whose content is not as the module says',
    concat(...RAWS.slice(0, -1), element(0xa4, hex('A000')), END),
    new RegExp(
      `element ${RAWS.length - 1} \\(akaParameter\\) at octet ${offsetOf(RAWS.length - 1)}`,
    ),
  ],
]

for (const [title, octets, message] of REFUSED) {
  test(`refuses ${title}, with the element and its offset`, (t) => {
    const error = t.throws(() => readPackage(octets), { instanceOf: LabError, message })
    t.like(error, { code: 'badInput', field: 'package', reason: 'notAProfilePackage' })
  })
}

test('octets of any kind are read or refused, never more', (t) => {
  const damages = fc.record({ at: fc.nat(UPP.length - 1), octet: fc.nat(255) })
  fc.assert(
    fc.property(fc.array(damages, { minLength: 1, maxLength: 4 }), (damaged) => {
      const octets = Buffer.from(UPP)
      for (const { at, octet } of damaged) octets[at] = octet
      try {
        t.regex(readPackage(octets).iccid, /^[0-9]{18,20}$/)
      } catch (error) {
        t.true(error instanceof LabError, String(error))
      }
    }),
    { numRuns: 300 },
  )
})

test('elements of later modules are taken as they are', (t) => {
  const later = element(0xbf22, hex('A003810101'))
  const { elements } = readPackage(concat(...RAWS.slice(0, -1), later, END))
  t.like(elements.at(-2), { name: '[BF22]', offset: UPP.length - END.length })
})

test('a package may be long, and not longer', (t) => {
  const filler = element(0xa8, element(0x04, new Uint8Array(PACKAGE_OCTETS_MAX)))
  const error = t.throws(() => readPackage(concat(...RAWS.slice(0, -1), filler, END)), {
    instanceOf: LabError,
  })
  t.is(error?.code, 'tooLarge')
})

const FACTS = readPackage(UPP)
const PNG = concat(hex('89504E470D0A1A0A'), new Uint8Array(20))
const JPEG = concat(hex('FFD8FFE0'), new Uint8Array(20))

test('metadata are what the package says, unless the importer says otherwise', (t) => {
  t.like(importedMetadata(FACTS, {}), {
    serviceProviderName: 'Lab Mobile',
    profileName: FACTS.headerType ?? `Profile ${FACTS.iccid}`,
    profileClass: 'operational',
    profilePolicyRules: undefined,
  })
  const nothing = { owner: undefined, serviceProviderName: undefined, headerType: undefined }
  t.like(importedMetadata({ ...FACTS, ...nothing }, {}), {
    serviceProviderName: 'Imported',
    profileName: `Profile ${FACTS.iccid}`,
    profileOwner: undefined,
  })
  const long = importedMetadata({ ...FACTS, headerType: 'x'.repeat(100) }, {})
  t.is(long.profileName, 'x'.repeat(64))
  const wishes: MetadataWishes = {
    serviceProviderName: 'Other',
    profileName: 'Another',
    profileClass: 'test',
    profileOwner: '234-015:0a:',
    profilePolicyRules: ['ppr1'],
    icon: PNG,
  }
  const { profileOwner, ...chosen } = importedMetadata(FACTS, wishes)
  t.like(chosen, { serviceProviderName: 'Other', profileName: 'Another', iconType: 'png' })
  t.deepEqual(normal(profileOwner), { mccMnc: '325410', gid1: '0A', gid2: '' })
  t.is(importedMetadata(FACTS, { icon: JPEG }).iconType, 'jpg')
})

test('an owner without group identifiers keeps those of the package', (t) => {
  const facts = readPackage(foreignPackage({ operator: { gid1: hex('0A') } }))
  const { profileOwner } = importedMetadata(facts, { profileOwner: '234-15' })
  t.deepEqual(normal(profileOwner), { mccMnc: '32F451', gid1: '0A' })
})

for (const [title, wishes, field] of [
  ['a long provider name', { serviceProviderName: 'x'.repeat(33) }, 'serviceProviderName'],
  ['a long name', { profileName: 'x'.repeat(65) }, 'profileName'],
  ['an owner without MNC', { profileOwner: '001' }, 'profileOwner'],
  ['half an octet of gid1', { profileOwner: '001-01:0' }, 'profileOwner'],
  ['an icon that is none', { icon: hex('00') }, 'icon'],
  ['a large icon', { icon: concat(PNG, new Uint8Array(1000)) }, 'icon'],
] as const) {
  test(`refuses ${title}, naming it`, (t) => {
    const error = t.throws(() => importedMetadata(FACTS, wishes), { instanceOf: LabError })
    t.like(error, { code: 'badInput', field })
  })
}

test('rules need an owner', (t) => {
  const ownerless = { ...FACTS, owner: undefined }
  const error = t.throws(() => importedMetadata(ownerless, { profilePolicyRules: ['ppr2'] }), {
    instanceOf: LabError,
  })
  t.is(error?.field, 'profilePolicyRules')
  t.notThrows(() =>
    importedMetadata(ownerless, { profilePolicyRules: ['ppr2'], profileOwner: '001-01' }),
  )
})

test('our packages are what they were after they were read', (t) => {
  const { elements } = readPackage(UPP)
  const written = elements.map(({ element: read }) =>
    read.kind === 'other' ? read.raw : encodeElement(read),
  )
  t.is(toHex(concat(...written)), toHex(UPP))
})
