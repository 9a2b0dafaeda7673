/** The SM-DP+: composition of ES9+ and ES2+ over one store. */

import { normaliseIccid } from '../base/bcd.ts'
import type { Environment } from '../base/environment.ts'
import type { Credential } from '../pki/issue.ts'
import type { Certificate } from '../pki/certificate.ts'
import { oidOf } from '../pki/chain.ts'
import type { StoreMetadataRequest } from '../rsp/common.ts'
import { LabError } from '../base/errors.ts'
import type { Es12 } from '../rsp/es12.ts'
import type { Es2Plus } from '../rsp/es2plus.ts'
import type { Es9Plus } from '../rsp/es9plus.ts'
import {
  addProfiles,
  listOrders,
  type Order,
  type OrderPage,
  type ProfileEvent,
} from '../store/orders.ts'
import type { Connection, Store } from '../store/engine.ts'
import { authenticateClient } from './authenticate-client.ts'
import { cancelSession } from './cancel-session.ts'
import { cancelOrder, confirmOrder, downloadOrder, releaseProfile } from './es2plus.ts'
import { getBoundProfilePackage } from './get-bound-profile-package.ts'
import { handleNotification } from './handle-notification.ts'
import { initiateAuthentication } from './initiate-authentication.ts'
import { createOrderEvents, type OrderEvents } from './order-events.ts'
import { makeRepeatable, resetOrder, type ResetOrder } from './repeat-orders.ts'
import { createSessionStore, type SessionStore } from './sessions.ts'

/** The SM-DP+'s certificates under one CI: DPauth and DPpb are of one curve and one OID (SGP.22 §4.5.2). */
export interface DpCredentials {
  readonly ci: Certificate
  readonly dpAuth: Credential
  readonly dpPb: Credential
}

/** Where profiles come from: what the operator knows of a subscriber, as a package and its metadata. */
export interface ProfileSource {
  /** StoreMetadataRequest of the profile; `notificationAddress` is where its notifications shall go. */
  metadata(iccid: string, notificationAddress: string): StoreMetadataRequest
  /** The unprotected profile package. */
  profilePackage(iccid: string): Uint8Array
}

export interface SmdpSettings {
  /** Whether a package travels under session keys alone or under its own Profile Protection Keys (SGP.22 §2.5.3). */
  readonly profileProtection: 'sessionKeys' | 'profileProtectionKeys'
  /** Wrong Confirmation Codes after which an order ends (SGP.22 §3.1.3.2). */
  readonly confirmationAttemptsMax: number
  readonly sessionsMax: number
  readonly sessionLifetimeMs: number
}

export const DEFAULT_SMDP_SETTINGS: SmdpSettings = {
  profileProtection: 'sessionKeys',
  confirmationAttemptsMax: 3,
  sessionsMax: 10_000,
  sessionLifetimeMs: 30 * 60_000,
}

/** What every function of the SM-DP+ works with. */
export interface SmdpContext {
  readonly environment: Environment
  readonly store: Store
  readonly sessions: SessionStore
  /** In the server's order of preference. */
  readonly credentials: readonly DpCredentials[]
  readonly trustedCis: readonly Certificate[]
  readonly profiles: ProfileSource
  readonly settings: SmdpSettings
  /** The addresses under which this SM-DP+ is reached; the first is the one it names itself. */
  addresses: readonly [string, ...string[]]
  readonly events: OrderEvents
  /** The operator is told within the SM-DP+'s own transaction, so that both keep it or neither. */
  onProfileEvent(db: Connection, event: ProfileEvent): void
}

/** An order as it may be shown: without hashes and keys. */
export type OrderSummary = Pick<
  Order,
  'iccid' | 'profileType' | 'state' | 'eid' | 'matchingId' | 'errorDetail' | 'repeatable'
>

/** ES9+ of the SM-DP+ under certificates and addresses of its own; orders and sessions are the same. */
export interface SmdpFace {
  readonly es9Plus: Es9Plus
  readonly credentials: readonly DpCredentials[]
  readonly address: string
  setAddresses(addresses: readonly [string, ...string[]]): void
}

export interface Smdp {
  readonly es9Plus: Es9Plus
  readonly es2Plus: Es2Plus
  /** Puts profiles on stock. */
  addProfiles(profiles: {
    readonly iccids: readonly string[]
    readonly profileType: string
  }): Promise<void>
  /** Orders that have left the stock, by ICCID. */
  orders(page: OrderPage): readonly OrderSummary[]
  /** Lets an order be downloaded again and again. @throws {LabError} notFound, conflict */
  makeRepeatable(order: { readonly iccid: string }): Promise<void>
  /** Lets an order be downloaded once more. @throws {LabError} notFound, conflict */
  resetOrder(order: { readonly iccid: string }): Promise<ResetOrder>
  /** Another way to reach the SM-DP+, with other certificates. Notifications of either way's eUICCs are taken by all. */
  openFace(face: Pick<SmdpContext, 'credentials' | 'trustedCis' | 'addresses'>): SmdpFace
  /** Says under which addresses the server is reached once its listeners know their ports. */
  setAddresses(addresses: readonly [string, ...string[]]): void
  /** Says how SM-DSs are reached, each by its address; until then none is. */
  setSmds(es12: (address: string) => Es12): void
  /** Deletes the events of orders that have ended at their SM-DSs, as far as these answer. */
  settleEvents(): Promise<void>
  readonly address: string
  /** The OID by which other servers know it. */
  readonly oid: string
  /** What the server signs with, in its order of preference. */
  readonly credentials: readonly DpCredentials[]
  /** RSP sessions that are open. */
  readonly sessionCount: number
}

export function createSmdp(
  options: Omit<SmdpContext, 'sessions' | 'settings' | 'events'> & {
    readonly settings?: Partial<SmdpSettings>
  },
): Smdp {
  const settings = { ...DEFAULT_SMDP_SETTINGS, ...options.settings }
  const sessions = createSessionStore({
    clock: options.environment.clock,
    sessionsMax: settings.sessionsMax,
    lifetimeMs: settings.sessionLifetimeMs,
  })
  let es12: (address: string) => Es12 = noSmds
  const events = createOrderEvents({
    store: options.store,
    clock: options.environment.clock,
    es12: (address) => es12(address),
    address: () => context.addresses[0],
  })
  const context: SmdpContext = { ...options, settings, sessions, events }
  /** Orders may end in any of these functions. */
  const thenEvents = <T>(work: Promise<T>): Promise<T> => work.finally(events.kick)
  const faces: SmdpContext[] = [context]
  /** A card may have come by one way and bring its notifications by another. */
  const anyFace = (): SmdpContext =>
    faces.length === 1
      ? context
      : {
          ...context,
          credentials: faces.flatMap(({ credentials }) => credentials),
          trustedCis: [...new Set(faces.flatMap(({ trustedCis }) => trustedCis))],
        }
  const es9PlusOf = (face: SmdpContext): Es9Plus => ({
    initiateAuthentication: async (request) => initiateAuthentication(face, request),
    authenticateClient: async (request) => authenticateClient(face, request),
    getBoundProfilePackage: (request) => thenEvents(getBoundProfilePackage(face, request)),
    handleNotification: (request) => thenEvents(handleNotification(anyFace(), request)),
    cancelSession: (request) => thenEvents(cancelSession(face, request)),
  })
  return {
    es9Plus: es9PlusOf(context),
    openFace(face) {
      const own: SmdpContext = { ...context, ...face }
      faces.push(own)
      return {
        es9Plus: es9PlusOf(own),
        credentials: own.credentials,
        get address() {
          return own.addresses[0]
        },
        setAddresses: (addresses) => void (own.addresses = addresses),
      }
    },
    es2Plus: {
      downloadOrder: (request) => downloadOrder(context, request),
      confirmOrder: (request) => thenEvents(confirmOrder(context, request)),
      cancelOrder: (request) => thenEvents(cancelOrder(context, request)),
      releaseProfile: (request) => releaseProfile(context, request),
    },
    addProfiles: (profiles) => options.store.write((db) => addProfiles(db, profiles)),
    orders: (page) => options.store.read((db) => listOrders(db, page)).map(summaryOf),
    makeRepeatable: ({ iccid }) => makeRepeatable(context, normaliseIccid(iccid)),
    resetOrder: ({ iccid }) => resetOrder(context, normaliseIccid(iccid)),
    setAddresses: (addresses) => void (context.addresses = addresses),
    setSmds: (reached) => void (es12 = reached),
    settleEvents: events.settle,
    credentials: options.credentials,
    get address() {
      return context.addresses[0]
    },
    get oid() {
      return oidOf((options.credentials[0] as DpCredentials).dpAuth.certificate)
    },
    get sessionCount() {
      return sessions.size
    },
  }
}

function noSmds(address: string): Es12 {
  throw new LabError('unavailable', `no SM-DS is known at ${address}`)
}

function summaryOf(order: Order): OrderSummary {
  const { iccid, profileType, state, eid, matchingId, errorDetail, repeatable } = order
  return { iccid, profileType, state, eid, matchingId, errorDetail, repeatable }
}
