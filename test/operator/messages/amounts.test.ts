import test from 'ava'
import fc from 'fast-check'
import { GIBIBYTE_BYTES, GIGABYTE_BYTES } from '../../../src/operator/amount.ts'
import {
  readAmount,
  readWholeAmount,
  showAmount,
  writeAmount,
  type AmountRefusal,
} from '../../../src/operator/messages/amounts.ts'
import { normaliseMessage } from '../../../src/operator/messages/normalise.ts'
import { LANGUAGES } from '../../../src/operator/messages/texts/languages.ts'

const MB = 1_000_000n
const GB = 1_000_000_000n
const MIB = 2n ** 20n
const GIB = 2n ** 30n

/** What is written, and its bytes with decimal and with binary gigabytes of the operator. */
const AMOUNTS: readonly (readonly [string, bigint, bigint])[] = [
  ['500MB', 500n * MB, 500n * MIB],
  ['500 mb', 500n * MB, 500n * MIB],
  ['500 Mb', 500n * MB, 500n * MIB],
  ['500M', 500n * MB, 500n * MIB],
  ['500 МБ', 500n * MB, 500n * MIB],
  ['500мб', 500n * MB, 500n * MIB],
  ['500 МB', 500n * MB, 500n * MIB],
  ['500 МВ', 500n * MB, 500n * MIB],
  ['500 мегабайт', 500n * MB, 500n * MIB],
  ['500 megabytes', 500n * MB, 500n * MIB],
  ['500兆', 500n * MB, 500n * MIB],
  ['500 MiB', 500n * MIB, 500n * MIB],
  ['500 МиБ', 500n * MIB, 500n * MIB],
  ['1GB', GB, GIB],
  ['1 ГБ', GB, GIB],
  ['1Г', GB, GIB],
  ['1G', GB, GIB],
  ['2 гигабайта', 2n * GB, 2n * GIB],
  ['2 gigs', 2n * GB, 2n * GIB],
  ['1 GiB', GIB, GIB],
  ['1 ГиБ', GIB, GIB],
  ['1吉字节', GB, GIB],
  ['1.5 GB', 1_500_000_000n, (3n * GIB) / 2n],
  ['1,5 ГБ', 1_500_000_000n, (3n * GIB) / 2n],
  ['0.5 GB', GB / 2n, GIB / 2n],
  ['0,125 ГБ', GB / 8n, GIB / 8n],
  ['1500 MB', 1500n * MB, 1500n * MIB],
  ['1 500 MB', 1500n * MB, 1500n * MIB],
  ['５００ＭＢ', 500n * MB, 500n * MIB],
  ['1 TB', 1000n * GB, 1024n * GIB],
]

test('amounts are read in every usual form, with the meaning that the operator gives to GB', (t) => {
  for (const [text, decimalBytes, binaryBytes] of AMOUNTS) {
    const normal = normaliseMessage(text)
    const read = (gigabyteBytes: number) => readAmount(normal, { gigabyteBytes })
    t.deepEqual(read(GIGABYTE_BYTES), { ok: true, amountBytes: decimalBytes }, text)
    t.deepEqual(read(GIBIBYTE_BYTES), { ok: true, amountBytes: binaryBytes }, text)
  }
})

const REFUSED: readonly (readonly [string, AmountRefusal])[] = [
  ['500', 'unitMissing'],
  ['1.5', 'unitMissing'],
  ['500 XB', 'unknownUnit'],
  ['500 KB', 'unknownUnit'],
  ['500 B', 'unknownUnit'],
  ['500 minutes', 'unknownUnit'],
  ['500 GBP', 'unknownUnit'],
  ['5² MB', 'badAmount'],
  ['-5 MB', 'negativeAmount'],
  ['−5 MB', 'negativeAmount'],
  ['- 5 MB', 'negativeAmount'],
  ['-0.5GB', 'negativeAmount'],
  ['0 MB', 'zeroAmount'],
  ['0.00 GB', 'zeroAmount'],
  ['0.0000001 MB', 'fractionalBytes'],
  ['1.0000000001 GB', 'fractionalBytes'],
  ['1e3 MB', 'badAmount'],
  ['1e3', 'badAmount'],
  ['0x10 MB', 'badAmount'],
  ['NaN MB', 'badAmount'],
  ['Infinity GB', 'badAmount'],
  ['+5 MB', 'badAmount'],
  ['.5 GB', 'badAmount'],
  ['5. GB', 'badAmount'],
  ['1.2.3 GB', 'badAmount'],
  ['0500 MB', 'badAmount'],
  ['٥ MB', 'badAmount'],
  ['MB', 'badAmount'],
  ['', 'badAmount'],
  ['1,500 MB', 'ambiguousAmount'],
  ['1.500 GB', 'ambiguousAmount'],
  ['5GB 6GB', 'ambiguousAmount'],
  ['5 GB 500 MB', 'ambiguousAmount'],
  ['5GB500MB', 'badAmount'],
  ['99999999999 GB', 'amountTooLarge'],
  ['1125899.906842625 GB', 'amountTooLarge'],
]

test('what is no amount is refused with its reason', (t) => {
  for (const [text, expected] of REFUSED) {
    const read = readAmount(normaliseMessage(text), { gigabyteBytes: GIGABYTE_BYTES })
    t.deepEqual(read, { ok: false, reason: expected }, text)
  }
})

test('the largest amount is 2^50 bytes', (t) => {
  const options = { gigabyteBytes: GIGABYTE_BYTES }
  t.deepEqual(readAmount('1125899.906842624 GB', options), { ok: true, amountBytes: 2n ** 50n })
})

test('a bare amount is a whole number of the unit that the grammar fixes', (t) => {
  const options = { unit: 'GB', gigabyteBytes: GIBIBYTE_BYTES } as const
  t.deepEqual(readWholeAmount('5', options), { ok: true, amountBytes: 5n * GIB })
  t.deepEqual(readWholeAmount('5', { ...options, unit: 'MB' }), { ok: true, amountBytes: 5n * MIB })
  for (const [text, reason] of [
    ['1.5', 'badAmount'],
    ['05', 'badAmount'],
    ['5GB', 'badAmount'],
    ['1e3', 'badAmount'],
    ['', 'badAmount'],
    ['-5', 'negativeAmount'],
    ['0', 'zeroAmount'],
    ['99999999', 'amountTooLarge'],
  ] as const) {
    t.deepEqual(readWholeAmount(text, options), { ok: false, reason }, text)
  }
})

test('an amount that is written for a command is read as the same bytes', (t) => {
  const formats = fc.record({
    language: fc.constantFrom(...LANGUAGES),
    gigabyteBytes: fc.constantFrom(GIGABYTE_BYTES, GIBIBYTE_BYTES),
  })
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 50n }), formats, (amountBytes, format) => {
      const text = normaliseMessage(writeAmount(amountBytes, format))
      t.deepEqual(readAmount(text, format), { ok: true, amountBytes }, text)
    }),
    { examples: [[1_234_000n, { language: 'en', gigabyteBytes: GIGABYTE_BYTES }]] },
  )
})

test('an amount that is shown is never more than it is, and marked when it is less', (t) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 49n - 1n }), (amountBytes) => {
      const shown = showAmount(amountBytes, { language: 'en', gigabyteBytes: GIGABYTE_BYTES })
      if (shown.endsWith(' B')) {
        t.is(shown, `${amountBytes} B`)
        return
      }
      const read = readAmount(normaliseMessage(shown.replace('~', '')), {
        gigabyteBytes: GIGABYTE_BYTES,
      })
      t.true(read.ok && read.amountBytes <= amountBytes)
      t.is(read.ok && read.amountBytes === amountBytes, !shown.startsWith('~'))
    }),
  )
})
