/** Other people's profiles over HTTP: packages come in as Base64, and never go out again. */

import { z } from 'zod'
import { decode } from '../asn1/schema.ts'
import { LabError } from '../base/errors.ts'
import { fromBase64, fromHex } from '../base/octets.ts'
import type { ImportAnswer, ProfileImport } from '../lab-profiles.ts'
import type { Lab } from '../lab.ts'
import { PACKAGE_OCTETS_MAX } from '../profile/import.ts'
import { StoreMetadataRequest, type PprIds, type ProfileClass } from '../rsp/common.ts'
import type { ImportedProfile } from '../store/imported-profiles.ts'
import { ok, route, type Route } from './api/route.ts'
import { BASE64, idOf, page, readBy } from './api/schemas.ts'
import { pageOf } from './page.ts'

/** Where bodies are longer than elsewhere: scenarios, and a package as Base64 with what is said of it. */
export const LONG_BODIES = {
  '/api/scenarios': 4 * 1024 * 1024,
  '/api/profiles': Math.ceil(PACKAGE_OCTETS_MAX / 3) * 4 + 16 * 1024,
}

const OF_PROFILES = { tag: 'Profiles', scope: 'lab:manage' } as const

const octets = readBy(
  { ...BASE64, description: 'Base64 (RFC 4648 §4, with padding).' },
  (value) => {
    const found = typeof value === 'string' ? fromBase64(value) : undefined
    if (found && found.length > 0) return found
    throw new LabError('badInput', 'expected Base64 (RFC 4648 §4, with padding)')
  },
)

/** Keys are written as they are everywhere else, in hexadecimal; they never go out again. */
const key = readBy(
  { type: 'string', pattern: '^(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{64})$', format: 'password' },
  (value) => {
    const found = typeof value === 'string' ? fromHex(value) : undefined
    if (found && [16, 32].includes(found.length)) return found
    throw new LabError('badInput', 'expected 16 or 32 octets in hexadecimal')
  },
)

/** Characters are counted as people count them. */
function textUpTo(max: number) {
  return z.string().regex(new RegExp(`^.{1,${max}}$`, 'su'))
}

const CLASSES = ['operational', 'test', 'provisioning'] as const satisfies ProfileClass[]
const RULES = ['pprUpdateControl', 'ppr1', 'ppr2'] as const satisfies PprIds

const importBody = z
  .strictObject({
    package: octets.meta({ description: 'The profile package, Base64 of its octets.' }),
    profileType: textUpTo(128).optional(),
    serviceProviderName: textUpTo(32).optional(),
    profileName: textUpTo(64).optional(),
    profileClass: z.enum(CLASSES).optional(),
    profileOwner: textUpTo(256).optional(),
    profilePolicyRules: z.array(z.enum(RULES)).optional(),
    operator: textUpTo(32).optional().meta({ description: 'The id of the operator whose it is.' }),
    icon: octets.optional(),
    msisdn: textUpTo(32).optional(),
    ki: key.optional(),
    opc: key.optional(),
  } satisfies Readonly<Record<keyof ProfileImport, z.ZodType>>)
  .meta({ id: 'ProfileImport' })

const shown = {
  iccid: z.string(),
  profileType: z.string(),
  operator: z.string().nullable().optional(),
  imsi: z.string().nullable(),
  msisdn: z.string().nullable(),
  serviceProviderName: z.string(),
  profileName: z.string(),
  profileClass: z.string().optional(),
}

const profileSchema = z.object(shown).meta({ id: 'ImportedProfile' })

const importedSchema = z
  .looseObject({
    ...shown,
    noAccount: z
      .enum(['noNumber', 'numberInUse'])
      .nullable()
      .meta({ description: 'Why it will have no account.' }),
    elementCount: z.int(),
    packageOctets: z.int(),
  })
  .meta({ id: 'ImportAnswer' })

/** The routes over a lab. */
export function profileRoutes(
  lab: Pick<Lab, 'importProfile' | 'importedProfile' | 'importedProfiles'>,
): readonly Route[] {
  return [
    route({
      ...OF_PROFILES,
      method: 'GET',
      path: '/api/profiles',
      operationId: 'listProfiles',
      summary: 'Profiles of others that were imported, by ICCID',
      query: page.extend({
        after: z
          .string()
          .regex(/^[0-9]{18,20}$/)
          .optional(),
      }),
      responses: {
        200: {
          description: 'A page; `next` names the profile to go on after.',
          schema: z.object({ profiles: z.array(profileSchema), next: z.string().optional() }),
        },
      },
      handle({ query: { limit, after } }) {
        const most = { limit: limit + 1, ...(after !== undefined && { after }) }
        const found = lab.importedProfiles(most)
        const { entries, ...next } = pageOf(found, { limit, nameOf: ({ iccid }) => iccid })
        return ok({ profiles: entries.map(profileJson), ...next })
      },
    }),
    route({
      ...OF_PROFILES,
      method: 'POST',
      path: '/api/profiles',
      operationId: 'importProfile',
      summary: 'Put a profile package of somebody else on stock',
      body: importBody,
      responses: {
        201: {
          description: 'What it is.',
          schema: importedSchema,
          headers: { Location: 'Where it is.' },
        },
      },
      async handle({ body }) {
        const given = Object.entries(body).filter(([, value]) => value !== undefined)
        const answer = await lab.importProfile(
          Object.fromEntries(given) as unknown as ProfileImport,
        )
        const headers = { Location: `/api/profiles/${answer.iccid}` }
        return { status: 201, headers, body: answerJson(answer) }
      },
    }),
    route({
      ...OF_PROFILES,
      method: 'GET',
      path: '/api/profiles/{iccid}',
      operationId: 'getProfile',
      summary: 'An imported profile',
      params: idOf('iccid', 'Its ICCID.'),
      responses: { 200: { description: 'It.', schema: profileSchema } },
      handle({ params }) {
        const found = lab.importedProfile({ iccid: String(params.iccid) })
        if (found) return ok(profileJson(found))
        throw new LabError('notFound', 'no profile with this ICCID was imported', {
          field: 'iccid',
        })
      },
    }),
  ]
}

function profileJson(profile: ImportedProfile): object {
  const { iccid, profileType, operator = null, imsi, msisdn, metadata } = profile
  const { serviceProviderName, profileName, profileClass } = decode(StoreMetadataRequest, metadata)
  const names = { serviceProviderName, profileName, profileClass }
  return { iccid, profileType, operator, imsi: imsi ?? null, msisdn: msisdn ?? null, ...names }
}

function answerJson(answer: ImportAnswer): object {
  const { imsi = null, msisdn = null, noAccount = null } = answer
  return { ...answer, imsi, msisdn, noAccount }
}
