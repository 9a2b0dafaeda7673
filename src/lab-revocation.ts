/** The lab's test CI as the one who revokes: what it has revoked, and the lists that say so (SGP.22 §4.6). */

import type { Clock } from './base/environment.ts'
import { LabError } from './base/errors.ts'
import { toHex } from './base/octets.ts'
import { CURVES, type Curve } from './crypto/ec.ts'
import { CertificateError, readCertificate, type Certificate } from './pki/certificate.ts'
import { validateChain, type CertificateRole } from './pki/chain.ts'
import { issueCrl, issueCrlSegments, type CrlContent } from './pki/crl.ts'
import { roleOfPolicy } from './pki/oids.ts'
import type { IsRevoked } from './pki/revocation.ts'
import { CURVE_SUFFIXES, type TestPki } from './pki/test-pki.ts'
import type { Connection, Store } from './store/engine.ts'
import { addRevocation, listRevocations, type Revocation } from './store/revocations.ts'

/** A CI's list as it is published. */
export interface PublishedList {
  /** `CRL-NIST.crl` or `CRL-BRP.crl`. */
  readonly fileName: string
  /** The CI's key identifier, upper-case hexadecimal. */
  readonly ciKeyId: string
  readonly crlNumber: number
  readonly revoked: number
  /** DER. */
  readonly list: Uint8Array
  /** The same for eUICCs: parts of at most 1024 octets. */
  readonly segments: readonly Uint8Array[]
}

export interface RevokedAnswer {
  readonly role: CertificateRole
  readonly subject: string
  readonly serialNumber: string
  /** Whether it was revoked already. */
  readonly wasRevoked: boolean
}

export interface RevocationAuthority {
  /**
   * Revokes a certificate that the lab's test CI has issued, for good.
   * @throws {LabError} badInput — it is none, or of another issuer; conflict — the list is full
   */
  revoke(of: { readonly certificate: Uint8Array }): Promise<RevokedAnswer>
  /** The list of each of the lab's CIs, as of now. */
  lists(): readonly PublishedList[]
  readonly isRevoked: IsRevoked
}

const LIST_LIFETIME_MS = 30 * 86_400_000
const REVOCATIONS_MAX = 400

export function createRevocationAuthority(parts: {
  readonly store: Store
  readonly pki: TestPki
  readonly clock: Clock
}): RevocationAuthority {
  const { store, pki, clock } = parts
  const cis = CURVES.map((curve) => pki[curve].ci.certificate)
  let known = store.read(listRevocations)
  return {
    async revoke({ certificate: der }) {
      const certificate = certificateOf(der)
      const { authorityKeyId, serialNumber } = certificate
      const role = roleUnder(cis, certificate)
      const ciKeyId = toHex(authorityKeyId ?? new Uint8Array(0))
      const revocation = {
        ciKeyId,
        serialNumber,
        certificate: certificate.der,
        atMs: clock.nowMs(),
      }
      const isNew = await store.write((db) => addOne(db, revocation))
      known = store.read(listRevocations)
      return { role, subject: nameOf(certificate), serialNumber, wasRevoked: !isNew }
    },
    lists: () => CURVES.map((curve) => listOf(curve, { pki, known, nowMs: clock.nowMs() })),
    isRevoked: ({ authorityKeyId, serialNumber }) =>
      known.length > 0 &&
      authorityKeyId !== undefined &&
      known.some(
        (entry) => entry.serialNumber === serialNumber && entry.ciKeyId === toHex(authorityKeyId),
      ),
  }
}

function certificateOf(der: Uint8Array): Certificate {
  try {
    return readCertificate(der)
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    throw badCertificate(`this is no certificate: ${error.detail}`, error)
  }
}

/** eUICCs' certificates are never revoked one by one (SGP.22 §4.6.2): no CI has issued one. */
function roleUnder(cis: readonly Certificate[], certificate: Certificate): CertificateRole {
  const [role = 'dp-tls'] = certificate.policies.flatMap((policy) => roleOfPolicy(policy) ?? [])
  const verdict = validateChain({ chain: [certificate], roles: [role], anchors: cis })
  if (verdict.ok) return role
  throw badCertificate(
    `the lab's test CI revokes what it has issued: ${verdict.fault.detail}. An eUICC's certificate is its EUM's; revoke that`,
  )
}

function badCertificate(problem: string, cause?: unknown): LabError {
  return new LabError('badInput', `${problem}.`, { field: 'certificate', cause })
}

function addOne(db: Connection, revocation: Revocation): boolean {
  if (listRevocations(db).length >= REVOCATIONS_MAX) {
    throw new LabError('conflict', `a test CI revokes at most ${REVOCATIONS_MAX} certificates.`, {
      field: 'certificate',
    })
  }
  return addRevocation(db, revocation)
}

/** Who it is for, as people tell certificates apart. */
function nameOf({ subject }: Certificate): string {
  return Object.values(subject.attributes)
    .flat()
    .filter((value) => value !== undefined)
    .join(', ')
}

function listOf(
  curve: Curve,
  from: {
    readonly pki: TestPki
    readonly known: readonly Revocation[]
    readonly nowMs: number
  },
): PublishedList {
  const issuer = from.pki[curve].ci
  const ciKeyId = toHex(issuer.certificate.subjectKeyId ?? new Uint8Array(0))
  const own = from.known.filter((entry) => entry.ciKeyId === ciKeyId)
  const content: CrlContent = {
    issuer,
    // Each revocation makes a list of the next number; the first one is empty.
    crlNumber: own.length + 1,
    thisUpdateMs: from.nowMs,
    nextUpdateMs: from.nowMs + LIST_LIFETIME_MS,
    revoked: own.map(({ certificate }) => readCertificate(certificate)),
  }
  return {
    fileName: `CRL-${CURVE_SUFFIXES[curve]}.crl`,
    ciKeyId,
    crlNumber: content.crlNumber,
    revoked: own.length,
    list: issueCrl(content),
    segments: issueCrlSegments(content),
  }
}
