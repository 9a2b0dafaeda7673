/** SELECT within the enabled profile (ETSI TS 102 221 §8.4, §8.5, §11.1.1). */

import { equalOctets } from '../../base/octets.ts'
import type { Directory, ProfileFile } from '../../profile/image.ts'
import { SW } from '../apdu/status-words.ts'
import { refuseWith } from './refusal.ts'
import { isDirectory, selectDirectory, selectEf, type Place, type UiccSession } from './session.ts'

const MF = 0x3f00
const CURRENT_ADF = 0x7fff

/** The ways that P1 names, but for the AID. */
const WAYS: ReadonlyMap<number, (session: UiccSession) => ProfileFile | undefined> = new Map([
  [0x00, byFileId],
  [0x01, childDirectory],
  [0x02, childEf],
  [0x03, ({ place }) => place.directory.parent],
  [0x08, pathFromMf],
  [0x09, pathFromHere],
])

/** Whether P1 names a way to select a file. */
export function isFileSelection(p1: number): boolean {
  return WAYS.has(p1)
}

/**
 * The file that a SELECT names; it becomes the current one of its channel.
 * @throws {StatusWordRefusal} 6A82 there is none, 6A87 the data field does not fit P1, 6A86
 */
export function selectFile(session: UiccSession): ProfileFile {
  const { place, command } = session
  const find = WAYS.get(command.p1) ?? refuseWith(SW.incorrectP1P2)
  const file = find(session) ?? refuseWith(SW.notFound)
  if (isDirectory(file)) selectDirectory(place, file)
  else {
    if (file.parent !== place.directory) selectDirectory(place, file.parent)
    selectEf(place, file)
  }
  return file
}

/** By one identifier, in the order of §8.4.1: what is here, where it is, and what is beside it. */
function byFileId({ command, place, profile }: UiccSession): ProfileFile | undefined {
  const { mf } = profile.image
  if (command.data.length === 0) return mf
  const [fileId] = identifiersOf(command.data, 1)
  if (fileId === MF) return mf
  if (fileId === CURRENT_ADF) return place.application
  const { directory } = place
  const { parent } = directory
  const isWanted = (file: ProfileFile): boolean => file.kind !== 'adf' && file.fileId === fileId
  return (
    directory.files.find(isWanted) ??
    [directory, parent].find((file) => file !== undefined && isWanted(file)) ??
    parent?.files.find((file) => isDirectory(file) && isWanted(file))
  )
}

function childDirectory({ command, place }: UiccSession): ProfileFile | undefined {
  const [fileId] = identifiersOf(command.data, 1)
  return childOf(place.directory, { fileId, kind: 'directory' })
}

function childEf({ command, place }: UiccSession): ProfileFile | undefined {
  const [fileId] = identifiersOf(command.data, 1)
  return childOf(place.directory, { fileId, kind: 'ef' })
}

/** The path leaves out the MF; one that begins with 7FFF is from the current application. */
function pathFromMf({ command, place, profile }: UiccSession): ProfileFile | undefined {
  if (command.data.length === 0) return profile.image.mf
  const [first, ...rest] = identifiersOf(command.data)
  if (first !== CURRENT_ADF) return walk(profile.image.mf, [first, ...rest])
  return place.application && walk(place.application, rest)
}

function pathFromHere({ command, place }: UiccSession): ProfileFile | undefined {
  return walk(place.directory, identifiersOf(command.data))
}

function walk(from: Directory, path: readonly (number | undefined)[]): ProfileFile | undefined {
  let at: ProfileFile | undefined = from
  for (const fileId of path) {
    if (!at || !isDirectory(at)) return undefined
    at = childOf(at, { fileId })
  }
  return at
}

function childOf(
  directory: Directory,
  wanted: { readonly fileId: number | undefined; readonly kind?: 'directory' | 'ef' },
): ProfileFile | undefined {
  return directory.files.find(
    (file) =>
      file.kind !== 'adf' &&
      file.fileId === wanted.fileId &&
      (!wanted.kind || isDirectory(file) === (wanted.kind === 'directory')),
  )
}

/** File identifiers of two octets each. @throws {StatusWordRefusal} 6A87 unless they are so many */
function identifiersOf(data: Uint8Array, count?: number): number[] {
  const isRight = count === undefined ? data.length > 0 : data.length === 2 * count
  if (!isRight || data.length % 2 !== 0) refuseWith(SW.inconsistentLength)
  return Array.from({ length: data.length / 2 }, (_, at) => {
    return (data[2 * at] as number) * 256 + (data[2 * at + 1] as number)
  })
}

/** An application that SELECT finds by its AID. */
export interface NamedApplication {
  readonly aid: Uint8Array
  readonly adf: Directory
}

/** The applications of the profile, in the order of their creation. */
export function applicationsOf({ profile }: Pick<UiccSession, 'profile'>): NamedApplication[] {
  return profile.image.mf.files.flatMap((file) =>
    isDirectory(file) && file.kind === 'adf' && file.aid ? [{ aid: file.aid, adf: file }] : [],
  )
}

/** An application's session begins on the channel (§8.5.1). */
export function activateApplication(place: Place, adf: Directory): void {
  selectDirectory(place, adf)
}

/**
 * An application's session on the channel ends: the MF is selected, and what was verified in it is forgotten unless
 * the application is open on another channel.
 */
export function terminateApplication(session: UiccSession): void {
  const { card, place, profile } = session
  const adf = place.application
  selectDirectory(place, profile.image.mf)
  place.application = undefined
  const isOpen = [...card.channels.values()].some((channel) => channel.place?.application === adf)
  if (!adf || isOpen) return
  for (const code of adf.codes) card.verified.delete(code)
}

/** Whether an AID, right-truncated or whole, names an application (§11.1.1.2). */
export function isNamedBy(aid: Uint8Array, data: Uint8Array): boolean {
  return equalOctets(aid.subarray(0, data.length), data)
}
