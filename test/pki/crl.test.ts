import test from 'ava'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { CertificateError } from '../../src/pki/certificate.ts'
import { issueCrl, issueCrlSegments, readCrl, verifyCrl } from '../../src/pki/crl.ts'
import { damaged, needed } from '../helpers/driver.ts'
import { temporaryDirectory } from '../helpers/lab.ts'
import { pki } from './helper.ts'

const { ci, dpAuth, dpPb } = pki['P-256']
const CONTENT = {
  issuer: ci,
  crlNumber: 7,
  thisUpdateMs: Date.UTC(2026, 2, 1),
  nextUpdateMs: Date.UTC(2026, 3, 1),
  revoked: [dpAuth.certificate, dpPb.certificate],
}

test('a list is read as it was issued, and its CI signed it', (t) => {
  const crl = readCrl(issueCrl(CONTENT))
  t.like(crl, { crlNumber: 7, thisUpdateMs: CONTENT.thisUpdateMs, fault: undefined })
  t.is(crl.part, undefined)
  t.is(crl.baseCrlNumber, undefined)
  t.deepEqual(crl.entries, [
    { serialNumber: dpAuth.certificate.serialNumber, expiresMs: dpAuth.certificate.notAfterMs },
    { serialNumber: dpPb.certificate.serialNumber, expiresMs: dpPb.certificate.notAfterMs },
  ])
  t.true(verifyCrl(crl, ci.certificate))
  t.false(verifyCrl(crl, pki.brainpoolP256r1.ci.certificate))
})

test('openssl reads and verifies a list of ours', (t) => {
  const directory = temporaryDirectory(t)
  const [list, authority] = [join(directory, 'list.crl'), join(directory, 'ci.der')]
  writeFileSync(list, issueCrl(CONTENT))
  writeFileSync(authority, ci.certificate.der)
  execFileSync('openssl', ['x509', '-inform', 'DER', '-in', authority, '-out', `${authority}.pem`])
  const args = ['crl', '-inform', 'DER', '-in', list, '-noout', '-text', '-CAfile']
  const text = execFileSync('openssl', [...args, `${authority}.pem`], {
    encoding: 'utf8',
    stdio: 'pipe',
  })
  t.regex(text, /Serial Number: 0100/)
  t.regex(text, /X509v3 CRL Number:\s+7/)
})

test('an empty list has no entries, a delta its base, a part its place', (t) => {
  t.deepEqual(readCrl(issueCrl({ ...CONTENT, revoked: [] })).entries, [])
  t.is(readCrl(issueCrl({ ...CONTENT, baseCrlNumber: 3 })).baseCrlNumber, 3)
  const part = { number: 2, total: 3 }
  t.deepEqual(readCrl(issueCrl({ ...CONTENT, part })).part, part)
})

test('a long list is cut into parts of at most 1024 octets', (t) => {
  t.is(issueCrlSegments(CONTENT).length, 1)
  const revoked = Array.from({ length: 40 }, () => dpAuth.certificate)
  const segments = issueCrlSegments({ ...CONTENT, revoked })
  t.true(segments.length > 1)
  const read = segments.map((segment) => readCrl(segment))
  t.true(segments.every(({ length }) => length <= 1024))
  t.is(read.flatMap(({ entries }) => entries).length, 40)
  t.deepEqual(
    read.map(({ part }) => needed(part).number),
    read.map((_, at) => at + 1),
  )
})

test('a list whose frame alone is too long is not cut for ever', (t) => {
  const url = `http://ci.test.example.com/${'a'.repeat(1024)}.crl`
  t.throws(() => issueCrlSegments({ ...CONTENT, url }), { instanceOf: RangeError })
})

test('what breaks the profile of a list is named', (t) => {
  const part = { number: 4, total: 3 }
  t.is(readCrl(issueCrl({ ...CONTENT, part })).fault, 'part 4 of 3')
})

test('octets that are no list are refused, whichever is changed', (t) => {
  const der = issueCrl(CONTENT)
  t.throws(() => readCrl(der.subarray(0, -1)), { instanceOf: CertificateError })
  t.throws(() => readCrl(ci.certificate.der), { instanceOf: CertificateError })
  for (let at = 0; at < der.length; at++) {
    try {
      const crl = readCrl(damaged(der, at))
      t.true(crl.fault !== undefined || !verifyCrl(crl, ci.certificate), `octet ${at}`)
    } catch (error) {
      t.true(error instanceof CertificateError, `octet ${at}: ${String(error)}`)
    }
  }
})
