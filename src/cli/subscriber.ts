/** Whose account is meant: a number, or a phone that stands for the number of its profile. */

import { LabError } from '../base/errors.ts'
import type { ProfileSummary } from '../lpa/lpa.ts'
import { normaliseMsisdn } from '../operator/msisdn.ts'
import type { LabClient } from './lab-client.ts'
import { lookAtPhone } from './phones.ts'

/**
 * The number of whom the user named: a number as it is written (`+7 916 123-45-67`, or in the country of the number
 * `beside`, `8 916 123-45-67`), or else a phone's name.
 * @throws {LabError} badInput, notFound — no such phone, or none of its profiles is enabled and it has not just one
 */
export async function msisdnOf(
  lab: LabClient,
  who: string,
  { beside }: { readonly beside?: string } = {},
): Promise<string> {
  const typed = who.normalize('NFKC')
  if (isNumber(typed)) return numberTyped(lab, { typed, beside })
  const profiles = await lookAtPhone({ lab, name: who }, (phone) => phone.profiles())
  const { iccid } = profileInUse(profiles, who)
  return (await numberIn(lab, `/api/inventory/${iccid}`)) ?? importedNumber(lab, iccid)
}

/** Whether it is meant for a number, right or wrong: a phone's name has a letter. */
export function isNumber(text: string): boolean {
  return /^[+(]?[0-9][0-9 ()-]*$/.test(text)
}

/** Refuses what cannot be a number in any country, before anybody is asked. @throws {LabError} badInput */
export function requireNumber(typed: string): void {
  // What is dialled before a number may begin with 0.
  normaliseMsisdn(typed.replace(/^[ (]*0+(?=[ ()-]*[1-9])/, ''), 'msisdn')
}

async function numberTyped(
  lab: LabClient,
  { typed, beside }: { readonly typed: string; readonly beside: string | undefined },
): Promise<string> {
  requireNumber(typed)
  if (typed.startsWith('+')) return normaliseMsisdn(typed, 'msisdn')
  const query = beside === undefined ? '' : `?beside=${beside}`
  const path = `/api/numbers/${encodeURIComponent(typed)}${query}`
  return (await lab.get<{ readonly msisdn: string }>(path)).msisdn
}

/** By what a number's operator measures: amounts and instants of its subscribers are read and shown so. */
export interface Measures {
  /** What it calls a gigabyte. */
  readonly gigabyteBytes: number
  /** An IANA name. */
  readonly timeZone: string
  /** Digits after the point of its currency. */
  readonly minorDigits: number
}

/** The measures of a number's operator. @throws {LabError} notFound */
export async function measuresOf(lab: LabClient, msisdn: string): Promise<Measures> {
  const { gigabyteBytes, timeZone, wallet } = await lab.get<
    Omit<Measures, 'minorDigits'> & { readonly wallet: Pick<Measures, 'minorDigits'> }
  >(`/api/accounts/${msisdn}/subscription`)
  return { gigabyteBytes, timeZone, minorDigits: wallet.minorDigits }
}

/** What the operator of a number calls a gigabyte, in bytes. @throws {LabError} notFound */
export async function gigabyteOf(lab: LabClient, msisdn: string): Promise<number> {
  return (await measuresOf(lab, msisdn)).gigabyteBytes
}

/** The rating group of a kind of traffic, by the number's operator. @throws {LabError} notFound — it has none */
export async function ratingGroupOf(
  lab: LabClient,
  of: { readonly msisdn: string; readonly traffic: 'general' | 'directed' },
): Promise<number> {
  const { operator: id } = await lab.get<{ readonly operator: string }>(
    `/api/accounts/${of.msisdn}/subscription`,
  )
  const { charging } = await lab.get<OperatorCharging>(`/api/operators/${id}`)
  const group = charging.ratingGroups.find(({ classes }) => classes[0] === of.traffic)
  if (group) return group.id
  throw new LabError('notFound', `${id} has no rating group for ${of.traffic} traffic.`)
}

interface OperatorCharging {
  readonly charging: {
    readonly ratingGroups: readonly { readonly id: number; readonly classes: readonly string[] }[]
  }
}

async function importedNumber(lab: LabClient, iccid: string): Promise<string> {
  const msisdn = await numberIn(lab, `/api/profiles/${iccid}`)
  if (msisdn) return msisdn
  const detail = `the profile ${iccid} has no number of its own, so it has no account: no balance, no usage, no gifts.`
  throw new LabError('notFound', detail, { field: 'phone', reason: 'noAccount' })
}

async function numberIn(lab: LabClient, path: string): Promise<string | null | undefined> {
  try {
    const { msisdn } = await lab.get<{ readonly msisdn: string | null }>(path)
    return msisdn
  } catch (error) {
    if (error instanceof LabError && error.code === 'notFound') return undefined
    throw error
  }
}

function profileInUse(profiles: readonly ProfileSummary[], phone: string): ProfileSummary {
  const enabled = profiles.find(({ state }) => state === 'enabled')
  const profile = enabled ?? (profiles.length === 1 ? profiles[0] : undefined)
  if (profile) return profile
  const detail =
    profiles.length === 0
      ? `the phone "${phone}" has no profile. Download one.`
      : `none of the ${profiles.length} profiles of the phone "${phone}" is enabled. Enable one, or give the number.`
  throw new LabError('notFound', detail, { field: 'phone' })
}
