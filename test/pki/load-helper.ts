/** What the tests of brought PKIs share: the pieces of a PKI, written in any form, in any files. */

import { createPrivateKey, createPublicKey } from 'node:crypto'
import { toHex, utf8 } from '../../src/base/octets.ts'
import { toPkcs8 } from '../../src/crypto/ec.ts'
import { toPem } from '../../src/pki/forge.ts'
import type { FoundPki } from '../../src/pki/arrange.ts'
import type { Credential } from '../../src/pki/issue.ts'
import { issueEuiccCredential, issueTlsCredential, makeEid } from '../../src/pki/test-pki.ts'
import { CURVES } from '../../src/crypto/ec.ts'
import { pki, random } from './helper.ts'

export const NOW_MS = Date.UTC(2026, 5, 1)
export const EID = makeEid({ serial: 77 })

export const tls = issueTlsCredential({
  pki,
  hostNames: ['smdp.example.com'],
  role: 'dp-tls',
  nowMs: NOW_MS,
  random,
})

/** Every credential that a test lab can have, eUICC and TLS included. */
export const everything: readonly Credential[] = [
  ...CURVES.flatMap((curve) => {
    const { ci, eum, dpAuth, dpPb, dsAuth } = pki[curve]
    const euicc = issueEuiccCredential({ pki, curve, eid: EID, random })
    return [ci, eum, dpAuth, dpPb, dsAuth, euicc]
  }),
  tls,
]

export function certificatePem({ certificate }: Credential): Uint8Array {
  return utf8(toPem('CERTIFICATE', certificate.der))
}

export function keyPem({ keyPair }: Credential): Uint8Array {
  return utf8(toPem('PRIVATE KEY', toPkcs8(keyPair.privateKey)))
}

/** The ways in which tools write a certificate. */
export const CERTIFICATE_FORMS: readonly ((credential: Credential) => Uint8Array)[] = [
  ({ certificate }) => certificate.der,
  certificatePem,
  (credential) =>
    utf8(`Bag Attributes\r\n${textOf(certificatePem(credential))}`.replaceAll('\n', '\r\n')),
  ({ certificate }) => utf8(`${toHex(certificate.der)}\n`),
  ({ certificate }) => utf8(Buffer.from(certificate.der).toString('base64')),
]

/** The ways in which tools write a private key. */
export const KEY_FORMS: readonly ((credential: Credential) => Uint8Array)[] = [
  keyPem,
  ({ keyPair }) => toPkcs8(keyPair.privateKey),
  sec1Pem,
  ({ keyPair }) => keyPair.privateKey.export({ format: 'der', type: 'sec1' }),
  // As openssl ecparam -genkey writes them, with the curve before the key.
  (credential) =>
    utf8(
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${textOf(sec1Pem(credential))}`,
    ),
  ({ keyPair }) => utf8(toHex(toPkcs8(keyPair.privateKey)).toLowerCase()),
]

function sec1Pem({ keyPair }: Credential): Uint8Array {
  return utf8(keyPair.privateKey.export({ format: 'pem', type: 'sec1' }) as string)
}

export function textOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('utf8')
}

/** A key under a passphrase. */
export function encryptedPem({ keyPair }: Credential): Uint8Array {
  const options = { format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'x' } as const
  return utf8(createPrivateKey(textOf(keyPem({ keyPair } as Credential))).export(options) as string)
}

export function publicPem({ keyPair }: Credential): Uint8Array {
  return utf8(createPublicKey(keyPair.privateKey).export({ format: 'pem', type: 'spki' }) as string)
}

/** What was found, without the names of files. */
export function contentOf(found: FoundPki): unknown {
  return found.cis.map((ci) => ({
    ci: ci.certificate.fingerprint,
    hasKey: ci.keyPair !== undefined,
    issued: Object.entries(ci.issued).map(([role, credentials]) => [
      role,
      credentials.map(({ certificate, keyPair }) => [
        certificate.fingerprint,
        keyPair && toHex(keyPair.point),
      ]),
    ]),
  }))
}
