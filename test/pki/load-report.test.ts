import test from 'ava'
import { arrangePki } from '../../src/pki/arrange.ts'
import { extensionValue } from '../../src/pki/forge.ts'
import { issueDpPb, type Credential } from '../../src/pki/issue.ts'
import { reportPki, reportText, serverFault, type PkiUse } from '../../src/pki/load-report.ts'
import type { LoadedPki } from '../../src/pki/load.ts'
import { readMaterial } from '../../src/pki/material.ts'
import { issueTlsCredential } from '../../src/pki/test-pki.ts'
import { newKeyPair, pki, random, withExtension } from './helper.ts'
import { certificatePem, everything, keyPem, NOW_MS, tls } from './load-helper.ts'

const { ci, eum, dpAuth, dpPb } = pki['P-256']

function loaded(certificates: readonly Credential[], keys: readonly Credential[] = []): LoadedPki {
  const files = [
    ...certificates.map((one, at) => ({ path: `cert-${at}`, octets: certificatePem(one) })),
    ...keys.map((one, at) => ({ path: `key-${at}`, octets: keyPem(one) })),
  ]
  return { ...arrangePki(readMaterial(files)), directory: 'theirs' }
}

const ofOtherServer = withExtension('subjectAltName', {
  value: extensionValue.subjectAltName({ registeredIds: ['2.999.77'] }),
})

function expiredTls(): Credential {
  const nowMs = NOW_MS - 2 * 366 * 86_400_000
  return issueTlsCredential({ pki, hostNames: ['smdp.example.com'], role: 'dp-tls', nowMs, random })
}

function missing(found: LoadedPki, use: PkiUse): readonly string[] | undefined {
  return reportPki(found, NOW_MS).cis[0]?.missing[use]
}

test('a whole PKI lacks nothing', (t) => {
  const report = reportPki(loaded(everything, everything), NOW_MS)
  t.deepEqual(report.uses, ['smdp', 'smdpTls', 'newEuiccs', 'euicc'])
  t.deepEqual(Object.values(report.cis[0]?.missing ?? {}).flat(), [])
  t.deepEqual(report.cis[1]?.missing.smdpTls, [
    'a CI on P-256, as TLS needs; without one the lab answers under its own CI',
  ])
  t.is(serverFault(loaded(everything, everything), NOW_MS), undefined)
})

test('each missing piece of the SM-DP+ has its line', (t) => {
  t.deepEqual(missing(loaded([ci]), 'smdp'), ['CERT.DPauth and its key', 'CERT.DPpb and its key'])
  t.deepEqual(missing(loaded([ci, dpAuth, dpPb], [dpAuth]), 'smdp'), ['the key of CERT.DPpb'])
  t.deepEqual(missing(loaded([ci, dpAuth], [dpAuth]), 'smdp'), ['CERT.DPpb and its key'])
  const stranger = issueDpPb({ issuer: ci, keyPair: newKeyPair(), change: ofOtherServer })
  const two = [dpAuth, stranger]
  t.deepEqual(missing(loaded([ci, ...two], two), 'smdp'), [
    'CERT.DPauth and CERT.DPpb of one SM-DP+ OID',
  ])
})

test('each missing piece of TLS and of eUICCs has its line', (t) => {
  const old = expiredTls()
  t.deepEqual(missing(loaded([ci]), 'smdpTls'), ['CERT.DP.TLS and its key', "or the CI's key"])
  t.deepEqual(missing(loaded([ci, tls]), 'smdpTls'), ['the key of CERT.DP.TLS', "or the CI's key"])
  t.deepEqual(missing(loaded([ci, old], [old]), 'smdpTls'), [
    'CERT.DP.TLS that is valid today',
    "or the CI's key",
  ])
  t.deepEqual(missing(loaded([ci, tls], [tls]), 'smdpTls'), [])
  t.deepEqual(missing(loaded([ci, old], [ci]), 'smdpTls'), [])
  t.deepEqual(missing(loaded([ci, eum]), 'newEuiccs'), ['the key of CERT.EUM', "or the CI's key"])
  t.deepEqual(missing(loaded([ci, eum], [eum]), 'newEuiccs'), [])
  t.deepEqual(missing(loaded([ci], [ci]), 'newEuiccs'), [])
  t.deepEqual(missing(loaded([ci, eum], [eum]), 'euicc'), ['CERT.EUICC and its key'])
})

test('the text has a line for each certificate, each use, and what was passed over', (t) => {
  const old = expiredTls()
  const found = loaded([ci, ci, dpAuth, old, ...everything.slice(5, 6)], [dpAuth])
  const lines = reportText(reportPki(found, NOW_MS)).split('\n')
  const has = (pattern: RegExp) =>
    t.true(
      lines.some((line) => pattern.test(line)),
      `${pattern}`,
    )
  t.is(lines[0], 'theirs: one CI')
  has(/^CI on P-256, key identifier [0-9A-F]{40}$/)
  has(/^ {2}CERT.CI Test CI, RSPTEST +no key +until 2055-04-01 +cert-0$/)
  has(/^ {2}CERT.DPauth 2.999.10 +with key +until 2055-04-01 +cert-2$/)
  has(/^ {2}CERT.DP.TLS 2.999.10 smdp.example.com +no key +NOT VALID, until /)
  has(/^ {2}> SM-DP\+: missing CERT.DPpb and its key$/)
  has(/^Passed over: 2$/)
  has(/^ {2}cert-1 holds the same certificate as cert-0$/)
  has(/^ {2}cert-4 is CERT.EUICC of an EUM that is not here/)
})

test('where nothing is found the report says that a CI is wanted', (t) => {
  const fault = serverFault(loaded([dpAuth], [dpAuth]), NOW_MS) ?? ''
  t.regex(fault, /theirs: no CI\n/)
  t.regex(fault, /cert-0 is CERT.DPauth of a CI that is not here/)
  t.regex(fault, /Without a certificate of a CI/)
})
