import test from 'ava'
import * as fc from 'fast-check'
import { LabError } from '../../src/base/errors.ts'
import { CURVES } from '../../src/crypto/ec.ts'
import { CertificateError, readCertificate, type Certificate } from '../../src/pki/certificate.ts'
import {
  eidOf,
  oidOf,
  samePublisher,
  validateAnchor,
  validateChain,
  type CertificateRole,
  type ChainFault,
  type ChainVerdict,
} from '../../src/pki/chain.ts'
import { extensionValue, toPem } from '../../src/pki/forge.ts'
import {
  issueCertificate,
  issueCi,
  issueDpAuth,
  issueDpTls,
  issueDsAuth,
  issueDsTls,
  issueEuicc,
  issueEum,
  type Credential,
  type Recipe,
} from '../../src/pki/issue.ts'
import { CLIENT_AUTH, ROLE_POLICIES, SERVER_AUTH } from '../../src/pki/oids.ts'
import { makeEid } from '../../src/pki/test-pki.ts'
import {
  both,
  newKeyPair,
  openssl,
  pki,
  withCriticality,
  withExtension,
  without,
  type Change,
} from './helper.ts'

const NOW_MS = Date.UTC(2026, 5, 1)
const EID = makeEid({ serial: 1 })
const { ci, eum } = pki['P-256']
const anchors = CURVES.map((curve) => pki[curve].ci.certificate)
const strangers = [issueCi({ keyPair: newKeyPair() }).certificate]

const makers = {
  'dp-auth': issueDpAuth,
  'dp-pb': issueDpAuth,
  'ds-auth': issueDsAuth,
} as const
const tlsMakers = { 'dp-tls': issueDpTls, 'ds-tls': issueDsTls } as const

function makeServer(role: keyof typeof makers | keyof typeof tlsMakers, change: Change) {
  const issuing = { issuer: ci, keyPair: newKeyPair(), change }
  if (role === 'dp-tls' || role === 'ds-tls') {
    return tlsMakers[role]({
      ...issuing,
      hostNames: ['rsp.example.com'],
      serialNumber: Uint8Array.of(9),
      nowMs: NOW_MS,
    })
  }
  return makers[role](issuing)
}

function makeEum(change: Change = same): Credential {
  return issueEum({ issuer: ci, keyPair: newKeyPair(), change })
}

function makeEuicc(issuer: Credential, change: Change = same): Credential {
  return issueEuicc({ issuer, keyPair: newKeyPair(), eid: EID, change })
}

function same(recipe: Recipe): Recipe {
  return recipe
}

function judgeCard(
  euicc: Credential,
  more: { eum?: Credential; anchors?: readonly Certificate[]; atMs?: number | undefined } = {},
): ChainVerdict {
  return validateChain({
    chain: [euicc.certificate, (more.eum ?? eum).certificate],
    roles: ['euicc', 'eum'],
    anchors: more.anchors ?? anchors,
    atMs: 'atMs' in more ? more.atMs : NOW_MS,
  })
}

function judge(
  certificate: Certificate,
  role: CertificateRole,
  atMs: number | undefined = NOW_MS,
): ChainVerdict {
  return validateChain({ chain: [certificate], roles: [role], anchors, atMs })
}

function faultOf(verdict: ChainVerdict): ChainFault | undefined {
  return verdict.ok ? undefined : verdict.fault
}

const expired: Change = (recipe) => ({ ...recipe, notAfterMs: NOW_MS - 86_400_000 })
const wrongPolicy = withExtension('certificatePolicies', {
  critical: true,
  value: extensionValue.certificatePolicies([ROLE_POLICIES['ds-auth']]),
})
const otherKeyUsage = withExtension('keyUsage', {
  critical: true,
  value: extensionValue.keyUsage(['keyAgreement']),
})

for (const curve of CURVES) {
  test(`accepts every certificate of the test PKI on ${curve}`, (t) => {
    const on = pki[curve]
    t.deepEqual(judge(on.dpAuth.certificate, 'dp-auth'), { ok: true, anchor: on.ci.certificate })
    t.true(judge(on.dpPb.certificate, 'dp-pb').ok)
    t.true(judge(on.dsAuth.certificate, 'ds-auth').ok)
    const euicc = issueEuicc({ issuer: on.eum, keyPair: newKeyPair(curve), eid: EID })
    t.true(judgeCard(euicc, { eum: on.eum }).ok)
    t.true(validateAnchor(on.ci.certificate).ok)
    t.is(eidOf(euicc.certificate), EID)
    t.is(oidOf(on.dpPb.certificate), '2.999.10')
  })

  test(`openssl verifies what the test CI on ${curve} issues`, (t) => {
    const on = pki[curve]
    const tls = issueDpTls({
      issuer: on.ci,
      keyPair: newKeyPair(curve),
      hostNames: ['rsp.example.com'],
      serialNumber: Uint8Array.of(9),
      nowMs: NOW_MS,
    })
    const issued = { eum: on.eum, dpAuth: on.dpAuth, dpPb: on.dpPb, dsAuth: on.dsAuth, tls }
    for (const [name, { certificate }] of Object.entries(issued)) {
      const files = {
        'ci.pem': toPem('CERTIFICATE', on.ci.certificate.der),
        'leaf.pem': toPem('CERTIFICATE', certificate.der),
      }
      const args = ['verify', '-x509_strict', '-attime', String(NOW_MS / 1000)]
      const said = openssl(t, { args: [...args, '-CAfile', 'ci.pem', 'leaf.pem'], files })
      t.is(said ?? 'leaf.pem: OK\n', 'leaf.pem: OK\n', name)
    }
  })
}

test('names the faults of a card in the order: CI, expiry of the EUM, its rules, expiry of the eUICC, its rules', (t) => {
  const badEum = makeEum(both(expired, wrongPolicy))
  const oddEum = makeEum(wrongPolicy)
  const badEuicc = (issuer: Credential) => makeEuicc(issuer, both(expired, wrongPolicy))
  const steps: [ChainVerdict, ChainFault['kind'], CertificateRole][] = [
    [judgeCard(badEuicc(badEum), { eum: badEum, anchors: strangers }), 'unknownCi', 'eum'],
    [judgeCard(badEuicc(badEum), { eum: badEum }), 'expired', 'eum'],
    [judgeCard(badEuicc(oddEum), { eum: oddEum }), 'invalid', 'eum'],
    [judgeCard(badEuicc(eum)), 'expired', 'euicc'],
    [judgeCard(makeEuicc(eum, wrongPolicy)), 'invalid', 'euicc'],
  ]
  for (const [verdict, kind, at] of steps) t.like(faultOf(verdict), { kind, at })
})

test('finds a certificate without authority key identifier invalid, not its CI unknown', (t) => {
  const orphan = makeEum(without('authorityKeyIdentifier'))
  const fault = faultOf(judgeCard(makeEuicc(orphan), { eum: orphan, anchors: strangers }))
  t.like(fault, { kind: 'invalid', at: 'eum' })
})

test('judges expiry to the second, at every call, and not at all without a clock', (t) => {
  const { certificate } = makeServer('dp-auth', expired)
  const endMs = certificate.notAfterMs
  t.true(judge(certificate, 'dp-auth', endMs - 1000).ok)
  t.true(judge(certificate, 'dp-auth', endMs).ok)
  t.like(faultOf(judge(certificate, 'dp-auth', endMs + 1000)), { kind: 'expired', at: 'dp-auth' })
  t.true(judge(certificate, 'dp-auth', endMs).ok)
  t.true(validateChain({ chain: [certificate], roles: ['dp-auth'], anchors }).ok)
})

test('refuses a certificate that is not valid yet', (t) => {
  const { certificate } = makeServer('dp-auth', same)
  t.true(judge(certificate, 'dp-auth', certificate.notBeforeMs).ok)
  const fault = faultOf(judge(certificate, 'dp-auth', certificate.notBeforeMs - 1000))
  t.is(fault?.kind, 'invalid')
  t.regex(fault?.detail ?? '', /not valid before 2020-04-01/)
})

test('lets everything under a CI expire with it', (t) => {
  const old = issueCi({ keyPair: newKeyPair(), change: expired })
  const { certificate } = issueDpAuth({ issuer: old, keyPair: newKeyPair() })
  const verdict = validateChain({
    chain: [certificate],
    roles: ['dp-auth'],
    anchors: [old.certificate],
    atMs: NOW_MS,
  })
  t.like(faultOf(verdict), { kind: 'expired', at: 'dp-auth' })
})

type Refusal = readonly [what: string, change: Change, detail: RegExp]

const EUM_REFUSALS: readonly Refusal[] = [
  ['no subject key identifier', without('subjectKeyIdentifier'), /subjectKeyIdentifier is missing/],
  ['no key usage', without('keyUsage'), /keyUsage is missing/],
  ['an uncritical key usage', withCriticality('keyUsage', false), /keyUsage must be critical/],
  ['no name constraints', without('nameConstraints'), /nameConstraints is missing/],
  [
    'uncritical name constraints',
    withCriticality('nameConstraints', false),
    /nameConstraints must be critical/,
  ],
  ['another key usage', otherKeyUsage, /key usage is keyAgreement/],
  ['another role', wrongPolicy, /id-rspRole-ds-auth, not id-rspRole-eum/],
  [
    'no authority',
    withExtension('basicConstraints', {
      critical: true,
      value: extensionValue.basicConstraints({ cA: false }),
    }),
    /do not say cA/,
  ],
  [
    'no limit of its path',
    withExtension('basicConstraints', {
      critical: true,
      value: extensionValue.basicConstraints({ cA: true }),
    }),
    /path length is not 0/,
  ],
  [
    'a longer path',
    withExtension('basicConstraints', {
      critical: true,
      value: extensionValue.basicConstraints({ cA: true, pathLen: 1 }),
    }),
    /path length is not 0/,
  ],
  [
    'constraints that permit nothing',
    withExtension('nameConstraints', {
      critical: true,
      value: extensionValue.nameConstraints([]),
    }),
    /permit no name/,
  ],
]
for (const [what, change, detail] of EUM_REFUSALS) {
  test(`refuses an EUM with ${what}`, (t) => {
    const bad = makeEum(change)
    const fault = faultOf(judgeCard(makeEuicc(bad), { eum: bad }))
    t.like(fault, { kind: 'invalid', at: 'eum' })
    t.regex(fault?.detail ?? '', detail)
  })
}

const subjectOf = (organisation: string, eid: string): Change => {
  return (recipe) => ({
    ...recipe,
    subject: [
      ['O', organisation],
      ['serialNumber', eid],
    ],
  })
}
const brainpoolKey = newKeyPair('brainpoolP256r1')
const EUICC_REFUSALS: readonly Refusal[] = [
  ['no authority key identifier', without('authorityKeyIdentifier'), /no authority key identifier/],
  [
    "another issuer's key identifier",
    withExtension('authorityKeyIdentifier', {
      value: extensionValue.authorityKeyIdentifier(new Uint8Array(20)),
    }),
    /is not its issuer's key/,
  ],
  ['no policy', without('certificatePolicies'), /certificatePolicies is missing/],
  ['an uncritical policy', withCriticality('certificatePolicies', false), /must be critical/],
  ['a critical key identifier', withCriticality('subjectKeyIdentifier', true), /must not be/],
  ['another key usage', otherKeyUsage, /key usage is keyAgreement, not digitalSignature/],
  ['another role', wrongPolicy, /not id-rspRole-euicc/],
  [
    'the rights of an authority',
    withExtension('basicConstraints', {
      critical: true,
      value: extensionValue.basicConstraints({ cA: true }),
    }),
    /say cA/,
  ],
  [
    'a critical extension that nobody knows',
    (recipe) => ({
      ...recipe,
      extensions: [
        ...recipe.extensions,
        { id: '2.999.77', critical: true, value: Uint8Array.of(5, 0) },
      ],
    }),
    /2\.999\.77 is not understood/,
  ],
  ['no EID', subjectOf('RSP Test EUM', '8904903212345'), /32 digits/],
  ['another organisation', subjectOf('Other EUM', EID), /none of the pairs/],
  ['an EID of another IIN', subjectOf('RSP Test EUM', `89049033${EID.slice(8)}`), /none of/],
  ['a key on another curve', (recipe) => ({ ...recipe, keyPair: brainpoolKey }), /is on brainpool/],
]
for (const [what, change, detail] of EUICC_REFUSALS) {
  test(`refuses an eUICC with ${what}`, (t) => {
    const fault = faultOf(judgeCard(makeEuicc(eum, change)))
    t.like(fault, { kind: 'invalid', at: 'euicc' })
    t.regex(fault?.detail ?? '', detail)
  })
}

test('tolerates an extension that nobody knows when it is not critical', (t) => {
  const euicc = makeEuicc(eum, (recipe) => ({
    ...recipe,
    extensions: [
      ...recipe.extensions,
      { id: '2.999.77', critical: false, value: Uint8Array.of(5, 0) },
    ],
  }))
  t.true(judgeCard(euicc).ok)
})

test('takes organisation and IIN from one pair of the name constraints, not from two', (t) => {
  const twoPairs = makeEum(
    withExtension('nameConstraints', {
      critical: true,
      value: extensionValue.nameConstraints([
        [
          ['O', 'First'],
          ['serialNumber', '89049032'],
        ],
        [
          ['O', 'Second'],
          ['serialNumber', '89033023'],
        ],
      ]),
    }),
  )
  const card = (organisation: string) => makeEuicc(twoPairs, subjectOf(organisation, EID))
  t.true(judgeCard(card('First'), { eum: twoPairs }).ok)
  t.true(judgeCard(card('FIRST '), { eum: twoPairs }).ok)
  t.like(faultOf(judgeCard(card('Second'), { eum: twoPairs })), { kind: 'invalid', at: 'euicc' })
})

test('refuses a certificate that its issuer did not sign', (t) => {
  const impostor = { ...eum, keyPair: newKeyPair() }
  const fault = faultOf(judgeCard(makeEuicc(impostor)))
  t.like(fault, { kind: 'invalid', at: 'euicc', detail: 'its signature is wrong' })
})

test('refuses an eUICC whose issuer has another name than its EUM', (t) => {
  const renamed = issueCertificateLike(eum, 'Another EUM')
  const fault = faultOf(judgeCard(makeEuicc(renamed)))
  t.regex(fault?.detail ?? '', /not named like/)
})

function issueCertificateLike(credential: Credential, name: string): Credential {
  const { certificate } = issueEum({
    issuer: ci,
    keyPair: credential.keyPair,
    change: (recipe) => ({ ...recipe, subject: [['CN', name]] }),
  })
  return { certificate, keyPair: credential.keyPair }
}

const SERVER_REFUSALS: readonly Refusal[] = [
  ['no subjectAltName', without('subjectAltName'), /subjectAltName is missing/],
  [
    'two registered identifiers',
    withExtension('subjectAltName', {
      value: extensionValue.subjectAltName({
        dnsNames: ['rsp.example.com'],
        registeredIds: ['2.999.10', '2.999.12'],
      }),
    }),
    /not exactly one registered identifier/,
  ],
  ['another key usage', otherKeyUsage, /not digitalSignature/],
]
for (const role of ['dp-auth', 'ds-auth', 'dp-tls', 'ds-tls'] as const) {
  for (const [what, change, detail] of SERVER_REFUSALS) {
    test(`refuses ${role} with ${what}`, (t) => {
      const fault = faultOf(judge(makeServer(role, change).certificate, role))
      t.like(fault, { kind: 'invalid', at: role })
      t.regex(fault?.detail ?? '', detail)
    })
  }
}

test('tells authentication from profile binding, and SM-DP+ from SM-DS', (t) => {
  const { dpAuth, dpPb, dsAuth } = pki['P-256']
  t.false(judge(dpAuth.certificate, 'dp-pb').ok)
  t.false(judge(dpPb.certificate, 'dp-auth').ok)
  t.false(judge(dsAuth.certificate, 'dp-auth').ok)
})

function judgeTls(change: Change): ChainVerdict {
  return judge(makeServer('dp-tls', change).certificate, 'dp-tls')
}

function purposes(...oids: string[]): Change {
  const value = extensionValue.extendedKeyUsage(oids)
  return withExtension('extendedKeyUsage', { critical: true, value })
}

test('wants exactly serverAuth and clientAuth of a TLS certificate', (t) => {
  const codeSigning = '1.3.6.1.5.5.7.3.3'
  t.true(judgeTls(purposes(SERVER_AUTH, CLIENT_AUTH)).ok)
  t.true(judgeTls(purposes(CLIENT_AUTH, SERVER_AUTH)).ok)
  t.false(judgeTls(purposes(SERVER_AUTH)).ok)
  t.false(judgeTls(purposes(SERVER_AUTH, CLIENT_AUTH, codeSigning)).ok)
  t.false(judgeTls(without('extendedKeyUsage')).ok)
  t.false(judgeTls(withCriticality('extendedKeyUsage', false)).ok)
})

test('lets a TLS certificate do without a policy, but not with another one', (t) => {
  t.true(judgeTls(without('certificatePolicies')).ok)
  t.false(judgeTls(wrongPolicy).ok)
  const nameless = withExtension('subjectAltName', {
    value: extensionValue.subjectAltName({ registeredIds: ['2.999.10'] }),
  })
  const fault = faultOf(judgeTls(nameless))
  t.regex(fault?.detail ?? '', /names no host/)
})

test('knows an anchor by its role, its rights and its own signature', (t) => {
  const changes: Change[] = [
    wrongPolicy,
    otherKeyUsage,
    without('basicConstraints'),
    without('subjectKeyIdentifier'),
  ]
  for (const change of changes) {
    const { certificate } = issueCi({ keyPair: newKeyPair(), change })
    t.like(faultOf(validateAnchor(certificate)), { kind: 'invalid', at: 'ci' })
  }
  const notItself = issueCi({
    keyPair: newKeyPair(),
    change: (recipe) => ({ ...recipe, issuer: ci }),
  })
  t.false(validateAnchor(notItself.certificate).ok)
  t.false(validateAnchor(pki['P-256'].dpAuth.certificate).ok)
})

test('finds one publisher in DPauth and DPpb by OID and CI', (t) => {
  const { dpAuth, dpPb, dsAuth } = pki['P-256']
  t.true(samePublisher(dpAuth.certificate, dpPb.certificate))
  t.false(samePublisher(dpAuth.certificate, dsAuth.certificate))
  t.false(samePublisher(dpAuth.certificate, pki.brainpoolP256r1.dpPb.certificate))
})

test('says what is missing where there is no EID or OID', (t) => {
  t.throws(() => eidOf(ci.certificate), { instanceOf: CertificateError, message: /EID/ })
  const { certificate } = makeServer('dp-auth', without('subjectAltName'))
  t.throws(() => oidOf(certificate), { instanceOf: CertificateError, message: /exactly one/ })
})

test('issues under the name of its issuer as that name was encoded', (t) => {
  const { certificate } = issueCertificate({
    issuer: ci,
    keyPair: newKeyPair(),
    serialNumber: Uint8Array.of(0xff),
    subject: [['CN', 'Ünïcode']],
    notBeforeMs: 0,
    notAfterMs: Date.UTC(9999, 11, 31),
    extensions: [{ id: '2.999.1', critical: false, value: Uint8Array.of(5, 0) }],
  })
  t.deepEqual(certificate.issuer.der, ci.certificate.subject.der)
  t.is(certificate.serialNumber, '00FF')
  t.is(certificate.subject.attributes['CN']?.[0], 'Ünïcode')
  t.is(new Date(certificate.notAfterMs).getUTCFullYear(), 9999)
})

const SUBJECTS: readonly Uint8Array[] = [
  makeEuicc(eum).certificate.der,
  pki.brainpoolP256r1.dpAuth.certificate.der,
  makeServer('dp-tls', same).certificate.der,
]

function neverAccepts(der: Uint8Array): boolean {
  try {
    const certificate = readCertificate(der)
    const roles: CertificateRole[] = ['dp-auth', 'dp-tls']
    return (
      roles.every((role) => !judge(certificate, role).ok) &&
      !validateChain({
        chain: [certificate, eum.certificate],
        roles: ['euicc', 'eum'],
        anchors,
        atMs: NOW_MS,
      }).ok
    )
  } catch (error) {
    return error instanceof CertificateError || error instanceof LabError
  }
}

test('never accepts a certificate with a changed octet, and never crashes on it', (t) => {
  const changes = fc.record({
    subject: fc.constantFrom(...SUBJECTS),
    at: fc.nat(10_000),
    mask: fc.integer({ min: 1, max: 255 }),
  })
  fc.assert(
    fc.property(changes, ({ subject, at, mask }) => {
      const der = Uint8Array.from(subject)
      der[at % der.length] = (der[at % der.length] ?? 0) ^ mask
      return neverAccepts(der)
    }),
    { numRuns: 400, seed: 22 },
  )
  t.pass()
})

test('never accepts a certificate that is cut, and never crashes on it', (t) => {
  for (const subject of SUBJECTS) {
    for (let length = 0; length < subject.length; length += 3) {
      t.true(neverAccepts(subject.subarray(0, length)))
    }
  }
})
