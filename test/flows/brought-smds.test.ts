import test from 'ava'
import { seededRandom } from '../../src/base/environment.ts'
import { CURVES } from '../../src/crypto/ec.ts'
import { serveLab } from '../../src/http/serve.ts'
import { arrangePki } from '../../src/pki/arrange.ts'
import { oidOf } from '../../src/pki/chain.ts'
import type { LoadedPki } from '../../src/pki/load.ts'
import { readMaterial } from '../../src/pki/material.ts'
import { smdsCredentials } from '../../src/pki/smds.ts'
import { createTestPki, type CredentialName } from '../../src/pki/test-pki.ts'
import { testLab } from '../helpers/lab.ts'
import { certificatePem, keyPem } from '../pki/load-helper.ts'

const random = seededRandom('somebody else')
const theirs = createTestPki({ random })
const own = createTestPki({ random: seededRandom('our own') })

/** Somebody's PKI of both curves, with the keys of these; the CIs' certificates are there in any case. */
function brought(...withKeys: readonly CredentialName[]): LoadedPki {
  const files = CURVES.flatMap((curve) =>
    [...new Set<CredentialName>(['ci', ...withKeys])].flatMap((name) => [
      { path: `${curve}/${name}.pem`, octets: certificatePem(theirs[curve][name]) },
      ...(withKeys.includes(name)
        ? [{ path: `${curve}/${name}.key`, octets: keyPem(theirs[curve][name]) }]
        : []),
    ]),
  )
  return { ...arrangePki(readMaterial(files)), directory: 'theirs' }
}

const SERVER = ['eum', 'dpAuth', 'dpPb'] as const

/** Whose CERT.DSauth an SM-DS has under each CI, and with which OID. */
function oids(
  kind: 'root' | 'alternative',
  pki: LoadedPki | undefined,
  { withTestCi = false } = {},
): string[] {
  return smdsCredentials(kind, { brought: pki, own, withTestCi, random }).map(({ ci, dsAuth }) => {
    const isTheirs = CURVES.some(
      (curve) => theirs[curve].ci.certificate.fingerprint === ci.fingerprint,
    )
    return `${isTheirs ? 'theirs' : 'own'} ${oidOf(dsAuth.certificate)}`
  })
}

test('an SM-DS runs on what was brought, on what the CI that was brought can issue, or on the lab’s own', (t) => {
  t.deepEqual(oids('root', undefined), ['own 2.999.15', 'own 2.999.15'])
  t.deepEqual(oids('alternative', undefined), ['own 2.999.16', 'own 2.999.16'])
  t.deepEqual(oids('root', brought('dsAuth')), ['theirs 2.999.15', 'theirs 2.999.15'])
  t.deepEqual(oids('alternative', brought('dsAuth')), ['own 2.999.16', 'own 2.999.16'])
  t.deepEqual(oids('alternative', brought('ci')), ['theirs 2.999.16', 'theirs 2.999.16'])
  t.is(oids('root', brought('dsAuth'), { withTestCi: true }).length, 4)
})

for (const curve of CURVES) {
  test(`a card of their EUM on ${curve} discovers by way of both SM-DSs under their CI, over HTTPS`, async (t) => {
    const lab = await testLab(t, { broughtPki: brought('ci', ...SERVER) })
    const served = await serveLab(lab)
    t.teardown(served.close)
    const { es9Plus, es11 } = served
    const phone = lab.createPhone({ curves: [curve], es9Plus, es11 })
    const { matchingId } = await lab.order({ smDs: 'alternative', eid: phone.eid })
    const { events, failed } = await phone.discover()
    t.deepEqual(failed, [])
    t.like(events, [{ eventId: matchingId, smdsAddress: lab.smds.alternative.address }])
  })
}

test('a card that knows no CI of an SM-DS is told so', async (t) => {
  const lab = await testLab(t, { broughtPki: brought(...SERVER) })
  const phone = lab.createPhone()
  await t.throwsAsync(phone.discover(), { message: /8\.9\.4\/3\.7/ })
})
