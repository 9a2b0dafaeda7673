import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { jsonFields, type JsonFields } from '../../src/base/json-fields.ts'

const file = (json: unknown) => jsonFields(json, { path: 'the file', isWhole: true })

const REFUSED: readonly (readonly [unknown, (fields: JsonFields) => unknown, string])[] = [
  [[], () => {}, 'the file: expected an object'],
  [{ b: 1 }, (of) => of.onlyFields(['a']), 'b: there is no such field; there are a'],
  [
    { mimBytes: 1 },
    (of) => of.onlyFields(['minBytes', 'a']),
    'mimBytes: there is no such field (minBytes?); there are minBytes, a',
  ],
  [{ a: { b: 3 } }, (of) => of.child('a').text('b', {}), 'a.b: expected text of 1 to 1000 octets'],
  [{ a: '' }, (of) => of.text('a', {}), 'a: expected text of 1 to 1000 octets'],
  [{ a: 'äö' }, (of) => of.text('a', { maxOctets: 3 }), 'a: expected text of 1 to 3 octets'],
  [{ a: 'b' }, (of) => of.text('a', { pattern: /^a$/, expected: 'an a' }), 'a: expected an a'],
  [{ a: 3 }, (of) => of.integer('a', { min: 1, max: 2 }), 'a: expected a whole number from 1 to 2'],
  [{ a: '1' }, (of) => of.integer('a', { min: 1, max: 1 }), 'a: expected 1'],
  [{ a: 'true' }, (of) => of.flag('a'), 'a: expected true, false'],
  [{ a: 'c' }, (of) => of.oneOf('a', ['a', 'b']), 'a: expected a, b'],
  [{ a: ['a', 'c'] }, (of) => of.choices('a', ['a', 'b']), 'a[1]: expected a, b'],
  [{ a: [] }, (of) => of.choices('a', ['a']), 'a: expected some of a'],
  [{ a: [] }, (of) => of.texts('a', {}), 'a: expected a list that is not empty'],
  [{ a: {} }, (of) => of.list('a', () => {}), 'a: expected a list'],
]

for (const [json, read, message] of REFUSED) {
  test(`${JSON.stringify(json)} is refused: ${message}`, (t) => {
    const error = t.throws(() => read(file(json)), { instanceOf: LabError, message })
    t.is(error?.code, 'badInput')
    t.is(error?.field, message.split(':')[0])
  })
}

test('fields are given as they stand, and nothing for those that are not there', (t) => {
  const fields = file({ a: '', b: false, c: ['x', 'y'], d: 7 })
  t.is(fields.text('a', { pattern: /^$/ }), '')
  t.false(fields.flag('b'))
  t.deepEqual(fields.texts('c', {}), ['x', 'y'])
  t.is(fields.integer('d', { min: 7, max: 9 }), 7)
  t.is(fields.flag('e'), undefined)
  t.is(
    fields.maybe('e', () => fields.text('e', {})),
    undefined,
  )
})
