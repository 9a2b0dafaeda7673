/** Object identifiers of certificates: SGP.22 Annex H for the roles, ITU-T X.520 for names, RFC 5280 for extensions. */

/** What a certificate is for, named after its `id-rspRole-…` (SGP.22 Annex H). */
export type CertificateRole =
  'ci' | 'euicc' | 'eum' | 'dp-tls' | 'dp-auth' | 'dp-pb' | 'ds-tls' | 'ds-auth'

/** The policy identifier that gives a certificate its role. */
export const ROLE_POLICIES: Readonly<Record<CertificateRole, string>> = {
  ci: '2.23.146.1.2.1.0',
  euicc: '2.23.146.1.2.1.1',
  eum: '2.23.146.1.2.1.2',
  'dp-tls': '2.23.146.1.2.1.3',
  'dp-auth': '2.23.146.1.2.1.4',
  'dp-pb': '2.23.146.1.2.1.5',
  'ds-tls': '2.23.146.1.2.1.6',
  'ds-auth': '2.23.146.1.2.1.7',
}

/** The attributes of a Name that have a short name; others go by their dotted identifier. */
export const ATTRIBUTE_OIDS = {
  CN: '2.5.4.3',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  emailAddress: '1.2.840.113549.1.9.1',
} as const
export type AttributeName = keyof typeof ATTRIBUTE_OIDS

/** The extensions that are understood; any other that is critical makes a chain invalid. */
export const EXTENSION_OIDS = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const
export type ExtensionName = keyof typeof EXTENSION_OIDS

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
export const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'

/** KeyUsage's bits in the order of their numbers (RFC 5280 §4.2.1.3). */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const
export type KeyUsage = (typeof KEY_USAGES)[number]

const attributeNames = invert(ATTRIBUTE_OIDS)
const extensionNames = invert(EXTENSION_OIDS)
const roles = invert(ROLE_POLICIES)

/** The short name of an attribute, or its identifier as it stands. */
export function attributeName(oid: string): string {
  return attributeNames.get(oid) ?? oid
}

/** The name of an extension that is understood. */
export function extensionName(oid: string): ExtensionName | undefined {
  return extensionNames.get(oid)
}

/** The role that a policy identifier gives. */
export function roleOfPolicy(oid: string): CertificateRole | undefined {
  return roles.get(oid)
}

function invert<Name extends string>(oids: Readonly<Record<Name, string>>): Map<string, Name> {
  return new Map(Object.entries(oids).map(([name, oid]) => [oid as string, name as Name]))
}
