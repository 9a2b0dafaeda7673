/** Rules of who may do what: references to EF.ARR and what stands there (ETSI TS 102 221 §9.2.7). */

import { accessRulesOf, keyReferenceName } from '../access-words.ts'
import { isDirectory } from '../build-files.ts'
import type { Directory, ElementaryFile, ProfileFile } from '../image.ts'
import { fileKey, isFiller, partsOf } from '../known-files.ts'
import type { Survey } from '../survey.ts'
import { elementsOf, fileName, type Problem, type Rule } from './rule.ts'
import { PINKeyReferenceValue } from '../elements/codes.ts'

export const ACCESS_RULES: readonly Rule[] = [
  {
    id: 'access-rule-file',
    severity: 'error',
    *check(survey) {
      const told = new Set<string>()
      for (const { made, element } of survey.files) {
        if (!made?.accessRule || ruleFileOf(made)) continue
        const id = hexId(made.accessRule.arrFileId)
        const directory = made.parent ? fileKey(made.parent) : 'MF'
        if (told.has(directory + id)) continue
        told.add(directory + id)
        yield {
          at: element,
          text: `refers to the EF.ARR ${id} for files in ${directory}, and there is none. Add it, or refer to another.`,
        }
      }
    },
  },
  {
    id: 'access-rule-record',
    severity: 'error',
    check: eachReferredRecord(({ record, name, file }) => {
      if (record) return undefined
      return `refers to ${name} for ${file}, which is not there. Write the rule, or refer to another.`
    }),
  },
  {
    id: 'access-rule-empty',
    severity: 'warning',
    check: eachReferredRecord(({ record, name, file }) => {
      if (!record || !isFiller(record)) return undefined
      return `refers to ${name} for ${file}, which is empty: nobody may do anything. Write the rule, or refer to another.`
    }),
  },
  {
    id: 'access-rule-coding',
    severity: 'error',
    *check(survey) {
      for (const file of ruleFiles(survey)) {
        for (const [at, record] of partsOf(file.made).entries()) {
          if (isFiller(record) || accessRulesOf(record)) continue
          yield {
            at: file.element,
            text: `has an access rule that cannot be read: record ${at + 1} of ${fileKey(file.made)}. Expected pairs of operations and conditions.`,
          }
        }
      }
    },
  },
  {
    id: 'access-rule-key',
    severity: 'warning',
    *check(survey) {
      const defined = new Set(
        elementsOf(survey, 'pinCodes').flatMap(({ element }) =>
          (element.value.pinCodes.pinconfig ?? []).map(({ keyReference }) =>
            PINKeyReferenceValue.numberOf(keyReference),
          ),
        ),
      )
      for (const { made, element } of ruleFiles(survey)) {
        const missing = new Set<number>()
        for (const record of partsOf(made)) {
          for (const { keyReferences } of accessRulesOf(record) ?? []) {
            for (const key of keyReferences) if (!defined.has(key)) missing.add(key)
          }
        }
        for (const key of missing) {
          yield {
            at: element,
            text: `has rules in ${fileKey(made)} that ask for ${keyReferenceName(key)}, which no pinCodes element defines: nobody can satisfy them.`,
          }
        }
      }
    },
  },
  {
    id: 'no-access-rule',
    severity: 'note',
    *check(survey) {
      for (const file of survey.files) {
        if (!file.made || file.made.accessRule) continue
        yield {
          at: file.element,
          text: `makes ${fileName(file)} without securityAttributesReferenced: what may be done with it is up to the card.`,
        }
      }
    },
  },
]

/** A rule that looks at each record of an EF.ARR that a file refers to. */
function eachReferredRecord(
  look: (referred: {
    readonly record: Uint8Array | undefined
    readonly name: string
    readonly file: string
  }) => string | undefined,
): (survey: Survey) => Iterable<Problem> {
  return function* (survey) {
    for (const file of survey.files) {
      const rule = file.made?.accessRule
      const rules = file.made && ruleFileOf(file.made)
      if (!rule || !rules) continue
      const text = look({
        record: partsOf(rules)[rule.record - 1],
        name: `record ${rule.record} of ${fileKey(rules)}`,
        file: fileName(file),
      })
      if (text !== undefined) yield { at: file.element, text }
    }
  }
}

/** The EF.ARR that the file's rule refers to: in its directory, or the nearest one above. */
export function ruleFileOf(file: ProfileFile): ElementaryFile | undefined {
  const { accessRule } = file
  if (!accessRule) return undefined
  const start: Directory | undefined =
    file.kind === 'mf' || file.kind === 'adf' ? masterOf(file) : file.parent
  for (let at = start; at; at = at.parent) {
    const found = at.files.find(({ fileId }) => fileId === accessRule.arrFileId)
    if (found && !isDirectory(found)) return found
  }
  if (!isDirectory(file)) return undefined
  const within = file.files.find(({ fileId }) => fileId === accessRule.arrFileId)
  return within && !isDirectory(within) ? within : undefined
}

function masterOf(file: Directory): Directory {
  let at = file
  while (at.parent) at = at.parent
  return at
}

interface RuleFile {
  readonly made: ElementaryFile
  readonly element: number
}

const EF_ARR_NUMBERS: readonly number[] = [0x2f06, 0x6f06]

function ruleFiles({ files }: Survey): readonly RuleFile[] {
  const referred = new Set(files.map(({ made }) => made && ruleFileOf(made)))
  return files.flatMap(({ made, element }) => {
    if (!made || isDirectory(made) || made.recordOctets === undefined) return []
    return EF_ARR_NUMBERS.includes(made.fileId) || referred.has(made) ? [{ made, element }] : []
  })
}

function hexId(fileId: number): string {
  return fileId.toString(16).toUpperCase().padStart(4, '0')
}
