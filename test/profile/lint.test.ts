import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { concat, hex, toHex } from '../../src/base/octets.ts'
import { buildProfile } from '../../src/profile/build.ts'
import { isDirectory } from '../../src/profile/build-files.ts'
import { encodeElement, readProfileElements } from '../../src/profile/elements.ts'
import type { Directory } from '../../src/profile/image.ts'
import { findingLine, lintPackage, LINT_RULES } from '../../src/profile/lint/index.ts'
import { surveyPackage } from '../../src/profile/survey.ts'
import { anyElement } from './any-element.ts'
import { broken, BREAKING, FILE, gfmHeader, PACKAGE, type Part } from './broken-packages.ts'

/** Nothing of ours breaks it but a defect of ours. */
const UNBREAKABLE = ['same-octets']

test('our own package has no errors', (t) => {
  const findings = lintPackage(PACKAGE)
  t.deepEqual(findings.filter(({ severity }) => severity === 'error').map(findingLine), [])
})

test('every rule has a name of its own, and a package that breaks it', (t) => {
  const ids = LINT_RULES.map(({ id }) => id)
  t.is(new Set(ids).size, ids.length)
  for (const id of ids) t.regex(id, /^[a-z]+(-[a-z]+)*$/)
  t.deepEqual([...Object.keys(BREAKING), ...UNBREAKABLE].toSorted(), ids.toSorted())
})

test('the page of the rules has each of them with its severity', (t) => {
  const page = readFileSync(new URL('../../docs/profile-lint.md', import.meta.url), 'utf8')
  const rows = Array.from(page.matchAll(/^\| `([a-z-]+)`\s*\| (\w+)/gm), ([, id, severity]) => ({
    id,
    severity,
  }))
  t.deepEqual(
    rows,
    LINT_RULES.map(({ id, severity }) => ({ id, severity })),
  )
})

const usually = lintPackage(PACKAGE).map(findingLine)

for (const { id, severity } of LINT_RULES) {
  const breaking = BREAKING[id]
  if (!breaking) continue
  test(`${id} is found by the package that breaks it`, (t) => {
    const findings = lintPackage(broken(breaking.make)).filter(
      (finding) => !usually.includes(findingLine(finding)),
    )
    const found = findings.find(({ rule }) => rule === id)
    t.truthy(found, findings.map(findingLine).join('\n'))
    t.is(found?.severity, severity)
    t.regex(found?.text ?? '', /^\S.*[.?]$/)
    const errors = findings.flatMap((finding) =>
      finding.severity === 'error' ? [finding.rule] : [],
    )
    const allowed = [id, 'card-refuses', ...(breaking.also ?? [])]
    t.deepEqual(
      [...new Set(errors)].filter((rule) => !allowed.includes(rule)),
      [],
    )
  })
}

test('a finding names its element by place, name and offset', (t) => {
  const octets = PACKAGE
  const [end] = lintPackage(concat(octets, octets.subarray(-9))).filter(
    ({ rule }) => rule === 'behind-end',
  )
  const number = readProfileElements(octets).length
  t.deepEqual(end?.element, { number, name: 'end', offset: octets.length })
  t.is(
    end && findingLine(end),
    `error: element ${number} (end) at octet ${octets.length} stands behind the end. Move it before the end, or remove it. [behind-end]`,
  )
})

test('a generic element begins in the master file, whatever came before', (t) => {
  const octets = broken((parts) => {
    const at = parts.findIndex(({ kind }) => kind === 'optUsim')
    const fileManagementCMD = [[{ createFCP: FILE }]]
    const added = {
      kind: 'genericFileManagement',
      value: { gfmHeader, fileManagementCMD },
    } as const
    return [...parts.slice(0, at), added, ...parts.slice(at)]
  })
  const file = surveyPackage(octets).files.find(({ made }) => made?.fileId === 0x2f50)
  t.is(file?.made?.parent?.kind, 'mf')
})

test('what is looked at is what the card makes', (t) => {
  const survey = surveyPackage(PACKAGE)
  const { image } = buildProfile(readProfileElements(PACKAGE))
  t.deepEqual(survey.mf && contentsIn(survey.mf), image && contentsIn(image.mf))
  t.true((survey.mf ? contentsIn(survey.mf) : []).length > 50)
})

/** Each file with its identifier and content, in order. */
function contentsIn(directory: Directory): readonly string[] {
  return directory.files.flatMap((file) =>
    isDirectory(file)
      ? [`${file.fileId}`, ...contentsIn(file)]
      : [`${file.fileId} ${toHex(file.body.octets)}`],
  )
}

test('no octets are too strange to be checked', (t) => {
  for (const octets of [
    hex(''),
    hex('00'),
    hex('A0'),
    hex('A000'),
    hex('BF22020000'),
    hex('AB00'),
  ]) {
    t.true(lintPackage(octets).some(({ severity }) => severity === 'error'))
  }
})

test('a package with octets changed by chance is checked without a crash', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(PACKAGE.length - 1), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
        maxLength: 6,
      }),
      (changes) => {
        const octets = Uint8Array.from(PACKAGE)
        for (const [at, octet] of changes) octets[at] = octet
        t.true(Array.isArray(lintPackage(octets)))
      },
    ),
    { numRuns: 300 },
  )
})

test('a package with elements put in by chance is checked without a crash', (t) => {
  const elements = readProfileElements(PACKAGE)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(elements.length), anyElement), { minLength: 1, maxLength: 4 }),
      (added) => {
        const parts: Part[] = [...elements]
        for (const [at, element] of added) parts.splice(at, 0, element)
        const findings = lintPackage(concat(...parts.map((part) => encodeElement(part))))
        t.true(findings.every(({ text }) => text.length > 0))
      },
    ),
    { numRuns: 200 },
  )
})
