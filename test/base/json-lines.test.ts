import test from 'ava'
import fc from 'fast-check'
import { lineOfField } from '../../src/base/json-lines.ts'

const TEXT = `{
  "a": "x, \\"}{ y",
  "b": [
    1,
    { "c": {}, "d": [ [], "]" ],
      "e": true }
  ],
  "f": { "g": -1.5e3
  }
}`

for (const [path, line] of Object.entries({
  a: 2,
  b: 3,
  'b[0]': 4,
  'b[1]': 5,
  'b[1].c': 5,
  'b[1].d[1]': 5,
  'b[1].e': 6,
  f: 8,
  'f.g': 8,
  'f.missing': 8,
  'b[7]': 3,
  missing: 1,
})) {
  test(`${path} is in line ${line}`, (t) => t.is(lineOfField(TEXT, path), line))
}

test('any field of any JSON is found in the line of its value', (t) => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.jsonValue()), (json) => {
      for (const name of Object.keys(json)) {
        const before = { ...json, [name]: 'the value that is looked for, which nothing else is' }
        const text = JSON.stringify(before, undefined, 1)
        const lines = text.split('\n')
        const expected = lines.findIndex((line) => line.includes('the value that is looked for'))
        t.is(lineOfField(text, name), expected + 1)
      }
    }),
    { seed: 5 },
  )
})
