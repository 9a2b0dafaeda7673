/** Charging from the outside: `operator.charging`. */

import { eidToOctets } from '../../base/bcd.ts'
import type { Environment } from '../../base/environment.ts'
import { LabError, messageOf } from '../../base/errors.ts'
import { toHex } from '../../base/octets.ts'
import {
  findOffload,
  findSession,
  forgetSessions,
  liftCooling,
  noteForConsumer,
  noteOffload,
  notificationsOf,
  offloadedBytes,
  sessionsOf,
  settleNotification,
  unitsOf,
  usageOfTransfers,
  type ChargingNotification,
  type ChargingSession,
  type SessionEnd,
} from '../../store/charging.ts'
import type { Connection, Store } from '../../store/engine.ts'
import { findLot, type LotOrigin } from '../../store/ledger.ts'
import { requireAmount } from '../../store/journal.ts'
import { setRest } from '../../store/idleness.ts'
import { moveRegistration, registrationOfProfile } from '../../store/registrations.ts'
import { setWifi, travel, whereaboutsOf } from '../../store/places.ts'
import { findById, findByProfile, requireAccount, type Account } from '../accounts.ts'
import { requireIdempotencyKey } from '../idempotency.ts'
import type { Operators } from '../operators.ts'
import { networkNameOf, servingPlmnOf } from '../serving-plmn.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'
import { beginRest, coolingUntil, NotAdmitted, restNow, untilAfterRoaming } from './admission.ts'
import { transfersOf } from './grants.ts'
import { noticeCooling, noticeEndings } from './notices.ts'
import {
  CHARGING_SETTINGS,
  type ChargingAnswer,
  type ChargingSettings,
  type CreateRequest,
  type SessionRequest,
} from './requests.ts'
import {
  accountOf,
  chargeEvent,
  createSession,
  endLostSessions,
  releaseSession,
  updateSession,
} from './sessions.ts'

interface Of {
  readonly msisdn: string
}

/** What a session has come to, by the books. */
export interface SessionView {
  readonly ref: string
  readonly msisdn: string
  readonly openedAt: Date
  readonly endedAt: Date | undefined
  readonly endReason: SessionEnd | undefined
  readonly usedBytes: bigint
  /** The part of it that no lot had. */
  readonly overageBytes: bigint
  /** What is granted now. */
  readonly grantedBytes: bigint
  readonly lots: readonly {
    readonly lotId: number
    readonly origin: LotOrigin
    readonly label: string | undefined
    readonly amountBytes: bigint
  }[]
}

/** Where a subscriber's phone is, and what follows from it for mobile data. */
export interface PhonePlace {
  /** ISO 3166-1 alpha-2; `ZZ` for the neutral operator's home. */
  readonly country: string
  readonly isRoaming: boolean
  readonly since: Date | undefined
  readonly wifi: boolean
  /** Until when data rests, after a return from abroad or a while without use. */
  readonly coolingUntil: Date | undefined
}

/** Sends one notification to its consumer, and throws when it was not taken. */
export type SendNotification = (notification: ChargingNotification) => Promise<void>

/** Every method that takes a number accepts it as people write it, and throws `notFound` for a number of nobody. */
export interface Charging {
  readonly settings: ChargingSettings
  /** Opens a session, or charges a single event. @throws {LabError} as `createSession` */
  create(request: CreateRequest): Promise<{ readonly ref: string; readonly answer: ChargingAnswer }>
  /** @throws {LabError} as `updateSession` */
  update(request: SessionRequest): Promise<ChargingAnswer>
  /** @throws {LabError} as `updateSession` */
  release(request: SessionRequest): Promise<void>
  /** Known until 30 days after its end. @throws {LabError} notFound */
  session(of: { readonly ref: string }): SessionView
  /** The newest first, from the one after `after` on. */
  sessions(
    of: Of & { readonly limit: number; readonly after?: string | undefined },
  ): readonly SessionView[]

  place(of: Of): PhonePlace
  /** Of the profile that is enabled on a card; of a card without one, as the default operator sees it. */
  placeOfPhone(of: { readonly eid: string }): PhonePlace
  /**
   * Moves a phone to a country, or back to the country of its profile's operator; sessions are told to ask again.
   * @throws {LabError} badInput — no country of ISO 3166-1
   */
  movePhone(to: { readonly eid: string; readonly country: string }): Promise<PhonePlace>
  /** @throws {LabError} badInput */
  setWifi(setting: { readonly eid: string; readonly wifi: boolean }): Promise<PhonePlace>
  /** Ends the rest of data after the last return from abroad, or after a while without use. @throws {LabError} refused (`notCooling`) */
  liftCooling(of: Of): Promise<PhonePlace>

  /** Counts data that went over Wi-Fi and was not charged, once for each key. @throws {LabError} idempotencyKeyReused */
  countOffload(
    use: Of & { readonly idempotencyKey: string; readonly amountBytes: bigint },
  ): Promise<void>
  offloaded(of: Of & { readonly from: Date; readonly until: Date }): bigint

  /** Sends what consumers have still to be told, each in its order and again after a while; at most so many. */
  notify(send: SendNotification): Promise<{ readonly sent: number; readonly failed: number }>
  /** Notifications that were given up. */
  deadNotifications(page: { readonly limit: number }): readonly ChargingNotification[]
  /** Ends the sessions of an account whose phone is gone; for commands that take a phone off the network. */
  endLost(db: Connection, of: { readonly iccid: string }): void
  /** Has data rest where a number was long without use; for the command that attaches its phone. */
  noteAttachment(db: Connection, of: { readonly iccid: string }): void
  /** Ends sessions by time, warns of data that ends, forgets what is long over. */
  sweep(): Promise<void>
}

/** After each failed try; after the last the notification is dead. */
const NOTIFY_WAITS_MS: readonly number[] = [1000, 5000, 30_000, 120_000]
const NOTIFY_BATCH = 100
const SWEEP_ROWS = 500
const KEPT_MS = 30 * 86_400_000
const REF_OCTETS = 12
const ERROR_MAX = 200

export function createCharging(parts: {
  readonly store: Store
  readonly environment: Environment
  readonly operators: Operators
  readonly settings?: Partial<ChargingSettings> | undefined
}): Charging {
  const { store, environment, operators } = parts
  const settings = { ...CHARGING_SETTINGS, ...parts.settings }
  const nowMs = () => environment.clock.nowMs()
  const input = () => ({ operators, settings, atMs: nowMs() })

  function placeOf(db: Connection, account: Account): PhonePlace {
    const file = fileOf(operators, account)
    const homeCountry = file.country
    const at = whereaboutsOf(db, { iccid: account.iccid, homeCountry })
    const untilMs = coolingUntil(db, { account, file, atMs: nowMs() })
    const { country, isRoaming, sinceMs, wifi } = at
    return {
      country,
      isRoaming,
      wifi,
      since: dateOf(sinceMs),
      coolingUntil: dateOf(untilMs),
    }
  }

  function beginDue(db: Connection, account: Account | undefined): void {
    if (!account) return
    const facts = { account, file: fileOf(operators, account), atMs: nowMs() }
    const rest = restNow(db, facts)
    if (rest?.begins) beginRest(db, { ...facts, untilMs: rest.untilMs })
  }

  function placeOfCard(db: Connection, eid: string): PhonePlace {
    const account = accountOn(db, eid)
    if (account) return placeOf(db, account)
    throw new LabError('notFound', 'no profile of this operator is on the card', { field: 'eid' })
  }

  return {
    settings,
    create(request) {
      const newRef = toHex(environment.random.unique(REF_OCTETS)).toLowerCase()
      const open = request.event ? chargeEvent : createSession
      const created = store.write((db) => open(db, { ...input(), request, newRef }))
      return created.catch(async (error: unknown) => {
        // The session was undone as a whole; that the number was used again stands.
        if (error instanceof NotAdmitted && error.reason === 'coolingAfterIdle') {
          await store.write((db) => beginDue(db, accountOf(db, request)))
        }
        throw error
      })
    },
    update: (request) => store.write((db) => updateSession(db, { ...input(), request })),
    release: (request) => store.write((db) => releaseSession(db, { ...input(), request })),
    session: ({ ref }) =>
      store.read((db) => {
        const session = findSession(db, ref)
        if (session) return viewOf(db, session)
        throw new LabError('notFound', 'there is no charging session with this name')
      }),
    sessions: ({ msisdn, ...page }) =>
      store.read((db) => {
        const { id: accountId } = requireAccount(db, msisdn)
        return sessionsOf(db, { ...page, accountId }).map((session) => viewOf(db, session))
      }),
    place: ({ msisdn }) => store.read((db) => placeOf(db, requireAccount(db, msisdn))),
    placeOfPhone: ({ eid }) => store.read((db) => placeOfCard(db, requireEid(eid))),
    movePhone: (to) =>
      store.write((db) => {
        const eid = requireEid(to.eid)
        const account = accountOn(db, eid)
        const file = account ? fileOf(operators, account) : operators.default
        const country = to.country === 'home' ? file.country : to.country
        requireCountry(country, operators)
        const atMs = nowMs()
        travel(db, { eid, country, atMs })
        if (account) {
          handOver(db, { account, operators })
          tellSessions(db, { accountId: account.id, atMs })
          const untilMs = untilAfterRoaming(db, { account, file })
          if (untilMs !== undefined && untilMs > atMs)
            noticeCooling(db, { account, file, atMs, untilMs, id: 'coolingAfterRoaming' })
        }
        return placeOfCard(db, eid)
      }),
    setWifi: (setting) =>
      store.write((db) => {
        const eid = requireEid(setting.eid)
        setWifi(db, { eid, wifi: setting.wifi })
        return placeOfCard(db, eid)
      }),
    liftCooling: ({ msisdn }) =>
      store.write((db) => {
        const account = requireAccount(db, msisdn)
        const { country: homeCountry } = fileOf(operators, account)
        const { returnedAtMs } = whereaboutsOf(db, { iccid: account.iccid, homeCountry })
        if (placeOf(db, account).coolingUntil === undefined) {
          throw new LabError('refused', 'Data does not rest.', { reason: 'notCooling' })
        }
        const atMs = nowMs()
        if (returnedAtMs !== undefined) {
          liftCooling(db, { accountId: account.id, returnedAtMs, atMs })
        }
        setRest(db, { accountId: account.id, untilMs: atMs })
        tellSessions(db, { accountId: account.id, atMs: nowMs() })
        return placeOf(db, account)
      }),
    countOffload({ msisdn, idempotencyKey, amountBytes }) {
      requireIdempotencyKey(idempotencyKey)
      requireAmount(amountBytes)
      return store.write((db) => {
        const { id: accountId } = requireAccount(db, msisdn)
        if (noteOffload(db, { accountId, amountBytes, atMs: nowMs(), eventId: idempotencyKey })) {
          return
        }
        const earlier = findOffload(db, idempotencyKey)
        if (earlier?.accountId === accountId && earlier.amountBytes === amountBytes) return
        throw new LabError(
          'idempotencyKeyReused',
          'the idempotency key came with another request before. Use a new key for a new request.',
          { field: 'idempotencyKey' },
        )
      })
    },
    offloaded: ({ msisdn, from, until }) =>
      store.read((db) =>
        offloadedBytes(db, {
          accountId: requireAccount(db, msisdn).id,
          fromMs: from.getTime(),
          untilMs: until.getTime(),
        }),
      ),
    async notify(send) {
      const due = { state: 'waiting', atMs: nowMs(), limit: NOTIFY_BATCH } as const
      const outcome = { sent: 0, failed: 0 }
      for (const note of store.read((db) => notificationsOf(db, due))) {
        const error = await send(note).then(
          () => undefined,
          (reason: unknown) => messageOf(reason).slice(0, ERROR_MAX),
        )
        outcome[error === undefined ? 'sent' : 'failed']++
        const waitMs = NOTIFY_WAITS_MS[note.tries]
        const nextAtMs = waitMs === undefined ? undefined : nowMs() + waitMs
        const settled = error === undefined ? {} : { error, nextAtMs }
        await store.write((db) => settleNotification(db, { id: note.id, ...settled }))
      }
      return outcome
    },
    deadNotifications: ({ limit }) =>
      store.read((db) =>
        notificationsOf(db, { state: 'dead', atMs: Number.MAX_SAFE_INTEGER, limit }),
      ),
    endLost(db, { iccid }) {
      const account = findByProfile(db, iccid)
      if (!account) return
      endLostSessions(db, { ...input(), accountId: account.id, limit: SWEEP_ROWS })
    },
    noteAttachment(db, { iccid }) {
      beginDue(db, findByProfile(db, iccid))
    },
    async sweep() {
      const limit = SWEEP_ROWS
      while ((await store.write((db) => endLostSessions(db, { ...input(), limit }))) === limit);
      while ((await store.write((db) => noticeEndings(db, { ...input(), limit }))) === limit);
      const forget = () => ({ beforeMs: nowMs() - KEPT_MS, limit })
      while ((await store.write((db) => forgetSessions(db, forget()))) === limit);
    },
  }
}

function viewOf(db: Connection, session: ChargingSession): SessionView {
  const { lots, overageBytes } = usageOfTransfers(db, transfersOf(session.ref))
  const account = findById(db, session.accountId) as Account
  const units = unitsOf(db, session.ref)
  return {
    ref: session.ref,
    msisdn: account.msisdn,
    openedAt: new Date(session.openedAtMs),
    endedAt: dateOf(session.end?.atMs),
    endReason: session.end?.reason,
    usedBytes: lots.reduce((sum, { amountBytes }) => sum + amountBytes, overageBytes),
    overageBytes,
    grantedBytes: units.reduce((sum, { grantedBytes }) => sum + grantedBytes, 0n),
    lots: lots.map((part) => {
      const lot = findLot(db, part.lotId)
      return { ...part, origin: lot?.origin ?? 'plan', label: lot?.label }
    }),
  }
}

/** An attached phone goes on in the network of where it is, as after a mobility registration update (TS 24.501 §5.5.1.3). */
function handOver(
  db: Connection,
  of: { readonly account: Account; readonly operators: Operators },
): void {
  const { iccid } = of.account
  const registration = registrationOfProfile(db, iccid)
  if (!registration) return
  const plmn = servingPlmnOf(db, { iccid, operators: of.operators })
  const servingNetworkName = networkNameOf(plmn, registration.system)
  moveRegistration(db, { iccid, servingNetworkName })
}

/** Sessions that hold a grant, or wait for one, ask again. */
function tellSessions(
  db: Connection,
  of: { readonly accountId: number; readonly atMs: number },
): void {
  for (const { ref } of sessionsOf(db, { ...of, limit: SWEEP_ROWS, onlyOpen: true })) {
    for (const { ratingGroup } of unitsOf(db, ref)) {
      noteForConsumer(db, { ref, type: 'REAUTHORIZATION', ratingGroup, atMs: of.atMs })
    }
  }
}

/** The account of the profile that is enabled on a card, or else of the one that came there last. */
function accountOn(db: Connection, eid: string): Account | undefined {
  const row = db
    .sql<{ iccid: string }>(
      `SELECT bindings.iccid AS iccid FROM bindings JOIN accounts USING (iccid) WHERE eid = ? AND bound_to IS NULL
       ORDER BY profile_state = 'enabled' DESC, bindings.id DESC LIMIT 1`,
    )
    .get(eid)
  return row && findByProfile(db, row.iccid)
}

function requireEid(eid: string): string {
  if (eidToOctets(eid)) return eid
  throw new LabError('badInput', 'eid must be 32 digits', { field: 'eid' })
}

const COUNTRIES = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })

function requireCountry(country: string, operators: Operators): void {
  if (operators.list().some((file) => file.country === country)) return
  const isKnown = /^[A-Z]{2}$/.test(country) && country !== 'ZZ' && COUNTRIES.of(country)
  if (isKnown) return
  throw new LabError('badInput', 'country must be two letters such as "CN", or "home"', {
    field: 'country',
  })
}

function dateOf(atMs: number | undefined): Date | undefined {
  return atMs === undefined ? undefined : new Date(atMs)
}
