/** With which certificates the SM-DSs of a lab speak: the root SM-DS, and an alternative one beside it. */

import type { Random } from '../base/environment.ts'
import { hex, toHex } from '../base/octets.ts'
import { CURVES, generateKeyPair } from '../crypto/ec.ts'
import type { FoundCi, FoundPki } from './arrange.ts'
import { isFor, isValid, tlsIssuers, withKey, type TlsChoice } from './brought.ts'
import type { Certificate } from './certificate.ts'
import { oidOf } from './chain.ts'
import { DS_OID, issueDsAuth, keyIdentifier, type Credential } from './issue.ts'
import { issueTlsCredential, issueTlsUnder, type TestPki } from './test-pki.ts'

export type SmdsKind = 'root' | 'alternative'

/** CERT.DSauth under one CI. */
export interface SmdsCredentials {
  readonly ci: Certificate
  readonly dsAuth: Credential
}

/** An SM-DS is known to others by its OID, so the two of a lab have two. The second is our own choice. */
const SMDS: Readonly<
  Record<SmdsKind, { readonly oid: string; readonly serialNumber: Uint8Array }>
> = {
  root: { oid: DS_OID, serialNumber: hex('0200') },
  alternative: { oid: '2.999.16', serialNumber: hex('0201') },
}

interface Sources {
  readonly brought: FoundPki | undefined
  readonly own: TestPki
  /** Whether the lab's own test CI serves as well, when a PKI was brought. */
  readonly withTestCi: boolean
  readonly random: Random
}

/**
 * CERT.DSauth under each CI, in the server's order of preference: as brought with its key, first its lowest OID for the
 * root SM-DS and the next for the alternative one; else issued where the CI's key is there. The lab's own test CI
 * serves where nothing was brought, where it is asked for, and where nothing else can.
 */
export function smdsCredentials(kind: SmdsKind, sources: Sources): readonly SmdsCredentials[] {
  const { brought, withTestCi } = sources
  const found = brought ? brought.cis.flatMap((ci) => underCi(kind, { ci, ...sources })) : []
  const usesOwn = withTestCi || found.length === 0
  return usesOwn ? [...found, ...ownCredentials(kind, sources)] : found
}

function underCi(
  kind: SmdsKind,
  { ci, random }: { readonly ci: FoundCi; readonly random: Random },
): SmdsCredentials[] {
  const given = ci.issued['ds-auth']
    .flatMap(withKey)
    .toSorted((a, b) => compareOids(oidOf(a.certificate), oidOf(b.certificate)))
  const dsAuth =
    given[kind === 'root' ? 0 : 1] ??
    withKey(ci).map((issuer) => issued(kind, { issuer, random }))[0]
  return dsAuth ? [{ ci: ci.certificate, dsAuth }] : []
}

function compareOids(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

function ownCredentials(kind: SmdsKind, { own, random }: Sources): SmdsCredentials[] {
  return CURVES.map((curve) => {
    const { ci, dsAuth } = own[curve]
    const credential = kind === 'root' ? dsAuth : issued(kind, { issuer: ci, random })
    return { ci: ci.certificate, dsAuth: credential }
  })
}

function issued(
  kind: SmdsKind,
  { issuer, random }: { readonly issuer: Credential; readonly random: Random },
): Credential {
  const { curve } = issuer.certificate
  const stream = random.stream(`smds/${kind}/${toHex(keyIdentifier(issuer.keyPair.point))}`)
  return issueDsAuth({ issuer, keyPair: generateKeyPair({ curve, random: stream }), ...SMDS[kind] })
}

/**
 * The leaf that an SM-DS answers and calls with: CERT.DS.TLS of its OID as brought, where it is valid now and names the
 * server; else a new one under a CI that was brought with its key; else a new one under the lab's own test CI.
 */
export function chooseSmdsTls(choice: {
  readonly brought: FoundPki | undefined
  readonly own: TestPki
  /** The SM-DS's own. */
  readonly oid: string
  /** The first of them is the server's own address. */
  readonly hostNames: readonly [string, ...string[]]
  /** Wall time. */
  readonly nowMs: number
  readonly random: Random
}): TlsChoice {
  const { brought, own, ...order } = choice
  const given = brought && givenTls(brought, choice)
  if (given) return { ...given, from: 'given' }
  const leaf = { ...order, role: 'ds-tls' } as const
  const [issuer] = brought ? tlsIssuers(brought) : []
  if (issuer) {
    const credential = issueTlsUnder(issuer, leaf)
    return { credential, ci: issuer.certificate, from: 'broughtCi' }
  }
  const credential = issueTlsCredential({ ...leaf, pki: own })
  return { credential, ci: own['P-256'].ci.certificate, from: 'testCi' }
}

function givenTls(
  pki: FoundPki,
  wanted: {
    readonly oid: string
    readonly hostNames: readonly [string, ...string[]]
    readonly nowMs: number
  },
): Pick<TlsChoice, 'credential' | 'ci'> | undefined {
  return pki.cis
    .filter(
      ({ certificate }) => certificate.curve === 'P-256' && isValid(certificate, wanted.nowMs),
    )
    .flatMap((ci) =>
      ci.issued['ds-tls']
        .flatMap(withKey)
        .map((credential) => ({ credential, ci: ci.certificate })),
    )
    .find(
      ({ credential: { certificate } }) =>
        isValid(certificate, wanted.nowMs) &&
        oidOf(certificate) === wanted.oid &&
        isFor(certificate, wanted.hostNames[0]),
    )
}
