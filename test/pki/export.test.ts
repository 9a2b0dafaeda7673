import { createPrivateKey, X509Certificate } from 'node:crypto'
import test from 'ava'
import { exportPki } from '../../src/pki/export.ts'
import { issueEuiccCredential, makeEid } from '../../src/pki/test-pki.ts'
import { openssl, pki, random } from './helper.ts'

const euicc = issueEuiccCredential({
  pki,
  curve: 'P-256',
  eid: makeEid({ serial: 3 }),
  random,
})
const files = exportPki({
  pki,
  passphrase: 'esim-lab',
  others: [
    {
      folder: 'euicc',
      fileStem: 'EUICC_ECDSA_NIST',
      credential: euicc,
      issuers: [pki['P-256'].eum, pki['P-256'].ci],
    },
  ],
})
const octetsOf = (path: string): Uint8Array => files.find((file) => file.path === path)!.octets
const textOf = (path: string): string => Buffer.from(octetsOf(path)).toString('utf8')

test('names files like the test certificates of SGP.26, and no two alike', (t) => {
  const paths = files.map(({ path }) => path)
  t.is(new Set(paths).size, paths.length)
  for (const path of [
    'ci/CERT_CI_ECDSA_NIST.pem',
    'ci/CERT_CI_ECDSA_BRP.der',
    'smdp/SK_S_SM_DPauth_ECDSA_NIST.pem',
    'smds/S_SM_DSauth_ECDSA_BRP.p12',
    'euicc/CERT_EUICC_ECDSA_NIST.der',
  ]) {
    t.true(paths.includes(path), path)
  }
})

test('marks every file with a private key as secret, and no other', (t) => {
  for (const { path, secret } of files) t.is(secret, /SK_|\.p12$/.test(path), path)
})

test('writes PEM and DER that Node reads, of one certificate and its key', (t) => {
  const pem = new X509Certificate(textOf('smdp/CERT_S_SM_DPpb_ECDSA_BRP.pem'))
  const der = new X509Certificate(octetsOf('smdp/CERT_S_SM_DPpb_ECDSA_BRP.der'))
  t.is(pem.fingerprint256, der.fingerprint256)
  t.true(der.checkPrivateKey(createPrivateKey(textOf('smdp/SK_S_SM_DPpb_ECDSA_BRP.pem'))))
})

for (const [path, certificates] of [
  ['smdp/S_SM_DPauth_ECDSA_NIST.p12', 2],
  ['smdp/S_SM_DPauth_ECDSA_BRP.p12', 2],
  ['ci/CI_ECDSA_NIST.p12', 1],
  ['euicc/EUICC_ECDSA_NIST.p12', 3],
] as const) {
  test(`openssl opens ${path} with the passphrase and finds chain and key`, (t) => {
    const args = ['pkcs12', '-in', 'x.p12', '-nodes', '-passin', 'pass:esim-lab']
    const text = openssl(t, { args, files: { 'x.p12': octetsOf(path) } })
    if (text === undefined) {
      t.pass()
      return
    }
    t.is(text.match(/BEGIN CERTIFICATE/g)?.length, certificates)
    t.regex(text, /friendlyName: \w+_ECDSA_/)
    const key = /-----BEGIN PRIVATE KEY-----[^]*-----END PRIVATE KEY-----/.exec(text)?.[0] ?? ''
    const leaf = path.replace(/(\w+)\.p12/, 'CERT_$1.pem')
    t.true(new X509Certificate(textOf(leaf)).checkPrivateKey(createPrivateKey(key)))
  })
}

test('openssl does not open a PKCS#12 file with another passphrase', (t) => {
  const args = ['pkcs12', '-in', 'x.p12', '-nodes', '-passin', 'pass:other']
  const call = { args, files: { 'x.p12': octetsOf('ci/CI_ECDSA_NIST.p12') } }
  try {
    t.is(openssl(t, call), undefined)
  } catch (error) {
    t.regex(String(error), /mac verify error|invalid password/i)
  }
})
