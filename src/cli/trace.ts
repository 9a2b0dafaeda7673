/** `--trace FILE`: every message of a protocol as one line of JSON, decoded, in the order in which they came. */

import * as fs from 'node:fs'
import { Asn1Error } from '../asn1/der.ts'
import { decode } from '../asn1/schema.ts'
import { wallClock, type Clock } from '../base/environment.ts'
import { LabError, messageOf } from '../base/errors.ts'
import { BoundProfilePackage } from '../rsp/es8plus.ts'
import { toPlainJson, type Observer } from '../rsp/observe.ts'

export interface Trace {
  readonly observer: Observer
  close(): void
}

const SECRET_MODE = 0o600

/**
 * Appends to a file, which its owner alone may read. A write that fails ends the trace and is told to `onFailure` once:
 * it never disturbs the lab.
 * @throws {LabError} badInput — the file cannot be opened
 */
export function openTrace(options: {
  readonly path: string
  readonly clock: Clock
  readonly onFailure: (detail: string) => void
}): Trace {
  const { path, clock, onFailure } = options
  let descriptor: number | undefined = open(path)
  function close(): void {
    if (descriptor !== undefined) fs.closeSync(descriptor)
    descriptor = undefined
  }
  return {
    observer({ message, ...side }) {
      if (descriptor === undefined) return
      try {
        const at = clock.now().toISOString()
        const line = { at, ...side, message: toPlainJson(opened(message)) }
        // Whoever has an answer finds it in the trace, also after a crash: so this does not wait in a buffer.
        fs.writeSync(descriptor, `${JSON.stringify(line)}\n`)
      } catch (error) {
        close()
        onFailure(`cannot write ${path}, the trace ends here: ${messageOf(error)}.`)
      }
    },
    close,
  }
}

/** A Bound Profile Package travels as octets; it is shown by its parts. */
function opened(message: unknown): unknown {
  if (typeof message !== 'object' || message === null) return message
  const { boundProfilePackage } = message as { readonly boundProfilePackage?: unknown }
  if (!(boundProfilePackage instanceof Uint8Array)) return message
  try {
    return { ...message, boundProfilePackage: decode(BoundProfilePackage, boundProfilePackage) }
  } catch (error) {
    if (error instanceof Asn1Error) return message
    throw error
  }
}

/** Runs work with an observer when the user wants a trace of it, and closes the file after it. */
export async function traced<T>(
  wanted: { readonly trace?: string; readonly onFailure: (detail: string) => void },
  work: (observer: Observer | undefined) => Promise<T>,
): Promise<T> {
  if (wanted.trace === undefined) return work(undefined)
  const trace = openTrace({ path: wanted.trace, clock: wallClock, onFailure: wanted.onFailure })
  try {
    return await work(trace.observer)
  } finally {
    trace.close()
  }
}

function open(path: string): number {
  try {
    return fs.openSync(path, 'a', SECRET_MODE)
  } catch (error) {
    throw new LabError('badInput', `cannot open ${path} for the trace: ${messageOf(error)}.`, {
      field: 'trace',
      cause: error,
    })
  }
}
