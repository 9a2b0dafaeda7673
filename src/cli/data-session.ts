/** A phone's data, as its network reports it: one charging session, grant by grant (3GPP TS 32.291). */

import { createHash } from 'node:crypto'
import { amountFromJson, amountToJson, type JsonAmount } from '../operator/amount.ts'
import type { LabClient } from './lab-client.ts'

const CHARGING = '/nchf-convergedcharging/v3/chargingdata'

/** What is to be used, and how. */
export interface DataUse {
  readonly msisdn: string
  readonly amountBytes: bigint
  /** The most that is asked for at once. */
  readonly sliceBytes: bigint
  /** What the number's operator calls the traffic. */
  readonly ratingGroup: number
  /** The same key is the same session: what it has used is not used again. */
  readonly key: string
}

/** What a session came to. */
export interface DataUsed {
  readonly ref: string
  readonly usedBytes: JsonAmount
  readonly overageBytes: JsonAmount
  readonly lots: readonly {
    readonly lotId: number
    readonly origin: string
    readonly amountBytes: JsonAmount
  }[]
  /** The result with which the operator granted no more; `done` when all was used. */
  readonly stopped: string
}

/** Uses data until it is enough or nothing more is granted, and ends the session. */
export async function useData(lab: LabClient, use: DataUse): Promise<DataUsed> {
  const session = await openSession(lab, use)
  const { ref } = session
  let missing = use.amountBytes
  let { unit } = session
  let sequence = 1
  let usedBytes = 0n
  while (unit?.grantedUnit) {
    usedBytes = least(missing, amountFromJson(unit.grantedUnit.totalVolume, 'totalVolume'))
    missing -= usedBytes
    if (missing === 0n) break
    const body = requestOf(use, { at: lab.now, sequence: ++sequence, usedBytes, missing })
    unit = unitIn(await lab.post<ChargingAnswer>(`${CHARGING}/${ref}/update`, { body }))
    usedBytes = 0n
  }
  const body = requestOf(use, { at: lab.now, sequence: ++sequence, usedBytes, missing: 0n })
  await lab.post(`${CHARGING}/${ref}/release`, { body })
  const stopped = missing === 0n ? 'done' : (unit?.resultCode ?? 'RATING_FAILED')
  const view = await lab.get<Omit<DataUsed, 'stopped'>>(`/api/charging-sessions/${ref}`)
  const { overageBytes, lots } = view
  return { ref, usedBytes: view.usedBytes, overageBytes, lots, stopped }
}

interface Unit {
  readonly resultCode: string
  readonly grantedUnit?: { readonly totalVolume: JsonAmount }
}

interface ChargingAnswer {
  readonly multipleUnitInformation?: readonly Unit[]
}

/** The session's name is the end of the path that the operator gives it. */
async function openSession(
  lab: LabClient,
  use: DataUse,
): Promise<{ readonly ref: string; readonly unit: Unit | undefined }> {
  const digest = createHash('sha256').update(use.key).digest()
  const body = {
    ...requestOf(use, { at: lab.now, sequence: 1, usedBytes: 0n, missing: use.amountBytes }),
    subscriberIdentifier: `msisdn-${use.msisdn}`,
    chargingId: digest.readUInt32BE(0),
    serviceSpecificationInfo: `use ${use.amountBytes}`,
  }
  const { location, answer } = await lab.create<ChargingAnswer>(CHARGING, { body })
  return { ref: location.slice(location.lastIndexOf('/') + 1), unit: unitIn(answer) }
}

function requestOf(
  use: DataUse,
  of: {
    readonly at: Date
    readonly sequence: number
    readonly usedBytes: bigint
    readonly missing: bigint
  },
): object {
  const { sequence, usedBytes, missing } = of
  const wanted = least(missing, use.sliceBytes)
  const container = { localSequenceNumber: sequence, totalVolume: amountToJson(usedBytes) }
  const unit = {
    ratingGroup: use.ratingGroup,
    ...(wanted > 0n && { requestedUnit: { totalVolume: amountToJson(wanted) } }),
    ...(usedBytes > 0n && { usedUnitContainer: [container] }),
  }
  return {
    nfConsumerIdentification: { nodeFunctionality: 'SMF', nFName: instanceOf(use.key) },
    invocationTimeStamp: of.at.toISOString(),
    invocationSequenceNumber: sequence,
    multipleUnitUsage: [unit],
  }
}

/** The name of a network function is a UUID: one of version 8 (RFC 9562 §5.8), made of the key. */
function instanceOf(key: string): string {
  const digits = createHash('sha256').update(`esim-lab use ${key}`).digest('hex')
  const [time, mid, high, low, node] = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 15),
    digits.slice(15, 18),
    digits.slice(18, 30),
  ]
  return `${time}-${mid}-8${high}-8${low}-${node}`
}

function unitIn(answer: ChargingAnswer): Unit | undefined {
  return answer.multipleUnitInformation?.[0]
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
