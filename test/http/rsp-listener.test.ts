import { EventEmitter, once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import test from 'ava'
import { LabError } from '../../src/base/errors.ts'
import { listen } from '../../src/http/listener.ts'
import { serve, tlsCredential } from './rsp-helper.ts'

test('says which port is taken', async (t) => {
  const { port } = await serve(t)
  const error = await t.throwsAsync(listen({ handler: () => {}, port }), { instanceOf: LabError })
  t.is(error?.code, 'unavailable')
  t.is(error?.reason, 'EADDRINUSE')
  t.regex(error?.message ?? '', new RegExp(`port ${port} of 127.0.0.1 is taken`))
})

test('says that a host is not of this machine', async (t) => {
  // TEST-NET-1 (RFC 5737) is nobody's address.
  const error = await t.throwsAsync(listen({ handler: () => {}, host: '192.0.2.1', port: 0 }))
  t.regex(error?.message ?? '', /not of this machine/)
})

test('closes at once although a connection is kept alive', async (t) => {
  const listener = await listen({ handler: (_request, response) => response.end('ok'), port: 0 })
  const socket = connect(listener.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  await Promise.all([listener.close(), once(socket, 'close')])
  t.pass()
})

test('lets a request that is under way end before it closes', async (t) => {
  const asked = new EventEmitter()
  const listener = await listen({
    handler: (_request, response) => asked.emit('asked', response),
    port: 0,
  })
  const answer = fetch(`http://127.0.0.1:${listener.port}/`)
  const [response] = (await once(asked, 'asked')) as [ServerResponse]
  const closed = listener.close()
  response.end('done')
  t.is(await (await answer).text(), 'done')
  await closed
})

test('does not wait for ever for a connection on which nothing was asked', async (t) => {
  const listener = await listen({ handler: () => {}, port: 0 })
  const socket = connect(listener.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.resume().on('error', () => {})
  await Promise.all([listener.close(), once(socket, 'close')])
  t.pass()
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`speaks ${version}`, async (t) => {
    const { port } = await serve(t, { tls: tlsCredential() })
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      minVersion: version,
      maxVersion: version,
      rejectUnauthorized: false,
    })
    await once(socket, 'secureConnect')
    t.is(socket.getProtocol(), version)
    socket.destroy()
  })
}

test('refuses TLS 1.1', async (t) => {
  const { port } = await serve(t, { tls: tlsCredential() })
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
    rejectUnauthorized: false,
  })
  await t.throwsAsync(once(socket, 'secureConnect'), { message: /version/ })
})
