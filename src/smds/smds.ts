/** The SM-DS: where LPAs learn that somebody has a profile for their eUICC (SGP.22 §3.6, §5.8 to §5.10). */

import type { Environment } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import type { Certificate } from '../pki/certificate.ts'
import { oidOf } from '../pki/chain.ts'
import type { Credential } from '../pki/issue.ts'
import type { IsRevoked } from '../pki/revocation.ts'
import { sameAddress } from '../rsp/activation-code.ts'
import type { Es11 } from '../rsp/es11.ts'
import type { Es12 } from '../rsp/es12.ts'
import { RspError } from '../rsp/status-codes.ts'
import type { Store } from '../store/engine.ts'
import { findWithdrawals, removeWithdrawal, withdrawUnfinished } from '../store/smds-events.ts'
import { authenticateClient } from './authenticate-client.ts'
import { deleteEvent, registerEvent, withdraw } from './events.ts'
import { initiateAuthentication } from './initiate-authentication.ts'
import { createSmdsSessions, type SmdsSessions } from './sessions.ts'

/** CERT.DSauth under one CI. */
export interface DsCredentials {
  readonly ci: Certificate
  readonly dsAuth: Credential
}

/** Who calls ES12: an SM-DP+ or an SM-DS, by the OID of its TLS certificate (SGP.22 §5.9.1). */
export interface EventCaller {
  readonly oid: string
}

/** What every function of an SM-DS works with. */
export interface SmdsContext {
  /** Under which its records are kept. */
  readonly name: string
  /** An alternative SM-DS tells the root SM-DS of its events; a root SM-DS ignores that it should (SGP.22 §5.9.1). */
  readonly kind: 'root' | 'alternative'
  readonly environment: Environment
  readonly store: Store
  readonly sessions: SmdsSessions
  /** In the server's order of preference; at least one. */
  readonly credentials: readonly DsCredentials[]
  readonly trustedCis: readonly Certificate[]
  /** What the CIs have revoked. */
  readonly isRevoked?: IsRevoked | undefined
  /** The addresses under which this SM-DS is reached; the first is the one it names itself. */
  addresses: readonly [string, ...string[]]
  /** ES15 of the root SM-DS. */
  root: Es12 | undefined
}

export interface Smds {
  readonly es11: Es11
  /** ES12, and ES15, as a caller reaches it. */
  es12(caller: EventCaller): Es12
  readonly address: string
  /** The OID by which other servers know it. */
  readonly oid: string
  /** Whether an address is one of its own. */
  isAt(address: string): boolean
  /** What the server signs with, in its order of preference. */
  readonly credentials: readonly DsCredentials[]
  /** Says under which addresses the server is reached once its listeners know their ports. */
  setAddresses(addresses: readonly [string, ...string[]]): void
  /** Says how the root SM-DS is reached. */
  setRoot(root: Es12): void
  /** Undoes registrations that the end of the last process has cut off. To be called before anything else. */
  begin(): Promise<void>
  /** Deletes at the root SM-DS what has no record here any more. It is tried again at the next call. */
  sweep(): Promise<void>
}

const SESSIONS_MAX = 10_000
const SESSION_LIFETIME_MS = 30 * 60_000

export function createSmds(options: Omit<SmdsContext, 'sessions' | 'root'>): Smds {
  const sessions = createSmdsSessions({
    clock: options.environment.clock,
    sessionsMax: SESSIONS_MAX,
    lifetimeMs: SESSION_LIFETIME_MS,
  })
  const context: SmdsContext = { ...options, sessions, root: undefined }
  const { store, name, credentials } = context
  return {
    es11: {
      initiateAuthentication: async (request) => initiateAuthentication(context, request),
      authenticateClient: async (request) => authenticateClient(context, request),
    },
    es12: (caller) => ({
      registerEvent: (request) => registerEvent(context, { caller, request }),
      deleteEvent: (request) => deleteEvent(context, { caller, request }),
    }),
    get address() {
      return context.addresses[0]
    },
    get oid() {
      return oidOf((credentials[0] as DsCredentials).dsAuth.certificate)
    },
    isAt: (address) => context.addresses.some((own) => sameAddress(own, address)),
    credentials,
    setAddresses: (addresses) => void (context.addresses = addresses),
    setRoot: (root) => void (context.root = root),
    begin: () => store.write((db) => withdrawUnfinished(db, name)),
    sweep: () => makeWithdrawals(context),
  }
}

async function makeWithdrawals(context: SmdsContext): Promise<void> {
  const { store, name: smds } = context
  for (const { eid, forwardedEventId } of store.read((db) => findWithdrawals(db, smds))) {
    try {
      await withdraw(context, { eid, eventId: forwardedEventId })
    } catch (error) {
      // The root SM-DS is not there, or not well: the others can wait as well.
      if (error instanceof RspError || error instanceof LabError) return
      throw error
    }
    await store.write((db) => removeWithdrawal(db, { smds, forwardedEventId }))
  }
}
