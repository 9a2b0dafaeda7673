/** The history of a subscription: data and money, with the numbers that disputes name. */

import { z } from 'zod'
import { amountToJson, type JsonAmount } from '../../operator/amount.ts'
import { HISTORY_KINDS, type HistoryEntry } from '../../operator/history.ts'
import type { Operator } from '../../operator/operator.ts'
import { pageOf } from '../page.ts'
import { ok, route, type Route } from './route.ts'
import { date, instant, ofNumber, page } from './schemas.ts'

const signed = z.union([z.int(), z.string().regex(/^-?[0-9]+$/)]).nullable()

const entrySchema = z
  .object({
    reference: z
      .string()
      .meta({ description: 'The number of the operation; of a gift, that of its receipt.' }),
    at: instant,
    what: z.enum(['data', 'money']),
    kind: z.enum(HISTORY_KINDS),
    amountBytes: signed.meta({ description: 'Of data: more, or less below zero.' }),
    keptBytes: signed.meta({ description: 'Data that only changed its life within the account.' }),
    overageBytes: signed.meta({ description: 'Used beyond all data.' }),
    amountMinor: signed.meta({ description: 'Of money: in, or out below zero, in minor units.' }),
    currency: z.string().nullable(),
    with: z.string().nullable().meta({ description: 'The other side, masked.' }),
    label: z.string().nullable().meta({ description: 'Of which plan or package it is.' }),
  })
  .meta({ id: 'HistoryEntry' })

/** The routes over an operator. */
export function historyRoutes(operator: Pick<Operator, 'history'>): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/accounts/{msisdn}/history',
      operationId: 'getHistory',
      summary: 'What came and went, of data and of money, the latest first',
      tag: 'Accounts',
      scope: 'balances:read',
      params: ofNumber,
      query: page.extend({
        what: z.enum(['data', 'money']).optional(),
        kind: z.enum(HISTORY_KINDS).optional(),
        since: date.optional(),
        until: date.optional(),
        after: z.string().min(1).max(300).optional(),
      }),
      actsFor: ({ params }) => [params.msisdn],
      responses: {
        200: {
          description: 'A page; `next` names the entry to go on after.',
          schema: z.object({ entries: z.array(entrySchema), next: z.string().optional() }),
        },
      },
      handle({ params, query }) {
        const { limit, ...filter } = query
        const found = operator.history({ ...params, ...filter, limit: limit + 1 })
        const { entries, ...next } = pageOf(found, { limit, nameOf: (one) => one.position })
        return ok({ entries: entries.map(entryJson), ...next })
      },
    }),
  ]
}

function entryJson(entry: HistoryEntry): object {
  const { reference, at, what, kind, currency, label } = entry
  return {
    reference,
    at,
    what,
    kind,
    amountBytes: jsonOf(entry.amountBytes),
    keptBytes: jsonOf(entry.keptBytes),
    overageBytes: jsonOf(entry.overageBytes),
    amountMinor: jsonOf(entry.amountMinor),
    currency: currency ?? null,
    with: entry.with ?? null,
    label: label ?? null,
  }
}

function jsonOf(amount: bigint | undefined): JsonAmount | null {
  return amount === undefined ? null : amountToJson(amount)
}
