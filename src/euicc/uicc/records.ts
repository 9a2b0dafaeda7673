/** READ RECORD, UPDATE RECORD and INCREASE (ETSI TS 102 221 §11.1.5, §11.1.6, §11.1.8). */

import { concat } from '../../base/octets.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import type { ElementaryFile } from '../../profile/image.ts'
import { answer, SW, word } from '../apdu/status-words.ts'
import { ACCESS, checkAccess, type AccessMode } from './access.ts'
import { keepContents, shortIdOf } from './binary.ts'
import { checkUsable } from './life-cycle.ts'
import { refuseWith } from './refusal.ts'
import { targetFile, type UiccSession } from './session.ts'

/** A record file; `octets` is all of it, record 1 first. */
export interface RecordFile {
  readonly file: ElementaryFile
  readonly recordOctets: number
  readonly count: number
}

const NEXT = 2
const PREVIOUS = 3
const ABSOLUTE = 4

/** One record; absolute reading leaves the record pointer where it is. */
export function readRecord(session: UiccSession): CardAnswer {
  const { command, place } = session
  if (command.data.length > 0) return word(SW.wrongLength)
  const records = recordFileFor(session, ACCESS.read)
  const { record, moves } = recordNamed(session, records)
  if (moves) place.record = record
  return answer(recordAt(records, record))
}

/** One record is replaced; of a cyclic file it is the oldest, which becomes record 1 (§8.2.2.3). */
export function updateRecord(session: UiccSession): CardAnswer {
  const { command, place } = session
  const records = recordFileFor(session, ACCESS.update)
  const { file, recordOctets } = records
  const isPrevious = (command.p2 & 7) === PREVIOUS
  if (file.kind === 'cyclic' && !isPrevious) return word(SW.incompatibleFile)
  if (command.data.length !== recordOctets) return word(SW.wrongLength)
  if (file.kind === 'cyclic') {
    if (command.p1 !== 0) return word(SW.incorrectP1P2)
    keepContents(session, { file, octets: withNewest(records, command.data) })
    place.record = 1
    return word(SW.ok)
  }
  const { record, moves } = recordNamed(session, records)
  const octets = Uint8Array.from(file.body.octets)
  octets.set(command.data, (record - 1) * recordOctets)
  keepContents(session, { file, octets })
  if (moves) place.record = record
  return word(SW.ok)
}

function withNewest({ file, recordOctets, count }: RecordFile, record: Uint8Array): Uint8Array {
  return concat(record, file.body.octets.subarray(0, (count - 1) * recordOctets))
}

/** The record that was written last, and a value added to it, become a new record 1; answered are sum and value. */
export function increase(session: UiccSession): CardAnswer {
  const { command, place } = session
  const { p1, p2, data } = command
  if (p2 !== 0 || (p1 !== 0 && (p1 & 0xe0) !== 0x80)) return word(SW.incorrectP1P2)
  const file = targetFile(session, p1 === 0 ? undefined : shortIdOf(p1 & 0x1f))
  if (file.kind !== 'cyclic') return word(SW.incompatibleFile)
  const records = usable(session, { file, mode: ACCESS.increase })
  if (data.length === 0 || data.length > Math.min(127, records.recordOctets)) {
    return word(SW.wrongLength)
  }
  const sum = added(recordAt(records, 1), data)
  if (!sum) return word(SW.maximumReached)
  keepContents(session, { file, octets: withNewest(records, sum) })
  place.record = 1
  return answer(concat(sum, data))
}

/** The sum, as long as the number; `undefined` when it does not fit. */
function added(number: Uint8Array, value: Uint8Array): Uint8Array | undefined {
  const sum = Uint8Array.from(number)
  let carry = 0
  for (let back = 1; back <= sum.length; back++) {
    const total = (sum.at(-back) as number) + (value.at(-back) ?? 0) + carry
    sum[sum.length - back] = total & 0xff
    carry = total >> 8
  }
  return carry === 0 ? sum : undefined
}

/**
 * The record file that P2's short file identifier names, or the current one, when it may be used so.
 * @throws {StatusWordRefusal} 6A82, 6986, 6981, 6984, 6982
 */
export function recordFileFor(session: UiccSession, mode: AccessMode): RecordFile {
  const shortId = session.command.p2 >> 3
  const file = targetFile(session, shortId === 0 ? undefined : shortIdOf(shortId))
  return usable(session, { file, mode })
}

function usable(
  session: UiccSession,
  wanted: { readonly file: ElementaryFile; readonly mode: AccessMode },
): RecordFile {
  const { file } = wanted
  const { kind, recordOctets = 0, body } = file
  if (kind !== 'linearFixed' && kind !== 'cyclic') refuseWith(SW.incompatibleFile)
  checkUsable(file)
  checkAccess(session, wanted)
  const count = recordOctets === 0 ? 0 : Math.floor(body.octets.length / recordOctets)
  if (count === 0) refuseWith(SW.recordNotFound)
  return { file, recordOctets, count }
}

/** A copy of one record, counted from 1. */
export function recordAt({ file, recordOctets }: RecordFile, record: number): Uint8Array {
  return file.body.octets.slice((record - 1) * recordOctets, record * recordOctets)
}

/**
 * The record that P1 and the mode in P2 name, and whether the record pointer goes there.
 * @throws {StatusWordRefusal} 6A86 an unknown mode, 6A83 there is no such record
 */
function recordNamed(
  { command, place }: UiccSession,
  records: RecordFile,
): { readonly record: number; readonly moves: boolean } {
  const mode = command.p2 & 7
  if (mode === ABSOLUTE) {
    const record = command.p1 === 0 ? place.record : command.p1
    return { record: existing(record, records), moves: false }
  }
  if (mode !== NEXT && mode !== PREVIOUS) refuseWith(SW.incorrectP1P2)
  // P1 is 00 in these modes, and some terminals count in it: it has no meaning then.
  return { record: neighbour(place.record, { records, mode }), moves: true }
}

/** From an undefined pointer the next record is the first, and the previous one the last; cyclic files go round. */
function neighbour(
  from: number,
  { records, mode }: { readonly records: RecordFile; readonly mode: number },
): number {
  const { file, count } = records
  const undefinedFrom = mode === NEXT ? 0 : count + 1
  const to = (from === 0 ? undefinedFrom : from) + (mode === NEXT ? 1 : -1)
  if (file.kind === 'cyclic') return ((to - 1 + count) % count) + 1
  return existing(to, records)
}

/** @throws {StatusWordRefusal} 6A83 */
export function existing(record: number, { count }: RecordFile): number {
  return record >= 1 && record <= count ? record : refuseWith(SW.recordNotFound)
}
