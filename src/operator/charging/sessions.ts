/**
 * Charging sessions: create, update, release, and their end by themselves. Each function runs within one command of the
 * store, so that a request is booked and answered whole or not at all.
 *
 * A request that is sent again is answered again; a container that is sent again is not booked again. Usage is booked
 * even when the session has ended by itself meanwhile: only who has released it has nothing more to say.
 */

import { LabError } from '../../base/errors.ts'
import { profileOfImsi } from '../../store/authentication.ts'
import {
  endSession,
  findAnswer,
  findSession,
  insertSession,
  keepAnswer,
  keepContainer,
  keepUnit,
  lostSessions,
  noteForConsumer,
  sessionOfIdentity,
  touchSession,
  unitsOf,
  type ChargingSession,
  type ChargingUnit,
  type SessionEnd,
} from '../../store/charging.ts'
import type { Connection } from '../../store/engine.ts'
import { whereaboutsOf } from '../../store/places.ts'
import { findById, findByNumber, findByProfile, type Account } from '../accounts.ts'
import type { OperatorFile } from '../operator-file.ts'
import type { Operators } from '../operators.ts'
import { bringUpToDate } from '../subscriptions/periods.ts'
import { fileOf } from '../subscriptions/subscriptions.ts'
import { admit, NotAdmitted, noteUse, type Admission } from './admission.ts'
import {
  hasFree,
  placeGrant,
  releaseGrant,
  settleUsage,
  transfersOf,
  type GrantStep,
} from './grants.ts'
import { noticeUsage } from './notices.ts'
import { chargeOverage, grantsOverage } from './overage.ts'
import { ALL_CLASSES, classesOf } from './rating.ts'
import {
  answerFromText,
  answerToText,
  type ChargingAnswer,
  type ChargingRequest,
  type ChargingSettings,
  type CreateRequest,
  type SessionRequest,
  type UnitAnswer,
  type UnitUsage,
} from './requests.ts'

export interface ChargingInput {
  readonly operators: Operators
  readonly settings: ChargingSettings
  readonly atMs: number
}

/**
 * Opens a session, or finds the one that the same request has opened.
 * @throws {LabError} notFound (`userUnknown`); refused (reasons of `ADMISSION_REFUSALS`); conflict (`sequenceReused`,
 *   `containerReused`)
 */
export function createSession(
  db: Connection,
  input: ChargingInput & { readonly request: CreateRequest; readonly newRef: string },
): { readonly ref: string; readonly answer: ChargingAnswer } {
  const { request, newRef: ref } = input
  const { sequence, identity, notifyUri, subscriber } = request
  const there = sessionOfIdentity(db, identity)
  if (there) return { ref: there.ref, answer: requireKept(db, { ...request, ref: there.ref }) }
  const facts = requireSubscriber(db, input)
  endLostSessions(db, { ...input, accountId: facts.account.id, limit: SESSIONS_MAX })
  const admission = admit(db, { ...facts, atMs: input.atMs })
  if (!admission.allowed) throw new NotAdmitted(admission)
  const { atMs } = input
  insertSession(db, {
    ref,
    accountId: facts.account.id,
    registrationId: admission.registration.id,
    subscriber,
    identity,
    notifyUri,
    openedAtMs: atMs,
    activeAtMs: atMs,
    untilMs: atMs + 2 * input.settings.validityMs,
    lastSequence: sequence,
  })
  const session = findSession(db, ref) as ChargingSession
  return { ref, answer: answerUnits(db, { ...input, ...facts, session, request, admission }) }
}

/**
 * Charges a single event: there is no session after it, and a request that is sent again is answered again.
 * @throws {LabError} as `createSession`; what was used already (`PEC`) is booked whatever the phone may do now
 */
export function chargeEvent(
  db: Connection,
  input: ChargingInput & { readonly request: CreateRequest; readonly newRef: string },
): { readonly ref: string; readonly answer: ChargingAnswer } {
  const { request, newRef: ref, atMs } = input
  const { sequence, identity, subscriber, timestamp } = request
  const there = sessionOfIdentity(db, identity)
  if (there) return { ref: there.ref, answer: requireKept(db, { ...request, ref: there.ref }) }
  const facts = requireSubscriber(db, input)
  const admission = admit(db, { ...facts, atMs })
  if (!admission.allowed && request.event === 'IEC') throw new NotAdmitted(admission)
  const { id: accountId, iccid } = facts.account
  const registrationId = admission.allowed ? admission.registration.id : 'none'
  const kept = { ref, accountId, registrationId, subscriber, identity, notifyUri: undefined }
  const times = { openedAtMs: atMs, activeAtMs: atMs, untilMs: atMs, lastSequence: sequence }
  insertSession(db, { ...kept, ...times })
  const session = findSession(db, ref) as ChargingSession
  const { isRoaming } = whereaboutsOf(db, { iccid, homeCountry: facts.file.country })
  const location = isRoaming ? 'roaming' : 'home'
  const work = { ...input, ...facts, session, admission, location, isLate: false } as const
  const units = merged(request.units).map((unit) => eventUnit(db, { ...work, unit }))
  noteUse(db, { ...facts, atMs })
  noticeUsage(db, { ...facts, atMs })
  const answer = { sequence, timestamp, units }
  const { fingerprint } = request
  keepAnswer(db, { ref, sequence, fingerprint, answer: answerToText(answer) })
  endSession(db, { ref, atMs, reason: 'released' })
  return { ref, answer }
}

/** Books a rating group of a single event. */
function eventUnit(
  db: Connection,
  work: UnitWork & {
    readonly request: CreateRequest
    readonly location: ChargingUnit['location']
  },
): UnitAnswer {
  const { unit, location, session, request } = work
  const { ratingGroup } = unit
  const isRated = classesOf(work.file, ratingGroup).length > 0
  const current = { ratingGroup, grantNumber: 0, grantedBytes: 0n, location, waiting: false }
  if (request.event === 'PEC') {
    keepUnit(db, { ...current, ref: session.ref })
    bookUnit(db, work)
    return { ratingGroup, resultCode: isRated ? 'SUCCESS' : 'RATING_FAILED' }
  }
  if (!isRated) return { ratingGroup, resultCode: 'RATING_FAILED' }
  const wantedBytes = typeof unit.wanted === 'bigint' ? unit.wanted : 0n
  const step = stepOf(work, current)
  if (!hasFree(db, { ...step, wantedBytes }) && !grantsOverage(db, work)) {
    return { ratingGroup, resultCode: 'QUOTA_LIMIT_REACHED' }
  }
  keepUnit(db, { ...current, ref: session.ref })
  const containers = [{ localSequence: request.sequence, usedBytes: wantedBytes }]
  bookUnit(db, { ...work, unit: { ratingGroup, wanted: undefined, containers } })
  return { ratingGroup, resultCode: 'SUCCESS', grantedBytes: wantedBytes }
}

/**
 * Books usage and grants what is asked for.
 * @throws {LabError} notFound (`sessionUnknown`) — there is none, or it was released; conflict, as `createSession`
 */
export function updateSession(
  db: Connection,
  input: ChargingInput & { readonly request: SessionRequest },
): ChargingAnswer {
  const { request } = input
  const kept = keptAnswer(db, request)
  if (kept) return kept
  const heard = hear(db, input)
  return answerUnits(db, { ...heard, request })
}

/** Books usage and ends the session. @throws {LabError} as `updateSession` */
export function releaseSession(
  db: Connection,
  input: ChargingInput & { readonly request: SessionRequest },
): void {
  const { request } = input
  if (keptAnswer(db, request)) return
  const heard = hear(db, input)
  const units = request.units.map((unit) => ({ ...unit, wanted: undefined }))
  answerUnits(db, { ...heard, request: { ...request, units } })
  const { session, file } = heard
  releaseAll(db, { session, file, atMs: heard.atMs, step: `${request.sequence}:end` })
  endSession(db, { ref: session.ref, atMs: heard.atMs, reason: 'released' })
}

/** Ends sessions whose time is up or whose phone is gone: what they hold is free again. Returns how many. */
export function endLostSessions(
  db: Connection,
  due: {
    readonly operators: Operators
    readonly atMs: number
    readonly limit: number
    readonly accountId?: number
  },
): number {
  const lost = lostSessions(db, due)
  for (const session of lost) {
    const account = findById(db, session.accountId) as Account
    const file = fileOf(due.operators, account)
    const atMs = Math.max(due.atMs, session.activeAtMs)
    releaseAll(db, { session, file, atMs, step: 'end' })
    endSession(db, { ref: session.ref, atMs, reason: endOf(account, { session, atMs: due.atMs }) })
    noteForConsumer(db, { ref: session.ref, type: 'ABORT_CHARGING', atMs: due.atMs })
  }
  return lost.length
}

const SESSIONS_MAX = 1000

interface Heard extends ChargingInput {
  readonly session: ChargingSession
  readonly account: Account
  readonly file: OperatorFile
  readonly admission: Admission | undefined
}

/** The session of a request, and whether its phone may still use data. A clock that was set back stands still for it. */
function hear(db: Connection, input: ChargingInput & { readonly request: SessionRequest }): Heard {
  const { ref } = input.request
  const found = findSession(db, ref)
  if (!found || found.end?.reason === 'released') throw unknownSession()
  const atMs = Math.max(input.atMs, found.activeAtMs)
  endLostSessions(db, { ...input, accountId: found.accountId, limit: SESSIONS_MAX })
  const session = findSession(db, ref) as ChargingSession
  const there = findById(db, session.accountId) as Account
  const file = fileOf(input.operators, there)
  const account = bringUpToDate(db, { account: there, file, atMs })
  const admission = session.end ? undefined : admit(db, { account, file, atMs })
  return { ...input, atMs, session, account, file, admission }
}

/** Usage of all rating groups first, so that what one gives back another may get. */
function answerUnits(
  db: Connection,
  work: Heard & { readonly request: ChargingRequest },
): ChargingAnswer {
  const { session, request, atMs, settings } = work
  const { ref } = session
  const { sequence, timestamp } = request
  const isLate = sequence < session.lastSequence
  const units = merged(request.units)
  let isUsed = false
  for (const unit of units) isUsed = bookUnit(db, { ...work, unit, isLate }) || isUsed
  const answers = units.flatMap((unit) => grantUnit(db, { ...work, unit, isLate }))
  if (!session.end) {
    const untilMs = atMs + 2 * settings.validityMs
    const lastSequence = Math.max(sequence, session.lastSequence)
    touchSession(db, { ref, activeAtMs: atMs, untilMs, lastSequence })
  }
  if (isUsed) {
    noteUse(db, work)
    noticeUsage(db, work)
  }
  const answer = { sequence, timestamp, units: answers, ...denialOf(work) }
  const { fingerprint } = request
  keepAnswer(db, { ref, sequence, fingerprint, answer: answerToText(answer) })
  return answer
}

function denialOf({ session, admission }: Heard): Pick<ChargingAnswer, 'denial'> {
  if (session.end) {
    const text = `The session is over: ${session.end.reason}.`
    return { denial: { reason: 'sessionEnded', text } }
  }
  if (!admission || admission.allowed) return {}
  const { reason, text } = admission
  return { denial: { reason, text } }
}

interface UnitWork extends Heard {
  readonly request: ChargingRequest
  readonly unit: UnitUsage
  /** A request that an earlier number has overtaken: what it reports counts, and the grants stay as they are. */
  readonly isLate: boolean
}

/** Books what a rating group has used and ends its grant. Whether anything was used. */
function bookUnit(db: Connection, work: UnitWork): boolean {
  const { session, unit, isLate } = work
  const usedBytes = unit.containers.reduce(
    (sum, container) => sum + newBytes(db, { ...container, ...work }),
    0n,
  )
  const current = unitOf(db, work)
  // What is given back below is this group's own, and no news for it.
  if (!isLate) keepUnit(db, { ...current, ref: session.ref, waiting: false, grantedBytes: 0n })
  const step = stepOf(work, isLate ? { ...current, grantNumber: -1 } : current)
  const overageBytes = usedBytes > 0n ? settleUsage(db, { ...step, usedBytes }) : 0n
  if (overageBytes > 0n) {
    const transferId = `${transfersOf(session.ref)}:${step.step}:${unit.ratingGroup}`
    chargeOverage(db, { ...work, transferId })
  }
  if (!isLate) releaseGrant(db, step)
  return usedBytes > 0n
}

function grantUnit(db: Connection, work: UnitWork): readonly UnitAnswer[] {
  const { unit, admission, settings, session, atMs } = work
  const { ratingGroup, wanted } = unit
  if (classesOf(work.file, ratingGroup).length === 0)
    return [{ ratingGroup, resultCode: 'RATING_FAILED' }]
  if (wanted === undefined || work.isLate) return [{ ratingGroup, resultCode: 'SUCCESS' }]
  if (!admission?.allowed) return [{ ratingGroup, resultCode: 'END_USER_SERVICE_DENIED' }]
  const current = unitOf(db, work)
  const { location } = admission
  const grantNumber = current.grantNumber + 1
  const step = stepOf(work, { ...current, grantNumber, location })
  const wish = wanted === 'any' ? settings.grantBytes : wanted
  const wantedBytes = wish < settings.grantMaxBytes ? wish : settings.grantMaxBytes
  const untilMs = atMs + settings.validityMs
  const { grantedBytes, endsAtMs, isFinal } = beyondLots(db, {
    ...work,
    wantedBytes,
    held: placeGrant(db, { ...step, wantedBytes, untilMs }),
  })
  const unitNow = { ratingGroup, grantNumber, grantedBytes, location, waiting: isFinal }
  keepUnit(db, { ...unitNow, ref: session.ref })
  if (grantedBytes === 0n) return [{ ratingGroup, resultCode: 'QUOTA_LIMIT_REACHED' }]
  const validityMs = Math.min(settings.validityMs, endsAtMs - atMs)
  return [
    {
      ratingGroup,
      resultCode: 'SUCCESS',
      grantedBytes,
      validitySeconds: Math.max(1, Math.floor(validityMs / 1000)),
      ...(isFinal ? { isFinal } : { thresholdBytes: grantedBytes / 5n }),
    },
  ]
}

/** A grant of lots, or of all that is wanted where what lots do not have is charged. */
function beyondLots(
  db: Connection,
  of: UnitWork & { readonly wantedBytes: bigint; readonly held: ReturnType<typeof placeGrant> },
): ReturnType<typeof placeGrant> {
  const { held, wantedBytes } = of
  if (!held.isFinal || !grantsOverage(db, of)) return held
  return { grantedBytes: wantedBytes, endsAtMs: held.endsAtMs, isFinal: false }
}

/** The bytes of a container that was not booked before. @throws {LabError} conflict (`containerReused`) */
function newBytes(
  db: Connection,
  container: UnitWork & { readonly localSequence: number; readonly usedBytes: bigint },
): bigint {
  const { localSequence, usedBytes, session, unit } = container
  const earlier = keepContainer(db, {
    ref: session.ref,
    ratingGroup: unit.ratingGroup,
    localSequence,
    amountBytes: usedBytes,
  })
  if (earlier === undefined) return usedBytes
  if (earlier === usedBytes) return 0n
  throw new LabError(
    'conflict',
    `container ${localSequence} said ${earlier} bytes before, and says ${usedBytes} now`,
    { field: 'localSequenceNumber', reason: 'containerReused' },
  )
}

function unitOf(db: Connection, { session, unit }: UnitWork): ChargingUnit {
  const { ratingGroup } = unit
  const there = unitsOf(db, session.ref).find((one) => one.ratingGroup === ratingGroup)
  if (there) return there
  return { ratingGroup, grantNumber: 0, grantedBytes: 0n, location: 'home', waiting: false }
}

function stepOf(
  of: Pick<UnitWork, 'session' | 'file' | 'atMs' | 'request'>,
  unit: ChargingUnit,
): GrantStep {
  return {
    ref: of.session.ref,
    accountId: of.session.accountId,
    ratingGroup: unit.ratingGroup,
    classes: classesOf(of.file, unit.ratingGroup),
    grantNumber: unit.grantNumber,
    step: String(of.request.sequence),
    location: unit.location,
    order: of.file.consumption.origins,
    atMs: of.atMs,
  }
}

function releaseAll(
  db: Connection,
  of: {
    readonly session: ChargingSession
    readonly file: OperatorFile
    readonly atMs: number
    readonly step: string
  },
): void {
  const { session, step, atMs } = of
  for (const unit of unitsOf(db, session.ref)) {
    keepUnit(db, { ...unit, ref: session.ref, waiting: false, grantedBytes: 0n })
    releaseGrant(db, {
      ...unit,
      ref: session.ref,
      accountId: session.accountId,
      classes: ALL_CLASSES,
      order: of.file.consumption.origins,
      step,
      atMs,
    })
  }
}

/** A rating group may come from several user planes in one request. */
function merged(units: readonly UnitUsage[]): readonly UnitUsage[] {
  const byGroup = new Map<number, UnitUsage>()
  for (const unit of units) {
    const there = byGroup.get(unit.ratingGroup)
    byGroup.set(unit.ratingGroup, {
      ratingGroup: unit.ratingGroup,
      containers: [...(there?.containers ?? []), ...unit.containers],
      wanted: sumOfWishes(there?.wanted, unit.wanted),
    })
  }
  return [...byGroup.values()]
}

function sumOfWishes(a: UnitUsage['wanted'], b: UnitUsage['wanted']): UnitUsage['wanted'] {
  if (a === undefined || b === undefined) return a ?? b
  return a === 'any' || b === 'any' ? 'any' : a + b
}

/** The account that a request names. */
export function accountOf(db: Connection, { by }: Pick<CreateRequest, 'by'>): Account | undefined {
  return 'msisdn' in by
    ? findByNumber(db, by.msisdn)
    : findByProfile(db, profileOfImsi(db, by.imsi)?.iccid ?? '')
}

/** @throws {LabError} notFound (`userUnknown`) */
function requireSubscriber(
  db: Connection,
  { request, operators, atMs }: ChargingInput & { readonly request: CreateRequest },
): { readonly account: Account; readonly file: OperatorFile } {
  const found = accountOf(db, request)
  if (!found || found.status === 'closed') {
    throw new LabError('notFound', `${request.subscriber} is no subscriber of this network`, {
      field: 'subscriberIdentifier',
      reason: 'userUnknown',
    })
  }
  const file = fileOf(operators, found)
  return { file, account: bringUpToDate(db, { account: found, file, atMs }) }
}

/** The answer to the same request before. @throws {LabError} conflict (`sequenceReused`) */
function keptAnswer(db: Connection, request: SessionRequest): ChargingAnswer | undefined {
  const { ref, sequence, fingerprint } = request
  const kept = findAnswer(db, { ref, sequence })
  if (!kept) return undefined
  if (kept.fingerprint === fingerprint) return answerFromText(kept.answer)
  throw new LabError('conflict', `another request had the sequence number ${sequence} before`, {
    field: 'invocationSequenceNumber',
    reason: 'sequenceReused',
  })
}

function requireKept(db: Connection, request: SessionRequest): ChargingAnswer {
  const kept = keptAnswer(db, request)
  if (kept) return kept
  throw unknownSession()
}

function endOf(
  account: Account,
  of: { readonly session: ChargingSession; readonly atMs: number },
): SessionEnd {
  if (account.profileState === 'disabled' || account.profileState === 'deleted') {
    return account.profileState
  }
  if (account.status === 'blocked' || account.status === 'closed') return 'blocked'
  return of.session.untilMs <= of.atMs ? 'validity' : 'detached'
}

function unknownSession(): LabError {
  return new LabError('notFound', 'there is no charging session with this name', {
    reason: 'sessionUnknown',
  })
}
