/** Where a clock that is moved by hand has come to: the lab goes on from there when it is served again. */

import { join } from 'node:path'
import { LabError } from '../base/errors.ts'
import { asBuffer } from '../base/octets.ts'
import { makeDirectory, readIfThere, replaceFile } from '../store/directory.ts'

/** The instant that the clock of a directory was last moved to, if ever. @throws {LabError} damaged */
export function keptInstant(directory: string): Date | undefined {
  const path = clockFile(directory)
  const content = readIfThere(path)
  if (!content) return undefined
  const instant = new Date(asBuffer(content).toString('utf8').trim())
  if (!Number.isNaN(instant.getTime())) return instant
  throw new LabError('damaged', `${path} should hold an instant such as 2026-09-01T12:00:00.000Z.`)
}

export function keepInstant(directory: string, instant: Date): void {
  makeDirectory(directory)
  replaceFile(clockFile(directory), instant.toISOString())
}

function clockFile(directory: string): string {
  return join(directory, 'clock')
}
