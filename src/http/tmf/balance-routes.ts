/** TMF654 Prepay Balance Management v4.0.0: what can be seen. */

import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import type { Operator } from '../../operator/operator.ts'
import type { BalanceActionKind } from '../../store/balance-actions.ts'
import { route, type Route } from '../api/route.ts'
import { idOf } from '../api/schemas.ts'
import { maySee, type Principal } from '../api/scopes.ts'
import {
  FILTERS,
  LIST_HEADERS,
  listAnswer,
  listQuery,
  oneQuery,
  selectionOf,
  sourceOf,
  withFields,
  type Source,
  type Whose,
} from './lists.ts'
import {
  accumulatedOf,
  actionJson,
  BASE,
  bucketIdOf,
  bucketsOf,
  historyJson,
  transferJson,
  type Action,
} from './resources.ts'
import * as schemas from './schemas.ts'

export const TAG = 'TMF654 Prepay Balance Management'

export const KINDS = ['transfer', 'topup', 'adjust', 'reserve'] as const

/** The names and schemas of actions. */
export const RESOURCES: Readonly<
  Record<
    BalanceActionKind,
    {
      readonly name: string
      readonly title: string
      readonly schema: z.ZodObject<Readonly<Record<string, z.ZodType>>>
    }
  >
> = {
  topup: { name: 'topupBalance', title: 'TopupBalance', schema: schemas.topup },
  adjust: { name: 'adjustBalance', title: 'AdjustBalance', schema: schemas.adjustment },
  reserve: { name: 'reserveBalance', title: 'ReserveBalance', schema: schemas.reservation },
  transfer: { name: 'transferBalance', title: 'TransferBalance', schema: schemas.transfer },
}

/** The routes over an operator. */
export function balanceRoutes(operator: Operator): readonly Route[] {
  const upToDate = (of: (msisdn: string) => readonly object[]) => async (msisdn: string) => {
    await operator.subscriptions.refreshDue({ msisdn })
    return of(msisdn)
  }
  const buckets = upToDate((msisdn) => bucketsOf(operator, msisdn))
  const sums = upToDate((msisdn) => accumulatedOf(operator, msisdn))
  return [
    ...resourceRoutes({
      name: 'bucket',
      title: 'Bucket',
      schema: schemas.bucket,
      source: ofSubscribers(operator, buckets),
      find: ownedBy(operator, {
        owner: (id) => bucketIdOf(id).msisdn,
        of: buckets,
      }),
    }),
    ...resourceRoutes({
      name: 'accumulatedBalance',
      title: 'AccumulatedBalance',
      schema: schemas.accumulated,
      source: ofSubscribers(operator, sums),
      find: ownedBy(operator, {
        owner: accumulatedOwner,
        of: sums,
      }),
    }),
    ...KINDS.flatMap((kind) =>
      resourceRoutes({
        ...RESOURCES[kind],
        source: kind === 'transfer' ? transfers(operator) : actions(operator, kind),
        find: (id, principal) => actionById(operator, { kind, id, principal }),
      }),
    ),
    ...resourceRoutes({
      name: 'balanceActionHistory',
      title: 'BalanceActionHistory',
      schema: schemas.history,
      source: historyOf(operator),
      find(id, principal) {
        for (const kind of KINDS) {
          const found = actionById(operator, { kind, id, principal })
          if (found) return historyJson(found)
        }
        return undefined
      },
    }),
  ]
}

interface Resource {
  readonly name: string
  readonly title: string
  readonly schema: z.ZodObject<Readonly<Record<string, z.ZodType>>>
  readonly source: Source
  /** One by its id, if it is there for the caller. */
  readonly find: (
    id: string,
    principal: Principal,
  ) => object | undefined | Promise<object | undefined>
}

function resourceRoutes({ name, title, schema, source, find }: Resource): readonly Route[] {
  const attributes = Object.keys(schema.shape)
  const selection = selectionOf(schema)
  return [
    route({
      method: 'GET',
      path: `${BASE}/${name}`,
      operationId: `list${title}`,
      summary: `Every ${name}, or those of a subscriber`,
      description: FILTERS,
      tag: TAG,
      scope: 'balances:read',
      query: listQuery,
      responses: {
        200: { description: 'A page.', schema: z.array(selection), headers: LIST_HEADERS },
      },
      handle: (asked) => listAnswer({ source, attributes }, asked),
    }),
    route({
      method: 'GET',
      path: `${BASE}/${name}/{id}`,
      operationId: `retrieve${title}`,
      summary: `One ${name}`,
      tag: TAG,
      scope: 'balances:read',
      params: idOf('id', `The id of a ${name}.`),
      query: oneQuery,
      responses: { 200: { description: 'It.', schema: selection } },
      async handle({ params, query, principal }) {
        const found = await find(String(params.id), principal)
        if (found) return { status: 200, body: withFields(found, query.fields) }
        throw new LabError('notFound', `there is no ${name} with this id`)
      },
    }),
  ]
}

type OfSubscriber = (msisdn: string) => Promise<readonly object[]>

function ownedBy(
  operator: Operator,
  by: {
    readonly owner: (id: string) => string
    readonly of: OfSubscriber
  },
): Resource['find'] {
  return async (id, principal) => {
    const msisdn = by.owner(id)
    if (!maySee(principal, [msisdn]) || !operator.account({ msisdn })) return undefined
    const all = await by.of(msisdn)
    return all.find((one) => 'id' in one && one.id === id)
  }
}

/** As many subscribers are looked at when none is named: what each has is worked out, and does not stand in the books. */
const SUBSCRIBERS_MAX = 1000

function ofSubscribers(operator: Operator, of: OfSubscriber): Source {
  return sourceOf(async ({ msisdn }) => {
    if (msisdn !== undefined) return of(msisdn)
    const accounts = operator.accounts({ limit: SUBSCRIBERS_MAX })
    if (accounts.length === SUBSCRIBERS_MAX) {
      throw new LabError(
        'badInput',
        `there are ${SUBSCRIBERS_MAX} subscribers or more; name one with logicalResource.id`,
        { field: 'logicalResource.id', reason: 'tooMany' },
      )
    }
    const all: object[] = []
    for (const account of accounts) all.push(...(await of(account.msisdn)))
    return all
  })
}

interface ActionSource extends Source {
  count(of: Whose): number
  page(...asked: Parameters<Source['page']>): readonly Action[]
}

function actions(operator: Operator, kind: Exclude<BalanceActionKind, 'transfer'>): ActionSource {
  const { balanceActions } = operator
  return {
    count: (of) => balanceActions.count({ ...of, kind }),
    page: (of, extent) => balanceActions.list({ ...of, ...extent, kind }).map(actionJson),
  }
}

function transfers(operator: Operator): ActionSource {
  const { gifts } = operator
  return {
    count: (of) => gifts.count(of),
    page(of, { offset, limit }) {
      const found = gifts.page({ ...of, limit: offset + limit }).slice(offset)
      return found.map((gift) => transferJson(operator, gift))
    },
  }
}

function historyOf(operator: Operator): Source {
  const sources = [
    transfers(operator),
    ...(['topup', 'adjust', 'reserve'] as const).map((kind) => actions(operator, kind)),
  ]
  const newestFirst = (of: Whose, limit: number): readonly Action[] =>
    sources
      .flatMap((source) => source.page(of, { offset: 0, limit }))
      .toSorted((a, b) => b.requestedDate.getTime() - a.requestedDate.getTime())
  return {
    count: (of) => sources.reduce((total, source) => total + source.count(of), 0),
    page: (of, { offset, limit }) =>
      newestFirst(of, offset + limit)
        .slice(offset, offset + limit)
        .map(historyJson),
  }
}

/** An action by its id, if the caller is one of its parties. */
export function actionById(
  operator: Operator,
  by: {
    readonly kind: BalanceActionKind
    readonly id: string
    readonly principal: Principal
  },
): Action | undefined {
  const { kind, id, principal } = by
  if (kind === 'transfer') {
    const gift = operator.gift({ id })
    const isSeen = gift && maySee(principal, [gift.from, gift.to])
    return isSeen ? transferJson(operator, gift) : undefined
  }
  const action = operator.balanceActions.find({ kind, id })
  return action && maySee(principal, [action.msisdn]) ? actionJson(action) : undefined
}

function accumulatedOwner(id: string): string {
  const [, msisdn = ''] = /^([0-9]{5,15})-(?:data|monetary)$/.exec(id) ?? []
  if (msisdn) return msisdn
  throw new LabError('notFound', 'there is no accumulatedBalance with this id')
}
