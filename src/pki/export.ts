/** The PKI for other people's tools: PEM, DER, PKCS#8 and PKCS#12 under SGP.26's file names. */

import { utf8 } from '../base/octets.ts'
import { CURVES, toPkcs8, type Curve } from '../crypto/ec.ts'
import { assemblePfx, toPem } from './forge.ts'
import type { Credential } from './issue.ts'
import {
  CREDENTIAL_KINDS,
  CREDENTIAL_NAMES,
  CURVE_SUFFIXES,
  type CredentialName,
  type TestPki,
} from './test-pki.ts'

export interface ExportedFile {
  /** Relative, with `/`: `ci/CERT_CI_ECDSA_NIST.pem`. */
  readonly path: string
  readonly octets: Uint8Array
  /** Whether it holds a private key: to be written with mode 0600. */
  readonly secret: boolean
}

/** A credential to be exported: its folder, the stem of its file names, its chain below its own certificate. */
export interface ExportedCredential {
  readonly folder: string
  readonly fileStem: string
  readonly credential: Credential
  readonly issuers: readonly Credential[]
}

const FOLDERS: Readonly<Record<CredentialName, string>> = {
  ci: 'ci',
  eum: 'eum',
  dpAuth: 'smdp',
  dpPb: 'smdp',
  dsAuth: 'smds',
}

/** Every credential of the PKI, and others that are named, as files; the PKCS#12 files open with the passphrase. */
export function exportPki(options: {
  readonly pki: TestPki
  readonly passphrase: string
  /** Credentials issued under the PKI: eUICCs, TLS leaves. */
  readonly others?: readonly ExportedCredential[]
}): ExportedFile[] {
  const own = CURVES.flatMap((curve) =>
    CREDENTIAL_NAMES.map((name) => namedCredential(options.pki, { curve, name })),
  )
  return [...own, ...(options.others ?? [])].flatMap((named) =>
    exportCredential(named, options.passphrase),
  )
}

function namedCredential(
  pki: TestPki,
  which: { readonly curve: Curve; readonly name: CredentialName },
): ExportedCredential {
  const { curve, name } = which
  return {
    folder: FOLDERS[name],
    fileStem: `${CREDENTIAL_KINDS[name].fileStem}_${CURVE_SUFFIXES[curve]}`,
    credential: pki[curve][name],
    issuers: name === 'ci' ? [] : [pki[curve].ci],
  }
}

function exportCredential(named: ExportedCredential, passphrase: string): ExportedFile[] {
  const { folder, fileStem, credential, issuers } = named
  const { der } = credential.certificate
  const pkcs8 = toPkcs8(credential.keyPair.privateKey)
  const pfx = assemblePfx({
    certificates: [der, ...issuers.map(({ certificate }) => certificate.der)],
    pkcs8,
    friendlyName: fileStem,
    passphrase,
  })
  return [
    publicFile(`${folder}/CERT_${fileStem}.pem`, utf8(toPem('CERTIFICATE', der))),
    publicFile(`${folder}/CERT_${fileStem}.der`, der),
    secretFile(`${folder}/SK_${fileStem}.pem`, utf8(toPem('PRIVATE KEY', pkcs8))),
    secretFile(`${folder}/${fileStem}.p12`, pfx),
  ]
}

function publicFile(path: string, octets: Uint8Array): ExportedFile {
  return { path, octets, secret: false }
}

function secretFile(path: string, octets: Uint8Array): ExportedFile {
  return { path, octets, secret: true }
}
