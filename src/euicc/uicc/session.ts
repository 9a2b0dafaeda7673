/** What a command of the UICC works on: the enabled profile, and a channel's place in its files. */

import { SW } from '../apdu/status-words.ts'
import type { ApduCommand } from '../apdu/command.ts'
import type { CardState, Channel } from '../apdu/state.ts'
import type { EnabledProfile } from '../enabled-profile.ts'
import { isDirectory } from '../../profile/build-files.ts'
import type { Directory, ElementaryFile, ProfileImage, SecretCode } from '../../profile/image.ts'
import type { ProfileChanges } from './changes.ts'
import { refuseWith } from './refusal.ts'

/** Where a logical channel stands in the files of the enabled profile. */
export interface Place {
  directory: Directory
  /** The ADF of the application session on the channel (ETSI TS 102 221 §8.5). */
  application: Directory | undefined
  file: ElementaryFile | undefined
  /** The record pointer, from 1; 0 is undefined. */
  record: number
  /** What RETRIEVE DATA or SET DATA has still to move. */
  transfer: DataTransfer | undefined
}

/** A data object of a BER-TLV file that goes in several blocks. */
export interface DataTransfer {
  readonly kind: 'retrieve' | 'set'
  readonly file: ElementaryFile
  readonly octets: Uint8Array
  /** Octets that have gone; of `set`, those that are still to come. */
  readonly count: number
  /** Octets of the block that went last. */
  readonly lastOctets?: number
}

export interface UiccSession {
  readonly card: CardState
  readonly command: ApduCommand
  readonly channel: Channel
  readonly profile: EnabledProfile
  readonly place: Place
}

/** The MF, and nothing else, selected. */
export function placeAtMf({ mf }: ProfileImage): Place {
  return {
    directory: mf,
    application: undefined,
    file: undefined,
    record: 0,
    transfer: undefined,
  }
}

/** A channel's place, the MF when nothing was selected on it since the profile was enabled. */
export function placeOf(channel: Channel, profile: EnabledProfile): Place {
  channel.place ??= placeAtMf(profile.image)
  return channel.place
}

/** Makes an EF current: its record pointer and its transfer begin anew. */
export function selectEf(place: Place, file: ElementaryFile): void {
  Object.assign(place, { file, record: 0, transfer: undefined })
}

/** Makes a directory current, with no EF. */
export function selectDirectory(place: Place, directory: Directory): void {
  Object.assign(place, { directory, file: undefined, record: 0, transfer: undefined })
  if (directory.kind === 'adf') place.application = directory
}

export { isDirectory }

/**
 * The EF that a command is for: the one with a short file identifier in the current directory, which becomes current,
 * or the current one.
 * @throws {StatusWordRefusal} 6A82 no such identifier, 6986 no current EF
 */
export function targetFile(
  { place }: UiccSession,
  shortFileId: number | undefined,
): ElementaryFile {
  if (shortFileId === undefined) return place.file ?? refuseWith(SW.noCurrentFile)
  const found = place.directory.files.find(
    (file) => !isDirectory(file) && file.shortFileId === shortFileId,
  )
  if (!found || isDirectory(found)) refuseWith(SW.notFound)
  selectEf(place, found)
  return found
}

/** A code by its key reference, as it is defined nearest to a directory. */
export function findCode(
  directory: Directory,
  search: { readonly keyReference: number; readonly kind: 'codes' | 'unblockCodes' },
): SecretCode | undefined {
  for (let at: Directory | undefined = directory; at; at = at.parent) {
    const found = at[search.kind].find((code) => code.keyReference === search.keyReference)
    if (found) return found
  }
  return undefined
}

/**
 * Stores changes and then puts them on the profile, so that what a card has answered to is never lost.
 * @throws {StatusWordRefusal} 6581 what holds the card's state failed; nothing has changed then
 */
export function keep({ card, profile }: UiccSession, changes: ProfileChanges): void {
  try {
    profile.keep(changes)
  } catch (error) {
    card.onDefect?.(error)
    refuseWith(SW.memoryProblem)
  }
}
