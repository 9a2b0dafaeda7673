import test from 'ava'
import { showAmount } from '../../src/operator/messages/amounts.ts'
import { loadOperators } from '../../src/operator/operators.ts'
import {
  amountFromJson,
  amountFromText,
  amountToJson,
  formatAmount,
  GIBIBYTE_BYTES,
} from '../../src/operator/amount.ts'

for (const [value, bytes] of [
  [0, 0n],
  [5_000_000_000, 5_000_000_000n],
  ['1000', 1000n],
  ['1125899906842624', 2n ** 50n],
] as const) {
  test(`reads ${JSON.stringify(value)} in JSON`, (t) => t.is(amountFromJson(value, 'x'), bytes))
}

for (const value of [
  -1,
  1.5,
  NaN,
  Infinity,
  2 ** 53,
  2 ** 50 + 1,
  '1125899906842625',
  '-1',
  '1e3',
  '1.0',
  '٣',
  '',
  '007',
  5n,
  null,
]) {
  test(`refuses ${typeof value} ${String(value)} in JSON`, (t) => {
    t.like(
      t.throws(() => amountFromJson(value, 'x')),
      { code: 'badInput', field: 'x' },
    )
  })
}

test('writes numbers as long as they are exact, then text', (t) => {
  t.is(amountToJson(2n ** 53n - 1n), Number.MAX_SAFE_INTEGER)
  t.is(amountToJson(2n ** 53n), '9007199254740992')
})

for (const [text, bytes] of [
  ['1000', 1000n],
  ['0', 0n],
  ['5GB', 5_000_000_000n],
  ['300 MB', 300_000_000n],
  ['1 GiB', 2n ** 30n],
  ['1.5gb', 1_500_000_000n],
  ['0.001 KB', 1n],
  ['7 B', 7n],
  ['1024 TiB', 2n ** 50n],
] as const) {
  test(`reads ${text}`, (t) => t.is(amountFromText(text), bytes))
}

for (const text of [
  '',
  'GB',
  '5 XB',
  '-5 GB',
  '1.5 B',
  '0.0001 KB',
  '1025 TiB',
  '1e3 MB',
  '٣ GB',
  '5 GB 3',
]) {
  test(`reads no part of a byte and nothing odd: "${text}"`, (t) => {
    t.like(
      t.throws(() => amountFromText(text)),
      { code: 'badInput', field: 'amount' },
    )
  })
}

test('follows the operator whose gigabyte is 2^30', (t) => {
  t.is(amountFromText('1 GB', { gigabyteBytes: GIBIBYTE_BYTES }), 2n ** 30n)
  t.is(formatAmount(2n ** 30n, GIBIBYTE_BYTES), '1 GB')
})

for (const [bytes, text] of [
  [0n, '0 bytes'],
  [1n, '1 byte'],
  [999n, '999 bytes'],
  [1500n, '1.5 KB'],
  [20_000_000_000n, '20 GB'],
  [20_000_000_001n, '20000000001 bytes (about 20 GB)'],
  [1_999_999_999n, '1999999999 bytes (about 1.999 GB)'],
  [1_234_000n, '1.234 MB'],
] as const) {
  test(`writes ${bytes} as ${text}`, (t) => t.is(formatAmount(bytes), text))
}

test('what is left of an unlimited package reads as unlimited, at the shell and in messages', (t) => {
  const { tariff, gigabyteBytes } = loadOperators().get('beeline')
  const { amountBytes } = tariff.packages.find(({ id }) => id === 'beeline-gift-1')!
  t.is(amountBytes, 2n ** 50n)
  for (const left of [amountBytes, amountBytes - 300n * 2n ** 30n]) {
    t.is(formatAmount(left, gigabyteBytes), 'unlimited')
    t.is(showAmount(left, { language: 'ru', gigabyteBytes }), 'безлимит')
  }
  t.not(formatAmount(2n ** 49n - 1n, gigabyteBytes), 'unlimited')
})
