/** Verification of certificate chains (SGP.22 §4.5.2.2), by hand: no RFC 5280 validator reads the EUM's name constraint right. */

import { equalOctets, toHex } from '../base/octets.ts'
import { assert } from '../base/errors.ts'
import { verifyDer } from '../crypto/ec.ts'
import { BoundedMap } from './bounded-map.ts'
import {
  canonicalText,
  CertificateError,
  type Certificate,
  type NameAttributes,
} from './certificate.ts'
import {
  CLIENT_AUTH,
  roleOfPolicy,
  SERVER_AUTH,
  type CertificateRole,
  type ExtensionName,
  type KeyUsage,
} from './oids.ts'

export type { CertificateRole } from './oids.ts'

/** Why a chain is refused, and at which of its certificates. */
export interface ChainFault {
  readonly kind: 'unknownCi' | 'expired' | 'invalid'
  readonly at: CertificateRole
  readonly detail: string
}

export type ChainVerdict =
  | { readonly ok: true; readonly anchor: Certificate }
  | { readonly ok: false; readonly fault: ChainFault }

/** What a role's certificate must be like. */
interface RoleProfile {
  /** The extensions it must have, each with the criticality of its table in SGP.22 §4.5.2.1.0. */
  readonly mandatory: Readonly<Partial<Record<ExtensionName, boolean>>>
  readonly keyUsage: KeyUsage
  /** Further rules in their order; each answers what is wrong, or nothing. */
  readonly rules: readonly Rule[]
}

type Rule = (certificate: Certificate, issuer: Certificate) => string | undefined

const VERIFIED_LINKS_MAX = 4096

const LEAF = {
  authorityKeyIdentifier: false,
  subjectKeyIdentifier: false,
  keyUsage: true,
} as const
const SERVER = { ...LEAF, certificatePolicies: true, subjectAltName: false } as const
const TLS = { ...LEAF, extendedKeyUsage: true, subjectAltName: false } as const

const PROFILES: Readonly<Record<CertificateRole, RoleProfile>> = {
  ci: {
    mandatory: {
      subjectKeyIdentifier: false,
      keyUsage: true,
      certificatePolicies: true,
      basicConstraints: true,
    },
    keyUsage: 'keyCertSign',
    rules: [isAuthority],
  },
  eum: {
    mandatory: {
      ...LEAF,
      certificatePolicies: true,
      basicConstraints: true,
      nameConstraints: true,
    },
    keyUsage: 'keyCertSign',
    rules: [isAuthority, hasPathLengthZero, hasNameConstraints],
  },
  euicc: {
    mandatory: { ...LEAF, certificatePolicies: true },
    keyUsage: 'digitalSignature',
    rules: [isNoAuthority, carriesEid, keepsNameConstraints],
  },
  'dp-auth': server(SERVER),
  'dp-pb': server(SERVER),
  'ds-auth': server(SERVER),
  'dp-tls': tlsServer(),
  'ds-tls': tlsServer(),
}

const verifiedLinks = new BoundedMap<string, true>(VERIFIED_LINKS_MAX)

/**
 * Judges a chain, leaf first and without its CI, against the CIs that are trusted.
 *
 * SGP.22 §4.5.2.2. In this order: the CI is known, then for each certificate from the CI's side: validity at `atMs`
 * (not judged without it: an eUICC has no clock), then signature, extensions and the rules of its role.
 * A link that was found good is not verified again; dates are judged at every call. Revocation is not judged here.
 */
export function validateChain(options: {
  readonly chain: readonly Certificate[]
  readonly roles: readonly CertificateRole[]
  readonly anchors: readonly Certificate[]
  readonly atMs?: number | undefined
}): ChainVerdict {
  const { chain, roles, anchors } = options
  assert(chain.length === roles.length && chain.length > 0, 'a chain has a role per certificate')
  const top = chain.at(-1) as Certificate
  const topRole = roles.at(-1) as CertificateRole
  const anchor = findAnchor(top, anchors)
  if (typeof anchor === 'object') {
    const fault = findFault({ chain, roles, anchor, atMs: options.atMs })
    return fault ? { ok: false, fault } : { ok: true, anchor }
  }
  return { ok: false, fault: { ...NO_ANCHOR[anchor], at: topRole } }
}

/**
 * Judges a certificate as a trusted CI: role CI, signed by itself, may sign certificates (SGP.22 Table 10).
 * Dates are judged with the chains below it.
 */
export function validateAnchor(ci: Certificate): ChainVerdict {
  const detail = linkFault({ certificate: ci, issuer: ci, role: 'ci' })
  if (detail === undefined) return { ok: true, anchor: ci }
  return { ok: false, fault: { kind: 'invalid', at: 'ci', detail } }
}

/** Whether CERT.DPauth and CERT.DPpb are of one SM-DP+ under one CI: the same OID in subjectAltName (SGP.22 §5.7.5, §3.1.2). */
export function samePublisher(dpAuth: Certificate, dpPb: Certificate): boolean {
  const [oid] = dpAuth.subjectAltName.registeredIds
  if (oid === undefined || !dpAuth.authorityKeyId || !dpPb.authorityKeyId) return false
  return (
    dpPb.subjectAltName.registeredIds[0] === oid &&
    equalOctets(dpAuth.authorityKeyId, dpPb.authorityKeyId)
  )
}

/**
 * The EID of CERT.EUICC's subject (SGP.22 Table 11).
 * @throws {CertificateError} when the subject has no EID; a chain that was validated as `euicc` has one
 */
export function eidOf(euiccCertificate: Certificate): string {
  const [eid = '', ...others] = euiccCertificate.subject.attributes['serialNumber'] ?? []
  if (!/^[0-9]{32}$/.test(eid) || others.length > 0) {
    throw new CertificateError('the subject has no serialNumber of 32 digits, the EID')
  }
  return eid
}

/**
 * The SM-DP+ OID or SM-DS OID of a server's certificate, dotted (SGP.22 Table 13, Table 15).
 * @throws {CertificateError} when there is none, or more than one
 */
export function oidOf(serverCertificate: Certificate): string {
  const [oid, ...others] = serverCertificate.subjectAltName.registeredIds
  if (oid === undefined || others.length > 0) {
    throw new CertificateError('subjectAltName has not exactly one registered identifier')
  }
  return oid
}

const NO_ANCHOR = {
  noAuthorityKeyId: {
    kind: 'invalid',
    detail: 'it has no authority key identifier',
  },
  noSuchAnchor: {
    kind: 'unknownCi',
    detail: 'its authority key identifier is of no CI that is trusted here',
  },
} as const

function findAnchor(
  certificate: Certificate,
  anchors: readonly Certificate[],
): Certificate | keyof typeof NO_ANCHOR {
  const keyId = certificate.authorityKeyId
  if (!keyId) return 'noAuthorityKeyId'
  const found = anchors.find(({ subjectKeyId }) => subjectKeyId && equalOctets(subjectKeyId, keyId))
  return found ?? 'noSuchAnchor'
}

function findFault(options: {
  readonly chain: readonly Certificate[]
  readonly roles: readonly CertificateRole[]
  readonly anchor: Certificate
  readonly atMs: number | undefined
}): ChainFault | undefined {
  let issuer = options.anchor
  for (let at = options.chain.length - 1; at >= 0; at--) {
    const certificate = options.chain[at] as Certificate
    const role = options.roles[at] as CertificateRole
    const dated = issuer === options.anchor ? [issuer, certificate] : [certificate]
    const fault = dateFault(dated, options.atMs) ?? ruleFault({ certificate, issuer, role })
    if (fault) return { ...fault, at: role }
    issuer = certificate
  }
  return undefined
}

type Fault = Omit<ChainFault, 'at'>

function dateFault(
  certificates: readonly Certificate[],
  atMs: number | undefined,
): Fault | undefined {
  if (atMs === undefined) return undefined
  for (const { notBeforeMs, notAfterMs, subject } of certificates) {
    const name = subject.attributes['CN']?.[0] ?? 'a certificate'
    if (atMs < notBeforeMs) {
      const since = new Date(notBeforeMs).toISOString()
      return { kind: 'invalid', detail: `${name} is not valid before ${since}` }
    }
    // The last second of validity is valid to its end (RFC 5280 §4.1.2.5 counts whole seconds).
    if (atMs >= notAfterMs + 1000) {
      const until = new Date(notAfterMs).toISOString()
      return { kind: 'expired', detail: `${name} has expired at ${until}` }
    }
  }
  return undefined
}

interface Link {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly role: CertificateRole
}

function ruleFault(link: Link): Fault | undefined {
  const key = `${link.role}:${link.certificate.fingerprint}:${link.issuer.fingerprint}`
  if (verifiedLinks.get(key)) return undefined
  const detail = linkFault(link)
  if (detail !== undefined) return { kind: 'invalid', detail }
  verifiedLinks.set(key, true)
  return undefined
}

function linkFault(link: Link): string | undefined {
  const { certificate, issuer, role } = link
  return (
    pathFault(link) ??
    signatureFault(certificate, issuer) ??
    criticalityFault(certificate, PROFILES[role]) ??
    roleFault(certificate, role) ??
    firstFault(PROFILES[role].rules, link)
  )
}

function pathFault({ certificate, issuer, role }: Link): string | undefined {
  const keyId = certificate.authorityKeyId
  if (!keyId && role !== 'ci') return 'it has no authority key identifier'
  if (!issuer.subjectKeyId) return 'its issuer has no subject key identifier'
  if (keyId && !equalOctets(keyId, issuer.subjectKeyId)) {
    return `its authority key identifier ${toHex(keyId)} is not its issuer's key`
  }
  if (certificate.issuer.canonical !== issuer.subject.canonical) {
    return 'its issuer is not named like the subject of the certificate above'
  }
  if (certificate.curve !== issuer.curve) {
    return `it is on ${certificate.curve}, its issuer on ${issuer.curve}`
  }
  return undefined
}

function signatureFault(certificate: Certificate, issuer: Certificate): string | undefined {
  const { tbs: data, signature } = certificate
  return verifyDer(issuer.publicKey, { data, signature }) ? undefined : 'its signature is wrong'
}

function criticalityFault(certificate: Certificate, profile: RoleProfile): string | undefined {
  const [unknown] = certificate.unknownCritical
  if (unknown !== undefined) return `its critical extension ${unknown} is not understood`
  for (const [name, critical] of Object.entries(profile.mandatory)) {
    const found = certificate.criticality.get(name as ExtensionName)
    if (found === undefined) return `the extension ${name} is missing`
    if (found !== critical) return `the extension ${name} must ${critical ? '' : 'not '}be critical`
  }
  return undefined
}

function roleFault(certificate: Certificate, role: CertificateRole): string | undefined {
  const { keyUsage } = PROFILES[role]
  const usages = [...(certificate.keyUsage ?? [])]
  const allowed = keyUsage === 'keyCertSign' ? [keyUsage, 'cRLSign'] : [keyUsage]
  if (!usages.includes(keyUsage) || !usages.every((usage) => allowed.includes(usage))) {
    return `its key usage is ${usages.join(', ')}, not ${keyUsage}`
  }
  return policyFault(certificate, role)
}

function policyFault(certificate: Certificate, role: CertificateRole): string | undefined {
  const roles = certificate.policies.map(roleOfPolicy).filter((found) => found !== undefined)
  const isOptional = role === 'dp-tls' || role === 'ds-tls'
  if (isOptional && !certificate.criticality.has('certificatePolicies')) return undefined
  if (roles.length === 1 && roles[0] === role) return undefined
  return `its policy is id-rspRole-${roles.join(', ') || '(none)'}, not id-rspRole-${role}`
}

function firstFault(rules: readonly Rule[], link: Link): string | undefined {
  for (const rule of rules) {
    const detail = rule(link.certificate, link.issuer)
    if (detail !== undefined) return detail
  }
  return undefined
}

function server(mandatory: RoleProfile['mandatory']): RoleProfile {
  return { mandatory, keyUsage: 'digitalSignature', rules: [isNoAuthority, carriesOid] }
}

function tlsServer(): RoleProfile {
  const rules = [isNoAuthority, servesAndCalls, carriesOid, namesHost]
  return { mandatory: TLS, keyUsage: 'digitalSignature', rules }
}

function isAuthority({ basicConstraints }: Certificate): string | undefined {
  return basicConstraints?.cA ? undefined : 'its basic constraints do not say cA'
}

function isNoAuthority({ basicConstraints }: Certificate): string | undefined {
  return basicConstraints?.cA ? 'its basic constraints say cA' : undefined
}

function hasPathLengthZero({ basicConstraints }: Certificate): string | undefined {
  return basicConstraints?.pathLen === 0 ? undefined : 'its path length is not 0'
}

function hasNameConstraints({ nameConstraints }: Certificate): string | undefined {
  if (!nameConstraints || nameConstraints.permitted.length === 0) {
    return 'its name constraints permit no name'
  }
  return nameConstraints.hasOthers ? 'its name constraints are of a kind unknown here' : undefined
}

function carriesEid(certificate: Certificate): string | undefined {
  try {
    eidOf(certificate)
    return undefined
  } catch (error) {
    if (error instanceof CertificateError) return error.detail
    throw error
  }
}

/** Organisation and IIN must come from one permitted pair: each alone may belong to somebody else. */
function keepsNameConstraints(certificate: Certificate, eum: Certificate): string | undefined {
  const { attributes } = certificate.subject
  const permitted = eum.nameConstraints?.permitted ?? []
  if (permitted.some((pair) => isPermitted(attributes, pair))) return undefined
  return "its organisation and EID are none of the pairs in its EUM's name constraints"
}

function isPermitted(subject: NameAttributes, pair: NameAttributes): boolean {
  const [organisation] = pair['O'] ?? []
  const [iin] = pair['serialNumber'] ?? []
  if (organisation === undefined || iin === undefined) return false
  const [subjectOrganisation, ...others] = subject['O'] ?? []
  return (
    subjectOrganisation !== undefined &&
    others.length === 0 &&
    canonicalText(subjectOrganisation) === canonicalText(organisation) &&
    subject['serialNumber']?.[0]?.startsWith(iin) === true
  )
}

function carriesOid({ subjectAltName }: Certificate): string | undefined {
  return subjectAltName.registeredIds.length === 1
    ? undefined
    : 'its subjectAltName has not exactly one registered identifier'
}

function servesAndCalls({ extendedKeyUsage }: Certificate): string | undefined {
  const purposes = new Set(extendedKeyUsage)
  return purposes.size === 2 && purposes.has(SERVER_AUTH) && purposes.has(CLIENT_AUTH)
    ? undefined
    : 'its extended key usage is not exactly serverAuth and clientAuth'
}

function namesHost({ subjectAltName }: Certificate): string | undefined {
  return subjectAltName.dnsNames.length + subjectAltName.ipAddresses.length > 0
    ? undefined
    : 'its subjectAltName names no host'
}
