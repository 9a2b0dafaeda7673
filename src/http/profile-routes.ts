/** Other people's profiles over HTTP: packages come in as Base64, and never go out again. */

import { Router, type Request } from 'express'
import { decode } from '../asn1/schema.ts'
import { LabError } from '../base/errors.ts'
import { fromBase64, fromHex } from '../base/octets.ts'
import type { ImportAnswer, ProfileImport } from '../lab-profiles.ts'
import type { Lab } from '../lab.ts'
import { PACKAGE_OCTETS_MAX } from '../profile/import.ts'
import { StoreMetadataRequest, type PprIds, type ProfileClass } from '../rsp/common.ts'
import { isObject, type Json } from '../rsp/json-binding.ts'
import type { ImportedProfile } from '../store/imported-profiles.ts'
import { limitOf, pageOf } from './page.ts'
import { methodNotAllowed } from './problem.ts'

/** Where bodies are longer than elsewhere: scenarios, and a package as Base64 with what is said of it. */
export const LONG_BODIES = {
  '/api/scenarios': 4 * 1024 * 1024,
  '/api/profiles': Math.ceil(PACKAGE_OCTETS_MAX / 3) * 4 + 16 * 1024,
}

/** The routes, to be mounted like those of the lab. */
export function profileRoutes(
  lab: Pick<Lab, 'importProfile' | 'importedProfile' | 'importedProfiles'>,
): Router {
  const router = Router()
  router
    .route('/api/profiles')
    .get((request, response) => {
      response.json(profilesOf(lab, request))
    })
    .post(async (request, response) => {
      const answer = await lab.importProfile(importOf(request.body as Json | undefined))
      response.status(201).location(`/api/profiles/${answer.iccid}`).json(answerJson(answer))
    })
    .all(methodNotAllowed(['GET', 'HEAD', 'POST']))
  router
    .route('/api/profiles/:iccid')
    .get((request, response) => {
      response.json(profileJson(foundProfile(lab, request)))
    })
    .all(methodNotAllowed(['GET', 'HEAD']))
  return router
}

function profilesOf(lab: Pick<Lab, 'importedProfiles'>, { query }: Request): object {
  const limit = limitOf(query.limit)
  const { after } = query
  if (after !== undefined && (typeof after !== 'string' || !/^[0-9]{18,20}$/.test(after))) {
    throw badField('after', 'expected the ICCID with which the last page ended')
  }
  const found = lab.importedProfiles({ limit: limit + 1, ...(after !== undefined && { after }) })
  const { entries, ...next } = pageOf(found, { limit, nameOf: ({ iccid }) => iccid })
  return { profiles: entries.map(profileJson), ...next }
}

function foundProfile(lab: Pick<Lab, 'importedProfile'>, request: Request): ImportedProfile {
  const found = lab.importedProfile({ iccid: String(request.params.iccid) })
  if (found) return found
  throw new LabError('notFound', 'no profile with this ICCID was imported', { field: 'iccid' })
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

const RULES: PprIds = ['pprUpdateControl', 'ppr1', 'ppr2']

/** Reads a field's value. @throws {LabError} badInput, naming the field */
type FieldReader = (value: Json, field: string) => unknown

const FIELDS: Readonly<Record<keyof ProfileImport, FieldReader>> = {
  package: octetsOf,
  profileType: text({ max: 128 }),
  operator: text({ max: 32 }),
  serviceProviderName: text({ max: 32 }),
  profileName: text({ max: 64 }),
  profileClass: oneOf(['operational', 'test', 'provisioning'] satisfies ProfileClass[]),
  profileOwner: text({ max: 256 }),
  profilePolicyRules: (value, field) => {
    if (!Array.isArray(value)) throw badField(field, `expected an array of ${RULES.join(', ')}`)
    return value.map((rule: Json) => oneOf(RULES)(rule, field))
  },
  icon: octetsOf,
  msisdn: text({ max: 32 }),
  ki: keyOf,
  opc: keyOf,
}

function importOf(body: Json | undefined): ProfileImport {
  if (!isObject(body)) throw new LabError('badInput', 'expected a JSON object')
  const given = Object.fromEntries(
    Object.entries(body).map(([field, value]) => [field, readField(field, value)]),
  ) as Partial<ProfileImport>
  if (given.package) return { ...given, package: given.package }
  throw badField('package', 'expected the profile package as Base64')
}

function readField(field: string, value: Json): unknown {
  if (Object.hasOwn(FIELDS, field)) return FIELDS[field as keyof ProfileImport](value, field)
  throw badField(field, `there is no such field; known are ${Object.keys(FIELDS).join(', ')}`)
}

function octetsOf(value: Json, field: string): Uint8Array {
  const octets = typeof value === 'string' ? fromBase64(value) : undefined
  if (octets && octets.length > 0) return octets
  throw badField(field, 'expected Base64 (RFC 4648 §4, with padding)')
}

/** Keys are written as they are everywhere else, in hexadecimal; they never go out again. */
function keyOf(value: Json, field: string): Uint8Array {
  const octets = typeof value === 'string' ? fromHex(value) : undefined
  if (octets && [16, 32].includes(octets.length)) return octets
  throw badField(field, 'expected 16 or 32 octets in hexadecimal')
}

function text({ max }: { readonly max: number }): FieldReader {
  return (value, field) => {
    if (typeof value === 'string' && value !== '' && Array.from(value).length <= max) return value
    throw badField(field, `expected 1 to ${max} characters`)
  }
}

function oneOf(words: readonly string[]): FieldReader {
  return (value, field) => {
    if (typeof value === 'string' && words.includes(value)) return value
    throw badField(field, `expected one of ${words.join(', ')}`)
  }
}

function badField(field: string, detail: string): LabError {
  return new LabError('badInput', `${field}: ${detail}.`, { field })
}
