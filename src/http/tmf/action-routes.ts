/** TMF654 Prepay Balance Management v4.0.0: what can be done. */

import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import type { ActionOutcome } from '../../operator/balance-actions/balance-actions.ts'
import type { Operator } from '../../operator/operator.ts'
import { answerOnce } from '../api/operator-routes.ts'
import { route, type Answer, type Route } from '../api/route.ts'
import { idOf } from '../api/schemas.ts'
import { requireOwn, type Principal } from '../api/scopes.ts'
import type { BalanceActionKind } from '../../store/balance-actions.ts'
import { actionById, KINDS, RESOURCES, TAG } from './balance-routes.ts'
import { bytesOf, minorOf } from './quantities.ts'
import {
  actionJson,
  BASE,
  hrefOf,
  lotOfRef,
  numberOf,
  transferJson,
  type Action,
} from './resources.ts'
import * as schemas from './schemas.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const RESERVED_MAX_MS = 30 * DAY_MS
const ADJUSTED_MS = 30 * DAY_MS

const LOCATION = { Location: 'Where it is.' }

function answersOf(kind: BalanceActionKind): Route['responses'] {
  const { schema } = RESOURCES[kind]
  return { 201: { description: 'Done.', schema, headers: LOCATION } }
}

/** The routes over an operator. */
export function actionRoutes(operator: Operator): readonly Route[] {
  return [transferRoute(operator), ...writeRoutes(operator), ...changeRoutes(operator)]
}

function transferRoute(operator: Operator): Route {
  return route({
    method: 'POST',
    path: `${BASE}/transferBalance`,
    operationId: 'createTransferBalance',
    summary: 'Give data from one subscriber to another',
    description:
      'Which lots it comes from and becomes, the operator’s rules say: both buckets are `auto`. The originator pays.',
    tag: TAG,
    scope: 'gifts:write',
    idempotent: true,
    body: schemas.transferCreate,
    actsFor: ({ body }) => body.logicalResource.slice(0, 1).map((ref) => fromOf(ref)),
    responses: answersOf('transfer'),
    async handle({ body, caller, idempotencyKey }) {
      const { from, to, amountBytes } = transferOf(operator, body)
      const asked = { caller, idempotencyKey, request: body }
      operator.balanceActions.requireSameTransfer(asked)
      const key = { caller: `${caller}/tmf654`, idempotencyKey }
      const outcome = await operator.attemptGift({ ...key, from, to, amountBytes })
      const { gift } = outcome
      if (!gift) return answerOnce({ ...outcome, json: undefined })
      await operator.balanceActions.describeTransfer({ ...asked, msisdn: from, giftId: gift.id })
      return answerOnce({
        ...outcome,
        json: transferJson(operator, gift),
        headers: { Location: hrefOf('transfer', gift.id) },
      })
    },
  })
}

function writeRoutes(operator: Operator): readonly Route[] {
  const { balanceActions } = operator
  const common = { tag: TAG, scope: 'balances:write', idempotent: true } as const
  return [
    route({
      ...common,
      method: 'POST',
      path: `${BASE}/topupBalance`,
      operationId: 'createTopupBalance',
      summary: 'Put money on an account',
      body: schemas.topupCreate,
      responses: answersOf('topup'),
      async handle({ body, caller, idempotencyKey }) {
        const msisdn = accountOf(body)
        if (body.usageType !== 'monetary') throw notOfThisType('monetary')
        requireOnce(body)
        const amountMinor = minorOf(body.amount, operator.fileOf({ msisdn }).currency)
        const asked = { msisdn, caller, idempotencyKey, request: body }
        return outcomeAnswer(await balanceActions.topUp({ ...asked, amountMinor }))
      },
    }),
    route({
      ...common,
      method: 'POST',
      path: `${BASE}/adjustBalance`,
      operationId: 'createAdjustBalance',
      summary: 'Correct a balance, up or down',
      description:
        'More data is a bonus that ends with `validFor.endDateTime`, after 30 days unless told. Less is taken from the bucket, or in order of use with `auto`.',
      body: schemas.adjustCreate,
      responses: answersOf('adjust'),
      async handle({ body, caller, idempotencyKey }) {
        const msisdn = accountOf(body)
        if (body.adjustType === 'recurring') {
          throw new LabError('refused', 'A correction is made once.', { reason: 'recurring' })
        }
        const asked = { msisdn, caller, idempotencyKey, request: body }
        const { currency, gigabyteBytes } = operator.fileOf({ msisdn })
        if (body.usageType === 'monetary') {
          const amountMinor = minorOf(body.amount, currency)
          return outcomeAnswer(await balanceActions.adjustMoney({ ...asked, amountMinor }))
        }
        if (body.usageType !== 'data') throw notOfThisType('data or monetary')
        return outcomeAnswer(
          await balanceActions.adjustData({
            ...asked,
            amountBytes: bytesOf(body.amount, { gigabyteBytes, isSigned: true }),
            lotId: lotOfRef(body.bucket, msisdn),
            validUntilMs: endOf(operator, { ...body, unlessToldMs: ADJUSTED_MS }),
          }),
        )
      },
    }),
    reserveRoute(operator),
  ]
}

/** Money is put on an account once, and with money: nothing that was asked for is passed over. */
function requireOnce(body: z.infer<typeof schemas.topupCreate>): void {
  if (body.isAutoTopup || body.recurringPeriod !== undefined || (body.numberOfPeriods ?? 0) > 0) {
    throw new LabError('refused', 'A top-up is made once.', { reason: 'recurring' })
  }
  if (body.voucher !== undefined) {
    throw new LabError('refused', 'This operator sells no vouchers.', { reason: 'noVouchers' })
  }
}

function reserveRoute(operator: Operator): Route {
  const { balanceActions } = operator
  return route({
    method: 'POST',
    path: `${BASE}/reserveBalance`,
    operationId: 'createReserveBalance',
    summary: 'Set data aside',
    description:
      'Until `validFor.endDateTime`, at most 30 days ahead; for an hour unless told. DELETE ends it before.',
    tag: TAG,
    scope: 'balances:write',
    idempotent: true,
    body: schemas.reserveCreate,
    responses: answersOf('reserve'),
    async handle({ body, caller, idempotencyKey }) {
      const msisdn = accountOf(body)
      if (body.usageType !== 'data') throw notOfThisType('data')
      const untilMs = endOf(operator, { ...body, unlessToldMs: HOUR_MS })
      if (untilMs > operator.access.clock.nowMs() + RESERVED_MAX_MS) {
        throw badEnd('must be at most 30 days ahead')
      }
      return outcomeAnswer(
        await balanceActions.reserve({
          msisdn,
          caller,
          idempotencyKey,
          request: body,
          amountBytes: bytesOf(body.amount, operator.fileOf({ msisdn })),
          lotId: lotOfRef(body.bucket, msisdn),
          untilMs,
        }),
      )
    },
  })
}

interface OfAction {
  readonly kind: BalanceActionKind
  readonly id: string
  readonly principal: Principal
}

/** What may be done to an action that there is: say something else of it, and undo it. */
function changeRoutes(operator: Operator): readonly Route[] {
  return KINDS.flatMap((kind) => {
    const { name, title, schema } = RESOURCES[kind]
    const scope = kind === 'transfer' ? 'gifts:write' : 'balances:write'
    const common = { tag: TAG, scope, params: idOf('id', `The id of a ${name}.`) } as const
    return [
      route({
        ...common,
        method: 'PATCH',
        path: `${BASE}/${name}/{id}`,
        operationId: `patch${title}`,
        summary: `Say something else of a ${name}, or undo it`,
        description: `A merge patch (RFC 7396). ${schemas.DESCRIBING.join(', ')} may change, and \`status\` become \`cancelled\`, as with DELETE; what else is named must be as it is.`,
        body: schemas.actionUpdate,
        responses: { 200: { description: 'As it is now.', schema } },
        async handle({ params, body, principal }) {
          const of = { kind, id: String(params.id), principal }
          return { status: 200, body: await changed(operator, { ...of, patch: body }) }
        },
      }),
      route({
        ...common,
        method: 'DELETE',
        path: `${BASE}/${name}/{id}`,
        operationId: `delete${title}`,
        summary: UNDOING[kind],
        description: 'It stays to be seen, as `cancelled`.',
        responses: { 204: { description: 'It is cancelled.' } },
        async handle({ params, principal }) {
          await cancelled(operator, { kind, id: String(params.id), principal })
          return { status: 204 }
        },
      }),
    ]
  })
}

const UNDOING: Readonly<Record<BalanceActionKind, string>> = {
  topup: 'Undo a top-up, while the money is there',
  adjust: 'Undo a correction of money, or of data that was added and is there',
  reserve: 'End a reservation; its data is available again',
  transfer: 'The sender thinks better of a gift that is on its way',
}

async function changed(
  operator: Operator,
  { patch, ...of }: OfAction & { readonly patch: z.infer<typeof schemas.actionUpdate> },
): Promise<Action> {
  const before = foundAction(operator, of)
  const now = JSON.parse(JSON.stringify(before)) as Readonly<Record<string, unknown>>
  const given = Object.entries(patch).filter(
    ([name, value]) => !isDeepStrictEqual(now[name], value),
  )
  const describing = given.filter(([name]) => isDescribing(name))
  const isCancelled = patch.status === 'cancelled' && now.status !== 'cancelled'
  for (const [name] of given) {
    if (isDescribing(name) || (name === 'status' && isCancelled)) continue
    throw new LabError('refused', `${name} of a ${RESOURCES[of.kind].name} never changes.`, {
      field: name,
      reason: 'unchangeable',
    })
  }
  if (isCancelled) await cancelled(operator, of)
  if (describing.length > 0) {
    const msisdn = String(partyOf(now))
    const { kind, id } = of
    const changes = Object.fromEntries(describing)
    await operator.balanceActions.describe({ kind, id, changes, msisdn })
  }
  return foundAction(operator, of)
}

function isDescribing(name: string): boolean {
  return schemas.DESCRIBING.includes(name)
}

/** The receiver of a transfer sees it, and it is the sender's all the same. */
function foundAction(operator: Operator, of: OfAction): Action {
  const found = actionById(operator, of)
  if (!found) throw new LabError('notFound', `there is no ${RESOURCES[of.kind].name} with this id`)
  requireOwn(of.principal, [partyOf(found)])
  return found
}

function partyOf({ partyAccount }: Readonly<Record<string, unknown>>): string {
  return (partyAccount as { readonly id: string }).id
}

async function cancelled(operator: Operator, of: OfAction): Promise<void> {
  const by = partyOf(foundAction(operator, of))
  const { kind, id } = of
  if (kind !== 'transfer') return operator.balanceActions.cancel({ kind, id })
  const { refusal } = await operator.gifts.cancel({ id, by })
  if (refusal) throw new LabError('refused', refusal.text, { reason: refusal.reason })
}

function outcomeAnswer({ action, replayed }: ActionOutcome): Answer {
  const { kind, id, refusal } = action
  const refused = refusal && (JSON.parse(refusal) as { readonly text: string; reason: string })
  return answerOnce({
    replayed,
    ...(refused && { refusal: refused }),
    json: actionJson(action),
    headers: { Location: hrefOf(kind, id) },
  })
}

/** @throws {LabError} badInput; refused — what the operator decides is asked for otherwise */
function transferOf(operator: Operator, body: z.infer<typeof schemas.transferCreate>) {
  const [giver] = body.logicalResource
  const from = fromOf(giver ?? { id: '' })
  const to = numberOf(body.receiverLogicalResource, 'receiverLogicalResource')
  if (body.usageType !== 'data' || body.receiverBucketUsageType !== 'data') {
    throw notOfThisType('data')
  }
  for (const [field, { id }] of [
    ['bucket.id', body.bucket],
    ['receiverBucket.id', body.receiverBucket],
  ] as const) {
    if (id !== 'auto') throw new LabError('badInput', `${field} must be auto`, { field })
  }
  const isFree = (body.transferCost?.value ?? 0) === 0
  if (body.costOwner === 'receiver' || !isFree) {
    throw new LabError('refused', 'The operator’s rules say what a gift costs, and who pays.', {
      reason: 'costIsTheOperators',
    })
  }
  return { from, to, amountBytes: bytesOf(body.amount, operator.fileOf({ msisdn: from })) }
}

function fromOf(ref: { readonly id: string }): string {
  return numberOf(ref, 'logicalResource')
}

/** The account that an action is for: the party account, the logical resource, or both, if they agree. */
function accountOf(body: {
  readonly partyAccount?: { readonly id: string } | undefined
  readonly logicalResource?: readonly { readonly id: string }[] | undefined
}): string {
  const named = [
    ...(body.partyAccount ? [numberOf(body.partyAccount, 'partyAccount')] : []),
    ...(body.logicalResource ?? []).slice(0, 1).map(fromOf),
  ]
  const [first] = named
  if (first !== undefined && named.every((one) => one === first)) return first
  throw new LabError(
    'badInput',
    'partyAccount.id or logicalResource.id must name the subscriber, and the same one',
    { field: 'partyAccount.id' },
  )
}

/** @throws {LabError} badInput — it is over */
function endOf(
  operator: Operator,
  asked: {
    readonly validFor?: { readonly endDateTime?: string | undefined } | undefined
    readonly unlessToldMs: number
  },
): number {
  const nowMs = operator.access.clock.nowMs()
  const end = asked.validFor?.endDateTime
  const endMs = end === undefined ? nowMs + asked.unlessToldMs : Date.parse(end)
  if (endMs > nowMs) return endMs
  throw badEnd('must be in the future')
}

function badEnd(expected: string): LabError {
  return new LabError('badInput', `validFor.endDateTime ${expected}`, {
    field: 'validFor.endDateTime',
  })
}

function notOfThisType(known: string): LabError {
  return new LabError('badInput', `usageType must be ${known} here`, { field: 'usageType' })
}
