/** How long an LPA waits for its user, and how often it asks a server whose answer was lost. */

import { LabError } from '../base/errors.ts'

/** What comes of work within a time; `timeout` when it takes longer. Without a time it may take as long as it likes. */
export async function within<T>(
  timeMs: number | undefined,
  work: () => Promise<T>,
): Promise<T | 'timeout'> {
  if (timeMs === undefined) return work()
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), timeMs)
  })
  try {
    return await Promise.race([work(), tooLate])
  } finally {
    clearTimeout(timer)
  }
}

/** Calls once more where the first answer did not come: only for functions that may be called again in their session. */
export async function twice<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'unavailable') throw error
    return call()
  }
}
