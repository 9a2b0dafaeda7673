import test, { type ExecutionContext } from 'ava'
import { z } from 'zod'
import { readingFor, requestReader } from '../../../src/http/api/reader.ts'
import { check, msisdn } from '../../../src/http/api/schemas.ts'
import { numberOf as resourceNumber } from '../../../src/http/tmf/resources.ts'
import { readNumberFor } from '../../../src/operator/reading-numbers.ts'
import { loadOperators } from '../../../src/operator/operators.ts'
import { LabError } from '../../../src/base/errors.ts'

const operators = loadOperators()
const nobody = { operators, account: () => undefined }
const read = (text: string, beside?: string) => readNumberFor(nobody, { text, field: 'to', beside })

/** A number of an operator that comes with the lab. */
function numberOf(id: string): string {
  const { prefix, digits } = operators.get(id).ranges.msisdn
  return prefix.padEnd(digits, '1')
}

const refusal = (t: ExecutionContext, work: () => unknown) =>
  t.throws(work, { instanceOf: LabError }) as LabError

test('a number is read as the country of whoever is concerned writes it', (t) => {
  for (const text of ['89161234567', '8 (916) 123-45-67', '+7 916 123-45-67', '9161234567']) {
    t.is(read(text, numberOf('t2')), '79161234567', text)
  }
  t.is(read('0916 123 4567', numberOf('smart')), '639161234567')
  t.is(read('0722 000000', numberOf('safaricom')), '254722000000')
  t.is(read('0722 000000', numberOf('vodacom')), '27722000000')
  t.is(read('13800138000', numberOf('china-mobile')), '8613800138000')
})

test('without anybody a number is read where only one country writes it so', (t) => {
  t.is(read('8 916 123-45-67'), '79161234567')
  t.is(read('79161234567'), '79161234567')
  t.is(read('4915112345678'), '4915112345678')
  for (const { id } of operators.list()) t.is(read(numberOf(id)), numberOf(id), id)
})

test('a number that may be several is refused, with all of them', (t) => {
  const error = refusal(t, () => read('0722000000'))
  t.like(error, { code: 'badInput', field: 'to', reason: 'ambiguousNumber' })
  t.true(error.message.includes('+27 72 200 0000 or +254 722 000 000'), error.message)
  t.like(
    refusal(t, () => read('0916')),
    { code: 'badInput', field: 'to', reason: undefined },
  )
})

test('the number of an account is never read as another', (t) => {
  const account = ((by: { msisdn: string }) =>
    by.msisdn === '89161234567' ? { operator: 'lab' } : undefined) as never
  const error = refusal(t, () =>
    readNumberFor({ operators, account }, { text: '89161234567', field: 'to' }),
  )
  t.is(error.reason, 'ambiguousNumber')
})

test('the first number of a request says where the others are written, in TMF654 as well', async (t) => {
  const reader = requestReader(nobody)
  const [from, to] = await readingFor(reader, async () => {
    const first = check(z.object({ msisdn }), { msisdn: `+${numberOf('smart')}` }).msisdn
    await Promise.resolve()
    return [first, resourceNumber({ id: '0916 123 4567' }, 'receiverLogicalResource')]
  })
  t.is(from, numberOf('smart'))
  t.is(to, '639161234567')
  const error = refusal(t, () =>
    readingFor(requestReader(nobody), () => check(z.object({ to: msisdn }), { to: '0722000000' })),
  )
  t.is(error.field, 'to')
  t.regex(error.message, /^to may be /)
})
