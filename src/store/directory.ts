/** A data directory: one process at a time, secrets for the owner alone, files replaced as a whole. */

import * as fs from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { LabError, messageOf } from '../base/errors.ts'

const DIRECTORY_MODE = 0o700
const SECRET_MODE = 0o600

/** Makes the directory if there is none. @throws {LabError} badInput when that is not possible */
export function makeDirectory(path: string): void {
  try {
    fs.mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE })
  } catch (error) {
    throw new LabError('badInput', `cannot make the directory ${path}: ${messageOf(error)}.`, {
      field: 'data',
      cause: error,
    })
  }
}

export interface DirectoryLock {
  release(): void
}

/**
 * Takes the directory for this process. The lock is the operating system's and ends with the process, however it ends.
 * @throws {LabError} dataDirectoryLocked — another process has it; badInput — nothing can be written there
 */
export function lockDirectory(path: string): DirectoryLock {
  let db: Database.Database | undefined
  try {
    db = new Database(join(path, 'lock'), { timeout: 0 })
    db.exec('BEGIN EXCLUSIVE')
    const held = db
    return { release: () => void held.close() }
  } catch (error) {
    db?.close()
    throw isBusy(error) ? locked(path, error) : notLockable(path, error)
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
}

function locked(path: string, cause: unknown): LabError {
  return new LabError(
    'dataDirectoryLocked',
    `${path} is in use by another esim-lab. Stop it, or give another directory with --data.`,
    { cause },
  )
}

function notLockable(path: string, cause: unknown): LabError {
  return new LabError(
    'badInput',
    `cannot write in ${path}: ${messageOf(cause)}. Give another directory with --data.`,
    { field: 'data', cause },
  )
}

/** The file's octets, or `undefined` when there is none. */
export function readIfThere(path: string): Uint8Array | undefined {
  try {
    return fs.readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new LabError('damaged', `cannot read ${path}: ${messageOf(error)}.`, { cause: error })
  }
}

/**
 * Writes a file as a whole, readable by its owner alone: a reader sees the old or the new one, also after a crash.
 * @throws {LabError} unavailable — there is no room, or no right to write there; the old file is untouched
 */
export function replaceFile(path: string, content: Uint8Array | string): void {
  const draft = `${path}.${process.pid}.new`
  try {
    writeSecret(draft, content)
    fs.renameSync(draft, path)
  } catch (error) {
    fs.rmSync(draft, { force: true })
    throw new LabError('unavailable', `cannot write ${path}: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}

function writeSecret(path: string, content: Uint8Array | string): void {
  const descriptor = fs.openSync(path, 'w', SECRET_MODE)
  try {
    fs.writeFileSync(descriptor, content)
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
