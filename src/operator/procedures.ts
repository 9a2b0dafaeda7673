/** Procedures that wait for the other side: each is taken up once, ends by the lab's clock, and there are never too many. */

import type { Clock } from '../base/environment.ts'

export interface Procedures<State> {
  /** Lets a procedure wait for its next message. When there are too many, the one that began to wait first is given up. */
  wait(id: string, state: State): void
  /** What waits under the id, once; `undefined` when nothing does, or it has waited too long. */
  take(id: string): State | undefined
}

const WAITING_MAX = 10_000

/** Procedures that wait at most `waitMs` for each message. */
export function createProcedures<State>(limits: {
  readonly clock: Clock
  readonly waitMs: number
  readonly waitingMax?: number
}): Procedures<State> {
  const { clock, waitMs, waitingMax = WAITING_MAX } = limits
  const waiting = new Map<string, { readonly state: State; readonly untilMs: number }>()
  return {
    wait(id, state) {
      waiting.delete(id)
      for (const [oldest, { untilMs }] of waiting) {
        if (waiting.size < waitingMax && untilMs > clock.nowMs()) break
        waiting.delete(oldest)
      }
      waiting.set(id, { state, untilMs: clock.nowMs() + waitMs })
    },
    take(id) {
      const found = waiting.get(id)
      waiting.delete(id)
      return found && found.untilMs > clock.nowMs() ? found.state : undefined
    },
  }
}
