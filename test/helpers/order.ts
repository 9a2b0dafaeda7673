import type fc from 'fast-check'

/**
 * Begins work when fast-check's scheduler says so. `scheduleFunction` of fast-check begins it at once, and shuffles only
 * when it is told to be done: then requests reach the store in the order in which they were written down.
 */
export async function inTurn<T>(scheduler: fc.Scheduler, work: () => Promise<T>): Promise<T> {
  await scheduler.schedule(Promise.resolve())
  return work()
}
