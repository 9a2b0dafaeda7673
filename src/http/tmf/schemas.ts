/**
 * Schemas of TMF654 v4 and TMF677 v4. Every attribute of theirs stands here, so that nothing comes back in another form
 * than the standard's; what they do not name may come all the same: TM Forum's types are extensible.
 */

import { z } from 'zod'
import { instant, MSISDN } from '../api/schemas.ts'

const text = z.string().max(1000)

export const quantity = z.object({ amount: z.number(), units: z.string().min(1).max(10) })

const meta = {
  '@type': text.optional(),
  '@baseType': text.optional(),
  '@schemaLocation': text.optional(),
  '@referredType': text.optional(),
}

export const ref = z.looseObject({
  id: z.string().min(1).max(255),
  href: text.optional(),
  name: text.optional(),
  ...meta,
})

/** A subscriber, by the number. */
export const subscriberRef = ref.extend({
  id: z
    .string()
    .min(1)
    .max(255)
    .meta({ ...MSISDN }),
})

const bucketRef = ref.extend({
  id: z
    .string()
    .min(1)
    .max(255)
    .meta({ description: '`auto`, or the id of a bucket of the account.' }),
})

/** RelatedParty, and RelatedTopupBalance, which is like it. */
const related = z.looseObject({
  id: z.string().min(1).max(255),
  href: text.optional(),
  name: text.optional(),
  role: text.optional(),
  ...meta,
  '@referredType': text,
})

export const timePeriod = z.object({
  startDateTime: instant.optional(),
  endDateTime: instant.optional(),
})

export const usageType = z.enum(['monetary', 'voice', 'data', 'sms', 'other'])

export const actionStatus = z.enum(['created', 'failed', 'cancelled', 'completed'])

/** Attributes that an action may have besides, and that come back with it. */
const described = {
  ...meta,
  description: text.optional(),
  reason: text.optional(),
  channel: ref.optional(),
  requestor: related.optional(),
  relatedParty: z.array(related).max(10).optional(),
  product: z.array(ref).max(10).optional(),
  logicalResource: z.array(ref).min(1).max(10).optional(),
  partyAccount: ref.optional(),
  validFor: timePeriod.optional(),
}

const ofTopups = {
  isAutoTopup: z.boolean().optional(),
  numberOfPeriods: z.int().min(0).optional(),
  recurringPeriod: z.enum(['weekly', 'fortnightly', 'monthly']).optional(),
  voucher: text.optional(),
  paymentMethod: ref.optional(),
  balanceTopup: related.optional(),
}

const ofAdjustments = { adjustType: z.enum(['recurring', 'oneTime']).optional() }

const ofTransfers = {
  costOwner: z.enum(['originator', 'receiver']).optional(),
  transferCost: z.object({ unit: z.string().max(10), value: z.number() }).optional(),
  receiver: related.optional(),
  receiverProduct: ref.optional(),
}

const what = { amount: quantity, usageType, bucket: bucketRef }

export const topupCreate = z
  .looseObject({ ...described, ...ofTopups, ...what, partyAccount: subscriberRef })
  .meta({ id: 'TopupBalance_Create' })

export const adjustCreate = z
  .looseObject({ ...described, ...ofAdjustments, ...what })
  .meta({ id: 'AdjustBalance_Create' })

export const reserveCreate = z
  .looseObject({ ...described, ...what, partyAccount: subscriberRef })
  .meta({ id: 'ReserveBalance_Create' })

export const transferCreate = z
  .looseObject({
    ...described,
    ...ofTransfers,
    ...what,
    reason: text,
    channel: ref,
    logicalResource: z.array(subscriberRef).min(1).max(10),
    receiverLogicalResource: subscriberRef,
    receiverBucket: ref,
    receiverBucketUsageType: usageType,
  })
  .meta({ id: 'TransferBalance_Create' })

const receiving = {
  receiverLogicalResource: ref.optional(),
  receiverBucket: ref.optional(),
  receiverBucketUsageType: usageType.optional(),
}

/** What a merge patch may change, and take back with null. */
const describing = {
  description: text.nullish(),
  reason: text.nullish(),
  channel: ref.nullish(),
  requestor: related.nullish(),
  relatedParty: z.array(related).max(10).nullish(),
  product: z.array(ref).max(10).nullish(),
}

/** The names of what a merge patch may change. */
export const DESCRIBING: readonly string[] = Object.keys(describing)

/** A merge patch of an action (RFC 7396): what is described may change, and `status` become `cancelled`. */
export const actionUpdate = z
  .looseObject({
    ...described,
    ...describing,
    ...ofTopups,
    ...ofAdjustments,
    ...ofTransfers,
    ...receiving,
    amount: quantity.optional(),
    usageType: usageType.optional(),
    bucket: ref.optional(),
    status: actionStatus.optional(),
    requestedDate: instant.optional(),
    confirmationDate: instant.optional(),
  })
  .meta({ id: 'BalanceAction_Update' })

export const bucket = z
  .looseObject({
    id: z.string(),
    href: z.string(),
    name: z.string(),
    description: z.string().optional(),
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

/** What every action has. */
const done = {
  ...described,
  ...what,
  id: z.string(),
  href: z.string(),
  status: actionStatus,
  requestedDate: instant,
  confirmationDate: instant,
  logicalResource: z.array(ref),
  partyAccount: ref,
  statusReason: z
    .string()
    .optional()
    .meta({ description: 'Of an action that failed: the rule that refused it.' }),
}

export const topup = z.looseObject({ ...done, ...ofTopups }).meta({ id: 'TopupBalance' })

export const adjustment = z.looseObject({ ...done, ...ofAdjustments }).meta({ id: 'AdjustBalance' })

export const reservation = z.looseObject(done).meta({ id: 'ReserveBalance' })

export const transfer = z
  .looseObject({
    ...done,
    ...ofTransfers,
    reason: text,
    channel: ref,
    receiverLogicalResource: ref,
    receiverBucket: ref,
    receiverBucketUsageType: usageType,
    giftState: z.string().meta({ description: 'The state of the gift that it is.' }),
  })
  .meta({ id: 'TransferBalance' })

export const history = z
  .looseObject({
    ...done,
    ...ofTopups,
    ...ofAdjustments,
    ...ofTransfers,
    ...receiving,
    giftState: z.string().optional(),
    receiverLogicalResource: ref,
  })
  .meta({ id: 'BalanceActionHistory' })

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
