/**
 * The home network for cores of others: Nudm_UEAuthentication (3GPP TS 29.503 §5.4, §6.3) and Nausf_UEAuthentication
 * (TS 29.509 §5.2, §6.1), behind the operator's token.
 */

import { z } from 'zod'
import { jsonFields, type JsonFields } from '../base/json-fields.ts'
import { fromHex, toHex } from '../base/octets.ts'
import type { Resynchronisation } from '../operator/authentication.ts'
import type { OperatorNetwork } from '../operator/network.ts'
import { ok, route, type Route } from './api/route.ts'
import * as schemas from './sbi-schemas.ts'

const AUTHENTICATIONS = '/nausf-auth/v1/ue-authentications'

/** The routes over a home network. */
export function sbiRoutes(network: OperatorNetwork): readonly Route[] {
  const scope = 'network:serve'
  const nudm = { method: 'POST', tag: '3GPP Nudm_UEAuthentication', scope } as const
  const nausf = { tag: '3GPP Nausf_UEAuthentication', scope } as const
  return [
    route({
      ...nudm,
      path: '/nudm-ueau/v1/{supiOrSuci}/security-information/generate-auth-data',
      operationId: 'generateAuthData',
      summary: 'A 5G home environment vector (TS 29.503 §5.4.2.2)',
      params: ofSubscriber('supiOrSuci'),
      body: schemas.authenticationInfoRequest,
      responses: { 200: { description: 'It.', schema: schemas.authenticationInfoResult } },
      handle: async ({ params, body }) =>
        ok(await generateAuthData(network, { identity: String(params.supiOrSuci), body })),
    }),
    route({
      ...nudm,
      path: '/nudm-ueau/v1/{supi}/hss-security-information/eps-aka/generate-av',
      operationId: 'generateAv',
      summary: 'EPS vectors (TS 29.503 §5.4.2.4)',
      params: ofSubscriber('supi'),
      body: schemas.hssAuthenticationInfoRequest,
      responses: { 200: { description: 'They.', schema: schemas.hssAuthenticationInfoResult } },
      handle: async ({ params, body }) =>
        ok(await generateAv(network, { identity: String(params.supi), body })),
    }),
    route({
      ...nausf,
      method: 'POST',
      path: AUTHENTICATIONS,
      operationId: 'authenticate',
      summary: 'Begin 5G AKA (TS 29.509 §5.2.2.2)',
      body: schemas.authenticationInfo,
      responses: {
        201: {
          description: 'The challenge.',
          schema: schemas.ueAuthenticationCtx,
          contentType: HAL,
          headers: { Location: 'The URI of the authentication.' },
        },
      },
      async handle({ body, origin }) {
        const { location, body: context } = await authenticate(network, { body, origin })
        const headers = { Location: location, 'Content-Type': HAL }
        return { status: 201, headers, body: context }
      },
    }),
    route({
      ...nausf,
      method: 'PUT',
      path: `${AUTHENTICATIONS}/{authCtxId}/5g-aka-confirmation`,
      operationId: 'confirm5gAka',
      summary: 'Whether the phone has answered right (TS 29.509 §5.2.2.2.2)',
      params: z.object({ authCtxId: z.string() }),
      body: schemas.confirmationData,
      responses: { 200: { description: 'The result.', schema: schemas.confirmationDataResponse } },
      handle: ({ params, body }) =>
        ok(confirm(network, { authCtxId: String(params.authCtxId), body })),
    }),
  ]
}

const HAL = 'application/3gppHal+json'
const SUPI = 'A SUPI, `imsi-…`, or where it is allowed a SUCI, `suci-0-…`.'

function ofSubscriber(name: string) {
  return z.object({ [name]: z.string().meta({ description: SUPI, pattern: schemas.IDENTITY }) })
}

interface OfSubscriber {
  readonly identity: string
  readonly body: unknown
}

/** GenerateAuthData: AuthenticationInfoRequest to AuthenticationInfoResult (TS 29.503 §5.4.2.2.2). */
async function generateAuthData(network: OperatorNetwork, asked: OfSubscriber): Promise<object> {
  const fields = fieldsOf(asked.body)
  const servingNetworkName = servingNetworkNameOf(fields)
  fields.text('ausfInstanceId', { maxOctets: 64 })
  const resynchronisation = resynchronisationOf(fields)
  const supi = network.sidf.supiOf(asked.identity)
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
async function generateAv(network: OperatorNetwork, asked: OfSubscriber): Promise<object> {
  const fields = fieldsOf(asked.body)
  fields.oneOf('hssAuthType', ['EPS_AKA'])
  const count = fields.integer('numOfRequestedVectors', { min: 1, max: VECTORS_MAX })
  const place = fields.child('servingNetworkId')
  const plmn = {
    mcc: place.text('mcc', { pattern: /^[0-9]{3}$/, expected: 'three digits' }),
    mnc: place.text('mnc', { pattern: /^[0-9]{2,3}$/, expected: 'two or three digits' }),
  }
  const supi = network.sidf.supiOf(asked.identity)
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
  asked: { readonly body: unknown; readonly origin: string },
): Promise<{ readonly location: string; readonly body: object }> {
  const fields = fieldsOf(asked.body)
  const servingNetworkName = servingNetworkNameOf(fields)
  const { authCtxId, rand, autn, hxresStar } = await ausf.authenticate({
    supiOrSuci: fields.text('supiOrSuci', {}),
    servingNetworkName,
    resynchronisation: resynchronisationOf(fields),
  })
  const location = `${asked.origin}${AUTHENTICATIONS}/${authCtxId}`
  const body = {
    authType: '5G_AKA',
    '5gAuthData': inHex({ rand, hxresStar, autn }),
    _links: { '5g-aka': { href: `${location}/5g-aka-confirmation` } },
    servingNetworkName,
  }
  return { location, body }
}

/** ConfirmationData to ConfirmationDataResponse; without RES* the phone has not answered (TS 29.509 §6.1.6.2.4). */
function confirm(
  { ausf }: OperatorNetwork,
  { authCtxId, body }: { readonly authCtxId: string; readonly body: unknown },
): object {
  const fields = fieldsOf(body)
  const { resStar: given } = body as { readonly resStar?: unknown }
  const resStar = given === null ? new Uint8Array(0) : octetsOf(fields, 'resStar', [16, 16])
  const confirmed = ausf.confirm({ authCtxId, resStar })
  if (!confirmed.authenticated) return { authResult: 'AUTHENTICATION_FAILURE' }
  const { supi, kseaf } = confirmed
  return { authResult: 'AUTHENTICATION_SUCCESS', supi, ...inHex({ kseaf }) }
}

/** Fields that are not known stay unread: those are of later releases (TS 29.501 §5.2.2.2). */
function fieldsOf(body: unknown): JsonFields {
  return jsonFields(body, { path: 'the body', isWhole: true })
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
    : fields.refuse(name, expected)
}

function inHex(octets: Readonly<Record<string, Uint8Array>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(octets).map(([name, value]) => [name, toHex(value).toLowerCase()]),
  )
}
