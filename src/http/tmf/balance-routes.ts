/** TMF654 Prepay Balance Management v4.0.0: what can be seen. */

import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import { normaliseMsisdn } from '../../operator/msisdn.ts'
import type { Operator } from '../../operator/operator.ts'
import type { BalanceActionKind } from '../../store/balance-actions.ts'
import { route, type Answer, type Asked, type Route } from '../api/route.ts'
import { idOf } from '../api/schemas.ts'
import { maySee, requireOwn, type Principal } from '../api/scopes.ts'
import {
  accumulatedOf,
  actionJson,
  BASE,
  bucketIdOf,
  bucketsOf,
  transferJson,
} from './resources.ts'
import * as schemas from './schemas.ts'
import { withFields, type ListQuery } from './schemas.ts'

export const TAG = 'TMF654 Prepay Balance Management'

const NEEDS_NUMBER =
  'A subscriber sees the own; others name the subscriber with `logicalResource.id`.'

/** The routes over an operator. */
export function balanceRoutes(operator: Operator): readonly Route[] {
  const upToDate = (of: (msisdn: string) => readonly object[]) => async (msisdn: string) => {
    await operator.subscriptions.refreshDue({ msisdn })
    return of(msisdn)
  }
  const shown = [
    {
      name: 'bucket',
      schema: schemas.bucket,
      of: upToDate((msisdn) => bucketsOf(operator, msisdn)),
      owner: (id: string) => bucketIdOf(id).msisdn,
    },
    {
      name: 'accumulatedBalance',
      schema: schemas.accumulated,
      of: upToDate((msisdn) => accumulatedOf(operator, msisdn)),
      owner: accumulatedOwner,
    },
  ]
  return [
    ...shown.flatMap((resource) => shownRoutes(operator, resource)),
    ...(['topup', 'adjust', 'reserve', 'transfer'] as const).flatMap((kind) =>
      actionRoutes(operator, kind),
    ),
    ...historyRoutes(operator),
  ]
}

interface Shown {
  readonly name: string
  readonly schema: z.ZodType
  readonly of: (msisdn: string) => Promise<readonly object[]>
  readonly owner: (id: string) => string
}

function shownRoutes(operator: Operator, { name, schema, of, owner }: Shown): readonly Route[] {
  const title = name.charAt(0).toUpperCase() + name.slice(1)
  return [
    listRoute({ name, title, schema, page: (msisdn) => of(msisdn) }),
    route({
      method: 'GET',
      path: `${BASE}/${name}/{id}`,
      operationId: `retrieve${title}`,
      summary: `One ${name}`,
      tag: TAG,
      scope: 'balances:read',
      params: idOf('id', `The id of a ${name}.`),
      query: schemas.oneQuery,
      responses: { 200: { description: 'It.', schema } },
      async handle({ params, query, principal }) {
        const id = String(params.id)
        const msisdn = owner(id)
        const isSeen = maySee(principal, [msisdn]) && operator.account({ msisdn })
        const all = isSeen ? await of(msisdn) : []
        const found = all.find((one) => 'id' in one && one.id === id)
        if (found) return { status: 200, body: withFields(found, query.fields) }
        throw new LabError('notFound', `there is no ${name} with this id`)
      },
    }),
  ]
}

const TITLES: Readonly<Record<BalanceActionKind, string>> = {
  topup: 'TopupBalance',
  adjust: 'AdjustBalance',
  reserve: 'ReserveBalance',
  transfer: 'TransferBalance',
}

function actionRoutes(operator: Operator, kind: BalanceActionKind): readonly Route[] {
  const title = TITLES[kind]
  const name = title.charAt(0).toLowerCase() + title.slice(1)
  return [
    listRoute({
      name,
      title,
      schema: schemas.action,
      page: (msisdn, extent) => actionsOf(operator, { kind, msisdn, ...extent }),
    }),
    route({
      method: 'GET',
      path: `${BASE}/${name}/{id}`,
      operationId: `retrieve${title}`,
      summary: `One ${name}`,
      tag: TAG,
      scope: 'balances:read',
      params: idOf('id', `The id of a ${name}.`),
      query: schemas.oneQuery,
      responses: { 200: { description: 'It.', schema: schemas.action } },
      handle({ params, query, principal }) {
        const found = actionById(operator, { kind, id: String(params.id), principal })
        if (found) return { status: 200, body: withFields(found, query.fields) }
        throw new LabError('notFound', `there is no ${name} with this id`)
      },
    }),
  ]
}

function historyRoutes(operator: Operator): readonly Route[] {
  const name = 'balanceActionHistory'
  const kinds = ['transfer', 'topup', 'adjust', 'reserve'] as const
  return [
    listRoute({
      name,
      title: 'BalanceActionHistory',
      schema: schemas.action,
      page(msisdn, { offset, limit }) {
        const most = { offset: 0, limit: offset + limit }
        return kinds
          .flatMap((kind) => actionsOf(operator, { kind, msisdn, ...most }))
          .toSorted((a, b) => b.requestedDate.getTime() - a.requestedDate.getTime())
          .slice(offset, offset + limit)
      },
    }),
    route({
      method: 'GET',
      path: `${BASE}/${name}/{id}`,
      operationId: 'retrieveBalanceActionHistory',
      summary: 'One action of whatever kind',
      tag: TAG,
      scope: 'balances:read',
      params: idOf('id', 'The id of an action.'),
      query: schemas.oneQuery,
      responses: { 200: { description: 'It.', schema: schemas.action } },
      handle({ params, query, principal }) {
        for (const kind of kinds) {
          const found = actionById(operator, { kind, id: String(params.id), principal })
          if (found) return { status: 200, body: withFields(found, query.fields) }
        }
        throw new LabError('notFound', 'there is no action with this id')
      },
    }),
  ]
}

interface Extent {
  readonly offset: number
  readonly limit: number
}

type Dated = object & { readonly requestedDate: Date }

function actionsOf(
  operator: Operator,
  page: Extent & { readonly kind: BalanceActionKind; readonly msisdn: string },
): readonly Dated[] {
  const { kind } = page
  if (kind !== 'transfer') {
    return operator.balanceActions
      .list({ ...page, kind })
      .map((action) => actionJson(action) as Dated)
  }
  const { msisdn, offset, limit } = page
  const gifts = operator.gifts.list({ msisdn, limit: offset + limit }).slice(offset)
  return gifts.map((gift) => transferJson(operator, gift) as Dated)
}

function actionById(
  operator: Operator,
  by: {
    readonly kind: BalanceActionKind
    readonly id: string
    readonly principal: Principal
  },
): object | undefined {
  const { kind, id, principal } = by
  if (kind === 'transfer') {
    const gift = operator.gift({ id })
    const isSeen = gift && maySee(principal, [gift.from, gift.to])
    return isSeen ? transferJson(operator, gift) : undefined
  }
  const action = operator.balanceActions.find({ kind, id })
  return action && maySee(principal, [action.msisdn]) ? actionJson(action) : undefined
}

type Page = (msisdn: string, extent: Extent) => readonly object[] | Promise<readonly object[]>

function listRoute(list: {
  readonly name: string
  readonly title: string
  readonly schema: z.ZodType
  readonly page: Page
}): Route {
  return route({
    method: 'GET',
    path: `${BASE}/${list.name}`,
    operationId: `list${list.title}`,
    summary: `Every ${list.name} of a subscriber`,
    description: NEEDS_NUMBER,
    tag: TAG,
    scope: 'balances:read',
    query: schemas.listQuery,
    responses: { 200: { description: 'A page.', schema: z.array(list.schema) } },
    handle: (asked) => listAnswer(asked, list.page),
  })
}

async function listAnswer(
  { query, principal }: Asked<undefined, ListQuery, undefined>,
  pageOf: Page,
): Promise<Answer> {
  const { offset = 0, limit = 100, fields } = query
  const msisdn = subscriberOf(query['logicalResource.id'], principal)
  const found = (await pageOf(msisdn, { offset, limit })).slice(0, limit)
  return {
    status: 200,
    headers: { 'X-Result-Count': String(found.length) },
    body: found.map((one) => withFields(one, fields)),
  }
}

/** @throws {LabError} badInput — nobody is named; forbidden — somebody else */
export function subscriberOf(named: string | undefined, principal: Principal): string {
  if (named === undefined && principal.role === 'subscriber') return principal.msisdn
  const msisdn = normaliseMsisdn(named, 'logicalResource.id')
  requireOwn(principal, [msisdn])
  return msisdn
}

function accumulatedOwner(id: string): string {
  const [, msisdn = ''] = /^([0-9]{5,15})-(?:data|monetary)$/.exec(id) ?? []
  if (msisdn) return msisdn
  throw new LabError('notFound', 'there is no accumulatedBalance with this id')
}
