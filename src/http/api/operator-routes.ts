/** Accounts, balances, usage, stock and the books. */

import { z } from 'zod'
import { LabError } from '../../base/errors.ts'
import { unknownNumber, type Account } from '../../operator/accounts.ts'
import { amountToJson } from '../../operator/amount.ts'
import type { Operator } from '../../operator/operator.ts'
import type { GiftRefusal } from '../../operator/rules/refusals.ts'
import type { Usage } from '../../operator/usage.ts'
import { pageOf } from '../page.ts'
import { problemOf, type Problem } from '../problem.ts'
import { lotJson, lotSchema } from './lots.ts'
import { route, ok, type Answer, type Route } from './route.ts'
import { REFUSED_TITLES } from './language.ts'
import { languageSpoken, readMsisdn, wordsOf } from './reader.ts'
import { amountBytes, amountJson, instant, msisdn, ofNumber, page, position } from './schemas.ts'

const accountSummarySchema = z.looseObject({
  msisdn: z.string(),
  iccid: z.string(),
  profileState: z.enum(['ordered', 'installed', 'enabled', 'disabled', 'deleted']),
  openedAt: instant,
  liveSince: instant.nullable(),
})

const accountSchema = accountSummarySchema
  .extend({
    bindings: z.array(
      z.object({ iccid: z.string(), eid: z.string(), from: instant, to: instant.nullable() }),
    ),
  })
  .meta({ id: 'Account' })

const balanceSchema = z
  .object({
    msisdn: z.string(),
    totalBytes: amountJson,
    giftable: z.object({ amountBytes: amountJson, reason: z.string(), text: z.string() }),
    held: z
      .object({ giftBytes: amountJson, sessionBytes: amountJson, reservedBytes: amountJson })
      .meta({ description: 'Set aside: for gifts on their way, data sessions, by the operator.' }),
    at: instant,
    timeZone: z.string().meta({ description: "The operator's, an IANA name." }),
    gigabyteBytes: z.int(),
    lots: z.array(lotSchema).meta({ description: 'In the order in which they are used.' }),
  })
  .meta({ id: 'Balance' })

const usageSchema = z
  .looseObject({
    id: z.string(),
    msisdn: z.string(),
    amountBytes: amountJson,
    at: instant,
    lots: z.array(z.looseObject({ lotId: z.int(), amountBytes: amountJson })),
  })
  .meta({ id: 'Usage' })

const auditSchema = z
  .looseObject({
    balanced: z.boolean(),
    sealed: z.object({
      seals: z.int(),
      transferSeq: z.int(),
      digest: z
        .string()
        .optional()
        .describe(
          'SHA-256 over the journal and every seal before. Noted down elsewhere, it shows a journal that was rewritten.',
        ),
    }),
    faults: z.array(z.string()),
  })
  .meta({ id: 'Audit' })

const stockSchema = z
  .object({
    iccid: z.string(),
    imsi: z.string(),
    msisdn: z.string(),
    pin: z.string(),
    puk: z.string(),
    profileType: z.string(),
    taken: z.boolean(),
  })
  .meta({ id: 'StockItem' })

const messageSchema = z.object({
  id: z.int(),
  direction: z.enum(['in', 'out']),
  channel: z.string(),
  peer: z.string(),
  text: z.string(),
  at: instant,
})

/** The routes over an operator. */
export function operatorRoutes(operator: Operator): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/health',
      operationId: 'getHealth',
      summary: 'Whether the lab answers',
      tag: 'Lab',
      scope: 'public',
      responses: {
        200: { description: 'It does.', schema: z.object({ status: z.literal('ok') }) },
      },
      handle: () => ok({ status: 'ok' }),
    }),
    ...accountRoutes(operator),
    ...usageRoutes(operator),
    route({
      method: 'GET',
      path: '/api/ledger/audit',
      operationId: 'auditLedger',
      summary: 'Whether the books balance',
      tag: 'Ledger',
      scope: 'ledger:read',
      responses: { 200: { description: 'Sums and faults.', schema: auditSchema } },
      handle: () => ok(auditJson(operator)),
    }),
    route({
      method: 'GET',
      path: '/api/inventory/{iccid}',
      operationId: 'getStockItem',
      summary: 'A number in stock, with PIN and PUK; Ki and OPc never leave',
      tag: 'Stock',
      scope: 'stock:read',
      params: z.object({ iccid: z.string() }),
      responses: { 200: { description: 'The number.', schema: stockSchema } },
      handle: ({ params }) => ok(inventoryJson(operator, params.iccid)),
    }),
  ]
}

function accountRoutes(operator: Operator): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/numbers/{number}',
      operationId: 'readNumber',
      summary: 'Which number is meant by what somebody typed',
      description:
        'Numbers are read so everywhere. `beside` is somebody in whose country it is written; there need be no such number.',
      tag: 'Accounts',
      scope: 'accounts:read',
      query: z.object({ beside: msisdn.optional() }),
      params: z.object({ number: z.string().min(1).max(64) }),
      responses: {
        200: { description: 'Its digits.', schema: z.object({ msisdn: z.string() }) },
      },
      handle: ({ params }) => ok({ msisdn: readMsisdn(params.number, 'number') }),
    }),
    route({
      method: 'GET',
      path: '/api/accounts',
      operationId: 'listAccounts',
      summary: 'Accounts by number',
      description: 'A subscriber sees the own account.',
      tag: 'Accounts',
      scope: 'accounts:read',
      query: page.extend({ after: msisdn.optional() }),
      responses: {
        200: {
          description: 'A page; `next` names the number to go on after.',
          schema: z.object({
            accounts: z.array(accountSummarySchema),
            next: z.string().optional(),
          }),
        },
      },
      handle({ query, principal }) {
        if (principal.role === 'subscriber') {
          const own = operator.account({ msisdn: principal.msisdn })
          return ok({ accounts: own ? [accountSummary(own)] : [] })
        }
        const { limit, after } = query
        const found = operator.accounts({ limit: limit + 1, ...(after !== undefined && { after }) })
        const { entries, ...next } = pageOf(found, { limit, nameOf: (one) => one.msisdn })
        return ok({ accounts: entries.map(accountSummary), ...next })
      },
    }),
    route({
      method: 'GET',
      path: '/api/accounts/{msisdn}',
      operationId: 'getAccount',
      summary: 'An account and the cards that its profile was on',
      tag: 'Accounts',
      scope: 'accounts:read',
      params: ofNumber,
      actsFor: ({ params }) => [params.msisdn],
      responses: { 200: { description: 'The account.', schema: accountSchema } },
      handle: ({ params }) => ok(accountJson(operator, params.msisdn)),
    }),
    route({
      method: 'GET',
      path: '/api/accounts/{msisdn}/balance',
      operationId: 'getBalance',
      summary: 'The lots in order of use, and how much may be given',
      tag: 'Accounts',
      scope: 'balances:read',
      params: ofNumber,
      actsFor: ({ params }) => [params.msisdn],
      responses: { 200: { description: 'The balance.', schema: balanceSchema } },
      async handle({ params }) {
        await operator.subscriptions.refreshDue(params)
        return ok(balanceJson(operator, params.msisdn))
      },
    }),
    route({
      method: 'GET',
      path: '/api/accounts/{msisdn}/messages',
      operationId: 'listMessages',
      summary: 'The messages that the phone got and sent, the newest first',
      tag: 'Accounts',
      scope: 'messages:read',
      params: ofNumber,
      query: page.extend({ after: position.optional() }),
      actsFor: ({ params }) => [params.msisdn],
      responses: {
        200: {
          description: 'A page; `next` names the message to go on after.',
          schema: z.object({ messages: z.array(messageSchema), next: z.string().optional() }),
        },
      },
      handle({ params, query }) {
        const { limit, after } = query
        const found = operator.inbox({ ...params, before: after, limit: limit + 1 })
        const { entries, ...next } = pageOf(found, { limit, nameOf: ({ id }) => String(id) })
        const messages = entries.map(({ id, direction, channel, peer, text, at }) => {
          return { id, direction, channel, peer, text, at }
        })
        return ok({ messages, ...next })
      },
    }),
  ]
}

function usageRoutes(operator: Operator): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/api/usage',
      operationId: 'useData',
      summary: 'Report data that an attached phone has used',
      tag: 'Usage',
      scope: 'usage:write',
      idempotent: true,
      body: z.strictObject({ msisdn, amountBytes }),
      responses: {
        201: { description: 'It is booked.', schema: usageSchema },
      },
      async handle({ body, idempotencyKey, caller }) {
        const outcome = await operator.attemptUsage({ ...body, idempotencyKey, caller })
        return answerOnce({ ...outcome, json: outcome.usage && usageJson(outcome.usage) })
      },
    }),
  ]
}

/** A refusal, with every rule that is broken where it knows them. */
interface RefusedByRules {
  readonly text: string
  readonly reason: string
  /** ISO 8601. */
  readonly until?: string
  readonly refusals?: readonly BrokenRule[]
}

/** A rule of giving, or of sending money, as answers have it. */
type BrokenRule = Pick<GiftRefusal, 'text' | 'untilMs' | 'alternatives'> & {
  readonly code: string
  readonly params: object
}

/** The answer of a command with an idempotency key: done now or done before, which is told in the same way, or refused by a rule. */
export function answerOnce(outcome: {
  readonly replayed: boolean
  readonly refusal?: RefusedByRules
  readonly json: object | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}): Answer {
  const headers = {
    ...outcome.headers,
    ...(outcome.replayed && { 'Idempotency-Replayed': 'true' }),
  }
  if (!outcome.refusal) {
    return { status: 201, body: outcome.json, headers }
  }
  return { ...refusedAnswer(outcome.refusal), headers }
}

/** A refusal by rules as a problem. */
export function refusedAnswer(refusal: RefusedByRules): Answer & { readonly problem: Problem } {
  const { text, reason, until, refusals = [] } = refusal
  const [first] = refusals
  const detail = first ? wordsOf(first) : text
  const found = problemOf(new LabError('refused', detail, { reason }))
  const language = languageSpoken()
  const problem = {
    ...found,
    ...(first && language !== 'en' && { title: REFUSED_TITLES[language] }),
    ...(until !== undefined && { until }),
    ...(refusals.length > 0 && { refusals: refusals.map(refusalJson) }),
  }
  return { status: problem.status, problem }
}

/** One broken rule. Amounts are bytes and minor units. */
export function refusalJson(refusal: BrokenRule): object {
  const { code, params, untilMs, alternatives } = refusal
  return {
    code,
    text: wordsOf(refusal),
    params: Object.fromEntries(Object.entries(params).map(([name, value]) => [name, plain(value)])),
    ...(untilMs !== undefined && { until: new Date(untilMs) }),
    ...(alternatives && { alternatives }),
  }
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  return typeof value === 'bigint' ? amountToJson(value) : value
}

function accountSummary(account: Account): object {
  const { iccid, profileState, openedAt, liveSince } = account
  return { msisdn: account.msisdn, iccid, profileState, openedAt, liveSince: liveSince ?? null }
}

function accountJson(operator: Operator, of: string): object {
  const account = operator.account({ msisdn: of })
  if (!account) throw unknownNumber(of)
  const bindings = operator.bindings({ msisdn: of }).map((binding) => ({
    ...binding,
    to: binding.to ?? null,
  }))
  return { ...accountSummary(account), bindings }
}

function balanceJson(operator: Operator, of: string): object {
  const sheet = operator.balanceSheet({ msisdn: of })
  const { totalBytes, lots, giftable, held, at, timeZone, gigabyteBytes, givers } = sheet
  return {
    msisdn: of,
    totalBytes: amountToJson(totalBytes),
    giftable: {
      amountBytes: amountToJson(giftable.giftableBytes),
      reason: giftable.reason,
      text: giftable.text,
    },
    held: {
      giftBytes: amountToJson(held.giftBytes),
      sessionBytes: amountToJson(held.sessionBytes),
      reservedBytes: amountToJson(held.reservedBytes),
    },
    at,
    timeZone,
    gigabyteBytes,
    lots: lots.map((lot) => lotJson(lot, givers)),
  }
}

function usageJson(usage: Usage): object {
  return {
    ...usage,
    amountBytes: amountToJson(usage.amountBytes),
    lots: usage.lots.map((lot) => ({ ...lot, amountBytes: amountToJson(lot.amountBytes) })),
  }
}

function auditJson(operator: Operator): object {
  const { balanced, faults, sealed, ...sums } = operator.audit()
  const inJson = Object.entries(sums).map(([name, bytes]) => [`${name}Bytes`, amountToJson(bytes)])
  return { balanced, ...Object.fromEntries(inJson), sealed, faults }
}

/** Ki and OPc never leave: they are left out by naming what goes. */
function inventoryJson(operator: Operator, iccid: string): object {
  const item = operator.inventoryItem({ iccid })
  if (!item) throw new LabError('notFound', 'this ICCID is not in stock', { field: 'iccid' })
  const { imsi, pin, puk, profileType, taken } = item
  return { iccid: item.iccid, imsi, msisdn: item.msisdn, pin, puk, profileType, taken }
}
