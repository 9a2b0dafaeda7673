/** Schemas of TMF654 v4 and TMF677 v4. What they do not name may come all the same: TM Forum's types are extensible. */

import { z } from 'zod'
import { instant, readBy } from '../api/schemas.ts'
import { LabError } from '../../base/errors.ts'

const text = z.string().max(1000)

export const quantity = z.object({ amount: z.number(), units: z.string().min(1).max(10) })

export const ref = z.looseObject({ id: z.string().min(1).max(255), name: text.optional() })

export const timePeriod = z.object({
  startDateTime: instant.optional(),
  endDateTime: instant.optional(),
})

export const usageType = z.enum(['monetary', 'voice', 'data', 'sms', 'other'])

export const actionStatus = z.enum(['created', 'failed', 'cancelled', 'completed'])

/** Members that an action may have besides, and that come back with it. */
const described = {
  description: text.optional(),
  reason: text.optional(),
  channel: ref.optional(),
  requestor: z.looseObject({}).optional(),
  product: z.array(z.looseObject({})).max(10).optional(),
  logicalResource: z.array(ref).min(1).max(10).optional(),
  validFor: timePeriod.optional(),
}

export const topupCreate = z
  .looseObject({
    ...described,
    amount: quantity,
    usageType,
    bucket: ref,
    partyAccount: ref,
  })
  .meta({ id: 'TopupBalance_Create' })

export const adjustCreate = z
  .looseObject({
    ...described,
    amount: quantity,
    usageType,
    bucket: ref,
    partyAccount: ref.optional(),
    adjustType: z.enum(['recurring', 'oneTime']).optional(),
  })
  .meta({ id: 'AdjustBalance_Create' })

export const reserveCreate = z
  .looseObject({ ...described, amount: quantity, usageType, bucket: ref, partyAccount: ref })
  .meta({ id: 'ReserveBalance_Create' })

export const transferCreate = z
  .looseObject({
    ...described,
    reason: text,
    channel: ref,
    logicalResource: z.array(ref).min(1).max(10),
    receiverLogicalResource: ref,
    amount: quantity,
    usageType,
    bucket: ref,
    receiverBucket: ref,
    receiverBucketUsageType: usageType,
    costOwner: z.enum(['originator', 'receiver']).optional(),
    transferCost: z.object({ unit: z.string().max(10), value: z.number() }).optional(),
  })
  .meta({ id: 'TransferBalance_Create' })

export const bucket = z
  .looseObject({
    id: z.string(),
    href: z.string(),
    name: z.string(),
    isShared: z.boolean(),
    remainingValueName: z.string(),
    remainingValue: quantity,
    reservedValue: quantity,
    status: z.enum(['active', 'suspended', 'expired']),
    usageType,
    validFor: timePeriod.optional(),
    logicalResource: z.array(ref),
    partyAccount: ref,
  })
  .meta({ id: 'Bucket' })

export const action = z
  .looseObject({
    id: z.string(),
    href: z.string(),
    status: actionStatus,
    requestedDate: instant,
    confirmationDate: instant,
    amount: quantity,
    usageType,
  })
  .meta({ id: 'BalanceAction' })

export const accumulated = z
  .looseObject({
    id: z.string(),
    href: z.string(),
    name: z.string(),
    bucket: z.array(ref),
    totalBalance: quantity,
    logicalResource: ref,
    partyAccount: ref,
  })
  .meta({ id: 'AccumulatedBalance' })

function whole(range: { readonly min: number; readonly max: number }) {
  const { min, max } = range
  return readBy({ type: 'integer', minimum: min, maximum: max }, (value) => {
    const number = typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : NaN
    if (number >= min && number <= max) return number
    throw new LabError('badInput', `must be a whole number from ${min} to ${max}`)
  })
}

/** Queries of lists: a page, the subscriber, and which members are wanted (TMF630). */
export const listQuery = z.object({
  offset: whole({ min: 0, max: 100_000 }).optional(),
  limit: whole({ min: 1, max: 500 }).optional(),
  fields: text.optional(),
  'logicalResource.id': text.optional(),
})

export type ListQuery = z.infer<typeof listQuery>

export const oneQuery = z.object({ fields: text.optional() })

/** The members of `fields`; `id` and `href` always come along. */
export function withFields(resource: object, fields: string | undefined): object {
  if (!fields) return resource
  const wanted = new Set(['id', 'href', ...fields.split(',').map((name) => name.trim())])
  return Object.fromEntries(Object.entries(resource).filter(([name]) => wanted.has(name)))
}
