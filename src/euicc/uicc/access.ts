/** Who may do what: access rules in the expanded format (ETSI TS 102 221 §9.2.4, §9.2.7, ISO/IEC 7816-4 §9.3.3). */

import { Asn1Error, children, readTlv, type Tlv } from '../../asn1/der.ts'
import type {
  AccessRuleReference,
  Directory,
  ElementaryFile,
  ProfileFile,
} from '../../profile/image.ts'
import { SW } from '../apdu/status-words.ts'
import { refuseWith } from './refusal.ts'
import { findCode, isDirectory, type UiccSession } from './session.ts'

/** What a rule allows: a bit of the access mode byte, or an instruction by its own name. */
export type AccessMode = { readonly bit: number } | { readonly ins: number }

/** Of an EF (ISO/IEC 7816-4 §9.3.3.1); INCREASE has no bit (ETSI TS 102 221 §9.2.4). */
export const ACCESS = {
  read: { bit: 0x01 },
  update: { bit: 0x02 },
  deactivate: { bit: 0x08 },
  activate: { bit: 0x10 },
  increase: { ins: 0x32 },
} as const satisfies Readonly<Record<string, AccessMode>>

/** @throws {StatusWordRefusal} 6982 unless a rule of the file allows it to who has been verified */
export function checkAccess(
  session: UiccSession,
  wanted: { readonly file: ElementaryFile; readonly mode: AccessMode },
): void {
  if (!isAllowed(session, wanted)) refuseWith(SW.securityNotSatisfied)
}

function isAllowed(
  session: UiccSession,
  { file, mode }: { readonly file: ElementaryFile; readonly mode: AccessMode },
): boolean {
  if (!file.accessRule) return mode === ACCESS.read
  const rule = ruleOf(file.parent, file.accessRule)
  if (!rule) return false
  try {
    return allows(rule, { mode, isVerified: (key) => isVerified(session, { file, key }) })
  } catch (error) {
    if (error instanceof Asn1Error) return false
    throw error
  }
}

/** The record of EF.ARR: in the file's directory, or else in those above it. */
function ruleOf(
  parent: Directory,
  { arrFileId, record }: AccessRuleReference,
): Uint8Array | undefined {
  for (let at: Directory | undefined = parent; at; at = at.parent) {
    const arr = at.files.find((file) => isArr(file, arrFileId))
    if (arr && !isDirectory(arr)) return recordOf(arr, record)
  }
  return undefined
}

function isArr(file: ProfileFile, fileId: number): boolean {
  return file.kind === 'linearFixed' && file.fileId === fileId
}

function recordOf(
  { body, recordOctets = 0 }: ElementaryFile,
  record: number,
): Uint8Array | undefined {
  const start = (record - 1) * recordOctets
  const isThere = record >= 1 && start + recordOctets <= body.octets.length
  return isThere ? body.octets.subarray(start, start + recordOctets) : undefined
}

/** A disabled code keeps nobody away (ETSI TS 102 221 §9.5.1); one that is not there, everybody. */
function isVerified(
  { card }: UiccSession,
  { file, key }: { readonly file: ElementaryFile; readonly key: number },
): boolean {
  const code = findCode(file.parent, { keyReference: key, kind: 'codes' })
  return code !== undefined && (!code.isEnabled || card.verified.has(code))
}

interface Question {
  readonly mode: AccessMode
  isVerified(keyReference: number): boolean
}

const PADDING = 0xff

/**
 * Access modes in a row share the conditions behind them, of which one is enough.
 * @throws {Asn1Error} the rule is malformed
 */
function allows(rule: Uint8Array, question: Question): boolean {
  let fits = false
  let isAfterMode = false
  for (let at = 0; at < rule.length && rule[at] !== PADDING;) {
    const item = readTlv(rule, at)
    at = item.end
    const isMode = isAccessMode(item)
    if (isMode) {
      fits = (isAfterMode && fits) || fitsMode(rule, { item, mode: question.mode })
    } else if (fits && isFulfilled(rule, { item, question })) return true
    isAfterMode = isMode
  }
  return false
}

function isAccessMode({ tag }: Tlv): boolean {
  return tag >= 0x80 && tag <= 0x8f
}

const MODE_BYTE = 0x80
const INS_BIT = 0x04

/** `80` has the access mode byte; `81` to `8F` list parts of command headers, by bits for CLA, INS, P1 and P2. */
function fitsMode(
  rule: Uint8Array,
  { item, mode }: { readonly item: Tlv; readonly mode: AccessMode },
): boolean {
  const value = rule.subarray(item.valueStart, item.end)
  if (item.tag === MODE_BYTE) {
    const [byte = 0] = value
    return 'bit' in mode && byte < 0x80 && (byte & mode.bit) !== 0
  }
  // With P1 and P2 a rule is for one way of a command; none of ours asks so finely.
  if (!('ins' in mode) || (item.tag & INS_BIT) === 0 || (item.tag & 0x03) !== 0) return false
  const hasClass = (item.tag & 0x08) !== 0
  const step = hasClass ? 2 : 1
  return value.some((octet, at) => at % step === step - 1 && octet === mode.ins)
}

const KEY_REFERENCE = 0x83

function isFulfilled(
  rule: Uint8Array,
  { item, question }: { readonly item: Tlv; readonly question: Question },
): boolean {
  const parts = (): Tlv[] => [...children(rule, item.valueStart, item.end)]
  const fulfils = (part: Tlv): boolean => isFulfilled(rule, { item: part, question })
  switch (item.tag) {
    case 0x90:
      return true
    case 0x9e:
      return rule[item.valueStart] === 0 && item.end === item.valueStart + 1
    case 0xa4:
      return parts().some(
        ({ tag, valueStart }) =>
          tag === KEY_REFERENCE && question.isVerified(rule[valueStart] as number),
      )
    case 0xa0:
      return parts().some(fulfils)
    case 0xaf:
      return parts().length > 0 && parts().every(fulfils)
    case 0xa7:
      return parts().length > 0 && !parts().some(fulfils)
    default:
      return false
  }
}
