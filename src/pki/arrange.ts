/** Certificates and keys put in order: which CIs there are, what is under each, and what fits nothing. */

import { asBuffer, equalOctets, toHex, utf8 } from '../base/octets.ts'
import { CURVES, pointOf, sign, verify, type KeyPair } from '../crypto/ec.ts'
import type { Certificate } from './certificate.ts'
import { validateAnchor, validateChain, type ChainFault, type ChainVerdict } from './chain.ts'
import type { Material, PassedOver } from './material.ts'
import { roleOfPolicy, SERVER_AUTH, type CertificateRole } from './oids.ts'

/** A certificate that was found, and its key where that was found too. */
export interface FoundCredential {
  readonly certificate: Certificate
  readonly file: string
  readonly keyPair: KeyPair | undefined
  readonly keyFile: string | undefined
}

/** CERT.EUICC with the EUM above it. */
export interface FoundEuicc extends FoundCredential {
  readonly eum: FoundCredential
}

/** What a CI issues, by role. */
export type IssuedRole = Exclude<CertificateRole, 'ci'>

/** What was found under a CI; of each role those with a key first, then the longest valid. */
export type FoundUnderCi = Readonly<
  Record<Exclude<IssuedRole, 'euicc'>, readonly FoundCredential[]>
> & { readonly euicc: readonly FoundEuicc[] }

export interface FoundCi extends FoundCredential {
  readonly issued: FoundUnderCi
}

/** A PKI as files have it: every chain in it is verified, but for dates and revocation. */
export interface FoundPki {
  /** P-256 first. */
  readonly cis: readonly FoundCi[]
  /** What was not taken, by file. */
  readonly passedOver: readonly PassedOver[]
}

/** How SGP.22 calls the certificate of a role. */
export const CERTIFICATE_NAMES: Readonly<Record<CertificateRole, string>> = {
  ci: 'CERT.CI',
  euicc: 'CERT.EUICC',
  eum: 'CERT.EUM',
  'dp-tls': 'CERT.DP.TLS',
  'dp-auth': 'CERT.DPauth',
  'dp-pb': 'CERT.DPpb',
  'ds-tls': 'CERT.DS.TLS',
  'ds-auth': 'CERT.DSauth',
}

/** Finds the CIs, verifies what is below them, and gives each certificate its key. Names of files decide nothing. */
export function arrangePki(material: Material): FoundPki {
  const { certificates, keys, repeats } = withoutRepeats(material)
  const isOfSmds = smdsOids(certificates)
  const found = certificates.map((one) => ({
    role: roleOf(one.certificate, isOfSmds),
    credential: { ...one, ...keyOf(one.certificate, keys) },
  }))
  const cis = judgeCis(found)
  const issued = judgeIssued(found, cis.taken)
  const used = [...cis.taken, ...issued.taken.map(({ credential }) => credential)]
  return {
    cis: cis.taken.map((ci) => ({ ...ci, issued: under(ci, issued.taken) })),
    passedOver: [
      ...material.passedOver,
      ...repeats,
      ...cis.passedOver,
      ...issued.passedOver,
      ...lostKeys(keys, { found, used }),
    ].toSorted((a, b) => order(a.file, b.file) || order(a.why, b.why)),
  }
}

interface Roled {
  readonly role: CertificateRole | undefined
  readonly credential: FoundCredential
}

function withoutRepeats(material: Material): Omit<Material, 'passedOver'> & {
  readonly repeats: readonly PassedOver[]
} {
  const certificates = grouped(material.certificates, ({ certificate }) => certificate.fingerprint)
  const keys = grouped(material.keys, ({ keyPair }) => `${keyPair.curve} ${toHex(keyPair.point)}`)
  return {
    certificates: certificates.firsts,
    keys: keys.firsts,
    repeats: [
      ...certificates.repeats.map(repeatOf('certificate')),
      ...keys.repeats.map(repeatOf('key')),
    ],
  }
}

interface Repeat {
  readonly file: string
  readonly first: string
}

/** The first of each kind by the names of files, which makes no difference but to the report. */
function grouped<T extends { readonly file: string }>(
  all: readonly T[],
  keyOfOne: (one: T) => string,
): { readonly firsts: readonly T[]; readonly repeats: readonly Repeat[] } {
  const firsts = new Map<string, T>()
  const repeats: Repeat[] = []
  for (const one of all.toSorted((a, b) => order(a.file, b.file))) {
    const first = firsts.get(keyOfOne(one))
    if (first) repeats.push({ file: one.file, first: first.file })
    else firsts.set(keyOfOne(one), one)
  }
  return { firsts: [...firsts.values()], repeats }
}

function repeatOf(what: string): (repeat: Repeat) => PassedOver {
  return ({ file, first }) => ({ file, why: `holds the same ${what} as ${first}` })
}

/** By its policy; a TLS certificate may do without one (SGP.22 Table 14), and a CI is known by its own signature too. */
function roleOf(
  certificate: Certificate,
  isOfSmds: (oid: string) => boolean,
): CertificateRole | undefined {
  const [role] = certificate.policies.flatMap((policy) => roleOfPolicy(policy) ?? [])
  if (role) return role
  if (certificate.issuer.canonical === certificate.subject.canonical) return 'ci'
  if (!certificate.extendedKeyUsage?.includes(SERVER_AUTH)) return undefined
  return certificate.subjectAltName.registeredIds.some(isOfSmds) ? 'ds-tls' : 'dp-tls'
}

function smdsOids(certificates: Material['certificates']): (oid: string) => boolean {
  const oids = certificates
    .filter(({ certificate }) => roleOf(certificate, () => false) === 'ds-auth')
    .flatMap(({ certificate }) => certificate.subjectAltName.registeredIds)
  return (oid) => oids.includes(oid)
}

function keyOf(
  certificate: Certificate,
  keys: Material['keys'],
): Pick<FoundCredential, 'keyPair' | 'keyFile'> {
  const point = pointOf(certificate.publicKey)
  const key = keys.find(
    ({ keyPair }) => keyPair.curve === certificate.curve && equalOctets(keyPair.point, point),
  )
  return key && canSign(key.keyPair, certificate)
    ? { keyPair: key.keyPair, keyFile: key.file }
    : { keyPair: undefined, keyFile: undefined }
}

/** A key's file carries both halves, and nobody has checked that they belong together. */
function canSign({ privateKey }: KeyPair, { publicKey }: Certificate): boolean {
  const data = utf8('esim-lab')
  return verify(publicKey, { data, signature: sign(privateKey, data) })
}

function judgeCis(found: readonly Roled[]): {
  readonly taken: readonly FoundCredential[]
  readonly passedOver: readonly PassedOver[]
} {
  const taken: FoundCredential[] = []
  const passedOver: PassedOver[] = []
  for (const credential of found
    .filter(({ role }) => role === 'ci')
    .map(credentialOf)
    .sort(byUse)) {
    const { certificate, file } = credential
    const verdict = validateAnchor(certificate)
    const sameKey = taken.find((other) => isKeyId(certificate.subjectKeyId, other.certificate))
    if (!verdict.ok) {
      passedOver.push({
        file,
        why: `would be ${CERTIFICATE_NAMES.ci}, but ${verdict.fault.detail}`,
      })
    } else if (sameKey) {
      passedOver.push({ file, why: `is an older certificate of the CI in ${sameKey.file}` })
    } else {
      taken.push(credential)
    }
  }
  return { taken, passedOver }
}

interface Placed {
  readonly role: IssuedRole
  readonly credential: FoundCredential
  readonly eum?: FoundCredential
  readonly ci: Certificate
}

function judgeIssued(
  found: readonly Roled[],
  cis: readonly FoundCredential[],
): { readonly taken: readonly Placed[]; readonly passedOver: readonly PassedOver[] } {
  const anchors = cis.map(({ certificate }) => certificate)
  const eums = found
    .filter(({ role }) => role === 'eum')
    .map(credentialOf)
    .sort(byUse)
  const taken: Placed[] = []
  const passedOver: PassedOver[] = []
  for (const { role, credential } of found) {
    if (role === 'ci') continue
    const judged = judge({ role, credential }, { anchors, eums })
    if (typeof judged === 'string') passedOver.push({ file: credential.file, why: judged })
    else taken.push(judged)
  }
  return { taken: taken.sort((a, b) => byUse(a.credential, b.credential)), passedOver }
}

/** Where a certificate belongs, or why nowhere. */
function judge(
  one: { readonly role: IssuedRole | undefined; readonly credential: FoundCredential },
  above: { readonly anchors: readonly Certificate[]; readonly eums: readonly FoundCredential[] },
): Placed | string {
  const { role, credential } = one
  const { certificate } = credential
  if (!role)
    return 'is a certificate without a role of SGP.22: none of its policies is id-rspRole-…'
  const eums = above.eums.filter((eum) => isKeyId(certificate.authorityKeyId, eum.certificate))
  if (role === 'euicc' && eums.length === 0) {
    return `is CERT.EUICC of an EUM that is not here (authority key ${keyIdText(certificate)})`
  }
  let fault: ChainFault | undefined
  for (const eum of role === 'euicc' ? eums : [undefined]) {
    const verdict = verdictOn({ role, certificate, eum, anchors: above.anchors })
    if (verdict.ok) return { role, credential, ci: verdict.anchor, ...(eum && { eum }) }
    fault ??= verdict.fault
  }
  return `is ${CERTIFICATE_NAMES[role]}${fault ? faultText(fault, { role, certificate }) : ''}`
}

function verdictOn(one: {
  readonly role: IssuedRole
  readonly certificate: Certificate
  readonly eum: FoundCredential | undefined
  readonly anchors: readonly Certificate[]
}): ChainVerdict {
  const { role, certificate, eum, anchors } = one
  return eum
    ? validateChain({ chain: [certificate, eum.certificate], roles: [role, 'eum'], anchors })
    : validateChain({ chain: [certificate], roles: [role], anchors })
}

function faultText(
  fault: ChainFault,
  of: { readonly role: IssuedRole; readonly certificate: Certificate },
): string {
  if (fault.kind === 'unknownCi') {
    return of.role === 'euicc'
      ? ' of an EUM whose CI is not here'
      : ` of a CI that is not here (authority key ${keyIdText(of.certificate)})`
  }
  return fault.at === of.role
    ? `, but ${fault.detail}`
    : `, but of ${CERTIFICATE_NAMES[fault.at]}: ${fault.detail}`
}

function under(ci: FoundCredential, placed: readonly Placed[]): FoundUnderCi {
  const own = placed.filter((one) => one.ci === ci.certificate)
  const of = (role: IssuedRole): readonly FoundCredential[] =>
    own.filter((one) => one.role === role).map(({ credential }) => credential)
  return {
    'dp-auth': of('dp-auth'),
    'dp-pb': of('dp-pb'),
    'dp-tls': of('dp-tls'),
    'ds-auth': of('ds-auth'),
    'ds-tls': of('ds-tls'),
    eum: of('eum'),
    euicc: own.flatMap(({ credential, eum }) => (eum ? [{ ...credential, eum }] : [])),
  }
}

function lostKeys(
  keys: Material['keys'],
  all: { readonly found: readonly Roled[]; readonly used: readonly FoundCredential[] },
): PassedOver[] {
  return keys
    .filter(
      ({ file, keyPair }) =>
        !all.used.some((one) => one.keyPair === keyPair && one.keyFile === file),
    )
    .map(({ file, keyPair }) => {
      const owner = all.found
        .map(credentialOf)
        .find(({ certificate }) => equalOctets(pointOf(certificate.publicKey), keyPair.point))
      return { file, why: lostKeyText(keyPair, owner) }
    })
}

function lostKeyText(keyPair: KeyPair, owner: FoundCredential | undefined): string {
  if (!owner) return `is a key on ${keyPair.curve} of no certificate here`
  return owner.keyPair
    ? `is the key of ${owner.file}, which is passed over`
    : `would be the key of ${owner.file}, but its private half is another one`
}

function credentialOf({ credential }: Roled): FoundCredential {
  return credential
}

function isKeyId(keyId: Uint8Array | undefined, { subjectKeyId }: Certificate): boolean {
  return keyId !== undefined && subjectKeyId !== undefined && equalOctets(keyId, subjectKeyId)
}

function keyIdText({ authorityKeyId }: Certificate): string {
  return authorityKeyId ? toHex(authorityKeyId) : '(none)'
}

/** An order that hangs on what was found alone: P-256, with a key, the longest valid. */
function byUse(a: FoundCredential, b: FoundCredential): number {
  return (
    CURVES.indexOf(a.certificate.curve) - CURVES.indexOf(b.certificate.curve) ||
    Number(b.keyPair !== undefined) - Number(a.keyPair !== undefined) ||
    b.certificate.notAfterMs - a.certificate.notAfterMs ||
    asBuffer(a.certificate.der).compare(b.certificate.der)
  )
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
