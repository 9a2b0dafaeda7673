/** Sweeping while a lab is served: what has ended is put away, also in accounts that nobody touches. */

const SWEEP_EVERY_MS = 60_000

export interface Sweeping {
  /** Settles when a sweep that is under way is done; none begins after the call. */
  stop(): Promise<void>
}

/** Sweeps at once and then each minute, and keeps no process alive for it. A sweep that fails is told to `onError`. */
export function startSweeping(
  swept: { sweep(): Promise<unknown> },
  onError: (error: unknown) => void,
): Sweeping {
  let last: Promise<unknown> = Promise.resolve()
  const sweep = (): void => void (last = last.then(() => swept.sweep()).catch(onError))
  sweep()
  const timer = setInterval(sweep, SWEEP_EVERY_MS).unref()
  return {
    async stop() {
      clearInterval(timer)
      await last
    },
  }
}
