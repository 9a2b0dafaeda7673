/** The test certificates of a lab: a CI, an EUM and servers on each curve, and what is issued under them. */

import { asBuffer, concat, utf8 } from '../base/octets.ts'
import { LabError, messageOf } from '../base/errors.ts'
import type { Random } from '../base/environment.ts'
import {
  CURVES,
  generateKeyPair,
  keyPairFromPkcs8,
  pointOf,
  toPkcs8,
  type Curve,
  type KeyPair,
} from '../crypto/ec.ts'
import { readCertificate, type Certificate } from './certificate.ts'
import { validateAnchor, validateChain } from './chain.ts'
import { fromPem, toPem } from './forge.ts'
import {
  EUM_IIN,
  issueCi,
  issueDpAuth,
  issueDpPb,
  issueDpTls,
  issueDsAuth,
  issueDsTls,
  issueEuicc,
  issueEum,
  type Credential,
} from './issue.ts'
import type { CertificateRole } from './oids.ts'

/** The credentials on one curve. */
export interface CurvePki {
  readonly ci: Credential
  readonly eum: Credential
  readonly dpAuth: Credential
  readonly dpPb: Credential
  readonly dsAuth: Credential
}

export type TestPki = Readonly<Record<Curve, CurvePki>>
export type CredentialName = keyof CurvePki

interface CredentialKind {
  readonly role: CertificateRole
  readonly fileStem: string
}

/** The credentials of each curve, with the stems of SGP.26's file names. */
export const CREDENTIAL_KINDS: Readonly<Record<CredentialName, CredentialKind>> = {
  ci: { role: 'ci', fileStem: 'CI_ECDSA' },
  eum: { role: 'eum', fileStem: 'EUM_ECDSA' },
  dpAuth: { role: 'dp-auth', fileStem: 'S_SM_DPauth_ECDSA' },
  dpPb: { role: 'dp-pb', fileStem: 'S_SM_DPpb_ECDSA' },
  dsAuth: { role: 'ds-auth', fileStem: 'S_SM_DSauth_ECDSA' },
}
export const CREDENTIAL_NAMES = Object.keys(CREDENTIAL_KINDS) as readonly CredentialName[]

/** How SGP.26's file names call the curves. */
export const CURVE_SUFFIXES: Readonly<Record<Curve, string>> = {
  'P-256': 'NIST',
  brainpoolP256r1: 'BRP',
}

const EID_DIGITS = 32
const CHECK_DIGITS = 2
/** TLS under any other CI is refused (SGP.22 §4.5.2). */
const TLS_CURVE: Curve = 'P-256'
const SERIAL_OCTETS = 16

/** Issues the test certificates. The same seed gives the same keys and key identifiers; ECDSA signatures differ. */
export function createTestPki(options: { readonly random: Random }): TestPki {
  return overCurves((curve) => issueCurve(curve, options.random))
}

function issueCurve(curve: Curve, random: Random): CurvePki {
  const keyPair = (name: CredentialName): KeyPair =>
    generateKeyPair({ curve, random: random.stream(`pki/${curve}/${name}`) })
  const ci = issueCi({ keyPair: keyPair('ci') })
  return {
    ci,
    eum: issueEum({ issuer: ci, keyPair: keyPair('eum') }),
    dpAuth: issueDpAuth({ issuer: ci, keyPair: keyPair('dpAuth') }),
    dpPb: issueDpPb({ issuer: ci, keyPair: keyPair('dpPb') }),
    dsAuth: issueDsAuth({ issuer: ci, keyPair: keyPair('dsAuth') }),
  }
}

/** Issues CERT.EUICC under the curve's EUM; an EID has the same key on a curve for the same seed. */
export function issueEuiccCredential(options: {
  readonly pki: TestPki
  readonly curve: Curve
  readonly eid: string
  readonly random: Random
}): Credential {
  const { pki, curve, eid } = options
  const random = options.random.stream(`pki/${curve}/euicc/${eid}`)
  return issueEuicc({ issuer: pki[curve].eum, keyPair: generateKeyPair({ curve, random }), eid })
}

/**
 * Issues a TLS leaf under the NIST CI for any host names and IP addresses, valid for 397 days from a day before `nowMs`.
 * Its serial number never repeats, since browsers refuse two certificates of one CI with the same one.
 */
export function issueTlsCredential(options: TlsOrder & { readonly pki: TestPki }): Credential {
  const { pki, ...order } = options
  return issueTlsUnder(pki[order.curve ?? TLS_CURVE].ci, order)
}

/** What a TLS leaf is issued for. */
export interface TlsOrder {
  readonly hostNames: readonly [string, ...string[]]
  readonly role: 'dp-tls' | 'ds-tls'
  /** P-256 unless told (SGP.22 §4.5.2); the other is for clients that want it all the same. */
  readonly curve?: Curve
  /** The server's OID; that of SGP.26's test servers unless told. */
  readonly oid?: string
  /** Wall time. */
  readonly nowMs: number
  readonly random: Random
}

/** The same under any CI on the leaf's curve. */
export function issueTlsUnder(ci: Credential, order: TlsOrder): Credential {
  const { random, role, curve = TLS_CURVE, ...rest } = order
  const issueTls = role === 'dp-tls' ? issueDpTls : issueDsTls
  return issueTls({
    ...rest,
    issuer: ci,
    keyPair: generateKeyPair({
      curve,
      random: random.stream(`pki/${curve}/${role}`),
    }),
    serialNumber: concat(Uint8Array.of(0x01), random.unique(SERIAL_OCTETS - 1)),
  })
}

/**
 * An EID of an EUM, the test EUM unless told, with its two check digits: the 32 digits leave 1 when divided by 97
 * (SGP.02 §2.2.2).
 * @throws {LabError} badInput — the serial number is negative, or has more digits than the IIN leaves room for
 */
export function makeEid(options: {
  readonly serial: number | bigint
  readonly iin?: string
}): string {
  const { iin = EUM_IIN } = options
  const serialDigits = EID_DIGITS - CHECK_DIGITS - iin.length
  const serial = options.serial.toString().padStart(serialDigits, '0')
  if (!/^[0-9]+$/.test(serial) || serial.length !== serialDigits) {
    const detail = `the serial number of an EID has up to ${serialDigits} digits: ${serial}`
    throw new LabError('badInput', detail, { field: 'serial' })
  }
  const digits = `${iin}${serial}`
  const check = 98n - (BigInt(`${digits}00`) % 97n)
  return `${digits}${check.toString().padStart(2, '0')}`
}

/** Whether the check digits of an EID are right. */
export function hasValidCheckDigits(eid: string): boolean {
  return /^[0-9]{32}$/.test(eid) && BigInt(eid) % 97n === 1n
}

/** The PKI as files: certificates as DER, keys (`SK_…`, secret) as PKCS#8 in PEM. */
export function serialisePki(pki: TestPki): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {}
  for (const { curve, name } of allCredentials()) {
    const { certificate, keyPair } = pki[curve][name]
    files[certificateFile(curve, name)] = certificate.der
    files[keyFile(curve, name)] = utf8(toPem('PRIVATE KEY', toPkcs8(keyPair.privateKey)))
  }
  return files
}

/**
 * The PKI of files that `serialisePki` made.
 * @throws {LabError} damaged — a file is missing, cannot be read, or does not fit its certificate or its CI
 */
export function loadPki(files: Readonly<Record<string, Uint8Array | undefined>>): TestPki {
  const pki = overCurves((curve) => loadCurve(curve, files))
  for (const curve of CURVES) checkCurve(curve, pki[curve])
  return pki
}

/** The file that holds a certificate, `CERT_CI_ECDSA_NIST.der`. */
export function certificateFile(curve: Curve, name: CredentialName): string {
  return `CERT_${CREDENTIAL_KINDS[name].fileStem}_${CURVE_SUFFIXES[curve]}.der`
}

/** The file that holds a private key, `SK_CI_ECDSA_NIST.pem`: to be kept with mode 0600. */
export function keyFile(curve: Curve, name: CredentialName): string {
  return `SK_${CREDENTIAL_KINDS[name].fileStem}_${CURVE_SUFFIXES[curve]}.pem`
}

/** The files of a whole PKI. */
export const PKI_FILES: readonly string[] = allCredentials().flatMap(({ curve, name }) => [
  certificateFile(curve, name),
  keyFile(curve, name),
])

type Files = Readonly<Record<string, Uint8Array | undefined>>

function loadCurve(curve: Curve, files: Files): CurvePki {
  const load = (name: CredentialName): Credential => loadCredential(files, { curve, name })
  return {
    ci: load('ci'),
    eum: load('eum'),
    dpAuth: load('dpAuth'),
    dpPb: load('dpPb'),
    dsAuth: load('dsAuth'),
  }
}

function loadCredential(
  files: Files,
  which: { readonly curve: Curve; readonly name: CredentialName },
): Credential {
  const certificateName = certificateFile(which.curve, which.name)
  const keyName = keyFile(which.curve, which.name)
  const certificate = loadCertificate(certificateName, fileOf(files, certificateName))
  const pkcs8 = fromPem('PRIVATE KEY', asBuffer(fileOf(files, keyName)).toString('latin1'))
  const keyPair = pkcs8 && keyPairFromPkcs8(pkcs8)
  if (!keyPair) throw damaged(keyName, 'is no EC private key in PEM (PKCS#8)')
  if (!asBuffer(keyPair.point).equals(pointOf(certificate.publicKey))) {
    throw damaged(keyName, `is not the key of ${certificateName}`)
  }
  return { certificate, keyPair }
}

function fileOf(files: Files, name: string): Uint8Array {
  const octets = files[name]
  if (!octets) throw damaged(name, 'is missing')
  return octets
}

function loadCertificate(name: string, der: Uint8Array): Certificate {
  try {
    return readCertificate(der)
  } catch (error) {
    throw damaged(name, `is no certificate: ${messageOf(error)}`)
  }
}

function checkCurve(curve: Curve, credentials: CurvePki): void {
  for (const name of CREDENTIAL_NAMES) {
    const { certificate } = credentials[name]
    const verdict =
      name === 'ci'
        ? validateAnchor(certificate)
        : validateChain({
            chain: [certificate],
            roles: [CREDENTIAL_KINDS[name].role],
            anchors: [credentials.ci.certificate],
          })
    if (!verdict.ok) throw damaged(certificateFile(curve, name), verdict.fault.detail)
    if (certificate.curve !== curve) {
      throw damaged(certificateFile(curve, name), `is not on ${curve}`)
    }
  }
}

function damaged(file: string, problem: string): LabError {
  return new LabError(
    'damaged',
    `${file}: ${problem}. Restore the file, or remove the whole PKI to have a new one issued.`,
    { field: file },
  )
}

function allCredentials(): { curve: Curve; name: CredentialName }[] {
  return CURVES.flatMap((curve) => CREDENTIAL_NAMES.map((name) => ({ curve, name })))
}

function overCurves(make: (curve: Curve) => CurvePki): TestPki {
  return { 'P-256': make('P-256'), brainpoolP256r1: make('brainpoolP256r1') }
}
