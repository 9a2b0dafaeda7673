/** EF.ARR: who may do what to a file (ETSI TS 102 221 §9.2.7, ISO/IEC 7816-4 expanded format). */

import { element } from '../asn1/der.ts'
import { LabError } from '../base/errors.ts'
import { concat, hex } from '../base/octets.ts'

/** Codes by the names that templates call them by, and their key references (ETSI TS 102 221 §9.5.1). */
export const CODE_NAMES = { pin1: 0x01, pin2: 0x81, adm1: 0x0a, adm2: 0x0b } as const

export type CodeName = keyof typeof CODE_NAMES

/** Bits of the access mode byte: of an EF, then of a directory (ETSI TS 102 221 §9.2.7, ISO/IEC 7816-4 §9.3.3.1). */
const OPERATIONS: Readonly<Record<string, number>> = {
  read: 0x01,
  update: 0x02,
  deactivate: 0x08,
  activate: 0x10,
  delete: 0x40,
  'create files': 0x02,
  'create directories': 0x04,
}

/** Commands that have no bit are named by their instruction. */
const INSTRUCTIONS: Readonly<Record<string, number>> = { increase: 0x32 }

/**
 * One record of EF.ARR from words such as `read: always; update: pin1; delete, activate: adm1`.
 * @throws {LabError} badInput — a word that is none
 */
export function accessRuleRecord(words: string): Uint8Array {
  const rules = words.split(';').map((rule) => {
    const [what = '', who = ''] = rule.split(':')
    return concat(accessMode(what), condition(who.trim()))
  })
  return concat(...rules)
}

function accessMode(text: string): Uint8Array {
  const names = text.split(',').map((name) => name.trim())
  const instructions = names.filter((name) => INSTRUCTIONS[name] !== undefined)
  if (instructions.length > 0 && instructions.length === names.length) {
    const octets = instructions.map((name) => INSTRUCTIONS[name] as number)
    return element(0x84, Uint8Array.from(octets))
  }
  const bits = names.map((name) => OPERATIONS[name] ?? badWord(name, Object.keys(OPERATIONS)))
  return element(0x80, Uint8Array.of(bits.reduce((all, bit) => all | bit, 0)))
}

/** `90` always, `97` never, `A4` after verification of the code whose reference is in `83`. */
function condition(who: string): Uint8Array {
  if (who === 'always') return hex('9000')
  if (who === 'never') return hex('9700')
  const keyReference = CODE_NAMES[who as CodeName] ?? badWord(who, Object.keys(CODE_NAMES))
  return element(0xa4, element(0x83, Uint8Array.of(keyReference)), hex('950108'))
}

function badWord(word: string, known: readonly string[]): never {
  throw new LabError('badInput', `'${word}' in an access rule: expected ${known.join(', ')}`, {
    field: 'accessRules',
  })
}
