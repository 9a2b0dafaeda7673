import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { concat, utf8 } from '../../src/base/octets.ts'
import { LabError } from '../../src/base/errors.ts'
import { generateKeyPair, toPkcs8 } from '../../src/crypto/ec.ts'
import { arrangePki, type FoundPki } from '../../src/pki/arrange.ts'
import { exportPki } from '../../src/pki/export.ts'
import { toPem } from '../../src/pki/forge.ts'
import { issueCi, issueDpAuth, issueEuicc, type Credential } from '../../src/pki/issue.ts'
import { loadPkiDirectory } from '../../src/pki/load.ts'
import { readMaterial, type SourceFile } from '../../src/pki/material.ts'
import { createTestPki, serialisePki } from '../../src/pki/test-pki.ts'
import { seededRandom } from '../../src/base/environment.ts'
import { temporaryDirectory } from '../helpers/lab.ts'
import { newKeyPair, openssl, pki, random, without } from './helper.ts'
import {
  certificatePem,
  CERTIFICATE_FORMS,
  contentOf,
  encryptedPem,
  everything,
  keyPem,
  KEY_FORMS,
  publicPem,
  textOf,
} from './load-helper.ts'

const inOrder = arrangePki(
  readMaterial(
    everything.flatMap((credential, at) => [
      { path: `${at}.pem`, octets: certificatePem(credential) },
      { path: `${at}.key`, octets: keyPem(credential) },
    ]),
  ),
)

function arranged(files: Readonly<Record<string, Uint8Array | string>>): FoundPki {
  const sources = Object.entries(files).map(([path, octets]): SourceFile => ({
    path,
    octets: typeof octets === 'string' ? utf8(octets) : octets,
  }))
  return arrangePki(readMaterial(sources))
}

/** What is said of each file that was passed over. */
function reasons(found: FoundPki): Record<string, string> {
  return Object.fromEntries(found.passedOver.map(({ file, why }) => [file, why]))
}

function withKeys(...credentials: readonly Credential[]): Record<string, Uint8Array> {
  return Object.fromEntries(
    credentials.flatMap((credential, at) => [
      [`cert-${at}`, certificatePem(credential)],
      [`key-${at}`, keyPem(credential)],
    ]),
  )
}

test('finds both CIs, P-256 first, and what is under each with its keys', (t) => {
  t.deepEqual(
    inOrder.cis.map(({ certificate }) => certificate.curve),
    ['P-256', 'brainpoolP256r1'],
  )
  for (const ci of inOrder.cis) {
    t.truthy(ci.keyPair)
    for (const role of ['dp-auth', 'dp-pb', 'ds-auth', 'eum', 'euicc'] as const) {
      t.deepEqual(
        ci.issued[role].map(({ keyPair }) => keyPair !== undefined),
        [true],
        role,
      )
    }
  }
  t.is(inOrder.cis[0]?.issued['dp-tls'].length, 1)
  t.deepEqual(inOrder.passedOver, [])
})

test('any shuffling of files, names and encodings gives the same', (t) => {
  const pieces = everything.flatMap((credential) => [
    { credential, forms: CERTIFICATE_FORMS },
    { credential, forms: KEY_FORMS },
  ])
  const layout = fc.record({
    order: fc.shuffledSubarray([...pieces.keys()], { minLength: pieces.length }),
    forms: fc.array(fc.nat(29), { minLength: pieces.length, maxLength: pieces.length }),
    names: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}(\/[A-Z.]{1,6})?$/), {
      minLength: pieces.length,
      maxLength: pieces.length,
    }),
    foreign: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }),
  })
  fc.assert(
    fc.property(layout, ({ order, forms, names, foreign }) => {
      const files = order.map((at, position) => {
        const { credential, forms: known } = pieces[at]!
        return { path: names[position]!, octets: known[forms[at]! % known.length]!(credential) }
      })
      const others = foreign.map((octets, at) => ({ path: `0${at}`, octets }))
      const found = arrangePki(readMaterial([...others, ...files]))
      t.deepEqual(contentOf(found), contentOf(inOrder))
    }),
    { numRuns: 40 },
  )
})

test('a bundle of PEM blocks in one file is as good as many files', (t) => {
  const blocks = everything.flatMap((one) => [
    keyPem(one),
    utf8('a line of text\n'),
    certificatePem(one),
  ])
  t.deepEqual(contentOf(arranged({ bundle: concat(...blocks) })), contentOf(inOrder))
})

test('reads a directory of any depth, and one file alone', (t) => {
  const directory = temporaryDirectory(t)
  const files = exportPki({ pki, passphrase: 'esim-lab' })
  for (const { path, octets } of files) write(directory, path, octets)
  const found = loadPkiDirectory(directory)
  t.deepEqual(contentOf(found), contentOf(loadPkiDirectory(flat(t, serialisePki(pki)))))
  t.is(found.directory, directory)
  t.is(found.cis[0]?.file, 'ci/CERT_CI_ECDSA_NIST.der')
  t.is(found.cis[0]?.keyFile, 'ci/SK_CI_ECDSA_NIST.pem')
  t.regex(reasons(found)['smds/S_SM_DSauth_ECDSA_BRP.p12'] ?? '', /PKCS#12.*openssl pkcs12/)
  t.is(loadPkiDirectory(join(directory, 'ci/CERT_CI_ECDSA_NIST.pem')).cis.length, 1)
})

function flat(
  t: Parameters<typeof temporaryDirectory>[0],
  files: Readonly<Record<string, Uint8Array>>,
): string {
  const directory = temporaryDirectory(t)
  for (const [name, octets] of Object.entries(files)) write(directory, name, octets)
  return directory
}

function write(directory: string, name: string, octets: Uint8Array | string): void {
  mkdirSync(dirname(join(directory, name)), { recursive: true })
  writeFileSync(join(directory, name), octets)
}

test('goes neither into hidden folders, nor too deep, nor through links to folders and pipes', (t) => {
  const directory = temporaryDirectory(t)
  const ci = certificatePem(pki['P-256'].ci)
  write(directory, '.git/ci.pem', ci)
  write(directory, `${'deep/'.repeat(9)}ci.pem`, ci)
  write(directory, 'large', new Uint8Array(256 * 1024 + 1))
  symlinkSync('.', join(directory, 'again'))
  symlinkSync('nowhere', join(directory, 'lost'))
  symlinkSync('round', join(directory, 'round'))
  execFileSync('mkfifo', [join(directory, 'pipe')])
  const found = loadPkiDirectory(directory)
  t.deepEqual(found.cis, [])
  t.deepEqual(reasons(found), {
    '.git': 'is a hidden folder',
    again: 'is no file, or a link to none',
    [`${'deep/'.repeat(8)}deep`]: 'is a folder too deep down',
    large: 'is larger than 262144 octets',
    lost: 'is no file, or a link to none',
    pipe: 'is no file, or a link to none',
    round: 'is no file, or a link to none',
  })
  t.throws(() => loadPkiDirectory(join(directory, 'round')), { instanceOf: LabError })
})

test('says that there is no directory, or that it holds too much', (t) => {
  const none = t.throws(() => loadPkiDirectory('/nowhere/at/all'), { instanceOf: LabError })
  t.is(none?.code, 'badInput')
  t.is(none?.field, 'pki')
  const directory = temporaryDirectory(t)
  for (let at = 0; at <= 4096; at++) writeFileSync(join(directory, `${at}`), '')
  const many = t.throws(() => loadPkiDirectory(directory), { instanceOf: LabError })
  t.regex(many?.message ?? '', /more than 4096 files/)
})

test('says of each foreign file what it is', (t) => {
  const { ci, dpAuth } = pki['P-256']
  const request = openssl(t, {
    args: ['req', '-new', '-key', 'key', '-subj', '/CN=x', '-batch'],
    files: { key: keyPem(dpAuth) },
  })
  const rsa = openssl(t, {
    args: ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
  })
  const p384 = openssl(t, { args: ['ecparam', '-name', 'secp384r1', '-genkey', '-noout'] })
  const found = arranged({
    cnf: '[ req ]\ndistinguished_name = dn\n',
    empty: '',
    cut: textOf(certificatePem(ci)).slice(0, 200),
    damaged: pki['P-256'].ci.certificate.der.subarray(0, 100),
    base64: '-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n',
    public: publicPem(ci),
    encrypted: encryptedPem(ci),
    legacy:
      '-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----',
    ...(request && { request }),
    ...(rsa && { rsa }),
    ...(p384 && { p384 }),
  })
  const said = reasons(found)
  t.is(said['cnf'], 'is neither a certificate nor a key')
  t.is(said['empty'], 'is empty')
  t.is(said['cut'], 'has a PEM block without an end')
  t.is(said['damaged'], 'is not DER, or damaged')
  t.is(said['base64'], 'has a PEM block "CERTIFICATE" that is not Base64')
  t.is(said['public'], 'is a public key, which its certificate has as well')
  t.regex(said['encrypted'] ?? '', /under a passphrase/)
  t.regex(said['legacy'] ?? '', /under a passphrase/)
  if (request) t.is(said['request'], 'is a certificate request')
  if (rsa) t.regex(said['rsa'] ?? '', /private key, but not one of P-256/)
  if (p384) t.regex(said['p384'] ?? '', /private key, but not one of P-256/)
})

test('a revocation list is known as one', (t) => {
  const { ci } = pki['P-256']
  const list = openssl(t, {
    args: ['ca', '-gencrl', '-cert', 'ci', '-keyfile', 'key', '-config', 'cnf', '-crldays', '1'],
    files: {
      ci: certificatePem(ci),
      key: keyPem(ci),
      index: '',
      cnf: '[ca]\ndefault_ca=a\n[a]\ndatabase=index\ndefault_md=sha256\n',
    },
  })
  if (list) t.is(reasons(arranged({ list }))['list'], 'is a revocation list')
  else t.pass()
})

test('the same certificate and key in more files are taken once', (t) => {
  const { ci } = pki['P-256']
  const found = arranged({
    a: ci.certificate.der,
    b: certificatePem(ci),
    k: keyPem(ci),
    l: toPkcs8(ci.keyPair.privateKey),
  })
  t.is(found.cis.length, 1)
  t.deepEqual(reasons(found), {
    b: 'holds the same certificate as a',
    l: 'holds the same key as k',
  })
})

test('of two certificates of one CI the longer valid one stands for it', (t) => {
  const { ci } = pki['P-256']
  const shorter = reissued(ci)
  const found = arranged({
    a: shorter.certificate.der,
    b: ci.certificate.der,
    ...withKeys(pki['P-256'].dpAuth),
  })
  t.deepEqual(
    found.cis.map(({ file }) => file),
    ['b'],
  )
  t.is(found.cis[0]?.issued['dp-auth'].length, 1)
  t.is(reasons(found)['a'], 'is an older certificate of the CI in b')
})

/** The same CI with the same key, for a second less. */
function reissued({ keyPair }: Credential): Credential {
  return issueCi({
    keyPair,
    change: (recipe) => ({ ...recipe, notAfterMs: recipe.notAfterMs - 1000 }),
  })
}

test('says whose CI, whose EUM, whose key is not here', (t) => {
  const { ci, eum, dpAuth } = pki['P-256']
  const eid = '89049032000000000000000000000077'
  const euicc = issueEuicc({ issuer: eum, keyPair: newKeyPair(), eid })
  const other = createTestPki({ random: seededRandom('another') })['P-256']
  const said = reasons(
    arranged({
      ci: ci.certificate.der,
      foreign: other.dpAuth.certificate.der,
      foreignKey: keyPem(other.dpAuth),
      euicc: euicc.certificate.der,
      lonely: keyPem({ ...dpAuth, keyPair: newKeyPair() }),
    }),
  )
  t.regex(
    said['foreign'] ?? '',
    /^is CERT.DPauth of a CI that is not here \(authority key [0-9A-F]{40}\)$/,
  )
  t.is(said['foreignKey'], 'is the key of foreign, which is passed over')
  t.regex(said['euicc'] ?? '', /^is CERT.EUICC of an EUM that is not here/)
  t.is(said['lonely'], 'is a key on P-256 of no certificate here')
})

test('a certificate that breaks the rules of its role is passed over with the rule', (t) => {
  const { ci } = pki['P-256']
  const bare = issueDpAuth({ issuer: ci, keyPair: newKeyPair(), change: without('keyUsage') })
  const noRole = issueDpAuth({
    issuer: ci,
    keyPair: newKeyPair(),
    change: without('certificatePolicies'),
  })
  const forged = Uint8Array.from(pki['P-256'].dpPb.certificate.der)
  forged[forged.length - 1]! ^= 1
  const said = reasons(
    arranged({
      ci: ci.certificate.der,
      bare: bare.certificate.der,
      noRole: noRole.certificate.der,
      forged,
    }),
  )
  t.is(said['bare'], 'is CERT.DPauth, but the extension keyUsage is missing')
  t.regex(said['noRole'] ?? '', /without a role of SGP.22/)
  t.is(said['forged'], 'is CERT.DPpb, but its signature is wrong')
})

test('a key whose halves do not belong together is not taken', (t) => {
  const { ci, dpAuth } = pki['P-256']
  const sec1 = generateKeyPair({ curve: 'P-256', random }).privateKey.export({
    format: 'der',
    type: 'sec1',
  })
  const mixed = Buffer.concat([sec1.subarray(0, -65), dpAuth.keyPair.point])
  const found = arranged({ ci: ci.certificate.der, a: dpAuth.certificate.der, mixed })
  t.is(found.cis[0]?.issued['dp-auth'][0]?.keyPair, undefined)
  t.regex(reasons(found)['mixed'] ?? '', /its private half is another one|is a private key, but/)
})

test('no octets, however damaged, are more than passed over', (t) => {
  const { ci } = pki['P-256']
  const seeds = [
    ci.certificate.der,
    toPkcs8(ci.keyPair.privateKey),
    certificatePem(ci),
    utf8(toPem('PRIVATE KEY', new Uint8Array(3))),
  ]
  const damage = fc.record({ seed: fc.nat(3), at: fc.nat(500), by: fc.nat(255), cut: fc.nat(500) })
  fc.assert(
    fc.property(damage, ({ seed, at, by, cut }) => {
      const octets = Uint8Array.from(seeds[seed]!)
      octets[at % octets.length]! ^= by
      const found = arranged({
        ci: certificatePem(ci),
        x: octets.subarray(0, octets.length - (cut % 5)),
      })
      return found.cis.length === 1
    }),
    { numRuns: 300 },
  )
  t.pass()
})
