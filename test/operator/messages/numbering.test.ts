import test from 'ava'
import fc from 'fast-check'
import { normaliseMessage } from '../../../src/operator/messages/normalise.ts'
import {
  formatNumber,
  maskNumber,
  numberingCountries,
  numberingPlan,
  readNumber,
} from '../../../src/operator/messages/numbering.ts'

/** Written forms of one number per country. */
const WRITTEN: Readonly<Record<string, readonly [msisdn: string, ...forms: string[]]>> = {
  RU: [
    '79161234567',
    '89161234567',
    '+79161234567',
    '79161234567',
    '9161234567',
    '+7 916 123 45 67',
    '8 (916) 123-45-67',
    '+7(916)123–45–67',
    '8-916-123-45-67',
    '８９１６１２３４５６７',
    '+7 916 123‑45‑67',
    '\u202a+7 916 123-45-67\u202c',
  ],
  CN: [
    '8613812345678',
    '13812345678',
    '+86 138 1234 5678',
    '8613812345678',
    '138-1234-5678',
    '008613812345678',
    '１３８１２３４５６７８',
  ],
  KE: [
    '254722000000',
    '0722000000',
    '+254722000000',
    '254 722 000 000',
    '722000000',
    '0722 000 000',
  ],
  PH: [
    '639171234567',
    '09171234567',
    '+63 917 123 4567',
    '639171234567',
    '9171234567',
    '0917-123-4567',
  ],
  ID: ['6281234567890', '081234567890', '+62 812-3456-7890', '6281234567890', '81234567890'],
  NG: ['2348091234567', '08091234567', '+234 809 123 4567', '2348091234567', '8091234567'],
  KR: ['821012345678', '010-1234-5678', '01012345678', '+82 10-1234-5678', '821012345678'],
  ZA: ['27821234567', '0821234567', '+27 82 123 4567', '082 123 4567', '27821234567'],
  JP: ['819012345678', '09012345678', '090-1234-5678', '+81 90-1234-5678', '819012345678'],
  ZZ: ['999010000001', '+999 01 000-00-01', '999010000001'],
}

for (const [country, [msisdn, ...forms]] of Object.entries(WRITTEN)) {
  test(`numbers of ${country} are read in every usual form`, (t) => {
    const plan = numberingPlan(country)
    for (const form of forms) {
      t.deepEqual(readNumber(normaliseMessage(form), plan), { ok: true, msisdn }, form)
    }
  })
}

test('every country that is known is in the table above', (t) => {
  t.deepEqual([...numberingCountries()].sort(), Object.keys(WRITTEN).sort())
})

const BAD: readonly (readonly [string, string])[] = [
  ['RU', '8916123456'],
  ['RU', '7916123456'],
  ['RU', '891612345678'],
  ['RU', '+7916123456'],
  ['RU', '-79161234567'],
  ['RU', '8916123456x'],
  ['RU', '8916.123.45.67'],
  ['RU', '8(916 123-45-67'],
  ['RU', '8916)1234567'],
  ['RU', '++79161234567'],
  ['RU', '+'],
  ['RU', ''],
  ['RU', '٨٩١٦١٢٣٤٥٦٧'],
  ['CN', '23812345678'],
  ['CN', '1381234567'],
  ['KE', '072200000'],
  ['KE', '+2540722000000'],
  ['PH', '0917123456'],
  ['ZZ', '010000001'],
  ['XX', '0722000000'],
  ['XX', '1234567'],
]

test('what is no number of the country is none', (t) => {
  for (const [country, text] of BAD) {
    t.deepEqual(readNumber(text, numberingPlan(country)), { ok: false, reason: 'badNumber' }, text)
  }
})

test('two numbers in one place are ambiguous', (t) => {
  const plan = numberingPlan('RU')
  for (const text of [
    '89161234567 89161234568',
    '+7 916 123 45 67 8 916 123 45 68',
    '89161234567,89161234568',
  ]) {
    t.deepEqual(readNumber(text, plan), { ok: false, reason: 'ambiguousNumber' }, text)
  }
})

test('a foreign number is read with a plus or as it is dialled, and stays foreign', (t) => {
  const plan = numberingPlan('RU')
  for (const text of ['+8613812345678', '8108613812345678', '+86 138 1234 5678']) {
    t.deepEqual(readNumber(text, plan), { ok: true, msisdn: '8613812345678' })
  }
})

test("a number of the operator's own range is read whatever its length", (t) => {
  const plan = numberingPlan('RU', [{ prefix: '7000', digits: 12 }])
  t.deepEqual(readNumber('700012345678', plan), { ok: true, msisdn: '700012345678' })
  t.false(readNumber('700012345678', numberingPlan('RU')).ok)
})

const MASKED: readonly (readonly [string, string, string])[] = [
  ['79161234567', '+7 916 123-45-67', '+7 916 ***-**-67'],
  ['8613812345678', '+86 138 1234 5678', '+86 138 **** **78'],
  ['254722000000', '+254 722 000 000', '+254 722 *** *00'],
  ['821012345678', '+82 10 1234 5678', '+82 10 **** **78'],
  ['999010000001', '+999 01 000-00-01', '+999 01 ***-**-01'],
  ['491701234567', '+491701234567', '+491*******67'],
  ['12345', '+12345', '+***45'],
]

test('numbers are shown whole to those who know them, and masked to the others', (t) => {
  for (const [msisdn, shown, masked] of MASKED) {
    t.is(formatNumber(msisdn), shown)
    t.is(maskNumber(msisdn), masked)
  }
})

test('what is shown is read as the same number, and a mask hides at least half of a national number', (t) => {
  const national = fc.constantFrom(
    ...Object.entries(WRITTEN).map(([country, [msisdn]]) => ({ country, msisdn })),
  )
  const end = fc.integer({ min: 0, max: 99_999 }).map((number) => String(number).padStart(5, '0'))
  fc.assert(
    fc.property(national, end, ({ country, msisdn }, digits) => {
      const number = msisdn.slice(0, -5) + digits
      t.deepEqual(readNumber(formatNumber(number), numberingPlan(country)), {
        ok: true,
        msisdn: number,
      })
      const masked = maskNumber(number)
      t.true(masked.replaceAll(/[^*]/g, '').length >= 4)
      t.is(masked.slice(-2), number.slice(-2))
    }),
  )
})

test('junk is no number, and never throws', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...numberingCountries(), 'XX'),
      (text, country) => {
        const read = readNumber(text, numberingPlan(country))
        t.true(!read.ok || /^[1-9]\d{6,14}$/.test(read.msisdn))
        t.is(typeof maskNumber(text), 'string')
      },
    ),
  )
})
