/** The operator's API: accounts, balances, gifts, usage and the books, over HTTP with a bearer token. */

import { createHash, timingSafeEqual } from 'node:crypto'
import express, {
  type Express,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express'
import { LabError } from '../base/errors.ts'
import type { Lot } from '../store/ledger.ts'
import type { Account } from '../operator/accounts.ts'
import { amountFromJson, amountToJson } from '../operator/amount.ts'
import type { Refused } from '../operator/gift-rules.ts'
import type { Gift } from '../operator/gifting.ts'
import { isIdempotencyKey } from '../operator/idempotency.ts'
import { normaliseMsisdn } from '../operator/msisdn.ts'
import type { Operator } from '../operator/operator.ts'
import type { Usage } from '../operator/usage.ts'
import { limitOf, pageOf } from './page.ts'
import {
  methodNotAllowed,
  problemHandler,
  problemOf,
  requireJson,
  sendProblem,
  unknownRoute,
} from './problem.ts'

export interface OperatorAppOptions {
  readonly operator: Operator
  /** What clients send as `Authorization: Bearer …`. */
  readonly token: string
  /** Another interface behind the same token, which reads bodies and words errors in its own way; it leaves other paths. */
  readonly otherInterface?: RequestHandler
  /** Routes that need no token. */
  readonly openRoutes?: Router
  /** Further routes behind the same token, with JSON bodies parsed. */
  readonly extraRoutes?: Router
  /** Paths whose bodies may be longer than others, with the most octets they may have. */
  readonly longBodies?: Readonly<Record<string, number>>
  /** Told of our own defects, of which clients see nothing but status 500. */
  readonly reportDefect?: (error: unknown) => void
}

const BODY_LIMIT_OCTETS = 64 * 1024

/**
 * Makes the app. Every error is a problem of RFC 9457; everything but GET /health and the open routes wants the token.
 * @throws {LabError} badInput — the token is empty
 */
export function createOperatorApp(options: OperatorAppOptions): Express {
  if (!options.token) throw new LabError('badInput', 'the token is empty', { field: 'token' })
  const app = express()
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple')
  app.use(neverCached)
  mount(app, { '/health': { GET: (_request, response) => void response.json({ status: 'ok' }) } })
  if (options.openRoutes) app.use(options.openRoutes)
  app.use(bearer(options.token))
  if (options.otherInterface) app.use(options.otherInterface)
  app.use(requireJson)
  for (const [path, limit] of Object.entries(options.longBodies ?? {})) {
    app.use(path, express.json({ limit }))
  }
  app.use(express.json({ limit: BODY_LIMIT_OCTETS }))
  mount(app, routesOf(options.operator))
  if (options.extraRoutes) app.use(options.extraRoutes)
  app.use(unknownRoute, problemHandler(options.reportDefect))
  return app
}

type Routes = Readonly<Record<string, Readonly<Partial<Record<'GET' | 'POST', RequestHandler>>>>>

function routesOf(operator: Operator): Routes {
  return {
    '/api/accounts': { GET: (request, response) => listAccounts(operator, { request, response }) },
    '/api/accounts/:msisdn': {
      GET: (request, response) => void response.json(accountJson(operator, msisdnOf(request))),
    },
    '/api/accounts/:msisdn/balance': {
      GET: (request, response) => void response.json(balanceJson(operator, msisdnOf(request))),
    },
    '/api/gifts': { POST: (request, response) => postGift(operator, { request, response }) },
    '/api/gifts/:id': {
      GET: (request, response) => {
        const gift = operator.gift({ id: String(request.params.id) })
        if (!gift) throw new LabError('notFound', 'there is no gift with this id')
        response.json(giftJson(gift))
      },
    },
    '/api/usage': { POST: (request, response) => postUsage(operator, { request, response }) },
    '/api/ledger/audit': {
      GET: (_request, response) => void response.json(auditJson(operator)),
    },
    '/api/inventory/:iccid': {
      GET: (request, response) =>
        void response.json(inventoryJson(operator, String(request.params.iccid))),
    },
  }
}

function mount(app: Express, routes: Routes): void {
  for (const [path, { GET, POST }] of Object.entries(routes)) {
    const route = app.route(path)
    if (GET) route.get(GET)
    if (POST) route.post(POST)
    route.all(methodNotAllowed([...(GET ? ['GET', 'HEAD'] : []), ...(POST ? ['POST'] : [])]))
  }
}

const neverCached: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store')
  next()
}

function bearer(token: string): RequestHandler {
  const expected = digest(token)
  return (request, _response, next) => {
    const given = /^Bearer +(\S+) *$/i.exec(request.get('Authorization') ?? '')?.[1]
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return next()
    throw new LabError('unauthorised', 'send the token as "Authorization: Bearer <token>"')
  }
}

/** Digests have one length, so that comparing them tells nothing of the token, not even how long it is. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

interface Exchange {
  readonly request: Request
  readonly response: Response
}

function listAccounts(operator: Operator, { request, response }: Exchange): void {
  const limit = limitOf(request.query.limit)
  const after = request.query.after
  const page = operator.accounts({
    limit: limit + 1,
    ...(after === undefined ? {} : { after: normaliseMsisdn(after, 'after') }),
  })
  const { entries, ...next } = pageOf(page, { limit, nameOf: ({ msisdn }) => msisdn })
  response.json({ accounts: entries.map(accountSummary), ...next })
}

async function postGift(operator: Operator, { request, response }: Exchange): Promise<void> {
  const idempotencyKey = idempotencyKeyOf(request)
  const body = bodyOf(request, ['from', 'to', 'amountBytes'])
  const outcome = await operator.attemptGift({
    idempotencyKey,
    caller: 'api',
    from: normaliseMsisdn(body.from, 'from'),
    to: normaliseMsisdn(body.to, 'to'),
    amountBytes: amountFromJson(body.amountBytes, 'amountBytes'),
  })
  if (outcome.gift) response.location(`/api/gifts/${outcome.gift.id}`)
  answer(response, { ...outcome, json: outcome.gift && giftJson(outcome.gift) })
}

async function postUsage(operator: Operator, { request, response }: Exchange): Promise<void> {
  const idempotencyKey = idempotencyKeyOf(request)
  const body = bodyOf(request, ['msisdn', 'amountBytes'])
  const outcome = await operator.attemptUsage({
    idempotencyKey,
    caller: 'api',
    msisdn: normaliseMsisdn(body.msisdn, 'msisdn'),
    amountBytes: amountFromJson(body.amountBytes, 'amountBytes'),
  })
  answer(response, { ...outcome, json: outcome.usage && usageJson(outcome.usage) })
}

function answer(
  response: Response,
  outcome: {
    readonly replayed: boolean
    readonly refusal?: Refused
    readonly json: object | undefined
  },
): void {
  if (outcome.replayed) response.set('Idempotency-Replayed', 'true')
  if (!outcome.refusal) {
    response.status(outcome.replayed ? 200 : 201).json(outcome.json)
    return
  }
  const { text, reason } = outcome.refusal
  sendProblem(response, problemOf(new LabError('refused', text, { reason })))
}

function msisdnOf(request: Request): string {
  return normaliseMsisdn(request.params.msisdn, 'msisdn')
}

/** The key may come bare, or as the quoted string of draft-ietf-httpapi-idempotency-key-header. */
function idempotencyKeyOf(request: Request): string {
  const header = request.get('Idempotency-Key')?.trim() ?? ''
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header
  if (isIdempotencyKey(key)) return key
  throw new LabError(
    'badInput',
    'send a header Idempotency-Key of 1 to 255 visible ASCII characters, a new one for each new request',
    { field: 'Idempotency-Key' },
  )
}

function bodyOf<Name extends string>(
  request: Request,
  names: readonly Name[],
): Readonly<Partial<Record<Name, unknown>>> {
  const body: unknown = request.body
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new LabError('badInput', `the body must be a JSON object with ${names.join(', ')}`)
  }
  const unknown = Object.keys(body).find((name) => !names.includes(name as Name))
  if (unknown === undefined) return body as Readonly<Partial<Record<Name, unknown>>>
  throw new LabError('badInput', `${unknown} is not a field; there are ${names.join(', ')}`, {
    field: unknown,
  })
}

function accountSummary(account: Account): object {
  const { msisdn, iccid, profileState, openedAt, liveSince } = account
  return { msisdn, iccid, profileState, openedAt, liveSince: liveSince ?? null }
}

function accountJson(operator: Operator, msisdn: string): object {
  const account = operator.account({ msisdn })
  if (!account) throw unknownNumber(msisdn)
  const bindings = operator.bindings({ msisdn }).map((binding) => ({
    ...binding,
    to: binding.to ?? null,
  }))
  return { ...accountSummary(account), bindings }
}

function balanceJson(operator: Operator, msisdn: string): object {
  const { totalBytes, lots, giftable } = operator.balance({ msisdn })
  return {
    msisdn,
    totalBytes: amountToJson(totalBytes),
    giftable: {
      amountBytes: amountToJson(giftable.giftableBytes),
      reason: giftable.reason,
      text: giftable.text,
    },
    lots: lots.map(lotJson),
  }
}

function lotJson(lot: Lot): object {
  return {
    id: lot.id,
    origin: lot.origin,
    trafficClass: lot.trafficClass,
    giftable: lot.giftable,
    grantedBytes: amountToJson(lot.grantedBytes),
    availableBytes: amountToJson(lot.availableBytes),
    heldBytes: amountToJson(lot.heldBytes),
    validFrom: new Date(lot.validFromMs),
    validUntil: new Date(lot.validUntilMs),
    parentLotId: lot.parentLotId ?? null,
  }
}

function giftJson(gift: Gift): object {
  return {
    ...gift,
    amountBytes: amountToJson(gift.amountBytes),
    lots: gift.lots.map((lot) => ({ ...lot, amountBytes: amountToJson(lot.amountBytes) })),
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
  const { balanced, faults, ...sums } = operator.audit()
  const inJson = Object.entries(sums).map(([name, bytes]) => [`${name}Bytes`, amountToJson(bytes)])
  return { balanced, ...Object.fromEntries(inJson), faults }
}

/** Ki and OPc never leave: they are left out by naming what goes. */
function inventoryJson(operator: Operator, iccid: string): object {
  const item = operator.inventoryItem({ iccid })
  if (!item) throw new LabError('notFound', 'this ICCID is not in stock', { field: 'iccid' })
  const { imsi, msisdn, pin, puk, profileType, taken } = item
  return { iccid: item.iccid, imsi, msisdn, pin, puk, profileType, taken }
}

function unknownNumber(msisdn: string): LabError {
  return new LabError('notFound', `${msisdn} is not a number of this operator`, { field: 'msisdn' })
}
