/** EF.ARR: who may do what to a file (ETSI TS 102 221 §9.2.7, ISO/IEC 7816-4 expanded format). */

import { element } from '../asn1/der.ts'
import { hex } from '../base/octets.ts'

/**
 * The records of EF.ARR. The TCA templates refer to them by number (record 2 for EF.IMSI, 10 for EF.SPN, 11 for
 * EF.ICCID, 14 for directories), so the order is theirs; what stands in each is the operator's decision.
 */
export function accessRuleRecords(): Uint8Array[] {
  return RULES.map((rule) =>
    Buffer.concat(rule.map(([operations, who]) => accessRule(operations, who))),
  )
}

/** Longest rule below: three operations, each with a key. */
export const ACCESS_RULE_OCTETS = 33

type Who = 'always' | 'never' | 'pin1' | 'adm1'

/** Bits of the access mode byte of an EF (ETSI TS 102 221 §9.2.7, ISO/IEC 7816-4 §9.3.3.1). */
const READ = 0x01
const UPDATE = 0x02
const DEACTIVATE = 0x08
const ACTIVATE = 0x10
const DELETE = 0x40
const CHANGE_STATE = DELETE | ACTIVATE | DEACTIVATE
const ALL_BUT_READ = UPDATE | CHANGE_STATE
const EVERYTHING = READ | ALL_BUT_READ

/** Bits of a directory's own. */
const CREATE_FILES = 0x02
const CREATE_DIRECTORIES = 0x04

const RULES: readonly (readonly (readonly [number, Who])[])[] = [
  /* 1 */ [
    [READ, 'always'],
    [UPDATE, 'pin1'],
    [CHANGE_STATE, 'adm1'],
  ],
  /* 2 */ [
    [READ, 'pin1'],
    [ALL_BUT_READ, 'adm1'],
  ],
  /* 3 */ [[EVERYTHING, 'adm1']],
  /* 4 */ [
    [READ, 'always'],
    [ALL_BUT_READ, 'never'],
  ],
  /* 5 */ [
    [READ | UPDATE, 'pin1'],
    [CHANGE_STATE, 'adm1'],
  ],
  /* 6 */ [
    [READ | ACTIVATE, 'pin1'],
    [UPDATE | DELETE | DEACTIVATE, 'adm1'],
  ],
  /* 7 */ [
    [READ | UPDATE, 'pin1'],
    [CHANGE_STATE, 'adm1'],
  ],
  /* 8 */ [
    [READ, 'pin1'],
    [ALL_BUT_READ, 'adm1'],
  ],
  /* 9 */ [
    [READ, 'always'],
    [UPDATE | ACTIVATE | DEACTIVATE, 'pin1'],
    [DELETE, 'adm1'],
  ],
  /* 10 */ [
    [READ, 'always'],
    [ALL_BUT_READ, 'adm1'],
  ],
  /* 11 */ [
    [READ, 'always'],
    [UPDATE | DELETE, 'never'],
    [ACTIVATE | DEACTIVATE, 'adm1'],
  ],
  /* 12 */ [
    [READ, 'pin1'],
    [ALL_BUT_READ, 'never'],
  ],
  /* 13 */ [
    [READ | UPDATE | ACTIVATE, 'pin1'],
    [DELETE | DEACTIVATE, 'adm1'],
  ],
  /* 14 */ [[CHANGE_STATE | CREATE_FILES | CREATE_DIRECTORIES, 'adm1']],
]

function accessRule(operations: number, who: Who): Uint8Array {
  return Buffer.concat([element(0x80, Uint8Array.of(operations)), CONDITIONS[who]])
}

/** `90` always, `97` never, `A4` after verification of the key whose reference is in `83`. */
const CONDITIONS: Readonly<Record<Who, Uint8Array>> = {
  always: hex('9000'),
  never: hex('9700'),
  pin1: hex('A406 830101 950108'),
  adm1: hex('A406 83010A 950108'),
}
