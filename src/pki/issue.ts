/** Issuing of every certificate of SGP.22 §4.5.2.1, in the layout of SGP.26's test certificates (variant O). */

import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { eidToOctets } from '../base/bcd.ts'
import { LabError } from '../base/errors.ts'
import { concat, fromHex, hex } from '../base/octets.ts'
import { signDer, spkiOfPoint, type KeyPair } from '../crypto/ec.ts'
import { readCertificate, type Certificate } from './certificate.ts'
import {
  assembleCertificate,
  assembleName,
  assembleTbs,
  extension,
  extensionValue,
  type Extension,
  type NameParts,
} from './forge.ts'
import {
  CLIENT_AUTH,
  ROLE_POLICIES,
  SERVER_AUTH,
  type CertificateRole,
  type KeyUsage,
} from './oids.ts'

export type { Extension, NameParts } from './forge.ts'

/** A certificate and the key pair it speaks of. */
export interface Credential {
  readonly certificate: Certificate
  readonly keyPair: KeyPair
}

/** Everything that goes into a certificate, before it is signed. */
export interface Recipe {
  /** Absent for a certificate that signs itself. */
  readonly issuer?: Credential
  readonly keyPair: KeyPair
  /** Big endian, positive. */
  readonly serialNumber: Uint8Array
  readonly subject: NameParts
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly extensions: readonly Extension[]
}

interface Issuing {
  readonly keyPair: KeyPair
  /** Changes the recipe before it is signed: how certificates with faults are made. */
  readonly change?: (recipe: Recipe) => Recipe
}

interface IssuingUnder extends Issuing {
  readonly issuer: Credential
}

const TEST_CI_NAME: NameParts = [
  ['CN', 'Test CI'],
  ['OU', 'TESTCERT'],
  ['O', 'RSPTEST'],
  ['C', 'IT'],
]
const TEST_DP_NAME: NameParts = [
  ['O', 'ACME'],
  ['CN', 'TEST SM-DP+'],
]
const TEST_DS_NAME: NameParts = [
  ['O', 'ACME'],
  ['CN', 'TEST SM-DS'],
]
const EUM_ORGANISATION = 'RSP Test EUM'
/** With what the EIDs of the test EUM begin: its certificate allows no others. */
export const EUM_IIN = '89049032'
const CI_OID = '2.999.1'
const EUM_OID = '2.999.5'
const DP_OID = '2.999.10'
/** The OID of SGP.26's test SM-DS. */
export const DS_OID = '2.999.15'
const CRL_A = 'http://ci.test.example.com/CRL-A.crl'
const CRL_B = 'http://ci.test.example.com/CRL-B.crl'

const CI_SERIAL_OCTETS = 9
const DAY_MS = 86_400_000
/** What browsers and the CA/Browser Forum's baseline requirements accepted as the longest life of a TLS leaf. */
const TLS_LIFE_MS = 397 * DAY_MS
const NOT_BEFORE_MS = Date.UTC(2020, 3, 1)
const NOT_AFTER_MS = Date.UTC(2055, 3, 1)
const EUICC_NOT_AFTER_MS = Date.UTC(7496, 0, 24)

/** Signs a certificate of any content. */
export function issueCertificate(recipe: Recipe): Credential {
  const subject = assembleName(recipe.subject)
  const tbs = assembleTbs({
    ...recipe,
    subject,
    issuer: recipe.issuer?.certificate.subject.der ?? subject,
    spki: spkiOfPoint(recipe.keyPair),
  })
  const signer = recipe.issuer?.keyPair ?? recipe.keyPair
  const signature = signDer(signer.privateKey, tbs)
  return {
    certificate: readCertificate(assembleCertificate({ tbs, signature })),
    keyPair: recipe.keyPair,
  }
}

/** The Subject Key Identifier of a public point: its SHA-1 (RFC 5280 §4.2.1.2, method 1). */
export function keyIdentifier(point: Uint8Array): Uint8Array {
  return createHash('sha1').update(point).digest()
}

/** CERT.CI.ECDSA (SGP.22 Table 10): signs itself. */
export function issueCi(options: Issuing): Credential {
  return issue(options, {
    keyPair: options.keyPair,
    serialNumber: ciSerialNumber(options.keyPair),
    subject: TEST_CI_NAME,
    notBeforeMs: NOT_BEFORE_MS,
    notAfterMs: NOT_AFTER_MS,
    extensions: [
      subjectKey(options.keyPair),
      extension('basicConstraints', {
        critical: true,
        value: extensionValue.basicConstraints({ cA: true }),
      }),
      policy('ci'),
      keyUsage('keyCertSign', 'cRLSign'),
      alternativeNames({ registeredIds: [CI_OID] }),
      crls(CRL_A, CRL_B),
    ],
  })
}

/** CERT.EUM.ECDSA (SGP.22 Table 12): may issue to eUICCs of its organisation whose EIDs start with its IIN. */
export function issueEum(options: IssuingUnder): Credential {
  return issue(options, {
    issuer: options.issuer,
    keyPair: options.keyPair,
    serialNumber: hex('12345678'),
    subject: [
      ['C', 'ES'],
      ['O', EUM_ORGANISATION],
      ['CN', 'EUM Test'],
    ],
    notBeforeMs: NOT_BEFORE_MS,
    notAfterMs: NOT_AFTER_MS,
    extensions: [
      ...keyIdentifiers(options),
      keyUsage('keyCertSign'),
      policy('eum'),
      alternativeNames({ registeredIds: [EUM_OID] }),
      extension('basicConstraints', {
        critical: true,
        value: extensionValue.basicConstraints({ cA: true, pathLen: 0 }),
      }),
      crls(CRL_B),
      extension('nameConstraints', {
        critical: true,
        value: extensionValue.nameConstraints([
          [
            ['O', EUM_ORGANISATION],
            ['serialNumber', EUM_IIN],
          ],
        ]),
      }),
    ],
  })
}

/**
 * CERT.EUICC.ECDSA (SGP.22 Table 11). The EID gives the serial number too, which is then unique for its EUM; the
 * organisation is one that the EUM's name constraints permit.
 * @throws {LabError} badInput — the EID has not 32 digits
 */
export function issueEuicc(options: IssuingUnder & { readonly eid: string }): Credential {
  if (!eidToOctets(options.eid)) {
    throw new LabError('badInput', `an EID has 32 digits: ${options.eid}`, { field: 'eid' })
  }
  return issue(options, {
    issuer: options.issuer,
    keyPair: options.keyPair,
    serialNumber: fromHex(BigInt(options.eid).toString(16).padStart(28, '0')) as Uint8Array,
    subject: [
      ['C', 'ES'],
      ['O', organisationFor(options)],
      ['serialNumber', options.eid],
      ['CN', 'Test eUICC'],
    ],
    notBeforeMs: NOT_BEFORE_MS,
    notAfterMs: EUICC_NOT_AFTER_MS,
    extensions: [...keyIdentifiers(options), keyUsage('digitalSignature'), policy('euicc')],
  })
}

/** The organisation that the EUM may name in eUICCs whose EIDs begin like this one. */
function organisationFor(options: IssuingUnder & { readonly eid: string }): string {
  const permitted = options.issuer.certificate.nameConstraints?.permitted ?? []
  const pair = permitted.find(({ serialNumber }) =>
    serialNumber?.some((iin) => options.eid.startsWith(iin)),
  )
  return pair?.['O']?.[0] ?? EUM_ORGANISATION
}

/** CERT.DPauth.ECDSA (SGP.22 Table 13). */
export function issueDpAuth(options: IssuingUnder): Credential {
  return issueServer(options, {
    role: 'dp-auth',
    serialNumber: hex('0100'),
    subject: TEST_DP_NAME,
    oid: DP_OID,
  })
}

/** CERT.DPpb.ECDSA (SGP.22 Table 13): like CERT.DPauth but for key, serial number and policy. */
export function issueDpPb(options: IssuingUnder): Credential {
  return issueServer(options, {
    role: 'dp-pb',
    serialNumber: hex('0101'),
    subject: TEST_DP_NAME,
    oid: DP_OID,
  })
}

/** CERT.DSauth.ECDSA (SGP.22 Table 15), that of SGP.26's test SM-DS unless told. */
export function issueDsAuth(
  options: IssuingUnder & { readonly oid?: string; readonly serialNumber?: Uint8Array },
): Credential {
  return issueServer(options, {
    role: 'ds-auth',
    serialNumber: options.serialNumber ?? hex('0200'),
    subject: TEST_DS_NAME,
    oid: options.oid ?? DS_OID,
  })
}

interface TlsIssuing extends IssuingUnder {
  /** Host names or IP addresses; the first is the common name. */
  readonly hostNames: readonly [string, ...string[]]
  readonly serialNumber: Uint8Array
  /** Wall time: a TLS leaf is judged by browsers and HTTP clients, which know no other. */
  readonly nowMs: number
  /** The server's OID; that of SGP.26's test servers unless told. */
  readonly oid?: string
}

/** CERT.DP.TLS (SGP.22 Table 14), valid from a day ago for 397 days. IP addresses are our extension. */
export function issueDpTls(options: TlsIssuing): Credential {
  return issueTls(options, { role: 'dp-tls', oid: options.oid ?? DP_OID })
}

/** CERT.DS.TLS (SGP.22 Table 16), valid from a day ago for 397 days. IP addresses are our extension. */
export function issueDsTls(options: TlsIssuing): Credential {
  return issueTls(options, { role: 'ds-tls', oid: options.oid ?? DS_OID })
}

function issue(options: Issuing, recipe: Recipe): Credential {
  return issueCertificate(options.change ? options.change(recipe) : recipe)
}

function issueServer(
  options: IssuingUnder,
  server: {
    readonly role: CertificateRole
    readonly serialNumber: Uint8Array
    readonly subject: NameParts
    readonly oid: string
  },
): Credential {
  return issue(options, {
    issuer: options.issuer,
    keyPair: options.keyPair,
    serialNumber: server.serialNumber,
    subject: server.subject,
    notBeforeMs: NOT_BEFORE_MS,
    notAfterMs: NOT_AFTER_MS,
    extensions: [
      ...keyIdentifiers(options),
      alternativeNames({ registeredIds: [server.oid] }),
      keyUsage('digitalSignature'),
      policy(server.role),
      crls(CRL_A, CRL_B),
    ],
  })
}

function issueTls(
  options: TlsIssuing,
  server: { readonly role: 'dp-tls' | 'ds-tls'; readonly oid: string },
): Credential {
  const notBeforeMs = wholeSeconds(options.nowMs - DAY_MS)
  return issue(options, {
    issuer: options.issuer,
    keyPair: options.keyPair,
    serialNumber: options.serialNumber,
    subject: [
      ['O', 'ACME'],
      ['CN', options.hostNames[0]],
    ],
    notBeforeMs,
    notAfterMs: notBeforeMs + TLS_LIFE_MS,
    extensions: [
      keyUsage('digitalSignature'),
      extension('extendedKeyUsage', {
        critical: true,
        value: extensionValue.extendedKeyUsage([SERVER_AUTH, CLIENT_AUTH]),
      }),
      extension('certificatePolicies', {
        value: extensionValue.certificatePolicies([ROLE_POLICIES[server.role]]),
      }),
      ...keyIdentifiers(options).toReversed(),
      alternativeNames({
        dnsNames: options.hostNames.filter((name) => isIP(name) === 0),
        ipAddresses: options.hostNames.filter((name) => isIP(name) !== 0),
        registeredIds: [server.oid],
      }),
      crls(CRL_A, CRL_B),
    ],
  })
}

/** Labs with other seeds have CIs of one name: browsers want their serial numbers to differ. */
function ciSerialNumber(keyPair: KeyPair): Uint8Array {
  return concat(Uint8Array.of(0x01), keyIdentifier(keyPair.point).subarray(0, CI_SERIAL_OCTETS - 1))
}

function wholeSeconds(instantMs: number): number {
  return Math.floor(instantMs / 1000) * 1000
}

function subjectKey(keyPair: KeyPair): Extension {
  const value = extensionValue.subjectKeyIdentifier(keyIdentifier(keyPair.point))
  return extension('subjectKeyIdentifier', { value })
}

function keyIdentifiers(options: IssuingUnder): Extension[] {
  const issuerKeyId =
    options.issuer.certificate.subjectKeyId ?? keyIdentifier(options.issuer.keyPair.point)
  return [
    extension('authorityKeyIdentifier', {
      value: extensionValue.authorityKeyIdentifier(issuerKeyId),
    }),
    subjectKey(options.keyPair),
  ]
}

function keyUsage(...usages: KeyUsage[]): Extension {
  return extension('keyUsage', { critical: true, value: extensionValue.keyUsage(usages) })
}

function policy(role: CertificateRole): Extension {
  const value = extensionValue.certificatePolicies([ROLE_POLICIES[role]])
  return extension('certificatePolicies', { critical: true, value })
}

function alternativeNames(names: Parameters<typeof extensionValue.subjectAltName>[0]): Extension {
  return extension('subjectAltName', { value: extensionValue.subjectAltName(names) })
}

function crls(...urls: string[]): Extension {
  return extension('crlDistributionPoints', { value: extensionValue.crlDistributionPoints(urls) })
}
