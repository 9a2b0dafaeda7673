/** READ BINARY and UPDATE BINARY (ETSI TS 102 221 §11.1.3, §11.1.4). */

import { equalOctets, toHex } from '../../base/octets.ts'
import type { CardAnswer } from '../../rsp/es10.ts'
import type { ElementaryFile } from '../../profile/image.ts'
import { answer, SW, word, wrongLe } from '../apdu/status-words.ts'
import { ACCESS, checkAccess } from './access.ts'
import { checkUsable } from './life-cycle.ts'
import { refuseWith } from './refusal.ts'
import { keep, targetFile, type UiccSession } from './session.ts'

const RESPONSE_OCTETS_MAX = 256

/** The octets from an offset, as many as Le says; 6Cxx when there are fewer. */
export function readBinary(session: UiccSession): CardAnswer {
  const { command } = session
  if (command.data.length > 0) return word(SW.wrongLength)
  const { file, offset } = addressOf(session)
  checkUsable(file)
  checkAccess(session, { file, mode: ACCESS.read })
  const { octets } = file.body
  if (offset >= octets.length) return word(SW.wrongOffset)
  const le = command.le ?? RESPONSE_OCTETS_MAX
  const rest = octets.length - offset
  if (le > rest && le !== RESPONSE_OCTETS_MAX) return word(wrongLe(rest))
  return answer(octets.slice(offset, offset + le))
}

/** Octets from an offset are replaced; they must all be there already. */
export function updateBinary(session: UiccSession): CardAnswer {
  const { data } = session.command
  const { file, offset } = addressOf(session)
  checkUsable(file)
  checkAccess(session, { file, mode: ACCESS.update })
  const { octets } = file.body
  if (offset >= octets.length) return word(SW.wrongOffset)
  if (data.length === 0 || offset + data.length > octets.length) return word(SW.wrongLength)
  const changed = Uint8Array.from(octets)
  changed.set(data, offset)
  keepContents(session, { file, octets: changed })
  return word(SW.ok)
}

/** Stores the whole contents of a file, and of those that are linked with it; what is the same is not stored again. */
export function keepContents(
  session: UiccSession,
  change: { readonly file: ElementaryFile; readonly octets: Uint8Array },
): void {
  if (equalOctets(change.octets, change.file.body.octets)) return
  const path = session.profile.places.pathOfBody(change.file.body)
  keep(session, { contents: { [path]: toHex(change.octets) } })
}

const WITH_SHORT_ID = 0x80

/** P1 and P2: an offset of 15 bits in the current EF, or a short file identifier and an offset of 8 bits. */
function addressOf(session: UiccSession): {
  readonly file: ElementaryFile
  readonly offset: number
} {
  const { p1, p2 } = session.command
  const isShort = (p1 & WITH_SHORT_ID) !== 0
  if (isShort && (p1 & 0x60) !== 0) refuseWith(SW.incorrectP1P2)
  const file = targetFile(session, isShort ? shortIdOf(p1 & 0x1f) : undefined)
  if (file.kind !== 'transparent') refuseWith(SW.incompatibleFile)
  return { file, offset: isShort ? p2 : p1 * 256 + p2 }
}

/** @throws {StatusWordRefusal} 6A86 for 0 and 31, which no file has */
export function shortIdOf(value: number): number {
  return value >= 1 && value <= 30 ? value : refuseWith(SW.incorrectP1P2)
}
