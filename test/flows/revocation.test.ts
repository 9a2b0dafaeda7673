import test, { type ExecutionContext } from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { fromBase64, toBase64 } from '../../src/base/octets.ts'
import { createLab } from '../../src/index.ts'
import type { Lab } from '../../src/lab.ts'
import { readCrl, verifyCrl } from '../../src/pki/crl.ts'
import { revokedByLists } from '../../src/pki/revocation.ts'
import { createDriver, needed, withSigned1 } from '../helpers/driver.ts'
import { orderState, START, temporaryDirectory, testLab } from '../helpers/lab.ts'
import { refusedWith } from '../helpers/refusals.ts'

const pkiOf = (lab: Lab) => lab.pki['P-256']

async function refusedBy(t: ExecutionContext, call: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(call, { instanceOf: LabError })
  return error?.reason ?? ''
}

test('an eUICC of a revoked EUM is refused with 8.1.2/6.1, whatever else is wrong with it', async (t) => {
  const lab = await testLab(t)
  const order = await lab.order()
  const phone = lab.createPhone()
  const { matchingId } = order
  const driver = await createDriver(lab, { phone, matchingId }).through('authenticateServer')
  const answer = await lab.revoke({ certificate: pkiOf(lab).eum.certificate.der })
  t.like(answer, { role: 'eum', wasRevoked: false })
  await refusedWith(t, { call: driver.authenticateClient(), code: '8.1.2/6.1' })
  const tampered = driver.authenticateClient((request) => ({
    ...request,
    authenticateServerResponse: withSigned1(phone, {
      response: request.authenticateServerResponse,
      change: (signed1) => ({ ...signed1, serverAddress: 'else.example.com' }),
    }),
  }))
  await refusedWith(t, { call: tampered, code: '8.1.2/6.1' })
  t.is(orderState(lab, order), 'Released')
})

test('the EUM of another CI goes on', async (t) => {
  const lab = await testLab(t)
  await lab.revoke({ certificate: pkiOf(lab).eum.certificate.der })
  const { activationCode } = await lab.order()
  const phone = lab.createPhone({ curves: ['brainpoolP256r1'] })
  await t.notThrowsAsync(phone.download({ activationCode }))
})

test('notifications of a revoked EUM’s eUICCs are acknowledged and change nothing', async (t) => {
  const lab = await testLab(t)
  const phone = lab.createPhone()
  const { activationCode, iccid, msisdn } = await lab.order()
  await phone.download({ activationCode })
  await phone.sendNotifications()
  await phone.enable({ iccid })
  await lab.revoke({ certificate: pkiOf(lab).eum.certificate.der })
  t.is((await phone.sendNotifications()).failed.length, 0)
  t.is(lab.operator.account({ msisdn })?.profileState, 'installed')
})

for (const name of ['dpAuth', 'dpPb'] as const) {
  test(`the LPA does not go on with a server whose ${name} is revoked`, async (t) => {
    const lab = await testLab(t)
    const order = await lab.order()
    await lab.revoke({ certificate: pkiOf(lab)[name].certificate.der })
    const reason = await refusedBy(t, lab.createPhone().download(order))
    t.is(reason, 'serverCertificateRevoked')
    t.is(orderState(lab, order), 'Released')
  })
}

test('the lists are the CI’s own, and load into an eUICC, which then refuses the server', async (t) => {
  const lab = await testLab(t)
  const [empty] = lab.revocationLists()
  t.like(empty, { fileName: 'CRL-NIST.crl', crlNumber: 1, revoked: 0 })
  const { certificate } = pkiOf(lab).dpAuth
  await lab.revoke({ certificate: certificate.der })
  t.true((await lab.revoke({ certificate: certificate.der })).wasRevoked)
  const [nist, brainpool] = lab.revocationLists()
  t.like(nist, { crlNumber: 2, revoked: 1 })
  t.like(brainpool, { crlNumber: 1, revoked: 0 })
  const crl = readCrl(needed(nist).list)
  t.true(verifyCrl(crl, pkiOf(lab).ci.certificate))
  t.is(crl.fault, undefined)

  const phone = lab.createPhone()
  for (const published of [needed(empty), needed(nist), needed(brainpool)]) {
    await phone.loadCrl(published)
  }
  const driver = createDriver(lab, { phone })
  await driver.initiate()
  const { authenticateResponseError } = await driver.authenticateServer()
  t.is(authenticateResponseError?.authenticateErrorCode, 'invalidCertificate')
  const stale = await refusedBy(t, phone.loadCrl(needed(empty)))
  t.is(stale, 'fresherCrlAlreadyLoaded')
})

test('a list says nothing under a CI that did not sign it', async (t) => {
  const lab = await testLab(t)
  const { certificate } = pkiOf(lab).dpAuth
  await lab.revoke({ certificate: certificate.der })
  const lists = lab.revocationLists().map(({ list }) => list)
  t.true(revokedByLists(lists, lab.anchors)(certificate))
  t.false(revokedByLists(lists, lab.anchors)(pkiOf(lab).dpPb.certificate))
  const other = await createLab({ seed: 'another', startAt: START, stock: 0 })
  t.teardown(() => other.close())
  t.false(revokedByLists(lists, other.anchors)(certificate))
})

test('what is revoked stays so when the lab is opened again', async (t) => {
  const dataDirectory = temporaryDirectory(t)
  const options = { dataDirectory, startAt: START, stock: 1 }
  const first = await createLab(options)
  const { certificate } = pkiOf(first).eum
  await first.revoke({ certificate: certificate.der })
  await first.close()
  const second = await createLab(options)
  t.teardown(() => second.close())
  t.true(second.isRevoked(certificate))
  t.is(second.revocationLists()[0]?.crlNumber, 2)
})

test('only what the test CI has issued is revoked', async (t) => {
  const lab = await testLab(t)
  const other = await createLab({ seed: 'another', startAt: START, stock: 0 })
  t.teardown(() => other.close())
  const { euicc } = lab.createPhone()
  for (const certificate of [
    new Uint8Array(0),
    Uint8Array.of(0x30, 0),
    pkiOf(other).eum.certificate.der,
    needed(euicc.state.credentials[0]).euiccCertificate.der,
  ]) {
    const error = await t.throwsAsync(lab.revoke({ certificate }), { instanceOf: LabError })
    t.like(error, { code: 'badInput', field: 'certificate' })
  }
  t.is(lab.revocationLists()[0]?.revoked, 0)
})

test('over HTTP everybody reads the lists, the operator revokes, and a revoked TLS leaf is refused', async (t) => {
  const lab = await createLab({ stock: 1 })
  t.teardown(() => lab.close())
  const { operatorUrl, token, tls, es9Plus, rspAddress } = await lab.listen()
  const { activationCode } = await lab.order()
  const revocations = (headers: Record<string, string>, certificate: Uint8Array) =>
    fetch(`${operatorUrl}/api/revocations`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({ certificate: toBase64(certificate) }),
    })
  const leaf = needed(tls).credential.certificate.der
  t.is((await revocations({}, leaf)).status, 401)
  const headers = { Authorization: `Bearer ${token}` }
  t.is((await revocations(headers, leaf)).status, 201)
  t.is((await revocations(headers, Uint8Array.of(1))).status, 400)

  const published = await fetch(`${operatorUrl}/ci/CRL-NIST.crl`)
  t.is(published.status, 200)
  const list = needed(fromBase64(await published.text()))
  t.is(readCrl(list).entries.length, 1)
  t.is((await fetch(`${operatorUrl}/ci/none.crl`)).status, 404)

  const phone = lab.createPhone({ es9Plus })
  t.is(await refusedBy(t, phone.download({ activationCode })), 'tlsCertificateInvalid')
  t.truthy(rspAddress)
})
