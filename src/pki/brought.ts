/** What a PKI that somebody brought lets the lab be: an SM-DP+, its TLS listener, an eUICC. */

import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Random } from '../base/environment.ts'
import { LabError } from '../base/errors.ts'
import { toHex } from '../base/octets.ts'
import { generateKeyPair, type Curve, type KeyPair } from '../crypto/ec.ts'
import type { FoundCi, FoundCredential, FoundPki } from './arrange.ts'
import type { Certificate } from './certificate.ts'
import { eidOf, oidOf, samePublisher } from './chain.ts'
import { issueEuicc, issueEum, keyIdentifier, type Credential } from './issue.ts'
import { issueTlsCredential, issueTlsUnder, makeEid, type TestPki } from './test-pki.ts'

/** The SM-DP+'s certificates under one CI. */
export interface ServerCredentials {
  readonly ci: Certificate
  readonly dpAuth: Credential
  readonly dpPb: Credential
}

/**
 * CERT.DPauth and CERT.DPpb with their keys under every CI that has both, of one SM-DP+ OID each.
 *
 * Where there are several, the SM-DP+ is the one that is known to the most CIs, then the one with the lowest OID; a CI
 * that does not know it is served with the certificates of another.
 */
export function serverCredentials(pki: FoundPki): readonly ServerCredentials[] {
  const pairs = pki.cis.map(pairsOf)
  const oids = [...new Set(pairs.flat().map(serverOid))].toSorted(
    (a, b) => knownTo(pairs, b) - knownTo(pairs, a) || compareOids(a, b),
  )
  return pairs.flatMap((ofCi) => {
    const [best] = ofCi.toSorted((a, b) => oids.indexOf(serverOid(a)) - oids.indexOf(serverOid(b)))
    return best ? [best] : []
  })
}

function pairsOf(ci: FoundCi): ServerCredentials[] {
  const dpPbs = ci.issued['dp-pb'].flatMap(withKey)
  return ci.issued['dp-auth'].flatMap(withKey).flatMap((dpAuth) => {
    const dpPb = dpPbs.find(({ certificate }) => samePublisher(dpAuth.certificate, certificate))
    return dpPb ? [{ ci: ci.certificate, dpAuth, dpPb }] : []
  })
}

function serverOid({ dpAuth }: ServerCredentials): string {
  return oidOf(dpAuth.certificate)
}

function knownTo(pairs: readonly (readonly ServerCredentials[])[], oid: string): number {
  return pairs.filter((ofCi) => ofCi.some((pair) => serverOid(pair) === oid)).length
}

function compareOids(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

/** A TLS leaf for the SM-DP+, and where it is from. */
export interface TlsChoice {
  readonly credential: Credential
  /** The CI above it, which clients must trust. */
  readonly ci: Certificate
  /** Brought as it is, issued under a CI that was brought, or under the lab's own test CI. */
  readonly from: 'given' | 'broughtCi' | 'testCi'
}

/**
 * The leaf that the SM-DP+ answers with: CERT.DP.TLS as brought where it is valid now and names the server; else a new
 * one under a CI that was brought with its key; else a new one under the lab's own test CI. All on P-256 unless told.
 */
export function chooseTls(choice: {
  readonly brought: FoundPki | undefined
  readonly own: TestPki
  /** The first of them is the server's own address. */
  readonly hostNames: readonly [string, ...string[]]
  readonly curve?: Curve
  /** Wall time. */
  readonly nowMs: number
  readonly random: Random
}): TlsChoice {
  const { brought, own, ...order } = choice
  const { curve = 'P-256' } = choice
  const wanted = { hostName: choice.hostNames[0], atMs: choice.nowMs, curve }
  const given = brought && givenTls(brought, wanted)
  if (given) return { ...given, from: 'given' }
  const [issuer] = brought ? tlsIssuers(brought, curve) : []
  const [server] = brought ? serverCredentials(brought) : []
  const oid = server && serverOid(server)
  const leaf = { ...order, role: 'dp-tls', ...(oid !== undefined && { oid }) } as const
  if (issuer) {
    const credential = issueTlsUnder(issuer, leaf)
    return { credential, ci: issuer.certificate, from: 'broughtCi' }
  }
  const credential = issueTlsCredential({ ...leaf, pki: own })
  return { credential, ci: own[curve].ci.certificate, from: 'testCi' }
}

/** CIs under which a TLS leaf can be issued: TLS is on P-256 unless somebody wants another curve (SGP.22 §4.5.2). */
export function tlsIssuers(pki: FoundPki, curve: Curve = 'P-256'): readonly Credential[] {
  return pki.cis.filter((ci) => ci.certificate.curve === curve).flatMap(withKey)
}

/** CERT.DP.TLS as brought: with its key, valid at an instant, and for the host if one is named; the SM-DP+'s own first. */
export function givenTls(
  pki: FoundPki,
  wanted: { readonly hostName?: string; readonly atMs: number; readonly curve?: Curve },
): { readonly credential: Credential; readonly ci: Certificate } | undefined {
  const { hostName, atMs, curve = 'P-256' } = wanted
  const oids = serverCredentials(pki).map(serverOid)
  return pki.cis
    .filter(({ certificate }) => certificate.curve === curve && isValid(certificate, atMs))
    .flatMap((ci) =>
      ci.issued['dp-tls']
        .flatMap(withKey)
        .map((credential) => ({ credential, ci: ci.certificate })),
    )
    .filter(({ credential: { certificate } }) => isValid(certificate, atMs))
    .filter(({ credential }) => hostName === undefined || isFor(credential.certificate, hostName))
    .toSorted((a, b) => Number(isOf(oids, b.credential)) - Number(isOf(oids, a.credential)))[0]
}

function isOf(oids: readonly string[], { certificate }: Credential): boolean {
  return oids.includes(oidOf(certificate))
}

/** Whether an instant lies within a certificate's validity. */
export function isValid({ notBeforeMs, notAfterMs }: Certificate, atMs: number): boolean {
  return atMs >= notBeforeMs && atMs < notAfterMs + 1000
}

/** Whether a TLS certificate names a host. */
export function isFor(certificate: Certificate, hostName: string): boolean {
  const peer = new X509Certificate(certificate.der)
  return isIP(hostName) === 0
    ? peer.checkHost(hostName, { subject: 'never' }) !== undefined
    : peer.checkIP(hostName) !== undefined
}

/** The credentials of an eUICC. */
export interface EuiccCredentials {
  readonly eid: string
  readonly credentials: readonly {
    readonly keyPair: KeyPair
    readonly euiccCertificate: Certificate
    readonly eumCertificate: Certificate
  }[]
  /** The CIs of its credentials, then the others that were brought. */
  readonly trustedCis: readonly Certificate[]
}

/**
 * An eUICC as it was brought: CERT.EUICC with its key under each CI that has one. Of several EIDs the one that is
 * wanted, else the lowest that is not taken. `undefined` when there is none.
 */
export function givenEuicc(
  pki: FoundPki,
  wanted: { readonly eid?: string | undefined; readonly takenEids?: readonly string[] } = {},
): EuiccCredentials | undefined {
  const all = pki.cis.flatMap((ci) =>
    ci.issued.euicc.flatMap((euicc) => {
      const [credential] = withKey(euicc)
      return credential ? [{ ...credential, ci, eum: euicc.eum.certificate }] : []
    }),
  )
  const eids = all.map(({ certificate }) => eidOf(certificate)).toSorted()
  const eid = wanted.eid ?? eids.find((each) => !wanted.takenEids?.includes(each))
  const own = pki.cis.flatMap(
    (ci) => all.find((one) => one.ci === ci && eidOf(one.certificate) === eid) ?? [],
  )
  if (eid === undefined || own.length === 0) return undefined
  const credentials = own.map(({ keyPair, certificate, eum }) => ({
    keyPair,
    euiccCertificate: certificate,
    eumCertificate: eum,
  }))
  return {
    eid,
    credentials,
    trustedCis: cisAfter(
      pki,
      own.map(({ ci }) => ci),
    ),
  }
}

/** Issues eUICCs under the EUMs of a PKI. */
export interface EuiccFactory {
  /** The curves on which there is an EUM. */
  readonly curves: readonly Curve[]
  /**
   * An eUICC with a credential under each CI that has an EUM for it. The same number gives the same EID, and with the
   * same random source the same keys.
   * @throws {LabError} badInput — the EID is of no EUM here
   */
  issue(card: {
    readonly serial?: bigint
    readonly eid?: string
    readonly curves?: readonly Curve[]
  }): EuiccCredentials
}

/**
 * The factory of a PKI: EUMs that were brought with their keys and, where there is none but the CI's key, a new EUM.
 * `undefined` when there is neither.
 */
export function euiccFactory(pki: FoundPki, random: Random): EuiccFactory | undefined {
  const lines = pki.cis.flatMap((ci) => eumsUnder(ci, random).map((eum) => ({ ci, eum })))
  if (lines.length === 0) return undefined
  return {
    curves: [...new Set(lines.map(({ ci }) => ci.certificate.curve))],
    issue(card) {
      const { curves } = card
      const cis = curves ? inOrder(pki.cis, curves) : pki.cis
      const own = cis.flatMap((ci) => lines.filter((line) => line.ci === ci))
      const eid = card.eid ?? newEid(own[0]?.eum, card.serial ?? 0n)
      const issuing = cis.flatMap(
        (ci) => own.find((one) => one.ci === ci && mayIssue(one.eum, eid)) ?? [],
      )
      if (issuing.length === 0) throw noEumFor(eid)
      return {
        eid,
        credentials: issuing.map((line) => issueUnder(line.eum, { eid, random })),
        trustedCis: cisAfter(
          pki,
          issuing.map(({ ci }) => ci),
        ),
      }
    },
  }
}

function inOrder(cis: readonly FoundCi[], curves: readonly Curve[]): readonly FoundCi[] {
  return curves.flatMap((curve) => cis.filter(({ certificate }) => certificate.curve === curve))
}

/** EUMs with their keys. One that is made anew does for all eUICCs. */
function eumsUnder(ci: FoundCi, random: Random): Credential[] {
  const given = ci.issued.eum.flatMap(withKey)
  if (given.length > 0) return given
  const { curve } = ci.certificate
  return withKey(ci).map((issuer) =>
    issueEum({
      issuer,
      keyPair: generateKeyPair({ curve, random: random.stream(`brought/${keyName(issuer)}/eum`) }),
    }),
  )
}

/** Certificates that are made anew differ each time in their signatures, keys do not. */
function keyName({ keyPair }: Credential): string {
  return toHex(keyIdentifier(keyPair.point))
}

const SERIALS_OF_IIN = 10n

function newEid(eum: Credential | undefined, serial: bigint): string {
  const iin = eum ? iinsOf(eum)[0] : undefined
  if (iin === undefined) return makeEid({ serial })
  return makeEid({ iin, serial: serial % SERIALS_OF_IIN ** BigInt(30 - iin.length) })
}

function mayIssue(eum: Credential, eid: string): boolean {
  return iinsOf(eum).some((iin) => eid.startsWith(iin))
}

function iinsOf({ certificate }: Credential): readonly string[] {
  const permitted = certificate.nameConstraints?.permitted ?? []
  return permitted.flatMap(({ serialNumber }) => serialNumber ?? [])
}

function noEumFor(eid: string): LabError {
  const detail = `no EUM of the PKI may issue to the EID ${eid}, or on these curves.`
  return new LabError('badInput', detail, { field: 'eid' })
}

function issueUnder(
  eum: Credential,
  card: { readonly eid: string; readonly random: Random },
): EuiccCredentials['credentials'][number] {
  const { eid } = card
  const { curve } = eum.certificate
  const random = card.random.stream(`brought/${keyName(eum)}/${eid}`)
  const keyPair = generateKeyPair({ curve, random })
  const { certificate } = issueEuicc({ issuer: eum, keyPair, eid })
  return { keyPair, euiccCertificate: certificate, eumCertificate: eum.certificate }
}

function cisAfter(pki: FoundPki, first: readonly FoundCi[]): Certificate[] {
  return [...new Set([...first, ...pki.cis])].map(({ certificate }) => certificate)
}

/** The credential, if its key is there. */
export function withKey({ certificate, keyPair }: FoundCredential): Credential[] {
  return keyPair ? [{ certificate, keyPair }] : []
}
