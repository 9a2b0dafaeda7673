import test from 'ava'
import fc from 'fast-check'
import { bcdToDigits, iccidFromOctets, imsiFromOctets } from '../../src/base/bcd.ts'
import { LabError } from '../../src/base/errors.ts'
import { hex, toHex } from '../../src/base/octets.ts'
import { readProfileElements, type ProfileElement } from '../../src/profile/elements.ts'
import { fileContent } from '../../src/profile/file.ts'
import { findingLine, lintPackage } from '../../src/profile/lint/index.ts'
import { profileMetadata } from '../../src/profile/metadata.ts'
import {
  OTA_KEY_NAMES,
  type OperatorProfile,
  type OtaKeys,
  type ProfileSubscriber,
} from '../../src/profile/subscriber.ts'
import { personalOctets } from '../../src/profile/subscriber-values.ts'
import { createProfileTemplate, personalise } from '../../src/profile/template.ts'
import { OPERATOR, SUBSCRIBER, subscribers, valueOf } from './helper.ts'

const template = createProfileTemplate({ operator: OPERATOR })

/** What a package says of its subscriber, read back by the declarations alone. */
function subscriberOf(upp: Uint8Array): ProfileSubscriber & {
  readonly headerIccid: string
  readonly acc: string
  readonly impi: string
  readonly impus: readonly string[]
} {
  const elements = readProfileElements(upp)
  const { algoParameter } = valueOf(elements, 'akaParameter').algoConfiguration
  const [pin1, adm1, pin2] = elements.flatMap((element) =>
    element.kind === 'pinCodes' ? (element.value.pinCodes.pinconfig ?? []) : [],
  )
  const [puk1, puk2] = valueOf(elements, 'pukCodes').pukCodes
  const usim = valueOf(elements, 'usim')
  const isim = valueOf(elements, 'isim')
  const number = fileContent(valueOf(elements, 'optUsim').efMsisdn ?? []).subarray(10)
  return {
    headerIccid: toHex(valueOf(elements, 'header').iccid).replace(/F*$/, ''),
    iccid: iccidFromOctets(fileContent(valueOf(elements, 'mf').efIccid)) ?? '',
    imsi: imsiFromOctets(fileContent(usim.efImsi)) ?? '',
    acc: toHex(fileContent(usim.efAcc)),
    msisdn: bcdToDigits(number.subarray(2, 1 + (number[0] ?? 0))) ?? '',
    impi: identityIn(fileContent(isim.efImpi)),
    impus: [0, 80, 160].map((at) => identityIn(fileContent(isim.efImpu).subarray(at))),
    ki: algoParameter?.key ?? hex(''),
    opc: algoParameter?.opc ?? hex(''),
    pin1: codeOf(pin1?.pinValue),
    pin2: codeOf(pin2?.pinValue),
    puk1: codeOf(puk1?.pukValue),
    puk2: codeOf(puk2?.pukValue),
    adm1: codeOf(adm1?.pinValue),
    otaKeys: otaKeysOf(elements),
  }
}

function identityIn(field: Uint8Array): string {
  return Buffer.from(field.subarray(2, 2 + (field[1] ?? 0))).toString('utf8')
}

function otaKeysOf(elements: readonly ProfileElement[]): OtaKeys {
  const keys = elements.flatMap((element) =>
    element.kind === 'securityDomain'
      ? (element.value.keyList ?? []).flatMap(({ keyComponents }) =>
          keyComponents.map(({ keyData }) => keyData),
        )
      : [],
  )
  return Object.fromEntries(OTA_KEY_NAMES.map((name, at) => [name, keys[at]])) as OtaKeys
}

function codeOf(octets: Uint8Array | undefined): string {
  return Buffer.from(octets ?? [])
    .toString('latin1')
    .replace(/\xff*$/, '')
}

test('a personalised package says of the subscriber exactly what was put in', (t) => {
  fc.assert(
    fc.property(subscribers, (subscriber) => {
      const { headerIccid, acc, impi, impus, ki, opc, otaKeys, ...digits } = subscriberOf(
        personalise(template, subscriber),
      )
      const { ki: kiIn, opc: opcIn, otaKeys: otaKeysIn, ...digitsIn } = subscriber
      t.deepEqual(digits, digitsIn)
      for (const name of OTA_KEY_NAMES) t.is(toHex(otaKeys[name]), toHex(otaKeysIn[name]), name)
      const domain = 'ims.mnc001.mcc001.3gppnetwork.org'
      t.is(impi, `${subscriber.imsi}@${domain}`)
      t.deepEqual(impus, [
        `sip:${subscriber.imsi}@${domain}`,
        `sip:+${subscriber.msisdn}@${domain}`,
        `tel:+${subscriber.msisdn}`,
      ])
      t.is(headerIccid, subscriber.iccid)
      t.is(toHex(ki), toHex(kiIn))
      t.is(toHex(opc), toHex(opcIn))
      t.is(parseInt(acc, 16), 2 ** Number(subscriber.imsi.at(-1)))
    }),
    { numRuns: 200 },
  )
})

test('only the subscriber’s own octets differ from the template', (t) => {
  const upp = personalise(template, SUBSCRIBER)
  t.is(upp.length, template.octets.length)
  const own = new Set(
    template.places.flatMap(({ name, offset }) =>
      Array.from({ length: personalOctets(name, OPERATOR) }, (_, index) => offset + index),
    ),
  )
  t.is(template.places.length, 22)
  const changed = [...upp.keys()].filter((at) => upp[at] !== template.octets[at])
  t.deepEqual(
    changed.filter((at) => !own.has(at)),
    [],
  )
})

test('the template is not changed by personalising it', (t) => {
  const before = toHex(template.octets)
  personalise(template, SUBSCRIBER)
  t.is(toHex(template.octets), before)
})

test('the filler F of an ICCID makes no difference', (t) => {
  const withFiller = { ...SUBSCRIBER, iccid: `${SUBSCRIBER.iccid}F` }
  t.is(toHex(personalise(template, withFiller)), toHex(personalise(template, SUBSCRIBER)))
})

test('a filler makes the package as much longer', (t) => {
  for (const fillerOctets of [1, 200, 11_000, 65_535]) {
    const { octets } = createProfileTemplate({ operator: OPERATOR, fillerOctets })
    const more = octets.length - template.octets.length - fillerOctets
    t.true(more > 0 && more < 60, `${more}`)
  }
})

for (const fillerOctets of [-1, 1.5, 65_536, Number.NaN]) {
  test(`refuses a filler of ${fillerOctets} octets`, (t) => {
    const error = t.throws(() => createProfileTemplate({ operator: OPERATOR, fillerOctets }), {
      instanceOf: LabError,
    })
    t.is(error?.field, 'fillerOctets')
  })
}

const REFUSED_SUBSCRIBERS: readonly (readonly [keyof ProfileSubscriber, string | Uint8Array])[] = [
  ['iccid', '89001123456789012'],
  ['iccid', '890011234567890123456'],
  ['iccid', '89001123456789012A4'],
  ['imsi', '00101'],
  ['imsi', '0010101234567890'],
  ['imsi', '262010123456789'],
  ['msisdn', '+491701234567'],
  ['msisdn', ''],
  ['ki', hex('00')],
  ['opc', hex('00'.repeat(17))],
  ['pin1', '123'],
  ['pin1', '12ab'],
  ['puk1', '1234567'],
  ['adm1', '123456789'],
  ['pin2', '1'],
  ['puk2', '123456789'],
]

for (const [field, value] of REFUSED_SUBSCRIBERS) {
  const shown = typeof value === 'string' ? `“${value}”` : `${value.length} octets`
  test(`refuses a subscriber whose ${field} is ${shown}, without repeating it`, (t) => {
    const error = t.throws(() => personalise(template, { ...SUBSCRIBER, [field]: value }), {
      instanceOf: LabError,
    })
    t.is(error?.code, 'badInput')
    t.is(error?.field, field)
    if (typeof value === 'string' && value.length > 3) t.false(error?.message.includes(value))
  })
}

for (const [field, value] of [
  ['mcc', '01'],
  ['mnc', '1'],
  ['serviceProviderName', ''],
  ['profileName', 'x'.repeat(65)],
  ['icon', { type: 'png', octets: new Uint8Array(1025) }],
] as const) {
  test(`refuses an operator whose ${field} no card could take`, (t) => {
    const operator = { ...OPERATOR, [field]: value }
    const error = t.throws(() => createProfileTemplate({ operator }), { instanceOf: LabError })
    t.is(error?.field, field)
  })
}

function spn(serviceProviderName: string): string {
  const { octets } = createProfileTemplate({ operator: { ...OPERATOR, serviceProviderName } })
  return toHex(fileContent(valueOf(readProfileElements(octets), 'usim').efSpn))
}

test('the service provider’s name is cut to EF.SPN, and is UCS2 where it must be', (t) => {
  t.is(spn('Lab'), `004C6162${'FF'.repeat(13)}`)
  t.is(spn('A name of more than 16'), `00${toHex(Buffer.from('A name of more t'))}`)
  t.is(spn('Čez'), `0080010C0065007A${'FF'.repeat(9)}`)
  t.is(spn('ČČČČČČČČČ'), `0080${'010C'.repeat(7)}FF`)
})

test('EF.AD says how long the MNC is', (t) => {
  const operator = { ...OPERATOR, mcc: '310', mnc: '410' }
  const { octets } = createProfileTemplate({ operator })
  const { efAd = [] } = valueOf(readProfileElements(octets), 'usim')
  t.is(toHex(fileContent(efAd)), '00000003')
})

test('the metadata agree with the operator and the ICCID', (t) => {
  const operator = {
    ...OPERATOR,
    profileClass: 'test' as const,
    gid1: hex('01'),
    icon: { type: 'png' as const, octets: hex('89504E47') },
  }
  const metadata = profileMetadata(createProfileTemplate({ operator }), {
    iccid: SUBSCRIBER.iccid,
    notificationAddress: 'smdp.example',
  })
  t.deepEqual(
    { ...metadata, iccid: toHex(metadata.iccid), profileOwner: undefined },
    {
      iccid: '980011325476981032F4',
      serviceProviderName: 'Lab Mobile',
      profileName: 'Lab Mobile prepaid',
      iconType: 'png',
      icon: operator.icon.octets,
      profileClass: 'test',
      profileOwner: undefined,
      notificationAddresses: ['smdp.example'],
    },
  )
  t.is(toHex(metadata.profileOwner?.mccMnc ?? hex('')), '00F110')
  t.is(metadata.profileOwner?.gid1, operator.gid1)
  t.false('gid2' in (metadata.profileOwner ?? {}))
})

function optionalFile(
  operator: OperatorProfile,
  field: 'efPnn' | 'efSpdi' | 'efHplmnwact' | 'efEhplmn',
): string {
  const { octets } = createProfileTemplate({ operator })
  const file = valueOf(readProfileElements(octets), 'optUsim')[field]
  return file ? toHex(fileContent(file)) : 'absent'
}

test('names and networks stand in the files that have them, and files for nothing are left out', (t) => {
  const plmns = {
    display: [{ mcc: '250', mnc: '01' }],
    equivalentHome: [{ mcc: '310', mnc: '410' }],
  }
  const operator = { ...OPERATOR, networkName: { full: 'MTS' }, plmns }
  // 3GPP TS 24.008 §10.5.3.5a: three letters in 21 bits, three bits to spare.
  t.is(optionalFile(operator, 'efPnn'), '4304834DEA14')
  t.is(optionalFile(operator, 'efSpdi'), 'A305800352F010')
  t.is(optionalFile(operator, 'efEhplmn'), '130014')
  t.is(optionalFile(OPERATOR, 'efHplmnwact'), '00F110C880')
  for (const field of ['efPnn', 'efSpdi', 'efEhplmn'] as const) {
    t.is(optionalFile(OPERATOR, field), 'absent', field)
  }
})

const RICH_OPERATOR: OperatorProfile = {
  ...OPERATOR,
  gid1: hex('01'),
  gid2: hex('02'),
  languages: ['en', 'zh'],
  smsc: '491710000000',
  networkName: { full: 'Мобильная связь', short: 'МобСвязь' },
  plmns: {
    home: [{ mcc: '001', mnc: '01', access: ['ngran'] }],
    equivalentHome: [{ mcc: '001', mnc: '02' }],
    operator: [{ mcc: '250', mnc: '01', access: ['eutran', 'gsm'] }],
    forbidden: [{ mcc: '250', mnc: '02' }],
    display: [{ mcc: '001', mnc: '02' }],
  },
}

for (const [name, operator] of [
  ['nothing but a name', OPERATOR],
  ['empty lists', { ...OPERATOR, plmns: { home: [], operator: [], equivalentHome: [] } }],
  ['every list', RICH_OPERATOR],
] as const) {
  test(`the package of an operator with ${name} has a file for each service, and room for each list`, (t) => {
    const findings = lintPackage(personalise(createProfileTemplate({ operator }), SUBSCRIBER))
    const told = findings.filter(({ severity }) => severity !== 'note').map(findingLine)
    t.deepEqual(told, [])
  })
}

test('entries that a list has room for are unused, and so is a service centre that nobody knows', (t) => {
  const elements = readProfileElements(createProfileTemplate({ operator: RICH_OPERATOR }).octets)
  const { efFplmn = [] } = valueOf(elements, 'usim')
  const { efOplmnwact = [] } = valueOf(elements, 'optUsim')
  t.is(toHex(fileContent(efFplmn)), `52F020${'FFFFFF'.repeat(3)}`)
  t.is(toHex(fileContent(efOplmnwact)), `52F0104080${'FFFFFF0000'.repeat(7)}`)
  const asTheTemplateMakesIt: readonly unknown[] = []
  t.deepEqual(valueOf(readProfileElements(template.octets), 'usim').efSmsp, asTheTemplateMakesIt)
})

// 3GPP TS 31.103 §4.2.7: service 8 is SM over IP, the highest bit of the first octet.
test('the ISIM says that short messages go over IP', (t) => {
  const { efIst } = valueOf(readProfileElements(template.octets), 'isim')
  t.is(toHex(fileContent(efIst)), `80${'00'.repeat(13)}`)
})

test('an operator with TUAK has its keys, and its package says so', (t) => {
  const operator: OperatorProfile = {
    ...OPERATOR,
    algorithm: { kind: 'tuak', keyOctets: 32, keccakIterations: 2, resOctets: 16 },
  }
  const tuak = createProfileTemplate({ operator })
  const secrets = { ki: new Uint8Array(32).fill(1), opc: new Uint8Array(32).fill(2) }
  const elements = readProfileElements(personalise(tuak, { ...SUBSCRIBER, ...secrets }))
  const { eUICCMandatoryServices: services } = valueOf(elements, 'header')
  t.true('tuak256' in services && !('milenage' in services))
  const { algoParameter } = valueOf(elements, 'akaParameter').algoConfiguration
  t.is(algoParameter?.algorithmID, 'tuak')
  t.is(toHex(algoParameter?.opc ?? hex('')), '02'.repeat(32))
  t.is(algoParameter?.numberOfKeccak, 2)
  t.throws(() => personalise(tuak, SUBSCRIBER), { message: /ki must be 32 octets/ })
})

for (const calculatedBy of ['usim', 'device'] as const) {
  test(`keys for SUCIs lie where the ${calculatedBy} finds them, and EF.UST says who calculates`, (t) => {
    const key = { keyId: 27, scheme: 'profileB' as const, publicKey: new Uint8Array(33).fill(3) }
    const operator = { ...OPERATOR, suci: { calculatedBy, routingIndicator: '17', keys: [key] } }
    const elements = readProfileElements(createProfileTemplate({ operator }).octets)
    const services = toHex(fileContent(valueOf(elements, 'usim').efUst)).slice(-4)
    const inUsim = elements.find(({ kind }) => kind === 'dfSaip')
    const df5gs = valueOf(elements, 'df5gs')
    const information = `A0020201A12680011B8121${'03'.repeat(33)}`
    t.is(services, calculatedBy === 'usim' ? '1E00' : '0E00')
    t.is(toHex(fileContent(df5gs.efRoutingIndicator ?? [])), '71FFFFFF')
    if (calculatedBy === 'usim') {
      t.true(
        inUsim?.kind === 'dfSaip' &&
          toHex(fileContent(inUsim.value.efSuciCalcInfoUsim ?? [])) === information,
      )
      t.is(df5gs.efSuciCalcInfo, undefined)
    } else {
      t.is(inUsim, undefined)
      t.is(toHex(fileContent(df5gs.efSuciCalcInfo ?? [])), information)
    }
  })
}
