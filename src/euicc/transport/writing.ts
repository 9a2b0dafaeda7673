/** Writing to a stream whose other side may be slow, or gone. */

import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** Writes when the stream has room. Answers whether the other side is still there to read. */
export async function write(stream: Writable, data: Uint8Array | string): Promise<boolean> {
  if (!stream.writable) return false
  if (stream.write(data)) return true
  // A reader that goes while we wait for it ends the wait, too.
  const ended = new AbortController()
  const options = { signal: ended.signal }
  try {
    await Promise.race([once(stream, 'drain', options), once(stream, 'close', options)])
  } catch {
    return false
  } finally {
    ended.abort()
  }
  return stream.writable
}
