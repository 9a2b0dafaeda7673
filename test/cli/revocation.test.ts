import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { errorOf, run, runJson, serve, temporaryDirectory } from './helper.ts'

test('a certificate is revoked, the lists are written and loaded, and the phone is refused', async (t) => {
  const data = temporaryDirectory(t)
  await serve(t, '--data', data)
  const [before] = await runJson(t, ['order', '--data', data])
  const code = String(before?.activationCode)
  await runJson(t, ['download', code, '--phone', 'p1', '--data', data])

  const out = join(data, 'out')
  const pki = join(data, 'pki')
  const eum = readdirSync(pki).find((name) => /CERT.*EUM.*NIST/.test(name)) ?? ''
  const [revoked] = await runJson(t, ['pki', 'revoke', join(pki, eum), '--data', data])
  t.like(revoked, { role: 'eum', wasRevoked: false })
  const lists = await runJson(t, ['pki', 'crl', '--out', out, '--data', data])
  t.like(lists, [{ fileName: 'CRL-NIST.crl', crlNumber: 2, revoked: 1 }, { revoked: 0 }])
  t.deepEqual(readdirSync(out).sort(), ['CRL-BRP.crl', 'CRL-NIST.crl'])
  await runJson(t, ['pki', 'crl', '--phone', 'p1', '--data', data])

  const [order] = await runJson(t, ['order', '--data', data])
  const late = ['download', String(order?.activationCode), '--phone', 'p1', '--data', data]
  const refused = await run(...late, '--json')
  t.is(refused.exitCode, 3)
  t.is(errorOf(refused).reason, '8.1.2/6.1')

  const server = readdirSync(pki).find((name) => /CERT.*DPauth.*NIST/.test(name)) ?? ''
  await runJson(t, ['pki', 'revoke', join(pki, server), '--data', data])
  const noticed = await run(...late.with(3, 'p2'), '--json')
  t.is(errorOf(noticed).reason, 'serverCertificateRevoked')
  t.is((await run('pki', 'revoke', join(data, 'none'), '--data', data)).exitCode, 5)
})
