/** SEARCH RECORD (ETSI TS 102 221 §11.1.7). */

import { asBuffer } from '../../base/octets.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import { answer, SW, word } from '../apdu/status-words.ts'
import { ACCESS } from './access.ts'
import { existing, recordAt, recordFileFor, type RecordFile } from './records.ts'
import { refuseWith } from './refusal.ts'
import type { UiccSession } from './session.ts'

const FORWARD = 4
const BACKWARD = 5
const ENHANCED = 6
const FORWARD_FROM_NEXT = 6
const BACKWARD_FROM_PREVIOUS = 7

/** What is sought, and from where on within a record. */
interface Sought {
  readonly direction: number
  readonly pattern: Uint8Array
  /** The offset at which the search begins; `undefined` for a record without it. */
  startIn(record: Uint8Array): number | undefined
}

/** The numbers of the records that have the octets, in the order of the search; the pointer goes to the first. */
export function searchRecord(session: UiccSession): CardAnswer {
  const { command, place } = session
  const sought = readSearch(command.p2 & 7, command.data)
  const records = recordFileFor(session, ACCESS.read)
  if (sought.pattern.length > records.recordOctets) return word(SW.wrongLength)
  const found = orderOf(session, { records, direction: sought.direction }).filter((record) =>
    isFoundIn(recordAt(records, record), sought),
  )
  const [first] = found
  if (first === undefined) return word(SW.searchFailed)
  place.record = first
  return answer(Uint8Array.from(found))
}

/** @throws {StatusWordRefusal} 6A86, 6700, 6A80 */
function readSearch(mode: number, data: Uint8Array): Sought {
  if (mode === FORWARD || mode === BACKWARD) {
    if (data.length === 0) refuseWith(SW.wrongLength)
    return { direction: mode, pattern: data, startIn: () => 0 }
  }
  if (mode !== ENHANCED) refuseWith(SW.incorrectP1P2)
  return readEnhanced(data)
}

const INDICATION_OCTETS = 2
const AFTER_VALUE = 0x08

/** Two octets before the pattern: the direction, and an offset or a value behind whose first place is searched. */
function readEnhanced(data: Uint8Array): Sought {
  if (data.length <= INDICATION_OCTETS) refuseWith(SW.wrongLength)
  const [indication = 0, second = 0] = data
  const direction = indication & 7
  if ((indication & 0xf0) !== 0 || direction < FORWARD) refuseWith(SW.incorrectData)
  const isAfterValue = (indication & AFTER_VALUE) !== 0
  return {
    direction,
    pattern: data.subarray(INDICATION_OCTETS),
    startIn(record) {
      if (!isAfterValue) return second
      const at = record.indexOf(second)
      return at < 0 ? undefined : at + 1
    },
  }
}

function isFoundIn(record: Uint8Array, { pattern, startIn }: Sought): boolean {
  const start = startIn(record)
  return start !== undefined && asBuffer(record.subarray(start)).includes(asBuffer(pattern))
}

/** The records that are looked at: from P1, or from the record pointer, to the end of the file. */
function orderOf(
  { command, place }: UiccSession,
  search: { readonly records: RecordFile; readonly direction: number },
): number[] {
  const { records, direction } = search
  const isForward = direction === FORWARD || direction === FORWARD_FROM_NEXT
  const all = Array.from({ length: records.count }, (_, at) => at + 1)
  const inOrder = isForward ? all : all.toReversed()
  if (direction === FORWARD_FROM_NEXT || direction === BACKWARD_FROM_PREVIOUS) {
    return place.record === 0 ? inOrder : inOrder.slice(inOrder.indexOf(place.record) + 1)
  }
  if (command.p1 === 0 && place.record === 0) return inOrder
  const from = existing(command.p1 === 0 ? place.record : command.p1, records)
  return inOrder.slice(inOrder.indexOf(from))
}
