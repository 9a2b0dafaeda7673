/** Revocation lists on the card, and the only time it knows (SGP.22 §5.7.12, §4.6.3). */

import { equalOctets } from '../base/octets.ts'
import { CertificateError, type Certificate } from '../pki/certificate.ts'
import { readCrl, verifyCrl, type Crl } from '../pki/crl.ts'
import type { Es10Request, Es10Response } from '../rsp/es10.ts'
import type { LoadCRLResponse } from '../rsp/es10b.ts'
import { trustedCis, update, type Card } from './card.ts'
import type { EuiccState, LoadedCrl, RevokedEntry } from './state.ts'

/** References to revoked certificates that the card has room for, of all CIs. */
const ENTRIES_MAX = 512

type LoadCrlError = NonNullable<LoadCRLResponse['loadCRLResponseError']>
type Checked = { readonly crl: Crl; readonly number: number; readonly ci: Certificate }

/**
 * ES10b.LoadCRL (SGP.22 §5.7.12): takes a CI's list, a part of one, or a delta. A list that is there already is
 * answered with the parts that are missing, and changes nothing.
 */
export function loadCRL(card: Card, request: Es10Request<'loadCRL'>): Es10Response<'loadCRL'> {
  const checked = checkCrl(card, request.crl)
  if (typeof checked !== 'object') return { loadCRLResponseError: checked }
  const { crl, number } = checked
  const loaded = loadedOf(card.state, checked.ci)
  if (loaded && number < loaded.crlNumber)
    return { loadCRLResponseError: 'fresherCrlAlreadyLoaded' }
  if (loaded && number === loaded.crlNumber) {
    if (!crl.part) return { loadCRLResponseOk: {} }
    if (!loaded.missingParts.includes(crl.part.number)) return answerOf(loaded)
  }
  if (crl.baseCrlNumber !== undefined && !hasBase(loaded, crl.baseCrlNumber)) {
    return { loadCRLResponseError: 'baseCrlMissing' }
  }
  return keep(card, checked)
}

/** The checks before the number, in the order of the text: key, signature, format. */
function checkCrl(card: Card, octets: Uint8Array): LoadCrlError | Checked {
  const crl = tryRead(octets)
  if (!crl) return 'invalidCRLFormat'
  const ci = trustedCis(card).find((trusted) => isKeyOf(trusted, crl.authorityKeyId))
  if (!ci) return 'verificationKeyNotFound'
  if (!verifyCrl(crl, ci)) return 'invalidSignature'
  const isOfCi = equalOctets(crl.issuer, ci.subject.der)
  if (crl.fault !== undefined || !isOfCi || crl.crlNumber === undefined) return 'invalidCRLFormat'
  return { crl, number: crl.crlNumber, ci }
}

/** The list under a SEQUENCE's own tag, which ES10b replaces by [0]. */
function tryRead(octets: Uint8Array): Crl | undefined {
  const der = Uint8Array.from(octets)
  der[0] = 0x30
  try {
    return readCrl(der)
  } catch (error) {
    if (error instanceof CertificateError) return undefined
    throw error
  }
}

function isKeyOf({ subjectKeyId }: Certificate, keyId: Uint8Array | undefined): boolean {
  return subjectKeyId && keyId ? equalOctets(subjectKeyId, keyId) : false
}

function loadedOf(state: EuiccState, ci: Certificate): LoadedCrl | undefined {
  return state.revocations.find(({ ciKeyId }) => isKeyOf(ci, ciKeyId))
}

/** A later list is complete: it holds what its predecessors held (SGP.22 §4.6.1). */
function hasBase(loaded: LoadedCrl | undefined, baseCrlNumber: number): boolean {
  return loaded ? loaded.crlNumber >= baseCrlNumber && loaded.missingParts.length === 0 : false
}

/** Time, entries and number change together; what expired before the list's time is forgotten. */
function keep(card: Card, { crl, number, ci }: Checked): LoadCRLResponse {
  const { state } = card
  const timeReferenceMs = Math.max(crl.thisUpdateMs, state.timeReferenceMs ?? crl.thisUpdateMs)
  const loaded = loadedOf(state, ci)
  const added: LoadedCrl = {
    ciKeyId: ci.subjectKeyId ?? new Uint8Array(0),
    crlNumber: number,
    missingParts: missingAfter(crl, loaded?.crlNumber === number ? loaded : undefined),
    entries: union(loaded?.entries ?? [], crl.entries),
  }
  const revocations = [...state.revocations.filter((other) => other !== loaded), added].map(
    (kept) => ({ ...kept, entries: kept.entries.filter(isAlive(timeReferenceMs)) }),
  )
  const count = revocations.reduce((total, { entries }) => total + entries.length, 0)
  if (count > ENTRIES_MAX) return { loadCRLResponseError: 'notEnoughMemorySpace' }
  update(card, { revocations, timeReferenceMs })
  return answerOf(added)
}

function answerOf({ missingParts }: LoadedCrl): LoadCRLResponse {
  return { loadCRLResponseOk: missingParts.length > 0 ? { missingParts } : {} }
}

function missingAfter({ part }: Crl, loaded: LoadedCrl | undefined): number[] {
  if (!part) return []
  const before = loaded?.missingParts ?? Array.from({ length: part.total }, (_, at) => at + 1)
  return before.filter((number) => number !== part.number)
}

function union(before: readonly RevokedEntry[], added: readonly RevokedEntry[]): RevokedEntry[] {
  const known = new Set(before.map(({ serialNumber }) => serialNumber))
  return [...before, ...added.filter(({ serialNumber }) => !known.has(serialNumber))]
}

function isAlive(timeReferenceMs: number): (entry: RevokedEntry) => boolean {
  return ({ expiresMs }) => expiresMs === undefined || expiresMs >= timeReferenceMs
}

/**
 * Whether a server's certificate, or the CI above it, is revoked or expired, as far as the card knows (SGP.22 §4.5.2.2).
 * Certificates of eUICCs stand in no list.
 */
export function isRevokedOrExpired({ state }: Card, certificates: readonly Certificate[]): boolean {
  const { timeReferenceMs } = state
  return certificates.some((certificate) => {
    if (timeReferenceMs !== undefined && certificate.notAfterMs < timeReferenceMs) return true
    const keyId = certificate.authorityKeyId ?? certificate.subjectKeyId
    const list = state.revocations.find(({ ciKeyId }) => keyId && equalOctets(ciKeyId, keyId))
    return list?.entries.some(({ serialNumber }) => serialNumber === certificate.serialNumber)
  })
}
