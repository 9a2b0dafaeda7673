/**
 * Holds the table of `docs/coverage.md` against the sequences that are tested. To write it anew:
 *
 *     ESIM_LAB_WRITE_COVERAGE=1 npx ava test/conformance/coverage.test.ts && npx prettier --write docs/coverage.md
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import test from 'ava'
import { CATALOGUE, nameOf, type Section } from './catalogue.ts'
import { recorder } from './harness.ts'

const PAGE = 'docs/coverage.md'
const HEADING = '## SGP.23 sequences'

/** Once for all: a file declares its sequences when it is imported, and then no more. */
let tested: Promise<ReadonlySet<string>> | undefined

async function readNames(): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  recorder.names = names
  for (const file of readdirSync(import.meta.dirname)) {
    const isSelf = file === basename(import.meta.filename)
    if (file.endsWith('.test.ts') && !isSelf) await import(`./${file}`)
  }
  recorder.names = undefined
  return names
}

function rowOf({ section, name, sequences, missing }: Section, names: ReadonlySet<string>) {
  const isTested = (at: number): boolean => names.has(nameOf(section, sequences[at]!))
  const labels = sequences.map(({ number, title, label }) =>
    number === '' ? (label ?? title) : number,
  )
  const done = labels.filter((_label, at) => isTested(at))
  const left = sequences.flatMap((one, at) => {
    const why = one.missing ?? missing ?? 'no test yet'
    return isTested(at) ? [] : [{ label: labels[at], why }]
  })
  const reasons = [...new Set(left.map(({ why }) => why))].map((why) => {
    const of = left.filter((one) => one.why === why).map(({ label }) => label)
    return `${of.join(', ')}: ${why}`
  })
  return [section, name, done.join(', '), reasons.join('; ')]
}

function rowsOfPage(page: string): string[][] {
  const part = page.split(`${HEADING}\n`)[1]?.split('\n## ')[0] ?? ''
  return part
    .split('\n')
    .filter((line) => line.startsWith('| 4.'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

test('the page says which sequences of SGP.23 are tested, and why others are not', async (t) => {
  const names = await (tested ??= readNames())
  t.true(names.size > 140)
  const rows = CATALOGUE.map((section) => rowOf(section, names))
  if (process.env['ESIM_LAB_WRITE_COVERAGE'] !== undefined) write(rows)
  t.deepEqual(rowsOfPage(readFileSync(PAGE, 'utf8')), rows)
})

test('what has a reason to be missing is not tested', async (t) => {
  const names = await (tested ??= readNames())
  for (const { section, sequences, missing } of CATALOGUE) {
    for (const one of sequences) {
      const why = one.missing ?? missing
      const name = nameOf(section, one)
      t.is(names.has(name), why === undefined, name)
    }
  }
})

const TEXT =
  'Sequences of SGP.23 for SM-DP+ and SM-DS, over HTTP, in both bindings and on both curves where that applies, by `test/conformance`. ES9+ has the numbers of v1.15, as far as public texts have them; of ES2+, ES8+ and the SM-DS (4.5) the sections alone are at hand, so their sequences follow the procedures and the codes of SGP.22. This is no conformance claim: the tests are not SGP.23’s own, and its own test environment has not been used.'

function write(rows: readonly (readonly string[])[]): void {
  const page = readFileSync(PAGE, 'utf8')
  const [before = '', rest = ''] = page.split(`${HEADING}\n`)
  const next = rest.indexOf('\n## ')
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`)
  const table = ['| Section | What | Tested | Missing |', '| --- | --- | --- | --- |', ...lines]
  const after = next < 0 ? '' : rest.slice(next)
  writeFileSync(
    PAGE,
    `${before.trimEnd()}\n\n${HEADING}\n\n${TEXT}\n\n${table.join('\n')}\n${after}`,
  )
}
