/** Other people's certificates and keys, from a directory of any layout. */

import * as fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LabError, messageOf } from '../base/errors.ts'
import { arrangePki, type FoundPki } from './arrange.ts'
import { readMaterial, type PassedOver, type SourceFile } from './material.ts'

/** A PKI and the directory that it was found in. */
export interface LoadedPki extends FoundPki {
  readonly directory: string
}

const FILES_MAX = 4096
const FILE_OCTETS_MAX = 256 * 1024
const TOTAL_OCTETS_MAX = 32 * 1024 * 1024
const DEPTH_MAX = 8

/**
 * Finds certificates and keys below a directory, or in one file. They are told apart by content: DER, PEM with any
 * number of blocks, PKCS#8 and SEC 1 keys, hexadecimal and Base64. What is foreign is passed over with its reason.
 *
 * At most 4096 files of 256 KiB each, 32 MiB together, eight folders deep; hidden folders are not entered, and
 * links to folders are not followed.
 * @throws {LabError} badInput — there is no such directory, or it holds too many files
 */
export function loadPkiDirectory(directory: string): LoadedPki {
  const walk: Walk = { files: [], passedOver: [], octets: 0 }
  if (statusOf(directory)?.isFile())
    readInto(walk, { base: dirname(directory), name: basename(directory), depth: 0 })
  else enter(walk, { base: directory, name: '', depth: 0 })
  const found = arrangePki(readMaterial(walk.files))
  return {
    directory,
    cis: found.cis,
    passedOver: [...walk.passedOver, ...found.passedOver],
  }
}

interface Walk {
  readonly files: SourceFile[]
  readonly passedOver: PassedOver[]
  octets: number
}

interface Place {
  readonly base: string
  /** From the base, with `/`. */
  readonly name: string
  readonly depth: number
}

function enter(walk: Walk, place: Place): void {
  for (const entry of entriesOf(place, walk)) {
    const name = place.name === '' ? entry.name : `${place.name}/${entry.name}`
    const inner = { base: place.base, name, depth: place.depth + 1 }
    if (!entry.isDirectory()) readInto(walk, inner)
    else if (entry.name.startsWith('.')) pass(walk, { file: name, why: 'is a hidden folder' })
    else if (inner.depth > DEPTH_MAX) pass(walk, { file: name, why: 'is a folder too deep down' })
    else enter(walk, inner)
  }
}

function entriesOf(place: Place, walk: Walk): fs.Dirent[] {
  const path = join(place.base, place.name)
  try {
    return fs
      .readdirSync(path, { withFileTypes: true })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (place.name === '') throw notThere(path, error)
    pass(walk, { file: place.name, why: `cannot be read: ${messageOf(error)}` })
    return []
  }
}

function notThere(path: string, error: unknown): LabError {
  const detail = `cannot read the directory ${path}: ${messageOf(error)}.`
  return new LabError('badInput', detail, { field: 'pki', cause: error })
}

function readInto(walk: Walk, { base, name }: Place): void {
  const path = join(base, name)
  const status = statusOf(path)
  // A pipe would be read without end, and a folder behind a link may lead back.
  if (!status?.isFile()) return pass(walk, { file: name, why: 'is no file, or a link to none' })
  if (status.size > FILE_OCTETS_MAX) {
    return pass(walk, { file: name, why: `is larger than ${FILE_OCTETS_MAX} octets` })
  }
  walk.octets += status.size
  if (walk.files.length >= FILES_MAX || walk.octets > TOTAL_OCTETS_MAX) throw tooMany(base)
  try {
    walk.files.push({ path: name, octets: fs.readFileSync(path) })
  } catch (error) {
    pass(walk, { file: name, why: `cannot be read: ${messageOf(error)}` })
  }
}

function tooMany(directory: string): LabError {
  const detail =
    `${directory} holds more than ${FILES_MAX} files, or more than ${TOTAL_OCTETS_MAX} octets. ` +
    'Name the folder that the certificates are in.'
  return new LabError('badInput', detail, { field: 'pki' })
}

/** Nothing for what cannot be looked at: a link to nowhere or to itself, an entry of a folder that may not be entered. */
function statusOf(path: string): fs.Stats | undefined {
  try {
    return fs.statSync(path)
  } catch {
    return undefined
  }
}

function pass(walk: Walk, passed: PassedOver): void {
  walk.passedOver.push(passed)
}
