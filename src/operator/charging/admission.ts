/** Who may use mobile data now: the same for every way in which usage is reported. */

import { LabError } from '../../base/errors.ts'
import { isCoolingLifted } from '../../store/charging.ts'
import type { Connection } from '../../store/engine.ts'
import { idlenessOf, noteActivity, setRest } from '../../store/idleness.ts'
import { whereaboutsOf } from '../../store/places.ts'
import { registrationOfProfile, type Registration } from '../../store/registrations.ts'
import type { Account } from '../accounts.ts'
import type { OperatorFile } from '../operator-file.ts'
import { noticeCooling } from './notices.ts'

/** Why somebody may use no data, in the order in which it is checked. */
export const ADMISSION_REFUSALS = {
  profileNotEnabled: 'Data is used with an enabled profile only.',
  notAttached: 'No phone is attached to the network with this profile.',
  coolingAfterRoaming: 'Mobile data rests for a while after the return from abroad.',
  coolingAfterIdle: 'Mobile data rests for a while after a number was long not used.',
} as const

export type AdmissionRefusalReason = keyof typeof ADMISSION_REFUSALS

export type Admission =
  | {
      readonly allowed: true
      readonly registration: Registration
      readonly location: 'home' | 'roaming'
    }
  | {
      readonly allowed: false
      readonly reason: AdmissionRefusalReason
      readonly text: string
      /** When waiting has helped. */
      readonly untilMs?: number
    }

/** A refusal as an error, and when waiting has helped. */
export class NotAdmitted extends LabError {
  readonly until: Date | undefined

  constructor({ reason, text, untilMs }: Extract<Admission, { readonly allowed: false }>) {
    super('refused', text, { reason })
    this.until = untilMs === undefined ? undefined : new Date(untilMs)
  }
}

/** Judges an account that is up to date, and has a rest begin where the law wants one. */
export function admit(
  db: Connection,
  of: { readonly account: Account; readonly file: OperatorFile; readonly atMs: number },
): Admission {
  const { account, file } = of
  if (account.profileState !== 'enabled') return refused('profileNotEnabled')
  const registration = registrationOfProfile(db, account.iccid)
  if (!registration) return refused('notAttached')
  const { isRoaming } = whereaboutsOf(db, { iccid: account.iccid, homeCountry: file.country })
  const rest = restOf(db, { ...of, isRoaming })
  if (rest) {
    const { reason, untilMs } = rest
    if (rest.begins) beginRest(db, { ...of, untilMs })
    const until = `It may be used again from ${new Date(untilMs).toISOString()}.`
    return { allowed: false, reason, text: `${ADMISSION_REFUSALS[reason]} ${until}`, untilMs }
  }
  return { allowed: true, registration, location: isRoaming ? 'roaming' : 'home' }
}

/** Why mobile data and outgoing SMS rest by law, and until when. */
export interface Rest {
  readonly reason: Extract<AdmissionRefusalReason, `cooling${string}`>
  readonly untilMs: number
  /** It begins with this very use: {@link beginRest} keeps it. */
  readonly begins: boolean
}

/** What rests at an instant at which a number is used, or would be. */
export function restOf(
  db: Connection,
  of: {
    readonly account: Account
    readonly file: OperatorFile
    readonly atMs: number
    readonly isRoaming: boolean
  },
): Rest | undefined {
  const afterRoamingMs = untilAfterRoaming(db, of) ?? 0
  const idle = of.isRoaming ? undefined : restAfterIdle(db, { ...of, afterRoamingMs })
  if (idle && idle.untilMs >= afterRoamingMs) return idle
  if (afterRoamingMs <= of.atMs) return undefined
  return { reason: 'coolingAfterRoaming', untilMs: afterRoamingMs, begins: false }
}

/** Keeps a rest that begins, and tells the subscriber. */
export function beginRest(
  db: Connection,
  of: {
    readonly account: Account
    readonly file: OperatorFile
    readonly atMs: number
    readonly untilMs: number
  },
): void {
  setRest(db, { accountId: of.account.id, untilMs: of.untilMs })
  noticeCooling(db, { ...of, id: 'coolingAfterIdle' })
}

/** Takes note of a use of data or SMS, where the law counts the hours without. */
export function noteUse(
  db: Connection,
  of: { readonly account: Account; readonly file: OperatorFile; readonly atMs: number },
): void {
  const { account, file, atMs } = of
  if (file.regulation.coolingAfterIdle) noteActivity(db, { accountId: account.id, atMs })
}

/** Idle since the last use, the end of the last rest of either kind, or the day on which the plan began: whichever came last. */
function restAfterIdle(
  db: Connection,
  of: {
    readonly account: Account
    readonly file: OperatorFile
    readonly atMs: number
    readonly afterRoamingMs: number
  },
): Rest | undefined {
  const { account, file, atMs } = of
  const rule = file.regulation.coolingAfterIdle
  if (!rule) return undefined
  const reason = 'coolingAfterIdle'
  const { activeAtMs = 0, restsUntilMs = 0 } = idlenessOf(db, account.id)
  if (restsUntilMs > atMs) return { reason, untilMs: restsUntilMs, begins: false }
  const beganMs = (account.liveSince ?? account.openedAt).getTime()
  const sinceMs = Math.max(activeAtMs, restsUntilMs, beganMs, of.afterRoamingMs)
  if (atMs < sinceMs + rule.idleHours * HOUR_MS) return undefined
  return { reason, untilMs: atMs + rule.restHours * HOUR_MS, begins: true }
}

/** Until when data rests that rests now, whatever for. */
export function coolingUntil(
  db: Connection,
  of: { readonly account: Account; readonly file: OperatorFile; readonly atMs: number },
): number | undefined {
  const rest = restNow(db, of)
  return rest?.begins ? undefined : rest?.untilMs
}

/** As {@link restOf}, wherever the phone is. */
export function restNow(
  db: Connection,
  of: { readonly account: Account; readonly file: OperatorFile; readonly atMs: number },
): Rest | undefined {
  const { file, account } = of
  const { isRoaming } = whereaboutsOf(db, { iccid: account.iccid, homeCountry: file.country })
  return restOf(db, { ...of, isRoaming })
}

/** Until when data rests after a return from abroad, where the law has it and nobody has lifted it. */
export function untilAfterRoaming(
  db: Connection,
  of: { readonly account: Account; readonly file: OperatorFile },
): number | undefined {
  const { account, file } = of
  const hours = file.regulation.coolingAfterRoamingHours
  if (hours === undefined) return undefined
  const place = { iccid: account.iccid, homeCountry: file.country }
  const { returnedAtMs } = whereaboutsOf(db, place)
  if (returnedAtMs === undefined) return undefined
  if (isCoolingLifted(db, { accountId: account.id, returnedAtMs })) return undefined
  return returnedAtMs + hours * HOUR_MS
}

const HOUR_MS = 3_600_000

function refused(reason: AdmissionRefusalReason): Admission {
  return { allowed: false, reason, text: ADMISSION_REFUSALS[reason] }
}
