/**
 * The home network for cores of others: Nudm_UEAuthentication (3GPP TS 29.503 §5.4, §6.3) and Nausf_UEAuthentication
 * (TS 29.509 §5.2, §6.1), behind the operator's token.
 */

import { Router, type ErrorRequestHandler, type Request, type RequestHandler } from 'express'
import { LabError } from '../base/errors.ts'
import { jsonFields, refuseJson, type JsonFields } from '../base/json-fields.ts'
import { fromHex, toHex } from '../base/octets.ts'
import type { Resynchronisation } from '../operator/authentication.ts'
import type { OperatorNetwork } from '../operator/network.ts'
import { methodNotAllowed } from './problem.ts'

/** The routes, to be mounted behind the operator's token, with JSON bodies parsed. */
export function sbiRoutes(network: OperatorNetwork): Router {
  const router = Router()
  for (const [path, { method, handler }] of Object.entries(functionsOf(network))) {
    const route = router.route(path)
    if (method === 'POST') route.post(handler)
    else route.put(handler)
    route.all(methodNotAllowed([method]))
  }
  router.use(['/nudm-ueau', '/nausf-auth'], sbiProblem)
  return router
}

const AUTHENTICATIONS = '/nausf-auth/v1/ue-authentications'

function functionsOf(
  network: OperatorNetwork,
): Readonly<Record<string, { readonly method: 'POST' | 'PUT'; readonly handler: RequestHandler }>> {
  return {
    '/nudm-ueau/v1/:supiOrSuci/security-information/generate-auth-data': {
      method: 'POST',
      handler: async (request, response) =>
        void response.json(await generateAuthData(network, request)),
    },
    '/nudm-ueau/v1/:supi/hss-security-information/eps-aka/generate-av': {
      method: 'POST',
      handler: async (request, response) => void response.json(await generateAv(network, request)),
    },
    [AUTHENTICATIONS]: {
      method: 'POST',
      handler: async (request, response) => {
        const { location, body } = await authenticate(network, request)
        response.status(201).location(location)
        response.type('application/3gppHal+json').send(JSON.stringify(body))
      },
    },
    [`${AUTHENTICATIONS}/:authCtxId/5g-aka-confirmation`]: {
      method: 'PUT',
      handler: (request, response) => void response.json(confirm(network, request)),
    },
  }
}

/** GenerateAuthData: AuthenticationInfoRequest to AuthenticationInfoResult (TS 29.503 §5.4.2.2.2). */
async function generateAuthData(network: OperatorNetwork, request: Request): Promise<object> {
  const fields = bodyOf(request)
  const servingNetworkName = servingNetworkNameOf(fields)
  fields.text('ausfInstanceId', { maxOctets: 64 })
  const resynchronisation = resynchronisationOf(fields)
  const supi = network.sidf.supiOf(String(request.params.supiOrSuci))
  const { rand, autn, xresStar, kausf } = await network.authenticationCentre.fiveGVector({
    supi,
    servingNetworkName,
    resynchronisation,
  })
  return {
    authType: '5G_AKA',
    authenticationVector: { avType: '5G_HE_AKA', ...inHex({ rand, autn, xresStar, kausf }) },
    supi,
  }
}

const VECTORS_MAX = 5

/** GenerateAv: HssAuthenticationInfoRequest to HssAuthenticationInfoResult (TS 29.503 §5.4.2.4). */
async function generateAv(network: OperatorNetwork, request: Request): Promise<object> {
  const fields = bodyOf(request)
  fields.oneOf('hssAuthType', ['EPS_AKA'])
  const count = fields.integer('numOfRequestedVectors', { min: 1, max: VECTORS_MAX })
  const place = fields.child('servingNetworkId')
  const plmn = {
    mcc: place.text('mcc', { pattern: /^[0-9]{3}$/, expected: 'three digits' }),
    mnc: place.text('mnc', { pattern: /^[0-9]{2,3}$/, expected: 'two or three digits' }),
  }
  const supi = network.sidf.supiOf(String(request.params.supi))
  const first = resynchronisationOf(fields)
  const vectors: object[] = []
  for (let at = 0; at < count; at++) {
    const resynchronisation = at === 0 ? first : undefined
    const { rand, xres, autn, kasme } = await network.authenticationCentre.epsVector({
      supi,
      plmn,
      resynchronisation,
    })
    vectors.push({ avType: 'EPS_AKA', ...inHex({ rand, xres, autn, kasme }) })
  }
  return { hssAuthenticationVectors: vectors }
}

/** Authenticate, 5G AKA: AuthenticationInfo to UEAuthenticationCtx (TS 29.509 §5.2.2.2.2). */
async function authenticate(
  { ausf }: OperatorNetwork,
  request: Request,
): Promise<{ readonly location: string; readonly body: object }> {
  const fields = bodyOf(request)
  const servingNetworkName = servingNetworkNameOf(fields)
  const { authCtxId, rand, autn, hxresStar } = await ausf.authenticate({
    supiOrSuci: fields.text('supiOrSuci', {}),
    servingNetworkName,
    resynchronisation: resynchronisationOf(fields),
  })
  const location = `${AUTHENTICATIONS}/${authCtxId}`
  const body = {
    authType: '5G_AKA',
    '5gAuthData': inHex({ rand, hxresStar, autn }),
    _links: { '5g-aka': { href: `${location}/5g-aka-confirmation` } },
    servingNetworkName,
  }
  return { location, body }
}

/** ConfirmationData to ConfirmationDataResponse; without RES* the phone has not answered (TS 29.509 §6.1.6.2.4). */
function confirm({ ausf }: OperatorNetwork, request: Request): object {
  const fields = bodyOf(request)
  const { resStar: given } = request.body as { readonly resStar?: unknown }
  const resStar = given === null ? new Uint8Array(0) : octetsOf(fields, 'resStar', [16, 16])
  const confirmed = ausf.confirm({ authCtxId: String(request.params.authCtxId), resStar })
  if (!confirmed.authenticated) return { authResult: 'AUTHENTICATION_FAILURE' }
  const { supi, kseaf } = confirmed
  return { authResult: 'AUTHENTICATION_SUCCESS', supi, ...inHex({ kseaf }) }
}

/** Fields that are not known stay unread: those are of later releases (TS 29.501 §5.2.2.2). */
function bodyOf(request: Request): JsonFields {
  return jsonFields(request.body, { path: 'the body', isWhole: true })
}

function servingNetworkNameOf(fields: JsonFields): string {
  return fields.text('servingNetworkName', {
    pattern: /^5G:mnc[0-9]{3}[.]mcc[0-9]{3}[.]3gppnetwork[.]org(:[A-Fa-f0-9]{11})?$/,
    expected: '5G:mnc<MNC>.mcc<MCC>.3gppnetwork.org',
  })
}

function resynchronisationOf(fields: JsonFields): Resynchronisation | undefined {
  return fields.maybe('resynchronizationInfo', () => {
    const info = fields.child('resynchronizationInfo')
    return { rand: octetsOf(info, 'rand', [16, 16]), auts: octetsOf(info, 'auts', [14, 14]) }
  })
}

function octetsOf(
  fields: JsonFields,
  name: string,
  [min, max]: readonly [number, number],
): Uint8Array {
  const expected = `${min === max ? min : `${min} to ${max}`} octets in hexadecimal`
  const text = fields.text(name, { pattern: /^(?:[0-9A-Fa-f]{2})*$/, expected })
  const octets = fromHex(text)
  return octets && octets.length >= min && octets.length <= max
    ? octets
    : refuseJson(name, expected)
}

function inHex(octets: Readonly<Record<string, Uint8Array>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(octets).map(([name, value]) => [name, toHex(value).toLowerCase()]),
  )
}

interface Cause {
  readonly status: number
  readonly cause: string
}

/** TS 29.503 §6.3.7.3, TS 29.509 §6.1.7.3: the reasons of our own errors as causes. */
const CAUSES: Readonly<Record<string, Cause>> = {
  notAnIdentity: { status: 400, cause: 'MANDATORY_IE_INCORRECT' },
  userNotFound: { status: 404, cause: 'USER_NOT_FOUND' },
  authenticationUnknown: { status: 404, cause: 'CONTEXT_NOT_FOUND' },
  unsupportedProtectionScheme: { status: 501, cause: 'UNSUPPORTED_PROTECTION_SCHEME' },
  invalidHnPublicKeyIdentifier: { status: 403, cause: 'INVALID_HN_PUBLIC_KEY_IDENTIFIER' },
  invalidSchemeOutput: { status: 403, cause: 'INVALID_SCHEME_OUTPUT' },
  noKeys: { status: 403, cause: 'AUTHENTICATION_REJECTED' },
  wrongAuts: { status: 403, cause: 'AUTHENTICATION_REJECTED' },
  sqnUsedUp: { status: 403, cause: 'AUTHENTICATION_REJECTED' },
  resTooLong: { status: 403, cause: 'AUTHENTICATION_REJECTED' },
}

/** ProblemDetails of TS 29.571 §5.2.4.1; what is no refusal of ours goes on to the app's own handler. */
// oxlint-disable-next-line max-params -- express knows an error handler by its four parameters
const sbiProblem: ErrorRequestHandler = (error, _request, response, next) => {
  const found = error instanceof LabError ? causeOf(error) : undefined
  if (!found || response.headersSent) return next(error)
  const { message: detail, field } = error as LabError
  const invalidParams = field === undefined ? {} : { invalidParams: [{ param: field }] }
  const problem = { status: found.status, cause: found.cause, detail, ...invalidParams }
  response.status(found.status).type('application/problem+json').send(JSON.stringify(problem))
}

function causeOf({ reason = '', code }: LabError): Cause | undefined {
  if (Object.hasOwn(CAUSES, reason)) return CAUSES[reason]
  return code === 'badInput' ? { status: 400, cause: 'MANDATORY_IE_INCORRECT' } : undefined
}
