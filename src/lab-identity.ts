/** With whose certificates the lab speaks: those of its own test CI, or those that somebody brought. */

import { createHash } from 'node:crypto'
import { wallClock, type Random } from './base/environment.ts'
import { LabError } from './base/errors.ts'
import { CURVES, type Curve } from './crypto/ec.ts'
import { manufacturedEuicc, type EuiccState } from './euicc/state.ts'
import {
  euiccFactory,
  givenEuicc,
  serverCredentials,
  type EuiccCredentials,
  type ServerCredentials,
} from './pki/brought.ts'
import type { Certificate } from './pki/certificate.ts'
import { EUM_IIN } from './pki/issue.ts'
import { reportPki, reportText, serverFault } from './pki/load-report.ts'
import type { LoadedPki } from './pki/load.ts'
import { issueEuiccCredential, makeEid, type TestPki } from './pki/test-pki.ts'

/** A card to be made. */
export interface CardOrder {
  readonly name: string
  /** Follows the name unless given, so that a phone that is made again is the same one. */
  readonly eid?: string
  /** In its order of preference; both unless told. */
  readonly curves?: readonly Curve[]
}

export interface LabIdentity {
  /** What the SM-DP+ signs with, in its order of preference. */
  readonly credentials: readonly ServerCredentials[]
  /** Under which CIs the SM-DP+ believes eUICCs. */
  readonly trustedCis: readonly Certificate[]
  /** CIs under which the lab's own servers may stand, for its LPAs: brought ones, and its own. */
  readonly anchors: readonly Certificate[]
  /**
   * @throws {LabError} conflict — there is no EUM whose eUICCs the SM-DP+ believes; badInput — the EID is of no EUM that
   *   is here
   */
  manufacture(card: CardOrder): EuiccState
}

const EID_SERIALS = 10n ** 22n

/**
 * The identity of a lab. When a PKI was brought, the lab's own test CI is believed only if that is asked for: an SM-DP+
 * that shall meet real test cards must not take others by accident.
 */
export function createIdentity(parts: {
  readonly own: TestPki
  readonly brought: LoadedPki | undefined
  readonly withTestCi: boolean
  readonly random: Random
}): LabIdentity {
  const { own, brought, random } = parts
  const ownCis = CURVES.map((curve) => own[curve].ci.certificate)
  const ownCredentials = CURVES.map((curve) => ({
    ...own[curve],
    ci: own[curve].ci.certificate,
  }))
  const manufactureOwn = (card: CardOrder): EuiccState => ownCard(card, { pki: own, random })
  if (!brought) {
    return {
      credentials: ownCredentials,
      trustedCis: ownCis,
      anchors: ownCis,
      manufacture: manufactureOwn,
    }
  }
  const broughtCis = brought.cis.map(({ certificate }) => certificate)
  const factory = euiccFactory(brought, random)
  return {
    credentials: [...serverCredentials(brought), ...(parts.withTestCi ? ownCredentials : [])],
    trustedCis: [...broughtCis, ...(parts.withTestCi ? ownCis : [])],
    anchors: [...broughtCis, ...ownCis],
    manufacture(card) {
      if (factory) return manufacturedEuicc(factory.issue(serialised(card)))
      if (parts.withTestCi) return manufactureOwn(card)
      throw noEum(brought)
    },
  }
}

/** With which certificates a listener speaks; all that the SM-DP+ has, unless told. */
export interface FaceChoice {
  readonly curves?: readonly Curve[]
  /** Certificates and keys of an SM-DP+ that are not the lab's. */
  readonly pki?: LoadedPki
}

/** @throws {LabError} badInput — there is no certificate on these curves, or the PKI will not do */
export function faceOf(
  identity: LabIdentity,
  { curves, pki }: FaceChoice,
): Pick<LabIdentity, 'credentials' | 'trustedCis'> {
  if (pki) checkBrought(pki)
  const all = pki
    ? {
        credentials: serverCredentials(pki),
        trustedCis: pki.cis.map(({ certificate }) => certificate),
      }
    : identity
  const isOn = (ci: Certificate): boolean => curves === undefined || curves.includes(ci.curve)
  const credentials = all.credentials.filter(({ ci }) => isOn(ci))
  if (credentials.length > 0) return { credentials, trustedCis: all.trustedCis.filter(isOn) }
  const detail = `the SM-DP+ has no certificates on ${(curves ?? []).join(' or ')}.`
  throw new LabError('badInput', detail, { field: 'curves' })
}

/**
 * Makes sure that an SM-DP+ can run on what was brought.
 * @throws {LabError} badInput — the detail is the report of what was found and what is missing
 */
export function checkBrought(brought: LoadedPki): void {
  const fault = serverFault(brought, wallClock.nowMs())
  if (fault !== undefined) {
    throw new LabError('badInput', fault, { field: 'pki', reason: 'pkiIncomplete' })
  }
}

function notOfTestEum(eid: string): LabError {
  const detail = `the test EUM makes eUICCs whose EIDs begin with ${EUM_IIN}, and not ${eid}.`
  return new LabError('badInput', detail, { field: 'eid' })
}

function noEum({ directory }: LoadedPki): LabError {
  const detail =
    `${directory} holds neither the key of an EUM nor that of a CI, so no eUICC can be made that this SM-DP+ believes. ` +
    "Add one, or let it believe the lab's own test CI as well: serve --test-ci."
  return new LabError('conflict', detail, { reason: 'noEum' })
}

function noneLeft({ directory }: LoadedPki): LabError {
  const detail = `${directory} holds no CERT.EUICC that is free and asked for, and no key of an EUM or a CI to make one.`
  return new LabError('conflict', detail, { field: 'pki', reason: 'euiccInUse' })
}

function serialised({ name, ...others }: CardOrder) {
  return { ...others, serial: serialOf(name) }
}

function serialOf(name: string): bigint {
  const digest = createHash('sha256').update(`euicc/${name}`).digest('hex')
  return BigInt(`0x${digest}`) % EID_SERIALS
}

function ownCard(
  card: CardOrder,
  factory: { readonly pki: TestPki; readonly random: Random },
): EuiccState {
  const { pki, random } = factory
  const eid = card.eid ?? makeEid({ serial: serialOf(card.name) })
  if (!eid.startsWith(EUM_IIN)) throw notOfTestEum(eid)
  const curves = card.curves ?? CURVES
  return manufacturedEuicc({
    eid,
    credentials: curves.map((curve) => {
      const { certificate, keyPair } = issueEuiccCredential({ pki, curve, eid, random })
      return { keyPair, euiccCertificate: certificate, eumCertificate: pki[curve].eum.certificate }
    }),
    trustedCis: curves.map((curve) => pki[curve].ci.certificate),
  })
}

/**
 * A new card of a PKI that was brought: CERT.EUICC as it is there with its key, of the EID that is asked for or of one
 * that no other card has; else one that is issued for the name under an EUM whose key is there, or under a new EUM when
 * it is the CI's.
 * @throws {LabError} badInput — none of these keys is there: the detail is the report; conflict — other cards have all
 *   that are there
 */
export function cardOfPki(
  pki: LoadedPki,
  card: CardOrder & { readonly takenEids: readonly string[]; readonly random: Random },
): EuiccState {
  const { name, eid, takenEids, random } = card
  const credentials: EuiccCredentials | undefined =
    givenEuicc(pki, { eid, takenEids }) ??
    euiccFactory(pki, random)?.issue(serialised({ name, ...(eid !== undefined && { eid }) }))
  if (credentials) return manufacturedEuicc(credentials)
  if (givenEuicc(pki)) throw noneLeft(pki)
  const report = reportText(reportPki(pki, wallClock.nowMs()))
  const detail =
    `no eUICC can be made of the certificates there.\n\n${report}\n\n` +
    'An eUICC needs CERT.EUICC with its private key and CERT.EUM, or the private key of CERT.EUM or CERT.CI: add one.'
  throw new LabError('badInput', detail, { field: 'pki', reason: 'pkiIncomplete' })
}
