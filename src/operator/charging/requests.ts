/** What a consumer of charging asks and is answered, as the operator reads it: Nchf_ConvergedCharging without its JSON. */

/** Usage of one container; its number is counted within the rating group. */
export interface UsageContainer {
  readonly localSequence: number
  readonly usedBytes: bigint
}

/** What is asked for one rating group. */
export interface UnitUsage {
  readonly ratingGroup: number
  readonly containers: readonly UsageContainer[]
  /** How much is asked for; `any` leaves it to the operator, and without it nothing is asked for. */
  readonly wanted: bigint | 'any' | undefined
}

/** A request of any kind. Its sequence number is taken once in its session. */
export interface ChargingRequest {
  readonly sequence: number
  readonly timestamp: string
  readonly units: readonly UnitUsage[]
  /** Equal for a request that is sent again. */
  readonly fingerprint: string
}

export interface CreateRequest extends ChargingRequest {
  /** As the consumer wrote it. */
  readonly subscriber: string
  readonly by: { readonly imsi: string } | { readonly msisdn: string }
  /** Equal for requests that make one session. */
  readonly identity: string
  readonly notifyUri: string | undefined
  /**
   * A single event in place of a session: `IEC` debits what is asked for at once, whole or not at all, `PEC` reports what
   * was used (TS 32.290 §5.3.2, TS 32.291 oneTimeEventType).
   */
  readonly event?: 'IEC' | 'PEC' | undefined
}

export interface SessionRequest extends ChargingRequest {
  readonly ref: string
}

/** ResultCode of TS 32.291 §6.1.6.3.14, those that this operator gives. */
export type ResultCode =
  'SUCCESS' | 'QUOTA_LIMIT_REACHED' | 'END_USER_SERVICE_DENIED' | 'RATING_FAILED'

export interface UnitAnswer {
  readonly ratingGroup: number
  readonly resultCode: ResultCode
  readonly grantedBytes?: bigint
  readonly validitySeconds?: number
  /** How much is left of the grant when the next one should be asked for. */
  readonly thresholdBytes?: bigint
  /** Nothing comes after this grant, unless the account gets more data. */
  readonly isFinal?: boolean
}

export interface ChargingAnswer {
  readonly sequence: number
  readonly timestamp: string
  readonly units: readonly UnitAnswer[]
  /** Why nothing is granted, whatever is asked for. */
  readonly denial?: { readonly reason: string; readonly text: string }
}

export interface ChargingSettings {
  /** The most that is granted at once. */
  readonly grantMaxBytes: bigint
  /** What is granted when the consumer leaves it to the operator. */
  readonly grantBytes: bigint
  /** How long a grant may be used. A session that is silent for twice as long is over. */
  readonly validityMs: number
}

export const CHARGING_SETTINGS: ChargingSettings = {
  grantMaxBytes: 10n ** 10n,
  grantBytes: 10n ** 8n,
  validityMs: 3_600_000,
}

/** An answer as it is kept, and back. */
export function answerToText(answer: ChargingAnswer): string {
  return JSON.stringify(answer, (_, value: unknown) =>
    typeof value === 'bigint' ? { bytes: String(value) } : value,
  )
}

export function answerFromText(text: string): ChargingAnswer {
  return JSON.parse(text, (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'bytes' in value
      ? BigInt(value.bytes as string)
      : value,
  ) as ChargingAnswer
}
