/** What a card has changed in a profile since its installation, and where in the profile it belongs. */

import { fromHex, toHex } from '../../base/octets.ts'
import type {
  AuthenticationParameters,
  Directory,
  ElementaryFile,
  NetworkAccessApplication,
  ProfileFile,
  ProfileImage,
  SecretCode,
} from '../../profile/image.ts'

/** A code as it is now. */
export interface CodeChange {
  /** Hexadecimal. */
  readonly value: string
  readonly triesLeft: number
  readonly isEnabled: boolean
}

/**
 * Text alone, so that it is stored as it is. Files and codes are named by paths from the MF: file identifiers, the AID
 * for an ADF, and at the end the key reference of a code.
 */
export interface ProfileChanges {
  /** The whole contents, hexadecimal. */
  readonly contents?: Readonly<Record<string, string>>
  readonly lifeCycles?: Readonly<Record<string, number>>
  readonly codes?: Readonly<Record<string, CodeChange>>
  readonly unblockCodes?: Readonly<Record<string, CodeChange>>
  /** Sequence numbers, by the path of the ADF of the first application that has them. */
  readonly sqn?: Readonly<Record<string, readonly string[]>>
}

/** Earlier changes with later ones, which take the place of those for the same thing. */
export function mergeChanges(
  earlier: ProfileChanges | undefined,
  later: ProfileChanges,
): ProfileChanges {
  const merged: Record<string, unknown> = { ...earlier }
  for (const [kind, changes] of Object.entries(later)) {
    merged[kind] = { ...(merged[kind] as object | undefined), ...(changes as object) }
  }
  return merged as ProfileChanges
}

/** Changes as they were stored. @throws {RangeError} what is there is none that a card has stored */
export function readChanges(stored: ProfileChanges): ProfileChanges {
  const { contents = {}, lifeCycles = {}, codes = {}, unblockCodes = {}, sqn = {} } = stored
  const areCodes = [...Object.values(codes), ...Object.values(unblockCodes)].every(
    ({ value, triesLeft, isEnabled }) =>
      fromHex(value) && Number.isInteger(triesLeft) && typeof isEnabled === 'boolean',
  )
  const isRight =
    areCodes &&
    Object.values(contents).every((octets) => fromHex(octets)) &&
    Object.values(lifeCycles).every((state) => Number.isInteger(state)) &&
    Object.values(sqn).every((numbers) => numbers.every((seq) => SEQ.test(seq)))
  if (!isRight) throw new RangeError('changes of a profile that nothing has made')
  return stored
}

const SEQ = /^[0-9a-f]{1,12}$/

/** A profile's files, codes and applications by path, and back. */
export interface ProfilePlaces {
  /** Linked files are one body: the path is that of the first of them. */
  pathOfBody(body: ElementaryFile['body']): string
  pathOfFile(file: ProfileFile): string
  pathOfCode(code: SecretCode): string
  /** Applications may share sequence numbers: the path is that of the first of them. */
  pathOfSqn(authentication: AuthenticationParameters): string
  /** Puts changes on the image. What is not there is passed over. */
  apply(changes: ProfileChanges): void
}

export function placesOf(image: ProfileImage): ProfilePlaces {
  const index = createIndex(image)
  const pathOf = (thing: object): string => index.paths.get(thing) ?? ''
  return {
    pathOfBody: pathOf,
    pathOfFile: pathOf,
    pathOfCode: pathOf,
    pathOfSqn: ({ sqn }) => pathOf(sqn),
    apply: (changes) => applyChanges(index, changes),
  }
}

interface Index {
  readonly paths: Map<object, string>
  readonly files: Map<string, ProfileFile>
  readonly codes: Map<string, SecretCode>
  readonly unblockCodes: Map<string, SecretCode>
  readonly naas: ReadonlyMap<Directory, NetworkAccessApplication>
}

function createIndex(image: ProfileImage): Index {
  const index: Index = {
    paths: new Map(),
    files: new Map(),
    codes: new Map(),
    unblockCodes: new Map(),
    naas: new Map(image.naas.map((naa) => [naa.adf, naa])),
  }
  addFile(index, { file: image.mf, parentPath: '' })
  for (const { adf, authentication } of image.naas) {
    const path = index.paths.get(adf)
    if (authentication && path !== undefined) remember(index, { thing: authentication.sqn, path })
  }
  return index
}

function addFile(
  index: Index,
  added: { readonly file: ProfileFile; readonly parentPath: string },
): void {
  const { file, parentPath } = added
  // It has a path already: linked directories share what is in them, and there may be more ways than anybody can go.
  if (index.paths.has(file)) return
  const path = parentPath === '' ? nameOf(file) : `${parentPath}/${nameOf(file)}`
  remember(index, { thing: file, path })
  index.files.set(path, file)
  if (!('files' in file)) {
    remember(index, { thing: file.body, path })
    return
  }
  addCodes(index, { codes: file.codes, into: index.codes, path })
  addCodes(index, { codes: file.unblockCodes, into: index.unblockCodes, path })
  for (const child of file.files) addFile(index, { file: child, parentPath: path })
}

/** Codes that several directories share have the path of the first. */
function addCodes(
  index: Index,
  added: {
    readonly codes: readonly SecretCode[]
    readonly into: Map<string, SecretCode>
    readonly path: string
  },
): void {
  for (const code of added.codes) {
    const path = `${added.path}/${digits(code.keyReference, 2)}`
    remember(index, { thing: code, path })
    if (!added.into.has(path)) added.into.set(path, code)
  }
}

function remember(index: Index, { thing, path }: { thing: object; path: string }): void {
  if (!index.paths.has(thing)) index.paths.set(thing, path)
}

function nameOf(file: ProfileFile): string {
  if (file.kind === 'adf' && file.aid) return toHex(file.aid)
  return digits(file.fileId, 4)
}

function digits(value: number, count: number): string {
  return value.toString(16).toUpperCase().padStart(count, '0')
}

function applyChanges(index: Index, changes: ProfileChanges): void {
  for (const [path, octets] of Object.entries(changes.contents ?? {})) {
    const file = index.files.get(path)
    if (file && 'body' in file) file.body.octets = octetsOf(octets)
  }
  for (const [path, lifeCycle] of Object.entries(changes.lifeCycles ?? {})) {
    const file = index.files.get(path)
    if (file) file.lifeCycle = lifeCycle
  }
  for (const kind of ['codes', 'unblockCodes'] as const) {
    for (const [path, change] of Object.entries(changes[kind] ?? {})) {
      const code = index[kind].get(path)
      if (code) Object.assign(code, { ...change, value: octetsOf(change.value) })
    }
  }
  for (const [path, sqn] of Object.entries(changes.sqn ?? {})) applySqn(index, { path, sqn })
}

function applySqn(
  index: Index,
  { path, sqn }: { readonly path: string; readonly sqn: readonly string[] },
): void {
  const adf = index.files.get(path)
  const naa = adf && 'files' in adf ? index.naas.get(adf) : undefined
  for (const [ind, text] of sqn.entries()) {
    if (naa?.authentication) naa.authentication.sqn[ind] = BigInt(`0x${text}`)
  }
}

/** @throws {RangeError} what is stored is not hexadecimal */
function octetsOf(text: string): Uint8Array {
  const octets = fromHex(text)
  if (!octets) throw new RangeError('not hexadecimal')
  return octets
}
