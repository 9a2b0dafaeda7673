/** The operators of a lab: one file each, read when the lab starts and again whenever somebody asks. */

import { readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LabError, messageOf } from '../base/errors.ts'
import type { NumberRange } from '../store/inventory.ts'
import {
  LAB_OPERATOR_FILE,
  loadOperatorFile,
  readOperatorFile,
  type OperatorFile,
} from './operator-file.ts'

/** The directory of the operators that come with esim-lab. */
export const OPERATORS_DIRECTORY: URL = new URL('.', LAB_OPERATOR_FILE)

/** What became of a reload: a file that is wrong leaves the operator as it was. */
export interface Reloaded {
  readonly ids: readonly string[]
  readonly faults: readonly { readonly path: string; readonly text: string }[]
}

export interface Operators {
  /** Whom a profile belongs to that nobody else claims. */
  readonly default: OperatorFile
  list(): readonly OperatorFile[]
  find(id: string): OperatorFile | undefined
  /** @throws {LabError} notFound — no operator has the id */
  get(id: string): OperatorFile
  /** The operator whose profiles are ordered by this type; the default one for a type of nobody's. */
  ofProfileType(profileType: string): OperatorFile
  /** The operator from whose range a number is. */
  ofNumber(msisdn: string): OperatorFile | undefined
  /** Reads all files again. Whoever asks next has the new rules. */
  reload(): Reloaded
  /** What the files look like from outside: another text when one has changed, come or gone. */
  look(): string
}

/**
 * The operators of some files: of one that is the default, of all `.json` files of a directory of the user's own, and of
 * all of a directory besides. A file of the latter that shares something with the default or with one of the user's is left
 * out: it is what that one was made from.
 * @throws {LabError} notFound, badInput — a file is wrong, or two operators share an id, a profile type or numbers
 */
export function loadOperators(
  from: {
    readonly defaultFile?: string | URL | undefined
    readonly directory?: string | URL | undefined
    readonly ownDirectory?: string | undefined
  } = {},
): Operators {
  const places = {
    own: pathOf(from.defaultFile ?? LAB_OPERATOR_FILE),
    directory: pathOf(from.directory ?? OPERATORS_DIRECTORY),
    ownDirectory: from.ownDirectory && pathOf(from.ownDirectory),
  }
  const paths = (): readonly OperatorPath[] => pathsOf(places)
  const first = withoutRivals(
    paths().map((path) => ({ ...path, file: loadOperatorFile(path.path) })),
  )
  return registryOf({ read: () => readAgain(paths()), look: () => lookAt(places), first })
}

/** An operator alone: for a lab of one, and for tests. */
export function onlyOperator(file: OperatorFile): Operators {
  const entry = { path: file.id, isOwn: true, file }
  const read = (): Reading => ({ entries: [entry], faults: [] })
  return registryOf({ read, look: () => '', first: [entry] })
}

interface OperatorPath {
  readonly path: string
  /** Whether it is the default one or the user's own, which others give way to. */
  readonly isOwn: boolean
}

interface Entry extends OperatorPath {
  readonly file: OperatorFile
}

interface Places {
  readonly own: string
  readonly directory: string
  readonly ownDirectory: string | undefined
}

interface Reading {
  readonly entries: readonly Entry[]
  readonly faults: Reloaded['faults']
}

function registryOf(parts: {
  read(): Reading
  look(): string
  readonly first: readonly Entry[]
}): Operators {
  let entries = parts.first
  requireApart(entries)
  const defaultPath = entries[0]?.path
  const files = (): readonly OperatorFile[] => entries.map(({ file }) => file)
  const find = (id: string) => files().find((file) => file.id === id)
  const registry: Operators = {
    get default() {
      return (entries.find(({ path }) => path === defaultPath) as Entry).file
    },
    list: files,
    find,
    get(id) {
      const file = find(id)
      if (file) return file
      const known = files().map((one) => one.id)
      throw new LabError('notFound', `no operator is called ${id}; there are ${known.join(', ')}`, {
        field: 'operator',
      })
    },
    ofProfileType: (profileType) =>
      files().find(({ profile }) => profile.profileType === profileType) ?? registry.default,
    ofNumber: (msisdn) => files().find(({ ranges }) => isIn(ranges.msisdn, msisdn)),
    reload() {
      const { entries: read, faults } = parts.read()
      const kept = entries.filter(({ path }) => faults.some((fault) => fault.path === path))
      const next = withoutRivals([...read, ...kept].toSorted((a, b) => order(a, b, defaultPath)))
      const clash = clashOf(next)
      if (clash) return { ids: [], faults: [...faults, { path: clash.path, text: clash.text }] }
      entries = next
      return {
        ids: next.filter((entry) => !kept.includes(entry)).map(({ file }) => file.id),
        faults,
      }
    },
    look: parts.look,
  }
  return registry
}

function order(a: Entry, b: Entry, defaultPath: string | undefined): number {
  if (a.path === defaultPath) return -1
  return b.path === defaultPath ? 1 : a.path.localeCompare(b.path)
}

function pathOf(place: string | URL): string {
  return place instanceof URL ? fileURLToPath(place) : resolve(place)
}

function pathsOf({ own, directory, ownDirectory }: Places): readonly OperatorPath[] {
  const owns = ownDirectory === undefined ? [] : filesIn(ownDirectory)
  const others = filesIn(directory).filter((path) => path !== own && !owns.includes(path))
  return [
    { path: own, isOwn: true },
    ...owns.filter((path) => path !== own).map((path) => ({ path, isOwn: true })),
    ...others.map((path) => ({ path, isOwn: false })),
  ]
}

function filesIn(directory: string): readonly string[] {
  return namesIn(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(directory, name))
    .toSorted()
}

/** Also what files name beside them: shared rules and icons. */
function lookAt({ own, directory, ownDirectory }: Places): string {
  const directories = new Set([dirname(own), directory, ...(ownDirectory ? [ownDirectory] : [])])
  return [...directories].map(lookIn).join('\n')
}

function lookIn(directory: string): string {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .toSorted()
      .map((name) => {
        const { mtimeMs, size } = statSync(join(directory, name))
        return `${name} ${mtimeMs} ${size}`
      })
      .join('\n')
  } catch {
    // A file may go while it is looked at: whoever looks again sees what is there then.
    return 'changing'
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    throw new LabError('notFound', `cannot read the directory ${directory}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function readAgain(paths: readonly OperatorPath[]): Reading {
  const entries: Entry[] = []
  const faults: { path: string; text: string }[] = []
  for (const path of paths) {
    try {
      entries.push({ ...path, file: readOperatorFile(path.path) })
    } catch (error) {
      faults.push({ path: path.path, text: messageOf(error) })
    }
  }
  return { entries, faults }
}

function withoutRivals(entries: readonly Entry[]): readonly Entry[] {
  const owns = entries.filter(({ isOwn }) => isOwn)
  return entries.filter(
    ({ isOwn, file }) => isOwn || !owns.some((own) => fieldInCommon(file, own.file)),
  )
}

function requireApart(entries: readonly Entry[]): void {
  const clash = clashOf(entries)
  if (clash) throw new LabError('badInput', `${clash.path}: ${clash.text}`, { field: clash.field })
}

function clashOf(
  entries: readonly Entry[],
): { readonly path: string; readonly field: string; readonly text: string } | undefined {
  for (const [at, { path, file }] of entries.entries()) {
    for (const { file: other } of entries.slice(0, at)) {
      const field = fieldInCommon(file, other)
      if (field) return { path, field, text: `${field}: ${other.id} has it already` }
    }
  }
  return undefined
}

function fieldInCommon(a: OperatorFile, b: OperatorFile): string | undefined {
  if (a.id === b.id) return 'id'
  if (a.profile.profileType === b.profile.profileType) return 'profile.profileType'
  const ranges = ['iccid', 'imsi', 'msisdn'] as const
  const shared = ranges.find((name) => overlap(a.ranges[name], b.ranges[name]))
  return shared && `ranges.${shared}`
}

function overlap(a: NumberRange, b: NumberRange): boolean {
  const isSameLength = a.digits === b.digits
  return isSameLength && (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix))
}

function isIn(range: NumberRange, number: string): boolean {
  return number.length === range.digits && number.startsWith(range.prefix)
}
