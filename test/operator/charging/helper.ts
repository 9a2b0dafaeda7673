import { LAB_OPERATOR_FILE, loadOperatorFile } from '../../../src/operator/operator-file.ts'
import type { OperatorFile } from '../../../src/operator/operator-file.ts'
import type { ChargingAnswer, UnitUsage } from '../../../src/operator/charging/requests.ts'
import type { Operator } from '../../../src/operator/operator.ts'

export const MB = 1_000_000n

/** What a rating group reports and asks for, as tests write it: general data unless told. */
export interface Wish {
  readonly ratingGroup?: number
  readonly used?: bigint
  readonly wanted?: UnitUsage['wanted']
  /** The number of the container; a new one unless told. */
  readonly localSequence?: number
}

/** A consumer of charging with one session: it counts its requests and containers. */
export interface Consumer {
  readonly ref: string
  readonly opened: ChargingAnswer
  /** With `sequence` a request that is not the next one. */
  update(wish: Wish, sequence?: number): Promise<ChargingAnswer>
  release(wish?: Wish, sequence?: number): Promise<void>
}

let consumers = 0

/** Opens a session, asking for so much general data unless told otherwise. */
export async function openSession(
  operator: Operator,
  of: { readonly msisdn: string; readonly notifyUri?: string } & Wish,
): Promise<Consumer> {
  let sequence = 1
  let localSequence = 0
  const unitsOf = (wish: Wish): readonly UnitUsage[] => {
    const { ratingGroup = 1, used, wanted } = wish
    const number = wish.localSequence ?? ++localSequence
    const containers = used === undefined ? [] : [{ localSequence: number, usedBytes: used }]
    return [{ ratingGroup, wanted, containers }]
  }
  const requestOf = (wish: Wish, at: number) => {
    const units = unitsOf(wish)
    const fingerprint = JSON.stringify(units, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    return { sequence: at, timestamp: '2026-01-15T12:00:00Z', units, fingerprint }
  }
  const { msisdn, notifyUri } = of
  const { ref, answer } = await operator.charging.create({
    ...requestOf(of, sequence),
    subscriber: `msisdn-${msisdn}`,
    by: { msisdn },
    identity: `consumer ${++consumers}`,
    notifyUri,
  })
  return {
    ref,
    opened: answer,
    update: (wish, at = ++sequence) => operator.charging.update({ ref, ...requestOf(wish, at) }),
    release: (wish = {}, at = ++sequence) =>
      operator.charging.release({
        ref,
        ...(wish.used === undefined ? { ...requestOf({}, at), units: [] } : requestOf(wish, at)),
      }),
  }
}

/** An operator that comes with the lab. */
export function operatorFile(id: string): OperatorFile {
  return loadOperatorFile(new URL(`${id}.json`, LAB_OPERATOR_FILE))
}
