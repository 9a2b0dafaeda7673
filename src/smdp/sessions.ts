/** RSP sessions of the SM-DP+: what it remembers between the calls of one download (SGP.22 §3.1.2, §3.1.3). */

import { toHex } from '../base/octets.ts'
import type { Clock } from '../base/environment.ts'
import type { Certificate } from '../pki/certificate.ts'
import type { DpCredentials } from './smdp.ts'

interface Begun {
  readonly transactionId: Uint8Array
  readonly serverAddress: string
  readonly serverChallenge: Uint8Array
  readonly credentials: DpCredentials
  /** The version that the eUICC gave in EUICCInfo1. */
  readonly svn: Uint8Array
  readonly startedMs: number
}

/** InitiateAuthentication was answered. */
export interface InitiatedSession extends Begun {
  readonly step: 'initiated'
}

/** The eUICC is authenticated and an order is chosen; `bound` once its package was handed out. */
export interface AuthenticatedSession extends Begun {
  readonly step: 'authenticated' | 'bound'
  readonly eid: string
  readonly euiccCertificate: Certificate
  readonly iccid: string
  /** The order's MatchingID when the session was authenticated for it. */
  readonly matchingId: string | undefined
  /** What euiccSignature2 covers besides EUICCSigned2. */
  readonly smdpSignature2: Uint8Array
}

export type Session = InitiatedSession | AuthenticatedSession

/** Sessions by TransactionID, bounded in number and age: the oldest go first. */
export interface SessionStore {
  find(transactionId: Uint8Array): Session | undefined
  save(session: Session): void
  end(transactionId: Uint8Array): void
  /** Forgets sessions whose time is over. */
  forgetOld(): void
  readonly size: number
}

export function createSessionStore(options: {
  readonly clock: Clock
  readonly sessionsMax: number
  readonly lifetimeMs: number
}): SessionStore {
  const sessions = new Map<string, Session>()
  const isOver = (session: Session): boolean =>
    options.clock.nowMs() - session.startedMs > options.lifetimeMs

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
    forgetOld: forgetOldest,
    end: (transactionId) => void sessions.delete(toHex(transactionId)),
    get size() {
      return sessions.size
    },
  }
}
