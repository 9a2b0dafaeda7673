import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { amountOf } from '../../src/cli/amounts.ts'
import { isNumber } from '../../src/cli/subscriber.ts'

test('amounts are read from any keyboard', (t) => {
  const cases: readonly (readonly [typed: string, bytes: bigint])[] = [
    ['5GB', 5_000_000_000n],
    ['1,5GB', 1_500_000_000n],
    ['1.5 ГБ', 1_500_000_000n],
    ['500мб', 500_000_000n],
    ['1ГиБ', 2n ** 30n],
    ['３００ＭＢ', 300_000_000n],
    ['0,125GB', 125_000_000n],
    ['1000', 1000n],
  ]
  for (const [typed, bytes] of cases) t.is(amountOf(typed), bytes, typed)
  t.is(amountOf('1ГБ', { gigabyteBytes: 2 ** 30 }), 2n ** 30n)
})

test('what may be read in two ways, or in none, is refused', (t) => {
  for (const typed of ['1,500MB', '12,345GB']) {
    const error = t.throws(() => amountOf(typed), { instanceOf: LabError })
    t.is(error?.reason, 'ambiguousAmount', typed)
  }
  for (const typed of [
    '1e3',
    '-1GB',
    'GB',
    '1,GB',
    ',5GB',
    '1,2,3GB',
    '0.5',
    '0,5',
    '9999999TB',
    '',
  ])
    t.throws(() => amountOf(typed), { instanceOf: LabError }, typed)
})

test('a number is known from a phone by having no letter', (t) => {
  for (const number of ['70002200001', '+7 916 123-45-67', '+7(916)1234567', '8 (916) 123 45 67'])
    t.true(isNumber(number), number)
  for (const phone of ['p1', 'my-phone', '7a', '-1', '']) t.false(isNumber(phone), phone)
})
