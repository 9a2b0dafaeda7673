/** RSP sessions of an SM-DS: what it remembers between InitiateAuthentication and AuthenticateClient (SGP.22 §3.6.2). */

import type { Clock } from '../base/environment.ts'
import { toHex } from '../base/octets.ts'

export interface SmdsSession {
  readonly transactionId: Uint8Array
  readonly serverAddress: string
  readonly serverChallenge: Uint8Array
  /** The version that the eUICC gave in EUICCInfo1. */
  readonly svn: Uint8Array
  readonly startedMs: number
}

/** Sessions by TransactionID, bounded in number and age: the oldest go first. */
export interface SmdsSessions {
  find(transactionId: Uint8Array): SmdsSession | undefined
  save(session: SmdsSession): void
  end(transactionId: Uint8Array): void
}

export function createSmdsSessions(options: {
  readonly clock: Clock
  readonly sessionsMax: number
  readonly lifetimeMs: number
}): SmdsSessions {
  const sessions = new Map<string, SmdsSession>()
  const isOver = ({ startedMs }: SmdsSession): boolean =>
    options.clock.nowMs() - startedMs > options.lifetimeMs

  function forgetOldest(): void {
    for (const [key, session] of sessions) {
      if (sessions.size <= options.sessionsMax && !isOver(session)) return
      sessions.delete(key)
    }
  }

  return {
    find(transactionId) {
      const session = sessions.get(toHex(transactionId))
      return session && !isOver(session) ? session : undefined
    },
    save(session) {
      sessions.set(toHex(session.transactionId), session)
      forgetOldest()
    },
    end: (transactionId) => void sessions.delete(toHex(transactionId)),
  }
}
