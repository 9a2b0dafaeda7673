import test from 'ava'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  LAB_OPERATOR_FILE,
  loadOperatorFile,
  parseOperatorFile,
} from '../../src/operator/operator-file.ts'

import { loadOperators } from '../../src/operator/operators.ts'
import { temporaryDirectory } from '../helpers/lab.ts'

type Json = Record<string, unknown>

function labJson(): Json {
  return JSON.parse(readFileSync(LAB_OPERATOR_FILE, 'utf8')) as Json
}

test('reads the neutral operator', (t) => {
  t.like(loadOperatorFile(), {
    id: 'lab',
    plmn: { mcc: '001', mnc: '01' },
    gigabyteBytes: 1_000_000_000,
    plan: {
      id: 'lab-20',
      name: 'Lab 20',
      amountBytes: 20_000_000_000n,
      validDays: 30,
      giftable: true,
    },
    country: 'ZZ',
    timeZone: 'UTC',
    currency: { code: 'XTS', minorDigits: 2 },
    gifting: { service: 'direct', minBytes: 1n, validity: { kind: 'keepSource' }, regift: true },
  })
})

for (const [path, value] of [
  ['id', 'Not A Name'],
  ['name', undefined],
  ['plmn.mcc', '1'],
  ['plmn.mnc', 1],
  ['languages', []],
  ['languages[0]', [7]],
  ['ranges.iccid.digits', 20],
  ['ranges.imsi.prefix', '0010100000000000'],
  ['ranges.imsi.prefix', '00102'],
  ['ranges.msisdn.prefix', '99901000000'],
  ['ranges.msisdn', null],
  ['units.gigabyteBytes', 10 ** 6],
  ['plans', []],
  ['plans[0].amount', '20 XB'],
  ['plans[0].amount', '0'],
  ['plans[0].validDays', 0],
  ['plans[0].giftable', 'yes'],
  ['plans[0].rollover', { percent: 100, periods: 1, giftable: false }],
  ['plans[0].fee', '1.999'],
  ['plans[0].surprise', 1],
  ['country', 'Russia'],
  ['timeZone', 'Mars/Olympus'],
  ['currency.code', 'rubles'],
  ['currency.minorDigits', 9],
  ['tariff.packages[0].price', 5],
  ['tariff.packages[0].for', 'everybody'],
  ['consumption', { origins: ['gift', 'gift'], source: 'x', trust: 'I' }],
  ['channels[0].kind', 'pigeon'],
  ['channels[2].grammars[0]', 'semaphore'],
  ['charging', { ratingGroups: [{ id: 2 ** 32, classes: ['general'] }] }],
  ['charging', { overage: { policy: 'charge', price: '0', per: '1 GB' } }],
  ['charging', { overage: { policy: 'block', price: '1' } }],
  ['regulation', { coolingAfterRoamingHours: { value: 0, source: 'x', trust: 'A' } }],
  ['texts', { '!': {} }],
  ['texts', { en: { noSuchText: 'x' } }],
  ['texts', { en: { usage: '{left} are left' } }],
  ['gifting', 'rules/nowhere.json'],
  ['gifting.minBytes', 5],
  ['gifting.minBytes.value', '0 MB'],
  ['gifting.minBytes.source', ''],
  ['gifting.minBytes.trust', 'E'],
  ['gifting.surprise', 5],
  ['regulation', { coolingAfterIdle: { value: { idleHours: 72 }, source: 'x', trust: 'B' } }],
  ['moneyTransfer', { max: { value: 150, source: 'x', trust: 'C' } }],
  ['moneyTransfer', { min: { value: '0', source: 'x', trust: 'C' } }],
  ['moneyTransfer', { max: { value: '5', source: 'x' } }],
  ['moneyTransfer', { fee: { value: '5', source: 'x', trust: 'C' } }],
  ['moneyTransfer', { gapMinutes: { value: 0, source: 'x', trust: 'C' } }],
  [
    'moneyTransfer',
    { code: { value: { digits: 2, withinMinutes: 5, tries: 3 }, source: 'x', trust: 'C' } },
  ],
  [
    'moneyTransfer',
    {
      min: { value: '10', source: 'x', trust: 'C' },
      max: { value: '9', source: 'x', trust: 'C' },
    },
  ],
  [
    'moneyTransfer',
    {
      min: { value: '10', source: 'x', trust: 'C' },
      senderDay: { value: '9', source: 'x', trust: 'C' },
    },
  ],
  ['profile.serviceProviderName', 'x'.repeat(33)],
  ['profile.profileOwner.mccMnc.mcc', 'abc'],
  ['surprise', 1],
] as const) {
  test(`refuses ${path} = ${JSON.stringify(value)?.slice(0, 60)}, naming it and what was expected`, (t) => {
    const json = labJson()
    put(json, { path: path.replace(/(?<!grammars)\[0\]$/, ''), value })
    const error = t.throws(() => parseOperatorFile(json))
    t.is(Reflect.get(error, 'code'), 'badInput')
    t.true(String(Reflect.get(error, 'field')).startsWith(path))
    t.true(error.message.includes(path))
  })
}

for (const json of [undefined, null, [], 'lab', 5]) {
  test(`refuses a file that is ${JSON.stringify(json)}`, (t) => {
    t.like(
      t.throws(() => parseOperatorFile(json)),
      { code: 'badInput' },
    )
  })
}

test('says in which line of which file what is wrong', (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'mine.json')
  const rules = { minBytes: { value: '5 XB', source: 'mine', trust: 'I' } }
  const write = (json: Json) => writeFileSync(path, JSON.stringify(json, undefined, 2))
  const { icon: _icon, ...profile } = labJson().profile as Json
  const json = { ...labJson(), profile }

  write({ ...json, country: 'Russia' })
  t.throws(() => loadOperatorFile(path), {
    message: `${path}, line 5: country: expected two letters such as "RU"`,
  })
  write({ ...json, gifting: 'rules.json' })
  writeFileSync(join(directory, 'rules.json'), JSON.stringify({ gifting: rules }, undefined, 2))
  t.throws(() => loadOperatorFile(path), {
    message: `${path}, rules.json, line 4: gifting.minBytes.value: expected an amount of data, such as "500 MB", "1 GB" or "unlimited", more than 0 bytes`,
  })
  t.throws(() => loadOperators({ ownDirectory: directory }), {
    message: /mine\.json, rules\.json, line 4/,
  })
  writeFileSync(path, '{\n  "id": "mine",\n}')
  t.throws(() => loadOperatorFile(path), { message: /mine\.json, which is not JSON: .*line 3/s })
})

test('says which file is missing', (t) => {
  t.like(
    t.throws(() => loadOperatorFile('/nowhere/operator.json')),
    { code: 'notFound' },
  )
})

function put(json: Json, change: { readonly path: string; readonly value: unknown }): void {
  const names = change.path.replaceAll('[', '.').replaceAll(']', '').split('.')
  const last = names.pop() as string
  const owner = names.reduce((at, name) => at[name] as Json, json)
  owner[last] = change.value
}
