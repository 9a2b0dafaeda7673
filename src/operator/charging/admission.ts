/** Who may use mobile data now: the same for every way in which usage is reported. */

import { LabError } from '../../base/errors.ts'
import { isCoolingLifted } from '../../store/charging.ts'
import type { Connection } from '../../store/engine.ts'
import { whereaboutsOf } from '../../store/places.ts'
import { registrationOfProfile, type Registration } from '../../store/registrations.ts'
import type { Account } from '../accounts.ts'
import type { OperatorFile } from '../operator-file.ts'

/** Why somebody may use no data, in the order in which it is checked. */
export const ADMISSION_REFUSALS = {
  profileNotEnabled: 'Data is used with an enabled profile only.',
  notAttached: 'No phone is attached to the network with this profile.',
  coolingAfterRoaming: 'Mobile data rests for a while after the return from abroad.',
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

/** Judges an account that is up to date. */
export function admit(
  db: Connection,
  of: { readonly account: Account; readonly file: OperatorFile; readonly atMs: number },
): Admission {
  const { account, file, atMs } = of
  if (account.profileState !== 'enabled') return refused('profileNotEnabled')
  const registration = registrationOfProfile(db, account.iccid)
  if (!registration) return refused('notAttached')
  const { isRoaming } = whereaboutsOf(db, { iccid: account.iccid, homeCountry: file.country })
  const untilMs = coolingUntil(db, of)
  if (untilMs !== undefined && untilMs > atMs) {
    const until = `It may be used again from ${new Date(untilMs).toISOString()}.`
    const text = `${ADMISSION_REFUSALS.coolingAfterRoaming} ${until}`
    return { allowed: false, reason: 'coolingAfterRoaming', text, untilMs }
  }
  return { allowed: true, registration, location: isRoaming ? 'roaming' : 'home' }
}

/** Until when data rests after a return from abroad, where the law has it and nobody has lifted it. */
export function coolingUntil(
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
