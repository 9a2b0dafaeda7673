/** Reads operators' files again by itself while a lab is served, once somebody has changed them. */

import type { Operators, Reloaded } from './operators.ts'

const LOOK_EVERY_MS = 1000

export interface Watching {
  stop(): void
}

/**
 * Looks at the files each second and reads them when they have changed and then stayed the same for a look: editors write
 * in several steps, and unlike the events of file systems a look misses nothing, wherever the files are. Keeps no process
 * alive. A signal would not do: SIGHUP also comes when a terminal is closed, which is to end the lab, and Windows has none.
 */
export function startWatching(
  operators: Pick<Operators, 'look' | 'reload'>,
  onReload: (reloaded: Reloaded) => void,
): Watching {
  const look = watcher(operators, onReload)
  const timer = setInterval(look, LOOK_EVERY_MS).unref()
  return { stop: () => clearInterval(timer) }
}

/** A look at the files, to be called again and again. */
export function watcher(
  operators: Pick<Operators, 'look' | 'reload'>,
  onReload: (reloaded: Reloaded) => void,
): () => void {
  let known = operators.look()
  let last = known
  return () => {
    const now = operators.look()
    const isSettled = now === last
    last = now
    if (now === known || !isSettled) return
    known = now
    onReload(operators.reload())
  }
}
