import { X509Certificate } from 'node:crypto'
import test from 'ava'
import * as asn1js from 'asn1js'
import { seededRandom } from '../../src/base/environment.ts'
import { concat, toHex } from '../../src/base/octets.ts'
import { CURVES, pointOf } from '../../src/crypto/ec.ts'
import { CertificateError, readCertificate, type Certificate } from '../../src/pki/certificate.ts'
import { keyIdentifier } from '../../src/pki/issue.ts'
import {
  createTestPki,
  CREDENTIAL_NAMES,
  issueEuiccCredential,
  issueTlsCredential,
  makeEid,
} from '../../src/pki/test-pki.ts'
import { openssl } from './helper.ts'

const random = seededRandom('certificate tests')
const pki = createTestPki({ random })
const NOW_MS = Date.UTC(2026, 5, 1)
const EID = makeEid({ serial: 1 })
const tls = issueTlsCredential({
  pki,
  hostNames: ['rsp.example.com', '127.0.0.1', '2001:db8::1'],
  role: 'dp-tls',
  nowMs: NOW_MS,
  random,
}).certificate

const certificates: readonly Certificate[] = [
  ...CURVES.flatMap((curve) => [
    ...CREDENTIAL_NAMES.map((name) => pki[curve][name].certificate),
    issueEuiccCredential({ pki, curve, eid: EID, random }).certificate,
  ]),
  tls,
]
const dpAuth = pki['P-256'].dpAuth.certificate

test('reads what Node reads', (t) => {
  for (const certificate of certificates) {
    const node = new X509Certificate(certificate.der)
    t.is(certificate.serialNumber.replace(/^00/, ''), node.serialNumber)
    t.is(certificate.fingerprint, node.fingerprint256.replaceAll(':', ''))
    t.is(certificate.notBeforeMs, Date.parse(node.validFrom))
    t.is(certificate.notAfterMs, Date.parse(node.validTo))
    t.is(certificate.basicConstraints?.cA ?? false, node.ca)
    t.true(certificate.publicKey.equals(node.publicKey))
    const subject = Object.entries(certificate.subject.attributes).map(
      ([name, values]) => `${name}=${values?.[0]}`,
    )
    t.is(subject.join('\n'), node.subject.replaceAll('\\', ''))
  }
})

test('reads the same octets as asn1js does on its own', (t) => {
  for (const certificate of certificates) {
    const tree = asn1js.fromBER(certificate.der).result as asn1js.Sequence
    const [tbs, , signature] = tree.valueBlock.value as [
      asn1js.Sequence,
      asn1js.Sequence,
      asn1js.BitString,
    ]
    t.deepEqual(toHex(certificate.tbs), toHex(tbs.valueBeforeDecodeView))
    t.deepEqual(toHex(certificate.signature), toHex(signature.valueBlock.valueHexView))
    const subject = tbs.valueBlock.value[5] as asn1js.Sequence
    t.deepEqual(toHex(certificate.subject.der), toHex(subject.valueBeforeDecodeView))
  }
})

test('reads what openssl reads', (t) => {
  for (const certificate of certificates) {
    const args = ['x509', '-in', 'c.der', '-inform', 'der', '-noout', '-text']
    const said = openssl(t, { args, files: { 'c.der': certificate.der } })
    if (said === undefined) {
      t.pass()
      return
    }
    const text = said.replaceAll(/[:\s]+/g, ' ')
    const keyId = toHex(certificate.subjectKeyId ?? new Uint8Array()).replaceAll(/(..)/g, '$1 ')
    t.true(text.includes(`Subject Key Identifier ${keyId}`))
    for (const policy of certificate.policies) t.true(text.includes(`Policy ${policy}`))
    for (const id of certificate.subjectAltName.registeredIds) {
      t.true(text.includes(`Registered ID ${id}`))
    }
    for (const url of certificate.crlUrls) t.true(text.includes(url.replaceAll(':', ' ')))
  }
})

test('reads the extensions that SGP.22 gives an EUM', (t) => {
  const eum = pki.brainpoolP256r1.eum.certificate
  t.is(eum.curve, 'brainpoolP256r1')
  t.deepEqual(eum.basicConstraints, { cA: true, pathLen: 0 })
  t.deepEqual([...(eum.keyUsage ?? [])], ['keyCertSign'])
  t.deepEqual(eum.policies, ['2.23.146.1.2.1.2'])
  t.deepEqual(eum.nameConstraints, {
    permitted: [{ O: ['RSP Test EUM'], serialNumber: ['89049032'] }],
    hasOthers: false,
  })
  t.is(eum.criticality.get('nameConstraints'), true)
  t.is(eum.criticality.get('subjectAltName'), false)
  t.deepEqual(eum.authorityKeyId, pki.brainpoolP256r1.ci.certificate.subjectKeyId)
  t.is(toHex(eum.subjectKeyId!), toHex(keyIdentifier(pointOf(eum.publicKey))))
})

test('reads host names and addresses of both kinds', (t) => {
  t.deepEqual(tls.subjectAltName, {
    dnsNames: ['rsp.example.com'],
    ipAddresses: ['127.0.0.1', '2001:db8::1'],
    registeredIds: ['2.999.10'],
  })
  const node = new X509Certificate(tls.der)
  t.is(node.checkHost('rsp.example.com'), 'rsp.example.com')
  t.is(node.checkIP('127.0.0.1'), '127.0.0.1')
  t.is(node.checkIP('2001:db8::1'), '2001:db8::1')
})

test('reads a validity up to the year 7496', (t) => {
  const euicc = issueEuiccCredential({ pki, curve: 'P-256', eid: EID, random }).certificate
  t.is(new Date(euicc.notAfterMs).toISOString(), '7496-01-24T00:00:00.000Z')
})

test('gives one object for one certificate, and keeps it from changes of the buffer it came in', (t) => {
  const buffer = Uint8Array.from(dpAuth.der)
  const certificate = readCertificate(buffer)
  buffer.fill(0)
  t.is(readCertificate(dpAuth.der), certificate)
  t.is(toHex(certificate.der.subarray(0, 2)), '3082')
})

for (const [what, der, detail] of [
  ['nothing', new Uint8Array(), /truncated/],
  ['octets behind the end', concat(dpAuth.der, Uint8Array.of(0)), /behind the end/],
  ['a certificate cut short', dpAuth.der.subarray(0, -1), /octets/],
  ['another kind of element', Uint8Array.of(0x04, 0x00), /expected \[30\], found \[04\]/],
  ['an empty sequence', Uint8Array.of(0x30, 0x00), /tbsCertificate is missing/],
  ['an indefinite length', Uint8Array.of(0x30, 0x80, 0, 0), /indefinite/],
  ['far too many octets', new Uint8Array(20_000), /more than 16384/],
] as const) {
  test(`refuses ${what}`, (t) => {
    const error = t.throws(() => readCertificate(der), { instanceOf: CertificateError })
    t.regex(error.detail, detail)
  })
}

test('refuses a key that is not on one of the two curves, and another signature algorithm', (t) => {
  const swaps: [string, string][] = [
    ['2A8648CE3D030107', '2A8648CE3D030106'],
    ['06082A8648CE3D040302', '06082A8648CE3D040303'],
  ]
  for (const [from, to] of swaps) {
    const der = Buffer.from(toHex(dpAuth.der).replaceAll(from, to), 'hex')
    t.throws(() => readCertificate(der), { instanceOf: CertificateError })
  }
})
