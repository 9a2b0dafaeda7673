/** The SM-DP+: composition of ES9+ and ES2+ over one store. */

import { normaliseIccid } from '../base/bcd.ts'
import type { Environment } from '../base/environment.ts'
import type { Credential } from '../pki/issue.ts'
import type { Certificate } from '../pki/certificate.ts'
import { oidOf } from '../pki/chain.ts'
import type { IsRevoked } from '../pki/revocation.ts'
import type { PackageNeeds } from '../profile/needs.ts'
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
import { findEventToShow, type OrderEvent } from '../store/order-events.ts'
import { authenticateClient } from './authenticate-client.ts'
import { cancelSession } from './cancel-session.ts'
import { cancelOrder, confirmOrder, downloadOrder, releaseProfile } from './es2plus.ts'
import {
  announceOrders,
  putOrders,
  type AnnouncedOrder,
  type FixtureOrder,
  type PutOrder,
} from './fixture-orders.ts'
import { getBoundProfilePackage } from './get-bound-profile-package.ts'
import { handleNotification } from './handle-notification.ts'
import { initiateAuthentication } from './initiate-authentication.ts'
import { createKeptPackages, type KeptPackages } from './kept-packages.ts'
import { createOrderEvents, type OrderEvents } from './order-events.ts'
import { deliverProgress, type ProgressDelivery, type SendProgress } from './progress-outbox.ts'
import { makeRepeatable, resetOrder, type ResetOrder } from './repeat-orders.ts'
import { createSessionStore, type SessionStore } from './sessions.ts'
import { sweepOrders, type SweptOrders } from './sweep.ts'

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
  /** What the package asks of an eUICC and its device. */
  needs(iccid: string): PackageNeeds
}

export interface SmdpSettings {
  /** Whether a package travels under session keys alone or under its own Profile Protection Keys (SGP.22 §2.5.3). */
  readonly profileProtection: 'sessionKeys' | 'profileProtectionKeys'
  /** Wrong Confirmation Codes after which an order ends (SGP.22 §3.1.3.2). */
  readonly confirmationAttemptsMax: number
  /** Whether a Confirmation Code that can be read as hexadecimal may also be hashed as the octets that it stands for. */
  readonly confirmationCodeReading: 'textOrOctets' | 'text'
  /** Times that eUICCs may be authenticated for an order; one more ends it (SGP.22 §3.1.3 (3)). */
  readonly downloadAttemptsMax: number
  /** How long an order may be downloaded after ConfirmOrder; without end unless told. */
  readonly orderLifetimeMs: number | undefined
  /** Whether a package that is bound already is bound anew to another one-time key, or refused (SGP.22 §3.1.3.2 (9)). */
  readonly rebinding: 'bindAnew' | 'refuse'
  /** Whether a profile is held against the free memory that the eUICC states (8.1/4.8). */
  readonly memoryCheck: boolean
  /** How long a call of ES2+ is known again by its functionCallIdentifier. */
  readonly callRetryMs: number
  /** How long downloads and notifications that are done with are remembered. */
  readonly historyMs: number
  readonly sessionsMax: number
  readonly sessionLifetimeMs: number
}

export const DEFAULT_SMDP_SETTINGS: SmdpSettings = {
  profileProtection: 'sessionKeys',
  confirmationAttemptsMax: 3,
  confirmationCodeReading: 'textOrOctets',
  downloadAttemptsMax: 100,
  orderLifetimeMs: undefined,
  rebinding: 'bindAnew',
  memoryCheck: true,
  callRetryMs: 10 * 60_000,
  historyMs: 90 * 86_400_000,
  sessionsMax: 10_000,
  sessionLifetimeMs: 30 * 60_000,
}

/** What every function of the SM-DP+ works with. */
export interface SmdpContext {
  readonly environment: Environment
  readonly store: Store
  readonly sessions: SessionStore
  readonly packages: KeptPackages
  /** In the server's order of preference. */
  readonly credentials: readonly DpCredentials[]
  readonly trustedCis: readonly Certificate[]
  /** What the CIs' lists say; nothing is revoked without it. */
  readonly isRevoked?: IsRevoked | undefined
  readonly profiles: ProfileSource
  readonly settings: SmdpSettings
  /** The addresses under which this SM-DP+ is reached; the first is the one it names itself. */
  addresses: readonly [string, ...string[]]
  readonly events: OrderEvents
  /** The operator is told within the SM-DP+'s own transaction, so that both keep it or neither. */
  onProfileEvent(db: Connection, event: ProfileEvent): void
  /** Whether anybody delivers HandleDownloadProgressInfo: else the outbox would grow for nobody. */
  readonly progress: { isWanted: boolean }
  /** Told of what was accepted though the text would have it otherwise. */
  onTolerated?: ((tolerated: SmdpTolerated) => void) | undefined
}

/** What a call had that the specification does not, and was answered all the same. */
export interface SmdpTolerated {
  readonly interface: string
  readonly function: string
  readonly what: string
}

/** An order as it may be shown: without hashes and keys. */
export type OrderSummary = Pick<
  Order,
  | 'iccid'
  | 'profileType'
  | 'state'
  | 'eid'
  | 'matchingId'
  | 'errorDetail'
  | 'repeatable'
  | 'downloadAttempts'
  | 'confirmationAttempts'
  | 'expiresMs'
> & {
  /** The event at an SM-DS that it has, or that is not deleted there yet. */
  readonly event?: Pick<OrderEvent, 'eventId' | 'smdsAddress' | 'state' | 'lastError'>
}

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
  /**
   * Puts orders into any state, within a transaction of the caller's; each in place of what the profile had.
   * @throws {LabError} notFound, conflict
   */
  putOrders(db: Connection, orders: readonly FixtureOrder[]): readonly PutOrder[]
  /**
   * Announces orders that were put in place, each at its SM-DS; one that is not released is announced when it is. What
   * the profiles had there before goes first. EventIDs may repeat.
   * @throws {RspError} smdsInaccessible, smdsFailed
   */
  announceOrders(orders: readonly AnnouncedOrder[]): Promise<void>
  /** Changes settings from now on, until the server ends. */
  configure(settings: Partial<SmdpSettings>): void
  /** Ends orders whose time is over and forgets what is long done. */
  sweep(): Promise<SweptOrders>
  /** Hands the operator what it is still to be told, in order, until nothing is left or a delivery fails. */
  deliverProgress(send: SendProgress): Promise<ProgressDelivery>
  /** From now on there is somebody who wants to be told, or there is not. */
  reportProgress(wanted: { readonly isWanted: boolean }): void
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

const KEPT_PACKAGES_OCTETS_MAX = 16 * 1024 * 1024

export function createSmdp(
  options: Omit<SmdpContext, 'sessions' | 'packages' | 'settings' | 'events' | 'progress'> & {
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
  const packages = createKeptPackages({ octetsMax: KEPT_PACKAGES_OCTETS_MAX })
  const context: SmdpContext = {
    ...options,
    settings,
    sessions,
    packages,
    events,
    progress: { isWanted: false },
  }
  /** Orders may end in any of these functions. */
  const thenEvents = <T>(work: Promise<T>): Promise<T> => work.finally(events.kick)
  const faces: SmdpContext[] = [context]
  /** A card may have come by one way and bring its notifications by another. */
  const anyFace = (): SmdpContext =>
    faces.length === 1
      ? context
      : variantOf(context, {
          credentials: faces.flatMap(({ credentials }) => credentials),
          trustedCis: [...new Set(faces.flatMap(({ trustedCis }) => trustedCis))],
        })
  const es9PlusOf = (face: SmdpContext): Es9Plus => ({
    initiateAuthentication: async (request) => initiateAuthentication(face, request),
    authenticateClient: (request) => thenEvents(authenticateClient(face, request)),
    getBoundProfilePackage: (request) => thenEvents(getBoundProfilePackage(face, request)),
    handleNotification: (request) => thenEvents(handleNotification(anyFace(), request)),
    cancelSession: (request) => thenEvents(cancelSession(face, request)),
  })
  return {
    es9Plus: es9PlusOf(context),
    openFace(face) {
      const own = variantOf(context, face)
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
    orders: (page) =>
      options.store.read((db) => listOrders(db, page).map((order) => summaryOf(db, order))),
    makeRepeatable: ({ iccid }) => makeRepeatable(context, normaliseIccid(iccid)),
    resetOrder: ({ iccid }) => resetOrder(context, normaliseIccid(iccid)),
    putOrders: (db, orders) => putOrders(db, { context, orders }),
    announceOrders: (orders) => announceOrders(context, orders),
    configure: (changed) => void Object.assign(settings, changed),
    sweep: () => thenEvents(sweepOrders(context)),
    deliverProgress: (send) => deliverProgress(context, send),
    reportProgress: ({ isWanted }) => void (context.progress.isWanted = isWanted),
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

/** The same context but for some of it; what changes later, such as settings, changes in both. */
function variantOf(context: SmdpContext, other: Partial<SmdpContext>): SmdpContext {
  return Object.assign(Object.create(context) as SmdpContext, other)
}

function summaryOf(db: Connection, order: Order): OrderSummary {
  const { iccid, profileType, state, eid, matchingId, errorDetail, repeatable } = order
  const { downloadAttempts, confirmationAttempts, expiresMs } = order
  const tries = { downloadAttempts, confirmationAttempts, expiresMs }
  const event = eventSummaryOf(findEventToShow(db, iccid))
  const shown = { iccid, profileType, state, eid, matchingId, errorDetail, repeatable, ...tries }
  return { ...shown, ...(event && { event }) }
}

function eventSummaryOf(event: OrderEvent | undefined): OrderSummary['event'] {
  if (!event) return undefined
  const { eventId, smdsAddress, state, lastError } = event
  return { eventId, smdsAddress, state, lastError }
}
