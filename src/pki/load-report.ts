/** What was found in a PKI, what can be done with it, and what is missing: as data and as text. */

import { toHex } from '../base/octets.ts'
import type { Curve } from '../crypto/ec.ts'
import {
  CERTIFICATE_NAMES,
  type FoundCi,
  type FoundCredential,
  type IssuedRole,
} from './arrange.ts'
import { givenTls, isValid, serverCredentials, tlsIssuers } from './brought.ts'
import { eidOf, oidOf, samePublisher } from './chain.ts'
import type { LoadedPki } from './load.ts'
import { NEITHER, type PassedOver } from './material.ts'

/** A certificate as the report shows it. */
export interface ReportedCertificate {
  /** `CERT.DPauth` and so on. */
  readonly name: string
  readonly file: string
  /** The file of its key; null when the key is not there. */
  readonly keyFile: string | null
  /** What tells it from others of its kind: an OID, an EID, a subject. */
  readonly of: string
  /** ISO 8601. */
  readonly validUntil: string
  readonly isValid: boolean
}

/** What a PKI can be brought for. */
export type PkiUse = 'smdp' | 'smdpTls' | 'newEuiccs' | 'euicc'

export interface ReportedCi extends ReportedCertificate {
  /** The subject key identifier, by which cards and servers know the CI. */
  readonly keyId: string
  readonly curve: Curve
  readonly issued: readonly ReportedCertificate[]
  /** For each use what is missing; nothing is missing where the list is empty. */
  readonly missing: Readonly<Record<PkiUse, readonly string[]>>
}

export interface PkiReport {
  readonly directory: string
  readonly cis: readonly ReportedCi[]
  /** Each use for which some CI has everything. */
  readonly uses: readonly PkiUse[]
  readonly passedOver: readonly PassedOver[]
}

const USES: Readonly<Record<PkiUse, string>> = {
  smdp: 'SM-DP+',
  smdpTls: 'TLS of the SM-DP+',
  newEuiccs: 'new eUICCs',
  euicc: 'eUICC as given',
}
const USE_NAMES = Object.keys(USES) as readonly PkiUse[]

/** Reports on a PKI as it is at an instant of wall time. */
export function reportPki(pki: LoadedPki, atMs: number): PkiReport {
  const cis = pki.cis.map((ci) => reportCi(ci, atMs))
  return {
    directory: pki.directory,
    cis,
    uses: USE_NAMES.filter((use) => cis.some(({ missing }) => missing[use].length === 0)),
    passedOver: pki.passedOver,
  }
}

function reportCi(ci: FoundCi, atMs: number): ReportedCi {
  const { certificate } = ci
  return {
    ...reportCertificate(CERTIFICATE_NAMES.ci, { credential: ci, of: subjectOf(ci), atMs }),
    keyId: toHex(certificate.subjectKeyId ?? new Uint8Array()),
    curve: certificate.curve,
    issued: Object.entries(ci.issued).flatMap(([role, credentials]) =>
      credentials.map((credential) =>
        reportCertificate(CERTIFICATE_NAMES[role as IssuedRole], {
          credential,
          of: OF_ROLE[role as IssuedRole](credential),
          atMs,
        }),
      ),
    ),
    missing: missingAt(ci, atMs),
  }
}

function reportCertificate(
  name: string,
  one: { readonly credential: FoundCredential; readonly of: string; readonly atMs: number },
): ReportedCertificate {
  const { certificate, file, keyFile } = one.credential
  return {
    name,
    file,
    keyFile: keyFile ?? null,
    of: one.of,
    validUntil: new Date(certificate.notAfterMs).toISOString(),
    isValid: isValid(certificate, one.atMs),
  }
}

const OF_ROLE: Readonly<Record<IssuedRole, (credential: FoundCredential) => string>> = {
  'dp-auth': oidText,
  'dp-pb': oidText,
  'dp-tls': tlsText,
  'ds-auth': oidText,
  'ds-tls': tlsText,
  eum: subjectOf,
  euicc: ({ certificate }) => eidOf(certificate),
}

function oidText({ certificate }: FoundCredential): string {
  return oidOf(certificate)
}

function tlsText(credential: FoundCredential): string {
  const { dnsNames, ipAddresses } = credential.certificate.subjectAltName
  return [oidText(credential), ...dnsNames, ...ipAddresses].join(' ')
}

function subjectOf({ certificate }: FoundCredential): string {
  const { CN = [], O = [] } = certificate.subject.attributes
  return [...CN, ...O].join(', ') || '(no name)'
}

function missingAt(ci: FoundCi, atMs: number): ReportedCi['missing'] {
  const { issued, keyPair } = ci
  return {
    smdp: missingForSmdp(ci),
    smdpTls: missingForTls(ci, atMs),
    newEuiccs:
      keyPair || issued.eum.some(hasKey) ? [] : [withItsKey('eum', issued.eum), "or the CI's key"],
    euicc: issued.euicc.some(hasKey) ? [] : [withItsKey('euicc', issued.euicc)],
  }
}

function missingForSmdp(ci: FoundCi): string[] {
  const pair = (['dp-auth', 'dp-pb'] as const).filter((role) => !ci.issued[role].some(hasKey))
  if (pair.length > 0) return pair.map((role) => withItsKey(role, ci.issued[role]))
  const isPaired = ci.issued['dp-auth']
    .filter(hasKey)
    .some((dpAuth) =>
      ci.issued['dp-pb']
        .filter(hasKey)
        .some((dpPb) => samePublisher(dpAuth.certificate, dpPb.certificate)),
    )
  return isPaired ? [] : ['CERT.DPauth and CERT.DPpb of one SM-DP+ OID']
}

function missingForTls(ci: FoundCi, atMs: number): string[] {
  if (ci.certificate.curve !== 'P-256')
    return ['a CI on P-256, as TLS needs; without one the lab answers under its own CI']
  const alone = { cis: [ci], passedOver: [] }
  if (tlsIssuers(alone).length > 0 || givenTls(alone, { atMs })) return []
  const isExpired = ci.issued['dp-tls'].some(hasKey)
  const what = isExpired
    ? 'CERT.DP.TLS that is valid today'
    : withItsKey('dp-tls', ci.issued['dp-tls'])
  return [what, "or the CI's key"]
}

function withItsKey(role: IssuedRole, found: readonly FoundCredential[]): string {
  const name = CERTIFICATE_NAMES[role]
  return found.length === 0 ? `${name} and its key` : `the key of ${name}`
}

function hasKey({ keyPair }: FoundCredential): boolean {
  return keyPair !== undefined
}

/** The report for people. */
export function reportText(report: PkiReport): string {
  const { directory, cis, passedOver } = report
  const count = cis.length === 0 ? 'no CI' : cis.length === 1 ? 'one CI' : `${cis.length} CIs`
  return [
    `${directory}: ${count}`,
    ...cis.flatMap(ciLines),
    ...(passedOver.length === 0 ? [] : ['', `Passed over: ${passedOver.length}`]),
    ...passedOverLines(passedOver),
  ].join('\n')
}

/** Of what is foreign the number says enough. */
function passedOverLines(all: readonly PassedOver[]): string[] {
  const near = all.filter(({ why }) => why !== NEITHER)
  const [foreign, ...others] = all.filter(({ why }) => why === NEITHER)
  const lines = near.map(({ file, why }) => `  ${file} ${why}`)
  if (!foreign) return lines
  const more = others.length === 0 ? '' : ` So are ${others.length} more.`
  return [...lines, `  ${foreign.file} ${NEITHER}.${more}`]
}

function ciLines(ci: ReportedCi): string[] {
  const certificates = [ci, ...ci.issued]
  const width = Math.max(...certificates.map(({ name, of }) => name.length + of.length)) + 1
  return [
    '',
    `CI on ${ci.curve}, key identifier ${ci.keyId}`,
    ...certificates.map((one) => certificateLine(one, width)),
    ...USE_NAMES.map((use) => useLine(USES[use], ci.missing[use])),
  ]
}

function certificateLine(one: ReportedCertificate, width: number): string {
  const key = one.keyFile === null ? 'no key  ' : 'with key'
  const validity = `${one.isValid ? 'until' : 'NOT VALID, until'} ${one.validUntil.slice(0, 10)}`
  return `  ${`${one.name} ${one.of}`.padEnd(width)}  ${key} ${validity}  ${one.file}`
}

function useLine(use: string, missing: readonly string[]): string {
  return `  > ${use}: ${missing.length === 0 ? 'ready' : `missing ${missing.join(', ')}`}`
}

/** Why the SM-DP+ cannot run on a PKI and what to do, or nothing when it can. */
export function serverFault(pki: LoadedPki, atMs: number): string | undefined {
  if (serverCredentials(pki).length > 0) return undefined
  const advice =
    pki.cis.length === 0
      ? 'Without a certificate of a CI (CERT.CI, DER or PEM) nothing below it can be judged: add it.'
      : 'An SM-DP+ needs CERT.DPauth and CERT.DPpb of one OID, each with its private key, under one CI: add what is missing.'
  return `no SM-DP+ can run on the certificates there.\n\n${reportText(reportPki(pki, atMs))}\n\n${advice}`
}
