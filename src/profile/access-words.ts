/** Records of EF.ARR in words: ETSI TS 102 221 §9.2.7, ISO/IEC 7816-4 §9.3.3 (expanded format). */

import { toHex } from '../base/octets.ts'

/** One rule of a record: what is allowed under which condition. */
export interface AccessRule {
  /** Names of operations, `INS D4` where a command's own code is named. */
  readonly operations: readonly string[]
  /** `always`, `never`, `PIN1`, `ADM1 or PIN1`. */
  readonly condition: string
  /** Key references that the condition names. */
  readonly keyReferences: readonly number[]
}

/** The rules of a record, filler behind them left out; undefined when it is not as the standard says. */
export function accessRulesOf(
  record: Uint8Array,
  of: 'file' | 'directory' = 'file',
): readonly AccessRule[] | undefined {
  const objects = dataObjects(record)
  if (!objects || objects.length === 0) return undefined
  const rules: AccessRule[] = []
  let operations: string[] = []
  for (const { tag, value } of objects) {
    const allowed = operationsOf(tag, { value, of })
    if (allowed) {
      operations.push(...allowed)
      continue
    }
    const condition = conditionOf(tag, value)
    if (!condition || operations.length === 0) return undefined
    rules.push({ operations, ...condition })
    operations = []
  }
  return operations.length === 0 ? rules : undefined
}

/** The rules as one line of text; undefined when the record is not as the standard says. */
export function accessRuleText(
  record: Uint8Array,
  of: 'file' | 'directory' = 'file',
): string | undefined {
  return accessRulesOf(record, of)
    ?.map(({ operations, condition }) => `${operations.join(', ')}: ${condition}`)
    .join('; ')
}

/** The name of a key reference: ETSI TS 102 221 §9.5.1, table 9.3. */
export function keyReferenceName(reference: number): string {
  const number = reference & 0x7f
  const isLocal = reference > 0x7f
  if (number >= 1 && number <= 8) return isLocal ? `second PIN ${number}` : `PIN ${number}`
  if (number >= 0x0a && number <= 0x0e) return `ADM ${number - 9 + (isLocal ? 5 : 0)}`
  if (reference === 0x11) return 'universal PIN'
  return `key ${toHex(Uint8Array.of(reference))}`
}

interface DataObject {
  readonly tag: number
  readonly value: Uint8Array
}

/** BER-TLV objects with tags and lengths of one octet; what is behind them is filler. */
function dataObjects(octets: Uint8Array): readonly DataObject[] | undefined {
  const objects: DataObject[] = []
  let at = 0
  while (at < octets.length && octets[at] !== 0xff) {
    const tag = octets[at] as number
    const length = octets[at + 1]
    const end = at + 2 + (length ?? 0)
    if (length === undefined || length > 0x7f || end > octets.length) return undefined
    objects.push({ tag, value: octets.subarray(at + 2, end) })
    at = end
  }
  return octets.subarray(at).every((octet) => octet === 0xff) ? objects : undefined
}

/** Bits of an access mode byte from the most significant one down. */
const FILE_OPERATIONS = [
  'delete',
  'terminate',
  'activate',
  'deactivate',
  'write',
  'update',
  'read',
] as const
const DIRECTORY_OPERATIONS = [
  'delete itself',
  'terminate',
  'activate',
  'deactivate',
  'create DF',
  'create EF',
  'delete a file in it',
] as const
/** Increase and resize are named by their commands' codes. */
const COMMANDS: Readonly<Record<number, string>> = {
  0x32: 'increase',
  0xd4: 'resize',
  0xe4: 'delete',
  0xe8: 'terminate',
}

function operationsOf(
  tag: number,
  { value, of }: { readonly value: Uint8Array; readonly of: 'file' | 'directory' },
): readonly string[] | undefined {
  const [mode] = value
  if (tag === 0x80) {
    if (mode === undefined || value.length !== 1) return undefined
    const names = of === 'file' ? FILE_OPERATIONS : DIRECTORY_OPERATIONS
    return names.filter((_, at) => (mode & (0x40 >> at)) !== 0)
  }
  if (tag === 0x84 && value.length > 0) {
    return Array.from(value, (code) => COMMANDS[code] ?? `INS ${toHex(Uint8Array.of(code))}`)
  }
  if (tag > 0x80 && tag <= 0x8f) return [`command ${toHex(Uint8Array.of(tag))}:${toHex(value)}`]
  return tag === 0x9c ? [`mode ${toHex(value)}`] : undefined
}

type Condition = Pick<AccessRule, 'condition' | 'keyReferences'>

function conditionOf(tag: number, value: Uint8Array): Condition | undefined {
  if (tag === 0x90)
    return value.length === 0 ? { condition: 'always', keyReferences: [] } : undefined
  if (tag === 0x97)
    return value.length === 0 ? { condition: 'never', keyReferences: [] } : undefined
  if (tag === 0x9e) return { condition: `condition ${toHex(value)}`, keyReferences: [] }
  if (tag === 0xa4) return keyCondition(value)
  if (tag === 0xa0) return combined(value, 'or')
  if (tag === 0xaf) return combined(value, 'and')
  return tag === 0xa7 ? combined(value, 'not') : undefined
}

/** Control reference template for authentication: `83` which key, `95` that it is verified. */
function keyCondition(value: Uint8Array): Condition | undefined {
  const keyReferences = dataObjects(value)
    ?.filter(({ tag }) => tag === 0x83)
    .flatMap((object) => Array.from(object.value))
  if (!keyReferences || keyReferences.length === 0) return undefined
  return { condition: keyReferences.map(keyReferenceName).join(' and '), keyReferences }
}

function combined(value: Uint8Array, word: 'or' | 'and' | 'not'): Condition | undefined {
  const parts = dataObjects(value)?.map((object) =>
    object.tag === 0xa4 || object.tag === 0x90 || object.tag === 0x97 || object.tag === 0x9e
      ? conditionOf(object.tag, object.value)
      : undefined,
  )
  if (!parts || parts.length === 0) return undefined
  const known = parts.filter((part) => part !== undefined)
  if (known.length !== parts.length) return undefined
  const condition = known.map((part) => part.condition).join(` ${word} `)
  return {
    condition: word === 'not' ? `not ${condition}` : condition,
    keyReferences: known.flatMap((part) => part.keyReferences),
  }
}
