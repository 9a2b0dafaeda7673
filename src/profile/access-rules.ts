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

/** Bits of the access mode byte for an EF (and, for the last, a directory). */
const READ = 0x01
const UPDATE = 0x02
const CHANGE_STATE = 0x58
const ALL_BUT_READ = UPDATE | CHANGE_STATE
const EVERYTHING = READ | ALL_BUT_READ
const ANY_OF_A_DIRECTORY = 0x5e

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
    [READ | 0x10, 'pin1'],
    [UPDATE | 0x48, 'adm1'],
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
    [UPDATE | 0x18, 'pin1'],
    [0x40, 'adm1'],
  ],
  /* 10 */ [
    [READ, 'always'],
    [ALL_BUT_READ, 'adm1'],
  ],
  /* 11 */ [
    [READ, 'always'],
    [UPDATE | 0x40, 'never'],
    [0x18, 'adm1'],
  ],
  /* 12 */ [
    [READ, 'pin1'],
    [ALL_BUT_READ, 'never'],
  ],
  /* 13 */ [
    [READ | UPDATE | 0x10, 'pin1'],
    [0x48, 'adm1'],
  ],
  /* 14 */ [[ANY_OF_A_DIRECTORY, 'adm1']],
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
