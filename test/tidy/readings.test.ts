import { existsSync } from 'node:fs'
import test from 'ava'
import { codesIn } from './markdown.ts'
import { textOf } from './repository.ts'

const PAGE = 'docs/interpretation-log.md'

interface Reading {
  readonly number: number
  readonly text: string
}

const READINGS: readonly Reading[] = textOf(PAGE)
  .split(/^### /m)
  .slice(1)
  .map((text) => ({ number: Number.parseInt(text, 10), text }))

test('readings of the specification are numbered as they stand on the page, each once', (t) => {
  t.true(READINGS.length > 100)
  t.deepEqual(
    READINGS.map(({ number }) => number),
    READINGS.map((_reading, at) => at + 1),
  )
})

test('every reading names tests that there are', (t) => {
  for (const { text } of READINGS) {
    const [, tests = ''] = /\bTest: (.*)$/m.exec(text) ?? []
    const names = codesIn(tests)
    t.true(names.length > 0 || tests === 'all of `refusals`.', text)
    for (const name of names) {
      const isThere = existsSync(`test/${name}.test.ts`) || existsSync(`test/${name}`)
      t.true(isThere, `${name}, of the reading ${text.split('\n')[0]}`)
    }
  }
})

test('a reading that sends the reader to another one sends them to one that there is', (t) => {
  const numbers = new Set(READINGS.map(({ number }) => number))
  const sent = READINGS.flatMap(({ text }) =>
    [...text.matchAll(/\bsee (\d+(?:(?:, | and )\d+)*)/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/\d+/g)].map(Number),
    ),
  )
  t.true(sent.length > 5)
  for (const number of sent) t.true(numbers.has(number), String(number))
})
