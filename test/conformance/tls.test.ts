import { once } from 'node:events'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { ExecutionContext } from 'ava'
import type { Curve } from '../../src/crypto/ec.ts'
import { wallClock } from '../../src/base/environment.ts'
import { createLab } from '../../src/index.ts'
import { readCertificate } from '../../src/pki/certificate.ts'
import { validateChain } from '../../src/pki/chain.ts'
import { sequenceTest } from './harness.ts'

const SECTION = '4.3.17'

/** Both suites of SGP.22 §2.6.6, each offered alone. */
const SUITES = ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA256'] as const

const SERVERS: readonly (readonly [title: string, Curve, ConnectionOptions])[] = [
  ['NIST', 'P-256', {}],
  ['Brainpool', 'brainpoolP256r1', { ecdhCurve: 'brainpoolP256r1' }],
]

for (const [title, curve, client] of SERVERS) {
  for (const ciphers of SUITES) {
    sequenceTest({ id: [SECTION, title], on: ciphers }, async (t) => {
      const lab = await createLab({ stock: 0 })
      t.teardown(() => lab.close())
      const { listeners } = await lab.listen({ listeners: [{ curves: [curve], tlsCurve: curve }] })
      const port = Number(listeners[0]?.address.split(':').at(-1))
      const socket = await connected(t, { ...client, port, ciphers })
      t.is(socket.getCipher().name, ciphers)
      const certificate = readCertificate(socket.getPeerX509Certificate()!.raw)
      t.is(certificate.curve, curve)
      const verdict = validateChain({
        chain: [certificate],
        roles: ['dp-tls'],
        anchors: [lab.pki[curve].ci.certificate],
        atMs: wallClock.nowMs(),
      })
      t.true(verdict.ok)
    })
  }
}

async function connected(t: ExecutionContext, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    // Node converts chains that it trusts, and ends at Brainpool ones: the chain is judged here.
    ca: [],
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    ...options,
  })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}
