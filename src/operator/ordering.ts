/** How the operator orders a profile at the SM-DP+ (SGP.22 §3.1.1, ES2+) and opens the subscription on it. */

import { normaliseIccid } from '../base/bcd.ts'
import { formatActivationCode } from '../rsp/activation-code.ts'
import type { Es2Plus } from '../rsp/es2plus.ts'
import { RspError } from '../rsp/status-codes.ts'
import type { Operator } from './operator.ts'

export interface ProfileOrder {
  /** One of `iccid` and `profileType`, or neither for the operator's own type. */
  readonly iccid?: string
  readonly profileType?: string
  /** Ties the profile to one eUICC. */
  readonly eid?: string
  readonly confirmationCode?: string
  /** The MatchingID, where the operator chooses it; empty with an EID is the default SM-DP+ use case. */
  readonly matchingId?: string
  /** Whether the profile may be downloaded at once; it is unless this says `false`. */
  readonly release?: boolean
  /** The SM-DS that tells the eUICC of the profile: its address, or `root` or `alternative` for those of the lab. */
  readonly smDs?: string
  /** Whether the profile may be downloaded again and again. */
  readonly repeatable?: boolean
}

export interface OrderedProfile {
  readonly iccid: string
  /** Empty for a profile that was imported without a number: it has no account. */
  readonly msisdn: string
  readonly matchingId: string
  readonly smdpAddress: string
  /** `LPA:1$…`, to be typed or shown as a QR code. */
  readonly activationCode: string
  readonly confirmationCodeRequired: boolean
  readonly repeatable: boolean
}

export interface OrderingParts {
  readonly operator: Operator
  readonly es2Plus: Es2Plus
  /** Beyond ES2+: lets an order that is not confirmed yet be downloaded again and again. */
  makeRepeatable(order: { readonly iccid: string }): Promise<void>
}

/**
 * Orders a profile, confirms the order and opens the account. A profile whose order cannot be confirmed goes back on stock.
 * @throws {RspError} as ES2+.DownloadOrder and ES2+.ConfirmOrder refuse
 */
export async function orderProfile(
  parts: OrderingParts,
  order: ProfileOrder,
): Promise<OrderedProfile> {
  const { operator, es2Plus } = parts
  const { eid, confirmationCode, matchingId, repeatable = false } = order
  const profile =
    order.iccid === undefined
      ? { profileType: order.profileType ?? operator.file.profile.profileType }
      : { iccid: normaliseIccid(order.iccid) }
  const { iccid } = await es2Plus.downloadOrder({ ...profile, eid })
  if (repeatable) await parts.makeRepeatable({ iccid })
  const releaseFlag = order.release ?? true
  const smdsAddress = order.smDs
  const confirmed = await es2Plus
    .confirmOrder({ iccid, confirmationCode, matchingId, smdsAddress, releaseFlag })
    .catch(async (error: unknown) => {
      if (error instanceof RspError) {
        await es2Plus.cancelOrder({ iccid, eid, finalProfileStatusIndicator: 'Available' })
      }
      throw error
    })
  const msisdn = await openAccountOf(operator, iccid)
  const smdpAddress = confirmed.smdpAddress ?? ''
  const confirmationCodeRequired = confirmationCode !== undefined
  return {
    iccid,
    msisdn,
    matchingId: confirmed.matchingId,
    smdpAddress,
    activationCode: formatActivationCode({
      smdpAddress,
      matchingId: confirmed.matchingId,
      confirmationCodeRequired,
    }),
    confirmationCodeRequired,
    repeatable,
  }
}

async function openAccountOf(operator: Operator, iccid: string): Promise<string> {
  if (operator.numberOf({ iccid }) === undefined) return ''
  const { msisdn } = await operator.openAccount({ iccid })
  return msisdn
}
