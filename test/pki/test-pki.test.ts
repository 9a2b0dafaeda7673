import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as tls from 'node:tls'
import test from 'ava'
import { seededRandom, wallClock } from '../../src/base/environment.ts'
import { LabError } from '../../src/base/errors.ts'
import { toHex } from '../../src/base/octets.ts'
import { CURVES, toPkcs8 } from '../../src/crypto/ec.ts'
import { validateChain } from '../../src/pki/chain.ts'
import { toPem } from '../../src/pki/forge.ts'
import {
  certificateFile,
  createTestPki,
  CREDENTIAL_NAMES,
  hasValidCheckDigits,
  issueEuiccCredential,
  issueTlsCredential,
  keyFile,
  loadPki,
  makeEid,
  serialisePki,
} from '../../src/pki/test-pki.ts'
import { pki, random } from './helper.ts'

/** The EID of SGP.26's test eUICC (CERT.EUICC of the test certificates, variant O). */
const SGP26_EID = '89049032123451234512345678901235'

test('has the same keys for the same seed, and others for another', (t) => {
  const [first, again, other] = ['a', 'a', 'b'].map((seed) =>
    createTestPki({ random: seededRandom(seed) }),
  )
  for (const curve of CURVES) {
    for (const name of CREDENTIAL_NAMES) {
      const keyId = toHex(first![curve][name].certificate.subjectKeyId!)
      t.is(toHex(again![curve][name].certificate.subjectKeyId!), keyId)
      t.not(toHex(other![curve][name].certificate.subjectKeyId!), keyId)
    }
  }
})

test('gives an EID the same key whatever was issued before', (t) => {
  const eid = makeEid({ serial: 5 })
  const issue = () =>
    issueEuiccCredential({ pki, curve: 'P-256', eid, random: seededRandom('cards') })
  t.deepEqual(issue().keyPair.point, issue().keyPair.point)
})

test('makes EIDs with the check digits of the test eUICC', (t) => {
  t.true(hasValidCheckDigits(SGP26_EID))
  t.is(makeEid({ serial: BigInt(SGP26_EID.slice(8, 30)) }), SGP26_EID)
  for (let serial = 0; serial < 200; serial++) t.true(hasValidCheckDigits(makeEid({ serial })))
  t.false(hasValidCheckDigits(SGP26_EID.replace(/5$/, '6')))
  t.false(hasValidCheckDigits('123'))
})

test('refuses an EID that is none, and a serial number that does not fit in one', (t) => {
  const error = t.throws(() => issueEuiccCredential({ pki, curve: 'P-256', eid: '123', random }), {
    instanceOf: LabError,
  })
  t.is(error.field, 'eid')
  t.throws(() => makeEid({ serial: 10n ** 22n }), { instanceOf: LabError })
  t.throws(() => makeEid({ serial: -1 }), { instanceOf: LabError })
})

test('keeps the PKI in files and finds it again', (t) => {
  const files = serialisePki(pki)
  t.is(Object.keys(files).length, CURVES.length * CREDENTIAL_NAMES.length * 2)
  const loaded = loadPki(files)
  for (const curve of CURVES) {
    for (const name of CREDENTIAL_NAMES) {
      t.is(loaded[curve][name].certificate, pki[curve][name].certificate)
      t.deepEqual(loaded[curve][name].keyPair.point, pki[curve][name].keyPair.point)
    }
  }
})

const ciFile = certificateFile('P-256', 'ci')
const ciKey = keyFile('P-256', 'ci')
const good = serialisePki(pki)
const stranger = serialisePki(createTestPki({ random: seededRandom('stranger') }))
for (const [what, files, field, detail] of [
  ['is missing', { ...good, [ciKey]: undefined }, ciKey, /is missing/],
  ['is no certificate', { ...good, [ciFile]: Uint8Array.of(1) }, ciFile, /no certificate/],
  ['is no key', { ...good, [ciKey]: Uint8Array.of(1) }, ciKey, /no EC private key/],
  ['is the key of another', { ...good, [ciKey]: stranger[ciKey] }, ciKey, /is not the key of/],
  [
    'is of another CI',
    { ...stranger, [ciFile]: good[ciFile], [ciKey]: good[ciKey] },
    certificateFile('P-256', 'eum'),
    /no CI that is trusted/,
  ],
] as const) {
  test(`says which file ${what}`, (t) => {
    const error = t.throws(() => loadPki(files), { instanceOf: LabError })
    t.is(error.code, 'damaged')
    t.is(error.field, field)
    t.regex(error.message, detail)
  })
}

test('issues TLS leaves that a client of the test CI trusts, by name and by address', async (t) => {
  const leaf = issueTlsCredential({
    pki,
    hostNames: ['rsp.example.com', 'localhost', '127.0.0.1'],
    role: 'dp-tls',
    nowMs: wallClock.nowMs(),
    random,
  })
  const server = tls.createServer({
    key: toPem('PRIVATE KEY', toPkcs8(leaf.keyPair.privateKey)),
    cert: toPem('CERTIFICATE', leaf.certificate.der),
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ca = toPem('CERTIFICATE', pki['P-256'].ci.certificate.der)
  for (const name of [{ servername: 'localhost' }, {}]) {
    const socket = tls.connect({ host: '127.0.0.1', port, ca, ...name })
    await once(socket, 'secureConnect')
    t.true(socket.authorized)
    socket.destroy()
  }
  server.close()
})

test('issues TLS leaves that live for 397 days from a day ago, with serial numbers of their own', (t) => {
  const nowMs = Date.UTC(2031, 1, 28, 12, 0, 0, 999)
  const issue = () =>
    issueTlsCredential({ pki, hostNames: ['a.example'], role: 'ds-tls', nowMs, random }).certificate
  const [one, two] = [issue(), issue()]
  t.is(new Date(one.notBeforeMs).toISOString(), '2031-02-27T12:00:00.000Z')
  t.is(one.notAfterMs - one.notBeforeMs, 397 * 86_400_000)
  t.not(one.serialNumber, two.serialNumber)
  const anchors = [pki['P-256'].ci.certificate]
  t.true(validateChain({ chain: [one], roles: ['ds-tls'], anchors, atMs: nowMs }).ok)
})
