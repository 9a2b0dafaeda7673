/** Files that are deactivated, and ACTIVATE and DEACTIVATE FILE (ETSI TS 102 221 §11.1.14, §11.1.15). */

import type { CardAnswer } from '../../rsp/es10.ts'
import type { ElementaryFile, ProfileFile } from '../../profile/image.ts'
import { SW, word } from '../apdu/status-words.ts'
import { ACCESS, checkAccess } from './access.ts'
import { refuseWith } from './refusal.ts'
import { isFileSelection, selectFile } from './select-file.ts'
import { isDirectory, keep, type UiccSession } from './session.ts'

/** The bits of a state that is operational: 0101 and 0111 activated, 0100 and 0110 deactivated (§11.1.1.4.9). */
const ACTIVATED = 5
const DEACTIVATED = 4
const TERMINATED_FROM = 12

const USABLE_WHEN_DEACTIVATED = 0x80

export function isDeactivated({ lifeCycle }: ProfileFile): boolean {
  return (lifeCycle & 0xfd) === DEACTIVATED
}

export function isTerminated({ lifeCycle }: ProfileFile): boolean {
  return lifeCycle >= TERMINATED_FROM && lifeCycle <= 15
}

/** @throws {StatusWordRefusal} 6984 the file is deactivated, and may not be used so */
export function checkUsable(file: ElementaryFile): void {
  const isExcepted = (file.specialInformation & USABLE_WHEN_DEACTIVATED) !== 0
  if (isTerminated(file) || (isDeactivated(file) && !isExcepted)) {
    refuseWith(SW.referenceInvalidated)
  }
}

export function activateFile(session: UiccSession): CardAnswer {
  return changeState(session, { mode: 'activate', lifeCycle: ACTIVATED })
}

export function deactivateFile(session: UiccSession): CardAnswer {
  return changeState(session, { mode: 'deactivate', lifeCycle: DEACTIVATED })
}

function changeState(
  session: UiccSession,
  change: { readonly mode: 'activate' | 'deactivate'; readonly lifeCycle: number },
): CardAnswer {
  const file = namedFile(session)
  if (isTerminated(file)) return word(SW.referenceInvalidated)
  checkAccess(session, { file, mode: ACCESS[change.mode] })
  if (file.lifeCycle !== change.lifeCycle) {
    const path = session.profile.places.pathOfFile(file)
    keep(session, { lifeCycles: { [path]: change.lifeCycle } })
  }
  return word(SW.ok)
}

/** The EF that the data field names as in SELECT, or the current one. */
function namedFile(session: UiccSession): ElementaryFile {
  const { command, place } = session
  const isKnown = isFileSelection(command.p1) && command.p1 !== 0x01 && command.p1 !== 0x03
  if (!isKnown || command.p2 !== 0) refuseWith(SW.incorrectP1P2)
  if (command.data.length === 0) return place.file ?? refuseWith(SW.noCurrentFile)
  const before = { ...place }
  const file = selectFile(session)
  if (!isDirectory(file)) return file
  Object.assign(place, before)
  return refuseWith(SW.incompatibleFile)
}
